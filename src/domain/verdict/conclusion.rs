//! The seven conclusions: their words, exit codes and gravity.

use serde::{Deserialize, Serialize};

/// The conclusion, without its circumstances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// A trusted publisher's current release holds the digest.
    Verified,
    /// An older release holds it.
    Outdated,
    /// Its publisher withdrew it.
    Revoked,
    /// A trusted publisher released the reference, and never with this digest.
    Mismatch,
    /// No trusted publisher has a record.
    Unpublished,
    /// Records exist, of publishers that the policy does not name.
    Untrusted,
    /// Something could not be read.
    Undecided,
}

impl Conclusion {
    /// All of them, the gravest first: the order in which one of several images decides the exit code.
    pub const BY_GRAVITY: [Self; 7] = [
        Self::Mismatch,
        Self::Revoked,
        Self::Undecided,
        Self::Unpublished,
        Self::Untrusted,
        Self::Outdated,
        Self::Verified,
    ];

    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Outdated => "outdated",
            Self::Revoked => "revoked",
            Self::Mismatch => "mismatch",
            Self::Unpublished => "unpublished",
            Self::Untrusted => "untrusted",
            Self::Undecided => "undecided",
        }
    }

    /// The same as people read it: what must not be overlooked in capitals.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Revoked => "REVOKED",
            Self::Mismatch => "MISMATCH",
            other => other.word(),
        }
    }

    /// The exit code of a process that concludes this.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Undecided => 1,
            Self::Mismatch => 3,
            Self::Unpublished | Self::Untrusted => 4,
            Self::Revoked => 5,
            Self::Outdated => 6,
        }
    }

    /// The gravest of several; `None` of none.
    #[must_use]
    pub fn gravest(conclusions: impl IntoIterator<Item = Self>) -> Option<Self> {
        conclusions.into_iter().min_by_key(|one| Self::BY_GRAVITY.iter().position(|other| other == one))
    }
}
