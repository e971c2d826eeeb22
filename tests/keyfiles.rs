//! Key files made to do harm: each is refused at once, in words, and takes no memory. Beside them, in a keystore, a good
//! account goes on working.
//!
//! Time is the processor's, which other work on the machine does not lengthen; who waits for a pipe's writer is ended by
//! `timeout`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use support::{Home, without};

const MIB_LIMIT: u64 = 64;
const MILLISECONDS_LIMIT: u64 = 1000;
/// geth's lightest vector, of the empty passphrase.
const GOOD: &str = include_str!("vectors/keystore/very-light-scrypt.json");
/// Runs a program and tells its largest memory in KiB, the processor's time in milliseconds, its exit code, and what it
/// printed on standard output.
const WATCHER: &str = "import resource, subprocess, sys
run = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, int(1000 * (used.ru_utime + used.ru_stime)), run.returncode, run.stdout)";

/// What a file does, which code it gets, and its content.
type Case = (&'static str, &'static str, Vec<u8>);

const INVALID: &str = "keyfile-invalid";
const REFUSED: &str = "keyfile-refused";

fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document = serde_json::from_str(GOOD).unwrap();
    change(&mut document);
    document.to_string().into_bytes()
}

fn crypto(name: &'static str, value: Value) -> Vec<u8> {
    changed(|document| document["crypto"][name] = value)
}

fn params(value: &Value) -> Vec<u8> {
    let value = value.clone();
    changed(|document| {
        for (name, value) in value.as_object().unwrap() {
            document["crypto"]["kdfparams"][name] = value.clone();
        }
    })
}

fn pbkdf2(rounds: &Value, prf: &str) -> Vec<u8> {
    changed(|document| {
        document["crypto"]["kdf"] = json!("pbkdf2");
        document["crypto"]["kdfparams"] = json!({"c": rounds, "prf": prf, "dklen": 32, "salt": "00"});
    })
}

/// Costs: bounded before anything is computed.
fn costly() -> Vec<Case> {
    vec![
        ("n of 2^30", REFUSED, params(&json!({"n": 1_u64 << 30}))),
        ("n of 2^63", REFUSED, params(&json!({"n": 1_u64 << 63}))),
        ("r of 2^40", REFUSED, params(&json!({"r": 1_u64 << 40}))),
        ("p of 2000", REFUSED, params(&json!({"p": 2000}))),
        ("p of 2000 with geth's n", REFUSED, params(&json!({"n": 262_144, "p": 2000}))),
        ("p of 2^64 - 1", REFUSED, params(&json!({"p": u64::MAX}))),
        ("p that takes the memory that n does not", REFUSED, params(&json!({"n": 2, "p": 60, "r": 1_000_000}))),
        ("geth's n, four times, and p 5", REFUSED, params(&json!({"n": 1_048_576, "p": 5}))),
        ("n of 2^23 with r 1", REFUSED, params(&json!({"n": 1 << 23, "r": 1}))),
        ("four billion rounds", REFUSED, pbkdf2(&json!(4_000_000_000_u64), "hmac-sha256")),
        ("2^60 rounds", REFUSED, pbkdf2(&json!(1_u64 << 60), "hmac-sha256")),
    ]
}

/// Fields that are wrong in themselves.
fn malformed() -> Vec<Case> {
    vec![
        ("n of 3", INVALID, params(&json!({"n": 3}))),
        ("n of 0", INVALID, params(&json!({"n": 0}))),
        ("n of -2", INVALID, params(&json!({"n": -2}))),
        ("n as text", INVALID, params(&json!({"n": "262144"}))),
        ("n of 1e300", INVALID, params(&json!({"n": 1e300}))),
        ("p of 0", INVALID, params(&json!({"p": 0}))),
        ("no r", INVALID, params(&json!({"r": null}))),
        ("no rounds", INVALID, pbkdf2(&json!(0), "hmac-sha256")),
        ("half a round", INVALID, pbkdf2(&json!(0.5), "hmac-sha256")),
        ("another prf", INVALID, pbkdf2(&json!(1000), "hmac-md5")),
        ("dklen of 16", INVALID, params(&json!({"dklen": 16}))),
        ("dklen of 2^62", INVALID, params(&json!({"dklen": 1_u64 << 62}))),
        ("no salt", INVALID, params(&json!({"salt": ""}))),
        ("a salt of 30 KiB", INVALID, params(&json!({"salt": "00".repeat(30_000)}))),
        ("a salt that is no hex", INVALID, params(&json!({"salt": "xyz\u{1b}[2J"}))),
        ("an iv of one byte", INVALID, crypto("cipherparams", json!({"iv": "00"}))),
        ("an iv of odd digits", INVALID, crypto("cipherparams", json!({"iv": "0".repeat(31)}))),
        ("no iv", INVALID, crypto("cipherparams", json!({}))),
        ("no ciphertext", INVALID, crypto("ciphertext", json!(""))),
        ("a ciphertext of 33 bytes", INVALID, crypto("ciphertext", json!("00".repeat(33)))),
        ("a mac of 31 bytes", INVALID, crypto("mac", json!("00".repeat(31)))),
        ("a mac of numbers", INVALID, crypto("mac", json!([0, 1, 2]))),
        ("another cipher", INVALID, crypto("cipher", json!("aes-128-cbc"))),
        ("another derivation", INVALID, crypto("kdf", json!("argon2id"))),
        ("pbkdf2 with scrypt's parameters", INVALID, crypto("kdf", json!("pbkdf2"))),
        ("version 1", INVALID, changed(|document| document["version"] = json!(1))),
        ("version 2^64", INVALID, GOOD.replace("\"version\":3", "\"version\":18446744073709551616").into()),
        ("an address that is none", INVALID, changed(|document| document["address"] = json!("45dea0"))),
        ("an address of zeros", INVALID, changed(|document| document["address"] = json!("0".repeat(40)))),
        ("crypto as a list", INVALID, changed(|document| document["crypto"] = json!([1, 2, 3]))),
    ]
}

/// The same values in the same order without their names.
fn as_lists() -> Vec<u8> {
    let document: Value = serde_json::from_str(GOOD).unwrap();
    let (crypto, params) = (&document["crypto"], &document["crypto"]["kdfparams"]);
    let lists = json!([
        crypto["cipher"],
        [crypto["cipherparams"]["iv"]],
        crypto["ciphertext"],
        crypto["kdf"],
        [32, params["salt"], 2, 8, 1, null, null],
        crypto["mac"],
    ]);
    json!({"address": document["address"], "version": 3, "crypto": lists}).to_string().into_bytes()
}

/// Files that are no documents, or more than one.
fn shapeless() -> Vec<Case> {
    vec![
        ("nothing", INVALID, Vec::new()),
        ("half a file", INVALID, GOOD.as_bytes()[..GOOD.len() / 2].to_vec()),
        ("all but the last byte", INVALID, GOOD.trim_end().as_bytes()[..GOOD.trim_end().len() - 1].to_vec()),
        ("a file and a byte more", INVALID, [GOOD.as_bytes(), b"}"].concat()),
        ("zeros", INVALID, vec![0; 4096]),
        ("a program", INVALID, fs::read("/proc/self/exe").unwrap()[..60_000].to_vec()),
        ("a list of them", INVALID, format!("[{GOOD}]").into()),
        ("its values as lists", INVALID, as_lists()),
        ("a number", INVALID, b"3".to_vec()),
        ("UTF-16", INVALID, GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("brackets as deep as the file", INVALID, vec![b'['; 60_000]),
        ("a field of depth", INVALID, format!("{{\"x\":{}", "{\"x\":".repeat(10_000)).into()),
        ("two ns", INVALID, GOOD.replace("\"n\":2", "\"n\":2,\"n\":2").into()),
        ("both spellings of crypto", INVALID, GOOD.replace("{\"address\"", "{\"Crypto\":{},\"address\"").into()),
        ("a long name in colours", INVALID, format!("{{\"\\u001b[31m{}\":1}}", "x".repeat(50_000)).into()),
        ("70 KiB of blanks before it", INVALID, [vec![b' '; 70_000], GOOD.into()].concat()),
    ]
}

/// What a run took and left.
struct Watched {
    mib: u64,
    milliseconds: u64,
    code: u64,
    document: Value,
}

/// `account import` of a file, or `account list` of a keystore.
fn run(home: &Home, args: &[&str]) -> Watched {
    let command = home.command(&[args, &["--json"]].concat());
    let mut watched = Command::new("timeout");
    watched.args(["60", "python3", "-c", WATCHER]).arg(command.get_program()).args(command.get_args());
    watched.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = watched.output().expect("python3 starts");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words = text.splitn(4, ' ');
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{args:?}: {text}"));
    let (kib, milliseconds, code): (u64, u64, u64) = (number(), number(), number());
    let document = serde_json::from_str(words.next().unwrap()).unwrap_or_else(|error| panic!("{error}: {text}"));
    Watched { mib: kib / 1024, milliseconds, code, document }
}

fn refused_at_once(home: &Home, what: &str, code: &str, file: &Path) -> Option<String> {
    let Watched { mib, milliseconds, code: exit, document } =
        run(home, &["account", "import", &file.display().to_string()]);
    eprintln!("keyfile: {what}: {milliseconds} ms, {mib} MiB: {}", document["message"]);
    let fine = exit == 1 && document["code"] == code && mib <= MIB_LIMIT && milliseconds <= MILLISECONDS_LIMIT;
    let safe = !document["message"].as_str().unwrap_or_default().contains(char::is_control);
    (!fine || !safe).then(|| format!("{what}: exit {exit}, {mib} MiB, {milliseconds} ms: {document}"))
}

#[test]
fn no_hostile_file_costs_more_than_its_refusal() {
    if without("python") {
        return;
    }
    let (home, folder) = (Home::new(), tempfile::tempdir().unwrap());
    // The first run makes the home.
    run(&home, &["account", "list"]);
    let mut wrong = Vec::new();
    let mut number = 0;
    for (what, code, content) in costly().into_iter().chain(malformed()).chain(shapeless()) {
        let file = folder.path().join(format!("{number}.json"));
        fs::write(&file, content).unwrap();
        wrong.extend(refused_at_once(&home, what, code, &file));
        number += 1;
    }
    let sparse = folder.path().join("a gigabyte");
    File::create(&sparse).unwrap().set_len(1 << 30).unwrap();
    let pipe = folder.path().join("a pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    let long: PathBuf = folder.path().join("a document of 300 MB");
    let mut content = GOOD.trim_end().trim_end_matches('}').to_owned();
    content.push_str(",\"x\":\"");
    fs::write(&long, content).unwrap();
    File::options().write(true).open(&long).unwrap().set_len(300 << 20).unwrap();
    for (what, file) in [
        ("a gigabyte of zeros", sparse.as_path()),
        ("a document without an end", &long),
        ("a pipe that nobody writes to", &pipe),
        ("endless zeros", Path::new("/dev/zero")),
        ("a folder", folder.path()),
    ] {
        wrong.extend(refused_at_once(&home, what, INVALID, file));
        number += 1;
    }
    assert!(number >= 30);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A wrong check sum of the right length is what a wrong passphrase looks like, and nothing else can be said of it.
#[test]
fn a_wrong_mac_is_a_wrong_passphrase() {
    let home = Home::new();
    let file = home.path().join("key.json");
    fs::write(&file, crypto("mac", json!("00".repeat(32)))).unwrap();
    let run = home.run(&["account", "import", &file.display().to_string()]);
    assert_eq!((run.code, &run.document["code"]), (Some(1), &json!("passphrase-wrong")), "{run:?}");
    let message = run.document["message"].as_str().unwrap();
    assert!(message.starts_with("the passphrase does not open account") && !message.contains("mac"), "{message}");
}

#[test]
fn a_keystore_full_of_them_lists_its_good_account() {
    if without("python") {
        return;
    }
    let (home, folder) = (Home::new(), tempfile::tempdir().unwrap());
    let cases: Vec<Case> = costly().into_iter().chain(malformed()).chain(shapeless()).collect();
    for (number, (_, _, content)) in cases.iter().enumerate() {
        fs::write(folder.path().join(format!("{number:02}")), content).unwrap();
    }
    fs::write(folder.path().join("good"), GOOD).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    File::create(folder.path().join("large")).unwrap().set_len(1 << 30).unwrap();
    // An endpoint that does not answer: the embedded node would take memory of its own.
    let keystore = folder.path().display().to_string();
    let args = ["--keystore", &keystore, "--rpc", "http://127.0.0.1:9", "account", "list"];
    let Watched { mib, code, document, .. } = run(&home, &args);
    assert!(code == 0 && mib <= MIB_LIMIT, "{mib} MiB: {document}");
    assert_eq!(document["accounts"].as_array().map(Vec::len), Some(1), "{document}");
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(problems.len(), cases.len() + 1, "each is told: {document}");
    assert!(problems.iter().all(|problem| problem["code"] == INVALID || problem["code"] == REFUSED), "{document}");
}
