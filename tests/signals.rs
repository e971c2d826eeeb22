//! However the screen ends, the terminal is a terminal again, and who started it learns why it ended.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;

use support::{
    Home,
    terminal::{Terminal, after_end, in_a_shell, key, process_number},
};

const ENTER_SCREEN: &str = "\x1b[?1049h";
const LEAVE_SCREEN: &str = "\x1b[?1049l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// The program's screen inside a shell, drawn.
fn screen(home: &Home) -> Terminal {
    let mut terminal = Terminal::start(24, 80, &in_a_shell(&home.command(&[])));
    terminal.wait_for_text("1 Images").wait_for_text("no engine");
    terminal
}

/// Waits for the end, and expects this status and a terminal as it was before.
fn expect_end(terminal: &mut Terminal, status: u32) {
    let (written, _) = terminal.finish();
    let (told, modes) = after_end(&written);
    assert_eq!(told, status, "{written:?}");
    let before_status = written.rsplit_once("status ").expect("a status").0;
    let left = before_status.rfind(LEAVE_SCREEN).expect("the alternate screen is left");
    assert!(left > before_status.rfind(ENTER_SCREEN).expect("the alternate screen was entered"));
    assert!(before_status[left..].contains(SHOW_CURSOR), "the cursor is shown: {:?}", &before_status[left..]);
    for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
        assert!(modes.iter().any(|one| one == mode), "`{mode}` is on again: {modes:?}");
    }
}

fn ends_by(name: &str, number: u32) {
    let home = Home::new();
    let mut terminal = screen(&home);
    let process = process_number(&terminal.written());
    let sent = Command::new("kill").args(["-s", name, &process]).status().expect("kill starts");
    assert!(sent.success());
    expect_end(&mut terminal, 128 + number);
}

#[test]
fn sigterm_ends_it_by_sigterm() {
    ends_by("TERM", 15);
}

#[test]
fn sighup_ends_it_by_sighup() {
    ends_by("HUP", 1);
}

#[test]
fn sigint_ends_it_by_sigint() {
    ends_by("INT", 2);
}

#[test]
fn sigquit_ends_it_by_sigquit() {
    ends_by("QUIT", 3);
}

#[test]
fn q_and_ctrl_c_end_it_well() {
    for keys in ["q", key::CTRL_C] {
        let home = Home::new();
        let mut terminal = screen(&home);
        terminal.send(keys);
        expect_end(&mut terminal, 0);
    }
}

#[test]
fn a_signal_ends_it_while_a_passphrase_is_typed() {
    let home = Home::new();
    let mut terminal = screen(&home);
    terminal.send("2").wait_for_text("`n` makes one").send("n").wait_for_text("New account");
    terminal.send("half a passph").wait_for_text("•••••••••••••");
    let process = process_number(&terminal.written());
    Command::new("kill").args(["-s", "TERM", &process]).status().expect("kill starts");
    expect_end(&mut terminal, 128 + 15);
    assert!(!terminal.written().contains("half a passph"), "a passphrase has no echo");
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_sigcont_takes_it_again() {
    let home = Home::new();
    let mut terminal = screen(&home);
    let process = process_number(&terminal.written());
    terminal.send("\x1a").wait_for_bytes(LEAVE_SCREEN);
    support::wait_for("the stopped process", || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process");
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')).then_some(())
    });
    Command::new("kill").args(["-s", "CONT", &process]).status().expect("kill starts");
    terminal.wait_until("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("Images"));
    terminal.send("q");
    expect_end(&mut terminal, 0);
}

#[test]
fn one_cell_is_enough_to_start_in_and_to_quit() {
    let home = Home::new();
    let mut terminal = Terminal::start(1, 1, &in_a_shell(&home.command(&[])));
    terminal.wait_for_bytes(ENTER_SCREEN);
    // Whatever was drawn in one cell: it lives, and takes the room that it gets.
    terminal.resize(24, 80).wait_for_text("no engine");
    // The help opens and closes; both panes.
    terminal.resize(1, 1).send("??21");
    terminal.resize(24, 80).wait_for_text("no engine");
    terminal.resize(1, 1).send("q");
    expect_end(&mut terminal, 0);
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_refused_in_a_sentence() {
    let home = Home::new();
    let mut command = home.command(&[]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(24, 80, &in_a_shell(&command));
    let (written, _) = terminal.finish();
    assert_ne!(after_end(&written).0, 0);
    assert!(written.contains("`TERM` is `dumb`"), "{written}");
    assert!(!written.contains('\x1b'), "{written:?}");
}

#[test]
fn no_terminal_at_all_is_refused_in_a_sentence() {
    let home = Home::new();
    let output = home.command(&[]).env("TERM", "xterm").output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    assert!(stderr.contains("the screen needs a terminal"), "{stderr}");
    assert!(stderr.contains("daochain images"), "the next step: {stderr}");
    assert!(!stderr.contains('\x1b'), "{stderr:?}");
}
