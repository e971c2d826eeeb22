//! Watching names: the form that begins it, and its news.

use crate::app::{
    activity::{Event, Outcome},
    effect::Effect,
    form::Matter,
    model::{Model, Pane, Tone},
    msg::{Problem, WatchMsg},
    update::{accounts, journal, observe},
    watching::{Looked, Watching},
};

/// Opens the form, for the account that observes the selected name.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let reference = match model.pane {
        Pane::Market => model.market.selected().map(|ware| ware.reference.clone()),
        _ => model.rows.selected().and_then(|row| row.key.reference.clone()),
    };
    let default = || model.accounts.default_account().or_else(|| model.accounts.all().first());
    let account = match &reference {
        Some(reference) => observe::observer(model, reference),
        None => default().map(|account| account.address),
    };
    if let Some(account) = account {
        return accounts::open(model, Matter::Watch(account));
    }
    model.say(Tone::Plain, "there is no account that could attest; `daochain account new` makes one");
    Vec::new()
}

pub(super) fn update(model: &mut Model, msg: WatchMsg) -> Vec<Effect> {
    match msg {
        WatchMsg::Begun { ticket, watch } => {
            model.watching = Some(Watching::begun(ticket, *watch));
            Vec::new()
        }
        WatchMsg::Looked { ticket, result } => looked(model, ticket, &result),
        WatchMsg::Ended { ticket, problem } => {
            let Some(ended) = model.watching.take_if(|one| one.ticket == ticket) else { return Vec::new() };
            let looks = crate::domain::text::count(ended.looks, "look");
            let event = Event::of("watching", &ended.watch.subject(), Err(&problem));
            let words = if problem.is_cancelled() {
                format!("stopped after {looks}; what it sent stands in this list")
            } else {
                event.words.clone()
            };
            model.report(Event { words, ..event });
            Vec::new()
        }
    }
}

/// What a look came to is kept where it is news.
fn looked(model: &mut Model, ticket: u64, result: &Result<Looked, Problem>) -> Vec<Effect> {
    let now = model.now;
    let Some(watching) = model.watching.as_mut().filter(|one| one.ticket == ticket) else { return Vec::new() };
    let (attested, words, failed) = match result {
        Ok(looked) => (looked.attested.len(), looked.words(), !looked.problems.is_empty()),
        Err(problem) => (0, problem.sentence(), true),
    };
    watching.looks += 1;
    watching.attested += attested;
    let before = watching.last.replace((now, words.clone()));
    // The same trouble at each look is told once.
    let is_news = attested > 0 || failed && before.is_none_or(|(_, before)| before != words);
    if !is_news {
        return Vec::new();
    }
    let outcome = if failed { Outcome::Failed } else { Outcome::Done };
    let event = Event { outcome, ..Event::of("watching", &watching.watch.subject(), Ok(words)) };
    model.report(event);
    if attested == 0 {
        return Vec::new();
    }
    let mut effects = accounts::list(model);
    effects.extend(journal::read(model));
    effects
}

/// Stops it; it answers that it has ended.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    let Some(watching) = &mut model.watching else { return Vec::new() };
    watching.stopping = true;
    vec![Effect::Undo(watching.ticket)]
}
