//! Finding the images that a command is about, and measuring them.

use std::{collections::BTreeMap, path::Path};

use super::{Session, progress::Bar, verdicts::Candidate};
use crate::{
    domain::{
        Reference,
        image::{Evidence, EvidenceLevel, ImageId, LocalImage, Source},
    },
    ops::{
        Failure,
        exported::recall_image,
        identity::identify_by_export,
        images::{ImageList, list_images},
        measure::{measure_archive, measure_image},
        queue::measure_all,
    },
};

/// What an image's bytes are worth to the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measuring {
    /// Take the engine's word.
    Not,
    /// Measure, unless the same bytes were measured before.
    Once,
    /// Measure, whatever is known.
    Anew,
}

/// Lists every image by name. Archives tell their names only when they are read, so those never measured are read now.
pub async fn list(session: &Session) -> ImageList {
    let list = list_images(&session.context).await;
    let nameless: Vec<_> = list
        .images
        .iter()
        .filter(|image| is_unread(image))
        .filter_map(|image| Some((image, archive_of(image)?)))
        .collect();
    if nameless.is_empty() {
        return list;
    }
    let mut problems = Vec::new();
    for (image, path) in nameless {
        let bar = Bar::start(&session.console, &session.token, &format!("reading {}", path.display()));
        if let Err(failure) = measure_image(&session.context, image, false, bar).await {
            problems.push(failure);
        }
    }
    let mut list = list_images(&session.context).await;
    list.problems.extend(problems);
    list
}

fn is_unread(image: &LocalImage) -> bool {
    image.references.is_empty()
        && matches!(&image.evidence, Evidence::Known { level: EvidenceLevel::Claimed, digests, .. } if digests.is_empty())
}

fn archive_of(image: &LocalImage) -> Option<&Path> {
    match &image.id.source {
        Source::Engine => None,
        Source::Archive(path) => Some(path),
    }
}

/// A listed image's evidence, as far as `measuring` wants it. What cannot be read is evidence too.
pub async fn evidence(session: &Session, image: &LocalImage, measuring: Measuring) -> Evidence {
    let name = name(image);
    if measuring == Measuring::Not {
        let is_known = image.id.source != Source::Engine || image.evidence.config_digest().is_some();
        if is_known || matches!(image.evidence, Evidence::Unreadable { .. }) {
            return image.evidence.clone();
        }
        // The engine's word is a manifest's digest, by which no release need know the image.
        let bar = Bar::start(&session.console, &session.token, &format!("identifying {name}"));
        let identified = identify_by_export(&session.context, image, bar).await;
        return identified.map_or_else(|_| image.evidence.clone(), |image| image.evidence);
    }
    let bar = Bar::start(&session.console, &session.token, &format!("hashing {name}"));
    let measured = measure_image(&session.context, image, measuring == Measuring::Anew, bar).await;
    measured.unwrap_or_else(|failure| Evidence::Unreadable { cause: failure.to_string() })
}

/// The evidence of several listed images, as far as `measuring` wants it.
///
/// # Errors
/// When cancelled.
pub async fn evidence_of_all(
    session: &Session,
    images: &[LocalImage],
    measuring: Measuring,
) -> Result<BTreeMap<ImageId, Evidence>, Failure> {
    if measuring == Measuring::Not {
        let mut found = BTreeMap::new();
        for image in images {
            found.insert(image.id.clone(), evidence(session, image, measuring).await);
        }
        return Ok(found);
    }
    let label = match images {
        [image] => format!("hashing {}", name(image)),
        images => format!("hashing {} images", images.len()),
    };
    let bar = Bar::start(&session.console, &session.token, &label);
    measure_all(&session.context, images, measuring == Measuring::Anew, bar).await
}

fn name(image: &LocalImage) -> &str {
    image.references.first().map_or(image.id.id.as_str(), Reference::familiar)
}

/// What is to be judged under `reference` among the listed images: several where engine and archives hold it, and one
/// that says why where nobody does.
pub async fn named(
    session: &Session,
    list: &ImageList,
    reference: &Reference,
    found: &BTreeMap<ImageId, Evidence>,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for image in list.images.iter().filter(|image| image.references.contains(reference)) {
        let evidence = found.get(&image.id).unwrap_or(&image.evidence).clone();
        let image = recall_image(&session.context, image.clone()).await;
        candidates.push(Candidate::new(&image, Some(reference.clone()), evidence));
    }
    if candidates.is_empty() {
        candidates.push(Candidate::unreadable(Some(reference.clone()), absent(list, reference).to_string(), None));
    }
    candidates
}

/// Why no listed image has this name.
pub fn absent(list: &ImageList, reference: &Reference) -> Failure {
    if let Some(problem) = list.problems.first() {
        return problem.clone();
    }
    let name = reference.familiar();
    let sentence = match &list.engine {
        Some(engine) => format!("{engine} has no image `{name}`"),
        None if list.images.is_empty() => {
            format!("there is no image `{name}`: no engine is asked, and no archive folder holds one")
        }
        None => format!("the archive folders have no image `{name}`"),
    };
    Failure::new("no-such-image", &sentence).hint("`daochain images` lists what there is")
}

/// An archive's images, measured.
///
/// # Errors
/// When the archive cannot be read, or no image can be told of it.
pub async fn archive(session: &Session, path: &Path, measuring: Measuring) -> Result<Vec<LocalImage>, Failure> {
    let bar = Bar::start(&session.console, &session.token, &format!("hashing {}", path.display()));
    measure_archive(&session.context, path, measuring == Measuring::Anew, bar).await
}

/// The archive does not say what its image is called, and neither did the user.
pub fn nameless(path: &Path) -> Failure {
    Failure::new("reference-needed", &format!("archive `{}` names no image", path.display()))
        .hint("say which reference it should be: daochain COMMAND REFERENCE --archive FILE")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::domain::image::ImageId;

    fn image(position: usize, names: &[&str]) -> LocalImage {
        LocalImage {
            id: ImageId { source: Source::Archive(PathBuf::from("app.tar")), id: position.to_string() },
            references: names.iter().filter_map(|name| name.parse().ok()).collect(),
            size: 1,
            created: None,
            platform: None,
            engine: "archive".to_owned(),
            evidence: Evidence::known(EvidenceLevel::Claimed, Vec::new()),
        }
    }

    #[test]
    fn only_archives_that_nobody_read_are_read_for_their_names() {
        assert!(is_unread(&image(0, &[])));
        let read = LocalImage { evidence: Evidence::Corrupt { problem: String::new(), config: None }, ..image(0, &[]) };
        assert!(!is_unread(&read));
    }
}
