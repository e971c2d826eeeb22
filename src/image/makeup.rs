//! What an image is made of, from its documents alone.

use super::{
    document::{self, Document},
    error::ImageError,
    judge::unusable,
};
use crate::domain::{
    compare::{LayerPart, Makeup},
    digest::Digest,
};

/// A manifest, as far as it leads to content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLayers {
    /// The configuration's digest.
    pub config: Digest,
    /// Each layer as it is stored: its digest and its bytes, lowest first.
    pub layers: Vec<(Digest, u64)>,
}

/// What a manifest leads to.
///
/// # Errors
/// When it is no manifest, or names content by another algorithm.
pub fn stored_layers(manifest: &[u8]) -> Result<StoredLayers, ImageError> {
    const NAME: &str = "manifest";
    let Document::Manifest(manifest) = parsed(manifest, NAME)? else {
        return Err(ImageError::document(NAME, "it is no manifest of an image"));
    };
    let layer = |layer: &document::Descriptor| Ok((layer.digest.get(NAME)?, layer.size.unwrap_or_default()));
    Ok(StoredLayers {
        config: manifest.config.digest.get(NAME)?,
        layers: manifest.layers.iter().map(layer).collect::<Result<_, _>>()?,
    })
}

/// What the image with this configuration is made of. `stored` gives the sizes of its layers where there are as many.
///
/// # Errors
/// When it is no configuration.
pub fn makeup(config: &[u8], stored: &[(Digest, u64)]) -> Result<Makeup, ImageError> {
    const NAME: &str = "configuration";
    let digest = Digest::of(config);
    let Document::Config(config) = parsed(config, NAME)? else {
        return Err(ImageError::document(NAME, "it is no configuration of an image"));
    };
    let stored = if stored.len() == config.diff_ids.len() { stored } else { &[] };
    let layer = |(at, diff_id): (usize, &document::ClaimedDigest)| {
        Ok(LayerPart {
            diff_id: diff_id.get(NAME)?,
            bytes: None,
            stored: stored.get(at).map(|(_, bytes)| *bytes),
            made_by: config.made_by.get(at).map(ToString::to_string),
        })
    };
    Ok(Makeup {
        config: digest,
        platform: config.platform.clone(),
        layers: config.diff_ids.iter().enumerate().map(layer).collect::<Result<_, ImageError>>()?,
        parameters: config.parameters,
    })
}

fn parsed(bytes: &[u8], name: &str) -> Result<Document, ImageError> {
    match document::parse(bytes) {
        Some(Ok(document)) => Ok(document),
        Some(Err(problem)) => Err(unusable(name, &problem)),
        None => Err(ImageError::document(name, "it is no document of an image")),
    }
}
