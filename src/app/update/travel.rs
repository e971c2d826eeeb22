//! Movements: among rows, and through what is longer than its region.

use crate::app::{
    action::{self, Motion, Place},
    effect::Effect,
    layout,
    model::{Dialog, Model},
    update::{activity, market, trust},
};

pub(super) fn travel(model: &mut Model, motion: Motion) -> Vec<Effect> {
    if let Some(Dialog::Help { top }) = &mut model.dialog {
        let rows = usize::from(model.height.saturating_sub(4));
        // The last row of a page counts what is below.
        let (page, last) = (rows.saturating_sub(1).max(1), action::help_lines().saturating_sub(rows));
        *top = lines(shift(usize::from(*top), motion, page, last + 1));
        return Vec::new();
    }
    if let Some(Dialog::CheckUp(checkup)) = &mut model.dialog {
        // Two lines a finding, and one more where it is long.
        let count = 3 * checkup.findings.as_ref().map_or(0, Vec::len);
        checkup.top = lines(shift(usize::from(checkup.top), motion, 10, count));
        return Vec::new();
    }
    if let Some(Dialog::Report(report)) = &mut model.dialog {
        // An address and a sentence take three lines where there is little room.
        let count = 3 + 3 * report.answer().map_or(0, |told| told.facts.len());
        report.top = lines(shift(usize::from(report.top), motion, 10, count));
        return Vec::new();
    }
    if let Some(Dialog::Palette(palette)) = &mut model.dialog {
        palette.cursor = shift(palette.cursor, motion, 10, palette.items.len());
        return Vec::new();
    }
    match model.place() {
        Place::Detail => {
            let count = crate::app::why::lines(model, usize::from(model.width)).len();
            let rows = usize::from(layout::regions(model).detail.height.saturating_sub(1));
            let page = rows.saturating_sub(2).max(1);
            let last = (count + 1).saturating_sub(rows);
            model.detail_top = lines(shift(usize::from(model.detail_top), motion, page, last));
        }
        Place::Offer => {
            let history = model.history.result.iter().flatten().map(Vec::len).sum::<usize>();
            let page = usize::from(model.height.saturating_sub(8));
            model.detail_top = lines(shift(usize::from(model.detail_top), motion, page, 40 + 4 * history));
        }
        Place::Accounts if matches!(motion, Motion::PageUp | Motion::PageDown) => {
            let page = usize::from(model.height / 3);
            model.accounts.top = lines(shift(usize::from(model.accounts.top), motion, page, model.accounts.rows()));
        }
        Place::Accounts => {
            let position = shift(model.accounts.cursor(), motion, 1, model.accounts.all().len());
            model.accounts.select(position);
        }
        Place::Trust if matches!(motion, Motion::PageUp | Motion::PageDown) => {
            let page = usize::from(model.height / 3);
            model.trust.top = lines(shift(usize::from(model.trust.top), motion, page, trust::FACTS));
        }
        Place::Trust => {
            let position = shift(model.trust.cursor(), motion, 1, model.trust.entries().len());
            model.trust.select(position);
        }
        Place::Market | Place::Search => {
            let page = layout::list_rows(model).saturating_sub(1).max(1);
            let position = shift(model.market.cursor(), motion, page, model.market.shown());
            return market::select(model, position);
        }
        Place::Node => travel_endpoints(model, motion),
        Place::Activity => {
            let page = layout::list_rows(model).saturating_sub(1).max(1);
            let position = shift(model.activity_cursor(), motion, page, model.activity_lines().len());
            activity::select(model, position);
        }
        Place::Event => {
            let page = usize::from(model.height.saturating_sub(8));
            model.detail_top = lines(shift(usize::from(model.detail_top), motion, page, 60));
        }
        _ => {
            let page = layout::list_rows(model).saturating_sub(1).max(1);
            let position = shift(model.rows.cursor(), motion, page, model.rows.shown());
            model.rows.select(position);
        }
    }
    Vec::new()
}

/// What is scrolled in front has no more below than from line `top` on.
pub(super) fn stop_at(model: &mut Model, top: u16) {
    let place = model.place();
    let held = match &mut model.dialog {
        Some(Dialog::Report(report)) => &mut report.top,
        Some(Dialog::CheckUp(checkup)) => &mut checkup.top,
        None if matches!(place, Place::Offer | Place::Event | Place::Detail) => &mut model.detail_top,
        _ => return,
    };
    *held = (*held).min(top);
}

/// Arrows choose among several endpoints; everything else scrolls, arrows too where there is one.
fn travel_endpoints(model: &mut Model, motion: Motion) {
    let count = model.endpoints.endpoints().len();
    if count > 1 && matches!(motion, Motion::Up | Motion::Down) {
        let position = shift(model.endpoints.cursor(), motion, 1, count);
        return model.endpoints.select(position);
    }
    let page = usize::from(model.height / 2);
    model.endpoints.top = lines(shift(usize::from(model.endpoints.top), motion, page, model.endpoints.rows()));
}

fn lines(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(u16::MAX)
}

fn shift(from: usize, motion: Motion, page: usize, count: usize) -> usize {
    let to = match motion {
        Motion::Up => from.saturating_sub(1),
        Motion::Down => from + 1,
        Motion::PageUp => from.saturating_sub(page),
        Motion::PageDown => from + page,
        Motion::First => 0,
        Motion::Last => usize::MAX,
    };
    to.min(count.saturating_sub(1))
}
