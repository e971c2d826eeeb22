//! ```text
//! ┌ What to do ────────────────────────────────────────────────┐
//! │ : meas                                                     │
//! │ ▌ v      hash every byte of the image                      │
//! │   V      measure every image that is not measured          │
//! │   X      stop measuring all images: nothing is measured    │
//! │   5 r    ask the endpoints again                      Node │
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
        action::{self, Action, Place, spoken::own_keys},
        layout::Area,
        model::Pane,
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
        shown.map(|(at, item)| line(model, canvas, *item, at == palette.cursor, width)).collect();
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

fn line<'t>(model: &Model, canvas: &Canvas, item: Item, is_chosen: bool, width: usize) -> Line<'t> {
    let keys = match item.pane {
        None => model.keymap.text(item.binding, item.place),
        Some(pane) => there(model, item, pane),
    };
    let (role, words) = match item.refusal {
        None if is_chosen => (Role::Selected, item.binding.help.to_owned()),
        None => (Role::Plain, item.binding.help.to_owned()),
        Some(refusal) => (Role::Muted, format!("{}: {}", item.binding.help, own_keys(model, refusal))),
    };
    let title = item.pane.map_or("", action::title);
    let room = width.saturating_sub(KEYS + 3 + if title.is_empty() { 0 } else { title.len() + 1 });
    Line::from(vec![
        if is_chosen { canvas.span(Role::Key, "▌ ") } else { Span::raw("  ") },
        canvas.span(Role::Key, text::left(&keys, KEYS)),
        Span::raw(" "),
        canvas.span(role, text::left(&words, room)),
        canvas.span(Role::Muted, if title.is_empty() { String::new() } else { format!(" {title}") }),
    ])
}

/// The keys that do it from here: the pane's, what fills its body where only then it can be done, and its own.
fn there(model: &Model, item: Item, pane: Pane) -> String {
    let key = |action, place: Place| {
        let mut bound = action::BINDINGS.iter().filter(|one| one.action == action && one.places.contains(&place));
        bound.next().and_then(|binding| model.keymap.first_key(binding, place)).map(|key| key.to_string())
    };
    let Some(own) = key(item.binding.action, item.place) else { return String::new() };
    let ground = model.ground();
    let open = key(action::show(pane), ground).filter(|_| ground.pane() != pane || ground != Place::Images);
    let fill = key(Action::Why, Place::Images).filter(|_| item.place == Place::Detail);
    [open, fill, Some(own)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
