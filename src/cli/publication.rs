//! One transaction, as `publish` and `revoke` report it.

use serde::Serialize;

use super::{console::Page, human::Role, verdicts::DigestPart};
use crate::{
    domain::{
        Address, Digest, Reference, Wei,
        publication::{Stage, Statement},
    },
    ops::publish::Quote,
};

/// One transaction of `daochain.publish/1` and `daochain.revoke/1`.
#[derive(Debug, Serialize)]
pub struct Publication {
    reference: Reference,
    digests: Vec<DigestPart>,
    publisher: Address,
    version: u32,
    transaction: Option<String>,
    block: Option<u64>,
    gas_used: Option<u64>,
    /// What it cost; before a block has it, about what it will cost. `None` where nothing was sent.
    fee_wei: Option<Wei>,
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<CostPart>,
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
    pub fn new(quote: &Quote, stage: &'static str) -> Self {
        let (digests, digest, reason) = match &quote.statement {
            Statement::Release { digests, .. } => {
                (digests.iter().map(|one| DigestPart::new(one.kind, one.digest)).collect(), None, None)
            }
            Statement::Revocation { digests, reason, .. } => (
                digests.iter().map(|digest| DigestPart { kind: None, digest: *digest }).collect(),
                digests.first().copied(),
                Some(reason.clone()),
            ),
        };
        Self {
            reference: quote.statement.reference().clone(),
            digests,
            publisher: quote.from,
            version: quote.version,
            transaction: None,
            block: None,
            gas_used: None,
            fee_wei: None,
            stage,
            cost: None,
            digest,
            reason,
        }
    }

    /// The chain says the same already, and nothing is sent.
    pub fn standing(quote: &Quote) -> Self {
        let stage = match quote.statement {
            Statement::Release { .. } => "already-published",
            Statement::Revocation { .. } => "already-revoked",
        };
        // The reason that stands is the earlier one.
        Self { reason: None, ..Self::new(quote, stage) }
    }

    /// With what it will cost.
    pub fn estimated(quote: &Quote) -> Self {
        let mut made = Self::new(quote, "estimated");
        made.fee_wei = Some(quote.cost.expected());
        made.cost = Some(CostPart {
            gas: quote.cost.gas,
            gas_limit: quote.cost.gas_limit,
            expected_wei: quote.cost.expected(),
            at_most_wei: quote.cost.at_most(),
        });
        made
    }

    /// What became of a transaction.
    pub fn reached(quote: &Quote, stage: &Stage) -> Self {
        let inclusion = stage.inclusion();
        let word = match stage {
            Stage::Included { finality, .. } | Stage::Final { finality, .. } => finality.word(),
            other => other.word(),
        };
        Self {
            transaction: stage.hash().map(|hash| hash.to_string()),
            block: inclusion.map(|inclusion| inclusion.block),
            gas_used: inclusion.map(|inclusion| inclusion.gas_used),
            fee_wei: Some(inclusion.map_or_else(|| quote.cost.expected(), |inclusion| inclusion.fee)),
            ..Self::new(quote, word)
        }
    }

    /// For people.
    pub fn describe(&self, page: &mut Page) {
        let name = self.reference.familiar();
        let what = if self.digest.is_none() { format!("{name} version {}", self.version) } else { name.to_owned() };
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
            page.field("cost", format!("{} ETH", fee.ether(9)));
        }
    }
}
