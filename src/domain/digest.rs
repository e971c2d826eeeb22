//! SHA-256 digests, written as OCI writes them (image-spec, descriptor, *digests*).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest: of a configuration, a layer, a manifest or an index. Shown as `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// Why a text is not a digest that DaoChain can compare.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Another algorithm than SHA-256, which the contract has no room for.
    #[error("digest `{0}` uses another algorithm than sha256, the only one that images are published under")]
    Algorithm(String),
    /// Not 64 lower-case hex digits.
    #[error("digest `{0}` is not `sha256:` followed by 64 lower-case hex digits")]
    Malformed(String),
}

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest that somebody computed already.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, as the contract stores them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 hex digits without the algorithm, as file names carry them.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The algorithm and the first eight digits: for a glance, never for a decision.
    #[must_use]
    pub fn short(&self) -> String {
        format!("sha256:{}…", hex::encode(&self.0[..4]))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || super::text::clean_to(text, 100);
        let (algorithm, digits) = text.split_once(':').ok_or_else(|| DigestError::Malformed(shown()))?;
        if algorithm != "sha256" {
            return Err(DigestError::Algorithm(shown()));
        }
        Self::from_hex(digits).ok_or_else(|| DigestError::Malformed(shown()))
    }
}

impl Digest {
    /// From 64 lower-case hex digits without an algorithm. Upper case is refused: it would name the same bytes twice.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let lower = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (lower && hex::decode_to_slice(digits, &mut bytes).is_ok()).then_some(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// The *ChainID* of layers, lowest first: their content as one, whatever configuration it has (OCI image-spec, `config.md`,
/// *Layer ChainID*). `None` for no layers, which have none.
#[must_use]
pub fn chain_id(diff_ids: &[Digest]) -> Option<Digest> {
    let (first, rest) = diff_ids.split_first()?;
    Some(rest.iter().fold(*first, |chain, layer| Digest::of(format!("{chain} {layer}").as_bytes())))
}

/// What a digest in a release stands for. The numbers are the contract's (`Digest.kind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestKind {
    /// The configuration: the OCI *ImageID*.
    Config,
    /// A manifest.
    Manifest,
    /// A multi-platform index.
    Index,
    /// The layers alone (OCI image-spec, *ChainID*).
    ChainId,
    /// A file that is no image: a trust policy.
    Document,
    /// A kind this version does not know; kept so that a history shows it.
    Other(u8),
}

impl DigestKind {
    /// The contract's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Config => 1,
            Self::Manifest => 2,
            Self::Index => 3,
            Self::ChainId => 4,
            Self::Document => 5,
            Self::Other(code) => code,
        }
    }

    /// From the contract's number.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Config,
            2 => Self::Manifest,
            3 => Self::Index,
            4 => Self::ChainId,
            5 => Self::Document,
            other => Self::Other(other),
        }
    }

    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Manifest => "manifest",
            Self::Index => "index",
            Self::ChainId => "chain-id",
            Self::Document => "document",
            Self::Other(_) => "other",
        }
    }
}

/// The word; of a kind that is not known, its number.
impl fmt::Display for DigestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => f.pad(&format!("kind {code}")),
            known => f.pad(known.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_digest_survives_being_written() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
    }

    #[test]
    fn what_is_no_sha256_digest_is_refused() {
        let upper = Digest::of(b"abc").to_string().to_uppercase().replace("SHA256", "sha256");
        assert!(matches!(upper.parse::<Digest>(), Err(DigestError::Malformed(_))));
        assert!(matches!("sha512:00".parse::<Digest>(), Err(DigestError::Algorithm(_))));
        assert!(matches!("sha256:00".parse::<Digest>(), Err(DigestError::Malformed(_))));
        assert!(matches!("".parse::<Digest>(), Err(DigestError::Malformed(_))));
    }

    #[test]
    fn a_chain_is_its_layers_in_order() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|text| Digest::of(text));
        assert_eq!(chain_id(&[]), None);
        assert_eq!(chain_id(&[a]), Some(a));
        let ab = Digest::of(format!("{a} {b}").as_bytes());
        assert_eq!(chain_id(&[a, b]), Some(ab));
        assert_eq!(chain_id(&[a, b, c]), Some(Digest::of(format!("{ab} {c}").as_bytes())));
        assert_ne!(chain_id(&[b, a]), Some(ab));
    }

    #[test]
    fn a_kind_survives_the_contract() {
        for code in 0..=u8::MAX {
            assert_eq!(DigestKind::from_code(code).code(), code);
        }
    }
}
