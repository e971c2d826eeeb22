//! OCI layouts, blob by blob.

use std::collections::BTreeMap;

use daochain::domain::Digest;
use serde_json::{Value, json};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The blobs of an OCI archive.
#[derive(Default, Clone)]
pub struct Blobs(pub BTreeMap<Digest, Vec<u8>>);

impl Blobs {
    pub fn add(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.0.insert(digest, bytes);
        digest
    }

    pub fn descriptor(&self, media_type: &str, digest: Digest) -> Value {
        let size = self.0.get(&digest).map_or(1, Vec::len);
        json!({"mediaType": media_type, "digest": digest, "size": size})
    }

    /// An image with one layer.
    pub fn image(&mut self, architecture: &str, content: &[u8]) -> Image {
        self.image_with(architecture, content, &json!({}))
    }

    /// The same, to be run as `run` says.
    pub fn image_with(&mut self, architecture: &str, content: &[u8], run: &Value) -> Image {
        let mut layer = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        layer.append_data(&mut header, "content", content).unwrap();
        let layer = self.add(layer.into_inner().unwrap());
        let config = json!({"os": "linux", "architecture": architecture, "config": run,
            "rootfs": {"type": "layers", "diff_ids": [layer]}});
        let config = self.add(config.to_string().into_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": self.descriptor(CONFIG, config),
            "layers": [self.descriptor(LAYER, layer)]});
        Image { manifest: self.add(manifest.to_string().into_bytes()), config, layer }
    }

    /// An index of images, each with the architecture that its descriptor says.
    pub fn index(&mut self, images: &[(&Image, &str)]) -> Digest {
        let platform = |architecture: &str| json!({"os": "linux", "architecture": architecture});
        let children: Vec<_> = images
            .iter()
            .map(|(image, architecture)| self.child(MANIFEST, image.manifest, &platform(architecture)))
            .collect();
        self.index_of(&children)
    }

    pub fn child(&self, media_type: &str, digest: Digest, platform: &Value) -> Value {
        let mut descriptor = self.descriptor(media_type, digest);
        descriptor["platform"] = platform.clone();
        descriptor
    }

    pub fn index_of(&mut self, children: &[Value]) -> Digest {
        self.add(json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).to_string().into_bytes())
    }

    /// What `docker save` writes of `root` under a name.
    pub fn archive(&self, name: &str, media_type: &str, root: Digest) -> Vec<u8> {
        let mut descriptor = self.descriptor(media_type, root);
        descriptor["annotations"] = json!({"io.containerd.image.name": name});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]}).to_string();
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, bytes).unwrap();
        };
        self.0.iter().for_each(|(digest, bytes)| add(&format!("blobs/sha256/{}", digest.hex()), bytes));
        add("index.json", index.as_bytes());
        add("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        archive.into_inner().unwrap()
    }

    pub fn without(mut self, digests: &[Digest]) -> Self {
        self.0.retain(|digest, _| !digests.contains(digest));
        self
    }
}

#[derive(Clone, Copy)]
pub struct Image {
    pub manifest: Digest,
    pub config: Digest,
    pub layer: Digest,
}

impl Blobs {
    /// What BuildKit attests of an image, and the descriptor that marks it so.
    pub fn attestation(&mut self, of: &Image, statement: &str) -> Value {
        let statement = self.add(statement.as_bytes().to_vec());
        let config =
            json!({"os": "unknown", "architecture": "unknown", "rootfs": {"type": "layers", "diff_ids": [statement]}});
        let config = self.add(config.to_string().into_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": self.descriptor(CONFIG, config),
            "layers": [self.descriptor("application/vnd.in-toto+json", statement)]});
        let manifest = self.add(manifest.to_string().into_bytes());
        let mut descriptor = self.child(MANIFEST, manifest, &json!({"os": "unknown", "architecture": "unknown"}));
        descriptor["annotations"] =
            json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of.manifest});
        descriptor
    }
}
