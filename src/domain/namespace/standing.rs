//! What the two halves of a claim come to.
//!
//! ```text
//! statement ─▶ of this namespace, chain, directory? ─▶ signed by whom it names? ─▶ in its time? ─▶ claimed, too? ─▶ Vouched
//!                  └▶ ForAnother                          └▶ SignedByAnother          └▶ Expired      └▶ StatementWithoutClaim
//! ```
//! What could not be read makes *Unknown*, and nothing else does. Nothing is *Vouched* on an error path.

use super::{Namespace, SignedStatement};
use crate::domain::{Address, Timestamp};

/// How far ahead of this machine's clock a signer's may be, in seconds.
const CLOCKS: u64 = 3600;

/// Where and when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Of which namespace.
    pub namespace: Namespace,
    /// On which chain.
    pub chain_id: u64,
    /// The publisher directory there.
    pub directory: Address,
    /// Now.
    pub now: Timestamp,
}

/// One publisher's half on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub publisher: Address,
    /// Since when; `None` where the directory holds no claim of it.
    pub since: Option<Timestamp>,
}

/// What the directory said of one publisher's claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimEvent {
    /// Which namespace.
    pub namespace: Namespace,
    /// Whose claim.
    pub publisher: Address,
    /// False where it was taken back.
    pub is_claim: bool,
    /// Block number.
    pub block: u64,
    /// Hash of the block.
    pub block_hash: [u8; 32],
    /// Position in the block: with the block, the order.
    pub log_index: u64,
    /// The block's time.
    pub at: Timestamp,
}

/// Who signed a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// Whom it names.
    Publisher,
    /// Somebody else; `None` where the signature is no key's.
    Another(Option<Address>),
    /// The contract account that it names could not be asked.
    Unknown {
        /// One sentence.
        cause: String,
    },
}

/// One half in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The statement.
    pub signed: SignedStatement,
    /// Whose signature it bears.
    pub by: SignedBy,
}

/// What a publisher's two halves come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Both halves hold: it publishes for the namespace.
    Vouched {
        /// Since when it claims.
        since: Timestamp,
        /// Until when the statement is good.
        until: Timestamp,
    },
    /// One half, or both, could not be read.
    Unknown {
        /// One sentence.
        cause: String,
    },
    /// The statement was good until then.
    Expired {
        /// Until when.
        at: Timestamp,
    },
    /// The statement will be good from then on.
    NotYet {
        /// From when.
        at: Timestamp,
    },
    /// The namespace holds the statement, and the publisher does not claim it: it took its claim back, or never sent it.
    StatementWithoutClaim,
    /// The publisher claims the namespace, which holds no statement of it. Anybody can.
    ClaimWithoutStatement,
    /// The statement is signed by somebody else than it names; `None` where the signature is no key's.
    SignedByAnother {
        /// By whom.
        by: Option<Address>,
    },
    /// The statement is about another chain.
    OtherChain {
        /// Which.
        chain_id: u64,
    },
    /// The statement is about another directory of this chain.
    OtherDirectory {
        /// Which.
        directory: Address,
    },
    /// The statement is about another namespace: it was copied here.
    OtherNamespace {
        /// Which.
        namespace: Namespace,
    },
}

impl Standing {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Vouched { .. } => "vouched",
            Self::Unknown { .. } => "unknown",
            Self::Expired { .. } => "expired",
            Self::NotYet { .. } => "not-yet",
            Self::StatementWithoutClaim => "statement-without-claim",
            Self::ClaimWithoutStatement => "claim-without-statement",
            Self::SignedByAnother { .. } => "signed-by-another",
            Self::OtherChain { .. } => "other-chain",
            Self::OtherDirectory { .. } => "other-directory",
            Self::OtherNamespace { .. } => "other-namespace",
        }
    }

    /// Why, in a sentence without its end.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Vouched { since, until } => {
                format!("it claims the namespace since {since}, and the namespace's statement is good until {until}")
            }
            Self::Unknown { cause } => format!("it cannot be told: {cause}"),
            Self::Expired { at } => format!("the namespace's statement was good until {at}"),
            Self::NotYet { at } => format!("the namespace's statement is good from {at} on"),
            Self::StatementWithoutClaim => "the namespace holds its statement, and it claims nothing there".to_owned(),
            Self::ClaimWithoutStatement => {
                "it claims the namespace, which holds no statement of it: anybody can claim".to_owned()
            }
            Self::SignedByAnother { by: Some(by) } => format!("the statement in its name is signed by {by}"),
            Self::SignedByAnother { by: None } => "the statement in its name has no signature of it".to_owned(),
            Self::OtherChain { chain_id } => format!("the statement is for chain {chain_id}"),
            Self::OtherDirectory { directory } => format!("the statement is for the directory at {directory}"),
            Self::OtherNamespace { namespace } => {
                format!("the statement is for `{namespace}`, and was copied here")
            }
        }
    }

    /// The smaller, the more it says of a publisher of whom a namespace holds several statements.
    const fn rank(&self) -> u8 {
        match self {
            Self::Vouched { .. } => 0,
            Self::Unknown { .. } => 1,
            Self::Expired { .. } => 2,
            Self::NotYet { .. } => 3,
            Self::StatementWithoutClaim => 4,
            Self::SignedByAnother { .. } => 5,
            Self::OtherDirectory { .. } => 6,
            Self::OtherChain { .. } => 7,
            Self::OtherNamespace { .. } => 8,
            Self::ClaimWithoutStatement => 9,
        }
    }
}

/// What one publisher's halves come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whose.
    pub publisher: Address,
    /// Since when it claims, where that is known.
    pub claimed_at: Option<Timestamp>,
    /// What they come to.
    pub standing: Standing,
}

/// What all of them come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The namespace vouches for one publisher.
    Vouched,
    /// It vouches for several.
    Conflicting,
    /// Of nobody both halves hold.
    Unproven,
    /// Nobody claims it, and it holds no statement.
    Nobody,
    /// Something could not be read.
    Unknown,
}

impl Finding {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vouched => "vouched",
            Self::Conflicting => "conflicting",
            Self::Unproven => "unproven",
            Self::Nobody => "nobody",
            Self::Unknown => "unknown",
        }
    }
}

/// What all halves come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Those that the namespace holds statements of in the statements' order, then the others who claim.
    pub publishers: Vec<Judged>,
    /// Why the halves on the chain, or those in the registry, could not be read: there may be more than are told.
    pub unread: Option<String>,
}

impl Judgement {
    /// What all of them come to.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let count = |wanted: fn(&Standing) -> bool| self.publishers.iter().filter(|one| wanted(&one.standing)).count();
        if self.unread.is_some() || count(|it| matches!(it, Standing::Unknown { .. })) > 0 {
            return Finding::Unknown;
        }
        match count(|it| matches!(it, Standing::Vouched { .. })) {
            0 if self.publishers.is_empty() => Finding::Nobody,
            0 => Finding::Unproven,
            1 => Finding::Vouched,
            _ => Finding::Conflicting,
        }
    }

    /// The same of one publisher alone.
    #[must_use]
    pub fn about(mut self, publisher: Address) -> Self {
        self.publishers.retain(|one| one.publisher == publisher);
        self
    }

    /// Whom they show to publish for the namespace. One that cannot be told leaves the others as they are.
    ///
    /// # Errors
    /// Why it cannot be told, in a sentence.
    pub fn vouchers(&self) -> Result<Vec<Voucher>, String> {
        let mut vouchers = Vec::new();
        let mut unknown = self.unread.clone();
        for one in &self.publishers {
            match &one.standing {
                Standing::Vouched { since, until } => {
                    vouchers.push(Voucher { publisher: one.publisher, since: *since, until: *until });
                }
                Standing::Unknown { cause } => unknown = unknown.or_else(|| Some(cause.clone())),
                _ => {}
            }
        }
        unknown.filter(|_| vouchers.is_empty()).map_or(Ok(vouchers), Err)
    }
}

/// What each publisher's halves come to. `Err` says why halves could not be read.
#[must_use]
pub fn judge(place: &Place, claims: &Result<Vec<Claim>, String>, held: &Result<Vec<Held>, String>) -> Judgement {
    let claimed_at = |publisher: Address| match claims {
        Ok(claims) => Ok(claims.iter().find(|one| one.publisher == publisher).and_then(|one| one.since)),
        Err(cause) => Err(cause.clone()),
    };
    let mut all: Vec<Judged> = Vec::new();
    for one in held.iter().flatten() {
        let publisher = one.signed.statement.publisher;
        let claimed = claimed_at(publisher);
        let standing = judged_at(place, one, &claimed);
        let judged = Judged { publisher, claimed_at: claimed.ok().flatten(), standing };
        match all.iter_mut().find(|known| known.publisher == publisher) {
            Some(known) if known.standing.rank() <= judged.standing.rank() => {}
            Some(known) => *known = judged,
            None => all.push(judged),
        }
    }
    for claim in claims.iter().flatten().filter(|claim| claim.since.is_some()) {
        if all.iter().all(|known| known.publisher != claim.publisher) {
            let standing = match held {
                Ok(_) => Standing::ClaimWithoutStatement,
                Err(cause) => Standing::Unknown { cause: cause.clone() },
            };
            all.push(Judged { publisher: claim.publisher, claimed_at: claim.since, standing });
        }
    }
    let unread = held.as_ref().err().or(claims.as_ref().err()).cloned();
    Judgement { publishers: all, unread }
}

/// What one statement comes to, whose publisher claims the namespace since `claimed`.
fn judged_at(place: &Place, held: &Held, claimed: &Result<Option<Timestamp>, String>) -> Standing {
    let said = &held.signed.statement;
    if said.namespace != place.namespace {
        return Standing::OtherNamespace { namespace: said.namespace.clone() };
    }
    if said.chain_id != place.chain_id {
        return Standing::OtherChain { chain_id: said.chain_id };
    }
    if said.directory != place.directory {
        return Standing::OtherDirectory { directory: said.directory };
    }
    match &held.by {
        SignedBy::Publisher => {}
        SignedBy::Another(by) => return Standing::SignedByAnother { by: *by },
        SignedBy::Unknown { cause } => return Standing::Unknown { cause: cause.clone() },
    }
    if place.now >= said.expires_at {
        return Standing::Expired { at: said.expires_at };
    }
    if said.issued_at.0 > place.now.0.saturating_add(CLOCKS) {
        return Standing::NotYet { at: said.issued_at };
    }
    match claimed {
        Err(cause) => Standing::Unknown { cause: cause.clone() },
        Ok(None) => Standing::StatementWithoutClaim,
        Ok(Some(since)) => Standing::Vouched { since: *since, until: said.expires_at },
    }
}

/// A publisher that a namespace vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voucher {
    /// Who.
    pub publisher: Address,
    /// Since when it claims the namespace.
    pub since: Timestamp,
    /// Until when the namespace's statement is good.
    pub until: Timestamp,
}

/// Whom one namespace vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceVouch {
    /// Which.
    pub namespace: Namespace,
    /// Whom; or why it cannot be told, in a sentence.
    pub vouchers: Result<Vec<Voucher>, String>,
}

/// Whom the namespaces above a reference vouch for, the closest namespace first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vouching(pub Vec<NamespaceVouch>);

impl Vouching {
    /// The closest namespace that vouches for `publisher`, and how long.
    #[must_use]
    pub fn of(&self, publisher: Address) -> Option<(&Namespace, Voucher)> {
        self.0.iter().find_map(|one| {
            let vouchers = one.vouchers.as_ref().ok()?;
            let voucher = vouchers.iter().find(|voucher| voucher.publisher == publisher)?;
            Some((&one.namespace, *voucher))
        })
    }

    /// The first namespace that could not be asked, and why: then nothing follows from nobody being vouched for.
    #[must_use]
    pub fn unknown(&self) -> Option<(&Namespace, &str)> {
        self.0.iter().find_map(|one| one.vouchers.as_ref().err().map(|cause| (&one.namespace, cause.as_str())))
    }
}

#[cfg(test)]
mod tests;
