//! The images of `index.json`: OCI layouts, and the other half of what `docker save` writes since engine 25.
//!
//! ```text
//! index.json ─▶ manifest ─▶ configuration, layers          one image, one platform
//!           └─▶ index ─▶ manifest …                        several platforms; some may be absent
//!                    └─▶ attestation (unknown/unknown)     no image
//! ```

use std::collections::BTreeMap;

use super::{
    contents::{Blob, Content, Contents},
    document::{ClaimedDigest, Descriptor, Document, Manifest},
    error::{ImageError, shown},
    inline,
    judge::{Claim, Found, judge, unusable, worsen},
    limits::{IMAGES, INDEX_DEPTH},
    names,
    saved::reference,
};
use crate::domain::{
    Platform,
    digest::Digest,
    measurement::{ImageState, MeasuredManifest},
    reference::Reference,
};

pub(super) const INDEX: &str = "index.json";

pub(super) const MANIFEST_TYPES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
pub(super) const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const CONFIG_TYPES: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// What one entry of `index.json` leads to.
pub(super) struct Top {
    pub(super) reference: Option<Reference>,
    /// In the order of the walk.
    pub(super) found: Vec<Found>,
    /// Platforms that it names and that are not here.
    pub(super) absent: Vec<String>,
    /// Digest of what it names, when that is no image (an artifact): an engine may still give it the name.
    pub(super) other: Option<Digest>,
}

/// Every entry of `index.json`; `None` without such a member. One that cannot be understood does not hide the others.
pub(super) fn tops(contents: &Contents) -> Result<Option<Vec<Top>>, ImageError> {
    if !contents.has(INDEX) {
        return Ok(None);
    }
    let descriptors = match contents.file(INDEX).and_then(|blob| blob.document()) {
        Some(Ok(Document::Index(descriptors))) => descriptors,
        Some(Ok(other)) => return Err(ImageError::document(INDEX, format!("it is {}, not an index", other.kind()))),
        Some(Err(problem)) => return Err(unusable(INDEX, problem)),
        None => return Err(ImageError::document(INDEX, "it is no index: it lists no manifests")),
    };
    let mut visited = 0;
    let tops = descriptors.iter().map(|descriptor| {
        top(contents, descriptor, &mut visited).map_err(|error| (error, descriptor.name().and_then(reference)))
    });
    let unknown = |reference: Option<Reference>, problem| {
        let found = Found::without_config(ImageState::Corrupt, reference.iter().cloned().collect(), problem);
        Top { reference, found: vec![found], absent: Vec::new(), other: None }
    };
    sound(tops.collect(), |top| !top.found.is_empty(), unknown).map(Some)
}

/// Of several images those that cannot be told, beside one that can. An error that is no single image's is the archive's.
pub(super) fn sound<T, R>(
    results: Vec<Result<T, (ImageError, R)>>,
    is_told: impl Fn(&T) -> bool,
    unknown: impl Fn(R, String) -> T,
) -> Result<Vec<T>, ImageError> {
    let has_told = results.iter().any(|result| result.as_ref().is_ok_and(&is_told));
    let told = results.into_iter().map(|result| match result {
        Ok(told) => Ok(told),
        Err((error, reference)) if has_told && error.is_of_one_image() => Ok(unknown(reference, error.to_string())),
        Err((error, _)) => Err(error),
    });
    told.collect()
}

fn top(contents: &Contents, descriptor: &Descriptor, visited: &mut usize) -> Result<Top, ImageError> {
    let reference = descriptor.name().and_then(reference);
    let mut walk = Walk {
        contents,
        visited,
        reference: reference.clone(),
        found: Vec::new(),
        absent: Vec::new(),
        exact: Vec::new(),
        images: 0,
    };
    walk.visit(descriptor, INDEX, &mut Vec::new())?;
    let Walk { mut found, mut absent, exact, .. } = walk;
    if let Some(reference) = reference.as_ref().filter(|_| has_twins(&found, &exact)) {
        let problem = format!("it gives the name `{reference}` to two different images of one platform");
        return Err(ImageError::ambiguous(problem));
    }
    // Engines keep the manifests of platforms that were never pulled. They are absent like those without a manifest,
    // as long as another platform is here; an image whose only platform is like this is incomplete.
    if found.iter().any(|it| !it.found.is_absent) {
        found.retain(|it| {
            let platform = it.platform.clone().filter(|_| it.found.is_absent);
            absent.extend(platform.clone());
            platform.is_none()
        });
    }
    let mut found: Vec<Found> = found.into_iter().map(|it| it.found).collect();
    let mut other = None;
    if found.is_empty() {
        let digest = descriptor.digest.get(INDEX)?;
        if absent.is_empty() {
            other = Some(digest);
        } else {
            let problem = format!("none of its platforms ({}) is in the archive", absent.join(", "));
            found.push(Found::without_config(ImageState::Incomplete, reference.iter().cloned().collect(), problem));
        }
    }
    Ok(Top { reference, found, absent, other })
}

/// True for a manifest or an index.
pub(super) fn is_walked(descriptor: &Descriptor) -> bool {
    let media_type = descriptor.media_type.as_str();
    INDEX_TYPES.contains(&media_type) || MANIFEST_TYPES.contains(&media_type)
}

/// Refuses a document of another kind than its descriptor says: engines go by the one or by the other.
pub(super) fn check_kind(descriptor: &Descriptor, from: &str, document: &Document) -> Result<(), ImageError> {
    let media_type = descriptor.media_type.as_str();
    let is_as_said = match document {
        Document::Manifest(_) => MANIFEST_TYPES.contains(&media_type),
        Document::Index(_) => INDEX_TYPES.contains(&media_type),
        Document::Saves(_) | Document::Config(_) => false,
    };
    let name = || descriptor.digest.get(from).map(names::blob_name).unwrap_or_default();
    is_as_said.then_some(()).ok_or_else(|| {
        ImageError::ambiguous(format!(
            "`{}` names `{}` as `{}`, and it is {}",
            shown(from),
            shown(&name()),
            shown(media_type),
            document.kind()
        ))
    })
}

/// True for an image's manifest. With a platform, the descriptor's or that of what it calls its configuration, an engine may
/// choose it as that platform's image, whatever the configuration's type is called.
pub(super) fn names_an_image(manifest: &Manifest, has_platform: bool) -> bool {
    has_platform || CONFIG_TYPES.contains(&manifest.config.media_type.as_str())
}

/// Two images for one platform: engines take the first that they like. One that is `absent` they may hold already.
fn has_twins(found: &[Visited], absent: &[String]) -> bool {
    let mut seen = BTreeMap::new();
    let is_absent_too = |it: &Visited| it.exact.as_ref().is_some_and(|platform| absent.contains(platform));
    let has_two = found.iter().any(|it| match (&it.exact, it.found.identity) {
        (Some(platform), Some(identity)) => *seen.entry(platform).or_insert(identity) != identity,
        _ => false,
    });
    has_two || found.iter().any(is_absent_too)
}

struct Walk<'c, 'v> {
    contents: &'c Contents,
    visited: &'v mut usize,
    reference: Option<Reference>,
    found: Vec<Visited>,
    absent: Vec<String>,
    /// Platforms of the absent, with all that an engine chooses by.
    exact: Vec<String>,
    /// Descriptors that an engine might take for an image: all but indexes that are here, and attestations.
    images: usize,
}

struct Visited {
    found: Found,
    /// Of the descriptor.
    platform: Option<String>,
    /// The same with all that an engine chooses by.
    exact: Option<String>,
}

/// What a descriptor leads to.
enum Step<'c> {
    Manifest(Digest, &'c Manifest),
    Index(Digest, &'c [Descriptor]),
    /// Nothing more to do.
    Done,
}

impl<'c> Walk<'c, '_> {
    /// `parents` are the indexes that lead here, the outermost first; `from` is the member that holds the descriptor.
    fn visit(&mut self, descriptor: &Descriptor, from: &str, parents: &mut Vec<Digest>) -> Result<(), ImageError> {
        *self.visited += 1;
        if *self.visited > IMAGES {
            return Err(ImageError::refused(format!("its indexes name more than {IMAGES} manifests")));
        }
        match self.step(descriptor, from)? {
            Step::Done => {
                self.images += 1;
                Ok(())
            }
            Step::Manifest(digest, manifest)
                if descriptor.is_attestation() && self.is_attestation(digest, manifest) =>
            {
                Ok(())
            }
            Step::Manifest(digest, manifest) => {
                self.images += 1;
                self.manifest(descriptor, digest, manifest, parents)
            }
            Step::Index(digest, children) => {
                if parents.len() == INDEX_DEPTH {
                    return Err(ImageError::refused(format!("its indexes are nested deeper than {INDEX_DEPTH}")));
                }
                parents.push(digest);
                let name = names::blob_name(digest);
                let (first, before) = (self.found.len(), self.images);
                children.iter().try_for_each(|child| self.visit(child, &name, parents))?;
                parents.pop();
                let images = self.images - before;
                for index in self.found[first..].iter_mut().flat_map(|it| &mut it.found.image.manifests) {
                    if index.is_index && index.digest == digest {
                        index.images = images;
                    }
                }
                Ok(())
            }
        }
    }

    /// True for a manifest that holds statements and nothing that could be run: a configuration for no machine, whose layers
    /// are those statements, and JSON.
    fn is_attestation(&self, digest: Digest, manifest: &Manifest) -> bool {
        let name = names::blob_name(digest);
        let blob = |descriptor: &Descriptor| {
            descriptor.digest.get(&name).ok().and_then(|digest| self.contents.file(&names::blob_name(digest)))
        };
        let Some(Ok(Document::Config(config))) = blob(&manifest.config).and_then(Blob::document) else { return false };
        let is_statement = |(layer, diff_id): (&Descriptor, &ClaimedDigest)| {
            let said = layer.digest.get(&name).ok();
            said.is_some()
                && said == diff_id.get(&name).ok()
                && blob(layer).is_some_and(|blob| Some(blob.digest) == said && matches!(blob.content, Content::Json))
        };
        manifest.is_attestation()
            && config.built_for.as_ref().is_some_and(Platform::is_unknown)
            && config.diff_ids.len() == manifest.layers.len()
            && manifest.layers.iter().zip(&config.diff_ids).all(is_statement)
    }

    fn step(&mut self, descriptor: &Descriptor, from: &str) -> Result<Step<'c>, ImageError> {
        if !is_walked(descriptor) {
            return Ok(Step::Done);
        }
        let digest = descriptor.digest.get(from)?;
        let name = names::blob_name(digest);
        let Some(blob) = self.contents.file(&name) else {
            self.exact.extend(descriptor.exact_platform());
            match descriptor.platform() {
                Some(platform) => self.absent.push(platform),
                None if descriptor.is_attestation() => {}
                None => self.note(ImageState::Incomplete, format!("its manifest {digest} is not in the archive")),
            }
            return Ok(Step::Done);
        };
        if blob.digest != digest {
            let problem = format!("its manifest should have the digest {digest} by its name and has {}", blob.digest);
            self.note(ImageState::Corrupt, problem);
            return Ok(Step::Done);
        }
        if let Some(problem) = self.contradiction(descriptor, from)? {
            self.note(ImageState::Corrupt, problem);
            return Ok(Step::Done);
        }
        let document = document(&name, blob)?;
        check_kind(descriptor, from, document)?;
        match document {
            Document::Manifest(manifest) => Ok(Step::Manifest(digest, manifest)),
            Document::Index(children) => Ok(Step::Index(digest, children)),
            _ => Ok(Step::Done),
        }
    }

    fn manifest(
        &mut self,
        descriptor: &Descriptor,
        digest: Digest,
        manifest: &Manifest,
        parents: &[Digest],
    ) -> Result<(), ImageError> {
        let platform = descriptor.platform();
        let name = names::blob_name(digest);
        let config =
            manifest.config.digest.get(&name).ok().and_then(|config| self.contents.file(&names::blob_name(config)));
        let is_config = config.is_some_and(|blob| matches!(blob.document(), Some(Ok(Document::Config(_)))));
        if !names_an_image(manifest, platform.is_some() || is_config) {
            return Ok(());
        }
        let member = |it: &Descriptor| it.digest.get(&name).map(names::blob_name);
        let indexes = parents.iter().rev().map(|index| MeasuredManifest { digest: *index, is_index: true, images: 0 });
        let claim = Claim {
            references: self.references(),
            config: member(&manifest.config)?,
            layers: manifest.layers.iter().map(member).collect::<Result<_, _>>()?,
            manifests: std::iter::once(MeasuredManifest { digest, is_index: false, images: 1 })
                .chain(indexes)
                .collect(),
        };
        let mut found = judge(self.contents, claim)?;
        if descriptor.is_attestation() && found.is_absent {
            return Ok(());
        }
        for part in std::iter::once(&manifest.config).chain(&manifest.layers) {
            if let Some(problem) = self.contradiction(part, &name)? {
                worsen(&mut found.image, ImageState::Corrupt, problem);
            }
        }
        self.found.push(Visited { found, platform, exact: descriptor.exact_platform() });
        Ok(())
    }

    /// What keeps a descriptor from being read as engines read it. Content whose length is not the descriptor's should not be
    /// trusted (OCI image-spec, `descriptor.md`).
    fn contradiction(&self, descriptor: &Descriptor, from: &str) -> Result<Option<String>, ImageError> {
        if matches!(inline::embedded(descriptor), Some(Err(_))) {
            return Ok(Some(format!("`{}` embeds content that is no base64", shown(from))));
        }
        let blob = self.contents.file(&names::blob_name(descriptor.digest.get(from)?));
        let sizes = blob.map(|blob| blob.bytes).zip(descriptor.size).filter(|(found, said)| found != said);
        Ok(sizes.map(|(found, said)| {
            format!("`{}` gives a content of {found} bytes the size of {said} bytes", shown(from))
        }))
    }

    /// An image of which not even the manifest can be used.
    fn note(&mut self, state: ImageState, problem: String) {
        let found = Found::without_config(state, self.references(), problem);
        self.found.push(Visited { found, platform: None, exact: None });
    }

    fn references(&self) -> Vec<Reference> {
        self.reference.iter().cloned().collect()
    }
}

fn document<'c>(name: &str, blob: &'c Blob) -> Result<&'c Document, ImageError> {
    match blob.document() {
        Some(Ok(document)) => Ok(document),
        Some(Err(problem)) => Err(unusable(name, problem)),
        None => Err(ImageError::document(name, "it is neither a manifest nor an index")),
    }
}
