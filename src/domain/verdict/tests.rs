//! The table of the parent module, case by case, and the rules that hold for every input.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::domain::{
    digest::DigestKind,
    record::{Entry, Head},
    trust::Role,
};

const NOW: Timestamp = Timestamp(1_000_000);

fn digest(n: u8) -> Digest {
    Digest::from_bytes([n; 32])
}

fn publisher(n: u8) -> Address {
    Address::from_bytes([n; 20])
}

fn reference() -> Reference {
    "acme/api:1".parse().unwrap()
}

fn trusting(publishers: &[u8]) -> TrustPolicy {
    let rule = |n: &u8| Rule::new("acme/*".parse().unwrap(), publisher(*n));
    TrustPolicy { rules: publishers.iter().map(rule).collect(), ..TrustPolicy::default() }
}

fn record(who: u8, head: u32, held: u32) -> Record {
    Record {
        publisher: publisher(who),
        head: Head { version: head, ..Head::default() },
        entries: vec![Entry { version: held, block: Some(4), ..Entry::absent(digest(9)) }],
        current: vec![],
        head_block: Some(6),
        successor: None,
        retirement_reason: None,
    }
}

fn conclude(records: Vec<Record>, policy: &TrustPolicy) -> Conclusion {
    judge(&reference(), &Evidence::measured(digest(9)), &Answer::Records(records), policy, None, NOW).conclusion
}

#[test]
fn the_current_release_verifies() {
    assert_eq!(conclude(vec![record(1, 3, 3)], &trusting(&[1])), Conclusion::Verified);
}

#[test]
fn an_older_release_is_outdated() {
    assert_eq!(conclude(vec![record(1, 3, 2)], &trusting(&[1])), Conclusion::Outdated);
}

#[test]
fn another_digest_is_a_mismatch() {
    assert_eq!(conclude(vec![record(1, 3, 0)], &trusting(&[1])), Conclusion::Mismatch);
}

#[test]
fn silence_is_unpublished_and_a_strangers_word_untrusted() {
    assert_eq!(conclude(vec![], &trusting(&[1])), Conclusion::Unpublished);
    assert_eq!(conclude(vec![record(1, 0, 0)], &trusting(&[1])), Conclusion::Unpublished);
    assert_eq!(conclude(vec![record(2, 3, 3)], &trusting(&[1])), Conclusion::Untrusted);
    assert_eq!(conclude(vec![record(2, 3, 3)], &TrustPolicy::default()), Conclusion::Untrusted);
}

#[test]
fn every_kind_of_withdrawal_revokes() {
    let moment = Some(Timestamp(7));
    let mut by_digest = record(1, 3, 3);
    by_digest.entries[0].revoked_at = moment;
    let mut by_reference = record(1, 3, 3);
    by_reference.head.retired_at = moment;
    let mut by_publisher = record(1, 3, 0);
    by_publisher.head.publisher_retired_at = moment;
    for withdrawn in [by_digest, by_reference, by_publisher] {
        assert_eq!(conclude(vec![withdrawn], &trusting(&[1])), Conclusion::Revoked);
    }
}

#[test]
fn a_revocation_before_any_release_revokes() {
    let mut never = record(1, 0, 0);
    never.entries[0].revoked_at = Some(Timestamp(7));
    assert_eq!(conclude(vec![never], &trusting(&[1])), Conclusion::Revoked);
}

#[test]
fn layers_under_another_configuration_are_named_and_never_verified() {
    let layers = KindedDigest { kind: DigestKind::ChainId, digest: digest(7) };
    let config = KindedDigest { kind: DigestKind::Config, digest: digest(9) };
    let evidence = Evidence::known(EvidenceLevel::Measured, vec![config, layers]);
    let mut converted = record(1, 3, 0);
    converted.entries.push(Entry { version: 3, ..Entry::absent(digest(7)) });
    let verdict = judge(&reference(), &evidence, &Answer::Records(vec![converted.clone()]), &trusting(&[1]), None, NOW);
    assert_eq!((verdict.conclusion, verdict.same_layers), (Conclusion::Mismatch, Some(3)));
    assert!(verdict.reason.contains("its layers are those of version 3"), "{}", verdict.reason);
    converted.entries[1].revoked_at = Some(Timestamp(7));
    let verdict = judge(&reference(), &evidence, &Answer::Records(vec![converted]), &trusting(&[1]), None, NOW);
    assert_eq!(verdict.conclusion, Conclusion::Revoked, "withdrawn layers are withdrawn under every configuration");
}

#[test]
fn an_observers_word_is_not_a_publishers() {
    let mut policy = trusting(&[1]);
    policy.rules[0].role = Role::Observer;
    assert_eq!(conclude(vec![record(1, 3, 3)], &policy), Conclusion::Untrusted);
}

#[test]
fn a_manifest_that_nobody_released_asks_for_measuring() {
    let manifest = KindedDigest { kind: DigestKind::Manifest, digest: digest(9) };
    let evidence = Evidence::known(EvidenceLevel::Claimed, vec![manifest]);
    let verdict = judge(&reference(), &evidence, &Answer::Records(vec![record(1, 3, 0)]), &trusting(&[1]), None, NOW);
    assert_eq!(verdict.conclusion, Conclusion::Undecided);
    assert!(verdict.reason.contains("measure it"), "{}", verdict.reason);
}

#[test]
fn content_that_contradicts_itself_is_a_mismatch_whatever_the_chain_says() {
    let evidence = Evidence::Corrupt { problem: "layer 1 differs".into(), config: Some(digest(9)) };
    let verdict = judge(&reference(), &evidence, &Answer::Records(vec![record(1, 3, 3)]), &trusting(&[1]), None, NOW);
    assert_eq!((verdict.conclusion, verdict.problem.as_deref()), (Conclusion::Mismatch, Some("layer 1 differs")));
}

#[test]
fn confirmations_count_from_the_release_that_holds_the_digest() {
    let block = |number| crate::domain::network::Block { number, hash: [0; 32], at: Timestamp(0) };
    let head = ChainHead { latest: block(10), safe: Some(9), finalized: Some(3) };
    let answer = Answer::Records(vec![record(1, 3, 2)]);
    let verdict = judge(&reference(), &Evidence::measured(digest(9)), &answer, &trusting(&[1]), Some(&head), NOW);
    assert_eq!((verdict.block, verdict.confirmations, verdict.finality), (Some(4), Some(7), Some(Finality::Safe)));
}

#[test]
fn the_gravest_decides() {
    use Conclusion::{Mismatch, Outdated, Revoked, Undecided, Unpublished, Verified};
    assert_eq!(Conclusion::gravest([Verified, Outdated, Undecided]), Some(Undecided));
    assert_eq!(Conclusion::gravest([Revoked, Mismatch]), Some(Mismatch));
    assert_eq!(Conclusion::gravest([Unpublished, Outdated]), Some(Unpublished));
    assert_eq!(Conclusion::gravest([]), None);
}

fn moments() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![4 => Just(None), 1 => Just(Some(Timestamp(5)))]
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (0u8..4, 0u32..4, moments()).prop_map(|(n, version, revoked_at)| Entry {
        version,
        revoked_at,
        ..Entry::absent(digest(n))
    });
    prop::collection::vec(entry, 0..4)
}

prop_compose! {
    fn records()(who in 0u8..4, version in 0u32..4, retired_at in moments(), publisher_retired_at in moments(), entries in entries()) -> Record {
        Record {
            publisher: publisher(who),
            head: Head { version, published_at: None, retired_at, publisher_retired_at },
            entries,
            current: vec![],
            head_block: None,
            successor: None,
            retirement_reason: None,
        }
    }
}

fn evidences() -> impl Strategy<Value = Evidence> {
    let level = prop_oneof![Just(EvidenceLevel::Claimed), Just(EvidenceLevel::Measured)];
    let kind = prop_oneof![
        Just(DigestKind::Config),
        Just(DigestKind::Manifest),
        Just(DigestKind::Index),
        Just(DigestKind::ChainId)
    ];
    let kinded = (kind, 0u8..4).prop_map(|(kind, n)| KindedDigest { kind, digest: digest(n) });
    prop_oneof![
        8 => (level, prop::collection::vec(kinded, 0..3)).prop_map(|(level, digests)| Evidence::known(level, digests)),
        1 => Just(Evidence::Corrupt { problem: "p".into(), config: Some(digest(1)) }),
        1 => Just(Evidence::Unreadable { cause: "c".into() }),
    ]
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        8 => prop::collection::vec(records(), 0..4).prop_map(Answer::Records),
        1 => Just(Answer::Failed { cause: "c".into() }),
    ]
}

proptest! {
    #[test]
    fn verified_rests_on_a_trusted_current_release(evidence in evidences(), answer in answers(), trusted in prop::collection::vec(0u8..4, 0..3)) {
        let verdict = judge(&reference(), &evidence, &answer, &trusting(&trusted), None, NOW);
        if verdict.conclusion == Conclusion::Verified {
            let Answer::Records(records) = &answer else { panic!("green on an error path") };
            let known = matches!(evidence, Evidence::Known { .. });
            prop_assert!(known);
            let holds = records.iter().any(|record| {
                trusted.iter().any(|n| publisher(*n) == record.publisher)
                    && record.head.version > 0
                    && record.head.retired_at.is_none()
                    && record.head.publisher_retired_at.is_none()
                    && record.entries.iter().any(|entry| {
                        entry.version == record.head.version
                            && entry.revoked_at.is_none()
                            && evidence.digests().iter().any(|kinded| {
                                kinded.digest == entry.digest && kinded.kind != DigestKind::ChainId
                            })
                    })
            });
            prop_assert!(holds);
        }
    }

    #[test]
    fn a_trusted_withdrawal_is_never_green(evidence in evidences(), answer in answers(), trusted in prop::collection::vec(0u8..4, 0..3)) {
        let withdrawn = matches!(&answer, Answer::Records(records) if records.iter().any(|record| {
            trusted.iter().any(|n| publisher(*n) == record.publisher)
                && (record.head.retired_at.is_some()
                    || record.entries.iter().any(|entry| entry.revoked_at.is_some()
                        && evidence.digests().iter().any(|kinded| kinded.digest == entry.digest)))
        }));
        let verdict = judge(&reference(), &evidence, &answer, &trusting(&trusted), None, NOW);
        prop_assert!(!(withdrawn && matches!(verdict.conclusion, Conclusion::Verified | Conclusion::Outdated)));
    }

    #[test]
    fn the_order_of_records_does_not_matter(
        evidence in evidences(),
        (straight, shuffled) in prop::collection::vec(records(), 0..4).prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        trusted in prop::collection::vec(0u8..4, 0..3),
    ) {
        let policy = trusting(&trusted);
        let of = |records| judge(&reference(), &evidence, &Answer::Records(records), &policy, None, NOW).conclusion;
        prop_assert_eq!(of(straight), of(shuffled));
    }

    #[test]
    fn an_error_is_never_green(evidence in evidences(), trusted in prop::collection::vec(0u8..4, 0..3)) {
        let failed = Answer::Failed { cause: "no node".into() };
        let verdict = judge(&reference(), &evidence, &failed, &trusting(&trusted), None, NOW);
        prop_assert!(matches!(verdict.conclusion, Conclusion::Undecided | Conclusion::Mismatch));
    }
}
