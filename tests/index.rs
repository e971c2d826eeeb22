//! The event index through the command line, on a real node: histories, who released a digest, names that are searched for; the
//! same from nothing and grown, through reorganisations and ranges that a node refuses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use support::{
    Home,
    layout::{Blobs, MANIFEST},
    node,
    proxy::{Deed, Proxy},
    rpc, unique, wait_for, without,
};

/// One of these tests takes the chain back.
static NODE: Mutex<()> = Mutex::new(());

struct Publisher {
    home: Home,
    name: String,
}

impl Publisher {
    fn new() -> Self {
        let home = Home::new().on("anvil", &node("anvil"));
        home.funded_account();
        home.run(&["contract", "deploy", "--yes"]);
        Self { home, name: format!("acme/{}:1", unique("indexed")) }
    }

    fn publish(&self, content: &str) -> Value {
        let mut blobs = Blobs::default();
        let image = blobs.image("amd64", content.as_bytes());
        let path: PathBuf = self.home.path().join(format!("{content}.tar"));
        std::fs::write(&path, blobs.archive(&format!("docker.io/{}", self.name), MANIFEST, image.manifest)).unwrap();
        let sent = self.home.run(&["publish", "--archive", path.to_str().unwrap(), "--yes", "--confirmations", "1"]);
        assert!(sent.success(), "{sent:?}");
        sent.document["publications"][0].clone()
    }
}

fn history(home: &Home, name: &str) -> Value {
    let run = home.run(&["history", name]);
    assert!(matches!(run.code, Some(0 | 4)), "{run:?}");
    run.document["events"].clone()
}

#[test]
fn what_was_released_is_found_by_name_and_by_digest() {
    if without("node") {
        return;
    }
    let _alone = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    let publisher = Publisher::new();
    let (first, second) = (publisher.publish("first"), publisher.publish("second"));
    let stranger = Home::new().on("anvil", &node("anvil"));
    let found = stranger.run(&["search", &publisher.name[5..]]);
    let releases = found.document["releases"].as_array().unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!((found.code, releases.len()), (Some(0), 1), "the newest of each publisher: {found:?}");
    assert_eq!((&releases[0]["version"], &releases[0]["publisher"]), (&json!(2), &second["publisher"]), "{found:?}");
    assert_eq!(releases[0]["reference"], format!("docker.io/{}", publisher.name));
    let digest = first["digests"][0]["digest"].as_str().unwrap();
    let who = stranger.run(&["who", digest]);
    let releases = who.document["releases"].as_array().unwrap_or_else(|| panic!("{who:?}"));
    assert!(releases.iter().any(|one| one["transaction"] == first["transaction"]), "{who:?}");
    let nobody = stranger.run(&["who", &format!("sha256:{}", "0".repeat(63) + "1")]);
    assert_eq!((nobody.code, &nobody.document["releases"]), (Some(4), &json!([])), "{nobody:?}");
    let nothing = stranger.run(&["search", "there-is-no-such-name-\"'%"]);
    assert_eq!(nothing.code, Some(4), "{nothing:?}");
}

#[test]
fn an_index_follows_a_reorganisation() {
    if without("node") {
        return;
    }
    let _alone = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    let publisher = Publisher::new();
    publisher.publish("kept");
    let grown = Home::new().on("anvil", &node("anvil"));
    assert_eq!(history(&grown, &publisher.name).as_array().map(Vec::len), Some(1));
    let before = rpc(&node("anvil"), "evm_snapshot", &json!([]));
    publisher.publish("lost");
    assert_eq!(history(&grown, &publisher.name).as_array().map(Vec::len), Some(2));
    assert_eq!(rpc(&node("anvil"), "evm_revert", &json!([before])), json!(true));
    // Another branch, longer than the one that was read, and then a shorter one.
    for blocks in ["0x5", "0x2"] {
        let again = rpc(&node("anvil"), "evm_snapshot", &json!([]));
        rpc(&node("anvil"), "anvil_mine", &json!([blocks, "0x7"]));
        let anew = Home::new().on("anvil", &node("anvil"));
        let events = history(&grown, &publisher.name);
        assert_eq!(events.as_array().map(Vec::len), Some(1), "{events}");
        assert_eq!(events, history(&anew, &publisher.name));
        assert_eq!(rpc(&node("anvil"), "evm_revert", &json!([again])), json!(true));
    }
}

#[test]
fn a_node_that_gives_few_blocks_at_once_is_asked_for_few() {
    if without("node") {
        return;
    }
    let _alone = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    let publisher = Publisher::new();
    publisher.publish("content");
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(|request| {
        if request["method"] != "eth_getLogs" {
            return Deed::Pass;
        }
        let block = |key: &str| u64::from_str_radix(&request["params"][0][key].as_str().unwrap()[2..], 16).unwrap();
        if block("toBlock") - block("fromBlock") >= 3 {
            Deed::Refuse("exceed maximum block range 3")
        } else {
            Deed::Pass
        }
    });
    let home = Home::new().on("anvil", &proxy.url);
    assert_eq!(history(&home, &publisher.name), history(&publisher.home, &publisher.name));
    proxy.set(
        |request| {
            if request["method"] == "eth_getLogs" { Deed::Refuse("logs are not kept here") } else { Deed::Pass }
        },
    );
    let run = home.run(&["search", "acme"]);
    // All of it was read before, unless a block came since.
    assert!(
        matches!((run.code, run.document["code"].as_str()), (Some(0), None) | (Some(1), Some("node-error"))),
        "{run:?}"
    );
}

#[test]
fn a_crash_between_two_ranges_costs_the_second_alone() {
    if without("node") {
        return;
    }
    let _alone = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    let publisher = Publisher::new();
    for content in ["first", "second", "third"] {
        publisher.publish(content);
        rpc(&node("anvil"), "anvil_mine", &json!(["0x28"]));
    }
    let proxy = Proxy::before(&node("anvil"));
    // Some thirty ranges, three of them in the blocks from above; from the third on nothing until the program was killed.
    let head = rpc(&node("anvil"), "eth_blockNumber", &json!([]));
    let most = u64::from_str_radix(&head.as_str().unwrap()[2..], 16).unwrap() / 30 + 3;
    let asked: Arc<Mutex<Vec<u64>>> = Arc::default();
    let few = |asked: &Arc<Mutex<Vec<u64>>>, held: usize| {
        let asked = Arc::clone(asked);
        move |request: &Value| {
            if request["method"] != "eth_getLogs" {
                return Deed::Pass;
            }
            let block = |key: &str| u64::from_str_radix(&request["params"][0][key].as_str().unwrap()[2..], 16).unwrap();
            if block("toBlock") - block("fromBlock") >= most {
                return Deed::Refuse("exceed maximum block range");
            }
            let mut asked = asked.lock().unwrap();
            asked.push(block("fromBlock"));
            if asked.len() > held { Deed::Hold } else { Deed::Pass }
        }
    };
    let home = Home::new().on("anvil", &proxy.url);
    proxy.set(few(&asked, 2));
    let mut killed = home.command(&["history", &publisher.name]);
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the third range", || (asked.lock().unwrap().len() > 2).then_some(()));
    killed.kill().unwrap();
    killed.wait().unwrap();
    let open = asked.lock().unwrap()[2];
    asked.lock().unwrap().clear();
    proxy.set(few(&asked, usize::MAX));
    assert_eq!(history(&home, &publisher.name), history(&publisher.home, &publisher.name));
    assert_eq!(asked.lock().unwrap().first(), Some(&open), "what was read before is not read again");
}

/// Where the late node of the test below stands; beyond every chain while it is not late.
static LATE_HEAD: AtomicU64 = AtomicU64::new(u64::MAX);

fn late(method: &str, params: &mut Value) {
    let is_tag = matches!(params[0].as_str(), Some("latest" | "safe" | "finalized"));
    if method == "eth_getBlockByNumber" && is_tag {
        params[0] = json!(format!("{:#x}", LATE_HEAD.load(Ordering::SeqCst)));
    }
}

#[test]
fn a_node_that_falls_behind_costs_nothing_of_the_index() {
    if without("node") {
        return;
    }
    let _alone = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    let publisher = Publisher::new();
    let mine = |blocks: &str| rpc(&node("anvil"), "anvil_mine", &json!([blocks]));
    let first = publisher.publish("first");
    mine("0x12c");
    publisher.publish("second");
    let logs: Arc<Mutex<Vec<u64>>> = Arc::default();
    let heard = Arc::clone(&logs);
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(move |request| {
        if request["method"] == "eth_getLogs" {
            let from = request["params"][0]["fromBlock"].as_str().unwrap();
            heard.lock().unwrap().push(u64::from_str_radix(&from[2..], 16).unwrap());
        }
        if LATE_HEAD.load(Ordering::SeqCst) == u64::MAX { Deed::Pass } else { Deed::Ask(late) }
    });
    let home = Home::new().on("anvil", &proxy.url);
    let whole = history(&home, &publisher.name);
    assert_eq!(whole.as_array().map(Vec::len), Some(2), "{whole}");
    let read = std::mem::take(&mut *logs.lock().unwrap());
    assert!(!read.is_empty());

    let after_first = first["block"].as_u64().unwrap_or_else(|| panic!("{first}"));
    LATE_HEAD.store(after_first, Ordering::SeqCst);
    let events = history(&home, &publisher.name);
    assert_eq!(events, json!([whole[0]]), "what that head has not reached is not told");
    let archive = publisher.home.path().join("first.tar");
    let address = first["publisher"].as_str().unwrap();
    let run = home.run(&["verify", "--publisher", address, "--archive", archive.to_str().unwrap()]);
    assert_eq!(run.verdict(), ("verified", Some(0)), "{run:?}");
    assert_eq!(run.document["images"][0]["block"], after_first, "{run:?}");
    assert!(run.document["log_problem"].as_str().unwrap().contains("far behind block"), "{run:?}");

    LATE_HEAD.store(u64::MAX, Ordering::SeqCst);
    assert_eq!(history(&home, &publisher.name), whole);
    assert!(logs.lock().unwrap().is_empty(), "nothing was read anew");
}
