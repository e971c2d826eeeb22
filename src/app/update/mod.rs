//! The pure step: a message changes the model and asks for effects. One file per subject.

mod accounts;
mod activity;
mod batch;
mod chain;
mod checkup;
mod claim;
mod copying;
mod deploy;
mod elsewhere;
mod forms;
mod given;
mod input;
mod journal;
mod market;
mod mouse;
mod node;
mod observe;
mod perform;
mod price;
mod quoted;
mod report;
mod sign;
mod signer;
mod sources;
mod tasks;
mod travel;
mod trust;
mod watching;
mod why;

use crate::app::{
    action::Motion,
    effect::Effect,
    layout,
    model::{Dialog, Model, Pane},
    msg::{InputMsg, Msg},
};

/// What the program asks for first, after its first frame.
#[must_use]
pub fn start(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![Effect::FollowSources, Effect::FollowChain];
    effects.extend(sources::list(model, sources::AT_ONCE));
    effects.extend(accounts::list(model));
    effects.extend(journal::resume(model));
    effects.extend(trust::read(model));
    effects.extend(match model.pane {
        Pane::Market => market::look(model),
        Pane::Node => node::tick(model),
        Pane::Activity => journal::read(model),
        _ => Vec::new(),
    });
    effects
}

/// Changes the model by one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let is_input = matches!(&msg, Msg::Input(input) if *input != InputMsg::Focus);
    if is_input {
        hold(model);
    }
    let mut effects = match msg {
        Msg::Input(InputMsg::Key(key)) => {
            model.touched = model.now;
            input::key(model, key)
        }
        Msg::Input(InputMsg::Paste(text)) => {
            model.touched = model.now;
            input::paste(model, &text)
        }
        Msg::Input(InputMsg::Resize { width, height }) => {
            (model.width, model.height) = (width, height);
            Vec::new()
        }
        Msg::Input(InputMsg::Focus) => sources::look_again(model),
        Msg::Input(InputMsg::Secret(shape)) => {
            model.touched = model.now;
            model.leaving = None;
            match &mut model.dialog {
                Some(Dialog::Sign(sign)) => sign.secret = shape,
                Some(Dialog::Form(form)) => form.secret = shape,
                _ => {}
            }
            Vec::new()
        }
        Msg::Input(InputMsg::Click(target)) => {
            model.touched = model.now;
            mouse::click(model, target)
        }
        Msg::Input(InputMsg::Bottom { top }) => {
            travel::stop_at(model, top);
            Vec::new()
        }
        Msg::Input(InputMsg::Wheel { up }) => {
            model.touched = model.now;
            mouse::scroll(model, if up { Motion::Up } else { Motion::Down })
        }
        Msg::Clock(now) => {
            model.now = now;
            model.rows.tick(now);
            if model.flash.as_ref().is_some_and(|flash| flash.until <= now) {
                model.flash = None;
            }
            let mut effects = accounts::tick(model);
            if model.pane == Pane::Node {
                effects.extend(node::tick(model));
            }
            effects.extend(trust::tick(model));
            effects
        }
        Msg::Source(msg) => sources::update(model, msg),
        Msg::Chain(msg) => chain::update(model, msg),
        Msg::Notice(sentence) => {
            model.note(sentence);
            Vec::new()
        }
        Msg::History(msg) => {
            chain::history(model, msg);
            Vec::new()
        }
        Msg::Task(msg) => tasks::update(model, msg),
        Msg::Account(msg) => accounts::update(model, msg),
        Msg::Sign(msg) => journal::update(model, msg),
        Msg::Node(msg) => node::update(model, msg),
        Msg::Trust(msg) => trust::update(model, msg),
        Msg::Why(msg) => {
            why::update(model, msg);
            Vec::new()
        }
        Msg::Market(msg) => market::update(model, msg),
        Msg::CheckedUp(result) => {
            checkup::found(model, result);
            Vec::new()
        }
        Msg::Told { ticket, result } => {
            report::told(model, ticket, result);
            Vec::new()
        }
        Msg::Watch(msg) => watching::update(model, msg),
        Msg::Looking { ticket, progress } => {
            report::further(model, ticket, progress);
            Vec::new()
        }
        Msg::Saved(result) => {
            elsewhere::saved(model, result);
            Vec::new()
        }
    };
    if is_input {
        hold(model);
    }
    model.rows.scroll(layout::list_rows(model));
    effects.extend(why::follow(model));
    effects.extend(chain::follow_selection(model));
    effects.extend(accounts::follow_selection(model));
    effects
}

/// Whoever does something at the list has the row under its cursor in view: no new order and no new image takes it away.
/// What a filter shows while it is typed is no choice yet.
fn hold(model: &mut Model) {
    if model.pane == Pane::Images && !model.filter.editing {
        model.rows.hold();
    }
}
