//! What hostile, broken and odd nodes lead to.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use ethers_core::abi::AbiDecode as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    fake::{Body, Fake, Say},
    wire::Bytes,
    *,
};
use crate::domain::{
    Digest, Wei,
    publication::{Cost, Fate, Statement, TransactionHash},
};

fn word(byte: &str) -> String {
    format!("0x{}", byte.repeat(32))
}

fn header(number: &str) -> Value {
    json!({"number": number, "hash": word("aa"), "timestamp": "0x5", "gasLimit": "0x1c9c380", "baseFeePerGas": "0x7"})
}

fn code() -> Value {
    wire::data(&abi::RUNTIME_CODE)
}

async fn chain_id_of(body: Body) -> ChainError {
    Fake::start(body).await.chain().chain_id().await.unwrap_err()
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_and_never_a_panic() {
    let cases: [(Body, &str); 15] = [
        (Body::Text(502, "<html>Bad Gateway</html>"), "node-unreachable"),
        (Body::Text(429, ""), "node-unreachable"),
        (Body::Text(401, ""), "node-unreachable"),
        (Body::Text(200, "<html>hello</html>"), "node-malformed"),
        (Body::Text(200, ""), "node-malformed"),
        (Body::Text(200, "{\"jsonrpc\":\"2.0\""), "node-malformed"),
        (Body::Text(200, "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":\"0x1\"}"), "node-malformed"),
        (Body::Text(200, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-1,\"message\":\"x\"}}"), "node-error"),
        (Body::Torn, "node-unreachable"),
        (Body::Flood { bytes: 200 << 20, announced: true }, "node-malformed"),
        (Body::Flood { bytes: 200 << 20, announced: false }, "node-malformed"),
        (Body::Script(|_, _| Say::Result(json!(1))), "node-malformed"),
        (Body::Script(|_, _| Say::Result(json!("0x"))), "node-malformed"),
        (Body::Script(|_, _| Say::Result(json!("0x0"))), "node-malformed"),
        (Body::Script(|_, _| Say::Result(json!("0xffffffffffffffff"))), "node-malformed"),
    ];
    for (index, (body, code)) in cases.into_iter().enumerate() {
        let error = chain_id_of(body).await;
        assert_eq!(error.code(), code, "case {index}: {error}");
        assert!(!error.to_string().contains("secret") && !error.to_string().contains("path"), "{error}");
    }
}

#[tokio::test]
async fn a_node_without_an_answer_is_given_up() {
    let fake = Fake::start(Body::Silence).await;
    let chain = fake.chain_with(None, Duration::from_millis(50));
    assert_eq!(chain.chain_id().await.unwrap_err().code(), "node-timeout");
    assert_eq!(chain.head().await.unwrap_err().code(), "node-timeout");
}

#[tokio::test]
async fn a_dead_node_is_named_without_its_secrets() {
    let fake = Fake::start(Body::Silence).await;
    let chain = fake.chain();
    drop(fake);
    // The listener closes with its task, which has to be given a turn.
    tokio::task::yield_now().await;
    let error = chain.chain_id().await.unwrap_err();
    assert_eq!(error.code(), "node-unreachable");
    let shown = format!("{error} {error:?} {chain:?}");
    assert!(!shown.contains("secret") && !shown.contains("key/path") && !shown.contains("user"), "{shown}");
    assert!(shown.contains("`http://127.0.0.1:"), "{shown}");
}

#[test]
fn only_http_is_asked() {
    for url in ["ftp://host/", "ws://host/", "file:///x"] {
        let config = ChainConfig {
            network: "test".to_owned(),
            rpc: url.parse().unwrap(),
            chain_id: None,
            contract: None,
            local: false,
        };
        assert_eq!(Chain::new(config).unwrap_err().code(), "endpoint-invalid");
    }
}

#[tokio::test]
async fn batches_are_counted_and_matched() {
    let cases: [fn(Vec<Value>) -> String; 5] = [
        // One element: what geth answers to a batch that is too large.
        |ids| {
            json!([{"jsonrpc": "2.0", "id": ids[0], "error": {"code": -32600, "message": "batch too large"}}])
                .to_string()
        },
        |ids| json!({"jsonrpc": "2.0", "id": ids[0], "error": {"code": -1, "message": "no batches"}}).to_string(),
        |_| "[]".to_owned(),
        // One id twice, another never.
        |ids| {
            ids.iter().map(|_| json!({"jsonrpc": "2.0", "id": ids[0], "result": null})).collect::<Value>().to_string()
        },
        // Ids of another request.
        |ids| {
            (0..ids.len())
                .map(|i| json!({"jsonrpc": "2.0", "id": i + 500, "result": null}))
                .collect::<Value>()
                .to_string()
        },
    ];
    for (index, make) in cases.into_iter().enumerate() {
        let error = Fake::start(Body::Made(make)).await.chain().head().await.unwrap_err();
        assert_eq!(error.code(), "node-malformed", "case {index}: {error}");
    }
}

#[tokio::test]
async fn a_nodes_words_are_made_safe() {
    let error = chain_id_of(Body::Script(|_, _| Say::Error(-32000, "\u{1b}[2Jboo", Value::Null))).await;
    assert_eq!(error.code(), "node-error");
    assert!(error.to_string().ends_with("\\u{1b}[2Jboo"), "{error}");
    let fake = Fake::start(Body::Script(|_, _| Say::Result(json!("geth\u{1b}]0;x\u{7}")))).await;
    assert_eq!(fake.chain().client_version().await.unwrap(), "geth\\u{1b}]0;x\\u{7}");
}

#[tokio::test]
async fn a_head_without_safe_and_finalized_is_a_head() {
    fn script(method: &str, params: &Value) -> Say {
        match (method, params[0].as_str()) {
            ("eth_chainId", _) => Say::Result(json!("0x539")),
            (_, Some("latest")) => Say::Result(header("0x9")),
            (_, Some("safe")) => Say::Error(-39001, "unknown block", Value::Null),
            // Beyond the head: nonsense.
            _ => Say::Result(header("0xa")),
        }
    }
    let head = Fake::start(Body::Script(script)).await.chain().head().await.unwrap();
    assert_eq!((head.latest.number, head.safe, head.finalized), (9, None, None));
}

#[tokio::test]
async fn a_chain_is_held_to_its_id() {
    fn script(method: &str, _: &Value) -> Say {
        if method == "eth_chainId" { Say::Result(json!("0x1")) } else { Say::Result(header("0x1")) }
    }
    let fake = Fake::start(Body::Script(script)).await;
    let chain = fake.chain_with(Some(1337), Duration::from_secs(5));
    let error = chain.check_chain_id().await.unwrap_err();
    assert!(matches!(error, ChainError::WrongChain { expected: 1337, found: 1, .. }), "{error}");
    assert_eq!(chain.head().await.unwrap_err().code(), "wrong-chain");
    assert_eq!(chain.records(&[]).await.unwrap_err().code(), "wrong-chain");
    let cost = Cost { gas: 1, gas_limit: 1, gas_price: Wei::ZERO, max_gas_price: Wei::ZERO, tip: Wei::ZERO };
    let action = Action::Transfer { to: chain.contract(), amount: Wei::ZERO };
    assert_eq!(chain.prepare(&action, chain.contract(), 0, cost).await.unwrap_err().code(), "wrong-chain");
    assert_eq!(fake.chain().check_chain_id().await.unwrap(), 1);
}

fn basics(method: &str, code: Value) -> Option<Say> {
    match method {
        "eth_chainId" => Some(Say::Result(json!("0x539"))),
        "eth_getCode" => Some(Say::Result(code)),
        "eth_getBlockByNumber" => Some(Say::Result(header("0x9"))),
        _ => None,
    }
}

fn question() -> Question {
    Question {
        reference: "acme/api:1".parse().unwrap(),
        publishers: vec![Address::from_bytes([7; 20])],
        digests: vec![Digest::of(b"a")],
    }
}

async fn records(script: fn(&str, &Value) -> Say) -> Result<Answers, ChainError> {
    Fake::start(Body::Script(script)).await.chain().records(&[question()]).await
}

#[tokio::test]
async fn no_contract_and_another_contract_are_told_apart() {
    let none = records(|method, _| basics(method, json!("0x")).unwrap()).await.unwrap_err();
    assert_eq!(none.code(), "no-contract");
    let other = records(|method, _| basics(method, json!("0x6001")).unwrap()).await.unwrap_err();
    assert_eq!(other.code(), "foreign-contract");
}

/// One status: 9 words, of which `fill` are the lowest bytes.
fn statuses(count: usize, fill: [u8; 9]) -> Value {
    let mut bytes = vec![0; 64];
    bytes[31] = 32;
    bytes[63] = u8::try_from(count).unwrap();
    for _ in 0..count {
        for low in fill {
            bytes.extend([[0; 31].as_slice(), &[low]].concat());
        }
    }
    wire::data(&bytes)
}

#[tokio::test]
async fn a_refused_event_log_costs_blocks_and_no_record() {
    let answers = records(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => Say::Error(-32602, "exceed maximum block range", Value::Null),
            _ => Say::Result(statuses(1, [2, 50, 0, 0, 2, 50, 0, 1, 0])),
        })
    })
    .await
    .unwrap();
    let record = &answers.records[0][0];
    assert_eq!((record.head.version, record.entries[0].version), (2, 2));
    assert_eq!((record.head_block, record.entries[0].block, record.current.len()), (None, None, 0));
    assert!(answers.log_problem.unwrap().contains("exceed maximum block range"));
}

#[tokio::test]
async fn records_that_are_none_are_refused() {
    let cases: [fn() -> Value; 5] = [
        || json!("0x"),
        || statuses(0, [0; 9]),
        || statuses(2, [0; 9]),
        || json!(word("ff")),
        || json!(format!("0x{}{}", "00".repeat(31), "20".to_owned() + &"ff".repeat(32))),
    ];
    for case in cases {
        let Bytes(output) = serde_json::from_value(case()).unwrap();
        let read = bindings::StatusManyReturn::decode(output);
        assert!(read.map_or(true, |read| read.answers.len() != 1));
    }
    let short = records(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => Say::Result(json!([])),
            _ => Say::Result(statuses(0, [0; 9])),
        })
    });
    assert_eq!(short.await.unwrap_err().code(), "node-malformed");
}

#[tokio::test]
async fn a_chain_that_keeps_changing_is_not_believed() {
    fn script(method: &str, params: &Value) -> Say {
        let mut block = header("0x9");
        if method == "eth_getBlockByNumber" && params[0] == "0x9" {
            block["hash"] = json!(word("bb"));
            return Say::Result(block);
        }
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => Say::Result(json!([])),
            _ => Say::Result(statuses(1, [2, 50, 0, 0, 2, 50, 0, 1, 0])),
        })
    }
    assert_eq!(records(script).await.unwrap_err().code(), "chain-unsettled");
}

#[tokio::test]
async fn logs_that_were_not_asked_for_are_ignored() {
    fn log(address: &str, topic: &str, removed: bool) -> Value {
        json!({"address": address, "topics": [topic], "data": "0x", "blockNumber": "0x1", "blockHash": word("aa"),
            "transactionHash": word("bb"), "logIndex": "0x0", "removed": removed})
    }
    let answers = records(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => {
                let ours = abi::DETERMINISTIC_ADDRESS.to_string();
                Say::Result(json!([
                    log("0x0000000000000000000000000000000000000001", &word("cc"), false),
                    log(&ours, &word("cc"), false),
                    log(&ours, &word("cc"), true),
                    {"address": ours, "topics": [], "data": "0x", "blockNumber": null, "blockHash": null,
                        "transactionHash": null, "logIndex": null},
                ]))
            }
            _ => Say::Result(statuses(1, [0; 9])),
        })
    })
    .await
    .unwrap();
    assert_eq!((answers.records[0].len(), answers.log_problem), (1, None));
    assert!(!answers.records[0][0].speaks());
}

fn release() -> Action {
    Action::Statement(Statement::Release {
        reference: "acme/api:1".parse().unwrap(),
        digests: Vec::new(),
        annotations: String::new(),
    })
}

async fn estimate(script: fn(&str, &Value) -> Say) -> Result<Cost, ChainError> {
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
    let cases: [fn(&str, &Value) -> Say; 4] = [
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
        "the contract refused: 0x0101010101010101010101010101010101010101 has retired and can publish nothing any more"
    );
}

async fn broadcast(script: fn(&str, &Value) -> Say) -> Result<(), ChainError> {
    Fake::start(Body::Script(script)).await.chain().broadcast(b"raw").await
}

#[tokio::test]
async fn what_nodes_say_of_a_broadcast_is_understood() {
    assert_eq!(broadcast(|_, _| Say::Error(-32000, "already known", Value::Null)).await, Ok(()));
    assert_eq!(broadcast(|_, _| Say::Error(-32003, "transaction already imported", Value::Null)).await, Ok(()));
    let cases: [(fn(&str, &Value) -> Say, &str); 6] = [
        (|_, _| Say::Result(json!(word("00"))), "node-malformed"),
        (
            |method, _| match method {
                "eth_sendRawTransaction" => Say::Error(-32000, "nonce too low: next nonce 1, tx nonce 0", Value::Null),
                _ => Say::Result(Value::Null),
            },
            "nonce-taken",
        ),
        (|_, _| Say::Error(-32000, "replacement transaction underpriced", Value::Null), "fee-too-low"),
        (|_, _| Say::Error(-32003, "max fee per gas less than block base fee", Value::Null), "fee-too-low"),
        (|_, _| Say::Error(-32003, "Insufficient funds for gas * price + value", Value::Null), "insufficient-funds"),
        (|_, _| Say::Error(-32000, "intrinsic gas too low", Value::Null), "transaction-rejected"),
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

async fn fate(script: fn(&str, &Value) -> Say) -> Result<Fate, ChainError> {
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
        _ => basics(method, code()).unwrap_or(Say::Result(Value::Null)),
    });
    let Fate::Succeeded { inclusion, confirmations, .. } = good.await else { panic!("it succeeded") };
    assert_eq!((inclusion.block, inclusion.gas_used, confirmations), (8, 21_000, 2));
    assert_eq!(inclusion.fee.to_string(), "42000");
    let orphaned = fate_of(|method, _| match method {
        "eth_getTransactionReceipt" => receipt("bb", "0x1"),
        _ => basics(method, code()).unwrap_or(Say::Result(Value::Null)),
    });
    assert_eq!(orphaned.await, Fate::Pending);
    let indexing = fate_of(|method, _| match method {
        "eth_getTransactionReceipt" => Say::Error(-32000, "transaction indexing is in progress", Value::Null),
        _ => Say::Result(json!(null)),
    });
    assert_eq!(indexing.await, Fate::Pending);
}

#[tokio::test]
async fn a_transaction_that_nobody_knows_is_forgotten_or_replaced() {
    let forgotten = fate(|method, _| match method {
        "eth_getTransactionCount" => Say::Result(json!("0x4")),
        _ => Say::Result(Value::Null),
    });
    assert_eq!(forgotten.await.unwrap(), Fate::Forgotten);
    let replaced = fate(|method, _| match method {
        "eth_getTransactionCount" => Say::Result(json!("0x5")),
        _ => Say::Result(Value::Null),
    });
    assert_eq!(replaced.await.unwrap(), Fate::NonceTaken);
}

#[tokio::test]
async fn a_receipt_of_something_else_is_refused() {
    for script in [
        (|method, _| match method {
            "eth_getTransactionReceipt" => receipt("aa", "0x7"),
            _ => basics(method, code()).unwrap_or(Say::Result(Value::Null)),
        }) as fn(&str, &Value) -> Say,
        |_, _| {
            Say::Result(json!({"transactionHash": word("de"), "blockHash": word("aa"), "blockNumber": "0x8",
            "status": "0x1", "gasUsed": "0x1"}))
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
