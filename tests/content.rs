//! Content changed in containerd's store, behind an engine that keeps its images there. None may ever be *verified*. Run by
//! `tests/engines`, against Docker 26.1 and 28.5; the classic store has its turn in `tamper.rs`.
//!
//! ```text
//! ROOT/containerd/daemon/io.containerd.content.v1.content/blobs/sha256/HEX    every manifest, configuration and layer
//! ```
//!
//! An export compares these bytes with their names. The unpacked files, which containers run, lie elsewhere and are
//! never looked at by it (README, "What it does not protect from").
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use daochain::domain::Digest;
use serde_json::json;
use support::{
    Home, Run, docker, docker_host,
    layout::{Blobs, Image, MANIFEST},
    unique,
};

/// An image that the engine holds, published by somebody who is trusted.
struct Lab {
    home: Home,
    name: String,
    blobs: Blobs,
    image: Image,
    content: PathBuf,
}

impl Lab {
    fn new() -> Self {
        let root = docker(&["info", "--format", "{{.DockerRootDir}}"]);
        let version = docker(&["version", "--format", "{{.Server.Version}}"]);
        eprintln!("part: docker {version}, containerd's store at {root}");
        let content = Path::new(&root).join("containerd/daemon/io.containerd.content.v1.content/blobs/sha256");
        let name = format!("docker.io/acme/{}:1", unique("content"));
        let mut blobs = Blobs::default();
        let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let run = json!({"Env": ["WORD=honest"]});
        let image = blobs.image_with(own, unique("layer").repeat(300).as_bytes(), &run);
        let home = Home::new().with_docker();
        let account = home.funded_account();
        let lab = Self { home, name, blobs, image, content };
        lab.load();
        let path = lab.content.display();
        assert!(lab.content.is_dir(), "{path} is no content store that this user may read: run this as root");
        assert!(lab.home.run(&["publish", &lab.name, "--yes"]).success());
        assert!(lab.home.run(&["trust", "add", "acme/*", &account]).success());
        lab
    }

    fn load(&self) {
        let archive = self.home.path().join("image.tar");
        fs::write(&archive, self.blobs.archive(&self.name, MANIFEST, self.image.manifest)).unwrap();
        docker(&["load", "-i", archive.to_str().unwrap()]);
    }

    fn blob(&self, digest: Digest) -> PathBuf {
        self.content.join(digest.hex())
    }

    /// What is said while `digest` has other bytes, then with its own again.
    fn with(&self, digest: Digest, bytes: &[u8]) -> (Run, Run) {
        let path = self.blob(digest);
        let honest = fs::read(&path).unwrap();
        assert_eq!(Digest::of(&honest), digest);
        fs::write(&path, bytes).unwrap();
        let seen = (self.home.run(&["hash", &self.name]), self.home.run(&["verify", "--measure", &self.name]));
        fs::write(&path, honest).unwrap();
        let verify = self.home.run(&["verify", "--measure", &self.name]);
        assert_eq!(verify.verdict(), ("verified", Some(0)), "nothing but the change was to blame: {verify:?}");
        seen
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", "-f", &self.name]).env("DOCKER_HOST", docker_host()).output();
    }
}

#[test]
#[ignore = "needs an engine with containerd's store: tests/engines"]
fn changed_content_is_a_mismatch() {
    let lab = Lab::new();
    let layer = &lab.blobs.0[&lab.image.layer];

    let mut changed = layer.clone();
    changed[600] ^= 1;
    let (hash, verify) = lab.with(lab.image.layer, &changed);
    assert_eq!((hash.code, &hash.document["code"]), (Some(3), &json!("image-corrupt")), "{hash:?}");
    assert!(hash.document["message"].as_str().unwrap().contains(&Digest::of(&changed).to_string()), "{hash:?}");
    assert_eq!(verify.verdict(), ("mismatch", Some(3)), "{verify:?}");

    // Another image's layer in its place.
    let mut other = Blobs::default();
    let swapped = other.image("amd64", unique("other").repeat(300).as_bytes());
    let (hash, verify) = lab.with(lab.image.layer, &other.0[&swapped.layer]);
    assert_ne!(hash.code, Some(0), "{hash:?}");
    assert_eq!(verify.verdict(), ("mismatch", Some(3)), "{verify:?}");

    // A configuration that runs something else.
    let config = String::from_utf8(lab.blobs.0[&lab.image.config].clone()).unwrap();
    let (hash, verify) = lab.with(lab.image.config, config.replace("honest", "forged").as_bytes());
    assert_ne!(hash.code, Some(0), "{hash:?}");
    assert_eq!(verify.verdict(), ("mismatch", Some(3)), "{verify:?}");

    // A manifest that names another layer.
    let manifest = String::from_utf8(lab.blobs.0[&lab.image.manifest].clone()).unwrap();
    let forged = manifest.replace(&lab.image.layer.hex(), &swapped.layer.hex());
    let (hash, verify) = lab.with(lab.image.manifest, forged.as_bytes());
    assert_ne!(hash.code, Some(0), "{hash:?}");
    assert_ne!(verify.verdict(), ("verified", Some(0)), "{verify:?}");
}
