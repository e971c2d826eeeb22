//! Delegates, successors and the end of a publisher's word, on a real geth.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Home, Run, node, unique, without};

/// A home with two funded accounts, on a network with the registry.
struct Stage {
    home: Home,
    publisher: String,
    other: String,
}

impl Stage {
    fn new() -> Self {
        eprintln!("part: geth at {}", node("geth"));
        let home = Home::new().on("geth", &node("geth"));
        let (publisher, other) = (home.funded_account(), home.funded_account());
        home.run(&["contract", "deploy", "--account", &publisher, "--yes"]);
        Self { home, publisher, other }
    }

    fn say(&self, account: &str, args: &[&str]) -> Run {
        let mut all = args.to_vec();
        all.extend(["--account", account, "--yes", "--confirmations", "1"]);
        self.home.run(&all)
    }

    fn publish(&self, account: &str, archive: &Path, more: &[&str]) -> Run {
        let mut args = vec!["publish", "--archive", archive.to_str().unwrap()];
        args.extend(more);
        self.say(account, &args)
    }

    fn verdict(&self, archive: &Path, publisher: &str) -> Value {
        let archive = archive.to_str().unwrap();
        self.home.run(&["verify", "--archive", archive, "--publisher", publisher]).document["images"][0].clone()
    }
}

#[test]
fn a_delegate_publishes_one_name_until_it_may_not() {
    if without("node") {
        return;
    }
    let stage = Stage::new();
    let (publisher, delegate) = (stage.publisher.as_str(), stage.other.as_str());
    let name = format!("acme/{}:1", unique("delegated"));
    let (archive, foreign) =
        (stage.home.archive(&name, "one"), stage.home.archive(&format!("acme/{}:1", unique("other")), "two"));
    let refused = stage.publish(delegate, &archive, &["--for", publisher]);
    assert_eq!((refused.code, &refused.document["code"]), (Some(1), &json!("refused")), "nobody appointed it");

    let appointed = stage.say(publisher, &["delegate", "add", delegate, &name, "--until", "30d"]);
    assert_eq!(appointed.document["publications"][0]["kind"], "delegation", "{appointed:?}");
    let listed = stage.home.run(&["delegate", "list", delegate]).document["delegates"][0].clone();
    assert_eq!(listed["reference"], format!("docker.io/{name}").as_str(), "named before anything is released under it");
    assert_eq!((&listed["publisher"], &listed["current"]), (&json!(publisher), &json!(true)));

    let released = stage.publish(delegate, &archive, &["--for", publisher]);
    assert_eq!(released.document["publications"][0]["publisher"], publisher, "{released:?}");
    let verdict = stage.verdict(&archive, publisher);
    assert_eq!((&verdict["verdict"], &verdict["by"]), (&json!("verified"), &json!(delegate)));
    assert!(verdict["reason"].as_str().unwrap().contains("by its delegate"), "{verdict}");
    assert_eq!(stage.publish(delegate, &foreign, &["--for", publisher]).document["code"], "refused", "one name only");

    let digest = verdict["config_digest"].as_str().unwrap();
    let revoked = stage.say(delegate, &["revoke", &name, "--digest", digest, "--reason", "leaked", "--for", publisher]);
    assert_eq!(revoked.document["publications"][0]["publisher"], publisher, "{revoked:?}");
    assert_eq!(stage.verdict(&archive, publisher)["verdict"], "revoked");

    assert!(stage.say(publisher, &["delegate", "remove", delegate, &name]).success());
    let again = stage.home.archive(&name, "three");
    assert_eq!(stage.publish(delegate, &again, &["--for", publisher]).document["code"], "refused");
    assert_eq!(stage.home.run(&["delegate", "list", publisher]).document["delegates"][0]["current"], false);
}

#[test]
fn nobody_is_appointed_until_a_moment_that_is_past() {
    let home = Home::new();
    let delegate = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    for until in ["1970-01-01", "2026-01-01T00:00:00Z"] {
        let run = home.run(&["delegate", "add", delegate, "acme/api:1", "--until", until, "--yes"]);
        assert_eq!((run.code, &run.document["code"]), (Some(2), &json!("usage")), "{run:?}");
        assert!(run.document["message"].as_str().unwrap().contains("is past"), "{run:?}");
    }
}

#[test]
fn a_successor_is_told_of_and_never_followed_unasked() {
    if without("node") {
        return;
    }
    let stage = Stage::new();
    let (publisher, heir) = (stage.publisher.as_str(), stage.other.as_str());
    let name = format!("acme/{}:1", unique("heritage"));
    let (old, new) = (stage.home.archive(&name, "old"), stage.home.archive(&name, "new"));
    assert!(stage.publish(publisher, &old, &[]).success());
    let early = stage.say(heir, &["succession", "accept", publisher, &name]);
    assert_eq!(early.document["code"], "refused", "nothing is offered yet");
    assert!(stage.say(publisher, &["succession", "offer", heir, &name]).success());
    let offered = stage.home.run(&["succession", "show", heir]).document["successions"][0].clone();
    assert_eq!((&offered["publisher"], &offered["accepted"]), (&json!(publisher), &json!(false)));
    assert_eq!(stage.verdict(&old, publisher)["successor"], Value::Null, "an offer changes nothing");

    assert!(stage.say(heir, &["succession", "accept", publisher, &name]).success());
    assert_eq!(stage.home.run(&["succession", "show", publisher]).document["successions"][0]["accepted"], true);
    assert_eq!(stage.publish(publisher, &new, &[]).document["code"], "refused", "it handed the name over");
    assert!(stage.publish(heir, &new, &[]).success());
    let before = stage.verdict(&old, publisher);
    assert_eq!((&before["verdict"], &before["successor"]), (&json!("verified"), &json!(heir)));
    assert!(before["reason"].as_str().unwrap().contains("daochain trust add"), "{before}");
    let after = stage.verdict(&new, publisher);
    assert_eq!(after["verdict"], "mismatch", "whoever trusts the first alone does not follow: {after}");
    assert!(after["reason"].as_str().unwrap().contains("who released this image"), "{after}");
    assert_eq!(stage.verdict(&new, heir)["verdict"], "verified");
}

#[test]
fn an_offer_can_be_withdrawn_and_a_word_ended() {
    if without("node") {
        return;
    }
    let stage = Stage::new();
    let (publisher, heir) = (stage.publisher.as_str(), stage.other.as_str());
    let archive = stage.home.archive(&format!("acme/{}:1", unique("ended")), "content");
    assert!(stage.publish(publisher, &archive, &[]).success());
    assert!(stage.say(publisher, &["succession", "offer", heir, "--all"]).success());
    assert!(stage.say(publisher, &["succession", "withdraw", "--all"]).success());
    assert_eq!(stage.home.run(&["succession", "show", heir]).document["successions"], json!([]));
    assert_eq!(stage.say(heir, &["succession", "accept", publisher, "--all"]).document["code"], "refused");

    let retired = stage.say(publisher, &["retire", "--all", "--reason", "the key was stolen"]);
    assert_eq!(retired.document["publications"][0]["kind"], "retirement", "{retired:?}");
    let verdict = stage.verdict(&archive, publisher);
    assert_eq!((&verdict["verdict"], &verdict["revoked"]["scope"]), (&json!("revoked"), &json!("publisher")));
    assert!(verdict["reason"].as_str().unwrap().contains("the key was stolen"));
    for usage in [
        vec!["retire", "--reason", "x"],
        vec!["retire", "a", "--all", "--reason", "x"],
        vec!["delegate", "add", heir, "a"],
    ] {
        assert_eq!(stage.home.run(&usage).code, Some(2), "{usage:?}");
    }
}
