//! How the event index writes down what happened.
//!
//! A form of its own, as short as it can be: there may be millions.

use serde::{Deserialize, Serialize};

use crate::domain::{Address, Digest, Timestamp, digest::DigestKind, image::KindedDigest, record::HistoryKind};

/// The tag comes first in the text: the index asks for releases by it.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Saved {
    Published { version: u32, digests: Vec<(u8, String)> },
    Revoked { digest: String, reason: String },
    Retired { reason: String, everything: bool },
    Succession { successor: Address, accepted: bool },
    Delegate { delegate: Address, expiry: Option<Timestamp> },
}

pub(super) fn to_json(kind: &HistoryKind) -> Result<String, serde_json::Error> {
    serde_json::to_string(&match kind.clone() {
        HistoryKind::Published { version, digests } => {
            let digests = digests.iter().map(|kinded| (kinded.kind.code(), kinded.digest.hex())).collect();
            Saved::Published { version, digests }
        }
        HistoryKind::Revoked { digest, reason } => Saved::Revoked { digest: digest.hex(), reason },
        HistoryKind::Retired { reason, everything } => Saved::Retired { reason, everything },
        HistoryKind::Succession { successor, accepted } => Saved::Succession { successor, accepted },
        HistoryKind::Delegate { delegate, expiry } => Saved::Delegate { delegate, expiry },
    })
}

pub(super) fn from_json(text: &str) -> Result<HistoryKind, serde_json::Error> {
    let digest = |hex: String| -> Result<Digest, serde_json::Error> {
        format!("sha256:{hex}").parse().map_err(serde::de::Error::custom)
    };
    Ok(match serde_json::from_str(text)? {
        Saved::Published { version, digests } => {
            let kinded = |(code, hex)| Ok(KindedDigest { kind: DigestKind::from_code(code), digest: digest(hex)? });
            let digests: Result<_, serde_json::Error> = digests.into_iter().map(kinded).collect();
            HistoryKind::Published { version, digests: digests? }
        }
        Saved::Revoked { digest: hex, reason } => HistoryKind::Revoked { digest: digest(hex)?, reason },
        Saved::Retired { reason, everything } => HistoryKind::Retired { reason, everything },
        Saved::Succession { successor, accepted } => HistoryKind::Succession { successor, accepted },
        Saved::Delegate { delegate, expiry } => HistoryKind::Delegate { delegate, expiry },
    })
}
