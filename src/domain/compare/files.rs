//! The files of a layer, and how two layers' differ.

use std::{collections::BTreeMap, fmt};

use crate::domain::{digest::Digest, text::clean};

/// Differences that are kept; more are only counted.
const KEPT: usize = 10_000;

/// What a member of a layer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Bytes.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, and where it leads.
    Link(Box<[u8]>),
    /// A second name of another file.
    HardLink(Box<[u8]>),
    /// A device, by its numbers.
    Device(u32, u32),
    /// A pipe.
    Pipe,
    /// The layer takes away what lower layers have there (OCI image-spec, `layer.md`, *Whiteouts*).
    Removal,
    /// Something else.
    Other,
}

/// One member of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// What it is.
    pub kind: FileKind,
    /// Bytes of its content.
    pub size: u64,
    /// Permissions, with the bits that let a program run as another user.
    pub mode: u32,
    /// Who owns it.
    pub owner: (u64, u64),
    /// When it was changed, in seconds since 1970.
    pub modified: u64,
    /// SHA-256 of its content, where it has any.
    pub digest: Option<Digest>,
    /// SHA-256 of its extended attributes (capabilities are one), where it has any.
    pub attributes: Option<Digest>,
}

/// All members of a layer, by their names as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFiles {
    /// The layer, hashed while it was read.
    pub diff_id: Digest,
    /// Those that were read.
    pub files: BTreeMap<Box<[u8]>, FileEntry>,
    /// There are more than could be held.
    pub is_cut: bool,
    /// Why it was not read to its end: the end of a sentence.
    pub problem: Option<String>,
}

impl LayerFiles {
    /// A layer without files: what stands beside one that the other image does not have.
    #[must_use]
    pub const fn none(diff_id: Digest) -> Self {
        Self { diff_id, files: BTreeMap::new(), is_cut: false, problem: None }
    }

    /// True where all of it is known.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.is_cut && self.problem.is_none()
    }
}

/// How a file here stands to the released one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is only here.
    Added(FileEntry),
    /// It is only in the released layer.
    Removed(FileEntry),
    /// It is in both and differs.
    Changed {
        /// In the released layer.
        released: FileEntry,
        /// Here.
        here: FileEntry,
    },
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The name, as it is written.
    pub path: Box<[u8]>,
    /// What differs.
    pub change: Change,
}

/// How two layers differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileChanges {
    /// By name; the first ten thousand of them.
    pub changes: Vec<FileChange>,
    /// All that differ.
    pub total: usize,
    /// Those that are the same, whatever their times.
    pub same: usize,
    /// Those of them whose times differ.
    pub retimed: usize,
    /// Why what is only on one side is not told: one of them is not known as a whole.
    pub problem: Option<String>,
}

impl FileEntry {
    /// True where nothing but the time differs.
    fn is_alike(&self, other: &Self) -> bool {
        Self { modified: other.modified, ..self.clone() } == *other
    }
}

impl FileChanges {
    /// What differs between the layer here and the released one.
    #[must_use]
    pub fn between(here: &LayerFiles, released: &LayerFiles) -> Self {
        let mut found = Self::default();
        let is_whole = here.is_whole() && released.is_whole();
        if !is_whole {
            let cut = "it holds more files than are compared at once".to_owned();
            let why = |side: &LayerFiles| side.problem.clone().or_else(|| side.is_cut.then(|| cut.clone()));
            found.problem = why(here).or_else(|| why(released));
        }
        for (path, own) in &here.files {
            match released.files.get(path) {
                Some(theirs) if own.is_alike(theirs) => {
                    found.same += 1;
                    found.retimed += usize::from(own.modified != theirs.modified);
                }
                Some(theirs) => {
                    found.keep(path, Change::Changed { released: theirs.clone(), here: own.clone() });
                }
                None if is_whole => found.keep(path, Change::Added(own.clone())),
                None => {}
            }
        }
        for (path, theirs) in released.files.iter().filter(|(path, _)| is_whole && !here.files.contains_key(*path)) {
            found.keep(path, Change::Removed(theirs.clone()));
        }
        found.changes.sort_by(|one, other| one.path.cmp(&other.path));
        found.changes.truncate(KEPT);
        found
    }

    fn keep(&mut self, path: &[u8], change: Change) {
        self.total += 1;
        // Twice as many, since two rows of names are put in order at the end.
        if self.changes.len() < 2 * KEPT {
            self.changes.push(FileChange { path: path.into(), change });
        }
    }

    /// In one sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let count = |change: fn(&Change) -> bool| self.changes.iter().filter(|one| change(&one.change)).count();
        let (added, removed, changed) = (
            count(|change| matches!(change, Change::Added(_))),
            count(|change| matches!(change, Change::Removed(_))),
            count(|change| matches!(change, Change::Changed { .. })),
        );
        let times = match self.retimed {
            0 => String::new(),
            some => format!(", of which {some} have another time"),
        };
        let same = format!("{} the same{times}", self.same);
        let rest = self.total - self.changes.len();
        let more = if rest > 0 { format!(", {rest} more that differ are not listed") } else { String::new() };
        match &self.problem {
            Some(why) => {
                format!("{changed} changed, {same}{more}; what is only on one side is not told: {why}")
            }
            None if self.total == 0 => format!("no file differs: {same}; the layers differ in how they are packed"),
            None => format!("{added} only here, {removed} only released, {changed} changed, {same}{more}"),
        }
    }
}

/// A name from a layer, made safe to show.
#[must_use]
pub fn shown_path(path: &[u8]) -> String {
    clean(&String::from_utf8_lossy(path))
}

impl FileKind {
    const fn word(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Link(_) => "link",
            Self::HardLink(_) => "hard link",
            Self::Device(..) => "device",
            Self::Pipe => "pipe",
            Self::Removal => "removal",
            Self::Other => "something else",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(target) | Self::HardLink(target) => write!(f, "{} to {}", self.word(), shown_path(target)),
            Self::Device(major, minor) => write!(f, "device {major}:{minor}"),
            Self::Removal => f.write_str("takes away what is below"),
            _ => f.write_str(self.word()),
        }
    }
}

impl FileEntry {
    /// What it is, in a few words: `file, 12 bytes, mode 4755, owner 0:0`.
    fn words(&self) -> String {
        match self.kind {
            FileKind::File => format!(
                "{} byte{}, mode {}, owner {}{}",
                self.size,
                plural(self.size),
                mode(self.mode),
                owner(self.owner),
                self.digest.map_or_else(String::new, |digest| format!(", {}", digest.short()))
            ),
            FileKind::Removal => self.kind.to_string(),
            _ => format!("{}, mode {}, owner {}", self.kind, mode(self.mode), owner(self.owner)),
        }
    }
}

const fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Permissions as `chmod` takes them.
fn mode(mode: u32) -> String {
    format!("{:04o}", mode & 0o7777)
}

fn owner((user, group): (u64, u64)) -> String {
    format!("{user}:{group}")
}

impl Change {
    /// `+` for what is only here, `-` for what is only released, `~` for what differs.
    #[must_use]
    pub const fn sign(&self) -> char {
        match self {
            Self::Added(_) => '+',
            Self::Removed(_) => '-',
            Self::Changed { .. } => '~',
        }
    }

    /// The word that documents use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Removed(_) => "removed",
            Self::Changed { .. } => "changed",
        }
    }

    /// True where it gives a program another user's rights, or takes part in that.
    #[must_use]
    pub const fn is_grave(&self) -> bool {
        const RUNS_AS_ANOTHER: u32 = 0o6000;
        match self {
            Self::Removed(_) => false,
            Self::Added(here) | Self::Changed { here, .. } => {
                here.mode & RUNS_AS_ANOTHER != 0 && matches!(here.kind, FileKind::File)
            }
        }
    }

    /// What it is, or what differs, released first.
    #[must_use]
    pub fn words(&self) -> String {
        let (before, after) = match self {
            Self::Added(entry) | Self::Removed(entry) => return entry.words(),
            Self::Changed { released, here } => (released, here),
        };
        let mut parts = Vec::new();
        let mut differs = |name: &str, before: String, after: String| {
            if before != after {
                parts.push(format!("{name} {before} → {after}"));
            }
        };
        differs("kind", before.kind.to_string(), after.kind.to_string());
        differs("size", before.size.to_string(), after.size.to_string());
        differs("mode", mode(before.mode), mode(after.mode));
        differs("owner", owner(before.owner), owner(after.owner));
        let digest = |digest: Option<Digest>| digest.map_or_else(|| "none".to_owned(), |digest| digest.short());
        differs("content", digest(before.digest), digest(after.digest));
        differs("attributes", digest(before.attributes), digest(after.attributes));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> FileEntry {
        FileEntry {
            kind: FileKind::File,
            size: content.len() as u64,
            mode: 0o644,
            owner: (0, 0),
            modified: 1,
            digest: Some(Digest::of(content.as_bytes())),
            attributes: None,
        }
    }

    fn layer(files: &[(&str, FileEntry)]) -> LayerFiles {
        let files = files.iter().map(|(path, entry)| (path.as_bytes().into(), entry.clone())).collect();
        LayerFiles { files, ..LayerFiles::none(Digest::of(b"layer")) }
    }

    #[test]
    fn what_differs_is_told_with_what_it_was() {
        let setuid = FileEntry { mode: 0o4755, owner: (0, 1000), ..file("sh") };
        let here = layer(&[("bin/sh", setuid), ("etc/passwd", file("root2")), ("new", file("x")), ("same", file("s"))]);
        let released = layer(&[
            ("bin/sh", file("sh")),
            ("etc/passwd", file("root")),
            ("gone", file("y")),
            ("same", FileEntry { modified: 9, ..file("s") }),
        ]);
        let changes = FileChanges::between(&here, &released);
        let told: Vec<_> = changes
            .changes
            .iter()
            .map(|one| format!("{} {}: {}", one.change.sign(), shown_path(&one.path), one.change.words()))
            .collect();
        let short = |text: &str| Digest::of(text.as_bytes()).short();
        assert_eq!(
            told,
            [
                "~ bin/sh: mode 0644 → 4755, owner 0:0 → 0:1000".to_owned(),
                format!("~ etc/passwd: size 4 → 5, content {} → {}", short("root"), short("root2")),
                format!("- gone: 1 byte, mode 0644, owner 0:0, {}", short("y")),
                format!("+ new: 1 byte, mode 0644, owner 0:0, {}", short("x")),
            ]
        );
        assert!(changes.changes[0].change.is_grave() && !changes.changes[1].change.is_grave());
        assert_eq!(changes.told(), "1 only here, 1 only released, 2 changed, 1 the same, of which 1 have another time");
    }

    #[test]
    fn of_a_layer_that_is_not_known_as_a_whole_nothing_is_called_missing() {
        let here = LayerFiles { is_cut: true, ..layer(&[("a", file("1")), ("b", file("2"))]) };
        let changes = FileChanges::between(&here, &layer(&[("a", file("3")), ("z", file("4"))]));
        assert_eq!((changes.total, changes.changes[0].change.word()), (1, "changed"));
        assert!(changes.told().contains("more files than are compared"), "{}", changes.told());
    }

    #[test]
    fn layers_that_differ_in_their_packing_only_say_so() {
        let changes = FileChanges::between(&layer(&[("a", file("1"))]), &layer(&[("a", file("1"))]));
        assert_eq!(changes.told(), "no file differs: 1 the same; the layers differ in how they are packed");
    }

    #[test]
    fn many_differences_are_counted_and_the_first_are_kept() {
        let many = |content: &str| {
            let files: Vec<_> = (0..KEPT + 7).map(|n| (format!("{n:06}"), file(content))).collect();
            let files: Vec<_> = files.iter().map(|(path, entry)| (path.as_str(), entry.clone())).collect();
            layer(&files)
        };
        let changes = FileChanges::between(&many("a"), &many("b"));
        assert_eq!((changes.changes.len(), changes.total), (KEPT, KEPT + 7));
        assert!(changes.told().contains("7 more that differ are not listed"), "{}", changes.told());
    }

    #[test]
    fn names_of_strangers_are_made_safe() {
        assert_eq!(shown_path(b"a\x1b[2J\xff"), "a\\u{1b}[2J\u{fffd}");
        assert_eq!(FileKind::Link(b"x\ny".as_slice().into()).to_string(), "link to x y");
    }
}
