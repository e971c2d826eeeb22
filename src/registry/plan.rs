//! What a tag leads to, from the documents alone.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use super::{
    Child, Outline, RegistryError, Repository,
    client::{DOCUMENT_BYTES, Document},
};
use crate::domain::{Digest, Platform, Reference, text::clean_to};

/// Manifests and indexes that may wait to be read.
const DOCUMENTS: usize = 4096;
/// Configurations and layers behind one tag.
const BLOBS: usize = 32_768;
/// Characters of a platform or a media type that are kept.
const SHOWN: usize = 100;
/// Indexes within indexes.
const DEPTH: usize = 8;

const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const MANIFEST_TYPES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/// Everything behind a tag that there is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Digest of what the tag names, hashed here.
    pub root: Digest,
    /// Its media type, as the registry gives it.
    pub media_type: String,
    /// Manifests and indexes, the root first, by the digests that they have.
    pub documents: Vec<(Digest, Vec<u8>)>,
    /// Configurations and layers: the digests that they should have, and their sizes.
    pub blobs: Vec<(Digest, u64)>,
}

impl Plan {
    /// Bytes of everything.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let documents = self.documents.iter().map(|(_, bytes)| bytes.len() as u64);
        documents.chain(self.blobs.iter().map(|(_, size)| *size)).fold(0, u64::saturating_add)
    }
}

/// What is used of a manifest or an index.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    manifests: Descriptors,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Descriptors,
}

/// As many as an image may have, and an error at the next: they take more memory than text.
#[derive(Default)]
struct Descriptors(Vec<Descriptor>);

impl<'de> Deserialize<'de> for Descriptors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Descriptors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of descriptors")
            }

            fn visit_unit<E>(self) -> Result<Descriptors, E> {
                Ok(Descriptors::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Descriptors, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    if all.len() == BLOBS {
                        return Err(A::Error::custom("more descriptors than an image has"));
                    }
                    all.push(item);
                }
                Ok(Descriptors(all))
            }
        }
        deserializer.deserialize_any(List)
    }
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    platform: Option<Words>,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
}

impl Words {
    fn text(&self) -> String {
        let variant = if self.variant.is_empty() { String::new() } else { format!("/{}", self.variant) };
        clean_to(&format!("{}/{}{variant}", self.os, self.architecture), SHOWN)
    }
}

impl Repository {
    /// Reads what the tag names, and every manifest behind it whose platform is `wanted`. What the registry does not hold is
    /// left out: whoever judges sees that it is missing.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchImage`] when the tag names nothing; as for every request; and beyond the bounds.
    pub async fn plan(&self, wanted: &(dyn Fn(&Platform) -> bool + Sync)) -> Result<Plan, RegistryError> {
        let reference = self.reference();
        let absent = || RegistryError::NoSuchImage {
            name: reference.familiar().to_owned(),
            registry: reference.registry().to_owned(),
        };
        let found = self.document(reference.tag(), DOCUMENT_BYTES).await?.ok_or_else(absent)?;
        let Document { bytes, media_type, .. } = found;
        let call = self.call(format!("read `{}`", reference.familiar()));
        if !INDEX_TYPES.contains(&media_type.as_str()) && !MANIFEST_TYPES.contains(&media_type.as_str()) {
            return Err(call.malformed(&format!("it is of the type `{media_type}`, which no image has")));
        }
        let root = Digest::of(&bytes);
        let mut walk = Walk::new(reference);
        walk.take(root, bytes, wanted, 0).map_err(|error| error.told(&call))?;
        while let Some((digest, depth)) = walk.next() {
            let room = DOCUMENT_BYTES.saturating_sub(walk.held);
            let Some(Document { bytes, .. }) = self.document(&digest.to_string(), room).await? else { continue };
            if Digest::of(&bytes) != digest {
                // They lead nowhere, and whoever hashes them finds them out.
                walk.keep(digest, bytes);
                continue;
            }
            walk.take(digest, bytes, wanted, depth).map_err(|error| error.told(&call))?;
        }
        Ok(Plan { root, media_type, documents: walk.documents, blobs: walk.blobs })
    }
}

/// What a manifest or index says of itself.
pub(super) fn outline(bytes: &[u8], reference: &Reference) -> Result<Outline, Problem> {
    let parts = parts(bytes)?;
    let digest = |descriptor: &Descriptor| digest_of(descriptor, reference);
    let Some(config) = parts.config else {
        if parts.manifests.0.is_empty() {
            return Err(Problem::Malformed("it leads to no image"));
        }
        let child = |child: &Descriptor| {
            let platform = child.platform.as_ref();
            Ok(Child {
                digest: digest(child)?,
                media_type: clean_to(&child.media_type, SHOWN),
                is_attestation: platform
                    .is_some_and(|it| Platform::new(&it.os, &it.architecture, "", false).is_unknown()),
                platform: platform.map(Words::text),
            })
        };
        return Ok(Outline::Index(parts.manifests.0.iter().map(child).collect::<Result<_, _>>()?));
    };
    for layer in &parts.layers.0 {
        digest(layer)?;
    }
    let bytes = parts.layers.0.iter().map(|layer| layer.size).fold(config.size, u64::saturating_add);
    Ok(Outline::Manifest { config: digest(&config)?, bytes })
}

fn parts(bytes: &[u8]) -> Result<Parts, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|_| Problem::Malformed("it is no manifest and no index, or one of more descriptors than an image has"))
}

fn digest_of(descriptor: &Descriptor, reference: &Reference) -> Result<Digest, Problem> {
    let registry = || reference.registry().to_owned();
    descriptor.digest.parse().map_err(|cause| Problem::Algorithm(cause, registry()))
}

/// Why what is behind a tag cannot be read.
pub(super) enum Problem {
    Malformed(&'static str),
    Algorithm(crate::domain::digest::DigestError, String),
}

impl Problem {
    pub(super) fn told(self, call: &super::error::Call) -> RegistryError {
        match self {
            Self::Malformed(cause) => call.malformed(cause),
            Self::Algorithm(cause, registry) => RegistryError::DigestAlgorithm { registry, cause },
        }
    }
}

struct Walk<'r> {
    reference: &'r Reference,
    /// Manifests to ask for, and how many indexes lead there.
    waiting: Vec<(Digest, usize)>,
    known: BTreeSet<Digest>,
    documents: Vec<(Digest, Vec<u8>)>,
    blobs: Vec<(Digest, u64)>,
    held: usize,
}

impl<'r> Walk<'r> {
    fn new(reference: &'r Reference) -> Self {
        let (waiting, known, documents, blobs) = (Vec::new(), BTreeSet::new(), Vec::new(), Vec::new());
        Self { reference, waiting, known, documents, blobs, held: 0 }
    }

    fn next(&mut self) -> Option<(Digest, usize)> {
        self.waiting.pop()
    }

    fn keep(&mut self, digest: Digest, bytes: Vec<u8>) {
        self.known.insert(digest);
        self.held += bytes.len();
        self.documents.push((digest, bytes));
    }

    /// Takes a document in, and notes what it leads to.
    fn take(
        &mut self,
        digest: Digest,
        bytes: Vec<u8>,
        wanted: &(dyn Fn(&Platform) -> bool + Sync),
        depth: usize,
    ) -> Result<(), Problem> {
        let parts = parts(&bytes)?;
        self.keep(digest, bytes);
        for child in parts.manifests.0 {
            if !is_wanted(&child, wanted) {
                continue;
            }
            let digest = self.digest(&child)?;
            if self.known.insert(digest) {
                self.waiting.push((digest, depth + 1));
            }
        }
        if self.known.len() > DOCUMENTS + BLOBS || self.waiting.len() > DOCUMENTS || depth > DEPTH {
            return Err(Problem::Malformed("it leads to more manifests than an image has"));
        }
        for blob in parts.config.into_iter().chain(parts.layers.0) {
            let digest = self.digest(&blob)?;
            if self.known.insert(digest) {
                self.blobs.push((digest, blob.size));
            }
        }
        if self.blobs.len() > BLOBS {
            return Err(Problem::Malformed("it leads to more layers than images have"));
        }
        Ok(())
    }

    fn digest(&self, descriptor: &Descriptor) -> Result<Digest, Problem> {
        digest_of(descriptor, self.reference)
    }
}

/// Attestations come along: an index is understood only with them.
fn is_wanted(child: &Descriptor, wanted: &(dyn Fn(&Platform) -> bool + Sync)) -> bool {
    let media_type = child.media_type.as_str();
    let is_walked = INDEX_TYPES.contains(&media_type) || MANIFEST_TYPES.contains(&media_type);
    let platform = child.platform.as_ref().map(|it| Platform::new(&it.os, &it.architecture, &it.variant, false));
    is_walked && platform.is_none_or(|platform| platform.is_unknown() || wanted(&platform))
}
