//! Moments, in whole seconds as Ethereum counts them.

use std::fmt;

use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01 UTC. Shown as RFC 3339.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The contract's clock, where zero means *never*.
    #[must_use]
    pub const fn from_contract(seconds: u64) -> Option<Self> {
        if seconds == 0 { None } else { Some(Self(seconds)) }
    }

    /// Seconds from `earlier` to this moment; zero when the clocks disagree about the order.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// `seconds` in one unit, two digits at most where that is possible: `3s`, `12m`, `5h`, `90d`.
#[must_use]
pub fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A contract may hold any 64-bit number; what no calendar reaches is shown as the number it is.
        let text = i64::try_from(self.0)
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .and_then(|moment| moment.format(&Rfc3339).ok());
        f.write_str(&text.unwrap_or_else(|| format!("@{}", self.0)))
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

/// The text is no RFC 3339 moment after 1970.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time `{0}` is not RFC 3339")]
pub struct TimestampError(String);

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = match text.strip_prefix('@') {
            Some(seconds) => seconds.parse().ok(),
            None => OffsetDateTime::parse(&text, &Rfc3339)
                .ok()
                .and_then(|moment| u64::try_from(moment.unix_timestamp()).ok()),
        };
        parsed.map(Self).ok_or_else(|| TimestampError(super::text::clean_to(&text, 60)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moment_is_rfc_3339_in_utc() {
        assert_eq!(Timestamp(1_700_000_000).to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(Timestamp(u64::MAX).to_string(), format!("@{}", u64::MAX));
    }

    #[test]
    fn an_age_has_one_unit() {
        let ages: Vec<_> = [0, 119, 120, 7199, 7200, 172_799, 172_800, 90 * 86_400].into_iter().map(age).collect();
        assert_eq!(ages, ["0s", "119s", "2m", "119m", "2h", "47h", "2d", "90d"]);
    }

    proptest! {
        #[test]
        fn a_moment_survives_being_written(seconds in any::<u64>()) {
            prop_assert_eq!(Timestamp::try_from(Timestamp(seconds).to_string()).unwrap(), Timestamp(seconds));
        }
    }
}
