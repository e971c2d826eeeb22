//! Keys: through the table to actions, or as text into a field.

use tui_input::{Input, InputRequest};

use crate::app::{
    action::{self, Action, Motion, Place},
    effect::Effect,
    key::Key,
    layout,
    model::{Dialog, Model, Pane, Tone},
    sign::{Purpose, Step},
    update::{accounts, sign, sources, tasks},
};

/// Longer reasons and filters are typing errors: the contract's event costs gas per byte.
const FIELD_LIMIT: usize = 280;

pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    if model.pane == Pane::Images {
        model.rows.hold();
    }
    match action::binding(model, key) {
        Some(binding) => match (binding.allowed)(model) {
            Ok(()) => perform(model, binding.action),
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
            (Purpose::Revoke { reason }, Step::Reason) => Some(reason),
            _ => None,
        },
        (None, true) => Some(&mut model.filter.input),
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
    let Some(field) = field(model) else { return Vec::new() };
    let full = matches!(request, InputRequest::InsertChar(_)) && field.value().chars().count() >= FIELD_LIMIT;
    if !full {
        field.handle(request);
    }
    if model.filter.editing {
        let needle = model.filter.input.value().to_owned();
        model.rows.filter(&needle);
    }
    Vec::new()
}

/// Pasted text: one line, without what a terminal would obey.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let clean: String = crate::domain::text::clean(text.trim()).chars().take(FIELD_LIMIT).collect();
    clean.chars().flat_map(|c| type_key(model, Key::Char(c))).collect()
}

fn perform(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Move(motion) => travel(model, motion),
        Action::Why => {
            model.wide = !model.wide;
            model.detail_top = 0;
            Vec::new()
        }
        Action::Measure => tasks::measure_selected(model),
        Action::MeasureAll => tasks::measure_all(model),
        Action::Cancel => tasks::cancel(model),
        Action::CancelAll => tasks::cancel_all(model),
        Action::Publish => sign::open(model, false),
        Action::Revoke => sign::open(model, true),
        Action::CopyDigest => {
            let digest = model.rows.selected().and_then(|row| row.image.evidence.config_digest());
            copy(model, digest.map(|digest| digest.to_string()))
        }
        Action::CopyAddress => {
            let address = model.accounts.selected().map(|account| account.address.to_string());
            copy(model, address)
        }
        Action::Filter => {
            model.filter.editing = true;
            model.wide = false;
            Vec::new()
        }
        Action::ClearFilter => {
            model.filter = crate::app::model::Filter::default();
            model.rows.filter("");
            Vec::new()
        }
        Action::Sort => {
            model.rows.sort_by_next();
            Vec::new()
        }
        Action::ShowImages => show(model, Pane::Images),
        Action::ShowAccounts => show(model, Pane::Accounts),
        Action::NextPane => {
            let next = if model.pane == Pane::Images { Pane::Accounts } else { Pane::Images };
            show(model, next)
        }
        Action::Refresh => sources::refresh(model),
        Action::Dismiss => dismiss(model),
        Action::Help => {
            model.dialog = Some(Dialog::Help { top: 0 });
            Vec::new()
        }
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Quit | Action::Yes => quit(model, action == Action::Yes),
        Action::No => {
            model.dialog = None;
            Vec::new()
        }
        dialog => perform_in_dialog(model, dialog),
    }
}

fn perform_in_dialog(model: &mut Model, action: Action) -> Vec<Effect> {
    match (action, model.place()) {
        (Action::NewAccount, Place::Sign) => sign::new_account(model),
        (Action::NewAccount, _) => accounts::open_new(model, None),
        (Action::Fund | Action::SetDefault, _) => {
            let Some(address) = model.accounts.selected().map(|account| account.address) else { return Vec::new() };
            if action == Action::SetDefault {
                return vec![Effect::SetDefault(address)];
            }
            model.say(Tone::Plain, "asking the faucet");
            vec![Effect::Fund(address)]
        }
        (Action::Accept, Place::Sign) => sign::accept(model),
        (Action::Accept, Place::NewAccount) => accounts::accept(model),
        (Action::Accept, _) => {
            model.filter.editing = false;
            Vec::new()
        }
        (Action::PreviousAccount, _) => sign::change_account(model, -1),
        (Action::NextAccount, _) => sign::change_account(model, 1),
        (Action::NextField, Place::Sign) => sign::edit_reason(model),
        (Action::NextField, _) => {
            if let Some(Dialog::NewAccount(new, _)) = &mut model.dialog {
                new.repeating = !new.repeating;
            }
            Vec::new()
        }
        (Action::Close, _) => sign::close(model),
        _ => Vec::new(),
    }
}

fn show(model: &mut Model, pane: Pane) -> Vec<Effect> {
    model.pane = pane;
    model.wide = false;
    Vec::new()
}

fn copy(model: &mut Model, text: Option<String>) -> Vec<Effect> {
    let Some(text) = text else { return Vec::new() };
    model.say(Tone::Plain, format!("copied {text}"));
    vec![Effect::Copy(text)]
}

fn dismiss(model: &mut Model) -> Vec<Effect> {
    if model.flash.take().is_none() {
        let before = model.publications.len();
        model.publications.retain(crate::app::sign::Publication::is_open);
        if model.publications.len() == before {
            model.notices.pop_front();
        }
    }
    Vec::new()
}

/// Ends, or asks first while work is running that ending would stop.
fn quit(model: &mut Model, sure: bool) -> Vec<Effect> {
    let unsent = model.publications.iter().any(crate::app::sign::Publication::is_unsent);
    if sure || !(model.tasks.is_busy() || unsent) {
        return vec![Effect::ForgetSecret, Effect::Quit];
    }
    model.dialog = Some(Dialog::Quit);
    vec![Effect::ForgetSecret]
}

fn travel(model: &mut Model, motion: Motion) -> Vec<Effect> {
    if let Some(Dialog::Help { top }) = &mut model.dialog {
        let page = usize::from(model.height.saturating_sub(4));
        *top = lines(shift(usize::from(*top), motion, page, action::BINDINGS.len()));
        return Vec::new();
    }
    match model.place() {
        Place::Detail => {
            let history = model.history.result.iter().flatten().map(Vec::len).sum::<usize>();
            let page = usize::from(model.height.saturating_sub(8));
            model.detail_top = lines(shift(usize::from(model.detail_top), motion, page, 40 + 4 * history));
        }
        Place::Accounts => {
            let position =
                shift(model.accounts.cursor(), motion, usize::from(model.height / 2), model.accounts.all().len());
            model.accounts.select(position);
        }
        _ => {
            let page = layout::list_rows(model).saturating_sub(1).max(1);
            let position = shift(model.rows.cursor(), motion, page, model.rows.shown());
            model.rows.select(position);
        }
    }
    Vec::new()
}

fn lines(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(u16::MAX)
}

fn shift(from: usize, motion: Motion, page: usize, count: usize) -> usize {
    let to = match motion {
        Motion::Up => from.saturating_sub(1),
        Motion::Down => from + 1,
        Motion::PageUp => from.saturating_sub(page),
        Motion::PageDown => from + page,
        Motion::First => 0,
        Motion::Last => usize::MAX,
    };
    to.min(count.saturating_sub(1))
}
