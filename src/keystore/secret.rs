//! Keys that are given as text: hex digits, or the words of BIP-39 with a path of BIP-32.
//!
//! ```text
//! words ─BIP-39: PBKDF2 with HMAC-SHA512─▶ seed ─BIP-32, along m/44'/60'/0'/0/0 (BIP-44's first account of Ethereum)─▶ key
//! ```
//!
//! No error repeats a digit or a word of a secret.

use bip32::{DerivationPath, XPrv};
use bip39::{Language, Mnemonic};
use icu_normalizer::DecomposingNormalizerBorrowed;
use zeroize::Zeroizing;

use super::{
    error::KeystoreError,
    seal::{SecretKey, address_of},
};

/// A key of 64 hex digits, with or without `0x`.
///
/// # Errors
/// `key-unusable`.
pub fn from_hex(text: &str) -> Result<SecretKey, KeystoreError> {
    let none = |cause: String| KeystoreError::NoKey { cause };
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.len() != 64 {
        return Err(none(format!("it has {} characters", digits.chars().count())));
    }
    let mut key = SecretKey::default();
    // Its error would name the digit.
    hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| none("it is not hexadecimal".to_owned()))?;
    match address_of(&key) {
        Some(_) => Ok(key),
        None => Err(none("the number is zero, or as large as the curve's order".to_owned())),
    }
}

/// The key at `path` below the seed of `words` and BIP-39's own `passphrase`, which is usually empty.
///
/// # Errors
/// `mnemonic-invalid`, `usage` for the path.
pub fn from_mnemonic(words: &str, path: &str, passphrase: &str) -> Result<SecretKey, KeystoreError> {
    let path: DerivationPath = path.parse().map_err(|_| KeystoreError::Path { path: path.to_owned() })?;
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &normal_words(words)).map_err(no_mnemonic)?;
    let seed = Zeroizing::new(mnemonic.to_seed_normalized(&decomposed(passphrase)));
    // Beyond 255 levels; or one of 2¹²⁷ keys that BIP-32 has no child for.
    let derived = XPrv::derive_from_path(seed.as_slice(), &path)
        .map_err(|_| KeystoreError::NoKey { cause: "the path leads to no key".to_owned() })?;
    Ok(Zeroizing::new(derived.private_key().to_bytes().into()))
}

/// In lower case, with one space between words: as BIP-39 hashes them.
fn normal_words(words: &str) -> Zeroizing<String> {
    let decomposed = decomposed(words);
    // As long as the text at most, so that it is never moved.
    let mut normal = Zeroizing::new(String::with_capacity(decomposed.len()));
    for word in decomposed.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.extend(word.chars().map(|letter| letter.to_ascii_lowercase()));
    }
    normal
}

/// In Unicode's normal form KD, which BIP-39 prescribes.
fn decomposed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(DecomposingNormalizerBorrowed::new_nfkd().normalize(text).into_owned())
}

fn no_mnemonic(error: bip39::Error) -> KeystoreError {
    let cause = match error {
        bip39::Error::BadWordCount(count) => format!("it has {count} words"),
        bip39::Error::UnknownWord(place) => format!("word {} is not in the English list", place + 1),
        bip39::Error::InvalidChecksum => "its checksum is wrong: a word is another one, or their order".to_owned(),
        bip39::Error::BadEntropyBitCount(_) | bip39::Error::AmbiguousLanguages(_) => "it cannot be read".to_owned(),
    };
    KeystoreError::NoMnemonic { cause }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;
    use crate::domain::account::FIRST_PATH;

    /// Of every test network, known to everybody.
    const WORDS: &str = "test test test test test test test test test test test junk";

    fn address(key: &SecretKey) -> String {
        address_of(key).unwrap().to_string()
    }

    #[test]
    fn the_accounts_of_the_usual_test_mnemonic_are_found() {
        for (index, expected) in
            [(0, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"), (1, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
        {
            let path = format!("m/44'/60'/0'/0/{index}");
            assert_eq!(address(&from_mnemonic(WORDS, &path, "").unwrap()), expected);
        }
        let shouted = format!("  {}\n", WORDS.to_uppercase().replace(' ', "\t "));
        let first = |words: &str, passphrase: &str| from_mnemonic(words, FIRST_PATH, passphrase).unwrap();
        assert_eq!(first(&shouted, ""), first(WORDS, ""));
        assert_ne!(first(WORDS, "x"), first(WORDS, ""));
        assert_eq!(first(WORDS, "caf\u{e9}"), first(WORDS, "cafe\u{301}"), "one text in two spellings");
    }

    /// A vector of Trezor's list for BIP-39 and BIP-32: the master key behind the seed, as hex.
    #[test]
    fn a_vector_of_bip_39_gives_its_master_key() {
        let words = format!("{}about", "abandon ".repeat(11));
        let seed = Mnemonic::parse_in_normalized(Language::English, &words).unwrap().to_seed_normalized("TREZOR");
        assert!(hex::encode(seed).starts_with("c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"));
        let xprv = XPrv::new(seed).unwrap().to_string(bip32::Prefix::XPRV);
        let expected = "xprv9s21ZrQH143K3h3fDYiay8mocZ3afhfULfb5GX8kCBdno77K4HiA15Tg23wpbeF1pLfs1c5SPmYHrEpTuuRhxMwvKDwqdKiGJS9XFKzUsAF";
        assert_eq!(*xprv, expected);
        assert_eq!(*from_mnemonic(&words, "m", "TREZOR").unwrap(), *XPrv::new(seed).unwrap().private_key().to_bytes());
    }

    #[test]
    fn a_refused_mnemonic_says_why_without_its_words() {
        for (words, cause) in [
            ("", "0 words"),
            ("test test", "2 words"),
            (&WORDS.replace("junk", "test"), "checksum"),
            (&WORDS.replace("junk", "secretword"), "word 12 is not in the English list"),
            (&"test ".repeat(100_000), "100000 words"),
        ] {
            let error = from_mnemonic(words, FIRST_PATH, "").unwrap_err();
            assert_eq!(error.code(), "mnemonic-invalid");
            let said = format!("{error} {error:?}");
            assert!(said.contains(cause) && !said.contains("secretword") && !said.contains("test"), "{said}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_named() {
        for path in ["", "44'/60'", "m/44'/x", "m/4294967296", "m//0", "m/-1"] {
            let error = from_mnemonic(WORDS, path, "").unwrap_err();
            assert_eq!(error.code(), "usage", "{path}");
        }
        let deep = format!("m{}", "/0".repeat(300));
        assert!(from_mnemonic(WORDS, &deep, "").is_err());
    }

    #[test]
    fn hex_keys_are_read_and_refused_without_their_digits() {
        let digits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        for text in [digits.to_owned(), format!("0x{digits}"), format!(" 0X{}\r\n", digits.to_uppercase())] {
            assert_eq!(address(&from_hex(&text).unwrap()), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        }
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        for (text, cause) in [
            ("", "0 characters"),
            (&digits[1..], "63 characters"),
            (&digits.replace("ac", "zz"), "not hexadecimal"),
            (&"é".repeat(32), "not hexadecimal"),
            (&"0".repeat(64), "zero"),
            (order, "order"),
        ] {
            let error = from_hex(text).unwrap_err();
            assert_eq!(error.code(), "key-unusable");
            let said = format!("{error} {error:?}");
            assert!(said.contains(cause) && !said.contains("0974bec3") && !said.contains("zz"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), path in any::<String>()) {
            let _ = (from_hex(&text), from_mnemonic(&text, &path, &text), from_mnemonic(WORDS, &path, ""));
        }
    }
}
