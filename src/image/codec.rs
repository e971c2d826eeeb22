//! Compression, told by content and never by name or media type.

use std::io::{self, BufRead, BufReader, Write};

use flate2::{bufread, write::MultiGzDecoder};
use sha2::{Digest as _, Sha256};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{
    error::ImageError,
    feed::{Feed, go_on},
    files::Lister,
    limits::{CHUNK, OUTER_WINDOW_LOG},
};
use crate::domain::{digest::Digest, progress::Watch};

/// First bytes that tell a compression.
pub(super) const MAGIC_BYTES: usize = 6;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// A compression that some tools unpack and this one does not.
    Other(&'static str),
}

/// How bytes that begin with `head` are packed. The rules are Docker's (`pkg/archive`, `DetectCompression`): what
/// another program would unpack must never be taken as plain here.
pub(super) fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, 0x08, ..] => Packing::Gzip,
        // A frame, or a skippable frame (RFC 8878, 3.1.1 and 3.1.2).
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        [b'B', b'Z', b'h', ..] => Packing::Other("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Packing::Other("xz"),
        _ => Packing::Plain,
    }
}

/// What [`Packing::Other`] is called when a frame asks for a window beyond the bound.
pub(super) const LARGE_WINDOW: &str = "a zstd window above the bound";

/// True for the decoder's refusal of such a frame. The `zstd` crate gives the library's words and no code
/// (`zstd/lib/common/error_private.c`, `frameParameter_windowTooLarge`).
pub(super) fn is_large_window(error: &io::Error) -> bool {
    error.to_string() == "Frame requires too much memory for decoding"
}

/// The archive inside the outer file, and the bytes of the window that unpacking it may hold.
pub(super) fn unpacked(mut feed: Feed) -> Result<(Box<dyn BufRead>, usize), ImageError> {
    let head = feed.fill_buf().map_err(|error| ImageError::from_read(0, error))?;
    match packing(head) {
        Packing::Plain => Ok((Box::new(feed), 0)),
        Packing::Gzip => Ok((Box::new(BufReader::with_capacity(CHUNK, bufread::MultiGzDecoder::new(feed))), 0)),
        Packing::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(feed).and_then(|mut decoder| {
                decoder.window_log_max(OUTER_WINDOW_LOG)?;
                Ok(decoder)
            });
            let decoder = decoder.map_err(|cause| ImageError::Read { offset: 0, cause })?;
            Ok((Box::new(BufReader::with_capacity(CHUNK, decoder)), 1 << OUTER_WINDOW_LOG))
        }
        Packing::Other(name) => Err(ImageError::packing(name)),
    }
}

/// Hashes what a decompressor writes, and stops it when the watch says so: a chunk may unpack to a thousand times its size.
struct HashWriter<'w> {
    hash: Sha256,
    bytes: u64,
    watch: &'w dyn Watch,
    lister: Option<Box<Lister>>,
}

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        go_on(self.watch)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        if let Some(lister) = &mut self.lister {
            lister.push(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hashes the content of a packed layer that is pushed chunk by chunk.
pub(super) struct Unpacker<'w>(Inner<'w>);

enum Inner<'w> {
    Gzip(Box<MultiGzDecoder<HashWriter<'w>>>),
    Zstd { decoder: Decoder<'static>, out: Vec<u8>, sink: HashWriter<'w>, in_frame: bool },
}

impl<'w> Unpacker<'w> {
    /// `None` for what is not packed. `window_log` bounds the window of zstd. What is inside is listed where there is a `lister`.
    pub(super) fn new(
        packing: Packing,
        window_log: u32,
        watch: &'w dyn Watch,
        lister: Option<Box<Lister>>,
    ) -> io::Result<Option<Self>> {
        let sink = HashWriter { hash: Sha256::new(), bytes: 0, watch, lister };
        match packing {
            Packing::Plain | Packing::Other(_) => Ok(None),
            Packing::Gzip => Ok(Some(Self(Inner::Gzip(Box::new(MultiGzDecoder::new(sink)))))),
            Packing::Zstd => {
                let mut decoder = Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(window_log))?;
                Ok(Some(Self(Inner::Zstd { decoder, out: vec![0; CHUNK], sink, in_frame: true })))
            }
        }
    }

    /// The next packed bytes. An error is the stream's, or [`ImageError::Cancelled`] inside an [`io::Error`].
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Inner::Gzip(decoder) => decoder.write_all(bytes),
            Inner::Zstd { decoder, out, sink, in_frame } => {
                let mut input = InBuffer::around(bytes);
                loop {
                    let mut output = OutBuffer::around(out.as_mut_slice());
                    // Zero says that a frame is complete and all of it was given out (zstd.h, ZSTD_decompressStream).
                    *in_frame = decoder.run(&mut input, &mut output)? != 0;
                    let written = output.pos();
                    sink.write_all(&out[..written])?;
                    let all_out = !*in_frame || written < out.len();
                    if input.pos() == bytes.len() && all_out {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Digest and size of the unpacked bytes, and what listed them; an error when the last member or frame is incomplete.
    pub(super) fn finish(self) -> io::Result<(Digest, u64, Option<Box<Lister>>)> {
        let sink = match self.0 {
            Inner::Gzip(decoder) => decoder.finish()?,
            Inner::Zstd { in_frame: true, .. } => {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the last zstd frame is incomplete"));
            }
            Inner::Zstd { sink, .. } => sink,
        };
        Ok((Digest::from_bytes(sink.hash.finalize().into()), sink.bytes, sink.lister))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::{domain::progress::Unwatched, image::limits::LAYER_WINDOW_LOG};
    use proptest::prelude::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], step: usize) -> io::Result<(Digest, u64)> {
        let mut unpacker = Unpacker::new(packing(packed), LAYER_WINDOW_LOG, &Unwatched, None).unwrap().unwrap();
        for piece in packed.chunks(step) {
            unpacker.push(piece)?;
        }
        unpacker.finish().map(|(digest, bytes, _)| (digest, bytes))
    }

    proptest! {
        #[test]
        fn what_was_packed_is_found_whatever_the_steps(
            bytes in proptest::collection::vec(any::<u8>(), 0..5000), more in proptest::collection::vec(0u8..3, 0..5000),
            step in 1usize..700,
        ) {
            let all = [bytes.clone(), more.clone()].concat();
            let expected = (Digest::of(&all), all.len() as u64);
            // Several members or frames follow each other, as pigz and zstd's own tools make them.
            let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
            let gzipped = [gzip(&bytes), gzip(&more)].concat();
            let zstded = [zstd::encode_all(&bytes[..], 3).unwrap(), skippable.to_vec(), zstd::encode_all(&more[..], 3).unwrap()].concat();
            let skipped = [&skippable[..], &zstded].concat();
            for packed in [gzipped, zstded, skipped] {
                prop_assert_eq!(unpack(&packed, step).unwrap(), expected);
                prop_assert!(unpack(&packed[..packed.len() - 1], step).is_err());
            }
        }
    }

    #[test]
    fn a_window_beyond_the_bound_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&[7; 100]).unwrap();
        assert!(is_large_window(&unpack(&encoder.finish().unwrap(), 50).unwrap_err()));
    }
}
