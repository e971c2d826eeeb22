//! Amounts of ether.

use std::{fmt, str::FromStr};

use ethers_core::types::U256;
use serde::{Deserialize, Serialize};

/// An amount in wei (10⁻¹⁸ ether). In documents it is a decimal string, because JSON numbers lose it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wei(pub U256);

const DECIMALS: usize = 18;
const GWEI_DECIMALS: usize = 9;
/// Decimals of a cost in ether, and the digits that it shows of a smaller one.
const COST_DECIMALS: usize = 9;
const COST_DIGITS: usize = 2;

impl Wei {
    /// Nothing.
    pub const ZERO: Self = Self(U256::zero());

    /// Whole ether, for funding and tests.
    #[must_use]
    pub fn from_ether(ether: u64) -> Self {
        Self(U256::from(ether) * U256::exp10(DECIMALS))
    }

    /// A price in gwei, with up to nine decimals.
    ///
    /// # Errors
    /// [`WeiError`] for anything else.
    pub fn from_gwei(text: &str) -> Result<Self, WeiError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = !whole.is_empty() && whole.len() <= 18 && fraction.len() <= GWEI_DECIMALS;
        if !is_number || (text.contains('.') && fraction.is_empty()) {
            return Err(WeiError(super::text::clean_to(text, 80)));
        }
        format!("{whole}{fraction:0<GWEI_DECIMALS$}").parse().map_err(|_| WeiError(super::text::clean_to(text, 80)))
    }

    /// The amount in gwei with at most nine decimals.
    #[must_use]
    pub fn gwei(&self) -> String {
        let unit = U256::exp10(GWEI_DECIMALS);
        let (whole, fraction) = (self.0 / unit, format!("{:0>9}", (self.0 % unit).to_string()));
        let shown = fraction.trim_end_matches('0');
        if shown.is_empty() { whole.to_string() } else { format!("{whole}.{shown}") }
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

    /// A cost in ether with nine decimals, or more where these would show fewer than two digits of it. It is rounded up: what is
    /// confirmed must not look smaller than it is.
    #[must_use]
    pub fn cost(&self) -> String {
        let places = (DECIMALS + COST_DIGITS).saturating_sub(self.0.to_string().len()).clamp(COST_DECIMALS, DECIMALS);
        let unit = U256::exp10(DECIMALS - places);
        let above = self.0.checked_add(unit - 1);
        above.map_or(*self, |above| Self(above / unit * unit)).ether(places)
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The text is no decimal number of wei below 2²⁵⁶.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("amount `{0}` is not a decimal number")]
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
    fn prices_are_read_in_gwei() {
        for (text, wei) in [("1", "1000000000"), ("12.5", "12500000000"), ("0.000000001", "1"), ("0", "0")] {
            assert_eq!(Wei::from_gwei(text).map(|price| price.to_string()), Ok(wei.to_owned()));
            assert_eq!(Wei::from_gwei(text).map(|price| price.gwei()), Ok(text.to_owned()));
        }
        for text in ["", "-1", "1.", "1.0000000001", "1e3", "x", &"9".repeat(19)] {
            assert!(Wei::from_gwei(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ether_is_cut_and_never_rounded_up() {
        let almost: Wei = "99999999999999999999".parse().unwrap();
        assert_eq!(almost.ether(2), "99.99");
        assert_eq!(Wei::from_ether(100).ether(4), "100");
        assert_eq!("180000000000000".parse::<Wei>().unwrap().ether(5), "0.00018");
        assert_eq!(Wei(U256::MAX).to_string().parse::<Wei>().unwrap(), Wei(U256::MAX));
    }

    #[test]
    fn a_cost_is_never_shown_smaller_than_it_is() {
        for (wei, shown) in [
            ("0", "0"),
            ("1", "0.000000000000000001"),
            ("53000000000", "0.000000053"),
            ("424000371", "0.00000000043"),
            ("90682500000001", "0.000090683"),
            ("181365000000000", "0.000181365"),
            ("1999999999999999999", "2"),
        ] {
            assert_eq!(wei.parse::<Wei>().unwrap().cost(), shown, "{wei}");
        }
        assert_eq!(Wei(U256::MAX).cost(), Wei(U256::MAX).ether(9));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in ["", "-1", "1.5", "0x10", &"9".repeat(78)] {
            assert!(bad.parse::<Wei>().is_err(), "{bad}");
        }
    }
}
