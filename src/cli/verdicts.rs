//! Verdicts as a document and for people: shared by `verify`, `images` and `demo`.

use serde::Serialize;

use super::{
    console::{ErrorPart, Page},
    human::Role,
};
use crate::{
    domain::{
        Address, Digest, Reference, Timestamp,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, ImageId, LocalImage, Source},
        network::{Dissent, Finality, NetworkView},
        text::clean,
        trust::TrustPolicy,
        verdict::{Conclusion, Observed, Verdict, Withdrawal, undecided},
    },
    ops::{
        Context, Failure,
        verify::{Judgement, Subject, judge_images},
    },
};

/// What is to be judged.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The listed image, where there is one.
    pub image: Option<ImageId>,
    /// `None` for an image that has no name: nobody can have published it.
    pub reference: Option<Reference>,
    pub evidence: Evidence,
    pub platform: Option<String>,
    /// The archive that it lies in; `None` for the engine's.
    pub source: Option<String>,
}

impl Candidate {
    /// A listed image under one of its names, or under the one that was asked for.
    pub fn new(image: &LocalImage, reference: Option<Reference>, evidence: Evidence) -> Self {
        let source = match &image.id.source {
            Source::Engine => None,
            Source::Archive(path) => Some(clean(&path.display().to_string())),
        };
        Self { image: Some(image.id.clone()), reference, evidence, platform: image.platform.clone(), source }
    }

    /// One of which nothing can be told but why.
    pub const fn unreadable(reference: Option<Reference>, cause: String, source: Option<String>) -> Self {
        Self { image: None, reference, evidence: Evidence::Unreadable { cause }, platform: None, source }
    }
}

/// Where answers were read.
#[derive(Debug, Clone, Serialize)]
pub struct NetworkPart {
    pub name: String,
    pub chain_id: u64,
    pub contract: Address,
    pub block: u64,
    pub local: bool,
}

impl From<&NetworkView> for NetworkPart {
    fn from(view: &NetworkView) -> Self {
        Self {
            name: view.name.clone(),
            chain_id: view.chain_id,
            contract: view.contract,
            block: view.head.latest.number,
            local: view.local,
        }
    }
}

/// A digest and the word for what it stands for.
#[derive(Debug, Clone, Serialize)]
pub struct DigestPart {
    /// `None` where only the digest is known.
    pub kind: Option<&'static str>,
    pub digest: Digest,
}

impl DigestPart {
    /// Of a known kind.
    pub const fn new(kind: DigestKind, digest: Digest) -> Self {
        Self { kind: Some(kind.word()), digest }
    }
}

/// The last verdict that was reached for an image that is undecided now.
#[derive(Debug, Serialize)]
pub struct LastPart {
    pub verdict: Conclusion,
    pub at: Timestamp,
}

/// One image's verdict.
#[derive(Debug, Serialize)]
pub struct ImageVerdict {
    pub reference: Option<Reference>,
    pub platform: Option<String>,
    pub config_digest: Option<Digest>,
    pub evidence: EvidenceLevel,
    pub verdict: Conclusion,
    pub publisher: Option<Address>,
    pub publisher_name: Option<String>,
    pub rule: Option<String>,
    pub version: Option<u32>,
    pub current_version: Option<u32>,
    pub block: Option<u64>,
    pub confirmations: Option<u64>,
    pub finality: Option<Finality>,
    pub published_at: Option<Timestamp>,
    /// The delegate who released it.
    pub by: Option<Address>,
    /// Who took over from the publisher.
    pub successor: Option<Address>,
    /// What observers saw, where the policy names some. They decided where there is no `publisher`.
    pub observed: Option<ObservedPart>,
    /// Who published the name since it was pinned, without being named by the policy; the first few.
    pub strangers: Vec<Address>,
    pub revoked: Option<Withdrawal>,
    pub expected: Vec<Digest>,
    /// For a mismatch: the version whose layers the image has under another configuration.
    pub same_layers_as: Option<u32>,
    pub checked_at: Timestamp,
    pub reason: String,
    pub problem: Option<String>,
    pub source: Option<String>,
    pub last: Option<LastPart>,
    #[serde(skip)]
    label: Label,
}

/// Words for people.
#[derive(Debug)]
struct Label {
    /// The observers' word for *verified*, where they decided.
    verified: Option<String>,
    publisher: String,
}

/// What observers saw.
#[derive(Debug, Serialize)]
pub struct ObservedPart {
    /// Who saw this image last.
    pub agreeing: Vec<Address>,
    /// Who saw another.
    pub dissenting: Vec<Address>,
    /// Whose word is older than the policy takes.
    pub stale: Vec<Address>,
    /// How many the policy names.
    pub of: usize,
}

impl From<Observed> for ObservedPart {
    fn from(Observed { agreeing, dissenting, stale, of }: Observed) -> Self {
        Self { agreeing, dissenting, stale, of }
    }
}

/// What judging gave.
#[derive(Debug)]
pub struct Judged {
    pub network: Result<NetworkView, Failure>,
    pub log_problem: Option<String>,
    pub dissent: Vec<Dissent>,
    pub images: Vec<ImageVerdict>,
}

impl Judged {
    /// The gravest verdict. Of no image nothing can be said.
    pub fn verdict(&self) -> Conclusion {
        Conclusion::gravest(self.images.iter().map(|image| image.verdict)).unwrap_or(Conclusion::Undecided)
    }

    /// Why the chain could not be read, for documents.
    pub fn problem(&self) -> Option<ErrorPart> {
        self.network.as_ref().err().map(ErrorPart::from)
    }

    /// Where it was read, for documents.
    pub fn network(&self) -> Option<NetworkPart> {
        self.network.as_ref().ok().map(NetworkPart::from)
    }
}

/// Judges the candidates at one block, in their order. What rests on a block less settled than `required` stays undecided.
pub async fn judge(
    context: &Context,
    candidates: Vec<Candidate>,
    policy: &TrustPolicy,
    required: Option<Finality>,
) -> Judged {
    let subject = |candidate: &Candidate| {
        let Candidate { image, reference, evidence, .. } = candidate.clone();
        Some(Subject { image, reference: reference?, evidence })
    };
    let subjects: Vec<Subject> = candidates.iter().filter_map(subject).collect();
    told(candidates, judge_images(context, &subjects, policy).await, required)
}

/// The candidates with their verdicts, which stand in the judgement in the order of those that have a name.
pub fn told(candidates: Vec<Candidate>, judgement: Judgement, required: Option<Finality>) -> Judged {
    let mut answers = judgement.verdicts.into_iter().zip(judgement.last);
    let mut images = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let answer = if candidate.reference.is_some() { answers.next() } else { None };
        let (mut verdict, last) = answer.unwrap_or_else(|| {
            let reason = match &candidate.evidence {
                Evidence::Unreadable { cause } => cause.clone(),
                _ => "the image has no name that somebody could have published".to_owned(),
            };
            (undecided(candidate.evidence.level(), reason), None)
        });
        if let Some(required) = required {
            verdict.require(required);
        }
        images.push(ImageVerdict::new(candidate, verdict, last, judgement.checked_at));
    }
    Judged { network: judgement.network, log_problem: judgement.log_problem, dissent: judgement.dissent, images }
}

impl ImageVerdict {
    fn new(
        candidate: Candidate,
        verdict: Verdict,
        last: Option<(Conclusion, Timestamp)>,
        checked_at: Timestamp,
    ) -> Self {
        let (verified, publisher) = (verdict.observed_words(), verdict.publisher_words());
        Self {
            config_digest: candidate.evidence.config_digest(),
            reference: candidate.reference,
            platform: candidate.platform,
            evidence: verdict.evidence,
            verdict: verdict.conclusion,
            publisher: verdict.publisher,
            publisher_name: verdict.publisher_name,
            rule: verdict.rule,
            version: verdict.version,
            current_version: verdict.current_version,
            block: verdict.block,
            confirmations: verdict.confirmations,
            finality: verdict.finality,
            published_at: verdict.published_at,
            by: verdict.by,
            successor: verdict.successor,
            observed: verdict.observed.map(ObservedPart::from),
            strangers: verdict.strangers,
            label: Label { verified, publisher },
            revoked: verdict.revoked,
            expected: verdict.expected,
            same_layers_as: verdict.same_layers,
            checked_at,
            reason: verdict.reason,
            problem: verdict.problem,
            source: candidate.source,
            last: last.map(|(verdict, at)| LastPart { verdict, at }),
        }
    }

    /// The name as Docker shows it; an archive's path where it tells no name.
    pub fn name(&self) -> &str {
        let unnamed = self.source.as_deref().unwrap_or("<none>");
        self.reference.as_ref().map_or(unnamed, Reference::familiar)
    }

    /// The publisher as the user calls it.
    pub fn publisher_label(&self) -> String {
        self.label.publisher.clone()
    }

    /// The verdict with its versions: `outdated v4 < v5`, `verified v3, claimed`.
    pub fn verdict_label(&self) -> String {
        let word = self.verdict.shown();
        if let Some(observed) = &self.label.verified {
            return if self.evidence.is_measured() {
                observed.clone()
            } else {
                format!("{observed}, {}", self.evidence.word())
            };
        }
        match (self.verdict, self.version, self.current_version) {
            (Conclusion::Verified, Some(version), _) if !self.evidence.is_measured() => {
                format!("{word} v{version}, {}", self.evidence.word())
            }
            (Conclusion::Verified, Some(version), _) => format!("{word} v{version}"),
            (Conclusion::Outdated, Some(version), Some(current)) => format!("{word} v{version} < v{current}"),
            _ => word.to_owned(),
        }
    }

    /// The verdict in full: everything that a reader needs to check it.
    pub fn describe(&self, page: &mut Page) {
        let glyph = page.look().glyph(self.verdict, self.evidence);
        let role = Role::of(self.verdict, self.evidence);
        let platform = self.platform.as_deref().map_or_else(String::new, |platform| format!("  {platform}"));
        page.spans(&[
            (role, glyph),
            (Role::Plain, " "),
            (Role::Strong, self.name()),
            (Role::Plain, "  "),
            (role, &self.verdict_label()),
            (Role::Muted, &platform),
        ]);
        page.line(&format!("  {}", self.reason));
        if let Some(digest) = self.config_digest {
            page.field("here", format!("{digest}  {}", self.evidence.word()));
        }
        if matches!(self.verdict, Conclusion::Outdated | Conclusion::Mismatch) {
            for digest in &self.expected {
                page.field("released", digest);
            }
        }
        if let Some(publisher) = self.publisher {
            let name = self.publisher_name.as_deref().map_or_else(String::new, |name| format!("{name} "));
            let rule = self.rule.as_deref().map_or_else(String::new, |rule| format!("  by rule {rule}"));
            page.field("publisher", format!("{name}{publisher}{rule}"));
        }
        if let Some(observed) = &self.observed {
            let named = |who: &[Address]| who.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            for (label, who) in
                [("saw this", &observed.agreeing), ("saw another", &observed.dissenting), ("too old", &observed.stale)]
            {
                if !who.is_empty() {
                    page.field(label, named(who));
                }
            }
        }
        for stranger in &self.strangers {
            page.field("stranger", stranger);
        }
        if let Some(delegate) = self.by {
            page.field("by delegate", delegate);
        }
        if let Some(heir) = self.successor {
            page.field("successor", heir);
        }
        if let Some(block) = self.block {
            let depth = self
                .confirmations
                .map_or_else(String::new, |depth| format!(", {}", crate::domain::text::count(depth, "confirmation")));
            let finality = self.finality.map_or_else(String::new, |finality| format!(", {}", finality.word()));
            page.field("block", format!("{block}{depth}{finality}"));
        }
        if let Some(revoked) = &self.revoked {
            page.field("withdrawn", revoked.at);
        }
        if let Some(source) = &self.source {
            page.field("archive", source);
        }
        if let Some(last) = &self.last {
            page.field("last", format!("{} at {}", last.verdict.word(), last.at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(verdict: Conclusion, evidence: EvidenceLevel) -> ImageVerdict {
        let candidate = Candidate {
            image: None,
            reference: "acme/api:1".parse().ok(),
            evidence: Evidence::measured(Digest::of(b"config")),
            platform: None,
            source: None,
        };
        let judged = Verdict { conclusion: verdict, ..undecided(evidence, "because".to_owned()) };
        ImageVerdict {
            version: Some(4),
            current_version: Some(5),
            ..ImageVerdict::new(candidate, judged, None, Timestamp(0))
        }
    }

    #[test]
    fn labels_tell_versions_and_what_was_only_claimed() {
        let label = |verdict, evidence| image(verdict, evidence).verdict_label();
        assert_eq!(label(Conclusion::Verified, EvidenceLevel::Measured), "verified v4");
        assert_eq!(label(Conclusion::Verified, EvidenceLevel::Claimed), "verified v4, claimed");
        assert_eq!(label(Conclusion::Outdated, EvidenceLevel::Measured), "outdated v4 < v5");
        assert_eq!(label(Conclusion::Mismatch, EvidenceLevel::Measured), "MISMATCH");
    }

    #[test]
    fn of_no_image_nothing_is_verified() {
        let judged =
            Judged { network: Err(Failure::cancelled()), log_problem: None, dissent: Vec::new(), images: Vec::new() };
        assert_eq!(judged.verdict(), Conclusion::Undecided);
    }
}
