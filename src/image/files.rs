//! The files of a layer, while its bytes are hashed.
//!
//! ```text
//! header ─▶ extension* ─▶ content (hashed) ─▶ padding ─▶ header … ─▶ zero block: the end
//! ```
//!
//! Bytes are pushed as they come, so that a layer is listed in the pass that hashes it, whatever it lies in. What a layer says
//! is a stranger's: what is kept is bounded, what engines would read differently ends the list with a reason, and nothing is
//! ever written to disk. Whose content the list is, the layer's digest says, and that is compared elsewhere.

use std::{borrow::Cow, collections::BTreeMap};

use sha2::{Digest as _, Sha256};
use tar::EntryType;

use super::{
    archive::{BLOCK, sum},
    extension::{Extensions, Parts},
    header,
    limits::{EXTENSION_BYTES, FILE_BYTES, NAME_BYTES},
};
use crate::domain::{
    compare::{FileEntry, FileKind, LayerFiles},
    digest::Digest,
};

/// Where a layer says that what is below is taken away (OCI image-spec, `layer.md`, *Whiteouts*).
const WHITEOUT: &[u8] = b".wh.";

/// Where a header has these numbers (POSIX, *ustar Interchange Format*).
const MODE: std::ops::Range<usize> = 100..108;
const USER: std::ops::Range<usize> = 108..116;
const GROUP: std::ops::Range<usize> = 116..124;
const MODIFIED: std::ops::Range<usize> = 136..148;

/// Lists what is pushed.
#[derive(Default)]
pub(super) struct Lister {
    state: State,
    /// The block, or the extension's text, as far as it has come.
    held: Vec<u8>,
    extensions: Extensions,
    files: BTreeMap<Box<[u8]>, FileEntry>,
    /// Bytes that the list takes.
    bytes: usize,
    is_cut: bool,
    problem: Option<&'static str>,
    /// Bytes that it may take.
    room: usize,
}

#[derive(Default)]
enum State {
    #[default]
    Header,
    Extension {
        kind: EntryType,
        left: u64,
        padding: u64,
    },
    Content {
        name: Box<[u8]>,
        entry: Box<FileEntry>,
        hash: Box<Sha256>,
        left: u64,
    },
    Padding(u64),
    Over,
}

impl Lister {
    /// One that holds at most so many bytes.
    pub(super) fn within(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    /// The next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = match self.step(bytes) {
                Ok(taken) => taken,
                Err(problem) => {
                    self.problem = Some(problem);
                    self.state = State::Over;
                    self.held = Vec::new();
                    return;
                }
            };
            bytes = &bytes[taken..];
        }
    }

    /// Takes as many of `bytes` as belong together. The error is the end of a sentence.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        let up_to = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        match &mut self.state {
            State::Over => Ok(bytes.len()),
            State::Header => {
                let taken = (BLOCK - self.held.len()).min(bytes.len());
                self.held.extend_from_slice(&bytes[..taken]);
                if let Ok(block) = <[u8; BLOCK]>::try_from(self.held.as_slice()) {
                    self.held.clear();
                    self.header(&block)?;
                }
                Ok(taken)
            }
            State::Extension { kind, left, padding } => {
                let taken = up_to(*left);
                self.held.extend_from_slice(&bytes[..taken]);
                *left -= taken as u64;
                if *left == 0 {
                    let (kind, padding) = (*kind, *padding);
                    let text = std::mem::take(&mut self.held);
                    self.extensions.add(kind, &text)?;
                    self.state = after(padding);
                }
                Ok(taken)
            }
            State::Content { left, hash, .. } => {
                let taken = up_to(*left);
                hash.update(&bytes[..taken]);
                *left -= taken as u64;
                if *left == 0 {
                    self.end_content();
                }
                Ok(taken)
            }
            State::Padding(left) => {
                let taken = up_to(*left);
                *left -= taken as u64;
                if *left == 0 {
                    self.state = State::Header;
                }
                Ok(taken)
            }
        }
    }

    fn header(&mut self, block: &[u8; BLOCK]) -> Result<(), &'static str> {
        if block.iter().all(|byte| *byte == 0) {
            // Engines stop here, whatever comes behind.
            self.state = State::Over;
            return if self.extensions.is_empty() { Ok(()) } else { Err("an extended header has no member") };
        }
        let header = tar::Header::from_byte_slice(block);
        if header.cksum().is_ok_and(|claimed| claimed != sum(block)) || header.cksum().is_err() {
            return Err("it is no tar archive where the next member should begin");
        }
        let size = header::size(block).ok_or("a member's size is no number")?;
        let kind = header.entry_type();
        if Extensions::is_kind(kind) {
            if size > EXTENSION_BYTES {
                return Err("an extended header is larger than 1 MiB");
            }
            self.state = State::Extension { kind, left: size, padding: padding(size) };
            if size == 0 {
                self.extensions.add(kind, &[])?;
                self.state = State::Header;
            }
            return Ok(());
        }
        let parts = std::mem::take(&mut self.extensions).into_parts();
        let name = match &parts.name {
            Some(name) => name.clone(),
            None => header::name(block)?,
        };
        self.member(header, &name, parts.size.unwrap_or(size), &parts)
    }

    fn member(&mut self, header: &tar::Header, name: &[u8], size: u64, parts: &Parts) -> Result<(), &'static str> {
        if name.len() > NAME_BYTES {
            return Err("a member's name is longer than 4096 bytes");
        }
        if i64::try_from(size).is_err() {
            return Err("a member is larger than any file");
        }
        let kind = header.entry_type();
        let is_file = kind.is_file() || kind.is_contiguous();
        if !is_file && size > 0 {
            // GNU tar and Go take no content here, others do: they would read different members from here on.
            return Err("a member that is no file has content");
        }
        let number = |field: std::ops::Range<usize>| super::header::number(&header.as_bytes()[field]);
        let target = || parts.target.clone().or_else(|| header.link_name_bytes().map(Cow::into_owned));
        let target = || target().unwrap_or_default().into_boxed_slice();
        let is_folder = kind.is_dir() || (is_file && name.ends_with(b"/") && size == 0);
        let (name, removes) = normal(name);
        let entry = FileEntry {
            kind: match kind {
                _ if removes => FileKind::Removal,
                _ if is_folder => FileKind::Folder,
                _ if is_file => FileKind::File,
                EntryType::Symlink => FileKind::Link(target()),
                EntryType::Link => FileKind::HardLink(target()),
                EntryType::Char | EntryType::Block => {
                    let part = |number: std::io::Result<Option<u32>>| number.ok().flatten().unwrap_or_default();
                    FileKind::Device(part(header.device_major()), part(header.device_minor()))
                }
                EntryType::Fifo => FileKind::Pipe,
                _ => FileKind::Other,
            },
            size,
            mode: permissions(number(MODE).ok_or("a member's mode is no number")?),
            owner: (
                parts.user.or_else(|| number(USER)).ok_or("a member's owner is no number")?,
                parts.group.or_else(|| number(GROUP)).ok_or("a member's group is no number")?,
            ),
            // Times are told apart, never relied on.
            modified: number(MODIFIED).unwrap_or_default(),
            digest: (is_file && !is_folder && !removes).then(|| Digest::of(b"")),
            attributes: parts.attributes(),
        };
        if size == 0 {
            self.keep(name, entry);
            self.state = State::Header;
        } else {
            let entry = Box::new(entry);
            self.state = State::Content { name, entry, hash: Box::default(), left: size };
        }
        Ok(())
    }

    fn end_content(&mut self) {
        let State::Content { name, mut entry, hash, .. } = std::mem::take(&mut self.state) else { return };
        let padding = padding(entry.size);
        if entry.digest.is_some() {
            entry.digest = Some(Digest::from_bytes(hash.finalize().into()));
        }
        self.keep(name, *entry);
        self.state = after(padding);
    }

    /// What comes later under a name takes its place, as where it is unpacked.
    fn keep(&mut self, name: Box<[u8]>, entry: FileEntry) {
        let target = match &entry.kind {
            FileKind::Link(target) | FileKind::HardLink(target) => target.len(),
            _ => 0,
        };
        self.bytes += FILE_BYTES + name.len() + target;
        if self.bytes > self.room {
            self.is_cut = true;
            return;
        }
        self.files.insert(name, entry);
    }

    /// The list, of a layer whose bytes turned out to have this digest, and the bytes that it takes.
    pub(super) fn finish(self, diff_id: Digest) -> (LayerFiles, usize) {
        let problem = match (self.problem, &self.state) {
            (Some(problem), _) => Some(problem),
            (None, State::Over) => None,
            (None, State::Header) if self.held.is_empty() && self.extensions.is_empty() => None,
            (None, _) => Some("it ends in the middle of a member"),
        };
        let files = LayerFiles { diff_id, files: self.files, is_cut: self.is_cut, problem: problem.map(str::to_owned) };
        (files, self.bytes.min(self.room))
    }
}

/// The permissions of a mode, without the kind of file that some writers put there too.
fn permissions(mode: u64) -> u32 {
    u32::try_from(mode & 0o7777).unwrap_or_default()
}

fn after(padding: u64) -> State {
    if padding == 0 { State::Header } else { State::Padding(padding) }
}

const fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

/// The name as it is compared, and whether it takes away what is below.
fn normal(name: &[u8]) -> (Box<[u8]>, bool) {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./").or_else(|| name.strip_prefix(b"/")) {
        name = rest;
    }
    while let Some(rest) = name.strip_suffix(b"/") {
        name = rest;
    }
    let base = name.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    // It keeps the mark in its name: a file that the same layer has there is another member.
    (name.into(), name[base..].starts_with(WHITEOUT))
}
