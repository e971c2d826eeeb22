//! What documents lead to, and what is refused of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use serde_json::{Value, json};

use super::*;
use crate::domain::progress::Unwatched;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[derive(Default)]
struct Library(BTreeMap<Digest, Vec<u8>>);

impl Library {
    fn add(&mut self, document: &Value) -> Digest {
        let bytes = serde_json::to_vec(document).unwrap();
        let digest = Digest::of(&bytes);
        self.0.insert(digest, bytes);
        digest
    }

    fn descriptor(&self, media_type: &str, digest: Digest, architecture: Option<&str>) -> Value {
        let size = self.0.get(&digest).map_or(1, Vec::len);
        let mut descriptor = json!({"mediaType": media_type, "digest": digest, "size": size});
        if let Some(architecture) = architecture {
            descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
        }
        descriptor
    }

    /// An image of one platform; its manifest.
    fn image(&mut self, architecture: &str) -> (Digest, Digest) {
        let config = self
            .add(&json!({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}}));
        let manifest = json!({"schemaVersion": 2, "layers": [{"mediaType": "x", "digest": Digest::of(b"layer"), "size": 1}],
            "config": self.descriptor("application/vnd.oci.image.config.v1+json", config, None)});
        (self.add(&manifest), config)
    }

    /// An index whose descriptors give no platform.
    fn index(&mut self, children: &[Digest]) -> Digest {
        let children: Vec<_> = children.iter().map(|child| (*child, None)).collect();
        self.index_of(MANIFEST, &children)
    }

    fn index_of(&mut self, media_type: &str, children: &[(Digest, Option<&str>)]) -> Digest {
        let children: Vec<_> =
            children.iter().map(|(digest, architecture)| self.descriptor(media_type, *digest, *architecture)).collect();
        self.add(&json!({"schemaVersion": 2, "manifests": children}))
    }

    fn images(&self, root: Digest) -> Vec<Identity> {
        images(&self.identify(root).unwrap())
    }

    fn identify(&self, root: Digest) -> Result<Vec<Branch>, ImageError> {
        identify(root, &|digest| Ok(self.0.get(&digest).cloned()), &|digest| self.0.contains_key(&digest))
    }
}

fn images(branches: &[Branch]) -> Vec<Identity> {
    branches
        .iter()
        .filter_map(|branch| match &branch.behind {
            Behind::Image(identity) => Some(Identity::clone(identity)),
            Behind::Absent | Behind::Unclear | Behind::Attestation => None,
        })
        .collect()
}

#[test]
fn a_manifest_is_one_image_and_an_index_those_that_are_here() {
    let mut library = Library::default();
    let (manifest, config) = library.image("amd64");
    let index = library.index(&[manifest, Digest::of(b"a platform that was never pulled")]);
    let alone = library.images(manifest);
    assert_eq!((alone.len(), alone[0].config, alone[0].platform.as_deref()), (1, config, Some("linux/amd64")));
    let behind = library.identify(index).unwrap();
    assert_eq!((behind.len(), &behind[1].behind), (2, &Behind::Absent));
    let kinds: Vec<_> = images(&behind)[0].manifests.iter().map(|it| (it.digest, it.is_index)).collect();
    assert_eq!(kinds, [(manifest, false), (index, true)]);
    let (other, _) = library.image("arm64");
    let both = library.index(&[manifest, other]);
    assert_eq!(library.images(both).len(), 2);
    let nothing = Branch { described: Vec::new(), behind: Behind::Absent };
    assert_eq!(library.identify(Digest::of(b"nothing")).unwrap(), [nothing]);
}

#[test]
fn what_descriptors_on_the_way_say_of_the_platform_is_kept() {
    let mut library = Library::default();
    let (manifest, _) = library.image("amd64");
    let inner = library.index_of(MANIFEST, &[(manifest, Some("ARM64")), (manifest, None)]);
    let children = [(INDEX, inner, "s390x"), (MANIFEST, manifest, "x86_64")];
    let children = children.map(|(media, digest, platform)| library.descriptor(media, digest, Some(platform)));
    let outer = library.add(&json!({"schemaVersion": 2, "manifests": children}));
    let found = library.identify(outer).unwrap();
    let described: Vec<Vec<String>> =
        found.iter().map(|branch| branch.described.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(described, [vec!["linux/s390x", "linux/arm64"], vec!["linux/s390x"], vec!["linux/amd64"]]);
}

#[test]
fn what_is_no_image_is_not_taken_for_one_that_was_not_pulled() {
    let mut library = Library::default();
    let artifact = library.add(&json!({"os": "linux", "architecture": "amd64"}));
    let config = library.descriptor("application/vnd.oci.image.config.v1+json", artifact, None);
    let manifest = library.add(&json!({"schemaVersion": 2, "layers": [], "config": config}));
    assert_eq!(library.identify(manifest).unwrap()[0].behind, Behind::Unclear);
    assert_eq!(library.identify(artifact).unwrap()[0].behind, Behind::Unclear);
}

#[test]
fn descriptors_that_engines_may_read_in_two_ways_identify_nothing() {
    let mut library = Library::default();
    let (manifest, _) = library.image("amd64");
    let index = library.index(&[manifest]);
    for (children, media_type) in [(manifest, INDEX), (index, MANIFEST)] {
        let wrong = library.index_of(media_type, &[(children, None)]);
        assert!(library.identify(wrong).is_err());
    }
    for (field, value) in [("size", json!(1)), ("data", json!("e30=")), ("data", json!("!"))] {
        let mut child = library.descriptor(MANIFEST, manifest, None);
        child[field] = value;
        let wrong = library.add(&json!({"schemaVersion": 2, "manifests": [child]}));
        assert!(library.identify(wrong).is_err(), "{field}");
    }
}

#[test]
fn what_is_not_what_its_digest_says_identifies_nothing() {
    let mut library = Library::default();
    let (manifest, config) = library.image("amd64");
    let (_, other) = library.image("arm64");
    let swapped = library.0[&other].clone();
    library.0.insert(config, swapped);
    assert!(library.identify(manifest).is_err());
    library.0.insert(config, b"{\"rootfs\":{},\"rootfs\":{}}".to_vec());
    assert!(library.identify(manifest).is_err());
}

#[test]
fn an_export_is_read_only_as_far_as_needed() {
    let mut library = Library::default();
    let (manifest, config) = library.image("amd64");
    let mut archive = Vec::new();
    let mut builder = tar::Builder::new(&mut archive);
    for (digest, bytes) in &library.0 {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, names::blob_name(*digest), bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap();
    // Two zero blocks end an archive; in their place comes what could never be read.
    archive.truncate(archive.len() - 1024);
    archive.extend_from_slice(&[1; 512]);
    let is_enough = |found: &[Branch]| !images(found).is_empty();
    let found = images(&identify_export(archive.as_slice(), manifest, &is_enough, &Unwatched).unwrap());
    assert_eq!((found.len(), found[0].config), (1, config));
    assert!(identify_export(archive.as_slice(), manifest, &|_| false, &Unwatched).is_err());
}

#[test]
fn indexes_that_multiply_are_refused() {
    let mut library = Library::default();
    let (manifest, _) = library.image("amd64");
    let mut index = library.index(&[manifest; 8]);
    for _ in 0..9 {
        index = library.index_of(INDEX, &[(index, None); 8]);
    }
    assert!(matches!(library.identify(index), Err(ImageError::Refused { .. })));
}
