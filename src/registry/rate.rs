//! How often a registry may be asked, and how long one waits that was asked too often.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::Instant;

/// All that one registry is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a registry says of its limit (Docker Hub, *Pull usage and limits*: `ratelimit-limit: 100;w=21600`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    /// Requests that are left.
    pub remaining: u64,
    /// Of so many; `None` where it does not say.
    pub limit: Option<u64>,
    /// In so many seconds; `None` where it does not say.
    pub seconds: Option<u64>,
}

impl RateLimit {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(parts);
        let (remaining, seconds) = value("ratelimit-remaining")?;
        let (limit, window) = value("ratelimit-limit").unwrap_or_default();
        Some(Self { remaining: remaining?, limit, seconds: seconds.or(window) })
    }
}

/// `98;w=21600`.
fn parts(value: &str) -> (Option<u64>, Option<u64>) {
    let mut parts = value.split([';', ',']).map(str::trim);
    let count = parts.next().and_then(|count| count.parse().ok());
    (count, parts.find_map(|part| part.strip_prefix("w=")?.parse().ok()))
}

/// Seconds for which the sender wants to be left alone: a number, or a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    Some(u64::try_from((until - OffsetDateTime::now_utc()).whole_seconds()).unwrap_or_default())
}

/// Waits of all requests to one registry: those at once are one.
#[derive(Default)]
pub(super) struct Throttle {
    until: Option<Instant>,
    spent: Duration,
}

impl Throttle {
    /// When to ask again; `None` where that takes longer than anybody waits.
    pub fn wait(&mut self, now: Instant, wait: Duration) -> Option<Instant> {
        let begun = self.until.map_or(now, |until| until.max(now));
        // At least a second: a registry that says `0` is not asked in a loop.
        let until = now.checked_add(wait.max(Duration::from_secs(1)))?.max(begun);
        let spent = self.spent + (until - begun);
        if spent > PATIENCE {
            return None;
        }
        (self.until, self.spent) = (Some(until), spent);
        Some(until)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_limit_is_read_as_docker_hub_writes_it() {
        let found =
            RateLimit::of(&headers(&[("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "98;w=21600")]));
        assert_eq!(found, Some(RateLimit { remaining: 98, limit: Some(100), seconds: Some(21_600) }));
        assert_eq!(RateLimit::of(&headers(&[("ratelimit-remaining", "many")])), None);
        assert_eq!(RateLimit::of(&headers(&[])), None);
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let wait = |value| retry_after(&headers(&[("retry-after", value)]));
        assert_eq!((wait("7"), wait("soon")), (Some(7), None));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        assert!(wait("Wed, 21 Oct 2065 07:28:00 GMT").unwrap() > 1_000_000);
    }

    #[test]
    fn requests_at_once_wait_once_and_all_of_them_two_minutes() {
        let (mut throttle, now, minute) = (Throttle::default(), Instant::now(), Duration::from_mins(1));
        for _ in 0..8 {
            assert_eq!(throttle.wait(now, minute), Some(now + minute));
        }
        assert_eq!(throttle.wait(now + minute, minute), Some(now + 2 * minute));
        assert_eq!(throttle.wait(now + 2 * minute, Duration::ZERO), None);
        assert_eq!(Throttle::default().wait(now, Duration::from_secs(u64::MAX)), None);
    }
}
