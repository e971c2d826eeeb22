//! Which configuration a manifest or an index stands for, from the documents alone: no layer is read.
//!
//! ```text
//! index ─▶ manifest ─▶ configuration        each fetched by its digest, and compared with it
//! ```
//!
//! What is found is as certain as the digest that it began with, and says nothing of the layers: it identifies an image,
//! it does not measure it.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use super::{
    archive, codec,
    contents::Contents,
    document::Document,
    error::ImageError,
    feed::{self, Meter},
    index,
    judge::unusable,
    limits::{DOCUMENT_BYTES, DOCUMENTS_BYTES, IMAGES, INDEX_DEPTH},
    names,
};
use crate::domain::{Timestamp, digest::Digest, measurement::MeasuredManifest, progress::Watch};

/// One image behind a manifest or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of its configuration.
    pub config: Digest,
    /// `os/architecture[/variant]` of the configuration, made safe to show.
    pub platform: Option<String>,
    /// When it was built, as the configuration says.
    pub created: Option<Timestamp>,
    /// The manifest that names the configuration, then the indexes that lead to it, the innermost first.
    pub manifests: Vec<MeasuredManifest>,
    /// Digests of the layers as they are stored, lowest first.
    pub layers: Vec<Digest>,
}

/// Largest document that is asked for.
pub const FETCHED_BYTES: u64 = DOCUMENT_BYTES;

/// Every image behind the manifest or index `root` whose documents `fetch` has. `fetch` gives the bytes that it keeps under
/// a digest, at most [`FETCHED_BYTES`].
///
/// # Errors
/// When a document cannot be read, is not what its digest says, or is beyond the bounds of archives.
pub fn identify(
    root: Digest,
    fetch: &dyn Fn(Digest) -> io::Result<Option<Vec<u8>>>,
) -> Result<Vec<Identity>, ImageError> {
    let (mut documents, mut weight) = (BTreeMap::new(), 0);
    let mut wanted = vec![root];
    while let Some(digest) = wanted.pop() {
        if documents.contains_key(&digest) {
            continue;
        }
        if documents.len() == IMAGES {
            return Err(ImageError::refused(format!("its indexes lead to more than {IMAGES} documents")));
        }
        let Some(document) = document(digest, fetch)? else { continue };
        weight += document.weight();
        if weight > DOCUMENTS_BYTES {
            return Err(ImageError::refused("its manifests and configurations take more than 8 MiB together"));
        }
        match &document {
            Document::Index(children) => {
                for child in children.iter().filter(|child| index::is_walked(child)) {
                    wanted.push(child.digest.get(&names::blob_name(digest))?);
                }
            }
            Document::Manifest(manifest) => {
                wanted.push(manifest.config.digest.get(&names::blob_name(digest))?);
            }
            _ => {}
        }
        documents.insert(digest, document);
    }
    behind(root, &|digest| documents.get(&digest))
}

/// The same from an engine's export, which is read only as far as `enough` images are found: layers that come before are
/// read over. To the end where there are never enough.
///
/// # Errors
/// As [`identify`], and when the stream cannot be read.
pub fn identify_export<R: Read>(
    input: R,
    root: Digest,
    enough: &(dyn Fn(&[Identity]) -> bool + Sync),
    watch: &dyn Watch,
) -> Result<Vec<Identity>, ImageError> {
    let of = |contents: &Contents| {
        let document = |digest: Digest| {
            let blob = contents.file(&names::blob_name(digest)).filter(|blob| blob.digest == digest)?;
            blob.document.as_deref()?.as_ref().ok()
        };
        behind(root, &document)
    };
    let is_enough = |contents: &Contents| of(contents).is_ok_and(|found| enough(&found));
    let mut meter = Meter::new(None, watch);
    let contents =
        feed::through(input, &mut meter, |feed| archive::read_until(codec::unpacked(feed)?, watch, &is_enough))?;
    of(&contents)
}

fn behind<'d>(root: Digest, document: &'d dyn Fn(Digest) -> Option<&'d Document>) -> Result<Vec<Identity>, ImageError> {
    let mut walk = Walk { document, visited: 0, found: Vec::new() };
    walk.visit(root, &mut Vec::new())?;
    Ok(walk.found)
}

fn document(
    digest: Digest,
    fetch: &dyn Fn(Digest) -> io::Result<Option<Vec<u8>>>,
) -> Result<Option<Document>, ImageError> {
    let name = names::blob_name(digest);
    let Some(bytes) = fetch(digest).map_err(|cause| ImageError::document(&name, cause.to_string()))? else {
        return Ok(None);
    };
    let found = Digest::of(&bytes);
    if found != digest {
        return Err(ImageError::document(&name, format!("its bytes have the digest {found}")));
    }
    match super::document::parse(&bytes) {
        Some(Ok(document)) => Ok(Some(document)),
        Some(Err(problem)) => Err(unusable(&name, &problem)),
        // What an artifact calls its configuration.
        None => Ok(None),
    }
}

struct Walk<'d> {
    document: &'d dyn Fn(Digest) -> Option<&'d Document>,
    visited: usize,
    found: Vec<Identity>,
}

impl Walk<'_> {
    /// `parents` are the indexes that lead here, the outermost first.
    fn visit(&mut self, digest: Digest, parents: &mut Vec<Digest>) -> Result<(), ImageError> {
        self.visited += 1;
        if self.visited > IMAGES || parents.len() > INDEX_DEPTH {
            let problem =
                format!("its indexes name more than {IMAGES} manifests, or are nested deeper than {INDEX_DEPTH}");
            return Err(ImageError::refused(problem));
        }
        let name = names::blob_name(digest);
        match (self.document)(digest) {
            Some(Document::Index(children)) => {
                parents.push(digest);
                for child in children.iter().filter(|child| index::is_walked(child)) {
                    self.visit(child.digest.get(&name)?, parents)?;
                }
                parents.pop();
            }
            Some(Document::Manifest(manifest)) => {
                let config = manifest.config.digest.get(&name)?;
                let Some(Document::Config(details)) = (self.document)(config) else { return Ok(()) };
                let indexes = parents.iter().rev().map(|index| MeasuredManifest { digest: *index, is_index: true });
                self.found.push(Identity {
                    config,
                    platform: details.platform.clone(),
                    created: details.created,
                    manifests: std::iter::once(MeasuredManifest { digest, is_index: false }).chain(indexes).collect(),
                    layers: manifest.layers.iter().map(|layer| layer.digest.get(&name)).collect::<Result<_, _>>()?,
                });
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::progress::Unwatched;

    #[derive(Default)]
    struct Library(BTreeMap<Digest, Vec<u8>>);

    impl Library {
        fn add(&mut self, document: &Value) -> Digest {
            let bytes = serde_json::to_vec(document).unwrap();
            let digest = Digest::of(&bytes);
            self.0.insert(digest, bytes);
            digest
        }

        /// An image of one platform; its manifest.
        fn image(&mut self, architecture: &str) -> (Digest, Digest) {
            let config = self.add(
                &json!({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}}),
            );
            let manifest = json!({"schemaVersion": 2, "layers": [{"mediaType": "x", "digest": Digest::of(b"layer"), "size": 1}],
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 1}});
            (self.add(&manifest), config)
        }

        fn index(&mut self, children: &[Digest]) -> Digest {
            let media = "application/vnd.oci.image.manifest.v1+json";
            let children: Vec<_> =
                children.iter().map(|digest| json!({"mediaType": media, "digest": digest, "size": 1})).collect();
            self.add(&json!({"schemaVersion": 2, "manifests": children}))
        }

        fn identify(&self, root: Digest) -> Result<Vec<Identity>, ImageError> {
            identify(root, &|digest| Ok(self.0.get(&digest).cloned()))
        }
    }

    #[test]
    fn a_manifest_is_one_image_and_an_index_those_that_are_here() {
        let mut library = Library::default();
        let (manifest, config) = library.image("amd64");
        let index = library.index(&[manifest, Digest::of(b"a platform that was never pulled")]);
        let alone = library.identify(manifest).unwrap();
        assert_eq!((alone.len(), alone[0].config, &alone[0].layers), (1, config, &vec![Digest::of(b"layer")]));
        assert_eq!(alone[0].platform.as_deref(), Some("linux/amd64"));
        let behind = library.identify(index).unwrap();
        let kinds: Vec<_> = behind[0].manifests.iter().map(|it| (it.digest, it.is_index)).collect();
        assert_eq!(kinds, [(manifest, false), (index, true)]);
        let (other, _) = library.image("arm64");
        let both = library.index(&[manifest, other]);
        assert_eq!(library.identify(both).unwrap().len(), 2);
        assert_eq!(library.identify(Digest::of(b"nothing")).unwrap(), []);
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
        let found = identify_export(archive.as_slice(), manifest, &|found| !found.is_empty(), &Unwatched).unwrap();
        assert_eq!((found.len(), found[0].config), (1, config));
        assert!(identify_export(archive.as_slice(), manifest, &|_| false, &Unwatched).is_err());
    }

    #[test]
    fn indexes_that_multiply_are_refused() {
        let mut library = Library::default();
        let (manifest, _) = library.image("amd64");
        let mut index = library.index(&[manifest; 8]);
        let media = "application/vnd.oci.image.index.v1+json";
        for _ in 0..9 {
            let children: Vec<_> = (0..8).map(|_| json!({"mediaType": media, "digest": index, "size": 1})).collect();
            index = library.add(&json!({"schemaVersion": 2, "manifests": children}));
        }
        assert!(matches!(library.identify(index), Err(ImageError::Refused { .. })));
    }
}
