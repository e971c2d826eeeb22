#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::os::unix::fs::{MetadataExt as _, symlink};

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::macros::datetime;

use super::{document::Derivation, *};

/// scrypt with N = 2: what is tested is not its strength.
const WEAK: u8 = 1;

fn passphrase(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn keystore() -> (TempDir, Keystore) {
    let folder = tempfile::tempdir().unwrap();
    let keystore = Keystore::open(&folder.path().join("keystore"));
    (folder, keystore)
}

/// A weak key file for "pass" as a document, to be changed.
fn document() -> Value {
    let (_folder, keystore) = keystore();
    let made = keystore.create_at(&passphrase("pass"), WEAK).unwrap();
    serde_json::from_slice(&fs::read(made.file).unwrap()).unwrap()
}

/// What unlocking says of a file with this content.
fn unlock_content(content: &[u8], address: Address) -> Result<SecretKey, KeystoreError> {
    let (_folder, keystore) = keystore();
    files::create(&keystore.folder.join("key"), content).unwrap();
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
    files::create(&keystore.folder.join("key"), &content).unwrap();
    let (keys, problems) = keystore.list().unwrap();
    if matches!(error, KeystoreError::Passphrase { .. }) {
        assert_eq!((keys.len(), problems.len()), (1, 0), "only opening it tells");
    } else {
        assert_eq!((keys.len(), problems.len()), (0, 1), "{error}");
        assert_eq!(problems[0].code, error.code());
    }
    error
}

fn vector(crypto: &Value) -> Result<SecretKey, String> {
    let content = serde_json::to_vec(&json!({ "version": 3, "crypto": crypto })).unwrap();
    let sealed = document::parse(&content).map_err(|fault| format!("{fault:?}"))?;
    let passphrase = if crypto["kdfparams"]["n"] == 2 { "foo" } else { "testpassword" };
    seal::open(&sealed, passphrase).map_err(|unopened| format!("{unopened:?}"))
}

/// The vector of the Web3 Secret Storage definition.
#[test]
fn the_specifications_pbkdf2_vector_opens() {
    let key = vector(&json!({
        "cipher": "aes-128-ctr", "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46", "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262_144, "dklen": 32, "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    }));
    assert_eq!(hex::encode(*key.unwrap()), "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d");
}

/// It breaks scrypt's own specification, see `document::scrypt`.
#[test]
fn the_specifications_scrypt_vector_is_refused_in_plain_words() {
    let refused = vector(&json!({
        "cipher": "aes-128-ctr", "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c", "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32, "n": 262_144, "r": 1, "p": 8,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    }));
    assert!(refused.unwrap_err().contains("RFC 7914"));
}

/// geth's vectors (`accounts/keystore/testdata/v3_test_vector.json`): leading zeros of the key are not in the file.
#[test]
fn geths_scrypt_vectors_of_short_keys_open() {
    for (ciphertext, iv, salt, mac, key) in [
        (
            "9517cd5bdbe69076f9bf5057248c6c050141e970efa36ce53692d5d59a3984",
            "e0c41130a323adc1446fc82f724bca2f",
            "711f816911c92d649fb4c84b047915679933555030b3552c1212609b38208c63",
            "d5e116151c6aa71470e67a7d42c9620c75c4d23229847dcc127794f0732b0db5",
            "00fa7b3db73dc7dfdf8c5fbdb796d741e4488628c41fc4febd9160a866ba0f35",
        ),
        (
            "108b7d34f3442fc26ab1ab90ca91476ba6bfa8c00975a49ef9051dc675aa",
            "3ca92af36ad7c2cd92454c59cea5ef00",
            "d0769e608fb86cda848065642a9c6fa046845c928175662b8e356c77f914cd3b",
            "75d0e6759f7b3cefa319c3be41680ab6beea7d8328653474bd06706d4cc67420",
            "000081c29e8142bb6a81bef5a92bda7a8328a5c85bb2f9542e76f9b0f94fc018",
        ),
    ] {
        let opened = vector(&json!({
            "cipher": "aes-128-ctr", "cipherparams": {"iv": iv}, "ciphertext": ciphertext, "kdf": "scrypt",
            "kdfparams": {"dklen": 32, "n": 2, "r": 8, "p": 1, "salt": salt}, "mac": mac,
        }));
        assert_eq!(hex::encode(*opened.unwrap()), key);
    }
}

#[test]
fn a_new_account_has_geths_strength_and_opens_with_its_passphrase_alone() {
    let (_folder, keystore) = keystore();
    let made = keystore.create(&passphrase("pässword")).unwrap();
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
    let made = keystore.create_at(&passphrase("pass"), WEAK).unwrap();
    let theirs = eth_keystore::decrypt_key(&made.file, "pass").unwrap();
    assert_eq!(theirs, keystore.unlock(made.address, &passphrase("pass")).unwrap().as_slice());
}

#[test]
fn what_eth_keystore_writes_is_read_once_it_names_its_address() {
    let (_folder, keystore) = keystore();
    files::create_folder(&keystore.folder).unwrap();
    let (key, address) = seal::new_key().unwrap();
    eth_keystore::encrypt_key(&keystore.folder, &mut rand::thread_rng(), key.as_slice(), "pass", Some("theirs"))
        .unwrap();
    let (keys, problems) = keystore.list().unwrap();
    assert_eq!(keys, []);
    assert!(problems[0].message.contains("names no address"), "{problems:?}");
    let file = keystore.folder.join("theirs");
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
    let made: Vec<_> = (0..5).map(|_| keystore.create_at(&passphrase("pass"), WEAK).unwrap()).collect();
    assert_eq!(keystore.list().unwrap(), (made, vec![]));
}

#[test]
fn an_unknown_account_and_one_of_two_files_are_told_apart() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_at(&passphrase("pass"), WEAK).unwrap();
    let unknown = keystore.unlock(Address::from_bytes([1; 20]), &passphrase("pass")).unwrap_err();
    assert_eq!(unknown.code(), "no-such-account");
    fs::copy(&made.file, keystore.folder.join("copy")).unwrap();
    let twice = keystore.unlock(made.address, &passphrase("pass")).unwrap_err();
    assert_eq!(twice.code(), "account-ambiguous");
    assert!(twice.to_string().contains("copy"), "{twice}");
}

#[test]
fn what_is_no_regular_file_is_reported_and_blocks_nothing() {
    let (folder, keystore) = keystore();
    let made = keystore.create_at(&passphrase("pass"), WEAK).unwrap();
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
        (params("p", json!(u64::MAX)), "too long"),
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
        (fault_of(|document| document["version"] = json!("3")), "invalid type"),
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
    let error = Keystore::open(&file).create_at(&passphrase("pass"), WEAK).unwrap_err();
    assert_eq!(error.code(), "keystore-unwritable");
    assert!(error.to_string().contains("something else has its name"), "{error}");
    assert_eq!(Keystore::open(&file).list().unwrap_err().code(), "keystore-unreadable");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_key_survives_sealing(key in any::<[u8; 32]>(), salt: [u8; 32], iv: [u8; 16], passphrase in any::<String>()) {
        let key = Zeroizing::new(key);
        let sealed = seal::seal(&key, &passphrase, WEAK, salt, iv).unwrap();
        let written = document::write(Address::from_bytes([1; 20]), &sealed, iv).unwrap();
        prop_assert_eq!(&document::parse(&written).unwrap(), &sealed);
        prop_assert_eq!(&*seal::open(&sealed, &passphrase).unwrap(), &*key);
        prop_assert_eq!(seal::open(&sealed, &format!("{passphrase}x")), Err(Unopened::Passphrase));
    }

    #[test]
    fn what_is_accepted_stays_within_the_bounds(n: u64, log_n in 0_u32..64, r in 0_u64..70_000, p in 0_u64..20, odd: bool) {
        let n = if odd { n } else { 1 << log_n };
        let mut document = document();
        document["crypto"]["kdfparams"] = json!({"n": n, "r": r, "p": p, "dklen": 32, "salt": "00"});
        if let Ok(sealed) = document::parse(document.to_string().as_bytes()) {
            let Derivation::Scrypt { log_n, r, p, .. } = sealed.derivation else { panic!("scrypt was asked for") };
            prop_assert!(128 * (1_u64 << log_n) * u64::from(r) <= 512 << 20 && p <= 8);
            prop_assert!(scrypt::Params::new(log_n, r, p, 32).is_ok());
        }
    }

    #[test]
    fn no_content_panics(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (document::claimed_address(&content), document::parse(&content));
    }
}
