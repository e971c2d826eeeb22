//! An empty home leads somewhere, and a terminal without room says what it needs.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::app::{
    Effect, Key, Msg,
    form::Matter,
    model::{Dialog, Pane},
    msg::{ChainMsg, InputMsg, Listing, SourceMsg},
};
use screen::{Play, accounts, network, problem};

/// A home without anything, on a machine without an engine.
fn empty(width: u16, height: u16) -> Play {
    let lost = problem("engine-unreachable", "no Docker engine at unix:///var/run/docker.sock", "start it");
    Play::start(width, height)
        .tell(Msg::Source(SourceMsg::Listed(Listing { images: Vec::new(), problems: vec![lost], engine: None })))
        .tell(Msg::Chain(ChainMsg::Block(network())))
        .tell(accounts(Vec::new()))
}

#[test]
fn an_empty_home_says_what_is_here_what_is_missing_and_which_key_mends_it() {
    let play = empty(80, 24);
    let text = play.text();
    for words in [
        "no Docker engine at",
        "h name another (R: again)",
        "n make one",
        "t trust a publisher",
        "D see it",
        "local to this",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(format!("welcome_{width}x{height}"), empty(width, height).screen());
    }
}

#[test]
fn each_key_does_what_the_page_says() {
    let form = |play: &Play| match &play.model.dialog {
        Some(Dialog::Form(form)) => form.matter,
        other => panic!("a form is open, and not {other:?}"),
    };
    assert_eq!(form(&empty(80, 24).keys("n")), Matter::New);
    assert_eq!(form(&empty(80, 24).keys("t")), Matter::Rule);
    assert!(empty(80, 24).keys("D").asked.contains(&Effect::Demo));
    assert_eq!(empty(80, 24).keys("5").model.pane, Pane::Node);
    let again = empty(80, 24).keys("R").asked;
    assert!(again.iter().filter(|effect| matches!(effect, Effect::ListImages { .. })).count() >= 2);
}

#[test]
fn the_demonstration_is_for_a_list_without_images() {
    let play = Play::ready(80, 24).keys("D");
    assert!(!play.asked.contains(&Effect::Demo));
    assert!(play.text().contains("`daochain demo` shows it at any time"), "{}", play.text());
}

#[test]
fn a_build_without_the_demonstration_does_not_offer_it() {
    let mut play = empty(80, 24);
    play.model.has_demo = false;
    assert!(!play.text().contains("demo"), "{}", play.text());
    let refused = play.keys("D");
    assert!(!refused.asked.contains(&Effect::Demo));
    assert!(refused.text().contains("this build has no embedded network"), "{}", refused.text());
}

#[test]
fn the_first_page_uses_every_row_and_counts_what_has_none() {
    let lost = "the engine at `unix:///run/user/1000/docker.sock` cannot be reached: no such file or directory";
    let lost = problem("engine-unreachable", lost, "start it, or name another with --docker-host");
    let unbuilt = problem("no-embedded-node", "network `dev` needs the feature `devnet`", "build it with the feature");
    let page = |width, height| {
        Play::start(width, height)
            .tell(Msg::Source(SourceMsg::Listed(Listing {
                images: Vec::new(),
                problems: vec![lost.clone()],
                engine: None,
            })))
            .tell(Msg::Chain(ChainMsg::Lost(unbuilt.clone())))
            .tell(accounts(Vec::new()))
    };
    let text = page(80, 24).text();
    for words in ["h name another", "5 look at it", "n make one", "t trust a publisher", "D see it"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let little = page(60, 15).text();
    assert!(little.contains("more, on a taller screen"), "{little}");
    let node = page(80, 24).keys("5").text();
    assert!(node.contains("A add network"), "{node}");
    let works = empty(80, 24).keys("5").text();
    assert!(!works.contains("A add network"), "{works}");
}

#[test]
fn below_60_by_15_the_screen_says_what_it_needs_and_no_key_agrees_to_anything() {
    let resize = |width, height| Msg::Input(InputMsg::Resize { width, height });
    for (width, height) in [(59, 24), (80, 14), (20, 5)] {
        let text = Play::ready(width, height).text();
        assert!(text.replace('\n', " ").contains("60×15"), "{width}×{height}: {text}");
    }
    insta::assert_snapshot!("small_40x10", Play::ready(40, 10).screen());
    for size in [(1, 1), (1, 60), (200, 1)] {
        let _ = Play::ready(size.0, size.1).text();
    }
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(8).tell(resize(40, 10));
    assert_eq!(play.model.secret_field(), None, "nothing is typed blindly");
    let play = play.key(Key::Enter);
    assert!(!play.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })), "nothing is agreed to unread");
    let play = play.tell(resize(80, 24)).key(Key::Enter);
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Submit { .. })), "the dialog was kept");
    assert!(Play::ready(20, 5).keys("q").asked.contains(&Effect::Quit));
    let flat = |play: &Play| play.text().replace('\n', " ");
    assert!(flat(&Play::ready(40, 10)).contains("`q` or `Ctrl-C` quits."));
    let dialog = Play::ready(80, 24).keys("?").tell(resize(40, 10));
    let words = flat(&dialog);
    assert!(words.contains("`Ctrl-C` quits.") && !words.contains("`q`"), "{words}");
    assert!(!dialog.keys("q").asked.contains(&Effect::Quit));
    let dialog = Play::ready(80, 24).keys("?").tell(resize(40, 10));
    assert!(dialog.key(Key::Ctrl('c')).asked.contains(&Effect::Quit));
}
