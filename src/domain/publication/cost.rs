//! What transactions cost.

use serde::{Deserialize, Serialize};

use crate::domain::Wei;

/// What a transaction costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Gas that the node expects it to use.
    pub gas: u64,
    /// Gas that it may use at most: the estimate with a margin.
    pub gas_limit: u64,
    /// Price of one gas now, tip included.
    pub gas_price: Wei,
    /// Highest price of one gas that it is signed for.
    pub max_gas_price: Wei,
    /// Tip for one gas.
    pub tip: Wei,
}

/// By how much more a transaction must pay than the one that it replaces: a tenth, for nodes ask for as much of both prices
/// (geth, `--txpool.pricebump`), and a little against rounding.
const BUMP_PERCENT: u64 = 11;

impl Cost {
    /// The same, signed for `cap` and no more. Below what blocks ask for, the transaction waits. Without EIP-1559 the price is the
    /// tip, and what is signed is what is paid: a cap above it changes nothing.
    #[must_use]
    pub fn capped(self, cap: Wei) -> Self {
        let max_gas_price = if self.tip == self.max_gas_price { self.tip.min(cap) } else { cap };
        Self { max_gas_price, gas_price: self.gas_price.min(max_gas_price), tip: self.tip.min(max_gas_price), ..self }
    }

    /// What takes the place of a transaction that was signed for `older`: as much as its kind costs now, and more than that
    /// one paid by what nodes ask for. The gas stays its own.
    #[must_use]
    pub fn replacing(self, older: Self) -> Self {
        let tip = self.tip.max(Self::bumped(older.tip));
        let max_gas_price = self.max_gas_price.max(Self::bumped(older.max_gas_price)).max(tip);
        let base = Wei(self.gas_price.0.saturating_sub(self.tip.0));
        let gas_price = Wei(base.0.saturating_add(tip.0)).min(max_gas_price);
        Self { gas_price, max_gas_price, tip, ..self }
    }

    /// What must be paid instead of `price`, so that nodes take one transaction for another.
    #[must_use]
    pub fn bumped(price: Wei) -> Wei {
        let more = price.0.saturating_mul((100 + BUMP_PERCENT).into()) / 100;
        Wei(more.saturating_add(1.into()))
    }

    /// What the next block asks for one gas, before any [cap](Self::capped): its base fee, or the price where there is none.
    /// Signed for less, the transaction waits.
    #[must_use]
    pub fn needed(&self) -> Wei {
        let base = self.gas_price.0.saturating_sub(self.tip.0);
        if base.is_zero() { self.gas_price } else { Wei(base) }
    }

    /// The highest price of one gas that `balance` pays for.
    #[must_use]
    pub fn affordable(&self, balance: Wei) -> Wei {
        Wei(balance.0.checked_div(self.gas_limit.into()).unwrap_or_default())
    }

    /// About what it will cost.
    #[must_use]
    pub fn expected(&self) -> Wei {
        Wei(self.gas_price.0.saturating_mul(self.gas.into()))
    }

    /// What it can cost at most.
    #[must_use]
    pub fn at_most(&self) -> Wei {
        Wei(self.max_gas_price.0.saturating_mul(self.gas_limit.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_held_against_what_blocks_ask_for_and_what_the_account_holds() {
        let gwei = |amount: u64| Wei((amount * 1_000_000_000).into());
        let cost = Cost { gas: 50_000, gas_limit: 60_000, gas_price: gwei(7), max_gas_price: gwei(13), tip: gwei(1) };
        assert_eq!(cost.needed(), gwei(6), "the base fee");
        let legacy = Cost { tip: gwei(7), max_gas_price: gwei(7), ..cost };
        assert_eq!(legacy.needed(), gwei(7));
        assert_eq!(legacy.capped(gwei(20)), legacy, "nobody pays more than was asked for");
        let low = legacy.capped(gwei(3));
        assert_eq!((low.gas_price, low.max_gas_price, low.tip), (gwei(3), gwei(3), gwei(3)));
        assert_eq!(cost.capped(gwei(20)).max_gas_price, gwei(20));
        let balance = Wei(gwei(590_000).0);
        assert_eq!(cost.affordable(balance).gwei(), "9.833333333");
        assert!(cost.capped(cost.affordable(balance)).at_most() <= balance);
        assert_eq!(Cost::bumped(Wei(100.into())), Wei(112.into()));
    }
}
