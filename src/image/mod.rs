//! Measures image content: configuration and layers, hashed in one pass, judged at the end.
//!
//! ```text
//! source ─▶ feed ─▶ codec (outer gzip, zstd) ─▶ archive (tar) ─▶ member (hash, unpack, JSON) ─▶ contents ◀─ inline
//!                                                                layout (folder) ──────────────────┘ │
//!                                        merge ◀─ saved (manifest.json), index (index.json) ◀────────┘
//!                                          └─ each image through judge ─▶ Measurement
//! ```
//!
//! Members come in any order, so every one is hashed as it passes and nothing is decided before the last. Memory does not
//! depend on the input (`limits.rs`); nothing is ever written to disk. What two programs could read differently is
//! refused as ambiguous: the archive may have been made to show one image here and another to the engine.
//!
//! No network and no engine: [`measure`] takes any byte stream.

mod archive;
mod codec;
mod contents;
mod document;
mod error;
mod extension;
mod feed;
mod files;
mod header;
mod history;
mod identity;
mod index;
mod inline;
mod json;
mod judge;
mod layout;
mod limits;
mod listing;
mod makeup;
mod member;
mod merge;
mod names;
mod parameters;
mod saved;
#[cfg(test)]
mod tests;
pub mod write;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use codec::Packing;
use contents::Contents;
pub use error::ImageError;
use feed::Meter;
pub use identity::{Behind, Branch, FETCHED_BYTES, Identity, identify, identify_export};
pub use layout::LayoutFile;
pub use listing::{list_layer_files, list_layers, list_layers_of};
pub use makeup::{StoredLayers, makeup, stored_layers};

use crate::domain::{digest::Digest, measurement::Measurement, progress::Watch};

/// What a path may be, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tar archive, perhaps compressed: perhaps with images.
    Archive,
    /// A folder with an OCI layout.
    Layout,
    /// Something else.
    Foreign,
}

/// Measures every image of an archive: a `docker save` stream or file, or an OCI archive; plain, gzip or zstd.
///
/// Blocks until `input` ends. It is read on the calling thread and hashed on another. `size` is the number of bytes that
/// `input` will give, where that is known: the total of the progress. The watch is asked before every read and after every
/// chunk; a read that blocks for ever is the caller's to end.
///
/// # Errors
/// When no image can be told from it, see [`ImageError`]. An image that is damaged or incomplete is a result, not an error.
pub fn measure<R: Read>(input: R, size: Option<u64>, watch: &dyn Watch) -> Result<Measurement, ImageError> {
    let mut meter = Meter::new(size, watch);
    let contents = feed::through(input, &mut meter, |feed| archive::read(feed, watch))?;
    conclude(&expanded(contents, watch)?, &meter)
}

/// [`measure`] of what an engine exports for the manifest or index `root`, and [`identify`] by the same documents: no branch
/// where these are refused.
///
/// # Errors
/// As [`measure`].
pub fn measure_export<R: Read>(
    input: R,
    size: Option<u64>,
    root: Digest,
    watch: &dyn Watch,
) -> Result<(Measurement, Vec<Branch>), ImageError> {
    let mut meter = Meter::new(size, watch);
    let contents = feed::through(input, &mut meter, |feed| archive::read(feed, watch))?;
    let contents = expanded(contents, watch)?;
    let branches = identity::branches_of(&contents, root).unwrap_or_default();
    Ok((conclude(&contents, &meter)?, branches))
}

/// Measures an archive file or an OCI layout folder.
///
/// # Errors
/// As [`measure`], and when the path cannot be opened.
pub fn measure_file(path: &Path, watch: &dyn Watch) -> Result<Measurement, ImageError> {
    let metadata = fs::metadata(path).map_err(|cause| ImageError::open(path, cause))?;
    if metadata.is_dir() {
        return measure_layout(path, watch);
    }
    let file = File::open(path).map_err(|cause| ImageError::open(path, cause))?;
    // A pipe has no size.
    measure(file, metadata.is_file().then_some(metadata.len()), watch)
}

/// Measures an OCI layout folder.
///
/// # Errors
/// As [`measure`], and when a file of it cannot be read.
pub fn measure_layout(path: &Path, watch: &dyn Watch) -> Result<Measurement, ImageError> {
    let layout = layout::Layout::list(path)?;
    let mut meter = Meter::new(Some(layout.size()), watch);
    let contents = layout.read(&mut meter, watch)?;
    conclude(&expanded(contents, watch)?, &meter)
}

/// Measures an OCI layout whose files come from elsewhere, its list of images first. `size` is what all of them have together,
/// where that is known.
///
/// # Errors
/// As [`measure`]; a file that could not be got is [`ImageError::Read`] with its cause.
pub fn measure_files<R: Read>(
    files: impl Iterator<Item = io::Result<LayoutFile<R>>>,
    size: Option<u64>,
    watch: &dyn Watch,
) -> Result<Measurement, ImageError> {
    let mut meter = Meter::new(size, watch);
    let contents = layout::read(files.map(|file| file.map_err(layout::not_got)), &mut meter, watch)?;
    conclude(&expanded(contents, watch)?, &meter)
}

/// Every file that measuring this archive or layout folder would read: what identifies them identifies its content.
///
/// # Errors
/// When the folder cannot be listed.
pub fn files_of(path: &Path) -> Result<Vec<PathBuf>, ImageError> {
    if path.is_dir() { Ok(layout::Layout::list(path)?.paths()) } else { Ok(vec![path.to_owned()]) }
}

/// With what descriptors embed beside the members.
fn expanded(mut contents: Contents, watch: &dyn Watch) -> Result<Contents, ImageError> {
    inline::expand(&mut contents, watch)?;
    Ok(contents)
}

fn conclude(contents: &Contents, meter: &Meter<'_>) -> Result<Measurement, ImageError> {
    let (images, absent_platforms) = merge::conclude(contents)?;
    Ok(Measurement { bytes: meter.done(), seconds: meter.seconds(), images, absent_platforms })
}

/// Whether a path may hold images at all, from its first block alone: for folders with files of every kind.
///
/// # Errors
/// When the path cannot be read.
pub fn sniff(path: &Path) -> Result<Kind, ImageError> {
    let open = |cause| ImageError::open(path, cause);
    let metadata = fs::metadata(path).map_err(open)?;
    if metadata.is_dir() {
        let is_layout = path.join(layout::MARKER).is_file() || path.join(index::INDEX).is_file();
        return Ok(if is_layout { Kind::Layout } else { Kind::Foreign });
    }
    if !metadata.is_file() {
        return Ok(Kind::Foreign);
    }
    let mut head = Vec::new();
    File::open(path).map_err(open)?.take(SNIFFED).read_to_end(&mut head).map_err(open)?;
    let block = match codec::packing(&head) {
        Packing::Plain => first_block(head.as_slice()),
        Packing::Gzip => first_block(flate2::bufread::MultiGzDecoder::new(head.as_slice())),
        Packing::Zstd => zstd::stream::read::Decoder::with_buffer(head.as_slice()).ok().and_then(first_block),
        Packing::Other(_) => None,
    };
    let is_header = |block: &[u8; archive::BLOCK]| {
        tar::Header::from_byte_slice(block).cksum().is_ok_and(|claimed| claimed == archive::sum(block))
    };
    Ok(if block.as_ref().is_some_and(is_header) { Kind::Archive } else { Kind::Foreign })
}

/// Bytes that sniffing reads: a compressed stream gives its first block from far fewer, save that zstd decodes whole
/// blocks of up to 128 KiB.
const SNIFFED: u64 = 132 * 1024;

fn first_block(mut input: impl Read) -> Option<[u8; archive::BLOCK]> {
    let mut block = [0; archive::BLOCK];
    input.read_exact(&mut block).ok().map(|()| block)
}
