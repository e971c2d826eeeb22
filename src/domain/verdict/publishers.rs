//! The verdict where publishers speak.

use std::collections::BTreeSet;

use super::{Case, Conclusion, NAME, Verdict, Withdrawal, WithdrawalScope, Word, bare, expected, word_of};
use crate::domain::{
    digest::DigestKind,
    image::KindedDigest,
    network::Finality,
    record::{Entry, Record},
    text::clean_to,
    trust::{Require, Rule, Successions},
};

/// The verdict of those who speak for the reference.
pub(super) fn judge(case: &Case<'_>, trusted: &[&Rule]) -> Verdict {
    let mut voices: Vec<_> = trusted.iter().filter_map(|rule| Voice::of(rule, case)).collect();
    // Of those who say the same the one whose block is settled most speaks.
    voices.sort_by_key(|voice| (voice.word, voice.block().is_none(), voice.block(), voice.record.publisher));
    // Two who handed over to one are one voice.
    let mut heard = BTreeSet::new();
    voices.retain(|voice| heard.insert(voice.record.publisher));
    let needed = case.demands.require.unwrap_or(Require::Any).of(trusted.len());
    let tally = Tally { voices: &voices, needed, of: trusted.len() };
    let Some((voice, word)) = tally.decides() else {
        return match voices.first() {
            Some(first) => tally.too_few(&first.speaker(case)),
            None => unheard(case, trusted, "publisher"),
        };
    };
    let mut verdict = Speaker { rests_on: tally.rests_on(word), ..voice.speaker(case) }.verdict(word);
    tally.tell(&mut verdict);
    let layers = case.evidence.layers().filter(|_| word == Word::Never);
    let published = layers.and_then(|layers| voice.record.entries.iter().find(|entry| entry.digest == layers.digest));
    if let Some(entry) = published.filter(|entry| entry.version > 0) {
        verdict.has_layers_of(entry.version);
    }
    verdict.tell_of_others(case, trusted);
    verdict
}

/// One who speaks: a rule's publisher, or who took over from it where the policy follows.
struct Voice<'a> {
    rule: &'a Rule,
    record: &'a Record,
    word: Word,
    entry: Option<&'a Entry>,
    /// The publisher of an older release by whom this one's predecessors were followed.
    before: Option<&'a Record>,
}

impl<'a> Voice<'a> {
    /// `None` of who is silent.
    fn of(rule: &'a Rule, case: &Case<'a>) -> Option<Self> {
        let mut record = case.record_of(rule.publisher)?;
        let (word, entry) = word_of(record, case.evidence);
        let mut voice = Self { rule, record, word, entry, before: None };
        let mut followed = BTreeSet::from([record.publisher]);
        // Who handed over says nothing new; the heir's releases come after all of the predecessor's.
        while let Some(heir) = record.successor.filter(|_| case.demands.successions == Successions::Always) {
            let Some(next) = case.record_of(heir).filter(|_| followed.insert(heir)) else { break };
            record = next;
            let (word, entry) = word_of(next, case.evidence);
            voice = match (voice.word, word) {
                (Word::Withdrawn, _) | (_, Word::Silent) => voice,
                (Word::Current | Word::Older, Word::Never | Word::NotComparable) => Self {
                    word: Word::Older,
                    entry: voice.entry,
                    before: voice.before.or(Some(voice.record)),
                    record: next,
                    ..voice
                },
                _ => Self { word, entry, record: next, before: None, ..voice },
            };
        }
        (voice.word != Word::Silent).then_some(voice)
    }

    const fn speaker<'c>(&self, case: &'c Case<'a>) -> Speaker<'c, 'a> {
        let rests_on = self.block();
        Speaker { case, record: self.record, rule: self.rule, entry: self.entry, before: self.before, rests_on }
    }

    /// The block of the release that holds the image, else of the newest.
    const fn block(&self) -> Option<u64> {
        match self.entry {
            Some(entry) if entry.version > 0 => entry.block,
            _ => self.record.head_block,
        }
    }
}

/// What all of them say together.
struct Tally<'v, 'a> {
    /// The one whose word decides first.
    voices: &'v [Voice<'a>],
    needed: usize,
    of: usize,
}

impl<'v, 'a> Tally<'v, 'a> {
    /// Whose word decides, and which; `None` where too few have spoken.
    fn decides(&self) -> Option<(&'v Voice<'a>, Word)> {
        let first = |word: Word| self.voices.iter().find(|voice| voice.word == word).map(|voice| (voice, word));
        let count = |words: &[Word]| self.voices.iter().filter(|voice| words.contains(&voice.word)).count();
        first(Word::Withdrawn)
            .or_else(|| first(Word::Current).filter(|_| count(&[Word::Current]) >= self.needed))
            .or_else(|| first(Word::Older).filter(|_| count(&[Word::Current, Word::Older]) >= self.needed))
            .or_else(|| first(Word::Never))
            .or_else(|| first(Word::NotComparable))
    }

    /// The block without which too few would agree: the newest of as many as are needed, the best settled of those who agree.
    fn rests_on(&self, word: Word) -> Option<u64> {
        let agrees = |voice: &&Voice| match word {
            Word::Older => matches!(voice.word, Word::Current | Word::Older),
            word => voice.word == word,
        };
        let needed = if matches!(word, Word::Current | Word::Older) { self.needed } else { 1 };
        kth_settled(self.voices.iter().filter(agrees).map(Voice::block).collect(), needed)
    }

    /// The verdict of too few.
    fn too_few(&self, speaker: &Speaker<'_, 'a>) -> Verdict {
        let reason = format!(
            "{} was released by {} of the {} publishers whose word the trust policy demands",
            speaker.case.name,
            self.voices.len(),
            self.needed
        );
        let reason = if self.needed > self.of { format!("{reason}, and names only {}", self.of) } else { reason };
        speaker.describe(Conclusion::Untrusted, reason)
    }

    /// Tells how many agree, where one is not enough.
    fn tell(&self, verdict: &mut Verdict) {
        if self.needed > 1 && verdict.conclusion != Conclusion::Revoked {
            let agree = self.voices.iter().filter(|voice| voice.word == Word::Current).count();
            verdict
                .warn(&format!("it is the current release of {agree} of {}, and {} must agree", self.of, self.needed));
        }
    }
}

/// The newest of the `needed` blocks that are settled best; `None` where one of these is not known.
pub(super) fn kth_settled(mut blocks: Vec<Option<u64>>, needed: usize) -> Option<u64> {
    blocks.sort_by_key(|block| (block.is_none(), *block));
    blocks.get(needed.saturating_sub(1)).copied().flatten()
}

/// The verdict when nobody speaks whom the policy names as `role`.
pub(super) fn unheard(case: &Case<'_>, trusted: &[&Rule], role: &str) -> Verdict {
    let (name, level) = (case.name, case.evidence.level());
    let named = |record: &&Record| case.observers.iter().any(|rule| rule.publisher == record.publisher);
    if case.records.iter().filter(named).any(Record::speaks) && role == "publisher" && trusted.is_empty() {
        let reason = format!(
            "only observers have spoken of {name}, and the trust policy does not say how many of them must agree"
        );
        return bare(Conclusion::Untrusted, level, reason);
    }
    let others: Vec<_> = case.records.iter().filter(|record| record.speaks()).map(|record| record.publisher).collect();
    let unpublished = |reason| bare(Conclusion::Unpublished, level, reason);
    let untrusted = |reason| bare(Conclusion::Untrusted, level, reason);
    match (others.as_slice(), trusted.len()) {
        ([], 0) => unpublished("nobody has published this name, and no trust rule covers it".to_owned()),
        ([], _) => unpublished(format!("no trusted {role} has published this name")),
        ([who], _) => Verdict {
            publisher: Some(*who),
            ..untrusted(format!("{name} was published by {who}, whom no trust rule names for it"))
        },
        (many, _) => untrusted(format!(
            "{name} was published by {} publishers, and no trust rule names any of them for it",
            many.len()
        )),
    }
}

/// A trusted publisher's record on its way to a verdict.
struct Speaker<'c, 'a> {
    case: &'c Case<'a>,
    record: &'a Record,
    rule: &'a Rule,
    entry: Option<&'a Entry>,
    before: Option<&'a Record>,
    /// The block that must stay.
    rests_on: Option<u64>,
}

impl Speaker<'_, '_> {
    fn verdict(&self, word: Word) -> Verdict {
        let (name, who) = (self.case.name, self.who());
        let current = self.record.head.version;
        let version = self.entry.map(|entry| entry.version).filter(|version| *version > 0);
        let held = version.unwrap_or_default();
        match word {
            Word::Current => self.describe(
                Conclusion::Verified,
                format!("{name} is version {current} of {who}, the current release"),
            ),
            Word::Older if let Some(before) = self.before => self.describe(
                Conclusion::Outdated,
                format!("{name} is version {held} of {}, who handed the name over to {who}; version {current} of theirs is the current release", before.publisher),
            ),
            Word::Older => self.describe(
                Conclusion::Outdated,
                format!("{name} is version {held} of {who}; version {current} is the current release"),
            ),
            Word::Never => self.describe(Conclusion::Mismatch, format!("{name} is not {} that {who} released", self.what())),
            Word::NotComparable | Word::Silent => self.describe(
                Conclusion::Undecided,
                format!("the engine names {name} by a manifest that {who} did not release; measure it to compare its configuration"),
            ),
            Word::Withdrawn => self.withdrawn(),
        }
    }

    fn withdrawn(&self) -> Verdict {
        let digest = self.entry.and_then(|entry| Some((entry.revoked_at?, entry.revocation_reason.clone())));
        let head = &self.record.head;
        let retirement = self.record.retirement_reason.clone();
        let (at, scope, why) = match (digest, head.retired_at, head.publisher_retired_at) {
            (Some((at, why)), ..) => (at, WithdrawalScope::Digest, why),
            (None, Some(at), _) => (at, WithdrawalScope::Reference, retirement),
            (None, None, at) => (at.unwrap_or_default(), WithdrawalScope::Publisher, retirement),
        };
        let what = match scope {
            WithdrawalScope::Digest => "this image",
            WithdrawalScope::Reference => "everything under this name",
            WithdrawalScope::Publisher => "all of its releases",
        };
        let because = why.as_deref().map_or_else(String::new, |why| format!(": {why}"));
        let reason = format!("{who} withdrew {what} ({name}){because}", who = self.who(), name = self.case.name);
        let mut verdict = self.describe(Conclusion::Revoked, reason);
        verdict.revoked = Some(Withdrawal { at, scope, reason: why });
        verdict
    }

    fn who(&self) -> String {
        match self.name() {
            Some(name) if self.is_heir() => format!("{}, successor of {name}", self.record.publisher),
            Some(name) => name,
            None => self.record.publisher.to_string(),
        }
    }

    fn what(&self) -> &'static str {
        let is_file = |kinded: &KindedDigest| kinded.kind == DigestKind::Document;
        if self.case.evidence.digests().iter().any(is_file) { "a file" } else { "an image" }
    }

    /// What the user calls the rule's publisher.
    fn name(&self) -> Option<String> {
        self.rule.name.as_deref().map(|name| clean_to(name, NAME))
    }

    fn is_heir(&self) -> bool {
        self.record.publisher != self.rule.publisher
    }

    fn describe(&self, conclusion: Conclusion, reason: String) -> Verdict {
        let record = self.record;
        let held = self.entry.filter(|entry| entry.version > 0);
        let block = self.rests_on;
        let finality = block.zip(self.case.head).map(|(block, head)| head.finality(block));
        let reason = match (conclusion, finality) {
            (Conclusion::Mismatch | Conclusion::Undecided, _) | (_, Some(Finality::Final)) => reason,
            (_, None) if self.case.head.is_some() => format!("{reason} (in a block that is not known)"),
            (_, None) => reason,
            (_, Some(Finality::Safe)) => format!("{reason} (in a safe block, not a final one)"),
            (_, Some(Finality::Included)) => format!("{reason} (in a block that is not final yet)"),
        };
        Verdict {
            publisher: Some(record.publisher),
            publisher_name: self.name().filter(|_| !self.is_heir()),
            rule: Some(self.rule.pattern.to_string()),
            version: held.map(|entry| entry.version),
            current_version: Some(record.head.version).filter(|version| *version > 0),
            block,
            confirmations: block.zip(self.case.head).map(|(block, head)| head.confirmations(block)),
            finality,
            published_at: held.map_or(record.head.published_at, |entry| entry.published_at),
            by: held.and_then(|entry| entry.by),
            successor: record.successor,
            expected: expected(&record.current),
            ..bare(conclusion, self.case.evidence.level(), reason)
        }
    }
}
