//! What is wished for of images, by whoever types it.

use std::path::PathBuf;

use super::Reference;

/// Where the digests of a release come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the images that are here under the name.
    Here,
    /// From what the name's registry serves: every byte is read and hashed, nothing is pulled.
    Registry,
    /// From an archive file, or a folder in the OCI layout.
    Archive(PathBuf),
}

/// A release of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseWish {
    /// Which.
    pub reference: Reference,
    /// From where.
    pub origin: Origin,
    /// Every platform's image, and not this machine's alone.
    pub all_platforms: bool,
    /// The layers' ChainID, too.
    pub with_layers: bool,
}

/// What a release becomes beside those that its publisher made before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Making {
    /// A version of its own, unless the same is current.
    #[default]
    New,
    /// A part of the current version.
    Amended,
    /// A version of its own, though the same is current.
    Again,
}

impl Making {
    /// The next of them, around the end.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::New => Self::Amended,
            Self::Amended => Self::Again,
            Self::Again => Self::New,
        }
    }
}

/// What is to be pulled, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullWish {
    /// The name.
    pub reference: Reference,
    /// `linux/arm64`; the engine's own without it.
    pub platform: Option<String>,
    /// Pull what the policy refuses, too. Content that contradicts itself is refused all the same.
    pub overridden: bool,
}

impl PullWish {
    /// The engine's own platform of the name, as the policy allows.
    #[must_use]
    pub const fn of(reference: Reference) -> Self {
        Self { reference, platform: None, overridden: false }
    }
}
