//! Observers: what a real registry serves, attested by several accounts, judged before any pull.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts"
)]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use daochain::domain::Digest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::{
    Home, PASSPHRASE, Run,
    layout::{Blobs, INDEX, MANIFEST},
    registry::Registry,
    terminal::{Terminal, key},
    without,
};

fn own() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// A registry, a home with accounts that observe `acme/app:1` there, and the name.
struct Stage {
    registry: Registry,
    home: Home,
    observers: Vec<String>,
    name: String,
}

impl Stage {
    fn new(observers: usize) -> Self {
        let (registry, home) = (Registry::start(), Home::new());
        let observers: Vec<_> = (0..observers).map(|_| home.funded_account()).collect();
        let name = format!("{}/acme/app:1", registry.host);
        let stage = Self { registry, home, observers, name };
        for observer in &stage.observers {
            assert!(stage.home.run(&["trust", "add", &stage.name, observer, "--observer"]).success());
        }
        stage
    }

    /// Puts an image under the tag; its configuration, manifest and layer.
    fn serve(&self, tag: &str, content: &str) -> [Digest; 3] {
        let mut blobs = Blobs::default();
        let image = blobs.image(own(), content.as_bytes());
        self.registry.push("acme/app", tag, &blobs, MANIFEST, image.manifest);
        [image.config, image.manifest, image.layer]
    }

    fn observe(&self, observer: usize, more: &[&str]) -> Run {
        let mut args = vec!["observe", &self.name, "--account", &self.observers[observer], "--yes"];
        args.extend(more);
        self.home.run(&args)
    }

    fn remote(&self) -> Value {
        self.home.run(&["remote", &self.name]).document["images"][0].clone()
    }
}

fn kinded(kind: &str, digest: Digest) -> Value {
    json!({"kind": kind, "digest": digest})
}

#[test]
fn what_observers_agree_on_is_verified_before_any_pull_and_the_liar_is_named() {
    if without("registry") {
        return;
    }
    let stage = Stage::new(3);
    let [config, manifest, _] = stage.serve("1", "good");
    let first = stage.observe(0, &[]);
    assert!(first.success(), "{first:?}");
    let publication = &first.document["publications"][0];
    assert_eq!(publication["digests"], json!([kinded("config", config), kinded("manifest", manifest)]));
    assert_eq!(first.document["observed"][0]["state"], "new");
    assert_eq!(stage.remote()["verdict"], "untrusted", "nothing demands how many must agree");
    assert!(stage.home.run(&["trust", "demand", &stage.name, "--require", "2"]).success());
    assert_eq!(stage.remote()["verdict"], "untrusted", "one of two");
    assert!(stage.observe(1, &[]).success());
    stage.serve("1", "swapped for the third");
    assert!(stage.observe(2, &[]).success());
    stage.serve("1", "good");
    let seen = stage.remote();
    assert_eq!(
        (&seen["verdict"], &seen["evidence"], &seen["publisher"]),
        (&json!("verified"), &json!("claimed"), &Value::Null)
    );
    assert_eq!(seen["observed"]["dissenting"], json!([stage.observers[2]]));
    assert!(seen["reason"].as_str().unwrap().contains("observed by 2 of 3"), "{seen}");

    // The registry shows each of them another image.
    for (observer, content) in ["one", "two", "three"].iter().enumerate() {
        stage.serve("1", content);
        assert!(stage.observe(observer, &[]).success());
    }
    stage.serve("1", "four, for the victim");
    let split = stage.remote();
    assert_eq!(split["verdict"], "mismatch");
    assert!(split["reason"].as_str().unwrap().contains("split view"), "{split}");
}

#[test]
fn only_what_changed_is_said_and_many_names_go_in_one_transaction() {
    if without("registry") {
        return;
    }
    let stage = Stage::new(1);
    stage.serve("1", "one");
    stage.serve("2", "two");
    let list = stage.home.path().join("names.txt");
    let second = stage.name.replace(":1", ":2");
    let absent = stage.name.replace(":1", ":9");
    fs::write(&list, format!("# observed\n{second}\n")).unwrap();
    let list = list.to_str().unwrap();
    let run = stage.observe(0, &["--file", list]);
    let publications = run.document["publications"].as_array().unwrap();
    assert_eq!(publications.len(), 2, "{run:?}");
    assert_eq!(publications[0]["transaction"], publications[1]["transaction"], "one transaction for both");
    let again = stage.observe(0, &["--file", list]);
    assert_eq!((again.code, &again.document["publications"]), (Some(0), &json!([])), "{again:?}");
    assert_eq!(again.document["observed"][0]["state"], "unchanged");

    stage.serve("2", "two, built again");
    let run = stage.observe(0, &["--file", list, &absent]);
    assert_eq!(run.code, Some(1), "one name could not be observed: {run:?}");
    let publications = run.document["publications"].as_array().unwrap();
    assert_eq!((publications.len(), &publications[0]["version"]), (1, &json!(2)), "the others were");
    let failed = run.document["observed"].as_array().unwrap().iter().find(|one| one["state"] == "failed").unwrap();
    assert_eq!(
        (failed["reference"].as_str(), &failed["problem"]["code"]),
        (Some(absent.as_str()), &json!("no-such-image"))
    );

    let renewed = stage.observe(0, &["--renew", "1h"]);
    assert_eq!(renewed.document["publications"], json!([]), "an hour has not passed");
    let cost = stage.observe(0, &["--file", list, "--dry-run"]);
    assert!(cost.success(), "{cost:?}");
}

#[test]
fn what_a_name_leads_to_no_longer_is_a_change() {
    if without("registry") {
        return;
    }
    let stage = Stage::new(1);
    let mut blobs = Blobs::default();
    let images = [own(), "riscv64"].map(|architecture| blobs.image(architecture, architecture.as_bytes()));
    let index = blobs.index(&[(&images[0], own()), (&images[1], "riscv64")]);
    stage.registry.push("acme/app", "1", &blobs, INDEX, index);
    assert_eq!(stage.observe(0, &[]).document["publications"][0]["version"], 1);
    assert_eq!(stage.observe(0, &[]).document["observed"][0]["state"], "unchanged");
    // One of its images alone: all of that was attested with the index.
    stage.registry.push("acme/app", "1", &blobs, MANIFEST, images[0].manifest);
    let run = stage.observe(0, &[]);
    let publication = &run.document["publications"][0];
    assert_eq!((&run.document["observed"][0]["state"], &publication["version"]), (&json!("new"), &json!(2)), "{run:?}");
    let expected = json!([kinded("config", images[0].config), kinded("manifest", images[0].manifest)]);
    assert_eq!(publication["digests"], expected);
    assert_eq!(stage.observe(0, &[]).document["observed"][0]["state"], "unchanged");
}

#[test]
fn every_platform_is_attested_and_deep_reads_every_layer() {
    if without("registry") {
        return;
    }
    let stage = Stage::new(1);
    let mut blobs = Blobs::default();
    let images = [own(), "riscv64"].map(|architecture| blobs.image(architecture, architecture.as_bytes()));
    let mut children = Vec::new();
    for (image, architecture) in images.iter().zip([own(), "riscv64"]) {
        children.push(blobs.child(MANIFEST, image.manifest, &json!({"os": "linux", "architecture": architecture})));
        children.push(blobs.attestation(image, "{}"));
    }
    let index = blobs.index_of(&children);
    stage.registry.push("acme/app", "1", &blobs, INDEX, index);
    let digests = |run: &Run| {
        let mut digests =
            run.document["publications"][0]["digests"].as_array().unwrap_or_else(|| panic!("{run:?}")).clone();
        digests.sort_by_key(Value::to_string);
        digests
    };
    let mut expected = vec![kinded("index", index)];
    for image in &images {
        expected.extend([kinded("config", image.config), kinded("manifest", image.manifest)]);
    }
    expected.sort_by_key(Value::to_string);
    assert_eq!(digests(&stage.observe(0, &["--dry-run"])), expected);
    assert_eq!(digests(&stage.observe(0, &["--deep"])), expected, "what is measured is the same");

    let layer = stage.registry.data(images[1].layer);
    let mut changed = fs::read(&layer).unwrap();
    changed[600] ^= 1;
    fs::write(&layer, changed).unwrap();
    let run = stage.observe(0, &["--deep"]);
    assert_eq!(
        (run.code, &run.document["observed"][0]["problem"]["code"]),
        (Some(1), &json!("image-corrupt")),
        "{run:?}"
    );
    assert_eq!(run.document["publications"], json!([]), "nothing is said of what contradicts itself");
}

#[test]
fn a_watch_signs_unasked_and_goes_on_until_it_is_ended() {
    if without("registry") {
        return;
    }
    let stage = Stage::new(1);
    stage.serve("1", "one");
    let bare = ["observe", &stage.name, "--account", &stage.observers[0], "--watch", "1m", "--json"];
    let unasked = stage.home.command(&bare).env_remove("DAOCHAIN_PASSWORD_FILE").output().unwrap();
    assert_eq!(unasked.status.code(), Some(2), "{unasked:?}");
    assert!(String::from_utf8_lossy(&unasked.stdout).contains("confirmation-needed"), "{unasked:?}");

    for (option, variable) in [(&["--password-file", "-"][..], ""), (&[], "-")] {
        let mut command = stage.home.command(&[&bare[..], &["--yes"], option].concat());
        let once = command.env("DAOCHAIN_PASSWORD_FILE", variable).output().unwrap();
        let said = String::from_utf8_lossy(&once.stdout);
        assert_eq!(once.status.code(), Some(2), "standard input is read once: {once:?}");
        assert!(said.contains("usage") && said.contains("standard input is read once"), "{said}");
    }

    let mut watch = stage.home.command(&[&bare[..], &["--yes"]].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    // Held open: a closed pipe would end it otherwise.
    let mut output = BufReader::new(watch.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let document: Value = serde_json::from_str(&line).expect("one document a round");
    assert_eq!(document["publications"][0]["version"], 1, "{document}");
    assert!(!line.contains(PASSPHRASE));
    kill_process(Pid::from_child(&watch), Signal::TERM).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(143), "ended as it was told");
}

#[test]
fn a_watch_on_the_screen_attests_what_it_sees_and_ends_when_it_is_stopped() {
    if without("registry") {
        return;
    }
    let stage = Stage::new(1);
    let [config, ..] = stage.serve("1", "one");
    let mut terminal = Terminal::start(30, 120, &stage.home.command(&["--docker-host", "none"]));
    terminal.wait_for_text("100 ETH").send(":watch-names\r").wait_for_text("WITHOUT ASKING EACH TIME");
    terminal
        .send(&stage.name)
        .send("\r\r")
        .send(key::RIGHT)
        .send("\r\r")
        .send("50\r")
        .send("not it")
        .wait_for_text("••••••");
    terminal.send("\r").send("watch").send("\r").wait_for_text("does not open");
    // The next try counts a second later.
    terminal.send(PASSPHRASE).wait_for_text("•••").send("\r").read_for(Duration::from_secs(2));
    terminal.send("\r").wait_for_text("watching 1 name");
    terminal.send("6").wait_for_text("1 attested");
    let history = stage.home.run(&["history", &stage.name]);
    assert!(format!("{}", history.document).contains(&config.to_string()), "{history:?}");
    terminal.send("x").wait_for_text("stopped after 1 look");
    assert!(!terminal.written().contains(PASSPHRASE));
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

fn skopeo(args: &[&str]) -> Vec<u8> {
    let output = Command::new("skopeo").args(args).output().expect("skopeo, or DAOCHAIN_WITHOUT=skopeo");
    assert!(output.status.success(), "{args:?}: {output:?}");
    output.stdout
}

#[test]
fn what_skopeo_copies_is_seen_as_it_is() {
    if without("registry") || without("skopeo") {
        return;
    }
    let version = skopeo(&["--version"]);
    eprintln!("part: {}", String::from_utf8_lossy(&version).trim());
    let stage = Stage::new(1);
    let archive = stage.home.archive("acme/app:1", "by skopeo");
    let (from, to) = (format!("oci-archive:{}", archive.display()), format!("docker://{}", stage.name));
    // In Docker's format and in OCI's: two manifests of one content.
    for format in ["v2s2", "oci"] {
        skopeo(&["--insecure-policy", "copy", "--dest-tls-verify=false", "--format", format, &from, &to]);
        let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &to]);
        let manifest: Value = serde_json::from_slice(&raw).unwrap();
        let run = stage.observe(0, &[]);
        let digests = run.document["publications"][0]["digests"].as_array().unwrap_or_else(|| panic!("{run:?}"));
        assert!(digests.contains(&kinded("manifest", Digest::of(&raw))), "{digests:?}");
        assert!(digests.iter().any(|one| one["kind"] == "config" && one["digest"] == manifest["config"]["digest"]));
        let seen = &stage.home.run(&["remote", &stage.name]).document["images"][0];
        assert_eq!((&seen["media_type"], &seen["platform"]), (&manifest["mediaType"], &Value::Null), "{seen}");
    }
    // An index of two platforms, copied whole.
    let mut blobs = Blobs::default();
    let images = [own(), "riscv64"].map(|architecture| blobs.image(architecture, architecture.as_bytes()));
    let children: Vec<_> = images
        .iter()
        .zip([own(), "riscv64"])
        .map(|(image, arch)| blobs.child(MANIFEST, image.manifest, &json!({"os": "linux", "architecture": arch})))
        .collect();
    let index = blobs.index_of(&children);
    stage.registry.push("acme/source", "1", &blobs, INDEX, index);
    let source = format!("docker://{}/acme/source:1", stage.registry.host);
    // Skopeo compresses layers on their way, which would make other manifests of them.
    skopeo(&[
        "--insecure-policy",
        "copy",
        "--all",
        "--preserve-digests",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &source,
        &to,
    ]);
    let run = stage.observe(0, &[]);
    let digests = run.document["publications"][0]["digests"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    assert!(digests.contains(&kinded("index", index)) && digests.len() == 5, "{digests:?}");
}
