//! Which image of an export is meant.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::domain::{
    digest::DigestKind,
    image::{EvidenceLevel, ImageId, KindedDigest},
    measurement::{MeasuredImage, MeasuredManifest},
};

fn listed(kind: DigestKind, digest: &[u8]) -> LocalImage {
    let digest = Digest::of(digest);
    LocalImage {
        id: ImageId { source: Source::Engine, id: digest.to_string() },
        references: Vec::new(),
        size: 0,
        created: None,
        platform: None,
        engine: "docker".to_owned(),
        evidence: Evidence::known(EvidenceLevel::Claimed, vec![KindedDigest { kind, digest }]),
    }
}

fn found(config: &[u8], state: ImageState) -> MeasuredImage {
    MeasuredImage {
        references: Vec::new(),
        state,
        config_digest: Some(Digest::of(config)),
        platform: None,
        created: None,
        manifests: Vec::new(),
        layers: Vec::new(),
        parameters: None,
        problem: None,
    }
}

/// What an export gives for an image whose ID is its configuration.
fn evidence(image: &LocalImage, images: Vec<MeasuredImage>) -> Evidence {
    of(image, image.evidence.config_digest(), images)
}

fn of(image: &LocalImage, claimed: Option<Digest>, images: Vec<MeasuredImage>) -> Evidence {
    let measurement = Measurement { bytes: 0, seconds: 0.0, images, absent_platforms: Vec::new() };
    engine_evidence(image.id.id.parse().unwrap(), claimed, &measurement)
}

#[test]
fn what_the_engine_claims_and_exports_is_measured() {
    let claimed = listed(DigestKind::Config, b"config");
    let measured =
        evidence(&claimed, vec![found(b"other", ImageState::Measured), found(b"config", ImageState::Measured)]);
    assert_eq!(measured, Evidence::measured(Digest::of(b"config")));
}

#[test]
fn an_engine_that_exports_another_image_than_it_claims_is_caught() {
    let measured = evidence(&listed(DigestKind::Config, b"config"), vec![found(b"other", ImageState::Measured)]);
    assert!(
        matches!(measured, Evidence::Corrupt { config, .. } if config == Some(Digest::of(b"other"))),
        "{measured:?}"
    );
}

/// The same behind a manifest and the index `index`.
fn behind(config: &[u8], state: ImageState) -> MeasuredImage {
    let manifest = |bytes: &[u8], is_index| MeasuredManifest { digest: Digest::of(bytes), is_index, images: 1 };
    MeasuredImage { manifests: vec![manifest(b"manifest", false), manifest(b"index", true)], ..found(config, state) }
}

#[test]
fn behind_an_index_the_image_that_is_known_to_be_meant_is_measured() {
    let listed = listed(DigestKind::Index, b"index");
    let claimed = Some(Digest::of(b"two"));
    let both = || vec![behind(b"one", ImageState::Measured), behind(b"two", ImageState::Measured)];
    let measured = of(&listed, claimed, both());
    assert_eq!((measured.level().is_measured(), measured.config_digest()), (true, claimed));
    assert!(matches!(of(&listed, None, both()), Evidence::Unreadable { .. }), "any of them may be meant");
    let one = vec![behind(b"one", ImageState::Measured)];
    assert!(
        matches!(of(&listed, None, one.clone()), Evidence::Unreadable { .. }),
        "another may be meant, and withheld"
    );
    assert!(matches!(of(&listed, claimed, one), Evidence::Corrupt { .. }));
    let damaged = vec![behind(b"one", ImageState::Corrupt)];
    assert!(!matches!(of(&listed, None, damaged), Evidence::Known { .. }));
}

#[test]
fn an_export_to_which_the_engines_id_does_not_lead_is_another_image() {
    let listed = listed(DigestKind::Index, b"index");
    for claimed in [None, Some(Digest::of(b"one"))] {
        let stranger = vec![found(b"one", ImageState::Measured)];
        assert!(matches!(of(&listed, claimed, stranger), Evidence::Corrupt { .. }));
    }
}

#[test]
fn nothing_that_is_not_whole_is_evidence() {
    for state in [ImageState::Corrupt, ImageState::Incomplete] {
        let measured = evidence(&listed(DigestKind::Config, b"config"), vec![found(b"config", state)]);
        assert!(!matches!(measured, Evidence::Known { .. }), "{measured:?}");
    }
    let nothing = evidence(&listed(DigestKind::Config, b"config"), Vec::new());
    assert!(matches!(nothing, Evidence::Unreadable { .. }));
}
