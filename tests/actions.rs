//! What hands do on the screen: the palette, marks, the filter's language, keys of one's own; and nothing typed is lost.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::{
    app::{
        Effect, Key,
        action::{Action, BINDINGS, Keymap, Place, spoken::command},
        activity::{Line, Outcome},
        effect::{Deed, Setting},
        model::{Dialog, Pane, Tone},
        msg::{AccountMsg, ChainMsg, Found, InputMsg, MarketMsg, Msg, NodeMsg, SignMsg, TaskMsg},
        palette::Palette,
        report::{Fact, Told},
        rows::Row,
        sign::{Purpose, Step},
    },
    domain::{
        finding::{Area, Finding},
        image::{EXPORTS_AT_ONCE, EvidenceLevel},
        progress::Progress,
    },
    tui::{theme::Theme, view},
};
use ratatui::{Terminal, backend::TestBackend};
use screen::{Play, accounts, address, hash, image, key_of, problem, settled};
use std::time::Duration;

fn palette(play: &Play) -> &Palette {
    match &play.model.dialog {
        Some(Dialog::Palette(palette)) => palette,
        other => panic!("the palette is open, and not {other:?}"),
    }
}

/// Every command that does something, in the order of the manual.
fn commands() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let run =
        std::process::Command::new(env!("CARGO_BIN_EXE_daochain")).arg("man").arg(folder.path()).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    let pages = String::from_utf8(run.stdout).unwrap();
    let names: Vec<String> = pages
        .lines()
        .filter_map(|page| page.rsplit_once('/')?.1.strip_suffix(".1")?.strip_prefix("daochain-").map(str::to_owned))
        .collect();
    let has_below = |name: &String| names.iter().any(|other| other.starts_with(&format!("{name}-")));
    names.iter().filter(|name| !has_below(name)).cloned().collect()
}

#[test]
fn every_command_is_done_on_the_screen_too() {
    let all = commands();
    assert!(all.len() > 60, "{all:?}");
    // They write for the shell, or tell of commands.
    let of_the_shell = ["completions", "man", "help"];
    for name in all.iter().filter(|name| !of_the_shell.contains(&name.as_str())) {
        // `account-new`, `node-add-peer` and `tx-speed-up`: the first word is the group's, where there is one.
        let words = [name.clone(), name.replacen('-', " ", 1)];
        let action = words.iter().find_map(|words| command(&format!("daochain {words}")));
        let action = action.unwrap_or_else(|| panic!("nothing on the screen does what `daochain {name}` does"));
        assert!(BINDINGS.iter().any(|row| row.action == action), "{name}");
    }
}

fn shown(play: &Play) -> Vec<String> {
    play.model.rows.visible().map(Row::label).collect()
}

fn measures(play: &Play) -> usize {
    play.asked.iter().filter(|effect| matches!(effect, Effect::Measure { .. })).count()
}

#[test]
fn the_palette_finds_an_action_by_some_of_its_letters_and_does_it() {
    let play = Play::ready(80, 24).keys(":");
    assert!(palette(&play).items.len() > 20, "everything is offered");
    let play = play.keys("hash byte");
    let best = palette(&play).chosen().unwrap();
    assert_eq!(best.binding.action.name(), "measure");
    let play = play.key(Key::Enter);
    assert!(play.model.dialog.is_none());
    assert_eq!(measures(&play), 1);
    insta::assert_snapshot!("palette_80x24", Play::ready(80, 24).keys(":copy").screen());
    insta::assert_snapshot!("palette_120x40", Play::ready(120, 40).keys(":").screen());
}

#[test]
fn the_palette_says_why_something_cannot_be_done_and_esc_does_nothing() {
    let play = Play::ready(80, 24).key(Key::Ctrl('p')).keys("transaction waits");
    let item = palette(&play).items.iter().find(|item| item.binding.action.name() == "speed-up").copied();
    assert_eq!(item.unwrap().refusal, Some("no transaction about this image waits for a block"));
    let play = play.key(Key::Esc);
    assert!(play.model.dialog.is_none() && measures(&play) == 0);
    let nothing = Play::ready(80, 24).keys(":zzzz").key(Key::Enter);
    assert!(nothing.model.dialog.is_none());
}

#[test]
fn the_palette_finds_what_another_pane_does_and_opens_that_first() {
    let play = Play::ready(80, 24).keys(":");
    let panes: Vec<bool> = palette(&play).items.iter().map(|item| item.pane.is_some()).collect();
    assert!(panes.is_sorted() && panes.contains(&true), "those of the open pane come first");
    let play = play.keys("keep a key that there is");
    let item = palette(&play).chosen().unwrap();
    assert_eq!((item.binding.action.name(), item.pane), ("import", Some(Pane::Accounts)));
    insta::assert_snapshot!("palette_other_pane_80x24", play.screen());
    let play = play.key(Key::Enter);
    assert_eq!(play.model.pane, Pane::Accounts);
    assert!(matches!(&play.model.dialog, Some(Dialog::Form(form)) if form.matter.title() == "Import a key"));
    let play = Play::ready(80, 24).keys("4:connect to another one").key(Key::Enter);
    assert_eq!((play.model.pane, play.model.dialog.is_none()), (Pane::Node, true));
    assert!(play.text().contains("the endpoints have not answered yet"), "{}", play.text());
    let detail = Play::ready(80, 24).select("acme/api:latest").keys("3:get the released layers").key(Key::Enter);
    assert!(detail.model.pane == Pane::Images && detail.model.wide, "what is done in full is done there");
}

#[test]
fn the_palette_finds_every_action_of_every_pane_from_every_pane() {
    let grounds = [Place::Images, Place::Market, Place::Accounts, Place::Trust, Place::Node, Place::Activity];
    let is_wanted = |action: Action| {
        !matches!(action, Action::Move(_) | Action::Palette | Action::Accept | Action::Close | Action::Why)
    };
    for key in '1'..='6' {
        let play = Play::ready(80, 24).key(Key::Char(key));
        let model = play.model.clone();
        let play = play.keys(":");
        for binding in BINDINGS.iter().filter(|one| is_wanted(one.action) && !one.help.is_empty()) {
            let is_worth_it = (binding.allowed)(&model) != Err("");
            let is_of_a_pane = binding.places.iter().any(|place| grounds.contains(place));
            let is_found = palette(&play).items.iter().any(|item| item.binding.action == binding.action);
            assert!(is_found || !is_of_a_pane || !is_worth_it, "{} from pane {key}", binding.action.name());
        }
    }
}

#[test]
fn what_is_done_at_once_to_a_selection_is_not_done_from_where_it_is_not_seen() {
    let play = Play::ready(80, 24);
    let before = play.asked.len();
    let play = play.keys(":fund").key(Key::Enter);
    assert_eq!(play.model.pane, Pane::Accounts);
    let did = |effect: &Effect| matches!(effect, Effect::Do { .. });
    assert!(!play.asked[before..].iter().any(did), "{:?}", &play.asked[before..]);
    assert!(play.text().contains("what is selected here"), "{}", play.text());
}

#[test]
fn every_pane_has_a_number_and_a_place_in_the_round() {
    let mut play = Play::ready(80, 24);
    let all = [Pane::Images, Pane::Market, Pane::Accounts, Pane::Trust, Pane::Node, Pane::Activity];
    for (key, pane) in ('1'..='6').zip(all) {
        play = play.key(Key::Char(key));
        assert_eq!(play.model.pane, pane);
    }
    for pane in all {
        play = play.key(Key::Tab);
        assert_eq!(play.model.pane, pane);
    }
}

#[test]
fn the_filter_has_a_language() {
    let all = Play::ready(120, 40);
    let bad = Play::ready(120, 40).keys("/verdict:bad").key(Key::Enter);
    assert!(!shown(&bad).is_empty() && shown(&bad).len() < shown(&all).len());
    assert!(bad.model.rows.visible().all(|row| matches!(row.conclusion().unwrap().word(), "mismatch" | "revoked")));
    let text = bad.text();
    let chips = format!("[verdict:bad] {} of {}", bad.model.rows.shown(), bad.model.rows.all().len());
    assert!(text.contains(&chips), "{text}");
    let others = Play::ready(120, 40).keys("/-verdict:bad").key(Key::Enter);
    assert_eq!(shown(&bad).len() + shown(&others).len(), shown(&all).len());
    let half = Play::ready(120, 40).keys("/size:>").key(Key::Enter);
    assert_eq!(shown(&half).len(), shown(&all).len(), "what means nothing yet hides nothing");
    assert!(half.text().contains("[size:>: such as size:>1G]"), "{}", half.text());
    let back = bad.key(Key::Esc);
    assert_eq!(shown(&back).len(), shown(&all).len());
    insta::assert_snapshot!("chips_80x24", Play::ready(80, 24).keys("/verdict:bad size:<1T").key(Key::Enter).screen());
}

#[test]
fn the_order_turns_around_and_back() {
    let play = Play::ready(120, 40).keys("s");
    let (forth, play) = (shown(&play), play.keys("S"));
    let (named, mut back) = (|name: &String| !name.starts_with("<none>"), shown(&play));
    back.retain(named);
    back.reverse();
    assert_eq!(forth.iter().filter(|name| named(name)).cloned().collect::<Vec<_>>(), back);
    assert_eq!(shown(&play.keys("S")), forth);
}

#[test]
fn what_is_done_is_done_to_every_marked_image() {
    let play = Play::ready(120, 40).key(Key::Home).keys("   ");
    assert_eq!(play.model.rows.marked().count(), 3);
    assert!(play.text().contains("3 marked"), "{}", play.text());
    let play = play.keys("v");
    assert_eq!(play.model.tasks.tally().1, 3);
    assert_eq!(measures(&play), EXPORTS_AT_ONCE.min(3));
    assert_eq!(play.model.rows.marked().count(), 3, "the next key is for them, too");
    let play = Play::ready(120, 40).keys("a");
    assert_eq!(play.model.rows.marked().count(), play.model.rows.shown());
    assert_eq!(play.keys("a").model.rows.marked().count(), 0);
    let hidden = Play::ready(120, 40).keys("a/acme/api").key(Key::Enter);
    assert_eq!(hidden.model.rows.marked().count(), 1, "nothing is done to what nobody sees");
}

#[test]
fn marked_images_are_signed_one_after_the_other_and_none_after_a_no() {
    let marked = || {
        let play = Play::ready(120, 40).keys("sa/acme").key(Key::Enter);
        let two: Vec<_> = shown(&play).into_iter().take(2).collect();
        (play.keys("a").key(Key::Home).keys("  r"), two)
    };
    let (play, two) = marked();
    let subject = |play: &Play| match &play.model.dialog {
        Some(Dialog::Sign(sign)) => sign.subject().to_owned(),
        other => panic!("a dialog is open, and not {other:?}"),
    };
    assert_eq!(subject(&play), two[0]);
    assert!(play.text().contains(&format!("Revoke {}, 1 of 2", two[0])), "{}", play.text());
    let stopped = play.key(Key::Esc);
    assert!(stopped.model.dialog.is_none() && stopped.model.batch.is_none());
    assert!(stopped.text().contains("2 of 2 marked images were not revoked"), "{}", stopped.text());
    assert_eq!(stopped.model.rows.marked().count(), 2, "what was not done keeps its mark");

    let play = Play::ready(120, 40).tell(accounts(Vec::new())).keys("sa/acme").key(Key::Enter);
    let form = play.keys("a").key(Key::Home).keys("  p").key(Key::Ctrl('n')).secrets([0, 9, 9, 0], true);
    let sealing = (0..3).fold(form, |play, _| play.key(Key::Enter));
    assert!(sealing.model.batch.is_some() && deed(&sealing).is_some(), "{:?}", sealing.asked);
    let stopped = sealing.key(Key::Esc);
    assert!(stopped.model.batch.is_none(), "an account that was not made ends it, too");
}

#[test]
fn esc_asks_before_it_loses_what_was_typed() {
    let play = Play::ready(80, 24).keys("3l").keys("deploy").key(Key::Esc);
    assert!(play.model.dialog.is_some() && play.text().contains("Esc again gives up what was typed"));
    let stays = play.keys("x");
    assert!(stays.model.dialog.is_some() && stays.model.leaving.is_none(), "another key goes on");
    let gone = stays.key(Key::Esc).key(Key::Esc);
    assert!(gone.model.dialog.is_none());
    let untouched = Play::ready(80, 24).keys("3l").key(Key::Esc);
    assert!(untouched.model.dialog.is_none(), "nothing typed, nothing asked");
    let passphrase = Play::ready(80, 24).keys("3n").passphrase(8).key(Key::Esc);
    assert!(passphrase.model.dialog.is_some() && passphrase.model.leaving.is_some());
    let pushing = Play::ready(80, 24).select("acme/web:1.2").keys("P").key(Key::Enter).key(Key::Ctrl('c'));
    assert!(pushing.text().contains("it is under way: Esc stops it"), "{}", pushing.text());
    assert!(!pushing.asked.contains(&Effect::Quit), "asked first");
    let failed = problem("registry-refused", "it refuses", "log in");
    let Some(Effect::Do { ticket, .. }) = pushing.asked.last() else { panic!("{:?}", pushing.asked.last()) };
    let ticket = *ticket;
    let failed = pushing.tell(Msg::Account(AccountMsg::Done { ticket, result: Err(failed) })).text();
    assert!(failed.contains("it refuses") && !failed.contains("again"), "nobody pressed Esc: {failed}");
    let pushing = Play::ready(80, 24).select("acme/web:1.2").keys("P").key(Key::Enter).key(Key::Ctrl('c'));
    assert!(pushing.key(Key::Ctrl('c')).asked.contains(&Effect::Quit));
}

#[test]
fn keys_of_ones_own_work_and_are_shown() {
    let mut play = Play::ready(80, 24);
    let mut keymap = Keymap::default();
    keymap.rebind(Some("images"), "measure", &["m"]).unwrap();
    keymap.rebind(None, "help", &["H"]).unwrap();
    play.model.keymap = keymap;
    assert!(play.text().contains("m measure") && play.text().contains("H help"), "{}", play.text());
    let play = play.keys("v");
    assert_eq!(measures(&play), 0);
    let play = play.select("nginx:1.27").keys("P").key(Key::Enter);
    assert!(play.text().contains("it is not measured yet; `m` measures it"), "{}", play.text());
    let play = play.key(Key::Esc).key(Key::Esc).keys("m");
    assert_eq!(measures(&play), 1);
    assert!(matches!(play.keys("H").model.dialog, Some(Dialog::Help { .. })));
}

#[test]
fn what_has_ended_stays_with_its_error_and_can_be_tried_again() {
    let play = Play::ready(120, 40).select("acme/web:1.2").keys("v");
    let task = play.model.tasks.running()[0].id;
    let half = Progress { done: 50, total: Some(100), elapsed: Duration::from_secs(1) };
    let play = play.tell(Msg::Task(TaskMsg::Progress(vec![(task, half)]))).keys("6");
    assert!(play.text().contains("50 %") || play.text().contains("50%"), "{}", play.text());
    insta::assert_snapshot!("activity_running_120x40", play.screen());
    let failed = problem("engine-unreachable", "the engine went away", "start it");
    let play = play.tell(Msg::Task(TaskMsg::Measured { task, result: Err(failed) }));
    let Some(Line::Ended(event)) = play.model.activity_line() else { panic!("it has ended") };
    assert_eq!((event.outcome, event.code), (Outcome::Failed, Some("engine-unreachable")));
    let text = play.text();
    assert!(text.contains("the engine went away") && text.contains("start it"), "{text}");
    insta::assert_snapshot!("activity_failed_120x40", play.screen());
    let before = measures(&play);
    let play = play.keys("t");
    assert_eq!(measures(&play), before + 1);
    assert!(matches!(play.model.activity_line(), Some(Line::Task(_) | Line::Ended(_))));
}

#[test]
fn activity_is_drawn_at_every_size() {
    let busy = |width, height| {
        let play = Play::ready(width, height).keys("V");
        let task = play.model.tasks.running()[0].clone();
        let evidence = image(1, Some("acme/web:1.2"), EvidenceLevel::Measured, 1, 1).evidence;
        play.tell(Msg::Task(TaskMsg::Measured { task: task.id, result: Ok(Found::Evidence(evidence)) }))
            .tell(Msg::Chain(ChainMsg::Lost(problem("node-unreachable", "the node is gone", "start it"))))
            .keys("6")
    };
    insta::assert_snapshot!("activity_80x24", busy(80, 24).screen());
    insta::assert_snapshot!("activity_200x60", busy(200, 60).screen());
    insta::assert_snapshot!("activity_none_80x24", Play::ready(80, 24).keys("6").screen());
}

#[test]
fn a_publication_is_kept_with_its_transaction() {
    let play = Play::ready(120, 40).select("acme/web:1.2").keys("p").quoted().passphrase(8).key(Key::Enter);
    let id = play.model.publications[0].id;
    let play =
        play.tell(Msg::Sign(SignMsg::Settled { publication: id, result: Ok(settled()) })).key(Key::Esc).keys("6");
    let Some(Line::Ended(event)) = play.model.activity_line() else { panic!("it has ended") };
    assert_eq!((event.outcome, event.transaction), (Outcome::Done, Some(hash())));
    let play = play.keys("y");
    assert!(play.asked.contains(&Effect::Copy(hash().to_string())));
    assert!(play.text().contains(&format!("copied {}", hash())));
}

#[test]
fn what_runs_is_stopped_where_it_is_shown() {
    let play = Play::ready(120, 40).keys("V6");
    let first = play.model.tasks.running()[0].id;
    let play = play.keys("x");
    assert!(play.asked.contains(&Effect::Cancel(first)));
    let (waiting, play) = (play.model.tasks.waiting(), play.key(Key::Down).key(Key::Down));
    assert!(waiting > 0 && matches!(play.model.activity_line(), Some(Line::Waiting(_))));
    let play = play.keys("x");
    assert_eq!(play.model.tasks.waiting(), 0);
    let revoke = Play::ready(120, 40).select("acme/api:latest").keys("r");
    let Some(Dialog::Sign(sign)) = &revoke.model.dialog else { panic!("the dialog is open") };
    assert!(matches!(sign.purpose, Purpose::Revoke { .. }) && matches!(sign.step, Step::Reason | Step::Measuring));
    assert!(key_of(&revoke, "acme/api:latest").reference.is_some());
}

#[test]
fn what_is_seen_can_be_clicked_once_the_mouse_is_taken() {
    let play = Play::ready(80, 24);
    let click = |play: &Play, words: &str| {
        let buffer = screen::draw(&play.model, Theme::COLOUR);
        let text = screen::text(&buffer);
        let (row, line) = text.lines().enumerate().find(|(_, line)| line.contains(words)).expect("it is shown");
        let column = line[..line.find(words).unwrap()].chars().count();
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut spots = view::Spots::default();
        terminal.draw(|frame| spots = view::draw(&play.model, Theme::COLOUR, frame)).unwrap();
        spots.at(u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
    };
    let tell = |play: Play, words: &str| {
        let target = click(&play, words).expect("it can be clicked");
        play.tell(Msg::Input(InputMsg::Click(target)))
    };
    let play = tell(play, "acme/db:16");
    assert_eq!(play.model.rows.selected().unwrap().label(), "acme/db:16");
    let full = tell(play, "acme/db:16");
    assert!(full.model.wide, "a second click is Enter");
    let play = tell(Play::ready(80, 24), "Accounts");
    assert_eq!(play.model.pane, Pane::Accounts);
    let play = tell(play, "help");
    assert!(matches!(play.model.dialog, Some(Dialog::Help { .. })));
    assert_eq!(click(&play, "DaoChain"), None, "what stands beside a dialog is not clicked");
    let found = tell(Play::ready(80, 24).keys("/db"), "Accounts");
    assert!(found.model.pane == Pane::Accounts && found.keys("u").model.dialog.is_some(), "its keys are meant");
    let form = Play::ready(80, 24).keys("h").tell(Msg::Input(InputMsg::Wheel { up: false }));
    assert_eq!(form.model.rows.cursor(), 0, "what lies beneath stays");
    let wheel = Play::ready(80, 24).tell(Msg::Input(InputMsg::Wheel { up: false }));
    assert_eq!(wheel.model.rows.cursor(), 3);
    let taken = Play::ready(80, 24).keys("o");
    assert!(taken.model.mouse && taken.asked.contains(&Effect::CaptureMouse(true)));
    assert!(taken.keys("o").asked.contains(&Effect::CaptureMouse(false)));
}

#[test]
fn one_key_back_from_the_end_moves_what_is_read() {
    let play = Play::ready(80, 24).keys("5c");
    let Some(Effect::Inquire { ticket, .. }) = play.asked.last() else { panic!("{:?}", play.asked.last()) };
    let facts = (0..100).map(|at| Fact::plain("image", format!("acme/web:{at}"))).collect();
    let told = Told { facts, ..Told::new("What the registry has", "many", Tone::Plain) };
    let ticket = *ticket;
    let play = play.tell(Msg::Told { ticket, result: Ok(Box::new(told)) });
    // As the event loop does: who draws knows where the end is.
    let drawn = |play: Play| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut top = None;
        terminal.draw(|frame| top = view::draw(&play.model, Theme::COLOUR, frame).top()).unwrap();
        match top {
            Some(top) => play.tell(Msg::Input(InputMsg::Bottom { top })),
            None => play,
        }
    };
    let end = drawn(play.key(Key::End));
    assert!(end.text().contains("acme/web:99"), "{}", end.text());
    let back = drawn(end.key(Key::Up));
    assert!(!back.text().contains("acme/web:99"), "{}", back.text());
}

/// The newest deed that was asked for.
fn deed(play: &Play) -> Option<&Deed> {
    play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Do { deed, .. } => Some(deed),
        _ => None,
    })
}

#[test]
fn only_what_was_measured_is_pushed() {
    let play = Play::ready(80, 24).select("nginx:1.27").keys("P").key(Key::Enter);
    assert!(deed(&play).is_none());
    assert!(play.text().contains("it is not measured yet; `v` measures it"), "{}", play.text());
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("P");
    insta::assert_snapshot!("push_80x24", play.screen());
    let play = play.key(Key::Enter);
    let Some(Deed::Push { reference, evidence }) = deed(&play) else { panic!("{:?}", play.asked) };
    assert_eq!(reference.familiar(), "acme/web:1.2");
    assert!(evidence.level().is_measured());
}

#[test]
fn networks_engine_and_logins_are_the_forms_of_their_panes() {
    let configured = |play: &Play| match deed(play) {
        Some(Deed::Configure(setting)) => setting.clone(),
        other => panic!("{other:?}"),
    };
    let mut play = Play::ready(80, 24).keys("5");
    assert!(play.text().contains("refresh") && !play.text().contains("n network"), "there is only one");
    play.model.networks = vec!["dev".into(), "sepolia".into()];
    let turned = play.keys("n").key(Key::Enter);
    assert_eq!(configured(&turned), Setting::Network("sepolia".into()));
    let added = Play::ready(80, 24).keys("5A").keys("lab").key(Key::Enter).keys("http://127.0.0.1:8545 ipc:/g.ipc");
    let rpc = vec!["http://127.0.0.1:8545".to_owned(), "ipc:/g.ipc".to_owned()];
    let (contract, directory) = (Some(address(7)), None);
    let wrong = added.key(Key::Enter).keys("two").key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert!(deed(&wrong).is_none() && wrong.text().contains("as a number"), "{}", wrong.text());
    let added = Play::ready(80, 24).keys("5A").keys("lab").key(Key::Enter).keys("http://127.0.0.1:8545 ipc:/g.ipc");
    let added =
        added.key(Key::Enter).keys("2").key(Key::Enter).keys(&address(7).to_string()).key(Key::Enter).key(Key::Enter);
    assert_eq!(
        configured(&added),
        Setting::AddNetwork { name: "lab".into(), rpc, agree: Some(2), contract, directory }
    );
    let engine = Play::ready(80, 24).keys("h").key(Key::Enter);
    assert_eq!(configured(&engine), Setting::Engine(None), "nothing leaves it to the environment");
    let login = Play::ready(80, 24).keys("2L").key(Key::Tab).keys("me").key(Key::Enter).passphrase(8).key(Key::Enter);
    assert!(matches!(deed(&login), Some(Deed::LogIn { registry, user }) if registry == "docker.io" && user == "me"));
}

#[test]
fn what_the_program_rests_on_and_what_is_missing_is_told_with_keys_and_no_command() {
    let missing = || {
        Finding::trouble(Area::Contract, "the contract is not there").step("`daochain contract deploy` puts it there")
    };
    let check = |play: Play| play.keys("!").tell(Msg::CheckedUp(Ok(vec![missing()])));
    let play = check(Play::ready(80, 24));
    assert!(play.text().contains("`d` in the node pane (`5`) puts it there"), "{}", play.text());
    let mut own = Play::ready(80, 24);
    own.model.keymap.rebind(Some("node"), "deploy", &["Ctrl-T"]).unwrap();
    let own = check(own);
    assert!(own.text().contains("`Ctrl-T` in the node pane (`5`)"), "{}", own.text());
    let none = problem("no-contract", "the contract is not there", "deploy it with `daochain contract deploy`");
    let play = Play::ready(80, 24).keys("5").tell(Msg::Node(NodeMsg::Read(Err(none.clone()))));
    assert!(
        play.text().contains("deploy it with `d`") && !play.text().contains("daochain contract"),
        "{}",
        play.text()
    );
    let market = Play::ready(80, 24).keys("2");
    let ticket = market.model.market.ticket;
    let market = market.tell(Msg::Market(MarketMsg::Found { ticket, result: Err(none) }));
    assert!(market.text().contains("deploy it with `d` in the node pane (`5`)"), "{}", market.text());
}

#[test]
fn a_network_without_the_contract_is_no_lost_node() {
    let none = problem("no-contract", "the registry contract is not deployed", "`daochain contract deploy`");
    let text = Play::ready(80, 24).tell(Msg::Chain(ChainMsg::Lost(none))).text();
    assert!(text.contains("no contract on this network") && !text.contains("node lost"), "{text}");
}
