//! Who has published a reference: what is looked at before one of them is trusted.

use std::collections::BTreeMap;

use super::{
    address::Address,
    image::KindedDigest,
    record::{HistoryEvent, HistoryKind},
    reference::Reference,
    time::Timestamp,
    trust::{Role, TrustPolicy},
};

/// One who has published a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub publisher: Address,
    /// When its first release was made.
    pub first: Timestamp,
    /// When its newest release was made.
    pub last: Timestamp,
    /// How many releases it made, amendments not counted.
    pub releases: usize,
    /// The newest version.
    pub version: u32,
    /// What belongs to the newest version.
    pub digests: Vec<KindedDigest>,
    /// How many digests it revoked.
    pub revoked: usize,
    /// Why it withdrew the reference or all of its word, where it did.
    pub retired: Option<String>,
    /// Who took over from it, finally.
    pub successor: Option<Address>,
}

impl Candidate {
    /// Those who published, by the events of one reference, oldest first. Whoever published first comes first.
    #[must_use]
    pub fn of(events: &[HistoryEvent]) -> Vec<Self> {
        let mut found: BTreeMap<Address, Self> = BTreeMap::new();
        for event in events {
            if let HistoryKind::Published { version, digests } = &event.kind {
                let known = found.entry(event.publisher).or_insert_with(|| Self::new(event));
                known.last = event.at;
                if *version > known.version {
                    known.releases += 1;
                    (known.version, known.digests) = (*version, digests.clone());
                } else {
                    known.digests.extend(digests.iter().filter(|_| *version == known.version));
                }
            }
            // Who only takes back has published nothing.
            let Some(known) = found.get_mut(&event.publisher) else { continue };
            match &event.kind {
                HistoryKind::Revoked { .. } => known.revoked += 1,
                HistoryKind::Retired { reason, .. } => known.retired = Some(reason.clone()),
                HistoryKind::Succession { successor, accepted: true } => known.successor = Some(*successor),
                _ => {}
            }
        }
        let mut candidates: Vec<_> = found.into_values().collect();
        candidates.sort_by_key(|candidate| (candidate.first, candidate.publisher));
        candidates
    }

    const fn new(event: &HistoryEvent) -> Self {
        Self {
            publisher: event.publisher,
            first: event.at,
            last: event.at,
            releases: 0,
            version: 0,
            digests: Vec::new(),
            revoked: 0,
            retired: None,
            successor: None,
        }
    }

    /// Which observers of the policy saw what this one released newest, and which saw something else: among `candidates` of the
    /// same reference.
    #[must_use]
    pub fn observed(&self, candidates: &[Self], policy: &TrustPolicy, reference: &Reference) -> (usize, usize) {
        let observes = |who: Address| {
            let rules = policy.rules.iter().filter(|rule| rule.role == Role::Observer && rule.publisher == who);
            rules.into_iter().any(|rule| rule.pattern.matches(reference))
        };
        let others = candidates.iter().filter(|other| other.publisher != self.publisher && observes(other.publisher));
        let saw_it = |other: &&Self| other.digests.iter().any(|digest| self.digests.contains(digest));
        let (same, different): (Vec<_>, Vec<_>) = others.partition(saw_it);
        (same.len(), different.len())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::domain::{
        digest::{Digest, DigestKind},
        trust::Rule,
    };

    fn event(who: u8, at: u64, kind: HistoryKind) -> HistoryEvent {
        HistoryEvent {
            publisher: Address::from_bytes([who; 20]),
            kind,
            block: at,
            transaction: [0; 32],
            log_index: 0,
            at: Timestamp(at),
            by: None,
        }
    }

    fn published(who: u8, at: u64, version: u32, content: &str) -> HistoryEvent {
        let digests = vec![KindedDigest { kind: DigestKind::Config, digest: Digest::of(content.as_bytes()) }];
        event(who, at, HistoryKind::Published { version, digests })
    }

    #[test]
    fn releases_are_counted_and_the_newest_version_is_kept_whole() {
        let events = [
            event(3, 1, HistoryKind::Revoked { digest: Digest::of(b"z"), reason: String::new() }),
            published(2, 2, 1, "a"),
            published(1, 3, 1, "a"),
            published(2, 4, 2, "b"),
            published(2, 5, 2, "c"),
            event(1, 6, HistoryKind::Retired { reason: "lost".to_owned(), everything: true }),
        ];
        let found = Candidate::of(&events);
        assert_eq!(found.len(), 2, "who only revoked has published nothing");
        let (first, second) = (&found[0], &found[1]);
        assert_eq!((first.publisher, first.releases, first.version), (Address::from_bytes([2; 20]), 2, 2));
        assert_eq!((first.first, first.last, first.digests.len()), (Timestamp(2), Timestamp(5), 2));
        assert_eq!((second.releases, second.retired.as_deref()), (1, Some("lost")));
    }

    #[test]
    fn observers_of_the_reference_are_compared() {
        let events =
            [published(1, 1, 1, "a"), published(2, 2, 1, "a"), published(3, 3, 1, "x"), published(4, 4, 1, "a")];
        let found = Candidate::of(&events);
        let rule = |who: u8, pattern: &str| Rule {
            role: Role::Observer,
            ..Rule::new(pattern.parse().unwrap(), Address::from_bytes([who; 20]))
        };
        let rules = vec![rule(2, "**"), rule(3, "acme/*"), rule(4, "ghcr.io/**")];
        let policy = TrustPolicy { rules, ..TrustPolicy::default() };
        assert_eq!(found[0].observed(&found, &policy, &"acme/api:1".parse().unwrap()), (1, 1));
    }
}
