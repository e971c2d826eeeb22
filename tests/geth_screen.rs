//! The home's own geth by keys: played by messages, and a real one in a pseudo-terminal.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod screen;
mod support;

use std::process::Command;

use daochain::{
    app::{Effect, Key, effect::Deed},
    domain::node::Managed,
};
use screen::{Play, endpoint, endpoints};
use support::{
    Home, node,
    terminal::{Terminal, key},
    wait_for, without,
};

fn managed(watcher: Option<u32>) -> Managed {
    Managed { start: "daochain node start --geth".into(), watcher, log: "/home/op/geth.log".into(), memory: None }
}

fn pane(watcher: Option<u32>) -> Play {
    let one = endpoint("ipc:/home/op/geth.ipc", 1338, 1204, 4);
    Play::ready(80, 24).keys("5").tell(endpoints("geth", Some(managed(watcher)), 1, vec![one]))
}

fn deed(play: &Play) -> Option<&Deed> {
    play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Do { deed, .. } => Some(deed),
        _ => None,
    })
}

#[test]
fn starting_and_stopping_say_what_happens_before_it_does() {
    let play = pane(None).keys("s");
    assert!(deed(&play).is_none());
    let text = play.text();
    for words in ["Start geth", "watched by a process", "opens no port for"] {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
    assert_eq!(deed(&play.key(Key::Enter)), Some(&Deed::Geth(true)));
    let play = pane(Some(4711)).keys("S");
    assert!(play.text().contains("Stop geth") && play.text().contains("answer nothing until they"), "{}", play.text());
    assert_eq!(deed(&play.key(Key::Enter)), Some(&Deed::Geth(false)));
    let play = pane(Some(4711)).keys("S").key(Key::Esc);
    assert!(deed(&play).is_none(), "nothing was done");
}

#[test]
fn what_cannot_be_done_is_answered() {
    assert!(pane(Some(4711)).keys("s").text().contains("the geth of this home runs already"));
    assert!(pane(None).keys("S").text().contains("no geth of this home that runs"));
}

#[test]
fn real_nodes_tell_their_newest_blocks_without_a_gap() {
    if without("node") {
        return;
    }
    for name in ["geth", "anvil"] {
        let run = Home::new().run(&["node", "status", "--rpc", &node(name)]);
        assert!(run.success(), "{run:?}");
        let (endpoint, recent) = (&run.document["endpoints"][0], run.document["recent"].as_array().unwrap());
        let head = endpoint["head"]["number"].as_u64().unwrap();
        let numbers: Vec<_> = recent.iter().map(|block| block["number"].as_u64().unwrap()).collect();
        // A node that just started has its genesis alone, which is no block of the recent ones.
        assert!(numbers.len() <= 64 && (head == 0 || !numbers.is_empty()), "{numbers:?}");
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        // Other tests make blocks meanwhile.
        assert!(numbers.last().is_none_or(|last| *last >= head), "{numbers:?} and {head}");
        assert!(recent.iter().all(|block| block["gas_limit"].as_u64().unwrap() > 1_000_000), "{recent:?}");
        let settled = endpoint["finalized"].as_u64();
        assert_eq!(endpoint["finality_lag"].as_u64(), settled.map(|number| head - number), "{endpoint}");
    }
}

/// Stops what a failing test leaves.
struct Stopped<'h>(&'h Home);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        let _ = self.0.command(&["node", "stop"]).output();
    }
}

fn processes(home: &Home) -> String {
    let data = format!("datadir {}/geth/data", home.path().display());
    let found = Command::new("pgrep").args(["-f", "--", &data]).output().unwrap();
    String::from_utf8(found.stdout).unwrap()
}

#[test]
fn a_geth_that_the_screen_started_goes_on_without_it_until_it_is_stopped() {
    if without("geth") || without("node") {
        return;
    }
    let geth = std::env::var("DAOCHAIN_TEST_GETH").expect("DAOCHAIN_TEST_GETH names no geth");
    let home = Home::new().on("anvil", &node("anvil"));
    let _stopped = Stopped(&home);
    let screen = |network: &str| {
        let mut command = home.command(&[]);
        command.env("DAOCHAIN_GETH", &geth).env("DAOCHAIN_NETWORK", network);
        Terminal::start(24, 100, &command)
    };
    let mut terminal = screen("anvil");
    terminal.wait_for_text("5 Node").send("5").wait_for_text("client").send("s").wait_for_text("Start geth");
    terminal.send(key::ENTER).wait_for_text("geth answers, watched by process");
    terminal.send("q");
    terminal.finish();
    wait_for("geth's answer without the screen", || {
        home.run(&["node", "status", "--network", "geth"]).success().then_some(())
    });
    assert!(!processes(&home).is_empty());
    let memory = home.run(&["node", "status", "--network", "geth"]).document["memory_bytes"].as_u64();
    assert!(memory.is_some_and(|bytes| bytes > 10_000_000), "{memory:?}");

    let mut terminal = screen("geth");
    terminal.wait_for_text("5 Node").send("5").wait_for_text("watched by process").send("S");
    terminal.wait_for_text("Stop geth").send(key::ENTER).wait_for_text("geth was stopped");
    assert_eq!(processes(&home), "");
    terminal.send("q");
    terminal.finish();
}
