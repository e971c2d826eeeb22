//! Questions whose answer is a dialog of its own.

use crate::{
    app::{
        activity::Event,
        effect::Effect,
        model::{Dialog, Model, Tone},
        msg::Problem,
        report::{Inquiry, Report, Told},
        update::{forms, trust},
    },
    domain::progress::Progress,
};

/// Asks, and shows that it is asked.
pub(super) fn ask(model: &mut Model, inquiry: Inquiry) -> Vec<Effect> {
    model.last_ticket += 1;
    let ticket = model.last_ticket;
    model.dialog = Some(Dialog::Report(Box::new(Report::asked(inquiry.title(), ticket))));
    vec![Effect::Inquire { ticket, inquiry }]
}

/// Asks what the open form is for; it waits for the answer.
pub(super) fn ask_from_form(model: &mut Model, inquiry: Inquiry) -> Vec<Effect> {
    let ticket = forms::awaited(model);
    vec![Effect::Inquire { ticket, inquiry }]
}

/// Tells what is known here already.
pub(super) fn tell(model: &mut Model, told: Told) {
    let report = Report { told: Some(Ok(told)), ..Report::asked("", 0) };
    model.dialog = Some(Dialog::Report(Box::new(report)));
}

/// The answer came. Who looks at something else by now finds it in the activity pane.
pub(super) fn told(model: &mut Model, ticket: u64, result: Result<Box<Told>, Problem>) {
    if let Ok(told) = &result {
        model.tell("looked up", &format!("{}: {}", told.title, told.line()));
    }
    match &mut model.dialog {
        Some(Dialog::Report(report)) if report.ticket == ticket && report.told.is_none() => {
            report.told = Some(result.map(|told| *told));
        }
        Some(Dialog::Form(form)) if form.working == Some(ticket) => match result {
            Ok(told) => tell(model, *told),
            Err(problem) => {
                form.working = None;
                form.problem = Some(problem.sentence());
            }
        },
        _ => {
            if let Err(problem) = result
                && !problem.is_cancelled()
            {
                model.activity.keep(model.now, Event::of("looked up", "", Err(&problem)));
            }
        }
    }
}

/// What the open form waits for came further.
pub(super) fn further(model: &mut Model, ticket: u64, progress: Progress) {
    if let Some(Dialog::Form(form)) = &mut model.dialog
        && form.working == Some(ticket)
    {
        form.progress = Some(progress);
    }
}

/// Enter: what the answer proposes is done; where it proposes nothing, it was read.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Report(report)) = &mut model.dialog else { return Vec::new() };
    if report.working {
        return Vec::new();
    }
    let Some(change) = report.answer().and_then(|told| told.change.clone()) else { return close(model) };
    (report.working, report.problem) = (true, None);
    let effects = trust::change(model, *change);
    if let Some(Dialog::Report(report)) = &mut model.dialog {
        report.ticket = model.last_ticket;
    }
    effects
}

/// Esc: closes it, and stops what is asked.
pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    match model.dialog.take() {
        Some(Dialog::Report(report)) if report.told.is_none() => vec![Effect::Undo(report.ticket)],
        _ => Vec::new(),
    }
}

/// Hands the answer to the terminal's clipboard.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Report(report)) = &model.dialog else { return Vec::new() };
    let text = report.answer().map(|told| told.copied.clone().unwrap_or_else(|| told.line()));
    text.map_or_else(Vec::new, |text| {
        model.say(Tone::Plain, format!("copied {text}"));
        vec![Effect::Copy(text)]
    })
}
