//! What is wished of images by their names, and not of rows: releases of all platforms, amendments, pulls against the policy.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::{
    app::{
        Effect, Key,
        market::Pull,
        model::Dialog,
        msg::{InputMsg, MarketMsg, Msg, Problem, SecretShape, SignMsg, TrustMsg},
        sign::{Document, Sign, Step},
    },
    domain::{
        Account,
        account::AccountKind,
        digest::DigestKind,
        image::KindedDigest,
        publication::Statement,
        trust::{Rule, TrustPolicy},
        verdict::Conclusion,
        wish::{Making, Origin, PullWish, ReleaseWish},
    },
};
use screen::{Play, address, digest, problem, quote, reference};

fn sign(play: &Play) -> &Sign {
    match &play.model.dialog {
        Some(Dialog::Sign(sign)) => sign,
        other => panic!("the dialog that signs is open, and not {other:?}"),
    }
}

/// The newest release that was to be measured.
fn composed(play: &Play) -> (u64, ReleaseWish) {
    let wish = |effect: &Effect| match effect {
        Effect::Compose { ticket, wish } => Some((*ticket, wish.clone())),
        _ => None,
    };
    play.asked.iter().rev().find_map(wish).unwrap_or_else(|| panic!("a release was asked for: {:?}", play.asked))
}

/// The newest pull that was asked for.
fn pulled(play: &Play) -> Option<PullWish> {
    let wish = |effect: &Effect| match effect {
        Effect::Pull { wish, .. } => Some(wish.clone()),
        _ => None,
    };
    play.asked.iter().rev().find_map(wish)
}

/// What the newest question for the cost wants the release to be.
fn making(play: &Play) -> Making {
    let making = |effect: &Effect| match effect {
        Effect::Quote { making, .. } => Some(*making),
        _ => None,
    };
    play.asked.iter().rev().find_map(making).expect("the cost was asked for")
}

fn kinded(kind: DigestKind, seed: u8) -> KindedDigest {
    KindedDigest { kind, digest: digest(seed) }
}

/// An index of two platforms.
fn all_of_it() -> Vec<KindedDigest> {
    use DigestKind::{Config, Index, Manifest};
    [(Config, 51), (Config, 52), (Manifest, 53), (Manifest, 54), (Index, 55)]
        .map(|(kind, seed)| kinded(kind, seed))
        .to_vec()
}

fn document(play: Play, result: Result<Document, Problem>) -> Play {
    let (ticket, _) = composed(&play);
    play.tell(Msg::Sign(SignMsg::Document { ticket, result: result.map(Box::new) }))
}

fn release(digests: Vec<KindedDigest>, amends: u32) -> Statement {
    Statement::Release { reference: reference("acme/web:1.2"), digests, amends, annotations: String::new() }
}

/// What is signed, on a small and on a larger screen.
fn drawn(name: &str, play: &Play) {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = play.model.clone();
        (model.width, model.height) = (width, height);
        let play = Play { model, asked: Vec::new() };
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), play.screen());
    }
}

#[test]
fn a_release_is_made_of_a_registry_an_archive_or_what_is_here_for_one_platform_or_all() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys(":release").key(Key::Enter);
    insta::assert_snapshot!("release_80x24", play.screen());
    let play = play.key(Key::Enter).key(Key::Enter).key(Key::Right).key(Key::Enter).key(Key::Right).key(Key::Enter);
    let wish = ReleaseWish {
        reference: reference("acme/web:1.2"),
        origin: Origin::Registry,
        all_platforms: true,
        with_layers: true,
    };
    assert_eq!(composed(&play).1, wish);
    let stopped = play.key(Key::Esc);
    assert!(stopped.asked.contains(&Effect::Undo(composed(&stopped).0)), "Esc stops it");

    let open = || Play::ready(80, 24).select("acme/web:1.2").keys(":release").key(Key::Enter).key(Key::Enter);
    let nameless = open().key(Key::Right).key(Key::Enter).key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert!(nameless.text().contains("name the archive, or the folder"), "{}", nameless.text());
    let play = nameless.keys("/srv/app.tar").key(Key::Enter).key(Key::Enter).key(Key::Enter);
    let wish = ReleaseWish {
        origin: Origin::Archive("/srv/app.tar".into()),
        all_platforms: false,
        with_layers: false,
        ..wish
    };
    assert_eq!(composed(&play).1, wish);
    let play = open().key(Key::Left).key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert_eq!(composed(&play).1, ReleaseWish { origin: Origin::Here, ..wish });
}

#[test]
fn what_was_measured_is_shown_with_what_is_to_be_known_of_it_before_it_is_signed() {
    let open = || Play::ready(80, 24).keys(":release").key(Key::Enter).key(Key::Ctrl('u')).keys("acme/web:1.2");
    let asked = || open().key(Key::Enter).key(Key::Enter).key(Key::Enter).key(Key::Enter);
    let refused =
        document(asked(), Err(problem("image-corrupt", "`acme/web:1.2` contradicts itself", "push it again")));
    assert!(refused.text().contains("contradicts itself") && matches!(refused.model.dialog, Some(Dialog::Form(_))));
    let notes = vec!["acme/web:1.2: left out linux/arm64".to_owned()];
    let play = document(asked(), Ok(Document { statement: release(all_of_it(), 0), notes })).quoted();
    drawn("release_of_all", &play);
    assert!(play.text().contains("left out linux/arm64"), "{}", play.text());
    assert_eq!(sign(&play).step, Step::Ready);
    let noted = play.key(Key::Ctrl('o')).keys(r#"{"commit":"1a2b3c"}"#).key(Key::Enter).quoted();
    assert!(noted.text().contains("1a2b3c"), "{}", noted.text());
    let play = noted.passphrase(8).key(Key::Enter);
    let Some(Effect::Submit { quote, .. }) = play.asked.last() else { panic!("{:?}", play.asked.last()) };
    let Statement::Release { reference, digests, annotations, .. } = &quote.statement else { panic!("{quote:?}") };
    assert_eq!(
        (reference.familiar(), digests.len(), annotations.as_str()),
        ("acme/web:1.2", 5, r#"{"commit":"1a2b3c"}"#)
    );
}

#[test]
fn a_release_is_a_new_version_a_part_of_the_current_one_or_the_same_anew() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted();
    assert_eq!(making(&play), Making::New);
    let play = play.passphrase(8).key(Key::Ctrl('t'));
    assert_eq!(
        (making(&play), sign(&play).secret.clone()),
        (Making::Amended, SecretShape::default()),
        "typed for another statement"
    );
    let asked = |play: &Play| match play.asked.iter().rev().find(|effect| matches!(effect, Effect::Quote { .. })) {
        Some(Effect::Quote { ticket, .. }) => *ticket,
        other => panic!("{other:?}"),
    };
    let quoted = |play: Play, statement| {
        let ticket = asked(&play);
        play.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(quote(statement, address(1)))) }))
    };
    let added = release(vec![kinded(DigestKind::Manifest, 60)], 6);
    let play = quoted(play, added.clone());
    drawn("amendment", &play);
    let text = play.text();
    assert!(text.contains("part of version 6") && text.contains(&digest(60).to_string()[..20]), "{text}");
    assert!(!text.contains(&digest(3).to_string()[..20]), "what the version holds already is not signed again: {text}");
    let amended = play.passphrase(8).key(Key::Enter);
    let Some(Effect::Submit { quote: sent, .. }) = amended.asked.last() else { panic!("{:?}", amended.asked.last()) };
    assert_eq!(sent.statement, added);

    let play = Play::ready(80, 24).select("acme/web:1.2").keys("p");
    let (ticket, statement) = (asked(&play), release(all_of_it(), 0));
    let current = daochain::app::sign::Quote { standing: Some(Conclusion::Verified), ..quote(statement, address(1)) };
    let play = play.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(current)) }));
    assert!(play.text().contains("Ctrl-T"), "{}", play.text());
    let again = play.key(Key::Ctrl('t')).quoted();
    assert_eq!(making(&again), Making::Again, "what is current is no part of itself");
    assert_eq!(making(&again.key(Key::Ctrl('t'))), Making::New);
}

#[test]
fn what_is_chosen_for_one_marked_image_holds_for_the_next() {
    let accounts = screen::accounts(vec![screen::account(1, false, 100), screen::account(2, false, 100)]);
    let play = Play::ready(80, 24).tell(accounts).select("acme/web:1.2").keys(" ").select("acme/api:latest");
    let play = play.keys(" p").quoted();
    let total = play.model.batch.as_ref().unwrap().total;
    assert_eq!(total, 2);
    let first = sign(&play).subject().to_owned();
    let play = play.key(Key::Right).quoted().key(Key::Ctrl('t')).quoted();
    let play = play.key(Key::Ctrl('o')).keys(r#"{"build":"7"}"#).key(Key::Enter);
    let Some(Effect::Quote { ticket, statement, .. }) = play.asked.last().cloned() else { panic!("the cost is asked") };
    let current = daochain::app::sign::Quote { standing: Some(Conclusion::Verified), ..quote(statement, address(2)) };
    let play = play.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(current)) })).key(Key::Enter);
    assert_ne!(sign(&play).subject(), first, "the next one's dialog is open");
    let Some(Effect::Quote { statement, from, making, .. }) = play.asked.last() else { panic!("the cost is asked") };
    let Statement::Release { annotations, .. } = statement else { panic!("{statement:?}") };
    assert_eq!((*from, *making, annotations.as_str()), (address(2), Making::Amended, r#"{"build":"7"}"#));
    let alone = play.key(Key::Esc).key(Key::Esc).keys("a").keys("a").select("acme/web:1.2").keys("p");
    assert!(matches!(alone.asked.last(), Some(Effect::Quote { making: Making::New, .. })), "{:?}", alone.asked.last());
}

#[test]
fn a_signature_from_elsewhere_is_asked_for_as_long_as_is_chosen() {
    const DAY: u64 = 86_400;
    let mut play = of_all(screen::cold(2));
    let seconds = |play: &Play| match play.asked.last() {
        Some(Effect::Ask { seconds, .. }) => *seconds,
        other => panic!("a request is asked for, and not {other:?}"),
    };
    let mut asked = vec![seconds(&play)];
    for _ in 0..4 {
        play = play.carried().key(Key::Char('v'));
        asked.push(seconds(&play));
    }
    assert_eq!(asked, [7 * DAY, 30 * DAY, 90 * DAY, DAY / 2, DAY]);
    assert!(
        asked.iter().all(|seconds| *seconds <= daochain::ops::signing::LONGEST),
        "the registry takes no longer one"
    );
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Forget(_))), "its number is free again");
    assert!(play.carried().text().contains("good until"));
}

#[test]
fn an_amendment_of_an_account_elsewhere_is_carried_as_one() {
    let accounts = screen::accounts(vec![screen::account(1, false, 100), screen::cold(2)]);
    let play = Play::ready(80, 24).tell(accounts).select("acme/web:1.2").keys("p").quoted();
    let play = play.key(Key::Ctrl('t')).key(Key::Right);
    let asked = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Ask { ticket, statement, publisher, making, .. } => {
            Some((*ticket, statement.clone(), *publisher, *making))
        }
        _ => None,
    });
    let (ticket, statement, publisher, making) = asked.expect("a request was asked for");
    assert_eq!(making, Making::Amended);
    let Statement::Release { digests, .. } = &statement else { panic!("{statement:?}") };
    let part = release(vec![digests[0]], 6);
    let carried = screen::carried(part, publisher, false);
    let play = play.tell(Msg::Sign(SignMsg::Asked { ticket, result: Ok(Box::new(carried)) }));
    assert_eq!(sign(&play).step, Step::Carrying);
    let play = play.tell(Msg::Input(InputMsg::Paste(r#"{"signature":"0x00"}"#.into())));
    assert!(
        play.asked.iter().any(|effect| matches!(effect, Effect::Relay { .. })),
        "the answer is to what was carried"
    );
}

#[test]
fn another_platform_is_pulled_and_what_the_policy_refuses_only_when_its_name_is_typed_again() {
    let open = || Play::ready(80, 24).keys("2P").key(Key::Ctrl('u')).keys("acme/web:1.2").key(Key::Enter);
    insta::assert_snapshot!("pull_80x24", open().screen());
    let play = open().keys("arm64").key(Key::Enter).key(Key::Enter);
    assert!(play.text().contains("system/architecture") && pulled(&play).is_none(), "{}", play.text());
    let play = play.key(Key::Ctrl('u')).keys("linux/arm64").key(Key::Enter).key(Key::Enter);
    let of_arm = PullWish { platform: Some("linux/arm64".into()), ..PullWish::of(reference("acme/web:1.2")) };
    assert_eq!(pulled(&play), Some(of_arm));
    assert!(play.model.dialog.is_none() && play.text().contains("pulling"), "{}", play.text());
    let busy = play.keys("P");
    assert!(busy.text().contains("another image is being pulled"), "{}", busy.text());

    let unsure = open().key(Key::Enter).key(Key::Right).key(Key::Enter).keys("acme/web:1.3").key(Key::Enter);
    assert!(unsure.text().contains("type `acme/web:1.2` once more") && pulled(&unsure).is_none(), "{}", unsure.text());
    insta::assert_snapshot!("pull_unsure_80x24", unsure.screen());
    let play = unsure.key(Key::Backspace).keys("2").key(Key::Enter);
    let overridden = PullWish { overridden: true, ..PullWish::of(reference("acme/web:1.2")) };
    assert_eq!(pulled(&play), Some(overridden.clone()));

    // What was overridden once is not overridden again by a key.
    let Some(Pull { ticket, .. }) = play.model.market.pull.clone() else { panic!("a pull goes on") };
    let result = Err(problem("registry-unreachable", "the registry is silent", "ask again"));
    let failed = play.tell(Msg::Market(MarketMsg::Pulled { ticket, result })).keys("6");
    let pulls = |play: &Play| play.asked.iter().filter(|effect| matches!(effect, Effect::Pull { .. })).count();
    let before = pulls(&failed);
    let again = failed.key(Key::Home).keys("t");
    assert_eq!(pulls(&again), before, "{}", again.text());
    assert!(
        matches!(&again.model.dialog, Some(Dialog::Form(form)) if form.chosen(daochain::app::form::Name::What) == 0)
    );
    assert!(again.text().contains("acme/web:1.2"), "{}", again.text());
}

/// A release of all platforms, by the only account.
fn of_all(account: Account) -> Play {
    let play = Play::ready(80, 24).tell(screen::accounts(vec![account])).keys(":release").key(Key::Enter);
    let play = play.key(Key::Ctrl('u')).keys("acme/web:1.2").key(Key::Enter).key(Key::Enter).key(Key::Enter);
    document(play.key(Key::Enter), Ok(Document { statement: release(all_of_it(), 0), notes: Vec::new() }))
}

#[test]
fn what_is_carried_is_shown_as_it_is_signed_and_turned_there_too() {
    let play = of_all(screen::cold(2)).carried();
    assert_eq!(sign(&play).step, Step::Carrying);
    let play = play.key(Key::Ctrl('t'));
    let Some(Effect::Ask { ticket, statement, publisher, making: Making::Amended, .. }) = play.asked.last().cloned()
    else {
        panic!("{:?}", play.asked.last())
    };
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Forget(_))), "its number is free again");
    let Statement::Release { digests, .. } = &statement else { panic!("{statement:?}") };
    let (kept, left_out) = (digests[0].digest.to_string(), digests[1].digest.to_string());
    let carried = screen::carried(release(vec![digests[0]], 6), publisher, false);
    let play = play.tell(Msg::Sign(SignMsg::Asked { ticket, result: Ok(Box::new(carried)) }));
    drawn("carried_amendment", &play);
    let (text, half) = (play.text(), "sha256:".len() + 32);
    assert!(text.contains("part of version 6") && text.contains(&kept[..half]), "{text}");
    assert!(!text.contains(&left_out[..half]), "what is not in the request is not shown: {text}");
    let asks = |play: &Play| play.asked.iter().filter(|effect| matches!(effect, Effect::Ask { .. })).count();
    let before = asks(&play);
    let noted = play.key(Key::Ctrl('o')).key(Key::Esc);
    assert_eq!(sign(&noted).step, Step::Carrying, "what was made stays");
    assert_eq!(asks(&noted), before, "nothing is asked anew");
    let stands = problem(
        "already-published",
        "the registry holds all of it already",
        "`Ctrl-T` turns to a new version of the same",
    );
    let again = noted.key(Key::Ctrl('t'));
    let Some(Effect::Ask { ticket, making: Making::Again, .. }) = again.asked.last().cloned() else {
        panic!("{:?}", again.asked.last())
    };
    let stuck = again.tell(Msg::Sign(SignMsg::Asked { ticket, result: Err(stands) }));
    assert!(stuck.text().contains("Enter done"), "{}", stuck.text());
}

#[test]
fn a_contracts_call_is_shown_as_it_is_executed() {
    let contract = Account { kind: AccountKind::Contract, ..screen::account(2, false, 0) };
    let play = of_all(contract).carried();
    let play = play.key(Key::Ctrl('t'));
    let Some(Effect::Ask { ticket, statement, publisher, contract: true, .. }) = play.asked.last().cloned() else {
        panic!("{:?}", play.asked.last())
    };
    let Statement::Release { digests, .. } = statement else { panic!("{statement:?}") };
    let carried = screen::carried(release(vec![digests[1]], 6), publisher, true);
    let play = play.tell(Msg::Sign(SignMsg::Asked { ticket, result: Ok(Box::new(carried)) }));
    let (text, half) = (play.text(), "sha256:".len() + 32);
    assert!(text.contains("part of version 6") && text.contains(&digests[1].digest.to_string()[..half]), "{text}");
    assert!(!text.contains(&digests[0].digest.to_string()[..half]), "{text}");
}

#[test]
fn a_policy_has_one_text_in_each_version() {
    let rule = Rule::new("docker.io/acme/*".parse().unwrap(), address(7));
    let policy = TrustPolicy { rules: vec![rule], ..TrustPolicy::default() };
    let play = Play::ready(80, 24).keys("4").tell(Msg::Trust(TrustMsg::Read(Ok(policy)))).keys("P");
    let play = play.keys("acme/policy:1").key(Key::Enter).key(Key::Enter);
    let Some(Effect::ReadPolicy { ticket, reference, .. }) = play.asked.last().cloned() else {
        panic!("{:?}", play.asked.last())
    };
    let digests = vec![kinded(DigestKind::Document, 60)];
    let statement = Statement::Release { reference, digests, amends: 0, annotations: String::new() };
    let document = Document { statement, notes: Vec::new() };
    let play = play.tell(Msg::Sign(SignMsg::Document { ticket, result: Ok(Box::new(document)) })).quoted();
    let before = play.asked.len();
    let play = play.key(Key::Ctrl('t')).key(Key::Ctrl('o'));
    assert_eq!(
        (play.asked.len(), sign(&play).step),
        (before, Step::Ready),
        "neither a part of a version nor annotations"
    );
    assert!(!play.text().contains("Ctrl-T"), "{}", play.text());
}

#[test]
fn what_was_chosen_stays_while_another_source_is_looked_at() {
    let play =
        Play::ready(80, 24).select("acme/web:1.2").keys(":release").key(Key::Enter).key(Key::Enter).key(Key::Enter);
    let play = play.key(Key::Right).key(Key::Down).key(Key::Right).key(Key::Up).key(Key::Up).key(Key::Right);
    let play = play.key(Key::Enter).keys("/srv/app.tar").key(Key::Enter).key(Key::Enter).key(Key::Enter);
    let (_, wish) = composed(&play);
    assert_eq!((wish.all_platforms, wish.with_layers), (true, true), "{wish:?}");
}
