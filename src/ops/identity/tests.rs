//! Which of several manifests is meant.
use super::*;

/// A branch: what its descriptors and its configuration say.
fn branch(descriptors: &[&str], config: &str) -> Branch {
    let manifest = |text: &str, is_index| MeasuredManifest { digest: Digest::of(text.as_bytes()), is_index, images: 1 };
    let identity = Identity {
        config: Digest::of(config.as_bytes()),
        platform: Some(config.to_owned()),
        built_for: (!config.is_empty()).then(|| config.into()),
        created: None,
        diff_ids: Vec::new(),
        is_whole: true,
        manifests: vec![manifest(config, false), manifest("index", true)],
    };
    with(descriptors, Behind::Image(Box::new(identity)))
}

fn with(descriptors: &[&str], behind: Behind) -> Branch {
    Branch { described: descriptors.iter().copied().map(Platform::from).collect(), behind }
}

/// One whose descriptor and configuration say the same.
fn plain(platform: &str) -> Branch {
    branch(&[platform], platform)
}

fn chosen(branches: &[Branch], view: View) -> Option<(String, bool)> {
    let meant = choose(branches.to_vec(), Some(&"linux/amd64".into()), view)?;
    Some((meant.identity?.platform.unwrap_or_default(), meant.is_final))
}

#[track_caller]
fn is(branches: &[Branch], platform: &str, is_final: bool) {
    assert_eq!(chosen(branches, View::Whole), Some((platform.to_owned(), is_final)));
}

#[track_caller]
fn is_open(branches: &[Branch]) {
    assert_eq!(chosen(branches, View::Whole), None);
    assert_eq!(chosen(branches, View::Export), None);
}

#[test]
fn what_is_alone_is_meant_for_ever() {
    is(&[branch(&[], "linux/arm64")], "linux/arm64", true);
    is(&[branch(&["linux/amd64"], "linux/arm64")], "linux/arm64", true);
    is_open(&[with(&[], Behind::Absent)]);
    is_open(&[with(&[], Behind::Unclear)]);
    is_open(&[with(&["unknown/unknown"], Behind::Attestation)]);
    is_open(&[]);
}

#[test]
fn of_several_the_engines_own_platform_is_meant_while_it_is_here() {
    let attestation = with(&["unknown/unknown"], Behind::Attestation);
    is(&[plain("linux/amd64"), attestation.clone()], "linux/amd64", false);
    is(&[plain("linux/arm64"), plain("linux/amd64"), plain("linux/386"), attestation], "linux/amd64", false);
    is(&[branch(&["linux/x86_64"], "linux/amd64"), plain("linux/arm64")], "linux/amd64", false);
    is_open(&[plain("linux/arm64"), plain("linux/s390x")]);
    is_open(&[plain("linux/amd64"), plain("linux/amd64")]);
    let mut part = plain("linux/amd64");
    if let Behind::Image(identity) = &mut part.behind {
        identity.is_whole = false;
    }
    is_open(&[part, plain("linux/arm64")]);
}

#[test]
fn what_is_absent_from_a_content_store_is_not_run_and_from_an_export_it_may_be() {
    let pulled = [plain("linux/amd64"), with(&["linux/arm64"], Behind::Absent)];
    is(&pulled, "linux/amd64", false);
    assert_eq!(chosen(&pulled, View::Export), None);
    is_open(&[plain("linux/amd64"), with(&["linux/amd64"], Behind::Absent)]);
    is_open(&[plain("linux/amd64"), with(&[], Behind::Absent)]);
    is_open(&[plain("linux/arm64"), with(&["linux/amd64"], Behind::Absent)]);
}

/// The likes of each were loaded into Docker 26.1 and 28.5, which ran another image than its neighbours would suggest.
#[test]
fn what_engines_take_one_way_or_another_stays_open() {
    is_open(&[plain("linux/386"), plain("linux/amd64/v3")]);
    is_open(&[plain("linux/arm64"), plain("linux/amd64/v3")]);
    is_open(&[plain("linux/amd64"), plain("linux/amd64/v3")]);
    is_open(&[branch(&["unknown/unknown"], "linux/amd64"), plain("linux/amd64")]);
    is_open(&[branch(&["unknown/unknown"], "linux/amd64"), plain("linux/arm64")]);
    is_open(&[with(&["unknown/unknown"], Behind::Attestation), plain("linux/s390x")]);
    is_open(&[branch(&["linux/arm64", "linux/amd64"], "linux/arm64"), plain("linux/amd64")]);
    is_open(&[branch(&["linux/amd64"], "linux/arm64"), branch(&["linux/arm64"], "linux/amd64")]);
    is_open(&[branch(&["linux/arm64"], "linux/amd64"), plain("linux/amd64")]);
    is_open(&[plain("l\u{130}nux/amd64"), plain("linux/amd64")]);
    is_open(&[with(&["linux/arm64"], Behind::Unclear), plain("linux/amd64")]);
    is_open(&[branch(&[], ""), plain("linux/amd64")]);
}
