//! What the page says, for every conclusion and the situations that differ.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod side_by_side;

use super::*;
use crate::domain::{
    Address, Digest,
    image::{Evidence, EvidenceLevel, ImageId, LocalImage, Source},
    network::{Block, ChainHead, Finality},
    time::age,
    trust::{Demand, Denial, Require, Role, Rule},
    verdict::{Observed, Withdrawal, undecided},
};

const NOW: Timestamp = Timestamp(1_700_000_000);

struct Told {
    reference: Reference,
    evidence: Evidence,
    verdict: Verdict,
    history: Vec<HistoryEvent>,
    policy: TrustPolicy,
    network: NetworkView,
    unreachable: Option<String>,
    comparison: Asked<Comparison>,
}

fn publisher() -> Address {
    Address::from_bytes([7; 20])
}

fn stranger() -> Address {
    Address::from_bytes([9; 20])
}

/// An image of `acme/api:1` in one of the conclusions, under a rule for its publisher.
fn told(conclusion: Conclusion) -> Told {
    let reference: Reference = "acme/api:1".parse().unwrap();
    let rule = Rule { name: Some("acme".to_owned()), ..Rule::new("docker.io/acme/*".parse().unwrap(), publisher()) };
    let head = ChainHead { latest: Block { number: 20, hash: [1; 32], at: NOW }, safe: Some(15), finalized: Some(10) };
    let verdict = Verdict {
        conclusion,
        publisher: Some(publisher()),
        publisher_name: Some("acme".to_owned()),
        rule: Some("docker.io/acme/*".to_owned()),
        version: Some(2),
        current_version: Some(3),
        block: Some(9),
        confirmations: Some(12),
        finality: Some(Finality::Final),
        ..undecided(EvidenceLevel::Measured, "because".to_owned())
    };
    Told {
        evidence: Evidence::measured(Digest::of(b"own")),
        verdict,
        history: Vec::new(),
        policy: TrustPolicy { rules: vec![rule], ..TrustPolicy::default() },
        network: NetworkView { name: "test".to_owned(), chain_id: 5, contract: publisher(), head, local: false },
        unreachable: None,
        comparison: None,
        reference,
    }
}

impl Told {
    fn page(&self) -> Page {
        let comparison = self.comparison.as_ref().map(|asked| asked.as_ref().map_err(Clone::clone));
        Case {
            reference: Some(&self.reference),
            image: None,
            evidence: &self.evidence,
            measured_at: Some(Timestamp(NOW.0 - 12)),
            verdict: Some(&self.verdict),
            last: None,
            checked_at: Some(NOW),
            history: Some(Ok(&self.history)),
            policy: Some(Ok(&self.policy)),
            network: self.unreachable.is_none().then_some(&self.network),
            unreachable: self.unreachable.clone(),
            log_problem: None,
            witnesses: Vec::new(),
            must_agree: 1,
            comparison,
            files: &[],
            now: NOW,
            age,
            width: 78,
        }
        .page()
    }

    /// The page's text, a line for each.
    fn text(&self) -> String {
        let page = self.page();
        let line = |line: &Line| format!("{}|{}\n", line.label, line.text);
        let section = |section: &Section| section.lines.iter().map(line).collect::<String>();
        page.sections.iter().map(section).collect::<String>() + &self.steps()
    }

    fn steps(&self) -> String {
        let step = |step: Step| format!("> {} [{}] {:?}\n", step.words, step.command.unwrap_or_default(), step.act);
        self.page().steps.into_iter().map(step).collect()
    }
}

#[track_caller]
fn says(told: &Told, words: &[&str]) {
    let text = told.text();
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in\n{text}");
    }
}

#[test]
fn a_verified_image_needs_nothing_and_a_claimed_one_measuring() {
    let mut one = told(Conclusion::Verified);
    says(
        &one,
        &["This is the released image: its bytes were hashed here", "> Nothing: use it.", "final: it cannot be"],
    );
    one.verdict.evidence = EvidenceLevel::Claimed;
    one.verdict.finality = Some(Finality::Included);
    one.evidence = Evidence::known(EvidenceLevel::Claimed, Vec::new());
    says(&one, &["if what the engine says of it is true", "nothing was hashed on this machine", "a reorganisation"]);
    says(&one, &["[daochain verify acme/api:1] Some(Measure)", "--require-finality"]);
    one.evidence = Evidence::known(EvidenceLevel::Identified, Vec::new());
    says(&one, &["the layers were not, so a change in a file"]);
}

#[test]
fn an_outdated_image_leads_to_the_current_one() {
    let one = told(Conclusion::Outdated);
    says(&one, &["a genuine image of acme, and not the newest", "[daochain pull acme/api:1]"]);
}

#[test]
fn a_revoked_image_is_not_used_whatever_was_withdrawn() {
    let mut one = told(Conclusion::Revoked);
    let revoked = |scope| Some(Withdrawal { at: NOW, scope, reason: Some("CVE".to_owned()) });
    one.verdict.revoked = revoked(WithdrawalScope::Digest);
    says(&one, &["Do not use it: acme withdrew this image", "Stop what runs of it", "[daochain pull acme/api:1]"]);
    one.verdict.version = Some(3);
    says(&one, &["Wait for a new release"]);
    one.verdict.revoked = revoked(WithdrawalScope::Reference);
    says(&one, &["withdrew everything under this name", "[daochain history acme/api:1]"]);
    one.verdict.revoked = revoked(WithdrawalScope::Publisher);
    says(&one, &["withdrew all of its releases"]);
}

#[test]
fn a_mismatch_tells_what_it_may_be() {
    let mut one = told(Conclusion::Mismatch);
    says(&one, &["never this one", "[daochain pull acme/api:1]", "[daochain publish acme/api:1] Some(Publish)"]);
    one.comparison = Some(Err("no image of it was measured here".to_owned()));
    says(&one, &["|no image of it was measured here", "--remote] Some(Fetch)"]);
    one.verdict.same_layers = Some(3);
    says(&one, &["Its files are those that acme released"]);
    one.verdict.problem = Some("layer 2 has another digest".to_owned());
    one.evidence = Evidence::Corrupt { problem: "layer 2 has another digest".to_owned(), config: None };
    says(
        &one,
        &["its content is not what it says of itself", "its bytes contradict each other: layer 2", "Find out who"],
    );
    assert!(!one.steps().contains("Release it"), "{}", one.steps());
    let mut split = told(Conclusion::Mismatch);
    (split.verdict.publisher, split.verdict.publisher_name) = (None, None);
    says(&split, &["observers whom you trust were served other images", "[daochain remote acme/api:1]"]);
}

#[test]
fn what_nobody_published_is_no_sign_of_harm() {
    let mut one = told(Conclusion::Unpublished);
    says(&one, &["no sign of harm", "Ask its publisher to release it", "Some(Publish)", "nobody has ever published"]);
    one.policy = TrustPolicy::default();
    says(&one, &["no rule covers acme/api:1", "[daochain namespace check docker.io/acme]"]);
}

#[test]
fn an_untrusted_image_leads_to_the_policy() {
    let mut one = told(Conclusion::Untrusted);
    (one.verdict.rule, one.verdict.publisher, one.policy) = (None, Some(stranger()), TrustPolicy::default());
    let trust = format!("[daochain trust add acme/api:1 {}] Some(Pin)", stranger());
    says(&one, &["Anybody may publish any name", "[daochain trust discover acme/api:1]", &trust]);
    let mut few = told(Conclusion::Untrusted);
    let demand = Demand { require: Some(Require::All), ..Demand::new("docker.io/acme/*".parse().unwrap()) };
    few.policy.demands = vec![demand];
    says(&few, &["too few have", "demand|all must say the same (pattern docker.io/acme/*)", "trust check acme/api:1"]);
    let mut denied = told(Conclusion::Untrusted);
    let pattern = "docker.io/acme/*".parse().unwrap();
    denied.policy.denials = vec![Denial { pattern, since: None, note: Some("left".to_owned()), network: None }];
    denied.verdict.publisher = None;
    says(
        &denied,
        &["Your own trust policy says", "is denied by the pattern", "trust remove 'docker.io/acme/*' --denial"],
    );
    let mut observed = told(Conclusion::Untrusted);
    observed.policy.rules[0].role = Role::Observer;
    (observed.verdict.rule, observed.verdict.publisher) = (None, None);
    says(&observed, &["[daochain trust demand acme/api:1 --require all]", "attests what it was served"]);
}

#[test]
fn an_undecided_image_says_what_is_in_the_way() {
    let mut one = told(Conclusion::Undecided);
    one.unreachable = Some("the node does not answer".to_owned());
    says(&one, &["not read|the node does not answer", "[daochain node status] Some(Endpoints)"]);
    one.unreachable = None;
    one.evidence = Evidence::known(EvidenceLevel::Claimed, Vec::new());
    says(&one, &["Measure it: then its configuration can be compared"]);
    one.evidence = Evidence::Unreadable { cause: "the engine left".to_owned() };
    says(&one, &["not read|the engine left", "[daochain pull acme/api:1]"]);
    let mut young = told(Conclusion::Undecided);
    young.verdict.finality = Some(Finality::Safe);
    says(&young, &["Wait until the block is as settled as you demand"]);
}

#[test]
fn observers_who_decided_are_told_with_what_they_saw() {
    let mut one = told(Conclusion::Verified);
    one.verdict.publisher = None;
    one.verdict.observed =
        Some(Observed { agreeing: vec![publisher()], dissenting: vec![stranger()], stale: Vec::new(), of: 3 });
    let saw = format!("{} was served ANOTHER image", stranger());
    says(&one, &["Enough observers whom you trust", "1 of 3 observers were served this image", &saw]);
}

#[test]
fn the_timeline_begins_with_the_newest_and_marks_this_image() {
    let mut one = told(Conclusion::Outdated);
    let digest = |text: &str| crate::domain::image::KindedDigest {
        kind: crate::domain::digest::DigestKind::Config,
        digest: Digest::of(text.as_bytes()),
    };
    let event = |block, publisher, kind| HistoryEvent {
        publisher,
        kind,
        block,
        transaction: [0; 32],
        log_index: 0,
        at: Timestamp(NOW.0 - 100_000 + block),
        by: None,
    };
    let published = |version, text: &str| HistoryKind::Published { version, digests: vec![digest(text)] };
    let other = Digest::of(b"old");
    one.history = vec![
        event(5, publisher(), published(1, "old")),
        event(6, publisher(), HistoryKind::Revoked { digest: other, reason: "CVE".to_owned() }),
        event(7, publisher(), published(2, "own")),
        event(8, publisher(), published(3, "new")),
        event(9, stranger(), HistoryKind::Retired { reason: String::new(), everything: true }),
    ];
    let page = one.page();
    let timeline = page.sections.iter().find(|section| section.key == "released").unwrap();
    let lines: Vec<_> =
        timeline.lines.iter().map(|line| (line.label.as_str(), line.tone, line.text.as_str())).collect();
    let short = |text: &str| Digest::of(text.as_bytes()).short();
    let new = format!("{} ◀ current · block 8 · 27h ago · acme", short("new"));
    let own = format!("{} ◀ THIS IMAGE · block 7 · 27h ago · acme", short("own"));
    let revoked = format!("{}: CVE · block 6 · 27h ago · acme", short("old"));
    let retired = format!("all releases of the publisher · block 9 · 27h ago · {}", stranger().short());
    assert_eq!(
        lines[..4],
        [
            ("retired", Tone::Bad, retired.as_str()),
            ("v3", Tone::Plain, new.as_str()),
            ("v2", Tone::Caution, own.as_str()),
            ("revoked", Tone::Bad, revoked.as_str()),
        ]
    );
}

#[test]
fn a_successor_and_strangers_are_told() {
    let mut one = told(Conclusion::Verified);
    (one.verdict.successor, one.verdict.strangers) = (Some(stranger()), vec![stranger()]);
    let add = format!("[daochain trust add acme/api:1 {}]", stranger());
    says(&one, &["handed the name over to", "no rule names it, and its word does not count", &add]);
}

#[test]
fn an_image_without_a_name_is_told_to_get_one() {
    let image = LocalImage {
        id: ImageId { source: Source::Archive("it's.tar".into()), id: "0".to_owned() },
        references: Vec::new(),
        size: 5,
        created: None,
        platform: None,
        engine: "archive".to_owned(),
        evidence: Evidence::measured(Digest::of(b"x")),
    };
    let one = told(Conclusion::Verified);
    let case = |image| Case {
        reference: None,
        image: Some(image),
        evidence: &one.evidence,
        measured_at: None,
        verdict: None,
        last: None,
        checked_at: None,
        history: None,
        policy: Some(Ok(&one.policy)),
        network: None,
        unreachable: None,
        log_problem: None,
        witnesses: Vec::new(),
        must_agree: 0,
        comparison: None,
        files: &[],
        now: NOW,
        age,
        width: 78,
    };
    let steps = case(&image).page().steps;
    assert_eq!(steps[0].command.as_deref(), Some(r"daochain verify NAME:TAG --archive 'it'\''s.tar'"));
    let of_engine = LocalImage {
        id: ImageId { source: Source::Engine, id: "sha256:0123456789abcdef".to_owned() },
        ..image.clone()
    };
    let steps = case(&of_engine).page().steps;
    assert_eq!(steps[0].command.as_deref(), Some("docker tag 0123456789ab NAME:TAG"));
}

#[test]
fn endpoints_tell_their_part() {
    use crate::domain::node::{EndpointStatus, Standing};
    let of = |standing, problem: Option<&str>, alone| {
        let endpoint = EndpointStatus { standing, problem: problem.map(str::to_owned), ..EndpointStatus::silent("u") };
        let witness = Witness::of(&endpoint, alone, Clone::clone);
        (witness.tone, witness.words)
    };
    assert_eq!(of(Some(Standing::Agrees), None, true), (Tone::Caution, "believed alone".to_owned()));
    assert_eq!(of(Some(Standing::Agrees), None, false), (Tone::Good, "agrees".to_owned()));
    assert_eq!(of(None, Some("refused"), false), (Tone::Bad, "not heard: refused".to_owned()));
    let dissents = of(Some(Standing::Dissents("it is of chain 5".to_owned())), None, false);
    assert_eq!(dissents, (Tone::Bad, "DISSENTS: it is of chain 5".to_owned()));
}
