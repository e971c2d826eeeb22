//! Why an image's verdict is what it is, for a reader who has never seen one: the page that the screen and `daochain explain`
//! show alike.
//!
//! ```text
//! verdict    what it means, in plain words
//! here       which bytes were hashed, how, when
//! released   what its publishers released, and when: the newest first
//! trust      whose word counts by which rule, and how many must agree
//! chain      the block that it rests on, and which endpoints said so
//! layers     both images side by side                                    (layers.rs)
//! next       what to do: a command, and the key that does it             (next.rs)
//! ```

mod here;
mod layers;
mod next;
mod rests;
#[cfg(test)]
mod tests;
mod trusted;

use serde::Serialize;

pub use layers::{files_section, layers_section};
pub use next::{Act, Step};
pub use rests::Witness;

use super::{
    compare::{Comparison, FileChanges, Pair},
    image::{Evidence, LocalImage},
    network::NetworkView,
    record::{HistoryEvent, HistoryKind},
    reference::Reference,
    time::Timestamp,
    trust::TrustPolicy,
    verdict::{Conclusion, Verdict, WithdrawalScope},
};

/// Events of a history that are told; older ones are counted.
const EVENTS: usize = 100;

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// Words.
    Plain,
    /// It went well.
    Good,
    /// To be looked at.
    Caution,
    /// Something is wrong.
    Bad,
    /// Less important.
    Muted,
}

/// One line; the label stands before it in a column of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What the words are about; empty where they go on.
    pub label: String,
    /// The words, safe to show.
    pub text: String,
    /// What they mean.
    pub tone: Tone,
    /// It stands in columns, and is never broken.
    #[serde(skip)]
    pub is_row: bool,
}

/// Lines about one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// A word that documents rely on.
    pub key: &'static str,
    /// The question, or its subject.
    pub title: String,
    /// The answer.
    pub lines: Vec<Line>,
}

impl Section {
    fn new(key: &'static str, title: impl Into<String>) -> Self {
        Self { key, title: title.into(), lines: Vec::new() }
    }

    fn push(&mut self, label: &str, tone: Tone, text: impl Into<String>) {
        self.lines.push(Line { label: label.to_owned(), text: text.into(), tone, is_row: false });
    }

    fn row(&mut self, tone: Tone, text: impl Into<String>) {
        self.lines.push(Line { label: String::new(), text: text.into(), tone, is_row: true });
    }
}

/// What was asked for, and may not have come yet or not at all.
pub type Asked<T> = Option<Result<T, String>>;

/// All that is known of one image under one name.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The name; `None` of an image without one.
    pub reference: Option<&'a Reference>,
    /// The listed image, where it is one.
    pub image: Option<&'a LocalImage>,
    /// What is known of its content.
    pub evidence: &'a Evidence,
    /// When it was measured, where that is known.
    pub measured_at: Option<Timestamp>,
    /// The verdict, once there is one.
    pub verdict: Option<&'a Verdict>,
    /// What was concluded before it became undecided, and when.
    pub last: Option<(Conclusion, Timestamp)>,
    /// When the verdict was reached.
    pub checked_at: Option<Timestamp>,
    /// What was said of the name, oldest first.
    pub history: Asked<&'a [HistoryEvent]>,
    /// The part of the trust policy that holds here.
    pub policy: Asked<&'a TrustPolicy>,
    /// The network that was read.
    pub network: Option<&'a NetworkView>,
    /// Why the chain could not be read.
    pub unreachable: Option<String>,
    /// Why blocks and reasons are missing.
    pub log_problem: Option<&'a str>,
    /// The network's endpoints, as far as they were asked, and how many must say the same.
    pub witnesses: Vec<Witness>,
    /// How many of them must say the same.
    pub must_agree: usize,
    /// The layers here and of the release, where they were looked for.
    pub comparison: Asked<&'a Comparison>,
    /// Layers that differ, with the files that do.
    pub files: &'a [(Pair, FileChanges)],
    /// Now.
    pub now: Timestamp,
    /// How a number of seconds is written.
    pub age: fn(u64) -> String,
    /// Columns that there are.
    pub width: usize,
}

/// The whole page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In the order in which they are read.
    pub sections: Vec<Section>,
    /// What to do, the best first.
    pub steps: Vec<Step>,
}

impl Case<'_> {
    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let mut sections = vec![self.meaning(), self.here(), self.released(), self.trusted(), self.rests()];
        sections.extend(self.layers());
        if let Some(Ok(comparison)) = &self.comparison {
            sections.extend(self.files.iter().map(|(pair, changes)| files_section(comparison, *pair, changes)));
        }
        sections.retain(|section| !section.lines.is_empty());
        Page { sections, steps: self.steps() }
    }

    fn conclusion(&self) -> Option<Conclusion> {
        self.verdict.map(|verdict| verdict.conclusion)
    }

    fn name(&self) -> &str {
        self.reference.map_or("the image", Reference::familiar)
    }

    fn ago(&self, at: Timestamp) -> String {
        format!("{} ago", (self.age)(self.now.since(at)))
    }

    /// The publisher as the user calls it.
    fn publisher(&self) -> String {
        let named = self.verdict.and_then(|verdict| {
            verdict.publisher_name.clone().or_else(|| verdict.publisher.map(|publisher| publisher.short()))
        });
        named.unwrap_or_else(|| "its publisher".to_owned())
    }

    /// The verdict's own sentence, and what it means.
    fn meaning(&self) -> Section {
        let mut section = Section::new("verdict", "What this verdict means");
        let Some(verdict) = self.verdict else {
            let words = if self.reference.is_some() {
                "The verdict is being asked for."
            } else {
                "The image has no name. Releases are made under names, so nobody can have released it."
            };
            section.push("", Tone::Muted, words);
            return section;
        };
        let tone = match verdict.conclusion {
            Conclusion::Verified if verdict.evidence.is_measured() => Tone::Good,
            Conclusion::Verified => Tone::Plain,
            Conclusion::Mismatch | Conclusion::Revoked => Tone::Bad,
            Conclusion::Outdated | Conclusion::Untrusted | Conclusion::Undecided => Tone::Caution,
            Conclusion::Unpublished => Tone::Muted,
        };
        section.push("", tone, self.meaning_of(verdict));
        section.push("because", Tone::Plain, verdict.reason.clone());
        if let Some((last, at)) = self.last.filter(|_| verdict.conclusion == Conclusion::Undecided) {
            section.push("before", Tone::Caution, format!("{} {}", last.word(), self.ago(at)));
        }
        section
    }

    fn meaning_of(&self, verdict: &Verdict) -> String {
        let who = self.publisher();
        let observed = verdict.observed_words().is_some();
        match verdict.conclusion {
            Conclusion::Verified if observed => {
                "Enough observers whom you trust were served exactly this image under this name. Nobody who makes it has \
                 released it: that it is the same everywhere is all that is known."
                    .to_owned()
            }
            Conclusion::Verified if verdict.evidence.is_measured() => {
                format!("This is the released image: its bytes were hashed here, and {who} released exactly these.")
            }
            Conclusion::Verified => format!(
                "This is the released image, if what the engine says of it is true: {who} released its digest, but not all \
                 of its bytes were hashed here."
            ),
            Conclusion::Outdated => format!(
                "This is a genuine image of {who}, and not the newest: a later version took its place. What was mended \
                 since then is not in it."
            ),
            Conclusion::Revoked => {
                let what = match verdict.revoked.as_ref().map(|revoked| revoked.scope) {
                    Some(WithdrawalScope::Reference) => "everything under this name",
                    Some(WithdrawalScope::Publisher) => "all of its releases",
                    _ => "this image",
                };
                format!("Do not use it: {who} withdrew {what}. That is final, and nobody can take it back.")
            }
            Conclusion::Mismatch if verdict.problem.is_some() => {
                "Do not use it: its content is not what it says of itself. It was damaged or changed after it was made, \
                 whatever anybody released."
                    .to_owned()
            }
            Conclusion::Mismatch if verdict.same_layers.is_some() => format!(
                "Its files are those that {who} released; how they are run is written down differently. That is so after \
                 a conversion between formats, and also when somebody changed the start command, the user or a variable."
            ),
            Conclusion::Mismatch if verdict.publisher.is_none() => {
                "Do not use it before you know more: observers whom you trust were served other images under this name at \
                 the same time."
                    .to_owned()
            }
            Conclusion::Mismatch => format!(
                "Do not use it before you know more: {who} released images under this name, and never this one. It was \
                 changed, swapped, or built by somebody else."
            ),
            Conclusion::Unpublished => {
                "Nobody whom you trust has said anything of this name. That is no sign of harm, and no sign of safety: \
                 there is nothing to compare it with."
                    .to_owned()
            }
            Conclusion::Untrusted if verdict.rule.is_some() && verdict.publisher.is_none() => {
                "Your own trust policy says that nobody's word makes this name good.".to_owned()
            }
            Conclusion::Untrusted if verdict.rule.is_some() => {
                "Somebody whom you trust has spoken, and you demand more than one voice: too few have.".to_owned()
            }
            Conclusion::Untrusted => {
                "Somebody has released images under this name, and your trust policy does not say that their word counts. \
                 Anybody may publish any name."
                    .to_owned()
            }
            Conclusion::Undecided => {
                "It could not be found out. That is neither good nor bad; until it is known, treat it as unknown."
                    .to_owned()
            }
        }
    }

    /// What was said of the name: the newest first.
    fn released(&self) -> Section {
        let mut section = Section::new("released", "What was released, and when");
        let events = match &self.history {
            None if self.reference.is_none() => return section,
            None => {
                section.push("", Tone::Muted, "being read");
                return section;
            }
            Some(Err(problem)) => {
                section.push("", Tone::Caution, format!("could not be read: {problem}"));
                return section;
            }
            Some(Ok([])) => {
                section.push("", Tone::Muted, format!("nobody has ever published {}", self.name()));
                return section;
            }
            Some(Ok(events)) => events,
        };
        let newest = |event: &HistoryEvent| {
            let versions = events.iter().filter(|other| other.publisher == event.publisher).filter_map(version_of);
            versions.max()
        };
        for event in events.iter().rev().take(EVENTS) {
            let (label, tone, text) = self.event(event, newest(event));
            section.push(&label, tone, text);
        }
        if events.len() > EVENTS {
            section.push("", Tone::Muted, format!("and {} older", events.len() - EVENTS));
        }
        section
    }

    fn event(&self, event: &HistoryEvent, newest: Option<u32>) -> (String, Tone, String) {
        let own = self.evidence.digests();
        let who = self.called(event);
        let (label, tone, what) = match &event.kind {
            HistoryKind::Published { version, digests } => {
                let is_this = digests.iter().any(|one| own.iter().any(|kinded| kinded.digest == one.digest));
                let is_current = newest == Some(*version);
                let digest = digests.first().map(|kinded| kinded.digest.short()).unwrap_or_default();
                let more = match digests.len() {
                    0 | 1 => String::new(),
                    many => format!(" and {} more", many - 1),
                };
                let marks: Vec<_> = [(is_this, "THIS IMAGE"), (is_current, "current")]
                    .into_iter()
                    .filter_map(|(holds, word)| holds.then_some(word))
                    .collect();
                let marks = if marks.is_empty() { String::new() } else { format!(" ◀ {}", marks.join(", ")) };
                let tone = match (is_this, is_current) {
                    (true, true) => Tone::Good,
                    (true, false) => Tone::Caution,
                    (false, true) => Tone::Plain,
                    (false, false) => Tone::Muted,
                };
                (format!("v{version}"), tone, format!("{digest}{more}{marks}"))
            }
            HistoryKind::Revoked { digest, reason } => {
                let this = if own.iter().any(|kinded| kinded.digest == *digest) { " ◀ THIS IMAGE" } else { "" };
                ("revoked".to_owned(), Tone::Bad, format!("{}{this}{}", digest.short(), because(reason)))
            }
            HistoryKind::Retired { reason, everything: false } => {
                ("retired".to_owned(), Tone::Bad, format!("everything under this name{}", because(reason)))
            }
            HistoryKind::Retired { reason, everything: true } => {
                ("retired".to_owned(), Tone::Bad, format!("all releases of the publisher{}", because(reason)))
            }
            HistoryKind::Succession { successor, accepted: true } => {
                ("heir".to_owned(), Tone::Caution, format!("handed over to {successor}"))
            }
            HistoryKind::Succession { successor, accepted: false } => {
                ("heir".to_owned(), Tone::Muted, format!("offered to {successor}, who has not taken it"))
            }
            HistoryKind::Delegate { delegate, expiry: Some(expiry) } => {
                ("delegate".to_owned(), Tone::Muted, format!("{delegate} may publish until {expiry}"))
            }
            HistoryKind::Delegate { delegate, expiry: None } => {
                ("delegate".to_owned(), Tone::Muted, format!("{delegate} may no longer publish"))
            }
        };
        (label, tone, format!("{what} · block {} · {} · {who}", event.block, self.ago(event.at)))
    }

    /// Who said it, as the user calls them.
    fn called(&self, event: &HistoryEvent) -> String {
        let named = match &self.policy {
            Some(Ok(policy)) => policy.name_of(event.publisher).map(super::text::clean),
            _ => None,
        };
        named.unwrap_or_else(|| event.publisher.short())
    }
}

/// Why, where somebody said so.
fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

const fn version_of(event: &HistoryEvent) -> Option<u32> {
    match event.kind {
        HistoryKind::Published { version, .. } => Some(version),
        _ => None,
    }
}
