#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::os::unix::fs::{MetadataExt as _, symlink};

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};

use super::{document::Derivation, life::file_name, *};
use crate::domain::progress::Unwatched;

mod life;

/// scrypt with N = 2: what is tested is not its strength.
const WEAK: u8 = 1;

fn passphrase(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

impl Keystore {
    fn create_weak(&self) -> KeyFile {
        let (key, _) = seal::new_key().unwrap();
        self.add_at(&key, &passphrase("pass"), WEAK, &Unwatched).unwrap()
    }
}

fn keystore() -> (TempDir, Keystore) {
    let folder = tempfile::tempdir().unwrap();
    let keystore = Keystore::open(&folder.path().join("keystore"));
    (folder, keystore)
}

/// A weak key file for "pass" as a document, to be changed.
fn document() -> Value {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    serde_json::from_slice(&fs::read(made.file).unwrap()).unwrap()
}

/// What unlocking says of a file with this content.
fn unlock_content(content: &[u8], address: Address) -> Result<SecretKey, KeystoreError> {
    let (_folder, keystore) = keystore();
    files::create_as(&keystore.folder.join("key"), content, None).unwrap();
    keystore.unlock(address, &passphrase("pass"))
}

/// What is wrong with a good document after `change`.
fn fault_of(change: impl FnOnce(&mut Value)) -> KeystoreError {
    let mut document = document();
    let address = format!("0x{}", document["address"].as_str().unwrap()).parse().unwrap();
    change(&mut document);
    let content = serde_json::to_vec(&document).unwrap();
    let error = unlock_content(&content, address).unwrap_err();
    let (_folder, keystore) = keystore();
    files::create_as(&keystore.folder.join("key"), &content, None).unwrap();
    let (keys, problems) = keystore.list().unwrap();
    if matches!(error, KeystoreError::Passphrase { .. }) {
        assert_eq!((keys.len(), problems.len()), (1, 0), "only opening it tells");
    } else {
        assert_eq!((keys.len(), problems.len()), (0, 1), "{error}");
        assert_eq!(problems[0].code, error.code());
    }
    error
}

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keystore");

/// Every vector of geth's, see `tests/vectors/keystore/README.md`. Those of the first version are another format.
#[test]
fn every_vector_of_geth_opens_and_the_first_version_is_refused_by_name() {
    for (list, count) in [("v3_test_vector.json", 4), ("v1_test_vector.json", 1)] {
        let content = fs::read(Path::new(VECTORS).join(list)).unwrap();
        let vectors: serde_json::Map<String, Value> = serde_json::from_slice(&content).unwrap();
        assert_eq!(vectors.len(), count);
        for (name, vector) in vectors {
            let sealed = Sealed::parse(vector["json"].to_string().as_bytes());
            if list.starts_with("v1") {
                assert!(format!("{sealed:?}").contains("version `1`"), "{name}: {sealed:?}");
                continue;
            }
            let key = seal::open(&sealed.unwrap(), vector["password"].as_str().unwrap()).unwrap();
            // Leading zeros of a key are in neither the file nor the expectation.
            assert_eq!(
                hex::encode(*key).trim_start_matches('0'),
                vector["priv"].as_str().unwrap().trim_start_matches('0')
            );
        }
    }
}

/// geth's keystore of odd files: `README` in it says which of them are good, and how they open.
#[test]
fn geths_keystore_of_odd_files_is_listed_as_geth_lists_it() {
    let (_folder, keystore) = keystore();
    files::create_folder(&keystore.folder).unwrap();
    for entry in fs::read_dir(Path::new(VECTORS).join("keystore")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(keystore.folder.join(entry.file_name())).unwrap();
        } else {
            fs::copy(entry.path(), keystore.folder.join(entry.file_name())).unwrap();
        }
    }
    fs::copy(keystore.folder.join("aaa"), keystore.folder.join("swapfile~")).unwrap();
    let (keys, problems) = keystore.list().unwrap();
    let listed: Vec<_> = keys.iter().map(|key| key.address.to_string().to_lowercase()).collect();
    let expected = [
        "0x7ef5a6135f1fd6a02593eedc869c6d41d934aef8",
        "0xf466859ead1932d743d622cb74fc058882e8648a",
        "0x289d485d9771714cce91d3393d764e1311907acc",
    ];
    assert_eq!(listed, expected);
    for key in keys {
        keystore.unlock(key.address, &passphrase("foobar")).unwrap();
    }
    let told: Vec<_> = problems.iter().filter(|problem| problem.code == "keyfile-invalid").collect();
    let names: Vec<_> = told.iter().map(|problem| problem.file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["README", "empty", "garbage", "no-address", "zero"]);
    let unnamed = SealedFile::read(&keystore.folder.join("no-address")).unwrap();
    let key = unnamed.open(&passphrase("foobar")).unwrap();
    assert_eq!(seal::address_of(&key).unwrap().to_string().to_lowercase(), expected[1]);
    let weak = SealedFile::read(&Path::new(VECTORS).join("very-light-scrypt.json")).unwrap();
    weak.open(&passphrase("")).unwrap();
}

#[test]
fn a_new_account_has_geths_strength_and_opens_with_its_passphrase_alone() {
    let (_folder, keystore) = keystore();
    let made = keystore.create(&passphrase("pässword"), &Unwatched).unwrap();
    let document: Value = serde_json::from_slice(&fs::read(&made.file).unwrap()).unwrap();
    let params = &document["crypto"]["kdfparams"];
    assert_eq!(
        (&params["n"], &params["r"], &params["p"], &params["dklen"]),
        (&json!(262_144), &json!(8), &json!(1), &json!(32))
    );
    assert_eq!(document["address"], hex::encode(made.address.as_bytes()));
    let id = document["id"].as_str().unwrap();
    assert!(id.len() == 36 && &id[14..15] == "4" && "89ab".contains(&id[19..20]), "{id}");
    assert_eq!(fs::metadata(&made.file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&keystore.folder).unwrap().mode() & 0o777, 0o700);
    let key = keystore.unlock(made.address, &passphrase("pässword")).unwrap();
    assert_eq!(seal::address_of(&key), Some(made.address));
    let error = keystore.unlock(made.address, &passphrase("Pässword")).unwrap_err();
    assert_eq!(error.code(), "passphrase-wrong");
    assert!(!format!("{error} {error:?}").contains("ässword"));
}

#[test]
fn eth_keystore_reads_what_is_written() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let theirs = eth_keystore::decrypt_key(&made.file, "pass").unwrap();
    assert_eq!(theirs, keystore.unlock(made.address, &passphrase("pass")).unwrap().as_slice());
}

#[test]
fn what_eth_keystore_writes_is_read_wherever_its_address_stands() {
    let (_folder, keystore) = keystore();
    files::create_folder(&keystore.folder).unwrap();
    let (key, address) = seal::new_key().unwrap();
    eth_keystore::encrypt_key(&keystore.folder, &mut rand::thread_rng(), key.as_slice(), "pass", Some("theirs"))
        .unwrap();
    let (keys, problems) = keystore.list().unwrap();
    assert_eq!(keys, []);
    assert!(problems[0].message.contains("account import"), "{problems:?}");
    let file = keystore.folder.join("theirs");
    let named = keystore.folder.join(file_name(OffsetDateTime::UNIX_EPOCH, address));
    fs::rename(&file, &named).unwrap();
    assert_eq!(*keystore.unlock(address, &passphrase("pass")).unwrap(), *key);
    fs::rename(&named, &file).unwrap();
    let mut document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    document["address"] = json!(address.to_string());
    fs::write(&file, document.to_string()).unwrap();
    assert_eq!(*keystore.unlock(address, &passphrase("pass")).unwrap(), *key);
}

#[test]
fn a_file_has_geths_name() {
    let name = file_name(datetime!(2023-11-14 22:13:20.012_345_678 UTC), Address::from_bytes([0xab; 20]));
    assert_eq!(name, format!("UTC--2023-11-14T22-13-20.012345678Z--{}", "ab".repeat(20)));
}

#[test]
fn accounts_are_listed_in_the_order_in_which_they_were_made() {
    let (_folder, keystore) = keystore();
    assert_eq!(keystore.list().unwrap(), (vec![], vec![]), "no folder is no error");
    let made: Vec<_> = (0..5).map(|_| keystore.create_weak()).collect();
    assert_eq!(keystore.list().unwrap(), (made, vec![]));
}

#[test]
fn an_unknown_account_and_one_of_two_files_are_told_apart() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let unknown = keystore.unlock(Address::from_bytes([1; 20]), &passphrase("pass")).unwrap_err();
    assert_eq!(unknown.code(), "no-such-account");
    let other = fs::read_to_string(&made.file).unwrap() + " ";
    fs::write(keystore.folder.join("copy"), other).unwrap();
    let twice = keystore.unlock(made.address, &passphrase("pass")).unwrap_err();
    assert_eq!(twice.code(), "account-ambiguous");
    assert!(twice.to_string().contains("copy"), "{twice}");
}

#[test]
fn what_is_no_regular_file_is_reported_and_blocks_nothing() {
    let (folder, keystore) = keystore();
    let made = keystore.create_weak();
    let outside = folder.path().join("outside");
    fs::rename(&made.file, &outside).unwrap();
    symlink(&outside, keystore.folder.join("link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, keystore.folder.join("pipe"), rustix::fs::Mode::RUSR).unwrap();
    fs::write(keystore.folder.join("large"), " ".repeat(1 << 20)).unwrap();
    fs::write(keystore.folder.join("notes\u{1b}[2J"), "hello").unwrap();
    for skipped in [".hidden", "backup~"] {
        fs::write(keystore.folder.join(skipped), "x").unwrap();
    }
    fs::create_dir(keystore.folder.join("folder")).unwrap();
    let (keys, problems) = keystore.list().unwrap();
    assert_eq!(keys, []);
    let told: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    for (message, word) in told.iter().zip(["larger", "symbolic link", "expected value", "regular file"]) {
        assert!(message.contains(word) && !message.contains('\u{1b}'), "{message}");
    }
    assert!(problems.iter().all(|problem| problem.code == "keyfile-invalid"));
}

#[test]
fn what_costs_too_much_is_refused_before_it_is_computed() {
    let params =
        |name: &'static str, value: Value| fault_of(move |document| document["crypto"]["kdfparams"][name] = value);
    let pbkdf2 = |c: Value| {
        fault_of(move |document| {
            document["crypto"]["kdf"] = json!("pbkdf2");
            document["crypto"]["kdfparams"] = json!({"c": c, "dklen": 32, "prf": "hmac-sha256", "salt": "00"});
        })
    };
    for (error, word) in [
        (params("n", json!(1 << 30)), "MiB"),
        (params("n", json!(1_u64 << 63)), "MiB"),
        (params("r", json!(1_u64 << 40)), "MiB"),
        (params("p", json!(2000)), "too long"),
        (params("p", json!(65)), "too long"),
        (params("p", json!(u64::MAX)), "MiB"),
        (pbkdf2(json!(4_000_000_000_u64)), "too long"),
        (pbkdf2(json!(10_000_001)), "too long"),
    ] {
        assert_eq!(error.code(), "keyfile-refused", "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn what_is_malformed_is_named() {
    let crypto = |name: &'static str, value: Value| fault_of(move |document| document["crypto"][name] = value);
    let params =
        |name: &'static str, value: Value| fault_of(move |document| document["crypto"]["kdfparams"][name] = value);
    for (error, word) in [
        (fault_of(|document| document["version"] = json!(1)), "version 1"),
        (fault_of(|document| document["version"] = json!("3")), "version `3`"),
        (fault_of(|document| document["version"] = json!(3.5)), "version is no whole number"),
        (fault_of(|document| document["crypto"] = json!(null)), "invalid type"),
        (crypto("cipher", json!("aes-256-gcm\u{1b}")), "cipher is `aes-256-gcm\\u{1b}`"),
        (crypto("cipherparams", json!({"iv": "00"})), "iv has 1 bytes"),
        (crypto("kdf", json!("argon2")), "kdf is `argon2`"),
        (crypto("kdf", json!("pbkdf2")), "prf"),
        (crypto("mac", json!("zz")), "mac is not hexadecimal"),
        (crypto("mac", json!("")), "mac has 0 bytes"),
        (crypto("ciphertext", json!("")), "ciphertext has 0 bytes"),
        (crypto("ciphertext", json!("00".repeat(33))), "ciphertext has 33 bytes"),
        (params("dklen", json!(31)), "dklen is 31"),
        (params("dklen", json!(0)), "dklen is 0"),
        (params("n", json!(3)), "power of two"),
        (params("n", json!(0)), "power of two"),
        (params("n", json!(1)), "power of two"),
        (params("n", json!(-2)), "invalid value"),
        (params("n", json!(null)), "lack `n`"),
        (params("r", json!(0)), "not 0"),
        (params("p", json!(0)), "not 0"),
        (params("salt", json!("")), "salt has 0 bytes"),
        (params("salt", json!("00".repeat(257))), "salt has 257 bytes"),
    ] {
        assert_eq!(error.code(), "keyfile-invalid", "{error}");
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
    assert_eq!(params("salt", json!("00")).code(), "passphrase-wrong", "nothing else is wrong with it");
}

#[test]
fn a_document_that_means_two_things_is_refused() {
    let document = document();
    let address = format!("0x{}", document["address"].as_str().unwrap()).parse().unwrap();
    let text = document.to_string();
    for (from, to) in [
        ("{\"address\"", "{\"version\":3,\"address\""),
        ("\"n\":2", "\"n\":2,\"n\":2"),
        ("\"crypto\"", "\"Crypto\":{},\"crypto\""),
    ] {
        let doubled = text.replacen(from, to, 1);
        assert_ne!(doubled, text);
        let error = unlock_content(doubled.as_bytes(), address).unwrap_err().to_string();
        assert!(error.contains("duplicate field") || error.contains("missing field"), "{error}");
    }
    let alias = text.replacen("\"crypto\"", "\"Crypto\"", 1);
    assert!(unlock_content(alias.as_bytes(), address).is_ok(), "older programs write it so");
    let deep = text.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(20_000), "]".repeat(20_000)), 1);
    assert!(!matches!(unlock_content(deep.as_bytes(), address), Err(KeystoreError::Passphrase { .. })));
}

#[test]
fn a_key_of_another_account_is_no_key_of_this_one() {
    let mut document = document();
    document["address"] = json!("11".repeat(20));
    let error = unlock_content(document.to_string().as_bytes(), Address::from_bytes([0x11; 20])).unwrap_err();
    assert_eq!(error.code(), "keyfile-invalid");
    assert!(error.to_string().contains("holds the key of"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Keystore::open(&file).create(&passphrase("pass"), &Unwatched).unwrap_err();
    assert_eq!(error.code(), "keystore-unreadable");
    assert!(error.to_string().contains("a part of the path is a file"), "{error}");
    assert_eq!(Keystore::open(&file).list().unwrap_err().code(), "keystore-unreadable");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_key_survives_sealing(key in any::<[u8; 32]>(), salt: [u8; 32], iv: [u8; 16], passphrase in any::<String>()) {
        let key = Zeroizing::new(key);
        let sealed = seal::seal(&key, &passphrase, WEAK, salt, iv).unwrap();
        let written = document::write(Address::from_bytes([1; 20]), &sealed, iv).unwrap();
        prop_assert_eq!(&Sealed::parse(&written).unwrap(), &sealed);
        prop_assert_eq!(&*seal::open(&sealed, &passphrase).unwrap(), &*key);
        prop_assert_eq!(seal::open(&sealed, &format!("{passphrase}x")), Err(Unopened::Passphrase));
    }

    #[test]
    fn what_is_accepted_stays_within_the_bounds(n: u64, log_n in 0_u32..64, r in 0_u64..70_000, p in 0_u64..70, odd: bool) {
        let n = if odd { n } else { 1 << log_n };
        let mut document = document();
        document["crypto"]["kdfparams"] = json!({"n": n, "r": r, "p": p, "dklen": 32, "salt": "00"});
        if let Ok(sealed) = Sealed::parse(document.to_string().as_bytes()) {
            let Derivation::Scrypt { log_n, r, p, .. } = sealed.derivation else { panic!("scrypt was asked for") };
            prop_assert!(128 * (1_u64 << log_n) * u64::from(r) <= 512 << 20 && p <= 64);
            prop_assert!(128 * (1_u64 << log_n) * u64::from(r) * u64::from(p) <= 4 << 30);
            prop_assert!(u32::from(log_n) >= 16 * r || scrypt::Params::new(log_n, r, p, 32).is_ok());
        }
    }

    #[test]
    fn no_content_panics(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (document::claimed_address(&content), Sealed::parse(&content));
    }
}
