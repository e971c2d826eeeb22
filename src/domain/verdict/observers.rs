//! The verdict where observers attest what they saw, and nobody who releases is named.
//!
//! An observer publishes the digests that a registry served under a name, so its *release* is what it saw last. Enough
//! observers who saw this image make it *verified*, in words of its own. Two who saw different images at one time were shown
//! different images: a split view, and a mismatch unless enough others agree. Whoever saw this image and later another has
//! seen the name move on; that is no contradiction.

use super::{Case, Conclusion, NAME, Verdict, Word, bare, expected, word_of};
use crate::domain::{
    address::Address,
    record::{Entry, Record},
    text::clean_to,
    trust::Rule,
};

/// Seconds within which two observations count as made at one time. Who looked longer ago may not have seen a change yet.
const ONE_TIME: u64 = 3600;

/// What observers saw of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Who saw this image last.
    pub agreeing: Vec<Address>,
    /// Who saw another.
    pub dissenting: Vec<Address>,
    /// Whose word is older than the policy takes.
    pub stale: Vec<Address>,
    /// How many the policy names.
    pub of: usize,
}

/// One observer's newest word.
struct Sight<'a> {
    rule: &'a Rule,
    record: &'a Record,
    word: Word,
    entry: Option<&'a Entry>,
}

impl Sight<'_> {
    fn who(&self) -> String {
        match self.rule.name.as_deref() {
            Some(name) => clean_to(name, NAME),
            None => self.rule.publisher.to_string(),
        }
    }

    /// What it saw, in words.
    fn told(&self) -> String {
        let other = || match expected(&self.record.current).first() {
            Some(digest) => digest.to_string(),
            None => "another".to_owned(),
        };
        match self.word {
            Word::Current => format!("{} saw this image", self.who()),
            _ => format!("{} saw {}", self.who(), other()),
        }
    }

    /// True where both cannot have been shown the same at one time.
    fn contradicts(&self, other: &Self) -> bool {
        let (Some(mine), Some(theirs)) = (self.record.head.published_at, other.record.head.published_at) else {
            return false;
        };
        match (self.word, other.word) {
            // What had not moved when the later of the two looked, the earlier saw too.
            (Word::Current, Word::Never) => mine.since(theirs) <= ONE_TIME,
            (Word::Never, Word::Current) => theirs.since(mine) <= ONE_TIME,
            (Word::Never | Word::Older, Word::Never | Word::Older) => {
                let differ = mine.since(theirs).max(theirs.since(mine)) <= ONE_TIME;
                let (mine, theirs) = (&self.record.current, &other.record.current);
                // Platforms that only one of them looked at make no difference.
                differ && !mine.is_empty() && !theirs.is_empty() && !mine.iter().any(|digest| theirs.contains(digest))
            }
            _ => false,
        }
    }
}

/// What was seen, and by whom.
struct Sights<'a> {
    fresh: Vec<Sight<'a>>,
    stale: Vec<Address>,
    of: usize,
}

impl<'a> Sights<'a> {
    fn of(case: &Case<'a>, observers: &[&'a Rule]) -> Self {
        let mut sights = Self { fresh: Vec::new(), stale: Vec::new(), of: observers.len() };
        for rule in observers {
            let Some(record) = case.record_of(rule.publisher) else { continue };
            let (word, entry) = word_of(record, case.evidence);
            // An observer that takes its word back has not seen anything.
            if matches!(word, Word::Silent | Word::Withdrawn) {
                continue;
            }
            let age = record.head.published_at.map_or(u64::MAX, |at| case.now.since(at));
            if case.demands.max_age.is_some_and(|most| age > most) {
                sights.stale.push(rule.publisher);
            } else {
                sights.fresh.push(Sight { rule, record, word, entry });
            }
        }
        sights.fresh.sort_by_key(|sight| (sight.word, sight.rule.publisher));
        sights
    }

    fn count(&self, words: &[Word]) -> usize {
        self.fresh.iter().filter(|sight| words.contains(&sight.word)).count()
    }

    /// Who saw what, for a reader who has to find the liar.
    fn told(&self) -> String {
        self.fresh.iter().map(Sight::told).collect::<Vec<_>>().join(", ")
    }

    fn is_split(&self) -> bool {
        let pairs = self
            .fresh
            .iter()
            .enumerate()
            .flat_map(|(at, one)| self.fresh[at + 1..].iter().map(move |other| (one, other)));
        pairs.into_iter().any(|(one, other)| one.contradicts(other))
    }

    fn observed(&self) -> Option<Observed> {
        let those = |agrees: bool| {
            let fresh = self.fresh.iter().filter(|sight| sight.word != Word::NotComparable);
            fresh.filter(|sight| (sight.word == Word::Current) == agrees).map(|sight| sight.rule.publisher).collect()
        };
        let is_seen = !self.fresh.is_empty() || !self.stale.is_empty();
        is_seen.then(|| Observed {
            agreeing: those(true),
            dissenting: those(false),
            stale: self.stale.clone(),
            of: self.of,
        })
    }
}

/// The verdict of observers, as many of whom must agree as the policy demands.
pub(super) fn judge<'a>(case: &Case<'a>, observers: &[&'a Rule]) -> Verdict {
    let sights = Sights::of(case, observers);
    let needed = case.demands.require.map_or(usize::MAX, |require| require.of(observers.len()));
    let (name, of) = (case.name, sights.of);
    let (agree, never) = (sights.count(&[Word::Current]), sights.count(&[Word::Never]));
    let (conclusion, reason) = if agree >= needed {
        let dissent = if sights.fresh.len() > agree { format!("; {}", sights.dissent()) } else { String::new() };
        (Conclusion::Verified, format!("{name} was observed by {agree} of {of}, {needed} needed{dissent}"))
    } else if sights.is_split() {
        (Conclusion::Mismatch, format!("split view of {name}: {}", sights.told()))
    } else if agree + sights.count(&[Word::Older]) >= needed {
        (Conclusion::Outdated, format!("{name} has moved on: {}", sights.told()))
    } else if never >= needed {
        (Conclusion::Mismatch, format!("{name} is not the image that {never} of {of} observers saw: {}", sights.told()))
    } else if sights.count(&[Word::NotComparable]) > 0 {
        let reason = format!(
            "the engine names {name} by a manifest that observers did not see; measure it to compare its configuration"
        );
        (Conclusion::Undecided, reason)
    } else if !sights.fresh.is_empty() {
        (
            Conclusion::Untrusted,
            format!("{name} was observed by {agree} of the {needed} whose word the trust policy demands"),
        )
    } else if !sights.stale.is_empty() {
        let stale = sights.stale.len();
        (
            Conclusion::Untrusted,
            format!("what {stale} of {of} observers saw of {name} is older than the trust policy takes"),
        )
    } else {
        return super::publishers::unheard(case, observers, "observer");
    };
    sights.verdict(case, conclusion, reason)
}

impl<'a> Sights<'a> {
    /// Who saw something else.
    fn dissent(&self) -> String {
        let others = self.fresh.iter().filter(|sight| sight.word != Word::Current);
        others.map(Sight::told).collect::<Vec<_>>().join(", ")
    }

    fn verdict(&self, case: &Case<'a>, conclusion: Conclusion, reason: String) -> Verdict {
        let agrees = |sight: &&Sight| match conclusion {
            Conclusion::Outdated => matches!(sight.word, Word::Current | Word::Older),
            _ => sight.word == Word::Current,
        };
        let agreeing = self.fresh.iter().filter(agrees);
        let blocks = agreeing.map(|sight| sight.entry.and_then(|entry| entry.block)).collect();
        let needed = case.demands.require.map_or(1, |require| require.of(self.of));
        let block = super::publishers::kth_settled(blocks, needed);
        let others = self.fresh.iter().filter(|sight| sight.word != Word::Current);
        let mut seen: Vec<_> = others.flat_map(|sight| expected(&sight.record.current)).collect();
        let mut once = std::collections::BTreeSet::new();
        seen.retain(|digest| once.insert(*digest));
        Verdict {
            rule: self.fresh.first().map(|sight| sight.rule.pattern.to_string()),
            block,
            confirmations: block.zip(case.head).map(|(block, head)| head.confirmations(block)),
            finality: block.zip(case.head).map(|(block, head)| head.finality(block)),
            published_at: self.fresh.iter().filter_map(|sight| sight.record.head.published_at).max(),
            observed: self.observed(),
            expected: seen,
            ..bare(conclusion, case.evidence.level(), reason)
        }
    }
}

/// Tells beside a publisher's word what observers saw. It decides nothing.
pub(super) fn tell<'a>(verdict: &mut Verdict, case: &Case<'a>, observers: &[&'a Rule]) {
    let sights = Sights::of(case, observers);
    verdict.observed = sights.observed();
    if sights.fresh.iter().any(|sight| !matches!(sight.word, Word::Current | Word::NotComparable)) {
        verdict.warn(&format!("of its observers {}", sights.dissent()));
    }
}
