//! What registries have, judged before anything is pulled.
//!
//! ```text
//! tag ─▶ manifest ─▶ configuration's digest
//!    └─▶ index ─▶ this platform's manifest ─▶ configuration's digest;   of the others the manifests' digests
//! ```
//! Manifests are hashed here; that their layers are what they say is the registry's claim.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use futures_util::{StreamExt as _, stream};

use super::registries::{absent, access, repository};
use crate::{
    domain::{
        Digest, Platform, Reference,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest, SharedIndex},
        platform::Standing,
    },
    ops::{Context, Failure, remote::local_platform},
    registry::{Child, Outline, RateLimit, RegistryError, Repository, Resolved, catalog},
};

/// Requests to one registry at once.
const AT_ONCE: usize = 8;
/// Platforms of one tag that are told.
const PLATFORMS: usize = 64;

/// One platform of one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteImage {
    /// The name with the tag.
    pub reference: Reference,
    /// `linux/arm64`; `None` where only the configuration would tell.
    pub platform: Option<String>,
    /// Of what the tag names.
    pub digest: Option<Digest>,
    /// Its media type, as the registry gives it.
    pub media_type: Option<String>,
    /// Of this platform's manifest.
    pub manifest: Option<Digest>,
    /// Bytes of configuration and layers as they are stored; `None` where the manifest was not read.
    pub bytes: Option<u64>,
    /// What is claimed of its content.
    pub evidence: Evidence,
}

/// What a registry has under a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// The images of a repository, by tag.
    pub images: Vec<RemoteImage>,
    /// The repositories of a namespace, with their registry.
    pub repositories: Vec<String>,
    /// There are more than were asked for.
    pub is_cut: bool,
    /// What the registry says of how much it may still be asked.
    pub rate_limit: Option<RateLimit>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// One tag of a repository.
    Tag(Reference),
    /// A repository's tags that are like the pattern; all without one.
    Tags(Reference, Option<String>),
    /// The repositories of a namespace: registry, and what their names begin with.
    Namespace(String, String),
}

impl Sought {
    /// Reads `repository`, `repository:tag` or `registry/namespace/*`.
    ///
    /// # Errors
    /// `usage`.
    pub fn read(name: &str, pattern: Option<String>) -> Result<Self, Failure> {
        let usage = |cause: &str| {
            Failure::new("usage", cause).hint("name a repository, `repository:tag`, or `registry/namespace/*`")
        };
        if let Some(namespace) = name.strip_suffix("/*") {
            // A repository of it, for the grammar's sake.
            let inside: Reference =
                format!("{namespace}/name").parse().map_err(|error| usage(&format!("`{name}`: {error}")))?;
            let path = inside.repository().strip_suffix("name").unwrap_or_default();
            return Ok(Self::Namespace(inside.registry().to_owned(), path.to_owned()));
        }
        let reference: Reference = name.parse().map_err(|error| usage(&format!("{error}")))?;
        let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
        match pattern {
            Some(_) if has_tag => Err(usage("the name has a tag already, and --tags asks for others")),
            None if has_tag => Ok(Self::Tag(reference)),
            pattern => Ok(Self::Tags(reference, pattern)),
        }
    }
}

/// What the registry has, up to `limit` tags or repositories: at most two requests for each tag, and eight at once.
///
/// # Errors
/// When the registry does not answer, or has nothing of that name.
pub async fn look(context: &Context, sought: &Sought, limit: usize) -> Result<Offer, Failure> {
    match sought {
        Sought::Tag(reference) => {
            let asked = repository(context, reference).await?;
            let tags = vec![reference.tag().to_owned()];
            let offer = images(&asked, reference, tags, false).await;
            match offer.images.as_slice() {
                [RemoteImage { digest: None, evidence: Evidence::Unreadable { .. }, .. }] => {
                    // Asked once more, for the error itself.
                    asked.resolve(reference.tag()).await?.ok_or_else(|| absent(reference)).map(|_| offer)
                }
                _ => Ok(offer),
            }
        }
        Sought::Tags(reference, pattern) => {
            let asked = repository(context, reference).await?;
            let is_like = |tag: &str| pattern.as_ref().is_none_or(|pattern| is_like(pattern, tag));
            if let Some(listing) = asked.tags_where(limit, &is_like).await? {
                return Ok(images(&asked, reference, listing.names, listing.is_cut).await);
            }
            // There is no such repository: it may be a namespace.
            let prefix = format!("{}/", reference.repository());
            let offer = repositories(context, reference.registry(), &prefix, limit).await;
            offer.ok().filter(|offer| !offer.repositories.is_empty()).ok_or_else(|| {
                let message = format!("registry `{}` has no repository `{}`", reference.registry(), reference.name());
                Failure::new("no-such-image", &message).hint("check the name, or push it")
            })
        }
        Sought::Namespace(registry, prefix) => repositories(context, registry, prefix, limit).await,
    }
}

async fn repositories(context: &Context, registry: &str, prefix: &str, limit: usize) -> Result<Offer, Failure> {
    let unlisted = || {
        Failure::new("registry-unlisted", &format!("registry `{registry}` does not list its repositories"))
            .hint("name one of them: `daochain remote REPOSITORY`")
    };
    if registry == "docker.io" {
        // Docker Hub's registry answers such a question to nobody.
        return Err(unlisted());
    }
    let is_inside = |name: &str| name.starts_with(prefix);
    let listing = match catalog(registry, &access(context), limit, &is_inside).await {
        Ok(listing) => listing.ok_or_else(unlisted)?,
        // Who may not ask is told so by some, and by others that there is no such thing.
        Err(error) if error.code() == "registry-denied" => return Err(unlisted()),
        Err(error) => return Err(error.into()),
    };
    let repositories = listing.names.iter().map(|name| format!("{registry}/{name}")).collect();
    Ok(Offer { repositories, is_cut: listing.is_cut, ..Offer::default() })
}

async fn images(asked: &Repository, reference: &Reference, tags: Vec<String>, is_cut: bool) -> Offer {
    let known = Mutex::new(HashMap::new());
    let named = tags.into_iter().filter_map(|tag| format!("{}:{tag}", reference.name()).parse::<Reference>().ok());
    let looked = stream::iter(named).map(|name| images_of(asked, name, &known)).buffered(AT_ONCE);
    let images = looked.collect::<Vec<_>>().await.into_iter().flatten().collect();
    Offer { images, repositories: Vec::new(), is_cut, rate_limit: asked.rate_limit() }
}

/// Outlines of manifests by their digests: many tags lead to the same.
type Known = Mutex<HashMap<Digest, Outline>>;

/// Every platform of one tag. What cannot be read is told of in its place.
async fn images_of(asked: &Repository, reference: Reference, known: &Known) -> Vec<RemoteImage> {
    let unreadable = |cause: String| RemoteImage {
        reference: reference.clone(),
        platform: None,
        digest: None,
        media_type: None,
        manifest: None,
        bytes: None,
        evidence: Evidence::Unreadable { cause },
    };
    let found = match asked.resolve(reference.tag()).await {
        Ok(Some(found)) => found,
        Ok(None) => return vec![unreadable("the registry has no such tag any more".to_owned())],
        Err(error) => return vec![told(unreadable, &error)],
    };
    match asked.outline(&found) {
        Ok(Outline::Index(children)) => of_index(asked, &reference, &found, &children, known).await,
        Ok(outline) => vec![RemoteImage::of(&reference, &found, None, found.digest, Some(&outline), &[])],
        Err(error) => vec![told(unreadable, &error)],
    }
}

/// Content that is not what the registry itself says is a contradiction, and no mere failure.
fn told(unreadable: impl Fn(String) -> RemoteImage, error: &RegistryError) -> RemoteImage {
    let is_changed = error.code() == "registry-changed";
    let mut image = unreadable(error.to_string());
    if is_changed {
        image.evidence = Evidence::Corrupt { problem: error.to_string(), config: None };
    }
    image
}

async fn of_index(
    asked: &Repository,
    reference: &Reference,
    found: &Resolved,
    children: &[Child],
    known: &Known,
) -> Vec<RemoteImage> {
    let images: Vec<_> = children.iter().filter(|child| !child.is_attestation).take(PLATFORMS).collect();
    let own = local_platform();
    let standing = |child: &Child| child.platform.as_deref().map(|it| Platform::from(it).standing(&own));
    let is_read = |child: &Child| standing(child) == Some(Standing::Own) || images.len() == 1;
    let shared = [SharedIndex { digest: found.digest, images: images.len() }];
    // One manifest of each tag: with all platforms' it would be as many requests.
    let read = images.iter().position(|child| is_read(child));
    let mut all = Vec::with_capacity(images.len());
    for (at, child) in images.iter().enumerate() {
        let read = if read == Some(at) { outline(asked, child.digest, known).await } else { Ok(None) };
        let of = |outline| RemoteImage::of(reference, found, child.platform.clone(), child.digest, outline, &shared);
        all.push(match &read {
            Ok(outline) => of(outline.as_ref()),
            Err(error) => told(|cause| RemoteImage { evidence: Evidence::Unreadable { cause }, ..of(None) }, error),
        });
    }
    all
}

/// `None` where the registry does not hold the manifest.
async fn outline(asked: &Repository, manifest: Digest, known: &Known) -> Result<Option<Outline>, RegistryError> {
    let found = known.lock().unwrap_or_else(PoisonError::into_inner).get(&manifest).cloned();
    if found.is_some() {
        return Ok(found);
    }
    let Some(resolved) = asked.resolve(&manifest.to_string()).await? else { return Ok(None) };
    let outline = asked.outline(&resolved)?;
    known.lock().unwrap_or_else(PoisonError::into_inner).insert(manifest, outline.clone());
    Ok(Some(outline))
}

impl RemoteImage {
    fn of(
        reference: &Reference,
        found: &Resolved,
        platform: Option<String>,
        manifest: Digest,
        outline: Option<&Outline>,
        shared: &[SharedIndex],
    ) -> Self {
        let (config, bytes) = match outline {
            Some(Outline::Manifest { config, bytes }) => (Some(*config), Some(*bytes)),
            _ => (None, None),
        };
        Self {
            reference: reference.clone(),
            platform,
            digest: Some(found.digest),
            media_type: Some(found.media_type.clone()),
            manifest: Some(manifest),
            bytes,
            evidence: claimed(config, manifest, shared),
        }
    }
}

/// What a manifest claims of an image, and the index that leads to it.
pub(super) fn claimed(config: Option<Digest>, manifest: Digest, shared: &[SharedIndex]) -> Evidence {
    let kinded = |kind, digest| KindedDigest { kind, digest };
    let config = config.into_iter().map(|digest| kinded(DigestKind::Config, digest));
    let indexes = shared.iter().map(|index| kinded(DigestKind::Index, index.digest));
    let digests = config.chain([kinded(DigestKind::Manifest, manifest)]).chain(indexes).collect();
    let shared = shared.iter().filter(|index| index.images != 1).copied().collect();
    Evidence::Known { level: EvidenceLevel::Claimed, digests, shared }
}

/// Whether a tag is like a pattern: `*` is any text, `?` any character.
fn is_like(pattern: &str, tag: &str) -> bool {
    let (pattern, tag) = (pattern.as_bytes(), tag.as_bytes());
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < tag.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == tag[from] => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((of, upto)) = star else { return false };
                star = Some((of, upto + 1));
                (at, from) = (of + 1, upto + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_pattern_is_any_text_or_any_character() {
        for (pattern, tag) in
            [("*", ""), ("*", "1"), ("1.*", "1.2"), ("?.?", "1.2"), ("*-alpine*", "3-alpine3.20"), ("a*b*c", "aXbbYc")]
        {
            assert!(is_like(pattern, tag), "{pattern} {tag}");
        }
        for (pattern, tag) in [("", "1"), ("1.*", "2.1"), ("?", "12"), ("a*b", "abc"), ("1", "1.0")] {
            assert!(!is_like(pattern, tag), "{pattern} {tag}");
        }
    }

    #[test]
    fn a_name_is_a_tag_a_repository_or_a_namespace() {
        let read = |name: &str| Sought::read(name, None).unwrap();
        let reference = |name: &str| name.parse::<Reference>().unwrap();
        assert_eq!(read("acme/api:2"), Sought::Tag(reference("acme/api:2")));
        assert_eq!(read("127.0.0.1:5000/acme/api"), Sought::Tags(reference("127.0.0.1:5000/acme/api"), None));
        assert_eq!(read("127.0.0.1:5000/acme/*"), Sought::Namespace("127.0.0.1:5000".into(), "acme/".into()));
        assert_eq!(read("acme/*"), Sought::Namespace("docker.io".into(), "acme/".into()));
        assert_eq!(read("r.example/*"), Sought::Namespace("r.example".into(), String::new()));
        for bad in ["Not A Name", "acme/*/*", "*", "acme/api@sha256:00"] {
            assert_eq!(Sought::read(bad, None).unwrap_err().code, "usage", "{bad}");
        }
        assert_eq!(Sought::read("acme/api:2", Some("*".into())).unwrap_err().code, "usage");
    }
}
