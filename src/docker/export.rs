//! An image's bytes: what `docker save` would write.

use std::{
    io::{self, Read},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, error::TryRecvError},
    time::timeout,
};
use tokio_util::bytes::{Buf as _, Bytes};

use super::{Engine, EngineError, Store, engine::whole_id, error::Call};
use crate::domain::{image::LocalImage, progress::Watch};

/// Chunks between socket and reader. Engines write 32 KiB at a time, so this is what one of the two may run ahead.
const CHUNKS: usize = 4;
/// How often a reader that waits for the engine asks whether it is still wanted: within the 100 ms that a user notices.
const ASK_INTERVAL: Duration = Duration::from_millis(50);

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

    /// [`Engine::export`] for a thread that may block. The request ends when the reader is dropped.
    ///
    /// # Errors
    /// Those of [`Engine::export`].
    pub async fn export_reader(&self, id: &str) -> Result<ExportReader, EngineError> {
        let chunks = self.export(id).await?;
        let (sender, receiver) = mpsc::channel(CHUNKS);
        self.runtime().spawn(pump(chunks, sender));
        Ok(ExportReader {
            chunks: receiver,
            current: Bytes::new(),
            end: None,
            watch: None,
            runtime: self.runtime().clone(),
            call: self.call(&format!("export image `{id}`")),
        })
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

/// Sends every chunk, then `None`; an error is the last. Ends as soon as nobody reads, so that the stream, and with it
/// the request, is dropped even while the engine is silent.
async fn pump(
    chunks: impl Stream<Item = Result<Bytes, EngineError>>,
    sender: mpsc::Sender<Result<Option<Bytes>, EngineError>>,
) {
    let mut chunks = pin!(chunks);
    loop {
        let chunk = tokio::select! {
            biased;
            () = sender.closed() => return,
            chunk = chunks.next() => chunk,
        };
        let last = !matches!(chunk, Some(Ok(_)));
        if sender.send(chunk.transpose()).await.is_err() || last {
            return;
        }
    }
}

/// An export as a blocking reader. An engine that goes away is an error with the [`EngineError`] inside, on every read
/// from then on, and never the end of the stream.
///
/// Reading panics on a thread that runs asynchronous tasks; it belongs on a blocking one.
pub struct ExportReader {
    chunks: mpsc::Receiver<Result<Option<Bytes>, EngineError>>,
    /// What is left of the chunk that came last.
    current: Bytes,
    /// How the stream ended, once it did.
    end: Option<Result<(), EngineError>>,
    watch: Option<Arc<dyn Watch>>,
    runtime: Handle,
    call: Call,
}

impl ExportReader {
    /// Reading fails within 100 ms of `watch` being cancelled, even while the engine is silent.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Waits for what comes next, unless nobody wants it any more.
    fn receive(&mut self) -> Result<Option<Bytes>, EngineError> {
        loop {
            if self.watch.as_ref().is_some_and(|watch| watch.is_cancelled()) {
                return Err(EngineError::Cancelled { operation: self.call.operation.clone() });
            }
            let received = match self.chunks.try_recv() {
                Ok(received) => Some(received),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) => {
                    // The timer belongs to the runtime, so it is made inside.
                    let waiting = async { timeout(ASK_INTERVAL, self.chunks.recv()).await };
                    match self.runtime.block_on(waiting) {
                        Ok(received) => received,
                        Err(_) => continue,
                    }
                }
            };
            // Without a last word the pump did not reach the end: its runtime was shut down.
            return received.unwrap_or_else(|| Err(self.call.lost("the transfer was given up")));
        }
    }
}

impl Read for ExportReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !buffer.is_empty() {
            match &self.end {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.clone().into()),
                None => {}
            }
            match self.receive() {
                Ok(Some(chunk)) => self.current = chunk,
                Ok(None) => self.end = Some(Ok(())),
                Err(error) => self.end = Some(Err(error)),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
