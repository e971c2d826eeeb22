//! The files of some layers of an archive, a layout, an export, or of layers that come one by one.
//!
//! A layer is asked for by its diffID and told by its bytes alone, whatever the archive calls them: what has that digest is that
//! layer. So nothing else of the archive is judged here.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use super::{
    archive,
    contents::Contents,
    error::ImageError,
    feed::{self, Meter},
    layout::{self, LayoutFile},
};
use crate::domain::{compare::LayerFiles, digest::Digest, progress::Watch};

/// The files of those layers among `wanted` that `input` holds: a `docker save` stream or file, or an OCI archive. It is read
/// until all of them were found.
///
/// # Errors
/// As [`measure`](super::measure).
pub fn list_layers<R: Read>(
    input: R,
    size: Option<u64>,
    wanted: &[Digest],
    watch: &dyn Watch,
) -> Result<Vec<LayerFiles>, ImageError> {
    let mut meter = Meter::new(size, watch);
    let contents = feed::through(input, &mut meter, |feed| {
        archive::read_until(feed, watch, wanted, &|contents| !contents.is_listing())
    })?;
    Ok(contents.into_listed())
}

/// The same of an archive file or a layout folder.
///
/// # Errors
/// As [`list_layers`], and when the path cannot be opened.
pub fn list_layers_of(path: &Path, wanted: &[Digest], watch: &dyn Watch) -> Result<Vec<LayerFiles>, ImageError> {
    let open = |cause| ImageError::open(path, cause);
    let metadata = fs::metadata(path).map_err(open)?;
    if metadata.is_dir() {
        let layout = layout::Layout::list(path)?;
        let mut meter = Meter::new(Some(layout.size()), watch);
        let contents = layout.read_into(Contents::default().wanting(wanted), &mut meter, watch)?;
        return Ok(contents.into_listed());
    }
    let file = File::open(path).map_err(open)?;
    list_layers(file, metadata.is_file().then_some(metadata.len()), wanted, watch)
}

/// The same of layers that come one by one, as they are stored.
///
/// # Errors
/// As [`list_layers`]; a layer that could not be got is [`ImageError::Read`] with its cause.
pub fn list_layer_files<R: Read>(
    files: impl Iterator<Item = io::Result<LayoutFile<R>>>,
    size: Option<u64>,
    wanted: &[Digest],
    watch: &dyn Watch,
) -> Result<Vec<LayerFiles>, ImageError> {
    let mut meter = Meter::new(size, watch);
    let files = files.map(|file| file.map_err(layout::not_got));
    let contents = layout::read_into(Contents::default().wanting(wanted), files, &mut meter, watch)?;
    Ok(contents.into_listed())
}
