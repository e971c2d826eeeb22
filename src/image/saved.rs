//! The images of `manifest.json`, which `docker save` writes since 1.10 and every engine can load.

use super::{
    contents::Contents,
    document::{Document, Save},
    error::{ImageError, shown},
    index::sound,
    judge::{Claim, Found, judge, unusable},
    limits::NAMES,
    names,
};
use crate::domain::{measurement::ImageState, reference::Reference};

pub(super) const MANIFEST: &str = "manifest.json";

/// Every image that `manifest.json` lists, in its order; `None` without such a member.
pub(super) fn images(contents: &Contents) -> Result<Option<Vec<Found>>, ImageError> {
    if !contents.has(MANIFEST) {
        return Ok(None);
    }
    let saves = match contents.file(MANIFEST).and_then(|blob| blob.document()) {
        Some(Ok(Document::Saves(saves))) => saves,
        Some(Ok(other)) => return Err(ImageError::document(MANIFEST, format!("it is {}, not a list", other.kind()))),
        Some(Err(problem)) => return Err(unusable(MANIFEST, problem)),
        None => return Err(ImageError::document(MANIFEST, "it is no list of images")),
    };
    if saves.iter().flat_map(|save| &save.names).flatten().count() > NAMES {
        return Err(ImageError::refused(format!("`{MANIFEST}` gives more than {NAMES} names")));
    }
    let images = saves
        .iter()
        .map(|save| claim(save).and_then(|claim| judge(contents, claim)).map_err(|error| (error, references(save))));
    let unknown = |references, problem| Found::without_config(ImageState::Corrupt, references, problem);
    sound(images.collect(), |found| found.image.config_digest.is_some(), unknown).map(Some)
}

/// Its names, each once: two spellings may be one.
fn references(save: &Save) -> Vec<Reference> {
    let mut references: Vec<Reference> = Vec::new();
    for reference in save.names.iter().flatten().filter_map(|name| name.parse().ok()) {
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    references
}

fn claim(save: &Save) -> Result<Claim, ImageError> {
    let member = |name: &String| {
        names::normalise(name)
            .ok_or_else(|| ImageError::refused(format!("`{MANIFEST}` names `{}`, which leads out of it", shown(name))))
    };
    Ok(Claim {
        references: references(save),
        config: member(&save.config)?,
        layers: save.layers.iter().flatten().map(member).collect::<Result<_, _>>()?,
        manifests: Vec::new(),
    })
}

/// The name that a layout gives an image, where it is one. Without a tag it is none: `org.opencontainers.image.ref.name`
/// often holds a bare tag. In `manifest.json` it would be one: containerd takes `latest` there.
pub(super) fn reference(name: &str) -> Option<Reference> {
    let last = name.rsplit('/').next()?;
    if last.contains(':') { name.parse().ok() } else { None }
}
