//! Which image an engine means by a manifest or an index: which configuration stands behind it.
//!
//! Behind a manifest, or an index that leads to one, there is nothing to choose. Of several manifests engines choose by rules
//! that change with their versions, and by what they hold at the moment: they run whatever they find best, attestations even.
//! So one is chosen here only if it is whole, certainly for the engine's own platform, and beside nothing that may be, and if
//! the engine says the same of it. Everything else stays open, and what is open is never evidence.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt as _, stream};
use tokio::sync::Mutex as AsyncMutex;

use super::context::blocking;
use crate::{
    docker::{self, ContentStore, Engine, EngineInfo, ImageDetail},
    domain::{
        Digest, Platform,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest, LocalImage, Source},
        measurement::MeasuredManifest,
        platform::Standing,
        progress::Watch,
    },
    image::{Behind, Branch, FETCHED_BYTES, Identity, identify, identify_export},
    ops::{Context, Failure},
    store::CacheKey,
};

/// How often an engine that fails is asked for an export that only identifies.
const TRIES: u32 = 3;
/// Questions to an engine at once.
const AT_ONCE: usize = 8;

/// The image that an engine means by an ID.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    /// Its configuration.
    pub(super) config: Digest,
    /// What leads to it; `None` where the ID is the configuration itself.
    pub(super) identity: Option<Identity>,
    /// The ID can never mean another.
    pub(super) is_final: bool,
}

/// What is known of an engine's ID without measuring.
#[derive(Debug, Clone)]
pub(super) enum Knowledge {
    /// Its documents are not to be had.
    Nothing,
    /// They leave a choice to the engine.
    Open,
    /// Which image it is.
    Meant(Box<Meant>),
}

impl Knowledge {
    pub(super) fn meant(&self) -> Option<&Meant> {
        if let Self::Meant(meant) = self { Some(meant) } else { None }
    }
}

/// What was found out in this process and never changes.
#[derive(Default)]
pub(super) struct Identities {
    known: Mutex<HashMap<Digest, Identity>>,
    /// How often an export was asked for what it tells.
    tried: Mutex<HashMap<Digest, u32>>,
    /// One at a time asks.
    asking: AsyncMutex<()>,
}

impl Identities {
    fn get(&self, root: Digest) -> Option<Meant> {
        let identity = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&root).cloned()?;
        Some(Meant { config: identity.config, identity: Some(identity), is_final: true })
    }

    fn is_open(&self, root: Digest) -> bool {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).get(&root).is_none_or(|tries| *tries < TRIES)
    }

    /// Notes that an export was asked for: once and for all, or in vain.
    fn note_try(&self, root: Digest, is_told: bool) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        *tried.entry(root).or_default() += if is_told { TRIES } else { 1 };
    }

    fn note(&self, root: Digest, meant: &Meant) {
        if let Meant { is_final: true, identity: Some(identity), .. } = meant {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(root, identity.clone());
        }
    }
}

/// What is known of each of an engine's IDs, by its kind of store and what its content store holds.
pub(super) async fn know(context: &Context, engine: &Engine, roots: Vec<Digest>) -> Vec<Knowledge> {
    let (own, of_engine) = (context.clone(), engine.clone());
    let count = roots.len();
    let looked = blocking(move || {
        let store = of_engine.content_store();
        Ok(roots.into_iter().map(|root| (root, look(&own, &of_engine, store.as_ref(), root))).collect::<Vec<_>>())
    });
    let Ok(looked) = looked.await else { return vec![Knowledge::Nothing; count] };
    stream::iter(looked).map(|(root, known)| confirm(engine, root, known)).buffered(AT_ONCE).collect().await
}

fn look(context: &Context, engine: &Engine, store: Option<&ContentStore>, root: Digest) -> Knowledge {
    if engine.info().store == docker::Store::Classic {
        return Knowledge::Meant(Box::new(Meant { config: root, identity: None, is_final: true }));
    }
    if let Some(meant) = context.identities().get(root) {
        return Knowledge::Meant(Box::new(meant));
    }
    let Some(store) = store else { return Knowledge::Nothing };
    let found = identify(root, &|digest| store.read(digest, FETCHED_BYTES), &|digest| store.has(digest));
    match found {
        Ok(branches) if is_nothing(&branches) => Knowledge::Nothing,
        Ok(branches) => conclude(context, engine, root, branches, View::Whole),
        Err(error) => {
            tracing::debug!(%root, %error, "an image is not identified");
            Knowledge::Open
        }
    }
}

/// The root itself is not here.
fn is_nothing(branches: &[Branch]) -> bool {
    matches!(branches, [Branch { described, behind: Behind::Absent }] if described.is_empty())
}

/// Which image `root` is by its branches. What there was a choice of is still to be [confirmed](confirm).
pub(super) fn conclude(
    context: &Context,
    engine: &Engine,
    root: Digest,
    branches: Vec<Branch>,
    view: View,
) -> Knowledge {
    choose(branches, own_platform(engine.info()).as_ref(), view).map_or(Knowledge::Open, |meant| {
        context.identities().note(root, &meant);
        Knowledge::Meant(Box::new(meant))
    })
}

/// Files of a content store may be another client's of the same containerd. Where there was a choice, what the engine itself
/// tells of the image must be true of the chosen one.
pub(super) async fn confirm(engine: &Engine, root: Digest, known: Knowledge) -> Knowledge {
    let Some(Meant { is_final: false, identity: Some(identity), .. }) = known.meant() else { return known };
    match engine.inspect(&root.to_string()).await {
        Ok(detail) if is_told_of(&detail, identity) => known,
        Ok(_) => Knowledge::Open,
        Err(error) => {
            tracing::debug!(%root, %error, "an image is not identified");
            Knowledge::Open
        }
    }
}

fn is_told_of(detail: &ImageDetail, identity: &Identity) -> bool {
    let platform = detail.platform.as_deref().map(Platform::from);
    let is_platform = platform.zip(identity.built_for.as_ref()).is_some_and(|(one, other)| one.is_for_the_same(other));
    is_platform && detail.layers == identity.diff_ids && detail.created == identity.created
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
    let Ok(root) = image.id.id.parse::<Digest>() else { return Ok(image.clone()) };
    if !matches!(know(context, &engine, vec![root]).await.as_slice(), [Knowledge::Nothing]) {
        // Nothing that an export tells would be more certain.
        return Ok(image.clone());
    }
    let of_engine = engine.clone();
    let permit = context.export_permit(&*watch).await?;
    let found = blocking(move || {
        let _permit = permit;
        let found = of_engine
            .export_reader(&[&root.to_string()], &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(identify_export(reader, root, &is_alone, &*watch)?));
        if watch.is_cancelled() { Err(Failure::cancelled()) } else { found }
    });
    let known = conclude(context, &engine, root, found.await?, View::Export);
    let known = confirm(&engine, root, known).await;
    let identity = known.meant().and_then(|meant| meant.identity.as_ref());
    Ok(identity.map_or_else(|| image.clone(), |identity| identified(image.clone(), identity)))
}

/// [`identify_by_export`] of every listed image of which only the engine's word is known, one after the other and once in
/// this process, where the engine answers. True when more is known of one now: whoever lists the images again is told.
pub async fn identify_listed(context: &Context, images: &[LocalImage], watch: Arc<dyn Watch>) -> bool {
    let is_open = |image: &&LocalImage| {
        image.id.source == Source::Engine
            && image.evidence.config_digest().is_none()
            && !matches!(image.evidence, Evidence::Unreadable { .. })
            && image.id.id.parse().is_ok_and(|root| context.identities().is_open(root))
    };
    let mut found = false;
    let _asking = context.identities().asking.lock().await;
    for image in images {
        // Asked each time: somebody else may have found out meanwhile.
        let (true, Ok(root)) = (is_open(&image), image.id.id.parse()) else { continue };
        let identified = identify_by_export(context, image, Arc::clone(&watch)).await;
        match identified {
            Ok(identified) => {
                context.identities().note_try(root, true);
                found |= identified.evidence.config_digest().is_some();
            }
            Err(failure) if failure.is_cancelled() => break,
            Err(failure) => {
                context.identities().note_try(root, false);
                tracing::info!(%failure, "an image is not identified");
            }
        }
    }
    found
}

/// There is one branch, with an image at its end.
fn is_alone(branches: &[Branch]) -> bool {
    matches!(branches, [Branch { behind: Behind::Image(_), .. }])
}

fn own_platform(engine: &EngineInfo) -> Option<Platform> {
    engine.platform.as_deref().map(Platform::from)
}

/// How much is seen of what an engine holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Every file of its content store.
    Whole,
    /// What it exports: images are left out of which a layer is held unpacked only, and those it runs all the same.
    Export,
}

/// The image that an engine of the platform `own` means by these branches. `None` where that is not certain.
fn choose(mut branches: Vec<Branch>, own: Option<&Platform>, view: View) -> Option<Meant> {
    let is_final = is_alone(&branches);
    if !is_final {
        let may_be_meant = |branch: &Branch| standing(branch, own, view) != Standing::Other;
        branches.retain(may_be_meant);
        let is_certain = |only: &Branch| standing(only, own, view) == Standing::Own && is_here(only);
        if branches.len() != 1 || !branches.iter().all(is_certain) {
            return None;
        }
    }
    match branches.pop()?.behind {
        Behind::Image(identity) => Some(Meant { config: identity.config, identity: Some(*identity), is_final }),
        Behind::Absent | Behind::Unclear | Behind::Attestation => None,
    }
}

fn is_here(branch: &Branch) -> bool {
    matches!(&branch.behind, Behind::Image(identity) if identity.is_whole)
}

/// Whether a branch may be the engine's own platform's: what all descriptors on the way and the configuration agree on.
fn standing(branch: &Branch, own: Option<&Platform>, view: View) -> Standing {
    let of = |platform: &Platform| own.map_or(Standing::Unsure, |own| platform.standing(own));
    let config = match (&branch.behind, view) {
        (Behind::Image(identity), _) => Some(identity.built_for.as_ref().map_or(Standing::Unsure, of)),
        (Behind::Absent, View::Whole) => None,
        (Behind::Absent, View::Export) | (Behind::Unclear, _) => Some(Standing::Unsure),
        (Behind::Attestation, _) => return Standing::Other,
    };
    let mut said = branch.described.iter().map(of).chain(config);
    let first = said.next().unwrap_or(Standing::Unsure);
    if said.all(|other| other == first) { first } else { Standing::Unsure }
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

/// What identifies the bytes of an export: the ID, where it always means the same image, and the manifest behind it, which
/// names the configuration and every layer as it is stored, whatever ID leads there.
pub(super) fn cache_keys(engine: &EngineInfo, root: Digest, meant: Option<&Meant>) -> Vec<CacheKey> {
    let key = |image_id| CacheKey::Engine { engine_id: engine.id.clone(), image_id };
    let is_final = meant.is_none_or(|meant| meant.is_final);
    let by_id = is_final.then(|| key(format!("always {root}")));
    let manifest = meant.and_then(|meant| meant.identity.as_ref()?.manifests.first());
    by_id.into_iter().chain(manifest.map(|manifest| key(format!("manifest {}", manifest.digest)))).collect()
}

#[cfg(test)]
mod tests;
