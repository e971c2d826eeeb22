//! Clicks and the wheel, while the mouse is ours.

use crate::app::{
    action::{Motion, Place},
    effect::Effect,
    key::Key,
    model::{Dialog, Model, Tone},
    mouse::Target,
    update::{activity, input, market, perform, travel::travel},
};

/// Rows that one notch of the wheel moves.
const NOTCH: usize = 3;

/// Takes the mouse, or gives it back.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    let words = if model.mouse {
        "the mouse chooses panes and rows now; `o` gives it back to the terminal, whose selection copies text"
    } else {
        "the mouse is the terminal's: its selection copies text"
    };
    model.say(Tone::Plain, words);
    vec![Effect::CaptureMouse(model.mouse)]
}

/// A click: a row is selected, and a second click on it is Enter.
pub(super) fn click(model: &mut Model, target: Target) -> Vec<Effect> {
    match target {
        Target::Pane(pane) => perform::show(model, pane),
        Target::Do(action) => input::attempt(model, action),
        Target::Row(position) if position == cursor(model) => input::key(model, Key::Enter),
        Target::Row(position) => select(model, position),
    }
}

/// The wheel.
pub(super) fn scroll(model: &mut Model, motion: Motion) -> Vec<Effect> {
    // What lies beneath a dialog of fields stays where it is.
    if matches!(model.place(), Place::Sign | Place::Carry | Place::Form | Place::Code | Place::AddPeer | Place::Quit) {
        return Vec::new();
    }
    (0..NOTCH).flat_map(|_| travel(model, motion)).collect()
}

fn cursor(model: &Model) -> usize {
    match (&model.dialog, model.ground()) {
        (Some(Dialog::Palette(palette)), _) => palette.cursor,
        (_, Place::Market | Place::Offer) => model.market.cursor(),
        (_, Place::Accounts) => model.accounts.cursor(),
        (_, Place::Trust) => model.trust.cursor(),
        (_, Place::Node) => model.endpoints.cursor(),
        (_, Place::Activity | Place::Event) => model.activity_cursor(),
        _ => model.rows.cursor(),
    }
}

fn select(model: &mut Model, position: usize) -> Vec<Effect> {
    if let Some(Dialog::Palette(palette)) = &mut model.dialog {
        palette.cursor = position.min(palette.items.len().saturating_sub(1));
        return Vec::new();
    }
    // Who clicks on what was found has typed enough.
    (model.filter.editing, model.market.editing) = (false, false);
    match model.ground() {
        Place::Market | Place::Offer => return market::select(model, position),
        Place::Accounts => model.accounts.select(position),
        Place::Trust => model.trust.select(position),
        Place::Node => model.endpoints.select(position),
        Place::Activity | Place::Event => activity::select(model, position),
        _ => model.rows.select(position),
    }
    Vec::new()
}
