//! What a publication may cost: shown and bounded before anything is signed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Home, node, rpc, unique, without};

/// A home on anvil's network, with the registry in place.
fn home() -> Home {
    let home = Home::new().on("anvil", &node("anvil"));
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    home
}

#[test]
fn no_more_is_signed_than_the_user_allows() {
    if without("node") {
        return;
    }
    let home = home();
    let archive = home.archive(&format!("acme/{}:1", unique("capped")), "content").display().to_string();
    let run = home.run(&["publish", "--archive", &archive, "--yes", "--confirmations", "1", "--max-gas-price", "7.5"]);
    assert!(run.success(), "{run:?}");
    let hash: &Value = &run.document["publications"][0]["transaction"];
    let transaction = rpc(&node("anvil"), "eth_getTransactionByHash", &json!([hash]));
    assert_eq!(transaction["maxFeePerGas"], "0x1bf08eb00", "{transaction}");
    for (price, code) in [("0", "usage"), ("much", "usage"), ("-1", "usage")] {
        let run = home.run(&["publish", "--archive", &archive, "--yes", "--again", "--max-gas-price", price]);
        assert_eq!((run.code, run.document["code"].as_str()), (Some(2), Some(code)), "{run:?}");
    }
}

#[test]
fn who_cannot_pay_is_told_before_the_passphrase_is_asked() {
    if without("node") {
        return;
    }
    let home = home();
    let poor = home.run(&["account", "new"]);
    let poor = poor.document["account"]["address"].as_str().unwrap();
    let archive = home.archive(&format!("acme/{}:1", unique("poor")), "content").display().to_string();
    // A passphrase file that is not there would be told instead.
    let nowhere = home.path().join("nowhere").display().to_string();
    let publish = ["publish", "--archive", &archive, "--yes", "--account", poor, "--password-file", &nowhere];
    let run = home.run(&publish);
    assert_eq!(run.document["code"], "insufficient-funds", "{run:?}");
    let message = run.document["message"].as_str().unwrap();
    assert!(message.contains("network `anvil`") && message.contains("are missing"), "{message}");
}
