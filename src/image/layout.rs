//! An OCI layout as a folder or as files from elsewhere: the members of an archive, one by one.

use std::{
    fs::{self, File},
    io::{self, BufRead, ErrorKind, Read},
    path::{Path, PathBuf},
};

use super::{
    contents::{Contents, Member},
    error::ImageError,
    feed::{Meter, go_on, through},
    index::INDEX,
    limits::MEMBERS,
    member::MemberHash,
    names,
    saved::MANIFEST,
};
use crate::domain::{Digest, progress::Watch, text::clean};

/// Says that a folder is a layout (OCI image-spec, `image-layout.md`).
pub(super) const MARKER: &str = "oci-layout";

const BLOBS: &str = "blobs/sha256";

struct Listed {
    name: String,
    path: PathBuf,
    size: u64,
}

/// The layout's files: the marker, the lists, and every blob of the one algorithm that is compared.
pub(super) struct Layout(Vec<Listed>);

impl Layout {
    pub(super) fn list(folder: &Path) -> Result<Self, ImageError> {
        let mut files = Vec::new();
        for name in [MARKER, INDEX, MANIFEST] {
            files.extend(listed(name.to_owned(), folder.join(name))?);
        }
        if !files.iter().any(|file| file.name == MARKER || file.name == INDEX) {
            let problem = format!("the folder has neither `{MARKER}` nor `{INDEX}`");
            return Err(ImageError::NoImage { problem });
        }
        for part in ["blobs", BLOBS] {
            if fs::symlink_metadata(folder.join(part)).is_ok_and(|found| found.is_symlink()) {
                return Err(ImageError::refused(format!("`{part}` of the layout is a link")));
            }
        }
        let blobs = folder.join(BLOBS);
        let entries = match fs::read_dir(&blobs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self(files)),
            Err(cause) => return Err(ImageError::open(&blobs, cause)),
        };
        for entry in entries {
            let entry = entry.map_err(|cause| ImageError::open(&blobs, cause))?;
            // A name that is no UTF-8 is no digest, and no document can refer to it.
            let Ok(name) = entry.file_name().into_string() else { continue };
            files.extend(listed(format!("{BLOBS}/{name}"), entry.path())?);
            if files.len() > MEMBERS {
                return Err(ImageError::refused(format!("the layout has more than {MEMBERS} files")));
            }
        }
        Ok(Self(files))
    }

    /// Where the files are, in one order.
    pub(super) fn paths(self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = self.0.into_iter().map(|file| file.path).collect();
        paths.sort();
        paths
    }

    /// Bytes of all files.
    pub(super) fn size(&self) -> u64 {
        self.0.iter().map(|file| file.size).sum()
    }

    /// Hashes every file.
    pub(super) fn read(self, meter: &mut Meter<'_>, watch: &dyn Watch) -> Result<Contents, ImageError> {
        self.read_into(Contents::default(), meter, watch)
    }

    /// Hashes every file beside what is known already.
    pub(super) fn read_into(
        self,
        contents: Contents,
        meter: &mut Meter<'_>,
        watch: &dyn Watch,
    ) -> Result<Contents, ImageError> {
        let files = self.0.into_iter().map(|file| {
            let content = File::open(&file.path).map_err(|cause| ImageError::open(&file.path, cause))?;
            Ok(LayoutFile { name: file.name, size: file.size, content })
        });
        read_into(contents, files, meter, watch)
    }
}

/// A file of a layout.
pub struct LayoutFile<R> {
    name: String,
    size: u64,
    content: R,
}

impl<R: Read> LayoutFile<R> {
    /// The layout's list of images.
    #[must_use]
    pub fn index(size: u64, content: R) -> Self {
        Self { name: INDEX.to_owned(), size, content }
    }

    /// What should be the content under `digest`. Not more than `size` bytes are expected.
    #[must_use]
    pub fn blob(digest: Digest, size: u64, content: R) -> Self {
        Self { name: names::blob_name(digest), size, content }
    }
}

/// Hashes every file.
pub(super) fn read<R: Read>(
    files: impl Iterator<Item = Result<LayoutFile<R>, ImageError>>,
    meter: &mut Meter<'_>,
    watch: &dyn Watch,
) -> Result<Contents, ImageError> {
    read_into(Contents::default(), files, meter, watch)
}

/// Hashes every file beside what is known already.
pub(super) fn read_into<R: Read>(
    mut contents: Contents,
    files: impl Iterator<Item = Result<LayoutFile<R>, ImageError>>,
    meter: &mut Meter<'_>,
    watch: &dyn Watch,
) -> Result<Contents, ImageError> {
    for file in files {
        let LayoutFile { name, size, content } = file?;
        contents.count(&name)?;
        let blob = through(content, meter, |mut feed| {
            let mut hash = MemberHash::new(size, &contents, watch);
            loop {
                go_on(watch)?;
                let bytes = feed.fill_buf().map_err(|error| ImageError::from_read(0, error))?;
                let count = bytes.len();
                if count == 0 {
                    return hash.finish();
                }
                hash.push(bytes)?;
                feed.consume(count);
            }
        })?;
        contents.add(name, Member::File(blob))?;
    }
    Ok(contents)
}

/// What a file could not be got for.
pub(super) fn not_got(cause: io::Error) -> ImageError {
    ImageError::Read { offset: 0, cause }
}

/// The file, if it is there. Links are refused: a layout from a stranger could lead anywhere on this machine.
fn listed(name: String, path: PathBuf) -> Result<Option<Listed>, ImageError> {
    let metadata = match fs::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(ImageError::open(&path, cause)),
    };
    if !metadata.is_file() {
        let shown = clean(&path.display().to_string());
        return Err(ImageError::refused(format!("`{shown}` of the layout is no regular file")));
    }
    Ok(Some(Listed { name, path, size: metadata.len() }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn every_file_that_is_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        fs::create_dir_all(folder.join(BLOBS)).unwrap();
        for name in [MARKER, INDEX, "blobs/sha256/aa", "README"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        let names = || {
            let paths = Layout::list(folder).unwrap().paths();
            paths.iter().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(), ["blobs/sha256/aa", INDEX, MARKER]);
        // Docker reads this one first: whoever adds it changes what the folder says.
        fs::write(folder.join(MANIFEST), "[]").unwrap();
        assert_eq!(names(), ["blobs/sha256/aa", INDEX, MANIFEST, MARKER]);
    }
}
