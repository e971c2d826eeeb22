//! What the engine's answers mean in DaoChain's words.

use bollard::models::{ImageInspect, ImageSummary};

use super::{
    engine::{EngineInfo, Store},
    error::EngineError,
};
use crate::domain::{
    Digest, Reference, Timestamp,
    digest::DigestKind,
    image::{Evidence, EvidenceLevel, ImageId, KindedDigest, LocalImage, Source},
    text::clean_to,
};

/// Longest platform or ID that is shown.
const SHOWN: usize = 100;
/// The kind of a digest of which the engine does not say whether it is a manifest's or an index's. It may still be found
/// in a record: records are found by value.
const UNSAID: DigestKind = DigestKind::Other(0);

/// What the engine says of one image beyond the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDetail {
    /// The engine's ID: `sha256:` and 64 digits.
    pub id: String,
    /// Its names, sorted.
    pub references: Vec<Reference>,
    /// `linux/amd64`, `linux/arm64/v8`: made safe to show.
    pub platform: Option<String>,
    /// When it was built, as its configuration says.
    pub created: Option<Timestamp>,
    /// Bytes, as the engine counts them.
    pub size: u64,
    /// The diffIDs of its layers, lowest first, as the engine says.
    pub layers: Vec<Digest>,
}

/// An engine's `Id` as a digest. Some versions of Podman leave `sha256:` out.
pub(super) fn parse_id(id: &str) -> Option<Digest> {
    Digest::from_hex(id.strip_prefix("sha256:").unwrap_or(id))
}

/// One line of the list.
pub(super) fn local_image(summary: &ImageSummary, info: &EngineInfo) -> LocalImage {
    let id = parse_id(&summary.id);
    let evidence = match id {
        Some(digest) => {
            let kind = kind_of_id(info.store, summary.descriptor.as_ref().and_then(|one| one.media_type.as_deref()));
            Evidence::known(EvidenceLevel::Claimed, vec![KindedDigest { kind, digest }])
        }
        // Kept in the list: an image that cannot be judged must not look like one that is not there.
        None => Evidence::Unreadable {
            cause: format!("the engine calls it `{}`, which is no SHA-256 digest", clean_to(&summary.id, SHOWN)),
        },
    };
    LocalImage {
        id: ImageId {
            source: Source::Engine,
            id: id.map_or_else(|| clean_to(&summary.id, SHOWN), |digest| digest.to_string()),
        },
        references: references(&summary.repo_tags),
        size: u64::try_from(summary.size).unwrap_or_default(),
        created: created(summary.created),
        platform: None,
        engine: info.label(),
        evidence,
    }
}

/// An image as the list of a store that keeps images by their configurations would tell it.
pub(super) fn as_listed(detail: ImageDetail, info: &EngineInfo) -> LocalImage {
    let config = parse_id(&detail.id).map(|digest| KindedDigest { kind: DigestKind::Config, digest });
    LocalImage {
        id: ImageId { source: Source::Engine, id: detail.id },
        references: detail.references,
        size: detail.size,
        created: detail.created,
        platform: None,
        engine: info.label(),
        evidence: Evidence::known(EvidenceLevel::Claimed, config.into_iter().collect()),
    }
}

/// An image that the engine runs under these names and does not list.
pub(super) fn unlisted(references: Vec<Reference>, detail: &ImageDetail, info: &EngineInfo) -> LocalImage {
    let digests = parse_id(&detail.id).map(|digest| KindedDigest { kind: UNSAID, digest });
    LocalImage {
        id: ImageId { source: Source::Engine, id: detail.id.clone() },
        references,
        size: detail.size,
        created: detail.created,
        platform: detail.platform.clone(),
        engine: info.label(),
        evidence: Evidence::known(EvidenceLevel::Claimed, digests.into_iter().collect()),
    }
}

/// A name of which the engine does not say what it means.
pub(super) fn unsettled(name: Reference, error: &EngineError, info: &EngineInfo) -> LocalImage {
    LocalImage {
        id: ImageId { source: Source::Engine, id: name.to_string() },
        references: vec![name],
        size: 0,
        created: None,
        platform: None,
        engine: info.label(),
        evidence: Evidence::Unreadable { cause: error.to_string() },
    }
}

/// `None` where the engine gave no ID that could be trusted in a request.
pub(super) fn detail(inspected: ImageInspect) -> Option<ImageDetail> {
    let id = parse_id(inspected.id.as_deref()?)?.to_string();
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let platform = given(inspected.os).zip(given(inspected.architecture)).map(|(os, architecture)| {
        let variant = given(inspected.variant).map(|variant| format!("/{variant}")).unwrap_or_default();
        clean_to(&format!("{os}/{architecture}{variant}"), SHOWN)
    });
    Some(ImageDetail {
        id,
        references: references(&inspected.repo_tags.unwrap_or_default()),
        platform,
        created: inspected.created.and_then(|text| Timestamp::try_from(text).ok()).filter(|time| time.0 > 0),
        size: inspected.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        layers: inspected
            .root_fs
            .and_then(|root| root.layers)
            .unwrap_or_default()
            .iter()
            .filter_map(|layer| layer.parse().ok())
            .collect(),
    })
}

/// What `Id` is the digest of. `RepoDigests` are not asked: the containerd store fills them for images that no registry
/// ever saw.
fn kind_of_id(store: Store, media_type: Option<&str>) -> DigestKind {
    match (store, media_type) {
        (Store::Classic, _) => DigestKind::Config,
        // `Descriptor` is in the list from API 1.48 (Docker 28) on.
        (_, Some(media)) if media.contains("manifest.list") || media.contains("image.index") => DigestKind::Index,
        (_, Some(media)) if media.contains("manifest") => DigestKind::Manifest,
        _ => UNSAID,
    }
}

/// Old engines write `<none>:<none>` for an image without a name, which the grammar refuses like every other non-name.
fn references(tags: &[String]) -> Vec<Reference> {
    let mut references: Vec<Reference> = tags
        .iter()
        .filter_map(|tag| match tag.parse() {
            Ok(reference) => Some(reference),
            Err(error) => {
                tracing::debug!(%error, "dropped a name of the engine's");
                None
            }
        })
        .collect();
    references.sort();
    references.dedup();
    references
}

/// Engines write 0 or the year 1 for a time that the image does not tell.
fn created(seconds: i64) -> Option<Timestamp> {
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Timestamp)
}
