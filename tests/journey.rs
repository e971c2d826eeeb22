//! The main job on a real engine and every kind of node: publish, verify, swap, publish again, revoke.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use support::{Home, build, docker, node, unique, without};

#[test]
fn on_the_embedded_node() {
    if !without("docker") {
        eprintln!("part: the embedded node");
        publish_verify_swap_revoke(&Home::new().with_docker(), false);
    }
}

#[test]
fn on_geth() {
    if !without("docker") && !without("node") {
        publish_verify_swap_revoke(&Home::new().with_docker().on("geth", &node("geth")), true);
    }
}

#[test]
fn on_anvil() {
    if !without("docker") && !without("node") {
        publish_verify_swap_revoke(&Home::new().with_docker().on("anvil", &node("anvil")), true);
    }
}

/// False for containerd's store, where an image's ID is its manifest's digest.
fn is_classic() -> bool {
    !docker(&["info", "--format", "{{.DriverStatus}}"]).contains("io.containerd.snapshotter")
}

fn publish_verify_swap_revoke(home: &Home, deploy: bool) {
    eprintln!("part: docker {}", docker(&["version", "--format", "{{.Server.Version}}"]));
    let status = home.run(&["node", "status"]);
    eprintln!("part: {}", status.document["endpoints"][0]["client"]);
    let address = home.funded_account();
    if deploy {
        let deployed = home.run(&["contract", "deploy", "--yes"]);
        assert_eq!(deployed.document["code_matches"], true, "{deployed:?}");
    }
    let reference = format!("acme/{}:1", unique("app"));
    let verify = || home.run(&["verify", &reference]);
    // These nodes make a block per transaction: a second one would never come.
    let publish = || home.run(&["publish", &reference, "--yes", "--confirmations", "1"]);

    let first = build(&reference, &unique("first"));
    assert_eq!(verify().verdict(), ("unpublished", Some(4)));
    let published = publish();
    assert!(published.success(), "{published:?}");
    assert_eq!(published.document["publications"][0]["version"], 1, "{published:?}");
    assert_eq!(verify().verdict(), ("untrusted", Some(4)));
    assert!(home.run(&["trust", "add", "acme/*", &address]).success());
    let verified = verify();
    assert_eq!(verified.verdict(), ("verified", Some(0)), "{verified:?}");
    assert_eq!(verified.document["images"][0]["evidence"], "measured");
    let config = verified.document["images"][0]["config_digest"].as_str().expect("a digest").to_owned();
    if is_classic() {
        assert_eq!(config, first.id, "the classic store's ID is the configuration digest");
    }

    let second = build(&reference, &unique("second"));
    let swapped = verify();
    assert_eq!(swapped.verdict(), ("mismatch", Some(3)), "{swapped:?}");
    assert!(swapped.document["images"][0]["expected"].to_string().contains(&config), "{swapped:?}");

    assert!(publish().success());
    assert_eq!(verify().verdict(), ("verified", Some(0)));
    let again = publish();
    assert_eq!(again.document["publications"][0]["stage"], "already-published", "{again:?}");
    docker(&["tag", &first.id, &reference]);
    assert_eq!(verify().verdict(), ("outdated", Some(6)));
    docker(&["tag", &second.id, &reference]);

    let revoked = home.run(&["revoke", &reference, "--reason", "a test withdrew it", "--yes", "--confirmations", "1"]);
    assert!(revoked.success(), "{revoked:?}");
    let withdrawn = verify();
    assert_eq!(withdrawn.verdict(), ("revoked", Some(5)), "{withdrawn:?}");
    assert_eq!(withdrawn.document["images"][0]["revoked"]["reason"], "a test withdrew it", "{withdrawn:?}");
    let refused = home.run(&["publish", &reference, "--yes", "--again"]);
    assert_eq!(refused.document["schema"], "daochain.error/1", "{refused:?}");

    let history = home.run(&["history", &reference]);
    let events = history.document["events"].as_array().expect("events");
    let mut told: Vec<_> = events.iter().map(|event| (event["kind"].clone(), event["transaction"].clone())).collect();
    // An engine that writes manifests gives several digests to withdraw: several events of one transaction.
    told.dedup();
    let kinds: Vec<_> = told.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["published", "published", "revoked"], "{history:?}");
}
