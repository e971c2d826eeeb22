//! Images as a source lists them, before or after measuring.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    digest::{Digest, DigestKind},
    reference::Reference,
    time::Timestamp,
};

/// Exports of one engine at once: a third stream makes the first two slower and nothing faster.
pub const EXPORTS_AT_ONCE: usize = 2;

/// Where an image was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The Docker (or Podman) engine.
    Engine,
    /// An archive file, in a folder given with `--archives` or by itself.
    Archive(PathBuf),
}

/// What identifies an image among all that are listed: the engine's ID, or the archive's path and the image's position in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageId {
    /// Where it is.
    pub source: Source,
    /// The engine's `Id` (`sha256:…`), or the position within the archive.
    pub id: String,
}

/// How much a digest is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceLevel {
    /// The engine said so; nothing was hashed here.
    Claimed,
    /// The manifest that the engine names, and the configuration behind it, were hashed in this process; the layers were
    /// not.
    Identified,
    /// Configuration and every layer were hashed in this process.
    Measured,
}

impl EvidenceLevel {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Identified => "identified",
            Self::Measured => "measured",
        }
    }

    /// True when every byte of the image was hashed.
    #[must_use]
    pub const fn is_measured(self) -> bool {
        matches!(self, Self::Measured)
    }
}

/// A digest and what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindedDigest {
    /// What it stands for.
    pub kind: DigestKind,
    /// The digest.
    pub digest: Digest,
}

/// An index that leads to several images: one for each platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SharedIndex {
    /// Its digest.
    pub digest: Digest,
    /// How many images it leads to, whether they are here or not; zero where that is not known.
    pub images: usize,
}

/// What is known of an image's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Its digests. The configuration's is among them unless an engine of the containerd kind was only asked, not measured.
    Known {
        /// How they are known.
        level: EvidenceLevel,
        /// The configuration's digest first where it is known.
        digests: Vec<KindedDigest>,
        /// Those of them that lead to other images as well.
        shared: Vec<SharedIndex>,
    },
    /// The content contradicts itself: a layer or configuration has another digest than the image says.
    Corrupt {
        /// One sentence: which member, expected and found.
        problem: String,
        /// The digest that the configuration really has, where it could be read.
        config: Option<Digest>,
    },
    /// Nothing could be read.
    Unreadable {
        /// One sentence: what was tried, and the cause.
        cause: String,
    },
}

impl Evidence {
    /// Digests that lead to one image.
    #[must_use]
    pub const fn known(level: EvidenceLevel, digests: Vec<KindedDigest>) -> Self {
        Self::Known { level, digests, shared: Vec::new() }
    }

    /// Measured evidence of one configuration digest.
    #[must_use]
    pub fn measured(config: Digest) -> Self {
        Self::known(EvidenceLevel::Measured, vec![KindedDigest { kind: DigestKind::Config, digest: config }])
    }

    /// Measured evidence of a file that is no image.
    #[must_use]
    pub fn document(bytes: &[u8]) -> Self {
        let digest = Digest::of(bytes);
        Self::known(EvidenceLevel::Measured, vec![KindedDigest { kind: DigestKind::Document, digest }])
    }

    /// True where a digest is known that every release of this content must hold: its configuration's, or the file's own.
    #[must_use]
    pub fn identifies(&self) -> bool {
        let is_own = |kinded: &KindedDigest| matches!(kinded.kind, DigestKind::Config | DigestKind::Document);
        self.digests().iter().any(is_own)
    }

    /// The configuration digest, where it is known.
    #[must_use]
    pub fn config_digest(&self) -> Option<Digest> {
        match self {
            Self::Known { digests, .. } => {
                digests.iter().find(|kinded| kinded.kind == DigestKind::Config).map(|kinded| kinded.digest)
            }
            Self::Corrupt { config, .. } => *config,
            Self::Unreadable { .. } => None,
        }
    }

    /// The layers' content as one (*ChainID*), where it was measured. It identifies no image: another configuration may run
    /// the same layers in another way.
    #[must_use]
    pub fn layers(&self) -> Option<KindedDigest> {
        self.digests().iter().find(|kinded| kinded.kind == DigestKind::ChainId).copied()
    }

    /// Every digest that a record may be looked up for.
    #[must_use]
    pub fn digests(&self) -> &[KindedDigest] {
        match self {
            Self::Known { digests, .. } => digests,
            Self::Corrupt { .. } | Self::Unreadable { .. } => &[],
        }
    }

    /// The indexes among its digests that lead to other images as well.
    #[must_use]
    pub fn shared(&self) -> &[SharedIndex] {
        match self {
            Self::Known { shared, .. } => shared,
            Self::Corrupt { .. } | Self::Unreadable { .. } => &[],
        }
    }

    /// The digests that a publisher states of this image in a release: the configuration's first, then the manifests and
    /// indexes that lead to it and to nothing else, since nobody vouches for what was not looked at.
    #[must_use]
    pub fn releasable(&self) -> Vec<KindedDigest> {
        let is_shared = |digest: Digest| self.shared().iter().any(|index| index.digest == digest);
        self.revocable().into_iter().filter(|kinded| !is_shared(kinded.digest)).collect()
    }

    /// The digests that a publisher withdraws with this image: the configuration's first, then all manifests and indexes
    /// that lead to it. An index may take other platforms' images with it.
    #[must_use]
    pub fn revocable(&self) -> Vec<KindedDigest> {
        let is_statable = |kinded: &&KindedDigest| {
            matches!(kinded.kind, DigestKind::Config | DigestKind::Manifest | DigestKind::Index)
        };
        let mut digests: Vec<_> = self.digests().iter().filter(is_statable).copied().collect();
        digests.sort();
        digests.dedup();
        digests
    }

    /// How much it is worth. What could not be read is worth what was claimed: nothing was measured.
    #[must_use]
    pub const fn level(&self) -> EvidenceLevel {
        match self {
            Self::Known { level, .. } => *level,
            Self::Corrupt { .. } => EvidenceLevel::Measured,
            Self::Unreadable { .. } => EvidenceLevel::Claimed,
        }
    }
}

/// An image of an engine or an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalImage {
    /// What identifies it here.
    pub id: ImageId,
    /// Its names. Empty for an image that lost its tag to another.
    pub references: Vec<Reference>,
    /// Bytes, as the source counts them.
    pub size: u64,
    /// When it was built, as it says itself.
    pub created: Option<Timestamp>,
    /// `linux/amd64`, `linux/arm64/v8`: made safe to show.
    pub platform: Option<String>,
    /// The engine's name and version (`docker 20.10.24`), or `archive`.
    pub engine: String,
    /// What is known of its content.
    pub evidence: Evidence,
}
