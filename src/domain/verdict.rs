//! The verdict: a pure function of evidence, the contract's answer and the trust policy.
//!
//! | verdict | when |
//! |---|---|
//! | verified | a trusted publisher's *current* release of this reference holds this digest |
//! | outdated | the digest belongs to an older release of this reference; a newer one exists |
//! | revoked | the publisher withdrew this digest, this reference or all of its word |
//! | mismatch | a trusted publisher released this reference, and never with this digest; or the image contradicts itself |
//! | unpublished | no trusted publisher has a record of this reference |
//! | untrusted | records exist, and the trust policy names none of their publishers |
//! | undecided | engine, archive or node could not be read |
//!
//! Where several trusted publishers speak, a withdrawal outweighs everything, and otherwise one publisher's current
//! release is enough: two keys of one team must not contradict each other merely by taking turns.

mod conclusion;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use conclusion::Conclusion;

use super::{
    address::Address,
    digest::{Digest, DigestKind},
    image::{Evidence, EvidenceLevel, KindedDigest},
    network::{ChainHead, Dissent, Finality},
    record::{Answer, Entry, Record},
    reference::Reference,
    time::Timestamp,
    trust::{Rule, TrustPolicy},
};

/// The conclusion for one image under one reference, with all that a reader needs to check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// What the evidence is worth.
    pub evidence: EvidenceLevel,
    /// Whose word decided. `None` where nobody's did.
    pub publisher: Option<Address>,
    /// What the policy calls that publisher.
    pub publisher_name: Option<String>,
    /// The pattern of the rule that names the publisher.
    pub rule: Option<String>,
    /// The release that holds the digest.
    pub version: Option<u32>,
    /// The publisher's newest release.
    pub current_version: Option<u32>,
    /// Block of the release that decided, where the event log could be read.
    pub block: Option<u64>,
    /// Blocks on top of it, that one included.
    pub confirmations: Option<u64>,
    /// How settled it is.
    pub finality: Option<Finality>,
    /// When the release that decided was made.
    pub published_at: Option<Timestamp>,
    /// The delegate who released it in the publisher's name. `None` where the publisher did itself.
    pub by: Option<Address>,
    /// Who took this reference, or everything, over from the publisher. Trusted only where a rule says so.
    pub successor: Option<Address>,
    /// When and why it was withdrawn.
    pub revoked: Option<Withdrawal>,
    /// Digests of the newest release: what the image is compared with. Configurations first.
    pub expected: Vec<Digest>,
    /// For a mismatch: the release whose layers the image has, under another configuration.
    pub same_layers: Option<u32>,
    /// One sentence.
    pub reason: String,
    /// What the image's content contradicts, where it does.
    pub problem: Option<String>,
}

/// When and why something was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// What: `digest`, `reference` or `publisher`.
    pub scope: WithdrawalScope,
    /// Why, where the event log could be read.
    pub reason: Option<String>,
}

/// How much was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithdrawalScope {
    /// One digest.
    Digest,
    /// Everything under the reference.
    Reference,
    /// All of the publisher's word.
    Publisher,
}

/// What one publisher's record says of the image. Ordered: the smallest decides among several publishers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Withdrawn,
    Current,
    Older,
    Never,
    /// The engine was only asked, its digest is of no kind that a release must hold, and measuring may still find one.
    NotComparable,
    Silent,
}

/// The verdict for an image with `evidence` under `reference`.
///
/// `head` is how far the chain had come when `answer` was read; without it confirmations stay unknown. The result is
/// *verified* only if a record of a trusted publisher says that its current release holds one of the evidence's digests.
#[must_use]
pub fn judge(
    reference: &Reference,
    evidence: &Evidence,
    answer: &Answer,
    policy: &TrustPolicy,
    head: Option<&ChainHead>,
) -> Verdict {
    let name = reference.familiar();
    let level = evidence.level();
    if let Evidence::Corrupt { problem, .. } = evidence {
        let mut verdict = bare(Conclusion::Mismatch, level, format!("{name} contradicts itself: {problem}"));
        verdict.problem = Some(problem.clone());
        return verdict;
    }
    if let Evidence::Unreadable { cause } = evidence {
        return bare(Conclusion::Undecided, level, format!("{name} could not be read: {cause}"));
    }
    let records = match answer {
        Answer::Records(records) => records,
        Answer::Failed { cause } => {
            return bare(
                Conclusion::Undecided,
                level,
                format!("what publishers say of {name} could not be read: {cause}"),
            );
        }
    };
    let trusted = policy.publishers(reference);
    let decisive = records
        .iter()
        .filter_map(|record| trusted.iter().find(|rule| rule.publisher == record.publisher).map(|rule| (record, *rule)))
        .map(|(record, rule)| {
            let (word, entry) = word_of(record, evidence);
            (word, record.publisher, record, rule, entry)
        })
        .filter(|(word, ..)| *word != Word::Silent)
        .min_by_key(|(word, publisher, ..)| (*word, *publisher));
    match decisive {
        Some((word, _, record, rule, entry)) => {
            let mut verdict = Speaker { name, level, record, rule, entry, head }.verdict(word);
            let layers = evidence.layers().filter(|_| word == Word::Never);
            let published = layers.and_then(|layers| record.entries.iter().find(|entry| entry.digest == layers.digest));
            if let Some(entry) = published.filter(|entry| entry.version > 0) {
                verdict.has_layers_of(entry.version);
            }
            verdict.tell_of_others(reference, records, evidence, &trusted);
            verdict
        }
        None => unheard(name, level, records, &trusted),
    }
}

impl Verdict {
    /// Names the endpoints without which it was reached.
    pub fn reached_without(&mut self, dissent: &[Dissent]) {
        if let Some(told) = Dissent::told(dissent) {
            self.warn(&told);
        }
    }

    /// Tells of a delegate who spoke, and of a successor, whom nobody follows unasked.
    fn tell_of_others(&mut self, reference: &Reference, records: &[Record], evidence: &Evidence, trusted: &[&Rule]) {
        if let Some(delegate) = self.by {
            self.reason = format!("{}, released by its delegate {delegate}", self.reason);
        }
        let Some(heir) = self.successor else { return };
        let is_trusted = trusted.iter().any(|rule| rule.publisher == heir);
        let is_current = |record: &Record| record.publisher == heir && word_of(record, evidence).0 == Word::Current;
        let released = if records.iter().any(is_current) { ", who released this image" } else { "" };
        let ask = if is_trusted {
            String::new()
        } else {
            format!(": `daochain trust add {} {heir}` if you agree", reference.familiar())
        };
        self.warn(&format!("the publisher handed this name over to {heir}{released}{ask}"));
    }

    /// Adds what makes it less certain.
    pub fn warn(&mut self, warning: &str) {
        self.reason = format!("{}; {warning}", self.reason);
    }

    /// Leaves undecided what rests on a block that is less settled than `required`. What keeps an image from being used
    /// stands, however young it is.
    pub fn require(&mut self, required: Finality) {
        let is_settled = self.finality.is_some_and(|finality| finality >= required);
        if !is_settled && matches!(self.conclusion, Conclusion::Verified | Conclusion::Outdated) {
            self.conclusion = Conclusion::Undecided;
            let now = self.finality.map_or("of unknown finality", Finality::word);
            self.reason = format!("{}, and that is {now} where `{}` is required", self.reason, required.word());
        }
    }

    /// Tells of a mismatch that its layers are a release's, and only the configuration another.
    pub fn has_layers_of(&mut self, version: u32) {
        self.same_layers = Some(version);
        self.reason = format!(
            "{}: its layers are those of version {version}, its configuration is another, as after a conversion between \
             Docker's and OCI's formats (skopeo, buildah, podman); take it unconverted, or have its publisher release this form",
            self.reason
        );
    }
}

/// What a record says of the evidence, and the entry that says it.
fn word_of<'a>(record: &'a Record, evidence: &Evidence) -> (Word, Option<&'a Entry>) {
    let of_image = |entry: &&Entry| evidence.digests().iter().any(|kinded| kinded.digest == entry.digest);
    let entries = || record.entries.iter().filter(of_image);
    if let Some(revoked) = entries().find(|entry| entry.revoked_at.is_some()) {
        return (Word::Withdrawn, Some(revoked));
    }
    // Layers may be withdrawn whatever runs them, and vouch for nothing: the configuration says what is run.
    let identifies = |kinded: &&KindedDigest| kinded.kind != DigestKind::ChainId;
    let vouches =
        |entry: &&Entry| evidence.digests().iter().filter(identifies).any(|kinded| kinded.digest == entry.digest);
    let newest = entries().filter(vouches).filter(|entry| entry.version > 0).max_by_key(|entry| entry.version);
    let withdrawn =
        record.head.retired_at.is_some() || (record.head.publisher_retired_at.is_some() && record.head.version > 0);
    match newest {
        _ if withdrawn => (Word::Withdrawn, newest),
        Some(entry) if entry.version == record.head.version => (Word::Current, Some(entry)),
        // An entry above the head is no answer of the contract; it must not turn green.
        Some(entry) => (Word::Older, Some(entry)),
        None if record.head.version == 0 => (Word::Silent, None),
        None if evidence.config_digest().is_some() => (Word::Never, None),
        None => (Word::NotComparable, None),
    }
}

/// A verdict of which nothing but the reason is known.
fn bare(conclusion: Conclusion, evidence: EvidenceLevel, reason: String) -> Verdict {
    Verdict {
        conclusion,
        evidence,
        publisher: None,
        publisher_name: None,
        rule: None,
        version: None,
        current_version: None,
        block: None,
        confirmations: None,
        finality: None,
        published_at: None,
        by: None,
        successor: None,
        revoked: None,
        expected: Vec::new(),
        same_layers: None,
        reason,
        problem: None,
    }
}

/// A verdict that could not be reached: engine, archive or node failed before [`judge`] had anything to judge.
#[must_use]
pub fn undecided(evidence: EvidenceLevel, reason: String) -> Verdict {
    bare(Conclusion::Undecided, evidence, reason)
}

/// The verdict when no trusted publisher speaks.
fn unheard(name: &str, level: EvidenceLevel, records: &[Record], trusted: &[&Rule]) -> Verdict {
    let others = records.iter().filter(|record| record.speaks()).count();
    match (others, trusted.len()) {
        (0, 0) => {
            bare(Conclusion::Unpublished, level, format!("nobody has published {name}, and no trust rule covers it"))
        }
        (0, _) => bare(Conclusion::Unpublished, level, format!("no trusted publisher has published {name}")),
        (1, _) => {
            let publisher = records.iter().find(|record| record.speaks()).map(|record| record.publisher);
            let who = publisher.map_or_else(String::new, |publisher| publisher.to_string());
            let mut verdict = bare(
                Conclusion::Untrusted,
                level,
                format!("{name} was published by {who}, whom no trust rule names for it"),
            );
            verdict.publisher = publisher;
            verdict
        }
        (many, _) => bare(
            Conclusion::Untrusted,
            level,
            format!("{name} was published by {many} publishers, and no trust rule names any of them for it"),
        ),
    }
}

/// A trusted publisher's record on its way to a verdict.
struct Speaker<'a> {
    name: &'a str,
    level: EvidenceLevel,
    record: &'a Record,
    rule: &'a Rule,
    entry: Option<&'a Entry>,
    head: Option<&'a ChainHead>,
}

impl Speaker<'_> {
    fn verdict(&self, word: Word) -> Verdict {
        let (name, who) = (self.name, self.who());
        let current = self.record.head.version;
        let version = self.entry.map(|entry| entry.version).filter(|version| *version > 0);
        let held = version.unwrap_or_default();
        match word {
            Word::Current => self.describe(
                Conclusion::Verified,
                format!("{name} is version {current} of {who}, the current release"),
            ),
            Word::Older => self.describe(
                Conclusion::Outdated,
                format!("{name} is version {held} of {who}; version {current} is the current release"),
            ),
            Word::Never => self.describe(Conclusion::Mismatch, format!("{name} is not an image that {who} released")),
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
        let reason = format!("{who} withdrew {what} ({name}){because}", who = self.who(), name = self.name);
        let mut verdict = self.describe(Conclusion::Revoked, reason);
        verdict.revoked = Some(Withdrawal { at, scope, reason: why });
        verdict
    }

    fn who(&self) -> String {
        match &self.rule.name {
            Some(name) => super::text::clean_to(name, 60),
            None => self.record.publisher.to_string(),
        }
    }

    fn describe(&self, conclusion: Conclusion, reason: String) -> Verdict {
        let record = self.record;
        let held = self.entry.filter(|entry| entry.version > 0);
        let block = held.map_or(record.head_block, |entry| entry.block);
        let finality = block.zip(self.head).map(|(block, head)| head.finality(block));
        let reason = match (conclusion, finality) {
            (Conclusion::Mismatch | Conclusion::Undecided, _) | (_, Some(Finality::Final)) => reason,
            (_, None) if self.head.is_some() => format!("{reason} (in a block that is not known)"),
            (_, None) => reason,
            (_, Some(Finality::Safe)) => format!("{reason} (in a safe block, not a final one)"),
            (_, Some(Finality::Included)) => format!("{reason} (in a block that is not final yet)"),
        };
        Verdict {
            publisher: Some(record.publisher),
            publisher_name: self.rule.name.as_deref().map(|name| super::text::clean_to(name, 60)),
            rule: Some(self.rule.pattern.to_string()),
            version: held.map(|entry| entry.version),
            current_version: Some(record.head.version).filter(|version| *version > 0),
            block,
            confirmations: block.zip(self.head).map(|(block, head)| head.confirmations(block)),
            finality,
            published_at: held.map_or(record.head.published_at, |entry| entry.published_at),
            by: held.and_then(|entry| entry.by),
            successor: record.successor,
            expected: expected(&record.current),
            ..bare(conclusion, self.level, reason)
        }
    }
}

/// Configurations first: they are what an image is compared by.
fn expected(current: &[KindedDigest]) -> Vec<Digest> {
    let mut sorted: Vec<_> = current.iter().filter(|kinded| kinded.kind != DigestKind::ChainId).copied().collect();
    sorted.sort();
    sorted.into_iter().map(|kinded| kinded.digest).collect()
}
