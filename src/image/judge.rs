//! Judging one image: its configuration and its layers, by position.

use super::{
    contents::{Blob, Contents},
    document::{Config, Document},
    error::{ImageError, shown},
    json::JsonProblem,
    limits::LAYERS,
    names,
};
use crate::domain::{
    digest::Digest,
    measurement::{ImageState, LayerState, MeasuredImage, MeasuredLayer, MeasuredManifest},
    reference::Reference,
};

/// What an archive says an image is made of.
pub(super) struct Claim {
    /// Names that it has in the archive.
    pub(super) references: Vec<Reference>,
    /// The configuration's member.
    pub(super) config: String,
    /// The layers' members, lowest first.
    pub(super) layers: Vec<String>,
    /// Manifests and indexes that lead to it.
    pub(super) manifests: Vec<MeasuredManifest>,
}

/// An image and which configuration the archive says it has.
pub(super) struct Found {
    pub(super) image: MeasuredImage,
    /// The promised configuration digest, whether or not the bytes have it. `None` where it could not be told.
    pub(super) identity: Option<Digest>,
    /// True when neither the configuration nor any layer is there.
    pub(super) is_absent: bool,
}

impl Found {
    /// An image of which nothing could be measured.
    pub(super) fn without_config(state: ImageState, references: Vec<Reference>, problem: String) -> Self {
        let image = MeasuredImage {
            references,
            state,
            config_digest: None,
            platform: None,
            created: None,
            manifests: Vec::new(),
            layers: Vec::new(),
            parameters: None,
            problem: Some(problem),
        };
        Self { image, identity: None, is_absent: false }
    }
}

/// Only what is certain: present, whole, and hashed to what the image says. Errors are those that leave two readings.
pub(super) fn judge(contents: &Contents, claim: Claim) -> Result<Found, ImageError> {
    let name = &claim.config;
    let promised = names::promised_digest(name).map_err(|cause| ImageError::algorithm(name, cause))?;
    let Some(blob) = contents.file(name) else {
        contents.count_image(0)?;
        let problem = format!("its configuration `{}` is not in the archive", shown(name));
        let is_absent = claim.layers.iter().all(|layer| contents.file(layer).is_none());
        let mut found = Found::without_config(ImageState::Incomplete, claim.references, problem);
        found.image.manifests = claim.manifests;
        return Ok(Found { identity: promised, is_absent, ..found });
    };
    contents.count_image(layers_of(blob).max(claim.layers.len()))?;
    let mut image = MeasuredImage {
        references: claim.references,
        state: ImageState::Measured,
        config_digest: Some(blob.digest),
        platform: None,
        created: None,
        manifests: claim.manifests,
        layers: Vec::new(),
        parameters: None,
        problem: None,
    };
    if let Some(promised) = promised.filter(|promised| *promised != blob.digest) {
        let problem =
            format!("its configuration should have the digest {promised} by its name and has {}", blob.digest);
        worsen(&mut image, ImageState::Corrupt, problem);
    }
    if let Some(config) = config(name, blob, &mut image)? {
        image.platform.clone_from(&config.platform);
        image.created = config.created;
        image.parameters.clone_from(&config.parameters);
        match config.diff_ids.iter().map(|diff_id| diff_id.get(name)).collect::<Result<Vec<_>, _>>() {
            Ok(diff_ids) => {
                judge_layers(contents, &diff_ids, &claim.layers, &mut image)?;
                for (layer, made) in image.layers.iter_mut().zip(&config.made_by) {
                    layer.made_by = Some(made.to_string());
                }
            }
            // As above: it is not the promised configuration, whatever else is wrong with it.
            Err(_) if image.state == ImageState::Corrupt => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Found { image, identity: Some(promised.unwrap_or(blob.digest)), is_absent: false })
}

/// How many layers a configuration lists.
fn layers_of(blob: &Blob) -> usize {
    match blob.document() {
        Some(Ok(Document::Config(config))) => config.diff_ids.len(),
        _ => 0,
    }
}

/// The configuration, or the problem noted in `image`.
fn config<'c>(name: &str, blob: &'c Blob, image: &mut MeasuredImage) -> Result<Option<&'c Config>, ImageError> {
    let problem = match blob.document() {
        Some(Ok(Document::Config(config))) => return Ok(Some(config)),
        Some(Ok(other)) => format!("its configuration `{}` is {}", shown(name), other.kind()),
        Some(Err(JsonProblem::Malformed(cause))) => {
            format!("its configuration `{}` cannot be read: {cause}", shown(name))
        }
        // Bytes that are not those of the name need no further reason to be turned down.
        Some(Err(_)) if image.state == ImageState::Corrupt => return Ok(None),
        Some(Err(problem)) => return Err(unusable(name, problem)),
        None => format!("its configuration `{}` is none: it lists no layers", shown(name)),
    };
    worsen(image, ImageState::Corrupt, problem);
    Ok(None)
}

/// The error about a document that is referred to and must not be used.
pub(super) fn unusable(name: &str, problem: &JsonProblem) -> ImageError {
    match problem {
        JsonProblem::Malformed(_) => ImageError::document(name, problem.to_string()),
        JsonProblem::Repeated(_) | JsonProblem::OtherCase { .. } | JsonProblem::Polyglot => {
            ImageError::ambiguous(format!("of `{}`, {problem}", shown(name)))
        }
        JsonProblem::TooDeep | JsonProblem::TooManyKeys | JsonProblem::TooLarge => {
            ImageError::refused(format!("of `{}`, {problem}", shown(name)))
        }
    }
}

fn judge_layers(
    contents: &Contents,
    diff_ids: &[Digest],
    members: &[String],
    image: &mut MeasuredImage,
) -> Result<(), ImageError> {
    let count = diff_ids.len();
    if count.max(members.len()) > LAYERS {
        return Err(ImageError::refused(format!("an image of it has more than {LAYERS} layers")));
    }
    if count != members.len() {
        let problem = format!("its configuration lists {count} layers and its manifest {}", members.len());
        worsen(image, ImageState::Corrupt, problem);
    }
    for (position, diff_id) in diff_ids.iter().enumerate() {
        let member = members.get(position);
        let (layer, problem) = judge_layer(contents, *diff_id, member.map(String::as_str))?;
        if let Some(problem) = problem {
            let state = match layer.state {
                LayerState::Missing => ImageState::Incomplete,
                LayerState::Measured | LayerState::Corrupt => ImageState::Corrupt,
            };
            worsen(image, state, format!("layer {} of {count} {problem}", position + 1));
        }
        image.layers.push(layer);
    }
    Ok(())
}

/// One layer, and the end of a sentence when it is not what the image says.
fn judge_layer(
    contents: &Contents,
    diff_id: Digest,
    member: Option<&str>,
) -> Result<(MeasuredLayer, Option<String>), ImageError> {
    let layer = |bytes, state, found| MeasuredLayer { diff_id, bytes, state, found, made_by: None };
    let Some((name, blob)) = member.and_then(|name| Some((name, contents.file(name)?))) else {
        let problem = match member {
            Some(name) => format!("(`{}`) is not in the archive", shown(name)),
            None => "is not named by the manifest".to_owned(),
        };
        return Ok((layer(0, LayerState::Missing, None), Some(problem)));
    };
    let (found, bytes) = match blob.unpacked(name)? {
        Ok(content) => content,
        Err(cause) => {
            let problem = format!("(`{}`) cannot be unpacked: {cause}", shown(name));
            return Ok((layer(0, LayerState::Corrupt, None), Some(problem)));
        }
    };
    if found != diff_id {
        let problem = format!("(`{}`) should have the digest {diff_id} and has {found}", shown(name));
        return Ok((layer(bytes, LayerState::Corrupt, Some(found)), Some(problem)));
    }
    // The right content under a name that promises other bytes: the manifest that names it is not this image's.
    let promised = names::blob_digest(name).map_err(|cause| ImageError::algorithm(name, cause))?;
    if let Some(promised) = promised.filter(|promised| *promised != blob.digest) {
        let problem = format!("is stored as {}, not as {promised} as its name says", blob.digest);
        return Ok((layer(bytes, LayerState::Corrupt, Some(found)), Some(problem)));
    }
    Ok((layer(bytes, LayerState::Measured, None), None))
}

/// Keeps the graver state, and the first sentence about it: changed content before missing content.
pub(super) fn worsen(image: &mut MeasuredImage, state: ImageState, problem: String) {
    if gravity(state) > gravity(image.state) {
        image.state = state;
        image.problem = Some(problem);
    }
}

pub(super) const fn gravity(state: ImageState) -> u8 {
    match state {
        ImageState::Measured => 0,
        ImageState::Incomplete => 1,
        ImageState::Corrupt => 2,
    }
}
