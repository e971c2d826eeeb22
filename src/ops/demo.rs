//! The demonstration: a throw-away home, the embedded node, archives that are made here, and at least one image in every
//! verdict, each reached the way it is reached in life.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{accounts, context::blocking, measure, publish, quoting, trust, unlock, verify::Subject};
use crate::{
    chain::Signer,
    config::{Config, Options},
    domain::{
        Account, Digest, Reference, Timestamp,
        digest::DigestKind,
        image::{Evidence, KindedDigest, LocalImage},
        progress::Unwatched,
        publication::{Stage, Statement},
        trust::Rule,
        verdict::Conclusion,
    },
    image::write::ImageBuilder,
    ops::{Context, Failure, Passphrase},
    store::files,
};

/// The passphrase of the demonstration's accounts. Their ether exists in its home only.
pub const PASSPHRASE: &str = "demo";
/// Whom the demonstration trusts, and with what.
const TRUSTED: &str = "acme/*";

/// A demonstration that is ready to be looked at.
pub struct Demo {
    /// Its home.
    pub context: Context,
    /// Its images, under the names they claim.
    pub subjects: Vec<Subject>,
    /// The images themselves, in the same order; `None` where none can be told of the file.
    pub images: Vec<Option<LocalImage>>,
    /// What must be concluded of each.
    pub expected: Vec<Conclusion>,
    home: Place,
}

/// Where a demonstration lives: in a folder that goes with it, or in one that the user keeps.
enum Place {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary(dir) => dir.path(),
            Self::Kept(dir) => dir,
        }
    }
}

impl Demo {
    /// Its folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

/// One image of the demonstration: its name, its file, and what happens to it.
struct Scene {
    name: &'static str,
    file: &'static str,
    content: &'static str,
    plot: Plot,
}

/// What happens to an image, and so what must be concluded of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plot {
    /// Released after an older version.
    Current,
    /// Released, and then a newer version.
    Superseded,
    /// Released and withdrawn.
    Withdrawn,
    /// Released, and then built anew with another content under the same name.
    Swapped,
    /// Released, and then one byte of a layer was changed in the file.
    Damaged,
    /// Released by somebody whom no rule names.
    Foreign,
    /// Never released.
    Silent,
    /// Released, and then the file was cut short.
    Cut,
}

impl Plot {
    const fn conclusion(self) -> Conclusion {
        match self {
            Self::Current => Conclusion::Verified,
            Self::Superseded => Conclusion::Outdated,
            Self::Withdrawn => Conclusion::Revoked,
            Self::Swapped | Self::Damaged => Conclusion::Mismatch,
            Self::Foreign => Conclusion::Untrusted,
            Self::Silent => Conclusion::Unpublished,
            Self::Cut => Conclusion::Undecided,
        }
    }
}

const SCENES: [Scene; 8] = [
    Scene { name: "acme/web:1.2", file: "web.tar", content: "web server 1.2", plot: Plot::Current },
    Scene { name: "acme/db:16", file: "db.tar", content: "database 16.0", plot: Plot::Superseded },
    Scene { name: "acme/old:1", file: "old.tar", content: "a release with a hole", plot: Plot::Withdrawn },
    Scene { name: "acme/api:latest", file: "api.tar", content: "the api", plot: Plot::Swapped },
    Scene { name: "acme/worker:3", file: "worker.tar", content: "the worker, release 3", plot: Plot::Damaged },
    Scene { name: "tools/scan:2", file: "scan.tar", content: "somebody's scanner", plot: Plot::Foreign },
    Scene { name: "nginx:1.27", file: "nginx.tar", content: "nobody published this", plot: Plot::Silent },
    Scene { name: "acme/cache:7", file: "cache.tar", content: "a download that broke off", plot: Plot::Cut },
];

/// Makes the home, starts the node, publishes, and changes what must be changed. `tell` hears what is being done.
///
/// # Errors
/// When the folder cannot be written, or `keep` is not empty; the node's errors.
pub async fn prepare(keep: Option<PathBuf>, tell: &(dyn Fn(&str) + Send + Sync)) -> Result<Demo, Failure> {
    let home = place(keep)?;
    let images = home.path().join("images");
    files::create_folder(&images).map_err(|error| unwritable(&images, error.cause()))?;
    tell("starting the embedded Ethereum node");
    let context = open(home.path(), &images)?;
    context.chain().await?;
    tell("making two accounts and funding them");
    let (publisher, publisher_key) = account(&context).await?;
    let (_, stranger_key) = account(&context).await?;
    let pattern = TRUSTED.parse().map_err(|error| Failure::new("internal", &format!("{error}")))?;
    let rule = Rule { name: Some("acme".to_owned()), ..Rule::new(pattern, publisher.address) };
    trust::add_rule(&context, rule)?;
    let (mut subjects, mut images_found, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for scene in &SCENES {
        tell(&format!("{}: {}", scene.name, scene.plot.story()));
        let key = if scene.plot == Plot::Foreign { &stranger_key } else { &publisher_key };
        let (subject, image) = play(&context, scene, &images, key).await?;
        subjects.push(subject);
        images_found.push(image);
        expected.push(scene.plot.conclusion());
    }
    Ok(Demo { context, subjects, images: images_found, expected, home })
}

impl Plot {
    const fn story(self) -> &'static str {
        match self {
            Self::Current => "two versions published, the file holds the newer one",
            Self::Superseded => "two versions published, the file holds the older one",
            Self::Withdrawn => "published and revoked",
            Self::Swapped => "published, then rebuilt with another content under the same name",
            Self::Damaged => "published, then one byte of the file changed",
            Self::Foreign => "published by somebody whom no trust rule names",
            Self::Silent => "never published",
            Self::Cut => "published, then the file cut short",
        }
    }
}

fn place(keep: Option<PathBuf>) -> Result<Place, Failure> {
    let Some(dir) = keep else {
        let made = tempfile::Builder::new().prefix("daochain-demo-").tempdir();
        return made.map(Place::Temporary).map_err(|error| unwritable(&std::env::temp_dir(), error));
    };
    files::create_folder(&dir).map_err(|error| unwritable(&dir, error.cause()))?;
    if fs::read_dir(&dir).map_err(|error| unwritable(&dir, error))?.next().is_some() {
        let message = format!("folder `{}` is not empty, and the demonstration fills it", dir.display());
        return Err(Failure::new("folder-not-empty", &message).hint("name another with --keep DIR"));
    }
    let absolute = fs::canonicalize(&dir).map_err(|error| unwritable(&dir, error))?;
    Ok(Place::Kept(absolute))
}

fn open(home: &Path, images: &Path) -> Result<Context, Failure> {
    let options = Options {
        home: Some(home.to_owned()),
        docker_host: Some(super::context::NO_ENGINE.to_owned()),
        archives: vec![images.to_owned()],
        ..Options::default()
    };
    // No environment: the demonstration must not read or touch the user's own home.
    Context::open(Config::load(options, &|_| None)?)
}

async fn account(context: &Context) -> Result<(Account, Signer), Failure> {
    let passphrase = || Passphrase(Zeroizing::new(PASSPHRASE.to_owned()));
    let made = accounts::create_account(context, passphrase()).await?;
    accounts::fund_account(context, made.address).await?;
    let key = unlock::unlock(context, made.address, passphrase()).await?;
    Ok((made, key))
}

async fn play(
    context: &Context,
    scene: &Scene,
    images: &Path,
    key: &Signer,
) -> Result<(Subject, Option<LocalImage>), Failure> {
    let reference: Reference = scene.name.parse().map_err(|error| Failure::new("internal", &format!("{error}")))?;
    let path = images.join(scene.file);
    let digest = write(&path, &reference, scene.content)?;
    // Who publishes measures first: of what is swapped later it is known which layers the released image has.
    measure::measure_archive(context, &path, false, Arc::new(Unwatched)).await?;
    let before = digest_of(&reference, "an earlier release")?;
    let after = digest_of(&reference, "a later release")?;
    let releases = match scene.plot {
        Plot::Current => vec![before, digest],
        Plot::Superseded => vec![digest, after],
        Plot::Silent => vec![],
        Plot::Withdrawn | Plot::Swapped | Plot::Damaged | Plot::Foreign | Plot::Cut => vec![digest],
    };
    for digest in releases {
        let digests = vec![KindedDigest { kind: DigestKind::Config, digest }];
        state(
            context,
            Statement::Release { reference: reference.clone(), digests, amends: 0, annotations: String::new() },
            key,
        )
        .await?;
    }
    match scene.plot {
        Plot::Withdrawn => {
            let reason = "its TLS library leaks keys".to_owned();
            let statement = Statement::Revocation { reference: reference.clone(), digests: vec![digest], reason };
            state(context, statement, key).await?;
        }
        Plot::Swapped => {
            write(&path, &reference, "the api, and a back door")?;
        }
        Plot::Damaged => change_byte(&path, scene.content)?,
        Plot::Cut => cut(&path)?,
        Plot::Current | Plot::Superseded | Plot::Foreign | Plot::Silent => {}
    }
    look(context, reference, path).await
}

/// Publishes or revokes for real: quote, signature, journal, broadcast, block.
async fn state(context: &Context, statement: Statement, key: &Signer) -> Result<(), Failure> {
    let quote = quoting::quote(context, statement, key.address()).await?;
    let (stages, _unheard) = mpsc::channel(1);
    match publish::submit_with(context, &quote, publish::Held::Kept(key), 1, stages).await? {
        Stage::Final { .. } => Ok(()),
        other => {
            Err(Failure::new("demo-failed", &format!("a publication of the demonstration ended as {}", other.word())))
        }
    }
}

/// What the file is now: measured, or unreadable with the cause.
async fn look(
    context: &Context,
    reference: Reference,
    path: PathBuf,
) -> Result<(Subject, Option<LocalImage>), Failure> {
    match measure::measure_archive(context, &path, false, Arc::new(Unwatched)).await {
        Ok(images) => {
            let found = images.into_iter().find(|image| image.references.contains(&reference));
            let image = found.ok_or_else(|| {
                Failure::new("demo-failed", &format!("`{}` does not hold {reference}", path.display()))
            })?;
            let subject = Subject { image: Some(image.id.clone()), reference, evidence: image.evidence.clone() };
            Ok((subject, Some(image)))
        }
        Err(failure) if failure.is_cancelled() => Err(failure),
        Err(failure) => {
            let evidence = Evidence::Unreadable { cause: failure.to_string() };
            Ok((Subject { image: None, reference, evidence }, None))
        }
    }
}

fn builder(reference: &Reference, content: &str) -> ImageBuilder {
    ImageBuilder::new()
        .reference(reference.clone())
        .created(Timestamp(1_760_000_000))
        .label("org.opencontainers.image.vendor", "the demonstration")
        .layer([("etc/os-release", "NAME=demo\n".to_owned())])
        .layer([("app/content", format!("{content}\n"))])
}

fn write(path: &Path, reference: &Reference, content: &str) -> Result<Digest, Failure> {
    let written = fs::File::create(path).and_then(|file| builder(reference, content).write(file));
    written.map_err(|error| unwritable(path, &error))
}

/// The digest of a release that nobody keeps here.
fn digest_of(reference: &Reference, content: &str) -> Result<Digest, Failure> {
    builder(reference, content).write(std::io::sink()).map_err(|error| unwritable(Path::new("sink"), &error))
}

fn change_byte(path: &Path, content: &str) -> Result<(), Failure> {
    let mut bytes = fs::read(path).map_err(|error| unwritable(path, &error))?;
    let at = bytes.windows(content.len()).position(|window| window == content.as_bytes());
    let Some(byte) = at.and_then(|at| bytes.get_mut(at)) else {
        return Err(Failure::new("demo-failed", &format!("`{}` does not hold its own content", path.display())));
    };
    *byte ^= 1;
    fs::write(path, bytes).map_err(|error| unwritable(path, &error))
}

fn cut(path: &Path) -> Result<(), Failure> {
    let cut_short = || {
        let file = fs::OpenOptions::new().write(true).open(path)?;
        file.set_len(file.metadata()?.len() / 2)
    };
    cut_short().map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::new("folder-unwritable", &format!("`{}` cannot be written: {cause}", path.display()))
        .hint("name another folder with --keep DIR, or another TMPDIR")
}

impl Demo {
    /// Ends the node, and removes the home unless it is kept.
    ///
    /// # Errors
    /// When the home cannot be removed.
    pub async fn close(self) -> Result<(), Failure> {
        self.context.close().await;
        let Place::Temporary(dir) = self.home else { return Ok(()) };
        blocking(move || dir.close().map_err(|error| Failure::new("folder-unwritable", &format!("{error}")))).await
    }
}
