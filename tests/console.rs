//! The command line on a terminal and in a pipe: tables that fit, what `--quiet` leaves, templates, colours.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use support::{Home, PASSPHRASE, terminal::Terminal};
use unicode_width::UnicodeWidthStr as _;

const ADDRESS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
/// geth's own test key.
const KEY: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";

/// A home with long names of everything that is listed, and images in an archive folder.
fn full_home() -> Home {
    let home = Home::new();
    let long = "registry.example.internal:5000/a-team-with-a-long-name/payments-api:2026-11-29";
    let trust = format!(
        "[[rule]]\npattern = '{long}'\npublisher = '{ADDRESS}'\nname = 'the people who pay'\nnote = 'told by phone, twice'\n\
         [[rule]]\npattern = 'docker.io/acme/*'\npublisher = '{ADDRESS}'\n[[deny]]\npattern = 'docker.io/evil/*'\nnote = 'never'\n"
    );
    fs::write(home.path().join("trust.toml"), trust).expect("a file");
    let config = format!(
        "[networks.a-network-with-a-long-name]\nrpc = ['https://one.example.internal', 'https://two.example.internal']\n\
         contract = '{ADDRESS}'\n[labels]\n'{ADDRESS}' = 'deploy'\n[signers]\n'{ADDRESS}' = 'cold'\n"
    );
    fs::write(home.path().join("config.toml"), config).expect("a file");
    let archives = home.path().join("archives");
    fs::create_dir(&archives).expect("a folder");
    for (number, name) in ["acme/api:1", "acme/a-service-with-quite-a-long-name:2026-11-29-build-7"].iter().enumerate()
    {
        let made = home.archive(name, "content");
        fs::rename(made, archives.join(format!("{number}.tar"))).expect("a file");
    }
    home
}

/// A command in `home` that asks nothing outside of it.
fn command(home: &Home, args: &[&str]) -> Command {
    let archives = home.path().join("archives");
    let mut all = vec!["--docker-host", "none", "--rpc", "http://127.0.0.1:1", "--archives"];
    all.push(archives.to_str().expect("text"));
    all.extend(args);
    let mut command = home.command(&all);
    command.env("LANG", "C.UTF-8").env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("LC_ALL");
    command
}

/// What stands on the terminal, line by line, without colours.
fn shown(written: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.lines().map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn tables_fit_terminals_of_any_width() {
    let home = full_home();
    for args in [
        &["images", "-q"][..],
        &["account", "list", "-q"],
        &["trust", "list"],
        &["network", "list"],
        &["tx", "list"],
        &["config", "show"],
        &["help", "errors"],
        &["doctor"],
    ] {
        for columns in [40, 80, 200] {
            let (written, _) = Terminal::start(24, columns, &command(&home, args)).finish();
            let lines = shown(&written);
            let long: Vec<_> = lines.iter().filter(|line| line.width() > usize::from(columns)).collect();
            // Failures are sentences, which the terminal breaks.
            let long: Vec<_> =
                long.into_iter().filter(|line| !line.starts_with("daochain: ") && !line.starts_with("  ")).collect();
            assert!(long.is_empty(), "{args:?} at {columns}: {long:#?}");
            assert!(lines.len() > 1 || args[0] == "tx", "{args:?} at {columns}: {lines:?}");
        }
    }
}

#[test]
fn a_row_that_fits_no_line_is_told_line_by_line_and_whole() {
    let home = full_home();
    let (written, _) = Terminal::start(24, 40, &command(&home, &["trust", "list"])).finish();
    let text = shown(&written).join("").replace("            ", "");
    assert!(text.contains("payments-api:2026-11-29") && text.contains(ADDRESS), "{text}");
}

#[test]
fn a_pipe_gets_no_colour_and_whole_words() {
    let home = full_home();
    for args in [&["images"][..], &["trust", "list"], &["network", "list"], &["doctor"], &["--help"]] {
        let output = command(&home, args).output().expect("the program starts");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(!text.contains('\u{1b}') && !text.is_empty(), "{args:?}: {text}");
    }
    let output = command(&home, &["trust", "list"]).output().expect("the program starts");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("a-team-with-a-long-name/payments-api:2026-11-29  0x5aAe")
    );
}

#[test]
fn quiet_leaves_results_and_failures() {
    let home = Home::new();
    let (loud, quiet) = (["trust", "list"], ["trust", "list", "--quiet"]);
    let errors = |args: &[&str]| home.command(args).output().expect("the program starts").stderr;
    assert!(!errors(&loud).is_empty());
    assert_eq!(errors(&quiet), b"");
    let failed = home.command(&["-q", "verify", "--archive", "/nonexistent.tar"]).output().expect("the program starts");
    assert!(!failed.stderr.is_empty() && !failed.status.success(), "a failure is told");
}

#[test]
fn quiet_holds_nothing_back_from_who_is_asked() {
    let home = Home::new();
    let key = home.path().join("key.hex");
    fs::write(&key, KEY).expect("a file");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a mode");
    let args = ["-q", "account", "import", "--raw-key-file", key.to_str().expect("text")];
    let mut command = home.command(&args);
    command.env_remove("DAOCHAIN_PASSWORD_FILE");
    let mut terminal = Terminal::start(24, 80, &command);
    terminal.wait_for_text("New passphrase").send(PASSPHRASE).send("\r").wait_for_text("The same again");
    assert!(terminal.contents().contains("other users can read"), "{}", terminal.contents());
    terminal.send(PASSPHRASE).send("\r");
    let (written, code) = terminal.finish();
    assert_eq!(code, 0, "{written}");
}

#[test]
fn listings_are_printed_by_templates() {
    let home = full_home();
    let told = |args: &[&str], code: i32| {
        let output = command(&home, args).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (out, _) = told(&["network", "list", "--format", "{{.name}}\\t{{.ChainId}}"], 0);
    assert_eq!(out, "dev\t1337\na-network-with-a-long-name\t\n");
    let (out, _) = told(&["trust", "list", "--format", "table {{.Pattern}}\\t{{.Publisher | truncate 6}}"], 0);
    assert!(out.starts_with("PATTERN") && out.lines().nth(2).is_some_and(|line| line.ends_with("0x5aAe")), "{out}");
    let (out, _) = told(&["account", "list", "--format", "json"], 0);
    let account: serde_json::Value = serde_json::from_str(out.trim()).expect("JSON");
    assert_eq!(account["address"], ADDRESS);
    let (out, _) = told(&["images", "--format", "{{.engine}} {{upper .verdict}}"], 1);
    assert_eq!(out.lines().count(), 2, "{out}");
    let (_, err) = told(&["trust", "list", "--format", "{{.nope}}"], 2);
    assert!(
        err.contains("character 3 of the template: there is no field `.nope`") && err.contains(".publisher"),
        "{err}"
    );
    let (_, err) = told(&["trust", "list", "--format", "{{.nope"], 2);
    assert!(err.contains("`{{` is not closed"), "{err}");
}
