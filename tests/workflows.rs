//! What the command line can do is done on the screen, too: observing, carrying policies, namespaces, transactions, contracts.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::{
    app::{
        Effect, Key,
        model::Dialog,
        msg::{Msg, SignMsg},
        sign::{Depth, Look, Said, Sighting, Sign, Step},
    },
    domain::{
        digest::DigestKind,
        image::{EvidenceLevel, KindedDigest},
        publication::Statement,
        verdict::{Conclusion, Observed, Verdict, undecided},
    },
};
use screen::{Play, address, digest, problem, settled};

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
