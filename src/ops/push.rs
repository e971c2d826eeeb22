//! A push that is compared with what was measured before anything is said of it.

use std::sync::Arc;

use super::{
    pull::{Step, Told},
    registries::{engine_login, origin},
    remote::{Platforms, measure_origin},
};
use crate::{
    domain::{
        Digest, Reference,
        digest::DigestKind,
        image::{Evidence, KindedDigest},
        measurement::ImageState,
        progress::Watch,
    },
    ops::{Context, Failure},
    registry::{Outline, Repository},
};

/// What the registry serves after a push, all of it that of the image here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Of what the tag names.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Of the image's manifest.
    pub manifest: Digest,
    /// Its configuration.
    pub config: Digest,
    /// Images that the tag leads to.
    pub images: usize,
    /// What the tag names was measured here as well.
    pub is_known: bool,
}

impl Pushed {
    /// What a release of it holds: an index only where it leads to no other image, since it vouches for all that it leads to;
    /// and where it was pushed from here, since whatever an index calls no image may be one.
    #[must_use]
    pub fn digests(&self) -> Vec<KindedDigest> {
        let kinded = |kind, digest| KindedDigest { kind, digest };
        let own = [kinded(DigestKind::Config, self.config), kinded(DigestKind::Manifest, self.manifest)];
        let is_alone = self.digest != self.manifest && self.images == 1 && self.is_known;
        own.into_iter().chain(is_alone.then(|| kinded(DigestKind::Index, self.digest))).collect()
    }
}

/// Pushes the engine's image of that name, of which `evidence` was measured, and reads back what the registry serves. Where
/// the engine does not know the manifest that it pushed, every byte is read back and hashed.
///
/// # Errors
/// `registry-changed` when it serves anything else; when engine or registry do not answer, or refuse.
pub async fn push(
    context: &Context,
    reference: &Reference,
    evidence: &Evidence,
    told: Told,
    watch: Arc<dyn Watch>,
) -> Result<Pushed, Failure> {
    let config = match evidence.config_digest() {
        Some(config) if evidence.level().is_measured() => config,
        _ => {
            let message = format!("`{}` was not measured, and only what was is pushed", reference.familiar());
            return Err(Failure::new("image-unreadable", &message).hint("`daochain hash` tells what is wrong with it"));
        }
    };
    let engine = context.engine().await?;
    let login = engine_login(context, reference).await?;
    let step = |step| told(Step::Layer(step));
    engine.push(reference, login.as_ref(), &step).await?;
    let mut pushed = read_back(&origin(context, reference).await?, reference, config).await?;
    let is_here = |digest: Digest| evidence.digests().iter().any(|one| one.digest == digest);
    pushed.is_known = is_here(pushed.digest);
    if !is_here(pushed.manifest) {
        told(Step::Measuring);
        compare(context, reference, &pushed, watch).await?;
    }
    Ok(pushed)
}

fn changed(reference: &Reference, cause: &str) -> Failure {
    let message = format!(
        "registry `{}` does not serve `{}` as it was pushed: {cause}",
        reference.registry(),
        reference.familiar()
    );
    Failure::new("registry-changed", &message)
        .hint("nothing was signed; find out who changed it there, and push it again")
}

/// What the tag names now, and its manifest with the configuration that was pushed.
async fn read_back(asked: &Repository, reference: &Reference, config: Digest) -> Result<Pushed, Failure> {
    let found = asked.resolve(reference.tag()).await?.ok_or_else(|| changed(reference, "it has no such tag"))?;
    let pushed = |manifest, images| {
        let (digest, media_type) = (found.digest, found.media_type.clone());
        Pushed { digest, media_type, manifest, config, images, is_known: false }
    };
    let children = match asked.outline(&found)? {
        Outline::Manifest { config: served, .. } if served == config => return Ok(pushed(found.digest, 1)),
        Outline::Manifest { config: served, .. } => {
            return Err(changed(reference, &format!("its configuration is {served}, and {config} is here")));
        }
        Outline::Index(children) => children,
    };
    let images: Vec<_> = children.iter().filter(|child| !child.is_attestation).collect();
    for child in &images {
        let Some(inner) = asked.resolve(&child.digest.to_string()).await? else { continue };
        if matches!(asked.outline(&inner)?, Outline::Manifest { config: served, .. } if served == config) {
            return Ok(pushed(child.digest, images.len()));
        }
    }
    Err(changed(reference, &format!("none of its images has the configuration {config}, which is here")))
}

/// Hashes everything that is served, and compares it with what was pushed.
async fn compare(
    context: &Context,
    reference: &Reference,
    pushed: &Pushed,
    watch: Arc<dyn Watch>,
) -> Result<(), Failure> {
    let measured = measure_origin(context, reference, Platforms::All, watch).await.map_err(|failure| {
        if failure.code == "image-corrupt" { changed(reference, &failure.message) } else { failure }
    })?;
    let is_pushed = |digest: Digest| digest == pushed.manifest;
    let found = measured.images.iter().find(|image| image.config_digest == Some(pushed.config));
    let found = found.filter(|image| image.manifests.iter().any(|manifest| is_pushed(manifest.digest)));
    match found {
        Some(image) if image.state == ImageState::Measured => Ok(()),
        Some(image) => Err(changed(reference, image.problem.as_deref().unwrap_or("its layers are others"))),
        None => {
            let problem = measured.images.iter().find_map(|image| image.problem.as_deref());
            Err(changed(reference, problem.unwrap_or("another image took its place meanwhile")))
        }
    }
}
