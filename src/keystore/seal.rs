//! Sealing a key with a passphrase, and opening it again.
//!
//! Written here and not left to eth-keystore: its writer uses a sixteenth of geth's work factor, and its reader panics on
//! short fields. What is secret lives in buffers that are wiped; the working memory of scrypt itself is the library's,
//! which returns it unwiped.

use aes::{
    Aes128,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use ctr::Ctr128BE;
use ethers_core::{
    k256::ecdsa::SigningKey,
    utils::{keccak256, secret_key_to_address},
};
use rand::{RngCore as _, rngs::OsRng};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    document::{DERIVED, Derivation, Sealed},
    error::{Fault, KeystoreError},
    mixing,
};
use crate::domain::Address;

/// A private key.
pub type SecretKey = Zeroizing<[u8; 32]>;

/// geth's standard work factor (`accounts/keystore`, `StandardScryptN` = 2¹⁸, p 1; `scryptR` = 8).
pub(super) const LOG_N: u8 = 18;
const R: u32 = 8;
const P: u32 = 1;

/// Why a sealed key does not open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    Passphrase,
    Fault(Fault),
}

pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeystoreError> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|error| KeystoreError::Randomness(error.to_string()))?;
    Ok(bytes)
}

/// A new key, and its address.
pub(super) fn new_key() -> Result<(SecretKey, Address), KeystoreError> {
    loop {
        let key = random()?;
        // Zero and what exceeds the curve's order are no keys: about one in 2¹²⁸.
        if let Some(address) = address_of(&key) {
            return Ok((key, address));
        }
    }
}

/// The address of a key. `None` when the number is no key.
pub(super) fn address_of(key: &SecretKey) -> Option<Address> {
    // A SigningKey wipes itself when dropped.
    let key = SigningKey::from_slice(key.as_slice()).ok()?;
    Some(Address::from_bytes(secret_key_to_address(&key).0))
}

/// Seals `key` with scrypt at 2^`log_n`.
///
/// `salt` and `iv` are random bytes that are used once.
pub(super) fn seal(
    key: &SecretKey,
    passphrase: &str,
    log_n: u8,
    salt: [u8; 32],
    iv: [u8; 16],
) -> Result<Sealed, Fault> {
    let derivation = Derivation::Scrypt { log_n, r: R, p: P, salt: salt.to_vec() };
    let mut sealed = Sealed { derivation, iv, ciphertext: Vec::new(), mac: [0; 32] };
    let derived = derive(&sealed.derivation, passphrase)?;
    let mut buffer = key.clone();
    apply(&derived, &sealed.iv, buffer.as_mut_slice());
    sealed.ciphertext = buffer.to_vec();
    sealed.mac = mac(&derived, &sealed.ciphertext);
    Ok(sealed)
}

/// Opens `sealed`. Takes about 0.6 s and 256 MiB at geth's standard strength.
pub(super) fn open(sealed: &Sealed, passphrase: &str) -> Result<SecretKey, Unopened> {
    let derived = derive(&sealed.derivation, passphrase).map_err(Unopened::Fault)?;
    if !bool::from(mac(&derived, &sealed.ciphertext).ct_eq(&sealed.mac)) {
        return Err(Unopened::Passphrase);
    }
    let mut key = SecretKey::default();
    let leading = key.len().checked_sub(sealed.ciphertext.len());
    let part = leading.and_then(|leading| key.get_mut(leading..));
    let Some(part) = part else { return Err(Unopened::Fault(Fault::invalid("its ciphertext is longer than a key"))) };
    part.copy_from_slice(&sealed.ciphertext);
    apply(&derived, &sealed.iv, part);
    Ok(key)
}

fn derive(derivation: &Derivation, passphrase: &str) -> Result<Zeroizing<[u8; DERIVED]>, Fault> {
    let mut derived = Zeroizing::new([0; DERIVED]);
    match derivation {
        Derivation::Scrypt { log_n, r, p, salt } if u32::from(*log_n) >= 16 * r => {
            let size = |number: u32| usize::try_from(number).map_err(|error| impossible(&error));
            mixing::scrypt(passphrase.as_bytes(), salt, (*log_n, size(*r)?, size(*p)?), derived.as_mut_slice());
        }
        Derivation::Scrypt { log_n, r, p, salt } => {
            let params = scrypt::Params::new(*log_n, *r, *p, DERIVED).map_err(|error| impossible(&error))?;
            scrypt::scrypt(passphrase.as_bytes(), salt, &params, derived.as_mut_slice())
                .map_err(|error| impossible(&error))?;
        }
        Derivation::Pbkdf2 { rounds, salt } => {
            pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, *rounds, derived.as_mut_slice());
        }
    }
    Ok(derived)
}

/// Bounds were checked when the file was read, and are narrower than the library's; an unset key must not be used all the same.
fn impossible(error: &dyn std::fmt::Display) -> Fault {
    Fault::Refused(format!("scrypt does not run with its parameters: {error}"))
}

fn mac(derived: &Zeroizing<[u8; DERIVED]>, ciphertext: &[u8]) -> [u8; 32] {
    let input = Zeroizing::new([&derived[16..], ciphertext].concat());
    keccak256(input.as_slice())
}

fn apply(derived: &Zeroizing<[u8; DERIVED]>, iv: &[u8; 16], buffer: &mut [u8]) {
    let mut key = Zeroizing::new([0; 16]);
    key.copy_from_slice(&derived[..16]);
    Ctr128BE::<Aes128>::new((&*key).into(), iv.into()).apply_keystream(buffer);
}
