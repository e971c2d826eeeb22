//! ```text
//! ┌ What to do ────────────────────────────────────────────────┐
//! │ : meas                                                     │
//! │ ▌ v      hash every byte of the image                      │
//! │   V      measure every image that is not measured          │
//! │   X      stop measuring all images: nothing is measured    │
//! │                                 Enter do it     Esc close  │
//! └────────────────────────────────────────────────────────────┘
//! ```

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{
    Canvas,
    dialogs::{draw_keys, field_line},
    text,
};
use crate::{
    app::{
        Model,
        layout::Area,
        palette::{Item, Palette},
    },
    tui::theme::Role,
};

const WIDTH: u16 = 76;
const KEYS: usize = 12;

/// The dialog.
pub(super) fn draw(model: &Model, palette: &Palette, canvas: &mut Canvas, screen: Rect) {
    // As high as everything needs, whatever is typed: what is read must not jump.
    let height = screen.height.saturating_sub(4).clamp(1, 20);
    let inside = canvas.float(screen, "What to do", WIDTH, height);
    let width = usize::from(inside.width);
    let field = field_line(canvas, &palette.input, width.saturating_sub(2), inside.x + 2, inside.y);
    canvas.line(inside, &Line::from(vec![canvas.span(Role::Key, ": "), field]));
    let rows = usize::from(inside.height.saturating_sub(3));
    let top = palette.cursor.saturating_sub(rows.saturating_sub(1));
    let below = Area { y: inside.y + 1, height: inside.height.saturating_sub(3), ..inside };
    canvas.rows(below, 0, top, rows.min(palette.items.len() - top.min(palette.items.len())));
    let shown = palette.items.iter().enumerate().skip(top).take(rows);
    let mut lines: Vec<Line> =
        shown.map(|(at, item)| line(model, palette, canvas, *item, at == palette.cursor, width)).collect();
    if palette.items.is_empty() {
        lines.push(Line::from(canvas.span(Role::Muted, "  nothing here does that")));
    }
    canvas.lines(below, &lines);
    let all = palette.items.len();
    if all > rows {
        let place = Line::from(canvas.span(Role::Muted, format!("  {} of {all}, ↑ ↓ PgUp PgDn", palette.cursor + 1)));
        canvas.line(Area { y: below.y + below.height, height: 1, ..inside }, &place);
    }
    draw_keys(model, canvas, inside);
}

fn line<'t>(model: &Model, palette: &Palette, canvas: &Canvas, item: Item, is_chosen: bool, width: usize) -> Line<'t> {
    let keys = model.keymap.text(item.binding, palette.place);
    let (role, words) = match item.refusal {
        None if is_chosen => (Role::Selected, item.binding.help.to_owned()),
        None => (Role::Plain, item.binding.help.to_owned()),
        Some(refusal) => (Role::Muted, format!("{}: {refusal}", item.binding.help)),
    };
    Line::from(vec![
        if is_chosen { canvas.span(Role::Key, "▌ ") } else { Span::raw("  ") },
        canvas.span(Role::Key, text::left(&keys, KEYS)),
        Span::raw(" "),
        canvas.span(role, text::cut(&words, width.saturating_sub(KEYS + 3))),
    ])
}
