//! The market pane, played by messages: what is asked while somebody types, what is shown meanwhile, pulling and pinning.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::{
    app::{
        Effect, Key, Msg,
        market::{WINDOW, Ware},
        model::{Dialog, Pane},
        msg::{MarketMsg, MarketPage},
    },
    domain::{
        Timestamp,
        digest::DigestKind,
        image::KindedDigest,
        market::{Order, Query},
        verdict::{Conclusion, undecided},
    },
};
use screen::{NOW, Play, address, digest, problem, reference};

const DAY: u64 = 86_400;

fn ware(name: &str, who: u8, version: u32, days: u64) -> Ware {
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest: digest(who) }];
    let moments = (Timestamp(NOW - 40 * DAY), Timestamp(NOW - days * DAY));
    Ware::published((reference(name), address(who), version), moments, digests)
}

fn wares() -> Vec<Ware> {
    vec![
        ware("acme/api:2", 1, 7, 3),
        ware("acme/db:16", 1, 2, 8),
        ware("acme/old:1", 1, 1, 40),
        ware("tools/x:2", 9, 1, 1),
    ]
}

/// The newest question for what was published.
fn asked(play: &Play) -> Option<(u64, Query, bool)> {
    play.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadMarket { ticket, query, refresh } => Some((*ticket, query.clone(), *refresh)),
        _ => None,
    })
}

#[test]
fn a_name_is_asked_for_once_and_nothing_is_pulled_unseen() {
    let asks = |play: &Play| play.asked.iter().filter(|one| matches!(one, Effect::ReadVouching(_))).count();
    let play = answer(Play::ready(80, 24).keys("2"), page(wares()));
    let held = (0..9).fold(play, |play, _| play.key(Key::Enter));
    assert_eq!(asks(&held), 1, "its answer is on its way");
    let blind = held.keys("1").key(Key::Char(':')).keys("pull").key(Key::Enter);
    assert!(!blind.asked.iter().any(|one| matches!(one, Effect::Pull { .. })), "{}", blind.text());
    assert!(blind.text().contains("what is selected here"), "{}", blind.text());
}

fn answer(play: Play, page: MarketPage) -> Play {
    let (ticket, ..) = asked(&play).unwrap();
    play.tell(Msg::Market(MarketMsg::Found { ticket, result: Ok(page) }))
}

fn page(wares: Vec<Ware>) -> MarketPage {
    let total = wares.len();
    MarketPage { wares, offset: 0, total, is_more: false, read_to: Some(1204), problem: None }
}

fn judged(play: Play) -> Play {
    let asked = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::JudgeMarket { ticket, subjects } => Some((*ticket, subjects.clone())),
        _ => None,
    });
    let (ticket, subjects) = asked.unwrap();
    let verdicts = subjects.into_iter().map(|(name, evidence)| {
        let (conclusion, publisher) = match name.familiar() {
            "tools/x:2" => (Conclusion::Untrusted, address(9)),
            "acme/old:1" => (Conclusion::Revoked, address(1)),
            _ => (Conclusion::Verified, address(1)),
        };
        let mut verdict = undecided(evidence.level(), format!("{} is what it is", name.familiar()));
        (verdict.conclusion, verdict.publisher) = (conclusion, Some(publisher));
        verdict.publisher_name = (conclusion != Conclusion::Untrusted).then(|| "acme".to_owned());
        verdict
    });
    play.tell(Msg::Market(MarketMsg::Judged { ticket, result: Ok(verdicts.collect()) }))
}

fn play(width: u16, height: u16) -> Play {
    judged(answer(Play::ready(width, height).keys("2"), page(wares())))
}

#[test]
fn what_is_published_is_shown_with_what_the_policy_makes_of_it() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let play = play(width, height);
        insta::assert_snapshot!(format!("market_{width}x{height}"), play.screen());
        insta::assert_snapshot!(format!("market_offer_{width}x{height}"), play.key(Key::Enter).screen());
        let empty = answer(Play::ready(width, height).keys("2"), page(Vec::new()));
        insta::assert_snapshot!(format!("market_none_{width}x{height}"), empty.screen());
    }
    let before = answer(Play::ready(80, 24).keys("2"), page(wares()));
    assert!(before.text().contains("checking"), "no verdict is shown before it came: {}", before.text());
}

#[test]
fn each_key_asks_and_an_older_answer_is_dropped() {
    let play = play(80, 24).keys("/").keys("ap");
    let (second, query, refresh) = asked(&play).unwrap();
    assert_eq!((query.text.as_str(), refresh), ("ap", false), "typing asks the index alone");
    let first = second - 1;
    let stray = MarketMsg::Found { ticket: first, result: Ok(page(Vec::new())) };
    let play = play.tell(Msg::Market(stray));
    assert_eq!(play.model.market.shown(), 4, "somebody asked for something else meanwhile");
    let play = answer(play, page(vec![ware("acme/api:2", 1, 7, 3)]));
    let known = play.model.market.selected().unwrap().verdict.clone();
    assert!(known.is_some(), "what was judged already keeps its verdict");
    let play = play.key(Key::Enter).key(Key::Esc);
    assert_eq!(asked(&play).unwrap().1.text, "", "Esc shows everything again");
    let keys = self::play(80, 24).keys("/").keys("2q");
    assert_eq!((keys.model.market.input.value(), keys.model.pane), ("2q", Pane::Market), "letters are typed");
}

#[test]
fn what_the_chain_has_is_shown_to_who_typed_before_it_was_read() {
    let play = Play::ready(80, 24).keys("2");
    let (reading, _, refresh) = asked(&play).unwrap();
    assert!(refresh, "the chain is read when the pane is opened");
    let mut play = answer(play.keys("/").keys("ap"), page(Vec::new()));
    assert!(play.text().contains("looking"), "nothing is known of it yet: {}", play.text());
    play.asked.clear();
    let behind = MarketPage { problem: Some(problem("node-unreachable", "no node", "")), ..page(wares()) };
    let late = MarketMsg::Found { ticket: reading, result: Ok(behind) };
    let play = play.tell(Msg::Market(late));
    let (_, query, refresh) = asked(&play).unwrap();
    assert_eq!((query.text.as_str(), refresh), ("ap", false));
    let play = answer(play, page(vec![ware("acme/api:2", 1, 7, 3)]));
    let text = play.text();
    assert!(text.contains("1 published") && text.contains("no node") && !text.contains("looking"), "{text}");
    let again = play.key(Key::Enter).keys("R");
    assert!(asked(&again).unwrap().2, "the chain is read again");
}

#[test]
fn publisher_namespace_and_age_narrow_it_and_the_order_turns() {
    let query = |play: &Play| asked(play).unwrap().1;
    let only = play(80, 24).keys("b");
    assert_eq!(query(&only).publisher, Some(address(1)));
    assert_eq!(query(&only.keys("b")).publisher, None);
    let below = play(80, 24).keys("n");
    assert_eq!(query(&below).namespace.map(|it| it.to_string()).as_deref(), Some("docker.io/acme"));
    let aged = play(80, 24).keys("aa");
    assert_eq!(query(&aged).since, Some(Timestamp(NOW - 7 * DAY)));
    assert!(aged.text().contains("within 7 d"), "{}", aged.text());
    assert_eq!(query(&play(80, 24).keys("s")).order, Order::Newest);
}

#[test]
fn a_hundred_thousand_are_held_in_a_window() {
    let window = |offset: usize| MarketPage {
        wares: (0..WINDOW).map(|n| ware(&format!("acme/n{n}:1"), 1, 1, 1)).collect(),
        offset,
        total: offset + usize::try_from(WINDOW).unwrap(),
        is_more: true,
        read_to: Some(9),
        problem: None,
    };
    let mut play = answer(Play::ready(80, 24).keys("2"), window(0));
    assert_eq!(play.model.market.shown(), 200, "shown before they are counted");
    let counted = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::CountMarket { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let counted = MarketMsg::Counted { ticket: counted.unwrap(), result: Ok(100_000) };
    play = play.tell(Msg::Market(counted));
    play.asked.clear();
    let play = play.key(Key::PageDown).key(Key::PageDown);
    assert!(asked(&play).is_none(), "what is held is not asked for");
    let play = play.key(Key::End);
    let (_, query, refresh) = asked(&play).unwrap();
    assert_eq!((query.offset, query.limit, refresh), (99_999 - u64::from(WINDOW / 2), WINDOW, false));
    assert!(play.text().contains('…'), "until it came: {}", play.text());
    let offset = usize::try_from(query.offset).unwrap();
    let last = MarketPage { is_more: false, total: 100_000, ..window(offset) };
    let play = answer(play, MarketPage { wares: last.wares[..101].to_vec(), ..last });
    assert_eq!(play.model.market.cursor(), 99_999);
    assert!(play.text().contains("100000 published"), "{}", play.text());
}

#[test]
fn a_pull_tells_how_far_it_is_and_is_stopped() {
    let play = play(80, 24).keys("p");
    let pulled = |play: &Play| {
        play.asked.iter().rev().find_map(|effect| match effect {
            Effect::Pull { ticket, wish } => Some((*ticket, wish.reference.clone())),
            _ => None,
        })
    };
    let (ticket, name) = pulled(&play).unwrap();
    assert_eq!(name, reference("acme/api:2"));
    let news = MarketMsg::Pulling { ticket, layers: (3, 7), bytes: (22_000_000, Some(51_000_000)), measuring: false };
    let play = play.tell(Msg::Market(news));
    assert!(play.text().contains("22.0 MB of 51.0 MB, 3 of 7 layers"), "{}", play.text());
    assert!(play.keys("p").text().contains("`x` stops it"));
    let leaving = self::play(80, 24).keys("p").keys("q");
    assert!(matches!(leaving.model.dialog, Some(Dialog::Quit(_))), "a pull goes on: {}", leaving.text());
    let play = self::play(80, 24).keys("p");
    let (ticket, _) = pulled(&play).unwrap();
    let play = play.keys("x");
    assert!(play.asked.contains(&Effect::Undo(ticket)));
    let cancelled = problem("cancelled", "cancelled", "");
    let play = play.tell(Msg::Market(MarketMsg::Pulled { ticket, result: Err(cancelled) }));
    assert!(play.text().contains("stopped") && play.model.market.pull.is_none(), "{}", play.text());
    let refused = self::play(80, 24).keys("p");
    let (ticket, _) = pulled(&refused).unwrap();
    let no = problem("pull-refused", "refused before any of it was pulled: it is another", "");
    let refused = refused.tell(Msg::Market(MarketMsg::Pulled { ticket, result: Err(no) }));
    assert_eq!(refused.text().matches("refused before any of it was pulled").count(), 2, "{}", refused.text());
    assert!(refused.text().contains("last pull"), "told beside the row as well, whole: {}", refused.text());
    assert!(!refused.keys("p").text().contains("last pull"), "it is tried again");
}

#[test]
fn its_publisher_is_trusted_in_a_dialog_that_knows_both() {
    let play = play(80, 24).key(Key::End).keys("t");
    assert!(matches!(play.model.dialog, Some(Dialog::Form(_))));
    let text = play.text();
    assert!(text.contains("docker.io/tools/x:2") && text.contains(&address(9).to_string()), "{text}");
}

#[test]
fn my_namespaces_are_another_view_and_a_new_block_asks_only_while_it_is_shown() {
    let play = play(80, 24).keys("w");
    let ticket = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadOwn { ticket } => Some(*ticket),
        _ => None,
    });
    let remote = Ware {
        publisher: None,
        version: 0,
        first_at: None,
        at: None,
        platform: Some("linux/arm64".into()),
        bytes: Some(51_000_000),
        ..ware("127.0.0.1:5000/acme/api:2", 1, 0, 0)
    };
    let result = Ok(MarketPage { total: 1, wares: vec![remote], ..MarketPage::default() });
    let play = judged(play.tell(Msg::Market(MarketMsg::Found { ticket: ticket.unwrap(), result })));
    insta::assert_snapshot!("market_own_80x24", play.screen());
    assert!(play.keys("b").text().contains("`w` shows it"), "there is no publisher to narrow it by");
    let mut shown = self::play(80, 24);
    shown.asked.clear();
    assert!(asked(&shown.keys("1").after(1)).is_none());
}

#[test]
fn the_selection_is_a_row_and_a_stranger_s_release_is_nobody_s() {
    let mut play = play(80, 24).key(Key::Down);
    assert_eq!(play.model.market.selected().unwrap().reference, reference("acme/db:16"));
    let mut rows = wares();
    // Published by a stranger meanwhile, and first in the order.
    rows.insert(0, ware("acme/aaa:1", 9, 1, 0));
    play = play.keys("s").keys("s");
    play = play.key(Key::Down);
    let play = judged(answer(play, page(rows)));
    assert_eq!(play.model.market.selected().unwrap().reference, reference("acme/db:16"), "it moved with its row");
    let stranger = play.model.market.at(0).unwrap();
    assert_eq!(stranger.verdict.as_ref().unwrap().conclusion, Conclusion::Untrusted, "acme's word is none for it");
}

#[test]
fn in_full_a_publisher_s_namespace_is_asked() {
    let play = play(80, 24).key(Key::Enter);
    assert!(play.asked.contains(&Effect::ReadVouching(reference("acme/api:2"))));
    assert!(play.text().contains("asking the namespace"), "{}", play.text());
    let vouching = daochain::domain::namespace::Vouching::default();
    let play =
        play.tell(Msg::Market(MarketMsg::Vouched { reference: reference("acme/api:2"), vouching: Some(vouching) }));
    assert!(play.text().contains("no namespace above the name vouches for it"), "{}", play.text());
}
