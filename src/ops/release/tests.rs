//! What a release is made of.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::path::PathBuf;

use super::*;
use crate::domain::image::{ImageId, Source};

fn image(platform: &str, config: &[u8]) -> LocalImage {
    LocalImage {
        id: ImageId { source: Source::Archive(PathBuf::from("app.tar")), id: "0".to_owned() },
        references: vec!["app:1".parse().unwrap()],
        size: 1,
        created: None,
        platform: Some(platform.to_owned()),
        engine: "archive".to_owned(),
        evidence: Evidence::measured(Digest::of(config)),
    }
}

fn release(images: &[LocalImage]) -> Result<Release, Failure> {
    let mut release = Release::of(&"app:1".parse().unwrap());
    for image in images {
        release.add(image.platform.as_deref(), &image.evidence)?;
    }
    Ok(release)
}

#[test]
fn platforms_of_one_name_are_one_release() {
    let made = release(&[image("linux/amd64", b"a"), image("linux/arm64", b"b"), image("linux/amd64", b"a")]).unwrap();
    let configs: BTreeSet<_> = made.images.iter().map(|image| image.config).collect();
    assert_eq!(configs.len(), 2);
}

#[test]
fn of_several_platforms_this_machines_is_meant_and_the_others_are_named() {
    let own = local_platform().to_string();
    let mut made = release(&[image(&own, b"a"), image("plan9/mips", b"b")]).unwrap();
    let note = made.keep_local().unwrap().unwrap();
    assert_eq!((made.images.len(), note.contains("left out plan9/mips")), (1, true), "{note}");
    let mut alone = release(&[image("plan9/mips", b"b")]).unwrap();
    assert_eq!(alone.keep_local().unwrap(), None);
    assert_eq!(alone.images.len(), 1, "the only one is meant, whatever it is for");
    let mut foreign = release(&[image("plan9/mips", b"b"), image("plan9/arm", b"c")]).unwrap();
    assert_eq!(foreign.keep_local().unwrap_err().code, "reference-ambiguous");
}

#[test]
fn what_is_for_other_machines_is_told() {
    let own = local_platform().to_string();
    assert_eq!(release(&[image(&own, b"a")]).unwrap().told_platforms(), None);
    let foreign = release(&[image("plan9/mips", b"b")]).unwrap().told_platforms();
    assert_eq!(foreign.as_deref(), Some("it is for plan9/mips"));
    let both = release(&[image(&own, b"a"), image("plan9/mips", b"b")]).unwrap().told_platforms();
    assert!(both.unwrap().contains(&own));
}

#[test]
fn an_image_that_names_no_platform_is_never_left_out() {
    let nameless = LocalImage { platform: None, ..image("", b"b") };
    let own = local_platform().to_string();
    let failure = release(&[image(&own, b"a"), nameless.clone()]).unwrap().keep_local().unwrap_err();
    assert_eq!(failure.code, "reference-ambiguous");
    let mut alone = release(&[nameless]).unwrap();
    assert_eq!((alone.keep_local().unwrap(), alone.images.len()), (None, 1));
}

#[test]
fn an_index_is_stated_once_all_that_it_leads_to_is() {
    let index = SharedIndex { digest: Digest::of(b"index"), images: 2 };
    let shared = |mut image: LocalImage| {
        if let Evidence::Known { digests, shared, .. } = &mut image.evidence {
            digests.push(KindedDigest { kind: DigestKind::Index, digest: index.digest });
            shared.push(index);
        }
        image
    };
    let (one, other) = (shared(image("linux/amd64", b"a")), shared(image("linux/arm64", b"b")));
    let is_stated = |images: &[LocalImage]| {
        release(images).unwrap().digests(false).iter().any(|kinded| kinded.digest == index.digest)
    };
    assert!(is_stated(&[one.clone(), other.clone()]));
    assert!(!is_stated(&[other]) && !is_stated(&[one.clone(), one.clone()]));
    let mut again = one.clone();
    if let Evidence::Known { digests, .. } = &mut again.evidence {
        digests.push(KindedDigest { kind: DigestKind::Manifest, digest: Digest::of(b"another manifest of it") });
    }
    assert!(!is_stated(&[one.clone(), again.clone()]), "one image behind two manifests is one");
    assert!(release(&[one, again]).unwrap().partial_index().unwrap() == ("2 images".to_owned(), 1));
}

#[test]
fn two_contents_for_one_platform_are_refused() {
    let failure = release(&[image("linux/amd64", b"a"), image("linux/amd64", b"b")]).err().unwrap();
    assert_eq!(failure.code, "reference-ambiguous");
}

#[test]
fn only_measured_content_is_published() {
    let reference: Reference = "app:1".parse().unwrap();
    let code = |evidence: &Evidence| measured_config(&reference, evidence).err().unwrap().code;
    assert_eq!(code(&Evidence::Corrupt { problem: "layer 2".into(), config: None }), "image-corrupt");
    assert_eq!(code(&Evidence::Unreadable { cause: "gone".into() }), "image-unreadable");
    let claimed = KindedDigest { kind: DigestKind::Config, digest: Digest::of(b"a") };
    let claimed = Evidence::known(EvidenceLevel::Claimed, vec![claimed]);
    assert_eq!(code(&claimed), "image-unreadable");
    assert!(measured_config(&reference, &Evidence::measured(Digest::of(b"a"))).is_ok());
}

fn within(position: usize, names: &[&str]) -> LocalImage {
    LocalImage {
        id: ImageId { source: Source::Archive(PathBuf::from("app.tar")), id: position.to_string() },
        references: names.iter().filter_map(|name| name.parse().ok()).collect(),
        ..image("linux/amd64", b"a")
    }
}

fn asked() -> Reference {
    "app:1".parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_archive_of_one_image_is_judged_under_the_name_that_was_asked() {
    let count = |images: &[LocalImage]| standing_for(Path::new("app.tar"), images, &asked()).unwrap().len();
    assert_eq!(count(&[within(0, &["other:2"])]), 1);
    assert_eq!(count(&[within(0, &[]), within(1, &[])]), 2, "two platforms");
}

#[test]
fn among_several_images_only_the_named_one_counts() {
    let several = [within(0, &["other:2"]), within(1, &["app:1"])];
    let path = Path::new("app.tar");
    assert_eq!(standing_for(path, &several, &asked()).unwrap(), [&several[1]]);
    let failure = standing_for(path, &[within(0, &["other:2"]), within(1, &["more:1"])], &asked()).unwrap_err();
    assert_eq!(failure.code, "no-such-image");
    assert!(failure.message.contains("other:2, more:1"), "{failure}");
}
