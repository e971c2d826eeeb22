//! States that a machine may be in when the program is called: each ends in a sentence that names the thing, the cause and
//! the next step, and in nothing green.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use rusqlite::Connection;
use support::{
    Home, Run,
    fake_engine::{FakeEngine, Store},
    layout::{Blobs, MANIFEST},
    node, rpc, without,
};

const NAME: &str = "docker.io/acme/app:1";

/// A home whose publisher has released an archive's image; the archive.
fn published() -> (Home, String) {
    let home = Home::new();
    let account = home.funded_account();
    assert!(home.run(&["trust", "add", "acme/*", &account]).success());
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let archive = home.path().join("app.tar");
    fs::write(&archive, blobs.archive(NAME, MANIFEST, image.manifest)).unwrap();
    let archive = archive.to_str().unwrap().to_owned();
    assert!(home.run(&["publish", NAME, "--archive", &archive, "--yes"]).success());
    (home, archive)
}

/// All that the program said of a problem, in either of its places.
fn said(run: &Run) -> String {
    format!("{} {}", run.document, run.stderr)
}

#[track_caller]
fn tells(run: &Run, words: &[&str]) {
    let said = said(run);
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {run:?}");
}

#[test]
fn a_damaged_database_is_set_aside_and_nothing_is_lost() {
    let (home, archive) = published();
    for part in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(home.path().join(part));
    }
    fs::write(home.path().join("state.db"), b"no database at all".repeat(100)).unwrap();
    let run = home.run(&["verify", NAME, "--archive", &archive]);
    assert_eq!(run.verdict(), ("verified", Some(0)), "the chain is not in it: {run:?}");
    tells(&run, &["state.db.corrupt-"]);
    let kept = fs::read_dir(home.path())
        .unwrap()
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with("state.db.corrupt-"));
    assert_eq!(fs::read(kept.unwrap().path()).unwrap(), b"no database at all".repeat(100));
}

#[test]
fn a_locked_database_is_named_and_not_waited_for_without_end() {
    let (home, archive) = published();
    let lock = Connection::open(home.path().join("state.db")).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let run = home.run(&["verify", NAME, "--archive", &archive]);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("store-locked")), "{run:?}");
    tells(&run, &["state.db"]);
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(home.run(&["verify", NAME, "--archive", &archive]).verdict(), ("verified", Some(0)));
}

#[test]
fn an_engine_that_ends_in_the_middle_of_an_export_leaves_the_image_undecided() {
    let (home, archive) = published();
    let (mut blobs, socket) = (Blobs::default(), home.path().join("s"));
    let image = blobs.image("amd64", b"content");
    let engine = FakeEngine::start(&socket, Store::Classic, &image.config.to_string(), "acme/app:1");
    engine.exports(fs::read(archive).unwrap());
    engine.breaks_off();
    let host = format!("unix://{}", socket.display());
    for more in [&[][..], &["--measure"]] {
        let run = home.run(&[&["verify", NAME, "--docker-host", &host], more].concat());
        assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
        tells(&run, &["export", &host]);
        let run = home.run(&["hash", NAME, "--docker-host", &host]);
        assert_eq!(run.code, Some(1), "{run:?}");
    }
}

#[test]
fn a_network_without_the_contract_or_with_another_or_of_another_chain_is_never_green() {
    if without("node") {
        return;
    }
    let (home, archive) = published();
    let anvil = node("anvil");
    // Nothing stands at the first; anvil keeps the deployment proxy at the second.
    let nowhere = "0x000000000000000000000000000000000000dEaD";
    let proxy = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
    assert_ne!(rpc(&anvil, "eth_getCode", &serde_json::json!([proxy, "latest"])), "0x");
    for (name, contract) in [("empty", nowhere), ("foreign", proxy)] {
        let added = home.run(&["network", "add", name, "--rpc", &anvil, "--contract", contract]);
        assert!(added.success(), "{added:?}");
        let run = home.run(&["verify", NAME, "--archive", &archive, "--network", name]);
        assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
        tells(&run, &[contract]);
        let shown = home.run(&["contract", "show", "--network", name]);
        assert_eq!((shown.code, &shown.document["code_matches"]), (Some(1), &serde_json::json!(false)), "{shown:?}");
        let (name, code) =
            (format!("{name}-directory"), if contract == proxy { "foreign-contract" } else { "no-contract" });
        assert!(home.run(&["network", "add", &name, "--rpc", &anvil, "--directory", contract]).success());
        let check = home.run(&["namespace", "check", "acme", "--network", &name]);
        assert_eq!((check.code, check.document["code"].as_str()), (Some(1), Some(code)), "{check:?}");
        tells(&check, &[contract, "publisher directory"]);
    }
    let config = home.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("chain_id = 31337"), "{text}");
    fs::write(&config, text.replace("chain_id = 31337", "chain_id = 5")).unwrap();
    let run = home.run(&["verify", NAME, "--archive", &archive, "--network", "empty"]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
    tells(&run, &["31337", "5"]);
    assert_eq!(home.run(&["verify", NAME, "--archive", &archive]).verdict(), ("verified", Some(0)), "dev is as it was");
}
