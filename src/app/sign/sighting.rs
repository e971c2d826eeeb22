//! What a registry serves now, as an observer would attest it.

use crate::domain::{Address, image::KindedDigest, verdict::Verdict};

/// How a name is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// How closely.
    pub depth: Depth,
    /// What the observer said last is said again, though it is the same.
    pub again: bool,
}

/// How closely a registry is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// Indexes and manifests are read and hashed; what they name is the registry's claim.
    #[default]
    Manifests,
    /// Every byte of every layer is, too.
    Layers,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Configurations, manifests and the index, each once.
    pub digests: Vec<KindedDigest>,
    /// Whose word it was compared with.
    pub observer: Address,
    /// What that word was.
    pub said: Said,
    /// What the trust policy makes of it, with what its observers saw; `None` where that could not be told.
    pub verdict: Option<Verdict>,
    /// Why what the name leads to no longer may have gone unnoticed.
    pub doubt: Option<String>,
}

/// What an observer said last, beside what is seen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Something else, or nothing.
    Otherwise,
    /// The same.
    Same,
    /// It took back some of it, and can never say it again.
    Withdrawn,
}
