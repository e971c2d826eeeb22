//! A key that signs.

use std::{fmt, sync::Arc};

use ethers_core::{
    k256::{FieldBytes, ecdsa},
    rand::rngs::OsRng,
    types::{Signature, U256},
    utils::secret_key_to_address,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::ChainError;
use crate::domain::{Address, pinned::pin};

/// An account's key. Shows only its address, and leaves memory when the last of its holders is dropped (`k256` zeroizes it). It
/// stays where it is, out of swap where that is permitted: moving it would leave a copy behind.
pub struct SigningKey(Arc<ecdsa::SigningKey>);

/// Deeper than anything here calls.
const STACK: usize = 64 << 10;

/// Overwrites what calls from here left on the stack: the curve's arithmetic copies its numbers.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "the stack is what is wiped")]
fn wipe_stack() {
    let mut below = [0_u8; STACK];
    below.zeroize();
    std::hint::black_box(&mut below);
}

impl SigningKey {
    /// From the 32 secret bytes.
    ///
    /// # Errors
    /// [`ChainError::Key`] if they are zero or not below the curve's order.
    pub fn new(secret: &Zeroizing<[u8; 32]>) -> Result<Self, ChainError> {
        let key = placed(secret);
        wipe_stack();
        key.map(Self)
            .ok_or_else(|| ChainError::Key { cause: "it is no number that the curve has a point for".to_owned() })
    }

    /// A new one, from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(Arc::new(ecdsa::SigningKey::random(&mut OsRng)))
    }

    /// The same key in the same place, for another holder.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// The account.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::from_bytes(secret_key_to_address(&self.0).0)
    }

    /// Signs a hash. The signature's `v` is 0 or 1, as typed transactions carry it (EIP-1559).
    pub(super) fn sign(&self, hash: &[u8; 32]) -> Result<Signature, ChainError> {
        let signed = by_curve(&self.0, hash);
        wipe_stack();
        let (signature, recovery) =
            signed.ok_or_else(|| ChainError::Key { cause: "the curve refused the signature".to_owned() })?;
        let (r, s) = signature.split_bytes();
        Ok(Signature { r: U256::from_big_endian(&r), s: U256::from_big_endian(&s), v: u64::from(recovery.is_y_odd()) })
    }
}

#[inline(never)]
fn placed(secret: &Zeroizing<[u8; 32]>) -> Option<Arc<ecdsa::SigningKey>> {
    let key = ecdsa::SigningKey::from_bytes(FieldBytes::from_slice(secret.as_slice())).map(Arc::new).ok()?;
    pin(&*key);
    Some(key)
}

#[inline(never)]
fn by_curve(key: &ecdsa::SigningKey, hash: &[u8; 32]) -> Option<(ecdsa::Signature, ecdsa::RecoveryId)> {
    key.sign_prehash_recoverable(hash).ok()
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
