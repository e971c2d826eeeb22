//! Why no image could be measured.

use std::io;

use super::codec;
use crate::domain::{
    digest::DigestError,
    text::{clean, clean_to},
};

/// Longest text from an archive or an engine that an error repeats.
const SHOWN: usize = 300;

/// Why an archive or layout gave no measurement at all. As soon as one image can be told, its state says the rest.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file or folder could not be opened or listed.
    #[error("cannot open `{path}`: {cause}; {step}", step = self.step())]
    Open {
        /// The path, made safe to show.
        path: String,
        /// The operating system's answer.
        cause: io::Error,
    },
    /// The stream failed, or its compression is damaged.
    #[error("cannot read the archive beyond byte {offset}: {cause}; {step}", step = self.step())]
    Read {
        /// Bytes of the (uncompressed) archive before the failure.
        offset: u64,
        /// What the source or the decompressor said.
        cause: io::Error,
    },
    /// The stream ended before two zero blocks.
    #[error(
        "the archive ends at byte {offset} without its end-of-archive marker: it is truncated; {step}",
        step = self.step()
    )]
    Truncated {
        /// Bytes of the (uncompressed) archive.
        offset: u64,
    },
    /// The bytes are no tar archive, or a member breaks its rules.
    #[error("the archive is malformed at byte {offset}: {problem}; {step}", step = self.step())]
    Malformed {
        /// Where, in the (uncompressed) archive.
        offset: u64,
        /// Which rule is broken.
        problem: String,
    },
    /// A document that must be understood is not.
    #[error("cannot read the archive's `{member}`: {problem}; {step}", step = self.step())]
    Document {
        /// The member, made safe to show.
        member: String,
        /// Why.
        problem: String,
    },
    /// A sound archive of something else.
    #[error("the archive holds no image: {problem}; {step}", step = self.step())]
    NoImage {
        /// What it holds instead.
        problem: String,
    },
    /// Two programs could load two different images from it.
    #[error("the archive can be read in two ways: {problem}; {step}", step = self.step())]
    Ambiguous {
        /// The two ways.
        problem: String,
    },
    /// A bound is exceeded, or something in it is never part of an image archive.
    #[error("the archive is refused: {problem}; {step}", step = self.step())]
    Refused {
        /// The bound and what exceeds it.
        problem: String,
    },
    /// The whole archive is compressed in a way that is not read.
    #[error(
        "the archive is refused: it is compressed with {packing}; gzip, and zstd with windows up to 32 MiB (8 MiB around the whole file, less beside many members), are read; {step}",
        step = self.step()
    )]
    Packed {
        /// Which way.
        packing: String,
    },
    /// The engine reported its own failure inside the stream (HTTP 200 was sent long before).
    #[error("the engine could not save the image: {message}; {step}", step = self.step())]
    Engine {
        /// The engine's words, made safe to show.
        message: String,
    },
    /// Content is named by another algorithm than SHA-256.
    #[error("cannot measure what `{member}` names: {cause}; {step}", step = self.step())]
    DigestAlgorithm {
        /// The member, made safe to show.
        member: String,
        /// The digest.
        cause: DigestError,
    },
    /// The watch asked to stop.
    #[error("measuring was cancelled")]
    Cancelled,
}

impl ImageError {
    /// The code of `daochain.error/1`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open { .. }
            | Self::Read { .. }
            | Self::Truncated { .. }
            | Self::Malformed { .. }
            | Self::Document { .. }
            | Self::NoImage { .. } => "archive-unreadable",
            Self::Ambiguous { .. } => "archive-ambiguous",
            Self::Refused { .. } | Self::Packed { .. } => "archive-refused",
            Self::Engine { .. } => "engine-error",
            Self::DigestAlgorithm { .. } => "digest-algorithm",
            Self::Cancelled => "cancelled",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, never on an archive's or an engine's words, and
    /// ends the sentence.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Open { .. } => Some("check the path and who may read it"),
            Self::Read { .. } | Self::Truncated { .. } | Self::Malformed { .. } | Self::Document { .. } => {
                Some("save the image again")
            }
            Self::NoImage { .. } => Some("save an image with a current `docker save` (not `docker export`)"),
            Self::Ambiguous { .. } => Some("do not load it, and ask its maker for a sound one"),
            Self::Refused { .. } => Some("ask its maker for one that `docker save` wrote"),
            Self::Packed { .. } => Some("unpack it first"),
            Self::Engine { .. } => Some("check that the engine holds all of it, or pull it again"),
            Self::DigestAlgorithm { .. } => Some("ask its maker for one with SHA-256 digests"),
            Self::Cancelled => None,
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }

    /// True for what keeps one image from being told, and says nothing of others in the archive.
    pub(super) const fn is_of_one_image(&self) -> bool {
        matches!(self, Self::Document { .. } | Self::DigestAlgorithm { .. } | Self::Packed { .. })
    }

    pub(super) fn open(path: &std::path::Path, cause: io::Error) -> Self {
        Self::Open { path: clean(&path.display().to_string()), cause }
    }

    pub(super) fn document(member: &str, problem: impl Into<String>) -> Self {
        Self::Document { member: shown(member), problem: problem.into() }
    }

    pub(super) fn algorithm(member: &str, cause: DigestError) -> Self {
        Self::DigestAlgorithm { member: shown(member), cause }
    }

    pub(super) fn malformed(offset: u64, problem: impl Into<String>) -> Self {
        Self::Malformed { offset, problem: problem.into() }
    }

    pub(super) fn ambiguous(problem: impl Into<String>) -> Self {
        Self::Ambiguous { problem: problem.into() }
    }

    pub(super) fn refused(problem: impl Into<String>) -> Self {
        Self::Refused { problem: problem.into() }
    }

    pub(super) fn packing(name: &str) -> Self {
        Self::Packed { packing: name.to_owned() }
    }

    /// What a failed read means: errors of this room travel inside [`io::Error`] through the decompressors.
    pub(super) fn from_read(offset: u64, error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated { offset },
            Err(error) if codec::is_large_window(&error) => Self::packing(codec::LARGE_WINDOW),
            Err(cause) => Self::Read { offset, cause },
        }
    }
}

impl From<ImageError> for io::Error {
    fn from(error: ImageError) -> Self {
        Self::other(error)
    }
}

/// A text from outside as an error may repeat it.
pub(super) fn shown(text: &str) -> String {
    clean_to(text, SHOWN)
}
