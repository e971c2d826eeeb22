//! Measuring an image as its registry serves it: every byte is read and hashed, nothing is kept.

use std::{
    collections::VecDeque,
    io::{self, Cursor, Read},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::{context::blocking, registries};
use crate::{
    domain::{
        Digest, Platform, Reference, compare::LayerFiles, measurement::Measurement, platform::Standing, progress::Watch,
    },
    image::{self, ImageError, LayoutFile},
    ops::{Context, Failure},
    registry::{Access, Blob, Plan, RegistryError, Repository},
};

/// How often a reader that waits for the registry asks whether it is still wanted.
const ASK_INTERVAL: Duration = Duration::from_millis(50);

/// Which of a tag's platforms are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platforms {
    /// Those that may be this machine's.
    Local,
    /// All.
    All,
}

/// The platform of this machine.
#[must_use]
pub fn local_platform() -> Platform {
    let architecture = match std::env::consts::ARCH {
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    };
    Platform::new("linux", architecture, "", false)
}

/// Measures what is served under `reference` now, by the registry or a mirror of it.
///
/// # Errors
/// When the registry cannot be asked or has no such image, and as for every measurement.
pub async fn measure_remote(
    context: &Context,
    reference: &Reference,
    platforms: Platforms,
    watch: Arc<dyn Watch>,
) -> Result<Measurement, Failure> {
    measure_at(context, reference, registries::access(context), platforms, watch).await
}

/// Measures what the registry itself serves under `reference` now: for whoever gives a word on it. A mirror may have an older
/// image under the tag.
///
/// # Errors
/// As [`measure_remote`].
pub async fn measure_origin(
    context: &Context,
    reference: &Reference,
    platforms: Platforms,
    watch: Arc<dyn Watch>,
) -> Result<Measurement, Failure> {
    measure_at(context, reference, registries::access(context).without_mirrors(), platforms, watch).await
}

async fn measure_at(
    context: &Context,
    reference: &Reference,
    access: Access,
    platforms: Platforms,
    watch: Arc<dyn Watch>,
) -> Result<Measurement, Failure> {
    let (own, name) = (local_platform(), reference.clone());
    let measured = blocking(move || {
        let runtime = own_runtime()?;
        let asker = Asker { runtime: &runtime, watch: &*watch };
        let is_wanted = |platform: &Platform| platforms == Platforms::All || platform.standing(&own) != Standing::Other;
        let ask = || -> Result<Measurement, Failure> {
            let cancelled = |_| Failure::cancelled();
            let repository = asker.wait(Repository::connect(&name, &access)).map_err(cancelled)??;
            let plan = asker.wait(repository.plan(&is_wanted)).map_err(cancelled)??;
            let total = plan.bytes();
            let files = Files { repository: &repository, asker, left: pieces(plan, &name) };
            image::measure_files(files, Some(total), asker.watch).map_err(told)
        };
        let measured = ask();
        // A cancelled read reaches the measurement as an error of the stream.
        if watch.is_cancelled() { Err(Failure::cancelled()) } else { measured }
    });
    let measured = measured.await?;
    super::measure::note_layers(context, &measured);
    Ok(measured)
}

/// The files of layers as the registry of `reference` stores them: `blobs` with their sizes, `wanted` what they unpack to.
pub(super) async fn list_remote_layers(
    context: &Context,
    reference: &Reference,
    blobs: Vec<(Digest, u64)>,
    wanted: Vec<Digest>,
    watch: Arc<dyn Watch>,
) -> Result<Vec<LayerFiles>, Failure> {
    let (access, name) = (registries::access(context), reference.clone());
    blocking(move || {
        let runtime = own_runtime()?;
        let asker = Asker { runtime: &runtime, watch: &*watch };
        let list = || -> Result<Vec<LayerFiles>, Failure> {
            let repository = asker.wait(Repository::connect(&name, &access)).map_err(|_| Failure::cancelled())??;
            let total = blobs.iter().map(|(_, size)| *size).fold(0, u64::saturating_add);
            let left = blobs.into_iter().map(|(digest, size)| Piece::Blob(digest, size)).collect();
            let files = Files { repository: &repository, asker, left };
            image::list_layer_files(files, Some(total), &wanted, asker.watch).map_err(told)
        };
        let listed = list();
        // As above.
        if watch.is_cancelled() { Err(Failure::cancelled()) } else { listed }
    })
    .await
}

/// Its own: the program's runtime may be ending while a thread still waits for the registry.
fn own_runtime() -> Result<Runtime, Failure> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::new("internal", &format!("the system gives no event queue: {error}")))
}

/// The registry's own error, where it is what ended the measurement.
fn told(error: ImageError) -> Failure {
    let of_registry = match &error {
        ImageError::Read { cause, .. } => cause.get_ref().and_then(|inner| inner.downcast_ref::<RegistryError>()),
        _ => None,
    };
    match of_registry.cloned() {
        Some(error) => error.into(),
        None if matches!(error, ImageError::Cancelled) => error.into(),
        // The hints of archives speak of files and engines.
        None => Failure { hint: Some("whoever pushed it can push it again".to_owned()), ..error.into() },
    }
}

/// One file of the layout that is put together.
enum Piece {
    Index(Vec<u8>),
    Document(Digest, Vec<u8>),
    Blob(Digest, u64),
}

/// A layout of what the plan names, under the one name.
fn pieces(plan: Plan, reference: &Reference) -> VecDeque<Piece> {
    let size = plan.documents.first().map_or(0, |(_, bytes)| bytes.len());
    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": plan.media_type, "digest": plan.root, "size": size,
        "annotations": {"io.containerd.image.name": reference},
    }]});
    let documents = plan.documents.into_iter().map(|(digest, bytes)| Piece::Document(digest, bytes));
    let blobs = plan.blobs.into_iter().map(|(digest, size)| Piece::Blob(digest, size));
    std::iter::once(Piece::Index(index.to_string().into_bytes())).chain(documents).chain(blobs).collect()
}

/// The files as they come.
struct Files<'r> {
    repository: &'r Repository,
    asker: Asker<'r>,
    left: VecDeque<Piece>,
}

impl<'r> Iterator for Files<'r> {
    type Item = io::Result<LayoutFile<Content<'r>>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let whole = |bytes: Vec<u8>| (bytes.len() as u64, Content::Whole(Cursor::new(bytes)));
            let (digest, size) = match self.left.pop_front()? {
                Piece::Index(bytes) => {
                    let (size, content) = whole(bytes);
                    return Some(Ok(LayoutFile::index(size, content)));
                }
                Piece::Document(digest, bytes) => {
                    let (size, content) = whole(bytes);
                    return Some(Ok(LayoutFile::blob(digest, size, content)));
                }
                Piece::Blob(digest, size) => (digest, size),
            };
            match self.asker.wait(self.repository.blob(digest, size)) {
                Ok(Ok(Some(blob))) => {
                    let content = Content::Coming { blob: Box::new(blob), current: Bytes::new(), asker: self.asker };
                    return Some(Ok(LayoutFile::blob(digest, size, content)));
                }
                // The registry does not hold it: judging tells what is missing.
                Ok(Ok(None)) => {}
                Ok(Err(error)) => return Some(Err(error.into())),
                Err(cancelled) => return Some(Err(cancelled)),
            }
        }
    }
}

enum Content<'r> {
    Whole(Cursor<Vec<u8>>),
    Coming { blob: Box<Blob>, current: Bytes, asker: Asker<'r> },
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Whole(bytes) => bytes.read(buffer),
            Self::Coming { blob, current, asker } => {
                while current.is_empty() && !buffer.is_empty() {
                    match asker.wait(blob.next())?? {
                        Some(bytes) => *current = bytes,
                        None => return Ok(0),
                    }
                }
                let length = buffer.len().min(current.len());
                current.copy_to_slice(&mut buffer[..length]);
                Ok(length)
            }
        }
    }
}

/// Waits for the registry, unless nobody wants it any more.
#[derive(Clone, Copy)]
struct Asker<'r> {
    runtime: &'r Runtime,
    watch: &'r dyn Watch,
}

impl Asker<'_> {
    fn wait<T>(&self, work: impl Future<Output = T>) -> io::Result<T> {
        let mut work = pin!(work);
        loop {
            if self.watch.is_cancelled() {
                return Err(ImageError::Cancelled.into());
            }
            // The timer belongs to the runtime, so it is made inside.
            if let Ok(done) = self.runtime.block_on(async { timeout(ASK_INTERVAL, work.as_mut()).await }) {
                return Ok(done);
            }
        }
    }
}
