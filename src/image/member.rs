//! Hashing one member as it passes.

use sha2::{Digest as _, Sha256};

use super::{
    codec::{LARGE_WINDOW, MAGIC_BYTES, Packing, Unpacker, is_large_window, packing},
    contents::{Blob, Unpacked},
    document,
    error::ImageError,
    json::JsonProblem,
    limits::DOCUMENT_BYTES,
};
use crate::domain::{digest::Digest, progress::Watch, text::clean_to};

/// Takes a member's bytes chunk by chunk. One pass gives the digest of the stored bytes, the digest of the unpacked ones
/// where they differ, and the document where the bytes are JSON.
pub(super) struct MemberHash<'w> {
    watch: &'w dyn Watch,
    stored: Sha256,
    bytes: u64,
    size: u64,
    content: Content<'w>,
}

enum Content<'w> {
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
    /// For a member of `size` bytes.
    pub(super) fn new(size: u64, watch: &'w dyn Watch) -> Self {
        Self { watch, stored: Sha256::new(), bytes: 0, size, content: Content::Unknown(Vec::new()) }
    }

    /// The next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        self.stored.update(bytes);
        self.bytes += bytes.len() as u64;
        let Content::Unknown(head) = &mut self.content else { return self.push_content(bytes) };
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
        let Content::Unknown(head) = &mut self.content else { return Ok(()) };
        let head = std::mem::take(head);
        self.content = match packing(&head) {
            Packing::Other(name) => Content::Unsupported(name),
            packed @ (Packing::Gzip | Packing::Zstd) => match Unpacker::new(packed, self.watch) {
                Ok(Some(unpacker)) => Content::Packed(unpacker),
                Ok(None) => Content::Plain,
                Err(cause) => Content::Damaged(cause.to_string().into()),
            },
            // White space may precede; a layer that begins like this is hashed all the same.
            Packing::Plain => match head.trim_ascii_start() {
                [] | [b'{' | b'[', ..] if self.size > DOCUMENT_BYTES => Content::LargeJson,
                [] | [b'{' | b'[', ..] => Content::Json(Vec::new()),
                _ => Content::Plain,
            },
        };
        self.push_content(&head)
    }

    fn push_content(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        match &mut self.content {
            Content::Packed(unpacker) => {
                if let Err(error) = unpacker.push(bytes) {
                    self.content = if is_large_window(&error) {
                        Content::Unsupported(LARGE_WINDOW)
                    } else {
                        Content::Damaged(damage(error)?)
                    };
                }
            }
            Content::Json(text) => text.extend_from_slice(bytes),
            _ => {}
        }
        Ok(())
    }

    /// What the member is, after its last byte.
    pub(super) fn finish(mut self) -> Result<Blob, ImageError> {
        self.recognise()?;
        let mut document = None;
        let unpacked = match self.content {
            Content::Packed(unpacker) => match unpacker.finish() {
                Ok(content) => Unpacked::To(Box::new(content)),
                Err(error) => Unpacked::Damaged(damage(error)?),
            },
            Content::Damaged(cause) => Unpacked::Damaged(cause),
            Content::Unsupported(name) => Unpacked::Unsupported(name),
            Content::Json(text) => {
                document = document::parse(&text).map(Box::new);
                Unpacked::Same
            }
            Content::LargeJson => {
                document = Some(Box::new(Err(JsonProblem::TooLarge)));
                Unpacked::Same
            }
            Content::Plain | Content::Unknown(_) => Unpacked::Same,
        };
        let digest = Digest::from_bytes(self.stored.finalize().into());
        Ok(Blob { digest, bytes: self.bytes, unpacked, document })
    }
}

/// The sentence about a damaged stream; `Err` when it was this room that stopped it.
fn damage(error: std::io::Error) -> Result<Box<str>, ImageError> {
    match error.downcast::<ImageError>() {
        Ok(own) => Err(own),
        Err(cause) => Ok(clean_to(&cause.to_string(), 200).into()),
    }
}
