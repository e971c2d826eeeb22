//! What the command line can do is done on the screen, too: observing, carrying policies, namespaces, transactions, contracts.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use std::time::Duration;

use daochain::{
    app::{
        Effect, Key,
        activity::{Choice, Line, Sent},
        effect::{Deed, GivenSource, TrustChange},
        market::Ware,
        model::{Dialog, Pane, Tone},
        msg::{AccountMsg, ChainMsg, Done, InputMsg, MarketMsg, MarketPage, Msg, Problem, SignMsg, TrustMsg, WatchMsg},
        report::{Fact, Hashed, Inquiry, Told},
        sign::{ClaimPlan, Depth, Document, Look, Said, Sighting, Sign, Step},
        trust::{Change, Entry, changes},
        watching::{Looked, Watch},
    },
    domain::{
        Timestamp,
        digest::DigestKind,
        image::{EvidenceLevel, KindedDigest},
        network::Block,
        progress::Progress,
        publication::{Contract, JournalEntry, JournalStage, Statement, TransactionHash},
        trust::{Rule, TrustPolicy},
        verdict::{Conclusion, Observed, Verdict, undecided},
        when::Until,
    },
};
use screen::{Play, address, digest, problem, quote, settled};

fn sign(play: &Play) -> &Sign {
    match &play.model.dialog {
        Some(Dialog::Sign(sign)) => sign,
        other => panic!("the dialog that signs is open, and not {other:?}"),
    }
}

/// The newest look at a registry that was asked for: its ticket, name and how.
fn looked(play: &Play) -> (u64, String, Look) {
    let look = |effect: &Effect| match effect {
        Effect::Observe { ticket, reference, look, .. } => Some((*ticket, reference.familiar().to_owned(), *look)),
        _ => None,
    };
    play.asked.iter().rev().find_map(look).unwrap_or_else(|| panic!("a registry was asked: {:?}", play.asked))
}

/// The registry serves an index of one image, of which two observers saw another.
fn sighting(said: Said) -> Sighting {
    let kinded = |kind, seed| KindedDigest { kind, digest: digest(seed) };
    let reason = "split view of acme/web:1.2: a saw this image, b saw another".to_owned();
    let observed =
        Observed { agreeing: vec![address(7)], dissenting: vec![address(8), address(9)], stale: vec![], of: 3 };
    let verdict = Verdict {
        conclusion: Conclusion::Mismatch,
        observed: Some(observed),
        ..undecided(EvidenceLevel::Claimed, reason)
    };
    Sighting {
        digests: vec![kinded(DigestKind::Config, 41), kinded(DigestKind::Manifest, 42), kinded(DigestKind::Index, 43)],
        observer: address(1),
        said,
        verdict: Some(verdict),
        doubt: None,
    }
}

fn sighted(play: Play, said: Said) -> Play {
    let (ticket, ..) = looked(&play);
    play.tell(Msg::Sign(SignMsg::Sighted { ticket, result: Ok(Box::new(sighting(said))) }))
}

/// What is signed or agreed to, on a small and on a larger screen.
fn drawn(name: &str, play: &Play) {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = play.model.clone();
        (model.width, model.height) = (width, height);
        let screen = Play { model, asked: Vec::new() }.screen();
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
    }
}

#[test]
fn what_a_registry_serves_is_shown_beside_what_others_saw_before_it_is_attested() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("O");
    assert_eq!(sign(&play).step, Step::Looking);
    assert_eq!(looked(&play).1, "acme/web:1.2");
    assert!(
        !play.asked.iter().any(|effect| matches!(effect, Effect::Quote { .. })),
        "nothing is priced before it is seen"
    );
    let play = sighted(play, Said::Otherwise).quoted();
    let text = play.text();
    for words in
        ["Attest acme/web:1.2", "1 of 3 saw the same, 2 saw something else", "split view", "at most", "passphrase"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    insta::assert_snapshot!("observe_80x24", play.screen());
    insta::assert_snapshot!("observe_120x40", {
        let play = Play::ready(120, 40).select("acme/web:1.2").keys("O");
        sighted(play, Said::Otherwise).quoted().screen()
    });
    let play = play.passphrase(8).key(Key::Enter);
    let Some(Effect::Submit { publication, quote }) = play.asked.last() else { panic!("{:?}", play.asked.last()) };
    let Statement::Release { reference, digests, amends: 0, .. } = &quote.statement else { panic!("{quote:?}") };
    assert_eq!((reference.familiar(), digests), ("acme/web:1.2", &sighting(Said::Otherwise).digests));
    assert!(play.model.publications[0].done().contains("attested"));
    let publication = *publication;
    let play = play.tell(Msg::Sign(SignMsg::Settled { publication, result: Ok(settled()) })).key(Key::Enter).keys("6");
    assert!(play.text().contains("acme/web:1.2 is attested as it is served in block"), "{}", play.text());
}

#[test]
fn marked_images_are_observed_one_after_the_other_and_what_was_said_already_is_passed_over() {
    let play = Play::ready(120, 40).keys("/acme/").key(Key::Enter).keys("aO");
    let total = play.model.batch.as_ref().unwrap().total;
    assert_eq!(total, 4);
    let first = looked(&play).1;
    let play = sighted(play, Said::Same);
    assert!(play.text().contains("there is nothing new to say"), "{}", play.text());
    let play = play.key(Key::Enter);
    assert_ne!(looked(&play).1, first, "the next one is looked at");
    let play = sighted(play, Said::Otherwise).quoted();
    assert_eq!(sign(&play).step, Step::Ready, "each is confirmed by itself");
    let stopped = play.key(Key::Esc);
    assert!(stopped.model.batch.is_none() && stopped.text().contains("3 of 4 marked images were not observed"));
}

#[test]
fn a_name_that_is_typed_is_observed_as_closely_as_is_wished() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys(":observe-name").key(Key::Enter);
    let Some(Dialog::Form(form)) = &play.model.dialog else { panic!("a form is open") };
    assert_eq!(
        form.text(daochain::app::form::Name::Reference),
        "docker.io/acme/web:1.2",
        "the selected one's to begin with"
    );
    insta::assert_snapshot!("observe_name_80x24", play.screen());
    let play = play.key(Key::Ctrl('u')).key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert!(play.text().contains("name the image"));
    let play = play.keys("redis:7").key(Key::Enter).key(Key::Right).key(Key::Enter).key(Key::Right).key(Key::Enter);
    assert_eq!((looked(&play).1.as_str(), looked(&play).2), ("redis:7", Look { depth: Depth::Layers, again: true }));
    let (ticket, ..) = looked(&play);
    let back = play.key(Key::Esc);
    assert!(back.asked.contains(&Effect::Undo(ticket)), "the look is stopped");
    assert!(matches!(back.model.dialog, Some(Dialog::Form(_))), "what was typed is not lost");
}

#[test]
fn a_registry_that_does_not_answer_and_what_was_taken_back_are_told() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("O");
    let (ticket, ..) = looked(&play);
    let silent = problem("registry-unreachable", "registry `docker.io` does not answer", "ask again");
    let play = play.tell(Msg::Sign(SignMsg::Sighted { ticket, result: Err(silent) }));
    assert!(play.text().contains("does not answer") && sign(&play).step == Step::Stuck);
    let again = play.key(Key::Enter);
    assert!(looked(&again).0 > ticket, "Enter asks again");
    let withdrawn = sighted(again, Said::Withdrawn);
    assert!(withdrawn.text().contains("can never say it again"), "{}", withdrawn.text());
    let priced = withdrawn.asked.iter().any(|effect| matches!(effect, Effect::Quote { .. }));
    assert!(!priced && withdrawn.key(Key::Enter).model.dialog.is_none());
}

/// What is told in a dialog.
fn told(play: &Play) -> &Told {
    match &play.model.dialog {
        Some(Dialog::Report(report)) => report.answer().unwrap_or_else(|| panic!("nothing is told yet")),
        other => panic!("an answer is shown, and not {other:?}"),
    }
}

/// The newest question whose answer is a dialog of its own.
fn inquiry(play: &Play) -> (u64, Inquiry) {
    let inquiry = |effect: &Effect| match effect {
        Effect::Inquire { ticket, inquiry } => Some((*ticket, inquiry.clone())),
        _ => None,
    };
    play.asked.iter().rev().find_map(inquiry).unwrap_or_else(|| panic!("something was asked: {:?}", play.asked))
}

fn answered(play: Play, result: Result<Told, Problem>) -> Play {
    let (ticket, _) = inquiry(&play);
    play.tell(Msg::Told { ticket, result: result.map(Box::new) })
}

fn policy() -> TrustPolicy {
    let mut rule = Rule::new("docker.io/acme/*".parse().unwrap(), address(7));
    rule.name = Some("acme".into());
    TrustPolicy { rules: vec![rule], ..TrustPolicy::default() }
}

/// The trust pane, whose policy was read.
fn trusting(width: u16, height: u16) -> Play {
    Play::ready(width, height).keys("4").tell(Msg::Trust(TrustMsg::Read(Ok(policy()))))
}

#[test]
fn a_policy_is_written_taken_over_and_published_in_the_trust_pane() {
    let written = trusting(80, 24).keys("E").keys("/tmp/policy.toml").key(Key::Enter);
    let export = Deed::ExportTrust("/tmp/policy.toml".into());
    assert!(written.asked.iter().any(|effect| matches!(effect, Effect::Do { deed, .. } if *deed == export)));

    let play = trusting(80, 24).keys("i");
    insta::assert_snapshot!("import_80x24", play.screen());
    let play = play.keys("theirs.toml").key(Key::Enter).key(Key::Right).key(Key::Enter).key(Key::Enter).key(Key::Enter);
    let (_, asked) = inquiry(&play);
    let source = GivenSource::File("theirs.toml".into());
    assert_eq!(asked, Inquiry::Policy { source, replace: true, verify: None, only: Vec::new() });
    let theirs =
        TrustPolicy { rules: vec![Rule::new("ghcr.io/**".parse().unwrap(), address(8))], ..TrustPolicy::default() };
    let found = changes(&policy(), &theirs, true);
    let Entry::Rule(gone) = &trusting(80, 24).model.trust.entries()[0].clone() else { panic!("a rule") };
    assert_eq!(found, [Change::New(Entry::Rule(theirs.rules[0].clone())), Change::Gone(Entry::Rule(gone.clone()))]);
    assert_eq!(changes(&policy(), &theirs, false).len(), 1, "beside them nothing goes");
    assert!(changes(&policy(), &policy(), true).is_empty());

    let change = TrustChange::Import { from: "theirs.toml".into(), text: "…".into(), replace: true };
    let facts = vec![
        Fact { tone: Tone::Good, ..Fact::plain("new", Entry::Rule(theirs.rules[0].clone()).sentence()) },
        Fact { tone: Tone::Bad, ..Fact::plain("gone", Entry::Rule(gone.clone()).sentence()) },
    ];
    let sum = "1 rules, 0 denials and 0 demands are taken over in place of all that is there: 2 entries change";
    let proposal =
        Told { facts, change: Some(Box::new(change.clone())), ..Told::new("Take over theirs.toml", sum, Tone::Plain) };
    let play = answered(play, Ok(proposal));
    drawn("take_over", &play);
    let unasked = |effect: &Effect| !matches!(effect, Effect::ChangeTrust { .. });
    assert!(play.asked.iter().all(unasked), "nothing is taken over before it is agreed to");
    let play = play.key(Key::Enter);
    let Some(Effect::ChangeTrust { ticket, change: asked }) = play.asked.last() else {
        panic!("{:?}", play.asked.last())
    };
    assert_eq!(*asked, change);
    let result = Ok(("the policy was taken over".to_owned(), theirs));
    let ticket = *ticket;
    let play = play.tell(Msg::Trust(TrustMsg::Changed { ticket, result }));
    assert!(play.model.dialog.is_none() && play.text().contains("ghcr.io/**"), "{}", play.text());
}

#[test]
fn a_policy_is_pasted_too_and_what_is_wrong_with_it_is_told_in_its_form() {
    let pasted = || {
        let play = trusting(80, 24).keys("i").tell(Msg::Input(InputMsg::Paste("[[rules]]\npattern = 7\n".into())));
        play.key(Key::Enter).key(Key::Enter)
    };
    let publisher = address(7).to_string();
    let nameless = pasted().key(Key::Enter).keys(&publisher).key(Key::Enter);
    assert!(nameless.text().contains("name what it must be their release of"), "{}", nameless.text());
    let play = pasted().keys("acme/trust-policy:2").key(Key::Enter).keys(&publisher).key(Key::Enter);
    let (_, Inquiry::Policy { source: GivenSource::Text(_), replace: false, verify: Some(verify), only }) =
        inquiry(&play)
    else {
        panic!("{:?}", inquiry(&play))
    };
    assert_eq!((verify.familiar(), only), ("acme/trust-policy:2", vec![address(7)]));
    let play = answered(play, Err(problem("trust-invalid", "line 2: a pattern is text", "mend it")));
    assert!(play.text().contains("line 2: a pattern is text") && matches!(play.model.dialog, Some(Dialog::Form(_))));
}

#[test]
fn the_policy_is_published_like_any_release() {
    let play = trusting(80, 24).keys("P").keys("acme/trust-policy:2").key(Key::Enter).key(Key::Enter);
    let Some(Effect::ReadPolicy { ticket, reference, file: None }) = play.asked.last().cloned() else {
        panic!("{:?}", play.asked.last())
    };
    let digests = vec![KindedDigest { kind: DigestKind::Document, digest: digest(60) }];
    let statement = Statement::Release { reference, digests, amends: 0, annotations: String::new() };
    let document = Document { statement: statement.clone(), notes: Vec::new() };
    let play = play.tell(Msg::Sign(SignMsg::Document { ticket, result: Ok(Box::new(document)) })).quoted();
    assert_eq!(sign(&play).step, Step::Ready);
    drawn("publish_policy", &play);
    let play = play.passphrase(8).key(Key::Enter);
    let submitted = |effect: &Effect| matches!(effect, Effect::Submit { quote, .. } if quote.statement == statement);
    assert!(play.asked.iter().any(submitted));
    let back = trusting(80, 24).keys("P").key(Key::Enter).key(Key::Enter);
    assert!(back.text().contains("name the image"));
}

#[test]
fn who_speaks_for_a_name_is_told_from_the_policy() {
    let play = trusting(80, 24).keys("w").keys("acme/api:2").key(Key::Enter);
    let (sum, facts) = (&told(&play).sum, &told(&play).facts);
    assert!(sum.contains("docker.io/acme/*"), "{sum}");
    assert_eq!(facts[0], Fact::plain("publisher", format!("{} acme", address(7))));
    insta::assert_snapshot!("who_speaks_80x24", play.screen());
    assert!(play.key(Key::Enter).model.dialog.is_none());
}

#[test]
fn namespaces_and_contracts_are_told_in_a_dialog_and_kept() {
    let play = Play::ready(80, 24).keys("3K").keys("docker.io").key(Key::Enter).key(Key::Enter);
    assert!(play.text().contains("it names a registry, and no part of it"), "{}", play.text());
    let play = play.keys("/acme").key(Key::Enter).key(Key::Enter);
    let (_, Inquiry::Namespace { namespace, publisher: None }) = inquiry(&play) else { panic!("{:?}", inquiry(&play)) };
    let good =
        Fact { tone: Tone::Good, ..Fact::plain("publisher", format!("{} vouched: both halves stand", address(7))) };
    let copied = Some(address(7).to_string());
    let answer =
        Told::new(format!("Namespace {namespace}"), format!("{namespace} vouches for one publisher"), Tone::Good);
    let play = answered(play, Ok(Told { facts: vec![good], copied, ..answer }));
    insta::assert_snapshot!("namespace_80x24", play.screen());
    let play = play.keys("y");
    assert!(play.asked.contains(&Effect::Copy(address(7).to_string())));
    let play = play.key(Key::Esc).keys("6");
    assert!(play.text().contains("docker.io/acme vouches for one publisher"), "{}", play.text());

    let claims = Play::ready(80, 24).keys("3C");
    let (ticket, asked) = inquiry(&claims);
    assert_eq!(asked, Inquiry::Claims);
    let stopped = claims.key(Key::Esc);
    assert!(stopped.asked.contains(&Effect::Undo(ticket)) && stopped.model.dialog.is_none());

    let contracts = Play::ready(80, 24).keys("5c");
    assert_eq!(inquiry(&contracts).1, Inquiry::Contracts);
    assert_eq!(inquiry(&Play::ready(80, 24).keys(",")).1, Inquiry::Settings);
    let lost = answered(contracts, Err(problem("node-unreachable", "the node does not answer", "start it")));
    assert!(lost.text().contains("the node does not answer; start it"), "{}", lost.text());
}

/// The accounts pane's form of a namespace, filled for its claim.
fn claiming() -> Play {
    let play = Play::ready(80, 24).keys("3N").key(Key::Enter).keys("docker.io/acme").key(Key::Enter);
    play.key(Key::Enter).key(Key::Enter)
}

fn planned(play: Play, push: bool, cost: bool) -> Play {
    let asked = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::PlanClaim { ticket, publisher, wish } => Some((*ticket, *publisher, wish.clone())),
        _ => None,
    });
    let (ticket, publisher, wish) = asked.unwrap_or_else(|| panic!("a claim was planned: {:?}", play.asked));
    let claim = Statement::NamespaceClaim { namespace: wish.namespace.clone(), taken_back: false };
    let cost = cost.then(|| quote(claim, publisher).cost);
    let push = push.then_some(Timestamp(screen::NOW + 365 * 86_400));
    let plan = ClaimPlan { wish, publisher, push, beside: vec![address(8)], cost };
    play.tell(Msg::Sign(SignMsg::Planned { ticket, result: Ok(Box::new(plan)) }))
}

#[test]
fn a_namespace_is_claimed_by_both_halves_each_shown_before_it_is_signed() {
    insta::assert_snapshot!("claim_80x24", Play::ready(80, 24).keys("3N").screen());
    let play = planned(claiming(), true, true);
    let text = play.text();
    for words in [
        "Vouch for docker.io/acme",
        "docker.io/acme/daochain-publisher:latest",
        "stays",
        "then the claim",
        "passphrase",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    drawn("vouch", &play);
    let play = play.passphrase(8).key(Key::Enter);
    let Some(Effect::PutStatement { ticket, wish, .. }) = play.asked.last().cloned() else {
        panic!("{:?}", play.asked.last())
    };
    assert_eq!((wish.until, wish.replace), (Until::After(365 * 86_400), false));
    let wrong = problem("passphrase-wrong", "the passphrase is wrong", "type it again");
    let play = play.tell(Msg::Sign(SignMsg::Put { ticket, result: Err(wrong) }));
    assert_eq!(sign(&play).step, Step::Ready, "it is typed again");
    let play = play.after(60).passphrase(8).key(Key::Enter);
    let Some(Effect::PutStatement { ticket, .. }) = play.asked.last().cloned() else {
        panic!("{:?}", play.asked.last())
    };
    let words = "the statement stands at docker.io/acme/daochain-publisher:latest".to_owned();
    let play = play.tell(Msg::Sign(SignMsg::Put { ticket, result: Ok(words) })).quoted();
    drawn("claim_on_chain", &play);
    let play = play.passphrase(8).key(Key::Enter);
    assert_eq!(play.model.publications[0].subject(), "docker.io/acme");
    let publication = play.model.publications[0].id;
    let play = play.tell(Msg::Sign(SignMsg::Settled { publication, result: Ok(settled()) })).key(Key::Enter).keys("6");
    assert!(play.text().contains("docker.io/acme is claimed in block"), "{}", play.text());
}

#[test]
fn what_stands_of_a_claim_is_not_said_again_and_a_claim_is_taken_back() {
    let play = planned(claiming(), false, false);
    assert!(play.text().contains("claims docker.io/acme already"), "{}", play.text());
    let renewed = planned(claiming(), true, false).passphrase(8).key(Key::Enter);
    let Some(Effect::PutStatement { ticket, .. }) = renewed.asked.last().cloned() else {
        panic!("{:?}", renewed.asked)
    };
    let renewed = renewed.tell(Msg::Sign(SignMsg::Put { ticket, result: Ok("it stands".into()) }));
    assert!(renewed.model.dialog.is_none(), "the claim stands on the chain already");
    let unclaimed =
        Play::ready(80, 24).keys("3N").key(Key::Right).key(Key::Enter).keys("docker.io/acme").key(Key::Enter);
    let taken_back = |effect: &Effect| {
        matches!(effect, Effect::Quote { statement: Statement::NamespaceClaim { taken_back: true, .. }, .. })
    };
    assert!(unclaimed.asked.iter().any(taken_back));
    assert!(unclaimed.quoted().text().contains("Take the claim back of docker.io/acme"));
}

/// Answers the newest question what a deployment costs.
fn priced(play: Play, result: Result<Contract, &'static str>) -> Play {
    let asked = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::QuoteDeployment { ticket, from, .. } => Some((*ticket, *from)),
        _ => None,
    });
    let (ticket, from) = asked.unwrap_or_else(|| panic!("the cost was asked for: {:?}", play.asked));
    let deployed = |what| Statement::Deployment { what, contract: address(77), deterministic: true };
    let result = match result {
        Ok(what) => Ok(Box::new(quote(deployed(what), from))),
        Err(code) => Err(problem(code, "both contracts stand: the registry at 0x12", "`c` shows them")),
    };
    play.tell(Msg::Sign(SignMsg::Quoted { ticket, result }))
}

#[test]
fn the_contracts_are_deployed_one_after_the_other_each_with_its_cost() {
    let none = problem("no-contract", "the registry contract is not deployed", "deploy it");
    let play = Play::ready(80, 24).tell(Msg::Chain(ChainMsg::Lost(none))).keys("5d");
    let play = priced(play, Ok(Contract::Registry));
    drawn("deploy", &play);
    assert!(play.text().contains(&address(77).to_string()), "where it will stand");
    let play = play.passphrase(8).key(Key::Enter);
    assert!(matches!(play.asked.last(), Some(Effect::Submit { .. })));
    let publication = play.model.publications[0].id;
    let play = play.tell(Msg::Sign(SignMsg::Settled { publication, result: Ok(settled()) })).key(Key::Enter);
    let play = priced(play, Ok(Contract::Directory));
    assert!(play.text().contains("Deploy the publisher directory"), "{}", play.text());
    let stand = priced(play.key(Key::Esc).keys("d"), Err("already-deployed"));
    assert!(stand.text().contains("the registry at 0x12"), "{}", stand.text());
    let closed = stand.key(Key::Enter).keys("6");
    assert!(closed.model.dialog.is_none());
    assert!(closed.text().contains("the registry contract is deployed in block"), "{}", closed.text());
}

/// A transaction of the journal, whose hash is `seed`, signed so many seconds ago.
fn sent(seed: u8, statement: Statement, stage: JournalStage, ago: u64) -> Sent {
    let entry = JournalEntry {
        hash: TransactionHash([seed; 32]),
        raw: Vec::new(),
        chain_id: 1337,
        genesis: None,
        second: None,
        from: address(1),
        nonce: u64::from(seed),
        statement,
        stage,
        block: (stage == JournalStage::Final).then_some(90 + u64::from(seed)),
        at: Timestamp(screen::NOW - ago),
    };
    Sent { entry, stage: None }
}

/// What three earlier processes sent: a release that waits, a claim that is settled, a revocation that failed.
fn journal() -> Vec<Sent> {
    let (acme, digest) = (screen::reference("acme/web:1.1"), digest(5));
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest }];
    let release = Statement::Release { reference: acme.clone(), digests, amends: 0, annotations: String::new() };
    let claim = Statement::NamespaceClaim { namespace: "docker.io/acme".parse().unwrap(), taken_back: false };
    let revocation = Statement::Revocation { reference: acme, digests: vec![digest], reason: "old".into() };
    vec![
        sent(1, release, JournalStage::Broadcast, 60),
        sent(2, claim, JournalStage::Final, 3600),
        sent(3, revocation, JournalStage::Failed, 86_400),
    ]
}

#[test]
fn every_transaction_of_the_journal_is_seen_and_one_that_waits_is_replaced() {
    let play = Play::ready(80, 24).keys("6");
    assert!(play.asked.contains(&Effect::ReadJournal));
    let play = play.tell(Msg::Sign(SignMsg::Journal(Ok(journal()))));
    let subjects = play.model.activity_lines().into_iter().filter(|line| matches!(line, Line::Sent(_))).count();
    assert_eq!(subjects, 3);
    insta::assert_snapshot!("journal_80x24", play.screen());
    let copied = play.keys("y");
    let hash = journal()[0].entry.hash;
    assert!(copied.asked.contains(&Effect::Copy(hash.to_string())));
    let faster = copied.keys("+");
    let replaces = |play: &Play| match play.asked.last() {
        Some(Effect::QuoteReplacement { replaces, .. }) => (replaces.transaction, replaces.cancel),
        other => panic!("{other:?}"),
    };
    assert_eq!(replaces(&faster), (hash, false));
    assert!(faster.text().contains("Speed up acme/web:1.1"));
    let back = faster.key(Key::Esc).keys("-");
    assert_eq!(replaces(&back), (hash, true));
    let settled = back.key(Key::Esc).key(Key::Down).keys("-");
    assert!(settled.text().contains("no transaction is selected that waits"), "{}", settled.text());
    assert!(settled.text().contains("docker.io/acme"), "{}", settled.text());
}

#[test]
fn what_this_screen_tells_of_a_transaction_is_not_told_twice() {
    let play = Play::ready(120, 40).select("acme/web:1.2").keys("p").quoted().passphrase(8).key(Key::Enter);
    let publication = play.model.publications[0].id;
    let play = play.tell(Msg::Sign(SignMsg::Settled { publication, result: Ok(settled()) })).key(Key::Esc).keys("6");
    let mut known = journal();
    known[0].entry.hash = screen::hash();
    let play = play.tell(Msg::Sign(SignMsg::Journal(Ok(known))));
    let lines = play.model.activity_lines();
    assert_eq!(lines.iter().filter(|line| matches!(line, Line::Sent(_))).count(), 2);
    assert!(matches!(lines[0], Line::Ended(_)), "the newest first");
    let mut waiting = play;
    waiting.asked.clear();
    let mut newer = screen::network();
    newer.head.latest = Block { number: 1205, hash: [5; 32], ..newer.head.latest };
    let asked = waiting.tell(Msg::Chain(ChainMsg::Block(newer)));
    assert!(asked.asked.contains(&Effect::ReadJournal), "a new block may have settled some");
}

#[test]
fn what_was_cleared_stays_away_and_what_is_still_open_stays() {
    let play = Play::ready(120, 40).select("acme/web:1.2").keys("p").quoted().passphrase(8).key(Key::Enter);
    let publication = play.model.publications[0].id;
    let play = play.tell(Msg::Sign(SignMsg::Settled { publication, result: Ok(settled()) })).key(Key::Esc).keys("6");
    let row = play.text().lines().find(|line| line.contains("publishing")).unwrap().to_owned();
    assert_eq!(row.matches("acme/web:1.2").count(), 1, "its name stands there once: {row}");
    let known = || {
        let mut all = journal();
        all.push(sent(9, all[0].entry.statement.clone(), JournalStage::Final, 5));
        all[3].entry.hash = screen::hash();
        Msg::Sign(SignMsg::Journal(Ok(all)))
    };
    let play = play.tell(known());
    assert_eq!(play.model.activity_lines().len(), 4);
    let cleared = play.keys("c").tell(known());
    let cleared = cleared.keys("c");
    assert!(cleared.text().contains("nothing has ended yet"));
    let left: Vec<_> = cleared.model.activity_lines().iter().map(daochain::app::activity::Line::choice).collect();
    assert_eq!(left, [Choice::Sent(TransactionHash([1; 32]))], "what waits for a block is not cleared");
    let mut all = journal();
    all[1].entry.stage = JournalStage::Broadcast;
    let fell = cleared.tell(Msg::Sign(SignMsg::Journal(Ok(all))));
    assert_eq!(fell.model.activity_lines().len(), 2, "its block was taken back: it is seen again");
}

#[test]
fn what_was_done_is_told_in_plain_words() {
    let play = Play::ready(120, 40).keys("3l").keys("deploy").key(Key::Enter);
    let ticket = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Do { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let words = format!("{} is called deploy", address(1));
    let done = Done { account: Some(address(1)), words: words.clone(), open_until: None };
    let play = play.tell(Msg::Account(AccountMsg::Done { ticket: ticket.unwrap(), result: Ok(done) })).keys("6");
    let text = play.text();
    assert!(text.contains("labelling") && !text.contains("told"), "{text}");
    assert!(text.contains(&words), "a deed about nothing in particular has the room of both columns: {text}");
}

/// The digest that was asked for last, and the question's ticket.
fn asked_who(play: &Play) -> Option<(u64, String)> {
    play.asked.iter().rev().find_map(|effect| match effect {
        Effect::AskWho { ticket, digest } => Some((*ticket, digest.to_string())),
        _ => None,
    })
}

#[test]
fn a_digest_in_the_search_is_looked_up_and_so_is_the_selected_images() {
    let typed = digest(1).to_string();
    let play = Play::ready(80, 24).keys("2/").keys("sha256:4bf");
    assert!(asked_who(&play).is_none(), "a part of a digest is a part of a name");
    let pasted = Play::ready(80, 24).keys("2/").tell(Msg::Input(InputMsg::Paste(typed.clone())));
    let (ticket, digest) = asked_who(&pasted).unwrap();
    assert_eq!(digest, typed);
    let bare = Play::ready(80, 24).keys("2/").keys(&typed["sha256:".len()..]);
    assert_eq!(asked_who(&bare).unwrap().1, typed, "the digits alone mean the same");
    let release = |name: &str, publisher: u8| {
        let digests = vec![KindedDigest { kind: DigestKind::Config, digest: screen::digest(1) }];
        let at = Timestamp(screen::NOW - 3600);
        Ware::published((screen::reference(name), address(publisher), 3), (at, at), digests)
    };
    let wares = vec![release("acme/web:1.2", 7), release("mirror/web:1.2", 8)];
    let nameless = problem("no-image-name", "releases of it under what is no name of an image: 1", "");
    let problem = Some(Problem { hint: None, ..nameless });
    let page = MarketPage { total: 2, is_more: false, wares, offset: 0, read_to: None, problem };
    let play = pasted.tell(Msg::Market(MarketMsg::Found { ticket, result: Ok(page) })).key(Key::Enter);
    assert!(play.text().contains("mirror/web:1.2") && play.text().contains("no name of an image"), "{}", play.text());
    insta::assert_snapshot!("who_80x24", play.screen());
    let play = play.key(Key::Esc);
    assert!(play.model.market.digest().is_none(), "Esc shows everything again");
    assert!(matches!(play.asked.last(), Some(Effect::ReadMarket { .. })));

    let play = Play::ready(80, 24).select("acme/web:1.2").keys("w");
    assert_eq!((play.model.pane, asked_who(&play).unwrap().1), (Pane::Market, typed));
}

#[test]
fn who_has_published_a_name_and_what_a_registry_has_are_told_before_anybody_is_trusted() {
    let play = trusting(80, 24).keys("D").keys("acme/api:2").key(Key::Enter);
    let (_, Inquiry::Discover(reference)) = inquiry(&play) else { panic!("{:?}", inquiry(&play)) };
    let facts = vec![
        Fact::plain("publisher", address(9).to_string()),
        Fact::plain("newest", "version 3; 3 releases, first 2026-11-01T00:00:00Z, last 2026-11-20T00:00:00Z"),
        Fact::plain("trusted", "no"),
    ];
    let answer = Told::new("Who has published acme/api:2", "no rule names anybody for it", Tone::Plain);
    let play = answered(play, Ok(Told { facts, ..answer }));
    insta::assert_snapshot!("discover_80x24", play.screen());
    assert_eq!(reference.familiar(), "acme/api:2");

    let play = Play::ready(80, 24).keys("2r").keys("ghcr.io/acme/*").key(Key::Enter);
    assert_eq!(inquiry(&play).1, Inquiry::Remote("ghcr.io/acme/*".into()));
    let wrong = problem("registry-unlisted", "registry `ghcr.io` does not list its repositories", "name one");
    let play = answered(play, Err(wrong));
    assert!(
        play.text().contains("does not list its repositories") && matches!(play.model.dialog, Some(Dialog::Form(_)))
    );
}

#[test]
fn a_file_is_hashed_with_progress_and_what_was_found_is_read_and_copied() {
    let play = Play::ready(80, 24).keys("3:hash-file").key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert!(play.text().contains("name an image archive"), "{}", play.text());
    let play = play.keys("/srv/app.tar").key(Key::Enter);
    let (ticket, asked) = inquiry(&play);
    assert_eq!(asked, Inquiry::Hash(Hashed::Path("/srv/app.tar".into())));
    let progress = Progress { done: 22_000_000, total: Some(51_000_000), elapsed: Duration::from_secs(1) };
    let play = play.tell(Msg::Looking { ticket: ticket + 1, progress });
    assert!(!play.text().contains("22.0 MB"), "it is another question's");
    let play = play.tell(Msg::Looking { ticket, progress });
    assert!(play.text().contains("22.0 MB of 51.0 MB  22.0 MB/s  2s left"), "{}", play.text());
    insta::assert_snapshot!("hashing_80x24", play.screen());
    let config = digest(1).to_string();
    let facts = vec![
        Fact::plain("image", "acme/app:1 · linux/amd64"),
        Fact::plain("config", config.clone()),
        Fact::plain("layer", format!("{} · 20.0 MB", digest(2))),
    ];
    let answer = Told::new("Hash of /srv/app.tar", "1 image in 51.0 MB and 0.4 s", Tone::Good);
    let told = || Ok(Told { facts: facts.clone(), copied: Some(config.clone()), ..answer.clone() });
    let read = answered(play, told());
    insta::assert_snapshot!("hashed_80x24", read.screen());
    let copied = read.keys("y");
    assert!(copied.asked.contains(&Effect::Copy(config.clone())));
    let kept = copied.key(Key::Esc).keys("6");
    assert!(kept.text().contains("1 image in 51.0 MB"), "{}", kept.text());
    let open = || Play::ready(80, 24).keys(":hash-file").key(Key::Enter);
    let stopped = open().key(Key::Enter).keys("/srv/app.tar").key(Key::Enter).key(Key::Esc);
    assert!(stopped.asked.contains(&Effect::Undo(inquiry(&stopped).0)), "Esc stops it");
    let served = open().key(Key::Right).key(Key::Enter).key(Key::Ctrl('u')).keys("redis:7").key(Key::Enter);
    assert_eq!(inquiry(&served).1, Inquiry::Hash(Hashed::Registry(screen::reference("redis:7"))));

    let judged = |name: &str, only: &str| {
        let play = open().key(Key::Right).key(Key::Right).key(Key::Enter).keys("/srv/app.tar").key(Key::Enter);
        play.keys(name).key(Key::Enter).keys(only).key(Key::Enter)
    };
    let of = |reference, only| Inquiry::Hash(Hashed::Judged { path: "/srv/app.tar".into(), reference, only });
    assert_eq!(inquiry(&judged("", "")).1, of(None, Vec::new()), "as the names that it has");
    assert_eq!(inquiry(&judged("acme/web:1.2", "")).1, of(Some(screen::reference("acme/web:1.2")), Vec::new()));
    assert_eq!(inquiry(&judged("", &address(7).to_string())).1, of(None, vec![address(7)]));
    let is_asked = |play: &Play| play.asked.iter().any(|effect| matches!(effect, Effect::Inquire { .. }));
    assert!(!is_asked(&judged("NOT A NAME", "")) && !is_asked(&judged("", "0x12")));
}

#[test]
fn an_image_is_verified_by_the_word_of_those_who_are_named_and_the_policy_stays() {
    let open = || Play::ready(80, 24).select("acme/web:1.2").keys(":verify-by").key(Key::Enter).key(Key::Enter);
    let unnamed = open().key(Key::Enter);
    assert!(unnamed.text().contains("name a publisher"), "{}", unnamed.text());
    let wrong = open().keys("0x12").key(Key::Enter);
    assert!(matches!(&wrong.model.dialog, Some(Dialog::Form(form)) if form.problem.is_some()));
    let [one, two] = [address(7), address(8)].map(|address| address.to_string());
    let play = open().keys(&format!("{two} {one} {two}")).key(Key::Enter);
    let (_, Inquiry::By { reference, images, only }) = inquiry(&play) else { panic!("{:?}", inquiry(&play)) };
    assert_eq!((reference.familiar(), only.len()), ("acme/web:1.2", 2));
    let row = play.model.rows.selected().expect("a row");
    assert_eq!(images, vec![(row.image.platform.clone(), row.image.evidence.clone())]);
    let facts = vec![
        Fact::plain("trusting", format!("{one}, for this once")),
        Fact::plain("image", "acme/web:1.2 linux/amd64 verified: it is version 3"),
    ];
    let told = answered(play, Ok(Told { facts, ..Told::new("Verdict of acme/web:1.2", "verified", Tone::Good) }));
    insta::assert_snapshot!("verified_by_80x24", told.screen());
    assert!(told.asked.iter().all(|effect| !matches!(effect, Effect::ChangeTrust { .. })));

    let elsewhere = open().key(Key::Up).key(Key::Ctrl('u')).keys("acme/nowhere:1").key(Key::Enter).keys(&one);
    assert!(elsewhere.key(Key::Enter).text().contains("nothing here has that name"));
}

#[test]
fn what_a_release_carries_is_typed_checked_and_shown_whole_before_it_is_signed() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().key(Key::Ctrl('o'));
    assert_eq!(sign(&play).step, Step::Noting);
    let wrong = play.keys("{commit}").key(Key::Enter);
    assert!(sign(&wrong).step == Step::Noting && wrong.text().contains("are no JSON"), "{}", wrong.text());
    let typed = r#"{"commit":"1a2b3c","branch":"main"}"#;
    let play = wrong.key(Key::Ctrl('u')).keys(typed);
    drawn("annotations", &play);
    let play = play.key(Key::Enter).quoted();
    assert!(sign(&play).step == Step::Ready && play.text().contains(typed), "{}", play.text());
    let unchanged = play.key(Key::Ctrl('o')).key(Key::Esc);
    assert_eq!(sign(&unchanged).step, Step::Ready, "nothing is lost");
    let asked = unchanged.key(Key::Ctrl('o')).keys("x").key(Key::Esc);
    assert!(sign(&asked).step == Step::Noting && asked.text().contains("Esc again"), "{}", asked.text());
    let play = asked.key(Key::Esc);
    assert_eq!(sign(&play).annotations, typed, "Esc leaves them as they were");
    let play = play.key(Key::Esc);
    assert!(sign(&play).step == Step::Ready && play.text().contains("Esc again"), "they were typed: {}", play.text());
    let play = play.passphrase(8).key(Key::Enter);
    let Some(Effect::Submit { quote, .. }) = play.asked.last() else { panic!("{:?}", play.asked.last()) };
    assert!(matches!(&quote.statement, Statement::Release { annotations, .. } if annotations == typed));
    let revoking = Play::ready(80, 24).select("acme/web:1.2").keys("r").keys("old").key(Key::Enter).quoted();
    assert_ne!(sign(&revoking.key(Key::Ctrl('o'))).step, Step::Noting, "a revocation carries none");
}

#[test]
fn names_are_watched_once_the_cost_is_agreed_to_and_until_somebody_stops_it() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys(":watch-names").key(Key::Enter);
    assert!(play.text().contains("WITHOUT ASKING EACH TIME"), "{}", play.text());
    insta::assert_snapshot!("watch_names_80x24", play.screen());
    let free = play
        .key(Key::Enter)
        .key(Key::Enter)
        .key(Key::Enter)
        .key(Key::Enter)
        .key(Key::Enter)
        .passphrase(8)
        .key(Key::Enter)
        .keys("watch")
        .key(Key::Enter);
    assert!(free.text().contains("say the most that one gas may cost"), "{}", free.text());
    let play = Play::ready(80, 24).select("acme/web:1.2").keys(":watch-names").key(Key::Enter);
    let listed = play.keys(" ").tell(Msg::Input(InputMsg::Paste("# ours\nredis:7\n\n  redis:7\n".into())));
    let deep = listed.key(Key::Enter).key(Key::Enter).key(Key::Right).key(Key::Enter);
    let never = deep.keys("soon").key(Key::Enter).keys("2.5").key(Key::Enter).passphrase(8).key(Key::Enter);
    let never = never.keys("watch").key(Key::Enter);
    assert!(!never.asked.iter().any(|effect| matches!(effect, Effect::Watch { .. })), "soon is no time");
    let play = never.key(Key::Ctrl('u')).keys("30d").key(Key::Enter).key(Key::Enter);
    let unsure = play.key(Key::Enter).keys("wach").key(Key::Enter);
    assert!(unsure.text().contains("each name that changed or is renewed costs a"), "{}", unsure.text());
    let play = unsure.key(Key::Ctrl('u')).keys("watch").key(Key::Enter);
    let Some(Effect::Watch { ticket, watch }) = play.asked.last().cloned() else { panic!("{:?}", play.asked.last()) };
    let names: Vec<_> = watch.names.iter().map(daochain::domain::Reference::familiar).collect();
    assert_eq!((names, watch.every, watch.account), (vec!["acme/web:1.2", "redis:7"], 6 * 3600, address(1)));
    assert_eq!(
        (watch.cap.unwrap().gwei().as_str(), watch.depth, watch.renew),
        ("2.5", Depth::Layers, Some(30 * 86_400))
    );
    let done = Done { account: None, words: "watching 2 names".into(), open_until: None };
    let play = play.tell(Msg::Account(AccountMsg::Done { ticket, result: Ok(done) }));
    let play = play.tell(Msg::Watch(WatchMsg::Begun { ticket, watch })).keys("6");
    assert!(play.model.dialog.is_none() && play.text().contains("first look"), "{}", play.text());
    let looked = Looked { attested: vec!["redis:7".into()], unchanged: 1, problems: Vec::new() };
    let play = play.tell(Msg::Watch(WatchMsg::Looked { ticket, result: Ok(looked) }));
    insta::assert_snapshot!("watching_80x24", play.screen());
    assert!(play.text().contains("redis:7 attested; 1 unchanged"), "{}", play.text());
    let silent = problem("node-unreachable", "the node is silent", "start it");
    let trouble = || Msg::Watch(WatchMsg::Looked { ticket, result: Err(silent.clone()) });
    let play = play.tell(trouble());
    let rows = play.model.activity_lines().len();
    assert_eq!(play.tell(trouble()).model.activity_lines().len(), rows, "the same trouble is told once");
    let play = Play::ready(80, 24);
    let watch = Watch {
        names: vec![screen::reference("redis:7")],
        account: address(1),
        every: 60,
        depth: Depth::Manifests,
        renew: None,
        cap: None,
    };
    let play = play.tell(Msg::Watch(WatchMsg::Begun { ticket: 7, watch: Box::new(watch) }));
    let twice = play.keys(":watch-names").key(Key::Enter);
    assert!(twice.text().contains("names are watched already"), "{}", twice.text());
    let asked = twice.keys("q");
    assert!(asked.text().contains("A name is watched; quitting stops that."), "{}", asked.text());
    let open = asked.keys("n").keys("3").key(Key::Home);
    assert!(open.text().contains("OPEN for its watch"), "{}", open.text());
    let locked = open.keys("u");
    assert!(locked.asked.contains(&Effect::Undo(7)) && locked.asked.contains(&Effect::Lock(address(1))));
    assert!(locked.text().contains("is locked, and its watch ends"), "{}", locked.text());
    let stopped = locked.keys("6x");
    assert!(stopped.asked.contains(&Effect::Undo(7)) && stopped.text().contains("stopping"), "{}", stopped.text());
    let cancelled = problem("cancelled", "it was cancelled", "");
    let ended = stopped.tell(Msg::Watch(WatchMsg::Ended { ticket: 7, problem: cancelled }));
    assert!(ended.model.watching.is_none() && ended.text().contains("stopped after 0 looks"), "{}", ended.text());
}

#[test]
fn a_dialog_that_found_no_account_goes_on_once_there_is_one() {
    let play = Play::ready(80, 24).tell(screen::accounts(Vec::new())).keys("5d");
    assert_eq!(sign(&play).step, Step::NoAccount);
    let play = play.tell(screen::accounts(vec![screen::account(1, true, 9998)]));
    assert_eq!((sign(&play).step, sign(&play).account), (Step::Estimating, Some(address(1))));
}

#[test]
fn a_digest_that_is_not_here_is_withdrawn_like_any() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys(":revoke-digest").key(Key::Enter);
    let play = play.key(Key::Ctrl('u')).keys("acme/gone:1").key(Key::Enter);
    let play = play.keys(&format!(" {} {}", digest(2), digest(1))).key(Key::Enter);
    let unsaid = play.key(Key::Enter);
    assert!(unsaid.text().contains("say why"), "{}", unsaid.text());
    let play = unsaid.keys("it leaked").key(Key::Enter).quoted();
    drawn("revoke_digest", &play);
    let text = play.text();
    for words in ["Revoke acme/gone:1", "A revoked digest can never", "it leaked", "Enter revoke"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let play = play.passphrase(8).key(Key::Enter);
    let Some(Effect::Submit { quote, .. }) = play.asked.last() else { panic!("{:?}", play.asked.last()) };
    let Statement::Revocation { reference, digests, reason } = &quote.statement else { panic!("{quote:?}") };
    assert_eq!(
        (reference.familiar(), digests.as_slice(), reason.as_str()),
        ("acme/gone:1", &[digest(1), digest(2)][..], "it leaked")
    );
}
