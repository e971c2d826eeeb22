//! Screens as an operator sees them, at 80×24 and at 200×60, with the role of every character below each.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use std::time::Duration;

use daochain::{
    app::{
        Key, Msg,
        msg::{ChainMsg, SecretShape, SignMsg, SourceMsg, TaskMsg},
        sign::PublicationId,
    },
    domain::{
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest},
        progress::Progress,
        publication::Stage,
    },
    tui::theme::Theme,
};
use screen::{Play, accounts, digest, draw, images, included, key_of, listed, problem, settled, text};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// Plays `scene` at both sizes and compares.
fn snapshots(name: &str, scene: impl Fn(u16, u16) -> Play) {
    for (width, height) in SIZES {
        let screen = scene(width, height).screen();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
        });
    }
}

fn hashing(play: Play, name: &str, done: u64) -> Play {
    let image = play.model.rows.get(&key_of(&play, name)).unwrap().key.image.clone();
    let task = play.model.tasks.of(&image).unwrap();
    let total = play.model.rows.get(&key_of(&play, name)).unwrap().image.size;
    let progress = Progress { done, total: Some(total), elapsed: Duration::from_millis(140) };
    play.tell(Msg::Task(TaskMsg::Progress(vec![(task, progress)])))
}

#[test]
fn starting() {
    snapshots("starting", Play::start);
}

#[test]
fn every_verdict() {
    snapshots("every_verdict", |width, height| {
        let play = Play::ready(width, height).select("redis:7").keys("v").select("acme/api:latest");
        hashing(play, "redis:7", 22_000_000)
    });
}

#[test]
fn details() {
    snapshots("verified", |width, height| Play::ready(width, height).select("acme/web:1.2"));
    snapshots("revoked", |width, height| Play::ready(width, height).select("acme/old:1"));
    snapshots("unnamed", |width, height| {
        let play = Play::ready(width, height).key(Key::End);
        play.history()
    });
    snapshots("wide_detail", |width, height| Play::ready(width, height).select("acme/db:16").key(Key::Enter));
}

#[test]
fn publishing() {
    let ready = |width, height| Play::ready(width, height).select("acme/api:latest").keys("p").quoted();
    snapshots("publish_ready", |width, height| ready(width, height).passphrase(8));
    let sent = |width, height| ready(width, height).passphrase(8).key(Key::Enter);
    let stage = |play: Play, stage| play.tell(Msg::Sign(SignMsg::Stage { publication: PublicationId(1), stage }));
    snapshots("publish_signing", |width, height| stage(sent(width, height), Stage::Signing));
    snapshots("publish_included", |width, height| stage(sent(width, height), included(1)));
    snapshots("publish_closed", |width, height| stage(sent(width, height), included(1)).key(Key::Esc));
    snapshots("publish_final", |width, height| {
        sent(width, height).tell(Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Ok(settled()) }))
    });
    snapshots("publish_wrong_passphrase", |width, height| {
        let problem = problem("passphrase-wrong", "the passphrase does not open the account's key", "type it again");
        sent(width, height).tell(Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Err(problem) }))
    });
    snapshots("publish_many_digests", |width, height| {
        let mut images = images();
        let others = (10..19).map(|seed| (if seed == 10 { DigestKind::Manifest } else { DigestKind::Index }, seed));
        let digests = std::iter::once((DigestKind::Config, 2)).chain(others);
        let digests = digests.map(|(kind, seed)| KindedDigest { kind, digest: digest(seed) }).collect();
        images[1].evidence = Evidence::known(EvidenceLevel::Measured, digests);
        let play = Play::ready(width, height).tell(listed(images)).select("acme/api:latest");
        play.keys("p").quoted().passphrase(8)
    });
    snapshots("publish_measuring", |width, height| {
        let play = Play::ready(width, height).select("redis:7").keys("p");
        hashing(play, "redis:7", 22_000_000)
    });
}

#[test]
fn revoking() {
    snapshots("revoke_reason", |width, height| {
        Play::ready(width, height).select("acme/web:1.2").keys("r").keys("built with a leaked key")
    });
    snapshots("revoke_ready", |width, height| {
        let play = Play::ready(width, height).select("acme/web:1.2").keys("r").keys("built with a leaked key");
        play.key(Key::Enter).quoted()
    });
}

#[test]
fn accounts_and_their_dialog() {
    snapshots("accounts", |width, height| Play::ready(width, height).keys("2").key(Key::Down));
    snapshots("accounts_none", |width, height| Play::ready(width, height).tell(accounts(Vec::new())).keys("2"));
    snapshots("new_account", |width, height| {
        let shape = SecretShape { first: 9, again: 4, same: false };
        let play = Play::ready(width, height).keys("2n").passphrase(9).key(Key::Enter);
        play.tell(Msg::Input(daochain::app::msg::InputMsg::Secret(shape))).key(Key::Enter)
    });
    snapshots("publish_without_account", |width, height| {
        Play::ready(width, height).tell(accounts(Vec::new())).select("acme/web:1.2").keys("p")
    });
}

#[test]
fn help_filter_and_quit() {
    snapshots("help", |width, height| Play::ready(width, height).keys("?"));
    snapshots("filter", |width, height| Play::ready(width, height).keys("/acme"));
    snapshots("filter_nothing", |width, height| Play::ready(width, height).keys("/zzz").key(Key::Enter));
    snapshots("quit", |width, height| Play::ready(width, height).keys("V").keys("q"));
}

#[test]
fn losses() {
    let lost = || {
        problem(
            "engine-unreachable",
            "the engine at `unix:///var/run/docker.sock` cannot be reached: no such file",
            "start it, or name another with --docker-host",
        )
    };
    snapshots("no_engine", |width, height| {
        let listing = daochain::app::msg::Listing { images: Vec::new(), problems: vec![lost()], engine: None };
        Play::start(width, height).tell(Msg::Source(SourceMsg::Listed(listing)))
    });
    snapshots("engine_lost", |width, height| {
        let play = Play::ready(width, height).tell(Msg::Source(SourceMsg::Lost(lost()))).after(12);
        play.select("acme/web:1.2")
    });
    snapshots("node_lost", |width, height| {
        let lost = problem(
            "node-unreachable",
            "the node at `http://127.0.0.1:8545` does not answer: connection refused",
            "start it, or name another with --rpc",
        );
        Play::ready(width, height).tell(Msg::Chain(ChainMsg::Lost(lost))).after(180).select("acme/web:1.2")
    });
    snapshots("no_images", |width, height| Play::start(width, height).tell(listed(Vec::new())));
}

#[test]
fn nothing_beyond_ascii_leaves_where_the_locale_has_only_that() {
    for play in [
        Play::ready(80, 24).select("acme/api:latest"),
        Play::ready(80, 24).select("acme/api:latest").keys("p").quoted().passphrase(3),
        Play::ready(80, 24).keys("?"),
        Play::ready(200, 60).keys("2"),
    ] {
        let shown = text(&draw(&play.model, Theme::COLOUR.in_ascii()));
        assert!(shown.is_ascii(), "{shown}");
    }
    snapshots("ascii", |width, height| {
        let mut play = Play::ready(width, height).select("acme/api:latest");
        play.model.notices.clear();
        play
    });
    let shown = text(&draw(&Play::ready(80, 24).model, Theme::COLOUR.in_ascii()));
    for word in ["BAD", "REV", "OLD", "OK"] {
        assert!(shown.contains(word), "{word} in\n{shown}");
    }
}

#[test]
fn a_verdict_is_told_by_sign_word_and_capitals() {
    let shown = Play::ready(80, 24).text();
    for line in [
        "✘ acme/api:latest",
        "⊘ acme/old:1",
        "↑ acme/db:16",
        "✔ acme/web:1.2",
        "✓ redis:7",
        "? tools/x:2",
        "· nginx:1.27",
    ] {
        assert!(shown.contains(line), "{line} in\n{shown}");
    }
    for word in ["MISMATCH", "REVOKED", "outdated v4 < v5", "verified v5", "claimed", "untrusted", "unpublished"] {
        assert!(shown.contains(word), "{word} in\n{shown}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let play = Play::ready(80, 24).select("acme/api:latest").keys("p").quoted().passphrase(8);
    assert!(play.text().contains("••••••••"));
    assert!(!format!("{:?}", play.model).to_lowercase().contains("hunter2"));
    // Keys of a passphrase never reach the model: what is typed there as ordinary keys changes no field.
    let typed = play.keys("hunter2");
    assert!(!typed.text().contains("hunter2"));
    assert_eq!(typed.model.secret_field(), Some(0));
}

#[test]
fn status_words_stay_where_columns_go() {
    for width in [300, 120, 100, 80, 76, 60, 50, 40] {
        let shown = Play::ready(width, 24).text();
        assert!(shown.contains("MISMATCH"), "{width} columns:\n{shown}");
        assert!(shown.contains('✘'), "{width} columns:\n{shown}");
    }
    assert!(Play::ready(20, 5).text().contains('✘'));
}
