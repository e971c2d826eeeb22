//! The command line as scripts meet it: the real program, its streams, documents and exit codes. What needs an engine or
//! a remote node stands in the end-to-end suites.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{Read as _, Write as _},
    process::{Output, Stdio},
};

use daochain::image::write::ImageBuilder;
use serde_json::{Value, json};
use support::{Home, Run};

/// An address with its checksum (EIP-55's own vector).
const ADDRESS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

/// One call of the program, without a passphrase file unless it is given.
struct Call {
    home: Home,
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
    stdin: Vec<u8>,
}

fn daochain(args: &[&str]) -> Call {
    let args = args.iter().map(ToString::to_string).collect();
    Call { home: Home::new(), args, env: vec![("DAOCHAIN_PASSWORD_FILE", String::new())], stdin: Vec::new() }
}

impl Call {
    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = bytes.to_vec();
        self
    }

    fn output(&self) -> Output {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let mut command = self.home.command(&args);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A program that does not read its input closes the pipe, which is its right.
        let _ = child.stdin.take().expect("a pipe").write_all(&self.stdin);
        child.wait_with_output().expect("the program ends")
    }

    /// Runs it, and demands an exit code. What it printed on both streams.
    fn exits(&self, code: i32) -> (String, String) {
        let output = self.output();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{:?}\nstdout: {out}\nstderr: {err}", self.args);
        (out, err)
    }

    /// Runs it with `--json`, and demands an error document and an exit code.
    fn fails(mut self, code: &str, exit: i32) -> Value {
        self.args.push("--json".to_owned());
        let (out, err) = self.exits(exit);
        let document = one_document(&out);
        assert_eq!(document["schema"], "daochain.error/1", "{out}");
        assert_eq!(document["code"], code, "{out}");
        assert!(document["message"].as_str().is_some_and(|message| !message.is_empty()), "{out}");
        assert!(document["hint"].is_string() || document["hint"].is_null(), "{out}");
        assert!(!err.is_empty(), "the sentence for people goes to standard error");
        document
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program prints UTF-8")
}

/// The only document on standard output: one line, one object.
fn one_document(out: &str) -> Value {
    assert_eq!(out.lines().count(), 1, "one document on one line: {out}");
    assert!(out.ends_with('\n'));
    let document: Value = serde_json::from_str(out).expect("a JSON document");
    assert!(document["schema"].is_string(), "{out}");
    document
}

#[test]
fn wrong_usage_is_2_and_a_document_when_asked_for() {
    for args in [
        &["verify"][..],
        &["no-such-command"],
        &["verify", "acme/Upper:1"],
        &["verify", "app@sha256:00"],
        &["verify", "app", "--publisher", "0x12"],
        &["verify", "app", "--quick", "--measure"],
        &["verify", "app", "--all"],
        &["publish"],
        &["publish", "app", "--annotations", "{"],
        &["publish", "app", "--no-wait", "--confirmations", "2"],
        &["revoke", "app"],
        &["revoke", "app", "--reason", ""],
        &["revoke", "app", "--reason", "x", "--digest", "sha256:12"],
        &["hash"],
        &["account", "default", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"],
        &["trust", "add", "docker.io/*/x", ADDRESS],
        &["network", "add", "test"],
        &["help", "no-such-command"],
    ] {
        let document = daochain(args).fails("usage", 2);
        let message = document["message"].as_str().expect("a message");
        assert!(!message.contains("Usage:") && !message.starts_with("error"), "{message}");
    }
}

#[test]
fn help_and_version_are_results() {
    let (version, err) = daochain(&["-V"]).exits(0);
    assert_eq!((version.as_str(), err.as_str()), (concat!("daochain ", env!("CARGO_PKG_VERSION"), "\n"), ""));
    let (whole, _) = daochain(&["--version"]).exits(0);
    let lines: Vec<_> = whole.lines().collect();
    assert!(whole.starts_with(version.trim_end()) && lines.len() == 4, "{whole}");
    let embedded = cfg!(feature = "devnet");
    assert_eq!(lines[2].contains("devnet"), embedded, "{whole}");
    let document = one_document(&daochain(&["--version", "--json"]).exits(0).0);
    assert_eq!(document["schema"], "daochain.version/1");
    assert_eq!(document["features"], if embedded { json!(["devnet"]) } else { json!([]) });
    let (help, _) = daochain(&["--help"]).exits(0);
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    assert!(help.lines().all(|line| line.len() <= 120), "{help}");
    let (of_publish, _) = daochain(&["help", "publish"]).exits(0);
    assert!(of_publish.contains("--dry-run"), "{of_publish}");
    let (nested, _) = daochain(&["help", "trust", "add"]).exits(0);
    assert!(nested.contains("--observer"), "{nested}");
}

#[test]
fn help_errors_lists_every_code_with_its_exit_code() {
    let (out, _) = daochain(&["help", "errors", "--json"]).exits(0);
    let document = one_document(&out);
    assert_eq!(document["schema"], "daochain.errors/1");
    let errors = document["errors"].as_array().expect("errors");
    let exit = |code: &str| errors.iter().find(|error| error["code"] == code).map(|error| error["exit"].clone());
    assert_eq!(exit("passphrase-needed"), Some(json!(2)));
    assert_eq!(exit("engine-unreachable"), Some(json!(1)));
    let (human, _) = daochain(&["help", "errors"]).exits(0);
    assert_eq!(human.lines().count(), errors.len() + 1);
}

#[test]
fn the_configuration_is_told_with_where_it_was_said_and_checked_with_places() {
    let call = daochain(&["--rpc", "http://127.0.0.1:1/KEY", "config", "show", "--json"]);
    std::fs::write(call.home.path().join("config.toml"), "jobs = 3\n").expect("a file");
    let document = one_document(&call.exits(0).0);
    assert_eq!(document["schema"], "daochain.config/1");
    let settings = document["settings"].as_array().expect("settings");
    let of = |key: &str| settings.iter().find(|one| one["key"] == key).expect("the key");
    assert_eq!((of("jobs")["value"].clone(), of("jobs")["line"].clone()), (json!(3), json!(1)));
    assert_eq!(of("networks.custom.rpc")["source"], "--rpc");
    assert_eq!((&of("home")["source"], &of("docker_host")["source"]), (&json!("DAOCHAIN_HOME"), &json!("DOCKER_HOST")));
    assert!(!document.to_string().contains("KEY"), "{document}");

    let default = daochain(&["config", "show", "--default"]).exits(0).0;
    assert!(default.contains("# jobs = 2") && default.contains("DAOCHAIN_RPC"), "{default}");

    let wrong = daochain(&["config", "check"]);
    std::fs::write(wrong.home.path().join("config.toml"), "jobs = 2\njbos = 3\n").expect("a file");
    let (out, _) = wrong.exits(1);
    assert!(out.contains("config.toml:2:1: the key `jbos` means nothing; did you mean `jobs`?"), "{out}");
    let document = one_document(&daochain(&["config", "check", "--json"]).exits(0).0);
    assert_eq!(document["schema"], "daochain.config-check/1");
    let call = daochain(&["config", "check"]);
    let keys = "[images]\nmeasrue = 'm'\npublish = 7\nmeasure = 'Z'\nrevoke = 'Z'\n";
    std::fs::write(call.home.path().join("keys.toml"), keys).expect("a file");
    std::fs::write(call.home.path().join("theme.toml"), "theme = 'drak'\n").expect("a file");
    let (out, _) = call.exits(1);
    // All of them, in the files' order, and each key that two actions have once.
    for told in ["keys.toml:2:1: ", "keys.toml:3:11: ", "keys.toml:5:10: ", "theme.toml:1:9: "] {
        assert_eq!(out.matches(told).count(), 1, "{told} in {out}");
    }
    assert_eq!(out.matches("TROUBLE").count(), 4, "{out}");
    assert!(out.contains("`measure`") && out.contains("`dark`"), "{out}");
}

#[test]
fn completions_are_printed_for_each_shell() {
    for (shell, mark) in [
        ("bash", "complete -o nospace"),
        ("zsh", "#compdef daochain"),
        ("fish", "complete "),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let (script, _) = daochain(&["completions", shell]).exits(0);
        assert!(script.contains(mark) && script.contains("DAOCHAIN_COMPLETE"), "{shell}: {script}");
    }
}

#[test]
fn trust_rules_come_go_and_answer() {
    let home = Home::new();
    let rules = |run: Run| {
        assert!(run.success(), "{run:?}");
        assert_eq!(run.document["schema"], "daochain.trust/1");
        let mut rules = run.document["rules"].clone();
        for rule in rules.as_array_mut().expect("rules") {
            let since = rule["since"].take();
            assert!(since.as_str().is_some_and(|since| since.ends_with('Z')), "when it was made: {rule}");
        }
        rules
    };
    let rule = |pattern: &str, publisher: &str, role: &str, name: Option<&str>| {
        json!({"pattern": pattern, "publisher": publisher, "role": role, "name": name, "since": null, "note": null,
            "network": null})
    };
    let acme = rule("docker.io/acme/*", ADDRESS, "publisher", Some("acme"));
    let seen = rule("docker.io/library/nginx:latest", OTHER, "observer", None);
    assert_eq!(rules(home.run(&["trust", "list"])), json!([]));
    assert_eq!(rules(home.run(&["trust", "add", "acme/*", ADDRESS, "--name", "acme"])), json!([acme]));
    assert_eq!(rules(home.run(&["trust", "add", "nginx", OTHER, "--observer"])), json!([acme, seen]));
    assert_eq!(rules(home.run(&["trust", "list"])), json!([acme, seen]));

    let covered = home.run(&["trust", "check", "acme/api:2"]);
    assert_eq!(covered.code, Some(0));
    assert_eq!(
        covered.document,
        json!({
            "schema": "daochain.trust-check/1",
            "reference": "docker.io/acme/api:2",
            "rule": "docker.io/acme/*",
            "denied": false,
            "publishers": [ADDRESS],
            "observers": [],
            "require": null,
            "finality": null,
            "successions": "ask",
            "max_age": null,
            "reason": "rule docker.io/acme/* decides about acme/api:2, the most specific that covers it: one publisher speaks for it"
        })
    );
    for nobody in ["nginx", "redis"] {
        let checked = home.run(&["trust", "check", nobody]);
        assert_eq!((checked.code, &checked.document["publishers"]), (Some(4), &json!([])), "{checked:?}");
    }

    assert_eq!(rules(home.run(&["trust", "remove", "acme/*", ADDRESS])), json!([seen]));
    let gone = home.run(&["trust", "remove", "acme/*"]);
    assert_eq!((gone.code, &gone.document["code"]), (Some(1), &json!("no-such-rule")), "{gone:?}");
}

#[test]
fn a_trust_file_that_cannot_be_understood_is_refused_and_kept() {
    let home = Home::new();
    let file = home.path().join("trust.toml");
    std::fs::write(&file, "[[rule]]\npattern = 7\n").expect("a file");
    for args in [&["trust", "list"][..], &["trust", "add", "**", ADDRESS], &["verify", "app"]] {
        let run = home.run(args);
        assert_eq!((run.code, &run.document["schema"]), (Some(1), &json!("daochain.error/1")), "{run:?}");
        assert!(run.document["message"].as_str().is_some_and(|message| message.contains("trust.toml")), "{run:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "[[rule]]\npattern = 7\n");
}

#[test]
fn networks_are_listed_and_an_unknown_one_is_named() {
    let home = Home::new();
    let listed = home.run(&["network", "list"]);
    assert_eq!(listed.document["schema"], "daochain.networks/1");
    let dev = &listed.document["networks"][0];
    assert_eq!((&dev["name"], &dev["chain_id"], &dev["current"]), (&json!("dev"), &json!(1337), &json!(true)));
    let failed = daochain(&["images", "--network", "nowhere"]).fails("no-such-network", 1);
    assert!(failed["message"].as_str().is_some_and(|message| message.contains("nowhere")), "{failed}");
    daochain(&["network", "use", "nowhere"]).fails("no-such-network", 1);
    daochain(&["network", "remove", "dev"]).fails("usage", 2);
    daochain(&["network", "add", "dead", "--rpc", "http://127.0.0.1:9"]).fails("node-unreachable", 1);
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    daochain(&["account", "new"]).fails("passphrase-needed", 2);
    daochain(&["account", "new", "--password-file", "/nonexistent/passphrase"]).fails("passphrase-unreadable", 1);
    daochain(&["account", "new", "--password-file", "-"]).stdin(b"\n").fails("passphrase-empty", 1);
    daochain(&["publish", "app"]).fails("no-account", 1);
    let (out, err) = daochain(&[]).exits(1);
    assert!(out.is_empty() && err.contains("terminal"), "{err}");
}

#[test]
fn an_account_is_made_from_the_passphrase_on_standard_input() {
    let call = daochain(&["account", "new", "--password-file", "-", "--json"]).stdin(b"a passphrase\nnot this\n");
    let (out, err) = call.exits(0);
    let made = one_document(&out);
    assert_eq!(made["schema"], "daochain.account/1");
    let account = &made["account"];
    assert!(account["address"].as_str().is_some_and(|address| address.starts_with("0x") && address.len() == 42));
    assert_eq!(account["default"], true, "the first is the default");
    assert!(!out.contains("a passphrase") && !err.contains("a passphrase"));
    let file = account["file"].as_str().expect("a file");
    assert!(std::path::Path::new(file).starts_with(call.home.path()), "{file}");
    // Signing needs a yes, which nobody can give here.
    let revoke = ["revoke", "app", "--digest", &format!("sha256:{}", "ab".repeat(32)), "--reason", "a test"];
    let funded = call.home.run(&["account", "fund", account["address"].as_str().expect("an address")]);
    assert!(funded.success(), "{funded:?}");
    assert_eq!(funded.document["account"]["balance_wei"], "100000000000000000000");
    let refused = call.home.run(&revoke);
    assert_eq!((refused.code, &refused.document["code"]), (Some(2), &json!("confirmation-needed")), "{refused:?}");
    let estimated = call.home.run(&[&revoke[..], &["--dry-run"]].concat());
    assert!(estimated.success(), "{estimated:?}");
    let publication = &estimated.document["publications"][0];
    assert_eq!((&publication["stage"], &publication["transaction"]), (&json!("estimated"), &Value::Null));
    assert!(publication["fee_wei"].as_str().is_some_and(|fee| fee.bytes().all(|b| b.is_ascii_digit())));
}

#[test]
fn without_an_engine_nothing_is_green() {
    let failed = daochain(&["images"]).fails("engine-unreachable", 1);
    assert!(failed["message"].as_str().is_some_and(|message| message.contains("/nonexistent/docker.sock")), "{failed}");
    let home = Home::new();
    let run = home.run(&["verify", "acme/api:1"]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
    assert_eq!(run.document["images"][0]["reference"], "docker.io/acme/api:1");
    daochain(&["verify", "--all"]).fails("engine-unreachable", 1);
    daochain(&["hash", "no-such-file.tar"]).fails("engine-unreachable", 1);
    daochain(&["hash", "-"]).stdin(b"no archive at all").fails("archive-unreadable", 1);
}

#[test]
fn a_history_of_silence_is_empty_and_4() {
    let run = Home::new().run(&["history", "acme/api:1"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert_eq!(
        run.document,
        json!({"schema": "daochain.history/1", "reference": "docker.io/acme/api:1", "publisher": null, "events": []})
    );
}

#[test]
fn the_embedded_node_tells_its_status_and_holds_the_contract() {
    let home = Home::new();
    let status = home.run(&["node", "status"]);
    assert_eq!((status.code, &status.document["schema"]), (Some(0), &json!("daochain.node/1")), "{status:?}");
    let endpoint = &status.document["endpoints"][0];
    assert_eq!((&endpoint["chain_id"], &endpoint["agrees"]), (&json!(1337), &json!(true)), "{status:?}");
    assert!(endpoint["head"]["hash"].as_str().is_some_and(|hash| hash.len() == 66), "{status:?}");
    let contract = home.run(&["contract", "show"]);
    assert_eq!((contract.code, &contract.document["code_matches"]), (Some(0), &json!(true)), "{contract:?}");
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let call = daochain(&["help", "errors"]);
    let mut child = call
        .home
        .command(&["help", "errors"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
    assert_eq!(child.wait().expect("its end").code(), Some(141), "as `cat` ends: 128 and SIGPIPE");
    assert_eq!(err, "");
}

#[test]
fn a_full_disk_under_standard_output_is_told() {
    let home = Home::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = home.command(&["help", "errors"]).stdout(full).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("could not be written"));
}

#[test]
fn the_locale_decides_between_unicode_and_ascii() {
    let rule = ["trust", "check", "acme/api:1"];
    let images = |locale: &str| daochain(&["network", "list"]).env("LC_ALL", locale).exits(0).0;
    assert!(images("C").is_ascii());
    assert!(images("C.UTF-8").contains("dev"));
    let (out, err) = daochain(&rule).env("LC_ALL", "C").exits(4);
    assert!(out.is_ascii() && err.is_ascii());
    assert!(!out.contains('\u{1b}'), "no colour outside a terminal");
}

#[test]
fn json_behind_the_end_of_options_is_an_argument() {
    let (out, err) = daochain(&["hash", "--", "--json"]).exits(1);
    assert!(out.is_empty() && err.starts_with("daochain: "), "{err}");
}

#[test]
fn names_of_strangers_cannot_speak_to_the_terminal() {
    let (_, err) = daochain(&["hash", "\u{1b}[2Jx"]).exits(1);
    assert!(!err.contains('\u{1b}'), "{err:?}");
    let (_, err) = daochain(&["verify", "\u{1b}[2Jx"]).exits(2);
    assert!(!err.contains('\u{1b}'), "{err:?}");
}

#[test]
fn a_signal_during_the_passphrase_gives_the_terminal_back() {
    let home = Home::new();
    let pty = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).expect("a pseudo-terminal");
    // `stty` tells afterwards whether typed characters show.
    let script = "timeout --foreground --preserve-status -s TERM 5 \"$0\" account new; echo code=$?; stty -a";
    let mut command = portable_pty::CommandBuilder::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_daochain")]);
    command.env("DAOCHAIN_HOME", home.path());
    command.env_remove("DAOCHAIN_PASSWORD_FILE");
    let mut child = pty.slave.spawn_command(command).expect("a shell starts");
    drop(pty.slave);
    let mut screen = Vec::new();
    // Linux answers EIO when the last process has closed the terminal.
    let _ = pty.master.try_clone_reader().expect("a reader").read_to_end(&mut screen);
    child.wait().expect("its end");
    let screen = String::from_utf8_lossy(&screen);
    assert!(screen.contains("New passphrase: ") && screen.contains("ended by SIGTERM"), "{screen}");
    assert!(screen.contains("code=143"), "{screen}");
    assert!(screen.contains(" echo ") && screen.contains(" icanon") && !screen.contains("-echo "), "{screen}");
}

#[test]
fn an_amendment_adds_what_the_version_lacks_and_repeats_nothing() {
    let home = Home::new();
    home.funded_account();
    let archive = home.path().join("app.tar");
    let file = std::fs::File::create(&archive).expect("a file");
    let reference = "acme/app:1".parse().expect("a reference");
    ImageBuilder::new().reference(reference).layer([("app", "content")]).write(file).expect("an archive");
    let archive = archive.display().to_string();
    let publish = |more: &[&str]| home.run(&[&["publish", "--archive", &archive, "--yes"], more].concat());
    let publication = |run: &Run| (run.code, run.document["publications"][0].clone());

    assert_eq!(publish(&["--amend"]).document["code"], "refused", "there is nothing to amend");
    let (code, first) = publication(&publish(&[]));
    assert_eq!((code, &first["version"]), (Some(0), &json!(1)));
    let (code, again) = publication(&publish(&["--amend"]));
    assert_eq!((code, &again["stage"]), (Some(0), &json!("already-published")));
    let (code, amended) = publication(&publish(&["--amend", "--with-layers"]));
    assert_eq!((code, &amended["version"]), (Some(0), &json!(1)), "{amended}");
    assert_eq!(amended["digests"].as_array().map(Vec::len), Some(1), "{amended}");
    assert_eq!(amended["digests"][0]["kind"], "chain-id", "{amended}");
}
