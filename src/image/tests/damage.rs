//! What changed, missing and broken content gives.

use serde_json::json;

use super::fixture::*;
use crate::{
    domain::{
        digest::Digest,
        measurement::{ImageState, LayerState},
        progress::Unwatched,
    },
    image::measure,
};

#[test]
fn a_changed_layer_is_corrupt_and_named() {
    let (a, b, evil) = (layer("a"), layer("b"), layer("evil"));
    let config = config(&[&a, &b]);
    let image = classic(&a, &evil, &config).image();
    assert_eq!(states(&image), (ImageState::Corrupt, vec![LayerState::Measured, LayerState::Corrupt]));
    assert_eq!(image.layers[1].found, Some(Digest::of(&evil)));
    let problem = image.problem.unwrap();
    assert!(problem.starts_with("layer 2 of 2 (`two/layer.tar`) should have the digest sha256:"), "{problem}");
}

#[test]
fn layers_are_judged_by_position() {
    let (a, b) = (layer("a"), layer("b"));
    let swapped = classic(&b, &a, &config(&[&a, &b])).image();
    assert_eq!(states(&swapped), (ImageState::Corrupt, vec![LayerState::Corrupt; 2]));
    // Every diffID is present somewhere, yet the second layer is not what the configuration says.
    let twice = classic(&a, &b, &config(&[&a, &a])).image();
    assert_eq!(states(&twice), (ImageState::Corrupt, vec![LayerState::Measured, LayerState::Corrupt]));
    let swapped = hybrid(&[&b, &a], &config(&[&a, &b]), &[&a, &b]).image();
    assert_eq!(swapped.state, ImageState::Corrupt);
}

#[test]
fn either_list_of_a_hybrid_may_be_the_corrupt_one() {
    let (a, evil) = (layer("a"), layer("evil"));
    let config = config(&[&a]);
    // An engine of the classic store loads what manifest.json says, one of the containerd store what index.json says.
    assert_eq!(hybrid(&[&a], &config, &[&a]).image().state, ImageState::Measured);
    assert_eq!(hybrid(&[&a], &config, &[&evil]).image().state, ImageState::Corrupt);
    assert_eq!(hybrid(&[&evil], &config, &[&a]).image().state, ImageState::Corrupt);
}

#[test]
fn a_missing_layer_is_incomplete() {
    let (a, b) = (layer("a"), layer("b"));
    let config = config(&[&a, &b]);
    let saves = json!([save("c.json", &["a:1"], &["a.tar", "b.tar"])]);
    let pack = Pack::new().file("c.json", &config).file("a.tar", &a).json("manifest.json", &saves);
    for pack in [pack.clone(), pack.clone().symlink("b.tar", "b.tar"), pack.symlink("b.tar", "../../etc/passwd")] {
        let image = pack.end().image();
        assert_eq!(states(&image), (ImageState::Incomplete, vec![LayerState::Measured, LayerState::Missing]));
        assert_eq!(image.problem.unwrap(), "layer 2 of 2 (`b.tar`) is not in the archive");
    }
}

#[test]
fn a_manifest_without_its_layers_is_incomplete() {
    // A containerd engine saves an image that it only half holds, and says nothing.
    let a = layer("a");
    let config = config(&[&a]);
    let manifest = manifest(&config, &[&a]);
    let outer = index(&[named(descriptor(OCI_MANIFEST, &manifest), "acme/api:1")]);
    let without_layers = Pack::new().blob(&manifest).blob(&config).file("index.json", &outer).end().image();
    assert_eq!(states(&without_layers), (ImageState::Incomplete, vec![LayerState::Missing]));
    let without_config = Pack::new().blob(&manifest).file("index.json", &outer).end().image();
    assert_eq!((without_config.state, without_config.config_digest), (ImageState::Incomplete, None));
    let without_manifest = Pack::new().file("index.json", &outer).end().image();
    assert_eq!(without_manifest.state, ImageState::Incomplete);
    assert_eq!(without_manifest.references.len(), 1);
}

#[test]
fn an_index_without_any_of_its_platforms_is_incomplete() {
    let inner = index(&[on(descriptor(OCI_MANIFEST, b"elsewhere"), "linux", "arm64")]);
    let outer = index(&[named(descriptor(OCI_INDEX, &inner), "acme/api:1")]);
    let measured = Pack::new().blob(&inner).file("index.json", outer).end().measure().unwrap();
    assert_eq!(measured.images[0].state, ImageState::Incomplete);
    assert_eq!(measured.absent_platforms, ["linux/arm64"]);
}

#[test]
fn a_configuration_that_is_not_its_name_is_corrupt() {
    let (a, evil) = (layer("a"), layer("evil"));
    let (good, bad) = (config(&[&a]), config(&[&evil]));
    let saves = json!([save(&config_json(&good), &["a:1"], &["evil.tar"])]);
    let pack = Pack::new().file(&config_json(&good), &bad).file("evil.tar", &evil).json("manifest.json", &saves);
    let image = pack.end().image();
    assert_eq!((image.state, image.config_digest), (ImageState::Corrupt, Some(Digest::of(&bad))));
    assert!(image.problem.unwrap().contains(&Digest::of(&good).to_string()));
}

#[test]
fn a_configuration_that_is_none_is_corrupt() {
    let a = layer("a");
    for config in ["{", "", "{\"os\":\"linux\"}", "[]", "{\"rootfs\":{\"diff_ids\":[5]}}", "{\"layers\":[]}"] {
        let saves = json!([save("c.json", &["a:1"], &["a.tar"])]);
        let pack = Pack::new().file("c.json", config).file("a.tar", &a).json("manifest.json", &saves);
        assert_eq!(pack.end().image().state, ImageState::Corrupt, "{config}");
    }
}

#[test]
fn another_number_of_layers_is_corrupt() {
    let a = layer("a");
    for (layers, names) in [(vec![&a[..], &a], vec!["a.tar"]), (vec![&a[..]], vec!["a.tar", "a.tar"])] {
        let saves = json!([save("c.json", &["a:1"], &names)]);
        let pack = Pack::new().file("c.json", config(&layers)).file("a.tar", &a).json("manifest.json", &saves);
        assert_eq!(pack.end().image().state, ImageState::Corrupt);
    }
}

#[test]
fn a_damaged_compressed_layer_is_corrupt() {
    let a = layer("a");
    let config = config(&[&a]);
    for whole in [gzip(&a), zstd(&a)] {
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 0x55;
        for damaged in [changed, whole[..whole.len() - 3].to_vec(), [whole.as_slice(), b"more"].concat()] {
            let image = hybrid(&[&damaged], &config, &[&damaged]).image();
            assert_eq!(states(&image), (ImageState::Corrupt, vec![LayerState::Corrupt]));
        }
    }
}

#[test]
fn a_blob_that_is_not_its_name_is_corrupt() {
    let (a, packed) = (layer("a"), gzip(&layer("a")));
    let config = config(&[&a]);
    // The right content in another compression than the manifest says: the manifest's digest would be a lie.
    let saves = json!([save(&config_json(&config), &["a:1"], &[&blob(&packed)])]);
    let pack = Pack::new().file(&config_json(&config), &config).file(&blob(&packed), &a).json("manifest.json", &saves);
    assert_eq!(pack.end().image().state, ImageState::Corrupt);
    let manifest = manifest(&config, &[&a]);
    let outer = index(&[named(descriptor(OCI_MANIFEST, &manifest), "acme/api:1")]);
    let pack = Pack::new().file(&blob(&manifest), b"{}").blob(&config).blob(&a).file("index.json", outer);
    let image = pack.end().image();
    assert_eq!((image.state, image.config_digest), (ImageState::Corrupt, None));
}

#[test]
fn a_truncated_archive_is_told_wherever_it_ends() {
    let (a, b) = (layer("a"), layer("b"));
    let whole = classic(&a, &b, &config(&[&a, &b])).bytes();
    for length in (0..whole.len()).step_by(128).chain([whole.len() - 1, whole.len() - 512, whole.len() - 1024]) {
        for cut in [whole[..length].to_vec(), gzip(&whole[..length]), zstd(&whole[..length])] {
            let error = measure(cut.as_slice(), None, &Unwatched).unwrap_err();
            assert_eq!(error.code(), "archive-unreadable", "{length}: {error}");
        }
    }
    for packed in [gzip(&whole), zstd(&whole)] {
        let error = measure(&packed[..packed.len() - 1], None, &Unwatched).unwrap_err();
        assert_eq!(error.code(), "archive-unreadable", "{error}");
    }
}

#[test]
fn an_engines_error_is_repeated_safely() {
    let (a, b) = (layer("a"), layer("b"));
    let whole = classic(&a, &b, &config(&[&a, &b])).bytes();
    let error = b"{\"errorDetail\":{\"message\":\"content \\u001b[2J not found\"},\"error\":\"x\"}\r\n";
    let members = &whole[..whole.len() - 1024];
    let long = [error.as_slice(), &[b' '; 2000]].concat();
    for stream in [
        [members, error].concat(),
        [whole.as_slice(), error].concat(),
        [&whole[..whole.len() - 512], error].concat(),
        [members, &long].concat(),
        [&[0u8; 0][..], b"{\"message\":\"content \\u001b[2J not found\"}"].concat(),
    ] {
        let error = measure(stream.as_slice(), None, &Unwatched).unwrap_err();
        assert_eq!(error.code(), "engine-error", "{error}");
        assert!(error.to_string().contains("content \\u{1b}[2J not found"), "{error}");
    }
}

#[test]
fn bytes_behind_the_end_are_told_and_zeros_are_not() {
    let (a, b) = (layer("a"), layer("b"));
    let whole = classic(&a, &b, &config(&[&a, &b]));
    // GNU tar fills its last record.
    assert_eq!(whole.clone().raw(&[0; 9000]).image().state, ImageState::Measured);
    let (code, sentence) = whole.clone().raw(&[0; 700]).raw(b"more").refusal();
    assert_eq!(code, "archive-unreadable");
    assert!(sentence.contains("behind the end-of-archive marker"), "{sentence}");
    assert_eq!(whole.clone().raw(&whole.bytes()).refusal().0, "archive-unreadable");
}

#[test]
fn what_is_no_image_archive_is_said() {
    for (pack, words) in [
        (Pack::new().raw(&[9; 2000]), "neither tar, gzip nor zstd"),
        (Pack::new(), "truncated"),
        (Pack::new().end(), "neither `manifest.json` nor `index.json`"),
        (Pack::new().file("etc/passwd", "root").end(), "docker export"),
        (Pack::new().file("repositories", "{}").end(), "before 1.10"),
        (Pack::new().file("manifest.json", "{\"a\":1}").end(), "no list of images"),
        (Pack::new().file("manifest.json", "[5]").end(), "not JSON of the expected shape"),
        (Pack::new().file("manifest.json", "[]").end(), "nothing"),
        (Pack::new().symlink("manifest.json", "manifest.json").end(), "no list of images"),
    ] {
        let (code, sentence) = pack.refusal();
        assert_eq!(code, "archive-unreadable", "{sentence}");
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[test]
fn an_artifact_is_no_image() {
    let artifact = json!({"config": descriptor("application/vnd.acme.chart", b"{}"), "layers": []}).to_string();
    let outer = index(&[descriptor(OCI_MANIFEST, artifact.as_bytes())]);
    let (code, sentence) = Pack::new().blob(artifact).blob(b"{}").file("index.json", outer).end().refusal();
    assert_eq!(code, "archive-unreadable");
    assert!(sentence.contains("artifacts"), "{sentence}");
}

#[test]
fn another_algorithm_is_said() {
    let sha512 = format!("sha512:{}", "0".repeat(128));
    let config = json!({"rootfs": {"diff_ids": [sha512]}}).to_string();
    let saves = json!([save("c.json", &["a:1"], &["a.tar"])]);
    let pack = Pack::new().file("c.json", config).file("a.tar", layer("a")).json("manifest.json", &saves);
    assert_eq!(pack.end().refusal().0, "digest-algorithm");
    let outer = json!({"manifests": [{"mediaType": OCI_MANIFEST, "digest": sha512, "size": 1}]});
    assert_eq!(Pack::new().json("index.json", &outer).end().refusal().0, "digest-algorithm");
}
