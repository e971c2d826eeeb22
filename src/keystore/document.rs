//! The content of a key file: Web3 Secret Storage, version 3, as geth writes and reads it.
//!
//! ```text
//! {"address": 40 hex digits, "id": UUID, "version": 3,
//!  "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv"}, "ciphertext", "mac": keccak256(key[16..32] ‖ ciphertext),
//!             "kdf": "scrypt", "kdfparams": {"n", "r", "p", "dklen", "salt"}  or  "pbkdf2": {"c", "prf", "dklen", "salt"}}}
//! ```
//!
//! A key file may come from anybody, and its numbers say how much memory and time opening it takes. Every one is bounded
//! before any of it is computed.

use eth_keystore::{CipherparamsJson, CryptoJson, KdfType, KdfparamsType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Fault;
use crate::domain::{Address, text::clean_to};

const VERSION: u64 = 3;
const CIPHER: &str = "aes-128-ctr";
const PRF: &str = "hmac-sha256";
/// 16 bytes for the cipher, 16 for the checksum.
pub(super) const DERIVED: usize = 32;
/// scrypt needs 128·r·(N + p) bytes. geth's standard needs 256 MiB.
const MEMORY_LIMIT: u64 = 512 << 20;
/// scrypt mixes 128·N·r·p bytes, some ten seconds at this limit: geth's standard with p 16.
const WORK_LIMIT: u64 = 4 << 30;
/// geth's own tests have p 16, with a small N.
const PARALLEL_LIMIT: u64 = 64;
/// Some ten seconds of PBKDF2.
const ROUNDS_LIMIT: u64 = 10_000_000;
const SALT_LIMIT: usize = 256;

/// A key file's content, checked: what is left to find out is the passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(super) derivation: Derivation,
    pub(super) iv: [u8; 16],
    /// 1 to 32 bytes: old programs left out leading zeros.
    pub(super) ciphertext: Vec<u8>,
    pub(super) mac: [u8; 32],
}

/// How the passphrase becomes a key, within the bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Derivation {
    Scrypt { log_n: u8, r: u32, p: u32, salt: Vec<u8> },
    Pbkdf2 { rounds: u32, salt: Vec<u8> },
}

impl Sealed {
    /// Reads and bounds everything that opening the file uses.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for what is no key file of version 3, [`Fault::Refused`] for one that costs too much to open.
    pub fn parse(content: &[u8]) -> Result<Self, Fault> {
        let raw: Raw = serde_json::from_slice(content).map_err(|error| malformed(&error))?;
        // Serde takes a list of the values in their order as well.
        if !is_of_objects(content) {
            return Err(Fault::invalid("it has a list where an object belongs"));
        }
        let version = match raw.version {
            Version::Number(VERSION) => None,
            Version::Number(other) => Some(other.to_string()),
            Version::Text(text) => Some(format!("`{}`", clean_to(&text, 20))),
        };
        if let Some(version) = version {
            return Err(Fault::Invalid(format!("it has version {version}; only version 3 is read")));
        }
        let crypto = raw.crypto;
        if crypto.cipher != CIPHER {
            return Err(unknown("cipher", &crypto.cipher, CIPHER));
        }
        let ciphertext = bytes("ciphertext", &crypto.ciphertext)?;
        if !(1..=32).contains(&ciphertext.len()) {
            return Err(Fault::Invalid(format!("its ciphertext has {} bytes; a key has 32", ciphertext.len())));
        }
        Ok(Self {
            derivation: derivation(&crypto.kdf, &crypto.kdfparams)?,
            iv: array("iv", &crypto.cipherparams.iv)?,
            ciphertext,
            mac: array("mac", &crypto.mac)?,
        })
    }

    /// Memory that opening it takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        match &self.derivation {
            Derivation::Scrypt { log_n, r, p, .. } => 128 * u64::from(*r) * ((1 << log_n) + u64::from(*p)),
            Derivation::Pbkdf2 { .. } => 0,
        }
    }

    /// What opening it computes: bytes that scrypt mixes, or rounds of PBKDF2.
    #[must_use]
    pub fn work(&self) -> u64 {
        match &self.derivation {
            Derivation::Scrypt { log_n, r, p, .. } => 128 * u64::from(*r) * (1 << log_n) * u64::from(*p),
            Derivation::Pbkdf2 { rounds, .. } => u64::from(*rounds),
        }
    }
}

#[derive(Deserialize)]
struct Raw {
    version: Version,
    #[serde(alias = "Crypto")]
    crypto: RawCrypto,
}

/// The first version wrote its number as text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "its version is no whole number")]
enum Version {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
struct RawCrypto {
    cipher: String,
    cipherparams: RawCipher,
    ciphertext: String,
    kdf: String,
    kdfparams: RawDerivation,
    mac: String,
}

#[derive(Deserialize)]
struct RawCipher {
    iv: String,
}

/// The union of both derivations' fields; which must be there follows from the derivation's name.
#[derive(Deserialize)]
struct RawDerivation {
    dklen: u64,
    salt: String,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
    prf: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    address: Option<String>,
}

/// The address that a key file claims, whatever else is in it. `None` where it has no such field.
pub(super) fn claimed_address(content: &[u8]) -> Result<Option<Address>, Fault> {
    let named: Named = serde_json::from_slice(content).map_err(|error| malformed(&error))?;
    let Some(text) = named.address else { return Ok(None) };
    match address_of_digits(text.strip_prefix("0x").unwrap_or(&text)) {
        Some(address) if *address.as_bytes() == [0; 20] => Err(Fault::invalid("its address is zero, which no key has")),
        Some(address) => Ok(Some(address)),
        None => Err(Fault::invalid(format!("its address `{}` is none", clean_to(&text, 60)))),
    }
}

/// Forty hex digits in any case: geth writes lower case, others what they like.
pub(super) fn address_of_digits(digits: &str) -> Option<Address> {
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(Address::from_bytes(bytes))
}

fn is_of_objects(content: &[u8]) -> bool {
    let document: Value = serde_json::from_slice(content).unwrap_or_default();
    let crypto = document.get("crypto").or_else(|| document.get("Crypto"));
    crypto.is_some_and(|crypto| {
        ["cipherparams", "kdfparams"].iter().all(|name| crypto.get(name).is_some_and(Value::is_object))
    })
}

fn derivation(name: &str, raw: &RawDerivation) -> Result<Derivation, Fault> {
    if raw.dklen != DERIVED as u64 {
        return Err(Fault::Invalid(format!("its dklen is {}; it must be 32", raw.dklen)));
    }
    let salt = bytes("salt", &raw.salt)?;
    if salt.is_empty() || salt.len() > SALT_LIMIT {
        return Err(Fault::Invalid(format!("its salt has {} bytes; 1 to {SALT_LIMIT} make sense", salt.len())));
    }
    let needed = |field: &str, value: Option<u64>| {
        value.ok_or_else(|| Fault::Invalid(format!("its kdfparams lack `{field}`, which {name} needs")))
    };
    match name {
        "scrypt" => scrypt(needed("n", raw.n)?, needed("r", raw.r)?, needed("p", raw.p)?, salt),
        "pbkdf2" => match raw.prf.as_deref() {
            Some(PRF) => pbkdf2(needed("c", raw.c)?, salt),
            Some(other) => Err(unknown("prf", other, PRF)),
            None => Err(Fault::invalid("its kdfparams lack `prf`, which pbkdf2 needs")),
        },
        other => Err(unknown("kdf", other, "scrypt` or `pbkdf2")),
    }
}

fn scrypt(n: u64, r: u64, p: u64, salt: Vec<u8>) -> Result<Derivation, Fault> {
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(Fault::Invalid(format!(
            "scrypt cannot run with n {n}, r {r}, p {p}: n is a power of two above 1, the others are not 0"
        )));
    }
    let memory = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
    if memory > MEMORY_LIMIT {
        return Err(Fault::Refused(format!(
            "scrypt with n {n}, r {r}, p {p} takes {} MiB; 512 are allowed",
            memory >> 20
        )));
    }
    let work = n.saturating_mul(r).saturating_mul(p).saturating_mul(128);
    if p > PARALLEL_LIMIT || work > WORK_LIMIT {
        return Err(Fault::Refused(format!(
            "scrypt with n {n}, r {r}, p {p} takes too long; p may be {PARALLEL_LIMIT}, and 16 with geth's n 262144 and r 8"
        )));
    }
    let log_n = n.trailing_zeros();
    let number = |value: u64| u32::try_from(value).map_err(|_| Fault::invalid("a number is out of range"));
    let log_n = u8::try_from(log_n).map_err(|_| Fault::invalid("a number is out of range"))?;
    Ok(Derivation::Scrypt { log_n, r: number(r)?, p: number(p)?, salt })
}

fn pbkdf2(rounds: u64, salt: Vec<u8>) -> Result<Derivation, Fault> {
    match u32::try_from(rounds) {
        Ok(0) => Err(Fault::invalid("pbkdf2 cannot run with c 0")),
        Ok(c) if rounds <= ROUNDS_LIMIT => Ok(Derivation::Pbkdf2 { rounds: c, salt }),
        _ => Err(Fault::Refused(format!("pbkdf2 with c {rounds} takes too long; {ROUNDS_LIMIT} are allowed"))),
    }
}

fn bytes(field: &str, text: &str) -> Result<Vec<u8>, Fault> {
    hex::decode(text).map_err(|error| Fault::Invalid(format!("its {field} is not hexadecimal: {error}")))
}

fn array<const N: usize>(field: &str, text: &str) -> Result<[u8; N], Fault> {
    let decoded = bytes(field, text)?;
    let found = decoded.len();
    decoded.try_into().map_err(|_| Fault::Invalid(format!("its {field} has {found} bytes; it must have {N}")))
}

fn unknown(field: &str, found: &str, known: &str) -> Fault {
    Fault::Invalid(format!("its {field} is `{}`; only `{known}` is read", clean_to(found, 40)))
}

fn malformed(error: &serde_json::Error) -> Fault {
    Fault::Invalid(clean_to(&error.to_string(), 200))
}

/// geth's field order and eth-keystore's types: what this writes, both read.
#[derive(Serialize)]
struct Written {
    address: String,
    crypto: CryptoJson,
    id: String,
    version: u64,
}

/// The content of the file that holds `sealed` for `address`. `id` are random bytes.
pub(super) fn write(address: Address, sealed: &Sealed, id: [u8; 16]) -> Result<Vec<u8>, serde_json::Error> {
    let dklen = 32;
    let (kdf, kdfparams) = match sealed.derivation.clone() {
        Derivation::Scrypt { log_n, r, p, salt } => {
            (KdfType::Scrypt, KdfparamsType::Scrypt { dklen, n: 1 << log_n, p, r, salt })
        }
        Derivation::Pbkdf2 { rounds, salt } => {
            (KdfType::Pbkdf2, KdfparamsType::Pbkdf2 { c: rounds, dklen, prf: PRF.to_owned(), salt })
        }
    };
    let crypto = CryptoJson {
        cipher: CIPHER.to_owned(),
        cipherparams: CipherparamsJson { iv: sealed.iv.to_vec() },
        ciphertext: sealed.ciphertext.clone(),
        kdf,
        kdfparams,
        mac: sealed.mac.to_vec(),
    };
    serde_json::to_vec(&Written { address: hex::encode(address.as_bytes()), crypto, id: uuid(id), version: VERSION })
}

/// A random UUID (RFC 9562, version 4).
fn uuid(mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let digits = hex::encode(random);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
