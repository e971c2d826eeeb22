//! Measuring: an image of the engine, an archive file, a layout folder, standard input.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use super::{
    context::blocking,
    identity::{self, Knowledge, Meant, View, cache_keys, identified, know},
};
use crate::{
    docker::{self, Engine},
    domain::{
        Digest,
        image::{Evidence, LocalImage, Source},
        measurement::{ImageState, MeasuredImage, Measurement},
        notice::Notice,
        progress::Watch,
        text::clean,
    },
    image::{self, Branch, ImageError},
    ops::{Context, Failure},
    store::CacheKey,
};

/// Why an index is no evidence.
const OPEN: &str = "its index holds several images, and it cannot be told for certain which of them runs here; load or pull the \
                    one that is meant by its manifest's digest, or look as a user who can read the engine's content store";

/// What `hash` was pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A name or ID of the engine, or a path: a path wins where such a file exists.
    Named(String),
    /// An archive file or a layout folder.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// Where measured bytes came from, in the words of `daochain.hash/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// The engine's export.
    Engine,
    /// An archive file.
    Archive,
    /// An OCI layout folder.
    Layout,
    /// Standard input.
    Stdin,
}

/// A target after measuring.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What kind it turned out to be.
    pub kind: TargetKind,
    /// Its name as given, made safe to show.
    pub name: String,
    /// What was found.
    pub measurement: Measurement,
}

/// Measures a target, always anew.
///
/// # Errors
/// When it cannot be read, or no image can be told of it.
pub async fn measure_target(context: &Context, target: &Target, watch: Arc<dyn Watch>) -> Result<Measured, Failure> {
    let path = match target {
        Target::Stdin => {
            let measurement = blocking(move || Ok(image::measure(std::io::stdin().lock(), None, &*watch)?)).await?;
            return Ok(Measured { kind: TargetKind::Stdin, name: "-".to_owned(), measurement });
        }
        Target::Path(path) => path.clone(),
        Target::Named(name) if Path::new(name).exists() => PathBuf::from(name),
        Target::Named(name) if name.starts_with(['/', '.']) => {
            let message = format!("`{name}` is no file or folder that is there, and no image name");
            return Err(
                Failure::new("archive-unreadable", &message).hint("name an archive, a layout folder or an image")
            );
        }
        Target::Named(name) => {
            let engine = context.engine().await.map_err(|failure| no_file_either(name, failure))?;
            let image = engine.resolve(name).await.map_err(|error| no_file_either(name, error.into()))?;
            let mut measurement = measure_export(context, &engine, &image, watch).await?.measurement;
            for found in &mut measurement.images {
                if found.references.is_empty() {
                    found.references.clone_from(&image.references);
                }
            }
            return Ok(Measured { kind: TargetKind::Engine, name: clean(name), measurement });
        }
    };
    let kind = if path.is_dir() { TargetKind::Layout } else { TargetKind::Archive };
    let name = clean(&path.display().to_string());
    let measurement = measure_path(context, path, watch).await?;
    Ok(Measured { kind, name, measurement })
}

/// A mistyped file name looks like an image's name.
fn no_file_either(name: &str, mut failure: Failure) -> Failure {
    if [".tar", ".gz", ".tgz", ".zst", ".oci"].iter().any(|ending| name.ends_with(ending)) {
        failure.message = format!("{}; and there is no file `{}`", failure.message, clean(name));
    }
    failure
}

/// Measures a listed image: from the cache where the same bytes were measured before, unless `fresh`.
///
/// # Errors
/// When it cannot be read. An image whose content contradicts itself is [`Evidence::Corrupt`] and no error.
pub async fn measure_image(
    context: &Context,
    image: &LocalImage,
    fresh: bool,
    watch: Arc<dyn Watch>,
) -> Result<Evidence, Failure> {
    match &image.id.source {
        Source::Engine => {
            let engine = context.engine().await?;
            if !fresh {
                let known = recall_image(context, image.clone()).await.evidence;
                if known.level().is_measured() {
                    return Ok(known);
                }
            }
            let exported = measure_export(context, &engine, image, watch).await?;
            Ok(exported.evidence)
        }
        Source::Archive(path) => {
            let recalled = if fresh { None } else { recall_file(context, path) };
            let measurement = match recalled {
                Some(measurement) => measurement,
                None => measure_path(context, path.clone(), watch).await?,
            };
            let position = image.id.id.parse::<usize>().unwrap_or_default();
            let gone =
                || Failure::new("archive-changed", &format!("archive `{}` changed while it was read", path.display()));
            measurement.images.get(position).map(MeasuredImage::evidence).ok_or_else(gone)
        }
    }
}

/// Every image of one archive: measured, from the cache where the same bytes were measured before, unless `fresh`.
///
/// # Errors
/// When it cannot be read, or no image can be told of it.
pub async fn measure_archive(
    context: &Context,
    path: &Path,
    fresh: bool,
    watch: Arc<dyn Watch>,
) -> Result<Vec<LocalImage>, Failure> {
    let recalled = if fresh { None } else { recall_file(context, path) };
    let measurement = match recalled {
        Some(measurement) => measurement,
        None => measure_path(context, path.to_owned(), watch).await?,
    };
    Ok(super::images::archive_images(path, &measurement))
}

/// What an engine exported for an image.
struct Exported {
    measurement: Measurement,
    /// What it says of the image that was asked for.
    evidence: Evidence,
}

async fn measure_export(
    context: &Context,
    engine: &Engine,
    image: &LocalImage,
    watch: Arc<dyn Watch>,
) -> Result<Exported, Failure> {
    let Ok(root) = image.id.id.parse::<Digest>() else { return Err(no_id(image)) };
    let known = know(context, engine, vec![root]).await.pop().unwrap_or(Knowledge::Nothing);
    let (of_engine, size) = (engine.clone(), engine.export_size(image));
    let measured = blocking(move || {
        // The first byte takes seconds per gigabyte on a classic store.
        let measured = of_engine
            .export_reader(&[&root.to_string()], &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(image::measure_export(reader, size, root, &*watch)?));
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

async fn measure_path(context: &Context, path: PathBuf, watch: Arc<dyn Watch>) -> Result<Measurement, Failure> {
    let context = context.clone();
    blocking(move || {
        let before = content_key(&path);
        let outcome = image::measure_file(&path, &*watch).map_err(|error| unreadable(&path, error));
        // What was written while it was read is not remembered: the key would name other bytes.
        let Some(key) = before.filter(|key| content_key(&path).as_ref() == Some(key)) else {
            if let Ok(measurement) = &outcome {
                note_layers(&context, measurement);
            }
            return outcome;
        };
        match (&outcome, key.as_slice()) {
            (Ok(measurement), [file]) if !path.is_dir() => remember(&context, file, measurement),
            (Ok(measurement), _) => {
                note_layers(&context, measurement);
                context.note_folder(&path, key, measurement.clone());
            }
            (Err(failure), _) if failure.is_cancelled() => {}
            (Err(failure), _) => context.note_unreadable(&path, key, &failure.to_string()),
        }
        outcome
    })
    .await
}

/// What is not remembered by its bytes still tells which layers belong to its configuration.
fn note_layers(context: &Context, measurement: &Measurement) {
    if let Err(error) = context.store().remember_layers(measurement) {
        tracing::warn!(%error, "layers are not remembered");
    }
}

/// A cache that cannot be written costs time, not truth: what was measured stands.
fn remember(context: &Context, key: &CacheKey, measurement: &Measurement) {
    match context.store().remember(key, measurement) {
        Ok(()) => context.trust_again(key),
        Err(error) => tracing::warn!(%error, "a measurement is not remembered"),
    }
}

/// The room's sentences are about a stream; here it has a name.
fn unreadable(path: &Path, error: ImageError) -> Failure {
    match error {
        ImageError::Open { .. } | ImageError::Cancelled => error.into(),
        error => Failure::of(error.code(), &format!("`{}`: {error}", path.display()), error.hint()),
    }
}

fn recall(context: &Context, key: &CacheKey) -> Option<Measurement> {
    if context.distrusts(key) {
        return None;
    }
    // A cache that cannot be read costs time, not truth: the image is measured again.
    context.store().measured(key).ok().flatten()
}

/// What an archive's or a layout folder's bytes were found to be, if they were measured before.
pub(super) fn recall_file(context: &Context, path: &Path) -> Option<Measurement> {
    let key = content_key(path)?;
    match key.as_slice() {
        [file] if !path.is_dir() => recall(context, file),
        _ => context.recall_folder(path, &key),
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
        let recalled =
            named.into_iter().zip(known).map(|(image, known)| recall_known(&context, &engine, image, &known));
        Ok(recalled.chain(nameless).collect())
    })
    .await
}

fn root_of(image: &LocalImage) -> Option<Digest> {
    image.id.id.parse().ok()
}

fn recall_known(context: &Context, engine: &Engine, mut image: LocalImage, known: &Knowledge) -> LocalImage {
    let (Some(root), meant) = (root_of(&image), known.meant()) else { return image };
    if matches!(known, Knowledge::Open) {
        return image;
    }
    let identity = meant.and_then(|meant| meant.identity.as_ref());
    if let Some(identity) = identity {
        image = identified(image, identity);
    }
    let rows = cache_keys(engine.info(), root, meant).into_iter().filter_map(|key| recall(context, &key));
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

/// What identifies the bytes of an archive or a layout folder: the key of every file that measuring it reads, since a
/// folder's own times say nothing of the files below it. `None` when one changed a moment ago, or cannot be looked at.
pub(super) fn content_key(path: &Path) -> Option<Vec<CacheKey>> {
    let file_key = |file: PathBuf| {
        let meta = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
        CacheKey::of_file(&meta, SystemTime::now())
    };
    image::files_of(path).ok()?.into_iter().map(file_key).collect()
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
