//! What measuring finds.

use serde::{Deserialize, Serialize};

use super::{
    compare::{LayerPart, Makeup, Parameter},
    digest::{Digest, DigestKind, chain_id},
    image::{Evidence, EvidenceLevel, KindedDigest, SharedIndex},
    reference::Reference,
};

/// What one byte stream held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Bytes read of the outer stream.
    pub bytes: u64,
    /// Time it took.
    pub seconds: f64,
    /// Every image in it, in the archive's order.
    pub images: Vec<MeasuredImage>,
    /// Platforms that an index names and the stream does not hold (normal after a pull of one platform).
    pub absent_platforms: Vec<String>,
}

/// What measuring concluded about one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageState {
    /// Configuration and every layer are present and have the digests that the image says.
    Measured,
    /// The configuration or a layer has another digest than the image says.
    Corrupt,
    /// A member that the image refers to is missing.
    Incomplete,
}

/// One image of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredImage {
    /// Names that the archive gives it, normalised. What is no name is left out.
    pub references: Vec<Reference>,
    /// The conclusion.
    pub state: ImageState,
    /// SHA-256 of the configuration's bytes, where they were found.
    pub config_digest: Option<Digest>,
    /// `os/architecture[/variant]` of the configuration, made safe to show.
    pub platform: Option<String>,
    /// When it was built, as the configuration says.
    pub created: Option<super::Timestamp>,
    /// Manifests and indexes that lead to it and whose bytes were hashed here.
    pub manifests: Vec<MeasuredManifest>,
    /// In the configuration's order.
    pub layers: Vec<MeasuredLayer>,
    /// How its containers are run, as the configuration says; `None` where that was not kept.
    #[serde(default)]
    pub parameters: Option<Vec<Parameter>>,
    /// One sentence when the state is not *measured*: which member, expected and found.
    pub problem: Option<String>,
}

/// A manifest or index whose bytes were hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredManifest {
    /// Its digest.
    pub digest: Digest,
    /// True for an index.
    pub is_index: bool,
    /// How many images it leads to, whether or not they were measured; zero where that is not known.
    #[serde(default)]
    pub images: usize,
}

impl MeasuredManifest {
    /// The indexes among these that lead to more than one image, or to nobody knows how many.
    #[must_use]
    pub fn shared(manifests: &[Self]) -> Vec<SharedIndex> {
        let indexes = manifests.iter().filter(|manifest| manifest.is_index && manifest.images != 1);
        indexes.map(|index| SharedIndex { digest: index.digest, images: index.images }).collect()
    }
}

impl From<MeasuredManifest> for KindedDigest {
    fn from(manifest: MeasuredManifest) -> Self {
        let kind = if manifest.is_index { DigestKind::Index } else { DigestKind::Manifest };
        Self { kind, digest: manifest.digest }
    }
}

/// What measuring found of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerState {
    /// Its bytes have its diffID.
    Measured,
    /// Its bytes have another digest.
    Corrupt,
    /// Its member is absent.
    Missing,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredLayer {
    /// What the configuration says.
    pub diff_id: Digest,
    /// Bytes of the uncompressed layer; zero when it is missing.
    pub bytes: u64,
    /// The conclusion.
    pub state: LayerState,
    /// The digest that a corrupt layer really has.
    pub found: Option<Digest>,
    /// The instruction that made it, as the configuration tells and safe to show.
    #[serde(default)]
    pub made_by: Option<String>,
}

impl MeasuredImage {
    /// The layers' content as one, whatever configuration they have.
    #[must_use]
    pub fn chain_id(&self) -> Option<Digest> {
        let diff_ids: Vec<_> = self.layers.iter().map(|layer| layer.diff_id).collect();
        chain_id(&diff_ids)
    }

    /// What it is made of.
    #[must_use]
    pub fn makeup(&self) -> Option<Makeup> {
        let part = |layer: &MeasuredLayer| LayerPart {
            diff_id: layer.diff_id,
            bytes: (layer.state == LayerState::Measured).then_some(layer.bytes),
            stored: None,
            made_by: layer.made_by.clone(),
        };
        let layers = self.layers.iter().map(part).collect();
        Some(Makeup {
            config: self.config_digest?,
            platform: self.platform.clone(),
            layers,
            parameters: self.parameters.clone(),
        })
    }

    /// The evidence that this measurement gives.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let problem = || self.problem.clone().unwrap_or_else(|| "the image contradicts itself".to_owned());
        match (self.state, self.config_digest) {
            (ImageState::Measured, Some(config)) => {
                let manifests = self.manifests.iter().copied().map(KindedDigest::from);
                let config = KindedDigest { kind: DigestKind::Config, digest: config };
                let layers = self.chain_id().map(|digest| KindedDigest { kind: DigestKind::ChainId, digest });
                let digests = std::iter::once(config).chain(manifests).chain(layers).collect();
                let shared = MeasuredManifest::shared(&self.manifests);
                Evidence::Known { level: EvidenceLevel::Measured, digests, shared }
            }
            (ImageState::Corrupt, config) => Evidence::Corrupt { problem: problem(), config },
            (ImageState::Measured | ImageState::Incomplete, _) => Evidence::Unreadable { cause: problem() },
        }
    }
}
