//! All rows: what a verdict or a measurement changes of them, and which are shown in which order.

mod take;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

pub use take::Merged;

use super::{Filter, Row, RowKey, Said, Sort, order::compare};
use crate::domain::{
    Timestamp,
    image::{Evidence, ImageId, LocalImage, Source},
    verdict::{Conclusion, Verdict},
};

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
    reversed: bool,
    filter: Filter,
    marked: HashSet<RowKey>,
    /// What ages are counted from.
    now: Timestamp,
    counts: Counts,
}

impl Rows {
    /// No rows, at this time.
    #[must_use]
    pub fn starting(now: Timestamp) -> Self {
        Self { now, ..Self::default() }
    }

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

    /// Position of the first visible row among those shown.
    #[must_use]
    pub const fn top(&self) -> usize {
        self.top
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

    /// The order is turned around.
    #[must_use]
    pub const fn is_reversed(&self) -> bool {
        self.reversed
    }

    /// What is looked for.
    #[must_use]
    pub const fn wanted(&self) -> &Filter {
        &self.filter
    }

    /// True for a row that was marked.
    #[must_use]
    pub fn is_marked(&self, key: &RowKey) -> bool {
        self.marked.contains(key)
    }

    /// Marked rows, in the list's order; those that the filter hides are none: nothing is done to what nobody sees.
    pub fn marked(&self) -> impl Iterator<Item = &Row> {
        // Asked for with every frame: without marks no row is looked at.
        let looked_at = if self.marked.is_empty() { 0 } else { self.order.len() };
        let rows = self.order.iter().take(looked_at).map(|index| &self.all[*index]);
        rows.filter(|row| self.marked.contains(&row.key))
    }

    /// Marks the selected row, or takes its mark away.
    pub fn mark(&mut self) {
        let Some(key) = self.selected().map(|row| row.key.clone()) else { return };
        if !self.marked.remove(&key) {
            self.marked.insert(key);
        }
    }

    /// Marks every row that is shown, or takes all marks away where each of them has one.
    pub fn mark_all(&mut self) {
        let shown: HashSet<RowKey> = self.order.iter().map(|index| self.all[*index].key.clone()).collect();
        self.marked = if shown.is_subset(&self.marked) { HashSet::new() } else { shown };
    }

    /// Takes a row's mark away.
    pub fn unmark(&mut self, key: &RowKey) {
        self.marked.remove(key);
    }

    /// Takes all marks away.
    pub fn unmark_all(&mut self) {
        self.marked.clear();
    }

    /// What time it is.
    pub const fn tick(&mut self, now: Timestamp) {
        self.now = now;
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

    /// Takes verdicts over; those of rows that went meanwhile are dropped.
    pub fn judge(
        &mut self,
        verdicts: impl IntoIterator<Item = (RowKey, Arc<Verdict>, Option<(Conclusion, Timestamp)>)>,
        at: Timestamp,
    ) {
        let mut verdicts: HashMap<RowKey, _> =
            verdicts.into_iter().map(|(key, verdict, last)| (key, (verdict, last))).collect();
        for row in &mut self.all {
            let Some((verdict, last)) = verdicts.remove(&row.key) else { continue };
            let before = decided(row.verdict.as_deref()).map(|conclusion| (conclusion, row.checked_at));
            row.last = match verdict.conclusion {
                Conclusion::Undecided => last.or(before).or(row.last),
                _ => None,
            };
            row.verdict = Some(verdict);
            row.checked_at = at;
        }
        self.rebuild();
    }

    /// Makes every verdict that rests on the chain undecided, and remembers it.
    pub fn doubt(&mut self, because: &str) {
        let mut said = Said::default();
        for row in &mut self.all {
            let Some(verdict) = &row.verdict else { continue };
            if verdict.problem.is_some() {
                continue;
            }
            if let Some(conclusion) = decided(Some(verdict)) {
                row.last = Some((conclusion, row.checked_at));
            }
            row.verdict = Some(said.once(crate::domain::verdict::undecided(verdict.evidence, because.to_owned())));
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
        }
        self.rebuild();
    }

    /// Chooses the next order.
    pub fn sort_by_next(&mut self) {
        self.sort = self.sort.next();
        self.rebuild();
    }

    /// Turns the order around, or back.
    pub fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.rebuild();
    }

    /// Shows only rows for which `text` holds ([`Filter`]). While it hides what was chosen its first row stands in.
    pub fn filter(&mut self, text: &str) {
        let chosen = self.selected.clone();
        (self.filter, self.cursor) = (Filter::parse(text), 0);
        self.rebuild();
        self.selected = chosen;
    }

    /// Selects the row at `position` among those shown, or the last.
    pub fn select(&mut self, position: usize) {
        self.cursor = position.min(self.order.len().saturating_sub(1));
        self.hold();
    }

    /// Makes the row under the cursor the user's choice, from which no new order and no new image takes it.
    /// What a filter hides stays chosen.
    pub fn hold(&mut self) {
        if let Some(row) = self.selected() {
            self.selected = Some(row.key.clone());
        }
    }

    /// Moves the first visible row as little as needed to show the selected one in `height` rows.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.order.len().saturating_sub(height);
        self.top = self.top.clamp(self.cursor.saturating_sub(height - 1), self.cursor).min(last);
    }

    fn rebuild(&mut self) {
        let all = &self.all;
        if !self.marked.is_empty() {
            let known: HashSet<&RowKey> = all.iter().map(|row| &row.key).collect();
            self.marked.retain(|key| known.contains(key));
        }
        let is_shown = |row: &Row| self.filter.admits(row, self.marked.contains(&row.key), self.now);
        let mut order: Vec<usize> = (0..all.len()).filter(|index| is_shown(&all[*index])).collect();
        let (sort, reversed) = (self.sort, self.reversed);
        order.sort_by(|a, b| compare((sort, reversed), &all[*a], &all[*b]));
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
