//! Key files between DaoChain and other hands, both ways: geth, eth-account (Python) and eth-keystore (Rust).
//!
//! Needs a geth program in `DAOCHAIN_TEST_GETH` and a Python with eth-account in `DAOCHAIN_ETH_ACCOUNT`, as `tests/run` has
//! them. Without one the tests that need it fail, unless `DAOCHAIN_WITHOUT` names `geth` or `eth-account`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    env,
    fs::{self, File},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use daochain::keystore::Keystore;
use serde_json::Value;
use support::{Home, without};
use tempfile::TempDir;
use zeroize::Zeroizing;

const PASSPHRASE: &str = "correct horse";
/// Of the usual test mnemonic, known to everybody.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// A program that a test needs. `None` where it was said that there is none.
fn part(name: &str, variable: &str) -> Option<PathBuf> {
    if without(name) {
        return None;
    }
    let found = env::var_os(variable);
    Some(found.unwrap_or_else(|| panic!("{variable} names none; run tests/run, or set DAOCHAIN_WITHOUT={name}")).into())
}

/// A folder with a keystore that other programs write to.
struct Foreign {
    folder: TempDir,
    /// A home of DaoChain's beside it.
    home: Home,
}

impl Foreign {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), home: Home::new() }
    }

    fn keystore(&self) -> PathBuf {
        self.folder.path().join("keystore")
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// Runs a `geth account` command that must succeed, and gives what it printed. Its prompts get these answers.
    fn geth(&self, geth: &Path, answers: &[&str], arguments: &[&str]) -> String {
        let answers = self.file("answers", &format!("{}\n", answers.join("\n")));
        let output = Command::new(geth)
            .arg("--datadir")
            .arg(self.folder.path().join("geth"))
            .arg("--keystore")
            .arg(self.keystore())
            .args(arguments)
            .stdin(File::open(&answers).unwrap())
            .output()
            .expect("geth runs");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}");
        said
    }

    /// `daochain --keystore … account …` with a passphrase file, which must succeed.
    fn daochain(&self, passphrase: &str, arguments: &[&str]) -> Value {
        let (code, document) = self.try_daochain(passphrase, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {document}");
        document
    }

    fn try_daochain(&self, passphrase: &str, arguments: &[&str]) -> (Option<i32>, Value) {
        let pass = self.file("pass", &format!("{passphrase}\n"));
        let keystore = self.keystore().display().to_string();
        let all = [&["--keystore", &keystore, "--password-file", &pass, "account"], arguments].concat();
        let run = self.home.run(&all);
        (run.code, run.document)
    }

    /// The addresses that `account list` shows.
    fn listed(&self) -> Vec<String> {
        let document = self.daochain("", &["list"]);
        let accounts = document["accounts"].as_array().unwrap().clone();
        accounts.iter().map(|account| account["address"].as_str().unwrap().to_owned()).collect()
    }

    fn only_file(&self) -> PathBuf {
        let (keys, problems) = Keystore::open(&self.keystore()).list().unwrap();
        assert_eq!((keys.len(), problems.len()), (1, 0), "{problems:?}");
        keys[0].file.clone()
    }
}

/// Runs a script of eth-account's and gives the line that it prints.
fn python(python: &Path, script: &str, arguments: &[&str]) -> String {
    let output = Command::new(python).args(["-c", script]).args(arguments).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn geth_opens_what_daochain_makes_imports_and_changes() {
    let Some(geth) = part("geth", "DAOCHAIN_TEST_GETH") else { return };
    let foreign = Foreign::new();
    let raw = foreign.file("raw", KEY);
    let imported = foreign.daochain(PASSPHRASE, &["import", "--raw-key-file", &raw]);
    assert_eq!(imported["account"]["address"], ADDRESS);
    let new = foreign.file("new", "the second one");
    foreign.daochain(PASSPHRASE, &["passwd", ADDRESS, "--new-password-file", &new]);
    let digits = ADDRESS.trim_start_matches("0x").to_lowercase();
    assert!(foreign.geth(&geth, &[], &["account", "list"]).contains(&digits));
    // geth asks twice for the new passphrase, then for the old one, opens the key and writes the file anew.
    let before = fs::read(foreign.only_file()).unwrap();
    foreign.geth(&geth, &[PASSPHRASE, PASSPHRASE, "the second one"], &["account", "update", &digits]);
    assert_ne!(fs::read(foreign.only_file()).unwrap(), before, "geth wrote the file anew");
    let key = Keystore::open(&foreign.keystore())
        .unlock(ADDRESS.parse().unwrap(), &Zeroizing::new(PASSPHRASE.to_owned()))
        .unwrap();
    assert_eq!(hex::encode(*key), KEY);
}

#[test]
fn daochain_opens_what_geth_makes_in_place() {
    let Some(geth) = part("geth", "DAOCHAIN_TEST_GETH") else { return };
    let foreign = Foreign::new();
    foreign.geth(&geth, &[PASSPHRASE, PASSPHRASE], &["account", "new"]);
    let address = foreign.listed().remove(0);
    assert!(Path::new(&foreign.only_file()).starts_with(foreign.keystore()));
    let copy = foreign.folder.path().join("copy").display().to_string();
    let new = foreign.file("new", "of the copy");
    let wrong = foreign.try_daochain("wrong", &["export", &address, "--out", &copy, "--new-password-file", &new]);
    assert_eq!((wrong.0, &wrong.1["code"]), (Some(1), &"passphrase-wrong".into()));
    assert!(!Path::new(&copy).exists(), "nothing is written");
    foreign.daochain(PASSPHRASE, &["export", &address, "--out", &copy, "--new-password-file", &new]);
    // The copy goes back into geth's keystore, where geth opens it.
    foreign.daochain("", &["remove", &address, "--yes"]);
    assert!(!foreign.geth(&geth, &[], &["account", "list"]).contains("Account #0"), "geth does not look below folders");
    foreign.daochain("of the copy", &["import", &copy]);
    let digits = address.trim_start_matches("0x").to_lowercase();
    foreign.geth(&geth, &[PASSPHRASE, PASSPHRASE, "of the copy"], &["account", "update", &digits]);
    assert!(foreign.keystore().is_dir() && !foreign.home.path().join("keystore").exists(), "used in place");
}

#[test]
fn geths_accounts_sign_with_daochain() {
    let Some(geth) = part("geth", "DAOCHAIN_TEST_GETH") else { return };
    let foreign = Foreign::new();
    foreign.geth(&geth, &[PASSPHRASE, PASSPHRASE], &["account", "new"]);
    let address = foreign.listed().remove(0);
    foreign.daochain("", &["fund", &address]);
    let keystore = foreign.keystore().display().to_string();
    let pass = foreign.file("pass", PASSPHRASE);
    let digest = format!("sha256:{}", "ab".repeat(32));
    let revoke = ["revoke", "app", "--digest", &digest, "--reason", "a test", "--yes"];
    let run = foreign.home.run(&[&["--keystore", &keystore, "--password-file", &pass], &revoke[..]].concat());
    assert!(run.success(), "{run:?}");
    assert_eq!(run.document["publications"][0]["publisher"], address.as_str());
}

#[test]
fn eth_account_opens_what_daochain_makes() {
    const OPEN: &str = "import json, sys; from eth_account import Account
print(Account.decrypt(json.load(open(sys.argv[1])), sys.argv[2]).hex().removeprefix('0x'))";
    let Some(interpreter) = part("eth-account", "DAOCHAIN_ETH_ACCOUNT") else { return };
    let foreign = Foreign::new();
    let raw = foreign.file("raw", KEY);
    foreign.daochain(PASSPHRASE, &["import", "--raw-key-file", &raw]);
    let file = foreign.only_file().display().to_string();
    assert_eq!(python(&interpreter, OPEN, &[&file, PASSPHRASE]), KEY);
}

#[test]
fn daochain_opens_what_eth_account_makes_with_either_derivation() {
    // eth-account writes an initialisation vector as a number, without its leading zeros: one file in 256 is no key file for anybody
    // but itself.
    const SEAL: &str = "import json, sys; from eth_account import Account
while True:
    made = Account.encrypt(sys.argv[1], sys.argv[2], kdf=sys.argv[3], iterations=int(sys.argv[4]))
    if len(made['crypto']['cipherparams']['iv']) == 32:
        break
json.dump(made, open(sys.argv[5], 'w'))";
    let Some(interpreter) = part("eth-account", "DAOCHAIN_ETH_ACCOUNT") else { return };
    for (derivation, cost) in [("scrypt", "262144"), ("scrypt", "4096"), ("pbkdf2", "1000000"), ("pbkdf2", "1000")] {
        let foreign = Foreign::new();
        let file = foreign.folder.path().join("theirs.json").display().to_string();
        python(&interpreter, SEAL, &[KEY, PASSPHRASE, derivation, cost, &file]);
        let imported = foreign.daochain(PASSPHRASE, &["import", &file]);
        assert_eq!(imported["account"]["address"], ADDRESS, "{derivation} {cost}");
        // In place, too: the file names its address.
        let place = Foreign::new();
        fs::create_dir(place.keystore()).unwrap();
        fs::set_permissions(place.keystore(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::copy(&file, place.keystore().join("theirs.json")).unwrap();
        let new = place.file("new", "another");
        place.daochain(PASSPHRASE, &["passwd", ADDRESS, "--new-password-file", &new]);
        assert_eq!(
            place.try_daochain(PASSPHRASE, &["passwd", ADDRESS, "--new-password-file", &new]).1["code"],
            "passphrase-wrong"
        );
    }
}

#[test]
fn daochain_imports_what_eth_keystore_makes() {
    let foreign = Foreign::new();
    let key = hex::decode(KEY).unwrap();
    eth_keystore::encrypt_key(foreign.folder.path(), &mut rand::thread_rng(), key, PASSPHRASE, Some("theirs")).unwrap();
    let file = foreign.folder.path().join("theirs").display().to_string();
    let imported = foreign.daochain(PASSPHRASE, &["import", &file]);
    assert_eq!(imported["account"]["address"], ADDRESS);
    let made = foreign.only_file();
    let document: Value = serde_json::from_slice(&fs::read(&made).unwrap()).unwrap();
    assert_eq!(document["crypto"]["kdfparams"]["n"], 262_144, "sealed anew, at geth's strength");
    assert_eq!(hex::encode(eth_keystore::decrypt_key(&made, PASSPHRASE).unwrap()), KEY, "and it reads ours");
}

#[test]
fn root_leaves_a_users_keystore_to_the_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let foreign = Foreign::new();
    fs::create_dir(foreign.keystore()).unwrap();
    fs::set_permissions(foreign.keystore(), fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(foreign.keystore(), Some(12_345), Some(54_321)).unwrap();
    let address = foreign.daochain(PASSPHRASE, &["new"])["account"]["address"].as_str().unwrap().to_owned();
    let owner = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid(), found.mode() & 0o777)).unwrap();
    assert_eq!(owner(&foreign.only_file()), (12_345, 54_321, 0o600));
    let new = foreign.file("new", "another");
    foreign.daochain(PASSPHRASE, &["passwd", &address, "--new-password-file", &new]);
    assert_eq!(owner(&foreign.only_file()), (12_345, 54_321, 0o600));
    foreign.daochain("", &["remove", &address, "--yes"]);
    assert_eq!(owner(&foreign.keystore().join("removed")), (12_345, 54_321, 0o700));
    assert_eq!(owner(&foreign.keystore().join(".daochain.lock")), (12_345, 54_321, 0o600));
}
