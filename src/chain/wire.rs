//! What nodes write, read strictly. A node is a stranger: every number is bounded, every length is checked, unknown
//! fields are ignored because clients add them.

use std::borrow::Cow;

use ethers_core::types::U256;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};

use crate::domain::{Address, Timestamp, network::Block};

/// EIP-2294: beyond it, the `v` of a signature (EIP-155) leaves 64 bits.
pub(super) const MAX_CHAIN_ID: u64 = u64::MAX / 2 - 36;

/// Digits behind `0x`.
fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    match text {
        Cow::Borrowed(text) => text.strip_prefix("0x").map(Cow::Borrowed),
        Cow::Owned(text) => text.strip_prefix("0x").map(|digits| Cow::Owned(digits.to_owned())),
    }
    .ok_or_else(|| D::Error::custom("a hex text without 0x"))
}

/// A number of up to 256 bits: `0x` and 1 to 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quantity(pub(super) U256);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = digits(deserializer)?;
        let hex = !digits.is_empty() && digits.len() <= 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = if hex { U256::from_str_radix(&digits, 16).ok() } else { None };
        value.map(Self).ok_or_else(|| D::Error::custom("a number that is not 1 to 64 hex digits"))
    }
}

/// A number of up to 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Quantity(value) = Quantity::deserialize(deserializer)?;
        u64::try_from(value).map(Self).map_err(|_| D::Error::custom("a number above 64 bits"))
    }
}

/// Bytes of any length.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = digits(deserializer)?;
        hex::decode(digits.as_bytes()).map(Self).map_err(|_| D::Error::custom("bytes that are not hex"))
    }
}

/// 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hash(pub(super) [u8; 32]);

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fixed(deserializer).map(Self)
    }
}

/// 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account(pub(super) Address);

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fixed(deserializer).map(|bytes| Self(Address::from_bytes(bytes)))
    }
}

fn fixed<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let digits = digits(deserializer)?;
    let mut bytes = [0; N];
    hex::decode_to_slice(digits.as_bytes(), &mut bytes)
        .map_err(|_| D::Error::custom(format_args!("something that is not {N} bytes of hex")))?;
    Ok(bytes)
}

/// The number of a block. One block a second takes four million years to get beyond.
const MAX_BLOCK: u64 = 1 << 47;

fn block_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
    let number = Number::deserialize(deserializer)?;
    if number.0 < MAX_BLOCK { Ok(number) } else { Err(D::Error::custom("the number of a block that no chain has")) }
}

/// The last second of the year 9999: RFC 3339 has no later one.
const MAX_MOMENT: u64 = 253_402_300_799;

/// When a block was made. No calendar tells of a time that a node may invent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number(seconds) = Number::deserialize(deserializer)?;
        let is_in_time = seconds <= MAX_MOMENT;
        is_in_time.then_some(Self(Timestamp(seconds))).ok_or_else(|| D::Error::custom("a time after the year 9999"))
    }
}

/// A block's header.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
    #[serde(deserialize_with = "block_number")]
    number: Number,
    hash: Hash,
    timestamp: Moment,
    gas_limit: Option<Number>,
    gas_used: Option<Number>,
    base_fee_per_gas: Option<Quantity>,
}

impl Header {
    pub(super) const fn block(&self) -> Block {
        Block { number: self.number.0, hash: self.hash.0, at: self.timestamp.0 }
    }

    /// Gas that the block took, and that it could have taken.
    pub(super) fn gas(&self) -> Option<(u64, u64)> {
        Some((self.gas_used?.0, self.gas_limit?.0))
    }

    pub(super) fn gas_limit(&self) -> Option<u64> {
        self.gas_limit.map(|limit| limit.0)
    }

    /// Absent on chains without EIP-1559.
    pub(super) fn base_fee(&self) -> Option<U256> {
        self.base_fee_per_gas.map(|fee| fee.0)
    }
}

/// A transaction's receipt.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    pub(super) transaction_hash: Hash,
    pub(super) block_hash: Hash,
    pub(super) block_number: Number,
    pub(super) status: Number,
    pub(super) gas_used: Number,
    pub(super) effective_gas_price: Option<Quantity>,
}

/// A transaction as a node shows it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    pub(super) hash: Hash,
    pub(super) from: Account,
    pub(super) to: Option<Account>,
    pub(super) value: Quantity,
    pub(super) input: Bytes,
    pub(super) gas: Number,
}

/// An event of a contract.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    pub(super) address: Account,
    pub(super) topics: Vec<Hash>,
    pub(super) data: Bytes,
    /// Absent while it is pending.
    pub(super) block_number: Option<Number>,
    pub(super) block_hash: Option<Hash>,
    pub(super) transaction_hash: Option<Hash>,
    #[serde(rename = "logIndex")]
    pub(super) index: Option<Number>,
    /// Only newer nodes tell it.
    pub(super) block_timestamp: Option<Moment>,
    /// True for the log of a block that a reorganisation took away.
    #[serde(default)]
    pub(super) removed: bool,
}

/// Fees of the last blocks. One base fee more than blocks: the next block's.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeeHistory {
    pub(super) base_fee_per_gas: Vec<Quantity>,
    pub(super) reward: Option<Vec<Vec<Quantity>>>,
}

/// A number as nodes read it.
pub(super) fn quantity(number: u64) -> Value {
    json!(format!("{number:#x}"))
}

/// Bytes as nodes read them.
pub(super) fn data(bytes: &[u8]) -> Value {
    json!(format!("0x{}", hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Option<T> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(read::<Number>(json!("0xff")), Some(Number(255)));
        assert_eq!(read::<Number>(json!("0xffffffffffffffff")), Some(Number(u64::MAX)));
        let long = format!("0x{}", "f".repeat(65));
        for bad in ["", "0x", "255", "0x1g", "0x-1", "0x+1", "0x 1", "0x10000000000000000", &long] {
            assert_eq!(read::<Number>(json!(bad)), None, "{bad}");
        }
        assert_eq!(read::<Number>(json!(255)), None);
        assert_eq!(read::<Quantity>(json!(format!("0x{}", "f".repeat(64)))), Some(Quantity(U256::MAX)));
        assert_eq!(read::<Quantity>(json!(long)), None);
    }

    #[test]
    fn bytes_have_their_length() {
        assert_eq!(read::<Bytes>(json!("0x")).unwrap().0, Vec::<u8>::new());
        assert!(read::<Bytes>(json!("0x0")).is_none());
        assert!(read::<Hash>(json!(format!("0x{}", "0".repeat(62)))).is_none());
        assert!(read::<Account>(json!(format!("0x{}", "0".repeat(42)))).is_none());
    }

    #[test]
    fn what_clients_add_is_ignored() {
        let header =
            json!({"number": "0x1", "hash": format!("0x{}", "a".repeat(64)), "timestamp": "0x2", "slotNumber": {}});
        assert_eq!(read::<Header>(header).unwrap().block().number, 1);
    }

    #[test]
    fn a_block_is_of_a_time_that_a_calendar_has() {
        let at = |seconds: u64| {
            let header =
                json!({"number": "0x1", "hash": format!("0x{}", "a".repeat(64)), "timestamp": quantity(seconds)});
            read::<Header>(header).map(|header| header.block().at.to_string())
        };
        assert_eq!(at(MAX_MOMENT).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!((at(MAX_MOMENT + 1), at(u64::MAX)), (None, None));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (read::<Quantity>(json!(text)), read::<Bytes>(json!(text)), read::<Hash>(json!(text)));
            let text = format!("0x{text}");
            let _ = (read::<Quantity>(json!(text)), read::<Bytes>(json!(text)), read::<Hash>(json!(text)));
        }

        #[test]
        fn a_number_survives_the_wire(number in any::<u64>()) {
            prop_assert_eq!(read::<Number>(quantity(number)), Some(Number(number)));
        }
    }
}
