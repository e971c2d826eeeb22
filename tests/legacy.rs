//! A chain without EIP-1559: publishing from end to end, with the old kind of transaction. The contract's code needs a chain of
//! later rules than any that has no base fee of its own accord (before London), so a proxy takes the base fee out of its blocks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{
    Home,
    layout::{Blobs, MANIFEST},
    node,
    proxy::{Deed, Proxy},
    rpc, unique, without,
};

#[test]
fn a_publication_is_paid_the_old_way() {
    if without("node") {
        return;
    }
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(|_| {
        Deed::Change(|method, _, result| {
            if let (true, Some(block)) = (method.starts_with("eth_getBlock"), result.as_object_mut()) {
                block.remove("baseFeePerGas");
            }
        })
    });
    let home = Home::new().on("anvil", &proxy.url);
    let address = home.funded_account();
    let deployed = home.run(&["contract", "deploy", "--yes"]);
    assert!(deployed.success(), "{deployed:?}");
    let name = format!("acme/{}:1", unique("old"));
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let path = home.path().join("app.tar");
    std::fs::write(&path, blobs.archive(&format!("docker.io/{name}"), MANIFEST, image.manifest)).unwrap();
    let archive = path.to_str().unwrap();
    let sent = home.run(&["publish", "--archive", archive, "--yes", "--confirmations", "1"]);
    assert!(sent.success(), "{sent:?}");
    let hash: &Value = &sent.document["publications"][0]["transaction"];
    let transaction = rpc(&node("anvil"), "eth_getTransactionByHash", &json!([hash]));
    assert!(transaction["type"] == "0x0" && transaction["maxFeePerGas"].is_null(), "{transaction}");
    assert!(home.run(&["trust", "add", &name, &address]).success());
    let run = home.run(&["verify", "--archive", archive]);
    assert_eq!(run.verdict(), ("verified", Some(0)), "{run:?}");
}
