//! What hostile, broken and odd nodes lead to: estimates, broadcasts, receipts.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

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
    publication::{Authority, Cost, Fate, Statement, TransactionHash},
};

type Script = fn(&str, &Value) -> Say;

fn release() -> Action {
    Action::of(
        Statement::Release {
            reference: "acme/api:1".parse().unwrap(),
            digests: Vec::new(),
            amends: 0,
            annotations: String::new(),
        },
        Authority::Own,
    )
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

async fn estimate_of(scripts: &[Script]) -> Result<Cost, ChainError> {
    let mut fakes = Vec::new();
    for script in scripts {
        fakes.push(Fake::start(Body::Script(*script)).await);
    }
    let chain = Fake::chain_of(&fakes.iter().collect::<Vec<_>>());
    chain.estimate(&release(), Address::from_bytes([1; 20])).await
}

#[tokio::test]
async fn of_three_nodes_one_makes_nothing_dear_and_nothing_impossible() {
    let one: Script = |method, _| fees(method, "0x186a0", json!({"baseFeePerGas": ["0x64"]}));
    let other: Script = |method, _| fees(method, "0x186a8", json!({"baseFeePerGas": ["0x65"]}));
    let liars: [Script; 6] = [
        // Too much gas, for a block that holds as much.
        |method, _| match method {
            "eth_getBlockByNumber" => Say::Result(json!({"number": "0x9", "hash": word("aa"), "timestamp": "0x5",
                "gasLimit": "0xffffffffffff", "baseFeePerGas": "0x64"})),
            _ => fees(method, "0xffffffffffff", json!({"baseFeePerGas": ["0x64"]})),
        },
        // Blocks that hold nothing.
        |method, _| match method {
            "eth_getBlockByNumber" => Say::Result(json!({"number": "0x9", "hash": word("aa"), "timestamp": "0x5",
                "gasLimit": "0x5208", "baseFeePerGas": "0x64"})),
            _ => fees(method, "0x5208", json!({"baseFeePerGas": ["0x64"]})),
        },
        |method, _| fees(method, "0x1", json!({"baseFeePerGas": ["0x7"]})),
        |method, _| fees(method, "0x186a0", json!({"baseFeePerGas": ["0x5af3107a4000"]})),
        |method, _| match method {
            "eth_maxPriorityFeePerGas" => Say::Result(json!("0xffffffffff")),
            _ => fees(method, "0x186a0", json!({"baseFeePerGas": ["0x64"]})),
        },
        // No base fee: a price instead.
        |method, _| match method {
            "eth_getBlockByNumber" => {
                Say::Result(json!({"number": "0x9", "hash": word("aa"), "timestamp": "0x5", "gasLimit": "0x1c9c380"}))
            }
            _ => fees(method, "0x186a0", json!({})),
        },
    ];
    for (index, liar) in liars.into_iter().enumerate() {
        let cost = estimate_of(&[liar, one, other]).await.unwrap_or_else(|error| panic!("liar {index}: {error}"));
        assert!((100_000..=100_008).contains(&cost.gas), "liar {index}: {cost:?}");
        assert!((120_000..=120_010).contains(&cost.gas_limit), "liar {index}: {cost:?}");
        assert_eq!(cost.tip.to_string(), "1", "liar {index}: {cost:?}");
        assert!(["201", "203"].contains(&cost.max_gas_price.to_string().as_str()), "liar {index}: {cost:?}");
    }
}

#[tokio::test]
async fn two_nodes_are_followed_where_what_one_asks_for_suffices_for_the_other() {
    let low: Script = |method, _| fees(method, "0x186a0", json!({"baseFeePerGas": ["0x64"]}));
    let cost =
        estimate_of(&[low, |method, _| fees(method, "0x1d4c0", json!({"baseFeePerGas": ["0xc8"]}))]).await.unwrap();
    assert_eq!((cost.gas, cost.gas_limit, cost.max_gas_price.to_string().as_str()), (100_000, 120_000, "201"));
    let apart: [Script; 2] = [
        |method, _| fees(method, "0x1d4c1", json!({"baseFeePerGas": ["0x64"]})),
        |method, _| fees(method, "0x186a0", json!({"baseFeePerGas": ["0xc9"]})),
    ];
    for dear in apart {
        assert_eq!(estimate_of(&[low, dear]).await.unwrap_err().code(), "endpoints-disagree");
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
    let cases: [(Script, &str); 7] = [
        (|_, _| Say::Result(json!(word("00"))), "node-malformed"),
        (
            |method, _| match method {
                "eth_sendRawTransaction" => Say::Error(-32000, "nonce too low: next nonce 1, tx nonce 0", Value::Null),
                _ => otherwise(method),
            },
            "nonce-taken",
        ),
        (|method, _| refused(method, -32000, "replacement transaction underpriced"), "nonce-held"),
        (|method, _| refused(method, -32003, "max fee per gas less than block base fee"), "fee-too-low"),
        (|method, _| refused(method, -32003, "Insufficient funds for gas * price + value"), "insufficient-funds"),
        (|method, _| refused(method, -32000, "intrinsic gas too low"), "transaction-rejected"),
        (|method, _| refused(method, -32602, "Unknown transaction type"), "transaction-rejected"),
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

#[tokio::test]
async fn another_wallets_transaction_is_waited_for_and_a_liars_nonce_is_not() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let account = Address::from_bytes([1; 20]);
    let ahead = Fake::start(Body::Script(|_, _| Say::Result(json!("0x6")))).await;
    let late: Script = |_, _| {
        let has_heard = ASKED.fetch_add(1, Ordering::SeqCst) >= 4;
        Say::Result(json!(if has_heard { "0x6" } else { "0x5" }))
    };
    let (one, two) = (Fake::start(Body::Script(late)).await, Fake::start(Body::Script(late)).await);
    assert_eq!(Fake::chain_of(&[&one, &ahead, &two]).next_nonce(account).await, Ok(6));
    let liar = Fake::start(Body::Script(|_, _| Say::Result(json!("0x63")))).await;
    assert_eq!(Fake::chain_of(&[&one, &liar, &two]).next_nonce(account).await, Ok(6));
}

#[tokio::test]
async fn a_slow_node_is_handed_a_transaction_too_and_once() {
    static HEARD: AtomicUsize = AtomicUsize::new(0);
    fn takes(method: &str, params: &Value) -> Say {
        assert_eq!((method, params), ("eth_sendRawTransaction", &json!(["0x726177"])));
        HEARD.fetch_add(1, Ordering::SeqCst);
        Say::Result(wire::data(&ethers_core::utils::keccak256(b"raw")))
    }
    let late = Duration::from_millis(800);
    let (quick, slow) = (Fake::start(Body::Script(takes)).await, Fake::start(Body::Late(late, takes)).await);
    let sick = Fake::start(Body::Late(late, |_, _| Say::Error(-32000, "a word that nobody hears", Value::Null))).await;
    let chain = Fake::chain_of(&[&slow, &quick, &sick]);
    let began = Instant::now();
    assert_eq!(chain.broadcast(b"raw").await, Ok(()));
    assert!(began.elapsed() < late, "it was waited for: {:?}", began.elapsed());
    assert_eq!(HEARD.load(Ordering::SeqCst), 1, "the quick one has it");
    // The program's use of the chain ends, and the program goes on.
    drop(chain);
    tokio::time::sleep(2 * late).await;
    assert_eq!(HEARD.load(Ordering::SeqCst), 2, "the slow one was handed it once");
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
    let chain = fake.chain_with(Some(1), Duration::from_secs(5));
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
