//! What hostile, broken and odd nodes lead to: the connection, and who they say they are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    fake::{Body, Fake, Say},
    *,
};
use crate::domain::{Wei, publication::Cost};

mod heads;
mod reading;
mod writing;

fn word(byte: &str) -> String {
    format!("0x{}", byte.repeat(32))
}

fn header(number: &str) -> Value {
    json!({"number": number, "hash": word("aa"), "timestamp": "0x5", "gasLimit": "0x1c9c380", "baseFeePerGas": "0x7"})
}

fn code() -> Value {
    wire::data(abi::runtime_code(crate::domain::publication::Contract::Registry))
}

fn only(chain: &Chain) -> Endpoint {
    chain.endpoints()[0].clone()
}

async fn chain_id_of(body: Body) -> ChainError {
    only(&Fake::start(body).await.chain()).chain_id().await.unwrap_err()
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
    assert_eq!(only(&chain).chain_id().await.unwrap_err().code(), "node-timeout");
    assert_eq!(chain.head().await.unwrap_err().code(), "node-timeout");
}

#[tokio::test]
async fn a_dead_node_is_named_without_its_secrets() {
    let fake = Fake::start(Body::Silence).await;
    let chain = fake.chain();
    drop(fake);
    // The listener closes with its task, which has to be given a turn.
    tokio::task::yield_now().await;
    let error = only(&chain).chain_id().await.unwrap_err();
    assert_eq!(error.code(), "node-unreachable");
    let shown = format!("{error} {error:?} {chain:?}");
    assert!(!shown.contains("secret") && !shown.contains("key/path") && !shown.contains("user"), "{shown}");
    assert!(shown.contains("`http://127.0.0.1:"), "{shown}");
}

#[test]
fn nodes_are_asked_over_http_websocket_and_ipc() {
    let new = |url: &str| Chain::new(ChainConfig::new("test", vec![url.parse().unwrap()]));
    for url in ["ftp://host/", "file:///x", "unix:///x"] {
        assert_eq!(new(url).unwrap_err().code(), "endpoint-invalid");
    }
    for (url, shown) in [
        ("https://host/key", "https://host:443"),
        ("ws://user:secret@host:8546/key", "ws://host:8546"),
        ("wss://host/key", "wss://host:443"),
        ("ipc:/run/geth.ipc", "ipc:/run/geth.ipc"),
    ] {
        assert_eq!(only(&new(url).unwrap()).name(), shown);
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
    assert!(error.to_string().contains("`: \\u{1b}[2Jboo; "), "{error}");
    let fake = Fake::start(Body::Script(|_, _| Say::Result(json!("geth\u{1b}]0;x\u{7}")))).await;
    assert_eq!(only(&fake.chain()).client_version().await.unwrap(), "geth\\u{1b}]0;x\\u{7}");
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
async fn where_no_final_block_is_told_a_depth_counts() {
    type Case = (fn(&str, &Value) -> Say, u64, Option<u64>);
    fn told(finalized: &str, params: &Value) -> Say {
        match params[0].as_str() {
            None => Say::Result(json!("0x539")),
            Some("latest") => Say::Result(header("0x9")),
            Some("finalized") if finalized.is_empty() => Say::Error(-39001, "unknown block", Value::Null),
            Some(_) => Say::Result(header(finalized)),
        }
    }
    let scripts: [Case; 5] = [
        (|_, params| told("", params), 4, Some(5)),
        // anvil, as long as its chain is short.
        (|_, params| told("0x0", params), 4, Some(5)),
        (|_, params| told("0x0", params), 10, Some(0)),
        (|_, params| told("", params), 10, None),
        (|_, params| told("0x2", params), 4, Some(2)),
    ];
    for (script, depth, finalized) in scripts {
        let fake = Fake::start(Body::Script(script)).await;
        let config = ChainConfig { final_after: Some(depth), ..fake.chain().config().clone() };
        assert_eq!(Chain::new(config).unwrap().head().await.unwrap().finalized, finalized, "{depth}");
    }
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
