//! However the screen ends, the terminal is a terminal again, and who started it learns why it ended.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{ops::RangeInclusive, os::unix::process::ExitStatusExt as _, process::Command};

use support::{
    Home,
    terminal::{Terminal, after_end, in_a_shell, key, process_number, without_core},
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
    expect_given_back(written.rsplit_once("status ").expect("a status").0, &modes);
}

/// `written` leaves the alternate screen and shows the cursor, and the terminal's `modes` are a shell's.
fn expect_given_back(written: &str, modes: &[String]) {
    let left = written.rfind(LEAVE_SCREEN).expect("the alternate screen is left");
    assert!(left > written.rfind(ENTER_SCREEN).expect("the alternate screen was entered"));
    assert!(written[left..].contains(SHOW_CURSOR), "the cursor is shown: {:?}", &written[left..]);
    for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
        assert!(modes.iter().any(|one| one == mode), "`{mode}` is on again: {modes:?}");
    }
}

/// Linux' signals that end a program, unless it catches them (signal(7)).
const ENDING: [(&str, i32); 17] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("TRAP", 5),
    ("ABRT", 6),
    ("USR1", 10),
    ("USR2", 12),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// Those without a name do as well. The C library keeps 32 and 33 for itself.
const NAMELESS: RangeInclusive<i32> = 34..=64;

/// The signals that no library function can raise once they were caught: the program ends by the code that a shell
/// shows for them.
fn has_only_a_code(number: i32) -> bool {
    NAMELESS.contains(&number) || ENDING.iter().any(|one| one.1 == number && ["STKFLT", "IO", "PWR"].contains(&one.0))
}

/// Tries one signal on a screen of its own.
fn ends_by(name: &str, number: i32) {
    let home = Home::new();
    let mut terminal = Terminal::start(24, 80, &without_core(&home.command(&[])));
    terminal.wait_for_text("1 Images").wait_for_text("no engine");
    let during = terminal.modes();
    assert!(during.iter().any(|mode| mode == "-icanon"), "{name}: the screen has raw mode: {during:?}");
    let sent = Command::new("kill").args(["-s", &number.to_string(), &terminal.number()]).status();
    assert!(sent.expect("kill starts").success(), "{name}");
    let status = terminal.end();
    if status.signal() != Some(number) {
        assert!(has_only_a_code(number), "{name}: {status:?}");
        assert_eq!(status.code(), Some(128 + number), "{name}: {status:?}");
    }
    expect_given_back(&terminal.written(), &terminal.modes());
}

#[test]
fn every_signal_that_ends_a_program_ends_it_and_gives_the_terminal_back() {
    for (name, number) in ENDING {
        ends_by(name, number);
    }
}

#[test]
fn every_signal_without_a_name_ends_it_and_gives_the_terminal_back() {
    for number in NAMELESS {
        ends_by(&format!("signal {number}"), number);
    }
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
    terminal.send("3").wait_for_text("`n` makes one").send("n").wait_for_text("New account");
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
    terminal.resize(24, 80).wait_for_text("Images");
    // A key may have met the size before, and the help may be open.
    terminal.resize(1, 1).send(key::CTRL_C);
    expect_end(&mut terminal, 0);
    let mut terminal = Terminal::start(1, 1, &in_a_shell(&home.command(&[])));
    terminal.wait_for_bytes(ENTER_SCREEN).send("q");
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
