//! What is said.

use super::TransactionHash;
use crate::domain::{Address, Digest, Namespace, Reference, Timestamp, image::KindedDigest};

/// The contracts of this program. Both stand at addresses that follow from their code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// `ImageRegistry.sol`: what publishers released.
    Registry,
    /// `PublisherDirectory.sol`: which namespaces publishers claim.
    Directory,
}

impl Contract {
    /// What sentences call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "the registry contract",
            Self::Directory => "the publisher directory",
        }
    }
}

/// The bound that the contract sets on a release's annotations, in bytes.
pub const ANNOTATIONS_LIMIT: usize = 4096;

/// That a text can be a release's annotations: JSON within the contract's bound, or nothing.
///
/// # Errors
/// Why it cannot, in a sentence.
pub fn check_annotations(text: &str) -> Result<(), String> {
    if text.len() > ANNOTATIONS_LIMIT {
        return Err(format!("{} bytes are more than the {ANNOTATIONS_LIMIT} that a release may carry", text.len()));
    }
    if text.is_empty() {
        return Ok(());
    }
    let read = serde_json::from_str::<serde::de::IgnoredAny>(text);
    read.map(drop).map_err(|error| format!("the annotations are no JSON: {error}"))
}

/// What is to be written to a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A release.
    Release {
        /// Under which name.
        reference: Reference,
        /// What belongs to it, the configuration first.
        digests: Vec<KindedDigest>,
        /// The version that the digests are added to, which must be the head's; zero for a new one.
        amends: u32,
        /// JSON or empty; goes into the event only.
        annotations: String,
    },
    /// Many releases at once.
    Releases {
        /// The first one's name.
        reference: Reference,
        /// All of them.
        releases: Vec<Statement>,
    },
    /// A revocation of digests under a name. Final.
    Revocation {
        /// Under which name.
        reference: Reference,
        /// Which digests.
        digests: Vec<Digest>,
        /// Why, as anybody will read it.
        reason: String,
    },
    /// Nothing of the publisher under a name, or at all, is to be trusted any more. Final.
    Retirement {
        /// Under which name; `None` for everything.
        reference: Option<Reference>,
        /// Why, as anybody will read it.
        reason: String,
    },
    /// Another account may publish and revoke for the publisher.
    Delegation {
        /// Under which name; `None` for every one.
        reference: Option<Reference>,
        /// Who may.
        delegate: Address,
        /// The last moment; zero takes the appointment back.
        expiry: Timestamp,
    },
    /// A name, or everything, is offered to a successor.
    SuccessionOffer {
        /// Which name; `None` for everything.
        reference: Option<Reference>,
        /// To whom; `None` withdraws the offer.
        successor: Option<Address>,
    },
    /// What was offered is taken over. Final.
    SuccessionAcceptance {
        /// Which name; `None` for everything.
        reference: Option<Reference>,
        /// From whom.
        publisher: Address,
    },
    /// The publisher claims a namespace, or takes that back.
    NamespaceClaim {
        /// Which.
        namespace: Namespace,
        /// True where the claim is taken back.
        taken_back: bool,
    },
    /// A contract itself.
    Deployment {
        /// Which.
        what: Contract,
        /// Where it will stand.
        contract: Address,
        /// Through the deterministic deployment proxy.
        deterministic: bool,
    },
    /// Nothing: it takes the nonce of a transaction that waits, which can never be included then.
    Cancellation {
        /// What that transaction is about, where it is about a name.
        reference: Option<Reference>,
        /// That transaction.
        of: TransactionHash,
    },
}

impl Statement {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Release { .. } => "release",
            Self::Releases { .. } => "releases",
            Self::Revocation { .. } => "revocation",
            Self::Retirement { .. } => "retirement",
            Self::Delegation { .. } => "delegation",
            Self::SuccessionOffer { .. } => "succession-offer",
            Self::SuccessionAcceptance { .. } => "succession",
            Self::NamespaceClaim { taken_back: false, .. } => "namespace-claim",
            Self::NamespaceClaim { taken_back: true, .. } => "namespace-unclaim",
            Self::Deployment { .. } => "deployment",
            Self::Cancellation { .. } => "cancellation",
        }
    }

    /// True for a release that becomes a version of its own.
    #[must_use]
    pub const fn is_new_release(&self) -> bool {
        matches!(self, Self::Release { amends: 0, .. })
    }

    /// What it consists of: itself, or many releases.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Releases { releases, .. } => releases,
            one => std::slice::from_ref(one),
        }
    }

    /// Every digest that it is about.
    #[must_use]
    pub fn digests(&self) -> Vec<Digest> {
        match self {
            Self::Release { digests, .. } => digests.iter().map(|kinded| kinded.digest).collect(),
            Self::Releases { releases, .. } => releases.iter().flat_map(Self::digests).collect(),
            Self::Revocation { digests, .. } => digests.clone(),
            _ => Vec::new(),
        }
    }

    /// The name that it is about, the first of several.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Release { reference, .. } | Self::Releases { reference, .. } | Self::Revocation { reference, .. } => {
                Some(reference)
            }
            Self::Retirement { reference, .. }
            | Self::Delegation { reference, .. }
            | Self::SuccessionOffer { reference, .. }
            | Self::SuccessionAcceptance { reference, .. }
            | Self::Cancellation { reference, .. } => reference.as_ref(),
            Self::Deployment { .. } | Self::NamespaceClaim { .. } => None,
        }
    }

    /// The namespace that it is about.
    #[must_use]
    pub const fn namespace(&self) -> Option<&Namespace> {
        match self {
            Self::NamespaceClaim { namespace, .. } => Some(namespace),
            _ => None,
        }
    }

    /// What it is about, in a sentence.
    #[must_use]
    pub fn subject(&self) -> &str {
        match (self.reference(), self) {
            (Some(reference), _) => reference.familiar(),
            (None, Self::NamespaceClaim { namespace, .. }) => namespace.as_str(),
            (None, Self::Deployment { what, .. }) => what.name(),
            (None, Self::Cancellation { .. }) => "the registry contract",
            (None, _) => "everything",
        }
    }
}
