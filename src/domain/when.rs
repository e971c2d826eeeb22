//! Moments and spans as people type them.

use time::{Date, OffsetDateTime, format_description::well_known::Iso8601};

use super::{Timestamp, network::Finality};

/// Longest appointment that a number of days can make.
const LONGEST: u64 = 3650 * 86_400;

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Then.
    At(Timestamp),
    /// So many seconds from now.
    After(u64),
}

impl Until {
    /// A day (its beginning, in UTC), a moment, or a time from now.
    ///
    /// # Errors
    /// What it may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(seconds) = span(text, LONGEST) {
            return Ok(Self::After(seconds));
        }
        // The moment first: a date is read out of its beginning, too.
        let day = || {
            let day = Date::parse(text, &Iso8601::DATE).ok()?.midnight().assume_utc();
            u64::try_from(OffsetDateTime::unix_timestamp(day)).ok().map(Timestamp)
        };
        let moment = Timestamp::try_from(text.to_owned()).ok().or_else(|| day().filter(|_| !text.contains(['T', 't'])));
        moment
            .map(Self::At)
            .ok_or_else(|| "it is a day (2027-01-31), a moment (RFC 3339), or a time from now (30d)".into())
    }

    /// The moment, as seen from `now`.
    #[must_use]
    pub const fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::After(seconds) => Timestamp(now.0.saturating_add(seconds)),
        }
    }
}

/// Seconds, of a number of days, hours or minutes: `7d`, `12h`, `90m`.
///
/// # Errors
/// What it may be.
pub fn span(text: &str, longest: u64) -> Result<u64, String> {
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3600,
        Some('m') => 60,
        _ => return Err("it is a number and `d`, `h` or `m`".to_owned()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| "it is a number and `d`, `h` or `m`".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds) if (1..=longest).contains(&seconds) => Ok(seconds),
        _ => Err(format!("it is between a minute and {} days", longest / 86_400)),
    }
}

/// A number of seconds as [`span`] reads it, in the largest unit that tells it exactly; of less than a minute, the minute.
#[must_use]
pub fn span_text(seconds: u64) -> String {
    match seconds {
        seconds if seconds > 0 && seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        seconds if seconds > 0 && seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        seconds => format!("{}m", seconds.div_ceil(60).max(1)),
    }
}

/// How settled somebody demands a block to be: `safe` or `final`.
///
/// # Errors
/// What it may be.
pub fn finality(text: &str) -> Result<Finality, String> {
    match text {
        "safe" => Ok(Finality::Safe),
        "final" => Ok(Finality::Final),
        _ => Err("it is `safe` or `final`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_unit_and_an_end() {
        let quarter = |text| span(text, 90 * 86_400);
        assert_eq!((quarter("7d"), quarter("12h"), quarter("90m")), (Ok(604_800), Ok(43_200), Ok(5400)));
        for bad in ["", "7", "d", "0d", "91d", "-1d", "7é", "99999999999999999999d", "7 d"] {
            assert!(quarter(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_span_is_written_as_it_is_read() {
        for text in ["7d", "36h", "90m", "1d", "1m"] {
            assert_eq!(span(text, 90 * 86_400).map(span_text), Ok(text.to_owned()));
        }
        assert_eq!((span_text(0), span_text(61)), ("1m".to_owned(), "2m".to_owned()));
    }

    #[test]
    fn an_end_is_a_day_a_moment_or_a_time_from_now() {
        assert_eq!(Until::parse("30d"), Ok(Until::After(30 * 86_400)));
        assert_eq!(Until::parse("2027-01-31"), Ok(Until::At(Timestamp(1_801_353_600))));
        assert_eq!(Until::parse("2027-01-31T00:00:00Z"), Ok(Until::At(Timestamp(1_801_353_600))));
        assert_eq!(Until::parse("2027-01-31T12:30:01Z"), Ok(Until::At(Timestamp(1_801_398_601))));
        assert_eq!(Until::After(5).moment(Timestamp(7)), Timestamp(12));
        for bad in ["", "tomorrow", "9999d", "2027-13-01", "-1d", "2027-01-31T99:00:00Z"] {
            assert!(Until::parse(bad).is_err(), "{bad}");
        }
    }
}
