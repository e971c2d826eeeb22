//! Content that a descriptor carries in itself (OCI image-spec, `descriptor.md`, *Embedded content*).
//!
//! An engine may take it in the place of the blob. So it must be what the descriptor's digest says, as the blob must; what
//! is embedded and differs from the blob beside it would be two images in one archive.

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};

use super::{
    contents::{Contents, Member},
    document::{Descriptor, Document},
    error::{ImageError, shown},
    limits::{IMAGES, INDEX_DEPTH},
    member::MemberHash,
    names,
};
use crate::domain::{digest::Digest, progress::Watch};

/// Puts every embedded content beside the members, under the name of its blob. Embedded documents may embed others.
pub(super) fn expand(contents: &mut Contents, watch: &dyn Watch) -> Result<(), ImageError> {
    let mut embedded = of_documents(contents.documents())?;
    for _ in 0..=INDEX_DEPTH {
        if embedded.is_empty() {
            return Ok(());
        }
        let mut next = Vec::new();
        for (digest, bytes) in std::mem::take(&mut embedded) {
            let name = names::blob_name(digest);
            let mut hash = MemberHash::new(bytes.len() as u64, contents, watch);
            hash.push(&bytes)?;
            let blob = hash.finish()?;
            if contents.file(&name).is_some_and(|known| known.digest == blob.digest) {
                continue;
            }
            if contents.has(&name) {
                return Err(ImageError::ambiguous(format!(
                    "a descriptor embeds other content than `{}`",
                    shown(&name)
                )));
            }
            if let Some(Ok(document)) = blob.document() {
                next.extend(of_documents(std::iter::once(document))?);
            }
            contents.count(&name)?;
            contents.add(name, Member::File(blob))?;
        }
        embedded = next;
    }
    Err(ImageError::refused(format!("its embedded documents are nested deeper than {INDEX_DEPTH}")))
}

/// The digest that each embedded content should have, and its bytes.
fn of_documents<'d>(documents: impl Iterator<Item = &'d Document>) -> Result<Vec<(Digest, Vec<u8>)>, ImageError> {
    let mut found = Vec::new();
    for descriptor in documents.flat_map(descriptors) {
        let Some(Ok(bytes)) = embedded(descriptor) else { continue };
        if found.len() == IMAGES {
            return Err(ImageError::refused(format!("more than {IMAGES} of its descriptors embed content")));
        }
        // A descriptor of another algorithm is told where it is used.
        let Ok(digest) = descriptor.digest.get("") else { continue };
        found.push((digest, bytes));
    }
    Ok(found)
}

/// The content that a descriptor embeds, if it does.
pub(super) fn embedded(descriptor: &Descriptor) -> Option<Result<Vec<u8>, DecodeError>> {
    // Go takes an empty text for none.
    descriptor.data.as_deref().filter(|data| !data.is_empty()).map(|data| STANDARD.decode(data))
}

/// Bytes that a document's descriptors embed, as they are written.
pub(super) fn weight(document: &Document) -> usize {
    descriptors(document).into_iter().filter_map(|it| it.data.as_ref()).map(String::len).sum()
}

/// Every descriptor of a document.
pub(super) fn descriptors(document: &Document) -> Vec<&Descriptor> {
    match document {
        Document::Manifest(manifest) => std::iter::once(&manifest.config).chain(&manifest.layers).collect(),
        Document::Index(children) => children.iter().collect(),
        Document::Saves(_) | Document::Config(_) => Vec::new(),
    }
}
