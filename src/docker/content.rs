//! containerd's content store, read as files where this user may: the only place where an engine of that kind keeps the
//! configurations of its images within reach (no call of its API gives them).

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

use super::{Engine, Store};
use crate::domain::Digest;

/// Where containerd keeps content below its root (containerd, `plugins/content/local`).
const BLOBS: &str = "io.containerd.content.v1.content/blobs/sha256";
/// The root of a containerd that the system runs.
const SYSTEM_ROOT: &str = "/var/lib/containerd";
/// The root of one that the engine runs itself, below the engine's.
const OWN_ROOT: &str = "containerd/daemon";

/// Where an engine keeps its own ID, below its root (moby, `daemon/id.go`, since 23.0).
const ENGINE_ID: &str = "engine-id";
/// Longest ID that is read.
const ID_BYTES: u64 = 1024;

/// The files of a content store. What is read from them is named by its digest, so that whoever checks it need not trust
/// them; that one is here says nothing of this engine: other clients of the
/// same containerd keep theirs beside.
#[derive(Debug, Clone)]
pub struct ContentStore(Vec<PathBuf>);

impl Engine {
    /// The content store of an engine on this machine. `None` for other kinds of engines, and for one whose socket leads to
    /// another machine: the folder that it calls its own must be here, with its ID in it.
    #[must_use]
    pub fn content_store(&self) -> Option<ContentStore> {
        let info = self.info();
        let is_local = info.store == Store::Containerd && info.endpoint.starts_with("unix:");
        let root = info.root.as_deref().filter(|_| is_local)?;
        let id = read(&root.join(ENGINE_ID), ID_BYTES).ok()?;
        let roots = [root.join(OWN_ROOT), PathBuf::from(SYSTEM_ROOT)];
        let is_here = !info.id.is_empty() && id.trim_ascii() == info.id.as_bytes();
        is_here.then(|| ContentStore(roots.map(|root| root.join(BLOBS)).to_vec()))
    }
}

impl ContentStore {
    /// The bytes under `digest`, which are still to be compared with it. `None` where there are none.
    ///
    /// # Errors
    /// When there are and they cannot be read, or are more than `limit`.
    pub fn read(&self, digest: Digest, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let mut refused = None;
        for folder in &self.0 {
            match read(&folder.join(digest.hex()), limit) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(None), Err)
    }
}

impl ContentStore {
    /// Whether there are bytes under `digest`.
    #[must_use]
    pub fn has(&self, digest: Digest) -> bool {
        let is_file =
            |folder: &PathBuf| folder.join(digest.hex()).symlink_metadata().is_ok_and(|found| found.is_file());
        self.0.iter().any(is_file)
    }
}

fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Whoever could replace a blob by a link or a pipe must not lead or stop this process.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    if file.take(limit + 1).read_to_end(&mut bytes)? as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than any document"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn only_whole_files_of_a_documents_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let (empty, full) = (dir.path().join("empty"), dir.path().join("full"));
        std::fs::create_dir_all(&full).unwrap();
        let blob = |text: &str| full.join(Digest::of(text.as_bytes()).hex());
        std::fs::write(blob("x"), "x").unwrap();
        std::os::unix::fs::symlink(blob("x"), blob("link")).unwrap();
        let store = ContentStore(vec![empty, full.clone()]);
        let read = |text: &str, limit| store.read(Digest::of(text.as_bytes()), limit);
        assert_eq!(read("x", 1).unwrap(), Some(b"x".to_vec()));
        assert_eq!(read("absent", 1).unwrap(), None);
        assert_eq!(["x", "absent", "link"].map(|text| store.has(Digest::of(text.as_bytes()))), [true, false, false]);
        assert!(read("x", 0).is_err() && read("link", 9).is_err());
    }
}
