//! What hostile, broken and odd nodes lead to: records.

use std::sync::atomic::{AtomicUsize, Ordering};

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

/// How many queries a call of `statusMany` holds, by the length of its data: three words each, behind three more.
fn asked(params: &Value) -> usize {
    let digits = params[0]["data"].as_str().unwrap().len() - 2;
    (digits / 2 - 4) / 32 / 3
}

#[tokio::test]
async fn a_call_that_is_too_much_for_a_node_is_made_in_halves() {
    let fake = Fake::start(Body::Script(|method, params| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => Say::Result(json!([])),
            _ if asked(params) > 3 => Say::Error(-32000, "out of gas", Value::Null),
            _ => Say::Result(statuses(asked(params), [2, 50, 0, 0, 2, 50, 0, 0, 0])),
        })
    }))
    .await;
    let many = Question { digests: (0..10_u8).map(|at| Digest::of(&[at])).collect(), ..question() };
    let answers = fake.chain().records(&[many]).await.unwrap();
    assert_eq!(answers.records[0][0].entries.len(), 10);
    let whole = records(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => Say::Result(json!([])),
            _ => Say::Error(-32000, "out of gas", Value::Null),
        })
    });
    assert_eq!(whole.await.unwrap_err().code(), "node-error", "a single one is not halved for ever");
}

#[tokio::test]
async fn a_bound_on_requests_is_not_met_with_more_of_them() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let fake = Fake::start(Body::Script(|method, _| {
        basics(method, code()).unwrap_or_else(|| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            Say::Error(-32005, "daily request count exceeded, request rate limited", Value::Null)
        })
    }))
    .await;
    let many = Question { digests: (0..10_u8).map(|at| Digest::of(&[at])).collect(), ..question() };
    assert_eq!(fake.chain().records(&[many]).await.unwrap_err().code(), "node-error");
    assert_eq!(ASKED.load(Ordering::SeqCst), 1);
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
    let fake = Fake::start(Body::Script(|method, _| {
        basics(method, code()).unwrap_or_else(|| match method {
            "eth_getLogs" => {
                let ours = abi::usual_address(crate::domain::publication::Contract::Registry).to_string();
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
    }))
    .await;
    assert_eq!(fake.chain().events_between(0, 9).await.unwrap(), (Vec::new(), Vec::new()));
}

#[test]
fn endpoints_of_one_server_are_told_apart() {
    let urls = |all: &[&str]| all.iter().map(|url| url.parse().unwrap()).collect::<Vec<url::Url>>();
    let rpc =
        urls(&["https://a.example/one", "https://b.example", "https://a.example:443/two", "http://a.example/one"]);
    let chain = Chain::new(ChainConfig::new("test", rpc)).unwrap();
    let names: Vec<_> = chain.endpoints().iter().map(Endpoint::name).collect();
    assert_eq!(
        names,
        ["https://a.example:443 (1)", "https://b.example:443", "https://a.example:443 (2)", "http://a.example:80"]
    );
    assert!(!format!("{:?}", chain.config()).contains("/two"), "a path is a key");
}
