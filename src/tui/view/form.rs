//! ```text
//! ┌ Unlock 0x7F3c…9A21 ────────────────────────────────────────────┐
//! │ account    0x7F3c…                       whole                 │
//! │ Its key stays in this program's memory, and no passphrase is … │
//! │                                                                │
//! │ passphrase ••••••••                                            │
//! │ minutes    ‹ 5 ›                                               │
//! │                                     Enter do it     Esc cancel │
//! └────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{
    Canvas,
    dialogs::{LABEL, draw_keys, field_line, labelled, secret_line, wrapped},
    status::progress_words,
    text,
};
use crate::{
    app::{
        Model,
        action::spoken::own_keys,
        form::{Field, Form, Name, Value},
        layout::Area,
        msg::{SecretField, Strength},
    },
    tui::theme::Role,
};

/// Columns of a secret's field.
const SECRET: usize = 40;

/// The dialog.
pub(super) fn draw(model: &Model, form: &Form, canvas: &mut Canvas, screen: Rect) {
    let columns = 80.min(screen.width);
    let width = usize::from(columns).saturating_sub(4);
    let plain = |canvas: &Canvas, role: Role, words: &str| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::from(canvas.span(role, line))).collect()
    };
    let mut lines = Vec::new();
    if let Some(account) = form.matter.account() {
        // Whole, with its check sum: it is what is changed.
        lines.push(labelled(canvas, "account", [canvas.span(Role::Plain, account.to_string())]));
        if let Some(label) = model.accounts.get(account).and_then(|account| account.label.as_ref()) {
            lines.push(labelled(canvas, "", [canvas.span(Role::Muted, crate::domain::text::clean(label))]));
        }
    }
    let mut tail = Vec::new();
    if form.working.is_some() {
        tail.extend(plain(canvas, Role::Busy, form.matter.work()));
        let far = form.progress.map(|progress| progress_words(progress, progress.speed()));
        tail.extend(far.iter().flat_map(|words| plain(canvas, Role::Busy, words)));
    } else if let Some(problem) = &form.problem {
        tail.extend(plain(canvas, Role::Danger, &own_keys(model, problem)));
    } else if let Some(strength) = form.secret.strength.as_ref().filter(|_| asks_new(form)) {
        tail.extend(judged(canvas, strength, width));
    }
    // What must be read and typed stays in sight; what the dialog is about gives way.
    let taken = lines.len() + form.fields.len() + tail.len() + 5;
    let room = usize::from(screen.height).saturating_sub(taken);
    let words = text::wrap_within(&own_keys(model, form.matter.words()), width, room).into_iter();
    lines.extend(words.map(|line| Line::from(canvas.span(Role::Muted, line))));
    lines.push(Line::default());
    let first = lines.len();
    lines.extend(form.fields.iter().enumerate().map(|(at, field)| line(canvas, form, field, at == form.focus, width)));
    lines.extend(tail);
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let inside = canvas.float(screen, form.matter.title(), columns, height);
    canvas.lines(inside, &lines);
    place_cursor(form, canvas, inside, first + form.focus);
    draw_keys(model, canvas, inside);
}

fn asks_new(form: &Form) -> bool {
    matches!(form.focused().map(|field| field.name), Some(Name::NewPassphrase | Name::OnceMore))
}

fn judged(canvas: &Canvas, strength: &Strength, width: usize) -> Vec<Line<'static>> {
    let role = if strength.weak { Role::Warning } else { Role::Good };
    wrapped(canvas, "strength", role, &strength.words, width)
}

/// A field without the focus, or with it where no cursor stands in it.
fn line(canvas: &mut Canvas, form: &Form, field: &Field, focused: bool, width: usize) -> Line<'static> {
    let room = width.saturating_sub(LABEL);
    let label = form.label(field);
    let span: Span<'static> = match &field.value {
        Value::Text(_) if field.name == Name::File && form.document.is_some() => {
            let length = form.document.as_ref().map_or(0, |text| text.chars().count());
            canvas.span(Role::Plain, format!("pasted, {length} characters"))
        }
        Value::Text(input) if input.value().is_empty() => canvas.span(Role::Muted, text::cut(field.hint, room)),
        Value::Text(input) => canvas.span(Role::Plain, text::cut(&crate::domain::text::clean(input.value()), room)),
        Value::Choice { options, at } => {
            let chosen = options.get(*at).map_or("none", String::as_str);
            let role = if focused { Role::Field } else { Role::Plain };
            canvas.span(role, format!("‹ {} ›", text::cut(chosen, room.saturating_sub(4))))
        }
        Value::Secret(secret) if form.working.is_none() && form.secret.typed(*secret) == 0 => {
            canvas.span(Role::Muted, text::cut(field.hint, room))
        }
        Value::Secret(secret) => secret_line(canvas, form.secret.typed(*secret), None, room.min(SECRET)),
    };
    labelled(canvas, label, [span])
}

fn is_empty(form: &Form, field: &Field) -> bool {
    match &field.value {
        Value::Text(input) => input.value().is_empty(),
        Value::Secret(secret) => form.secret.typed(*secret) == 0,
        Value::Choice { .. } => false,
    }
}

/// The field with the focus is drawn last, where the box turned out to stand.
fn place_cursor(form: &Form, canvas: &mut Canvas, inside: Area, row: usize) {
    let (Ok(down), Ok(label)) = (u16::try_from(row), u16::try_from(LABEL)) else { return };
    if form.working.is_some() || down >= inside.height {
        return;
    }
    let room = usize::from(inside.width.saturating_sub(label));
    let (x, y) = (inside.x + label, inside.y + down);
    let length = |field: SecretField| form.secret.typed(field);
    let span = match form.focused().map(|field| &field.value) {
        Some(Value::Text(_)) if form.document.is_some() => return,
        Some(Value::Text(input)) => field_line(canvas, input, room, x, y),
        Some(Value::Secret(field)) => secret_line(canvas, length(*field), Some((x, y)), room.min(SECRET)),
        _ => return,
    };
    let width = u16::try_from(span.width()).unwrap_or(inside.width).min(inside.width.saturating_sub(label));
    canvas.line(Area { x, y, width, height: 1 }, &Line::from(span));
    // What to type stands there until something is typed.
    if let Some(hint) = form.focused().filter(|field| is_empty(form, field)).map(|field| field.hint) {
        let hint = canvas.span(Role::Muted, text::cut(hint, usize::from(width)));
        canvas.line(Area { x, y, width, height: 1 }, &Line::from(hint));
    }
}
