//! How the journal writes down what a transaction says.
//!
//! A form of its own, so that a row of last year is still read when the domain's types have changed.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Digest, Reference,
    digest::DigestKind,
    image::KindedDigest,
    publication::{JournalStage, Statement},
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
    Revocation {
        reference: Reference,
        digests: Vec<Digest>,
        reason: String,
    },
}

pub(super) fn to_json(statement: &Statement) -> Result<String, serde_json::Error> {
    let saved = match statement.clone() {
        Statement::Release { reference, digests, amends, annotations } => {
            let digests = digests.into_iter().map(|kinded| (kinded.kind.code(), kinded.digest)).collect();
            Saved::Release { reference, digests, amends, annotations }
        }
        Statement::Revocation { reference, digests, reason } => Saved::Revocation { reference, digests, reason },
    };
    serde_json::to_string(&saved)
}

pub(super) fn from_json(json: &str) -> Result<Statement, serde_json::Error> {
    Ok(match serde_json::from_str(json)? {
        Saved::Release { reference, digests, amends, annotations } => {
            let kinded = |(code, digest)| KindedDigest { kind: DigestKind::from_code(code), digest };
            Statement::Release { reference, digests: digests.into_iter().map(kinded).collect(), amends, annotations }
        }
        Saved::Revocation { reference, digests, reason } => Statement::Revocation { reference, digests, reason },
    })
}

/// Every stage with its word in the journal.
const STAGES: [(JournalStage, &str); 5] = [
    (JournalStage::Signed, "signed"),
    (JournalStage::Broadcast, "broadcast"),
    (JournalStage::Included, "included"),
    (JournalStage::Final, "final"),
    (JournalStage::Failed, "failed"),
];

pub(super) const fn stage_word(stage: JournalStage) -> &'static str {
    match stage {
        JournalStage::Signed => STAGES[0].1,
        JournalStage::Broadcast => STAGES[1].1,
        JournalStage::Included => STAGES[2].1,
        JournalStage::Final => STAGES[3].1,
        JournalStage::Failed => STAGES[4].1,
    }
}

pub(super) fn stage_of(word: &str) -> Option<JournalStage> {
    STAGES.into_iter().find(|(_, own)| *own == word).map(|(stage, _)| stage)
}
