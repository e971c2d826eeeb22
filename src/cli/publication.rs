//! One transaction, as `publish` and `revoke` report it.

use serde::Serialize;

use super::{console::Page, human::Role, verdicts::DigestPart};
use crate::{
    domain::{
        Address, Digest, Namespace, Reference, Wei,
        publication::{Stage, Statement},
    },
    ops::quoting::{Outlook, Quote},
};

/// One transaction of `daochain.publish/1` and `daochain.revoke/1`.
#[derive(Debug, Serialize)]
pub struct Publication {
    reference: Option<Reference>,
    /// What was claimed, where it was a namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Namespace>,
    digests: Vec<DigestPart>,
    publisher: Address,
    version: u32,
    transaction: Option<String>,
    block: Option<u64>,
    gas_used: Option<u64>,
    /// What it cost; before a block has it, about what it will cost. `None` where nothing was sent.
    fee_wei: Option<Wei>,
    /// How many publications share the transaction, its gas and its fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_by: Option<usize>,
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<CostPart>,
    /// What was said, where it is neither a release nor a revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Whom it is about, beside the publisher.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct CostPart {
    gas: u64,
    gas_limit: u64,
    expected_wei: Wei,
    at_most_wei: Wei,
}

impl Publication {
    /// Nothing has been sent.
    fn new(statement: &Statement, publisher: Address, version: u32, stage: &'static str) -> Self {
        let digest = match statement {
            Statement::Revocation { digests, .. } => digests.first().copied(),
            _ => None,
        };
        let digests = match statement {
            Statement::Release { digests, .. } => {
                digests.iter().map(|one| DigestPart::new(one.kind, one.digest)).collect()
            }
            other => other.digests().into_iter().map(|digest| DigestPart { kind: None, digest }).collect(),
        };
        let reason = match statement {
            Statement::Revocation { reason, .. } | Statement::Retirement { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        let kind = match statement {
            Statement::Release { .. } | Statement::Releases { .. } | Statement::Revocation { .. } => None,
            other => Some(other.word()),
        };
        let other = match statement {
            Statement::Delegation { delegate, .. } => Some(*delegate),
            Statement::SuccessionOffer { successor, .. } => *successor,
            Statement::SuccessionAcceptance { publisher, .. } => Some(*publisher),
            _ => None,
        };
        Self {
            kind,
            other,
            reference: statement.reference().cloned(),
            namespace: statement.namespace().cloned(),
            digests,
            publisher,
            version,
            transaction: None,
            block: None,
            gas_used: None,
            fee_wei: None,
            shared_by: None,
            stage,
            cost: None,
            digest,
            reason,
        }
    }

    /// The chain says the same already, and nothing is sent.
    pub fn standing(one: &Outlook) -> Self {
        let stage = match one.statement {
            Statement::Revocation { .. } => "already-revoked",
            _ => "already-published",
        };
        // The reason that stands is the earlier one.
        Self { reason: None, ..Self::new(&one.statement, one.publisher, one.version, stage) }
    }

    /// With what it will cost: each part of a transaction with all of it.
    pub fn estimated(quote: &Quote) -> Vec<Self> {
        Self::parts(quote, "estimated", |made| {
            made.fee_wei = Some(quote.cost.expected());
            made.cost = Some(CostPart {
                gas: quote.cost.gas,
                gas_limit: quote.cost.gas_limit,
                expected_wei: quote.cost.expected(),
                at_most_wei: quote.cost.at_most(),
            });
        })
    }

    /// What became of a transaction.
    pub fn reached(quote: &Quote, stage: &Stage) -> Vec<Self> {
        let inclusion = stage.inclusion();
        let word = match stage {
            Stage::Included { finality, .. } | Stage::Final { finality, .. } => finality.word(),
            other => other.word(),
        };
        Self::parts(quote, word, |made| {
            made.transaction = stage.hash().map(|hash| hash.to_string());
            made.block = inclusion.map(|inclusion| inclusion.block);
            made.gas_used = inclusion.map(|inclusion| inclusion.gas_used);
            made.fee_wei = Some(inclusion.map_or_else(|| quote.cost.expected(), |inclusion| inclusion.fee));
        })
    }

    fn parts(quote: &Quote, stage: &'static str, complete: impl Fn(&mut Self)) -> Vec<Self> {
        let parts = quote.statement.parts();
        let made = parts.iter().zip(&quote.versions).map(|(part, version)| {
            let mut made = Self::new(part, quote.publisher(), *version, stage);
            made.shared_by = (parts.len() > 1).then_some(parts.len());
            complete(&mut made);
            made
        });
        made.collect()
    }

    /// For people.
    pub fn describe(&self, page: &mut Page) {
        let name = super::tx::subject(self.reference.as_ref());
        let what = match (self.kind, &self.reference) {
            (Some(kind), None) if self.namespace.is_some() => {
                format!("{kind} of {}", self.namespace.as_ref().map_or("", Namespace::as_str))
            }
            (Some(kind), Some(_)) => format!("{kind} of {name}"),
            (Some(kind), None) => format!("{kind} of everything"),
            (None, _) if self.digest.is_none() => format!("{name} version {}", self.version),
            (None, _) => name.to_owned(),
        };
        page.spans(&[(Role::Strong, &what), (Role::Plain, "  "), (Role::Plain, self.stage)]);
        for part in self.digests.iter().filter(|_| self.digest.is_some()) {
            page.field("withdrawn", part.digest);
        }
        if let Some(transaction) = &self.transaction {
            page.field("transaction", transaction);
        }
        if let Some(block) = self.block {
            page.field("block", block);
        }
        if let Some(fee) = self.fee_wei {
            let shared =
                self.shared_by.map_or_else(String::new, |count| format!(" for all {count} of the transaction"));
            page.field("cost", format!("{} ETH{shared}", fee.ether(9)));
        }
    }
}
