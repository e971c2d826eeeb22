//! Screens as an operator sees them, at 80×24 and at 200×60, with the role of every character below each.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use std::time::Duration;

use daochain::{
    app::{
        Effect, Key, Msg,
        model::Dialog,
        msg::{
            Abilities, AccountList, AccountMsg, ChainMsg, Done, InputMsg, JudgedRow, MarketMsg, NodeMsg, SecretField,
            SecretShape, SignMsg, SourceMsg, Strength, TaskMsg,
        },
        sign::PublicationId,
    },
    domain::{
        Account, Timestamp, Wei,
        account::{AccountKind, Removed},
        appointment::{Appointment, Scope, Succession},
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest},
        node::{Managed, RecentBlock, Sync},
        progress::Progress,
        publication::Stage,
        verdict::undecided,
    },
    tui::theme::Theme,
};
use ratatui::style::Modifier;
use screen::{
    Play, account, accounts, address, cold, digest, draw, embedded, endpoint, endpoints, images, included, key_of,
    listed, problem, quarrel, settled, silent, text,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Plays `scene` at every size and compares.
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
    snapshots("accounts", |width, height| Play::ready(width, height).keys("3").key(Key::Down));
    snapshots("accounts_none", |width, height| Play::ready(width, height).tell(accounts(Vec::new())).keys("3"));
    snapshots("new_account", |width, height| {
        let words = "weak: withstands 3 minutes. Add another word or two.".to_owned();
        let strength = Some(Strength { weak: true, words });
        let shape = SecretShape { typed: [0, 9, 4, 0], same: false, strength };
        let play = Play::ready(width, height).keys("3n").secrets([0, 9, 0, 0], false).key(Key::Enter);
        play.tell(Msg::Input(InputMsg::Secret(shape)))
    });
    snapshots("publish_without_account", |width, height| {
        Play::ready(width, height).tell(accounts(Vec::new())).select("acme/web:1.2").keys("p")
    });
}

/// Accounts of every kind, one of them unlocked, and what the first may do.
fn every_kind(width: u16, height: u16) -> Play {
    let first = Account { label: Some("deploy".into()), ..account(3, true, 9998) };
    let clef = AccountKind::Clef("http://127.0.0.1:8550".parse().unwrap());
    let all = vec![
        first,
        account(4, false, 50),
        Account { kind: clef, label: Some("ledger".into()), ..account(5, false, 100) },
        cold(6),
        Account { kind: AccountKind::Contract, label: Some("the team's Safe".into()), ..account(7, false, 0) },
    ];
    let removed = Removed {
        address: address(8),
        file: "/home/op/keystore/removed/x".into(),
        at: Timestamp(screen::NOW),
        kept_until: Timestamp(screen::NOW + 30 * 86_400),
    };
    let list = AccountList { accounts: all, problems: Vec::new(), removed: vec![removed], node: None };
    let play = Play::ready(width, height).tell(Msg::Account(AccountMsg::Listed(Ok(list)))).keys("3").key(Key::Home);
    let appointment = |publisher, delegate, scope| Appointment {
        publisher,
        delegate,
        scope,
        until: Some(Timestamp(screen::NOW + 30 * 86_400)),
        is_current: true,
    };
    let abilities = Abilities {
        appointments: vec![
            appointment(address(9), address(3), Scope::Reference("acme/api:2".parse().unwrap())),
            appointment(address(3), address(4), Scope::Everything),
        ],
        successions: vec![Succession {
            publisher: address(10),
            scope: Scope::Reference("acme/old:1".parse().unwrap()),
            successor: address(3),
            accepted: false,
            at: Timestamp(screen::NOW - 86_400),
        }],
    };
    play.tell(Msg::Account(AccountMsg::Abilities { account: address(3), result: Ok(abilities) }))
}

#[test]
fn accounts_of_every_kind() {
    snapshots("accounts_kinds", every_kind);
    snapshots("accounts_unlocked", |width, height| {
        let until = Some(Timestamp(screen::NOW + 272));
        let done = Done { account: Some(address(4)), words: "asks no passphrase".into(), open_until: until };
        let play = every_kind(width, height).key(Key::Down).keys("u").passphrase(9).key(Key::Enter).key(Key::Enter);
        let ticket = play.asked.iter().find_map(|effect| match effect {
            Effect::Do { ticket, .. } => Some(*ticket),
            _ => None,
        });
        play.tell(Msg::Account(AccountMsg::Done { ticket: ticket.unwrap(), result: Ok(done) }))
    });
    snapshots("accounts_code", |width, height| every_kind(width, height).keys("c"));
    snapshots("form_import_words", |width, height| {
        every_kind(width, height)
            .keys("i")
            .key(Key::Right)
            .key(Key::Right)
            .secrets([0, 0, 0, 71], false)
            .key(Key::Enter)
    });
    snapshots("form_unlock", |width, height| every_kind(width, height).keys("u").passphrase(11));
    snapshots("form_remove", |width, height| {
        every_kind(width, height).key(Key::Delete).keys("somebody").key(Key::Enter).key(Key::Enter)
    });
    snapshots("form_delegate", |width, height| {
        let typed = every_kind(width, height).keys("D").key(Key::Enter).keys("0x1234").key(Key::Tab);
        typed.keys("acme/api:2").key(Key::Tab).keys("30d").key(Key::Enter)
    });
    snapshots("form_working", |width, height| {
        every_kind(width, height).keys("p").secrets([8, 12, 12, 0], true).key(Key::Tab).key(Key::Tab).key(Key::Enter)
    });
}

#[test]
fn signing_elsewhere() {
    let asked = |width, height| {
        let play = every_kind(width, height).keys("1").select("acme/api:latest").keys("p");
        let play = play.quoted().key(Key::Right).quoted().key(Key::Right).quoted().key(Key::Right);
        play.carried()
    };
    snapshots("elsewhere_carry", asked);
    snapshots("elsewhere_save", |width, height| asked(width, height).keys("w"));
    snapshots("elsewhere_answered", |width, height| {
        asked(width, height).tell(Msg::Input(InputMsg::Paste("0xabcd".into()))).relayed()
    });
    snapshots("elsewhere_contract", |width, height| asked(width, height).key(Key::Right).carried());
    snapshots("personal_retire", |width, height| {
        let play = every_kind(width, height).keys("T").keys("acme/old:1").key(Key::Enter).keys("its key is lost");
        play.key(Key::Enter).keys("deploy").key(Key::Enter).quoted().passphrase(5)
    });
}

#[test]
fn the_node_and_its_endpoints() {
    let shown = |width, height| Play::ready(width, height).keys("5");
    snapshots("node_loading", shown);
    snapshots("node_quarrel", |width, height| shown(width, height).tell(quarrel()));
    snapshots("node_dissenter", |width, height| shown(width, height).tell(quarrel()).key(Key::Down));
    snapshots("node_embedded", |width, height| shown(width, height).tell(embedded()));
    let managed = |watcher| Managed {
        start: "daochain node start --geth".into(),
        watcher,
        log: "/home/op/.local/share/daochain/geth/geth.log".into(),
        memory: Some(812_000_000),
    };
    snapshots("node_geth", |width, height| {
        let mut one = endpoint("ipc:/home/op/.local/share/daochain/geth/geth.ipc", 1338, 1204, 4);
        one.status.disk = Some(51_200_000);
        let block = |number: u64| RecentBlock {
            number,
            at: Timestamp(screen::NOW - 13 * (1204 - number) - number % 5),
            gas: Some((number % 31 * 1_000_000, 30_000_000)),
            base_fee: Some(Wei((number % 17 * 100_000_000).into())),
        };
        let blocks = Ok((1141..=1204).map(block).collect());
        shown(width, height)
            .tell(endpoints("geth", Some(managed(Some(4711))), 1, vec![one]))
            .tell(Msg::Node(NodeMsg::Blocks(blocks)))
    });
    snapshots("node_geth_down", |width, height| {
        let one = silent("ipc:/home/op/.local/share/daochain/geth/geth.ipc");
        shown(width, height).tell(endpoints("geth", Some(managed(None)), 1, vec![one]))
    });
    snapshots("node_late", |width, height| {
        let mut one = endpoint("https://rpc.one.example", 1, 23_204_512, 4);
        one.status.sync = Some(Sync::Behind { blocks: Some((23_204_512, 23_304_512)) });
        shown(width, height).tell(endpoints("mainnet", None, 1, vec![one])).after(3600)
    });
    snapshots("node_no_endpoint", |width, height| {
        let problem =
            problem("no-endpoint", "network `x` has no endpoint", "add one: `daochain network add NAME --rpc URL`");
        shown(width, height).tell(Msg::Node(NodeMsg::Read(Err(problem))))
    });
    snapshots("add_peer", |width, height| {
        shown(width, height).tell(quarrel()).keys("aenode://a1b2@192.0.2.7:30303").key(Key::Enter)
    });
}

#[test]
fn an_endpoint_is_told_on_every_screen() {
    for (width, height) in [(60, 20), (60, 15), (120, 30)] {
        let play = Play::ready(width, height).keys("5").tell(quarrel());
        let text = play.text();
        for words in ["DISSENTS", "NO ANSWER", "agrees", "2 of 4"] {
            assert!(text.contains(words), "{words} in {width}x{height}:\n{text}");
        }
        let end = play.key(Key::End).text();
        assert!(end.contains("reth"), "the last peer in {width}x{height}:\n{end}");
        assert!(!end.contains('\u{1b}') && !end.contains('\u{202e}'), "{end}");
    }
    let tiny = Play::ready(20, 5).keys("5").tell(quarrel()).text();
    assert!(tiny.contains('✘'), "{tiny}");
}

#[test]
fn the_price_of_gas() {
    let typed = |width, height, price: &str| {
        let play = Play::ready(width, height).select("acme/api:latest").keys("p").quoted().key(Key::Ctrl('g'));
        play.key(Key::Ctrl('u')).keys(price)
    };
    snapshots("publish_price", |width, height| typed(width, height, "1.5"));
    snapshots("publish_price_cheap", |width, height| typed(width, height, "1.5").key(Key::Enter).quoted());
    snapshots("publish_price_uncovered", |width, height| typed(width, height, "2000000").key(Key::Enter));
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
    let scenes: [fn() -> Play; 5] = [
        || Play::ready(80, 24).select("acme/api:latest"),
        || Play::ready(80, 24).select("acme/api:latest").keys("p").quoted().passphrase(3),
        || Play::ready(80, 24).keys("?"),
        || Play::ready(200, 60).keys("3"),
        || Play::ready(80, 24).keys("5").tell(quarrel()),
    ];
    for scene in scenes {
        let shown = text(&draw(&scene().model, Theme::COLOUR.in_ascii()));
        assert!(shown.is_ascii(), "{shown}");
    }
    for (width, height) in SIZES {
        let play = Play::ready(width, height).select("acme/api:latest");
        let shown = text(&draw(&play.model, Theme::COLOUR.in_ascii()));
        assert!(shown.contains('~'), "{shown}");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("ascii_{width}x{height}"), shown);
        });
    }
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
    assert_eq!(typed.model.secret_field(), Some(SecretField::Open));
}

#[test]
fn status_words_stay_where_columns_go() {
    for width in [300, 120, 100, 80, 76, 60] {
        let shown = Play::ready(width, 24).text();
        assert!(shown.contains("MISMATCH"), "{width} columns:\n{shown}");
        assert!(shown.contains('✘'), "{width} columns:\n{shown}");
    }
    assert!(Play::ready(20, 5).text().contains('✘'));
}

/// What must be seen of a dialog that signs stands on the smallest screen, too.
#[test]
fn on_the_smallest_screen_the_field_and_what_went_wrong_of_a_signature_stay_in_sight() {
    let wrong = || problem("passphrase-wrong", "the passphrase does not open the account's key", "type it again");
    let wrongly = |width, height| {
        let ready = Play::ready(width, height).select("acme/api:latest").keys("p").quoted().passphrase(8);
        ready.key(Key::Enter).tell(Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Err(wrong()) }))
    };
    let little = wrongly(60, 15);
    let text = little.text();
    for words in [
        "passphrase ",
        "does not open the account's key",
        "●measured",
        "○confirmed",
        "lines more",
        "cost ",
        "at most",
        "Esc close",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("publish_wrong_passphrase_60x15", little.screen());
    });
    let reason = Play::ready(60, 15).select("acme/web:1.2").keys("r").keys("built with a leaked key").text();
    let row = reason.lines().find(|line| line.contains("built with a leaked key")).unwrap();
    assert!(row.contains("│ reason     built with a leaked key"), "nothing else stands in its row: {reason}");
    assert!(reason.contains("Anybody who verifies the image will read the reason."), "{reason}");
}

#[test]
fn a_long_reason_has_the_rows_that_nothing_else_needs_and_is_cut_with_a_mark() {
    let cause = "the engine and the node quarrel about what the registry serves under this name; ".repeat(12);
    let long = |width, height| {
        let mut play = Play::ready(width, height).select("nginx:1.27");
        let key = key_of(&play, "nginx:1.27");
        let verdict = undecided(EvidenceLevel::Claimed, cause.trim().to_owned());
        let rows = vec![JudgedRow { key, verdict: verdict.into(), last: None }];
        let checked_at = play.model.now;
        let network = Ok(screen::network());
        play = play.tell(Msg::Chain(ChainMsg::Judged { network, rows, checked_at, log_problem: None }));
        play.select("nginx:1.27")
    };
    let text = long(80, 24).text();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("quarrel") || line.contains("registry")).collect();
    assert!(told.len() >= 3, "{text}");
    assert!(told.last().unwrap().trim_end().ends_with('…'), "{text}");
}

#[test]
fn a_field_says_what_is_typed_there_while_it_has_the_focus() {
    let remove = every_kind(80, 24).key(Key::Delete);
    assert!(remove.text().contains("to be sure its address or label"), "{}", remove.text());
    assert!(!remove.keys("s").text().contains("its address or label"), "once something is typed it is gone");
    let new = every_kind(80, 24).keys("n").text();
    assert!(new.contains("passphrase a passphrase that seals it") && new.contains("once more  the same"), "{new}");
    let export = every_kind(80, 24).keys("e").text();
    assert!(
        export.contains("file       a new file, or a folder") && export.contains("the copy's a passphrase"),
        "{export}"
    );
    snapshots("form_remove_empty", |width, height| every_kind(width, height).key(Key::Delete));
}

#[test]
fn what_goes_on_below_is_counted_and_what_is_cut_is_marked() {
    for (width, height) in [(80, 24), (60, 15)] {
        let help = Play::ready(width, height).keys("?");
        assert!(help.text().contains(" more, PgDn"), "{}", help.text());
        assert!(!help.key(Key::End).text().contains(" more, PgDn"), "the last page says nothing more");
        let palette = Play::ready(width, height).keys(":");
        let all = match &palette.model.dialog {
            Some(Dialog::Palette(palette)) => palette.items.len(),
            other => panic!("{other:?}"),
        };
        assert!(palette.text().contains(&format!("1 of {all}")), "{}", palette.text());
    }
    let narrow = Play::ready(60, 15).keys("?").text();
    assert!(narrow.lines().any(|line| line.trim_end().ends_with("… │") || line.contains('…')), "{narrow}");
}

#[test]
fn a_market_that_could_not_be_read_has_no_number() {
    let play = Play::ready(80, 24).keys("2");
    let ticket = play.model.market.ticket;
    let none = problem("no-contract", "network `dev` has no contract", "`d` in the node pane deploys it");
    let play = play.tell(Msg::Market(MarketMsg::Found { ticket, result: Err(none) }));
    let text = play.text();
    assert!(text.contains("has no contract") && !text.contains("published"), "{text}");
}

#[test]
fn a_filter_leaves_the_other_panes_their_counts() {
    let text = Play::ready(120, 40).keys("/acme").text();
    assert!(text.contains("1 Images 4/9") && text.contains("3 Accounts 2"), "{text}");
}

#[test]
fn what_an_account_may_do_is_asked_again_when_its_pane_is_entered() {
    let asks = |play: &Play| play.asked.iter().any(|effect| matches!(effect, Effect::ReadAbilities { .. }));
    let none = problem("no-contract", "network `dev` has no contract", "deploy it");
    let mut play = Play::ready(80, 24).keys("3");
    let account = play.model.accounts.able.account.unwrap();
    play = play.tell(Msg::Account(AccountMsg::Abilities { account, result: Err(none) }));
    assert!(play.text().contains("has no contract"), "{}", play.text());
    play = play.keys("5");
    play.asked.clear();
    let again = play.keys("3");
    assert!(asks(&again) && !again.text().contains("has no contract"), "{}", again.text());
    let known = Msg::Account(AccountMsg::Abilities { account, result: Ok(Abilities::default()) });
    let mut known = again.tell(known).keys("5");
    known.asked.clear();
    assert!(asks(&known.keys("3")), "what is known is looked at again, too");
}

#[test]
fn nothing_on_a_busy_screen_moves_or_flashes_by_itself_where_less_motion_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theme.toml");
    std::fs::write(&file, "reduced_motion = true").unwrap();
    let calm = Theme::find(&file, |name| (name == "TERM").then(|| "xterm-256color".to_owned())).unwrap();
    assert!(calm.is_calm());
    let signing = |play: Play| {
        let play = play.select("acme/api:latest").keys("p").quoted().passphrase(8).key(Key::Enter);
        play.tell(Msg::Sign(SignMsg::Stage { publication: PublicationId(1), stage: Stage::Signing }))
    };
    let lost = || problem("node-unreachable", "the node does not answer", "start it");
    let scenes = vec![
        hashing(Play::ready(120, 40).select("redis:7").keys("v"), "redis:7", 22_000_000),
        hashing(Play::ready(120, 40).select("redis:7").keys("v6"), "redis:7", 22_000_000),
        signing(Play::ready(120, 40)),
        signing(Play::ready(120, 40)).key(Key::Esc),
        Play::ready(120, 40).tell(Msg::Chain(ChainMsg::Lost(lost()))).keys("2"),
        Play::ready(120, 40).keys("5!"),
        Play::start(120, 40),
    ];
    for scene in scenes {
        let before = draw(&scene.model, calm);
        let flashes = Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK);
        assert!(before.content.iter().all(|cell| !cell.modifier.intersects(flashes)), "{}", text(&before));
        let after = draw(&scene.after(1).model, calm);
        assert_eq!(text(&before), text(&after), "a second without news changes nothing");
        assert_eq!(before, after, "nor any colour");
    }
}
