//! Archives that show one image here and another elsewhere.

use serde_json::{Value, json};

use super::fixture::*;
use crate::domain::measurement::ImageState;

fn refused(pack: Pack, words: &str) {
    let (code, sentence) = pack.end().refusal();
    assert_eq!(code, "archive-ambiguous", "{sentence}");
    assert!(sentence.contains(words), "{sentence}");
}

/// A sound image of one layer, without the end marker.
fn sound() -> Pack {
    let a = layer("a");
    Pack::new()
        .file("c.json", config(&[&a]))
        .file("a.tar", &a)
        .json("manifest.json", &json!([save("c.json", &["acme/api:1"], &["a.tar"])]))
}

#[test]
fn two_members_of_one_name_must_be_equal() {
    assert_eq!(sound().file("a.tar", layer("a")).end().image().state, ImageState::Measured);
    for name in ["a.tar", "./a.tar", "/a.tar", "x/../a.tar"] {
        refused(sound().file(name, layer("b")), "two members are named `a.tar`");
    }
    refused(sound().symlink("a.tar", "c.json"), "two members are named `a.tar`");
    refused(sound().file("manifest.json", "[]"), "two members are named `manifest.json`");
}

#[test]
fn names_must_not_lead_through_other_members() {
    refused(sound().symlink("dir", ".").file("dir/a.tar", layer("b")), "lies inside the member `dir`");
    refused(sound().file("a.tar/b", "b"), "lies inside the member `a.tar`");
}

#[test]
fn keys_must_not_be_repeated() {
    let a = layer("a");
    for manifest in [
        r#"[{"Config":"c.json","Config":"d.json","RepoTags":["a:1"],"Layers":["a.tar"]}]"#,
        r#"[{"Config":"c.json","config":"d.json","RepoTags":["a:1"],"Layers":["a.tar"]}]"#,
        r#"[{"Config":"c.json","RepoTags":["a:1"],"Layers":["a.tar"],"layer\u017f":["b.tar"]}]"#,
    ] {
        let pack = Pack::new().file("c.json", config(&[&a])).file("a.tar", &a).file("manifest.json", manifest);
        refused(pack, "of `manifest.json`, the key");
    }
    let good = String::from_utf8(config(&[&a])).unwrap();
    for (from, to) in [
        (r#""rootfs":"#, r#""rootfs":{"diff_ids":[]},"rootfs":"#),
        (r#""rootfs":"#, r#""ROOTFS":{"diff_ids":[]},"rootfs":"#),
        (r#""rootfs":"#, r#""RootFS":"#),
        (r#""diff_ids":"#, r#""Diff_IDs":"#),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        let saves = json!([save("c.json", &["a:1"], &["a.tar"])]);
        refused(Pack::new().file("c.json", changed).file("a.tar", &a).json("manifest.json", &saves), "of `c.json`");
    }
}

#[test]
fn an_unused_document_may_be_anything() {
    assert_eq!(sound().file("other.json", "{\"a\":1,\"a\":2}").end().image().state, ImageState::Measured);
}

#[test]
fn one_name_must_not_stand_for_two_images() {
    let (a, b) = (layer("a"), layer("b"));
    let (one, two) = (config(&[&a]), config(&[&b]));
    let pack = || Pack::new().file("1.json", &one).file("2.json", &two).file("a.tar", &a).file("b.tar", &b);
    let saves = |first: &str, second: &str| -> Value {
        json!([save("1.json", &[first], &["a.tar"]), save("2.json", &[second], &["b.tar"])])
    };
    assert_eq!(pack().json("manifest.json", &saves("x:1", "x:2")).end().measure().unwrap().images.len(), 2);
    refused(pack().json("manifest.json", &saves("x:1", "docker.io/library/x:1")), "`docker.io/library/x:1`");
}

#[test]
fn both_lists_must_name_the_same_image() {
    let (a, evil) = (layer("a"), layer("evil"));
    let (good, bad) = (config(&[&a]), config(&[&evil]));
    let manifest = manifest(&bad, &[&evil]);
    let pack = |name: &str| {
        let entry = named(descriptor(OCI_MANIFEST, &manifest), name);
        let saves = json!([save(&config_json(&good), &["acme/api:1"], &["a.tar"])]);
        Pack::new()
            .blob(&manifest)
            .blob(&bad)
            .blob(&evil)
            .file(&config_json(&good), &good)
            .file("a.tar", &a)
            .file("index.json", index(&[entry]))
            .json("manifest.json", &saves)
    };
    refused(pack("docker.io/acme/api:1"), "to two different images");
    // Under another name they are two images, and both are told.
    assert_eq!(pack("docker.io/acme/other:1").end().measure().unwrap().images.len(), 2);
}

#[test]
fn an_artifact_must_not_take_an_images_name() {
    let artifact = json!({"config": descriptor("application/vnd.acme.chart", b"{}"), "layers": []}).to_string();
    let entry = named(descriptor(OCI_MANIFEST, artifact.as_bytes()), "docker.io/acme/api:1");
    refused(sound().blob(artifact).file("index.json", index(&[entry])), "to two different images");
}

#[test]
fn a_document_must_be_of_one_kind() {
    let a = layer("a");
    let config = config(&[&a]);
    let mut both: Value = serde_json::from_slice(&manifest(&config, &[&a])).unwrap();
    both["manifests"] = json!([]);
    let both = both.to_string();
    let outer = index(&[descriptor(OCI_MANIFEST, both.as_bytes())]);
    refused(Pack::new().blob(&both).blob(&config).blob(&a).file("index.json", outer), "at once");
    let manifest = manifest(&config, &[&a]);
    let outer = index(&[descriptor(OCI_INDEX, &manifest)]);
    refused(Pack::new().blob(&manifest).blob(&config).blob(&a).file("index.json", outer), "it is an image manifest");
}

#[test]
fn only_files_have_content() {
    let content = sound().member(tar::EntryType::Symlink, "link", Some("a.tar"), &[0; 512]);
    refused(content, "`link` is no file and has content");
}
