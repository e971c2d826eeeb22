//! Images of several platforms, IDs that move, and conversions: what is published, verified and remembered of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use support::{
    Home, Run,
    fake_engine::{FakeEngine, Store},
    layout::{Blobs, INDEX, Image, MANIFEST},
    terminal::Terminal,
};

const NAME: &str = "docker.io/acme/app:1";

/// A home that trusts its own publisher.
fn home() -> Home {
    let home = Home::new();
    let account = home.funded_account();
    assert!(home.run(&["trust", "add", "acme/*", &account]).success());
    home
}

fn file(home: &Home, name: &str, archive: &[u8]) -> PathBuf {
    let path = home.path().join(name);
    fs::write(&path, archive).unwrap();
    path
}

fn publish(home: &Home, archive: &Path, more: &[&str]) -> Run {
    let run = home.run(&[&["publish", NAME, "--archive", archive.to_str().unwrap(), "--yes"], more].concat());
    assert!(run.success(), "{run:?}");
    run
}

/// The verdict, version and same layers' version of each image of an archive.
fn verdicts(home: &Home, archive: &Path) -> Vec<Value> {
    let run = home.run(&["verify", NAME, "--archive", archive.to_str().unwrap()]);
    let images = run.document["images"].as_array().unwrap_or_else(|| panic!("{run:?}")).clone();
    images.iter().map(|image| json!([image["platform"], image["verdict"], image["version"]])).collect()
}

/// An image for each of two platforms, with attestations, and the index of all.
fn two_platforms() -> (Blobs, [Image; 2], daochain::domain::Digest) {
    let mut blobs = Blobs::default();
    let images = ["amd64", "arm64"].map(|architecture| blobs.image(architecture, architecture.as_bytes()));
    let mut children = Vec::new();
    for (image, architecture) in images.iter().zip(["amd64", "arm64"]) {
        children.push(blobs.child(MANIFEST, image.manifest, &json!({"os": "linux", "architecture": architecture})));
        children.push(blobs.attestation(image, &format!("{{\"of\":\"{architecture}\"}}")));
    }
    let index = blobs.index_of(&children);
    (blobs, images, index)
}

#[test]
fn all_platforms_are_one_release_with_their_manifests_and_index() {
    let home = home();
    let (blobs, images, index) = two_platforms();
    let archive = file(&home, "all.tar", &blobs.archive(NAME, INDEX, index));
    let run = publish(&home, &archive, &["--all-platforms"]);
    let said = run.document["publications"][0]["digests"].as_array().unwrap().clone();
    let mut expected = vec![json!({"kind": "index", "digest": index})];
    for image in images {
        expected.push(json!({"kind": "config", "digest": image.config}));
        expected.push(json!({"kind": "manifest", "digest": image.manifest}));
    }
    assert_eq!(said.len(), expected.len(), "{said:?}");
    assert!(expected.iter().all(|digest| said.contains(digest)), "{said:?}");
    let both = [json!(["linux/amd64", "verified", 1]), json!(["linux/arm64", "verified", 1])];
    assert_eq!(verdicts(&home, &archive), both);
    for (image, verdict) in images.iter().zip(both) {
        let alone = file(&home, "alone.tar", &blobs.archive(NAME, MANIFEST, image.manifest));
        assert_eq!(verdicts(&home, &alone), [verdict]);
    }
}

#[test]
fn unless_asked_this_machines_platform_alone_is_released_and_the_others_are_named() {
    let home = home();
    let (blobs, _, index) = two_platforms();
    let archive = file(&home, "all.tar", &blobs.archive(NAME, INDEX, index));
    let run = publish(&home, &archive, &[]);
    let (own, other) = if cfg!(target_arch = "aarch64") { ("arm64", "amd64") } else { ("amd64", "arm64") };
    assert!(run.stderr.contains(&format!("left out linux/{other}")), "{run:?}");
    assert!(!run.document.to_string().contains(&index.to_string()), "{run:?}");
    let found = verdicts(&home, &archive);
    assert!(found.contains(&json!([format!("linux/{own}"), "verified", 1])), "{found:?}");
    assert!(found.iter().any(|image| image[0] == format!("linux/{other}") && image[1] == "mismatch"), "{found:?}");
}

#[test]
fn a_build_farm_amends_one_version_platform_by_platform() {
    let home = home();
    let (blobs, images, index) = two_platforms();
    let alone = |image: &Image| blobs.archive(NAME, MANIFEST, image.manifest);
    publish(&home, &file(&home, "first.tar", &alone(&images[0])), &[]);
    let second = file(&home, "second.tar", &alone(&images[1]));
    assert_eq!(verdicts(&home, &second)[0][1], "mismatch");
    let run = publish(&home, &second, &["--amend"]);
    assert_eq!(run.document["publications"][0]["version"], 1, "{run:?}");
    let archive = file(&home, "all.tar", &blobs.archive(NAME, INDEX, index));
    assert_eq!(
        verdicts(&home, &archive),
        [json!(["linux/amd64", "verified", 1]), json!(["linux/arm64", "verified", 1])]
    );
}

#[test]
fn an_id_that_moves_loses_nothing_that_was_measured() {
    let home = home();
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let own = blobs.child(MANIFEST, image.manifest, &json!({"os": "linux", "architecture": "amd64"}));
    let absent = blobs.child(MANIFEST, image.config, &json!({"os": "linux", "architecture": "arm64"}));
    publish(&home, &file(&home, "app.tar", &blobs.archive(NAME, MANIFEST, image.manifest)), &[]);
    // What BuildKit attests changes with every build, and with it the index that the engine has for an ID.
    for (build, expected) in [("first", 1), ("second", 0)] {
        let mut all = blobs.clone();
        let attestation = all.attestation(&image, &format!("{{\"build\":\"{build}\"}}"));
        let mut absent = absent.clone();
        absent["digest"] = json!(daochain::domain::Digest::of(b"another platform's manifest"));
        let index = all.index_of(&[own.clone(), attestation, absent]);
        let data = home.path().join(build);
        let store = data.join("containerd/daemon/io.containerd.content.v1.content/blobs/sha256");
        fs::create_dir_all(&store).unwrap();
        fs::write(data.join("engine-id"), "FAKE").unwrap();
        all.0.iter().for_each(|(digest, bytes)| fs::write(store.join(digest.hex()), bytes).unwrap());
        let engine = FakeEngine::start(&data.join("s"), Store::Containerd, &index.to_string(), "acme/app:1");
        engine.exports(all.archive(NAME, INDEX, index));
        engine.runs(&[image.layer]);
        let host = format!("unix://{}", data.join("s").display());
        let verify = |more: &[&str]| home.run(&[&["verify", NAME, "--docker-host", &host], more].concat());
        assert_eq!(verify(&["--quick"]).verdict(), ("verified", Some(0)));
        let run = verify(&[]);
        assert_eq!(
            (run.verdict(), &run.document["images"][0]["evidence"]),
            (("verified", Some(0)), &json!("measured"))
        );
        assert_eq!(engine.exports_made(), expected, "{build}");
        // Another client of the same containerd keeps the blobs; the engine runs something else.
        engine.runs(&[]);
        assert_ne!(verify(&["--quick"]).verdict().0, "verified");
    }
}

#[test]
fn the_same_layers_under_another_configuration_are_told_apart_from_other_content() {
    for more in [&[][..], &["--with-layers"]] {
        let home = home();
        let (mut blobs, mut converted) = (Blobs::default(), Blobs::default());
        let image = blobs.image("amd64", b"content");
        publish(&home, &file(&home, "app.tar", &blobs.archive(NAME, MANIFEST, image.manifest)), more);
        let other = converted.image_with("amd64", b"content", &json!({"Cmd": ["/other"]}));
        assert_eq!((other.layer, other.config == image.config), (image.layer, false));
        let archive = file(&home, "converted.tar", &converted.archive(NAME, MANIFEST, other.manifest));
        let look = || home.run(&["verify", NAME, "--archive", archive.to_str().unwrap()]);
        let reason = |run: &Run| run.document["images"][0]["reason"].as_str().unwrap().to_owned();
        let run = look();
        let told = reason(&run).contains("its layers are those of version 1");
        assert_eq!((run.verdict(), told), (("mismatch", Some(3)), true), "{run:?}");
        // Where the release was never measured, only its publisher can have said what its layers are.
        for part in ["state.db", "state.db-wal", "state.db-shm"] {
            let _ = fs::remove_file(home.path().join(part));
        }
        let run = look();
        let told = reason(&run).contains("its layers are those of version 1");
        assert_eq!((run.verdict(), told), (("mismatch", Some(3)), !more.is_empty()), "{run:?}");
    }
}

#[test]
fn an_image_whose_layers_the_engine_lost_says_what_to_do() {
    let home = home();
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let engine = FakeEngine::start(&home.path().join("s"), Store::Classic, &image.config.to_string(), "acme/app:1");
    engine.exports(blobs.without(&[image.layer]).archive(NAME, MANIFEST, image.manifest));
    let run = home.run(&["verify", NAME, "--docker-host", &format!("unix://{}", home.path().join("s").display())]);
    let reason = run.document["images"][0]["reason"].as_str().unwrap_or_default();
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
    assert!(reason.contains("the engine lists this image but does not hold all of it"), "{run:?}");
    assert!(reason.contains("pull or load it again"), "{run:?}");
}

#[test]
fn the_screen_identifies_what_it_may_not_read_by_an_export() {
    let home = home();
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    publish(&home, &file(&home, "app.tar", &blobs.archive(NAME, MANIFEST, image.manifest)), &[]);
    let id = image.manifest.to_string();
    let engine = FakeEngine::start(&home.path().join("s"), Store::Containerd, &id, "acme/app:1");
    engine.exports(blobs.archive(NAME, MANIFEST, image.manifest));
    let host = format!("unix://{}", home.path().join("s").display());
    let mut screen = Terminal::start(24, 200, &home.command(&["--docker-host", &host]));
    screen.wait_for_line(&["acme/app", "verified", "identified"]);
    assert_eq!(engine.exports_made(), 1);
    // Looking again asks no more than before.
    screen.send("R").wait_for_line(&["acme/app", "verified", "identified"]).send("q");
    assert_eq!(engine.exports_made(), 1);
}
