//! Writes image archives as `docker save` does: an OCI layout with a `manifest.json`, loadable by every engine.
//!
//! The same image gives the same bytes: no clock, no owner, members in one order.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::{Value, json};

use super::names::blob_name;
use crate::domain::{Timestamp, digest::Digest, reference::Reference};

const FOLDER: u32 = 0o755;
const FILE: u32 = 0o644;

/// Builds one image and writes its archive.
///
/// ```
/// # use daochain::image::{measure, write::ImageBuilder};
/// # use daochain::domain::progress::Unwatched;
/// let mut archive = Vec::new();
/// let digest = ImageBuilder::new()
///     .reference("acme/api:1".parse()?)
///     .layer([("app/hello", "hello")])
///     .write(&mut archive)?;
/// let measured = measure(archive.as_slice(), None, &Unwatched)?;
/// assert_eq!(measured.images[0].config_digest, Some(digest));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    references: Vec<Reference>,
    layers: Vec<BTreeMap<String, Vec<u8>>>,
    platform: (String, String),
    labels: BTreeMap<String, String>,
    created: Timestamp,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageBuilder {
    /// A `linux/amd64` image without layers and names, built in 1970.
    #[must_use]
    pub fn new() -> Self {
        Self {
            references: Vec::new(),
            layers: Vec::new(),
            platform: ("linux".to_owned(), "amd64".to_owned()),
            labels: BTreeMap::new(),
            created: Timestamp(0),
        }
    }

    /// Adds a name.
    #[must_use]
    pub fn reference(mut self, reference: Reference) -> Self {
        self.references.push(reference);
        self
    }

    /// Adds a layer of files, each a path and its bytes. Folders are made as needed by whoever unpacks it.
    #[must_use]
    pub fn layer<N: Into<String>, B: Into<Vec<u8>>>(mut self, files: impl IntoIterator<Item = (N, B)>) -> Self {
        self.layers.push(files.into_iter().map(|(name, bytes)| (name.into(), bytes.into())).collect());
        self
    }

    /// The operating system and architecture, as Go names them.
    #[must_use]
    pub fn platform(mut self, os: &str, architecture: &str) -> Self {
        self.platform = (os.to_owned(), architecture.to_owned());
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// When it was built.
    #[must_use]
    pub fn created(mut self, created: Timestamp) -> Self {
        self.created = created;
        self
    }

    /// Writes the archive and returns the configuration digest.
    ///
    /// # Errors
    /// When `output` fails, or a file's name is longer than a tar archive can say.
    pub fn write<W: Write>(&self, output: W) -> io::Result<Digest> {
        let layers: Vec<Vec<u8>> = self.layers.iter().map(layer_tar).collect::<io::Result<_>>()?;
        let config = serde_json::to_vec(&self.config(&layers))?;
        let config_digest = Digest::of(&config);
        let manifest = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers.iter().map(|it| descriptor("application/vnd.oci.image.layer.v1.tar", it)).collect::<Vec<_>>(),
        }))?;
        let mut blobs: BTreeMap<String, &[u8]> = BTreeMap::new();
        for bytes in layers.iter().chain([&config, &manifest]) {
            blobs.insert(blob_name(Digest::of(bytes)), bytes);
        }
        let mut archive = tar::Builder::new(output);
        append_folder(&mut archive, "blobs/")?;
        append_folder(&mut archive, "blobs/sha256/")?;
        for (name, bytes) in blobs {
            append(&mut archive, &name, bytes)?;
        }
        append(&mut archive, "index.json", &serde_json::to_vec(&self.index(&manifest))?)?;
        append(&mut archive, "manifest.json", &serde_json::to_vec(&self.saves(config_digest, &layers))?)?;
        append(&mut archive, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        archive.into_inner()?.flush()?;
        Ok(config_digest)
    }

    fn config(&self, layers: &[Vec<u8>]) -> Value {
        let created = self.created.to_string();
        json!({
            "architecture": self.platform.1,
            "os": self.platform.0,
            "created": created,
            "config": { "Cmd": ["/app"], "Labels": self.labels },
            "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|it| Digest::of(it)).collect::<Vec<_>>() },
            "history": layers.iter().map(|_| json!({ "created": created })).collect::<Vec<_>>(),
        })
    }

    fn index(&self, manifest: &[u8]) -> Value {
        let plain = || descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
        let named = |reference: &Reference| {
            let mut descriptor = plain();
            descriptor["annotations"] = json!({
                "io.containerd.image.name": reference.as_str(),
                "org.opencontainers.image.ref.name": reference.tag(),
            });
            descriptor
        };
        let manifests: Vec<Value> =
            if self.references.is_empty() { vec![plain()] } else { self.references.iter().map(named).collect() };
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        })
    }

    fn saves(&self, config: Digest, layers: &[Vec<u8>]) -> Value {
        json!([{
            "Config": blob_name(config),
            "RepoTags": self.references.iter().map(Reference::familiar).collect::<Vec<_>>(),
            "Layers": layers.iter().map(|it| blob_name(Digest::of(it))).collect::<Vec<_>>(),
        }])
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len() })
}

fn layer_tar(files: &BTreeMap<String, Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        append(&mut archive, name, bytes)?;
    }
    archive.into_inner()
}

fn append<W: Write>(archive: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = header(tar::EntryType::Regular, FILE);
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, name, bytes)
}

fn append_folder<W: Write>(archive: &mut tar::Builder<W>, name: &str) -> io::Result<()> {
    archive.append_data(&mut header(tar::EntryType::Directory, FOLDER), name, io::empty())
}

fn header(kind: tar::EntryType, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::{
        domain::{measurement::ImageState, progress::Unwatched},
        image::measure,
    };

    #[test]
    fn what_is_written_is_measured_and_the_same_every_time() {
        let builder = ImageBuilder::new()
            .reference("acme/api:1".parse().unwrap())
            .reference("127.0.0.1:5000/api:2".parse().unwrap())
            .layer([("app/a", "one"), ("app/b", "two")])
            .layer([("app/a", vec![0; 3000])])
            .layer([("app/a", "one"), ("app/b", "two")])
            .platform("linux", "arm64")
            .label("maker", "acme")
            .created(Timestamp(1_700_000_000));
        let (mut one, mut two) = (Vec::new(), Vec::new());
        let digest = builder.write(&mut one).unwrap();
        builder.write(&mut two).unwrap();
        assert_eq!(one, two);
        let measured = measure(one.as_slice(), None, &Unwatched).unwrap();
        let [image] = measured.images.as_slice() else { panic!("{measured:?}") };
        assert_eq!((image.state, image.config_digest), (ImageState::Measured, Some(digest)));
        assert_eq!(image.platform.as_deref(), Some("linux/arm64"));
        assert_eq!(image.created, Some(Timestamp(1_700_000_000)));
        assert_eq!(image.references, builder.references);
        assert_eq!((image.layers.len(), image.manifests.len()), (3, 1));
    }

    #[test]
    fn an_image_may_have_neither_layers_nor_names() {
        let mut archive = Vec::new();
        let digest = ImageBuilder::new().write(&mut archive).unwrap();
        let measured = measure(archive.as_slice(), None, &Unwatched).unwrap();
        assert_eq!(measured.images[0].config_digest, Some(digest));
        assert_eq!(measured.images[0].state, ImageState::Measured);
    }
}
