//! One answer from the two lists that an archive may hold.
//!
//! Engines with the classic store load what `manifest.json` lists, those with the containerd store what `index.json`
//! lists. A name must lead to the same image in both, and an image is measured only if every way to it is sound.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    contents::Contents,
    error::ImageError,
    index::{self, Top},
    judge::{Found, gravity},
    saved,
};
use crate::domain::{digest::Digest, measurement::MeasuredImage, reference::Reference};

/// Every image, and the absent platforms.
pub(super) fn conclude(contents: &Contents) -> Result<(Vec<MeasuredImage>, Vec<String>), ImageError> {
    contents.check_paths()?;
    let saves = saved::images(contents)?;
    let tops = index::tops(contents)?;
    if saves.is_none() && tops.is_none() {
        return Err(ImageError::NoImage { problem: foreign(contents).to_owned() });
    }
    contents.check_digests()?;
    if saves.is_none() && contents.has("repositories") {
        let problem =
            "it has no `manifest.json`, and Docker's engines then load what `repositories` says, not `index.json`";
        return Err(ImageError::ambiguous(problem));
    }
    let (saves, tops) = (saves.unwrap_or_default(), tops.unwrap_or_default());
    check_names(&saves, &tops)?;
    let absent: BTreeSet<String> = tops.iter().flat_map(|top| top.absent.iter().cloned()).collect();
    let mut images: Vec<Found> = Vec::new();
    for found in saves.into_iter().chain(tops.into_iter().flat_map(|top| top.found)) {
        match images.iter_mut().find(|known| is_same(known, &found)) {
            Some(known) => absorb(known, found),
            None => images.push(found),
        }
    }
    if images.is_empty() {
        let problem = "what it lists are artifacts, or nothing";
        return Err(ImageError::NoImage { problem: problem.to_owned() });
    }
    Ok((images.into_iter().map(|found| found.image).collect(), absent.into_iter().collect()))
}

/// What an archive without both lists is, as far as it shows.
fn foreign(contents: &Contents) -> &'static str {
    if contents.has("repositories") {
        "it has `repositories` and no `manifest.json`, as Docker before 1.10 wrote it"
    } else {
        "it has neither `manifest.json` nor `index.json`"
    }
}

/// Two configurations that claim one name. The platforms of one index share a name rightly.
fn check_names(saves: &[Found], tops: &[Top]) -> Result<(), ImageError> {
    let mut listed: BTreeMap<&Reference, BTreeSet<Digest>> = BTreeMap::new();
    for top in tops {
        let Some(reference) = &top.reference else { continue };
        let claimed: BTreeSet<Digest> = top.found.iter().filter_map(|it| it.identity).chain(top.other).collect();
        if claimed.is_empty() {
            continue;
        }
        let known = listed.entry(reference).or_insert_with(|| claimed.clone());
        if *known != claimed {
            return Err(two_images(reference));
        }
    }
    let mut unlisted: BTreeMap<&Reference, Digest> = BTreeMap::new();
    for found in saves {
        let Some(identity) = found.identity else { continue };
        for reference in &found.image.references {
            let agrees = match listed.get(reference) {
                Some(claimed) => claimed.contains(&identity),
                None => *unlisted.entry(reference).or_insert(identity) == identity,
            };
            if !agrees {
                return Err(two_images(reference));
            }
        }
    }
    Ok(())
}

fn two_images(reference: &Reference) -> ImageError {
    ImageError::ambiguous(format!("it gives the name `{reference}` to two different images"))
}

/// One configuration is one image. Where an image could not be told, its name says which it is.
fn is_same(known: &Found, found: &Found) -> bool {
    match (known.identity, found.identity) {
        (Some(one), Some(two)) => one == two,
        _ => known.image.references.iter().any(|reference| found.image.references.contains(reference)),
    }
}

/// Adds what another way to the same image found. The graver conclusion stands, with its layers and sentence.
fn absorb(known: &mut Found, found: Found) {
    let (image, mut other) = (&mut known.image, found.image);
    if gravity(other.state) > gravity(image.state) {
        std::mem::swap(image, &mut other);
        image.config_digest = image.config_digest.or(other.config_digest);
        image.platform = image.platform.take().or(other.platform);
        image.created = image.created.or(other.created);
        if image.layers.is_empty() {
            image.layers = other.layers;
        }
    }
    known.identity = known.identity.or(found.identity);
    for reference in other.references {
        if !image.references.contains(&reference) {
            image.references.push(reference);
        }
    }
    for manifest in other.manifests {
        if !image.manifests.contains(&manifest) {
            image.manifests.push(manifest);
        }
    }
}
