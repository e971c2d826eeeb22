//! JSON-RPC's frame: batches, notifications, and requests that are none.

use serde_json::{Value, json};

use super::node::Home;

#[tokio::test]
async fn other_namespaces_are_not_there() {
    let home = Home::new();
    let node = home.host().await;
    for method in [
        "admin_nodeInfo",
        "debug_setHead",
        "engine_newPayloadV3",
        "txpool_content",
        "testing_buildBlockV1",
        "eth_newFilter",
        "eth_mine",
        "",
        "_",
    ] {
        let error = node.call(method, json!([])).await.unwrap_err();
        assert_eq!(error["code"], -32601, "{method}");
    }
}

#[tokio::test]
async fn batches_keep_order_ids_and_limits() {
    let home = Home::new();
    let node = home.host().await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": null, "method": "eth_blockNumber", "params": null},
        {"jsonrpc": "2.0", "method": "eth_chainId"},
        7,
        {"jsonrpc": "1.0", "id": 4, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": -5, "method": "eth_chainId", "params": {"a": 1}},
    ]);
    let (status, answer) = node.post("", &batch.to_string()).await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let summary: Vec<_> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| (answer["id"].clone(), answer["result"].clone(), answer["error"]["code"].clone()))
        .collect();
    assert_eq!(
        summary,
        [
            (json!("a"), json!("0x539"), Value::Null),
            (Value::Null, json!("0x0"), Value::Null),
            (Value::Null, Value::Null, json!(-32600)),
            (json!(4), Value::Null, json!(-32600)),
            (json!(-5), Value::Null, json!(-32602)),
        ]
    );

    let one = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"});
    for (count, code) in [(0, json!(-32600)), (1001, json!(-32600)), (1000, Value::Null)] {
        let batch = Value::Array(vec![one.clone(); count]);
        let (_, answer) = node.post("", &batch.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["error"]["code"], code, "{count}");
    }
    let (status, _) = node.post("", r#"{"jsonrpc":"2.0","method":"eth_chainId"}"#).await;
    assert_eq!(status, 204);
}

#[tokio::test]
async fn malformed_foreign_and_oversized_requests_are_refused() {
    let home = Home::new();
    let node = home.host().await;
    let nested = "[".repeat(5000);
    for body in ["", "{", "nonsense", "\u{1b}[31m", nested.as_str()] {
        let (status, answer) = node.post("", body).await;
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null));
    }
    let good = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    for (headers, expected) in [
        ("Host: evil.example\r\n", 403),
        ("Host: 127.0.0.1.evil.example\r\n", 403),
        ("Host: \r\n", 403),
        ("Host: localhost:1\r\n", 200),
        ("Host: [::1]:1\r\n", 200),
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/json; charset=utf-8\r\n", 200),
    ] {
        assert_eq!(node.post(headers, good).await.0, expected, "{headers}");
    }
    let long = format!("\"{}\"", "x".repeat(5 * 1024 * 1024));
    assert_eq!(node.post("", &long).await.0, 413);
    assert_eq!(node.block_number().await, "0x0");
}
