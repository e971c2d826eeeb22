//! `kill -9` at any moment of a publication, many times: what the next run finds is finished, and the chain holds each
//! publication once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{process::Stdio, thread, time::Duration};

use rand::Rng as _;
use serde_json::json;
use support::{
    Home,
    layout::{Blobs, MANIFEST},
    node, rpc, unique, without,
};

/// Halves of them run beside each other, each in a home of its own.
const ROUNDS: usize = 50;
/// A publication takes about as long on two busy cores, most of it for the key.
const LONGEST: u64 = 2500;

fn rounds(count: usize) {
    let home = Home::new().on("geth", &node("geth"));
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let path = home.path().join("app.tar");
    std::fs::write(&path, blobs.archive("docker.io/acme/app:1", MANIFEST, image.manifest)).unwrap();
    let group = unique("crash");
    for round in 0..count {
        let name = format!("acme/{group}:{round}");
        let publish = ["publish", &name, "--archive", path.to_str().unwrap(), "--yes", "--confirmations", "1"];
        let mut first = home.command(&publish);
        let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let delay = rand::thread_rng().gen_range(0..LONGEST);
        thread::park_timeout(Duration::from_millis(delay));
        first.kill().unwrap();
        first.wait().unwrap();
        let second = home.run(&publish);
        assert!(second.success(), "round {round}, killed after {delay} ms: {second:?}");
        let history = home.run(&["history", &name]);
        let events = history.document["events"].as_array().unwrap_or_else(|| panic!("{history:?}"));
        assert_eq!(events.len(), 1, "round {round}, killed after {delay} ms: {history:?}");
    }
    let all = home.run(&["search", &group]);
    assert_eq!(all.document["releases"].as_array().map(Vec::len), Some(count), "{all:?}");
}

#[test]
fn a_killed_publication_is_made_once() {
    if without("node") {
        return;
    }
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| rounds(ROUNDS / 2));
        }
    });
}

/// Of one list, which takes several transactions.
const RELEASES: usize = 150;
const PACKED_ROUNDS: usize = 5;
/// As long as such a list takes, about.
const LONGEST_LIST: u64 = 8000;

#[test]
fn a_killed_list_is_published_once() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let address = home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let path = home.path().join("app.tar");
    std::fs::write(&path, blobs.archive("docker.io/acme/app:1", MANIFEST, image.manifest)).unwrap();
    let used = || {
        let count = rpc(&node("geth"), "eth_getTransactionCount", &json!([address, "latest"]));
        u64::from_str_radix(&count.as_str().unwrap()[2..], 16).unwrap()
    };
    for round in 0..PACKED_ROUNDS {
        let group = unique(&format!("list{round}"));
        let list = home.path().join("list");
        let names: Vec<String> = (0..RELEASES).map(|at| format!("acme/{group}:{at}")).collect();
        std::fs::write(&list, names.join("\n")).unwrap();
        let before = used();
        let (list, archive) = (list.to_str().unwrap(), path.to_str().unwrap());
        let publish = ["publish", "--from-file", list, "--archive", archive, "--yes", "--confirmations", "1"];
        let mut first = home.command(&publish);
        let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let delay = rand::thread_rng().gen_range(0..LONGEST_LIST);
        thread::park_timeout(Duration::from_millis(delay));
        let _ = first.kill();
        first.wait().unwrap();
        let second = home.run(&publish);
        assert!(second.success(), "round {round}, killed after {delay} ms: {second:?}");
        let listed = home.run(&["tx", "list"]);
        let all = listed.document["transactions"].as_array().unwrap_or_else(|| panic!("{listed:?}"));
        assert!(
            all.iter().all(|one| ["confirmed", "final", "included"].iter().any(|word| one["stage"] == *word)),
            "{delay} ms: {listed:?}"
        );
        let mut versions = 0;
        // The first, the last and some between are looked at one by one.
        for name in names.iter().step_by(RELEASES / 10).chain(names.last()) {
            let history = home.run(&["history", name]);
            let events = history.document["events"].as_array().unwrap_or_else(|| panic!("{history:?}"));
            assert_eq!(events.len(), 1, "{name}, killed after {delay} ms: {history:?}");
            versions += 1;
        }
        let again = home.run(&publish);
        let left = again.document["publications"].as_array().unwrap_or_else(|| panic!("{again:?}"));
        assert!(left.len() == RELEASES && left.iter().all(|one| one["stage"] == "already-published"), "{again:?}");
        assert!(versions > 10 && used() - before <= 6, "{} transactions, killed after {delay} ms", used() - before);
    }
}
