//! The accounts pane and its dialogs, played by messages: what they ask for, and what they never do.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::{
    app::{
        Effect, Key, Msg,
        effect::{Deed, KeySource},
        form::Name,
        model::Dialog,
        msg::{AccountMsg, Done, InputMsg, SignMsg},
        sign::{PublicationId, Quote, Step},
    },
    domain::{
        Timestamp,
        account::AccountKind,
        publication::{Authority, Statement},
        verdict::Conclusion,
        wish::Making,
    },
};
use screen::{NOW, Play, account, accounts, address, cold, problem};

fn play() -> Play {
    let all = vec![account(3, true, 9998), account(4, false, 50), cold(6)];
    let mut play = Play::ready(80, 24).tell(accounts(all)).keys("3").key(Key::Home);
    play.asked.clear();
    play
}

fn deed(play: &Play) -> Option<(u64, Deed)> {
    play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Do { ticket, deed } => Some((*ticket, deed.clone())),
        _ => None,
    })
}

fn answer(play: Play, result: Result<Done, &str>) -> Play {
    let (ticket, _) = deed(&play).unwrap();
    let result = result.map_err(|code| {
        // Error codes are static words.
        let code = if code == "passphrase-wrong" { "passphrase-wrong" } else { "keystore-unwritable" };
        problem(code, "it did not work", "")
    });
    play.tell(Msg::Account(AccountMsg::Done { ticket, result }))
}

fn done(words: &str) -> Done {
    Done { account: Some(address(3)), words: words.into(), open_until: None }
}

fn unlocked(play: Play, seconds: u64) -> Play {
    let open_until = Some(Timestamp(play.model.now.0 + seconds));
    let play = play.keys("u").passphrase(9).key(Key::Enter).key(Key::Enter);
    answer(play, Ok(Done { open_until, ..done("asks no passphrase") }))
}

fn form_problem(play: &Play) -> Option<(Option<Name>, String)> {
    match &play.model.dialog {
        Some(Dialog::Form(form)) => Some((form.focused().map(|field| field.name), form.problem.clone()?)),
        _ => None,
    }
}

fn step(play: &Play) -> Option<Step> {
    match &play.model.dialog {
        Some(Dialog::Sign(sign)) => Some(sign.step),
        _ => None,
    }
}

fn locks(play: &Play) -> usize {
    play.asked.iter().filter(|effect| matches!(effect, Effect::Lock(_))).count()
}

#[test]
fn every_form_says_what_is_missing_and_asks_for_nothing_before() {
    for (keys, name) in [
        ("n", Name::NewPassphrase),
        ("i", Name::File),
        ("a", Name::Url),
        ("e", Name::File),
        ("p", Name::Passphrase),
        ("u", Name::Passphrase),
        ("D", Name::Address),
        ("S", Name::Address),
        ("T", Name::Reason),
    ] {
        let mut play = play().keys(keys);
        for _ in 0..8 {
            if form_problem(&play).is_some() {
                break;
            }
            play = play.key(Key::Enter);
        }
        assert_eq!(form_problem(&play).map(|(name, _)| name), Some(Some(name)), "{keys}");
        assert!(deed(&play).is_none() && step(&play).is_none(), "{keys}: {:?}", play.asked);
        let play = play.key(Key::Esc);
        assert!(play.model.dialog.is_none() && deed(&play).is_none(), "{keys}");
        assert!(play.asked.contains(&Effect::ForgetSecret), "{keys}");
    }
}

#[test]
fn what_a_form_asks_for_is_what_was_typed() {
    let enter = |play: Play, times: usize| (0..times).fold(play, |play, _| play.key(Key::Enter));
    let asked = |play: Play| deed(&play).map(|(_, deed)| deed).unwrap();
    let typed = |play: Play, text: &str| play.keys(text).key(Key::Tab);

    let words = play().keys("i").key(Key::Left).secrets([0, 9, 9, 70], true);
    let path = "m/44'/60'/0'/0/0".to_owned();
    assert_eq!(asked(enter(words, 7)), Deed::Keep { source: KeySource::Words(path), label: None });

    let file = typed(play().keys("i").key(Key::Tab), "/tmp/UTC--x").passphrase(4).key(Key::Tab);
    let source = KeySource::File("/tmp/UTC--x".into());
    assert_eq!(asked(enter(file.keys("ci"), 1)), Deed::Keep { source, label: Some("ci".into()) });

    let contract = play().keys("a").key(Key::Left).key(Key::Tab);
    let contract = enter(typed(contract, &address(9).to_string()), 1);
    let kind = AccountKind::Contract;
    assert_eq!(asked(contract), Deed::Know { address: Some(address(9)), kind, label: None });

    let copy = typed(play().keys("e"), "/tmp/copy").secrets([4, 5, 5, 0], true);
    assert_eq!(asked(enter(copy, 3)), Deed::Export { address: address(3), out: "/tmp/copy".into() });

    let label = play().keys("l").keys("deploy").key(Key::Enter);
    assert_eq!(asked(label), Deed::Label { address: address(3), label: Some("deploy".into()) });

    let unlock = play().keys("u").passphrase(5).key(Key::Tab).key(Key::Right).key(Key::Enter);
    assert_eq!(asked(unlock), Deed::Unlock { address: address(3), seconds: 600 });

    let wrong = play().key(Key::Delete).keys(&address(4).to_string()).key(Key::Enter).key(Key::Enter);
    assert!(form_problem(&wrong).is_some() && deed(&wrong).is_none(), "another account's address");
    let remove = play().key(Key::Delete).keys(&address(3).to_string()).key(Key::Enter);
    assert_eq!(asked(remove.key(Key::Enter)), Deed::Remove { address: address(3), file: None });
    let one = play().key(Key::Delete).keys(&address(3).to_string()).key(Key::Enter).keys("UTC--x").key(Key::Enter);
    assert_eq!(asked(one), Deed::Remove { address: address(3), file: Some("UTC--x".into()) });
}

#[test]
fn what_an_account_says_of_itself_is_priced_before_it_is_signed() {
    let form = play().keys("D").key(Key::Tab).keys(&address(4).to_string()).key(Key::Tab).keys("acme/api:2");
    let late = |form: Play| form.key(Key::Tab).keys("2020-01-01").key(Key::Enter);
    let play = form.key(Key::Tab).keys("30d").key(Key::Enter);
    assert_eq!(step(&play), Some(Step::Estimating));
    let expected = Statement::Delegation {
        reference: Some("acme/api:2".parse().unwrap()),
        delegate: address(4),
        expiry: Timestamp(NOW + 30 * 86_400),
    };
    let is_asked = |effect: &Effect| matches!(effect, Effect::Quote { statement, from, .. } if *statement == expected && *from == address(3));
    assert!(play.asked.iter().any(is_asked), "{:?}", play.asked);
    let play = play.quoted().passphrase(4).key(Key::Enter);
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })));
    assert_eq!(play.model.publications[0].doing(), "delegating");

    let over = late(self::play().keys("D").key(Key::Tab).keys(&address(4).to_string()).key(Key::Tab));
    assert!(form_problem(&over).is_some_and(|(name, words)| name == Some(Name::Until) && words.contains("over")));
    let elsewhere = self::play().key(Key::End).keys("D");
    assert!(elsewhere.model.dialog.is_none() && elsewhere.text().contains("another machine"), "{}", elsewhere.text());
}

#[test]
fn wrong_passphrases_make_the_next_wait_and_the_fifth_closes() {
    let mut play = play().keys("u");
    for round in 1..=5_u64 {
        play = play.passphrase(9).key(Key::Tab).key(Key::Enter);
        play = answer(play, Err("passphrase-wrong"));
        if round < 5 {
            assert!(form_problem(&play).is_some(), "round {round}");
            let early = play.asked.len();
            play = play.passphrase(9).key(Key::Tab).key(Key::Enter);
            let waits = form_problem(&play).unwrap().1;
            assert!(waits.contains(&format!("in {} s", 1 << (round - 1))), "round {round}: {waits}");
            assert!(!play.asked[early..].iter().any(|effect| matches!(effect, Effect::Do { .. })), "round {round}");
            play = play.after(1 << (round - 1)).key(Key::Tab);
        }
    }
    assert!(play.model.dialog.is_none() && play.text().contains("five wrong passphrases"), "{}", play.text());
    // Another dialog is no way around it.
    let play = play.keys("1").select("acme/api:latest").keys("p").quoted().passphrase(9).key(Key::Enter);
    assert!(!play.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })));
    let mut play = play.after(16).key(Key::Enter);
    for _ in 0..5 {
        let wrong = Err(problem("passphrase-wrong", "it does not open the key", ""));
        let id = play.model.publications.last().map_or(PublicationId(0), |one| one.id);
        play = play.tell(Msg::Sign(SignMsg::Settled { publication: id, result: wrong }));
        play = play.after(32).passphrase(9).key(Key::Enter);
    }
    assert!(play.model.dialog.is_none(), "{:?}", step(&play));
}

#[test]
fn an_unlocked_account_asks_no_passphrase_until_its_time_is_over() {
    let play = unlocked(play(), 300);
    assert!(play.text().contains("UNLOCKED 5:00") && play.text().contains("OPEN 5:00"), "{}", play.text());
    assert_eq!(daochain::app::clock::next_wake(&play.model), 1, "the countdown goes on");
    let play = play.keys("1").select("acme/api:latest").keys("p").quoted();
    assert_eq!(play.model.secret_field(), None);
    let signed = play.key(Key::Enter);
    assert!(signed.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })));

    let dialog = unlocked(self::play(), 60).keys("1").select("acme/api:latest").keys("p").quoted().after(60);
    assert!(dialog.model.secret_field().is_some() && locks(&dialog) == 1, "its time is over");
    let dialog = dialog.key(Key::Enter);
    assert!(!dialog.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })));
}

#[test]
fn what_cannot_be_undone_is_typed_even_where_the_account_is_unlocked() {
    let play =
        unlocked(play(), 300).keys("1").select("acme/api:latest").keys("r").keys("a hole").key(Key::Enter).quoted();
    assert!(play.model.secret_field().is_some() && play.text().contains("Nothing undoes this."), "{}", play.text());
    let play = play.key(Key::Enter);
    assert!(!play.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })), "no passphrase was typed");
    // Elsewhere a second Enter means an empty passphrase; here it would let the open key sign.
    let again = play.key(Key::Enter).key(Key::Enter);
    assert!(again.text().contains("lock the account first"), "{}", again.text());
    assert!(!again.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })), "no passphrase was typed");

    let watch = unlocked(self::play(), 300).keys("1").select("acme/api:latest").keys(":watch-names").key(Key::Enter);
    let watch = (0..4).fold(watch, |play, _| play.key(Key::Enter)).keys("2").key(Key::Enter).key(Key::Enter);
    let watch = watch.keys("watch").key(Key::Enter);
    assert!(watch.text().contains("lock the account first"), "{}", watch.text());
    let watch = watch.key(Key::Enter).key(Key::Enter);
    assert!(!watch.asked.iter().any(|effect| matches!(effect, Effect::Watch { .. })), "no passphrase was typed");

    let taken = unlocked(self::play(), 300).keys("S").key(Key::Right).key(Key::Right).key(Key::Enter);
    let taken = taken.keys(&address(9).to_string()).key(Key::Enter).key(Key::Enter).quoted();
    assert!(taken.model.secret_field().is_some() && taken.text().contains("Nothing undoes this."), "{}", taken.text());
}

#[test]
fn what_is_open_is_locked_by_hand_and_where_nobody_is() {
    let by_hand = unlocked(play(), 300).keys("u");
    assert!(by_hand.model.accounts.open.is_empty() && by_hand.model.dialog.is_none());
    assert_eq!(by_hand.asked.iter().filter(|effect| **effect == Effect::Lock(address(3))).count(), 1);

    let touched = unlocked(play(), 900).after(100).key(Key::Down).after(100);
    assert_eq!((locks(&touched), touched.model.accounts.open.len()), (0, 1));
    let idle = touched.after(20);
    assert_eq!((locks(&idle), idle.model.accounts.open.len()), (1, 0));

    let back = unlocked(play(), 900).tell(Msg::Clock(Timestamp(NOW - 1000)));
    assert_eq!(locks(&back), 1, "a clock that was set back keeps nothing open");

    let removed = unlocked(play(), 900).tell(accounts(vec![account(4, true, 1)]));
    assert_eq!(locks(&removed), 1, "an account that is gone is not open");
}

#[test]
fn what_is_under_way_is_stopped_and_answers_late() {
    let working = play().keys("p").secrets([4, 5, 5, 0], true).key(Key::Tab).key(Key::Tab).key(Key::Enter);
    let (ticket, what) = deed(&working).unwrap();
    assert_eq!(what, Deed::ChangePassphrase(address(3)));
    let stopped = working.key(Key::Esc);
    assert!(stopped.model.dialog.is_none() && stopped.asked.contains(&Effect::Undo(ticket)));
    let cancelled = problem("cancelled", "it was cancelled", "");
    let told = stopped.tell(Msg::Account(AccountMsg::Done { ticket, result: Err(cancelled) }));
    assert!(told.text().contains("nothing was written"), "{}", told.text());
}

fn forgotten(play: &Play) -> usize {
    play.asked.iter().filter(|effect| matches!(effect, Effect::Forget(_))).count()
}

fn carrying() -> Play {
    let play = play().keys("1").select("acme/api:latest").keys("p").quoted();
    play.key(Key::Left).carried()
}

#[test]
fn a_request_keeps_its_number_once_it_left_and_its_answer_is_paid_by_another_account() {
    assert_eq!(step(&carrying()), Some(Step::Carrying));
    assert_eq!(forgotten(&carrying().key(Key::Esc)), 1, "it never left");
    assert_eq!(forgotten(&carrying().keys("c").key(Key::Esc).key(Key::Esc)), 0, "a camera may have seen it");
    let mut ascii = carrying();
    ascii.model.unicode = false;
    assert_eq!(forgotten(&ascii.keys("c").key(Key::Esc).key(Key::Esc)), 1, "in ASCII it had no room");
    assert_eq!(forgotten(&carrying().key(Key::Left)), 1, "another account's is asked for");
    assert_eq!(forgotten(&carrying().keys("y").key(Key::Esc)), 0);
    let play = carrying().keys("yw");
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Copy(text) if text.contains("request/1"))));
    let play = play.key(Key::Enter);
    assert!(
        play.asked.iter().any(|effect| matches!(effect, Effect::Save { path, .. } if path.ends_with("request.json")))
    );

    let play = play.tell(Msg::Input(InputMsg::Paste(format!(" 0x{}\n", "ab".repeat(65)))));
    let is_relay = |effect: &Effect| matches!(effect, Effect::Relay { from, answer, .. } if *from == address(3) && answer.starts_with("0xab"));
    assert!(play.asked.iter().any(is_relay), "{:?}", play.asked.last());
    let play = play.relayed();
    assert!(play.text().contains("paid by"), "{}", play.text());
    let play = play.passphrase(4).key(Key::Enter);
    let submitted = play.asked.iter().find_map(|effect| match effect {
        Effect::Submit { quote, .. } => Some(quote.clone()),
        _ => None,
    });
    let submitted = submitted.unwrap();
    assert_eq!(submitted.from, address(3));
    assert!(matches!(&submitted.authority, Authority::Signature(signed) if signed.request.publisher == address(6)));
}

#[test]
fn what_came_back_signed_is_sent_though_the_same_is_current_where_that_is_meant() {
    let making = |play: &Play| {
        play.asked.iter().rev().find_map(|effect| match effect {
            Effect::Relay { making, .. } => Some(*making),
            _ => None,
        })
    };
    let paste = |play: Play| play.tell(Msg::Input(InputMsg::Paste("0xabcd".into())));
    // Chosen before it was carried there.
    let meant = carrying().key(Key::Ctrl('t')).carried().key(Key::Ctrl('t')).carried();
    assert_eq!(making(&paste(meant)), Some(Making::Again));

    let play = paste(carrying());
    assert_eq!(making(&play), Some(Making::New));
    let Some((ticket, request)) = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Relay { ticket, request, .. } => Some((*ticket, request.clone())),
        _ => None,
    }) else {
        panic!("{:?}", play.asked.last())
    };
    let standing = Some(Conclusion::Verified);
    let quote = Quote { standing, ..screen::quote(request.statement, address(3)) };
    let play = play.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(quote)) }));
    assert!(step(&play) == Some(Step::Stuck) && play.text().contains("Ctrl-T"), "{}", play.text());
    let again = play.key(Key::Ctrl('t'));
    assert_eq!((making(&again), step(&again)), (Some(Making::Again), Some(Step::Estimating)), "the same signature");
    assert_eq!(forgotten(&again), 0);
}

#[test]
fn an_answer_that_is_none_is_told_and_can_be_pasted_again() {
    let play = carrying().tell(Msg::Input(InputMsg::Paste("nonsense".into())));
    let ticket = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Relay { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let result =
        Err(problem("signature-invalid", "it is the signature of another request", "paste the answer to this one"));
    let play = play.tell(Msg::Sign(SignMsg::Quoted { ticket: ticket.unwrap(), result }));
    assert_eq!(step(&play), Some(Step::Carrying));
    assert!(play.text().contains("another request"), "{}", play.text());
    let play = play.tell(Msg::Input(InputMsg::Paste("0xab".into())));
    assert_eq!(step(&play), Some(Step::Estimating));
}

#[test]
fn what_came_back_says_what_the_dialog_says_or_is_asked_for_anew() {
    let play = play().keys("1").select("acme/web:1.2").keys("r").keys("key leaked").key(Key::Enter);
    let cold = (0..3).fold(play, |play, _| {
        if play.asked.iter().any(|one| matches!(one, Effect::Ask { .. })) {
            play
        } else {
            play.quoted().key(Key::Right)
        }
    });
    let play = cold.carried().tell(Msg::Input(InputMsg::Paste("0xabcd".into()))).relayed();
    let mut play = play.key(Key::Tab);
    assert_eq!(step(&play), Some(Step::Reason));
    play.asked.clear();
    let play = play.keys(", or not").key(Key::Enter);
    let asks = |effect: &Effect| matches!(effect, Effect::Ask { statement: Statement::Revocation { reason, .. }, .. } if reason == "key leaked, or not");
    assert!(play.asked.iter().any(asks), "{:?}", play.asked);
    assert!(
        !play.asked.iter().any(|effect| matches!(effect, Effect::Relay { .. })),
        "the old answer says something else"
    );
}

#[test]
fn what_nobody_waits_for_any_more_moves_nothing_and_leaves_nothing_open() {
    let play = play().keys("u").passphrase(9).key(Key::Enter).key(Key::Enter).key(Key::Esc).key(Key::Down);
    let selected = play.model.accounts.selected().map(|one| one.address);
    let open_until = Some(Timestamp(NOW + 300));
    let play = answer(play, Ok(Done { open_until, ..done("asks no passphrase") }));
    assert_eq!(play.model.accounts.selected().map(|one| one.address), selected);
    assert!(play.model.accounts.open.is_empty() && play.asked.contains(&Effect::Lock(address(3))));
}

#[test]
fn a_label_that_lists_cannot_show_is_refused_before_a_key_is_made() {
    let play = play().keys("n").secrets([0, 9, 9, 0], true).key(Key::Enter).key(Key::Enter).keys(&"x".repeat(41));
    let play = play.key(Key::Enter);
    assert!(
        form_problem(&play).is_some_and(|(name, words)| name == Some(Name::Label) && words.contains("40 characters"))
    );
    assert!(deed(&play).is_none());
}

#[test]
fn a_wrong_passphrase_counts_though_nobody_waits_for_it_and_until_a_right_one() {
    let mut play = play().keys("1").select("acme/api:latest");
    for _ in 0..3 {
        play = play.after(60).keys("p").quoted().passphrase(9).key(Key::Enter).key(Key::Esc);
        let id = play.model.publications.last().unwrap().id;
        let wrong = Err(problem("passphrase-wrong", "it does not open the key", ""));
        play = play.tell(Msg::Sign(SignMsg::Settled { publication: id, result: wrong }));
    }
    assert_eq!(play.model.tries.wait(play.model.now), Some(4), "three were counted");
    let play = answer(play.keys("3l").keys("x").key(Key::Enter), Ok(done("it is called x")));
    assert_eq!(play.model.tries.wait(play.model.now), Some(4), "a label opens nothing");
}

#[test]
fn what_is_restored_is_what_was_shown() {
    let removed = |seed| daochain::domain::account::Removed {
        address: address(seed),
        file: "/x".into(),
        at: Timestamp(NOW),
        kept_until: Timestamp(NOW + 1),
    };
    let list = |removed| {
        let accounts = vec![account(3, true, 1)];
        let list = daochain::app::msg::AccountList { accounts, problems: Vec::new(), removed, node: None };
        Msg::Account(AccountMsg::Listed(Ok(list)))
    };
    let play = play().tell(list(vec![removed(8)])).keys("z").tell(list(vec![removed(8), removed(9)])).key(Key::Enter);
    assert_eq!(deed(&play).map(|(_, deed)| deed), Some(Deed::Restore(address(8))));
}

#[test]
fn an_empty_passphrase_is_meant_when_enter_is_pressed_again() {
    let play = play().keys("1").select("acme/api:latest").keys("p").quoted().key(Key::Enter);
    assert!(play.text().contains("press Enter again") && play.model.publications.is_empty(), "{}", play.text());
    assert_eq!(play.key(Key::Enter).model.publications.len(), 1);
    let play = self::play().keys("u").key(Key::Enter).key(Key::Enter);
    assert!(form_problem(&play).is_some_and(|(_, words)| words.contains("press Enter again")));
    let play = play.key(Key::Tab).key(Key::Enter);
    assert!(deed(&play).is_some());
}

#[test]
fn what_was_typed_outlives_a_look_at_the_cost_and_a_question() {
    let form = play().keys("D").key(Key::Tab).keys(&address(4).to_string()).key(Key::Tab).keys("acme/api:2");
    let play = form.key(Key::Tab).keys("30d").key(Key::Enter).quoted().key(Key::Esc);
    assert!(play.text().contains("acme/api:2") && play.text().contains("30d"), "{}", play.text());
    let busy = self::play().keys("1V").keys("3l").keys("half a label").key(Key::Ctrl('c'));
    assert!(matches!(busy.model.dialog, Some(Dialog::Quit(_))), "{}", busy.text());
    let back = busy.key(Key::Ctrl('l')).keys("n");
    assert!(back.text().contains("half a label"), "{}", back.text());
}

#[test]
fn esc_withdraws_what_is_not_signed_yet() {
    let play = play().keys("1").select("acme/api:latest").keys("p").quoted().passphrase(4).key(Key::Enter);
    let id = play.model.publications[0].id;
    let play = play.key(Key::Esc);
    assert!(play.asked.contains(&Effect::Withdraw(id)));
    let cancelled = Err(problem("cancelled", "it was cancelled", ""));
    let play = play.tell(Msg::Sign(SignMsg::Settled { publication: id, result: cancelled }));
    assert!(play.model.publications.is_empty() && play.text().contains("nothing was signed"), "{}", play.text());
}

#[test]
fn a_request_that_nobody_relayed_gives_up_its_number_when_asked_to() {
    let play = carrying();
    assert!(play.text().contains("comes after number 2"), "{}", play.text());
    let play = play.keys("r");
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Ask { replace: true, .. })));
}

#[test]
fn a_file_that_was_not_written_carried_nothing_away() {
    let saves = || carrying().keys("w").key(Key::Enter);
    assert!(saves().asked.iter().any(|effect| matches!(effect, Effect::Save { .. })));
    let failed = saves().tell(Msg::Saved(Err(problem("file-unwritable", "it exists", "name a new file"))));
    assert!(failed.text().contains("it exists"), "{}", failed.text());
    assert_eq!(forgotten(&failed.key(Key::Esc)), 1);
    let written = saves().tell(Msg::Saved(Ok("/tmp/request.json".into())));
    assert_eq!(forgotten(&written.key(Key::Esc)), 0);
}

fn request_of(publisher: u8) -> daochain::domain::publication::SigningRequest {
    let reference = "acme/api:2".parse().unwrap();
    let digest = screen::digest(7);
    let kind = daochain::domain::digest::DigestKind::Config;
    let digests = vec![daochain::domain::image::KindedDigest { kind, digest }];
    let statement = Statement::Release { reference, digests, amends: 0, annotations: String::new() };
    screen::carried(statement, address(publisher), false).request.unwrap()
}

fn given(play: Play, given: daochain::app::sign::Given) -> Play {
    let ticket = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadGiven { ticket, .. } => Some(*ticket),
        _ => None,
    });
    play.tell(Msg::Sign(SignMsg::Given { ticket: ticket.unwrap(), result: Ok(Box::new(given)) }))
}

#[test]
fn a_request_that_was_carried_here_is_shown_and_signed() {
    let pasted = play().keys("s").tell(Msg::Input(InputMsg::Paste("{\"schema\":\"daochain.request/1\"}".into())));
    assert!(pasted.text().contains("pasted, 31 characters"), "{}", pasted.text());
    let read = pasted.key(Key::Enter);
    let came = |is_usual| daochain::app::sign::Given { request: request_of(3), is_usual, signed: None };
    let play = given(read, came(false));
    let text = play.text();
    for words in ["acme/api:2", "NOT the usual address", "number 3", &address(3).to_string()] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(step(&play), Some(Step::Ready));
    let play = play.passphrase(5).key(Key::Enter);
    let asked = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::SignRequest { ticket, request } if **request == request_of(3) => Some(*ticket),
        _ => None,
    });
    let signed = daochain::app::sign::Carried {
        request: None,
        says: None,
        text: "{\"schema\":\"daochain.signature/1\"}".into(),
        earlier: Vec::new(),
        left: true,
    };
    let play = play.tell(Msg::Sign(SignMsg::Asked { ticket: asked.unwrap(), result: Ok(Box::new(signed)) }));
    assert!(play.text().contains("Signed. Carry it back"), "{}", play.text());
    let play = play.keys("y");
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Copy(text) if text.contains("signature/1"))));
    assert_eq!(forgotten(&play.key(Key::Esc)), 0, "it is no request of ours");

    let elsewhere = given(
        self::play().keys("s/tmp/request.json").key(Key::Enter),
        daochain::app::sign::Given { request: request_of(9), is_usual: true, signed: None },
    );
    assert!(
        elsewhere.text().contains("is not here") && elsewhere.model.secret_field().is_none(),
        "{}",
        elsewhere.text()
    );
}

#[test]
fn a_signature_that_was_carried_here_is_sent_by_who_can_pay() {
    let read = play().keys("s/tmp/signature.json").key(Key::Enter);
    let signed = Some("{\"schema\":\"daochain.signature/1\"}".to_owned());
    let play = given(read, daochain::app::sign::Given { request: request_of(9), is_usual: true, signed }).relayed();
    assert!(play.text().contains("paid by") && play.text().contains("acme/api:2"), "{}", play.text());
    let play = play.passphrase(5).key(Key::Enter);
    let submitted =
        play.asked.iter().any(|effect| matches!(effect, Effect::Submit { quote, .. } if quote.from == address(3)));
    assert!(submitted, "{:?}", play.asked.last());
}

#[test]
fn an_account_speaks_in_the_name_of_who_appointed_it() {
    let play = play().keys("1").select("acme/api:latest").keys("p").quoted().key(Key::Ctrl('f'));
    assert_eq!(step(&play), Some(Step::Naming));
    let wrong = play.keys("somebody").key(Key::Enter);
    assert!(step(&wrong) == Some(Step::Naming) && wrong.text().contains("`somebody` is not"), "{}", wrong.text());
    let play = wrong.key(Key::Ctrl('u')).keys(&address(9).to_string()).key(Key::Enter);
    let asked = |effect: &Effect| matches!(effect, Effect::Quote { behalf: Some(publisher), from, .. } if *publisher == address(9) && *from == address(3));
    assert!(play.asked.iter().any(asked), "{:?}", play.asked.last());
    let play = play.quoted();
    assert!(play.text().contains(&format!("{}, in whose name", address(9))), "{}", play.text());
    let play = play.key(Key::Ctrl('f')).key(Key::Esc);
    assert_eq!(step(&play), Some(Step::Ready), "the name stays as it was");
    assert!(play.text().contains("in whose name"));
}

#[test]
fn an_account_becomes_the_default_here_or_everywhere() {
    let play = play().key(Key::Down).keys("d").keys("A");
    let set = |wanted| Effect::SetDefault { account: address(4), everywhere: wanted };
    assert!(play.asked.contains(&set(false)) && play.asked.contains(&set(true)));
}
