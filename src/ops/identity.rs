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
        Digest, Platform,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest, LocalImage},
        measurement::MeasuredManifest,
        progress::Watch,
    },
    image::{Behind, Branch, FETCHED_BYTES, Identity, identify, identify_export},
    ops::{Context, Failure},
    store::CacheKey,
};

/// The image that an engine means by a manifest or an index.
pub(super) struct Meant {
    pub(super) identity: Identity,
    /// It will mean it for ever.
    pub(super) is_final: bool,
}

/// What was found out for ever in this process.
#[derive(Default)]
pub(super) struct Identities(Mutex<HashMap<Digest, Identity>>);

impl Identities {
    /// Which image `image` of `engine` is, where that is known or the engine's content store is there to be read. Blocks.
    pub(super) fn of(&self, engine: &Engine, image: &LocalImage) -> Option<Meant> {
        let root: Digest = image.id.id.parse().ok()?;
        if let Some(identity) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&root) {
            return Some(Meant { identity: identity.clone(), is_final: true });
        }
        let found = find(&engine.content_store()?, root, engine.info())?;
        self.note(root, &found);
        Some(found)
    }

    /// Which image `root` is by the branches of an export of it.
    pub(super) fn among(&self, engine: &Engine, root: Digest, branches: Vec<Branch>) -> Option<Meant> {
        let found = choose(branches, own_platform(engine.info()).as_ref())?;
        self.note(root, &found);
        Some(found)
    }

    fn note(&self, root: Digest, meant: &Meant) {
        if meant.is_final {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(root, meant.identity.clone());
        }
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
        let own = own_platform(engine.info());
        let is_final = |found: &[Branch]| choose(found.to_vec(), own.as_ref()).is_some_and(|meant| meant.is_final);
        let found = engine
            .export_reader(&[&image.id.id], &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(identify_export(reader, root, &is_final, &*watch)?));
        let found = if watch.is_cancelled() { return Err(Failure::cancelled()) } else { found? };
        let meant = context.identities().among(&engine, root, found);
        Ok(meant.map_or_else(|| image.clone(), |meant| identified(image.clone(), &meant.identity)))
    })
    .await
}

fn find(store: &ContentStore, root: Digest, engine: &EngineInfo) -> Option<Meant> {
    match identify(root, &|digest| store.read(digest, FETCHED_BYTES)) {
        Ok(found) => choose(found, own_platform(engine).as_ref()),
        Err(error) => {
            tracing::debug!(%root, %error, "an image is not identified");
            None
        }
    }
}

fn own_platform(engine: &EngineInfo) -> Option<Platform> {
    engine.platform.as_deref().map(Platform::from)
}

/// The image that an engine of the platform `own` means: the only one that may be its own platform's, else the only one that
/// is here at all. `None` where descriptors and configurations disagree on that.
fn choose(branches: Vec<Branch>, own: Option<&Platform>) -> Option<Meant> {
    let (mut its_own, mut others) = (Vec::new(), Vec::new());
    for branch in branches {
        if is_own(&branch, own)? { its_own.push(branch.behind) } else { others.push(branch.behind) }
    }
    match (its_own.pop(), its_own.is_empty()) {
        (Some(Behind::Image(identity)), true) => return Some(Meant { identity: *identity, is_final: true }),
        // Not pulled: another platform stands in for it, until it is.
        (Some(Behind::Absent) | None, true) => {}
        _ => return None,
    }
    let mut images = others.into_iter().filter_map(|behind| match behind {
        Behind::Image(identity) => Some(*identity),
        Behind::Absent | Behind::Unclear => None,
    });
    let only = images.next().filter(|_| images.next().is_none())?;
    // Behind a manifest there is nothing else to be pulled.
    let is_final = only.manifests.len() == 1;
    Some(Meant { identity: only, is_final })
}

/// Whether an engine may take this branch for its own platform's. What says nothing may be anything. `None` where a
/// descriptor says so and the configuration says otherwise, or the other way round.
fn is_own(branch: &Branch, own: Option<&Platform>) -> Option<bool> {
    let may_be = |platform: &Platform| own.is_none_or(|own| platform.may_be(own));
    let by_config = match &branch.behind {
        Behind::Image(identity) => Some(identity.built_for.as_ref().is_none_or(may_be)),
        Behind::Absent | Behind::Unclear => None,
    };
    let by_descriptors = (!branch.described.is_empty()).then(|| branch.described.iter().all(may_be));
    match (by_descriptors, by_config) {
        (Some(one), Some(other)) if one != other => None,
        (Some(is_own), _) | (None, Some(is_own)) => Some(is_own),
        (None, None) => Some(true),
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
        let shared = MeasuredManifest::shared(&identity.manifests);
        image.evidence = Evidence::Known { level: EvidenceLevel::Identified, digests, shared };
    }
    image
}

/// What identifies the bytes that an engine exports for an image, whatever index led to it: its manifest, which names the
/// configuration and every layer as it is stored. `None` for what no manifest leads to.
pub(super) fn content_key(engine: &EngineInfo, identity: &Identity) -> Option<CacheKey> {
    let manifest = identity.manifests.first()?.digest;
    Some(CacheKey::Engine { engine_id: engine.id.clone(), image_id: format!("manifest {manifest}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A branch behind an index: what its descriptor and its configuration say.
    fn branch(descriptor: Option<&str>, config: &str) -> Branch {
        let manifest =
            |text: &str, is_index| MeasuredManifest { digest: Digest::of(text.as_bytes()), is_index, images: 1 };
        let identity = Identity {
            config: Digest::of(config.as_bytes()),
            platform: Some(config.to_owned()),
            built_for: (!config.is_empty()).then(|| config.into()),
            created: None,
            manifests: vec![manifest(config, false), manifest("index", true)],
        };
        Branch { described: described(descriptor), behind: Behind::Image(Box::new(identity)) }
    }

    fn described(descriptor: Option<&str>) -> Vec<Platform> {
        descriptor.into_iter().map(Platform::from).collect()
    }

    fn chosen(branches: &[Branch]) -> Option<(String, bool)> {
        let chosen = choose(branches.to_vec(), Some(&"linux/arm64".into()));
        chosen.map(|meant| (meant.identity.platform.unwrap_or_default(), meant.is_final))
    }

    /// What [`chosen`] should answer.
    fn meant(platform: &str, is_final: bool) -> (String, bool) {
        (platform.to_owned(), is_final)
    }

    #[test]
    fn an_engine_means_its_own_platform_or_the_only_one() {
        let of = |platforms: &[&str]| chosen(&platforms.iter().map(|it| branch(None, it)).collect::<Vec<_>>());
        assert_eq!(of(&["linux/amd64", "linux/arm64/v8"]), Some(meant("linux/arm64/v8", true)));
        assert_eq!(of(&["linux/amd64", "linux/aarch64"]), Some(meant("linux/aarch64", true)));
        assert_eq!(of(&["linux/amd64"]), Some(meant("linux/amd64", false)), "its own may still be pulled");
        assert_eq!(of(&["linux/amd64", "linux/s390x"]), None);
        assert_eq!(of(&["linux/arm64/v7", "linux/arm64/v8"]), None);
        assert_eq!(of(&["linux/arm64be", "linux/amd64"]), None, "another platform that begins alike");
        assert_eq!(of(&["linux/arm64", ""]), None, "what says nothing may be the engine's own");
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn an_image_without_an_index_is_itself_whatever_it_was_built_for() {
        let mut alone = branch(None, "linux/amd64");
        if let Behind::Image(identity) = &mut alone.behind {
            identity.manifests.truncate(1);
        }
        assert_eq!(chosen(&[alone]), Some(meant("linux/amd64", true)));
    }

    #[test]
    fn engines_choose_by_descriptors_and_where_configurations_disagree_nothing_is_chosen() {
        let own = branch(Some("linux/arm64"), "linux/arm64");
        assert_eq!(
            chosen(&[own.clone(), branch(Some("linux/amd64"), "linux/amd64")]),
            Some(meant("linux/arm64", true))
        );
        let lying = [branch(Some("linux/amd64"), "linux/arm64"), branch(Some("linux/arm64"), "linux/amd64")];
        assert_eq!(chosen(&lying), None);
        assert_eq!(chosen(&[own.clone(), lying[0].clone()]), None);
        assert_eq!(chosen(&[own.clone(), lying[1].clone()]), None);
        assert_eq!(chosen(&[own, branch(Some("linux/amd64"), "linux/s390x")]), Some(meant("linux/arm64", true)));
    }

    #[test]
    fn what_is_not_here_is_no_choice_and_what_is_unclear_allows_none() {
        let other = branch(Some("linux/amd64"), "linux/amd64");
        let with = |descriptor, behind| chosen(&[other.clone(), Branch { described: described(descriptor), behind }]);
        assert_eq!(with(Some("linux/arm64"), Behind::Absent), Some(meant("linux/amd64", false)));
        assert_eq!(with(Some("linux/arm64"), Behind::Unclear), None);
        assert_eq!(with(None, Behind::Unclear), None);
        assert_eq!(with(Some("linux/s390x"), Behind::Unclear), Some(meant("linux/amd64", false)));
        assert_eq!(with(None, Behind::Absent), Some(meant("linux/amd64", false)));
        let own = branch(Some("linux/arm64"), "linux/arm64");
        let unknown = Branch { described: Vec::new(), behind: Behind::Absent };
        assert_eq!(chosen(&[own, unknown]), None, "it may yet be pulled, and be the engine's own as well");
    }
}
