//! Small dialogs, and the fields that all dialogs share.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};
use tui_input::Input;

use super::{Canvas, text};
use crate::{
    app::{Model, action, layout::Area, node::AddPeer},
    tui::theme::Role,
};

/// Columns of a dialog's labels.
pub(super) const LABEL: usize = 11;

/// A label and what belongs to it.
pub(super) fn labelled<'t>(canvas: &Canvas, label: &str, spans: impl IntoIterator<Item = Span<'t>>) -> Line<'t> {
    let label = canvas.span(Role::Muted, text::left(label, LABEL));
    std::iter::once(label).chain(spans).collect()
}

/// A label and words of `width` columns in all, on as many lines as they take.
pub(super) fn wrapped(canvas: &Canvas, label: &str, role: Role, words: &str, width: usize) -> Vec<Line<'static>> {
    let parts = text::wrap(words, width.saturating_sub(LABEL)).into_iter().enumerate();
    parts.map(|(at, part)| labelled(canvas, if at == 0 { label } else { "" }, [canvas.span(role, part)])).collect()
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
    let asked = match model.leaving {
        Some(action::Action::Quit) if model.is_doing() => {
            Some("it is under way: Esc stops it, the same key again ends the program")
        }
        Some(action::Action::Quit) | None => None,
        Some(_) => Some("Esc again gives up what was typed; any other key goes on"),
    };
    if let Some(words) = asked {
        let words = text::cut(words, usize::from(inside.width));
        let line = Line::from(canvas.span(Role::Warning, words));
        let y = inside.y + inside.height.saturating_sub(1);
        return canvas.line(Area { y, height: inside.height.min(1), ..inside }, &line);
    }
    let hint = |binding: &action::Binding| {
        let key = model.keymap.first_key(binding, model.place()).map(|key| key.to_string()).unwrap_or_default();
        [Span::raw("  "), canvas.span(Role::Key, key), canvas.span(Role::Plain, format!(" {}", binding.hint))]
    };
    let mut hints: Vec<Line> = action::hints(model).map(|binding| Line::from(hint(binding).to_vec())).collect();
    // The first does what the dialog is for, the last leaves it; what is left out between stands in the help.
    while hints.len() > 2 && hints.iter().map(Line::width).sum::<usize>() > usize::from(inside.width) {
        hints.remove(hints.len() - 2);
    }
    let line: Line = hints.into_iter().flatten().collect();
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(inside.width);
    let x = inside.x + inside.width - width;
    if inside.height > 0 {
        canvas.line(Area { x, y: inside.y + inside.height - 1, width, height: 1 }, &line);
    }
}

/// The dialog that adds a peer.
pub(super) fn draw_add_peer(model: &Model, add: &AddPeer, canvas: &mut Canvas, screen: Rect) {
    let columns = 80.min(screen.width);
    let width = usize::from(columns).saturating_sub(4);
    let wrapped = |canvas: &Canvas, role: Role, words: &str| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::from(canvas.span(role, line))).collect()
    };
    let who = if model.endpoints.endpoints().len() > 1 { "The first endpoint that takes it" } else { "The node" };
    let intro = format!(
        "{who} is told to connect to the node at this enode URL, until it is started anew. Whether it did shows in its list of peers."
    );
    let mut lines = wrapped(canvas, Role::Plain, &intro);
    lines.push(Line::default());
    let at = lines.len();
    lines.push(labelled(canvas, "enode", [canvas.span(Role::Plain, add.input.value().to_owned())]));
    if add.working {
        lines.extend(wrapped(canvas, Role::Busy, "telling the node"));
    } else if let Some(problem) = &add.problem {
        lines.extend(wrapped(canvas, Role::Danger, problem));
    }
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let inside = canvas.float(screen, "New peer", columns, height);
    canvas.lines(inside, &lines);
    let (Ok(label), Ok(down)) = (u16::try_from(LABEL), u16::try_from(at)) else { return };
    if !add.working && down < inside.height {
        let area =
            Area { x: inside.x + label, y: inside.y + down, width: inside.width.saturating_sub(label), height: 1 };
        let field = field_line(canvas, &add.input, usize::from(area.width), area.x, area.y);
        canvas.line(area, &Line::from(field));
    }
    draw_keys(model, canvas, inside);
}

fn watched(names: usize) -> String {
    if names == 1 { "A name is".to_owned() } else { format!("{names} names are") }
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
        let words = format!("{} {} is not sent yet; quitting may stop it.", one.doing(), one.subject());
        lines.extend(text::wrap(&words, room).into_iter().map(|line| Line::from(canvas.span(Role::Warning, line))));
    }
    if let Some(watching) = &model.watching {
        let words = format!("{} watched; quitting stops that.", watched(watching.watch.names.len()));
        lines.extend(text::wrap(&words, room).into_iter().map(|line| Line::from(canvas.span(Role::Plain, line))));
    }
    if let Some(pull) = &model.market.pull {
        let words = format!("{} is being pulled; quitting stops that.", pull.wish.reference.familiar());
        lines.extend(text::wrap(&words, room).into_iter().map(|line| Line::from(canvas.span(Role::Plain, line))));
    }
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let inside = canvas.float(screen, "Quit?", 60, height);
    canvas.lines(inside, &lines);
    draw_keys(model, canvas, inside);
}
