#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use crate::domain::{digest::DigestKind, image::KindedDigest};

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn child(platform: Option<&str>) -> Child {
    let name = platform.unwrap_or("none");
    let platform = platform.map(str::to_owned);
    Child { digest: digest(name), media_type: String::new(), platform, is_attestation: false }
}

fn wish(platform: Option<&str>) -> PullWish {
    let platform = platform.map(str::to_owned);
    PullWish { reference: "acme/app:1".parse().unwrap(), platform, overridden: false }
}

#[test]
fn the_engines_platform_is_meant_unless_another_is_named() {
    let platforms = ["linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "windows/amd64"];
    let images = platforms.map(|platform| child(Some(platform)));
    let found = |named, engine| meant(&images, &wish(named), Some(engine)).map(|one| one.platform.clone().unwrap());
    for (named, engine, expected) in [
        (None, "linux/amd64", "linux/amd64"),
        (None, "linux/x86_64", "linux/amd64"),
        (None, "linux/aarch64", "linux/arm64/v8"),
        (Some("linux/arm64"), "linux/amd64", "linux/arm64/v8"),
        (Some("linux/arm/v7"), "linux/amd64", "linux/arm/v7"),
        (Some("windows/amd64"), "linux/amd64", "windows/amd64"),
    ] {
        assert_eq!(found(named, engine).unwrap(), expected);
    }
    // Which of the two it can run no engine says.
    assert!(found(None, "linux/arm").unwrap_err().message.contains("several images for linux/arm"));
    let none = found(Some("linux/s390x"), "linux/amd64").unwrap_err();
    assert_eq!((none.code, none.hint.as_deref()), ("no-such-image", Some("name another with --platform")));
    // An index of one image need not say whose it is.
    assert!(meant(&[child(None)], &wish(None), Some("linux/amd64")).is_ok());
}

fn known(level: EvidenceLevel, config: &str) -> Evidence {
    Evidence::known(level, vec![KindedDigest { kind: DigestKind::Config, digest: digest(config) }])
}

#[test]
fn what_arrived_is_the_claimed_configuration_or_a_contradiction() {
    let shared = [SharedIndex { digest: digest("index"), images: 2 }];
    let claim = Claim {
        digest: digest("index"),
        media_type: String::new(),
        manifest: digest("manifest"),
        config: digest("config"),
        platform: None,
        bytes: 1,
        evidence: claimed(Some(digest("config")), digest("manifest"), &shared),
    };
    let good = arrived(known(EvidenceLevel::Measured, "config"), &claim);
    let found: Vec<_> = good.digests().iter().map(|one| one.kind).collect();
    assert_eq!(
        (good.level(), found),
        (EvidenceLevel::Measured, vec![DigestKind::Config, DigestKind::Manifest, DigestKind::Index])
    );
    assert_eq!(good.shared(), shared);
    assert!(matches!(arrived(known(EvidenceLevel::Measured, "other"), &claim), Evidence::Corrupt { .. }));
    assert!(matches!(arrived(known(EvidenceLevel::Claimed, "config"), &claim), Evidence::Unreadable { .. }));
    let corrupt = Evidence::Corrupt { problem: "x".into(), config: None };
    assert_eq!(arrived(corrupt.clone(), &claim), corrupt);
}
