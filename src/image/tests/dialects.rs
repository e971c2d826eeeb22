//! What sound archives give, whoever made them.

use serde_json::json;

use super::fixture::*;
use crate::{
    domain::{
        Timestamp,
        digest::Digest,
        measurement::{ImageState, LayerState, MeasuredManifest},
        progress::Unwatched,
    },
    image::{Kind, measure, measure_file, sniff},
};

#[test]
fn the_classic_dialect_is_measured() {
    let (a, b) = (layer("a"), layer("b"));
    let config = config(&[&a, &b]);
    let image = classic(&a, &b, &config).image();
    assert_eq!(states(&image), (ImageState::Measured, vec![LayerState::Measured; 2]));
    assert_eq!(image.config_digest, Some(Digest::of(&config)));
    assert_eq!(image.platform.as_deref(), Some("linux/amd64"));
    assert_eq!(image.created, Some(Timestamp(1_700_000_000)));
    assert_eq!(image.references, ["acme/api:1".parse().unwrap()]);
    assert_eq!(image.layers[0].bytes, a.len() as u64);
    assert!(image.problem.is_none() && image.manifests.is_empty());
}

#[test]
fn the_hybrid_dialect_gives_the_same_configuration_and_its_manifest() {
    let (a, b) = (layer("a"), layer("b"));
    let config = config(&[&a, &b]);
    let image = hybrid(&[&a, &b], &config, &[&a, &b]).image();
    assert_eq!(states(&image), (ImageState::Measured, vec![LayerState::Measured; 2]));
    assert_eq!(image.config_digest, Some(Digest::of(&config)));
    let digest = Digest::of(&manifest(&config, &[&a, &b]));
    assert_eq!(image.manifests, [MeasuredManifest { digest, is_index: false, images: 1 }]);
    assert_eq!(image.references, ["acme/api:1".parse().unwrap()]);
}

#[test]
fn a_real_engines_save_is_measured() {
    // Docker 20.10.24: two images, two names for one of them, layers repeated as symbolic links. Digests by `docker inspect`.
    let save = include_bytes!("../../../tests/fixtures/docker-20.10-save.tar.gz");
    let measured = measure(save.as_slice(), Some(save.len() as u64), &Unwatched).unwrap();
    let digests: Vec<_> = measured.images.iter().map(|image| image.config_digest.unwrap().to_string()).collect();
    assert_eq!(
        digests,
        [
            "sha256:4c91b2ada9e0dde3dffaf5f83931b7f7c79a7dd99d7d9ee14dfd279c39e08470",
            "sha256:ead6a3cfb35a580408aecfd2451e5c2394e82e68b8fc0c16123e06317b0f0d8d",
        ]
    );
    assert!(measured.images.iter().all(|image| image.state == ImageState::Measured));
    assert_eq!(measured.images[0].references.len(), 2);
    assert_eq!(measured.images[0].layers.len(), 4);
    assert_eq!(measured.bytes, save.len() as u64);
}

#[test]
fn repeated_layers_may_be_links_in_both_spellings() {
    let a = layer("a");
    let config = config(&[&a, &a, &a]);
    let diff_id = format!("{}.tar", Digest::of(&a).hex());
    let layers = ["one/layer.tar", "two/layer.tar", "three/layer.tar"];
    let saves = json!([save(&config_json(&config), &["a:1"], &layers)]);
    let docker = Pack::new()
        .symlink("two/layer.tar", "../one/layer.tar")
        .file("one/layer.tar", &a)
        .hard_link("three/layer.tar", "one/layer.tar");
    let skopeo = Pack::new()
        .file(&diff_id, &a)
        .symlink("one/layer.tar", &format!("../{diff_id}"))
        .symlink("two/layer.tar", &format!("../{diff_id}"))
        .symlink("three/layer.tar", "../two/layer.tar");
    for pack in [docker, skopeo] {
        let image = pack.json("manifest.json", &saves).file(&config_json(&config), &config).end().image();
        assert_eq!(states(&image), (ImageState::Measured, vec![LayerState::Measured; 3]));
    }
}

#[test]
fn outer_compression_changes_nothing() {
    let (a, b) = (layer("a"), layer("b"));
    let config = config(&[&a, &b]);
    let plain = classic(&a, &b, &config).bytes();
    for packed in [gzip(&plain), zstd(&plain), [gzip(&plain[..700]), gzip(&plain[700..])].concat()] {
        let measured = measure(packed.as_slice(), None, &Unwatched).unwrap();
        assert_eq!(measured.images[0].config_digest, Some(Digest::of(&config)));
        assert_eq!(measured.images[0].state, ImageState::Measured);
        assert_eq!(measured.bytes, packed.len() as u64);
    }
}

#[test]
fn layers_are_unpacked_by_their_content() {
    let layers = [layer("a"), layer("b"), layer("c")];
    let refs: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let config = config(&refs);
    let packed = [gzip(&layers[0]), zstd(&layers[1]), layers[2].clone()];
    let refs: Vec<&[u8]> = packed.iter().map(Vec::as_slice).collect();
    let image = hybrid(&refs, &config, &refs).image();
    assert_eq!(states(&image), (ImageState::Measured, vec![LayerState::Measured; 3]));
    assert_eq!(image.layers[0].bytes, layers[0].len() as u64);
    assert_eq!(image.layers[0].diff_id, Digest::of(&layers[0]));
}

#[test]
fn bytes_behind_a_layers_end_count() {
    let a = [layer("a"), b"behind the marker".to_vec()].concat();
    let b = Pack::new().file("no end marker", "b").bytes();
    let config = config(&[&a, &b]);
    assert_eq!(classic(&a, &b, &config).image().state, ImageState::Measured);
}

#[test]
fn a_name_may_spell_a_configuration_in_three_ways_and_be_null() {
    let a = layer("a");
    let config = config(&[&a]);
    for name in [config_json(&config), blob(&config), Digest::of(&config).to_string(), "config.json".to_owned()] {
        let saves = json!([{"Config": name, "RepoTags": null, "Layers": ["./a.tar"]}]);
        let image = Pack::new().file(&name, &config).file("a.tar", &a).json("manifest.json", &saves).end().image();
        assert_eq!((image.state, image.references.len()), (ImageState::Measured, 0), "{name}");
    }
}

#[test]
fn an_image_may_have_no_layers() {
    for rootfs in [json!({"type": "layers"}), json!({"type": "layers", "diff_ids": null}), json!({"diff_ids": []})] {
        let config = json!({"os": "linux", "architecture": "amd64", "rootfs": rootfs}).to_string();
        let saves = json!([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": null}]);
        let image = Pack::new().file("c.json", &config).json("manifest.json", &saves).end().image();
        assert_eq!(states(&image), (ImageState::Measured, vec![]));
    }
}

#[test]
fn what_is_no_name_is_left_out() {
    let a = layer("a");
    let config = config(&[&a]);
    let names = ["<none>:<none>", "x\u{1b}[2J:1", "untagged", "acme/api:1", "UPPER:1"];
    let saves = json!([save("c.json", &names, &["a.tar"])]);
    let image = Pack::new().file("c.json", &config).file("a.tar", &a).json("manifest.json", &saves).end().image();
    let latest = "docker.io/library/untagged:latest";
    assert_eq!(image.references, [latest.parse().unwrap(), "acme/api:1".parse().unwrap()], "as containerd takes it");
}

#[test]
fn what_lies_under_another_name_than_its_digest_or_is_here_for_one_platform_twice_is_ambiguous() {
    let (a, b) = (layer("a"), layer("b"));
    let (one, two) = (config(&[&a]), config(&[&b]));
    let (m1, m2) = (manifest(&one, &[&a]), manifest(&two, &[&b]));
    let with = |architecture: &str| {
        let inner = index(&[
            on(descriptor(OCI_MANIFEST, &m2), "linux", architecture),
            on(descriptor(OCI_MANIFEST, &m1), "linux", "amd64"),
        ]);
        let outer = index(&[named(descriptor(OCI_INDEX, &inner), "acme/api:1")]);
        [a.clone(), one.clone(), m1.clone(), inner].iter().fold(Pack::new(), Pack::blob).file("index.json", outer)
    };
    assert_eq!(with("arm64").end().measure().unwrap().absent_platforms, ["linux/arm64"]);
    // containerd imports every member by its digest, whatever its name.
    let (code, sentence) = with("arm64").file("readme", m2.clone()).end().refusal();
    assert!(code == "archive-ambiguous" && sentence.contains("does not lie under its name"), "{sentence}");
    let (code, sentence) = with("AMD64").end().refusal();
    assert!(code == "archive-ambiguous" && sentence.contains("two different images of one platform"), "{sentence}");
}

/// An index of this machine's platform, one that was never pulled, and an attestation of each.
fn multi_platform(config: &[u8], a: &[u8]) -> (Pack, Vec<u8>) {
    let manifest = manifest(config, &[a]);
    let attestation = json!({"config": descriptor(OCI_CONFIG, b"{}"), "layers": []}).to_string();
    let inner = index(&[
        on(descriptor(OCI_MANIFEST, &manifest), "linux", "amd64"),
        on(descriptor(OCI_MANIFEST, b"elsewhere"), "linux", "arm64"),
        on(descriptor(OCI_MANIFEST, attestation.as_bytes()), "unknown", "unknown"),
        on(descriptor(OCI_MANIFEST, b"not here"), "unknown", "unknown"),
    ]);
    let outer = index(&[named(descriptor(OCI_INDEX, &inner), "docker.io/acme/api:1")]);
    let pack = Pack::new()
        .file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
        .blob(&inner)
        .blob(&manifest)
        .blob(attestation)
        .blob(config)
        .blob(a)
        .file("index.json", outer);
    (pack, inner)
}

#[test]
fn absent_platforms_and_attestations_are_no_failure() {
    let a = gzip(&layer("a"));
    let config = config(&[&layer("a")]);
    let (pack, inner) = multi_platform(&config, &a);
    let with_saves = pack.clone().json("manifest.json", &json!([save(&blob(&config), &["acme/api:1"], &[&blob(&a)])]));
    for pack in [pack.end(), with_saves.end()] {
        let measured = pack.measure().unwrap();
        assert_eq!(measured.absent_platforms, ["linux/arm64"]);
        let [image] = measured.images.as_slice() else { panic!("{measured:?}") };
        assert_eq!((image.state, image.config_digest), (ImageState::Measured, Some(Digest::of(&config))));
        assert_eq!(image.references, ["acme/api:1".parse().unwrap()]);
        let kinds: Vec<_> = image.manifests.iter().map(|manifest| manifest.is_index).collect();
        assert_eq!((kinds.as_slice(), image.manifests[1].digest), (&[false, true][..], Digest::of(&inner)));
    }
}

#[test]
fn all_platforms_of_an_index_are_images_of_one_name() {
    let (a, b) = (layer("a"), layer("b"));
    let (one, two) = (config(&[&a]), config(&[&b]));
    let (m1, m2) = (manifest(&one, &[&a]), manifest(&two, &[&b]));
    let inner = index(&[
        on(descriptor(OCI_MANIFEST, &m1), "linux", "amd64"),
        on(descriptor(OCI_MANIFEST, &m2), "linux", "arm64"),
    ]);
    let outer = index(&[named(descriptor(OCI_INDEX, &inner), "acme/api:1")]);
    let blobs = [a, b, one.clone(), two.clone(), m1, m2, inner];
    let pack = blobs.iter().fold(Pack::new(), Pack::blob).file("index.json", outer).end();
    let measured = pack.measure().unwrap();
    let digests: Vec<_> = measured.images.iter().filter_map(|image| image.config_digest).collect();
    assert_eq!(digests, [Digest::of(&one), Digest::of(&two)]);
    assert!(measured.images.iter().all(|image| image.state == ImageState::Measured && image.references.len() == 1));
}

#[test]
fn a_layout_folder_is_measured_like_its_archive() {
    let folder = tempfile::tempdir().unwrap();
    let a = layer("a");
    let config = config(&[&a]);
    let archive = multi_platform(&config, &a).0.end();
    tar::Archive::new(archive.clone().bytes().as_slice()).unpack(folder.path()).unwrap();
    let measured = measure_file(folder.path(), &Unwatched).unwrap();
    let from_archive = archive.measure().unwrap();
    assert_eq!((measured.images, measured.absent_platforms), (from_archive.images, from_archive.absent_platforms));
    assert_eq!(sniff(folder.path()).unwrap(), Kind::Layout);

    #[cfg(unix)]
    {
        let link = folder.path().join("blobs/sha256").join(Digest::of(b"x").hex());
        std::os::unix::fs::symlink("/dev/zero", link).unwrap();
        assert_eq!(measure_file(folder.path(), &Unwatched).unwrap_err().code(), "archive-refused");
    }
}

#[test]
fn a_look_at_the_first_bytes_tells_archives_from_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let big = Pack::new().file("a", vec![7; 300_000]).end().bytes();
    let cases = [
        (big.clone(), Kind::Archive),
        (gzip(&big), Kind::Archive),
        (zstd(&big), Kind::Archive),
        (gzip(b"a log"), Kind::Foreign),
        (b"a text".repeat(100), Kind::Foreign),
        (Vec::new(), Kind::Foreign),
        (vec![0; 1024], Kind::Foreign),
    ];
    for (at, (bytes, kind)) in cases.into_iter().enumerate() {
        let path = folder.path().join(at.to_string());
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(sniff(&path).unwrap(), kind, "case {at}");
    }
    assert_eq!(sniff(folder.path()).unwrap(), Kind::Foreign);
    assert_eq!(sniff(&folder.path().join("absent")).unwrap_err().code(), "archive-unreadable");
}
