//! The screen in terminals of every kind, on slow lines, and in terminals that go away: what a user would see, and what
//! the terminal is left as. Longer than other files: each case needs the same few words of a program in a terminal.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use support::{
    Home,
    many::ManyEngine,
    proxy::{Deed, Proxy},
    terminal::{Terminal, after_end, in_a_shell, key, process_number},
};

/// The first row of an engine with thirty images.
const FIRST: &str = "-00000:1";

fn engine_of_thirty(home: &Home, flags: &[&str]) -> ManyEngine {
    ManyEngine::start(home.path(), 30, flags)
}

/// The program, with an engine of thirty images and a node that nobody answers for.
fn program(home: &Home, engine: &ManyEngine) -> Command {
    let mut command = home.command(&[]);
    command.env("DOCKER_HOST", engine.host()).env("DAOCHAIN_RPC", "http://127.0.0.1:9");
    command.env_remove("COLORTERM").env_remove("TMUX").env_remove("DAOCHAIN_THEME");
    command
}

fn started(command: &Command) -> Terminal {
    let mut terminal = Terminal::start(24, 80, &in_a_shell(command));
    terminal.wait_for_text(FIRST);
    terminal
}

/// Ends the program by `q`, and expects the terminal as it was before.
fn quit(terminal: &mut Terminal) -> String {
    terminal.send("q");
    let (written, _) = terminal.finish();
    let (status, modes) = after_end(&written);
    assert_eq!(status, 0, "{written:?}");
    let written = written.rsplit_once("status ").expect("a status").0.to_owned();
    expect_given_back(&written, &modes);
    written
}

fn expect_given_back(written: &str, modes: &[String]) {
    let left = written.rfind("\x1b[?1049l").expect("the alternate screen is left");
    assert!(written[left..].contains("\x1b[?25h"), "the cursor is shown: {:?}", &written[left..]);
    for mode in ["?1049", "?2004", "?1000", "?1004", "?1006", "?2026"] {
        let (on, off) = (written.rfind(&format!("\x1b[{mode}h")), written.rfind(&format!("\x1b[{mode}l")));
        assert!(on <= off, "{mode} is off again: {on:?}, {off:?}");
    }
    for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
        assert!(modes.iter().any(|one| one == mode), "`{mode}` is on again: {modes:?}");
    }
}

/// The numbers of every SGR sequence.
fn looks(written: &str) -> Vec<String> {
    let sequences = written.split("\x1b[").skip(1);
    let ends = |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != ';');
    sequences.filter_map(|one| one[..=ends(one)?].strip_suffix('m').map(str::to_owned)).collect()
}

/// Whether a sequence names a colour: 30 and on, 90 and on.
fn is_coloured(look: &str) -> bool {
    look.split(';')
        .filter_map(|number| number.parse::<u16>().ok())
        .any(|number| (30..=49).contains(&number) || number >= 90)
}

fn played(variables: &[(&str, Option<&str>)]) -> String {
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    std::fs::write(home.path().join("theme.toml"), "theme = \"dark\"\n").expect("a theme");
    let mut command = program(&home, &engine);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut terminal = started(&command);
    terminal.send(key::DOWN).send("jj").send("?").wait_for_text("Keys:").send("?");
    terminal.send("5").wait_for_text("127.0.0.1:9").send("1").wait_for_text(FIRST);
    terminal.resize(30, 100).wait_for_text(FIRST);
    terminal.resize(24, 80).wait_for_text(FIRST);
    quit(&mut terminal)
}

#[test]
fn terminals_get_the_colours_and_characters_that_they_have() {
    for (variables, most, ascii) in [
        (&[("TERM", Some("xterm-256color")), ("COLORTERM", Some("truecolor"))][..], "2", false),
        (&[("TERM", Some("xterm-256color"))], "5", false),
        (&[("TERM", Some("tmux-256color"))], "5", false),
        (&[("TERM", Some("screen-256color"))], "5", false),
        (&[("TERM", Some("screen")), ("COLORTERM", Some("truecolor"))], "16", false),
        (&[("TERM", Some("linux"))], "16", false),
        (&[("TERM", Some("vt100"))], "", true),
        (&[("TERM", Some("vt220"))], "", true),
        (&[("TERM", Some("xterm-256color")), ("LC_ALL", Some("C"))], "5", true),
        (&[("TERM", Some("xterm-256color")), ("NO_COLOR", Some("1"))], "", false),
        (&[("TERM", Some("xterm-some-new-one")), ("TERMINFO", Some("/nonexistent"))], "16", false),
    ] {
        let written = played(variables);
        let looks = looks(&written);
        let tells = |way: &str| {
            looks.iter().any(|look| look.contains(&format!("38;{way};")) || look.contains(&format!("48;{way};")))
        };
        assert_eq!(tells("2"), most == "2", "red, green and blue in {variables:?}: {looks:?}");
        assert_eq!(tells("5"), most == "5", "256 colours in {variables:?}: {looks:?}");
        assert_eq!(looks.iter().any(|look| is_coloured(look)), !most.is_empty(), "colours in {variables:?}: {looks:?}");
        assert_eq!(written.is_ascii(), ascii, "{variables:?}");
        if variables[0].1 == Some("linux") {
            for sign in ['✔', '✘', '…', '◐', '○', '▌'] {
                assert!(!written.contains(sign), "{sign} is in no font of the console");
            }
            assert!(written.contains('─'), "lines are");
        }
    }
}

#[test]
fn a_terminal_that_cannot_show_a_screen_is_told_of_the_command_line() {
    for (term, says) in [
        (Some("dumb"), "`TERM` is `dumb`"),
        (Some("unknown"), "`unknown`"),
        (Some("teletype-33"), "`teletype-33`"),
        (Some("\u{1b}[31mred"), "\\u{1b}[31mred"),
        (Some(""), "`TERM` is not set"),
        (None, "`TERM` is not set"),
    ] {
        let home = Home::new();
        let mut command = home.command(&[]);
        match term {
            Some(term) => command.env("TERM", term),
            None => command.env_remove("TERM"),
        };
        let mut terminal = Terminal::start(24, 80, &in_a_shell(&command));
        let (written, _) = terminal.finish();
        let (status, modes) = after_end(&written);
        assert_eq!(status, 1, "{written}");
        assert!(modes.iter().any(|mode| mode == "icanon"), "{modes:?}");
        let flat = written.replace("\r\n", " ");
        assert!(flat.contains(says), "{term:?}: {written}");
        assert!(flat.contains("`daochain images`"), "the next step: {written}");
        assert!(!written.contains('\x1b'), "no sequence: {written:?}");
    }
}

/// What the program has used of the processor, in the clock's ticks (a hundred a second).
fn ticks(process: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
}

/// A number that was told, with a full stop behind it.
fn number_behind(word: &str, written: &str) -> String {
    let told = written.split_once(word).and_then(|(_, rest)| rest.split_once('.'));
    told.expect("a number").0.to_owned()
}

/// A process between the program and the test's terminal, which can be taken away in an instant.
fn carried(command: &Command, ignoring_hangups: bool) -> Command {
    let trap = if ignoring_hangups { "trap '' HUP; " } else { "" };
    let script = format!(
        "{trap}exec python3 -c 'import os, pty, sys; print(\"carrier %d.\" % os.getpid(), flush=True); pty.spawn(sys.argv[1:])' \"$@\""
    );
    let inner = in_a_shell(command);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn a_terminal_that_is_lost_ends_the_program_at_once_though_hangups_are_ignored() {
    for ignoring in [false, true] {
        let home = Home::new();
        let engine = engine_of_thirty(&home, &[]);
        let mut terminal = Terminal::start(24, 80, &carried(&program(&home, &engine), ignoring));
        // What starting costs is over.
        terminal.wait_for_text(FIRST).wait_for_text("history  not read").read_until_calm(Duration::from_secs(1));
        let written = terminal.written();
        let carrier = number_behind("carrier ", &written);
        let process = process_number(&written);
        let before = ticks(&process).expect("the program runs");
        let kill = Command::new("kill").args(["-KILL", &carrier]).status();
        assert!(kill.expect("kill starts").success());
        let began = Instant::now();
        let mut used = before;
        support::wait_for("the program's end", || match ticks(&process) {
            Some(now) => {
                used = now;
                None
            }
            None => Some(()),
        });
        // Closing may wait for what runs, but turns in no circle: a tenth of the time would be one.
        let spent = Duration::from_millis(10 * (used - before));
        assert!(spent <= Duration::from_millis(100) + began.elapsed() / 10, "{spent:?} of {:?}", began.elapsed());
    }
}

#[test]
fn ctrl_z_and_fg_in_a_shell_of_jobs() {
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut shell = Command::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]).env("PS1", "ready> ").env("TERM", "xterm-256color");
    let program = program(&home, &engine);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let mut terminal = Terminal::start(24, 80, &shell);
    terminal.wait_for_text("ready>");
    terminal.send(&format!("{}\r", env!("CARGO_BIN_EXE_daochain"))).wait_for_text(FIRST);
    for _ in 0..3 {
        // What is typed before its prompt stands is lost to it.
        terminal.send("\x1a").wait_until("the shell", |screen| {
            let (is_back, text) = (!screen.alternate_screen() && !screen.hide_cursor(), screen.contents());
            is_back && text.contains("Stopped") && text.trim_end().ends_with("ready>")
        });
        assert!(terminal.modes().iter().any(|mode| mode == "icanon") || terminal.contents().contains("ready>"));
        terminal.send("fg\r").wait_until("the screen again", |screen| {
            screen.alternate_screen() && screen.bracketed_paste() && screen.contents().contains(FIRST)
        });
        terminal.send(key::DOWN);
    }
    // What is typed before the shell reads is lost to it.
    terminal.send("q").wait_until("the shell's prompt", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready>")
    });
    terminal.send("echo code=$?; exit\r").wait_for_text("code=0");
    let (written, _) = terminal.finish();
    assert_eq!(written.matches("\x1b[?1049h").count(), written.matches("\x1b[?1049l").count());
}

#[test]
fn the_mouse_is_taken_when_it_is_asked_for_and_given_back() {
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut terminal = started(&program(&home, &engine));
    assert!(!terminal.written().contains("\x1b[?1000h"), "the terminal's own selection works");
    terminal.send("o").wait_for_bytes("\x1b[?1006h");
    for mode in ["?1002", "?1003"] {
        assert!(!terminal.written().contains(mode), "moving it is nothing to tell");
    }
    // The fourth image; the fifth line of the screen is the first's.
    terminal.send("\x1b[<0;12;8M\x1b[<0;12;8m").wait_for_line(&["▌", "-00003:1"]);
    terminal.send("o").wait_for_bytes("\x1b[?1000l");
    terminal.send("o").wait_until("the mouse", |screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None);
    quit(&mut terminal);
}

#[test]
fn a_storm_of_sizes_is_survived_and_the_last_one_counts() {
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut terminal = started(&program(&home, &engine));
    let process = process_number(&terminal.written());
    for step in 0..200_u16 {
        // From one cell to more than any monitor has, in no order.
        let (rows, columns) = ((step * 37) % 61 + 1, (step * 53) % 211 + 1);
        let (rows, columns) = if step % 20 == 0 { (1, 1) } else { (rows, columns) };
        terminal.resize(rows, columns);
        if step % 10 == 0 {
            terminal.send("j");
        }
    }
    // Keys that came while there was no room did nothing; which those are, the storm decides. The first frame of these words
    // may be one of its last.
    terminal.resize(24, 80).wait_for_text("1 Images").read_until_calm(Duration::from_secs(1));
    terminal.send(key::HOME).wait_for_text(FIRST);
    assert!(ticks(&process).is_some());
    quit(&mut terminal);
}

#[test]
fn an_engine_that_dies_is_told_and_comes_back_by_itself() {
    let home = Home::new();
    let first = engine_of_thirty(&home, &[]);
    let mut terminal = started(&program(&home, &first));
    drop(first);
    // Its images stay, and are not taken for what is there now.
    terminal.wait_until("the loss", |screen| {
        let text = screen.contents();
        text.contains(FIRST) && text.lines().next().is_some_and(|line| !line.contains("Docker 20.10"))
    });
    terminal.capture("engine-lost");
    let again = ManyEngine::start(home.path(), 31, &[]);
    terminal.wait_for_text("1 Images 31").send(key::END).wait_for_text("-00030:1").send(key::HOME).wait_for_text(FIRST);
    quit(&mut terminal);
    drop(again);
}

#[test]
fn the_windows_focus_is_asked_for_and_never_taken_for_keys() {
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut terminal = started(&program(&home, &engine));
    terminal.send("\x1b[O\x1b[I/").wait_for_text("keep").send("\x1b[O").send("00007:1").send("\x1b[I");
    terminal.wait_for_text("[00007:1] 1 of 30").send(key::ENTER).send(key::ESC).wait_for_text(FIRST);
    let written = quit(&mut terminal);
    assert!(written.contains("\x1b[?1004h"), "the terminal is asked to tell");
}

/// The home's network has the contract, now if it had not.
fn with_contract(home: &Home) {
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let shown = home.run(&["contract", "show"]);
    assert!(shown.success(), "{shown:?}");
}

#[test]
fn a_node_that_dies_is_told_and_comes_back_by_itself() {
    if support::without("node") {
        return;
    }
    let proxy = Proxy::before(&support::node("geth"));
    let home = Home::new().on("geth", &proxy.url);
    with_contract(&home);
    let engine = engine_of_thirty(&home, &[]);
    let mut command = program(&home, &engine);
    command.env_remove("DAOCHAIN_RPC");
    let mut terminal = started(&command);
    let head =
        |screen: &vt100::Screen, word: &str| screen.contents().lines().next().is_some_and(|line| line.contains(word));
    terminal.wait_until("the network", |screen| head(screen, "geth") && !head(screen, "lost"));
    proxy.set(|_| Deed::Close);
    terminal.wait_until("the loss", |screen| head(screen, "lost"));
    proxy.set(|_| Deed::Pass);
    terminal.wait_until("the node again", |screen| !head(screen, "lost"));
    quit(&mut terminal);
}

/// Reads until nothing has come for `calm`.
fn settled(terminal: &mut Terminal, calm: Duration) -> usize {
    terminal.read_until_calm(calm);
    terminal.written().len()
}

/// The bytes of each key, one at a time.
fn cost(terminal: &mut Terminal, keys: &[&str]) -> Vec<usize> {
    let calm = Duration::from_millis(150);
    let mut before = settled(terminal, Duration::from_secs(1));
    let each = keys.iter().map(|key| {
        terminal.send(key).wait_for_more();
        let after = settled(terminal, calm);
        let cost = after - before;
        before = after;
        cost
    });
    each.collect()
}

/// What a line of 9600 baud carries in a fifth of a second.
const A_KEY: usize = 200;

#[test]
fn moving_through_a_list_costs_little() {
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut terminal = started(&program(&home, &engine));
    // What is told of the node comes when it comes.
    terminal.wait_for_text("history  not read");
    // Some scroll the list.
    let keys = [[key::DOWN; 12], ["j"; 12], ["k"; 12]].concat();
    let mut costs = cost(&mut terminal, &keys);
    assert!(costs.iter().all(|cost| *cost > 0), "every key moved something: {costs:?}");
    costs.sort_unstable();
    assert!(costs[costs.len() / 2] <= A_KEY, "half of the keys cost more: {costs:?}");
    assert!(costs[costs.len() - 1] <= A_KEY, "one of the keys costs more: {costs:?}");
    quit(&mut terminal);
}

#[test]
fn standing_still_costs_the_age_of_the_block_and_nothing_else() {
    if support::without("node") {
        return;
    }
    let home = Home::new().on("geth", &support::node("geth"));
    with_contract(&home);
    let engine = engine_of_thirty(&home, &[]);
    let mut command = program(&home, &engine);
    command.env_remove("DAOCHAIN_RPC");
    let mut terminal = started(&command);
    terminal.wait_for_text("nothing was ever published");
    settled(&mut terminal, Duration::from_secs(2));
    let below = |terminal: &Terminal| terminal.contents().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (shown, before) = (below(&terminal), terminal.written().len());
    terminal.read_for(Duration::from_secs(20));
    let told = terminal.written()[before..].to_owned();
    // The header moves once, where the age comes to have two digits.
    assert!(told.len() <= 100, "{} bytes in twenty seconds: {told:?}", told.len());
    assert_eq!(below(&terminal), shown);
    quit(&mut terminal);
}

#[test]
fn hashing_tells_its_progress_in_little() {
    let home = Home::new();
    // Twenty megabytes at four a second.
    let engine = engine_of_thirty(&home, &["--export", "20000000", "--rate", "4000000"]);
    let mut terminal = started(&program(&home, &engine));
    settled(&mut terminal, Duration::from_secs(1));
    let (before, began) = (terminal.written().len(), Instant::now());
    terminal.send("v").wait_for_text("%");
    terminal.wait_until("the end of it", |screen| !screen.contents().contains('%'));
    let (bytes, seconds) = (terminal.written().len() - before, began.elapsed().as_secs_f64());
    assert!(seconds > 3.0, "the engine was not slow: {seconds}");
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = bytes as f64 / seconds;
    assert!(rate <= 2000.0, "{rate:.0} bytes a second");
    quit(&mut terminal);
}

/// A folder that nobody else may look into, as GNU Screen wants it.
fn own_folder(home: &Home) -> std::path::PathBuf {
    let folder = home.path().join("own");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("its mode");
    folder
}

/// A program that shows other programs' screens, and a shell in it that has the screen's surroundings.
fn inside(home: &Home, engine: &ManyEngine, carrier: &[&str]) -> Terminal {
    inside_as(home, engine, carrier, env!("CARGO_BIN_EXE_daochain"))
}

/// The same, where `line` is what the shell is told to start.
fn inside_as(home: &Home, engine: &ManyEngine, carrier: &[&str], line: &str) -> Terminal {
    let mut command = Command::new(carrier[0]);
    command
        .args(&carrier[1..])
        .env("SHELL", "/bin/sh")
        .env("PS1", "ready> ")
        .env("TERM", "xterm-256color")
        .env("SCREENDIR", own_folder(home));
    for (name, value) in program(home, engine).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut terminal = Terminal::start(24, 80, &command);
    terminal.wait_for_text("ready>").send("echo be''fore\r").wait_for_text("before");
    terminal.send(&format!("{line}\r")).wait_for_text(FIRST).wait_for_text("1 Images");
    terminal.send("jjj?").wait_for_text("Keys:").send("?");
    terminal.resize(20, 90).wait_until("the list without the help", |screen| {
        screen.contents().contains(FIRST) && !screen.contents().contains("Keys:")
    });
    terminal.resize(24, 80).wait_for_text(FIRST);
    terminal.send("q").wait_until("the shell", |screen| {
        let text = screen.contents();
        text.contains("ready>") && !text.contains(FIRST) && !text.contains("1 Images")
    });
    terminal.send("echo code=$?\r").wait_for_text("code=0");
    terminal
}

#[test]
fn inside_tmux_it_is_at_home() {
    if support::without("tmux") {
        return;
    }
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let (socket, settings) = (home.path().join("tmux.sock"), home.path().join("tmux.conf"));
    std::fs::write(&settings, "set -g default-terminal tmux-256color\n").expect("settings");
    let (socket, settings) = (socket.to_string_lossy(), settings.to_string_lossy());
    let mut terminal = inside(&home, &engine, &["tmux", "-S", &socket, "-f", &settings, "new-session", "sh"]);
    assert!(terminal.contents().contains("before"), "what was there is there again: {}", terminal.contents());
    let flags = "#{alternate_on} #{cursor_flag} #{mouse_any_flag}";
    let told =
        Command::new("tmux").args(["-S", &socket, "display-message", "-p", flags]).output().expect("tmux starts");
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), "0 1 0", "{told:?}");
    terminal.send("exit\r").finish();
}

/// However late the thread that waits for keys hears that it is to end: strace(1) holds back its waiting, and the end
/// of the process, which otherwise hides what it does.
#[test]
fn what_is_typed_when_the_shells_screen_is_back_is_the_shells() {
    if support::without("strace") {
        return;
    }
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let held = format!(
        "strace -f -qq -o /dev/null -e trace=?poll,?ppoll,exit_group -e inject=?poll,?ppoll:delay_enter=100000 \
         -e inject=exit_group:delay_enter=1000000 {}",
        env!("CARGO_BIN_EXE_daochain")
    );
    inside_as(&home, &engine, &["sh"], &held).send("exit\r").finish();
}

#[test]
fn inside_screen_it_is_at_home() {
    if support::without("screen") {
        return;
    }
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut terminal = inside(&home, &engine, &["screen", "-c", "/dev/null", "-U", "sh"]);
    terminal.send("exit\r").finish();
}

#[test]
fn over_mosh_it_is_at_home() {
    if support::without("mosh") {
        return;
    }
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let mut server = Command::new("mosh-server");
    server.args(["new", "-i", "127.0.0.1", "--", "sh"]).env("PS1", "ready> ").env("LC_ALL", "C.UTF-8");
    server.envs(program(&home, &engine).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let started = server.output().expect("mosh-server starts");
    let told = String::from_utf8_lossy(&started.stdout);
    let told = told.split_once("MOSH CONNECT ").and_then(|(_, told)| told.split_once(' '));
    let (port, code) = told.unwrap_or_else(|| panic!("{started:?}"));
    let code = format!("MOSH_KEY={}", code.split_whitespace().next().unwrap_or_default());
    let mut terminal = inside(&home, &engine, &["env", &code, "LC_ALL=C.UTF-8", "mosh-client", "127.0.0.1", port]);
    terminal.send("exit\r").finish();
}

/// A server for SSH with a port and keys of its own, stopped when this is dropped.
struct Sshd(std::path::PathBuf);

impl Sshd {
    fn start(home: &Home) -> Self {
        let own = Self(own_folder(home));
        assert!(own.script("start"), "tests/parts/sshd.sh starts it; it needs openssh-server");
        own
    }

    fn script(&self, deed: &str) -> bool {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parts/sshd.sh");
        let status =
            Command::new("bash").arg(script).arg(deed).arg(&self.0).stdout(std::process::Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// `command` at the other end of a connection.
    fn carry(&self, command: &Command) -> Command {
        let mut ssh = Command::new("ssh");
        let remote = format!("echo remote $$.; exec {}", command.get_program().to_string_lossy());
        ssh.arg("-q").arg("-F").arg(self.0.join("config")).args(["here", &remote]);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => ssh.env(name, value),
                None => ssh.env_remove(name),
            };
        }
        ssh
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.script("stop");
    }
}

#[test]
fn over_ssh_every_pane_is_there_and_a_broken_line_ends_it() {
    if support::without("sshd") {
        return;
    }
    let home = Home::new();
    let engine = engine_of_thirty(&home, &[]);
    let sshd = Sshd::start(&home);
    let mut terminal = Terminal::start(24, 80, &in_a_shell(&sshd.carry(&program(&home, &engine))));
    terminal.wait_for_text(FIRST).wait_for_text("docker 20.10.24").capture("ssh-1-images");
    for (pane, shows) in [
        ("2", "or name another with"),
        ("3", "no account yet"),
        ("4", "Nobody is trusted"),
        ("5", "127.0.0.1:9"),
        ("6", "Nothing runs, and nothing has ended yet"),
    ] {
        terminal.send(pane).wait_for_text(shows).capture(&format!("ssh-{pane}"));
    }
    terminal.send("1").wait_for_text(FIRST).send("?").wait_for_text("Keys:").send(key::ESC);
    terminal.resize(30, 100).wait_until("the list", |screen| !screen.contents().contains("Keys:"));
    quit(&mut terminal);

    let mut terminal = Terminal::start(24, 80, &in_a_shell(&sshd.carry(&program(&home, &engine))));
    terminal.wait_for_text(FIRST);
    let written = terminal.written();
    let (ssh, program) = (process_number(&written), number_behind("remote ", &written));
    assert!(ticks(&program).is_some());
    Command::new("kill").args(["-KILL", &ssh]).status().expect("kill starts");
    support::wait_for("the program's end", || ticks(&program).is_none().then_some(()));
}
