//! What the user writes into the configuration while the screen runs is taken up, and what is wrong with it is told.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::{
    Home,
    terminal::{Terminal, key},
};

/// The screen, once it is drawn and has looked at its files.
fn screen(home: &Home) -> Terminal {
    let mut terminal = Terminal::start(24, 100, &home.command(&[]));
    terminal.wait_for_text("1 Images").wait_for_text("no engine");
    terminal
}

#[test]
fn keys_that_change_hold_and_wrong_ones_leave_those_that_were() {
    let home = Home::new();
    let file = home.path().join("keys.toml");
    let mut terminal = screen(&home);
    fs::write(&file, "[images]\nfilter = \"F\"\n").expect("a file");
    terminal.wait_for_text("the keys of `keys.toml` hold from now on").wait_for_text("F filter");
    fs::write(&file, "[images]\nfilter = \"p\"\n").expect("a file");
    terminal.wait_for_text("line 2, column 10").wait_for_text("F filter");
    terminal.send("q");
    terminal.finish();
}

#[test]
fn a_configuration_that_changes_is_taken_up_and_a_malformed_one_is_told() {
    let home = Home::new();
    let mut terminal = screen(&home);
    terminal.send(",").wait_for_text("docker_host = ").wait_for_text("DOCKER_HOST").send(key::ESC);
    fs::write(home.path().join("config.toml"), "network = \n").expect("a file");
    terminal.wait_for_text("`config.toml`, line 1, column 11");
    terminal.send(".");
    fs::write(home.path().join("config.toml"), "netwrok = \"dev\"\n").expect("a file");
    terminal.wait_for_text("column 1:").wait_for_text("`network`");
    terminal.send(".");
    let lab = "network = \"lab\"\n[networks.lab]\nrpc = \"http://127.0.0.1:9\"\n";
    fs::write(home.path().join("config.toml"), lab).expect("a file");
    // The screen has begun anew: it is that network's node that is asked for.
    terminal.wait_for_text("http://127.0.0.1:9");
    terminal.send(key::CTRL_C);
    terminal.finish();
}

#[test]
fn wrong_keys_keep_the_screen_from_starting_with_their_place() {
    let home = Home::new();
    fs::write(home.path().join("keys.toml"), "quit = \"Q\"\nmesure = \"m\"\n").expect("a file");
    let mut terminal = Terminal::start(24, 100, &home.command(&[]));
    terminal.wait_for_text("line 2, column 1").wait_for_text("did you mean `measure`?");
    let (_, status) = terminal.finish();
    assert_ne!(status, 0);
}
