//! The images pane's rows: one per image and name, sorted and filtered once per change and never per frame.

pub mod filter;
mod list;
mod order;

use std::sync::Arc;

pub use filter::Filter;
pub use list::{Counts, Merged, Rows};
pub use order::Sort;

use crate::domain::{
    Reference, Timestamp,
    image::{Evidence, EvidenceLevel, ImageId, LocalImage, Source},
    verdict::{Conclusion, Verdict},
};

/// What identifies a row: selection, verdicts and publications refer to it, never to a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// The image.
    pub image: ImageId,
    /// One of its names; `None` for an image that has none.
    pub reference: Option<Reference>,
}

/// Verdicts of many rows, of which those that say the same are one: a node that is lost leaves ten thousand undecided alike.
#[derive(Debug, Default)]
pub struct Said {
    last: Option<Arc<Verdict>>,
}

impl Said {
    /// The verdict, or the one before it where that says the same.
    pub fn once(&mut self, verdict: Verdict) -> Arc<Verdict> {
        match &self.last {
            Some(last) if **last == verdict => Arc::clone(last),
            _ => Arc::clone(self.last.insert(Arc::new(verdict))),
        }
    }
}

/// One image under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its identity.
    pub key: RowKey,
    /// The image, shared by the rows of its other names.
    pub image: Arc<LocalImage>,
    /// The newest verdict. `None` before the first, and for an image without a name. Rows of which the same is said share it.
    pub verdict: Option<Arc<Verdict>>,
    /// When it was reached.
    pub checked_at: Timestamp,
    /// What was concluded before the verdict became undecided, and when.
    pub last: Option<(Conclusion, Timestamp)>,
    /// When the image was measured, if that was in this session.
    pub measured_at: Option<Timestamp>,
}

impl Row {
    fn new(image: &Arc<LocalImage>, reference: Option<Reference>) -> Self {
        let key = RowKey { image: image.id.clone(), reference };
        Self {
            key,
            image: Arc::clone(image),
            verdict: None,
            checked_at: Timestamp::default(),
            last: None,
            measured_at: None,
        }
    }

    /// The conclusion, where there is a verdict.
    #[must_use]
    pub fn conclusion(&self) -> Option<Conclusion> {
        self.verdict.as_ref().map(|verdict| verdict.conclusion)
    }

    /// The name as Docker shows it; the file's name or the short ID of an image without one.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.key.reference, &self.key.image.source) {
            (Some(reference), _) => reference.familiar().to_owned(),
            (None, Source::Archive(path)) => {
                let file = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
                crate::domain::text::clean(&file)
            }
            (None, Source::Engine) => format!("<none> {}", self.short_id()),
        }
    }

    fn short_id(&self) -> String {
        let id = &self.key.image.id;
        let id: String = id.strip_prefix("sha256:").unwrap_or(id).chars().take(12).collect();
        crate::domain::text::clean(&id)
    }

    /// True when the bytes were hashed.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.image.evidence.level().is_measured()
    }

    /// Its content contradicts itself.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        matches!(self.image.evidence, Evidence::Corrupt { .. })
    }

    /// An archive whose content, and so whose names and digests, nobody has read yet.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        let nothing = matches!(&self.image.evidence, Evidence::Known { level: EvidenceLevel::Claimed, digests, .. } if digests.is_empty());
        nothing && self.key.image.source != Source::Engine
    }

    /// Why nothing could be read of the image, if so.
    #[must_use]
    pub fn unreadable(&self) -> Option<&str> {
        match &self.image.evidence {
            Evidence::Unreadable { cause } => Some(cause),
            _ => None,
        }
    }

    /// Whether its names, its ID or its verdict's words hold `word`, which is in lower case.
    fn mentions(&self, word: &str) -> bool {
        let reference = self.key.reference.as_ref();
        let named = reference.is_some_and(|name| holds(name.familiar(), word) || holds(name.as_str(), word));
        named
            || (reference.is_none() && holds(&self.label(), word))
            || holds(&self.key.image.id, word)
            || self.verdict.as_ref().map_or_else(
                || holds("none", word),
                |verdict| {
                    let publisher = verdict.publisher.map(|publisher| publisher.to_string());
                    [verdict.conclusion.word(), verdict.evidence.word()].into_iter().any(|text| holds(text, word))
                        || verdict.publisher_name.as_ref().is_some_and(|name| holds(name, word))
                        || publisher.is_some_and(|publisher| holds(&publisher, word))
                },
            )
    }

    /// The conclusion as the list ranks it: what someone's word stands against first, what nobody speaks of last.
    ///
    /// An undecided row keeps the rank of what it was: a node that is lost must not shuffle the list.
    fn rank(&self) -> u8 {
        let undecided = self.conclusion() == Some(Conclusion::Undecided);
        let conclusion = self.last.filter(|_| undecided).map(|(last, _)| last).or_else(|| self.conclusion());
        match conclusion {
            Some(Conclusion::Mismatch) => 0,
            Some(Conclusion::Revoked) => 1,
            Some(Conclusion::Undecided) => 2,
            Some(Conclusion::Outdated) => 3,
            Some(Conclusion::Untrusted) => 4,
            Some(Conclusion::Verified) => 5,
            Some(Conclusion::Unpublished) => 6,
            None if self.unreadable().is_some() => 2,
            None => 7,
        }
    }
}

/// Whether `text` holds `word`, which is in lower case. Names are letters of ASCII nearly always, and need no copy then.
fn holds(text: &str, word: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(word);
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}
