//! Images that an engine knows by a manifest or an index, identified: which configuration stands behind it.
//!
//! What a digest leads to never changes, so it is read once for each ID. Only which platform an index stands for may change,
//! as long as the engine's own is not among those that it holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::context::blocking;
use crate::{
    docker::{ContentStore, Engine, EngineInfo},
    domain::{
        Digest,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest, LocalImage},
        progress::Watch,
    },
    image::{FETCHED_BYTES, Identity, identify, identify_export},
    ops::{Context, Failure},
    store::CacheKey,
};

/// What was found out in this process.
#[derive(Default)]
pub(super) struct Identities(Mutex<HashMap<Digest, Identity>>);

impl Identities {
    /// Which image `image` of `engine` is, where that is known or the engine's content store is there to be read. Blocks.
    pub(super) fn of(&self, engine: &Engine, image: &LocalImage) -> Option<Identity> {
        let root: Digest = image.id.id.parse().ok()?;
        let known = |identities: &Self| identities.0.lock().unwrap_or_else(PoisonError::into_inner).get(&root).cloned();
        if let Some(identity) = known(self) {
            return Some(identity);
        }
        let (identity, is_final) = find(&engine.content_store()?, root, engine.info())?;
        if is_final {
            self.note(root, &identity);
        }
        Some(identity)
    }

    fn note(&self, root: Digest, identity: &Identity) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(root, identity.clone());
    }
}

/// Which image `image` is, by as much of its export as tells: for an engine whose content store cannot be read. The
/// layers that come before its documents are read over.
///
/// # Errors
/// When the engine cannot export it, or it is cancelled.
pub async fn identify_by_export(
    context: &Context,
    image: &LocalImage,
    watch: Arc<dyn Watch>,
) -> Result<LocalImage, Failure> {
    let engine = context.engine().await?;
    let (context, image) = (context.clone(), image.clone());
    blocking(move || {
        let Ok(root) = image.id.id.parse::<Digest>() else { return Ok(image) };
        let own = engine.info().platform.clone();
        let is_final =
            |found: &[Identity]| choose(found.to_vec(), own.as_deref()).is_some_and(|(_, is_final)| is_final);
        let found = engine
            .export_reader(&[&image.id.id], &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(identify_export(reader, root, &is_final, &*watch)?));
        let found = if watch.is_cancelled() { return Err(Failure::cancelled()) } else { found? };
        Ok(match choose(found, own.as_deref()) {
            Some((identity, is_final)) => {
                if is_final {
                    context.identities().note(root, &identity);
                }
                identified(image, &identity)
            }
            None => image,
        })
    })
    .await
}

fn find(store: &ContentStore, root: Digest, engine: &EngineInfo) -> Option<(Identity, bool)> {
    match identify(root, &|digest| store.read(digest, FETCHED_BYTES)) {
        Ok(found) => choose(found, engine.platform.as_deref()),
        Err(error) => {
            tracing::debug!(%root, %error, "an image is not identified");
            None
        }
    }
}

/// The image that an engine of the platform `own` means, and whether it will mean it for ever: its own platform's where
/// that is there, else the only one.
fn choose(mut found: Vec<Identity>, own: Option<&str>) -> Option<(Identity, bool)> {
    let is_own = |identity: &Identity| {
        let rest = identity.platform.as_deref().zip(own).and_then(|(platform, own)| platform.strip_prefix(own));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_manifests = found.len() == 1 && found.iter().all(|identity| identity.manifests.len() == 1);
    let (mut own, mut others): (Vec<_>, Vec<_>) = found.drain(..).partition(is_own);
    match (own.len(), others.len()) {
        (1, _) => own.pop().map(|identity| (identity, true)),
        (0, 1) => others.pop().map(|identity| (identity, is_manifests)),
        _ => None,
    }
}

/// The listed image with what its identity tells. What was measured already stays.
pub(super) fn identified(mut image: LocalImage, identity: &Identity) -> LocalImage {
    image.platform = identity.platform.clone().or(image.platform);
    image.created = identity.created.or(image.created);
    if matches!(image.evidence, Evidence::Known { level: EvidenceLevel::Claimed, .. }) {
        let config = KindedDigest { kind: DigestKind::Config, digest: identity.config };
        let manifests = identity.manifests.iter().copied().map(KindedDigest::from);
        let digests = std::iter::once(config).chain(manifests).collect();
        image.evidence = Evidence::Known { level: EvidenceLevel::Identified, digests };
    }
    image
}

/// What identifies the bytes that an engine exports for an image, whatever ID it has at the moment: its configuration and
/// its layers as they are stored. The same configuration with layers that were compressed anew is other bytes.
pub(super) fn content_key(engine: &EngineInfo, identity: &Identity) -> CacheKey {
    let digests = std::iter::once(&identity.config).chain(&identity.layers);
    let text = digests.map(ToString::to_string).collect::<Vec<_>>().join("\n");
    CacheKey::Engine { engine_id: engine.id.clone(), image_id: format!("content {}", Digest::of(text.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measurement::MeasuredManifest;

    fn identity(platform: &str, behind_index: bool) -> Identity {
        let manifest = |text: &str, is_index| MeasuredManifest { digest: Digest::of(text.as_bytes()), is_index };
        let index = behind_index.then(|| manifest("index", true));
        Identity {
            config: Digest::of(platform.as_bytes()),
            platform: Some(platform.to_owned()),
            created: None,
            manifests: std::iter::once(manifest(platform, false)).chain(index).collect(),
            layers: Vec::new(),
        }
    }

    fn chosen(platforms: &[&str], behind_index: bool) -> Option<(String, bool)> {
        let found = platforms.iter().map(|platform| identity(platform, behind_index)).collect();
        choose(found, Some("linux/arm64")).map(|(it, is_final)| (it.platform.unwrap_or_default(), is_final))
    }

    #[test]
    fn an_engine_means_its_own_platform_or_the_only_one() {
        let some = |platform: &str, is_final| Some((platform.to_owned(), is_final));
        assert_eq!(chosen(&["linux/amd64", "linux/arm64/v8"], true), some("linux/arm64/v8", true));
        assert_eq!(chosen(&["linux/amd64"], true), some("linux/amd64", false), "its own may still be pulled");
        assert_eq!(chosen(&["linux/amd64"], false), some("linux/amd64", true));
        assert_eq!(chosen(&["linux/amd64", "linux/s390x"], true), None);
        assert_eq!(chosen(&["linux/arm64/v7", "linux/arm64/v8"], true), None);
        assert_eq!(chosen(&["linux/arm64be", "linux/amd64"], true), None, "another platform that begins alike");
        assert_eq!(chosen(&[], true), None);
    }
}
