//! A pull of which no moment leaves an unverified image under its name.
//!
//! ```text
//! Resolve ─▶ Judge the claim ─▶ Pull by digest ─▶ Measure ─▶ Judge again ─▶ Tag
//!                 │ refused: no layer moved            │ refused: removed, unless it was here before
//! ```

use std::sync::Arc;

use super::{
    measure::measure_image,
    offer::claimed,
    registries::{absent, engine_login, read_child, repository},
    verify::{Judgement, Subject, judge_images},
};
use crate::{
    docker::{Engine, LayerStep},
    domain::{
        Digest, Platform,
        image::{Evidence, EvidenceLevel, SharedIndex},
        platform::Standing,
        progress::Watch,
        trust::TrustPolicy,
        verdict::{Conclusion, Verdict},
        wish::PullWish,
    },
    ops::{Context, Failure, remote::local_platform},
    registry::{Child, Outline},
};

/// What the registry claims that its tag names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Of what the tag names, hashed here.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Of the manifest that is pulled.
    pub manifest: Digest,
    /// Its configuration, by the manifest.
    pub config: Digest,
    /// Its platform, by the index.
    pub platform: Option<String>,
    /// Bytes of configuration and layers as they are stored.
    pub bytes: u64,
    /// The claim as evidence.
    pub evidence: Evidence,
}

/// How a pull ended that could be judged.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// What was asked for.
    pub claim: Claim,
    /// The verdict on the claim.
    pub before: Judgement,
    /// What arrived, and the verdict on it; `None` where nothing was pulled.
    pub after: Option<(Evidence, Judgement)>,
    /// The name stands for it now.
    pub is_tagged: bool,
}

/// How a pull goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The engine's word on a layer.
    Layer(LayerStep),
    /// Everything is here, and is measured.
    Measuring,
}

/// Who is told of it.
pub type Told = Arc<dyn Fn(Step) + Send + Sync>;

/// Pulls what the policy allows: resolves the tag once, judges the digest, pulls that digest, measures what arrived, judges
/// again, and only then gives it the name.
///
/// # Errors
/// When registry, engine or node cannot be asked. A verdict that refuses is no error: [`Pulled::is_tagged`] tells.
pub async fn pull(
    context: &Context,
    wish: &PullWish,
    policy: &TrustPolicy,
    told: Told,
    watch: Arc<dyn Watch>,
) -> Result<Pulled, Failure> {
    let engine = context.engine().await?;
    let mut claim = claim(context, &engine, wish).await?;
    let before = judge(context, wish, &claim.evidence, policy).await;
    if !is_allowed(wish, &before) {
        return Ok(Pulled { claim, before, after: None, is_tagged: false });
    }
    if wish.overridden {
        tracing::warn!(reference = %wish.reference, digest = %claim.digest, "pulled against the policy, as it was overridden");
    }
    let was_here = is_here(&engine, wish, &claim).await?;
    let login = engine_login(context, &wish.reference).await?;
    let mut leaving = Leaving { context, engine: &engine, wish, digest: claim.manifest, is_ours: !was_here };
    let step = |step| told(Step::Layer(step));
    let platform = wish.platform.as_deref();
    engine.pull(&wish.reference, claim.manifest, platform, login.as_ref(), &step).await?;
    let image = engine.pulled(&wish.reference, claim.manifest).await?;
    let image = image.ok_or_else(|| not_arrived(wish, &claim))?;
    told(Step::Measuring);
    // The manifest does not say it.
    claim.platform = claim.platform.or_else(|| image.platform.clone());
    let measured = measure_image(context, &image, !was_here, watch).await?;
    let evidence = arrived(measured, &claim);
    let after = judge(context, wish, &evidence, policy).await;
    let is_tagged = is_allowed(wish, &after);
    if is_tagged {
        engine.tag(&image.id.id, &wish.reference).await?;
        leaving.is_ours = false;
    } else {
        leaving.clear().await?;
    }
    drop(leaving);
    Ok(Pulled { claim, before, after: Some((evidence, after)), is_tagged })
}

/// Whether the engine has the image already, under whatever name or none: then it is not this pull's to remove.
async fn is_here(engine: &Engine, wish: &PullWish, claim: &Claim) -> Result<bool, Failure> {
    for id in [claim.config, claim.manifest] {
        if engine.inspect(&id.to_string()).await.is_ok() {
            return Ok(true);
        }
    }
    Ok(engine.pulled(&wish.reference, claim.manifest).await?.is_some())
}

fn not_arrived(wish: &PullWish, claim: &Claim) -> Failure {
    let message =
        format!("the engine says that it pulled `{}@{}`, and does not have it", wish.reference.name(), claim.manifest);
    Failure::new("engine-error", &message).hint("its own log may say more")
}

async fn judge(context: &Context, wish: &PullWish, evidence: &Evidence, policy: &TrustPolicy) -> Judgement {
    let subject = Subject { image: None, reference: wish.reference.clone(), evidence: evidence.clone() };
    judge_images(context, &[subject], policy).await
}

/// Nothing but *verified* is, unless somebody typed otherwise; and never what contradicts itself.
fn is_allowed(wish: &PullWish, judgement: &Judgement) -> bool {
    let is_sound = |verdict: &Verdict| verdict.problem.is_none();
    let is_verified = |verdict: &Verdict| verdict.conclusion == Conclusion::Verified;
    !judgement.verdicts.is_empty()
        && judgement.verdicts.iter().all(|verdict| is_sound(verdict) && (wish.overridden || is_verified(verdict)))
}

/// What was measured, with the documents that led to it, which were hashed here as well. Another configuration than the
/// manifest's is a contradiction.
fn arrived(measured: Evidence, claim: &Claim) -> Evidence {
    match (measured, &claim.evidence) {
        (Evidence::Known { level, .. }, _) if level != EvidenceLevel::Measured => {
            Evidence::Unreadable { cause: "the engine does not let it be measured".to_owned() }
        }
        (Evidence::Known { level, mut digests, mut shared }, Evidence::Known { digests: led, shared: above, .. }) => {
            let found = digests.iter().find(|one| one.kind == crate::domain::digest::DigestKind::Config);
            if found.is_none_or(|found| found.digest != claim.config) {
                let found = found.map_or_else(|| "none".to_owned(), |found| found.digest.to_string());
                let problem =
                    format!("its manifest names the configuration {}, and the engine has {found}", claim.config);
                return Evidence::Corrupt { problem, config: None };
            }
            digests.extend(led.iter().filter(|one| !digests.contains(one)).copied().collect::<Vec<_>>());
            shared.extend(above.iter().filter(|one| !shared.contains(one)).copied().collect::<Vec<_>>());
            Evidence::Known { level, digests, shared }
        }
        (measured, _) => measured,
    }
}

/// Asks the registry what the tag names, and which image of it is this platform's.
async fn claim(context: &Context, engine: &Engine, wish: &PullWish) -> Result<Claim, Failure> {
    let reference = &wish.reference;
    let asked = repository(context, reference).await?;
    let found = asked.resolve(reference.tag()).await?.ok_or_else(|| absent(reference))?;
    let (digest, media_type) = (found.digest, found.media_type.clone());
    match asked.outline(&found)? {
        Outline::Manifest { config, bytes } => {
            let evidence = claimed(Some(config), digest, &[]);
            Ok(Claim { digest, media_type, manifest: digest, config, platform: None, bytes, evidence })
        }
        Outline::Index(children) => {
            let images: Vec<_> = children.into_iter().filter(|child| !child.is_attestation).collect();
            let child = meant(&images, wish, engine.info().platform.as_deref())?;
            let (config, bytes) = read_child(&asked, reference, child.digest).await?;
            let shared = [SharedIndex { digest, images: images.len() }];
            let evidence = claimed(Some(config), child.digest, &shared);
            let platform = child.platform.clone();
            Ok(Claim { digest, media_type, manifest: child.digest, config, platform, bytes, evidence })
        }
    }
}

/// The image of the platform that is asked for, or the engine's.
fn meant<'c>(images: &'c [Child], wish: &PullWish, of_engine: Option<&str>) -> Result<&'c Child, Failure> {
    if let Some(exact) = images.iter().find(|child| child.platform.is_some() && child.platform == wish.platform) {
        return Ok(exact);
    }
    let wanted = wish.platform.as_deref().or(of_engine).map_or_else(local_platform, Platform::from);
    let of = |standing: Standing| {
        let is = |child: &&Child| {
            child.platform.as_deref().map_or(Standing::Unsure, |it| Platform::from(it).standing(&wanted)) == standing
        };
        images.iter().filter(is).collect::<Vec<_>>()
    };
    let (own, unsure) = (of(Standing::Own), of(Standing::Unsure));
    match (own.as_slice(), unsure.as_slice()) {
        ([one], _) | ([], [one]) => Ok(one),
        _ => {
            let names: Vec<_> = images.iter().filter_map(|child| child.platform.as_deref()).collect();
            let count = if own.is_empty() && unsure.is_empty() { "no image" } else { "several images" };
            let (name, wanted) =
                (wish.reference.familiar(), wish.platform.clone().unwrap_or_else(|| wanted.to_string()));
            let message = format!("`{name}` has {count} for {wanted} among {}", names.join(", "));
            Err(Failure::new("no-such-image", &message).hint("name another with --platform"))
        }
    }
}

/// What a pull leaves that nobody wants: removed also where it is broken off.
struct Leaving<'p> {
    context: &'p Context,
    engine: &'p Engine,
    wish: &'p PullWish,
    digest: Digest,
    is_ours: bool,
}

impl Leaving<'_> {
    async fn clear(&mut self) -> Result<(), Failure> {
        if self.is_ours {
            self.engine.forget_pulled(&self.wish.reference, self.digest).await?;
            self.is_ours = false;
        }
        Ok(())
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if !self.is_ours {
            return;
        }
        let (engine, reference, digest) = (self.engine.clone(), self.wish.reference.clone(), self.digest);
        self.context.aside().finish_later(async move {
            if let Err(error) = engine.forget_pulled(&reference, digest).await {
                tracing::warn!(%error, "a pull that was broken off leaves an image without a name");
            }
        });
    }
}

#[cfg(test)]
mod tests;
