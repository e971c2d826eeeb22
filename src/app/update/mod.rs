//! The pure step: a message changes the model and asks for effects. One file per subject.

mod accounts;
mod chain;
mod input;
mod journal;
mod sign;
mod sources;
mod tasks;

use crate::app::{
    effect::Effect,
    layout,
    model::{Dialog, Model},
    msg::{InputMsg, Msg},
};

/// What the program asks for first, after its first frame.
#[must_use]
pub fn start(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![Effect::FollowSources, Effect::FollowChain];
    effects.extend(sources::list(model, sources::AT_ONCE));
    effects.extend(accounts::list(model));
    effects.push(Effect::Resume);
    effects
}

/// Changes the model by one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = match msg {
        Msg::Input(InputMsg::Key(key)) => input::key(model, key),
        Msg::Input(InputMsg::Paste(text)) => input::paste(model, &text),
        Msg::Input(InputMsg::Resize { width, height }) => {
            (model.width, model.height) = (width, height);
            Vec::new()
        }
        Msg::Input(InputMsg::Secret(shape)) => {
            match &mut model.dialog {
                Some(Dialog::Sign(sign)) => sign.secret = shape,
                Some(Dialog::NewAccount(new, _)) => new.secret = shape,
                _ => {}
            }
            Vec::new()
        }
        Msg::Clock(now) => {
            model.now = now;
            if model.flash.as_ref().is_some_and(|flash| flash.until <= now) {
                model.flash = None;
            }
            Vec::new()
        }
        Msg::Source(msg) => sources::update(model, msg),
        Msg::Chain(msg) => chain::update(model, msg),
        Msg::Notice(sentence) => {
            if !model.notices.contains(&sentence) {
                model.notices.push_back(sentence);
            }
            Vec::new()
        }
        Msg::History(msg) => {
            chain::history(model, msg);
            Vec::new()
        }
        Msg::Task(msg) => tasks::update(model, msg),
        Msg::Account(msg) => accounts::update(model, msg),
        Msg::Sign(msg) => journal::update(model, msg),
    };
    model.rows.scroll(layout::list_rows(model));
    effects.extend(chain::follow_selection(model));
    effects
}
