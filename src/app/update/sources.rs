//! Engine and archives.

use std::time::Duration;

use crate::{
    app::{
        effect::Effect,
        model::{Engine, Model, Node, Once, Pane, Tone},
        msg::{Listing, Problem, SourceMsg},
        rows::Merged,
        state::Wanted,
        update::{chain, sign, tasks},
    },
    domain::image::{ImageId, LocalImage},
};

/// A first listing, or one that the user asked for.
pub(super) const AT_ONCE: Duration = Duration::ZERO;
/// A pull brings a burst of events within tens of milliseconds; one listing answers them all.
const AFTER_BURST: Duration = Duration::from_millis(100);
/// Listing an image and judging it takes some thirty microseconds. An engine with ten thousand of them that builds without
/// a pause would have us list and judge without a pause: this is the time for each, so that it is a fiftieth of all.
const FOR_EACH: Duration = Duration::from_micros(1500);

pub(super) fn update(model: &mut Model, msg: SourceMsg) -> Vec<Effect> {
    match msg {
        SourceMsg::Listed(listing) => listed(model, listing),
        SourceMsg::Connected { engine } => {
            // The first listing is under way, and asks the engine that has just answered.
            let first = model.engine == Engine::Asking && model.listing != Once::Idle;
            // One that was lost is here again once it was listed: it may answer, and refuse that.
            if !matches!(model.engine, Engine::Lost { .. }) {
                model.engine = Engine::Here(engine);
            }
            if first { Vec::new() } else { list(model, AT_ONCE) }
        }
        SourceMsg::Some { images, gone } => changed(model, images, &gone),
        SourceMsg::Changed => {
            let after = pause(model);
            list(model, after)
        }
        // Whoever named archives and no engine misses none.
        SourceMsg::Lost(_) if model.engine == Engine::Archives => Vec::new(),
        SourceMsg::Lost(problem) => {
            lose(model, problem);
            Vec::new()
        }
    }
}

/// Takes single images over. A list that is under way may have been made before they changed: it is asked for again.
fn changed(model: &mut Model, images: Vec<LocalImage>, gone: &[ImageId]) -> Vec<Effect> {
    let Merged { rows, lost_a_name } = model.rows.merge(images, gone);
    let is_listing = model.listing != Once::Idle;
    let mut effects = chain::judge_those(model, Wanted::Rows(rows));
    effects.extend(sign::recheck(model));
    if lost_a_name || is_listing || !gone.is_empty() {
        let after = pause(model);
        effects.extend(list(model, after));
    }
    effects
}

/// How long a change may wait for others. The first after a while waits for its burst alone.
fn pause(model: &Model) -> Duration {
    let rows = u32::try_from(model.rows.all().len()).unwrap_or(u32::MAX);
    let since = Duration::from_secs(model.now.0.saturating_sub(model.listed_at.0));
    FOR_EACH.saturating_mul(rows).saturating_sub(since).max(AFTER_BURST)
}

/// Asks for a listing, unless one is under way: then once more after it.
pub(super) fn list(model: &mut Model, after: Duration) -> Vec<Effect> {
    if model.listing.want() { vec![Effect::ListImages { after }] } else { Vec::new() }
}

fn listed(model: &mut Model, listing: Listing) -> Vec<Effect> {
    let Listing { images, mut problems, engine } = listing;
    let of_engine = problems.iter().position(|problem| !problem.code.starts_with("archive"));
    match (engine, of_engine) {
        (Some(name), _) => model.engine = Engine::Here(name),
        (None, Some(at)) => lose(model, problems.remove(at)),
        (None, None) => miss(model),
    }
    model.rows.replace(images, matches!(model.engine, Engine::Lost { .. }));
    (model.listed, model.listed_at) = (true, model.now);
    for problem in problems {
        let sentence = problem.sentence();
        model.note(sentence);
    }
    let after = pause(model);
    let mut effects = if model.listing.done() { vec![Effect::ListImages { after }] } else { Vec::new() };
    effects.extend(measure_archives(model));
    effects.extend(chain::judge(model));
    effects.extend(sign::recheck(model));
    effects
}

/// No engine and no complaint: archives were named, and an engine is not asked for. One that was here before is missed
/// all the same.
fn miss(model: &mut Model) {
    if matches!(&model.engine, Engine::Here(_) | Engine::Lost { name: Some(_), .. }) {
        let message = "the engine does not answer any more".to_owned();
        lose(model, Problem { code: "engine-unreachable", message, hint: None });
    } else {
        model.engine = Engine::Archives;
    }
}

/// The first loss counts: a later one would make the list look fresher than it is.
fn lose(model: &mut Model, problem: Problem) {
    let (name, since) = match &model.engine {
        Engine::Here(name) => (Some(name.clone()), model.now),
        Engine::Lost { name, since, .. } => (name.clone(), *since),
        Engine::Asking | Engine::Archives => (None, model.now),
    };
    model.engine = Engine::Lost { name, since, problem };
}

/// An archive's names and digests are not known before it was read, so it is read without being asked.
fn measure_archives(model: &mut Model) -> Vec<Effect> {
    let mut unread = Vec::new();
    for row in model.rows.all() {
        if row.is_unread() {
            unread.push((row.image.clone(), row.label()));
        }
    }
    for (image, label) in unread {
        model.tasks.add(&image, &label, false, false);
    }
    tasks::start(model)
}

/// Somebody looks again: what did not answer is asked at once, and not after its pause.
pub(super) fn look_again(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    if matches!(model.engine, Engine::Lost { .. }) {
        effects.extend(list(model, AT_ONCE));
    }
    if matches!(model.node, Node::Lost { .. }) {
        effects.extend(chain::judge(model));
        effects.extend(super::accounts::list(model));
    }
    effects
}

/// Everything anew, because the user wants it.
pub(super) fn refresh(model: &mut Model) -> Vec<Effect> {
    model.say(Tone::Plain, "asking engine and node again");
    let mut effects = list(model, AT_ONCE);
    effects.extend(super::accounts::list(model));
    effects.extend(chain::judge(model));
    model.history.reference = None;
    effects.extend(super::node::look(model));
    if model.pane == Pane::Market {
        effects.extend(super::market::look(model));
    }
    effects
}
