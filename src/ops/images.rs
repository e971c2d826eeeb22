//! Which images there are, and when that changes.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{FutureExt as _, Stream, StreamExt as _, pin_mut};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};

use super::{context::blocking, lasting::lasting};
use crate::{
    config,
    docker::{Engine, EngineError, EngineEvent, EngineTarget},
    domain::{
        Digest,
        image::{Evidence, EvidenceLevel, ImageId, LocalImage, Source},
        measurement::Measurement,
        text::clean,
    },
    image::{self, Kind},
    ops::{Context, Failure, exported, measure},
};

/// How soon a lost engine is tried again: at first, and at the latest.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const RETRY_LIMIT: Duration = Duration::from_secs(5);
/// Events that come this soon after one belong to it.
const BURST: Duration = Duration::from_millis(50);
/// More images than these at once are listed, not asked for one by one.
const BURST_LIMIT: usize = 32;
/// How often archive folders are looked at: no file system tells of changes everywhere (network mounts).
const FOLDER_INTERVAL: Duration = Duration::from_secs(4);
/// Files of one folder that are looked at. A folder with more is not a folder of images.
const FOLDER_LIMIT: usize = 10_000;

/// The images of engine and archive folders. A source that failed is named beside what the others gave, so that a dead
/// engine never looks like an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageList {
    /// In no order. Evidence is *measured* where the cache knows the same bytes. An archive that was never measured is one
    /// image without names and digests: measure it, then list again. One that was tried in vain is one image without names
    /// whose evidence is [`Evidence::Unreadable`], until its bytes change.
    pub images: Vec<LocalImage>,
    /// Sources that could not be read.
    pub problems: Vec<Failure>,
    /// Name and version of the engine that answered (`docker 20.10.24`).
    pub engine: Option<String>,
}

/// Makes an address the engine's, or leaves it to the environment.
///
/// # Errors
/// `usage` for an address that is none, and where `DOCKER_HOST` stands above the configuration; when that cannot be written.
pub async fn name_engine(context: &Context, url: Option<String>) -> Result<(), Failure> {
    if std::env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty()) {
        let failure = Failure::new("usage", "DOCKER_HOST is set, and stands above the configuration");
        return Err(failure.hint("start the program without it to choose here"));
    }
    if let Some(url) = &url {
        EngineTarget::discover(Some(url), &|name| std::env::var(name).ok())?;
    }
    let home = context.config().home.clone();
    blocking(move || Ok(config::set_engine(&home, url.as_deref())?)).await
}

/// Lists every image of the engine and of the archive folders.
///
/// Without an engine and with archive folders given, the missing engine is no problem.
pub async fn list_images(context: &Context) -> ImageList {
    let mut list = ImageList { images: Vec::new(), problems: Vec::new(), engine: None };
    match list_engine(context).await {
        Ok((engine, images)) => {
            list.engine = Some(engine);
            list.images = images;
        }
        Err(failure) if failure.code == "engine-unreachable" && does_without_engine(context) => {}
        Err(failure) => list.problems.push(failure),
    }
    for folder in context.config().archives.clone() {
        match list_folder(context, folder).await {
            Ok((images, problems)) => {
                list.images.extend(images);
                list.problems.extend(problems);
            }
            Err(failure) => list.problems.push(failure),
        }
    }
    list
}

/// Archive folders were given and no engine was named: a missing one is no problem.
pub(super) fn does_without_engine(context: &Context) -> bool {
    let named = context.config().docker_host.is_some() || std::env::var_os("DOCKER_HOST").is_some();
    context.skips_engine() || (!context.config().archives.is_empty() && !named)
}

async fn list_engine(context: &Context) -> Result<(String, Vec<LocalImage>), Failure> {
    let engine = context.engine().await?;
    let listed = match engine.list().await {
        Ok(listed) => listed,
        Err(error) => {
            context.doubt_engine().await;
            return Err(error.into());
        }
    };
    let images = exported::recall_engine_images(context, &engine, listed).await?;
    Ok((engine.info().label(), images))
}

async fn list_folder(context: &Context, folder: PathBuf) -> Result<(Vec<LocalImage>, Vec<Failure>), Failure> {
    let context = context.clone();
    blocking(move || {
        let (mut images, mut problems) = (Vec::new(), Vec::new());
        for path in archives_in(&folder)?.into_keys() {
            match image::sniff(&path) {
                Ok(Kind::Foreign) => {}
                Ok(Kind::Archive | Kind::Layout) => {
                    let measured = measure::recall_file(&context, &path);
                    images.extend(
                        measured
                            .map_or_else(|| vec![unmeasured(&context, &path)], |found| archive_images(&path, &found)),
                    );
                }
                Err(error) => problems.push(error.into()),
            }
        }
        Ok((images, problems))
    })
    .await
}

/// What tells that a file changed: bytes, and the last change of content or metadata.
type Seen = (u64, i64, i64);

/// The folder's files and layout folders, with what tells whether their content changed.
fn archives_in(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<Seen>>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new("archives-unreadable", &format!("archive folder `{}` cannot be read: {error}", folder.display()))
            .hint("name another with --archives DIR")
    };
    let seen =
        |file: PathBuf| fs::metadata(file).map_or((0, 0, 0), |meta| (meta.len(), meta.ctime(), meta.ctime_nsec()));
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)?.take(FOLDER_LIMIT) {
        let path = entry.map_err(unreadable)?.path();
        // A sub-folder counts when it is an OCI layout (image-spec, *image-layout*).
        if path.is_file() || (path.is_dir() && matches!(image::sniff(&path), Ok(Kind::Layout))) {
            let files = image::files_of(&path).unwrap_or_default();
            found.insert(path, files.into_iter().map(seen).collect());
        }
    }
    Ok(found)
}

/// An archive whose content, and so whose names, nobody has read yet, or nobody could.
fn unmeasured(context: &Context, path: &Path) -> LocalImage {
    let evidence = match context.why_unreadable(path, measure::content_key(path).as_deref()) {
        Some(cause) => Evidence::Unreadable { cause },
        None => Evidence::known(EvidenceLevel::Claimed, Vec::new()),
    };
    LocalImage {
        id: ImageId { source: Source::Archive(path.to_owned()), id: "0".to_owned() },
        references: Vec::new(),
        size: fs::metadata(path).map(|meta| meta.len()).unwrap_or_default(),
        created: None,
        platform: None,
        engine: "archive".to_owned(),
        evidence,
    }
}

/// The images that measuring found in an archive.
pub(super) fn archive_images(path: &Path, measurement: &Measurement) -> Vec<LocalImage> {
    let image = |(position, image): (usize, &crate::domain::measurement::MeasuredImage)| LocalImage {
        id: ImageId { source: Source::Archive(path.to_owned()), id: position.to_string() },
        references: image.references.clone(),
        size: measurement.bytes,
        created: image.created,
        platform: image.platform.as_deref().map(clean),
        engine: "archive".to_owned(),
        evidence: image.evidence(),
    };
    measurement.images.iter().enumerate().map(image).collect()
}

/// What became of single images of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// As the list would tell them now. A name of theirs is no other image's any more.
    pub images: Vec<LocalImage>,
    /// The engine has these no more.
    pub gone: Vec<ImageId>,
}

/// News of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChange {
    /// The engine answers (again).
    Connected {
        /// Name and version.
        engine: String,
    },
    /// These images came, went, or changed their names; what the others are, they stay.
    Some(Changes),
    /// An image came, went, or changed its name: list again.
    Changed,
    /// The engine is gone; it is tried again by itself.
    Lost(Failure),
}

/// Follows engine events and archive folders until the receiver is dropped, through losses of the engine.
#[must_use]
pub fn follow_sources(context: &Context) -> mpsc::Receiver<SourceChange> {
    let (sender, receiver) = mpsc::channel(16);
    if !context.skips_engine() {
        let (context, sender) = (context.clone(), sender.clone());
        tokio::spawn(async move {
            let lost = |failure| async { sender.send(SourceChange::Lost(failure)).await.is_ok() };
            lasting("following the engine", || follow_engine(&context, &sender), lost).await;
        });
    }
    if !context.config().archives.is_empty() {
        let context = context.clone();
        tokio::spawn(async move {
            let lost = |_| async { !sender.is_closed() };
            lasting("following the archives", || follow_folders(&context, &sender), lost).await;
        });
    }
    receiver
}

async fn follow_engine(context: &Context, sender: &mpsc::Sender<SourceChange>) {
    let mut pause = FIRST_RETRY;
    let mut told = None;
    while !sender.is_closed() {
        // A doubt about the one before is none about this one.
        let _ = context.engine_doubted().now_or_never();
        let failure = match context.engine().await {
            Ok(engine) => {
                let events = engine.events();
                pin_mut!(events);
                if sender.send(SourceChange::Connected { engine: engine.info().label() }).await.is_err() {
                    return;
                }
                told = None;
                let since = Instant::now();
                let failure = loop {
                    tokio::select! {
                        () = sender.closed() => return,
                        // Whoever asked for the list has told why it failed.
                        () = context.engine_doubted() => break None,
                        event = events.next() => {
                            let first = match event {
                                Some(Ok(event)) => event,
                                Some(Err(error)) => break Some(error.into()),
                                None => break Some(Failure::new("engine-unreachable", "the engine ended its stream of events")),
                            };
                            let (burst, failure) = gather(first, &mut events).await;
                            let change = look_at(context, &engine, burst).await;
                            if sender.send(change).await.is_err() {
                                return;
                            }
                            if failure.is_some() {
                                break failure;
                            }
                        }
                    }
                };
                // One that answers and cannot be listed is not asked without a pause.
                if since.elapsed() > RETRY_LIMIT {
                    pause = FIRST_RETRY;
                }
                failure
            }
            Err(failure) => Some(failure),
        };
        context.lose_engine().await;
        if let Some(failure) = failure {
            if told.as_ref() != Some(&failure) && sender.send(SourceChange::Lost(failure.clone())).await.is_err() {
                return;
            }
            told = Some(failure);
        }
        tokio::select! { () = sender.closed() => return, () = sleep(pause) => {} }
        pause = (pause * 2).min(RETRY_LIMIT);
    }
}

/// What comes with an event, or closely after it, and what ended that: a pull tells of its image several times.
async fn gather(
    first: EngineEvent,
    events: &mut (impl Stream<Item = Result<EngineEvent, EngineError>> + Unpin),
) -> (Vec<EngineEvent>, Option<Failure>) {
    let mut burst = vec![first];
    let end = Instant::now() + BURST;
    while burst.len() <= BURST_LIMIT {
        match timeout_at(end, events.next()).await {
            Ok(Some(Ok(event))) if burst.contains(&event) => {}
            Ok(Some(Ok(event))) => burst.push(event),
            Ok(Some(Err(error))) => return (burst, Some(error.into())),
            Ok(None) | Err(_) => break,
        }
    }
    (burst, None)
}

/// Asks for the images of a burst alone, where that tells what a list would: a list of ten thousand takes an engine, and us,
/// the better part of a second.
async fn look_at(context: &Context, engine: &Engine, burst: Vec<EngineEvent>) -> SourceChange {
    if burst.len() > BURST_LIMIT {
        return SourceChange::Changed;
    }
    let mut changes = Changes::default();
    for event in burst {
        match engine.look(event.image()).await {
            // Which images without names are listed depends on what was built upon them.
            Ok(Some(image)) if image.references.is_empty() => return SourceChange::Changed,
            Ok(Some(image)) => {
                changes.images.retain(|one| one.id != image.id);
                changes.images.push(image);
            }
            Err(error) if error.is_absence() && event.image().parse::<Digest>().is_ok() => {
                changes.gone.push(ImageId { source: Source::Engine, id: event.image().to_owned() });
            }
            Ok(None) | Err(_) => return SourceChange::Changed,
        }
    }
    changes.gone.retain(|gone| changes.images.iter().all(|image| image.id != *gone));
    match exported::recall_engine_images(context, engine, changes.images).await {
        Ok(images) => SourceChange::Some(Changes { images, ..changes }),
        Err(_) => SourceChange::Changed,
    }
}

async fn follow_folders(context: &Context, sender: &mpsc::Sender<SourceChange>) {
    let look = || {
        let folders = context.config().archives.clone();
        blocking(move || Ok(folders.iter().map(|folder| archives_in(folder).ok()).collect::<Vec<_>>()))
    };
    let mut seen = look().await.ok();
    loop {
        tokio::select! { () = sender.closed() => return, () = sleep(FOLDER_INTERVAL) => {} }
        let now = look().await.ok();
        if now != seen {
            seen = now;
            if sender.send(SourceChange::Changed).await.is_err() {
                return;
            }
        }
    }
}
