//! The life of an account as its user leads it: every command of `daochain account`, and what they say of wrong input.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use daochain::{
    config::{Config, Options},
    ops::{Context, accounts::follow_accounts},
};
use serde_json::Value;
use support::{Home, PASSPHRASE, Run, terminal::Terminal};

const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const WORDS: &str = "test test test test test test test test test test test junk";
/// Of `KEY`, which is the first one of `WORDS`.
const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const SECOND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn secret(home: &Home, name: &str, content: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// The keystore's files, without its hidden ones, and those that were removed.
fn key_files(home: &Home) -> Vec<PathBuf> {
    let files = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let keystore = home.path().join("keystore");
    files(keystore.clone())
        .chain(files(keystore.join("removed")))
        .filter(|path| path.is_file() && !hidden(path))
        .collect()
}

fn hidden(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with('.')
}

fn account(run: &Run) -> &Value {
    assert!(run.success(), "{run:?}");
    assert_eq!(run.document["schema"], "daochain.account/1", "{run:?}");
    &run.document["account"]
}

fn refused(run: &Run, code: &str, exit: i32) {
    assert_eq!((run.code, run.document["code"].as_str()), (Some(exit), Some(code)), "{run:?}");
}

/// The program with something on standard input and no passphrase file but those named.
fn fed(home: &Home, args: &[&str], input: &str) -> Output {
    let mut command = home.command(args);
    command.env_remove("DAOCHAIN_PASSWORD_FILE").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn an_account_lives_from_new_to_restore() {
    let home = Home::new();
    let made = home.run(&["account", "new", "--label", "deploy"]);
    let address = account(&made)["address"].as_str().unwrap().to_owned();
    assert_eq!((&account(&made)["label"], &account(&made)["default"]), (&"deploy".into(), &true.into()));
    let file = account(&made)["file"].as_str().unwrap().to_owned();

    let new = secret(&home, "new", "the second passphrase\n");
    let changed = home.run(&["account", "passwd", &address, "--new-password-file", &new]);
    assert_eq!(account(&changed)["file"], file.as_str());
    let before = fs::read(&file).unwrap();
    refused(&home.run(&["account", "passwd", &address, "--new-password-file", &new]), "passphrase-wrong", 1);
    assert_eq!(fs::read(&file).unwrap(), before);

    let copy = home.path().join("copy.json").display().to_string();
    let third = secret(&home, "third", "the third passphrase\n");
    let export =
        ["account", "export", &address, "--out", &copy, "--password-file", &new, "--new-password-file", &third];
    assert_eq!(home.run(&export).document["exported"], copy.as_str());
    refused(&home.run(&export), "keystore-unwritable", 1);
    refused(&home.run(&["account", "import", &copy, "--password-file", &third]), "account-exists", 1);

    refused(&home.run(&["account", "remove", &address]), "confirmation-needed", 2);
    let removed = home.run(&["account", "remove", &address, "--yes"]);
    assert_eq!(account(&removed)["address"], address.as_str());
    let kept = removed.document["removed"]["file"].as_str().unwrap();
    assert_eq!(fs::read(kept).unwrap(), before);
    let list = home.run(&["account", "list"]);
    assert_eq!(list.document["accounts"].as_array().map(Vec::len), Some(0), "{list:?}");
    assert_eq!(list.document["removed"][0]["address"], address.as_str(), "{list:?}");
    refused(&home.run(&["account", "remove", &address, "--yes"]), "no-such-account", 1);

    let imported = home.run(&["account", "import", &copy, "--password-file", &third]);
    assert_eq!(account(&imported)["label"], "deploy", "what the user calls it stays");
    refused(&home.run(&["account", "restore", &address]), "account-exists", 1);
    assert!(home.run(&["account", "remove", &address, "--yes"]).success());
    account(&home.run(&["account", "restore", &address]));
    assert_eq!(key_files(&home).len(), 2, "one is back, the other is kept");
}

#[test]
fn defaults_are_a_networks_own() {
    let home = Home::new();
    let first = account(&home.run(&["account", "new"]))["address"].as_str().unwrap().to_owned();
    let second = account(&home.run(&["account", "new"]))["address"].as_str().unwrap().to_owned();
    let elsewhere = ["--rpc", "http://127.0.0.1:9"];
    let default = |more: &[&str]| {
        let list = home.run(&[more, &["account", "list"]].concat());
        let accounts = list.document["accounts"].as_array().unwrap().clone();
        let chosen: Vec<_> = accounts.iter().filter(|account| account["default"] == true).collect();
        assert_eq!(chosen.len(), 1, "{list:?}");
        chosen[0]["address"].as_str().unwrap().to_owned()
    };
    assert_eq!((default(&[]), default(&elsewhere)), (first.clone(), first.clone()));
    account(&home.run(&["account", "default", &second]));
    assert_eq!((default(&[]), default(&elsewhere)), (second.clone(), first.clone()));
    account(&home.run(&["account", "default", &second, "--everywhere"]));
    assert_eq!((default(&[]), default(&elsewhere)), (second.clone(), second.clone()));
    assert!(home.run(&["account", "remove", &second, "--yes"]).success());
    assert_eq!(default(&[]), first, "the only one that is left");
    refused(&home.run(&["account", "default", &second]), "no-such-account", 1);
    refused(&home.run(&["account", "label", &second, "x"]), "no-such-account", 1);
    account(&home.run(&["account", "label", &first, "mine"]));
    assert_eq!(account(&home.run(&["account", "label", &first, ""]))["label"], Value::Null);
    refused(&home.run(&["account", "label", &first, "a\u{1b}[2J"]), "usage", 2);
    refused(&home.run(&["account", "new", "--label", &"x".repeat(41)]), "usage", 2);
}

#[test]
fn the_first_account_of_another_keystore_takes_no_default_away() {
    let home = Home::new();
    let raw = secret(&home, "raw", KEY);
    account(&home.run(&["account", "import", "--raw-key-file", &raw]));
    account(&home.run(&["account", "default", FIRST]));
    let config = || fs::read_to_string(home.path().join("config.toml")).unwrap();
    let before = config();
    assert!(before.contains("[default_accounts]"), "{before}");
    let other = home.path().join("other").display().to_string();
    let made = home.run(&["account", "new", "--keystore", &other]);
    assert_eq!(account(&made)["default"], true, "there, nothing else can be meant");
    account(&home.run(&["account", "add", SECOND, "--cold", "--keystore", &format!("{other}-2")]));
    assert!(config().starts_with(before.trim()), "{}", config());
}

#[test]
fn an_account_of_two_files_is_listed_once() {
    let home = Home::new();
    let raw = secret(&home, "raw", KEY);
    account(&home.run(&["account", "import", "--raw-key-file", &raw]));
    fs::copy(&key_files(&home)[0], home.path().join("keystore/copy")).unwrap();
    let list = home.run(&["account", "list"]).document;
    assert_eq!(list["accounts"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["problems"][0]["code"], "account-ambiguous", "{list}");
}

#[test]
fn keys_and_words_are_imported_from_files_and_standard_input() {
    let home = Home::new();
    let raw = secret(&home, "raw", &format!("0x{KEY}\n"));
    assert_eq!(account(&home.run(&["account", "import", "--raw-key-file", &raw, "--label", "one"]))["address"], FIRST);
    let words = secret(&home, "words", &WORDS.to_uppercase().replace(' ', "\n"));
    let mnemonic = ["account", "import", "--mnemonic-file", &words];
    refused(&home.run(&mnemonic), "account-exists", 1);
    let path = ["--path", "m/44'/60'/0'/0/1"];
    assert_eq!(account(&home.run(&[&mnemonic[..], &path].concat()))["address"], SECOND);
    let word = secret(&home, "word", "a 25th word\n");
    let hidden = home.run(&[&mnemonic[..], &["--mnemonic-password-file", &word]].concat());
    assert!(account(&hidden)["address"] != FIRST, "{hidden:?}");

    // The key, then the passphrase, each on a line of standard input.
    let other = Home::new();
    let args = ["account", "import", "--raw-key-file", "-", "--password-file", "-", "--json"];
    let output = fed(&other, &args, &format!("{KEY}\na passphrase\n"));
    assert!(output.status.success(), "{output:?}");
    let args = ["account", "passwd", FIRST, "--password-file", "-", "--new-password-file", "-"];
    let output = fed(&other, &args, "a passphrase\nanother passphrase\n");
    assert!(output.status.success(), "{output:?}");
    let output = fed(&other, &args, "a passphrase\nanother passphrase\n");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn wrong_input_is_named_and_nothing_is_written() {
    let home = Home::new();
    let file = |name: &str, content: &str| secret(&home, name, content);
    let import = |more: &[&str]| home.run(&[&["account", "import"], more].concat());
    refused(&import(&["--raw-key-file", &file("short", &KEY[1..])]), "key-unusable", 1);
    refused(&import(&["--raw-key-file", &file("zero", &"0".repeat(64))]), "key-unusable", 1);
    refused(&import(&["--raw-key-file", "/nonexistent"]), "file-unreadable", 1);
    refused(&import(&["--raw-key-file", &file("endless", &"1".repeat(1 << 20))]), "file-unreadable", 1);
    refused(&import(&["--mnemonic-file", &file("words", &WORDS.replace("junk", "test"))]), "mnemonic-invalid", 1);
    let words = file("words", WORDS);
    refused(&import(&["--mnemonic-file", &words, "--path", "44/60"]), "usage", 2);
    refused(&import(&["--raw-key-file", &words, "--path", "m/0"]), "usage", 2);
    refused(&import(&["/nonexistent"]), "file-unreadable", 1);
    refused(&import(&[&home.path().display().to_string()]), "keyfile-invalid", 1);
    refused(&import(&["a", "--raw-key"]), "usage", 2);
    refused(&import(&[]), "usage", 2);
    refused(&import(&["--raw-key"]), "key-needed", 2);
    refused(&import(&["--mnemonic"]), "key-needed", 2);
    for command in [&["passwd", FIRST][..], &["export", FIRST, "--out", "x"], &["remove", FIRST], &["restore", FIRST]] {
        refused(&home.run(&[&["account"], command].concat()), "no-such-account", 1);
    }
    let raw = file("raw", KEY);
    let bare = fed(&home, &["account", "import", "--raw-key-file", &raw, "--json"], "");
    assert!(String::from_utf8_lossy(&bare.stdout).contains("passphrase-needed"), "{bare:?}");
    assert_eq!(bare.status.code(), Some(2));
    assert_eq!(key_files(&home), Vec::<PathBuf>::new());
    account(&import(&["--raw-key-file", &raw]));
    let bare = fed(&home, &["account", "passwd", FIRST, "--json"], "");
    assert!(String::from_utf8_lossy(&bare.stdout).contains("passphrase-needed"), "{bare:?}");
}

#[test]
fn an_empty_passphrase_is_for_dev_alone_and_said_aloud() {
    let home = Home::new();
    let empty = secret(&home, "empty", "\n");
    refused(&home.run(&["account", "new", "--password-file", &empty]), "passphrase-empty", 1);
    let elsewhere = ["account", "new", "--insecure-empty", "--password-file", &empty, "--rpc", "http://127.0.0.1:9"];
    refused(&home.run(&elsewhere), "passphrase-empty", 1);
    let made = home.run(&["account", "new", "--insecure-empty", "--password-file", &empty]);
    let address = account(&made)["address"].as_str().unwrap();
    refused(
        &home.run(&["account", "passwd", address, "--password-file", &empty, "--new-password-file", &empty]),
        "passphrase-empty",
        1,
    );
    let output = fed(&home, &["account", "new", "--insecure-empty", "--json"], "");
    assert!(output.status.success(), "without a question: {output:?}");
}

#[test]
fn files_are_their_owners_alone_whatever_the_umask() {
    let home = Home::new();
    let shell = |script: &str| {
        let program = home.command(&[]);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("umask 000; {script}"), env!("CARGO_BIN_EXE_daochain")]);
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let raw = secret(&home, "raw", KEY);
    shell(&format!("\"$0\" account import --raw-key-file {raw}"));
    let copy = home.path().join("copy.json");
    let pass = home.passphrase_file().display().to_string();
    shell(&format!("\"$0\" account export {FIRST} --out {} --new-password-file {pass}", copy.display()));
    shell(&format!("\"$0\" account passwd {FIRST} --new-password-file {pass}"));
    shell(&format!("\"$0\" account remove {FIRST} --yes"));
    let keystore = home.path().join("keystore");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    for folder in [&keystore, &keystore.join("removed")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for file in key_files(&home).iter().chain([&copy, &keystore.join(".daochain.lock")]) {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_keystore_that_others_can_read_is_warned_about() {
    let home = Home::new();
    let raw = secret(&home, "raw", KEY);
    account(&home.run(&["account", "import", "--raw-key-file", &raw]));
    let keystore = home.path().join("keystore");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&keystore, 0o755);
    mode(&key_files(&home)[0], 0o644);
    let list = home.run(&["account", "list"]);
    assert!(list.success() && list.stderr.contains("other users can look into the keystore"), "{list:?}");
    assert_eq!(list.document["problems"][0]["code"], "keyfile-exposed", "{list:?}");
    assert_eq!(list.document["accounts"][0]["address"], FIRST, "it can be used all the same");
    mode(&keystore, 0o777);
    refused(&home.run(&["account", "list"]), "home-exposed", 1);
}

#[test]
fn no_secret_is_told_to_anybody() {
    let home = Home::new();
    let (raw, words) = (secret(&home, "raw", KEY), secret(&home, "words", WORDS));
    let wrong = secret(&home, "wrong", "not the passphrase\n");
    let mut said = String::new();
    for args in [
        &["-vv", "account", "import", "--raw-key-file", &raw][..],
        &["-vv", "account", "import", "--mnemonic-file", &words, "--path", "m/44'/60'/0'/0/1"],
        &["-vv", "account", "passwd", FIRST, "--password-file", &wrong, "--new-password-file", &wrong],
        &["-vv", "account", "passwd", FIRST, "--new-password-file", &wrong],
        &["-vv", "account", "list"],
    ] {
        let run = home.run(args);
        said.extend([run.document.to_string(), run.stderr]);
    }
    said.push_str(&fs::read_to_string(home.path().join("daochain.log")).unwrap_or_default());
    for hidden in [KEY, &KEY[..16], PASSPHRASE, "not the passphrase", "test junk"] {
        assert!(!said.contains(hidden), "`{hidden}` was told: {said}");
    }
}

#[test]
fn a_signal_leaves_the_old_file_or_the_new_one() {
    let home = Home::new();
    let raw = secret(&home, "raw", KEY);
    account(&home.run(&["account", "import", "--raw-key-file", &raw]));
    let new = secret(&home, "new", "another passphrase\n");
    let before = fs::read(&key_files(&home)[0]).unwrap();
    for tenths in [1, 4, 8] {
        let program = home.command(&["account", "passwd", FIRST, "--new-password-file", &new]);
        let mut command = Command::new("timeout");
        command.args(["-s", "TERM", "--preserve-status", &format!("0.{tenths}")]).arg(program.get_program());
        command.args(program.get_args()).envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.stdin(Stdio::null()).output().unwrap();
        let now = fs::read(&key_files(&home)[0]).unwrap();
        match output.status.code() {
            Some(143) => assert_eq!(now, before, "cancelled: {output:?}"),
            // The signal came before its handler, or after the end.
            _ => assert!(now == before || output.status.success(), "{output:?}"),
        }
        let keystore = fs::read_dir(home.path().join("keystore")).unwrap();
        let names: Vec<_> = keystore.map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().starts_with(".daochain-")), "{names:?}");
        if now != before {
            break;
        }
    }
}

#[test]
fn passphrases_are_typed_twice_and_judged_and_a_removal_is_typed_out() {
    let home = Home::new();
    let start = |args: &[&str]| {
        let mut command = home.command(args);
        command.env_remove("DAOCHAIN_PASSWORD_FILE");
        Terminal::start(24, 100, &command)
    };
    let mut differs = start(&["account", "new"]);
    differs.wait_for_text("New passphrase:").send("password1\r").wait_for_text("very weak");
    differs.wait_for_text("The same again:").send("password2\r");
    let (text, code) = differs.finish();
    assert!(code == 1 && text.contains("nothing was written") && !text.contains("password1"), "{text}");
    assert_eq!(key_files(&home), Vec::<PathBuf>::new());

    let mut made = start(&["account", "import", "--raw-key"]);
    made.wait_for_text("Key (64 hex digits):").send(&format!("{KEY}\r"));
    made.wait_for_text("New passphrase:").send("qmZ4!veR-tundra-ocelot\r").wait_for_text("strong (4 of 4)");
    made.wait_for_text("The same again:").send("qmZ4!veR-tundra-ocelot\r").wait_for_text("sealing the key");
    let (text, code) = made.finish();
    assert!(code == 0 && text.contains(FIRST) && !text.contains(&KEY[..8]), "{text}");

    let mut kept = start(&["account", "remove", FIRST]);
    kept.wait_for_text("Type its address to remove it:").send("yes\r");
    assert_eq!(kept.finish().1, 1);
    let mut wrong = start(&["account", "passwd", FIRST]);
    wrong.wait_for_text("Passphrase of 0xf39F").send("wrong\r").wait_for_text("opening the key");
    let (text, code) = wrong.finish();
    assert!(code == 1 && text.contains("the passphrase does not open") && !text.contains("New"), "{text}");
    let mut gone = start(&["account", "remove", FIRST]);
    gone.wait_for_text("to remove it:").send(&format!("{FIRST}\r"));
    let (text, code) = gone.finish();
    assert!(code == 0 && text.contains("kept until"), "{text}");
}

#[tokio::test]
async fn what_another_program_does_in_the_keystore_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = folder.path().join("theirs");
    let options =
        Options { home: Some(folder.path().join("home")), keystore: Some(keystore.clone()), ..Options::default() };
    let context = Context::open(Config::load(options, &|_| None).unwrap()).unwrap();
    let mut news = follow_accounts(&context);
    // It may be made after the program started.
    tokio::time::sleep(Duration::from_millis(200)).await;
    fs::create_dir(&keystore).unwrap();
    let vector = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keystore/very-light-scrypt.json");
    fs::copy(vector, keystore.join("new")).unwrap();
    let told = tokio::time::timeout(Duration::from_secs(20), news.recv()).await;
    assert_eq!(told.expect("a new file is seen"), Some(()));
    fs::remove_file(keystore.join("new")).unwrap();
    let told = tokio::time::timeout(Duration::from_secs(20), news.recv()).await;
    assert_eq!(told.expect("a removal is seen"), Some(()));
}

#[test]
fn the_screen_shows_an_account_that_another_process_makes() {
    let home = Home::new();
    let mut screen = Terminal::start(24, 120, &home.command(&["--docker-host", "none"]));
    screen.send("3").wait_for_text("`n` makes one");
    let raw = secret(&home, "raw", KEY);
    account(&home.run(&["account", "import", "--raw-key-file", &raw]));
    screen.wait_for_text("0xf39F");
    assert!(home.run(&["account", "remove", FIRST, "--yes"]).success());
    screen.wait_for_text("`n` makes one").send("q");
    assert_eq!(screen.finish().1, 0);
}
