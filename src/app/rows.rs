//! The images pane's rows: one per image and name, sorted and filtered once per change and never per frame.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

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

/// One image under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its identity.
    pub key: RowKey,
    /// The image, shared by the rows of its other names.
    pub image: Arc<LocalImage>,
    /// The newest verdict. `None` before the first, and for an image without a name.
    pub verdict: Option<Verdict>,
    /// When it was reached.
    pub checked_at: Timestamp,
    /// What was concluded before the verdict became undecided, and when.
    pub last: Option<(Conclusion, Timestamp)>,
    /// When the image was measured, if that was in this session.
    pub measured_at: Option<Timestamp>,
    /// What the filter looks through.
    haystack: String,
}

impl Row {
    fn new(image: &Arc<LocalImage>, reference: Option<Reference>) -> Self {
        let key = RowKey { image: image.id.clone(), reference };
        let mut row = Self {
            key,
            image: Arc::clone(image),
            verdict: None,
            checked_at: Timestamp::default(),
            last: None,
            measured_at: None,
            haystack: String::new(),
        };
        row.index();
        row
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
        self.image.evidence.level() == EvidenceLevel::Measured
    }

    /// An archive whose content, and so whose names and digests, nobody has read yet.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        let nothing = matches!(&self.image.evidence, Evidence::Known { level: EvidenceLevel::Claimed, digests } if digests.is_empty());
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

    fn index(&mut self) {
        let mut text = self.label();
        let mut add = |word: &str| {
            text.push('\n');
            text.push_str(word);
        };
        if let Some(reference) = &self.key.reference {
            add(reference.as_str());
        }
        add(&self.key.image.id);
        match &self.verdict {
            Some(verdict) => {
                add(verdict.conclusion.word());
                add(verdict.evidence.word());
                add(verdict.publisher_name.as_deref().unwrap_or_default());
                add(&verdict.publisher.map(|publisher| publisher.to_string()).unwrap_or_default());
            }
            None => add("none"),
        }
        self.haystack = text.to_lowercase();
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

/// What the list is ordered by. Names break ties; images without a name always come last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// The gravest first.
    #[default]
    Verdict,
    /// By name.
    Name,
    /// The newest first.
    Age,
    /// The largest first.
    Size,
}

impl Sort {
    /// The next one that `s` chooses.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Verdict => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Size,
            Self::Size => Self::Verdict,
        }
    }
}

/// How many rows have which conclusion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    of: [usize; 7],
    /// Rows with a name and no verdict yet.
    pub waiting: usize,
}

impl Counts {
    /// Rows with this conclusion.
    #[must_use]
    pub fn of(&self, conclusion: Conclusion) -> usize {
        self.of[Self::slot(conclusion)]
    }

    fn slot(conclusion: Conclusion) -> usize {
        Conclusion::BY_GRAVITY.iter().position(|one| *one == conclusion).unwrap_or_default()
    }
}

/// All rows, which of them are shown in which order, and which one is selected.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    all: Vec<Row>,
    order: Vec<usize>,
    cursor: usize,
    top: usize,
    /// What the user chose; `None` while the first row stands in for a choice.
    selected: Option<RowKey>,
    sort: Sort,
    needle: String,
    counts: Counts,
}

impl Rows {
    /// Every row, in no order.
    #[must_use]
    pub fn all(&self) -> &[Row] {
        &self.all
    }

    /// Rows that pass the filter.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.order.len()
    }

    /// The rows from the first visible one on.
    pub fn visible(&self) -> impl Iterator<Item = &Row> {
        self.order.iter().skip(self.top).filter_map(|index| self.all.get(*index))
    }

    /// Position of the selected row among those shown.
    #[must_use]
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// The selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.order.get(self.cursor).and_then(|index| self.all.get(*index))
    }

    /// What the list is ordered by.
    #[must_use]
    pub const fn sort(&self) -> Sort {
        self.sort
    }

    /// Rows by conclusion.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The row with this identity.
    #[must_use]
    pub fn get(&self, key: &RowKey) -> Option<&Row> {
        self.all.iter().find(|row| row.key == *key)
    }

    /// Takes a new listing over. Rows that stay keep their verdict. With `keep_engine` the engine's old rows stay too:
    /// an engine that does not answer has not lost its images.
    pub fn replace(&mut self, images: Vec<LocalImage>, keep_engine: bool) {
        let mut known = self.take_known(|_| true);
        let measured: HashMap<ImageId, Arc<LocalImage>> = known
            .values()
            .filter(|row| row.is_measured() && row.key.image.source == Source::Engine)
            .map(|row| (row.key.image.clone(), Arc::clone(&row.image)))
            .collect();
        let recalled = images.into_iter().map(|image| match measured.get(&image.id) {
            // The engine's ID names content, so that a listing that knows less takes nothing back.
            Some(before) if image.evidence.level() == EvidenceLevel::Claimed => {
                LocalImage { evidence: before.evidence.clone(), ..image }
            }
            _ => image,
        });
        self.add(recalled.collect(), &mut known);
        if keep_engine {
            self.all.extend(known.into_values().filter(|row| row.key.image.source == Source::Engine));
        }
        self.rebuild();
    }

    /// Puts the images that an archive was found to hold in the place of what was known of it.
    pub fn open_archive(&mut self, archive: &Source, images: Vec<LocalImage>, at: Timestamp) {
        let mut known = self.take_known(|row| row.key.image.source == *archive);
        self.add(images, &mut known);
        for row in self.all.iter_mut().filter(|row| row.key.image.source == *archive) {
            row.measured_at = Some(at);
        }
        self.rebuild();
    }

    /// Notes that an archive could not be read. An engine's image keeps what the engine says of it.
    pub fn fail(&mut self, id: &ImageId, cause: &str) {
        if id.source != Source::Engine {
            for row in self.all.iter_mut().filter(|row| row.key.image == *id) {
                let evidence = Evidence::Unreadable { cause: cause.to_owned() };
                row.image = Arc::new(LocalImage { evidence, ..LocalImage::clone(&row.image) });
            }
            self.rebuild();
        }
    }

    fn take_known(&mut self, wanted: impl Fn(&Row) -> bool) -> HashMap<RowKey, Row> {
        let (known, others) = std::mem::take(&mut self.all).into_iter().partition(wanted);
        self.all = others;
        let known: Vec<Row> = known;
        known.into_iter().map(|row| (row.key.clone(), row)).collect()
    }

    /// One row for each name of each image. What was concluded of other bytes is not taken over.
    fn add(&mut self, images: Vec<LocalImage>, known: &mut HashMap<RowKey, Row>) {
        let mut seen = HashSet::new();
        for image in images {
            let image = Arc::new(image);
            let names: Vec<_> = if image.references.is_empty() {
                vec![None]
            } else {
                image.references.iter().cloned().map(Some).collect()
            };
            for reference in names {
                let mut row = Row::new(&image, reference);
                if !seen.insert(row.key.clone()) {
                    continue;
                }
                let before = known.remove(&row.key).filter(|before| {
                    row.key.image.source == Source::Engine || before.image.evidence == row.image.evidence
                });
                if let Some(before) = before {
                    row.verdict = before.verdict;
                    row.checked_at = before.checked_at;
                    row.last = before.last;
                    row.measured_at = before.measured_at;
                    row.index();
                }
                self.all.push(row);
            }
        }
    }

    /// Takes verdicts over; those of rows that went meanwhile are dropped.
    pub fn judge(
        &mut self,
        verdicts: impl IntoIterator<Item = (RowKey, Verdict, Option<(Conclusion, Timestamp)>)>,
        at: Timestamp,
    ) {
        let index: HashMap<RowKey, usize> =
            self.all.iter().enumerate().map(|(index, row)| (row.key.clone(), index)).collect();
        for (key, verdict, last) in verdicts {
            let Some(row) = index.get(&key).and_then(|index| self.all.get_mut(*index)) else { continue };
            let before = decided(row.verdict.as_ref()).map(|conclusion| (conclusion, row.checked_at));
            row.last = match verdict.conclusion {
                Conclusion::Undecided => last.or(before).or(row.last),
                _ => None,
            };
            let same = row.verdict.as_ref() == Some(&verdict);
            row.verdict = Some(verdict);
            row.checked_at = at;
            if !same {
                row.index();
            }
        }
        self.rebuild();
    }

    /// Makes every verdict that rests on the chain undecided, and remembers it.
    pub fn doubt(&mut self, because: &str) {
        for row in &mut self.all {
            let Some(verdict) = &row.verdict else { continue };
            if verdict.problem.is_some() {
                continue;
            }
            if let Some(conclusion) = decided(Some(verdict)) {
                row.last = Some((conclusion, row.checked_at));
            }
            row.verdict = Some(crate::domain::verdict::undecided(verdict.evidence, because.to_owned()));
            row.index();
        }
        self.rebuild();
    }

    /// Takes over what measuring found, for every name of the image.
    pub fn measure(&mut self, id: &ImageId, evidence: &Evidence, at: Timestamp) {
        let mut shared: Option<Arc<LocalImage>> = None;
        for row in self.all.iter_mut().filter(|row| row.key.image == *id) {
            let image = shared.get_or_insert_with(|| {
                Arc::new(LocalImage { evidence: evidence.clone(), ..LocalImage::clone(&row.image) })
            });
            row.image = Arc::clone(image);
            row.measured_at = Some(at);
            row.index();
        }
        self.rebuild();
    }

    /// Chooses the next order.
    pub fn sort_by_next(&mut self) {
        self.sort = self.sort.next();
        self.rebuild();
    }

    /// Shows only rows in which every word of `needle` occurs.
    pub fn filter(&mut self, needle: &str) {
        self.needle = needle.to_lowercase();
        self.rebuild();
    }

    /// Selects the row at `position` among those shown, or the last.
    pub fn select(&mut self, position: usize) {
        self.cursor = position.min(self.order.len().saturating_sub(1));
        self.hold();
    }

    /// Makes the row under the cursor the user's choice, from which no new order and no new image takes it.
    pub fn hold(&mut self) {
        self.selected = self.selected().map(|row| row.key.clone());
    }

    /// Moves the first visible row as little as needed to show the selected one in `height` rows.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.order.len().saturating_sub(height);
        self.top = self.top.clamp(self.cursor.saturating_sub(height - 1), self.cursor).min(last);
    }

    fn rebuild(&mut self) {
        let words: Vec<&str> = self.needle.split_whitespace().collect();
        let all = &self.all;
        let mut order: Vec<usize> =
            (0..all.len()).filter(|index| words.iter().all(|word| all[*index].haystack.contains(word))).collect();
        let sort = self.sort;
        order.sort_by(|a, b| compare(sort, &all[*a], &all[*b]));
        self.order = order;
        self.counts = Counts::default();
        for row in &self.all {
            match row.conclusion() {
                Some(conclusion) => self.counts.of[Counts::slot(conclusion)] += 1,
                None if row.unreadable().is_some() => self.counts.of[Counts::slot(Conclusion::Undecided)] += 1,
                None if row.key.reference.is_some() => self.counts.waiting += 1,
                None => {}
            }
        }
        self.find_selected();
    }

    /// The selected row's new position: its own, else that of its name's new image, else the old position.
    fn find_selected(&mut self) {
        let Some(selected) = &self.selected else {
            self.cursor = 0;
            return;
        };
        let shown = || self.order.iter().map(|index| &self.all[*index].key);
        let same_name = |key: &RowKey| key.reference.is_some() && key.reference == selected.reference;
        let found = shown().position(|key| key == selected).or_else(|| {
            let gone = self.get(selected).is_none();
            if gone { shown().position(same_name) } else { None }
        });
        match found {
            Some(position) => self.select(position),
            // Filtered out: it comes back with the filter's end, so the identity stays.
            None if self.get(selected).is_some() && self.order.is_empty() => self.cursor = 0,
            None => self.select(self.cursor),
        }
    }
}

fn decided(verdict: Option<&Verdict>) -> Option<Conclusion> {
    verdict.map(|verdict| verdict.conclusion).filter(|conclusion| *conclusion != Conclusion::Undecided)
}

fn familiar(row: &Row) -> Option<&str> {
    row.key.reference.as_ref().map(Reference::familiar)
}

fn compare(sort: Sort, a: &Row, b: &Row) -> std::cmp::Ordering {
    let nameless = |row: &Row| row.key.reference.is_none() && row.unreadable().is_none();
    let by_sort = match sort {
        Sort::Verdict => a.rank().cmp(&b.rank()),
        Sort::Name => std::cmp::Ordering::Equal,
        Sort::Age => b.image.created.cmp(&a.image.created),
        Sort::Size => b.image.size.cmp(&a.image.size),
    };
    nameless(a)
        .cmp(&nameless(b))
        .then(by_sort)
        .then_with(|| familiar(a).cmp(&familiar(b)))
        .then_with(|| a.key.image.cmp(&b.key.image))
}
