//! The interface's machine, played by messages: what it asks for, and what it never does. Longer than other files: each
//! case needs the same few words of the machine, and is short only beside them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use std::time::Duration;

use daochain::{
    app::{
        Effect, Key, Model, Msg,
        action::panes,
        activity::{Choice, Sent},
        clock::next_wake,
        effect::{Deed, KeySource, TrustChange},
        market::Ware,
        model::{Dialog, Engine, Pane, Tone},
        mouse::Target,
        msg::{
            Abilities, AccountList, AccountMsg, ChainMsg, Done, Found, HistoryMsg, InputMsg, Listing, MarketMsg,
            MarketPage, NodeMsg, ResumedEntry, SecretShape, SignMsg, SourceMsg, TaskMsg, TrustMsg, WatchMsg, WhyMsg,
        },
        report::{Fact, Told},
        rows::{Row, RowKey},
        sign::{ClaimPlan, Depth, Document, PublicationId, Quote, Said, Sighting, Step},
        watching::{Looked, Watch},
    },
    domain::{
        Account, Address, Timestamp, Wei,
        account::AccountKind,
        digest::DigestKind,
        finding::{Area, Finding},
        image::{EXPORTS_AT_ONCE, Evidence, EvidenceLevel, ImageId, KindedDigest, LocalImage, Source},
        network::{Finality, NetworkView},
        progress::Progress,
        publication::{Contract, JournalEntry, JournalStage, Stage, Statement, TransactionHash},
        trust::{Rule, TrustPolicy},
        verdict::Conclusion,
        wish::{Making, ReleaseWish},
    },
    tui::theme::Theme,
};
use proptest::prelude::*;
use screen::{
    Play, account, accounts, address, cold, digest, draw, hash, image, images, included, key_of, listed, network,
    problem, quarrel, reference, settled,
};

fn count(play: &Play, what: impl Fn(&Effect) -> bool) -> usize {
    play.asked.iter().filter(|effect| what(effect)).count()
}

fn sign_step(play: &Play) -> Option<Step> {
    match &play.model.dialog {
        Some(Dialog::Sign(sign)) => Some(sign.step),
        _ => None,
    }
}

fn measured(play: Play, name: &str, evidence: Evidence) -> Play {
    let image = key_of(&play, name).image;
    let task = play.model.tasks.of(&image).expect("it is being measured");
    play.tell(Msg::Task(TaskMsg::Measured { task, result: Ok(Found::Evidence(evidence)) }))
}

#[test]
fn the_program_asks_everything_once_at_its_start() {
    let play = Play::start(80, 24);
    let kinds: Vec<_> = play
        .asked
        .iter()
        .map(|effect| format!("{effect:?}").split([' ', '{', '(']).next().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["FollowSources", "FollowChain", "ListImages", "ListAccounts", "Resume", "ReadTrust"]);
}

#[test]
fn a_burst_of_changes_makes_one_listing_and_one_more() {
    let mut play = Play::ready(80, 24);
    play.asked.clear();
    for _ in 0..100 {
        play = play.tell(Msg::Source(SourceMsg::Changed));
    }
    let is_list = |effect: &Effect| matches!(effect, Effect::ListImages { .. });
    assert_eq!(count(&play, is_list), 1);
    play = play.tell(listed(images()));
    assert_eq!(count(&play, is_list), 2, "what changed while it was listed is listed again, once");
    play = play.tell(listed(images()));
    assert_eq!(count(&play, is_list), 2);
}

#[test]
fn a_long_list_is_not_read_anew_for_every_change() {
    let mut many = image(1, None, EvidenceLevel::Claimed, 1, 1);
    many.references = (0..2000).map(|n| reference(&format!("acme/web:{n}"))).collect();
    let waits = |play: &Play| {
        let of = |effect: &Effect| if let Effect::ListImages { after } = effect { Some(*after) } else { None };
        play.asked.iter().rev().find_map(of).unwrap()
    };
    let listing = || listed(vec![many.clone()]);
    let changed = || Msg::Source(SourceMsg::Changed);
    let mut play = Play::ready(80, 24).tell(listing()).tell(changed());
    assert_eq!(waits(&play), Duration::from_secs(3), "a millisecond and a half for each");
    play = play.tell(listing()).after(2).tell(changed());
    assert_eq!(waits(&play), Duration::from_secs(1), "what has passed counts");
    play = play.tell(listing()).after(60).tell(changed());
    assert_eq!(waits(&play), Duration::from_millis(100), "the first change after a while waits for its burst alone");
}

#[test]
fn one_judgement_at_a_time_and_again_when_its_input_changed() {
    let mut play = Play::ready(80, 24);
    play.asked.clear();
    let is_judge = |effect: &Effect| matches!(effect, Effect::Judge(_));
    play = play.tell(Msg::Source(SourceMsg::Changed)).tell(listed(images())).tell(listed(images()));
    assert_eq!(count(&play, is_judge), 1);
    play = play.judged();
    assert_eq!(count(&play, is_judge), 2);
    play = play.judged();
    assert_eq!(count(&play, is_judge), 2);
}

#[test]
fn the_selection_is_an_identity() {
    let play = Play::ready(80, 24).select("acme/db:16");
    let selected = |play: &Play| play.model.rows.selected().unwrap().label();
    let play = play.keys("sss");
    assert_eq!(selected(&play), "acme/db:16", "another order");
    let mut fewer = images();
    fewer.remove(0);
    let play = play.tell(listed(fewer));
    assert_eq!(selected(&play), "acme/db:16", "another list");
    let mut retagged = images();
    retagged[2] = image(33, Some("acme/db:16"), EvidenceLevel::Claimed, 5, 5);
    let play = play.tell(listed(retagged));
    assert_eq!(selected(&play), "acme/db:16", "the name's new image");
    assert_eq!(play.model.rows.selected().unwrap().verdict, None, "another image begins without the old one's verdict");
    let play = play.keys("/nginx");
    assert_eq!(selected(&play), "nginx:1.27", "the detail never shows what the filter hides");
}

#[test]
fn a_lost_engine_keeps_its_images_and_says_so() {
    let lost = || problem("engine-unreachable", "the engine is gone", "start it");
    let play = Play::ready(80, 24).tell(Msg::Source(SourceMsg::Lost(lost())));
    let listing = Listing { images: Vec::new(), problems: vec![lost()], engine: None };
    let play = play.after(30).tell(Msg::Source(SourceMsg::Listed(listing)));
    assert_eq!(play.model.rows.all().len(), images().len());
    let text = play.text();
    assert!(text.contains("docker lost 30s"), "{text}");
    let quiet = Listing { images: Vec::new(), problems: Vec::new(), engine: None };
    let play = play.tell(Msg::Source(SourceMsg::Listed(quiet)));
    assert_eq!(play.model.rows.all().len(), images().len(), "no complaint is no proof that the images went");
    let play =
        play.tell(Msg::Source(SourceMsg::Connected { engine: "docker 20.10.24".into() })).tell(listed(Vec::new()));
    assert!(play.model.rows.all().is_empty(), "an engine that answers is believed");
}

#[test]
fn a_lost_node_makes_verdicts_undecided_and_remembers_them() {
    let play = Play::ready(80, 24);
    let order: Vec<_> = play.model.rows.visible().map(Row::label).collect();
    let play = play.tell(Msg::Chain(ChainMsg::Lost(problem("node-unreachable", "the node is gone", "start it"))));
    for row in play.model.rows.all().iter().filter(|row| row.key.reference.is_some()) {
        assert_eq!(row.conclusion(), Some(Conclusion::Undecided));
        assert!(row.last.is_some_and(|(last, _)| last != Conclusion::Undecided));
    }
    assert_eq!(order.first(), play.model.rows.visible().map(Row::label).next().as_ref());
    assert!(!play.text().contains('✔') && !play.text().contains('✓'));
    let play = play.tell(Msg::Chain(ChainMsg::Block(network()))).judged();
    assert!(play.text().contains('✔'));
}

#[test]
fn two_are_measured_at_once_and_the_rest_waits() {
    let play = Play::ready(80, 24).keys("V");
    let is_measure = |effect: &Effect| matches!(effect, Effect::Measure { .. });
    assert_eq!(count(&play, is_measure), EXPORTS_AT_ONCE);
    assert_eq!(play.model.tasks.tally(), (0, 5));
    let first = play.model.tasks.running()[0].clone();
    let play = play.tell(Msg::Task(TaskMsg::Measured {
        task: first.id,
        result: Ok(Found::Evidence(Evidence::measured(digest(5)))),
    }));
    assert_eq!(count(&play, is_measure), EXPORTS_AT_ONCE + 1);
    assert!(play.model.rows.all().iter().find(|row| row.key.image == first.image.id).unwrap().is_measured());
    let play = play.keys("X");
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Cancel(_))), 2, "running ones are told, waiting ones go");
    assert_eq!(play.model.tasks.tally().1 - play.model.tasks.tally().0, 2);
}

#[test]
fn what_images_share_is_measured_with_the_first_of_them() {
    let play = Play::ready(80, 24).keys("V");
    let beside: Vec<usize> = play
        .asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Measure { beside, .. } => Some(beside.len()),
            _ => None,
        })
        .collect();
    assert_eq!(beside, [5, 0], "all that wait, once");
}

#[test]
fn archives_are_measured_beside_two_exports_as_the_user_allows() {
    let mut play = Play::ready(80, 24);
    play.model.tasks.allow(3);
    let unread = archive(&[], Evidence::known(EvidenceLevel::Claimed, Vec::new()));
    let play = play.keys("V").tell(listed([images(), vec![unread]].concat()));
    let running = play.model.tasks.running();
    let exports = running.iter().filter(|task| task.image.id.source == Source::Engine).count();
    assert_eq!((running.len(), exports), (3, EXPORTS_AT_ONCE));
}

#[test]
fn the_selected_row_comes_first_and_then_the_smallest() {
    let play = Play::ready(80, 24).select("nginx:1.27").keys("V");
    let order = |play: &Play| {
        let measured = play.asked.iter().filter_map(|effect| match effect {
            Effect::Measure { image, .. } => {
                Some((image.references.first().map(|name| name.familiar().to_owned()), image.size))
            }
            _ => None,
        });
        measured.collect::<Vec<_>>()
    };
    let begun = order(&play);
    assert_eq!(begun[0].0.as_deref(), Some("nginx:1.27"), "the selected row, whatever its size");
    let mut play = play;
    while let Some(task) = play.model.tasks.running().last().map(|task| task.id) {
        let evidence = Evidence::measured(digest(50));
        play = play.tell(Msg::Task(TaskMsg::Measured { task, result: Ok(Found::Evidence(evidence)) }));
    }
    let sizes: Vec<_> = order(&play).into_iter().skip(1).map(|(_, size)| size).collect();
    assert!(sizes.len() == 4 && sizes.is_sorted(), "{sizes:?}");
}

#[test]
fn a_measurement_outlives_a_listing_that_knows_less() {
    let play = Play::ready(80, 24).select("redis:7").keys("v");
    let play = measured(play, "redis:7", Evidence::measured(digest(7))).tell(listed(images()));
    assert!(play.model.rows.get(&key_of(&play, "redis:7")).unwrap().is_measured());
}

#[test]
fn what_is_lost_is_asked_again_when_somebody_looks() {
    let focus = |play: Play| {
        let mut play = play;
        play.asked.clear();
        play.tell(Msg::Input(InputMsg::Focus))
    };
    let is_list = |effect: &Effect| matches!(effect, Effect::ListImages { .. });
    let is_judge = |effect: &Effect| matches!(effect, Effect::Judge(_));
    let well = focus(Play::ready(80, 24));
    assert!(well.asked.is_empty(), "where all is well, nothing is asked: {:?}", well.asked);
    let gone = problem("engine-unreachable", "the engine is gone", "start it");
    let play = focus(Play::ready(80, 24).tell(Msg::Source(SourceMsg::Lost(gone))));
    assert_eq!((count(&play, is_list), count(&play, is_judge)), (1, 0));
    let gone = problem("node-unreachable", "the node is gone", "start it");
    let play = focus(Play::ready(80, 24).tell(Msg::Chain(ChainMsg::Lost(gone))));
    assert_eq!((count(&play, is_list), count(&play, is_judge)), (0, 1));
}

fn archive(names: &[&str], evidence: Evidence) -> LocalImage {
    LocalImage {
        id: ImageId { source: Source::Archive("/srv/a.tar".into()), id: "0".into() },
        references: names.iter().map(|name| screen::reference(name)).collect(),
        evidence,
        ..image(1, None, EvidenceLevel::Claimed, 10, 10)
    }
}

fn archives(images: Vec<LocalImage>) -> Msg {
    Msg::Source(SourceMsg::Listed(Listing { images, problems: Vec::new(), engine: None }))
}

#[test]
fn an_unread_archive_is_read_and_gets_its_names() {
    let unread = || archive(&[], Evidence::known(EvidenceLevel::Claimed, Vec::new()));
    let is_measure = |effect: &Effect| matches!(effect, Effect::Measure { .. });
    let play = Play::start(80, 24).tell(archives(vec![unread()]));
    assert_eq!(play.model.engine, Engine::Archives);
    assert_eq!(count(&play, is_measure), 1);
    let task = play.model.tasks.running()[0].id;
    let read = archive(&["acme/a:1", "acme/b:1"], Evidence::measured(digest(1)));
    let play = play.tell(Msg::Task(TaskMsg::Measured { task, result: Ok(Found::Archive(vec![read])) })).judged();
    let names: Vec<_> = play.model.rows.visible().map(Row::label).collect();
    assert_eq!(names, ["acme/a:1", "acme/b:1"]);
    // The file was written anew: nothing that was concluded of the old bytes may be shown for it.
    let play = play.tell(archives(vec![unread()]));
    assert_eq!(count(&play, is_measure), 2);
    assert!(play.model.rows.all().iter().all(|row| row.verdict.is_none()));
}

#[test]
fn a_swapped_archive_loses_its_verdict_at_once() {
    let holds = |seed| archives(vec![archive(&["acme/web:1.2"], Evidence::measured(digest(seed)))]);
    let play = Play::start(80, 24).tell(holds(1)).judged();
    assert_eq!(play.model.rows.all()[0].conclusion(), Some(Conclusion::Verified));
    let play = play.tell(holds(99));
    assert_eq!(play.model.rows.all()[0].conclusion(), None);
}

#[test]
fn a_broken_archive_says_so_and_is_not_read_for_ever() {
    let unread = || archive(&[], Evidence::known(EvidenceLevel::Claimed, Vec::new()));
    let broken = || archive(&[], Evidence::Unreadable { cause: "a.tar is torn".into() });
    let play = Play::start(80, 24).tell(archives(vec![unread()]));
    let task = play.model.tasks.running()[0].id;
    let failed = Msg::Task(TaskMsg::Measured { task, result: Err(problem("archive-undecided", "a.tar is torn", "")) });
    let play = play.tell(failed).tell(archives(vec![broken()])).tell(archives(vec![broken()]));
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Measure { .. })), 1);
    assert!(play.text().contains("undecided") && play.text().contains("a.tar is torn"), "{}", play.text());
    assert_eq!(play.model.rows.counts().of(Conclusion::Undecided), 1);
}

#[test]
fn what_failed_is_measured_again_when_asked() {
    let play = Play::ready(80, 24).select("redis:7").keys("v");
    let measures = |play: &Play| count(play, |effect| matches!(effect, Effect::Measure { .. }));
    let task = play.model.tasks.of(&key_of(&play, "redis:7").image).unwrap();
    let cause = "`docker save` ended early";
    let failed = TaskMsg::Measured { task, result: Err(problem("engine-undecided", cause, "")) };
    let play = play.tell(Msg::Task(failed));
    assert_eq!((play.model.tasks.running().len(), measures(&play)), (0, 1), "nothing tries again in silence");
    assert!(play.text().contains(cause), "{}", play.text());
    let play = measured(play.keys("v"), "redis:7", Evidence::measured(digest(7)));
    assert_eq!(measures(&play), 2);
    assert!(play.model.rows.get(&key_of(&play, "redis:7")).unwrap().is_measured());
}

#[test]
fn until_the_user_chooses_the_first_row_is_selected() {
    let play = Play::ready(80, 24);
    assert_eq!(play.model.rows.selected().unwrap().label(), "acme/api:latest");
    assert_eq!(play.model.rows.cursor(), 0);
}

#[test]
fn publishing_measures_first_and_signs_only_after_the_passphrase() {
    let play = Play::ready(80, 24).select("redis:7").keys("p");
    assert_eq!(sign_step(&play), Some(Step::Measuring));
    let play = measured(play, "redis:7", Evidence::measured(digest(7)));
    assert_eq!(sign_step(&play), Some(Step::Estimating));
    let Some(Effect::Quote { statement: Statement::Release { digests, .. }, .. }) =
        play.asked.iter().rev().find(|effect| matches!(effect, Effect::Quote { .. }))
    else {
        panic!("the cost was not asked for")
    };
    assert_eq!(digests[0].digest, digest(7));
    let play = play.quoted().key(Key::Enter);
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Submit { .. })), 0, "no passphrase, no signature");
    let play = play.passphrase(8).key(Key::Enter).key(Key::Enter).key(Key::Enter);
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Submit { .. })), 1, "Enter signs once");
}

#[test]
fn what_is_signed_is_what_is_here() {
    let play = Play::ready(80, 24).select("acme/api:latest").keys("p").quoted().passphrase(8);
    assert_eq!(sign_step(&play), Some(Step::Ready));
    let mut changed = images();
    changed[1].evidence = Evidence::measured(digest(99));
    let play = play.tell(listed(changed)).key(Key::Enter);
    assert_eq!(sign_step(&play), Some(Step::Estimating), "the cost of what is here now");
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Submit { .. })), 0, "the old statement is not signed");
    let play = play.tell(listed(images().split_off(2)));
    assert_eq!(sign_step(&play), Some(Step::Stuck), "the image is gone");
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("p");
    let old = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Quote { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let play = play.key(Key::Right);
    let late = Msg::Sign(SignMsg::Quoted { ticket: old.unwrap(), result: Err(problem("x", "late", "")) });
    let play = play.tell(late);
    assert_eq!(sign_step(&play), Some(Step::Estimating));
    assert_eq!(sign_step(&play.quoted()), Some(Step::Ready));
}

#[test]
fn a_failure_before_sending_asks_again_and_one_after_it_stays_told() {
    let sent = || Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
    let settle = |play: Play, result| play.tell(Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result }));
    let wrong = settle(sent(), Err(problem("passphrase-wrong", "wrong", "")));
    assert_eq!(sign_step(&wrong), Some(Step::Ready));
    assert!(wrong.model.publications.is_empty());
    let lost = settle(
        sent()
            .tell(Msg::Sign(SignMsg::Stage { publication: PublicationId(1), stage: Stage::Broadcast { hash: hash() } }))
            .key(Key::Esc),
        Err(problem("node-unreachable", "the node is gone", "")),
    );
    assert_eq!(lost.model.publications[0].stage, Stage::Unknown { hash: hash() });
    let good = settle(sent().key(Key::Esc), Ok(settled()));
    assert!(good.model.publications.is_empty());
    assert!(good.text().contains("published in block 1205"));
}

#[test]
fn what_the_user_cannot_do_is_answered_with_why() {
    let play = Play::ready(80, 24).key(Key::End).keys("p");
    assert!(play.model.dialog.is_none());
    assert!(play.text().contains("has no name to publish under"), "{}", play.text());
    let mut public = network();
    public.local = false;
    public.head.latest.hash = [9; 32];
    let play = Play::ready(80, 24).tell(Msg::Chain(ChainMsg::Block(public))).keys("3f");
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Fund(_))), 0);
    assert!(play.text().contains("faucet"));
}

#[test]
fn making_an_account_for_a_publication_returns_to_it() {
    let play = Play::ready(80, 24).tell(accounts(Vec::new())).select("acme/web:1.2").keys("p");
    assert_eq!(sign_step(&play), Some(Step::NoAccount));
    assert!(play.text().contains("● measured"), "{}", play.text());
    let claimed = play.key(Key::Esc).select("nginx:1.27").keys("p");
    assert_eq!(sign_step(&claimed), Some(Step::NoAccount));
    assert!(claimed.text().contains("○ measured"), "what was not measured is not said to be: {}", claimed.text());
    let play = claimed.key(Key::Esc).select("acme/web:1.2").keys("p");
    let play = play.key(Key::Ctrl('n')).secrets([0, 4, 0, 0], false).key(Key::Enter);
    let play = play.secrets([0, 4, 4, 0], true).key(Key::Enter).key(Key::Enter);
    let ticket = play.asked.iter().find_map(|effect| match effect {
        Effect::Do { ticket, deed: Deed::Keep { source: KeySource::New, label: None } } => Some(*ticket),
        _ => None,
    });
    let done = Done { account: Some(address(3)), words: "made".into(), open_until: None };
    let play = play.tell(Msg::Account(AccountMsg::Done { ticket: ticket.unwrap(), result: Ok(done) }));
    assert_eq!(sign_step(&play), Some(Step::Estimating));
}

#[test]
fn quitting_asks_only_while_work_would_be_lost() {
    let is_quit = |effect: &Effect| matches!(effect, Effect::Quit);
    assert_eq!(count(&Play::ready(80, 24).keys("q"), is_quit), 1);
    let busy = Play::ready(80, 24).keys("V").keys("q");
    assert_eq!(count(&busy, is_quit), 0);
    let busy = busy.keys("n");
    assert!(busy.model.dialog.is_none());
    assert_eq!(count(&busy.key(Key::Ctrl('c')).keys("y"), is_quit), 1);
    let sent = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
    let sent = sent.tell(Msg::Sign(SignMsg::Stage { publication: PublicationId(1), stage: included(1) }));
    assert_eq!(count(&sent.key(Key::Ctrl('c')), is_quit), 1, "what is sent is in the journal");
}

#[test]
fn a_history_is_asked_for_once_per_selection_and_late_ones_are_dropped() {
    let play = Play::ready(80, 24).select("acme/db:16");
    let late = HistoryMsg::Read { reference: "acme/web:1.2".parse().unwrap(), result: Ok(Vec::new()) };
    let before = play.model.history.clone();
    let play = play.tell(Msg::History(late));
    assert_eq!(play.model.history, before);
}

#[test]
fn a_lost_nodes_history_is_told_of_the_next_name_until_that_is_known() {
    let cause = || problem("node-unreachable", "the node is gone", "start it");
    let unread = |play: Play| {
        let reference = play.model.history.reference.clone().unwrap();
        play.tell(Msg::History(HistoryMsg::Read { reference, result: Err(cause()) }))
    };
    let play = unread(Play::ready(80, 24).tell(Msg::Chain(ChainMsg::Lost(cause()))).key(Key::Home));
    let first = play.model.history.clone();
    let moved = play.key(Key::Down);
    assert_ne!(moved.model.history.reference, first.reference);
    assert_eq!(moved.model.history.result, first.result, "no line is drawn twice");
    let asked = moved.asked.iter().filter(|effect| matches!(effect, Effect::ReadHistory { .. })).count();
    assert!(asked > 1, "it is asked for all the same");
    let found = unread(moved).tell(Msg::Chain(ChainMsg::Block(network()))).key(Key::Down);
    assert_eq!(found.model.history.result, None, "a node that answers has not been asked for this one");
}

#[test]
fn a_block_that_verdicts_tell_of_first_refreshes_history_and_balances() {
    let mut play = Play::ready(80, 24).select("acme/web:1.2");
    // What was asked for at the start has come.
    play.model.accounts.asking = false;
    play.asked.clear();
    let mut next = network();
    next.head.latest.number += 1;
    next.head.latest.hash = [8; 32];
    let judged =
        ChainMsg::Judged { network: Ok(next.clone()), rows: Vec::new(), checked_at: play.model.now, log_problem: None };
    let play = play.tell(Msg::Chain(judged)).tell(Msg::Chain(ChainMsg::Block(next)));
    assert_eq!(count(&play, |effect| matches!(effect, Effect::ReadHistory { .. })), 1);
    assert_eq!(count(&play, |effect| matches!(effect, Effect::ListAccounts)), 1);
}

/// What an earlier process left open under `acme/web:1.2`, and what a look at the chain found.
fn left_open(stage: Stage) -> Msg {
    left_open_as(JournalStage::Broadcast, stage)
}

fn left_open_as(kept: JournalStage, stage: Stage) -> Msg {
    let statement = Statement::Release {
        reference: reference("acme/web:1.2"),
        digests: Vec::new(),
        amends: 0,
        annotations: String::new(),
    };
    let entry = JournalEntry {
        hash: hash(),
        raw: vec![2],
        chain_id: 1337,
        genesis: None,
        second: None,
        from: address(1),
        nonce: 7,
        statement,
        stage: kept,
        block: None,
        at: Timestamp(screen::NOW - 60),
    };
    Msg::Sign(SignMsg::Resumed(Ok(vec![ResumedEntry { entry, stage }])))
}

#[test]
fn what_the_journal_had_in_a_block_is_no_news_but_to_who_waits_for_it() {
    let told = || left_open_as(JournalStage::Included, included(1));
    let play = Play::ready(80, 24).tell(told());
    assert!(play.model.publications.is_empty() && play.model.notices.is_empty());
    let sent = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
    let lost = Stage::Unknown { hash: hash() };
    let lost = Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Ok(lost) });
    let play = sent.tell(lost).tell(told());
    let one = &play.model.publications[0];
    assert!(!one.unfollowed && one.stage == included(1), "{one:?}");
    let play = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
    let lost = Stage::Unknown { hash: hash() };
    let lost = Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Ok(lost) });
    let play = play.key(Key::Esc).tell(lost).tell(left_open_as(JournalStage::Broadcast, settled()));
    assert!(play.model.publications.is_empty() && play.text().contains("is published in block"), "{}", play.text());
}

#[test]
fn what_an_earlier_process_left_open_is_followed_block_by_block_and_its_end_is_told() {
    let is_look = |effect: &Effect| matches!(effect, Effect::Look { .. });
    let play = Play::ready(80, 24).tell(left_open(included(1)));
    assert!(play.text().contains("publishing acme/web:1.2: included 1 of 3"), "{}", play.text());
    let play = play.tell(block(9));
    assert_eq!(count(&play, is_look), 1);
    let play = play.tell(block(10));
    assert_eq!(count(&play, is_look), 1, "one look at a time");
    let settle = |result| Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result });
    let play = play.tell(settle(Err(problem("node-unreachable", "the node is gone", "")))).tell(block(11));
    assert_eq!(count(&play, is_look), 2, "a node that was gone is asked again");
    let play = play.tell(settle(Ok(settled())));
    assert!(play.model.publications.is_empty());
    assert!(play.text().contains("acme/web:1.2 is published in block 1205"), "{}", play.text());
}

#[test]
fn what_no_node_answered_for_is_taken_up_with_the_next_block_and_not_signed_again() {
    let is_resume = |effect: &Effect| matches!(effect, Effect::Resume);
    let settle = |stage| Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Ok(stage) });
    for lost in [Stage::Unknown { hash: hash() }, Stage::Dropped { hash: hash() }] {
        let sent = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
        let mut play = sent.tell(settle(lost)).key(Key::Esc).key(Key::Esc);
        play.asked.clear();
        let play = play.tell(block(9));
        assert_eq!(count(&play, is_resume), 1, "the journal has it");
        let play = play.keys("p");
        assert_eq!(sign_step(&play), Some(Step::Stuck));
        assert!(play.text().contains("waits for its block"), "{}", play.text());
        assert_eq!(count(&play, |effect| matches!(effect, Effect::Quote { .. })), 0, "nothing is said twice");
        let play = play.key(Key::Esc).tell(left_open(Stage::Broadcast { hash: hash() })).tell(block(10));
        assert_eq!(play.model.publications.len(), 1, "one and the same");
        assert_eq!((count(&play, is_resume), count(&play, |effect| matches!(effect, Effect::Look { .. }))), (1, 1));
        let play = play.tell(settle(settled()));
        assert!(play.text().contains("acme/web:1.2 is published in block 1205"), "{}", play.text());
    }
}

#[test]
fn an_account_whose_key_is_elsewhere_needs_no_passphrase_here() {
    let with = |kind: AccountKind| {
        let account = Account { kind, ..screen::account(1, true, 9998) };
        let accounts = vec![screen::account(2, true, 9998), Account { is_default: false, ..account }];
        let listed = AccountList { accounts, problems: Vec::new(), removed: Vec::new(), node: None };
        let play = Play::ready(80, 24).tell(Msg::Account(AccountMsg::Listed(Ok(listed)))).select("acme/web:1.2");
        play.keys("p").quoted().key(Key::Right)
    };
    for kind in [AccountKind::Cold, AccountKind::Contract] {
        let play = with(kind).carried().key(Key::Enter);
        assert_eq!(sign_step(&play), Some(Step::Carrying));
        assert!(!play.text().contains("at most"), "no other account's cost: {}", play.text());
        assert_eq!(count(&play, |effect| matches!(effect, Effect::Quote { .. })), 1, "the other account's alone");
        assert_eq!(count(&play, |effect| matches!(effect, Effect::Submit { .. })), 0);
    }
    let play = with(AccountKind::Clef("ipc:/run/clef.ipc".parse().unwrap())).quoted();
    assert!(play.text().contains("asks the signer") && !play.text().contains("passphrase"), "{}", play.text());
    let play = play.key(Key::Enter);
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Submit { .. })), 1);
}

#[test]
fn a_transaction_that_waits_is_sped_up_or_taken_back() {
    let sent = || Stage::Broadcast { hash: hash() };
    let idle = Play::ready(80, 24).select("acme/web:1.2").keys("+");
    assert!(
        idle.model.dialog.is_none() && idle.text().contains("no transaction about this image waits"),
        "{}",
        idle.text()
    );
    for (key, cancel, words) in [("+", false, "Speed up acme/web:1.2"), ("-", true, "Take back acme/web:1.2")] {
        let play = Play::ready(100, 30).tell(left_open(sent())).select("acme/web:1.2").keys(key);
        assert!(play.text().contains(words), "{}", play.text());
        assert!(play.text().contains(&hash().to_string()), "the whole transaction: {}", play.text());
        let asked = play.asked.iter().find_map(|effect| match effect {
            Effect::QuoteReplacement { ticket, replaces, cap: None } => Some((*ticket, *replaces)),
            _ => None,
        });
        let (ticket, replaces) = asked.expect("the cost is asked for");
        assert_eq!((replaces.transaction, replaces.cancel), (hash(), cancel));
        let reference = reference("acme/web:1.2");
        let statement = if cancel {
            Statement::Cancellation { reference: Some(reference), of: hash() }
        } else {
            Statement::Revocation { reference, digests: Vec::new(), reason: "x".into() }
        };
        let quoted = Quote { replaces: Some(replaces), ..screen::quote(statement, address(1)) };
        let play = play.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(quoted.clone())) }));
        assert_eq!(sign_step(&play), Some(Step::Ready));
        let dearer = priced(play, "7");
        assert_eq!(caps(&dearer), [None, Some(gwei("7"))]);
        let Some(Dialog::Sign(sign)) = &dearer.model.dialog else { panic!("the dialog is open") };
        let (ticket, cost) = (sign.ticket, quoted.cost.capped(gwei("7")));
        let quoted = Quote { cost, needed: gwei("8"), ..quoted };
        let play = dearer.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(quoted)) }));
        assert!(play.text().contains("signed for 8 gwei at least"), "{}", play.text());
        let play = play.passphrase(5).key(Key::Enter);
        let sent = play
            .asked
            .iter()
            .any(|effect| matches!(effect, Effect::Submit { quote, .. } if quote.replaces == Some(replaces)));
        assert!(sent, "{:?}", play.asked);
        assert_eq!(play.model.publications.len(), 1, "both are followed as one");
        if cancel {
            // The chain took the other one of the two.
            let id = play.model.publications[0].id;
            let other = TransactionHash([0xcd; 32]);
            let done =
                Stage::Final { hash: other, inclusion: settled().inclusion().unwrap(), finality: Finality::Final };
            let play = play.tell(Msg::Sign(SignMsg::Settled { publication: id, result: Ok(done) }));
            assert!(play.text().contains("was taken back in block 1205"), "{}", play.text());
        }
    }
}

const fn asks_endpoints(effect: &Effect) -> bool {
    matches!(effect, Effect::ReadNode)
}

/// The next block, whose hash is made of this byte.
fn block(hash: u8) -> Msg {
    let mut network = network();
    network.head.latest.hash = [hash; 32];
    Msg::Chain(ChainMsg::Block(network))
}

#[test]
fn the_endpoints_are_asked_only_while_they_are_shown() {
    let play = Play::ready(80, 24).tell(block(9)).after(60).tell(block(10));
    assert_eq!(count(&play, asks_endpoints), 0, "nobody looks");
    let play = play.keys("5");
    assert_eq!(count(&play, asks_endpoints), 1);
    let play = play.after(60).tell(block(11)).tell(block(12));
    assert_eq!(count(&play, asks_endpoints), 1, "one question at a time");
    let play = play.tell(quarrel());
    assert_eq!(count(&play, asks_endpoints), 2, "and once more for all that came meanwhile");
    let play = play.tell(quarrel());
    assert_eq!(count(&play, asks_endpoints), 2);
    let play = play.tell(block(13)).tell(quarrel());
    assert_eq!(count(&play, asks_endpoints), 3, "a new head");
    let play = play.after(4);
    assert_eq!(count(&play, asks_endpoints), 3, "what is shown is new");
    assert_eq!(next_wake(&play.model), 1);
    let play = play.after(1).tell(quarrel());
    assert_eq!(count(&play, asks_endpoints), 4);
    let play = play.keys("r").tell(quarrel());
    assert_eq!(count(&play, asks_endpoints), 5, "the user asks");
    let play = play.keys("1").after(60).tell(block(14)).after(60);
    assert_eq!(count(&play, asks_endpoints), 5, "nobody looks any more");
    let play = play.keys("5");
    assert_eq!(count(&play, asks_endpoints), 6, "what is known is old");
    assert!(play.text().contains("DISSENTS"), "and shown until the answer comes");
}

#[test]
fn an_answer_that_comes_after_the_pane_was_left_asks_no_more() {
    let play = Play::ready(80, 24).keys("5").tell(block(9)).keys("3").tell(quarrel());
    assert_eq!(count(&play, asks_endpoints), 1);
    assert!(!play.model.endpoints.asking && !play.model.endpoints.stale);
}

#[test]
fn panes_follow_one_another_both_ways() {
    let panes = |key: Key| {
        let mut play = Play::ready(80, 24);
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push(play.model.pane);
            play = play.key(key);
        }
        seen
    };
    let there = [Pane::Images, Pane::Market, Pane::Accounts, Pane::Trust, Pane::Node, Pane::Activity, Pane::Images];
    assert_eq!(panes(Key::Tab), there);
    assert_eq!(panes(Key::BackTab).iter().rev().collect::<Vec<_>>(), there.iter().collect::<Vec<_>>());
}

#[test]
fn the_selected_endpoint_keeps_its_place_and_is_copied() {
    let play = Play::ready(80, 24).keys("5").tell(quarrel()).key(Key::Down).tell(quarrel()).keys("y");
    let copied = |text: &str| Effect::Copy(text.to_owned());
    assert!(play.asked.contains(&copied("https://sepolia.two.example:8545")), "{:?}", play.asked);
    for words in ["https://rpc.one.example says", &format!("0x{}", "01".repeat(32)), &format!("0x{};", "02".repeat(32))]
    {
        assert!(play.text().contains(words), "what it said and they did: {}", play.text());
    }
    let fewer = screen::endpoints("sepolia", None, 1, vec![screen::silent("http://127.0.0.1:8545")]);
    let play = play.tell(fewer).keys("y");
    assert!(play.asked.contains(&copied("http://127.0.0.1:8545")), "its endpoint is gone: {:?}", play.asked);
}

#[test]
fn a_peer_is_added_by_an_enode_url_that_could_be_one() {
    let enode = format!("enode://{}@192.0.2.7:30303", "a1".repeat(64));
    let adds = |play: &Play| count(play, |effect| matches!(effect, Effect::AddPeer(told) if told.as_str() == enode));
    let local = Play::ready(80, 24).keys("5").tell(screen::embedded()).keys("a");
    assert!(local.model.dialog.is_none() && local.text().contains("shared with nobody"), "{}", local.text());

    let play = Play::ready(80, 24).keys("5").tell(quarrel()).keys("a").keys(&enode[..40]).key(Key::Enter);
    assert_eq!(count(&play, |effect| matches!(effect, Effect::AddPeer(_))), 0);
    assert!(play.text().contains("128 hex digits"), "{}", play.text());
    let play = play.key(Key::Ctrl('u')).tell(Msg::Input(InputMsg::Paste(format!(" {enode}\n")))).key(Key::Enter);
    assert_eq!(adds(&play), 1);
    let play = play.key(Key::Enter).keys("x");
    assert_eq!(adds(&play), 1, "it is being told");
    let refused = problem("node-refused", "the node does not tell whom it is connected to", "ask over IPC");
    let play = play.tell(Msg::Node(NodeMsg::PeerAdded(Err(refused))));
    assert!(play.text().contains("does not tell whom") && play.text().contains("ask over IPC"), "{}", play.text());
    let play = play.key(Key::Enter).tell(Msg::Node(NodeMsg::PeerAdded(Ok(()))));
    assert_eq!((adds(&play), count(&play, asks_endpoints)), (2, 2), "its peers are read again");
    assert!(play.model.dialog.is_none());
    let play = play.keys("a").key(Key::Esc);
    assert!(play.model.dialog.is_none());
}

fn gwei(text: &str) -> Wei {
    Wei::from_gwei(text).unwrap()
}

/// The caps with which the cost was asked for.
fn caps(play: &Play) -> Vec<Option<Wei>> {
    let cap = |effect: &Effect| match effect {
        Effect::Quote { cap, .. } | Effect::QuoteReplacement { cap, .. } => Some(*cap),
        _ => None,
    };
    play.asked.iter().filter_map(cap).collect()
}

/// The price field holds `text`, and Enter was pressed.
fn priced(play: Play, text: &str) -> Play {
    play.key(Key::Ctrl('g')).key(Key::Ctrl('u')).keys(text).key(Key::Enter)
}

#[test]
fn what_is_signed_is_the_price_that_is_shown() {
    let ready = || Play::ready(80, 24).select("acme/api:latest").keys("p").quoted().passphrase(8);
    let play = priced(ready(), "2.5");
    assert_eq!(caps(&play), [None, Some(gwei("2.5"))], "asked again");
    assert_eq!(sign_step(&play), Some(Step::Estimating));
    let play = play.quoted();
    assert!(play.text().contains("at most 2.5 gwei for one gas"), "{}", play.text());
    assert!(play.text().contains("at most 0.000181365 ETH"), "the whole cost follows: {}", play.text());
    assert!(!play.text().contains("The next block asks"), "{}", play.text());
    let play = play.key(Key::Enter);
    assert_eq!(count(&play, |effect| matches!(effect, Effect::Submit { .. })), 0, "the passphrase is typed again");
    let play = play.passphrase(8).key(Key::Enter);
    let signed = play.asked.iter().find_map(|effect| match effect {
        Effect::Submit { quote, .. } => Some(quote.cost.max_gas_price),
        _ => None,
    });
    assert_eq!(signed, Some(gwei("2.5")));

    let play = priced(priced(ready(), "2.5").quoted(), "");
    assert_eq!(caps(&play).last(), Some(&None), "empty: as the program proposes");
    let play = priced(ready(), "2.5").quoted().key(Key::Right).quoted();
    assert!(play.text().contains("at most 2.5 gwei"), "another account pays no more: {}", play.text());
}

#[test]
fn a_price_that_cannot_be_is_told_and_asks_nothing() {
    let ready = || Play::ready(80, 24).select("acme/api:latest").keys("p").quoted();
    for (text, words) in [
        ("2,5", "`2,5` is no price in gwei"),
        ("lots", "`lots` is no price in gwei"),
        ("0", "at a price of nothing"),
        ("2000000", "enough for 1378160.0"),
    ] {
        let play = priced(ready(), text);
        assert_eq!((sign_step(&play), caps(&play)), (Some(Step::Price), vec![None]), "{text}");
        let shown = play.text().split_whitespace().collect::<Vec<_>>().join(" ").replace(" │ │ ", " ");
        assert!(shown.contains(words), "{words} in {}", play.text());
        let play = play.key(Key::Esc);
        assert_eq!(sign_step(&play), Some(Step::Ready), "the price as it was");
        assert!(play.text().contains("at most 5 gwei"), "{}", play.text());
    }
    let cheap = priced(ready(), "1.5").quoted();
    assert_eq!(sign_step(&cheap), Some(Step::Ready), "it may wait");
    assert!(cheap.text().contains("The next block asks for 2 gwei: for less it waits"), "{}", cheap.text());
}

/// The dialog with the usual cost, changed by `change`.
fn quoted_as(change: impl FnOnce(Quote) -> Quote) -> Play {
    let play = Play::ready(80, 24).select("acme/api:latest").keys("p");
    let (ticket, statement, from) = play
        .asked
        .iter()
        .find_map(|effect| match effect {
            Effect::Quote { ticket, statement, from, .. } => Some((*ticket, statement.clone(), *from)),
            _ => None,
        })
        .unwrap();
    let quote = change(screen::quote(statement, from));
    play.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(quote)) }))
}

#[test]
fn what_a_chain_takes_beside_gas_is_told_beside_the_cost() {
    let on = |chain_id| {
        quoted_as(|quote| Quote { network: NetworkView { chain_id, ..quote.network.clone() }, ..quote }).text()
    };
    assert!(on(8453).contains("a fee for L1 data on top"), "{}", on(8453));
    assert!(!on(1).contains("L1 data"), "{}", on(1));
}

#[test]
fn a_cost_that_the_account_cannot_pay_is_lowered_in_the_dialog() {
    let play = quoted_as(|quote| Quote { balance: gwei("300000"), ..quote });
    assert_eq!(sign_step(&play), Some(Step::Stuck));
    assert!(play.text().contains("holds 0.0003 ETH"), "{}", play.text());
    let play = play.key(Key::Ctrl('g')).key(Key::Esc);
    assert_eq!(sign_step(&play), Some(Step::Stuck), "nothing changed");
    assert!(play.text().contains("holds 0.0003 ETH"), "{}", play.text());
    assert_eq!(caps(&priced(play, "4")), [None, Some(gwei("4"))]);
}

#[test]
fn what_ended_while_no_process_looked_is_told_once() {
    let good = Play::ready(80, 24).tell(left_open(settled()));
    assert!(good.model.publications.is_empty());
    assert!(good.text().contains("begun earlier: acme/web:1.2 is published in block 1205"), "{}", good.text());
    let bad = Play::ready(80, 24).tell(left_open(Stage::Replaced { hash: hash() }));
    assert!(bad.model.publications.is_empty());
    assert!(bad.text().contains("begun earlier: acme/web:1.2: another transaction"), "{}", bad.text());
}

#[test]
fn a_journal_that_cannot_be_read_is_told() {
    let play = Play::ready(80, 24);
    let failed = |problem| Msg::Sign(SignMsg::Resumed(Err(problem)));
    let play = play.tell(failed(problem("store-corrupt", "the journal is damaged", "")));
    assert!(
        play.text().contains("open publications could not be looked up: the journal is damaged"),
        "{}",
        play.text()
    );
}

#[test]
fn what_could_not_be_looked_up_is_asked_for_with_each_block_and_told_once() {
    let is_resume = |effect: &Effect| matches!(effect, Effect::Resume);
    let failed = || Msg::Sign(SignMsg::Resumed(Err(problem("node-unreachable", "the node is gone", ""))));
    let mut play = Play::ready(80, 24).tell(failed());
    play.asked.clear();
    let play = play.tell(block(9)).tell(block(10));
    assert_eq!(count(&play, is_resume), 1, "one at a time");
    // A block came meanwhile, so that it is asked for once more.
    let play = play.tell(failed()).tell(failed());
    assert_eq!(count(&play, is_resume), 2);
    assert_eq!(play.model.notices.len(), 1, "{:?}", play.model.notices);
    let play = play.tell(block(11)).tell(Msg::Sign(SignMsg::Resumed(Ok(Vec::new())))).tell(block(12));
    assert_eq!(count(&play, is_resume), 3, "nothing is open any more");
}

#[test]
fn a_block_that_is_taken_back_is_told_of_what_was_told_to_be_in_it() {
    let is_resume = |effect: &Effect| matches!(effect, Effect::Resume);
    let mut early = settled();
    if let Stage::Final { finality, .. } = &mut early {
        *finality = Finality::Included;
    }
    let sent = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
    let settle = Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Ok(early) });
    let mut play = sent.key(Key::Esc).tell(settle);
    assert!(play.model.publications.is_empty(), "three confirmations are told");
    play.asked.clear();
    let play = play.tell(block(9));
    assert_eq!(count(&play, is_resume), 1, "and its block is watched until it is final");
    let play = play.tell(left_open_as(JournalStage::Included, Stage::Broadcast { hash: hash() }));
    assert!(play.text().contains("the chain took its block back"), "{}", play.text());
    assert!(play.text().contains("sent, not in a block"), "its row says so: {}", play.text());
}

#[test]
fn what_another_process_saw_the_end_of_is_waited_for_no_longer() {
    let sent = Play::ready(80, 24).select("acme/web:1.2").keys("p").quoted().passphrase(3).key(Key::Enter);
    let lost =
        Msg::Sign(SignMsg::Settled { publication: PublicationId(1), result: Ok(Stage::Unknown { hash: hash() }) });
    let play = sent.key(Key::Esc).tell(lost).tell(block(9)).tell(Msg::Sign(SignMsg::Resumed(Ok(Vec::new()))));
    assert!(
        play.model.publications.is_empty() && play.text().contains("the activity pane tells how"),
        "{}",
        play.text()
    );
}

#[test]
fn an_idle_screen_wakes_rarely() {
    let play = Play::ready(80, 24);
    let (mut now, mut wakes) = (0, 0);
    let mut model = play.model;
    while now < 600 {
        let wait = next_wake(&model);
        assert!(wait >= 1);
        now += wait;
        wakes += 1;
        daochain::app::update(&mut model, Msg::Clock(Timestamp(screen::NOW + now)));
    }
    assert!(wakes <= 35, "{wakes} wakes in ten minutes");
}

#[test]
fn ten_thousand_images_stay_smooth() {
    let many: Vec<_> = (0..10_000u32)
        .map(|n| {
            let mut one =
                image((n % 250) as u8, Some(&format!("lab/service-{n}:1")), EvidenceLevel::Claimed, u64::from(n), 5);
            one.id.id = format!("sha256:{n:064x}");
            one
        })
        .collect();
    let mut play = Play::ready(80, 24).tell(listed(many)).judged().key(Key::Home);
    let began = std::time::Instant::now();
    for _ in 0..100 {
        play = play.key(Key::Down);
        let _ = draw(&play.model, Theme::COLOUR);
    }
    assert_eq!(play.model.rows.cursor(), 100);
    // An unoptimised build on a busy machine still has to stay far below what an eye sees.
    assert!(began.elapsed().as_millis() / 100 < 60, "{:?} for 100 keys", began.elapsed());
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        6 => proptest::sample::select(vec!['q', 'n', 'y', 'p', 'r', 'v', 'V', 'x', 'X', '/', 's', '1', '2', '3', '4', '5', 'm', 'e', 'a', '+', 'd', 'f', '?', 'i', 'u', 'l', 'e', 'c', 'w', 'D', 'S', 'T', 'R', 'g', 'G', 'j', 'k', '.', 'z', ':', ' ', 'o', 'b', 't', '6', 'Y', 'O', 'A', 'C', 'E', 'I', 'K', 'L', 'N', 'P', 'h', '!', '-', 'é', '漢'])
            .prop_map(Key::Char),
        4 => proptest::sample::select(vec![Key::Enter, Key::Esc, Key::Tab, Key::BackTab, Key::Backspace, Key::Delete, Key::Left,
            Key::Right, Key::Up, Key::Down, Key::PageUp, Key::PageDown, Key::Home, Key::End]),
        1 => proptest::sample::select(vec!['n', 'u', 'w', 'l', 'a', 'e', 'k', 'g', 'p', 'o', 'f']).prop_map(Key::Ctrl),
    ]
}

fn any_msg() -> impl Strategy<Value = Msg> {
    let lost = || problem("engine-unreachable", "the engine is gone", "start it");
    let some = |count: usize| images().into_iter().take(count).collect::<Vec<_>>();
    prop_oneof![
        12 => any_key().prop_map(|key| Msg::Input(InputMsg::Key(key))),
        1 => (0u16..220, 0u16..70).prop_map(|(width, height)| Msg::Input(InputMsg::Resize { width: width.max(1), height: height.max(1) })),
        2 => prop_oneof![
            (0usize..20).prop_map(|row| InputMsg::Click(Target::Row(row))),
            proptest::sample::select(panes().to_vec()).prop_map(|(pane, ..)| InputMsg::Click(Target::Pane(pane))),
            any::<bool>().prop_map(|up| InputMsg::Wheel { up }),
            Just(InputMsg::Focus),
        ].prop_map(Msg::Input),
        1 => "\\PC{0,20}".prop_map(|text| Msg::Input(InputMsg::Paste(text))),
        1 => (0usize..2000, 0usize..20).prop_map(|(first, again)| Msg::Input(InputMsg::Secret(SecretShape { typed: [first, again, again, first], same: true, strength: None }))),
        1 => (0usize..10).prop_map(move |count| listed(some(count))),
        1 => (0usize..10, 0usize..10).prop_map(move |(here, gone)| {
            let here: Vec<_> = images().into_iter().skip(here).take(2).filter(|image| !image.references.is_empty()).collect();
            let gone = images().into_iter().skip(gone).take(1).map(|image| image.id);
            Msg::Source(SourceMsg::Some { gone: gone.filter(|id| here.iter().all(|image| image.id != *id)).collect(), images: here })
        }),
        1 => Just(Msg::Source(SourceMsg::Lost(lost()))),
        1 => Just(Msg::Source(SourceMsg::Listed(Listing { images: Vec::new(), problems: vec![lost()], engine: None }))),
        1 => Just(Msg::Chain(ChainMsg::Lost(lost()))),
        1 => Just(Msg::Chain(ChainMsg::Block(network()))),
        1 => (0u64..5).prop_map(|seconds| Msg::Clock(Timestamp(screen::NOW + seconds * 100))),
        1 => (1u64..4, 0u64..4).prop_map(|(id, n)| Msg::Sign(SignMsg::Stage { publication: PublicationId(id), stage: included(n) })),
        1 => (1u64..4).prop_map(|id| Msg::Sign(SignMsg::Settled { publication: PublicationId(id), result: Ok(settled()) })),
        1 => (1u64..4).prop_map(|id| Msg::Sign(SignMsg::Settled { publication: PublicationId(id), result: Err(problem("x", "y", "z")) })),
        1 => (1u64..9).prop_map(|id| Msg::Task(TaskMsg::Measured { task: daochain::app::tasks::TaskId(id), result: Ok(Found::Evidence(Evidence::measured(digest(7)))) })),
        1 => (1u64..9).prop_map(|ticket| {
            let done = Done { account: Some(address(3)), words: "done".into(), open_until: Some(Timestamp(screen::NOW + 60)) };
            Msg::Account(AccountMsg::Done { ticket, result: Ok(done) })
        }),
        1 => (1u64..9).prop_map(|ticket| Msg::Account(AccountMsg::Done { ticket, result: Err(problem("passphrase-wrong", "y", "z")) })),
        1 => Just(accounts(vec![account(3, true, 5), cold(4)])),
        1 => Just(accounts(Vec::new())),
        1 => Just(quarrel()),
        1 => Just(screen::embedded()),
        1 => Just(Msg::Node(NodeMsg::PeerAdded(Err(problem("x", "y", "z"))))),
        1 => Just(Msg::Node(NodeMsg::PeerAdded(Ok(())))),
        2 => any_answer(),
        1 => any_news(),
        1 => (0usize..4).prop_map(|count| Msg::Sign(SignMsg::Journal(Ok((0..count).map(sent).collect())))),
        1 => Just(Msg::Trust(TrustMsg::Read(Ok(TrustPolicy { rules: vec![rule()], ..TrustPolicy::default() })))),
        1 => Just(Msg::Trust(TrustMsg::Read(Err(problem("trust-invalid", "trust.toml says nothing", "mend it"))))),
        1 => Just(Msg::CheckedUp(Ok(vec![Finding::trouble(Area::Node, "it is gone").step("`daochain node status` tells")]))),
        1 => Just(Msg::Saved(Ok("/tmp/x".into()))),
        1 => "\\PC{0,20}".prop_map(Msg::Notice),
        1 => (1u64..12, any::<u32>()).prop_map(|(ticket, done)| {
            let progress = Progress { done: done.into(), total: Some(1000), elapsed: Duration::from_secs(1) };
            Msg::Looking { ticket, progress }
        }),
    ]
}

/// Of the market, of what stands beside an image, and of what an account may do.
fn any_news() -> impl Strategy<Value = Msg> {
    let trouble = || problem("node-unreachable", "y", "z");
    let ticket = 1u64..12;
    let name = |at: usize| images()[at % 4].references.first().cloned().unwrap_or_else(|| reference("redis:7"));
    let moments = (Timestamp(screen::NOW - 9), Timestamp(screen::NOW));
    let ware = move |at: usize| Ware::published((name(at), address(7), 1), moments, Vec::new());
    prop_oneof![
        (ticket.clone(), 0usize..30, 0usize..9).prop_map(move |(ticket, count, offset)| {
            let page = MarketPage { wares: (0..count).map(ware).collect(), offset, total: 40, ..MarketPage::default() };
            Msg::Market(MarketMsg::Found { ticket, result: Ok(page) })
        }),
        ticket.clone().prop_map(move |ticket| Msg::Market(MarketMsg::Found { ticket, result: Err(trouble()) })),
        (ticket.clone(), 0usize..50)
            .prop_map(|(ticket, total)| Msg::Market(MarketMsg::Counted { ticket, result: Ok(total) })),
        ticket.clone().prop_map(move |ticket| Msg::Market(MarketMsg::Judged { ticket, result: Err(trouble()) })),
        (ticket.clone(), any::<bool>()).prop_map(|(ticket, measuring)| {
            Msg::Market(MarketMsg::Pulling { ticket, layers: (1, 2), bytes: (9, None), measuring })
        }),
        ticket.clone().prop_map(|ticket| Msg::Market(MarketMsg::Pulled { ticket, result: Ok("pulled".into()) })),
        (0usize..4, any::<bool>()).prop_map(move |(at, known)| {
            Msg::Market(MarketMsg::Vouched { reference: name(at), vouching: known.then(Default::default) })
        }),
        ticket.clone().prop_map(move |ticket| Msg::Why(WhyMsg::Compared { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(|ticket| Msg::Why(WhyMsg::Listed { ticket, result: Ok(Vec::new()) })),
        ticket.prop_map(|ticket| Msg::Why(WhyMsg::Progress { ticket, progress: Progress::default() })),
        (3u8..5).prop_map(|n| {
            Msg::Account(AccountMsg::Abilities { account: address(n), result: Ok(Abilities::default()) })
        }),
        (0usize..4).prop_map(move |at| Msg::History(HistoryMsg::Read { reference: name(at), result: Err(trouble()) })),
        Just(Msg::Trust(TrustMsg::Rewritten)),
        (0u16..300).prop_map(|top| Msg::Input(InputMsg::Bottom { top })),
    ]
}

fn rule() -> Rule {
    Rule::new("acme/*".parse().unwrap(), address(7))
}

/// A transaction of the journal, at one of its stages.
fn sent(seed: usize) -> Sent {
    let stage = [JournalStage::Signed, JournalStage::Broadcast, JournalStage::Included, JournalStage::Final][seed % 4];
    let namespace = "docker.io/acme".parse().unwrap();
    let entry = JournalEntry {
        hash: TransactionHash([u8::try_from(seed).unwrap(); 32]),
        raw: Vec::new(),
        chain_id: 1337,
        genesis: None,
        second: None,
        from: address(1),
        nonce: 1,
        statement: Statement::NamespaceClaim { namespace, taken_back: false },
        stage,
        block: None,
        at: Timestamp(screen::NOW - 60),
    };
    Sent { entry, stage: None }
}

/// What a registry serves, and what was said of it.
fn sighting(said: Said) -> Box<Sighting> {
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest: digest(41) }];
    Box::new(Sighting { digests, observer: address(1), said, verdict: None, doubt: Some("it is new".into()) })
}

/// What an inquiry comes to, with a change that can be taken over or none.
fn told(change: bool) -> Told {
    let change = change.then(|| Box::new(TrustChange::Add(rule())));
    let facts = vec![Fact::plain("publisher", address(9).to_string()); 9];
    Told { facts, change, ..Told::new("Who", "nobody", Tone::Plain) }
}

fn watch() -> Watch {
    Watch {
        names: vec![reference("redis:7")],
        account: address(1),
        every: 60,
        depth: Depth::Manifests,
        renew: None,
        cap: None,
    }
}

/// An answer that somebody may wait for, or nobody.
fn any_answer() -> impl Strategy<Value = Msg> {
    let trouble = || problem("passphrase-wrong", "y", "`daochain account new` makes one");
    let ticket = 1u64..12;
    let said = proptest::sample::select(vec![Said::Otherwise, Said::Same, Said::Withdrawn]);
    prop_oneof![
        (ticket.clone(), said)
            .prop_map(|(ticket, said)| Msg::Sign(SignMsg::Sighted { ticket, result: Ok(sighting(said)) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Sighted { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Planned { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(|ticket| Msg::Sign(SignMsg::Put { ticket, result: Ok("it stands".into()) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Put { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Document { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Given { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Asked { ticket, result: Err(trouble()) })),
        ticket.clone().prop_map(move |ticket| Msg::Sign(SignMsg::Quoted { ticket, result: Err(trouble()) })),
        (ticket.clone(), any::<bool>())
            .prop_map(|(ticket, change)| Msg::Told { ticket, result: Ok(Box::new(told(change))) }),
        ticket.clone().prop_map(move |ticket| Msg::Told { ticket, result: Err(trouble()) }),
        ticket.clone().prop_map(|ticket| Msg::Trust(TrustMsg::Changed {
            ticket,
            result: Ok(("done".into(), TrustPolicy::default()))
        })),
        ticket.clone().prop_map(|ticket| Msg::Watch(WatchMsg::Begun { ticket, watch: Box::new(watch()) })),
        ticket.clone().prop_map(|ticket| Msg::Watch(WatchMsg::Looked { ticket, result: Ok(Looked::default()) })),
        ticket.clone().prop_map(move |ticket| Msg::Watch(WatchMsg::Ended { ticket, problem: trouble() })),
        ticket.prop_map(move |ticket| Msg::Trust(TrustMsg::Changed { ticket, result: Err(trouble()) })),
    ]
}

/// What the world answers at once.
fn answer(effect: Effect) -> Option<Msg> {
    let quoted = |ticket, quote: Quote, cap| {
        Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(screen::capped(quote, cap))) })
    };
    Some(match effect {
        Effect::Quote { ticket, mut statement, from, cap, making, .. } => {
            if let (Making::Amended, Statement::Release { digests, amends, .. }) = (making, &mut statement) {
                digests.truncate(1);
                *amends = 6;
            }
            quoted(ticket, screen::quote(statement, from), cap)
        }
        Effect::QuoteDeployment { ticket, from, cap } => {
            let deployed =
                Statement::Deployment { what: Contract::Registry, contract: address(77), deterministic: true };
            quoted(ticket, screen::quote(deployed, from), cap)
        }
        Effect::Ask { ticket, statement, publisher, contract, .. } => {
            let carried = screen::carried(statement, publisher, contract);
            Msg::Sign(SignMsg::Asked { ticket, result: Ok(Box::new(carried)) })
        }
        Effect::Observe { ticket, .. } => Msg::Sign(SignMsg::Sighted { ticket, result: Ok(sighting(Said::Otherwise)) }),
        Effect::PlanClaim { ticket, publisher, wish } => {
            let claim = Statement::NamespaceClaim { namespace: wish.namespace.clone(), taken_back: false };
            let cost = Some(screen::quote(claim, publisher).cost);
            let plan = ClaimPlan { wish, publisher, push: Some(Timestamp(screen::NOW)), beside: Vec::new(), cost };
            Msg::Sign(SignMsg::Planned { ticket, result: Ok(Box::new(plan)) })
        }
        Effect::ReadPolicy { ticket, reference, .. }
        | Effect::Compose { ticket, wish: ReleaseWish { reference, .. } } => {
            let digests = vec![KindedDigest { kind: DigestKind::Config, digest: digest(6) }];
            let statement = Statement::Release { reference, digests, amends: 0, annotations: String::new() };
            let document = Document { statement, notes: vec!["of one platform".into()] };
            Msg::Sign(SignMsg::Document { ticket, result: Ok(Box::new(document)) })
        }
        Effect::Inquire { ticket, .. } => Msg::Told { ticket, result: Ok(Box::new(told(ticket % 2 == 0))) },
        _ => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_story_on_no_size_panics(script in proptest::collection::vec(any_msg(), 0..=200), start in 0usize..7) {
        let (width, height) = [(80, 24), (1, 1), (20, 5), (40, 10), (300, 100), (2, 30), (120, 3)][start];
        let mut play = Play::ready(width, height);
        let mut held = None;
        for msg in script {
            let is_input = matches!(msg, Msg::Input(_));
            play = play.tell(msg);
            if is_input {
                // A key in the list makes the row under the cursor the user's choice.
                held = Held::of(&play.model);
            } else if held.as_ref().is_some_and(|held| !held.is_shown(&play.model)) {
                // With its row the choice went; should that come back, another row has been chosen.
                held = None;
            } else if held.is_some() {
                prop_assert_eq!(Held::of(&play.model), held.clone(), "the selection is another row");
            }
            let answers = play.asked.split_off(0);
            for answer in answers.into_iter().filter_map(answer) {
                play = play.tell(answer);
            }
            let _ = draw(&play.model, Theme::COLOUR);
            invariants(&play.model)?;
        }
    }
}

/// The row of a pane's list that the user has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    Image(RowKey),
    Account(Address),
    Line(Choice),
}

impl Held {
    fn of(model: &Model) -> Option<Self> {
        if model.dialog.is_some() {
            return None;
        }
        match model.pane {
            Pane::Images => model.rows.selected().map(|row| Self::Image(row.key.clone())),
            Pane::Accounts => model.accounts.selected().map(|account| Self::Account(account.address)),
            // Its first row is the newest, whatever that is, until somebody moves.
            Pane::Activity if model.activity_cursor() > 0 => {
                model.activity_line().map(|line| Self::Line(line.choice()))
            }
            _ => None,
        }
    }

    fn is_shown(&self, model: &Model) -> bool {
        let is_list = model.dialog.is_none();
        is_list
            && match self {
                Self::Image(key) => model.pane == Pane::Images && model.rows.visible().any(|row| row.key == *key),
                Self::Account(address) => model.pane == Pane::Accounts && model.accounts.get(*address).is_some(),
                Self::Line(choice) => {
                    model.pane == Pane::Activity && model.activity_lines().iter().any(|line| line.choice() == *choice)
                }
            }
    }
}

/// As many as `PROPTEST_CASES` says; each plays and draws up to two hundred messages.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

fn invariants(model: &Model) -> Result<(), TestCaseError> {
    prop_assert!(model.tasks.running().len() <= EXPORTS_AT_ONCE);
    prop_assert!(model.rows.shown() <= model.rows.all().len());
    prop_assert!(model.rows.shown() == 0 || model.rows.cursor() < model.rows.shown());
    if let Some(field) = model.secret_field() {
        prop_assert!(model.dialog.is_some(), "{field:?} without a dialog");
    }
    if let (Pane::Images, None, false) = (model.pane, &model.dialog, model.wide) {
        let visible = model.rows.visible().take(daochain::app::layout::list_rows(model).max(1));
        let selected = model.rows.selected().map(|row| row.key.clone());
        prop_assert!(
            selected.is_none() || visible.map(|row| row.key.clone()).any(|key| Some(key) == selected),
            "the selected row is on the screen"
        );
    }
    Ok(())
}

#[test]
fn an_image_that_contradicts_itself_is_not_called_measured_nor_offered_another_try() {
    let play = Play::ready(80, 24).select("nginx:1.27").keys("v");
    let task = play.model.tasks.running()[0].id;
    let corrupt = Evidence::Corrupt { problem: "layer 2 is another".into(), config: None };
    let result = Ok(Found::Evidence(corrupt));
    let text = play.tell(Msg::Task(TaskMsg::Measured { task, result })).select("nginx:1.27").keys("p").text();
    assert!(text.contains("contradicts itself") && text.contains("○ measured"), "{text}");
    assert!(!text.contains("try again") && !text.contains("not known before"), "{text}");
}

#[test]
fn what_was_cleared_is_not_told_as_if_it_had_never_been() {
    let empty = Play::ready(80, 24).keys("6");
    assert!(empty.text().contains("nothing has ended yet"), "{}", empty.text());
    let measured = Play::ready(80, 24).select("nginx:1.27").keys("v");
    let task = measured.model.tasks.running()[0].id;
    let result = Ok(Found::Evidence(Evidence::measured(digest(5))));
    let play = measured.tell(Msg::Task(TaskMsg::Measured { task, result })).keys("6");
    assert!(play.text().contains("nginx:1.27"), "{}", play.text());
    let cleared = play.keys("c");
    assert!(cleared.text().contains("what had ended was cleared"), "{}", cleared.text());
}
