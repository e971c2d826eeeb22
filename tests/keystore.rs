//! Key files between DaoChain and a real geth, both ways.
//!
//! Needs a geth program in `DAOCHAIN_TEST_GETH`. Without one these tests fail, unless `DAOCHAIN_WITHOUT` names `geth`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use daochain::keystore::Keystore;
use zeroize::Zeroizing;

const PASSPHRASE: &str = "correct horse";

/// The geth to test with. `None` where it was said that there is none.
fn geth() -> Option<PathBuf> {
    let without = env::var("DAOCHAIN_WITHOUT").unwrap_or_default();
    if without.split([',', ' ']).any(|part| part == "geth") {
        return None;
    }
    Some(
        env::var_os("DAOCHAIN_TEST_GETH")
            .expect("DAOCHAIN_TEST_GETH names a geth, or DAOCHAIN_WITHOUT contains geth")
            .into(),
    )
}

/// Runs a `geth account` command that must succeed, and gives what it printed. Every prompt is answered with the passphrase.
fn run(geth: &Path, home: &Path, arguments: &[&str]) -> String {
    let answers = home.join("answers");
    fs::write(&answers, format!("{PASSPHRASE}\n").repeat(3)).unwrap();
    let output = Command::new(geth)
        .arg("--datadir")
        .arg(home.join("geth"))
        .arg("--keystore")
        .arg(home.join("keystore"))
        .args(arguments)
        .stdin(File::open(&answers).unwrap())
        .output()
        .expect("geth runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn geth_opens_what_daochain_makes() {
    let Some(geth) = geth() else { return };
    let home = tempfile::tempdir().unwrap();
    let keystore = Keystore::open(&home.path().join("keystore"));
    let made = keystore.create(&Zeroizing::new(PASSPHRASE.to_owned())).unwrap();
    let digits = hex::encode(made.address.as_bytes());
    assert!(run(&geth, home.path(), &["account", "list"]).contains(&digits));
    // geth asks for the new passphrase twice and for the old one, opens the key and writes it anew.
    let before = fs::read(&made.file).unwrap();
    run(&geth, home.path(), &["account", "update", &digits]);
    assert_ne!(fs::read(&made.file).unwrap(), before, "geth wrote the file anew");
    keystore.unlock(made.address, &Zeroizing::new(PASSPHRASE.to_owned())).unwrap();
}

#[test]
fn daochain_opens_what_geth_makes() {
    let Some(geth) = geth() else { return };
    let home = tempfile::tempdir().unwrap();
    run(&geth, home.path(), &["account", "new"]);
    let keystore = Keystore::open(&home.path().join("keystore"));
    let (keys, problems) = keystore.list().unwrap();
    assert_eq!((keys.len(), problems.len()), (1, 0));
    keystore.unlock(keys[0].address, &Zeroizing::new(PASSPHRASE.to_owned())).unwrap();
    let error = keystore.unlock(keys[0].address, &Zeroizing::new("wrong".to_owned())).unwrap_err();
    assert_eq!(error.code(), "passphrase-wrong");
}
