//! Transactions that wait: listed, sped up and cancelled, on a node that makes blocks when it is told to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{
    Home, PASSPHRASE, Run,
    layout::{Blobs, MANIFEST},
    node,
    proxy::{Deed, Proxy},
    rpc,
    terminal::{Terminal, key},
    unique, without,
};

/// One node, one hand on it.
static MINING: Mutex<()> = Mutex::new(());

/// Blocks come when asked for, until it is dropped.
struct Paused(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Paused {
    fn new() -> Self {
        let guard = MINING.lock().unwrap_or_else(PoisonError::into_inner);
        rpc(&node("anvil"), "evm_setAutomine", &json!([false]));
        Self(guard)
    }

    fn mine() {
        rpc(&node("anvil"), "anvil_mine", &json!(["0x3"]));
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        rpc(&node("anvil"), "evm_setAutomine", &json!([true]));
    }
}

/// A home with a publication that the node holds for a later block.
struct Waiting {
    home: Home,
    name: String,
    hash: String,
    paused: Paused,
}

impl Waiting {
    fn new() -> Self {
        let alone = MINING.lock().unwrap_or_else(PoisonError::into_inner);
        let home = Home::new().on("anvil", &node("anvil"));
        home.funded_account();
        home.run(&["contract", "deploy", "--yes"]);
        drop(alone);
        let name = format!("acme/{}:1", unique("waiting"));
        let mut blobs = Blobs::default();
        let image = blobs.image("amd64", b"content");
        let path = home.path().join("app.tar");
        std::fs::write(&path, blobs.archive(&format!("docker.io/{name}"), MANIFEST, image.manifest)).unwrap();
        let paused = Paused::new();
        let sent = home.run(&["publish", "--archive", path.to_str().unwrap(), "--yes", "--no-wait"]);
        assert!(sent.success(), "{sent:?}");
        let hash = sent.document["publications"][0]["transaction"].as_str().unwrap().to_owned();
        Self { home, name, hash, paused }
    }

    fn listed(&self) -> Vec<(String, String, bool)> {
        let run = self.home.run(&["tx", "list"]);
        let all = run.document["transactions"].as_array().unwrap_or_else(|| panic!("{run:?}"));
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        all.iter().map(|one| (text(one, "kind"), text(one, "stage"), one["open"].as_bool().unwrap())).collect()
    }

    /// Changes the journal, as if time had passed.
    fn journal(&self, change: &str) {
        let journal = Connection::open(self.home.path().join("state.db")).unwrap();
        journal.busy_timeout(Duration::from_secs(5)).unwrap();
        assert!(journal.execute(change, []).unwrap() > 0, "{change}");
    }

    /// The journal's stages, the newest first.
    fn journaled(&self) -> Vec<String> {
        let journal = Connection::open(self.home.path().join("state.db")).unwrap();
        let mut stages = journal.prepare("SELECT stage FROM journal ORDER BY rowid DESC LIMIT 2").unwrap();
        stages.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn events(&self) -> usize {
        let history = self.home.run(&["history", &self.name]);
        history.document["events"].as_array().unwrap_or_else(|| panic!("{history:?}")).len()
    }
}

fn number(run: &Run, key: &str) -> u128 {
    run.document[key].as_str().unwrap_or_else(|| panic!("{run:?}")).parse().unwrap()
}

#[test]
fn a_transaction_that_waits_is_sped_up() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    assert_eq!(waiting.listed(), [("release".to_owned(), "broadcast".to_owned(), true)]);
    let quote = waiting.home.run(&["tx", "speed-up", &waiting.hash, "--dry-run"]);
    assert_eq!((quote.code, quote.document["stage"].as_str()), (Some(0), Some("estimated")), "{quote:?}");
    assert!(number(&quote, "max_gas_price_wei") * 100 > number(&quote, "was_max_gas_price_wei") * 110, "{quote:?}");
    let sent = waiting.home.run(&["tx", "speed-up", &waiting.hash, "--yes", "--no-wait"]);
    assert_eq!((sent.code, sent.document["stage"].as_str()), (Some(0), Some("broadcast")), "{sent:?}");
    assert_ne!(sent.document["transaction"], waiting.hash.as_str());
    Paused::mine();
    let listed = waiting.listed();
    assert_eq!(listed[0], ("release".to_owned(), "confirmed".to_owned(), false), "{listed:?}");
    assert_eq!((listed[1].1.as_str(), listed[1].2), ("replaced", false), "{listed:?}");
    assert_eq!(waiting.events(), 1);
    // What is over is over, in the journal too.
    let again = waiting.home.run(&["tx", "speed-up", &waiting.hash, "--yes"]);
    assert_eq!((again.code, again.document["code"].as_str()), (Some(1), Some("transaction-settled")), "{again:?}");
    drop(waiting.paused);
}

#[test]
fn a_transaction_that_waits_is_sped_up_by_keys_for_the_price_that_is_shown() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    let folder = waiting.home.path().display().to_string();
    let mut terminal = Terminal::start(24, 80, &waiting.home.command(&["--archives", &folder]));
    terminal.wait_for_line(&["▌", "sent, not in a block"]).send("+");
    terminal.wait_for_text("Speed up acme/waiting").wait_for_text("passphrase").send("\x07").wait_for_text("empty");
    terminal.send("\x15").send("0.5").send(key::ENTER).wait_for_text("Nodes keep the one that waits");
    terminal.send("\x07").wait_for_text("empty").send("\x15").send("20").send(key::ENTER);
    terminal.wait_for_text("at most 20 gwei for one gas").wait_for_text("passphrase").send(PASSPHRASE);
    terminal.wait_for_text("•••").send(key::ENTER).wait_for_text("waiting for a block");
    let list = waiting.home.run(&["tx", "list"]);
    let sent =
        rpc(&node("anvil"), "eth_getTransactionByHash", &json!([list.document["transactions"][0]["transaction"]]));
    assert_eq!(sent["maxFeePerGas"], format!("{:#x}", 20_000_000_000_u64), "{sent}");
    Paused::mine();
    terminal
        .wait_for_text("in block")
        .send("\r")
        .wait_until("the dialog to close", |screen| !screen.contents().contains("Speed up"));
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
    assert_eq!(waiting.events(), 1);
    drop(waiting.paused);
}

#[test]
fn a_transaction_that_waits_is_cancelled() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    let sent = waiting.home.run(&["tx", "cancel", &waiting.hash, "--yes", "--no-wait"]);
    assert_eq!((sent.code, sent.document["kind"].as_str()), (Some(0), Some("cancellation")), "{sent:?}");
    Paused::mine();
    let listed = waiting.listed();
    assert_eq!(listed[0], ("cancellation".to_owned(), "confirmed".to_owned(), false), "{listed:?}");
    assert_eq!((listed[1].0.as_str(), listed[1].1.as_str()), ("release", "replaced"), "{listed:?}");
    assert_eq!(waiting.events(), 0);
    drop(waiting.paused);
}

#[test]
fn what_waited_long_is_no_more_settled_by_its_young_block() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    let sent = waiting.home.run(&["tx", "speed-up", &waiting.hash, "--yes", "--no-wait"]);
    assert!(sent.success(), "{sent:?}");
    waiting.journal("UPDATE journal SET signed_at = signed_at - 7200 WHERE stage = 'broadcast'");
    Paused::mine();
    waiting.listed();
    assert_eq!(waiting.journaled(), ["included", "broadcast"], "a reorganisation may still come");
    // What another one took the place of is given up once that is so for an hour.
    waiting.journal("UPDATE journal SET gone_at = gone_at - 7200 WHERE gone_at IS NOT NULL");
    waiting.listed();
    assert_eq!(waiting.journaled(), ["included", "failed"]);
    drop(waiting.paused);
}

#[test]
fn a_node_that_lags_behind_another_does_not_make_a_transaction_replaced() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    Paused::mine();
    // Two looks meet one that has not heard of it, though its block counts in the account's nonce: a look asks for the receipt twice.
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(|_| {
        Deed::Change(|method, _, result| {
            let is_late = match method {
                "eth_getTransactionReceipt" => ASKED.fetch_add(1, Ordering::SeqCst) < 4,
                "eth_getTransactionByHash" => ASKED.load(Ordering::SeqCst) < 4,
                _ => false,
            };
            if is_late {
                *result = Value::Null;
            }
        })
    });
    let listed = waiting.home.run(&["tx", "list", "--rpc", &proxy.url]);
    assert_eq!(listed.document["transactions"][0]["stage"], "confirmed", "{listed:?}");
    drop(waiting.paused);
}

#[test]
fn what_is_not_there_is_not_replaced() {
    let run = Home::new().run(&["tx", "cancel", &format!("0x{}", "7".repeat(64)), "--yes"]);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("no-such-transaction")), "{run:?}");
    let run = Home::new().run(&["tx", "cancel", "0x7"]);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(2), Some("usage")), "{run:?}");
    let list = Home::new().run(&["tx", "list"]);
    assert_eq!((list.code, &list.document["transactions"]), (Some(0), &json!([])), "{list:?}");
}

#[test]
fn a_publication_that_a_reorganisation_removes_is_sent_again() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    // One block has it, and then another block takes that one's place.
    rpc(&node("anvil"), "anvil_mine", &json!(["0x1"]));
    assert_eq!(waiting.listed()[0].1, "included");
    rpc(&node("anvil"), "anvil_reorg", &json!([1, []]));
    assert_eq!(waiting.events(), 0, "the index follows");
    assert_eq!(waiting.listed()[0].1, "dropped", "looking sends nothing");
    drop(waiting.paused);
    let archive = waiting.home.path().join("app.tar");
    let again = waiting.home.run(&["publish", "--archive", archive.to_str().unwrap(), "--yes", "--confirmations", "1"]);
    assert_eq!(again.document["publications"][0]["stage"], "already-published", "{again:?}");
    assert!(again.stderr.contains("a reorganisation took the release of"), "{again:?}");
    let history = waiting.home.run(&["history", &waiting.name]);
    assert_eq!(history.document["events"].as_array().map(Vec::len), Some(1), "once: {history:?}");
}

#[test]
fn asking_what_stopping_costs_starts_nothing() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    // The node forgets it: nobody has it any more but the journal.
    rpc(&node("anvil"), "anvil_dropTransaction", &json!([waiting.hash]));
    let quote = waiting.home.run(&["tx", "cancel", &waiting.hash, "--dry-run"]);
    assert_eq!((quote.code, quote.document["stage"].as_str()), (Some(0), Some("estimated")), "{quote:?}");
    assert_eq!(waiting.listed()[0].1, "dropped");
    Paused::mine();
    assert_eq!(waiting.events(), 0, "looking sends nothing");
    // And what was taken back is not sent again, though the node forgets that too.
    let sent = waiting.home.run(&["tx", "cancel", &waiting.hash, "--yes", "--no-wait"]);
    assert!(sent.success(), "{sent:?}");
    rpc(&node("anvil"), "anvil_dropTransaction", &json!([sent.document["transaction"]]));
    let other = waiting.home.path().join("app.tar");
    let next = ["publish", "--archive", other.to_str().unwrap(), "acme/other:1", "--yes", "--no-wait"];
    drop(waiting.paused);
    let run = waiting.home.run(&next);
    assert!(run.success(), "{run:?}");
    let history = waiting.home.run(&["history", &waiting.name]);
    assert_eq!(history.document["events"], json!([]), "the cancelled release: {history:?}");
}

#[test]
fn one_that_a_node_refuses_holds_no_other_up() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    let waited = rpc(&node("anvil"), "eth_getTransactionByHash", &json!([waiting.hash]));
    // The node forgets it, and its account is emptied: it cannot be sent again.
    rpc(&node("anvil"), "anvil_dropTransaction", &json!([waiting.hash]));
    rpc(&node("anvil"), "anvil_setBalance", &json!([waited["from"], "0x0"]));
    let made = waiting.home.run(&["account", "new"]);
    let other = made.document["account"]["address"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    rpc(&node("anvil"), "anvil_setBalance", &json!([other, "0x8ac7230489e80000"]));
    drop(waiting.paused);
    let archive = waiting.home.path().join("app.tar");
    let archive = archive.to_str().unwrap();
    let publish = |name: &str| {
        let args = ["publish", "--archive", archive, name, "--account", &other, "--yes", "--confirmations", "1"];
        waiting.home.run(&args)
    };
    let run = publish("acme/other:1");
    assert!(run.success(), "{run:?}");
    assert!(run.stderr.contains(&format!("transaction {} about", waiting.hash)), "it is named: {run:?}");
    assert!(run.stderr.contains("cannot be taken up: the account cannot pay"), "{run:?}");
    // About its own name nothing is said before it is settled.
    let run = publish(&waiting.name);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("publication-pending")), "{run:?}");
}

#[test]
fn an_account_that_cannot_pay_is_told_by_how_much_and_where() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    drop(waiting.paused);
    let made = waiting.home.run(&["account", "new"]);
    let poor = made.document["account"]["address"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    rpc(&node("anvil"), "anvil_setBalance", &json!([poor, "0x1"]));
    let archive = waiting.home.path().join("app.tar");
    let archive = archive.to_str().unwrap();
    let run = waiting.home.run(&["publish", "--archive", archive, "acme/poor:1", "--account", &poor, "--yes"]);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("insufficient-funds")), "{run:?}");
    let message = run.document["message"].as_str().unwrap();
    assert!(message.contains("holds 0 ETH on network `anvil`") && message.ends_with("ETH are missing"), "{message}");
}

#[test]
fn what_was_sped_up_can_still_be_stopped_by_its_first_hash() {
    if without("node") {
        return;
    }
    let waiting = Waiting::new();
    let sped_up = waiting.home.run(&["tx", "speed-up", &waiting.hash, "--yes", "--no-wait"]);
    assert!(sped_up.success(), "{sped_up:?}");
    let stopped = waiting.home.run(&["tx", "cancel", &waiting.hash, "--yes", "--no-wait"]);
    assert!(stopped.success(), "it pays more than the last of them: {stopped:?}");
    Paused::mine();
    assert_eq!(waiting.events(), 0, "nothing was written");
}
