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
    archive,
    contents::Contents,
    document::{Descriptor, Document, Manifest},
    error::ImageError,
    feed::{self, Meter},
    index, inline,
    json::JsonProblem,
    judge::unusable,
    limits::{DOCUMENT_BYTES, HELD_BYTES, IMAGES, INDEX_DEPTH, REMEMBERED_BYTES, document_bytes},
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
        let room = document_bytes(HELD_BYTES.saturating_sub(weight));
        let Some((document, bytes)) = document(digest, fetch, room)? else { continue };
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
    let contents = feed::through(input, &mut meter, |feed| archive::read_until(feed, watch, &[], &has_enough))?;
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
    room: u64,
) -> Result<Option<(Option<Document>, u64)>, ImageError> {
    let name = names::blob_name(digest);
    let Some(bytes) = fetch(digest).map_err(|cause| ImageError::document(&name, cause.to_string()))? else {
        return Ok(None);
    };
    let found = Digest::of(&bytes);
    if found != digest {
        return Err(ImageError::document(&name, format!("its bytes have the digest {found}")));
    }
    if bytes.len() as u64 > room {
        return Err(unusable(&name, &JsonProblem::TooLarge));
    }
    match super::document::parse(&bytes).transpose() {
        Ok(mut document) => {
            if let Some(Document::Config(config)) = &mut document {
                // Nobody asks for them here, and many documents are held at once.
                config.forget_told();
            }
            Ok(Some((document, bytes.len() as u64)))
        }
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
                        if is_marked
                            && manifest.is_attestation()
                            && identity.built_for.as_ref().is_some_and(Platform::is_unknown) =>
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
mod tests;
