//! What hostile, broken and odd nodes lead to: estimates, broadcasts, receipts.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    super::{
        fake::{Body, Fake, Say},
        *,
    },
    basics, code, word,
};
use crate::domain::{
    Wei,
    publication::{Cost, Fate, Statement, TransactionHash},
};

type Script = fn(&str, &Value) -> Say;

fn release() -> Action {
    Action::Statement(Statement::Release {
        reference: "acme/api:1".parse().unwrap(),
        digests: Vec::new(),
        amends: 0,
        annotations: String::new(),
    })
}

async fn estimate(script: Script) -> Result<Cost, ChainError> {
    Fake::start(Body::Script(script)).await.chain().estimate(&release(), Address::from_bytes([1; 20])).await
}

#[tokio::test]
async fn a_cost_has_a_margin_and_bounds() {
    let cost = estimate(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_estimateGas" => Say::Result(json!("0x186a0")),
            "eth_feeHistory" => Say::Result(json!({"baseFeePerGas": ["0x7", "0x64"], "reward": [["0x5"]]})),
            "eth_maxPriorityFeePerGas" => Say::Result(json!("0xffffffffffffffffffffffff")),
            _ => Say::Error(-32601, "no", Value::Null),
        })
    })
    .await
    .unwrap();
    assert_eq!((cost.gas, cost.gas_limit), (100_000, 120_000));
    assert_eq!(cost.tip.to_string(), "50000000000");
    assert_eq!(cost.gas_price.to_string(), "50000000100");
    assert_eq!(cost.max_gas_price.to_string(), "50000000200");
}

#[tokio::test]
async fn a_chain_without_eip_1559_is_paid_the_old_way() {
    let cost = estimate(|method, _| match method {
        "eth_getBlockByNumber" => {
            Say::Result(json!({"number": "0x9", "hash": word("aa"), "timestamp": "0x5", "gasLimit": "0x1c9c380"}))
        }
        "eth_gasPrice" => Say::Result(json!("0x9")),
        "eth_estimateGas" => Say::Result(json!("0x186a0")),
        _ => basics(method, code()).unwrap_or(Say::Error(-32601, "no", Value::Null)),
    })
    .await
    .unwrap();
    assert_eq!((cost.tip, cost.gas_price), (cost.max_gas_price, cost.max_gas_price));
}

#[tokio::test]
async fn fees_that_nobody_would_sign_are_errors() {
    let cases: [Script; 4] = [
        |method, _| fees(method, "0x186a0", json!({"baseFeePerGas": ["0xffffffffffffffffffffffffffffffff"]})),
        |method, _| fees(method, "0x186a0", json!({"baseFeePerGas": "0x1"})),
        |method, _| fees(method, "0xffffffffffffffff", json!({"baseFeePerGas": ["0x1"]})),
        |method, _| fees(method, "0x0", json!({"baseFeePerGas": []})),
    ];
    for (index, script) in cases.into_iter().enumerate() {
        assert_eq!(estimate(script).await.unwrap_err().code(), "node-malformed", "case {index}");
    }
}

fn fees(method: &str, gas: &str, history: Value) -> Say {
    basics(method, code()).unwrap_or_else(|| match method {
        "eth_estimateGas" => Say::Result(json!(gas)),
        "eth_feeHistory" => Say::Result(history),
        _ => Say::Result(json!("0x1")),
    })
}

#[tokio::test]
async fn a_refusal_is_the_contracts_sentence() {
    let refused = estimate(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            // PublisherRetired, as anvil words it: the message is for nobody.
            "eth_estimateGas" => {
                let error = bindings::IMAGEREGISTRY_ABI.error("PublisherRetired").unwrap();
                let selector = ethers_core::abi::ErrorExt::selector(error);
                let data = [selector.as_slice(), &[0; 12], &[1; 20]].concat();
                Say::Error(3, "execution reverted: custom error: \u{1}\u{2}", wire::data(&data))
            }
            _ => Say::Result(json!("0x1")),
        })
    })
    .await
    .unwrap_err();
    assert_eq!(refused.code(), "refused");
    assert_eq!(
        refused.to_string(),
        "the contract refused: 0x0101010101010101010101010101010101010101 has retired and can publish nothing any more; \
         `daochain history REFERENCE` tells what it holds"
    );
}

/// The chain of `basics`, on which nothing is known of any transaction.
fn otherwise(method: &str) -> Say {
    basics(method, code()).unwrap_or(Say::Result(Value::Null))
}

fn refused(method: &str, code: i32, message: &'static str) -> Say {
    match method {
        "eth_sendRawTransaction" => Say::Error(code, message, Value::Null),
        _ => otherwise(method),
    }
}

async fn broadcast(script: Script) -> Result<(), ChainError> {
    Fake::start(Body::Script(script)).await.chain().broadcast(b"raw").await
}

#[tokio::test]
async fn what_nodes_say_of_a_broadcast_is_understood() {
    assert_eq!(broadcast(|method, _| refused(method, -32000, "already known")).await, Ok(()));
    assert_eq!(broadcast(|method, _| refused(method, -32003, "transaction already imported")).await, Ok(()));
    let cases: [(Script, &str); 6] = [
        (|_, _| Say::Result(json!(word("00"))), "node-malformed"),
        (
            |method, _| match method {
                "eth_sendRawTransaction" => Say::Error(-32000, "nonce too low: next nonce 1, tx nonce 0", Value::Null),
                _ => otherwise(method),
            },
            "nonce-taken",
        ),
        (|method, _| refused(method, -32000, "replacement transaction underpriced"), "fee-too-low"),
        (|method, _| refused(method, -32003, "max fee per gas less than block base fee"), "fee-too-low"),
        (|method, _| refused(method, -32003, "Insufficient funds for gas * price + value"), "insufficient-funds"),
        (|method, _| refused(method, -32000, "intrinsic gas too low"), "transaction-rejected"),
    ];
    for (script, code) in cases {
        assert_eq!(broadcast(script).await.unwrap_err().code(), code);
    }
}

#[tokio::test]
async fn bytes_that_a_block_has_already_are_broadcast() {
    let sent = broadcast(|method, params| match method {
        "eth_sendRawTransaction" => Say::Error(-32000, "nonce too low", Value::Null),
        _ => Say::Result(json!({"hash": params[0], "from": format!("0x{}", "01".repeat(20)), "to": null,
            "value": "0x0", "input": "0x", "gas": "0x1"})),
    });
    assert_eq!(sent.await, Ok(()));
}

const HASH: TransactionHash = TransactionHash([0xdd; 32]);

async fn fate(script: Script) -> Result<Fate, ChainError> {
    Fake::start(Body::Script(script)).await.chain().fate(HASH, Address::from_bytes([1; 20]), 4).await
}

fn receipt(block: &str, status: &str) -> Say {
    Say::Result(json!({"transactionHash": word("dd"), "blockHash": word(block), "blockNumber": "0x8", "status": status,
        "gasUsed": "0x5208", "effectiveGasPrice": "0x2"}))
}

#[tokio::test]
async fn a_receipt_counts_while_its_block_is_the_chains() {
    let fate_of = |script| async move { fate(script).await.unwrap() };
    let good = fate_of(|method, _| match method {
        "eth_getTransactionReceipt" => receipt("aa", "0x1"),
        _ => otherwise(method),
    });
    let Fate::Succeeded { inclusion, confirmations, .. } = good.await else { panic!("it succeeded") };
    assert_eq!((inclusion.block, inclusion.gas_used, confirmations), (8, 21_000, 2));
    assert_eq!(inclusion.fee.to_string(), "42000");
    let orphaned = fate_of(|method, _| match method {
        "eth_getTransactionReceipt" => receipt("bb", "0x1"),
        _ => otherwise(method),
    });
    assert_eq!(orphaned.await, Fate::Pending);
    let indexing = fate_of(|method, _| match method {
        "eth_getTransactionReceipt" => Say::Error(-32000, "transaction indexing is in progress", Value::Null),
        _ => otherwise(method),
    });
    assert_eq!(indexing.await, Fate::Pending);
}

#[tokio::test]
async fn a_transaction_that_nobody_knows_is_forgotten_or_replaced() {
    let forgotten = fate(|method, _| match method {
        "eth_getTransactionCount" => Say::Result(json!("0x4")),
        _ => otherwise(method),
    });
    assert_eq!(forgotten.await.unwrap(), Fate::Forgotten);
    let replaced = fate(|method, _| match method {
        "eth_getTransactionCount" => Say::Result(json!("0x5")),
        _ => otherwise(method),
    });
    assert_eq!(replaced.await.unwrap(), Fate::NonceTaken);
}

#[tokio::test]
async fn another_chains_node_tells_no_fate() {
    let fake = Fake::start(Body::Script(|method, _| match method {
        "eth_getTransactionCount" => Say::Result(json!("0x5")),
        _ => refused(method, -32000, "nonce too low"),
    }))
    .await;
    let chain = fake.chain_with(Some(1), std::time::Duration::from_secs(5));
    assert_eq!(chain.fate(HASH, Address::from_bytes([1; 20]), 4).await.unwrap_err().code(), "wrong-chain");
    assert_eq!(chain.broadcast(b"raw").await.unwrap_err().code(), "wrong-chain");
}

#[tokio::test]
async fn a_receipt_of_something_else_is_refused() {
    for script in [
        (|method, _| match method {
            "eth_getTransactionReceipt" => receipt("aa", "0x7"),
            _ => otherwise(method),
        }) as Script,
        |method, _| match method {
            "eth_getTransactionReceipt" => Say::Result(json!({"transactionHash": word("de"), "blockHash": word("aa"),
                "blockNumber": "0x8", "status": "0x1", "gasUsed": "0x1"})),
            _ => otherwise(method),
        },
    ] {
        assert_eq!(fate(script).await.unwrap_err().code(), "node-malformed");
    }
}

#[test]
fn a_signed_transaction_shows_no_bytes() {
    let key = SigningKey::new(&Zeroizing::new([1; 32])).unwrap();
    let cost = Cost { gas: 1, gas_limit: 1, gas_price: Wei::ZERO, max_gas_price: Wei::ZERO, tip: Wei::ZERO };
    let unsigned =
        Unsigned { chain_id: 1, from: key.address(), nonce: 0, to: None, value: Wei::ZERO, data: vec![1], cost };
    let shown = format!("{:?}", unsigned.sign(&key).unwrap());
    assert!(shown.contains("hash") && !shown.contains("raw"), "{shown}");
}
