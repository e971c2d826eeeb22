//! Requests and signatures where no node is asked: what `sign` shows and refuses, how what it makes leaves, which keys are open, and who
//! pays for a relay.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use base64::Engine as _;
use daochain::{
    config::{Config, Options},
    domain::Address,
    ops::{
        Context, Failure, Passphrase,
        accounts::choose_payer,
        signing::{self, Document},
        unlock,
    },
};
use serde_json::{Value, json};
use support::{Home, PASSPHRASE, terminal::Terminal, without};

const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Of `KEY`.
const OWN: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const OTHER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// With the account `OWN`.
fn with_account(home: Home) -> Home {
    let raw = home.path().join("raw");
    fs::write(&raw, KEY).unwrap();
    assert!(home.run(&["account", "import", "--raw-key-file", raw.to_str().unwrap()]).success());
    home
}

fn context(home: &Home) -> Context {
    let options = Options { home: Some(home.path().to_owned()), ..Options::default() };
    Context::open(Config::load(options, &|_| None).unwrap()).unwrap()
}

/// A request to `OWN` to publish one image, as anybody may write it, with one member changed.
fn request(home: &Home, pointer: &str, value: Value) -> PathBuf {
    let mut document = json!({
        "schema": "daochain.request/1",
        "chain_id": 1,
        "contract": OTHER,
        "publisher": OWN,
        "nonce": 0,
        "deadline": "2099-01-01T00:00:00Z",
        "publish": [{
            "reference": "acme/api:1",
            "digests": [{"kind": 1, "digest": format!("sha256:{}", "ab".repeat(32))}],
            "annotations": "{}",
        }],
    });
    *document.pointer_mut(pointer).unwrap() = value;
    let path = home.path().join("request");
    fs::write(&path, document.to_string()).unwrap();
    path
}

/// `sign`'s document, and what it told.
fn sign(home: &Home, request: &Path, more: &[&str]) -> (Value, String) {
    let run = home.run(&[&["sign", request.to_str().unwrap(), "--yes"], more].concat());
    (run.document, run.stderr)
}

#[test]
fn an_expired_request_is_shown_and_not_signed() {
    let home = with_account(Home::new());
    let late = request(&home, "/deadline", json!("2020-01-01T00:00:00Z"));
    for more in [&[][..], &["--typed-data"]] {
        let (document, told) = sign(&home, &late, more);
        assert_eq!(document["code"], "signature-expired", "{document}");
        assert!(told.contains("good until 2020-01-01"), "{told}");
    }
    assert_eq!(sign(&home, &request(&home, "/nonce", json!(1)), &[]).0["schema"], "daochain.signature/1");
}

#[test]
fn what_is_signed_is_shown_with_its_lines_and_its_numbers() {
    let home = Home::new();
    let shown = |pointer: &str, value: Value| sign(&home, &request(&home, pointer, value), &["--typed-data"]).1;
    let told = shown("/publish/0/digests/0/kind", json!(9));
    assert!(told.contains("kind 9    sha256:abab"), "{told}");
    let told = shown("/publish/0/annotations", json!("{}\n\tmore"));
    assert!(told.contains("with      {}\\u{a}\\u{9}more"), "{told}");
}

/// Fills a small disk, and has the program write there.
const FULL: &str = r#"
set -u
mount -t tmpfs -o size=64k tmpfs "$WORK/disk" || { echo "no disk could be mounted" >&2; exit 77; }
cat /dev/zero >"$WORK/disk/fill" 2>/dev/null
"$DAOCHAIN" sign "$WORK/request" --typed-data --out "$WORK/disk/typed" --json
ls -A "$WORK/disk"
"#;

#[test]
fn a_full_disk_keeps_no_part_of_what_is_carried() {
    if without("mount") {
        return;
    }
    let home = Home::new();
    request(&home, "/nonce", json!(1));
    fs::create_dir(home.path().join("disk")).unwrap();
    let program = home.command(&[]);
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "bash", "-c", FULL])
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("WORK", home.path())
        .env("DAOCHAIN", env!("CARGO_BIN_EXE_daochain"))
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("file-unwritable") && stdout.contains("the disk is full"), "{stdout}");
    assert!(stdout.ends_with("\nfill\n"), "nothing else is there: {stdout}");
}

#[test]
fn the_terminal_s_clipboard_gets_what_is_carried() {
    let home = Home::new();
    let (request, out) = (request(&home, "/nonce", json!(1)), home.path().join("typed"));
    let args = ["sign", request.to_str().unwrap(), "--typed-data", "--copy", "--out", out.to_str().unwrap()];
    let (written, code) = Terminal::start(24, 100, &home.command(&args)).finish();
    assert_eq!(code, 0, "{written}");
    let (_, copied) = written.split_once("\u{1b}]52;c;").unwrap();
    let copied = copied.split(['\u{1b}', '\u{7}']).next().unwrap();
    let copied = base64::engine::general_purpose::STANDARD.decode(copied).unwrap();
    assert_eq!(String::from_utf8(copied).unwrap(), fs::read_to_string(out).unwrap().trim_end());
}

#[tokio::test]
async fn an_account_stays_unlocked_for_its_time_and_no_longer() {
    let home = with_account(Home::new());
    let text = fs::read_to_string(request(&home, "/nonce", json!(1))).unwrap();
    let context = context(&home);
    let account: Address = OWN.parse().unwrap();
    let open = async |time| {
        let passphrase = Passphrase(PASSPHRASE.to_owned().into());
        unlock::unlock_for(&context, account, passphrase, time).await.map(drop)
    };
    // Without a passphrase.
    let signs = async || {
        let Document::Request(request) = signing::read(&text).unwrap() else { panic!("{text}") };
        signing::sign(&context, request, Passphrase(String::new().into()))
            .await
            .map(drop)
            .map_err(|failure| failure.code)
    };
    assert_eq!(signs().await, Err("passphrase-wrong"));
    let too_long = open(unlock::LONGEST + Duration::from_secs(1)).await.unwrap_err();
    assert_eq!((too_long.code, unlock::LONGEST), ("usage", Duration::from_mins(15)));
    assert_eq!(signs().await, Err("passphrase-wrong"), "nothing was opened");

    open(unlock::LONGEST).await.unwrap();
    assert_eq!(signs().await, Ok(()));
    unlock::lock(&context, account);
    assert_eq!(signs().await, Err("passphrase-wrong"));
    open(unlock::LONGEST).await.unwrap();
    unlock::lock_all(&context);
    assert_eq!(signs().await, Err("passphrase-wrong"));

    let time = Duration::from_secs(3);
    open(time).await.unwrap();
    let opened = Instant::now();
    assert_eq!(signs().await, Ok(()));
    tokio::time::sleep_until((opened + time).into()).await;
    assert_eq!(signs().await, Err("passphrase-wrong"), "its time is over");
}

#[tokio::test]
async fn whoever_pays_for_a_relay_has_a_key_here() {
    let home = Home::new();
    let payer = async || -> Result<String, Failure> {
        choose_payer(&context(&home), None).await.map(|account| account.address.to_string())
    };
    assert!(home.run(&["account", "add", OTHER, "--cold"]).document["account"]["default"].as_bool().unwrap());
    assert_eq!(payer().await.unwrap_err().code, "no-account");
    let raw = home.path().join("raw");
    fs::write(&raw, KEY).unwrap();
    assert!(home.run(&["account", "import", "--raw-key-file", raw.to_str().unwrap()]).success());
    assert_eq!(payer().await.unwrap(), OWN, "the default is cold");
    let vector = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keystore/very-light-scrypt.json");
    fs::copy(vector, home.path().join("keystore/third")).unwrap();
    let failure = payer().await.unwrap_err();
    assert!(failure.code == "no-account" && failure.message.contains(OWN), "the choice is told: {failure}");
    assert!(home.run(&["account", "default", OWN]).success());
    assert_eq!(payer().await.unwrap(), OWN);
}
