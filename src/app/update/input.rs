//! Keys: through the table to actions, or as text into a field.

use tui_input::{Input, InputRequest};

use crate::{
    app::{
        action::{self, Action, BINDINGS, Place},
        effect::Effect,
        form::Value,
        key::Key,
        layout,
        model::{Dialog, Model, Pane, Tone},
        sign::{Purpose, Step},
        update::{elsewhere, forms, market, perform},
    },
    domain::publication::ANNOTATIONS_LIMIT,
};

/// Longer reasons and filters are typing errors: the contract's event costs gas per byte.
const FIELD_LIMIT: usize = 280;
/// Names in a row, a hundred of long ones.
const NAMES_LIMIT: usize = 16_384;

/// Characters that the field with the focus holds.
fn limit(model: &Model) -> usize {
    match &model.dialog {
        Some(Dialog::Sign(sign)) if sign.step == Step::Noting => ANNOTATIONS_LIMIT,
        _ if forms::takes_names(model) => NAMES_LIMIT,
        _ => FIELD_LIMIT,
    }
}

pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    let binding = action::binding(model, key);
    // What cannot be read must not be agreed to.
    let ends = [Action::Quit, Action::Yes, Action::No, Action::Redraw, Action::Suspend];
    if layout::is_too_small(model) && binding.is_none_or(|binding| !ends.contains(&binding.action)) {
        return Vec::new();
    }
    if binding.is_none_or(|binding| !is_asked_twice(binding.action)) {
        model.leaving = None;
    }
    match binding {
        Some(binding) => match (binding.allowed)(model) {
            Ok(()) => obey(model, binding.action),
            Err("") => type_key(model, key),
            Err(why) => {
                model.say(Tone::Plain, why);
                Vec::new()
            }
        },
        None => type_key(model, key),
    }
}

/// The text field with the focus. A passphrase's never reaches this room.
fn field(model: &mut Model) -> Option<&mut Input> {
    match (&mut model.dialog, model.filter.editing) {
        (Some(Dialog::Sign(sign)), _) => match (&mut sign.purpose, sign.step) {
            (_, Step::Price) => Some(&mut sign.price),
            (_, Step::Saving) => Some(&mut sign.path),
            (_, Step::Naming) => Some(&mut sign.name),
            (_, Step::Noting) => Some(&mut sign.noted),
            (Purpose::Revoke { reason }, Step::Reason) => Some(reason),
            _ => None,
        },
        (Some(Dialog::Form(form)), _) if form.working.is_none() => match &mut form.fields.get_mut(form.focus)?.value {
            Value::Text(input) => Some(input),
            _ => None,
        },
        (Some(Dialog::AddPeer(add)), _) if !add.working => Some(&mut add.input),
        (Some(Dialog::Palette(palette)), _) => Some(&mut palette.input),
        (None, true) => Some(&mut model.filter.input),
        (None, false) if model.pane == Pane::Market && model.market.editing => Some(&mut model.market.input),
        _ => None,
    }
}

fn type_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let request = match key {
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Backspace | Key::Ctrl('h') => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('u') => InputRequest::DeleteFromStart,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        _ => return Vec::new(),
    };
    let (is_search, limit) = (model.place() == Place::Search, limit(model));
    let Some(field) = field(model) else { return Vec::new() };
    let before = field.value().to_owned();
    let full = matches!(request, InputRequest::InsertChar(_)) && field.value().chars().count() >= limit;
    if !full {
        field.handle(request);
    }
    let is_changed = field.value() != before;
    if let Some(Dialog::Form(form)) = &mut model.dialog {
        form.touched |= is_changed;
    }
    if let Some(Dialog::Palette(mut palette)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Palette(_))) {
        palette.find(model);
        model.dialog = Some(Dialog::Palette(palette));
        return Vec::new();
    }
    if is_search && model.market.input.value() != before {
        return market::typed(model);
    }
    if model.filter.editing {
        let needle = model.filter.input.value().to_owned();
        model.rows.filter(&needle);
    }
    Vec::new()
}

/// Pasted text: one line, without what a terminal would obey.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if layout::is_too_small(model) {
        return Vec::new();
    }
    if model.place() == Place::Carry {
        return elsewhere::pasted(model, text);
    }
    if forms::paste(model, text) {
        return Vec::new();
    }
    let names = forms::listed(model, text);
    let clean: String = crate::domain::text::clean(names.as_deref().unwrap_or(text).trim());
    let (count, limit) = (clean.chars().count(), limit(model));
    if count > limit && model.place().is_text() {
        // A part of it may be another name, or another path.
        model.say(Tone::Bad, format!("{count} characters were pasted, and {limit} fit: nothing was taken"));
        return Vec::new();
    }
    clean.chars().flat_map(|c| type_key(model, Key::Char(c))).collect()
}

/// Does what the palette stands on, as its key would; in its own pane, where it is another's.
pub(super) fn choose(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Palette(palette)) = model.dialog.take() else { return Vec::new() };
    let Some(item) = palette.chosen() else { return Vec::new() };
    let mut effects = item.pane.map_or_else(Vec::new, |pane| perform::show(model, pane));
    if item.place == Place::Detail && model.ground() == Place::Images {
        effects.extend(attempt(model, Action::Why));
    }
    let action = item.binding.action;
    if item.pane.is_some() && is_blind(action) {
        let key = model.keymap.first_key(item.binding, item.place).map_or_else(String::new, |key| format!("`{key}`: "));
        model.say(Tone::Plain, format!("{key}{}, what is selected here", item.binding.help));
        return effects;
    }
    effects.extend(attempt(model, action));
    effects
}

/// True for what is done at once to what is selected in its pane, which is not seen from another one.
const fn is_blind(action: Action) -> bool {
    use Action::{Again, Cancel, Fund, Pull, SetDefault, SetDefaultEverywhere, StopPull};
    matches!(action, Again | Cancel | Fund | Pull | SetDefault | SetDefaultEverywhere | StopPull)
}

/// Does what the action's key would do here.
pub(super) fn attempt(model: &mut Model, action: Action) -> Vec<Effect> {
    let place = model.place();
    let bound = || BINDINGS.iter().filter(|one| one.action == action && one.places.contains(&place));
    let Some(binding) = bound().find(|one| (one.allowed)(model).is_ok()).or_else(|| bound().next()) else {
        return Vec::new();
    };
    match (binding.allowed)(model) {
        Ok(()) => obey(model, binding.action),
        Err(why) => {
            if !why.is_empty() {
                model.say(Tone::Plain, why);
            }
            Vec::new()
        }
    }
}

/// True for what may lose something where it is done: closing a dialog, or a field of one, and quitting.
const fn is_asked_twice(action: Action) -> bool {
    matches!(action, Action::Close | Action::KeepPrice | Action::Quit)
}

/// Does it, unless it closes a dialog and loses what was typed, or ends what a dialog has begun: that is asked for twice.
fn obey(model: &mut Model, action: Action) -> Vec<Effect> {
    let is_asked = model.leaving.take() == Some(action);
    // Where there is no room nothing can be asked, and running work is asked about by a question of its own.
    let ends_a_deed = || model.is_doing() && !perform::is_at_work(model) && !layout::is_too_small(model);
    let loses = if action == Action::Quit { ends_a_deed() } else { model.would_lose() };
    if is_asked_twice(action) && loses && !is_asked {
        model.leaving = Some(action);
        return Vec::new();
    }
    perform::perform(model, action)
}
