//! Why a verdict is what it is, as a user asks for it: on a real chain, with real archives, engines and registries.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use support::{Home, Run, node, unique, without};

/// A home with a funded account that is trusted for `acme/*`, on a network with the registry.
struct Stage(Home);

impl Stage {
    fn new() -> Self {
        eprintln!("part: anvil at {}", node("anvil"));
        let home = Home::new().on("anvil", &node("anvil"));
        let account = home.funded_account();
        home.run(&["contract", "deploy", "--account", &account, "--yes"]);
        assert!(home.run(&["trust", "add", "acme/*", &account, "--name", "acme"]).success());
        Self(home)
    }

    fn publish(&self, archive: &Path) {
        let run = self.0.run(&["publish", "--archive", text_of(archive), "--yes", "--confirmations", "1"]);
        assert!(run.success(), "{run:?}");
    }

    fn explain(&self, archive: &Path, more: &[&str]) -> Run {
        self.0.run(&[&["explain", "--archive", text_of(archive)], more].concat())
    }

    /// The same for people.
    fn told(&self, archive: &Path, more: &[&str]) -> String {
        let args = [&["explain", "--archive", text_of(archive)], more].concat();
        let output = self.0.command(&args).env("LANG", "C.UTF-8").stderr(Stdio::inherit()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn section<'v>(run: &'v Run, key: &str) -> &'v Value {
    let sections = run.document["images"][0]["sections"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    sections.iter().find(|section| section["key"] == key).unwrap_or_else(|| panic!("no {key} in {run:?}"))
}

/// The text of a section, a line for each.
fn lines(section: &Value) -> String {
    let line = |line: &Value| format!("{}|{}\n", line["label"].as_str().unwrap(), line["text"].as_str().unwrap());
    section["lines"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn each_verdict_is_explained_with_what_it_rests_on_and_what_to_do() {
    if without("node") {
        return;
    }
    let stage = Stage::new();
    let name = format!("acme/{}:1", unique("why"));
    let (first, second) = (stage.0.archive(&name, "first"), stage.0.archive(&name, "second"));
    let fresh = stage.explain(&first, &[]);
    assert_eq!(fresh.verdict(), ("unpublished", Some(4)), "{fresh:?}");
    assert!(lines(section(&fresh, "released")).contains("nobody has ever published"));

    stage.publish(&first);
    let verified = stage.explain(&first, &[]);
    assert_eq!(verified.verdict(), ("verified", Some(0)), "{verified:?}");
    assert_eq!(verified.document["schema"], "daochain.explain/1");
    assert!(lines(section(&verified, "here")).contains("how|measured:"));
    assert!(lines(section(&verified, "released")).contains("◀ THIS IMAGE, current"), "{verified:?}");
    assert!(lines(section(&verified, "trust")).contains("speaks|acme 0x"), "{verified:?}");
    let chain = lines(section(&verified, "chain"));
    assert!(chain.contains("rests on|block ") && chain.contains("believed alone"), "{chain}");

    let other = stage.explain(&second, &[]);
    assert_eq!(other.verdict(), ("mismatch", Some(3)), "{other:?}");
    let next = other.document["images"][0]["next"].as_array().unwrap();
    let commands: Vec<_> = next.iter().filter_map(|step| step["command"].as_str()).collect();
    assert!(commands.contains(&format!("daochain pull {name}").as_str()), "{commands:?}");

    stage.publish(&second);
    let told = stage.told(&first, &[]);
    for words in ["↑ ", "a genuine image of acme, and not the newest", "v2 ", "What to do next", "daochain pull"] {
        assert!(told.contains(words), "`{words}` is missing in\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn what_cannot_be_found_or_asked_for_is_told() {
    let home = Home::new();
    let nothing = home.run(&["explain"]);
    assert_eq!((nothing.code, &nothing.document["code"]), (Some(2), &json!("usage")));
    let absent = home.run(&["explain", "--archive", "/nonexistent/x.tar"]);
    assert_eq!((absent.code, absent.document["schema"].as_str()), (Some(1), Some("daochain.error/1")), "{absent:?}");
    let archive = home.archive("acme/x:1", "content");
    let run = home.run(&["explain", "--archive", text_of(&archive), "--rpc", "http://127.0.0.1:9"]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
    assert!(lines(section(&run, "chain")).contains("not read|"), "{run:?}");
    assert!(run.document["images"][0]["next"].to_string().contains("daochain node status"), "{run:?}");
}
