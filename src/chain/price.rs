//! What a transaction is signed for, out of what several nodes ask for.
//!
//! Of everything enough nodes must ask for as much, so that a dear one is not paid, and for enough of them it must
//! suffice with the margin that it has, so that a cheap one does not make it fail. With two nodes of three that say
//! the same, the third changes nothing, whatever it says.

use ethers_core::types::U256;

use super::{Chain, quorum::Answers};
use crate::domain::{Wei, publication::Cost};

/// EIP-7825: no transaction may ask for more since Osaka.
pub(super) const TRANSACTION_GAS_CAP: u64 = 1 << 24;

/// What one node asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) gas: u64,
    /// What a block holds.
    pub(super) block_gas: u64,
    pub(super) fee: Fee,
}

/// How one gas is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fee {
    /// EIP-1559. The base fee may double, which takes six full blocks, before the transaction is too cheap.
    Dynamic { base: U256, tip: U256 },
    /// Without it the price is the tip, and what is signed is what is paid.
    Legacy { price: U256 },
}

impl Chain {
    /// The cost on which enough nodes agree, as far as they have answered.
    pub(super) fn cost(&self, answers: &Answers<Asked>) -> Option<Cost> {
        let told = || answers.iter().flatten().filter_map(|answer| answer.as_ref().ok());
        let suffices =
            |is_enough: &dyn Fn(&Asked) -> bool| told().filter(|one| is_enough(one)).count() >= self.must_agree();
        let gas = self.reached(told().map(|one| one.gas))?;
        let gas_limit = gas_limit(gas, self.reached(told().map(|one| one.block_gas))?)?;
        if !suffices(&|one| one.gas <= gas_limit) {
            return None;
        }
        let cost = |price: U256, max: U256, tip: U256| Cost {
            gas,
            gas_limit,
            gas_price: Wei(price),
            max_gas_price: Wei(max),
            tip: Wei(tip),
        };
        let dynamic = || {
            told().filter_map(|one| match one.fee {
                Fee::Dynamic { base, tip } => Some((base, tip)),
                Fee::Legacy { .. } => None,
            })
        };
        if let (Some(base), Some(tip)) =
            (self.reached(dynamic().map(|(base, _)| base)), self.reached(dynamic().map(|(_, tip)| tip)))
        {
            let doubled: U256 = base.saturating_mul(U256::from(2));
            let is_enough = |one: &Asked| matches!(one.fee, Fee::Dynamic { base, .. } if base <= doubled);
            return suffices(&is_enough).then(|| cost(base.saturating_add(tip), doubled.saturating_add(tip), tip));
        }
        let price = self.reached(told().filter_map(|one| match one.fee {
            Fee::Legacy { price } => Some(price),
            Fee::Dynamic { .. } => None,
        }))?;
        Some(cost(price, price, price))
    }
}

/// The estimate and a fifth: other transactions may come first and change what it meets. `None` for more than a block holds.
fn gas_limit(gas: u64, block: u64) -> Option<u64> {
    let cap = if gas <= TRANSACTION_GAS_CAP { block.min(TRANSACTION_GAS_CAP) } else { block };
    (gas <= block).then(|| gas.saturating_add(gas / 5).min(cap))
}
