//! What the node answers.

use serde_json::{Value, json};

use super::node::{Home, SOMEONE, creation, init_code, legacy_transfer, transfer};
use crate::devnet::DEPLOYMENT_PROXY;

/// Stores calldata's first word in slot 0 and logs it under topic 0x..2a: PUSH0 CALLDATALOAD DUP1
/// PUSH0 SSTORE PUSH0 MSTORE PUSH1 42 PUSH1 32 PUSH0 LOG1, then returns the word.
const RECORDER: &str = "5f35805f555f52602a60205fa160205ff3";
/// Reverts with one word of calldata.
const REVERTER: &str = "5f355f5260205ffd";

#[tokio::test]
async fn a_transaction_is_a_final_block_when_it_is_answered() {
    let home = Home::new();
    let node = home.host().await;
    let genesis = node.ok("eth_getBlockByNumber", json!(["finalized", false])).await;
    assert_eq!(genesis["number"], "0x0");
    let hash = node.pay(0, 5).await;
    for tag in ["latest", "safe", "finalized", "pending"] {
        let block = node.ok("eth_getBlockByNumber", json!([tag, true])).await;
        assert_eq!(block["number"], "0x1", "{tag}");
        assert_eq!(block["transactions"][0]["hash"], hash);
        assert_eq!(node.ok("eth_getBalance", json!([SOMEONE, tag])).await, "0x5");
    }
    let receipt = node.ok("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["status"], &receipt["gasUsed"]), (&json!("0x1"), &json!("0x5208")));
    assert_eq!(receipt["from"], node.faucet());
    let found = node.ok("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(found["blockNumber"], "0x1");
    let count = json!([node.faucet(), "pending"]);
    assert_eq!(node.ok("eth_getTransactionCount", count).await, "0x1");
    let hash = node.send(&legacy_transfer(1, 6)).await.unwrap();
    let receipt = node.ok("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["type"], "0x0");
}

#[tokio::test]
async fn refusals_speak_geths_words_and_leave_no_block() {
    let home = Home::new();
    let node = home.host().await;
    let first = node.sign(&transfer(0, 5)).await;
    node.ok("eth_sendRawTransaction", json!([first])).await;

    let mut poor = transfer(1, 0);
    poor.set_value(ethers_core::types::U256::MAX >> 1);
    let mut thirsty = transfer(1, 5);
    thirsty.set_gas(60_000_001);
    let mut short = transfer(1, 5);
    short.set_gas(20_999);
    let mut cheap = legacy_transfer(1, 5);
    cheap.set_gas_price(1);
    for (transaction, expected) in [
        (transfer(0, 9), "nonce too low"),
        (poor, "insufficient funds for gas * price + value"),
        (thirsty, "exceeds block gas limit"),
        (short, "intrinsic gas too low"),
        (cheap, "max fee per gas less than block base fee"),
    ] {
        let error = node.send(&transaction).await.unwrap_err();
        assert_eq!(error["code"], -32000);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{message}");
    }
    let again = node.message("eth_sendRawTransaction", json!([first])).await;
    assert_eq!(again, "nonce too low");
    for junk in ["0x", "0x00", "0xzz", "02", "0xf800"] {
        let error = node.call("eth_sendRawTransaction", json!([junk])).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{junk}");
    }
    assert_eq!(node.block_number().await, "0x1");
}

#[tokio::test]
async fn a_nonce_gap_waits_for_the_missing_transaction() {
    let home = Home::new();
    let node = home.host().await;
    let later = node.sign(&transfer(2, 4)).await;
    node.ok("eth_sendRawTransaction", json!([later])).await;
    node.pay(1, 2).await;
    assert_eq!(node.block_number().await, "0x0");
    let again = node.message("eth_sendRawTransaction", json!([later])).await;
    assert_eq!(again, "already known");
    let count = json!([node.faucet(), "pending"]);
    assert_eq!(node.ok("eth_getTransactionCount", count.clone()).await, "0x0");

    node.pay(0, 1).await;
    assert_eq!(node.block_number().await, "0x3");
    assert_eq!(node.balance(SOMEONE).await, "0x7");
    assert_eq!(node.ok("eth_getTransactionCount", count).await, "0x3");
}

#[tokio::test]
async fn contracts_are_created_called_proved_and_logged() {
    let home = Home::new();
    let node = home.host().await;
    let hash = node.send(&creation(0, RECORDER)).await.unwrap();
    let receipt = node.ok("eth_getTransactionReceipt", json!([hash])).await;
    let contract = receipt["contractAddress"].clone();
    let code = node.ok("eth_getCode", json!([contract, "latest"])).await;
    assert_eq!(code, format!("0x{RECORDER}"));

    let word = format!("0x{}", "11".repeat(32));
    let call = json!({"to": contract, "data": word, "from": node.faucet(), "gas": null, "value": null});
    assert_eq!(node.ok("eth_call", json!([call, "latest"])).await, word);
    let gas = node.ok("eth_estimateGas", json!([call])).await;
    let gas = u64::from_str_radix(&gas.as_str().unwrap()[2..], 16).unwrap();
    assert!((40_000..80_000).contains(&gas), "{gas}");

    let mut store = transfer(1, 0);
    store.set_to(contract.as_str().unwrap().parse::<ethers_core::types::Address>().unwrap());
    store.set_data(hex::decode(&word[2..]).unwrap().into());
    store.set_gas(gas);
    let hash = node.send(&store).await.unwrap();
    let slot = node.ok("eth_getStorageAt", json!([contract, "0x0", "latest"])).await;
    assert_eq!(slot, word);
    let proof = node.ok("eth_getProof", json!([contract, ["0x0"], "finalized"])).await;
    assert_eq!(proof["storageProof"][0]["value"], word);
    assert!(proof["accountProof"].as_array().is_some_and(|nodes| !nodes.is_empty()));

    let all = json!([{"fromBlock": "0x0", "toBlock": "0xffff", "address": contract, "topics": null}]);
    let logs = node.ok("eth_getLogs", all).await;
    assert_eq!(logs.as_array().unwrap().len(), 1);
    assert_eq!((&logs[0]["transactionHash"], &logs[0]["data"]), (&hash, &json!(word)));
    assert!(logs[0]["topics"][0].as_str().unwrap().ends_with("2a"));
    let absent = json!([{"fromBlock": "earliest", "topics": [word]}]);
    assert_eq!(node.ok("eth_getLogs", absent).await, json!([]));
    let ahead = json!([{"fromBlock": "0x3"}]);
    assert_eq!(node.ok("eth_getLogs", ahead).await, json!([]));
}

#[tokio::test]
async fn reverts_carry_their_data_in_calls_estimates_and_receipts() {
    let home = Home::new();
    let node = home.host().await;
    let hash = node.send(&creation(0, REVERTER)).await.unwrap();
    let contract = node.ok("eth_getTransactionReceipt", json!([hash])).await["contractAddress"].clone();
    let word = format!("0x{}", "22".repeat(32));
    let call = json!({"to": contract, "input": word, "from": node.faucet()});
    for method in ["eth_call", "eth_estimateGas"] {
        let error = node.call(method, json!([call, "latest"])).await.unwrap_err();
        assert_eq!((&error["code"], &error["data"]), (&json!(3), &json!(word)), "{method}");
        assert_eq!(error["message"], "execution reverted");
    }
    let mut failing = transfer(1, 0);
    failing.set_to(contract.as_str().unwrap().parse::<ethers_core::types::Address>().unwrap());
    failing.set_gas(100_000);
    let hash = node.send(&failing).await.unwrap();
    let receipt = node.ok("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["status"], &receipt["blockNumber"]), (&json!("0x0"), &json!("0x2")));
}

#[tokio::test]
async fn a_creation_can_be_estimated_without_a_recipient() {
    let home = Home::new();
    let node = home.host().await;
    let call = json!({"from": node.faucet(), "data": format!("0x{}", init_code(REVERTER))});
    let gas = node.ok("eth_estimateGas", json!([call])).await;
    let gas = u64::from_str_radix(&gas.as_str().unwrap()[2..], 16).unwrap();
    assert!((53_000..70_000).contains(&gas), "{gas}");
}

#[tokio::test]
async fn the_deployment_proxy_deploys() {
    let home = Home::new();
    let node = home.host().await;
    let mut deploy = transfer(0, 0);
    deploy.set_to(DEPLOYMENT_PROXY.parse::<ethers_core::types::Address>().unwrap());
    let code = hex::decode(init_code(REVERTER)).unwrap();
    deploy.set_data([vec![0; 32], code.clone()].concat().into());
    deploy.set_gas(200_000);
    node.send(&deploy).await.unwrap();
    let proxy = DEPLOYMENT_PROXY.parse::<ethers_core::types::Address>().unwrap();
    let place = ethers_core::utils::get_create2_address(proxy, [0; 32], code);
    let code = node.ok("eth_getCode", json!([format!("{place:#x}"), "latest"])).await;
    assert_eq!(code, format!("0x{REVERTER}"));
}

#[tokio::test]
async fn state_of_a_block_that_does_not_exist_is_an_error() {
    let home = Home::new();
    let node = home.host().await;
    let call = json!({"to": SOMEONE});
    let unknown = format!("0x{}", "33".repeat(32));
    for (method, params) in [
        ("eth_getBalance", json!([SOMEONE, "0x9"])),
        ("eth_getCode", json!([SOMEONE, "0x9"])),
        ("eth_getTransactionCount", json!([SOMEONE, {"blockHash": unknown}])),
        ("eth_getStorageAt", json!([SOMEONE, "0x0", "0x9"])),
        ("eth_getProof", json!([SOMEONE, [], "0x9"])),
        ("eth_call", json!([call, "0x9"])),
        ("eth_estimateGas", json!([call, "0x9"])),
    ] {
        assert_eq!(node.message(method, params).await, "header not found", "{method}");
    }
    let absent = node.ok("eth_getBlockByNumber", json!(["0x9", false])).await;
    assert_eq!(absent, Value::Null);
}

#[tokio::test]
async fn fees_and_the_node_itself_are_described() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 1).await;
    for count in [json!(2), json!("0x2")] {
        let fees = node.ok("eth_feeHistory", json!([count, "latest", [50.0]])).await;
        assert_eq!(fees["baseFeePerGas"].as_array().unwrap().len(), 3);
        assert_eq!(fees["reward"].as_array().unwrap().len(), 2);
    }
    node.ok("eth_feeHistory", json!(["0x1", "pending", null])).await;
    let version = node.ok("web3_clientVersion", json!([])).await;
    let version = version.as_str().unwrap();
    assert!(version.starts_with("ethrex/v24.0.0/") && version.contains("local"), "{version}");
    for (method, expected) in [
        ("eth_chainId", json!("0x539")),
        ("net_version", json!("1337")),
        ("eth_syncing", json!(false)),
        ("net_peerCount", json!("0x0")),
        ("net_listening", json!(false)),
        ("eth_accounts", json!([])),
    ] {
        assert_eq!(node.ok(method, json!([])).await, expected, "{method}");
    }
    let tip = node.ok("eth_maxPriorityFeePerGas", json!([])).await;
    assert!(tip.as_str().unwrap().starts_with("0x"));
    let genesis = node.ok("eth_getBlockByNumber", json!(["0x0", false])).await;
    assert_ne!(genesis["timestamp"], "0x0");
}

#[tokio::test]
async fn endless_calls_are_bounded_by_a_blocks_gas() {
    let home = Home::new();
    let node = home.host().await;
    // JUMPDEST PUSH0 JUMP
    let hash = node.send(&creation(0, "5b5f56")).await.unwrap();
    let contract = node.ok("eth_getTransactionReceipt", json!([hash])).await["contractAddress"].clone();
    let call = json!({"to": contract, "gas": "0xffffffffffffffff"});
    let message = node.message("eth_call", json!([call, "latest"])).await;
    assert!(message.contains("out of gas") || message.contains("halted"), "{message}");
}
