//! What an archive or layout held: one entry per member, without its bytes.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    document::Document,
    error::{ImageError, shown},
    json::JsonProblem,
    limits::{DOCUMENTS_BYTES, LINKS, MEMBERS, NAME_BYTES, NAMES_BYTES},
};
use crate::domain::digest::Digest;

/// What hashing a member's bytes found.
pub(super) struct Blob {
    /// SHA-256 of the bytes as they are stored.
    pub(super) digest: Digest,
    /// Bytes as they are stored.
    pub(super) bytes: u64,
    /// The content under a compression.
    pub(super) unpacked: Unpacked,
    /// What the bytes are as JSON; `None` for anything that no member can refer to as a document.
    pub(super) document: Option<Box<Result<Document, JsonProblem>>>,
}

/// The content of a member that may be packed.
pub(super) enum Unpacked {
    /// Not packed: the bytes are the content.
    Same,
    /// SHA-256 and size of the content.
    To(Box<(Digest, u64)>),
    /// The compressed stream is damaged.
    Damaged(Box<str>),
    /// Packed with a compression that is not read.
    Unsupported(&'static str),
}

/// One member.
pub(super) enum Member {
    File(Blob),
    /// A symbolic link, to a normalised name.
    Link(String),
    /// A hard link, to a normalised name.
    HardLink(String),
    /// A device, a pipe, or a link that leaves the archive: no content.
    Special,
}

/// Every member by its normalised name.
#[derive(Default)]
pub(super) struct Contents {
    members: BTreeMap<String, Member>,
    counted: usize,
    name_bytes: usize,
    document_bytes: usize,
}

impl Contents {
    /// Counts a member, of whatever kind, and its name.
    pub(super) fn count(&mut self, name: &str) -> Result<(), ImageError> {
        self.counted += 1;
        self.name_bytes += name.len();
        if self.counted > MEMBERS {
            return Err(ImageError::refused(format!("it has more than {MEMBERS} members")));
        }
        if name.len() > NAME_BYTES {
            return Err(ImageError::refused(format!(
                "the member name `{}` is longer than {NAME_BYTES} bytes",
                shown(name)
            )));
        }
        if self.name_bytes > NAMES_BYTES {
            return Err(ImageError::refused("its member names are longer than 8 MiB together"));
        }
        Ok(())
    }

    /// Adds a member that was counted. The same content under the same name again is no harm; other content is.
    pub(super) fn add(&mut self, name: String, member: Member) -> Result<(), ImageError> {
        if let Member::File(Blob { document: Some(document), .. }) = &member
            && let Ok(document) = &**document
        {
            self.document_bytes += document.weight();
            if self.document_bytes > DOCUMENTS_BYTES {
                return Err(ImageError::refused("its configurations and manifests take more than 8 MiB together"));
            }
        }
        match self.members.entry(name) {
            Entry::Vacant(vacant) => {
                vacant.insert(member);
                Ok(())
            }
            Entry::Occupied(first) if first.get().is_same(&member) => Ok(()),
            Entry::Occupied(first) => {
                Err(ImageError::ambiguous(format!("two members are named `{}` and differ", shown(first.key()))))
            }
        }
    }

    /// Refuses names that lead through another member. Unpacking would follow a link there, and a file has no inside.
    pub(super) fn check_paths(&self) -> Result<(), ImageError> {
        for (name, member) in &self.members {
            // It is the link once more, and leads on from its own folder.
            if let Member::HardLink(target) = member
                && matches!(self.members.get(target), Some(Member::Link(_)))
            {
                return Err(ImageError::ambiguous(format!("`{}` is a hard link to a symbolic one", shown(name))));
            }
            let inside = format!("{name}/");
            if let Some((other, _)) = self.members.range(inside.clone()..).next()
                && other.starts_with(&inside)
            {
                return Err(ImageError::ambiguous(format!(
                    "the member `{}` lies inside the member `{}`, which is no folder",
                    shown(other),
                    shown(name)
                )));
            }
        }
        Ok(())
    }

    /// The content under a normalised name, through its links.
    pub(super) fn file(&self, name: &str) -> Option<&Blob> {
        let mut name = name;
        for _ in 0..=LINKS {
            match self.members.get(name)? {
                Member::File(blob) => return Some(blob),
                Member::Link(target) | Member::HardLink(target) => name = target,
                Member::Special => return None,
            }
        }
        None
    }

    /// Every document that can be used.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.members.values().filter_map(|member| match member {
            Member::File(Blob { document: Some(document), .. }) => document.as_ref().as_ref().ok(),
            _ => None,
        })
    }

    /// True when a member has this name, whatever it is.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }
}

impl Member {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(two)) => one.digest == two.digest,
            (Self::Link(one), Self::Link(two)) | (Self::HardLink(one), Self::HardLink(two)) => one == two,
            (Self::Special, Self::Special) => true,
            _ => false,
        }
    }
}

impl Blob {
    /// Digest and size of the content, unpacked. `Err` with a sentence's end when the stream is damaged.
    pub(super) fn content(&self, name: &str) -> Result<Result<(Digest, u64), &str>, ImageError> {
        match &self.unpacked {
            Unpacked::Same => Ok(Ok((self.digest, self.bytes))),
            Unpacked::To(content) => Ok(Ok(**content)),
            Unpacked::Damaged(cause) => Ok(Err(cause)),
            Unpacked::Unsupported(packing) => Err(ImageError::refused(format!(
                "its layer `{}` is compressed with {packing}; gzip, and zstd with windows up to 32 MiB (8 MiB around the whole file), are read",
                shown(name)
            ))),
        }
    }
}
