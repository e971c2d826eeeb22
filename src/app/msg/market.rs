//! News of the trust policy, and of what was published.

use super::Problem;
use crate::{
    app::market::Ware,
    domain::{Reference, namespace::Vouching, trust::TrustPolicy, verdict::Verdict},
};

/// News of the trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustMsg {
    /// The answer to [`Effect::ReadTrust`](crate::app::Effect::ReadTrust).
    Read(Result<TrustPolicy, Problem>),
    /// Somebody else changed its file.
    Rewritten,
    /// The answer to [`Effect::ChangeTrust`](crate::app::Effect::ChangeTrust).
    Changed {
        /// Which change.
        ticket: u64,
        /// One sentence, and the policy with the change.
        result: Result<(String, TrustPolicy), Problem>,
    },
}

/// News of what was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketMsg {
    /// The answer to [`Effect::ReadMarket`](crate::app::Effect::ReadMarket) and
    /// [`Effect::ReadOwn`](crate::app::Effect::ReadOwn).
    Found {
        /// Which question; an older one's answer is dropped.
        ticket: u64,
        /// The rows.
        result: Result<MarketPage, Problem>,
    },
    /// The answer to [`Effect::CountMarket`](crate::app::Effect::CountMarket).
    Counted {
        /// Which question.
        ticket: u64,
        /// How many there are.
        result: Result<usize, Problem>,
    },
    /// The answer to [`Effect::JudgeMarket`](crate::app::Effect::JudgeMarket).
    Judged {
        /// Which question.
        ticket: u64,
        /// One for each row.
        result: Result<Vec<Verdict>, Problem>,
    },
    /// A pull came further.
    Pulling {
        /// Which.
        ticket: u64,
        /// Layers that are here, and in all.
        layers: (usize, usize),
        /// Bytes that are here, and in all.
        bytes: (u64, Option<u64>),
        /// Everything is here, and is hashed.
        measuring: bool,
    },
    /// The answer to [`Effect::ReadVouching`](crate::app::Effect::ReadVouching).
    Vouched {
        /// Of which name.
        reference: Reference,
        /// For whom, and what could not be asked; `None` where another name was asked for meanwhile.
        vouching: Option<Vouching>,
    },
    /// The answer to [`Effect::Pull`](crate::app::Effect::Pull): what came of it, in one sentence.
    Pulled {
        /// Which.
        ticket: u64,
        /// The sentence, or why it has not its name.
        result: Result<String, Problem>,
    },
}

/// Rows of the market.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarketPage {
    /// In the order that was asked for.
    pub wares: Vec<Ware>,
    /// Position of the first of them among all.
    pub offset: usize,
    /// How many there are in all, as far as is known.
    pub total: usize,
    /// There may be more, which are to be counted.
    pub is_more: bool,
    /// The last block that was read of the chain.
    pub read_to: Option<u64>,
    /// Why that is not everything.
    pub problem: Option<Problem>,
}
