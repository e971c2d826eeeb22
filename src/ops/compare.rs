//! An image beside the released one: its layers, and the files of those that differ.
//!
//! ```text
//! released configuration ─┬▶ measured here at some time (store)          ┐
//!                         ├▶ an image that is here, measured on demand   ├▶ layers ─▶ pairs ─▶ files, on demand
//!                         └▶ the registry's, by digest, on demand        ┘
//! ```
//!
//! Nothing is believed of where it comes from: configurations and manifests are compared with their digests, and a layer is what
//! has its diffID.

use std::sync::Arc;

use super::{
    context::blocking,
    images::list_images,
    measure::{measure_archive, measure_image},
    registries,
    remote::list_remote_layers,
};
use crate::{
    domain::{
        Digest,
        compare::{Comparison, FileChanges, LayerFiles, Makeup, Origin, Pair, Question},
        image::{LocalImage, Source},
        progress::Watch,
    },
    image::{self, FETCHED_BYTES, StoredLayers},
    ops::{Context, Failure},
    registry::{Outline, Repository, Resolved},
};

/// How far the released image's layers are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// What is known by now.
    Known,
    /// Images that are here are measured, and the registry is asked.
    Anywhere,
}

/// Layers whose files are listed at once: both sides' lists have to be held.
pub const LISTED: usize = 8;
/// Documents of a registry that are read on the way to the released image.
const DOCUMENTS: usize = 32;

/// The image beside the released one.
///
/// # Errors
/// `not-compared` where one of them is not known as far as `reach` goes; what keeps the engine, the archive or the registry from
/// being read; cancelled.
pub async fn compare(
    context: &Context,
    question: &Question,
    reach: Reach,
    watch: Arc<dyn Watch>,
) -> Result<Comparison, Failure> {
    let here = own(context, question, reach, &watch).await?;
    let (released, origin) = released(context, question, &here, reach, &watch).await?;
    Ok(Comparison { here, released, version: question.version, origin })
}

fn not_compared(message: &str, hint: &str) -> Failure {
    Failure::new("not-compared", message).hint(hint)
}

async fn own(context: &Context, question: &Question, reach: Reach, watch: &Arc<dyn Watch>) -> Result<Makeup, Failure> {
    let unknown = || not_compared("the layers of this image were not measured yet", "measure it");
    let mut config = question.image.evidence.config_digest();
    if let Some(config) = config
        && let Some(known) = known(context, config).await?
    {
        return Ok(known);
    }
    if reach == Reach::Known {
        return Err(unknown());
    }
    match &question.image.id.source {
        Source::Engine => {
            let evidence = measure_image(context, &question.image, true, Arc::clone(watch)).await?;
            config = evidence.config_digest();
        }
        Source::Archive(path) => drop(measure_archive(context, path, true, Arc::clone(watch)).await?),
    }
    match config {
        Some(config) => known(context, config).await?.ok_or_else(unknown),
        None => Err(unknown()),
    }
}

async fn known(context: &Context, config: Digest) -> Result<Option<Makeup>, Failure> {
    let store = context.store().clone();
    blocking(move || Ok(store.makeup_of(config)?)).await
}

async fn released(
    context: &Context,
    question: &Question,
    here: &Makeup,
    reach: Reach,
    watch: &Arc<dyn Watch>,
) -> Result<(Makeup, Origin), Failure> {
    let mut measured = Vec::new();
    for digest in &question.expected {
        measured.extend(known(context, *digest).await?);
    }
    if let Some(found) = of_platform(measured, here) {
        return Ok((found, Origin::Measured));
    }
    if reach == Reach::Known {
        return Err(not_compared(
            "which layers the released image has is not known here: no image of it was measured",
            "get its list of layers from its registry",
        ));
    }
    if let Some(local) = local(context, &question.expected, watch).await {
        match &local.id.source {
            Source::Engine => drop(measure_image(context, &local, true, Arc::clone(watch)).await?),
            Source::Archive(path) => drop(measure_archive(context, path, true, Arc::clone(watch)).await?),
        }
        if let Some(config) = local.evidence.config_digest()
            && let Some(found) = known(context, config).await?
        {
            let name = local.references.first().map_or_else(|| local.id.id.clone(), |name| name.familiar().to_owned());
            return Ok((found, Origin::Local(name)));
        }
    }
    let (resolved, stored, repository) = served(context, question, here).await?;
    let limit = usize::try_from(FETCHED_BYTES).unwrap_or(usize::MAX);
    let config = repository.small_blob(stored.config, limit).await?;
    let config = config.ok_or_else(|| absent(question, "does not hold the released image's configuration"))?;
    let released = image::makeup(&config, &stored.layers)?;
    Ok((released, Origin::Registry { name: question.reference.name().to_owned(), manifest: resolved.digest }))
}

/// Of several platforms' images that of the same; the only one, whatever it is for.
fn of_platform(mut found: Vec<Makeup>, here: &Makeup) -> Option<Makeup> {
    let same = found.iter().position(|one| one.platform == here.platform);
    match (same, found.len()) {
        (Some(at), _) => Some(found.swap_remove(at)),
        (None, 1) => found.pop(),
        (None, _) => None,
    }
}

/// An image that is here and has one of these configurations. Archives that nobody has read yet are read for it.
async fn local(context: &Context, configs: &[Digest], watch: &Arc<dyn Watch>) -> Option<LocalImage> {
    let is_one = |image: &LocalImage| image.evidence.config_digest().is_some_and(|config| configs.contains(&config));
    let list = list_images(context).await.images;
    if let Some(found) = list.iter().find(|image| is_one(image)) {
        return Some(found.clone());
    }
    for image in list {
        if let (Source::Archive(path), None) = (&image.id.source, image.evidence.config_digest()) {
            // One that cannot be read holds no image of the release.
            let read = measure_archive(context, path, false, Arc::clone(watch)).await.unwrap_or_default();
            if let Some(found) = read.into_iter().find(|image| is_one(image)) {
                return Some(found);
            }
        }
    }
    None
}

fn absent(question: &Question, what: &str) -> Failure {
    not_compared(
        &format!("the registry of {} {what}", question.reference.familiar()),
        "have an image of the release here, and measure it",
    )
}

/// The released image's manifest as the registry serves it: by a digest of the release, or what the tag names, where that is
/// the release.
async fn served(
    context: &Context,
    question: &Question,
    here: &Makeup,
) -> Result<(Resolved, StoredLayers, Repository), Failure> {
    let repository = Repository::connect(&question.reference, &registries::access(context)).await?;
    let mut names: Vec<_> = question.expected.iter().map(ToString::to_string).collect();
    names.push(question.reference.tag().to_owned());
    let mut left = DOCUMENTS;
    let mut refusal = None;
    for name in names {
        let found = match repository.resolve(&name).await {
            Ok(found) => found,
            Err(error) => {
                refusal = Some(error);
                continue;
            }
        };
        let Some(found) = found else { continue };
        if let Some((manifest, stored)) = manifest_of(&repository, found, (question, here), &mut left).await? {
            return Ok((manifest, stored, repository));
        }
    }
    Err(refusal.map_or_else(|| absent(question, "does not serve the released image any more"), Failure::from))
}

/// The released manifest for the platform, by way of an index where one leads there.
async fn manifest_of(
    repository: &Repository,
    found: Resolved,
    (question, here): (&Question, &Makeup),
    left: &mut usize,
) -> Result<Option<(Resolved, StoredLayers)>, Failure> {
    let mut waiting = vec![(found, false)];
    while let Some((found, is_released)) = waiting.pop() {
        let is_released = is_released || question.expected.contains(&found.digest);
        match repository.outline(&found)? {
            Outline::Manifest { config, .. } if is_released || question.expected.contains(&config) => {
                let stored = image::stored_layers(&found.bytes)?;
                return Ok(Some((found, stored)));
            }
            Outline::Manifest { .. } => {}
            Outline::Index(children) => {
                let is_meant = |child: &crate::registry::Child| {
                    let same = child.platform.is_none() || child.platform == here.platform || here.platform.is_none();
                    same && !child.is_attestation
                };
                for child in children.into_iter().filter(is_meant) {
                    let Some(rest) = left.checked_sub(1) else { return Ok(None) };
                    *left = rest;
                    let next = repository.resolve(&child.digest.to_string()).await?;
                    waiting.extend(next.map(|next| (next, is_released)));
                }
            }
        }
    }
    Ok(None)
}

/// The files that differ in each of these pairs, at most [`LISTED`] of them, in their order.
///
/// # Errors
/// `not-compared` where a layer's content is not to be had; what keeps engine, archive or registry from being read; cancelled.
pub async fn compare_files(
    context: &Context,
    question: &Question,
    comparison: &Comparison,
    pairs: &[Pair],
    watch: Arc<dyn Watch>,
) -> Result<Vec<FileChanges>, Failure> {
    let pairs = &pairs[..pairs.len().min(LISTED)];
    let of = |side: &Makeup, at: Option<usize>| at.and_then(|at| side.layers.get(at)).map(|layer| layer.diff_id);
    let own: Vec<Digest> = pairs.iter().filter_map(|pair| of(&comparison.here, pair.here)).collect();
    let theirs: Vec<Digest> = pairs.iter().filter_map(|pair| of(&comparison.released, pair.released)).collect();
    let here = list_local(context, &question.image, own, &watch).await?;
    let released = list_released(context, question, comparison, theirs, &watch).await?;
    let find = |all: &[LayerFiles], diff_id: Option<Digest>, whose: &str| match diff_id {
        None => Ok(LayerFiles::none(Digest::of(b""))),
        Some(diff_id) => all.iter().find(|one| one.diff_id == diff_id).cloned().ok_or_else(|| {
            not_compared(&format!("layer {diff_id} of {whose} is not to be had as a whole"), "measure the image again")
        }),
    };
    let changes = |pair: &Pair| {
        let own = find(&here, of(&comparison.here, pair.here), "this image")?;
        let theirs = find(&released, of(&comparison.released, pair.released), "the released image")?;
        Ok(FileChanges::between(&own, &theirs))
    };
    pairs.iter().map(changes).collect()
}

/// The files of layers of an image that is here.
async fn list_local(
    context: &Context,
    from: &LocalImage,
    wanted: Vec<Digest>,
    watch: &Arc<dyn Watch>,
) -> Result<Vec<LayerFiles>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let watch = Arc::clone(watch);
    let listed = match &from.id.source {
        Source::Archive(path) => {
            let path = path.clone();
            blocking({
                let watch = Arc::clone(&watch);
                move || Ok(image::list_layers_of(&path, &wanted, &*watch)?)
            })
            .await
        }
        Source::Engine => {
            let engine = context.engine().await?;
            let permit = context.export_permit(&*watch).await?;
            let (id, size) = (from.id.id.clone(), engine.export_size(from));
            blocking({
                let watch = Arc::clone(&watch);
                move || {
                    let _permit = permit;
                    let reader = engine.export_reader(&[&id], &*watch)?;
                    Ok(image::list_layers(reader, size, &wanted, &*watch)?)
                }
            })
            .await
        }
    };
    // A cancelled read reaches the list as an error of the stream.
    if watch.is_cancelled() { Err(Failure::cancelled()) } else { listed }
}

/// The files of layers of the released image: of one that is here, or as the registry stores them.
async fn list_released(
    context: &Context,
    question: &Question,
    comparison: &Comparison,
    wanted: Vec<Digest>,
    watch: &Arc<dyn Watch>,
) -> Result<Vec<LayerFiles>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    if !matches!(comparison.origin, Origin::Registry { .. })
        && let Some(local) = local(context, &[comparison.released.config], watch).await
    {
        return list_local(context, &local, wanted, watch).await;
    }
    let (_, stored, _) = served(context, question, &comparison.here).await?;
    let layers = &comparison.released.layers;
    if stored.config != comparison.released.config || stored.layers.len() != layers.len() {
        return Err(absent(question, "serves another image of the release by now"));
    }
    let blobs = layers.iter().zip(&stored.layers).filter(|(layer, _)| wanted.contains(&layer.diff_id));
    let blobs = blobs.map(|(_, blob)| *blob).collect();
    list_remote_layers(context, &question.reference, blobs, wanted, Arc::clone(watch)).await
}
