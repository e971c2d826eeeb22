//! The JSON documents of an archive, reduced to what judging needs. Their text is not kept.
//!
//! The types are this room's own and not `oci-spec`'s: those keep every label and history entry of every image, cannot
//! tell an absent field from an empty one, and fail on a whole index for one descriptor of another algorithm.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{
    error::ImageError,
    history,
    index::{INDEX_TYPES, MANIFEST_TYPES},
    json::{self, JsonProblem},
    parameters,
};
use crate::domain::{
    Platform, Timestamp,
    compare::Parameter,
    digest::{Digest, DigestError},
    text::clean_to,
};

/// The media type of an in-toto statement, which is what BuildKit attests (moby/buildkit, `docs/attestations`).
const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";
/// Longest word of a platform, or media type, that is kept; those that have a meaning are shorter.
const WORD_CHARS: usize = 100;

/// A document that some other member may refer to.
pub(super) enum Document {
    /// `manifest.json` of `docker save`.
    Saves(Vec<Save>),
    Config(Config),
    Manifest(Box<Manifest>),
    Index(Vec<Descriptor>),
}

/// One image of `manifest.json` (moby, `image/tarexport`).
#[derive(Deserialize)]
pub(super) struct Save {
    #[serde(rename = "Config")]
    pub(super) config: String,
    #[serde(rename = "RepoTags", default)]
    pub(super) names: Option<Vec<String>>,
    #[serde(rename = "Layers")]
    pub(super) layers: Option<Vec<String>>,
}

/// What is used of an image configuration (OCI image-spec, `config.md`).
pub(super) struct Config {
    pub(super) diff_ids: Vec<ClaimedDigest>,
    /// `os/architecture[/variant]`, made safe to show.
    pub(super) platform: Option<String>,
    /// The same as engines compare it; `None` where it says neither part.
    pub(super) built_for: Option<Platform>,
    pub(super) created: Option<Timestamp>,
    /// What made each layer; empty where it does not tell.
    pub(super) made_by: Vec<Box<str>>,
    /// How containers are run; `None` where it was not kept.
    pub(super) parameters: Option<Vec<Parameter>>,
}

impl Config {
    /// Bytes that is taken by what is told to people alone: the instructions and the parameters.
    pub(super) fn told_weight(&self) -> usize {
        let parameters = self.parameters.iter().flatten();
        let parameters = parameters.map(|one| size_of::<Parameter>() + one.name.len() + one.value.len());
        self.made_by.iter().map(|made| size_of::<Box<str>>() + made.len()).chain(parameters).sum()
    }

    /// Forgets that.
    pub(super) fn forget_told(&mut self) {
        (self.made_by, self.parameters) = (Vec::new(), None);
    }
}

/// What is used of an image manifest (OCI image-spec, `manifest.md`).
#[derive(Deserialize)]
pub(super) struct Manifest {
    #[serde(rename = "mediaType", default, deserialize_with = "media_type")]
    pub(super) media_type: String,
    pub(super) config: Descriptor,
    /// BuildKit writes null for none.
    #[serde(default, deserialize_with = "or_none")]
    pub(super) layers: Vec<Descriptor>,
}

impl Manifest {
    /// True for a manifest of nothing but in-toto statements.
    pub(super) fn is_attestation(&self) -> bool {
        !self.layers.is_empty() && self.layers.iter().all(|layer| layer.media_type == STATEMENT_TYPE)
    }
}

/// What is used of a descriptor (OCI image-spec, `descriptor.md`).
#[derive(Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType", default, deserialize_with = "media_type")]
    pub(super) media_type: String,
    pub(super) digest: ClaimedDigest,
    /// Bytes of the content, as stored.
    #[serde(default)]
    pub(super) size: Option<u64>,
    /// The content itself, in base64.
    #[serde(default)]
    pub(super) data: Option<String>,
    #[serde(default)]
    platform: Option<RawPlatform>,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct RawPlatform {
    #[serde(default)]
    os: Word,
    #[serde(default)]
    architecture: Word,
    #[serde(default)]
    variant: Option<Word>,
    #[serde(rename = "os.version", default)]
    os_version: Option<Word>,
    #[serde(rename = "os.features", default)]
    os_features: Option<Vec<IgnoredAny>>,
}

/// A word of a platform or a media type, cut off where none is as long.
#[derive(Default, Clone)]
struct Word(String);

fn word(word: Option<&Word>) -> &str {
    word.map_or("", |word| word.0.as_str())
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(json)?;
        Ok(Self(text.chars().take(WORD_CHARS).collect()))
    }
}

fn media_type<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    Word::deserialize(json).map(|word| word.0)
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(rename = "io.containerd.image.name")]
    image_name: Option<String>,
    #[serde(rename = "org.opencontainers.image.ref.name")]
    ref_name: Option<String>,
}

/// A digest as a document writes it. That it is none of ours matters only when it is used.
#[derive(Clone)]
pub(super) struct ClaimedDigest(Result<Digest, DigestError>);

impl<'de> Deserialize<'de> for ClaimedDigest {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(json)?;
        Ok(Self(text.parse()))
    }
}

impl ClaimedDigest {
    fn weight(&self) -> usize {
        let shown = match &self.0 {
            Ok(_) => 0,
            Err(DigestError::Algorithm(text) | DigestError::Malformed(text)) => text.len(),
        };
        size_of::<Self>() + shown
    }

    /// The digest; `member` is the document that claims it.
    pub(super) fn get(&self, member: &str) -> Result<Digest, ImageError> {
        match &self.0 {
            Ok(digest) => Ok(*digest),
            Err(cause @ DigestError::Algorithm(_)) => Err(ImageError::algorithm(member, cause.clone())),
            Err(cause @ DigestError::Malformed(_)) => Err(ImageError::document(member, cause.to_string())),
        }
    }
}

impl Descriptor {
    fn weight(&self) -> usize {
        let platform = self.platform.as_ref().map_or(0, |it| {
            let optional = [&it.variant, &it.os_version].into_iter().flatten();
            [&it.os, &it.architecture].into_iter().chain(optional).map(|word| word.0.len()).sum()
        });
        let names = self
            .annotations
            .as_ref()
            .map_or(0, |it| [&it.image_name, &it.ref_name].into_iter().flatten().map(String::len).sum());
        let data = self.data.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.digest.weight() + self.media_type.len() + platform + names + data
    }

    /// The name that the image has in this layout. `org.opencontainers.image.ref.name` often holds a bare tag, which
    /// names no repository.
    pub(super) fn name(&self) -> Option<&str> {
        let annotations = self.annotations.as_ref()?;
        // containerd takes an empty name for none.
        annotations.image_name.as_deref().filter(|name| !name.is_empty()).or(annotations.ref_name.as_deref())
    }

    /// `os/architecture[/variant]`, made safe to show. `None` where it is absent or `unknown/unknown`, which is how
    /// BuildKit marks attestations.
    pub(super) fn platform(&self) -> Option<String> {
        self.platform.as_ref().and_then(|it| platform(&it.os.0, &it.architecture.0, word(it.variant.as_ref())))
    }

    /// All that an engine chooses a platform's image by; `None` where the descriptor names none.
    pub(super) fn exact_platform(&self) -> Option<String> {
        let it = self.platform.as_ref()?;
        let parts = [Some(&it.os), Some(&it.architecture), it.variant.as_ref(), it.os_version.as_ref()];
        Some(parts.map(word).join("/").to_lowercase())
    }

    /// The platform that it says, as engines compare it.
    pub(super) fn built_for(&self) -> Option<Platform> {
        self.platform.as_ref().map(|it| {
            let has_features = it.os_features.as_ref().is_some_and(|features| !features.is_empty())
                || it.os_version.as_ref().is_some_and(|version| !version.0.is_empty());
            Platform::new(&it.os.0, &it.architecture.0, word(it.variant.as_ref()), has_features)
        })
    }

    /// True for what BuildKit marks as an attestation: a platform that no machine has. Engines run an image that is marked
    /// so, where they find no better one: its manifest must [say it too](Manifest::is_attestation).
    pub(super) fn is_attestation(&self) -> bool {
        self.platform.as_ref().is_some_and(|it| it.os.0 == "unknown" && it.architecture.0 == "unknown")
    }
}

fn platform(os: &str, architecture: &str, variant: &str) -> Option<String> {
    if os.is_empty() || architecture.is_empty() || os == "unknown" {
        return None;
    }
    let variant = if variant.is_empty() { String::new() } else { format!("/{variant}") };
    Some(clean_to(&format!("{os}/{architecture}{variant}"), 100))
}

/// What kind a document is, by the keys that no other kind has.
#[derive(Deserialize)]
struct Kind {
    #[serde(default, deserialize_with = "present")]
    rootfs: bool,
    #[serde(default, deserialize_with = "present")]
    layers: bool,
    #[serde(default, deserialize_with = "present")]
    manifests: bool,
}

/// Whether a document has a key, whatever its value.
fn present<'de, D: Deserializer<'de>>(json: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(json).map(|_| true)
}

#[derive(Deserialize)]
struct RawConfig {
    rootfs: RootFs,
    #[serde(default)]
    os: Word,
    #[serde(default)]
    architecture: Word,
    variant: Option<Word>,
    #[serde(rename = "os.features", default)]
    os_features: Option<Vec<IgnoredAny>>,
    created: Option<String>,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<ClaimedDigest>>,
}

#[derive(Deserialize)]
struct RawIndex {
    #[serde(rename = "mediaType", default, deserialize_with = "media_type")]
    media_type: String,
    #[serde(default, deserialize_with = "or_none")]
    manifests: Vec<Descriptor>,
}

/// A list, or null for an empty one, as Go writes it.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or_default())
}

/// What `bytes` are. `None` for JSON of another kind (an attestation, `oci-layout`, a version 1 layer's `json`).
pub(super) fn parse(bytes: &[u8]) -> Option<Result<Document, JsonProblem>> {
    if let Err(problem) = json::check(bytes) {
        return Some(Err(problem));
    }
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Some(read(bytes).map(Document::Saves));
    }
    // Not an object, or one without any of the keys: another kind.
    let kind: Kind = serde_json::from_slice(bytes).ok()?;
    match (kind.rootfs, kind.layers, kind.manifests) {
        (false, false, false) => None,
        (true, false, false) => Some(read(bytes).map(|raw: RawConfig| {
            let mut config = Config::from(raw);
            config.made_by = history::made_by(bytes, config.diff_ids.len());
            config.parameters = Some(parameters::parameters(bytes));
            Document::Config(config)
        })),
        (false, true, false) => Some(read(bytes).and_then(|manifest: Manifest| match manifest.media_type.as_str() {
            media_type if INDEX_TYPES.contains(&media_type) => Err(JsonProblem::Polyglot),
            _ => Ok(Document::Manifest(Box::new(manifest))),
        })),
        (false, false, true) => Some(read(bytes).and_then(|index: RawIndex| match index.media_type.as_str() {
            media_type if MANIFEST_TYPES.contains(&media_type) => Err(JsonProblem::Polyglot),
            _ => Ok(Document::Index(index.manifests)),
        })),
        _ => Some(Err(JsonProblem::Polyglot)),
    }
}

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, JsonProblem> {
    serde_json::from_slice(bytes).map_err(|error| json::malformed(&error))
}

impl From<RawConfig> for Config {
    fn from(raw: RawConfig) -> Self {
        Self {
            diff_ids: raw.rootfs.diff_ids.unwrap_or_default(),
            platform: platform(&raw.os.0, &raw.architecture.0, word(raw.variant.as_ref())),
            built_for: (!raw.os.0.is_empty() || !raw.architecture.0.is_empty()).then(|| {
                let has_features = raw.os_features.is_some_and(|features| !features.is_empty());
                Platform::new(&raw.os.0, &raw.architecture.0, word(raw.variant.as_ref()), has_features)
            }),
            created: raw.created.and_then(|text| Timestamp::try_from(text).ok()),
            made_by: Vec::new(),
            parameters: None,
        }
    }
}

impl Document {
    /// Bytes of memory that it takes, roughly.
    pub(super) fn weight(&self) -> usize {
        let texts = |it: &[String]| it.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
        match self {
            Self::Saves(saves) => saves
                .iter()
                .map(|save| {
                    let names = save.names.as_deref().map_or(0, texts);
                    size_of::<Save>() + save.config.len() + names + save.layers.as_deref().map_or(0, texts)
                })
                .sum(),
            Self::Config(config) => {
                let platform = config.platform.as_ref().map_or(0, String::len);
                let built_for = config.built_for.as_ref().map_or(0, Platform::bytes);
                let diff_ids = config.diff_ids.iter().map(ClaimedDigest::weight);
                size_of::<Config>() + platform + built_for + diff_ids.sum::<usize>()
            }
            Self::Manifest(manifest) => {
                let descriptors = std::iter::once(&manifest.config).chain(&manifest.layers);
                manifest.media_type.len() + descriptors.map(Descriptor::weight).sum::<usize>()
            }
            Self::Index(descriptors) => descriptors.iter().map(Descriptor::weight).sum(),
        }
    }

    /// The word for an error.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Saves(_) => "a list",
            Self::Config(_) => "an image configuration",
            Self::Manifest(_) => "an image manifest",
            Self::Index(_) => "an image index",
        }
    }
}
