//! Measuring: an image of the engine, an archive file, a layout folder, standard input.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use super::{
    context::blocking,
    identity::{self, identified},
};
use crate::{
    docker::{self, Engine, EngineInfo},
    domain::{
        Digest,
        image::{Evidence, LocalImage, Source},
        measurement::{ImageState, MeasuredImage, Measurement},
        progress::Watch,
        text::clean,
    },
    image::{self, ImageError},
    ops::{Context, Failure},
    store::{CacheKey, Store},
};

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
            let mut measurement = measure_export(context, &engine, &image, watch).await?;
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
            let measurement = measure_export(context, &engine, image, watch).await?;
            let (context, image) = (context.clone(), image.clone());
            blocking(move || Ok(engine_evidence(claim(&context, &engine, &image), &measurement))).await
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

async fn measure_export(
    context: &Context,
    engine: &Engine,
    image: &LocalImage,
    watch: Arc<dyn Watch>,
) -> Result<Measurement, Failure> {
    let (context, engine, image) = (context.clone(), engine.clone(), image.clone());
    let size = engine.export_size(&image);
    blocking(move || {
        // The first byte takes seconds per gigabyte on a classic store.
        let measured = engine
            .export_reader(&[&image.id.id], &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(image::measure(reader, size, &*watch)?));
        // A cancelled read reaches the measurement as an error of the stream.
        if watch.is_cancelled() {
            return Err(Failure::cancelled());
        }
        let claimed = claim(&context, &engine, &image);
        // What contradicts the engine's own word must never be taken for it the next time.
        let is_whole = |found: &Measurement| {
            found.images.iter().all(|image| image.state == ImageState::Measured)
                && matches!(engine_evidence(claimed, found), Evidence::Known { .. })
        };
        match &measured {
            Ok(measurement) if is_whole(measurement) => remember_export(&context, &engine, &image, measurement),
            // The engine may mend it under the same ID; until then nothing that was found before is true.
            Ok(_) | Err(_) => forget_export(&context, &engine, &image),
        }
        measured
    })
    .await
}

/// Forgets what an export gave before.
fn forget_export(context: &Context, engine: &Engine, image: &LocalImage) {
    let by_content = context.identities().of(engine, image).map(|it| identity::content_key(engine.info(), &it));
    for key in std::iter::once(engine_key(engine.info(), &image.id.id)).chain(by_content) {
        if let Err(error) = context.store().forget(&key) {
            tracing::warn!(%error, "an outdated measurement is still remembered");
        }
    }
}

async fn measure_path(context: &Context, path: PathBuf, watch: Arc<dyn Watch>) -> Result<Measurement, Failure> {
    let context = context.clone();
    blocking(move || {
        let before = content_key(&path);
        let outcome = image::measure_file(&path, &*watch).map_err(|error| unreadable(&path, error));
        // What was written while it was read is not remembered: the key would name other bytes.
        let Some(key) = before.filter(|key| content_key(&path).as_ref() == Some(key)) else { return outcome };
        match (&outcome, key.as_slice()) {
            (Ok(measurement), [file]) if !path.is_dir() => remember(context.store(), file, measurement),
            (Ok(measurement), _) => context.note_folder(&path, key, measurement.clone()),
            (Err(failure), _) if failure.is_cancelled() => {}
            (Err(failure), _) => context.note_unreadable(&path, key, &failure.to_string()),
        }
        outcome
    })
    .await
}

/// A cache that cannot be written costs time, not truth: what was measured stands.
fn remember(store: &Store, key: &CacheKey, measurement: &Measurement) {
    if let Err(error) = store.remember(key, measurement) {
        tracing::warn!(%error, "a measurement is not remembered");
    }
}

/// The room's sentences are about a stream; here it has a name.
fn unreadable(path: &Path, error: ImageError) -> Failure {
    match error {
        ImageError::Open { .. } | ImageError::Cancelled => error.into(),
        error => Failure::of(error.code(), &format!("`{}`: {error}", path.display()), error.hint()),
    }
}

fn recall(store: &Store, key: &CacheKey) -> Option<Measurement> {
    // A cache that cannot be read costs time, not truth: the image is measured again.
    store.measured(key).ok().flatten()
}

/// What an archive's or a layout folder's bytes were found to be, if they were measured before.
pub(super) fn recall_file(context: &Context, path: &Path) -> Option<Measurement> {
    let key = content_key(path)?;
    match key.as_slice() {
        [file] if !path.is_dir() => recall(context.store(), file),
        _ => context.recall_folder(path, &key),
    }
}

/// An engine's image with what is known of it beyond the engine's word: which configuration it is, and what measuring the
/// same content found before. Blocks.
pub(super) fn recall_engine_image(context: &Context, engine: &Engine, mut image: LocalImage) -> LocalImage {
    let identity = context.identities().of(engine, &image);
    if let Some(identity) = &identity {
        image = identified(image, identity);
    }
    // Which platform an index stands for may change: without knowing it nothing is recalled.
    let Some(claimed) = claim(context, engine, &image) else { return image };
    let holds = |known: &Measurement| known.images.iter().any(|found| found.config_digest == Some(claimed));
    let by_id = recall(context.store(), &engine_key(engine.info(), &image.id.id)).filter(holds);
    let measured = by_id.or_else(|| {
        let identity = identity.as_ref()?;
        let mut known = recall(context.store(), &identity::content_key(engine.info(), identity))?;
        // It was found behind other manifests then.
        known.images.iter_mut().for_each(|found| found.manifests.clone_from(&identity.manifests));
        Some(known)
    });
    if let Some(measurement) = measured {
        image.evidence = engine_evidence(Some(claimed), &measurement);
        // The engine's list leaves the platform out; the configuration that was measured says it.
        let config = image.evidence.config_digest();
        let found = measurement.images.iter().find(|found| config.is_some() && found.config_digest == config);
        image.platform = found.and_then(|found| found.platform.clone()).or(image.platform);
    }
    image
}

/// A listed image with what measuring has found of it since it was listed: its evidence and platform.
pub async fn recall_image(context: &Context, image: LocalImage) -> LocalImage {
    let (Source::Engine, Ok(engine)) = (&image.id.source, context.engine().await) else { return image };
    let (context, listed) = (context.clone(), image.clone());
    blocking(move || Ok(recall_engine_image(&context, &engine, listed))).await.unwrap_or(image)
}

/// Remembers what an export gave under the engine's ID, and under what identifies the content whatever its ID.
pub(super) fn remember_export(context: &Context, engine: &Engine, image: &LocalImage, measurement: &Measurement) {
    remember(context.store(), &engine_key(engine.info(), &image.id.id), measurement);
    let Some(identity) = context.identities().of(engine, image) else { return };
    let is_it = |found: &&MeasuredImage| found.config_digest == Some(identity.config);
    if let Some(found) = measurement.images.iter().find(is_it) {
        let alone = Measurement { images: vec![found.clone()], absent_platforms: Vec::new(), ..measurement.clone() };
        remember(context.store(), &identity::content_key(engine.info(), &identity), &alone);
    }
}

fn engine_key(engine: &EngineInfo, image: &str) -> CacheKey {
    CacheKey::Engine { engine_id: engine.id.clone(), image_id: image.to_owned() }
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

/// The configuration that the engine says the image has: from its ID and its own documents, never from what was measured.
fn claim(context: &Context, engine: &Engine, image: &LocalImage) -> Option<Digest> {
    match engine.info().store {
        docker::Store::Classic => image.id.id.parse().ok(),
        _ => context.identities().of(engine, image).map(|identity| identity.config),
    }
}

/// The evidence that an export gives for the image it was asked for. An engine may hold several platforms under one ID:
/// the image is the one whose configuration the engine claims, or the only one there is.
fn engine_evidence(claimed: Option<Digest>, measurement: &Measurement) -> Evidence {
    let chosen = measurement.images.iter().find(|found| claimed.is_some() && found.config_digest == claimed);
    match (chosen.or_else(|| measurement.images.first()), claimed) {
        (Some(found), Some(digest)) if found.state == ImageState::Measured && found.config_digest != Some(digest) => {
            contradiction(digest, found.config_digest)
        }
        (Some(_), None) if measurement.images.len() > 1 => Evidence::Unreadable {
            cause: "the engine exports several platforms under this name; name one by its ID".to_owned(),
        },
        (Some(found), _) => found.evidence(),
        (None, _) => Evidence::Unreadable { cause: "the engine's export holds no image".to_owned() },
    }
}

fn contradiction(claimed: Digest, found: Option<Digest>) -> Evidence {
    let really = found.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string());
    Evidence::Corrupt { problem: format!("the engine calls it {claimed} and exports {really}"), config: found }
}

#[cfg(test)]
mod tests;
