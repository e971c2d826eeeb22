//! How the journal writes down what a transaction says.
//!
//! A form of its own, so that a row of last year is still read when the domain's types have changed.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Address, Digest, Namespace, Reference, Timestamp,
    digest::DigestKind,
    image::KindedDigest,
    publication::{Contract, JournalStage, Statement, TransactionHash},
};

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Saved {
    Release {
        reference: Reference,
        /// The contract's number of the kind, and the digest.
        digests: Vec<(u8, Digest)>,
        #[serde(default)]
        amends: u32,
        annotations: String,
    },
    Releases {
        reference: Reference,
        releases: Vec<Saved>,
    },
    Revocation {
        reference: Reference,
        digests: Vec<Digest>,
        reason: String,
    },
    Cancellation {
        reference: Option<Reference>,
        of: TransactionHash,
    },
    Retirement {
        reference: Option<Reference>,
        reason: String,
    },
    Delegation {
        reference: Option<Reference>,
        delegate: Address,
        /// Seconds.
        expiry: u64,
    },
    SuccessionOffer {
        reference: Option<Reference>,
        successor: Option<Address>,
    },
    SuccessionAcceptance {
        reference: Option<Reference>,
        publisher: Address,
    },
    NamespaceClaim {
        namespace: Namespace,
        taken_back: bool,
    },
    Deployment {
        contract: Address,
        deterministic: bool,
        /// The publisher directory, and not the registry.
        #[serde(default)]
        directory: bool,
    },
}

impl From<Statement> for Saved {
    fn from(statement: Statement) -> Self {
        match statement {
            Statement::Release { reference, digests, amends, annotations } => {
                let digests = digests.into_iter().map(|kinded| (kinded.kind.code(), kinded.digest)).collect();
                Self::Release { reference, digests, amends, annotations }
            }
            Statement::Releases { reference, releases } => {
                Self::Releases { reference, releases: releases.into_iter().map(Self::from).collect() }
            }
            Statement::Revocation { reference, digests, reason } => Self::Revocation { reference, digests, reason },
            Statement::Cancellation { reference, of } => Self::Cancellation { reference, of },
            Statement::Retirement { reference, reason } => Self::Retirement { reference, reason },
            Statement::Delegation { reference, delegate, expiry } => {
                Self::Delegation { reference, delegate, expiry: expiry.0 }
            }
            Statement::SuccessionOffer { reference, successor } => Self::SuccessionOffer { reference, successor },
            Statement::SuccessionAcceptance { reference, publisher } => {
                Self::SuccessionAcceptance { reference, publisher }
            }
            Statement::NamespaceClaim { namespace, taken_back } => Self::NamespaceClaim { namespace, taken_back },
            Statement::Deployment { what, contract, deterministic } => {
                Self::Deployment { contract, deterministic, directory: what == Contract::Directory }
            }
        }
    }
}

impl From<Saved> for Statement {
    fn from(saved: Saved) -> Self {
        match saved {
            Saved::Release { reference, digests, amends, annotations } => {
                let kinded = |(code, digest)| KindedDigest { kind: DigestKind::from_code(code), digest };
                Self::Release { reference, digests: digests.into_iter().map(kinded).collect(), amends, annotations }
            }
            Saved::Releases { reference, releases } => {
                Self::Releases { reference, releases: releases.into_iter().map(Self::from).collect() }
            }
            Saved::Revocation { reference, digests, reason } => Self::Revocation { reference, digests, reason },
            Saved::Cancellation { reference, of } => Self::Cancellation { reference, of },
            Saved::Retirement { reference, reason } => Self::Retirement { reference, reason },
            Saved::Delegation { reference, delegate, expiry } => {
                Self::Delegation { reference, delegate, expiry: Timestamp(expiry) }
            }
            Saved::SuccessionOffer { reference, successor } => Self::SuccessionOffer { reference, successor },
            Saved::SuccessionAcceptance { reference, publisher } => Self::SuccessionAcceptance { reference, publisher },
            Saved::NamespaceClaim { namespace, taken_back } => Self::NamespaceClaim { namespace, taken_back },
            Saved::Deployment { contract, deterministic, directory } => {
                let what = if directory { Contract::Directory } else { Contract::Registry };
                Self::Deployment { what, contract, deterministic }
            }
        }
    }
}

pub(super) fn to_json(statement: &Statement) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Saved::from(statement.clone()))
}

pub(super) fn from_json(json: &str) -> Result<Statement, serde_json::Error> {
    serde_json::from_str::<Saved>(json).map(Statement::from)
}

const STAGES: [JournalStage; 6] = [
    JournalStage::Signed,
    JournalStage::Broadcast,
    JournalStage::Included,
    JournalStage::Reverted,
    JournalStage::Final,
    JournalStage::Failed,
];

pub(super) fn stage_of(word: &str) -> Option<JournalStage> {
    STAGES.into_iter().find(|stage| stage.word() == word)
}
