//! Ethereum addresses, shown with their checksum (EIP-55).

use std::{fmt, str::FromStr};

use ethers_core::{types::H160, utils::to_checksum};
use serde::{Deserialize, Serialize};

use super::text::clean_to;

/// A 20-byte Ethereum address. Shown with the EIP-55 checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address([u8; 20]);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hex digits.
    #[error("address `{0}` is not `0x` followed by 40 hex digits")]
    Malformed(String),
    /// Mixed case that is not the checksum: at least one digit is wrong.
    #[error("address `{0}` fails its checksum (EIP-55): a digit is wrong; copy it again")]
    Checksum(String),
}

impl Address {
    /// From its 20 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Its 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The first and last four digits (`0x7F3c…9A21`): for a glance, never where something is signed.
    #[must_use]
    pub fn short(&self) -> String {
        let whole = self.to_string();
        format!("{}…{}", &whole[..6], &whole[38..])
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&to_checksum(&H160(self.0), None))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || clean_to(text, 60);
        let digits = text.strip_prefix("0x").ok_or_else(|| AddressError::Malformed(shown()))?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError::Malformed(shown()))?;
        let address = Self(bytes);
        let mixed = digits.bytes().any(|b| b.is_ascii_uppercase()) && digits.bytes().any(|b| b.is_ascii_lowercase());
        if mixed && address.to_string() != text {
            return Err(AddressError::Checksum(shown()));
        }
        Ok(address)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The vectors of EIP-55.
    const VECTORS: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ];

    #[test]
    fn the_vectors_of_eip_55_are_read_and_written() {
        for vector in VECTORS {
            assert_eq!(vector.parse::<Address>().unwrap().to_string(), vector);
        }
    }

    #[test]
    fn a_wrong_digit_is_caught() {
        let wrong = VECTORS[0].replace("5aAe", "5aAf");
        assert!(matches!(wrong.parse::<Address>(), Err(AddressError::Checksum(_))));
        assert!(matches!("0x12".parse::<Address>(), Err(AddressError::Malformed(_))));
        assert!(VECTORS[0].to_lowercase().parse::<Address>().is_ok());
    }
}
