//! What saying something would change and cost, before anything is signed.

use super::context::Context;
use crate::{
    chain::{Action, Chain, Question},
    domain::{
        Address, Reference, Wei,
        image::KindedDigest,
        network::{ChainHead, NetworkView},
        publication::{Authority, Cost, Statement},
        record::{Entry, Record},
        verdict::Conclusion,
    },
    ops::Failure,
};

/// What the user is shown before anything is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What it will say.
    pub statement: Statement,
    /// Who sends and pays.
    pub from: Address,
    /// In whose name.
    pub authority: Authority,
    /// What the account holds.
    pub balance: Wei,
    /// What it costs.
    pub cost: Cost,
    /// Where it is written.
    pub network: NetworkView,
    /// The version that a release becomes, the first of several; the head's for a revocation.
    pub version: u32,
    /// The same of each part of the statement.
    pub versions: Vec<u32>,
    /// What saying it would repeat: `Some(Verified)` when the digests are current already, `Some(Revoked)` when all are
    /// withdrawn already.
    pub standing: Option<Conclusion>,
}

impl Quote {
    /// Whose word it will be.
    #[must_use]
    pub fn publisher(&self) -> Address {
        self.authority.publisher(self.from)
    }

    /// The same where a release is made anew though its digests are current already.
    #[must_use]
    pub fn again(mut self) -> Self {
        if self.standing == Some(Conclusion::Verified) && self.statement.is_new_release() {
            self.version = self.version.saturating_add(1);
            (self.versions, self.standing) = (vec![self.version], None);
        }
        self
    }

    /// True when the account can pay the most it can cost.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.balance >= self.cost.at_most()
    }
}

/// Why an account that holds `balance` cannot pay `needed`: by how much it falls short, and where.
#[must_use]
pub fn not_covered(network: &NetworkView, from: Address, balance: Wei, needed: Wei) -> Failure {
    let short = Wei(needed.0.saturating_sub(balance.0));
    let message = format!(
        "account {from} holds {} ETH on network `{}`, and this can cost {} ETH: {} ETH are missing",
        balance.ether(6),
        network.name,
        needed.cost(),
        short.cost()
    );
    let hint = if network.local {
        format!("`daochain account fund {from}` gives ether on this network")
    } else {
        "fund the account, or choose another with --account".to_owned()
    };
    Failure::new("insufficient-funds", &message).hint(&hint)
}

/// What an amendment of `publisher`'s last release under `reference` adds: its version (zero where there is none), and those
/// of `digests` that it does not hold yet. The contract takes no digest twice.
///
/// # Errors
/// When the node cannot be asked.
pub async fn amendment(
    context: &Context,
    reference: &Reference,
    publisher: Address,
    digests: &[KindedDigest],
) -> Result<(u32, Vec<KindedDigest>), Failure> {
    let question = Question {
        reference: reference.clone(),
        publishers: vec![publisher],
        digests: digests.iter().map(|kinded| kinded.digest).collect(),
    };
    let answers = context.chain().await?.records(&[question]).await?;
    let Some(own) = answers.records.into_iter().flatten().find(|record| record.publisher == publisher) else {
        return Ok((0, digests.to_vec()));
    };
    let version = own.head.version;
    let holds = |kinded: &&KindedDigest| {
        own.entries.iter().any(|entry| entry.digest == kinded.digest && entry.version == version)
    };
    Ok((version, digests.iter().filter(|kinded| !holds(kinded)).copied().collect()))
}

/// What saying it would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What it will say.
    pub statement: Statement,
    /// Whose word it is.
    pub publisher: Address,
    /// The version that a release becomes; the head's for a revocation.
    pub version: u32,
    /// What saying it would repeat: `Some(Verified)` when the digests are current already, `Some(Revoked)` when all are
    /// withdrawn already.
    pub standing: Option<Conclusion>,
}

impl Outlook {
    /// True where nothing need be said. With `again`, a release is said once more all the same.
    #[must_use]
    pub fn stands(&self, again: bool) -> bool {
        match self.standing {
            Some(Conclusion::Verified) => !again,
            standing => standing.is_some(),
        }
    }

    fn of(statement: Statement, publisher: Address, own: Option<&Record>) -> Self {
        let head_version = own.map_or(0, |record| record.head.version);
        let is_withdrawn = own.is_some_and(|record| {
            !record.entries.is_empty() && record.entries.iter().all(|entry| entry.revoked_at.is_some())
        });
        let is_current = own.is_some_and(|record| {
            let releasable = record.head.retired_at.is_none() && record.head.publisher_retired_at.is_none();
            let held = |entry: &Entry| entry.version == record.head.version && entry.revoked_at.is_none();
            releasable && record.head.version > 0 && record.entries.iter().all(held)
        });
        let (version, standing) = match &statement {
            Statement::Release { .. } if is_current => (head_version, Some(Conclusion::Verified)),
            Statement::Release { amends: 0, .. } => (head_version.saturating_add(1), None),
            Statement::Release { amends, .. } => (*amends, None),
            Statement::Revocation { .. } => (head_version, is_withdrawn.then_some(Conclusion::Revoked)),
            _ => (head_version, None),
        };
        Self { statement, publisher, version, standing }
    }
}

/// What each of `statements` would change, all read at one block.
///
/// # Errors
/// When the node cannot be asked.
pub(super) async fn outlook(
    chain: &Chain,
    statements: Vec<Statement>,
    publisher: Address,
) -> Result<(Vec<Outlook>, ChainHead), Failure> {
    let question = |statement: &Statement| {
        let reference = statement.reference().cloned()?;
        Some(Question { reference, publishers: vec![publisher], digests: statement.digests() })
    };
    let Some(questions) = statements.iter().map(question).collect::<Option<Vec<Question>>>() else {
        return Err(Failure::new("internal", "a statement about no name changes no record"));
    };
    let answers = chain.records(&questions).await?;
    let own = |records: &Vec<Record>| records.iter().find(|record| record.publisher == publisher).cloned();
    let outlooks = statements.into_iter().zip(&answers.records);
    let outlooks = outlooks.map(|(statement, records)| Outlook::of(statement, publisher, own(records).as_ref()));
    Ok((outlooks.collect(), answers.head))
}

/// Asks the node what the sender's own `statement` costs, and whether the contract would take it. Signs nothing.
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn quote(context: &Context, statement: Statement, from: Address) -> Result<Quote, Failure> {
    quote_in_name(context, statement, from, Authority::Own).await
}

/// The same in the name of whoever gives the sender that authority.
///
/// # Errors
/// As [`quote`].
pub async fn quote_in_name(
    context: &Context,
    statement: Statement,
    from: Address,
    authority: Authority,
) -> Result<Quote, Failure> {
    let chain = context.chain().await?;
    let (outlooks, head) = if statement.digests().is_empty() {
        (Vec::new(), chain.head().await?)
    } else {
        outlook(&chain, statement.parts().to_vec(), authority.publisher(from)).await?
    };
    let standing = if let [only] = outlooks.as_slice() { only.standing } else { None };
    let versions: Vec<u32> = outlooks.iter().map(|one| one.version).collect();
    let cost = chain.estimate(&Action::of(statement.clone(), authority.clone()), from).await?;
    let balance = chain.balances(&[from]).await?.first().copied().unwrap_or_default();
    let network = context.view(&chain, head).await?;
    let version = versions.first().copied().unwrap_or_default();
    let versions = if versions.is_empty() { vec![version] } else { versions };
    Ok(Quote { statement, from, authority, balance, cost, network, version, versions, standing })
}
