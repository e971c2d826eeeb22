//! The activity pane: stopping what runs, and doing again what has ended.

use crate::app::{
    activity::{Again, Line},
    effect::Effect,
    model::{Model, Tone},
    sign::{Look, Wish},
    update::{market, observe, sign, tasks, watching},
};

/// Stops what is selected.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    match model.activity_line() {
        Some(Line::Task(task)) => {
            let id = task.id;
            tasks::cancel_one(model, id)
        }
        Some(Line::Waiting(_)) => {
            model.tasks.cancel_waiting();
            Vec::new()
        }
        Some(Line::Pull(_)) => market::stop(model),
        Some(Line::Watch(_)) => watching::stop(model),
        Some(Line::Publication(one)) => vec![Effect::Withdraw(one.id)],
        Some(Line::Ended(_) | Line::Sent(_)) | None => Vec::new(),
    }
}

/// Does what is selected again.
pub(super) fn again(model: &mut Model) -> Vec<Effect> {
    let Some(Line::Ended(event)) = model.activity_line() else { return Vec::new() };
    match event.again.clone() {
        Some(Again::Measure(key)) => {
            let Some(row) = model.rows.get(&key) else {
                model.say(Tone::Bad, "the image is no longer here");
                return Vec::new();
            };
            let (image, label, fresh) = (row.image.clone(), row.label(), row.is_measured());
            model.tasks.add(&image, &label, fresh, true);
            tasks::start(model)
        }
        Some(Again::Sign { reference, wish: Wish::Observe }) => observe::open_name(model, reference, Look::default()),
        Some(Again::Sign { reference, wish }) => {
            let key = model.rows.all().iter().find(|row| row.key.reference.as_ref() == Some(&reference));
            let Some(key) = key.map(|row| row.key.clone()) else {
                model.say(Tone::Bad, format!("no image here is called {} any more", reference.familiar()));
                return Vec::new();
            };
            sign::open(model, &key, wish)
        }
        Some(Again::Pull(wish)) if wish.overridden => market::ask_again(model, &wish),
        Some(Again::Pull(wish)) => market::pull_one(model, wish),
        None => Vec::new(),
    }
}

/// Selects the row at `position`, or the last.
pub(super) fn select(model: &mut Model, position: usize) {
    let lines = model.activity_lines();
    let choice = lines.get(position.min(lines.len().saturating_sub(1))).map(Line::choice);
    model.activity.select(choice);
}
