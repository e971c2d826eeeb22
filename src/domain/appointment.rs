//! Who may speak for whom, and who took over from whom.

use super::{Address, Reference, Timestamp, record::NamedEvent};

/// What an appointment or a succession is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Every name.
    Everything,
    /// One name.
    Reference(Reference),
    /// One name, of which nothing but the hash is known here.
    Hash([u8; 32]),
}

impl Scope {
    /// What an event is about.
    #[must_use]
    pub fn of(event: &NamedEvent) -> Self {
        match &event.reference {
            _ if event.scope == [0; 32] => Self::Everything,
            Some(reference) => Self::Reference(reference.clone()),
            None => Self::Hash(event.scope),
        }
    }

    /// As the contract knows it; zero for everything.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        match self {
            Self::Everything => [0; 32],
            Self::Reference(reference) => reference.hash(),
            Self::Hash(hash) => *hash,
        }
    }

    /// That name, where it is one and known.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Reference(reference) => Some(reference),
            Self::Everything | Self::Hash(_) => None,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => f.write_str("every name"),
            Self::Reference(reference) => f.write_str(reference.familiar()),
            Self::Hash(hash) => write!(f, "a name with hash 0x{}", hex::encode(hash)),
        }
    }
}

/// A delegate's appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// For whom.
    pub publisher: Address,
    /// Who.
    pub delegate: Address,
    /// Under which names.
    pub scope: Scope,
    /// Until when; `None` when it was taken back.
    pub until: Option<Timestamp>,
    /// Whether the contract takes the delegate's word now.
    pub is_current: bool,
}

/// A name, or everything, that goes from one publisher to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// From whom.
    pub publisher: Address,
    /// What.
    pub scope: Scope,
    /// To whom.
    pub successor: Address,
    /// False while it is only offered.
    pub accepted: bool,
    /// Since when.
    pub at: Timestamp,
}
