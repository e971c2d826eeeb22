//! Measuring and recalling an engine's images.
//!
//! ```text
//! ID ─▶ knowledge (identity.rs) ─┬▶ cache: the same content, measured before
//!                                └▶ export ─▶ measurement ─▶ evidence of the image that is meant ─▶ cache
//! ```

use std::sync::Arc;

use super::{
    context::blocking,
    identity::{self, Knowledge, Meant, View, cache_keys, identified, know},
    measure::{recall, remember},
};
use crate::{
    docker::{self, Engine},
    domain::{
        Digest,
        image::{Evidence, LocalImage, Source},
        measurement::{ImageState, MeasuredImage, Measurement},
        notice::Notice,
        progress::Watch,
    },
    image::{self, Branch},
    ops::{Context, Failure},
    store::CacheKey,
};

/// Why an index is no evidence.
const OPEN: &str = "its index holds several images, and it cannot be told for certain which of them runs here; load or pull the \
                    one that is meant by its manifest's digest, or look as a user who can read the engine's content store";

/// What an engine exported for an image.
pub(super) struct Exported {
    pub(super) measurement: Measurement,
    /// What it says of the image that was asked for.
    pub(super) evidence: Evidence,
}

pub(super) async fn measure_export(
    context: &Context,
    engine: &Engine,
    image: &LocalImage,
    watch: Arc<dyn Watch>,
) -> Result<Exported, Failure> {
    let Ok(root) = image.id.id.parse::<Digest>() else { return Err(no_id(image)) };
    let known = know(context, engine, vec![root]).await.pop().unwrap_or(Knowledge::Nothing);
    let (of_engine, size) = (engine.clone(), engine.export_size(image));
    let permit = context.export_permit(&*watch).await?;
    let measured = blocking(move || {
        let _permit = permit;
        // The first byte takes seconds per gigabyte on a classic store.
        let measured = of_engine
            .export_reader(&[&root.to_string()], &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(image::measure_export(reader, size, root, &*watch)?))
            .map_err(changed_or);
        // A cancelled read reaches the measurement as an error of the stream.
        if watch.is_cancelled() { Err(Failure::cancelled()) } else { Ok(measured) }
    });
    let measured = measured.await?;
    let known = match (known, &measured) {
        (Knowledge::Nothing, Ok((measurement, branches))) => {
            let known = known_by_export(context, engine, root, measurement, branches.clone());
            identity::confirm(engine, root, known).await
        }
        (known, _) => known,
    };
    let (context, engine) = (context.clone(), engine.clone());
    blocking(move || {
        let exported = measured.map(|(measurement, _)| Exported {
            evidence: engine_evidence(root, known.meant().map(|meant| meant.config), &measurement),
            measurement,
        });
        match (&exported, known.meant()) {
            // What contradicts the engine's own word, or itself, must never be taken for it the next time.
            (Ok(Exported { measurement, evidence: Evidence::Known { .. } }), Some(meant))
                if measurement.images.iter().all(|image| image.state == ImageState::Measured) =>
            {
                remember_export(&context, &engine, root, meant, measurement);
            }
            // The engine may mend it under the same ID; until then nothing that was found before is true.
            (_, meant) => forget_export(&context, &engine, root, meant),
        }
        exported
    })
    .await
}

/// A refusal that rests on the engine's own check: its files were changed, which is more than that they cannot be read.
fn changed_or(failure: Failure) -> Failure {
    if failure.code != "engine-error" || !docker::tells_of_change(&failure.message) {
        return failure;
    }
    let message = format!("the engine finds its own files of the image changed: {}", failure.message);
    Failure::new(CHANGED, &message).hint("find out who changed them; then remove the image and pull it again")
}

/// Of a failure that says that the image's content contradicts itself.
pub(super) const CHANGED: &str = "image-corrupt";

fn known_by_export(
    context: &Context,
    engine: &Engine,
    root: Digest,
    measurement: &Measurement,
    branches: Vec<Branch>,
) -> Knowledge {
    // An engine that does not say how it keeps images may keep them by their configurations.
    let is_root = |found: &MeasuredImage| found.config_digest == Some(root);
    if engine.info().store == docker::Store::Unknown && measurement.images.iter().any(is_root) {
        return Knowledge::Meant(Box::new(Meant { config: root, identity: None, is_final: true }));
    }
    identity::conclude(context, engine, root, branches, View::Export)
}

fn no_id(image: &LocalImage) -> Failure {
    Failure::new("image-unreadable", &format!("the engine calls it `{}`, which is no SHA-256 digest", image.id.id))
}

/// Forgets what an export gave before.
fn forget_export(context: &Context, engine: &Engine, root: Digest, meant: Option<&Meant>) {
    for key in cache_keys(engine.info(), root, meant) {
        if let Err(error) = context.store().forget(&key) {
            context.note([Notice::new(&format!(
                "what was measured of {root} before is no longer true and cannot be forgotten: {error}"
            ))]);
        }
        context.distrust(key);
    }
}

/// Remembers what an export gave for an image.
pub(super) fn remember_export(
    context: &Context,
    engine: &Engine,
    root: Digest,
    meant: &Meant,
    measurement: &Measurement,
) {
    let Some(found) = measurement.images.iter().find(|found| is_meant(found, root, meant.config)) else { return };
    let alone = Measurement { images: vec![found.clone()], absent_platforms: Vec::new(), ..measurement.clone() };
    for key in cache_keys(engine.info(), root, Some(meant)) {
        remember(context, &key, &alone);
    }
}

/// An engine's images with what is known of them beyond the engine's word: which configuration each is, and what measuring
/// the same content found before.
pub(super) async fn recall_engine_images(
    context: &Context,
    engine: &Engine,
    images: Vec<LocalImage>,
) -> Result<Vec<LocalImage>, Failure> {
    let (named, nameless): (Vec<_>, Vec<_>) = images.into_iter().partition(|image| root_of(image).is_some());
    let known = know(context, engine, named.iter().filter_map(root_of).collect()).await;
    let (context, engine) = (context.clone(), engine.clone());
    blocking(move || {
        let keys: Vec<_> = named.iter().zip(&known).map(|(image, known)| keys_of(&engine, image, known)).collect();
        // As for one of them: a cache that cannot be read costs time, not truth.
        let held = context.store().remembered(keys.iter().flatten()).unwrap_or_default();
        let recalled = named.into_iter().zip(&known).zip(&keys).map(|((image, known), keys)| {
            recall_known(&context, image, known, keys.iter().filter(|key| held.contains(key)))
        });
        Ok(recalled.chain(nameless).collect())
    })
    .await
}

/// What an image may be remembered under.
fn keys_of(engine: &Engine, image: &LocalImage, known: &Knowledge) -> Vec<CacheKey> {
    match root_of(image) {
        Some(root) if !matches!(known, Knowledge::Open) => cache_keys(engine.info(), root, known.meant()),
        _ => Vec::new(),
    }
}

fn root_of(image: &LocalImage) -> Option<Digest> {
    image.id.id.parse().ok()
}

fn recall_known<'k>(
    context: &Context,
    mut image: LocalImage,
    known: &Knowledge,
    keys: impl Iterator<Item = &'k CacheKey>,
) -> LocalImage {
    let (Some(root), meant) = (root_of(&image), known.meant()) else { return image };
    if matches!(known, Knowledge::Open) {
        return image;
    }
    let identity = meant.and_then(|meant| meant.identity.as_ref());
    if let Some(identity) = identity {
        image = identified(image, identity);
    }
    let rows = keys.filter_map(|key| recall(context, key));
    for mut found in rows.flat_map(|row| row.images.into_iter().take(1)) {
        if let Some(identity) = identity {
            // It may have been found behind another index then.
            found.manifests.clone_from(&identity.manifests);
        }
        let claimed = meant.map(|meant| meant.config).or(found.config_digest);
        if claimed.is_some_and(|claimed| is_meant(&found, root, claimed)) {
            image.evidence = found.evidence();
            // The engine's list leaves the platform out; the configuration that was measured says it.
            image.platform = found.platform.or(image.platform);
            break;
        }
    }
    image
}

/// A listed image with what measuring has found of it since it was listed: its evidence and platform.
pub async fn recall_image(context: &Context, image: LocalImage) -> LocalImage {
    let (Source::Engine, Ok(engine)) = (&image.id.source, context.engine().await) else { return image };
    let recalled = recall_engine_images(context, &engine, vec![image.clone()]).await;
    recalled.ok().and_then(|mut images| images.pop()).unwrap_or(image)
}

/// Whether a measured image is the one that an engine calls `root` and says to have the configuration `claimed`.
pub(super) fn is_meant(found: &MeasuredImage, root: Digest, claimed: Digest) -> bool {
    found.config_digest == Some(claimed) && is_led_to(found, root)
}

/// Whether an engine's ID leads to a measured image: its configuration's digest, or that of a manifest or index above it.
fn is_led_to(found: &MeasuredImage, root: Digest) -> bool {
    found.config_digest == Some(root) || found.manifests.iter().any(|manifest| manifest.digest == root)
}

/// The evidence that an export gives for the image `root` that it was asked for, of which `claimed` is the configuration by
/// the documents that the ID leads to, never by what was measured; `None` where these leave a choice to the engine.
fn engine_evidence(root: Digest, claimed: Option<Digest>, measurement: &Measurement) -> Evidence {
    let images = &measurement.images;
    let damaged = || images.iter().find(|found| found.state != ImageState::Measured);
    match (claimed, images.as_slice()) {
        (_, []) => Evidence::Unreadable { cause: "the engine's export holds no image".to_owned() },
        (Some(claimed), [first, ..]) => {
            let meant = images.iter().find(|found| is_meant(found, root, claimed));
            // A damaged image need not tell what it was to be.
            let found = meant.or_else(damaged).map(exported_evidence);
            found.unwrap_or_else(|| contradiction(claimed, first.config_digest))
        }
        (None, [only]) if only.state != ImageState::Measured => exported_evidence(only),
        (None, [only]) if !is_led_to(only, root) => contradiction(root, only.config_digest),
        (None, _) => Evidence::Unreadable { cause: OPEN.to_owned() },
    }
}

/// An image that an engine exports without all that it refers to.
fn exported_evidence(found: &MeasuredImage) -> Evidence {
    match found.evidence() {
        Evidence::Unreadable { cause } => Evidence::Unreadable {
            cause: format!("the engine lists this image but does not hold all of it ({cause}); pull or load it again"),
        },
        evidence => evidence,
    }
}

fn contradiction(claimed: Digest, found: Option<Digest>) -> Evidence {
    let really = found.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string());
    Evidence::Corrupt { problem: format!("the engine calls it {claimed} and exports {really}"), config: found }
}

#[cfg(test)]
mod tests;
