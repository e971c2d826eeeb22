//! Measuring: an image of the engine, an archive file, a layout folder, standard input.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use super::{
    context::blocking,
    exported::{CHANGED, measure_export, recall_image},
    remote::{Platforms, measure_remote},
};
use crate::{
    domain::{
        Reference,
        image::{Evidence, LocalImage, Source},
        measurement::{MeasuredImage, Measurement},
        progress::Watch,
        text::clean,
    },
    image::{self, ImageError},
    ops::{Context, Failure},
    store::CacheKey,
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
    /// What the registry of a name serves under it.
    Remote(Reference),
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
    /// The image's registry.
    Registry,
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
        Target::Remote(reference) => {
            let measurement = measure_remote(context, reference, Platforms::All, watch).await?;
            let name = reference.as_str().to_owned();
            return Ok(Measured { kind: TargetKind::Registry, name, measurement });
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
        // Of a name that the engine does not resolve there is nothing to export.
        Source::Engine if matches!(image.evidence, Evidence::Unreadable { .. }) => Ok(image.evidence.clone()),
        Source::Engine => {
            let engine = context.engine().await?;
            if !fresh {
                let known = recall_image(context, image.clone()).await.evidence;
                if known.level().is_measured() {
                    return Ok(known);
                }
            }
            match measure_export(context, &engine, image, watch).await {
                Ok(exported) => Ok(exported.evidence),
                Err(failure) if failure.code == CHANGED => {
                    Ok(Evidence::Corrupt { problem: failure.message, config: None })
                }
                Err(failure) => Err(failure),
            }
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
pub(super) fn note_layers(context: &Context, measurement: &Measurement) {
    if let Err(error) = context.store().remember_layers(measurement) {
        tracing::warn!(%error, "layers are not remembered");
    }
}

/// A cache that cannot be written costs time, not truth: what was measured stands.
pub(super) fn remember(context: &Context, key: &CacheKey, measurement: &Measurement) {
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

pub(super) fn recall(context: &Context, key: &CacheKey) -> Option<Measurement> {
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

/// What identifies the bytes of an archive or a layout folder: the key of every file that measuring it reads, since a
/// folder's own times say nothing of the files below it. `None` when one changed a moment ago, or cannot be looked at.
pub(super) fn content_key(path: &Path) -> Option<Vec<CacheKey>> {
    let file_key = |file: PathBuf| {
        let meta = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
        CacheKey::of_file(&meta, SystemTime::now())
    };
    image::files_of(path).ok()?.into_iter().map(file_key).collect()
}
