//! `daochain publish`

use std::{fs::File, io::Read as _, path::Path};

use super::{
    Session, args, sending,
    sources::{self, Measuring},
    verify::distinct,
};
use crate::{
    domain::{
        Digest, Reference,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest, LocalImage},
        publication::Statement,
    },
    ops::{Failure, accounts::choose_account},
};

/// Longest list of references, in bytes.
const LIST_LIMIT: u64 = 1 << 20;

/// The measured content that a release is made of.
struct Release {
    reference: Reference,
    /// Platform and configuration of each image: the same platform twice would be two contents under one name.
    images: Vec<(Option<String>, Digest)>,
    digests: Vec<KindedDigest>,
}

pub async fn run(session: &mut Session, args: args::Publish) -> Result<u8, Failure> {
    let mut references = args.references.clone();
    if let Some(list) = &args.from_file {
        references.extend(read_list(list)?);
    }
    let references = distinct(&references);
    if references.is_empty() && args.archive.is_empty() {
        return Err(Failure::new("usage", "the file names no image").hint("write one image name on each line"));
    }
    let account = choose_account(&session.context, args.sending.account).await?.address;
    let pending = if args.sending.dry_run { Vec::new() } else { sending::take_up(session).await? };
    let releases = if args.archive.is_empty() {
        of_list(session, &references).await?
    } else {
        of_archives(session, &args, &references).await?
    };
    let mut statements = Vec::with_capacity(releases.len());
    for release in releases {
        sending::refuse_pending(&pending, &release.reference)?;
        statements.push(release.statement(&args.annotations));
    }
    let task = sending::Task { schema: "daochain.publish/1", account, sending: &args.sending, again: args.again };
    sending::send(session, &task, statements).await
}

async fn of_list(session: &Session, references: &[Reference]) -> Result<Vec<Release>, Failure> {
    let list = sources::list(session).await;
    let mut releases = Vec::with_capacity(references.len());
    for reference in references {
        let images: Vec<_> = list.images.iter().filter(|image| image.references.contains(reference)).collect();
        if images.is_empty() {
            return Err(sources::absent(&list, reference));
        }
        let mut release = Release::of(reference);
        for image in images {
            let evidence = sources::evidence(session, image, Measuring::Once).await;
            release.add(image, &evidence)?;
        }
        releases.push(release);
    }
    Ok(releases)
}

async fn of_archives(
    session: &Session,
    args: &args::Publish,
    references: &[Reference],
) -> Result<Vec<Release>, Failure> {
    let mut releases: Vec<Release> = references.iter().map(Release::of).collect();
    for path in &args.archive {
        let images = sources::archive(session, path, Measuring::Once).await?;
        if references.is_empty() {
            add_all(path, &images, &mut releases)?;
            continue;
        }
        for release in &mut releases {
            let standing = sources::standing_for(&images, &release.reference);
            if standing.is_empty() {
                return Err(sources::not_within(path, &images, &release.reference));
            }
            for image in standing {
                release.add(image, &image.evidence)?;
            }
        }
    }
    Ok(releases)
}

/// Releases an archive's images under the names that it gives them.
fn add_all(path: &Path, images: &[LocalImage], releases: &mut Vec<Release>) -> Result<(), Failure> {
    if images.iter().all(|image| image.references.is_empty()) {
        return Err(sources::nameless(path));
    }
    for image in images {
        for reference in &image.references {
            let at = releases.iter().position(|release| release.reference == *reference).unwrap_or_else(|| {
                releases.push(Release::of(reference));
                releases.len() - 1
            });
            releases[at].add(image, &image.evidence)?;
        }
    }
    Ok(())
}

impl Release {
    fn of(reference: &Reference) -> Self {
        Self { reference: reference.clone(), images: Vec::new(), digests: Vec::new() }
    }

    /// Adds an image's digests. Only what was measured is ever published.
    fn add(&mut self, image: &LocalImage, evidence: &Evidence) -> Result<(), Failure> {
        let config = measured_config(&self.reference, evidence)?;
        let twin = self.images.iter().find(|(platform, other)| *platform == image.platform && *other != config);
        if let Some((_, other)) = twin {
            let name = self.reference.familiar();
            let message = format!("`{name}` stands for two images of one platform: {other} and {config}");
            return Err(Failure::new("reference-ambiguous", &message).hint("name one archive with --archive FILE"));
        }
        self.images.push((image.platform.clone(), config));
        self.digests.extend(evidence.statable());
        self.digests.sort();
        self.digests.dedup();
        Ok(())
    }

    fn statement(self, annotations: &str) -> Statement {
        Statement::Release { reference: self.reference, digests: self.digests, annotations: annotations.to_owned() }
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
        Evidence::Known { level: EvidenceLevel::Measured, digests } => {
            let config = digests.iter().find(|kinded| kinded.kind == DigestKind::Config);
            config.map(|kinded| kinded.digest).ok_or_else(|| unmeasured(name))
        }
        Evidence::Known { .. } => Err(unmeasured(name)),
    }
}

fn unmeasured(name: &str) -> Failure {
    Failure::new("image-unreadable", &format!("the configuration of `{name}` could not be measured"))
}

fn read_list(path: &Path) -> Result<Vec<Reference>, Failure> {
    let shown = path.display();
    let unreadable = |cause: &str| Failure::new("file-unreadable", &format!("list `{shown}` cannot be read: {cause}"));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(&error.to_string()))?;
    let read = file.take(LIST_LIMIT + 1).read_to_string(&mut text).map_err(|error| unreadable(&error.to_string()))?;
    if read as u64 > LIST_LIMIT {
        return Err(unreadable("it is larger than 1 MiB"));
    }
    parse_list(&text).map_err(|(line, cause)| Failure::new("usage", &format!("line {line} of list `{shown}`: {cause}")))
}

/// One reference a line; empty lines and those that begin with `#` are skipped.
fn parse_list(text: &str) -> Result<Vec<Reference>, (usize, String)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| {
            line.parse().map_err(|error: crate::domain::reference::ReferenceError| (at, error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::path::PathBuf;

    use super::*;
    use crate::domain::image::{ImageId, Source};

    fn image(platform: &str, config: &[u8]) -> LocalImage {
        LocalImage {
            id: ImageId { source: Source::Archive(PathBuf::from("app.tar")), id: "0".to_owned() },
            references: vec!["app:1".parse().unwrap()],
            size: 1,
            created: None,
            platform: Some(platform.to_owned()),
            engine: "archive".to_owned(),
            evidence: Evidence::measured(Digest::of(config)),
        }
    }

    fn release(images: &[LocalImage]) -> Result<Release, Failure> {
        let mut release = Release::of(&"app:1".parse().unwrap());
        for image in images {
            release.add(image, &image.evidence)?;
        }
        Ok(release)
    }

    #[test]
    fn platforms_of_one_name_are_one_release() {
        let made =
            release(&[image("linux/amd64", b"a"), image("linux/arm64", b"b"), image("linux/amd64", b"a")]).unwrap();
        assert_eq!(made.digests.len(), 2);
    }

    #[test]
    fn two_contents_for_one_platform_are_refused() {
        let failure = release(&[image("linux/amd64", b"a"), image("linux/amd64", b"b")]).err().unwrap();
        assert_eq!(failure.code, "reference-ambiguous");
    }

    #[test]
    fn only_measured_content_is_published() {
        let reference: Reference = "app:1".parse().unwrap();
        let code = |evidence: &Evidence| measured_config(&reference, evidence).err().unwrap().code;
        assert_eq!(code(&Evidence::Corrupt { problem: "layer 2".into(), config: None }), "image-corrupt");
        assert_eq!(code(&Evidence::Unreadable { cause: "gone".into() }), "image-unreadable");
        let claimed = KindedDigest { kind: DigestKind::Config, digest: Digest::of(b"a") };
        let claimed = Evidence::Known { level: EvidenceLevel::Claimed, digests: vec![claimed] };
        assert_eq!(code(&claimed), "image-unreadable");
        assert!(measured_config(&reference, &Evidence::measured(Digest::of(b"a"))).is_ok());
    }

    #[test]
    fn a_list_names_one_image_a_line() {
        assert_eq!(parse_list("# ours\nacme/api:1\n\n  acme/web:2 \n").unwrap().len(), 2);
        assert_eq!(parse_list("acme/api:1\nNOT VALID\n").unwrap_err().0, 2);
    }
}
