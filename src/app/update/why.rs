//! The page that tells why: what it needs is asked for when it is opened.

use crate::app::{
    effect::Effect,
    model::{Model, Pane},
    update::{node, trust},
};

/// True while the page is on the screen.
pub(super) fn is_shown(model: &Model) -> bool {
    model.pane == Pane::Images && model.wide
}

/// Asks for what is shown beside the verdict: the policy and the endpoints.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let mut effects = trust::read(model);
    effects.extend(node::look(model));
    effects
}
