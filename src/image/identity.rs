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
    document::{Descriptor, Document, Manifest},
    error::ImageError,
    feed::{self, Meter},
    index, inline,
    judge::unusable,
    limits::{DOCUMENT_BYTES, IMAGES, INDEX_DEPTH, REMEMBERED_BYTES},
    names,
};
use crate::domain::{Platform, Timestamp, digest::Digest, measurement::MeasuredManifest, progress::Watch};

/// One image behind a manifest or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of its configuration.
    pub config: Digest,
    /// `os/architecture[/variant]` of the configuration, made safe to show.
    pub platform: Option<String>,
    /// The same as engines compare it.
    pub built_for: Option<Platform>,
    /// When it was built, as the configuration says.
    pub created: Option<Timestamp>,
    /// What the configuration says its layers are, lowest first.
    pub diff_ids: Vec<Digest>,
    /// Every layer is here, as it is stored.
    pub is_whole: bool,
    /// The manifest that names the configuration, then the indexes that lead to it, the innermost first.
    pub manifests: Vec<MeasuredManifest>,
}

impl Identity {
    /// The platform that attestations have.
    fn is_for_no_machine(&self) -> bool {
        let unknown = Platform::new("unknown", "unknown", "", false);
        self.built_for.as_ref().is_some_and(|platform| *platform == unknown)
    }
}

/// One way from the root to where an image may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The platforms that descriptors on the way give, the outermost first. Empty where none does.
    pub described: Vec<Platform>,
    /// What is at its end.
    pub behind: Behind,
}

/// What is at the end of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// An image.
    Image(Box<Identity>),
    /// A document on the way is not here: normal for platforms that were not pulled.
    Absent,
    /// Content that is no image's, or no image's that is understood.
    Unclear,
    /// Statements about another image. Engines run even these where they find nothing better.
    Attestation,
}

/// Largest document that is asked for.
pub const FETCHED_BYTES: u64 = DOCUMENT_BYTES;

/// Every branch from the manifest or index `root`, as far as `fetch` has the documents. `fetch` gives the bytes that it keeps
/// under a digest, at most [`FETCHED_BYTES`]; `has` tells whether it keeps any.
///
/// # Errors
/// When a document cannot be read, is not what its digest says, is refused or is beyond the bounds of archives.
pub fn identify(
    root: Digest,
    fetch: &dyn Fn(Digest) -> io::Result<Option<Vec<u8>>>,
    has: &dyn Fn(Digest) -> bool,
) -> Result<Vec<Branch>, ImageError> {
    let (mut documents, mut weight) = (BTreeMap::<Digest, (Option<Document>, u64)>::new(), 0);
    let mut wanted = vec![root];
    while let Some(digest) = wanted.pop() {
        if documents.contains_key(&digest) {
            continue;
        }
        if documents.len() == IMAGES {
            return Err(ImageError::refused(format!("its indexes lead to more than {IMAGES} documents")));
        }
        let Some((document, bytes)) = document(digest, fetch)? else { continue };
        weight += document.as_ref().map_or(0, Document::weight);
        if weight > REMEMBERED_BYTES {
            return Err(ImageError::refused("its manifests and configurations take more than 8 MiB together"));
        }
        match &document {
            Some(Document::Index(children)) => {
                for child in children.iter().filter(|child| index::is_walked(child)) {
                    wanted.push(child.digest.get(&names::blob_name(digest))?);
                }
            }
            Some(Document::Manifest(manifest)) => {
                wanted.push(manifest.config.digest.get(&names::blob_name(digest))?);
            }
            _ => {}
        }
        documents.insert(digest, (document, bytes));
    }
    let lookup = |digest| {
        Ok(match documents.get(&digest) {
            None => Lookup::Absent,
            Some((None, _)) => Lookup::Other,
            Some((Some(document), bytes)) => Lookup::Is(document, *bytes),
        })
    };
    branches(root, &lookup, has)
}

/// The same from an engine's export, which is read only until `is_enough` of what was found: layers that come before are read
/// over. To the end where it is never enough.
///
/// # Errors
/// As [`identify`], and when the stream cannot be read.
pub fn identify_export<R: Read>(
    input: R,
    root: Digest,
    is_enough: &(dyn Fn(&[Branch]) -> bool + Sync),
    watch: &dyn Watch,
) -> Result<Vec<Branch>, ImageError> {
    let has_enough = |contents: &Contents| branches_of(contents, root).is_ok_and(|found| is_enough(&found));
    let mut meter = Meter::new(None, watch);
    let contents =
        feed::through(input, &mut meter, |feed| archive::read_until(codec::unpacked(feed)?, watch, &has_enough))?;
    branches_of(&contents, root)
}

/// Every branch from `root` whose documents an archive holds.
pub(super) fn branches_of(contents: &Contents, root: Digest) -> Result<Vec<Branch>, ImageError> {
    branches(root, &|digest| found_in(contents, digest), &|digest| contents.file(&names::blob_name(digest)).is_some())
}

fn found_in(contents: &Contents, digest: Digest) -> Result<Lookup<'_>, ImageError> {
    let name = names::blob_name(digest);
    let Some(blob) = contents.file(&name) else { return Ok(Lookup::Absent) };
    if blob.digest != digest {
        return Err(ImageError::document(&name, format!("its bytes have the digest {}", blob.digest)));
    }
    match blob.document() {
        None => Ok(Lookup::Other),
        Some(Ok(document)) => Ok(Lookup::Is(document, blob.bytes)),
        Some(Err(problem)) => Err(unusable(&name, problem)),
    }
}

/// What a digest leads to.
enum Lookup<'d> {
    /// Nothing is known under it.
    Absent,
    /// Content that is no document of an image.
    Other,
    /// A document, and its bytes as they are stored.
    Is(&'d Document, u64),
}

fn branches<'d>(
    root: Digest,
    lookup: &dyn Fn(Digest) -> Result<Lookup<'d>, ImageError>,
    has: &dyn Fn(Digest) -> bool,
) -> Result<Vec<Branch>, ImageError> {
    let mut walk = Walk { lookup, has, visited: 0, parents: Vec::new(), described: Vec::new(), found: Vec::new() };
    walk.visit(root, None)?;
    Ok(walk.found)
}

/// The document under a digest, if it is one, and its bytes.
fn document(
    digest: Digest,
    fetch: &dyn Fn(Digest) -> io::Result<Option<Vec<u8>>>,
) -> Result<Option<(Option<Document>, u64)>, ImageError> {
    let name = names::blob_name(digest);
    let Some(bytes) = fetch(digest).map_err(|cause| ImageError::document(&name, cause.to_string()))? else {
        return Ok(None);
    };
    let found = Digest::of(&bytes);
    if found != digest {
        return Err(ImageError::document(&name, format!("its bytes have the digest {found}")));
    }
    match super::document::parse(&bytes).transpose() {
        Ok(document) => Ok(Some((document, bytes.len() as u64))),
        Err(problem) => Err(unusable(&name, &problem)),
    }
}

/// Refuses a descriptor whose content is not of its size, or that embeds other content: engines may take either for it.
fn check_content(descriptor: &Descriptor, from: &str, digest: Digest, bytes: u64) -> Result<(), ImageError> {
    if descriptor.size.is_some_and(|said| said != bytes) {
        let problem = format!("it gives `{}`, which has {bytes} bytes, another size", names::blob_name(digest));
        return Err(ImageError::document(from, problem));
    }
    match inline::embedded(descriptor) {
        Some(Ok(content)) if Digest::of(&content) == digest => Ok(()),
        Some(_) => {
            Err(ImageError::document(from, format!("it embeds other content than `{}`", names::blob_name(digest))))
        }
        None => Ok(()),
    }
}

struct Walk<'l, 'd> {
    lookup: &'l dyn Fn(Digest) -> Result<Lookup<'d>, ImageError>,
    has: &'l dyn Fn(Digest) -> bool,
    visited: usize,
    /// The indexes that lead here, the outermost first.
    parents: Vec<Digest>,
    /// The platforms that the descriptors on the way said.
    described: Vec<Platform>,
    found: Vec<Branch>,
}

impl Walk<'_, '_> {
    /// `descriptor` is what led here, and the member that holds it.
    fn visit(&mut self, digest: Digest, descriptor: Option<(&Descriptor, &str)>) -> Result<(), ImageError> {
        self.visited += 1;
        if self.visited > IMAGES || self.parents.len() > INDEX_DEPTH {
            let problem =
                format!("its indexes name more than {IMAGES} manifests, or are nested deeper than {INDEX_DEPTH}");
            return Err(ImageError::refused(problem));
        }
        let found = (self.lookup)(digest)?;
        if let (Lookup::Is(document, bytes), Some((descriptor, from))) = (&found, descriptor) {
            index::check_kind(descriptor, from, document)?;
            check_content(descriptor, from, digest, *bytes)?;
        }
        let behind = match found {
            Lookup::Is(Document::Index(children), _) => return self.index(digest, children),
            Lookup::Is(Document::Manifest(manifest), _) => {
                let is_marked = descriptor.is_some_and(|(descriptor, _)| descriptor.is_attestation());
                match self.manifest(digest, manifest)? {
                    Behind::Image(identity)
                        if is_marked && manifest.is_attestation() && identity.is_for_no_machine() =>
                    {
                        Behind::Attestation
                    }
                    behind => behind,
                }
            }
            Lookup::Is(..) | Lookup::Other => Behind::Unclear,
            Lookup::Absent => Behind::Absent,
        };
        self.found.push(Branch { described: self.described.clone(), behind });
        Ok(())
    }

    fn index(&mut self, digest: Digest, children: &[Descriptor]) -> Result<(), ImageError> {
        let name = names::blob_name(digest);
        self.parents.push(digest);
        let first = self.found.len();
        for child in children {
            let before = self.described.len();
            self.described.extend(child.built_for());
            if index::is_walked(child) {
                self.visit(child.digest.get(&name)?, Some((child, &name)))?;
            } else {
                self.found.push(Branch { described: self.described.clone(), behind: Behind::Unclear });
            }
            self.described.truncate(before);
        }
        self.parents.pop();
        let images = self.found[first..].iter().filter(|branch| branch.behind != Behind::Attestation).count();
        for branch in &mut self.found[first..] {
            let Behind::Image(identity) = &mut branch.behind else { continue };
            for index in identity.manifests.iter_mut().filter(|it| it.is_index && it.digest == digest) {
                index.images = images;
            }
        }
        Ok(())
    }

    fn manifest(&self, digest: Digest, manifest: &Manifest) -> Result<Behind, ImageError> {
        let name = names::blob_name(digest);
        let config = manifest.config.digest.get(&name)?;
        let details = match (self.lookup)(config)? {
            Lookup::Is(Document::Config(details), bytes) => {
                check_content(&manifest.config, &name, config, bytes)?;
                details
            }
            Lookup::Is(..) | Lookup::Other => return Ok(Behind::Unclear),
            Lookup::Absent => return Ok(Behind::Absent),
        };
        let indexes =
            self.parents.iter().rev().map(|index| MeasuredManifest { digest: *index, is_index: true, images: 0 });
        Ok(Behind::Image(Box::new(Identity {
            config,
            platform: details.platform.clone(),
            built_for: details.built_for.clone(),
            created: details.created,
            diff_ids: details.diff_ids.iter().map(|diff_id| diff_id.get(&name)).collect::<Result<_, _>>()?,
            is_whole: manifest.layers.iter().all(|layer| layer.digest.get(&name).is_ok_and(self.has)),
            manifests: std::iter::once(MeasuredManifest { digest, is_index: false, images: 1 })
                .chain(indexes)
                .collect(),
        })))
    }
}

#[cfg(test)]
mod tests {
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
            let config = self.add(
                &json!({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}}),
            );
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
            let children: Vec<_> = children
                .iter()
                .map(|(digest, architecture)| self.descriptor(media_type, *digest, *architecture))
                .collect();
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
}
