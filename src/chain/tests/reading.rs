//! What hostile, broken and odd nodes lead to: records.

use ethers_core::abi::AbiDecode as _;
use serde_json::{Value, json};

use super::{
    super::{
        fake::{Body, Fake, Say},
        wire::Bytes,
        *,
    },
    basics, code, header, word,
};
use crate::domain::Digest;

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
