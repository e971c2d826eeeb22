//! The page that tells why: what it needs is asked for when it is opened, and what it asked for is stopped when it is closed.

use crate::{
    app::{
        action::Place,
        effect::Effect,
        model::{Model, Pane},
        msg::WhyMsg,
        update::{node, trust},
        why::{Why, Work},
    },
    domain::{compare::Question, progress::Rate},
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

/// Compares anew when the page shows another image, or more is known of it; stops when nobody looks any more.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    let question = if is_shown(model) { question(model) } else { None };
    if question == model.why.question {
        return Vec::new();
    }
    let before = std::mem::replace(&mut model.why, Why { question, ..Why::default() });
    let mut effects: Vec<_> = before.working.map(|(ticket, _)| Effect::Undo(ticket)).into_iter().collect();
    effects.extend(ask(model, Work::Looking));
    effects
}

fn question(model: &Model) -> Option<Question> {
    let row = model.rows.selected()?;
    Question::of(&row.image, row.key.reference.as_ref()?, row.verdict.as_ref()?)
}

/// Gets the released image's layers, wherever they are.
pub(super) fn fetch(model: &mut Model) -> Vec<Effect> {
    ask(model, Work::Getting)
}

/// Lists the files of the layers that differ.
pub(super) fn list(model: &mut Model) -> Vec<Effect> {
    ask(model, Work::Listing)
}

fn ask(model: &mut Model, work: Work) -> Vec<Effect> {
    let Some(question) = model.why.question.clone().map(Box::new) else { return Vec::new() };
    let undone = model.why.working.map(|(ticket, _)| Effect::Undo(ticket));
    model.last_ticket += 1;
    let ticket = model.last_ticket;
    let effect = match (work, &model.why.comparison) {
        (Work::Listing, Some(Ok(comparison))) => {
            Effect::ListFiles { ticket, question, comparison: Box::new(comparison.clone()) }
        }
        (Work::Listing, _) => return Vec::new(),
        (Work::Looking, _) => Effect::Compare { ticket, question, anywhere: false },
        (Work::Getting, _) => Effect::Compare { ticket, question, anywhere: true },
    };
    model.why.working = Some((ticket, work));
    (model.why.progress, model.why.rate) = (None, Rate::default());
    model.why.problem = None;
    undone.into_iter().chain([effect]).collect()
}

pub(super) fn update(model: &mut Model, msg: WhyMsg) {
    let is_awaited = |ticket: u64| model.why.working.is_some_and(|(own, _)| own == ticket);
    match msg {
        WhyMsg::Progress { ticket, progress } if is_awaited(ticket) => {
            model.why.rate.take(progress);
            model.why.progress = Some(progress);
        }
        WhyMsg::Compared { ticket, result } if is_awaited(ticket) => {
            model.why.working = None;
            model.why.comparison = Some(result.map(|comparison| *comparison));
        }
        WhyMsg::Listed { ticket, result } if is_awaited(ticket) => {
            model.why.working = None;
            match result {
                Ok(files) => model.why.files = files,
                Err(problem) => model.why.problem = Some(problem),
            }
        }
        WhyMsg::Progress { .. } | WhyMsg::Compared { .. } | WhyMsg::Listed { .. } => {}
    }
}

/// Stops what is under way, before the page itself is closed. False where nothing is.
pub(super) fn stop(model: &mut Model) -> Option<Vec<Effect>> {
    let is_long = |(_, work): &(u64, Work)| *work != Work::Looking;
    if model.place() != Place::Detail {
        return None;
    }
    let (ticket, _) = model.why.working.take_if(|work| is_long(work))?;
    Some(vec![Effect::Undo(ticket)])
}
