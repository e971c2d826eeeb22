//! What a reverting contract meant, as a sentence.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use ethers_core::abi::{ErrorExt as _, ParamType, Token, decode, ethabi::AbiError};

use super::bindings::{IMAGEREGISTRY_ABI, directory::PUBLISHERDIRECTORY_ABI};
use crate::domain::{Address, Digest, Timestamp, text::clean_to};

/// A sentence for each of the contracts' errors; `{name}` stands for the argument of that name.
const SENTENCES: [(&str, &str); 26] = [
    ("AlreadyClaimed", "{publisher} claims this namespace already"),
    ("AlreadySucceeded", "{successor} has taken over from {publisher}, finally"),
    ("AnnotationsLength", "annotations have {length} bytes, and at most 4096 are allowed"),
    ("BadNonce", "the signature has nonce {given}, and {expected} is next"),
    ("BadSignature", "the signature is not one of {publisher}"),
    ("DelegateExpired", "{delegate} was allowed to speak for {publisher} until {expiry}"),
    ("DigestCount", "a release or revocation holds 1 to 64 digests, and this one has {count}"),
    (
        "DigestRevoked",
        "digest {digest} was revoked by this publisher and can never be published again under this reference",
    ),
    ("DuplicateDigest", "digest {digest} stands in this release already"),
    ("ERC5267ExtensionsNotSupported", "its signatures have extensions, which are not supported"),
    ("ExpiryPassed", "the expiry {expiry} lies in the past"),
    ("InvalidDelegate", "{delegate} cannot be a delegate of this publisher"),
    ("InvalidSuccessor", "{successor} cannot be the successor of this publisher"),
    ("NamespaceLength", "the namespace has {length} bytes, and 1 to 512 are allowed"),
    ("NoReleases", "nothing to publish was given"),
    ("NotClaimed", "{publisher} does not claim this namespace"),
    ("NotDelegate", "{delegate} is no delegate of {publisher} for this reference"),
    ("NotHeadVersion", "version {amends} cannot be amended, because version {head} is the newest"),
    ("PublisherRetired", "{publisher} has retired and can publish nothing any more"),
    ("ReasonLength", "the reason has {length} bytes, and at most 1024 are allowed"),
    ("ReferenceLength", "the reference has {length} bytes, and 1 to 512 are allowed"),
    ("ReferenceRetired", "{publisher} has retired this reference and can publish nothing under it any more"),
    ("SignatureExpired", "the signature was valid until {deadline}"),
    ("SuccessionNotOffered", "{publisher} did not offer the succession to {successor}"),
    ("VersionOverflow", "this reference has as many versions as the contract can count"),
    ("ZeroDigest", "a digest consists of zeros only"),
];

/// Solidity's `Error(string)` and `Panic(uint256)`.
const ERROR_SELECTOR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
const PANIC_SELECTOR: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
const MAX_REASON: usize = 300;

static BY_SELECTOR: LazyLock<HashMap<[u8; 4], &'static AbiError>> =
    LazyLock::new(|| errors().map(|error| (error.selector(), error)).collect());

/// The errors of both contracts.
fn errors() -> impl Iterator<Item = &'static AbiError> {
    IMAGEREGISTRY_ABI.errors().chain(PUBLISHERDIRECTORY_ABI.errors())
}

/// The sentence for what a reverting contract returned.
pub(super) fn sentence(revert: &[u8]) -> String {
    let Some((selector, arguments)) = revert.split_first_chunk::<4>() else {
        return "it gave no reason".to_owned();
    };
    let known = match *selector {
        ERROR_SELECTOR => text_of(arguments),
        PANIC_SELECTOR => panic_of(arguments),
        selector => BY_SELECTOR.get(&selector).and_then(|error| custom(error, arguments)),
    };
    known.unwrap_or_else(|| format!("its error 0x{} is unknown to this version", hex::encode(selector)))
}

fn text_of(arguments: &[u8]) -> Option<String> {
    match decode(&[ParamType::String], arguments).ok()?.pop()? {
        Token::String(text) => Some(clean_to(&text, MAX_REASON)),
        _ => None,
    }
}

/// Codes of the Solidity documentation, *Panic via assert and Error via require*.
fn panic_of(arguments: &[u8]) -> Option<String> {
    let Token::Uint(code) = decode(&[ParamType::Uint(256)], arguments).ok()?.pop()? else { return None };
    let meaning = match code.low_u64() {
        0x01 => "an assertion failed",
        0x11 => "a number overflowed",
        0x12 => "a division by zero",
        0x32 => "an index is out of bounds",
        0x41 => "it ran out of memory",
        _ => "an internal fault",
    };
    Some(format!("{meaning} (panic {code:#x})"))
}

fn custom(error: &AbiError, arguments: &[u8]) -> Option<String> {
    let kinds: Vec<_> = error.inputs.iter().map(|input| input.kind.clone()).collect();
    // ethabi takes "no data" for an error, even where nothing is expected.
    let tokens = if kinds.is_empty() { Vec::new() } else { decode(&kinds, arguments).ok()? };
    let named = || error.inputs.iter().map(|input| input.name.as_str()).zip(&tokens);
    if let Some((_, template)) = SENTENCES.iter().find(|(name, _)| *name == error.name) {
        return Some(named().fold((*template).to_owned(), |sentence, (name, token)| {
            sentence.replace(&format!("{{{name}}}"), &shown(name, token))
        }));
    }
    let mut sentence = error.name.clone();
    for (name, token) in named() {
        // Writing to a String cannot fail.
        let _ = write!(sentence, ", {name} {}", shown(name, token));
    }
    Some(clean_to(&sentence, MAX_REASON))
}

/// An argument as a reader expects it, told by its name: the ABI knows a time from a count no better than a hash from a digest.
fn shown(name: &str, token: &Token) -> String {
    match token {
        Token::Address(address) => Address::from_bytes(address.0).to_string(),
        Token::FixedBytes(bytes) => match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(bytes) if name.contains("igest") => Digest::from_bytes(bytes).to_string(),
            _ => format!("0x{}", hex::encode(bytes)),
        },
        Token::Uint(number) if matches!(name, "expiry" | "deadline") => {
            u64::try_from(*number).map_or_else(|_| number.to_string(), |seconds| Timestamp(seconds).to_string())
        }
        Token::Uint(number) => number.to_string(),
        Token::String(text) => clean_to(text, MAX_REASON),
        other => clean_to(&other.to_string(), MAX_REASON),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ethers_core::{
        abi::encode,
        types::{H160, U256},
    };
    use proptest::prelude::*;

    use super::*;

    fn sample(kind: &ParamType) -> Token {
        match kind {
            ParamType::Address => Token::Address(H160([7; 20])),
            ParamType::FixedBytes(size) => Token::FixedBytes(vec![9; *size]),
            ParamType::Uint(_) => Token::Uint(U256::from(1_700_000_000)),
            other => unreachable!("no error has {other}"),
        }
    }

    #[test]
    fn every_error_of_the_contract_is_a_sentence() {
        for error in errors() {
            let tokens: Vec<_> = error.inputs.iter().map(|input| sample(&input.kind)).collect();
            let revert = [error.selector().as_slice(), &encode(&tokens)].concat();
            assert!(SENTENCES.iter().any(|(name, _)| *name == error.name), "{} has no sentence", error.name);
            let sentence = sentence(&revert);
            assert!(!sentence.contains(['{', '}']), "{sentence}");
        }
        for (name, _) in SENTENCES {
            assert!(errors().any(|error| error.name == name), "{name} is no error of a contract");
        }
    }

    #[test]
    fn a_revoked_digest_is_named() {
        let error = IMAGEREGISTRY_ABI.error("DigestRevoked").unwrap();
        let arguments = encode(&[Token::FixedBytes(vec![1; 32]), Token::FixedBytes(vec![2; 32])]);
        let digest = Digest::from_bytes([2; 32]);
        assert_eq!(
            sentence(&[error.selector().as_slice(), &arguments].concat()),
            format!(
                "digest {digest} was revoked by this publisher and can never be published again under this reference"
            )
        );
    }

    #[test]
    fn solidity_and_strangers_are_understood() {
        let text = [ERROR_SELECTOR.as_slice(), &encode(&[Token::String("no \u{1b}[2J".into())])].concat();
        assert_eq!(sentence(&text), "no \\u{1b}[2J");
        let panic = [PANIC_SELECTOR.as_slice(), &encode(&[Token::Uint(U256::from(0x11))])].concat();
        assert_eq!(sentence(&panic), "a number overflowed (panic 0x11)");
        assert_eq!(sentence(&[0xde, 0xad, 0xbe, 0xef]), "its error 0xdeadbeef is unknown to this version");
        assert_eq!(sentence(&[]), "it gave no reason");
        assert_eq!(sentence(&ERROR_SELECTOR), "its error 0x08c379a0 is unknown to this version");
    }

    proptest! {
        #[test]
        fn no_revert_panics(index in 0usize..28, tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let selector = BY_SELECTOR.keys().nth(index).copied().unwrap_or(ERROR_SELECTOR);
            let _ = sentence(&[selector.as_slice(), &tail].concat());
            let _ = sentence(&[PANIC_SELECTOR.as_slice(), &tail].concat());
            let _ = sentence(&tail);
        }
    }
}
