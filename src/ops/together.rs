//! Many images of one engine, measured together: what they share is exported and hashed once.
//!
//! ```text
//! images not measured yet ─▶ families by their lowest layer ─▶ one export each, smallest first ─▶ cache
//! ```
//!
//! A family alone gains by it, so that images which share nothing stay apart: an engine assembles an export on its disk,
//! and should never need more room for it than the family's layers take already. What a family's export does not settle
//! (an image is damaged, the engine cannot save one of them) is left to be measured alone, which names the culprit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{context::blocking, exported, identity};
use crate::{
    docker::Engine,
    domain::{
        Digest,
        image::{ImageId, LocalImage, Source},
        measurement::{ImageState, MeasuredImage, Measurement},
        progress::Watch,
    },
    image,
    ops::{Context, Failure},
};

/// Images of one export. Their IDs stand in the request's line, which engines bound.
const FAMILY: usize = 64;

/// Measures those of `images` that share layers with others and were not measured before (or all such, when `fresh`), and
/// remembers what was found, that of `first` before all others. Answers with those that are measured now.
///
/// # Errors
/// Only when cancelled: whatever else fails is left to be measured alone.
pub async fn measure_together(
    context: &Context,
    first: Option<&ImageId>,
    images: &[LocalImage],
    fresh: bool,
    watch: Arc<dyn Watch>,
) -> Result<BTreeSet<ImageId>, Failure> {
    let mut done = BTreeSet::new();
    let wanted: BTreeMap<&str, &LocalImage> = images
        .iter()
        .filter(|image| image.id.source == Source::Engine && image.evidence.config_digest().is_some())
        .filter(|image| image.id.id.parse::<Digest>().is_ok())
        .filter(|image| fresh || !image.evidence.level().is_measured())
        .map(|image| (image.id.id.as_str(), image))
        .collect();
    if wanted.len() < 2 {
        return Ok(done);
    }
    let Ok(engine) = context.engine().await else { return Ok(done) };
    let mut families: BTreeMap<Digest, Vec<LocalImage>> = BTreeMap::new();
    for image in wanted.into_values() {
        if watch.is_cancelled() {
            return Err(Failure::cancelled());
        }
        if let Ok(detail) = engine.inspect(&image.id.id).await
            && let Some(lowest) = detail.layers.first()
        {
            families.entry(*lowest).or_default().push(image.clone());
        }
    }
    let mut families: Vec<_> = families
        .into_values()
        .flat_map(|family| family.chunks(FAMILY).map(<[LocalImage]>::to_vec).collect::<Vec<_>>())
        .filter(|family| family.len() > 1)
        .collect();
    families.sort_by_key(|family| {
        let has_first = family.iter().any(|image| Some(&image.id) == first);
        (!has_first, family.iter().map(|image| image.size).sum::<u64>())
    });
    for family in families {
        match measure_family(context, &engine, family, Arc::clone(&watch)).await {
            Ok(measured) => done.extend(measured),
            Err(failure) if failure.is_cancelled() => return Err(failure),
            Err(failure) => tracing::info!(%failure, "images are measured one by one"),
        }
    }
    Ok(done)
}

async fn measure_family(
    context: &Context,
    engine: &Engine,
    family: Vec<LocalImage>,
    watch: Arc<dyn Watch>,
) -> Result<Vec<ImageId>, Failure> {
    let roots: Vec<Digest> = family.iter().filter_map(|image| image.id.id.parse().ok()).collect();
    let known = identity::know(context, engine, roots.clone()).await;
    let permit = context.export_permit(&*watch).await?;
    let (context, engine) = (context.clone(), engine.clone());
    blocking(move || {
        let _permit = permit;
        let ids: Vec<&str> = family.iter().map(|image| image.id.id.as_str()).collect();
        let measured = engine
            .export_reader(&ids, &*watch)
            .map_err(Failure::from)
            .and_then(|reader| Ok(image::measure(reader, None, &*watch)?));
        // A cancelled read reaches the measurement as an error of the stream.
        let measurement = if watch.is_cancelled() { return Err(Failure::cancelled()) } else { measured? };
        let mut done = Vec::new();
        for ((image, root), known) in family.iter().zip(roots).zip(known) {
            let Some(meant) = known.meant() else { continue };
            let is_it = |found: &&MeasuredImage| {
                found.state == ImageState::Measured && exported::is_meant(found, root, meant.config)
            };
            let Some(found) = measurement.images.iter().find(is_it) else { continue };
            let alone = Measurement { images: vec![found.clone()], ..measurement.clone() };
            exported::remember_export(&context, &engine, root, meant, &alone);
            done.push(image.id.clone());
        }
        Ok(done)
    })
    .await
}
