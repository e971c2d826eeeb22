//! Content that descriptors embed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::fixture::*;
use crate::domain::{digest::Digest, measurement::ImageState};

fn embedding(mut descriptor: Value, content: &[u8]) -> Value {
    descriptor["data"] = json!(STANDARD.encode(content));
    descriptor
}

/// An index that embeds a manifest that embeds a configuration; only the layer is a blob.
fn nested(config: &[u8], embedded: &[u8]) -> Pack {
    let layer = layer("a");
    let manifest = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [descriptor(OCI_LAYER, &layer)],
        "config": embedding(descriptor(OCI_CONFIG, config), embedded)})
    .to_string();
    let top = embedding(named(descriptor(OCI_MANIFEST, manifest.as_bytes()), "acme/api:1"), manifest.as_bytes());
    Pack::new().blob(&layer).file("index.json", index(&[top])).file("oci-layout", "{}").end()
}

#[test]
fn embedded_documents_stand_for_their_blobs() {
    let config = config(&[&layer("a")]);
    let image = nested(&config, &config).image();
    assert_eq!((image.state, image.config_digest), (ImageState::Measured, Some(Digest::of(&config))));
}

#[test]
fn an_embedded_layer_is_hashed_like_any_other() {
    let (layer, other) = (layer("a"), layer("b"));
    let config = config(&[&layer]);
    let image = |embedded: &[u8]| {
        let manifest = json!({"schemaVersion": 2, "config": descriptor(OCI_CONFIG, &config),
            "layers": [embedding(descriptor(OCI_LAYER, &layer), embedded)]})
        .to_string();
        let top = index(&[named(descriptor(OCI_MANIFEST, manifest.as_bytes()), "acme/api:1")]);
        Pack::new().blob(&config).blob(manifest.as_bytes()).file("index.json", top).end().image()
    };
    assert_eq!(image(&layer).state, ImageState::Measured);
    assert_eq!(image(&other).state, ImageState::Corrupt);
    assert_eq!(image(&gzip(&layer)).state, ImageState::Corrupt, "the same content under another digest");
}

#[test]
fn what_is_embedded_must_be_what_the_digest_says() {
    let (config, other) = (config(&[&layer("a")]), config(&[&layer("b")]));
    let image = nested(&config, &other).image();
    assert_eq!(image.state, ImageState::Corrupt);
    let top = json!({"mediaType": OCI_MANIFEST, "digest": Digest::of(b"x"), "size": 1, "data": "%"});
    let image = Pack::new().file("index.json", index(&[top])).end().image();
    assert_ne!(image.state, ImageState::Measured, "what is no base64 is no content");
}

#[test]
fn embedded_content_beside_another_blob_is_two_images_in_one() {
    let layer = layer("a");
    let (config, other) = (config(&[&layer]), config(&[&layer, &layer]));
    let manifest = manifest(&config, &[&layer]);
    let embedded = json!({"schemaVersion": 2, "layers": [], "config": descriptor(OCI_CONFIG, &other)}).to_string();
    let top = embedding(named(descriptor(OCI_MANIFEST, &manifest), "acme/api:1"), embedded.as_bytes());
    let pack = Pack::new().blob(&layer).blob(&config).blob(&manifest).file("index.json", index(&[top])).end();
    assert_eq!(pack.refusal().0, "archive-ambiguous");
}
