//! An image's bytes: what `docker save` would write.

use std::{
    io::{self, Read},
    pin::{Pin, pin},
    time::Duration,
};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tokio_util::bytes::{Buf as _, Bytes};

use super::{Engine, EngineError, Store, engine::whole_id, error::Call};
use crate::domain::{image::LocalImage, progress::Watch};

/// How often a reader that waits for the engine asks whether it is still wanted: within the 100 ms that a user notices.
const ASK_INTERVAL: Duration = Duration::from_millis(50);

/// True for what an engine says instead of exporting files that are no longer those that it unpacked: a file differs from its
/// check sum (`vbatts/tar-split`, `tar/asm`), a layer from its digest (moby, `layer/layer_store.go`), or content from its name
/// (containerd, `images/archive/exporter.go`).
#[must_use]
pub fn tells_of_change(message: &str) -> bool {
    let is_said = |words: &&str| message.contains(*words);
    ["file integrity checksum failed", "could not verify layer data", "unexpected digest sha256:"].iter().any(is_said)
}

impl Engine {
    /// The image's `docker save` stream, once its first bytes have come: seconds to minutes on a classic store, which
    /// first assembles a large image. Dropping the future or the stream ends the request.
    ///
    /// By whole ID only: a name could mean another image by the time it is read. The stream's end says nothing about the
    /// archive's: an engine may fail inside a stream that HTTP calls complete.
    ///
    /// # Errors
    /// [`EngineError::NoSuchImage`], [`EngineError::BadName`] for anything but a whole ID, and the engine's own.
    pub async fn export(
        &self,
        id: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, EngineError>> + Send + Unpin + use<>, EngineError> {
        let id = whole_id(id)?.to_string();
        let call = self.call(&format!("export image `{id}`"));
        let of_stream = call.clone();
        let mut chunks =
            Box::pin(self.patient().export_image(&id).map(move |item| item.map_err(|error| of_stream.failed(&error))));
        let first = match chunks.next().await {
            // Docker 20.10 answers 500 for an image that it does not hold; inspecting tells.
            Some(Err(error @ EngineError::Refused { .. })) => {
                return Err(self.inspect(&id).await.err().filter(EngineError::is_absence).unwrap_or(error));
            }
            Some(Err(error)) => return Err(error),
            first => first,
        };
        Ok(stream::iter(first).chain(chunks))
    }

    /// Several images as one `docker save` stream, in which layers that they share come once. The engine needs as much free
    /// space as their distinct layers take, where it assembles the stream first (the classic store).
    ///
    /// # Errors
    /// As [`Engine::export`]. One image that cannot be saved fails them all.
    pub async fn export_together(
        &self,
        ids: &[&str],
    ) -> Result<impl Stream<Item = Result<Bytes, EngineError>> + Send + Unpin + use<>, EngineError> {
        let ids = ids.iter().map(|id| whole_id(id).map(|id| id.to_string())).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let call = self.call(&format!("export {} images together", ids.len()));
        let mut chunks =
            Box::pin(self.patient().export_images(&ids).map(move |item| item.map_err(|error| call.failed(&error))));
        let first = chunks.next().await.transpose()?;
        Ok(stream::iter(first.map(Ok)).chain(chunks))
    }

    /// [`Engine::export`], or [`Engine::export_together`] of several, for a thread that may block, and must not run
    /// asynchronous tasks. Waits for the first bytes. The request ends when the reader is dropped.
    ///
    /// The connection is driven on that thread as well: between threads, each of the engine's small chunks would cost
    /// two switches, which on two cores is time that the engine needs.
    ///
    /// # Errors
    /// Those of [`Engine::export`]; [`EngineError::Cancelled`] within 100 ms of `watch` being cancelled.
    pub fn export_reader<'w>(&self, ids: &[&str], watch: &'w dyn Watch) -> Result<ExportReader<'w>, EngineError> {
        let call = match ids {
            [id] => self.call(&format!("export image `{id}`")),
            _ => self.call(&format!("export {} images together", ids.len())),
        };
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| call.lost(&format!("the system gives no event queue: {error}")))?;
        let chunks: Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>>>> = match ids {
            [id] => Box::pin(wait(&runtime, watch, &call, self.export(id))??),
            ids => Box::pin(wait(&runtime, watch, &call, self.export_together(ids))??),
        };
        Ok(ExportReader { chunks, current: Bytes::new(), end: None, watch, runtime, call })
    }

    /// An estimate of the bytes that exporting `image` gives, for a progress bar. `None` where nothing near it is known.
    ///
    /// On a classic store it is the size of the files in all layers, to which the stream adds 512 bytes per file and
    /// what rounds each up to 512: one percent for large files, a quarter for many small ones. So it is short rather
    /// than long, and layers that occur twice are sent once. A containerd store sends layers compressed as they were
    /// pulled, and counts them unpacked as well, which tells nothing.
    #[must_use]
    pub fn export_size(&self, image: &LocalImage) -> Option<u64> {
        (self.info().store == Store::Classic && image.size > 0).then_some(image.size)
    }
}

/// Runs `work` to its end, unless nobody wants it any more.
fn wait<T>(runtime: &Runtime, watch: &dyn Watch, call: &Call, work: impl Future<Output = T>) -> Result<T, EngineError> {
    let mut work = pin!(work);
    loop {
        if watch.is_cancelled() {
            return Err(EngineError::Cancelled { operation: call.operation.clone() });
        }
        // The timer belongs to the runtime, so it is made inside.
        if let Ok(done) = runtime.block_on(async { timeout(ASK_INTERVAL, work.as_mut()).await }) {
            return Ok(done);
        }
    }
}

/// An export as a blocking reader. An engine that goes away is an error with the [`EngineError`] inside, on every read
/// from then on, and never the end of the stream.
pub struct ExportReader<'w> {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>>>>,
    /// What is left of the chunk that came last.
    current: Bytes,
    /// How the stream ended, once it did.
    end: Option<Result<(), EngineError>>,
    watch: &'w dyn Watch,
    runtime: Runtime,
    call: Call,
}

impl Read for ExportReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !buffer.is_empty() {
            match &self.end {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.clone().into()),
                None => {}
            }
            match wait(&self.runtime, self.watch, &self.call, self.chunks.next()) {
                Ok(Some(Ok(chunk))) => self.current = chunk,
                Ok(None) => self.end = Some(Ok(())),
                Ok(Some(Err(error))) | Err(error) => self.end = Some(Err(error)),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
