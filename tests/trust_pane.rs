//! The trust pane, played by messages: what it shows, what its dialogs ask for, and that images are judged again.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod screen;

use daochain::{
    app::{
        Effect, Key, Msg,
        effect::TrustChange,
        form::Name,
        model::{Dialog, Pane},
        msg::TrustMsg,
        trust::Entry,
    },
    domain::{
        Timestamp,
        network::Finality,
        trust::{Demand, Denial, Require, Role, Rule, Successions, TrustPolicy},
    },
};
use screen::{NOW, Play, address, problem};

fn policy() -> TrustPolicy {
    let rule = |pattern: &str, who: u8| Rule::new(pattern.parse().unwrap(), address(who));
    let acme = Rule {
        name: Some("acme".into()),
        since: Some(Timestamp(NOW - 86_400)),
        note: Some("told by phone".into()),
        ..rule("acme/*", 1)
    };
    let observer = Rule { role: Role::Observer, ..rule("docker.io/**", 4) };
    let elsewhere = Rule { network: Some("sepolia".into()), name: Some("mirror".into()), ..rule("acme/*", 5) };
    let denial =
        Denial { pattern: "acme/old:1".parse().unwrap(), since: None, note: Some("bought".into()), network: None };
    let two = Some(Require::Of(2.try_into().unwrap()));
    let demand = Demand { require: two, finality: Some(Finality::Final), ..Demand::new("**".parse().unwrap()) };
    TrustPolicy { rules: vec![observer, acme, elsewhere], denials: vec![denial], demands: vec![demand] }
}

fn read(policy: TrustPolicy) -> Msg {
    Msg::Trust(TrustMsg::Read(Ok(policy)))
}

fn play(width: u16, height: u16) -> Play {
    let mut play = Play::ready(width, height).keys("4").tell(read(policy())).key(Key::Home);
    play.asked.clear();
    play
}

#[test]
fn a_file_that_somebody_else_writes_is_judged_by_without_a_block_and_so_is_a_broken_one() {
    let asked = |play: &mut Play| {
        let asked = std::mem::take(&mut play.asked);
        let judges = asked.iter().any(|effect| matches!(effect, Effect::Judge(_)));
        (asked.contains(&Effect::ReadTrust), judges)
    };
    let answer = |mut play: Play, result| {
        play.asked.clear();
        play.tell(Msg::Trust(TrustMsg::Read(result)))
    };
    let mut unread = Play::ready(80, 24);
    unread.asked.clear();
    let mut unread = unread.tell(Msg::Trust(TrustMsg::Rewritten));
    assert!(asked(&mut unread).1, "there is nothing that it could be compared with");

    let mut written = play(80, 24).keys("1").tell(Msg::Trust(TrustMsg::Rewritten));
    assert_eq!(asked(&mut written), (true, false));
    let mut same = answer(written, Ok(policy()));
    assert_eq!(asked(&mut same), (false, false), "it says what it said");
    let broken = Err(problem("trust-invalid", "line 1", "mend it"));
    let mut broken = answer(same.tell(Msg::Trust(TrustMsg::Rewritten)), broken);
    assert_eq!(asked(&mut broken), (false, true), "nothing is decided by a policy that cannot be read");
    let judged = broken.judged().tell(Msg::Trust(TrustMsg::Rewritten));
    let mut mended = answer(judged, Ok(policy()));
    assert_eq!(asked(&mut mended), (false, true), "it is what it was, and verdicts are not");
    let other = mended.judged().tell(Msg::Trust(TrustMsg::Rewritten));
    assert_eq!(asked(&mut answer(other, Ok(TrustPolicy::default()))), (false, true));
}

fn wish(play: &Play) -> Option<(u64, TrustChange)> {
    play.asked.iter().rev().find_map(|effect| match effect {
        Effect::ChangeTrust { ticket, change } => Some((*ticket, change.clone())),
        _ => None,
    })
}

fn form_problem(play: &Play) -> (Option<Name>, String) {
    match &play.model.dialog {
        Some(Dialog::Form(form)) => (form.focused().map(|field| field.name), form.problem.clone().unwrap_or_default()),
        other => panic!("no form: {other:?}"),
    }
}

#[test]
fn the_policy_is_shown_with_what_it_decides_about() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let play = play(width, height);
        insta::assert_snapshot!(format!("trust_{width}x{height}"), play.screen());
        let empty = Play::ready(width, height).keys("4").tell(read(TrustPolicy::default()));
        insta::assert_snapshot!(format!("trust_none_{width}x{height}"), empty.screen());
    }
    let words: Vec<_> = play(80, 24).model.trust.entries().iter().map(Entry::word).collect();
    assert_eq!(words, ["DENIED", "publisher", "publisher", "observer", "demand"], "the most specific first");
    let facts = play(80, 24).key(Key::Down).text();
    assert!(
        facts.contains("decides    about ") && facts.contains("acme/api:latest") && facts.contains("told by phone"),
        "{facts}"
    );
}

#[test]
fn a_rule_is_made_and_images_are_judged_again() {
    let who = address(7).to_string();
    let form = play(80, 24).keys("a").keys("acme/api:latest").key(Key::Enter).keys(&who).key(Key::Enter);
    insta::assert_snapshot!("trust_rule_80x24", form.screen());
    let filled =
        form.key(Key::Right).key(Key::Enter).keys("ci").key(Key::Enter).keys("why").key(Key::Enter).key(Key::Right);
    let play = filled.key(Key::Enter);
    let (ticket, change) = wish(&play).unwrap();
    let TrustChange::Add(rule) = change else { panic!("{change:?}") };
    assert_eq!((rule.role, rule.publisher, rule.network.as_deref()), (Role::Observer, address(7), Some("dev")));
    assert_eq!((rule.name.as_deref(), rule.note.as_deref()), (Some("ci"), Some("why")));
    let changed = TrustPolicy { rules: vec![rule], ..TrustPolicy::default() };
    let result = Ok(("it speaks".to_owned(), changed));
    let mut play = play;
    play.asked.clear();
    let play = play.tell(Msg::Trust(TrustMsg::Changed { ticket, result }));
    assert!(play.model.dialog.is_none() && play.text().contains("it speaks"), "{}", play.text());
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Judge(_))), "verdicts rest on it");
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let play = play(80, 24).keys("a").keys("acme/**");
    // From the field on that has the focus, to the last one and through it.
    let end = |play: Play, fields: usize| (0..fields).fold(play, |play, _| play.key(Key::Enter));
    let play = end(play, 6);
    let (focus, problem) = form_problem(&play);
    assert!(focus == Some(Name::Pattern) && problem.contains("behind a registry"), "{problem}");
    let demand = || self::play(80, 24).keys("m").keys("acme/*");
    let (focus, words) = form_problem(&end(demand(), 6));
    assert!(focus == Some(Name::Require) && words.contains("demand something"), "{words}");
    let (focus, words) = form_problem(&end(demand().key(Key::Tab).keys("0"), 5));
    assert!(focus == Some(Name::Require) && words.contains("a number from 1"), "{words}");
    let rights = |play: Play, times: usize| (0..times).fold(play, |play, _| play.key(Key::Right));
    let finality = rights(demand().key(Key::Tab).keys("2").key(Key::Tab), 2);
    let play = end(rights(finality.key(Key::Tab), 3), 3);
    let Some((ticket, TrustChange::Demand(demand))) = wish(&play) else { panic!("{:?}", play.asked) };
    assert_eq!((demand.finality, demand.successions), (Some(Finality::Final), Some(Successions::Always)));
    let result = Err(problem_of("config-locked", "another process holds trust.toml"));
    let play = play.tell(Msg::Trust(TrustMsg::Changed { ticket, result }));
    assert!(form_problem(&play).1.contains("another process"), "what was typed stays");
}

fn problem_of(code: &'static str, message: &str) -> daochain::app::msg::Problem {
    problem(code, message, "try again")
}

#[test]
fn an_entry_is_changed_with_what_it_says_and_removed_after_a_question() {
    let play = play(80, 24).key(Key::Down).key(Key::Enter);
    let text = play.text();
    for known in ["docker.io/acme/*", "told by phone", "acme"] {
        assert!(text.contains(known), "{text}");
    }
    let play = (0..6).fold(play, |play, _| play.key(Key::Enter));
    let Some((_, TrustChange::Replace(both))) = wish(&play) else { panic!("{:?}", play.asked) };
    let (Entry::Rule(old), Entry::Rule(rule)) = *both else { panic!("rules") };
    assert_eq!((rule.publisher, rule.note.as_deref()), (address(1), Some("told by phone")));
    assert_eq!((old.publisher, &old.pattern), (rule.publisher, &rule.pattern), "it takes its own place");

    let other = self::play(80, 24).key(Key::Down).key(Key::Down).key(Key::Enter);
    let other = (0..6).fold(other, |play, _| play.key(Key::Enter));
    let Some((_, TrustChange::Replace(both))) = wish(&other) else { panic!("{:?}", other.asked) };
    let (_, Entry::Rule(rule)) = *both else { panic!("a rule") };
    assert_eq!(rule.network.as_deref(), Some("sepolia"), "another network's rule stays there");

    let asked = self::play(80, 24).key(Key::Delete);
    assert!(asked.text().contains("DENIED docker.io/acme/old:1"), "{}", asked.text());
    // Another process takes that entry away meanwhile: what is removed is what was shown.
    let policy = TrustPolicy { denials: Vec::new(), ..policy() };
    let gone = asked.tell(read(policy)).key(Key::Enter);
    let Some((_, TrustChange::Remove(entry))) = wish(&gone) else { panic!("{:?}", gone.asked) };
    assert!(matches!(*entry, Entry::Denial(_)), "{entry:?}");
    let kept = self::play(80, 24).key(Key::Delete).key(Key::Esc);
    assert!(wish(&kept).is_none());
}

#[test]
fn the_file_is_looked_at_while_the_pane_is_shown() {
    let play = play(80, 24).after(1).after(1);
    let reads = |play: &Play| play.asked.iter().filter(|effect| matches!(effect, Effect::ReadTrust)).count();
    assert_eq!(reads(&play), 1, "two seconds");
    let play = play.tell(read(TrustPolicy::default()));
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Judge(_))), "another process changed it");
    let broken =
        play.after(3).tell(Msg::Trust(TrustMsg::Read(Err(problem_of("trust-invalid", "line 3, column 1: no")))));
    assert!(broken.text().contains("line 3, column 1"), "{}", broken.text());
    let before = reads(&broken);
    assert_eq!(reads(&broken.keys("1").after(10)), before, "nobody looks, nobody asks");
    assert_eq!(self::play(80, 24).model.pane, Pane::Trust);
}
