//! Engines that lie, and images made to look like others to whoever reads them in another way than the engine.
//!
//! Every image is verified five times: nothing that a first look remembers may turn the next one green.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{fs, path::PathBuf};

use daochain::domain::Digest;
use serde_json::{Value, json};
use support::{
    Home,
    fake_engine::{FakeEngine, Store},
    layout::{Blobs, INDEX, Image, MANIFEST},
};

const NAME: &str = "docker.io/acme/app:1";
/// A home whose owner has published one image, and an engine that lists another ID under its name.
struct Stage {
    home: Home,
    engine: FakeEngine,
    socket: PathBuf,
}

impl Stage {
    /// Publishes the archive's image and lets an engine list `id` under its name.
    fn new(published: &[u8], store: Store, id: Digest) -> Self {
        let home = Home::new();
        let account = home.funded_account();
        let trusted = home.run(&["trust", "add", "acme/*", &account]);
        assert!(trusted.success(), "{trusted:?}");
        let archive = home.path().join("published.tar");
        fs::write(&archive, published).unwrap();
        let sent = home.run(&["publish", NAME, "--archive", archive.to_str().unwrap(), "--yes"]);
        assert!(sent.success(), "{sent:?}");
        let socket = home.path().join("engine.sock");
        let engine = FakeEngine::start(&socket, store, &id.to_string(), "acme/app:1");
        eprintln!("part: an engine that lies, at {}", socket.display());
        Self { home, engine, socket }
    }

    /// The same for an engine that holds all of an index.
    fn of_index(published: &[u8], blobs: &Blobs, index: Digest) -> Self {
        let stage = Self::new(published, Store::Containerd, index);
        stage.engine.exports(blobs.archive(NAME, INDEX, index));
        stage
    }

    /// The verdict of each of several looks.
    fn looks(&self) -> Vec<String> {
        let host = format!("unix://{}", self.socket.display());
        let look = |more: &[&str]| {
            let run = self.home.run(&[&["verify", NAME, "--docker-host", &host], more].concat());
            let (verdict, code) = run.verdict();
            assert_eq!(verdict == "verified", code == Some(0), "{run:?}");
            verdict.to_owned()
        };
        vec![look(&[]), look(&[]), look(&["--measure"]), look(&[]), look(&["--quick"])]
    }

    fn is_never_verified(&self) {
        let looks = self.looks();
        assert!(looks.iter().all(|verdict| verdict != "verified"), "{looks:?}");
    }
}

#[test]
fn an_engine_that_exports_the_published_image_for_another_is_caught_every_time() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let other = Digest::of(b"what it really runs");
    for store in [Store::Classic, Store::Containerd] {
        let stage = Stage::new(&archive, store, other);
        stage.engine.exports(archive.clone());
        let looks = stage.looks();
        assert_eq!(looks[..4], ["mismatch"; 4], "{looks:?}");
        assert_ne!(looks[4], "verified");
    }
}

/// containerd keeps names as they were written, and Docker 26.1 leaves some images out of its list that it runs.
#[test]
fn an_image_that_is_listed_under_a_name_by_which_the_engine_means_another_is_not_verified() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let stage = Stage::new(&archive, Store::Containerd, published.manifest);
    stage.engine.exports(archive);
    assert_eq!(stage.looks(), ["verified"; 5]);
    stage.engine.means(Digest::of(b"what it runs under that name"));
    stage.is_never_verified();
}

#[test]
fn the_published_image_is_verified_under_each_of_its_ids() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let mut more = blobs.clone();
    let index = more.index(&[(&published, "amd64")]);
    for (store, id, export) in [
        (Store::Classic, published.config, archive.clone()),
        (Store::Containerd, published.manifest, archive.clone()),
        (Store::Containerd, index, more.archive(NAME, INDEX, index)),
    ] {
        let stage = Stage::new(&archive, store, id);
        stage.engine.exports(export);
        assert_eq!(stage.looks(), ["verified"; 5]);
    }
}

#[test]
fn the_engines_own_platform_is_judged_once_it_is_pulled() {
    let (mut blobs, mut all) = (Blobs::default(), Blobs::default());
    let published = blobs.image("arm64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    all.0.clone_from(&blobs.0);
    let own = all.image("amd64", b"tampered with");
    let index = all.index(&[(&published, "arm64"), (&own, "amd64")]);
    let stage = Stage::new(&archive, Store::Containerd, index);
    stage.engine.exports(all.clone().without(&[own.config, own.layer]).archive(NAME, INDEX, index));
    // The only platform that this export holds need not be the only one that the engine could run.
    stage.is_never_verified();
    stage.engine.exports(all.archive(NAME, INDEX, index));
    stage.is_never_verified();
}

#[test]
fn descriptors_choose_what_the_engine_runs_and_configurations_cannot_contradict_them() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let other = blobs.image("arm64", b"tampered with");
    for (published_as, other_as) in [("arm64", "amd64"), ("amd64", "amd64"), ("x86_64", "AMD64")] {
        let mut all = blobs.clone();
        let index = all.index(&[(&published, published_as), (&other, other_as)]);
        Stage::of_index(&archive, &all, index).is_never_verified();
    }
}

/// Docker 26.1 or 28.5 runs the image that was not published of each of these, on a machine of `linux/amd64`.
#[test]
fn an_index_that_leaves_a_choice_to_the_engine_is_never_verified() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let [other_amd64, other_386, other_arm64] = ["amd64", "386", "arm64"].map(|it| blobs.image(it, b"tampered with"));
    let linux = |architecture: &str| json!({"os": "linux", "architecture": architecture});
    let (mut third, mut featured) = (linux("amd64"), linux("amd64"));
    third["variant"] = json!("v3");
    featured["os.features"] = json!(["x"]);
    let unknown = json!({"os": "unknown", "architecture": "unknown"});
    let inner = [blobs.child(MANIFEST, other_amd64.manifest, &linux("amd64"))];
    let inner = blobs.index_of(&inner);
    let of = |image: &Image, platform: &Value| (MANIFEST, image.manifest, platform.clone());
    let cases = [
        [of(&other_386, &linux("386")), of(&published, &third)],
        [of(&other_arm64, &linux("arm64")), of(&published, &third)],
        [of(&other_386, &linux("386")), of(&published, &featured)],
        [of(&other_amd64, &unknown), of(&published, &third)],
        [of(&other_amd64, &unknown), of(&published, &linux("arm64"))],
        [(INDEX, inner, linux("arm64")), of(&published, &linux("amd64"))],
    ];
    for case in cases {
        let mut all = blobs.clone();
        let children = case.map(|(media_type, digest, platform)| all.child(media_type, digest, &platform));
        let index = all.index_of(&children);
        Stage::of_index(&archive, &all, index).is_never_verified();
    }
}

#[test]
fn a_platform_that_was_removed_is_not_remembered() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let other = blobs.image("arm64", b"tampered with");
    let index = blobs.index(&[(&other, "arm64"), (&published, "amd64")]);
    let stage = Stage::new(&archive, Store::Containerd, index);
    stage.engine.exports(blobs.archive(NAME, INDEX, index));
    stage.engine.runs(&[published.layer]);
    assert_eq!(stage.looks(), ["verified"; 5]);
    stage.engine.runs(&[other.layer]);
    stage.is_never_verified();
    stage.engine.runs(&[published.layer]);
    stage.engine.exports(blobs.without(&[published.config, published.layer]).archive(NAME, INDEX, index));
    stage.is_never_verified();
}

#[test]
fn a_release_states_no_index_that_leads_to_what_was_not_measured() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let other = blobs.image("amd64", b"tampered with");
    let platform = |architecture: &str| json!({"os": "linux", "architecture": architecture});
    let unknown = json!({"os": "unknown", "architecture": "unknown"});
    let artifact = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": {"mediaType": "application/json", "digest": Digest::of(b"not here"), "size": 8}});
    let artifact = blobs.add(artifact.to_string().into_bytes());
    let own = blobs.child(MANIFEST, published.manifest, &platform("amd64"));
    let beside = [
        blobs.child(MANIFEST, other.manifest, &unknown),
        blobs.child(MANIFEST, Digest::of(b"never pulled"), &unknown),
        blobs.child(MANIFEST, Digest::of(b"never pulled"), &platform("arm64")),
        blobs.descriptor(MANIFEST, artifact),
    ];
    for child in beside {
        let mut all = blobs.clone();
        let index = all.index_of(&[own.clone(), child]);
        let home = Home::new();
        home.funded_account();
        let file = home.path().join("app.tar");
        fs::write(&file, all.archive(NAME, INDEX, index)).unwrap();
        for more in [&[][..], &["--all-platforms"]] {
            let command = [&["publish", NAME, "--archive", file.to_str().unwrap(), "--dry-run"], more].concat();
            let run = home.run(&command);
            assert!(!run.document.to_string().contains(&index.to_string()), "{run:?}");
        }
    }
}

#[test]
fn a_whole_image_of_another_platform_does_not_stand_in_for_a_damaged_one() {
    let mut blobs = Blobs::default();
    let published = blobs.image("arm64", b"published");
    let archive = blobs.archive(NAME, MANIFEST, published.manifest);
    let own = blobs.image("amd64", b"damaged");
    let index = blobs.index(&[(&published, "arm64"), (&own, "amd64")]);
    for damaged in [own.layer, own.config] {
        let mut all = blobs.clone();
        all.0.insert(damaged, b"{}".to_vec());
        Stage::of_index(&archive, &all, index).is_never_verified();
    }
}
