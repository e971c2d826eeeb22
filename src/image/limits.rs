//! The bounds that keep any input within constant memory. Exceeding one is an error that names it, never a guess.

/// Bytes read, hashed and checked for cancellation at once. At the slowest rate seen (an engine at 78 MB/s) 3 ms.
pub(super) const CHUNK: usize = 256 * 1024;

/// Chunks between the reader and the hasher: 2 MiB, enough to hide an engine's pauses.
pub(super) const CHUNKS: usize = 8;

/// Largest JSON document that is understood. Larger members are only hashed.
pub(super) const DOCUMENT_BYTES: u64 = 8 * 1024 * 1024;

/// What may be remembered of all members together: their names, and what documents say (digests and names, not their text).
pub(super) const REMEMBERED_BYTES: usize = 8 * 1024 * 1024;

/// Nested objects and arrays of a document.
pub(super) const DOCUMENT_DEPTH: usize = 64;

/// Keys of all objects and items of all lists of a document: duplicates can only be told by remembering them, and the
/// shortest item takes more memory than text.
pub(super) const DOCUMENT_KEYS: usize = 100_000;

/// Layers of one image.
pub(super) const LAYERS: usize = 4096;

/// Layers of all images together, shared ones counted each time.
pub(super) const ALL_LAYERS: usize = 32_768;

/// Images of one archive, and descriptors that a walk through its indexes may meet.
pub(super) const IMAGES: usize = 4096;

/// Names that an archive gives to its images: each is judged by itself.
pub(super) const NAMES: usize = 4096;

/// Indexes within indexes.
pub(super) const INDEX_DEPTH: usize = 8;

/// Members of one archive.
pub(super) const MEMBERS: usize = 100_000;

/// Bytes of one member's name (Linux's `PATH_MAX`).
pub(super) const NAME_BYTES: usize = 4096;

/// Bytes of one extended header: names, and attributes that are not used here.
pub(super) const EXTENSION_BYTES: u64 = 1024 * 1024;

/// Bytes after the archive that are looked at for the engine's error.
pub(super) const TRAILER_BYTES: usize = 64 * 1024;

/// Symbolic and hard links from a name to its content.
pub(super) const LINKS: usize = 16;

/// What the instructions take that made the layers of all images, as their configurations tell: told to people, and left out
/// beyond.
pub(super) const HISTORIES_BYTES: usize = 1024 * 1024;

/// What the lists of files take that are asked for, beside all that is held above, and what a file takes of it beside its names.
pub(super) const LISTED_BYTES: usize = 24 * 1024 * 1024;
pub(super) const FILE_BYTES: usize = 192;

/// Content that descriptors embed, of all documents together and in base64. Embedded are configurations and statements.
pub(super) const EMBEDDED_BYTES: usize = 1024 * 1024;

/// Base-two logarithm of the largest zstd window of a layer: 32 MiB. RFC 8878 asks 8 MiB of every decoder, and the engines'
/// encoder keeps to it; skopeo, buildah and podman declare 32 MiB (`zstd:chunked`). A decoder takes that memory only as far
/// as a frame fills it. So large a window is all that may be held: it stands beside [`FEW_BYTES`] at most.
pub(super) const LAYER_WINDOW_LOG: u32 = 25;
const FEW_BYTES: usize = 1024 * 1024;

/// The same for the outer file, since a layer's window comes on top: 8 MiB. `zstd` itself keeps to it below `--ultra`.
pub(super) const OUTER_WINDOW_LOG: u32 = 23;

/// Smallest window that a decoder can be held to (`ZSTD_WINDOWLOG_ABSOLUTEMIN`).
const LEAST_WINDOW_LOG: u32 = 10;

/// What may be held at once: what is remembered of the members, the outer window, and the layer's window or the document
/// that is being read. Beside it there are the chunks between reader and hasher.
pub(super) const HELD_BYTES: usize = 27 * 1024 * 1024;

/// What remembering a member takes beside its name and what its content says.
pub(super) const MEMBER_BYTES: usize = 112;

/// Largest document that may be read where `room` is left: its text, what an escape in a text makes of it, and the result.
pub(super) fn document_bytes(room: usize) -> u64 {
    DOCUMENT_BYTES.min(room as u64 / 3)
}

/// Base-two logarithm of the largest window that a layer may have where `room` is left.
pub(super) fn layer_window_log(room: usize) -> u32 {
    if room >= HELD_BYTES - FEW_BYTES {
        return LAYER_WINDOW_LOG;
    }
    room.checked_ilog2().unwrap_or_default().max(LEAST_WINDOW_LOG)
}
