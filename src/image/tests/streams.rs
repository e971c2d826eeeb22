//! Progress, cancelling, and content far larger than memory should be.

use std::{
    io::{self, Read, Write},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::json;

use super::fixture::*;
use crate::{
    domain::{
        digest::Digest,
        measurement::ImageState,
        progress::{Progress, Unwatched, Watch},
    },
    image::{ImageError, measure},
};

/// Cancels once so many bytes were reported, or after so many questions.
struct Limit {
    bytes: u64,
    questions: u64,
    asked: AtomicU64,
    seen: Mutex<Vec<Progress>>,
}

impl Limit {
    fn new(bytes: u64, questions: u64) -> Self {
        Self { bytes, questions, asked: AtomicU64::new(0), seen: Mutex::new(Vec::new()) }
    }
}

impl Watch for Limit {
    fn report(&self, progress: Progress) {
        self.seen.lock().unwrap().push(progress);
    }

    fn is_cancelled(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        asked >= self.questions || self.seen.lock().unwrap().last().is_some_and(|last| last.done >= self.bytes)
    }
}

#[test]
fn progress_counts_the_bytes_of_the_source() {
    let a = layer(&"a".repeat(1_000_000));
    let packed = gzip(&classic(&a, &a, &config(&[&a, &a])).bytes());
    let watch = Limit::new(u64::MAX, u64::MAX);
    let size = packed.len() as u64;
    measure(packed.as_slice(), Some(size), &watch).unwrap();
    let seen = watch.seen.into_inner().unwrap();
    assert_eq!(seen.last().map(|last| (last.done, last.total)), Some((size, Some(size))));
    assert!(seen.windows(2).all(|pair| pair[0].done <= pair[1].done));
}

#[test]
fn cancelling_ends_an_endless_source() {
    let mut header = tar::Header::new_gnu();
    header.set_path("endless").unwrap();
    header.set_size(1 << 50);
    header.set_cksum();
    let endless = header.as_bytes().chain(io::repeat(7));
    let watch = Limit::new(20_000_000, u64::MAX);
    assert!(matches!(measure(endless, None, &watch), Err(ImageError::Cancelled)));
    let last = watch.seen.into_inner().unwrap().last().copied().unwrap();
    assert!(last.done < 21_000_000, "{last:?}");
}

/// A layer of `size` zeros, packed to about a thousandth.
fn bomb(size: usize, mut encoder: impl Write) -> Digest {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    let zeros = vec![0; 1 << 20];
    for _ in 0..size >> 20 {
        hash.update(&zeros);
        encoder.write_all(&zeros).unwrap();
    }
    Digest::from_bytes(hash.finalize().into())
}

#[test]
fn a_layer_that_unpacks_to_much_more_is_measured_as_it_streams() {
    const SIZE: usize = 96 << 20;
    let mut gzipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let diff_id = bomb(SIZE, &mut gzipped);
    let gzipped = gzipped.finish().unwrap();
    assert!(gzipped.len() < 1 << 20);
    let config = json!({"rootfs": {"diff_ids": [diff_id]}}).to_string();
    let saves = json!([save("c.json", &["a:1"], &["a.tar"])]);
    let pack = Pack::new().file("a.tar", &gzipped).file("c.json", config).json("manifest.json", &saves).end();
    let image = pack.image();
    assert_eq!((image.state, image.layers[0].bytes), (ImageState::Measured, SIZE as u64));
    // The whole archive fits into the queue; only asking while unpacking can stop it.
    let watch = Limit::new(u64::MAX, 60);
    assert!(matches!(measure(pack.bytes().as_slice(), None, &watch), Err(ImageError::Cancelled)));
    assert!(watch.asked.into_inner() < 100);
}

#[test]
fn a_source_that_gives_single_bytes_gives_the_same() {
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }
    let (a, b) = (layer("a"), layer("b"));
    let config = config(&[&a, &b]);
    let bytes = classic(&a, &b, &config).bytes();
    let measured = measure(Drops(&bytes), None, &Unwatched).unwrap();
    assert_eq!(measured.images[0].config_digest, Some(Digest::of(&config)));
}

#[test]
fn a_source_that_fails_is_said_with_its_cause() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "the engine left"))
        }
    }
    let (a, b) = (layer("a"), layer("b"));
    let bytes = classic(&a, &b, &config(&[&a, &b])).bytes();
    let error = measure(bytes[..1000].chain(Fails), None, &Unwatched).unwrap_err();
    assert_eq!(error.code(), "archive-unreadable");
    assert!(error.to_string().contains("the engine left"), "{error}");
}
