//! Amounts of ether.

use std::{fmt, str::FromStr};

use ethers_core::types::U256;
use serde::{Deserialize, Serialize};

/// An amount in wei (10⁻¹⁸ ether). In documents it is a decimal string, because JSON numbers lose it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wei(pub U256);

const DECIMALS: usize = 18;

impl Wei {
    /// Nothing.
    pub const ZERO: Self = Self(U256::zero());

    /// Whole ether, for funding and tests.
    #[must_use]
    pub fn from_ether(ether: u64) -> Self {
        Self(U256::from(ether) * U256::exp10(DECIMALS))
    }

    /// The amount in ether with at most `places` decimals, cut and never rounded up: a balance must not look larger than it is.
    #[must_use]
    pub fn ether(&self, places: usize) -> String {
        let unit = U256::exp10(DECIMALS);
        let whole = self.0 / unit;
        let fraction = format!("{:0>18}", (self.0 % unit).to_string());
        let shown = fraction[..places.min(DECIMALS)].trim_end_matches('0');
        if shown.is_empty() { whole.to_string() } else { format!("{whole}.{shown}") }
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The text is no decimal number of wei below 2²⁵⁶.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("amount `{0}` is not a decimal number of wei")]
pub struct WeiError(String);

impl FromStr for Wei {
    type Err = WeiError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = !text.is_empty() && text.len() <= 78 && text.bytes().all(|b| b.is_ascii_digit());
        let parsed = if digits { U256::from_dec_str(text).ok() } else { None };
        parsed.map(Self).ok_or_else(|| WeiError(super::text::clean_to(text, 80)))
    }
}

impl TryFrom<String> for Wei {
    type Error = WeiError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Wei> for String {
    fn from(wei: Wei) -> Self {
        wei.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn ether_is_cut_and_never_rounded_up() {
        let almost: Wei = "99999999999999999999".parse().unwrap();
        assert_eq!(almost.ether(2), "99.99");
        assert_eq!(Wei::from_ether(100).ether(4), "100");
        assert_eq!("180000000000000".parse::<Wei>().unwrap().ether(5), "0.00018");
        assert_eq!(Wei(U256::MAX).to_string().parse::<Wei>().unwrap(), Wei(U256::MAX));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in ["", "-1", "1.5", "0x10", &"9".repeat(78)] {
            assert!(bad.parse::<Wei>().is_err(), "{bad}");
        }
    }
}
