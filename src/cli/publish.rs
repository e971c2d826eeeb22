//! `daochain publish`

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
    path::Path,
};

use super::{
    Session, args,
    progress::Bar,
    sending, signing,
    sources::{self, Measuring},
    verify::distinct,
};
use crate::{
    domain::{
        Address, Digest, Platform, Reference,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, KindedDigest, LocalImage, SharedIndex},
        platform::Standing,
        publication::Statement,
    },
    ops::{
        Failure,
        exported::recall_image,
        quoting::amendment,
        remote::{Platforms, local_platform, measure_origin},
    },
};

/// Longest list of references, in bytes.
const LIST_LIMIT: u64 = 1 << 20;

/// The measured content that a release is made of.
struct Release {
    reference: Reference,
    /// Each image: the same platform twice would be two contents under one name.
    images: Vec<Built>,
}

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

pub async fn run(session: &mut Session, args: args::Publish) -> Result<u8, Failure> {
    let mut references = args.references.clone();
    if let Some(list) = &args.from_file {
        references.extend(read_list(list)?);
    }
    let references = distinct(&references);
    if references.is_empty() && args.archive.is_empty() {
        return Err(Failure::new("usage", "the file names no image").hint("write one image name on each line"));
    }
    let account = signing::publisher(session, &args.elsewhere, args.sending.account).await?;
    let authority = args.elsewhere.authority();
    let mut pending = if args.sending.dry_run || args.elsewhere.is_elsewhere() {
        Vec::new()
    } else {
        sending::take_up(session).await?
    };
    let releases = if args.remote {
        of_registries(session, &args, &references).await?
    } else if args.archive.is_empty() {
        of_list(session, &references).await?
    } else {
        of_archives(session, &args, &references).await?
    };
    let mut statements = Vec::with_capacity(releases.len());
    for mut release in releases {
        sending::refuse_pending(session, &mut pending, &release.reference).await?;
        if !args.all_platforms
            && let Some(note) = release.keep_local()?
        {
            session.console.note(&note);
        }
        if let Some((led_to, here)) = release.partial_index().filter(|_| args.all_platforms) {
            session.console.note(&release.told_partial(args.remote, &led_to, here)?);
        }
        let statement = release.statement(&args);
        statements.push(if args.amend {
            amended(session, statement, authority.publisher(account)).await?
        } else {
            statement
        });
    }
    if args.elsewhere.is_elsewhere() {
        let how = ("daochain.publish/1", args.again);
        return signing::elsewhere(session, &args.elsewhere, how, account, statements).await;
    }
    let task =
        sending::Task { schema: "daochain.publish/1", account, sending: &args.sending, authority, again: args.again };
    sending::send(session, &task, statements).await
}

/// The statement as an amendment: only what the current version does not hold yet. As it was where that holds all of it
/// already, which is no failure.
async fn amended(session: &Session, statement: Statement, account: Address) -> Result<Statement, Failure> {
    let Statement::Release { reference, digests, annotations, .. } = &statement else { return Ok(statement) };
    match amendment(&session.context, reference, account, digests).await? {
        (0, _) => {
            let message =
                format!("{account} has released nothing under `{}` that could be amended", reference.familiar());
            Err(Failure::new("refused", &message).hint("publish it without --amend first"))
        }
        (_, digests) if digests.is_empty() => Ok(statement),
        (amends, digests) => {
            let (reference, annotations) = (reference.clone(), annotations.clone());
            Ok(Statement::Release { reference, digests, amends, annotations })
        }
    }
}

async fn of_list(session: &Session, references: &[Reference]) -> Result<Vec<Release>, Failure> {
    let list = sources::list(session).await;
    let is_meant = |image: &&LocalImage| image.references.iter().any(|reference| references.contains(reference));
    let meant: Vec<_> = list.images.iter().filter(is_meant).cloned().collect();
    let found = sources::evidence_of_all(session, &meant, Measuring::Once).await?;
    let mut releases = Vec::with_capacity(references.len());
    for reference in references {
        let images: Vec<_> = list.images.iter().filter(|image| image.references.contains(reference)).collect();
        if images.is_empty() {
            return Err(sources::absent(&list, reference));
        }
        let mut release = Release::of(reference);
        for image in images {
            let evidence = found.get(&image.id).unwrap_or(&image.evidence);
            // The engine's list leaves the platform out.
            let image = recall_image(&session.context, image.clone()).await;
            release.add(image.platform.as_deref(), evidence)?;
        }
        releases.push(release);
    }
    Ok(releases)
}

async fn of_registries(
    session: &Session,
    args: &args::Publish,
    references: &[Reference],
) -> Result<Vec<Release>, Failure> {
    let platforms = if args.all_platforms { Platforms::All } else { Platforms::Local };
    let mut releases = Vec::with_capacity(references.len());
    for reference in references {
        let name = format!("hashing {} at {}", reference.familiar(), reference.registry());
        let bar = Bar::start(&session.console, &session.token, &name);
        let mut release = Release::of(reference);
        let measured = measure_origin(&session.context, reference, platforms, bar).await.map_err(|failure| {
            match failure.code {
                "image-unreadable" if !args.all_platforms => {
                    failure.hint("--all-platforms reads every platform that it has")
                }
                _ => failure,
            }
        })?;
        for image in measured.images {
            release.add(image.platform.as_deref(), &image.evidence())?;
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
                release.add(image.platform.as_deref(), &image.evidence)?;
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
            releases[at].add(image.platform.as_deref(), &image.evidence)?;
        }
    }
    Ok(())
}

impl Release {
    fn of(reference: &Reference) -> Self {
        Self { reference: reference.clone(), images: Vec::new() }
    }

    /// Adds an image's digests. Only what was measured is ever published.
    fn add(&mut self, platform: Option<&str>, evidence: &Evidence) -> Result<(), Failure> {
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

    /// Leaves this machine's platform where there are several: the others were built elsewhere, and are published there,
    /// or on purpose. Answers with a sentence about those that it left out.
    fn keep_local(&mut self) -> Result<Option<String>, Failure> {
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
                .hint("--all-platforms publishes all of them, --archive FILE those of one file")
        };
        if platforms.contains(&None) {
            return Err(refused(&format!("and the one without a name may be {own} or not")));
        }
        if !self.images.iter().any(Built::is_local) {
            return Err(refused(&format!("and for no {own}")));
        }
        let left_out: BTreeSet<_> = self.images.iter().filter(|image| !image.is_local()).map(Built::name).collect();
        let left_out = left_out.into_iter().collect::<Vec<_>>().join(", ");
        let note = format!("{name}: left out {left_out}, which --all-platforms publishes as well");
        self.images.retain(Built::is_local);
        Ok(Some(note))
    }

    fn statement(self, args: &args::Publish) -> Statement {
        let digests = self.digests(args.with_layers);
        Statement::Release { reference: self.reference, digests, amends: 0, annotations: args.annotations.clone() }
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

    /// A sentence about a release that is not all of an index. A registry should hold all of it, so there something is wrong.
    fn told_partial(&self, is_remote: bool, led_to: &str, here: usize) -> Result<String, Failure> {
        let name = self.reference.familiar();
        if is_remote {
            let message = format!("the index of `{name}` leads to {led_to}, and its registry holds {here} of them");
            return Err(Failure::new("image-unreadable", &message).hint("whoever pushed it can push it again"));
        }
        Ok(format!(
            "{name}: its index leads to {led_to}, of which {here} can be published from here: engines give one platform out, \
             and files what was pulled (`--archive FILE` of one that holds them all)"
        ))
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

/// Names that a file lists, one a line.
///
/// # Errors
/// `file-unreadable`, `usage` with the line.
pub fn read_list(path: &Path) -> Result<Vec<Reference>, Failure> {
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
mod tests;
