//! The methods: ethrex answers most of them, and this file what it cannot answer alone.
//!
//! | method | why here |
//! |---|---|
//! | `eth_sendRawTransaction` | makes a block, keeps it, and refuses in geth's words |
//! | `eth_getTransactionCount` (pending) | ethrex counts over a nonce gap |
//! | `eth_getLogs` | ethrex fails beyond the head, where a poller always asks |
//! | `eth_feeHistory` | ethrex refuses a plain number and a missing list |
//! | state at a block that does not exist | ethrex answers zero, or null |
//! | gas above the block's in a call | ethrex would execute all of it |
//! | `eth_syncing`, `net_*`, `eth_accounts` | ethrex asks peers and a syncer that are not there |
//! | `eth_newFilter`… | ethrex never forgets a filter, so there are none |

use std::sync::Arc;

use ethrex_common::Address;
use ethrex_rpc::map_http_requests;
use ethrex_rpc::types::block_identifier::{BlockIdentifier, BlockIdentifierOrHash};
use ethrex_rpc::utils::RpcRequest;
use serde_json::{Value, json};

use super::chain::Chain;
use super::fault::Fault;
use super::genesis::GAS_LIMIT;
use super::{ETHREX, IDENTITY_METHOD};

/// Answers one request.
pub(super) async fn answer(
    chain: &Arc<Chain>,
    identity: &str,
    method: &str,
    mut params: Vec<Value>,
) -> Result<Value, Fault> {
    match method {
        IDENTITY_METHOD => return Ok(json!(identity)),
        "web3_clientVersion" => return Ok(json!(client_version())),
        "eth_syncing" | "net_listening" => return Ok(json!(false)),
        "net_peerCount" => return Ok(json!("0x0")),
        "eth_accounts" => return Ok(json!([])),
        "eth_sendRawTransaction" => return send(chain, &params).await,
        "eth_newFilter" | "eth_getFilterChanges" | "eth_uninstallFilter" => {
            return Err(Fault::unknown_method(method));
        }
        "eth_getTransactionCount" if params.get(1) == Some(&json!("pending")) => {
            return pending_nonce(chain, &params).await;
        }
        "eth_getLogs" if !reaches_head(chain, &mut params).await? => return Ok(json!([])),
        "eth_feeHistory" => complete_fee_history(&mut params),
        "eth_call" | "eth_estimateGas" | "eth_createAccessList" => cap_gas(&mut params),
        _ => {}
    }
    if let Some(index) = block_parameter(method)
        && let Some(block) = params.get(index)
    {
        require_block(chain, block, index).await?;
    }
    let request = RpcRequest::new(method, Some(params));
    // Boxed: this future has room for every method of ethrex's, 27 KiB.
    Ok(Box::pin(map_http_requests(&request, chain.context().clone())).await?)
}

/// Names the client, and that it is nobody else's.
pub(super) fn client_version() -> String {
    let us = env!("CARGO_PKG_VERSION");
    format!("ethrex/v{ETHREX}/embedded-in-daochain-v{us}/local-to-this-machine")
}

async fn send(chain: &Arc<Chain>, params: &[Value]) -> Result<Value, Fault> {
    let [Value::String(text)] = params else {
        return Err(Fault::invalid_params("one transaction, as a string"));
    };
    let raw = text
        .strip_prefix("0x")
        .and_then(|digits| hex::decode(digits).ok())
        .ok_or_else(|| Fault::invalid_params("the transaction is not 0x-prefixed hexadecimal"))?;
    Ok(json!(format!("{:#x}", chain.submit(&raw).await?)))
}

async fn pending_nonce(chain: &Chain, params: &[Value]) -> Result<Value, Fault> {
    let account: Address = params
        .first()
        .cloned()
        .and_then(|account| serde_json::from_value(account).ok())
        .ok_or_else(|| Fault::invalid_params("not an address"))?;
    let nonce = chain.pending_nonce(account).await?;
    Ok(json!(format!("{nonce:#x}")))
}

/// Ends a log filter at the head. False when it begins behind the head, where there is nothing yet.
async fn reaches_head(chain: &Chain, params: &mut [Value]) -> Result<bool, Fault> {
    let head = chain.head().await?.number;
    let Some(Value::Object(filter)) = params.first_mut() else {
        return Ok(true);
    };
    // null stands for an absent member in many clients; ethrex takes it for a block.
    filter.retain(|_, value| !value.is_null());
    let beyond = |value: Option<&Value>| match value.map(|value| BlockIdentifier::parse(value.clone(), 0)) {
        Some(Ok(BlockIdentifier::Number(number))) => number > head,
        _ => false,
    };
    if beyond(filter.get("toBlock")) {
        filter.insert("toBlock".to_owned(), json!(format!("{head:#x}")));
    }
    Ok(!beyond(filter.get("fromBlock")))
}

/// geth takes the count as a number too, and no percentiles for none.
fn complete_fee_history(params: &mut Vec<Value>) {
    if let Some(count) = params.first_mut()
        && let Some(number) = count.as_u64()
    {
        *count = json!(format!("{number:#x}"));
    }
    if params.len() == 2 {
        params.push(Value::Null);
    }
    if let Some(percentiles) = params.get_mut(2)
        && percentiles.is_null()
    {
        *percentiles = json!([]);
    }
}

/// A call may use one block's gas: without a bound one request could hold the node for hours.
fn cap_gas(params: &mut [Value]) {
    let Some(Value::Object(call)) = params.first_mut() else {
        return;
    };
    call.retain(|_, value| !value.is_null());
    let digits = call.get("gas").and_then(Value::as_str).map(|text| text.trim_start_matches("0x"));
    let within = digits.is_some_and(|digits| u64::from_str_radix(digits, 16).is_ok_and(|gas| gas <= GAS_LIMIT));
    if call.contains_key("gas") && !within {
        call.insert("gas".to_owned(), json!(format!("{GAS_LIMIT:#x}")));
    }
}

/// Which parameter of `method` names a block whose state is read.
fn block_parameter(method: &str) -> Option<usize> {
    match method {
        "eth_getBalance"
        | "eth_getCode"
        | "eth_getTransactionCount"
        | "eth_call"
        | "eth_estimateGas"
        | "eth_createAccessList" => Some(1),
        "eth_getStorageAt" | "eth_getProof" => Some(2),
        _ => None,
    }
}

async fn require_block(chain: &Chain, block: &Value, index: usize) -> Result<(), Fault> {
    let block = BlockIdentifierOrHash::parse(block.clone(), index as u64)?;
    let header = block.resolve_block_header(&chain.context().storage).await?;
    header.map(drop).ok_or_else(|| Fault::refused("header not found"))
}
