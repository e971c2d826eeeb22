//! What the panes tell of the selected row: labelled words, on as many lines as they take; and why a list is empty.

use ratatui::text::{Line, Span};

use super::{Canvas, dialogs::wrapped, text};
use crate::{
    app::{Model, layout::Area},
    tui::theme::Role,
};

/// The lines so far.
pub(super) struct Facts<'a, 'c> {
    pub model: &'a Model,
    pub canvas: &'a Canvas<'c>,
    pub width: usize,
    pub lines: Vec<Line<'static>>,
}

impl<'a, 'c> Facts<'a, 'c> {
    /// None yet, in a region with a margin at its left.
    pub fn within(model: &'a Model, canvas: &'a Canvas<'c>, area: Area) -> Self {
        Self { model, canvas, width: usize::from(area.width).saturating_sub(1), lines: Vec::new() }
    }

    pub fn push(&mut self, label: &str, role: Role, words: &str) {
        self.lines.extend(wrapped(self.canvas, label, role, words, self.width));
    }
}

/// Why there is nothing to be listed, a line below the top.
pub(super) fn explained<'t>(canvas: &Canvas, role: Role, words: &str, width: usize) -> Vec<Line<'t>> {
    let parts = text::wrap(words, width.saturating_sub(6));
    std::iter::once(Line::default())
        .chain(parts.into_iter().map(|part| Line::from(vec![Span::raw("   "), canvas.span(role, part)])))
        .collect()
}
