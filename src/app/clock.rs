//! Ages that change rarely, so that an idle screen stays silent.

use crate::{
    app::model::{Engine, Model, Node, Pane},
    domain::time::age,
};

/// An age in steps: `<10s`, tens of seconds to two minutes, then minutes, hours, days. A text that changed each second
/// would cost a line over SSH three times what everything else on an idle screen costs.
#[must_use]
pub fn coarse_age(seconds: u64) -> String {
    match seconds {
        0..10 => "<10s".to_owned(),
        10..120 => age(seconds / 10 * 10),
        _ => age(seconds),
    }
}

/// An image's age: as [`coarse_age`], but never seconds, and in steps of ten minutes from ten minutes to two hours.
#[must_use]
pub fn image_age(seconds: u64) -> String {
    match seconds {
        0..60 => "<1m".to_owned(),
        60..600 => format!("{}m", seconds / 60),
        600..7200 => format!("{}m", seconds / 600 * 10),
        _ => age(seconds),
    }
}

/// Seconds until some age on the screen reads differently.
#[must_use]
pub fn next_wake(model: &Model) -> u64 {
    let block = model.network().map(|network| next_step(model.now.since(network.head.latest.at)));
    let engine = match &model.engine {
        Engine::Lost { since, .. } => Some(next_step(model.now.since(*since))),
        _ => None,
    };
    let node = match &model.node {
        Node::Lost { since, .. } => Some(next_step(model.now.since(*since))),
        _ => None,
    };
    let flash = model.flash.as_ref().map(|flash| flash.until.since(model.now).max(1));
    let minute = 60 - model.now.0 % 60;
    let endpoints = (model.pane == Pane::Node).then(|| model.endpoints.due_in(model.now)).flatten();
    // A countdown is shown.
    let open = (!model.accounts.open.is_empty()).then_some(1);
    [block, engine, node, flash, endpoints, open].into_iter().flatten().fold(minute, u64::min)
}

/// Seconds until [`coarse_age`] changes.
const fn next_step(seconds: u64) -> u64 {
    match seconds {
        0..120 => 10 - seconds % 10,
        120..7200 => 60 - seconds % 60,
        _ => 3600 - seconds % 3600,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_change_only_at_their_steps() {
        assert_eq!(coarse_age(9), "<10s");
        assert_eq!(coarse_age(19), "10s");
        assert_eq!(coarse_age(119), "110s");
        assert_eq!(coarse_age(120), "2m");
        assert_eq!([30, 90, 599].map(image_age), ["<1m", "1m", "9m"]);
        assert_eq!(image_age(1500), "20m");
        for seconds in 0..20_000 {
            let step = next_step(seconds);
            assert_eq!(coarse_age(seconds), coarse_age(seconds + step - 1), "{seconds} within its step");
        }
    }
}
