//! A terminal with too little room: what is needed, how the images stand, and how to leave.

use ratatui::text::Line;

use super::{Canvas, header, text};
use crate::{
    app::{
        Model,
        action::{Action, BINDINGS},
        layout::{Area, LEAST},
        model::Dialog,
    },
    tui::theme::Role,
};

/// The keys that end the program here: a dialog that is open takes some of them.
fn leave(model: &Model) -> String {
    let place = model.place();
    let quits = BINDINGS.iter().find(|one| one.action == Action::Quit && one.places.contains(&place));
    let keys = quits.map_or(&[][..], |binding| model.keymap.keys(binding, place));
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    format!("{} quits.", keys.join(" or "))
}

/// The whole screen.
pub(super) fn draw(model: &Model, canvas: &mut Canvas) {
    let (width, height) = (model.width, model.height);
    let (columns, rows) = LEAST;
    let words =
        format!("DaoChain needs {columns}×{rows} cells, and this terminal has {width}×{height}: make it larger.");
    let leave = match &model.dialog {
        Some(Dialog::Quit(_)) => "Work is running: `y` ends it and quits, `n` goes on.",
        _ => &leave(model),
    };
    let mut lines = vec![header::counts(model, canvas)];
    for (role, words) in [(Role::Warning, words.as_str()), (Role::Plain, leave)] {
        let parts = text::wrap(words, usize::from(width));
        lines.extend(parts.into_iter().map(|part| Line::from(canvas.span(role, part))));
    }
    canvas.lines(Area { x: 0, y: 0, width, height }, &lines);
}
