//! The trust policy on a real chain: who is found and pinned, strangers, observers, successors, and a policy as a released file.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::{fs, path::Path};

use serde_json::{Value, json};
use support::{Home, Run, node, unique, without};

/// A home with funded accounts, on a network with the registry.
struct Stage {
    home: Home,
    accounts: Vec<String>,
}

impl Stage {
    fn new(accounts: usize) -> Self {
        eprintln!("part: anvil at {}", node("anvil"));
        let home = Home::new().on("anvil", &node("anvil"));
        let accounts: Vec<_> = (0..accounts).map(|_| home.funded_account()).collect();
        home.run(&["contract", "deploy", "--account", &accounts[0], "--yes"]);
        Self { home, accounts }
    }

    fn say(&self, account: usize, args: &[&str]) -> Run {
        let mut all = args.to_vec();
        all.extend(["--account", &self.accounts[account], "--yes", "--confirmations", "1"]);
        let run = self.home.run(&all);
        assert!(run.success(), "{run:?}");
        run
    }

    fn publish(&self, account: usize, archive: &Path) {
        self.say(account, &["publish", "--archive", archive.to_str().unwrap()]);
    }

    fn trust(&self, args: &[&str]) -> Run {
        let run = self.home.run(&[&["trust"], args].concat());
        assert!(run.success(), "{run:?}");
        run
    }

    fn verify(&self, archive: &Path) -> Value {
        self.home.run(&["verify", "--archive", archive.to_str().unwrap()]).document["images"][0].clone()
    }

    /// Two archives under one name.
    fn archives(&self, name: &str) -> (std::path::PathBuf, std::path::PathBuf) {
        (self.home.archive(name, "good"), self.home.archive(name, "bad"))
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

#[test]
fn whoever_published_is_found_and_pinned_and_a_stranger_is_told_of() {
    if without("node") {
        return;
    }
    let stage = Stage::new(2);
    let name = format!("acme/{}:1", unique("pinned"));
    let (good, bad) = stage.archives(&name);
    assert_eq!(stage.home.run(&["trust", "discover", &name]).code, Some(4), "nobody has published it");
    stage.publish(0, &good);
    let found = stage.trust(&["discover", &name]).document;
    let first = &found["publishers"][0];
    assert_eq!((text(first, "publisher"), &first["releases"]), (stage.accounts[0].as_str(), &json!(1)));
    assert_eq!(first["role"], Value::Null, "not pinned yet");
    assert_eq!(stage.verify(&good)["verdict"], "untrusted", "finding trusts nobody");

    let pin = ["trust", "discover", &name, "--pin", &stage.accounts[0], "--name", "acme"];
    let unasked = stage.home.run(&pin);
    assert_eq!((unasked.code, &unasked.document["code"]), (Some(2), &json!("confirmation-needed")));
    let never = stage.home.run(&["trust", "discover", &name, "--pin", &stage.accounts[1], "--yes"]);
    assert_eq!(never.document["code"], "never-published");
    assert!(stage.home.run(&[&pin[..], &["--yes"]].concat()).success());
    let pinned = stage.verify(&good);
    assert_eq!((text(&pinned, "verdict"), text(&pinned, "publisher_name")), ("verified", "acme"));
    assert_eq!(pinned["strangers"], json!([]));

    stage.publish(1, &bad);
    let told = stage.verify(&good);
    assert_eq!((text(&told, "verdict"), &told["strangers"]), ("verified", &json!([stage.accounts[1]])));
    assert!(text(&told, "reason").contains("published too by"), "{told}");
    assert_eq!(stage.verify(&bad)["verdict"], "mismatch", "the stranger's word counts nothing");
    let roles: Vec<_> = stage.trust(&["discover", &name]).document["publishers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["role"].clone())
        .collect();
    assert_eq!(roles, [json!("publisher"), Value::Null]);

    stage.trust(&["deny", &name, "--note", "bought by somebody"]);
    let denied = stage.verify(&good);
    assert!(denied["verdict"] == "untrusted" && text(&denied, "reason").contains("bought by somebody"), "{denied}");
    let check = stage.home.run(&["trust", "check", &name]);
    assert_eq!((check.code, &check.document["denied"]), (Some(4), &json!(true)));
}

#[test]
fn two_of_three_observers_hold_and_three_who_differ_are_a_split_view() {
    if without("node") {
        return;
    }
    let stage = Stage::new(3);
    let name = format!("acme/{}:1", unique("observed"));
    let (good, bad) = stage.archives(&name);
    for account in &stage.accounts {
        stage.trust(&["add", &name, account, "--observer"]);
    }
    stage.publish(0, &good);
    stage.publish(1, &good);
    stage.publish(2, &bad);
    assert_eq!(stage.verify(&good)["verdict"], "untrusted", "nothing demands how many must agree");
    stage.trust(&["demand", &name, "--require", "2"]);
    let held = stage.verify(&good);
    assert_eq!((text(&held, "verdict"), &held["publisher"]), ("verified", &Value::Null));
    assert_eq!(held["observed"]["dissenting"], json!([stage.accounts[2]]), "the liar is named");
    assert!(text(&held, "reason").contains("observed by 2 of 3"), "{held}");
    assert_eq!(stage.verify(&bad)["verdict"], "mismatch");

    stage.publish(1, &stage.home.archive(&name, "a third"));
    // The second has moved on from the image, so only two who never saw it differ.
    let split = stage.verify(&bad);
    assert_eq!(split["verdict"], "mismatch");
    assert!(text(&split, "reason").contains("split view"), "{split}");
    for account in &stage.accounts {
        assert!(text(&split, "reason").contains(account.as_str()), "it names who saw what: {split}");
    }
}

#[test]
fn a_successor_is_followed_where_the_policy_says_so() {
    if without("node") {
        return;
    }
    let stage = Stage::new(2);
    let name = format!("acme/{}:1", unique("heir"));
    let (old, new) = stage.archives(&name);
    stage.trust(&["add", &name, &stage.accounts[0]]);
    stage.publish(0, &old);
    stage.say(0, &["succession", "offer", &stage.accounts[1], &name]);
    stage.say(1, &["succession", "accept", &stage.accounts[0], &name]);
    stage.publish(1, &new);
    assert_eq!(stage.verify(&new)["verdict"], "mismatch", "nobody follows unasked");
    stage.trust(&["demand", "**", "--successions", "always"]);
    let followed = stage.verify(&new);
    assert_eq!((text(&followed, "verdict"), text(&followed, "publisher")), ("verified", stage.accounts[1].as_str()));
    assert!(
        followed["block"].is_u64() && followed["expected"][0].is_string(),
        "its releases are explained: {followed}"
    );
    assert_eq!(stage.verify(&old)["verdict"], "outdated");
    stage.trust(&["demand", "**", "--successions", "never"]);
    assert_eq!(stage.verify(&new)["verdict"], "mismatch");
}

#[test]
fn a_policy_is_released_as_a_file_and_taken_over_only_if_it_is_that_file() {
    if without("node") {
        return;
    }
    let stage = Stage::new(1);
    let name = format!("acme/{}:1", unique("policy"));
    stage.trust(&["add", "acme/*", &stage.accounts[0], "--name", "acme"]);
    let file = stage.home.path().join("policy.toml");
    let exported = stage.trust(&["export", "--out", file.to_str().unwrap()]).document;
    let file = file.to_str().unwrap();
    let released = stage.say(0, &["trust", "publish", &name, "--file", file]).document;
    assert_eq!(released["publications"][0]["digests"][0]["digest"], exported["digest"], "{released}");
    assert_eq!(released["publications"][0]["digests"][0]["kind"], "document");

    let other = Home::new().on("anvil", &node("anvil"));
    let import = ["trust", "import", file, "--verify", &name, "--publisher", &stage.accounts[0], "--yes"];
    let taken = other.run(&import);
    assert_eq!((taken.code, text(&taken.document["rules"][0], "name")), (Some(0), "acme"), "{taken:?}");

    fs::write(file, fs::read_to_string(file).unwrap().replace("acme/*", "acme2/*")).unwrap();
    let changed = Home::new().on("anvil", &node("anvil"));
    let refused = changed.run(&import);
    assert_eq!((refused.code, text(&refused.document, "code")), (Some(3), "policy-unverified"), "{refused:?}");
    assert_eq!(changed.run(&["trust", "list"]).document["rules"], json!([]), "nothing is applied");
    fs::write(file, "[[rule]]\npattern = \"**\"\npublsher = \"0x\"\n").unwrap();
    let typo = changed.run(&["trust", "import", file, "--yes"]);
    let message = text(&typo.document, "message");
    assert!(message.contains("line 3, column 1") && message.contains("did you mean `publisher`?"), "{message}");
}
