//! Hashing one member as it passes.

use sha2::{Digest as _, Sha256};

use super::{
    codec::{LARGE_WINDOW, MAGIC_BYTES, Packing, Unpacker, is_large_window, packing},
    contents::{Blob, Content, Contents},
    document,
    error::ImageError,
    files::Lister,
    json::JsonProblem,
    limits::{document_bytes, layer_window_log},
};
use crate::domain::{digest::Digest, progress::Watch, text::clean_to};

/// Takes a member's bytes chunk by chunk. One pass gives the digest of the stored bytes, the digest of the unpacked ones
/// where they differ, and the document where the bytes are JSON.
pub(super) struct MemberHash<'w> {
    watch: &'w dyn Watch,
    /// Bytes that may be taken beside what is held already.
    room: usize,
    stored: Sha256,
    bytes: u64,
    size: u64,
    taking: Taking<'w>,
    /// Lists what is not packed; what is packed its unpacker lists.
    lister: Option<Box<Lister>>,
}

enum Taking<'w> {
    /// Too few bytes to tell.
    Unknown(Vec<u8>),
    Plain,
    Packed(Unpacker<'w>),
    Damaged(Box<str>),
    Unsupported(&'static str),
    Json(Vec<u8>),
    LargeJson,
}

impl<'w> MemberHash<'w> {
    /// For a member of `size` bytes that comes to `contents`.
    pub(super) fn new(size: u64, contents: &Contents, watch: &'w dyn Watch) -> Self {
        Self {
            watch,
            room: contents.room(),
            stored: Sha256::new(),
            bytes: 0,
            size,
            taking: Taking::Unknown(Vec::new()),
            lister: contents.lister(),
        }
    }

    /// The next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        self.stored.update(bytes);
        self.bytes += bytes.len() as u64;
        let Taking::Unknown(head) = &mut self.taking else { return self.push_content(bytes) };
        let missing = (MAGIC_BYTES - head.len()).min(bytes.len());
        head.extend_from_slice(&bytes[..missing]);
        if head.len() < MAGIC_BYTES {
            return Ok(());
        }
        self.recognise()?;
        self.push_content(&bytes[missing..])
    }

    /// Decides what the bytes are and hands on those that were held back.
    fn recognise(&mut self) -> Result<(), ImageError> {
        let Taking::Unknown(head) = &mut self.taking else { return Ok(()) };
        let head = std::mem::take(head);
        self.taking = match packing(&head) {
            Packing::Other(name) => Taking::Unsupported(name),
            packed @ (Packing::Gzip | Packing::Zstd) => {
                match Unpacker::new(packed, layer_window_log(self.room), self.watch, self.lister.take()) {
                    Ok(Some(unpacker)) => Taking::Packed(unpacker),
                    Ok(None) => Taking::Plain,
                    Err(cause) => Taking::Damaged(cause.to_string().into()),
                }
            }
            // White space may precede; a layer that begins like this is hashed all the same.
            Packing::Plain => match head.trim_ascii_start() {
                [] | [b'{' | b'[', ..] if self.size > document_bytes(self.room) => Taking::LargeJson,
                [] | [b'{' | b'[', ..] => {
                    Taking::Json(Vec::with_capacity(usize::try_from(self.size).unwrap_or_default()))
                }
                _ => Taking::Plain,
            },
        };
        self.push_content(&head)
    }

    fn push_content(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        if let Some(lister) = &mut self.lister {
            lister.push(bytes);
        }
        match &mut self.taking {
            Taking::Packed(unpacker) => {
                if let Err(error) = unpacker.push(bytes) {
                    self.taking = if is_large_window(&error) {
                        Taking::Unsupported(LARGE_WINDOW)
                    } else {
                        Taking::Damaged(damage(error)?)
                    };
                }
            }
            // A file that grows as it is read is no larger a document for it.
            Taking::Json(text) if text.len() + bytes.len() > text.capacity() => self.taking = Taking::LargeJson,
            Taking::Json(text) => text.extend_from_slice(bytes),
            _ => {}
        }
        Ok(())
    }

    /// What the member is, after its last byte.
    pub(super) fn finish(mut self) -> Result<Blob, ImageError> {
        self.recognise()?;
        let mut inside_lister = None;
        let content = match self.taking {
            Taking::Packed(unpacker) => match unpacker.finish() {
                Ok((digest, bytes, lister)) => {
                    inside_lister = lister.map(|lister| lister.finish(digest));
                    Content::Packed(Box::new((digest, bytes)))
                }
                Err(error) => Content::Damaged(damage(error)?),
            },
            Taking::Damaged(cause) => Content::Damaged(cause),
            Taking::Unsupported(name) => Content::Unsupported(name),
            // Nothing at all is no document, rather than a damaged one.
            Taking::Json(text) if text.trim_ascii().is_empty() => Content::Plain,
            Taking::Json(text) => {
                document::parse(&text).map_or(Content::Json, |document| Content::Document(Box::new(document)))
            }
            Taking::LargeJson => Content::Document(Box::new(Err(JsonProblem::TooLarge))),
            Taking::Plain | Taking::Unknown(_) => Content::Plain,
        };
        let digest = Digest::from_bytes(self.stored.finalize().into());
        let files = inside_lister.or_else(|| self.lister.map(|lister| lister.finish(digest)));
        Ok(Blob { digest, bytes: self.bytes, content, files: files.map(Box::new) })
    }
}

/// The sentence about a damaged stream; `Err` when it was this room that stopped it.
fn damage(error: std::io::Error) -> Result<Box<str>, ImageError> {
    match error.downcast::<ImageError>() {
        Ok(own) => Err(own),
        Err(cause) => Ok(clean_to(&cause.to_string(), 200).into()),
    }
}
