//! Engines that lie, and images made to look like others to whoever reads them in another way than the engine.
//!
//! Every image is verified three times: nothing that a first look remembers may turn the next one green.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{collections::BTreeMap, fs, path::PathBuf};

use daochain::domain::Digest;
use serde_json::{Value, json};
use support::{
    Home,
    fake_engine::{FakeEngine, Store},
};

const NAME: &str = "docker.io/acme/app:1";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The blobs of an OCI archive.
#[derive(Default, Clone)]
struct Blobs(BTreeMap<Digest, Vec<u8>>);

impl Blobs {
    fn add(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.0.insert(digest, bytes);
        digest
    }

    fn descriptor(&self, media_type: &str, digest: Digest) -> Value {
        let size = self.0.get(&digest).map_or(1, Vec::len);
        json!({"mediaType": media_type, "digest": digest, "size": size})
    }

    /// An image with one layer.
    fn image(&mut self, architecture: &str, content: &[u8]) -> Image {
        let mut layer = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        layer.append_data(&mut header, "content", content).unwrap();
        let layer = self.add(layer.into_inner().unwrap());
        let config = json!({"os": "linux", "architecture": architecture, "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer]}});
        let config = self.add(config.to_string().into_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": self.descriptor(CONFIG, config),
            "layers": [self.descriptor(LAYER, layer)]});
        Image { manifest: self.add(manifest.to_string().into_bytes()), config, layer }
    }

    /// An index of images, each with the architecture that its descriptor says.
    fn index(&mut self, images: &[(&Image, &str)]) -> Digest {
        let platform = |architecture: &str| json!({"os": "linux", "architecture": architecture});
        let children: Vec<_> = images
            .iter()
            .map(|(image, architecture)| self.child(MANIFEST, image.manifest, &platform(architecture)))
            .collect();
        self.index_of(&children)
    }

    fn child(&self, media_type: &str, digest: Digest, platform: &Value) -> Value {
        let mut descriptor = self.descriptor(media_type, digest);
        descriptor["platform"] = platform.clone();
        descriptor
    }

    fn index_of(&mut self, children: &[Value]) -> Digest {
        self.add(json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).to_string().into_bytes())
    }

    /// What `docker save` writes of `root`.
    fn archive(&self, media_type: &str, root: Digest) -> Vec<u8> {
        let mut descriptor = self.descriptor(media_type, root);
        descriptor["annotations"] = json!({"io.containerd.image.name": NAME});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]}).to_string();
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, bytes).unwrap();
        };
        self.0.iter().for_each(|(digest, bytes)| add(&format!("blobs/sha256/{}", digest.hex()), bytes));
        add("index.json", index.as_bytes());
        add("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        archive.into_inner().unwrap()
    }

    fn without(mut self, digests: &[Digest]) -> Self {
        self.0.retain(|digest, _| !digests.contains(digest));
        self
    }
}

#[derive(Clone, Copy)]
struct Image {
    manifest: Digest,
    config: Digest,
    layer: Digest,
}

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
    let archive = blobs.archive(MANIFEST, published.manifest);
    let other = Digest::of(b"what it really runs");
    for store in [Store::Classic, Store::Containerd] {
        let stage = Stage::new(&archive, store, other);
        stage.engine.exports(archive.clone());
        let looks = stage.looks();
        assert_eq!(looks[..4], ["mismatch"; 4], "{looks:?}");
        assert_ne!(looks[4], "verified");
    }
}

#[test]
fn the_published_image_is_verified_under_each_of_its_ids() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(MANIFEST, published.manifest);
    let mut more = blobs.clone();
    let index = more.index(&[(&published, "amd64")]);
    for (store, id, export) in [
        (Store::Classic, published.config, archive.clone()),
        (Store::Containerd, published.manifest, archive.clone()),
        (Store::Containerd, index, more.archive(INDEX, index)),
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
    let archive = blobs.archive(MANIFEST, published.manifest);
    all.0.clone_from(&blobs.0);
    let own = all.image("amd64", b"tampered with");
    let index = all.index(&[(&published, "arm64"), (&own, "amd64")]);
    let stage = Stage::new(&archive, Store::Containerd, index);
    stage.engine.exports(all.clone().without(&[own.config, own.layer]).archive(INDEX, index));
    assert_eq!(stage.looks(), ["verified"; 5], "the only platform that is here");
    stage.engine.exports(all.archive(INDEX, index));
    stage.is_never_verified();
}

#[test]
fn descriptors_choose_what_the_engine_runs_and_configurations_cannot_contradict_them() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(MANIFEST, published.manifest);
    let other = blobs.image("arm64", b"tampered with");
    for (published_as, other_as) in [("arm64", "amd64"), ("amd64", "amd64"), ("x86_64", "AMD64")] {
        let mut all = blobs.clone();
        let index = all.index(&[(&published, published_as), (&other, other_as)]);
        let stage = Stage::new(&archive, Store::Containerd, index);
        stage.engine.exports(all.archive(INDEX, index));
        stage.is_never_verified();
    }
}

/// Docker 26.1 or 28.5 runs the image that was not published of each of these, on a machine of `linux/amd64`.
#[test]
fn an_index_that_leaves_a_choice_to_the_engine_is_never_verified() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(MANIFEST, published.manifest);
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
        let stage = Stage::new(&archive, Store::Containerd, index);
        stage.engine.exports(all.archive(INDEX, index));
        stage.is_never_verified();
    }
}

#[test]
fn a_platform_that_was_removed_is_not_remembered() {
    let mut blobs = Blobs::default();
    let published = blobs.image("amd64", b"published");
    let archive = blobs.archive(MANIFEST, published.manifest);
    let other = blobs.image("arm64", b"tampered with");
    let index = blobs.index(&[(&other, "arm64"), (&published, "amd64")]);
    let stage = Stage::new(&archive, Store::Containerd, index);
    stage.engine.exports(blobs.archive(INDEX, index));
    assert_eq!(stage.looks()[..4], ["verified"; 4]);
    stage.engine.exports(blobs.without(&[published.config, published.layer]).archive(INDEX, index));
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
        fs::write(&file, all.archive(INDEX, index)).unwrap();
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
    let archive = blobs.archive(MANIFEST, published.manifest);
    let own = blobs.image("amd64", b"damaged");
    let index = blobs.index(&[(&published, "arm64"), (&own, "amd64")]);
    for damaged in [own.layer, own.config] {
        let mut all = blobs.clone();
        all.0.insert(damaged, b"{}".to_vec());
        let stage = Stage::new(&archive, Store::Containerd, index);
        stage.engine.exports(all.archive(INDEX, index));
        stage.is_never_verified();
    }
}
