//! The language of the filter.
//!
//! ```text
//! api verdict:bad size:>1G -publisher:acme age:<7d is:measured
//! ```
//! Words are looked for in names, digests, verdicts and publishers; all terms must hold. A term with `-` before it must not.

use super::Row;
use crate::domain::{Timestamp, image::Source, verdict::Conclusion};

/// What terms begin with, each with an example.
pub const KEYS: [(&str, &str); 7] = [
    ("verdict", "verdict:bad"),
    ("size", "size:>1G"),
    ("age", "age:<7d"),
    ("publisher", "publisher:acme"),
    ("name", "name:api"),
    ("is", "is:measured"),
    ("in", "in:archive"),
];

/// What is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

impl Bound {
    fn split(text: &str) -> (Self, &str) {
        let signs = [(">=", Self::AtLeast), ("<=", Self::AtMost), (">", Self::Above), ("<", Self::Below)];
        let found = signs.into_iter().find_map(|(sign, bound)| Some((bound, text.strip_prefix(sign)?)));
        found.unwrap_or((Self::Equal, text.strip_prefix('=').unwrap_or(text)))
    }

    const fn holds(self, own: u64, bound: u64) -> bool {
        match self {
            Self::Below => own < bound,
            Self::AtMost => own <= bound,
            Self::Equal => own == bound,
            Self::AtLeast => own >= bound,
            Self::Above => own > bound,
        }
    }
}

/// A fact of a row that is there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Measured,
    Marked,
    Named,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Text(String),
    Name(String),
    Publisher(String),
    Verdict(Vec<Option<Conclusion>>),
    Size(Bound, u64),
    Age(Bound, u64),
    Is(Fact),
    In { engine: bool },
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it was typed.
    pub text: String,
    /// What it means, or why it means nothing: then it is left out.
    test: Result<Test, String>,
    negated: bool,
}

impl Term {
    fn parse(text: &str) -> Self {
        let rest = text.strip_prefix('-').filter(|rest| !rest.is_empty());
        let test = test(rest.unwrap_or(text));
        Self { text: text.to_owned(), test, negated: rest.is_some() }
    }

    /// Why it means nothing.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.test.as_ref().err().map(String::as_str)
    }

    fn admits(&self, row: &Row, is_marked: bool, now: Timestamp) -> bool {
        self.test.as_ref().map_or(true, |test| holds(test, row, is_marked, now) != self.negated)
    }
}

/// What the user looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads what was typed.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self { terms: text.split_whitespace().map(Term::parse).collect() }
    }

    /// Its terms, in the order in which they were typed.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    pub(super) fn admits(&self, row: &Row, is_marked: bool, now: Timestamp) -> bool {
        self.terms.iter().all(|term| term.admits(row, is_marked, now))
    }
}

fn test(text: &str) -> Result<Test, String> {
    let Some((key, value)) = text.split_once(':') else { return Ok(Test::Text(text.to_lowercase())) };
    let Some((_, example)) = KEYS.iter().find(|(known, _)| *known == key) else {
        // Names have colons, too: `api:2`.
        return Ok(Test::Text(text.to_lowercase()));
    };
    if value.is_empty() {
        return Err(format!("such as {example}"));
    }
    let lower = value.to_lowercase();
    match key {
        "verdict" => verdicts(&lower).map(Test::Verdict),
        "size" => {
            let (bound, number) = Bound::split(&lower);
            let bytes =
                quantity(number, &[("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000), ("t", 1_000_000_000_000)]);
            bytes.map(|bytes| Test::Size(bound, bytes)).ok_or_else(|| format!("such as {example}"))
        }
        "age" => {
            let (bound, number) = Bound::split(&lower);
            let seconds = quantity(
                number,
                &[("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800), ("y", 31_536_000)],
            );
            seconds.map(|seconds| Test::Age(bound, seconds)).ok_or_else(|| format!("such as {example}"))
        }
        "publisher" => Ok(Test::Publisher(lower)),
        "name" => Ok(Test::Name(lower)),
        "is" => match lower.as_str() {
            "measured" => Ok(Test::Is(Fact::Measured)),
            "marked" => Ok(Test::Is(Fact::Marked)),
            "named" => Ok(Test::Is(Fact::Named)),
            _ => Err("measured, marked or named".to_owned()),
        },
        _ => match lower.as_str() {
            "engine" => Ok(Test::In { engine: true }),
            "archive" => Ok(Test::In { engine: false }),
            _ => Err("engine or archive".to_owned()),
        },
    }
}

fn verdicts(word: &str) -> Result<Vec<Option<Conclusion>>, String> {
    match word {
        "bad" => Ok(vec![Some(Conclusion::Mismatch), Some(Conclusion::Revoked)]),
        "good" => Ok(vec![Some(Conclusion::Verified)]),
        "none" => Ok(vec![None]),
        _ => {
            let begun = Conclusion::BY_GRAVITY.into_iter().filter(|one| one.word().starts_with(word));
            let found: Vec<_> = begun.map(Some).collect();
            let words = || Conclusion::BY_GRAVITY.map(Conclusion::word).join(", ");
            if found.is_empty() { Err(format!("bad, good, none, {}", words())) } else { Ok(found) }
        }
    }
}

/// A number with a unit; without one it counts the smallest.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim_end_matches("ib").trim_end_matches('b');
    let found = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = found.unwrap_or((text, 1));
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bound that a person typed; too large a one is the largest"
    )]
    let whole = (number * factor as f64) as u64;
    Some(whole)
}

fn holds(test: &Test, row: &Row, is_marked: bool, now: Timestamp) -> bool {
    match test {
        Test::Text(word) => row.mentions(word),
        Test::Name(word) => row.label().to_lowercase().contains(word),
        Test::Publisher(word) => row.verdict.as_ref().is_some_and(|verdict| {
            let named = verdict.publisher_name.as_ref().is_some_and(|name| name.to_lowercase().contains(word));
            named || verdict.publisher.is_some_and(|own| own.to_string().to_lowercase().starts_with(word))
        }),
        Test::Verdict(wanted) => wanted.contains(&row.conclusion()),
        Test::Size(bound, bytes) => bound.holds(row.image.size, *bytes),
        Test::Age(bound, seconds) => row.image.created.is_some_and(|created| bound.holds(now.since(created), *seconds)),
        Test::Is(Fact::Measured) => row.is_measured(),
        Test::Is(Fact::Marked) => is_marked,
        Test::Is(Fact::Named) => row.key.reference.is_some(),
        Test::In { engine } => (row.key.image.source == Source::Engine) == *engine,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terms_mean_what_they_say() {
        let cases = [
            ("size:>1G", Ok(Test::Size(Bound::Above, 1_000_000_000))),
            ("size:<=1.5mb", Ok(Test::Size(Bound::AtMost, 1_500_000))),
            ("size:12", Ok(Test::Size(Bound::Equal, 12))),
            ("age:<7d", Ok(Test::Age(Bound::Below, 604_800))),
            ("verdict:bad", Ok(Test::Verdict(vec![Some(Conclusion::Mismatch), Some(Conclusion::Revoked)]))),
            ("verdict:un", {
                let all = Conclusion::BY_GRAVITY.into_iter().filter(|one| one.word().starts_with("un"));
                Ok(Test::Verdict(all.map(Some).collect()))
            }),
            ("verdict:none", Ok(Test::Verdict(vec![None]))),
            ("is:marked", Ok(Test::Is(Fact::Marked))),
            ("in:archive", Ok(Test::In { engine: false })),
            ("api:2", Ok(Test::Text("api:2".to_owned()))),
            ("size:", Err("such as size:>1G".to_owned())),
            ("size:>many", Err("such as size:>1G".to_owned())),
            ("is:blue", Err("measured, marked or named".to_owned())),
        ];
        for (text, expected) in cases {
            assert_eq!(test(text), expected, "{text}");
        }
        assert!(Term::parse("-size:>1G").negated && !Term::parse("-").negated);
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in ".{0,60}") {
            prop_assert!(Filter::parse(&text).terms().len() <= 60);
        }
    }
}
