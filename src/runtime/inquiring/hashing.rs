//! What an image archive, a folder or a registry holds, with every byte hashed.

use std::{path::Path, sync::Arc};

use super::candidates::{self, Named};
use crate::{
    app::{
        model::Tone,
        report::{Fact, Hashed, Told},
    },
    domain::{
        Address, Reference,
        digest::DigestKind,
        image::{KindedDigest, LocalImage},
        measurement::{ImageState, LayerState, MeasuredImage, MeasuredLayer, Measurement},
        progress::Watch,
        text::{clean, count, size},
    },
    ops::{
        Context, Failure,
        measure::{Measured, Target, measure_archive, measure_target},
        release::standing_for,
    },
    runtime::deeds::expanded,
};

/// Measures it, always anew.
pub(super) async fn hash(context: &Context, hashed: Hashed, watch: Arc<dyn Watch>) -> Result<Told, Failure> {
    let target = match hashed {
        Hashed::Judged { path, reference, only } => {
            return judged(context, &expanded(path), (reference, &only), watch).await;
        }
        Hashed::Path(path) => Target::Path(expanded(path)),
        Hashed::Registry(reference) => Target::Remote(reference),
    };
    let Measured { name, measurement, .. } = measure_target(context, &target, watch).await?;
    Ok(told(&name, &measurement))
}

/// Measures an archive, and judges each of its images as the name that is asked for, or as each that it has.
async fn judged(
    context: &Context,
    path: &Path,
    (reference, only): (Option<Reference>, &[Address]),
    watch: Arc<dyn Watch>,
) -> Result<Told, Failure> {
    let images = measure_archive(context, path, true, watch).await?;
    let file = clean(&path.display().to_string());
    let named = |image: &LocalImage, name: Reference| (name, image.platform.clone(), image.evidence.clone());
    let subjects: Vec<Named> = match reference {
        Some(reference) => {
            standing_for(path, &images, &reference)?.into_iter().map(|image| named(image, reference.clone())).collect()
        }
        None => images
            .iter()
            .flat_map(|image| image.references.iter().map(move |name| named(image, name.clone())))
            .collect(),
    };
    if subjects.is_empty() {
        let failure = Failure::new("reference-needed", &format!("archive `{file}` names no image"));
        return Err(failure.hint("type the image name that it should be"));
    }
    candidates::verdicts(context, format!("Verdict of {file}"), &subjects, only).await
}

fn told(name: &str, found: &Measurement) -> Told {
    let Measurement { bytes, seconds, images, absent_platforms } = found;
    let has = |state| images.iter().any(|image| image.state == state);
    let (tone, how) = if has(ImageState::Corrupt) {
        (Tone::Bad, "it CONTRADICTS itself")
    } else if has(ImageState::Incomplete) {
        (Tone::Plain, "it is not whole")
    } else if images.is_empty() {
        (Tone::Plain, "it holds no image")
    } else {
        (Tone::Good, "every digest is the one that it says")
    };
    let sum = format!("{} in {} and {seconds:.1} s: {how}", count(images.len(), "image"), size(*bytes));
    let mut facts: Vec<Fact> = images.iter().flat_map(image).collect();
    let absent = absent_platforms.iter().map(|platform| clean(platform)).collect::<Vec<_>>().join(", ");
    facts.extend((!absent.is_empty()).then(|| Fact::plain("absent", format!("{absent}: named, and not in it"))));
    let configs = images.iter().filter_map(|image| image.config_digest);
    let configs = configs.map(|digest| digest.to_string()).collect::<Vec<_>>().join(" ");
    let copied = (!configs.is_empty()).then_some(configs);
    Told { facts, copied, ..Told::new(format!("Hash of {name}"), sum, tone) }
}

/// All that was found of one image.
fn image(image: &MeasuredImage) -> Vec<Fact> {
    let names: Vec<_> = image.references.iter().map(|reference| reference.familiar().to_owned()).collect();
    let name = if names.is_empty() { "without a name".to_owned() } else { names.join(", ") };
    let platform = image.platform.as_ref().map_or_else(String::new, |platform| format!(" · {}", clean(platform)));
    let mut facts = vec![Fact::plain("image", format!("{name}{platform}"))];
    facts
        .extend(image.problem.iter().map(|problem| Fact { tone: Tone::Bad, ..Fact::plain("problem", clean(problem)) }));
    let config = image.config_digest.map(|digest| Fact::plain(DigestKind::Config.word(), digest.to_string()));
    let manifests = image.manifests.iter().map(|manifest| {
        let kinded = KindedDigest::from(*manifest);
        Fact::plain(kinded.kind.word(), kinded.digest.to_string())
    });
    facts.extend(config.into_iter().chain(manifests));
    facts.extend(image.layers.iter().map(layer));
    facts
}

fn layer(layer: &MeasuredLayer) -> Fact {
    match layer.state {
        LayerState::Measured => Fact::plain("layer", format!("{} · {}", layer.diff_id, size(layer.bytes))),
        LayerState::Missing => Fact::plain("layer", format!("{} · MISSING", layer.diff_id)),
        LayerState::Corrupt => {
            let found = layer.found.map_or_else(String::new, |found| format!(", and is {found}"));
            Fact { tone: Tone::Bad, ..Fact::plain("layer", format!("{} is what it should be{found}", layer.diff_id)) }
        }
    }
}
