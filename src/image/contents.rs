//! What an archive or layout held: one entry per member, without its bytes.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use indexmap::{IndexMap, map::Entry};

use super::{
    document::Document,
    error::{ImageError, shown},
    files::Lister,
    inline::{self, descriptors},
    json::JsonProblem,
    limits::{
        ALL_LAYERS, EMBEDDED_BYTES, HELD_BYTES, HISTORIES_BYTES, IMAGES, LINKS, LISTED_BYTES, MEMBER_BYTES, MEMBERS,
        NAME_BYTES, REMEMBERED_BYTES,
    },
    names,
};
use crate::domain::{compare::LayerFiles, digest::Digest};

/// What hashing a member's bytes found.
pub(super) struct Blob {
    /// SHA-256 of the bytes as they are stored.
    pub(super) digest: Digest,
    /// Bytes as they are stored.
    pub(super) bytes: u64,
    /// What they are.
    pub(super) content: Content,
    /// What is in it as a layer, and the bytes that this takes; where layers are listed and until it is added.
    pub(super) files: Option<Box<(LayerFiles, usize)>>,
}

/// What a member's bytes are.
pub(super) enum Content {
    /// Neither packed nor JSON.
    Plain,
    /// JSON that no other member can refer to as a document.
    Json,
    /// A document.
    Document(Box<Result<Document, JsonProblem>>),
    /// Packed: SHA-256 and size of what is inside.
    Packed(Box<(Digest, u64)>),
    /// Packed, and the compressed stream is damaged.
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
    members: IndexMap<Box<str>, Member>,
    counted: usize,
    remembered: usize,
    embedded: usize,
    window: usize,
    /// Images that were judged, and their layers.
    images: AtomicUsize,
    layers: AtomicUsize,
    /// Bytes of the instructions that are kept.
    histories: usize,
    /// Layers whose files are still to be listed, those that are, and the bytes that these take.
    wanted: Vec<Digest>,
    listed: Vec<LayerFiles>,
    listed_bytes: usize,
}

impl Contents {
    /// Nothing yet, beside a decoder that holds a `window` of the outer file.
    pub(super) fn beside(window: usize) -> Self {
        Self { window, ..Self::default() }
    }

    /// Has the files of these layers listed.
    pub(super) fn wanting(mut self, layers: &[Digest]) -> Self {
        self.wanted = layers.to_vec();
        self
    }

    /// True while a layer is looked for whose files are to be listed.
    pub(super) const fn is_listing(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Lists the next member, in case it is one of those layers.
    pub(super) fn lister(&self) -> Option<Box<Lister>> {
        self.is_listing().then(|| Box::new(Lister::within(LISTED_BYTES.saturating_sub(self.listed_bytes))))
    }

    /// What was listed.
    pub(super) fn into_listed(self) -> Vec<LayerFiles> {
        self.listed
    }

    /// Keeps a member's list if it is wanted.
    fn keep_list(&mut self, blob: &mut Blob) {
        let Some((files, bytes)) = blob.files.take().map(|files| *files) else { return };
        if self.wanted.contains(&files.diff_id) {
            self.wanted.retain(|wanted| *wanted != files.diff_id);
            self.listed.push(files);
            self.listed_bytes += bytes;
        }
    }

    /// Counts a member, of whatever kind, and its name.
    pub(super) fn count(&mut self, name: &str) -> Result<(), ImageError> {
        self.counted += 1;
        if self.counted > MEMBERS {
            return Err(ImageError::refused(format!("it has more than {MEMBERS} members")));
        }
        if name.len() > NAME_BYTES {
            return Err(ImageError::refused(format!(
                "the member name `{}` is longer than {NAME_BYTES} bytes",
                shown(name)
            )));
        }
        self.remember(name.len())
    }

    /// Bytes that reading the next member may take.
    pub(super) const fn room(&self) -> usize {
        HELD_BYTES.saturating_sub(self.window + self.counted * MEMBER_BYTES + self.remembered)
    }

    /// Counts an image that is about to be judged, and its layers: shared ones take memory each time.
    pub(super) fn count_image(&self, layers: usize) -> Result<(), ImageError> {
        let counted = |count: &AtomicUsize, more: usize| count.fetch_add(more, Ordering::Relaxed) + more;
        if counted(&self.images, 1) > IMAGES || counted(&self.layers, layers) > ALL_LAYERS {
            return Err(ImageError::refused(format!("it has more than {IMAGES} images or {ALL_LAYERS} layers")));
        }
        Ok(())
    }

    fn remember(&mut self, bytes: usize) -> Result<(), ImageError> {
        self.remembered += bytes;
        if self.remembered > REMEMBERED_BYTES {
            let problem = "its member names, configurations and manifests take more than 8 MiB together";
            return Err(ImageError::refused(problem));
        }
        Ok(())
    }

    /// Adds a member that was counted. The same content under the same name again is no harm; other content is.
    pub(super) fn add(&mut self, name: String, mut member: Member) -> Result<(), ImageError> {
        if let Member::File(blob) = &mut member {
            self.keep_list(blob);
            self.histories += blob.keep_history(HISTORIES_BYTES.saturating_sub(self.histories));
        }
        self.remember(member.weight())?;
        if let Member::File(blob) = &member
            && let Some(Ok(document)) = blob.document()
        {
            self.embedded += inline::weight(document);
        }
        if self.embedded > EMBEDDED_BYTES {
            return Err(ImageError::refused("its descriptors embed more than 1 MiB"));
        }
        match self.members.entry(name.into()) {
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
        let mut names: Vec<&str> = self.members.keys().map(AsRef::as_ref).collect();
        names.sort_unstable();
        for (name, member) in &self.members {
            // It is the link once more, and leads on from its own folder.
            if let Member::HardLink(target) = member
                && matches!(self.members.get(target.as_str()), Some(Member::Link(_)))
            {
                return Err(ImageError::ambiguous(format!("`{}` is a hard link to a symbolic one", shown(name))));
            }
            let inside = format!("{name}/");
            if let Some(other) = names.get(names.partition_point(|other| *other < inside.as_str()))
                && other.starts_with(inside.as_str())
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

    /// Refuses content that a document names by its digest and that lies under another name only: engines find it by its
    /// digest, and who looks for its name would call it absent.
    pub(super) fn check_digests(&self) -> Result<(), ImageError> {
        let mut elsewhere: Option<HashSet<Digest>> = None;
        for digest in self.documents().flat_map(descriptors).filter_map(|it| it.digest.get("").ok()) {
            if self.file(&names::blob_name(digest)).is_some() {
                continue;
            }
            let files = || {
                self.members
                    .values()
                    .filter_map(|it| if let Member::File(blob) = it { Some(blob.digest) } else { None })
            };
            if elsewhere.get_or_insert_with(|| files().collect()).contains(&digest) {
                return Err(ImageError::ambiguous(format!("the content {digest} does not lie under its name")));
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
            Member::File(blob) => blob.document()?.as_ref().ok(),
            _ => None,
        })
    }

    /// True when a member has this name, whatever it is.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }
}

impl Member {
    /// Bytes that are remembered of it beside its name and digest.
    fn weight(&self) -> usize {
        let blob = match self {
            Self::File(blob) => blob,
            Self::Link(target) | Self::HardLink(target) => return target.len(),
            Self::Special => return 0,
        };
        match &blob.content {
            Content::Plain | Content::Json | Content::Unsupported(_) => 0,
            Content::Document(document) => {
                let beside = match &**document {
                    Ok(document) => document.weight(),
                    Err(problem) => problem.weight(),
                };
                size_of_val(&**document) + beside
            }
            Content::Packed(inside) => size_of_val(&**inside),
            Content::Damaged(cause) => cause.len(),
        }
    }

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
    /// Keeps what it tells people alone, if there is `room`; the bytes that this takes.
    fn keep_history(&mut self, room: usize) -> usize {
        let Content::Document(document) = &mut self.content else { return 0 };
        let Ok(Document::Config(config)) = &mut **document else { return 0 };
        if config.told_weight() > room {
            config.forget_told();
        }
        config.told_weight()
    }

    /// What the bytes are as JSON; `None` for anything that no member can refer to as a document.
    pub(super) fn document(&self) -> Option<&Result<Document, JsonProblem>> {
        if let Content::Document(document) = &self.content { Some(document) } else { None }
    }

    /// Digest and size of the content, unpacked. `Err` with a sentence's end when the stream is damaged.
    pub(super) fn unpacked(&self, name: &str) -> Result<Result<(Digest, u64), &str>, ImageError> {
        match &self.content {
            Content::Plain | Content::Json | Content::Document(_) => Ok(Ok((self.digest, self.bytes))),
            Content::Packed(inside) => Ok(Ok(**inside)),
            Content::Damaged(cause) => Ok(Err(cause)),
            Content::Unsupported(packing) => Err(ImageError::refused(format!(
                "its layer `{}` is compressed with {packing}; gzip, and zstd with windows up to 32 MiB (8 MiB around the whole file, less beside many members), are read",
                shown(name)
            ))),
        }
    }
}
