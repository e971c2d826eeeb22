//! Reading and hashing at once.
//!
//! ```text
//! calling thread                         worker thread
//! source ──read──▶ chunk ──full queue──▶ Feed (BufRead) ──▶ decompress, hash, parse
//!                    ▲───empty queue───────┘
//! ```
//!
//! A fixed set of chunks goes round, so memory is constant and nothing is copied. The source is read on the calling
//! thread: it needs to be neither `Send` nor `'static`. The worker ends first, and a reader without worker stops.

use std::{
    io::{self, BufRead, Read},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
    time::Instant,
};

use super::{
    error::ImageError,
    limits::{CHUNK, CHUNKS},
};
use crate::domain::progress::{Progress, Watch};

/// Counts the bytes of the source, reports them and asks whether to go on.
pub(super) struct Meter<'w> {
    watch: &'w dyn Watch,
    started: Instant,
    done: u64,
    total: Option<u64>,
}

impl<'w> Meter<'w> {
    pub(super) fn new(total: Option<u64>, watch: &'w dyn Watch) -> Self {
        Self { watch, started: Instant::now(), done: 0, total }
    }

    fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        self.watch.report(Progress { done: self.done, total: self.total, elapsed: self.started.elapsed() });
    }

    pub(super) fn done(&self) -> u64 {
        self.done
    }

    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// `Err` when the watch asked to stop.
pub(super) fn go_on(watch: &dyn Watch) -> Result<(), ImageError> {
    if watch.is_cancelled() { Err(ImageError::Cancelled) } else { Ok(()) }
}

/// A chunk and how much of it is filled.
type Chunk = (Vec<u8>, usize);

enum Message {
    Chunk(Chunk),
    Failed(io::Error),
    End,
}

/// The worker's side: the source's bytes, in order.
pub(super) struct Feed {
    full: Receiver<Message>,
    empty: Sender<Vec<u8>>,
    chunk: Chunk,
    at: usize,
    ended: bool,
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.chunk.1 && !self.ended {
            let spent = std::mem::take(&mut self.chunk);
            self.at = 0;
            if !spent.0.is_empty() {
                // The reader may have ended already; then nobody needs the chunk.
                let _ = self.empty.send(spent.0);
            }
            match self.full.recv() {
                Ok(Message::Chunk(chunk)) => self.chunk = chunk,
                Ok(Message::Failed(error)) => return Err(error),
                Ok(Message::End) => self.ended = true,
                Err(_) => return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the reader stopped")),
            }
        }
        Ok(&self.chunk.0[self.at..self.chunk.1])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.chunk.1);
    }
}

impl Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// Runs `work` over the bytes of `input`, reading ahead of it.
pub(super) fn through<R: Read, T: Send>(
    input: R,
    meter: &mut Meter<'_>,
    work: impl FnOnce(Feed) -> Result<T, ImageError> + Send,
) -> Result<T, ImageError> {
    let (full_sender, full) = sync_channel(CHUNKS);
    let (empty, empty_receiver) = channel();
    for _ in 0..CHUNKS {
        // The receiver is alive: it is in this function.
        let _ = empty.send(Vec::new());
    }
    let feed = Feed { full, empty, chunk: (Vec::new(), 0), at: 0, ended: false };
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name("measure".to_owned())
            .spawn_scoped(scope, move || work(feed))
            .map_err(|cause| ImageError::Read { offset: 0, cause })?;
        pump(input, meter, &full_sender, &empty_receiver);
        drop(full_sender);
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads until the source ends or fails, the watch asks to stop, or the worker is gone.
fn pump<R: Read>(mut input: R, meter: &mut Meter<'_>, full: &SyncSender<Message>, empty: &Receiver<Vec<u8>>) {
    while let Ok(mut bytes) = empty.recv() {
        if bytes.is_empty() {
            bytes = vec![0; CHUNK];
        }
        let mut filled = 0;
        let mut last = None;
        while filled < CHUNK && last.is_none() {
            if let Err(cancelled) = go_on(meter.watch) {
                last = Some(Message::Failed(cancelled.into()));
                break;
            }
            match input.read(&mut bytes[filled..]) {
                Ok(0) => last = Some(Message::End),
                Ok(count) => {
                    filled += count;
                    meter.add(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => last = Some(Message::Failed(error)),
            }
        }
        let worker_left = filled > 0 && full.send(Message::Chunk((bytes, filled))).is_err();
        if let Some(last) = last {
            // A worker that left has its own result.
            let _ = full.send(last);
            return;
        }
        if worker_left {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::domain::progress::Unwatched;

    #[test]
    fn every_byte_arrives_in_order_and_is_counted() {
        let bytes: Vec<u8> = (0..3 * CHUNK + 17).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut meter = Meter::new(None, &Unwatched);
        let copy = through(bytes.as_slice(), &mut meter, |mut feed| {
            let mut copy = Vec::new();
            feed.read_to_end(&mut copy).map_err(|cause| ImageError::from_read(0, cause))?;
            Ok(copy)
        });
        assert_eq!(copy.unwrap(), bytes);
        assert_eq!(meter.done(), bytes.len() as u64);
    }

    #[test]
    fn a_worker_that_gives_up_ends_an_endless_source() {
        let mut meter = Meter::new(None, &Unwatched);
        let result: Result<(), _> = through(io::repeat(1), &mut meter, |_feed| Err(ImageError::Cancelled));
        assert!(matches!(result, Err(ImageError::Cancelled)));
    }

    #[test]
    fn a_failing_source_fails_the_work_after_its_last_byte() {
        struct Fails(bool);
        impl Read for Fails {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::new(io::ErrorKind::ConnectionReset, "engine left"));
                }
                out[..3].copy_from_slice(b"abc");
                Ok(3)
            }
        }
        let mut meter = Meter::new(None, &Unwatched);
        let seen = through(Fails(false), &mut meter, |mut feed| {
            let mut seen = Vec::new();
            let error = feed.read_to_end(&mut seen).unwrap_err();
            Ok((seen, error.kind()))
        });
        assert_eq!(seen.unwrap(), (b"abc".to_vec(), io::ErrorKind::ConnectionReset));
    }
}
