//! What a release is made of: the digests of measured images, of one platform or of all.
//!
//! ```text
//! engine's images, an archive's, a registry's ──▶ Release ──▶ this machine's platform alone, or all ──▶ Statement
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{
    exported::recall_image,
    images::list_images,
    measure::measure_archive,
    queue::measure_all,
    quoting::amendment,
    remote::{Platforms, local_platform, measure_origin},
};
use crate::{
    domain::{
        Address, Digest, Platform, Reference,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, ImageId, KindedDigest, LocalImage, SharedIndex},
        platform::Standing,
        progress::Watch,
        publication::Statement,
        wish::{Origin, ReleaseWish},
    },
    ops::{Context, Failure},
};

/// The measured content that a release is made of.
#[derive(Debug, Clone)]
pub struct Release {
    /// Under which name.
    pub reference: Reference,
    /// Each image: the same platform twice would be two contents under one name.
    images: Vec<Built>,
}

#[derive(Debug, Clone)]
struct Built {
    platform: Option<String>,
    config: Digest,
    digests: Vec<KindedDigest>,
    /// Indexes that lead to it and to others.
    shared: Vec<SharedIndex>,
    layers: Option<KindedDigest>,
}

impl Built {
    /// Its platform, for a sentence.
    fn name(&self) -> &str {
        self.platform.as_deref().unwrap_or("a platform that it does not name")
    }

    /// Whether it may be built for this machine.
    fn is_local(&self) -> bool {
        let standing = self.platform.as_deref().map(|platform| Platform::from(platform).standing(&local_platform()));
        standing.is_some_and(|standing| standing != Standing::Other)
    }
}

/// Measures what is to be released, and answers with the release and what is to be known of it, each in a sentence.
///
/// # Errors
/// When there is no such image, it cannot be read, or it is not clear which platform's is meant.
pub async fn compose(
    context: &Context,
    wish: &ReleaseWish,
    watch: Arc<dyn Watch>,
) -> Result<(Statement, Vec<String>), Failure> {
    let mut release = Release::of(&wish.reference);
    match &wish.origin {
        Origin::Here => {
            let mut list = list_images(context).await;
            list.images.retain(|image| image.references.contains(&wish.reference));
            if list.images.is_empty() {
                let message = format!("there is no image `{}` here", wish.reference.familiar());
                let problem = list.problems.into_iter().next();
                return Err(problem.unwrap_or_else(|| Failure::new("no-such-image", &message)));
            }
            let found = measure_all(context, &list.images, false, watch).await?;
            release.add_listed(context, &list.images, &found).await?;
        }
        Origin::Registry => release.add_served(context, wish.all_platforms, watch).await?,
        Origin::Archive(path) => release.add_archived(path, &measure_archive(context, path, false, watch).await?)?,
    }
    let note = if wish.all_platforms {
        release.told_partial(wish.origin == Origin::Registry)?
    } else {
        release.keep_local()?
    };
    let notes = note.into_iter().chain(release.told_platforms()).collect();
    Ok((release.statement(wish.with_layers, String::new()), notes))
}

/// The statement as an amendment: only what the current version does not hold yet. `None` where that holds all of it already.
///
/// # Errors
/// `refused` where there is nothing that could be amended; when the node cannot be asked.
pub async fn amended(
    context: &Context,
    statement: &Statement,
    publisher: Address,
) -> Result<Option<Statement>, Failure> {
    let Statement::Release { reference, digests, annotations, .. } = statement else {
        return Ok(Some(statement.clone()));
    };
    match amendment(context, reference, publisher, digests).await? {
        (0, _) => {
            let message =
                format!("{publisher} has released nothing under `{}` that could be amended", reference.familiar());
            Err(Failure::new("refused", &message).hint("make a new version first"))
        }
        (_, digests) if digests.is_empty() => Ok(None),
        (amends, digests) => {
            let (reference, annotations) = (reference.clone(), annotations.clone());
            Ok(Some(Statement::Release { reference, digests, amends, annotations }))
        }
    }
}

/// Which images of the archive at `path` stand for `reference`: those that it names so, or all of them where it holds one
/// image only (in any number of platforms), whatever the archive calls it.
///
/// # Errors
/// `no-such-image` where none does.
pub fn standing_for<'a>(
    path: &Path,
    images: &'a [LocalImage],
    reference: &Reference,
) -> Result<Vec<&'a LocalImage>, Failure> {
    let named: Vec<_> = images.iter().filter(|image| image.references.contains(reference)).collect();
    let is_one_image = images.windows(2).all(|pair| pair[0].references == pair[1].references);
    let standing = if named.is_empty() && is_one_image { images.iter().collect() } else { named };
    if standing.is_empty() { Err(not_within(path, images, reference)) } else { Ok(standing) }
}

fn not_within(path: &Path, images: &[LocalImage], reference: &Reference) -> Failure {
    if images.is_empty() {
        return Failure::new("no-such-image", &format!("archive `{}` holds no image", path.display()));
    }
    let names: Vec<_> = images.iter().flat_map(|image| &image.references).map(Reference::familiar).collect();
    let message = format!(
        "archive `{}` holds several images and calls none of them `{}`; it names {}",
        path.display(),
        reference.familiar(),
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    );
    Failure::new("no-such-image", &message)
}

impl Release {
    /// Nothing yet.
    #[must_use]
    pub fn of(reference: &Reference) -> Self {
        Self { reference: reference.clone(), images: Vec::new() }
    }

    /// Adds an image's digests. Only what was measured is ever published.
    ///
    /// # Errors
    /// As [`measured_config`], and `reference-ambiguous` where it is the second image of its platform.
    pub fn add(&mut self, platform: Option<&str>, evidence: &Evidence) -> Result<(), Failure> {
        let config = measured_config(&self.reference, evidence)?;
        let twin = self.images.iter().find(|other| other.platform.as_deref() == platform && other.config != config);
        if let Some(other) = twin {
            let name = self.reference.familiar();
            let message = format!("`{name}` stands for two images of one platform: {} and {config}", other.config);
            return Err(Failure::new("reference-ambiguous", &message).hint("name one archive with --archive FILE"));
        }
        self.images.push(Built {
            platform: platform.map(str::to_owned),
            config,
            digests: evidence.releasable(),
            shared: evidence.shared().to_vec(),
            layers: evidence.layers(),
        });
        Ok(())
    }

    /// Adds the listed images that bear its name, with what was `found` when they were measured.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub async fn add_listed(
        &mut self,
        context: &Context,
        images: &[LocalImage],
        found: &BTreeMap<ImageId, Evidence>,
    ) -> Result<(), Failure> {
        let own = self.reference.clone();
        for image in images.iter().filter(|image| image.references.contains(&own)) {
            let evidence = found.get(&image.id).unwrap_or(&image.evidence);
            // The engine's list leaves the platform out.
            let image = recall_image(context, image.clone()).await;
            self.add(image.platform.as_deref(), evidence)?;
        }
        Ok(())
    }

    /// Adds what the name's registry serves: every byte is read and hashed, nothing is pulled.
    ///
    /// # Errors
    /// When the registry cannot be read, and as [`add`](Self::add).
    pub async fn add_served(
        &mut self,
        context: &Context,
        all_platforms: bool,
        watch: Arc<dyn Watch>,
    ) -> Result<(), Failure> {
        let platforms = if all_platforms { Platforms::All } else { Platforms::Local };
        for image in measure_origin(context, &self.reference, platforms, watch).await?.images {
            self.add(image.platform.as_deref(), &image.evidence())?;
        }
        Ok(())
    }

    /// Adds the images of the archive at `path` that stand for its name.
    ///
    /// # Errors
    /// As [`standing_for`] and [`add`](Self::add).
    pub fn add_archived(&mut self, path: &Path, images: &[LocalImage]) -> Result<(), Failure> {
        for image in standing_for(path, images, &self.reference)? {
            self.add(image.platform.as_deref(), &image.evidence)?;
        }
        Ok(())
    }

    /// Leaves this machine's platform where there are several: the others were built elsewhere, and are published there,
    /// or on purpose. Answers with a sentence about those that it left out.
    ///
    /// # Errors
    /// `reference-ambiguous` where it cannot be told which of them this machine's is.
    pub fn keep_local(&mut self) -> Result<Option<String>, Failure> {
        let platforms: BTreeSet<_> = self.images.iter().map(|image| image.platform.as_deref()).collect();
        if platforms.len() < 2 {
            return Ok(None);
        }
        let names: BTreeSet<_> = self.images.iter().map(Built::name).collect();
        let (name, own) = (self.reference.familiar(), local_platform());
        let several = names.into_iter().collect::<Vec<_>>().join(", ");
        let refused = |cause: &str| {
            let message = format!("`{name}` stands for {several} here, {cause}");
            Failure::new("reference-ambiguous", &message)
        };
        if platforms.contains(&None) {
            return Err(refused(&format!("and the one without a name may be {own} or not")));
        }
        if !self.images.iter().any(Built::is_local) {
            return Err(refused(&format!("and for no {own}")));
        }
        let left_out: BTreeSet<_> = self.images.iter().filter(|image| !image.is_local()).map(Built::name).collect();
        let left_out = left_out.into_iter().collect::<Vec<_>>().join(", ");
        let note = format!("{name}: left out {left_out}");
        self.images.retain(Built::is_local);
        Ok(Some(note))
    }

    /// Which platforms the images are for, in a sentence, where that is not this machine's alone.
    fn told_platforms(&self) -> Option<String> {
        if self.images.iter().all(Built::is_local) {
            return None;
        }
        let names: BTreeSet<_> = self.images.iter().map(Built::name).collect();
        Some(format!("it is for {}", names.into_iter().collect::<Vec<_>>().join(", ")))
    }

    /// Of the images, and with `with_layers` of their layers.
    #[must_use]
    pub fn statement(self, with_layers: bool, annotations: String) -> Statement {
        let digests = self.digests(with_layers);
        Statement::Release { reference: self.reference, digests, amends: 0, annotations }
    }

    fn digests(&self, with_layers: bool) -> Vec<KindedDigest> {
        let layers = self.images.iter().filter(|_| with_layers).filter_map(|image| image.layers);
        let indexes = self.whole_indexes().into_iter();
        let own = self.images.iter().flat_map(|image| image.digests.clone());
        let mut digests: Vec<_> = own.chain(indexes).chain(layers).collect();
        digests.sort();
        digests.dedup();
        digests
    }

    /// The indexes of which every image is part of the release: an index vouches for all of them.
    fn whole_indexes(&self) -> Vec<KindedDigest> {
        let whole = self.indexes().into_iter().filter(|(index, images)| index.images == *images);
        whole.map(|(index, _)| KindedDigest { kind: DigestKind::Index, digest: index.digest }).collect()
    }

    /// What an index leads to, where that is more than the release holds, and how many of them it holds.
    fn partial_index(&self) -> Option<(String, usize)> {
        let (index, here) = self.indexes().into_iter().find(|(index, images)| index.images != *images)?;
        let all = if index.images == 0 { "more images".to_owned() } else { format!("{} images", index.images) };
        Some((all, here))
    }

    /// A sentence about a release that is not all of an index, where it is not. A registry should hold all of it, so there
    /// something is wrong.
    ///
    /// # Errors
    /// `image-unreadable` where a registry does not.
    pub fn told_partial(&self, is_remote: bool) -> Result<Option<String>, Failure> {
        let Some((led_to, here)) = self.partial_index() else { return Ok(None) };
        let name = self.reference.familiar();
        if is_remote {
            let message = format!("the index of `{name}` leads to {led_to}, and its registry holds {here} of them");
            return Err(Failure::new("image-unreadable", &message).hint("whoever pushed it can push it again"));
        }
        Ok(Some(format!(
            "{name}: its index leads to {led_to}, of which {here} can be published from here: engines give one platform out, \
             and files what was pulled; an archive that holds them all can be published"
        )))
    }

    /// The indexes that lead to several images, and how many of those are part of the release.
    fn indexes(&self) -> BTreeMap<SharedIndex, usize> {
        let mut led_to: BTreeMap<SharedIndex, BTreeSet<Digest>> = BTreeMap::new();
        for image in &self.images {
            for index in &image.shared {
                led_to.entry(*index).or_default().insert(image.config);
            }
        }
        led_to.into_iter().map(|(index, configs)| (index, configs.len())).collect()
    }
}

/// The configuration digest of measured content.
///
/// # Errors
/// `image-corrupt` for content that contradicts itself, `image-unreadable` for what could not be measured.
pub fn measured_config(reference: &Reference, evidence: &Evidence) -> Result<Digest, Failure> {
    let name = reference.familiar();
    match evidence {
        Evidence::Corrupt { problem, .. } => {
            Err(Failure::new("image-corrupt", &format!("`{name}` contradicts itself: {problem}"))
                .hint("build or pull it again"))
        }
        Evidence::Unreadable { cause } => {
            Err(Failure::new("image-unreadable", &format!("`{name}` could not be measured: {cause}")))
        }
        Evidence::Known { level: EvidenceLevel::Measured, digests, .. } => {
            let config = digests.iter().find(|kinded| kinded.kind == DigestKind::Config);
            config.map(|kinded| kinded.digest).ok_or_else(|| unmeasured(name))
        }
        Evidence::Known { .. } => Err(unmeasured(name)),
    }
}

fn unmeasured(name: &str) -> Failure {
    Failure::new("image-unreadable", &format!("the configuration of `{name}` could not be measured"))
}

#[cfg(test)]
mod tests;
