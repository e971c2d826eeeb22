//! Many publications: packed into few transactions, from two processes of one home at once, and on two chains of one id.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use support::{
    Home,
    layout::{Blobs, MANIFEST},
    node,
    proxy::{Deed, Proxy, calls},
    rpc, unique, without,
};

/// Publications of each process.
const EACH: usize = 20;

fn archive(home: &Home) -> PathBuf {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let path = home.path().join("app.tar");
    std::fs::write(&path, blobs.archive("docker.io/acme/app:1", MANIFEST, image.manifest)).unwrap();
    path
}

fn publications(document: &Value) -> &[Value] {
    document["publications"].as_array().unwrap_or_else(|| panic!("{document}"))
}

#[test]
fn many_releases_go_in_few_transactions() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let (archive, group) = (archive(&home), unique("many"));
    let mut list = String::from("# one on each line\n");
    for at in 0..300 {
        writeln!(list, "acme/{group}:{at}").unwrap();
    }
    let file = home.path().join("list");
    std::fs::write(&file, list).unwrap();
    let arguments = [
        "publish",
        "--from-file",
        file.to_str().unwrap(),
        "--archive",
        archive.to_str().unwrap(),
        "--confirmations",
        "1",
    ];
    let estimated = home.run(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(publications(&estimated.document).len(), 300, "{:?}", estimated.stderr);
    let sent = home.run(&[&arguments[..], &["--yes"]].concat());
    assert!(sent.success(), "{:?}", sent.stderr);
    let all = publications(&sent.document);
    assert!(all.len() == 300 && all.iter().all(|one| one["version"] == 1 && one["block"].is_number()));
    let transactions: BTreeSet<_> = all.iter().map(|one| one["transaction"].as_str().unwrap()).collect();
    assert!(transactions.len() <= 4, "{} transactions", transactions.len());
    assert!(all.iter().all(|one| one["shared_by"].as_u64().is_some_and(|count| count > 40)));
    let listed = home.run(&["tx", "list"]);
    let listed = listed.document["transactions"].as_array().unwrap();
    assert_eq!(listed.iter().filter(|one| one["kind"] == "releases").count(), transactions.len(), "{listed:?}");
    // Once more, nothing is left to say.
    let again = home.run(&[&arguments[..], &["--yes"]].concat());
    assert!(again.success(), "{:?}", again.stderr);
    assert!(publications(&again.document).iter().all(|one| one["stage"] == "already-published"));
    let found = home.run(&["search", &group]);
    assert_eq!(found.document["releases"].as_array().map(Vec::len), Some(200), "as many as a search gives");
}

#[test]
fn two_processes_of_one_account_lose_nothing() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let address = home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let (archive, group) = (archive(&home), unique("race"));
    let before = rpc(&node("geth"), "eth_getTransactionCount", &json!([address, "latest"]));
    let publish = |path: &Path, who: usize| {
        for at in 0..EACH {
            let name = format!("acme/{group}-{who}:{at}");
            let sent =
                home.run(&["publish", &name, "--archive", path.to_str().unwrap(), "--yes", "--confirmations", "1"]);
            assert!(sent.success(), "{sent:?}");
        }
    };
    thread::scope(|scope| {
        for who in 0..2 {
            let (publish, archive) = (&publish, &archive);
            scope.spawn(move || publish(archive, who));
        }
    });
    let number = |quantity: &Value| u64::from_str_radix(&quantity.as_str().unwrap()[2..], 16).unwrap();
    let after = rpc(&node("geth"), "eth_getTransactionCount", &json!([address, "latest"]));
    assert_eq!(number(&after) - number(&before), 2 * EACH as u64, "no gap, and nothing twice");
    let found = home.run(&["search", &group]);
    assert_eq!(found.document["releases"].as_array().map(Vec::len), Some(2 * EACH), "{found:?}");
}

#[test]
fn a_refused_transaction_leaves_no_gap_to_who_signs_meanwhile() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let (archive, group) = (archive(&home), unique("gap"));
    let (first, second) = (Proxy::before(&node("geth")), Proxy::before(&node("geth")));
    let is_signed = Arc::new(AtomicBool::new(false));
    let signed = Arc::clone(&is_signed);
    first.set(move |request| {
        if !calls(request, "eth_sendRawTransaction") {
            return Deed::Pass;
        }
        signed.store(true, Ordering::SeqCst);
        thread::sleep(Duration::from_secs(4));
        Deed::Refuse("intrinsic gas too low")
    });
    // The second has looked at what is open, and signs only once the first did.
    second.set(move |request| {
        while calls(request, "eth_estimateGas") && !is_signed.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
        Deed::Pass
    });
    let publish = |name: &str, through: &Proxy| {
        let args = ["publish", name, "--archive", archive.to_str().unwrap(), "--yes", "--confirmations", "1"];
        home.run(&[&args[..], &["--rpc", &through.url]].concat())
    };
    let (refused, sent) = thread::scope(|scope| {
        let sent = scope.spawn(|| publish(&format!("acme/{group}:2"), &second));
        thread::sleep(Duration::from_secs(1));
        (publish(&format!("acme/{group}:1"), &first), sent.join().unwrap())
    });
    assert_eq!(
        (refused.code, refused.document["code"].as_str()),
        (Some(1), Some("transaction-rejected")),
        "{refused:?}"
    );
    assert!(sent.success(), "{sent:?}");
}

#[test]
fn an_account_does_not_wait_for_another_ones_signature() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let accounts = [home.funded_account(), home.funded_account()];
    home.run(&["contract", "deploy", "--yes"]);
    let (archive, group) = (archive(&home), unique("apart"));
    // The first is given up after ten seconds, and a loaded machine may need as long for the second: then it tells nothing.
    let did_not_wait = (0..3).any(|round| {
        let (group, held) = (format!("{group}-{round}"), Proxy::before(&node("geth")));
        does_not_wait(&home, &accounts, &archive, (&group, &held))
    });
    assert!(did_not_wait, "it waited");
}

/// True where the second account's publication came through while the first one's was held.
fn does_not_wait(home: &Home, accounts: &[String; 2], archive: &Path, (group, held): (&str, &Proxy)) -> bool {
    let (tell, begun) = mpsc::channel();
    held.set(move |request| {
        // The nonce is chosen where nobody else of the account may sign.
        if request["method"] != "eth_getTransactionCount" || request["params"][1] != "pending" {
            return Deed::Pass;
        }
        let _ = tell.send(());
        Deed::Hold
    });
    let publish = |who: usize, rpc: &str| {
        let name = format!("acme/{group}:{who}");
        let args = ["publish", &name, "--archive", archive.to_str().unwrap(), "--yes", "--confirmations", "1"];
        home.run(&[&args[..], &["--account", &accounts[who], "--rpc", rpc]].concat())
    };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            publish(0, &held.url);
            is_over.store(true, Ordering::SeqCst);
        });
        begun.recv_timeout(Duration::from_mins(1)).unwrap();
        let sent = publish(1, &node("geth"));
        assert!(sent.success(), "{sent:?}");
        !is_over.load(Ordering::SeqCst)
    })
}

#[test]
fn two_processes_of_one_name_say_it_once() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let (archive, name) = (archive(&home), format!("acme/{}:1", unique("twins")));
    let arguments = ["publish", &name, "--archive", archive.to_str().unwrap(), "--yes", "--confirmations", "1"];
    let runs: Vec<_> = thread::scope(|scope| {
        let publish = || home.run(&arguments);
        let both = [scope.spawn(publish), scope.spawn(publish)];
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(runs.iter().any(support::Run::success), "{runs:?}");
    for run in runs.iter().filter(|run| !run.success()) {
        let code = run.document["error"]["code"].as_str().or_else(|| run.document["code"].as_str());
        assert!(matches!(code, Some("publication-pending" | "already-published")), "{run:?}");
    }
    let history = home.run(&["history", &name]);
    assert_eq!(history.document["events"].as_array().map(Vec::len), Some(1), "{history:?}");
}

#[test]
fn what_was_sent_on_one_chain_is_not_looked_for_on_another_of_its_id() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let address = home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let archive = archive(&home);
    let publish = |network: &str, name: &str, more: &[&str]| {
        let arguments = ["publish", name, "--network", network, "--archive", archive.to_str().unwrap(), "--yes"];
        let sent = home.run(&[&arguments[..], more].concat());
        assert!(sent.success(), "{sent:?}");
        sent
    };
    assert!(home.run(&["account", "fund", &address, "--network", "dev"]).success());
    let group = unique("twins");
    let left = publish("dev", &format!("acme/{group}:1"), &["--no-wait"]);
    let hash = publications(&left.document)[0]["transaction"].as_str().unwrap();
    let id = |network| home.run(&["contract", "show", "--network", network]).document["chain_id"].clone();
    assert_eq!(id("dev"), id("geth"), "what this test is about");

    let here = publish("geth", &format!("acme/{group}:2"), &["--confirmations", "1"]);
    assert!(!here.stderr.contains(hash), "{}", here.stderr);
    let refused = home.run(&["tx", "speed-up", hash, "--network", "geth", "--yes"]);
    assert_eq!(refused.document["code"], "wrong-chain", "{refused:?}");
    let there = publish("dev", &format!("acme/{group}:3"), &["--confirmations", "1"]);
    assert!(
        there.stderr.contains(&format!("taken up from an earlier run: acme/{group}:1, {hash}")),
        "{}",
        there.stderr
    );
}
