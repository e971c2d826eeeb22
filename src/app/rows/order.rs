//! The orders of the list.

use super::Row;
use crate::domain::{Reference, verdict::Verdict};

/// What the list is ordered by. Names break ties; images without a name always come last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// What somebody's word stands against first, what nobody speaks of last.
    #[default]
    Verdict,
    /// By name.
    Name,
    /// The newest first.
    Age,
    /// The largest first.
    Size,
    /// By whose word is believed.
    Publisher,
}

impl Sort {
    /// The next one that `s` chooses.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Verdict => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Size,
            Self::Size => Self::Publisher,
            Self::Publisher => Self::Verdict,
        }
    }
}

fn familiar(row: &Row) -> Option<&str> {
    row.key.reference.as_ref().map(Reference::familiar)
}

pub(super) fn compare((sort, reversed): (Sort, bool), a: &Row, b: &Row) -> std::cmp::Ordering {
    let nameless = |row: &Row| row.key.reference.is_none() && row.unreadable().is_none();
    let by_sort = match sort {
        Sort::Verdict => a.rank().cmp(&b.rank()),
        Sort::Name => std::cmp::Ordering::Equal,
        Sort::Age => b.image.created.cmp(&a.image.created),
        Sort::Size => b.image.size.cmp(&a.image.size),
        // What nobody published comes behind all publishers.
        Sort::Publisher => {
            let by = |row: &Row| row.verdict.as_deref().map(Verdict::publisher_words).filter(|words| !words.is_empty());
            let (a, b) = (by(a), by(b));
            a.is_none().cmp(&b.is_none()).then(a.cmp(&b))
        }
    };
    let turned = |order: std::cmp::Ordering| if reversed { order.reverse() } else { order };
    nameless(a)
        .cmp(&nameless(b))
        .then(turned(by_sort.then_with(|| familiar(a).cmp(&familiar(b)))))
        .then_with(|| a.key.image.cmp(&b.key.image))
}
