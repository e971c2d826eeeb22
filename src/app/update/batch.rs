//! What is done to every marked row: measuring at once, signing one after the other, each shown and confirmed by itself.

use std::collections::VecDeque;

use crate::app::{
    effect::Effect,
    model::{Model, Tone},
    rows::RowKey,
    sign::{Batch, Chosen, Sign, Wish},
    update::{sign, tasks},
};

/// Measures the marked images, or the selected one, again where they were.
pub(super) fn measure(model: &mut Model) -> Vec<Effect> {
    let marked: Vec<_> = model.rows.marked().map(|row| (row.image.clone(), row.label(), row.is_measured())).collect();
    if marked.is_empty() {
        return tasks::measure_selected(model);
    }
    for (image, label, is_measured) in marked {
        model.tasks.add(&image, &label, is_measured, true);
    }
    tasks::start(model)
}

/// Opens the dialog for the marked rows, one after the other, or for the selected one.
pub(super) fn open(model: &mut Model, wish: Wish) -> Vec<Effect> {
    let named = |key: &RowKey| key.reference.is_some();
    let rows: VecDeque<RowKey> = model.rows.marked().map(|row| row.key.clone()).filter(named).collect();
    if rows.is_empty() {
        let selected = model.rows.selected().map(|row| row.key.clone());
        return selected.map_or_else(Vec::new, |key| sign::open(model, &key, wish));
    }
    model.batch = Some(Batch { total: rows.len(), rows, shown: None, wish, chosen: None });
    next(model)
}

/// Opens the dialog for the next row, while there is one. The one before it loses its mark: it is done.
pub(super) fn next(model: &mut Model) -> Vec<Effect> {
    let Some(batch) = &mut model.batch else { return Vec::new() };
    let (wish, next) = (batch.wish, batch.rows.pop_front());
    if let Some(done) = std::mem::replace(&mut batch.shown, next.clone()) {
        model.rows.unmark(&done);
    }
    if let Some(key) = next {
        return sign::open(model, &key, wish);
    }
    model.batch = None;
    Vec::new()
}

/// Keeps what is chosen in a dialog of a release for those that come after it.
pub(super) fn remember(model: &mut Model, sign: &Sign) {
    let is_of = |batch: &&mut Batch| batch.wish == Wish::Publish && batch.shown == sign.key;
    if let Some(batch) = model.batch.as_mut().filter(is_of) {
        batch.chosen = Some(Chosen::of(sign));
    }
}

/// The user left the dialog before anything was signed: what comes after it is left alone, too,
/// and keeps its mark.
pub(super) fn stop(model: &mut Model) {
    let Some(batch) = model.batch.take() else { return };
    let left = batch.rows.len() + 1;
    let plural = if left == 1 { "image was" } else { "images were" };
    model.say(Tone::Plain, format!("{left} of {} marked {plural} not {}", batch.total, batch.wish.done()));
}
