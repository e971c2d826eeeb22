//! Every key, printed from the table that dispatches them.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{Canvas, text};
use crate::{
    app::{
        Model,
        action::{self, EVERYWHERE, Place},
    },
    tui::theme::Role,
};

const KEYS: usize = 14;
const WIDTH: u16 = 76;

/// The list of keys from line `top` on.
pub(super) fn draw(model: &Model, top: u16, canvas: &mut Canvas, screen: Rect) {
    let lines = lines(model, canvas, usize::from(WIDTH.min(screen.width).saturating_sub(4)));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2).max(1));
    let inside = canvas.float(screen, "Keys: Esc closes, arrows scroll", WIDTH, height);
    canvas.paged(inside, (top, "PgDn"), &lines);
}

/// The keys of the place that it was asked for first, then of all the others.
fn lines<'t>(model: &Model, canvas: &Canvas, width: usize) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    let here = model.ground();
    let others = EVERYWHERE.iter().filter(|place| **place != here);
    // How the help is closed, its frame says.
    for place in std::iter::once(&here).chain(others).filter(|place| **place != Place::Help) {
        let own: Vec<_> = action::told(*place).collect();
        if own.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::from(canvas.span(Role::Title, place.title())));
        for binding in own {
            let keys = text::left(&model.keymap.text(binding, *place), KEYS);
            lines.push(Line::from(vec![
                Span::raw("  "),
                canvas.span(Role::Key, keys),
                Span::raw(" "),
                canvas.span(Role::Plain, text::cut(binding.help, width.saturating_sub(KEYS + 3))),
            ]));
        }
    }
    lines
}
