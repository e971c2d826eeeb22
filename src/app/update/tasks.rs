//! Measuring.

use crate::{
    app::{
        activity::{Again, Event, Outcome, Took},
        effect::Effect,
        model::{Model, Tone},
        msg::{Found, Problem, TaskMsg},
        rows::Row,
        tasks::{Running, TaskId},
        update::{chain, sign},
    },
    domain::image::{Evidence, LocalImage, Source},
};

pub(super) fn update(model: &mut Model, msg: TaskMsg) -> Vec<Effect> {
    match msg {
        TaskMsg::Progress(all) => {
            for (task, progress) in all {
                model.tasks.report(task, progress, model.now);
            }
            Vec::new()
        }
        TaskMsg::Measured { task, result } => {
            let Some(ended) = model.tasks.end(task) else { return Vec::new() };
            let mut effects = start(model);
            let (now, id) = (model.now, &ended.image.id);
            let problem = match result {
                Ok(Found::Evidence(evidence)) => {
                    model.rows.measure(id, &evidence, now);
                    tell(model, &ended, [&evidence]);
                    None
                }
                Ok(Found::Archive(images)) => {
                    tell(model, &ended, images.iter().map(|image| &image.evidence));
                    model.rows.open_archive(&id.source, images, now);
                    None
                }
                Err(problem) => {
                    let event = event(model, &ended, Err(&problem));
                    if problem.is_cancelled() {
                        model.report(Event { words: format!("measuring {} was cancelled", ended.label), ..event });
                    } else {
                        model.rows.fail(id, &problem.sentence());
                        model.report(event);
                    }
                    Some(problem)
                }
            };
            if problem.is_none() {
                effects.extend(chain::judge(model));
            }
            effects.extend(sign::measured(model, id, problem));
            effects.extend(sign::recheck(model));
            effects
        }
    }
}

/// The worst of what was found, in one sentence.
fn tell<'a>(model: &mut Model, ended: &Running, found: impl IntoIterator<Item = &'a Evidence>) {
    let label = &ended.label;
    let trouble = found.into_iter().find_map(|evidence| match evidence {
        Evidence::Corrupt { problem, .. } => Some(format!("{label} contradicts itself: {problem}")),
        Evidence::Unreadable { cause } => Some(format!("{label} could not be read: {cause}")),
        Evidence::Known { .. } => None,
    });
    let event = match trouble {
        Some(words) => Event { outcome: Outcome::Failed, ..event(model, ended, Ok(words)) },
        None => event(model, ended, Ok(format!("{label} is measured"))),
    };
    model.report(event);
}

/// What is kept of a task that ended.
fn event(model: &Model, ended: &Running, result: Result<String, &Problem>) -> Event {
    let again = model.rows.all().iter().find(|row| row.key.image == ended.image.id);
    let again = again.map(|row| Again::Measure(row.key.clone()));
    let progress = ended.progress;
    let took = (progress.done > 0).then_some(Took { bytes: progress.done, elapsed: progress.elapsed });
    Event { took, again, ..Event::of("measuring", &ended.label, result) }
}

/// Starts as many waiting tasks as may run.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    if let Some(row) = model.rows.selected() {
        model.tasks.prefer(&row.key.image);
    }
    let now = model.now;
    std::iter::from_fn(|| model.tasks.start(now))
        .map(|start| Effect::Measure { task: start.id, image: start.image, fresh: start.fresh, beside: start.beside })
        .collect()
}

/// Measures the selected image, again if it was.
pub(super) fn measure_selected(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.rows.selected() else { return Vec::new() };
    let (image, label, fresh) = (row.image.clone(), row.label(), row.is_measured());
    model.tasks.add(&image, &label, fresh, true);
    start(model)
}

/// Measures every image that nobody measured. What images of the engine share is measured once.
pub(super) fn measure_all(model: &mut Model) -> Vec<Effect> {
    let unmeasured = |row: &&Row| !row.image.evidence.level().is_measured();
    let rows: Vec<_> = model.rows.all().iter().filter(unmeasured).map(|row| (row.image.clone(), row.label())).collect();
    if rows.is_empty() {
        model.say(Tone::Plain, "every image is measured already; `v` measures one again");
    }
    let mut beside: Vec<LocalImage> = Vec::new();
    for (image, label) in rows {
        model.tasks.add(&image, &label, false, false);
        if image.id.source == Source::Engine && beside.last().is_none_or(|last| last.id != image.id) {
            beside.push(LocalImage::clone(&image));
        }
    }
    model.tasks.share(beside);
    start(model)
}

/// Stops the selected image's task, else the first.
pub(super) fn cancel(model: &mut Model) -> Vec<Effect> {
    let of_row = model.rows.selected().and_then(|row| model.tasks.of(&row.key.image));
    let Some(task) = of_row.or_else(|| model.tasks.running().first().map(|task| task.id)) else { return Vec::new() };
    cancel_one(model, task)
}

/// Stops a task.
pub(super) fn cancel_one(model: &mut Model, task: TaskId) -> Vec<Effect> {
    if model.tasks.cancel(task) { vec![Effect::Cancel(task)] } else { Vec::new() }
}

/// Stops every task.
pub(super) fn cancel_all(model: &mut Model) -> Vec<Effect> {
    model.tasks.cancel_all().into_iter().map(Effect::Cancel).collect()
}
