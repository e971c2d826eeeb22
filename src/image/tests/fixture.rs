//! A builder of archives, sound and unsound, and of the images in them.

use std::io::Write;

use serde_json::{Value, json};

use crate::{
    domain::{
        digest::Digest,
        measurement::{ImageState, LayerState, MeasuredImage, Measurement},
        progress::Unwatched,
    },
    image::{ImageError, measure},
};

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Members, in the order they are added.
#[derive(Default, Clone)]
pub(super) struct Pack(Vec<u8>);

impl Pack {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.member(tar::EntryType::Regular, name, None, bytes.as_ref())
    }

    pub(super) fn json(self, name: &str, value: &Value) -> Self {
        self.file(name, value.to_string())
    }

    pub(super) fn blob(self, bytes: impl AsRef<[u8]>) -> Self {
        let name = blob(bytes.as_ref());
        self.file(&name, bytes)
    }

    pub(super) fn symlink(self, name: &str, target: &str) -> Self {
        self.member(tar::EntryType::Symlink, name, Some(target), b"")
    }

    pub(super) fn hard_link(self, name: &str, target: &str) -> Self {
        self.member(tar::EntryType::Link, name, Some(target), b"")
    }

    pub(super) fn folder(self, name: &str) -> Self {
        self.member(tar::EntryType::Directory, name, None, b"")
    }

    pub(super) fn member(mut self, kind: tar::EntryType, name: &str, target: Option<&str>, bytes: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        let field = &mut header.as_old_mut().name;
        // Names that the tar crate would refuse to write are what some cases are about.
        field[..name.len()].copy_from_slice(name.as_bytes());
        if let Some(target) = target {
            header.set_link_name_literal(target).unwrap();
        }
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.padded(bytes)
    }

    /// A header of the caller's, with its check sum set, and its content.
    pub(super) fn header(mut self, mut header: tar::Header, bytes: &[u8]) -> Self {
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.padded(bytes)
    }

    fn padded(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn end(self) -> Self {
        self.raw(&[0; 1024])
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn measure(&self) -> Result<Measurement, ImageError> {
        measure(self.0.as_slice(), Some(self.0.len() as u64), &Unwatched)
    }

    /// The only image of an archive that can be measured.
    pub(super) fn image(&self) -> MeasuredImage {
        let mut measured = self.measure().unwrap();
        assert_eq!(measured.images.len(), 1, "{measured:?}");
        measured.images.remove(0)
    }

    /// The code of an archive of which no image can be told, and the sentence.
    pub(super) fn refusal(&self) -> (&'static str, String) {
        let error = self.measure().unwrap_err();
        (error.code(), error.to_string())
    }
}

/// The layer tar of one file.
pub(super) fn layer(text: &str) -> Vec<u8> {
    Pack::new().file("file", text).end().bytes()
}

pub(super) fn config(layers: &[&[u8]]) -> Vec<u8> {
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| Digest::of(layer)).collect();
    json!({
        "architecture": "amd64", "os": "linux", "created": "2023-11-14T22:13:20Z",
        "config": {"Labels": {"a": "1", "A": "2"}}, "rootfs": {"type": "layers", "diff_ids": diff_ids},
    })
    .to_string()
    .into_bytes()
}

/// One entry of `manifest.json`.
pub(super) fn save(config: &str, names: &[&str], layers: &[&str]) -> Value {
    json!({"Config": config, "RepoTags": names, "Layers": layers})
}

pub(super) fn blob(bytes: &[u8]) -> String {
    format!("blobs/sha256/{}", Digest::of(bytes).hex())
}

pub(super) fn config_json(config: &[u8]) -> String {
    format!("{}.json", Digest::of(config).hex())
}

pub(super) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len()})
}

pub(super) fn manifest(config: &[u8], layers: &[&[u8]]) -> Vec<u8> {
    let layers: Vec<Value> = layers.iter().map(|layer| descriptor(OCI_LAYER, layer)).collect();
    json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG, config), "layers": layers})
        .to_string()
        .into_bytes()
}

pub(super) fn index(descriptors: &[Value]) -> Vec<u8> {
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}).to_string().into_bytes()
}

pub(super) fn named(mut descriptor: Value, name: &str) -> Value {
    descriptor["annotations"] = json!({"io.containerd.image.name": name});
    descriptor
}

pub(super) fn on(mut descriptor: Value, os: &str, architecture: &str) -> Value {
    descriptor["platform"] = json!({"os": os, "architecture": architecture});
    descriptor
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// The classic dialect with the layers `a` and `b`, as it should be.
pub(super) fn classic(a: &[u8], b: &[u8], config: &[u8]) -> Pack {
    Pack::new()
        .folder("one/")
        .file("one/VERSION", "1.0")
        .file("one/layer.tar", a)
        .file("two/layer.tar", b)
        .file(&config_json(config), config)
        .json(
            "manifest.json",
            &json!([save(&config_json(config), &["acme/api:1"], &["one/layer.tar", "two/layer.tar"])]),
        )
        .end()
}

/// The hybrid dialect of engines 25 and later.
pub(super) fn hybrid(layers: &[&[u8]], config: &[u8], manifest_layers: &[&[u8]]) -> Pack {
    let manifest = manifest(config, manifest_layers);
    let names: Vec<String> = layers.iter().map(|layer| blob(layer)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut stored: Vec<&[u8]> = layers.iter().chain(manifest_layers).copied().collect();
    stored.sort_unstable();
    stored.dedup();
    stored
        .into_iter()
        .fold(Pack::new().folder("blobs/").folder("blobs/sha256/"), Pack::blob)
        .blob(config)
        .blob(&manifest)
        .file("index.json", index(&[named(descriptor(OCI_MANIFEST, &manifest), "docker.io/acme/api:1")]))
        .json("manifest.json", &json!([save(&blob(config), &["acme/api:1"], &names)]))
        .file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
        .end()
}

/// State of the image and of its layers.
pub(super) fn states(image: &MeasuredImage) -> (ImageState, Vec<LayerState>) {
    (image.state, image.layers.iter().map(|layer| layer.state).collect())
}
