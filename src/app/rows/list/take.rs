//! What a listing, single images, or an archive that was read change of the rows.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::Rows;
use crate::{
    app::rows::{Row, RowKey},
    domain::{
        Digest, Reference, Timestamp,
        image::{Evidence, ImageId, LocalImage, Source},
    },
};

/// What single images changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The images' rows.
    pub rows: HashSet<RowKey>,
    /// An image lost its last name to another. Whether it is still listed, the engine's list tells.
    pub lost_a_name: bool,
}

impl Rows {
    /// Takes a new listing over. Rows that stay keep their verdict. With `keep_engine` the engine's old rows stay too:
    /// an engine that does not answer has not lost its images.
    pub fn replace(&mut self, images: Vec<LocalImage>, keep_engine: bool) {
        let mut known = self.take_known(|_| true);
        let images = recalled(images, &known);
        self.add(images, &mut known);
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

    /// Takes over what became of single images of the engine. The others stay as they are, but for a name that is another
    /// image's now.
    pub fn merge(&mut self, images: Vec<LocalImage>, gone: &[ImageId]) -> Merged {
        let touched: HashSet<&ImageId> = images.iter().map(|image| &image.id).chain(gone).collect();
        let names: HashSet<&Reference> = images.iter().flat_map(|image| &image.references).collect();
        let has_lost = |row: &Row| {
            let is_taken = row.key.reference.as_ref().is_some_and(|name| names.contains(name));
            is_taken && row.key.image.source == Source::Engine && !touched.contains(&row.key.image)
        };
        let losers: HashSet<ImageId> =
            self.all.iter().filter(|row| has_lost(row)).map(|row| row.key.image.clone()).collect();
        let mut known = self.take_known(|row| touched.contains(&row.key.image) || has_lost(row));
        for row in self.all.iter_mut().filter(|row| losers.contains(&row.key.image)) {
            let mut image = LocalImage::clone(&row.image);
            image.references.retain(|name| !names.contains(name));
            row.image = Arc::new(image);
        }
        let lost_a_name = losers.iter().any(|id| self.all.iter().all(|row| row.key.image != *id));
        let images = recalled(images, &known);
        let first = self.all.len();
        self.add(images, &mut known);
        let rows = self.all.iter().skip(first).map(|row| row.key.clone()).collect();
        self.rebuild();
        Merged { rows, lost_a_name }
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
                let before = known.remove(&row.key).filter(|before| is_same(before, &row));
                if let Some(before) = before {
                    row.verdict = before.verdict;
                    row.checked_at = before.checked_at;
                    row.last = before.last;
                    row.measured_at = before.measured_at;
                }
                self.all.push(row);
            }
        }
    }
}

/// The images with what measuring has found of them before.
fn recalled(images: Vec<LocalImage>, known: &HashMap<RowKey, Row>) -> Vec<LocalImage> {
    let measured: HashMap<&ImageId, &Arc<LocalImage>> = known
        .values()
        .filter(|row| row.is_measured() && row.key.image.source == Source::Engine)
        .map(|row| (&row.key.image, &row.image))
        .collect();
    let recall = |image: LocalImage| match measured.get(&image.id) {
        Some(before) if !image.evidence.level().is_measured() && is_kept(&before.evidence, &image.evidence) => {
            LocalImage { evidence: before.evidence.clone(), ..image }
        }
        _ => image,
    };
    images.into_iter().map(recall).collect()
}

/// Whether two rows of one key are about the same bytes. An index's configuration changes with its platform.
fn is_same(before: &Row, row: &Row) -> bool {
    let (one, other) = (&before.image.evidence, &row.image.evidence);
    match (&row.key.image.source, one.config_digest(), other.config_digest()) {
        (Source::Engine, Some(one), other) => Some(one) == other,
        (Source::Engine, None, _) => true,
        (Source::Archive(_), ..) => one == other,
    }
}

/// Whether what was measured under an engine's ID outlasts a listing that knows less. The configuration must be the one that
/// the engine still means: an index's platform may change. What was damaged stays so until it is measured again.
fn is_kept(measured: &Evidence, listed: &Evidence) -> bool {
    let is_known = |config: &Digest| Some(*config) == listed.config_digest();
    match measured {
        Evidence::Known { .. } => measured.config_digest().as_ref().is_some_and(is_known),
        Evidence::Corrupt { .. } | Evidence::Unreadable { .. } => true,
    }
}
