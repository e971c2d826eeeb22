//! A key that signs.

use std::fmt;

use ethers_core::{
    k256::{FieldBytes, ecdsa},
    rand::rngs::OsRng,
    types::{Signature, U256},
    utils::secret_key_to_address,
};
use zeroize::Zeroizing;

use super::ChainError;
use crate::domain::Address;

/// An account's key. Shows only its address, and leaves memory when it is dropped (`k256` zeroizes it).
pub struct SigningKey(ecdsa::SigningKey);

impl SigningKey {
    /// From the 32 secret bytes.
    ///
    /// # Errors
    /// [`ChainError::Key`] if they are zero or not below the curve's order.
    pub fn new(secret: &Zeroizing<[u8; 32]>) -> Result<Self, ChainError> {
        ecdsa::SigningKey::from_bytes(FieldBytes::from_slice(secret.as_slice()))
            .map(Self)
            .map_err(|_| ChainError::Key { cause: "it is no number that the curve has a point for".to_owned() })
    }

    /// A new one, from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(ecdsa::SigningKey::random(&mut OsRng))
    }

    /// The account.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::from_bytes(secret_key_to_address(&self.0).0)
    }

    /// Signs a hash. The signature's `v` is 0 or 1, as typed transactions carry it (EIP-1559).
    pub(super) fn sign(&self, hash: &[u8; 32]) -> Result<Signature, ChainError> {
        let (signature, recovery) = self
            .0
            .sign_prehash_recoverable(hash)
            .map_err(|_| ChainError::Key { cause: "the curve refused the signature".to_owned() })?;
        let (r, s) = signature.split_bytes();
        Ok(Signature { r: U256::from_big_endian(&r), s: U256::from_big_endian(&s), v: u64::from(recovery.is_y_odd()) })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.address())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_key_has_its_address_and_shows_nothing_else() {
        // EIP-155's example key.
        let key = SigningKey::new(&Zeroizing::new([0x46; 32])).unwrap();
        assert_eq!(key.address().to_string(), "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F");
        assert_eq!(format!("{key:?}"), "SigningKey(0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F)");
        assert_ne!(SigningKey::generate().address(), SigningKey::generate().address());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [[0; 32], [0xff; 32]] {
            let error = SigningKey::new(&Zeroizing::new(bad)).unwrap_err();
            assert_eq!(error.code(), "key-unusable");
        }
    }
}
