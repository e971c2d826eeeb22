//! How far a publication has come.

use ratatui::text::{Line, Span};

use super::{Canvas, Role, Step};
use crate::domain::publication::Stage;

/// What its stage means for the user.
pub(super) fn outcome_words(stage: &Stage, words: &str) -> (Role, String) {
    match stage {
        Stage::Final { inclusion, .. } => {
            (Role::Good, format!("in block {} for {} ETH", inclusion.block, inclusion.fee.cost()))
        }
        Stage::Broadcast { .. } => (Role::Busy, "sent; waiting for a block. It is safe to close this.".to_owned()),
        Stage::Included { confirmations, of, .. } => {
            (Role::Busy, format!("{confirmations} of {of} confirmations. It is safe to close this."))
        }
        Stage::Unknown { .. } => (
            Role::Warning,
            "signed, and not known whether a node has it. It is followed; it is safe to close this.".to_owned(),
        ),
        Stage::Dropped { .. } => (Role::Warning, "no node has it; the next block sends it again".to_owned()),
        stage if stage.is_failure() => (Role::Danger, format!("{words}; nothing was written")),
        _ => (Role::Busy, words.to_owned()),
    }
}

/// What a publication is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// An image whose content is known.
    Measured,
    /// One that has to be measured first.
    Unmeasured,
    /// No image: nothing is measured.
    Other,
}

/// The life of a publication: done, under way, to come, in `width` columns.
pub(super) fn dots(
    canvas: &Canvas,
    step: Step,
    stage: Option<&Stage>,
    subject: Subject,
    width: usize,
) -> Line<'static> {
    const NAMES: [&str; 6] = ["measured", "unlocked", "signed", "sent", "included", "confirmed"];
    let done = match (step, stage) {
        (Step::Measuring, _) => 0,
        (_, None) if subject == Subject::Unmeasured => 0,
        (_, Some(Stage::Signing)) => 2,
        // What failed was sent, and came no further.
        (_, Some(stage)) if stage.is_failure() || matches!(stage, Stage::Broadcast { .. } | Stage::Unknown { .. }) => 4,
        (_, Some(Stage::Included { .. })) => 5,
        (_, Some(Stage::Final { .. })) => 6,
        _ => 1,
    };
    let working = matches!(step, Step::Working(_) | Step::Measuring);
    let failed = stage.is_some_and(Stage::is_failure);
    let names = NAMES.iter().enumerate().skip(usize::from(subject == Subject::Other));
    let words: usize = names.clone().map(|(_, name)| name.len()).sum();
    let room = (width + 2).saturating_sub(words) / names.len();
    // Where it is narrow the dots stand at their names.
    let (space, gap) = match room {
        0..3 => ("", " "),
        3 => (" ", " "),
        _ => (" ", "  "),
    };
    let mut spans = Vec::new();
    for (at, name) in names {
        let (dot, role) = match at.cmp(&done) {
            std::cmp::Ordering::Less => ("●", Role::Good),
            std::cmp::Ordering::Equal if failed => ("✘", Role::Danger),
            std::cmp::Ordering::Equal if working => ("◐", Role::Busy),
            _ => ("○", Role::Muted),
        };
        spans.extend([canvas.span(role, format!("{dot}{space}{name}")), Span::raw(gap)]);
    }
    Line::from(spans)
}
