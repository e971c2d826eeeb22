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
//! release is enough, or as many as the policy demands: two keys of one team must not contradict each other merely by
//! taking turns. Observers make a verdict only where the policy names no publisher and says how many of them must agree.

mod conclusion;
mod observers;
#[cfg(test)]
mod policy_tests;
mod publishers;
#[cfg(test)]
mod tests;
mod word;

use serde::Serialize;

pub use conclusion::Conclusion;
pub use observers::Observed;
use word::{Word, word_of};

use super::{
    address::Address,
    digest::{Digest, DigestKind},
    image::{Evidence, EvidenceLevel, KindedDigest},
    network::{ChainHead, Dissent, Finality},
    record::{Answer, Record},
    reference::Reference,
    text::clean_to,
    time::Timestamp,
    trust::{Decision, Demands, Denial, Role, Rule, Successions, TrustPolicy},
};

/// Strangers that a verdict names: more add nothing.
pub const STRANGERS: usize = 8;
/// Seconds by which a chain's clock may be behind this machine's, which dates the rules: a release of the hour before counts as later.
const CLOCKS: u64 = 3600;
/// Characters of what a user calls a publisher.
const NAME: usize = 60;
/// Characters of a note.
const NOTE: usize = 200;

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
    /// What observers saw, where the policy names some. With a `publisher` it decides nothing.
    pub observed: Option<Observed>,
    /// Who published the reference, later than the policy was made, without being named by it: at most [`STRANGERS`].
    pub strangers: Vec<Address>,
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

/// The verdict for an image with `evidence` under `reference`, at the time `now`.
///
/// `policy` is the part of the trust policy that holds on the network ([`TrustPolicy::on`]). `head` is how far the chain had
/// come when `answer` was read; without it confirmations stay unknown. The result is *verified* only if a record of a trusted
/// publisher says that its current release holds one of the evidence's digests, or as many observers as the policy demands
/// saw it.
#[must_use]
pub fn judge(
    reference: &Reference,
    evidence: &Evidence,
    answer: &Answer,
    policy: &TrustPolicy,
    head: Option<&ChainHead>,
    now: Timestamp,
) -> Verdict {
    let name = reference.familiar();
    let level = evidence.level();
    if let Evidence::Corrupt { problem, .. } = evidence {
        let mut verdict = bare(Conclusion::Mismatch, level, format!("{name} contradicts itself: {problem}"));
        verdict.problem = Some(problem.clone());
        return verdict;
    }
    if let Decision::Denied(denial) = policy.decision(reference) {
        return denied(name, level, denial);
    }
    if let Evidence::Unreadable { cause } = evidence {
        return bare(Conclusion::Undecided, level, format!("{name} could not be read: {cause}"));
    }
    let records = match answer {
        Answer::Records(records) => records,
        Answer::Failed { cause } => {
            // Of all images alike: of ten thousand it is kept once.
            return bare(Conclusion::Undecided, level, format!("what publishers say could not be read: {cause}"));
        }
    };
    let demands = policy.demands(reference);
    let publishers = policy.speakers(reference, Role::Publisher);
    let observers = policy.speakers(reference, Role::Observer);
    let case = Case { name, reference, evidence, records, observers: &observers, demands: &demands, head, now };
    let mut verdict = if publishers.is_empty() && !observers.is_empty() && demands.require.is_some() {
        observers::judge(&case, &observers)
    } else {
        let mut verdict = publishers::judge(&case, &publishers);
        observers::tell(&mut verdict, &case, &observers);
        verdict
    };
    verdict.tell_of_strangers(&case, &policy.deciding(reference));
    if let Some(finality) = demands.finality {
        verdict.require(finality);
    }
    verdict
}

/// What is judged, and by what.
struct Case<'a> {
    name: &'a str,
    reference: &'a Reference,
    evidence: &'a Evidence,
    records: &'a [Record],
    /// Who the policy names as such.
    observers: &'a [&'a Rule],
    demands: &'a Demands,
    head: Option<&'a ChainHead>,
    now: Timestamp,
}

impl<'a> Case<'a> {
    /// The publisher's record. There is one; of several, which no contract answers, the gravest counts whatever their order.
    fn record_of(&self, publisher: Address) -> Option<&'a Record> {
        let own = self.records.iter().filter(|record| record.publisher == publisher);
        own.min_by_key(|record| word_of(record, self.evidence).0)
    }
}

impl Verdict {
    /// Names the endpoints without which it was reached.
    pub fn reached_without(&mut self, dissent: &[Dissent]) {
        if let Some(told) = Dissent::told(dissent) {
            self.warn(&told);
        }
    }

    /// Tells of a delegate who spoke, and of a successor whom the policy does not follow.
    fn tell_of_others(&mut self, case: &Case<'_>, trusted: &[&Rule]) {
        if let Some(delegate) = self.by {
            self.reason = format!("{}, released by its delegate {delegate}", self.reason);
        }
        let Some(heir) = self.successor else { return };
        let is_current =
            |record: &Record| record.publisher == heir && word_of(record, case.evidence).0 == Word::Current;
        let released = if case.records.iter().any(is_current) { ", who released this image" } else { "" };
        let is_trusted = trusted.iter().any(|rule| rule.publisher == heir);
        let then = match case.demands.successions {
            _ if is_trusted => String::new(),
            Successions::Ask => format!(": `daochain trust add {} {heir}` if you agree", case.reference.familiar()),
            Successions::Never => ", whom the trust policy does not follow".to_owned(),
            Successions::Always => ", who has released nothing under it yet".to_owned(),
        };
        self.warn(&format!("the publisher handed this name over to {heir}{released}{then}"));
    }

    /// Tells who else published the name since the policy was made. It changes no verdict: anybody may publish any name.
    fn tell_of_strangers(&mut self, case: &Case<'_>, deciding: &[&Rule]) {
        let Some(first) = deciding.first() else { return };
        let pinned = deciding.iter().filter_map(|rule| rule.since).max();
        let is_later = |record: &&Record| match (pinned, record.head.published_at) {
            (Some(pinned), Some(published)) => published.0.saturating_add(CLOCKS) > pinned.0,
            _ => true,
        };
        let followed = [self.publisher, self.successor];
        let is_named =
            |who: Address| deciding.iter().any(|rule| rule.publisher == who) || followed.contains(&Some(who));
        let spoke = case.records.iter().filter(|record| record.head.version > 0 && !is_named(record.publisher));
        let mut strangers: Vec<_> = spoke.filter(is_later).map(|record| record.publisher).collect();
        strangers.sort_unstable();
        let more = match strangers.as_slice() {
            [] => return,
            [one] => one.to_string(),
            many => format!("{} and {} more", many[0], many.len() - 1),
        };
        self.warn(&format!("published too by {more}, whom rule {} does not name", first.pattern));
        strangers.truncate(STRANGERS);
        self.strangers = strangers;
    }

    /// The observers' own word for *verified*, where they and no publisher decided: `observed 2 of 3`.
    #[must_use]
    pub fn observed_words(&self) -> Option<String> {
        let decided = self.conclusion == Conclusion::Verified && self.publisher.is_none();
        let observed = self.observed.as_ref().filter(|_| decided)?;
        Some(format!("observed {} of {}", observed.agreeing.len(), observed.of))
    }

    /// The publisher as the user calls it, and how many strangers published the name too: `acme +1`.
    #[must_use]
    pub fn publisher_words(&self) -> String {
        let publisher = match (&self.publisher_name, self.publisher) {
            (Some(name), _) => name.clone(),
            (None, Some(address)) => address.short(),
            (None, None) => "–".to_owned(),
        };
        match self.strangers.len() {
            0 => publisher,
            STRANGERS => format!("{publisher} +{STRANGERS} or more"),
            some => format!("{publisher} +{some}"),
        }
    }

    /// The same for a release that `who` made: another publisher's word for the same image is none for theirs.
    #[must_use]
    pub fn offered_by(mut self, who: Address) -> Self {
        let is_observer = self.observed.as_ref().is_some_and(|observed| observed.agreeing.contains(&who));
        let is_own = self.publisher == Some(who) || (self.publisher.is_none() && is_observer);
        if !is_own && matches!(self.conclusion, Conclusion::Verified | Conclusion::Outdated) {
            self.conclusion = Conclusion::Untrusted;
            self.reason = format!("no trust rule names {who} for it; what it released: {}", self.reason);
        }
        self
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
        observed: None,
        strangers: Vec::new(),
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

/// The verdict for what the policy denies.
fn denied(name: &str, level: EvidenceLevel, denial: &Denial) -> Verdict {
    let note = denial.note.as_deref().map_or_else(String::new, |note| format!(": {}", clean_to(note, NOTE)));
    let reason = format!("the trust policy denies {name} (pattern {}){note}", denial.pattern);
    Verdict { rule: Some(denial.pattern.to_string()), ..bare(Conclusion::Untrusted, level, reason) }
}

/// Configurations first: they are what an image is compared by.
fn expected(current: &[KindedDigest]) -> Vec<Digest> {
    let mut sorted: Vec<_> = current.iter().filter(|kinded| kinded.kind != DigestKind::ChainId).copied().collect();
    sorted.sort();
    sorted.into_iter().map(|kinded| kinded.digest).collect()
}
