//! ```text
//!  Enter why  v measure  p publish  r revoke  y copy  / filter  s sort  ? help
//! ```

use ratatui::text::{Line, Span};
use tui_input::Input;

use super::{Canvas, text};
use crate::{
    app::{
        Model,
        action::{self, Action, Binding, Place},
        layout::Area,
        mouse::Target,
    },
    tui::theme::Role,
};

/// The keys that do something here and now, as many as fit; the help is always among them.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    match model.place() {
        Place::Filter => return draw_filter(model, &model.filter.input, canvas, area),
        Place::Search => return draw_filter(model, &model.market.input, canvas, area),
        // Dialogs carry their own keys.
        Place::Sign
        | Place::Carry
        | Place::Form
        | Place::Code
        | Place::AddPeer
        | Place::Quit
        | Place::Palette
        | Place::CheckUp
        | Place::Report => {
            return;
        }
        Place::Images
        | Place::Detail
        | Place::Market
        | Place::Offer
        | Place::Accounts
        | Place::Trust
        | Place::Node
        | Place::Activity
        | Place::Event
        | Place::Help => {}
    }
    let bindings: Vec<&Binding> = action::hints(model).collect();
    let last = bindings.iter().rposition(|binding| binding.action == Action::Help);
    let reserved = last.map_or(0, |at| hint_width(model, bindings[at]));
    let mut room = usize::from(area.width).saturating_sub(1 + reserved);
    let mut spans = vec![Span::raw(" ")];
    let mut x = area.x + 1;
    for (at, binding) in bindings.iter().enumerate() {
        let width = hint_width(model, binding);
        if Some(at) != last {
            if width > room {
                continue;
            }
            room -= width;
        }
        spans.extend(hint(model, canvas, binding));
        let columns = u16::try_from(width).unwrap_or_default();
        canvas.spot(Area { x, width: columns, ..area }, Target::Do(binding.action));
        x += columns;
    }
    canvas.line(area, &Line::from(spans));
}

/// The first key stands for the others: the help names them all.
fn first_key(model: &Model, binding: &Binding) -> String {
    model.keymap.first_key(binding, model.place()).map(|key| key.to_string()).unwrap_or_default()
}

fn hint_width(model: &Model, binding: &Binding) -> usize {
    text::width(&first_key(model, binding)) + 1 + text::width(binding.hint) + 2
}

fn hint<'t>(model: &Model, canvas: &Canvas, binding: &Binding) -> [Span<'t>; 4] {
    [
        canvas.span(Role::Key, first_key(model, binding)),
        Span::raw(" "),
        canvas.span(Role::Plain, binding.hint),
        Span::raw("  "),
    ]
}

/// The field of what is looked for: text, cursor, and how to leave it.
fn draw_filter(model: &Model, input: &Input, canvas: &mut Canvas, area: Area) {
    let mut hints = Vec::new();
    for binding in action::hints(model) {
        hints.extend(hint(model, canvas, binding));
    }
    let hints = Line::from(hints);
    let width = usize::from(area.width);
    let hints_width = if width > hints.width() + 24 { hints.width() } else { 0 };
    let room = width.saturating_sub(hints_width + 4).max(1);
    let field = super::dialogs::field_line(canvas, input, room, area.x + 3, area.y);
    canvas.line(area, &Line::from(vec![Span::raw(" "), canvas.span(Role::Key, "/"), Span::raw(" "), field]));
    if hints_width > 0 {
        let taken = u16::try_from(hints_width).unwrap_or(area.width);
        canvas.line(Area { x: area.x + area.width - taken, width: taken, ..area }, &hints);
    }
}
