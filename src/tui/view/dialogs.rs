//! Small dialogs, and the fields that all dialogs share.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};
use tui_input::Input;

use super::{Canvas, text};
use crate::{
    app::{Model, accounts::NewAccount, action, layout::Area},
    tui::theme::Role,
};

/// Columns of a dialog's labels.
pub(super) const LABEL: usize = 11;

/// A label and what belongs to it.
pub(super) fn labelled<'t>(canvas: &Canvas, label: &str, spans: impl IntoIterator<Item = Span<'t>>) -> Line<'t> {
    let label = canvas.span(Role::Muted, text::left(label, LABEL));
    std::iter::once(label).chain(spans).collect()
}

/// The visible part of a field with the focus, and the cursor in it.
pub(super) fn field_line<'t>(canvas: &mut Canvas, input: &Input, room: usize, x: u16, y: u16) -> Span<'t> {
    let scroll = input.visual_scroll(room.saturating_sub(1));
    let mut skipped = 0;
    let shown: String = input
        .value()
        .chars()
        .skip_while(|c| {
            let skip = skipped < scroll;
            skipped += text::width(&c.to_string());
            skip
        })
        .collect();
    let at = input.visual_cursor().saturating_sub(scroll).min(room.saturating_sub(1));
    canvas.cursor = Some((x + u16::try_from(at).unwrap_or_default(), y));
    canvas.span(Role::Field, text::left(&shown, room))
}

/// A passphrase: one dot a character, and the cursor behind them when the field has the focus.
pub(super) fn secret_line<'t>(canvas: &mut Canvas, length: usize, focus: Option<(u16, u16)>, room: usize) -> Span<'t> {
    let dots = length.min(room.saturating_sub(1));
    if let Some((x, y)) = focus {
        canvas.cursor = Some((x + u16::try_from(dots).unwrap_or_default(), y));
    }
    let role = if focus.is_some() { Role::Field } else { Role::Plain };
    canvas.span(role, text::left(&"•".repeat(dots), room))
}

/// The keys of a dialog, from the table, at the right of its last line.
pub(super) fn draw_keys(model: &Model, canvas: &mut Canvas, inside: Area) {
    let mut spans = Vec::new();
    for binding in action::hints(model) {
        let key = binding.keys.first().map(ToString::to_string).unwrap_or_default();
        spans.extend([
            Span::raw("  "),
            canvas.span(Role::Key, key),
            canvas.span(Role::Plain, format!(" {}", binding.hint)),
        ]);
    }
    let line = Line::from(spans);
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(inside.width);
    let x = inside.x + inside.width - width;
    if inside.height > 0 {
        canvas.line(Area { x, y: inside.y + inside.height - 1, width, height: 1 }, &line);
    }
}

/// The dialog that makes an account.
pub(super) fn draw_new_account(model: &Model, new: &NewAccount, canvas: &mut Canvas, screen: Rect) {
    let inside = canvas.float(screen, "New account", 78, 11);
    let room = usize::from(inside.width).saturating_sub(LABEL).min(40);
    let intro = "The key is written to this home, protected by a passphrase. Nobody can restore either: without the passphrase the key is lost, and with both anybody can publish as you.";
    let mut lines: Vec<Line> = text::wrap(intro, usize::from(inside.width))
        .into_iter()
        .map(|line| Line::from(canvas.span(Role::Plain, line)))
        .collect();
    lines.push(Line::default());
    let x = inside.x + u16::try_from(LABEL).unwrap_or_default();
    for (label, length, focused) in
        [("passphrase", new.secret.first, !new.repeating), ("once more", new.secret.again, new.repeating)]
    {
        let y = inside.y + u16::try_from(lines.len()).unwrap_or_default();
        let focus = (focused && !new.working && y < inside.y + inside.height).then_some((x, y));
        let field = secret_line(canvas, length, focus, room);
        lines.push(labelled(canvas, label, [field]));
    }
    let state = if new.working {
        Some((Role::Busy, "making the key; its strength takes a moment".to_owned()))
    } else {
        new.problem.clone().map(|problem| (Role::Danger, problem))
    };
    if let Some((role, words)) = state {
        lines.extend(
            text::wrap(&words, usize::from(inside.width)).into_iter().map(|line| Line::from(canvas.span(role, line))),
        );
    }
    canvas.lines(inside, &lines);
    draw_keys(model, canvas, inside);
}

/// The question before ending.
pub(super) fn draw_quit(model: &Model, canvas: &mut Canvas, screen: Rect) {
    let room = 56;
    let mut lines = Vec::new();
    let (done, all) = model.tasks.tally();
    if all > 0 {
        let left = all - done;
        let plural = if left == 1 { "image is" } else { "images are" };
        lines.push(Line::from(
            canvas.span(Role::Plain, format!("{left} {plural} being measured; quitting stops that.")),
        ));
    }
    for one in model.publications.iter().filter(|one| one.is_unsent()) {
        let what = if one.revocation { "revocation" } else { "publication" };
        let words = format!("The {what} of {} is not sent yet; quitting may stop it.", one.reference.familiar());
        lines.extend(text::wrap(&words, room).into_iter().map(|line| Line::from(canvas.span(Role::Warning, line))));
    }
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let inside = canvas.float(screen, "Quit?", 60, height);
    canvas.lines(inside, &lines);
    draw_keys(model, canvas, inside);
}
