//! What was published, while the pane shows it.

use crate::app::{effect::Effect, model::Model, msg::MarketMsg};

pub(super) const fn update(_: &mut Model, msg: MarketMsg) -> Vec<Effect> {
    match msg {}
}

/// Asks for what is to be shown.
pub(super) const fn look(_: &mut Model) -> Vec<Effect> {
    Vec::new()
}

/// Selects the row at `position`.
pub(super) const fn select(_: &mut Model, _: usize) -> Vec<Effect> {
    Vec::new()
}
