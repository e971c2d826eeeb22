//! What was published, while the pane shows it: searched as is typed, judged when it stands.

use tui_input::Input;

use crate::app::{
    activity::{Again, Event},
    effect::Effect,
    form::{Matter, Name},
    market::{Age, Pull, View, Ware},
    model::{Model, Pane, Tone},
    msg::{MarketMsg, Problem},
    update::{chain, forms, perform, sources, trust},
};
use crate::domain::{Reference, market::Order, namespace::Namespace, trust::Pattern, wish::PullWish};

/// Why no second image is pulled.
pub(super) const BUSY: &str = "another image is being pulled; one after the other";

pub(super) fn update(model: &mut Model, msg: MarketMsg) -> Vec<Effect> {
    match msg {
        MarketMsg::Found { ticket, result } => {
            let has_read = model.market.reading == Some(ticket);
            if has_read {
                model.market.reading = None;
                model.market.behind =
                    result.as_ref().map_or_else(|problem| Some(problem.clone()), |it| it.problem.clone());
            }
            match model.market.view {
                _ if ticket == model.market.ticket => found(model, result),
                // What somebody asked for meanwhile was answered from what had been read before.
                View::Published if has_read => ask(model, false),
                _ => Vec::new(),
            }
        }
        MarketMsg::Counted { ticket, result } if ticket == model.market.ticket => {
            match result {
                Ok(total) => {
                    model.market.total = Some(total);
                    model.market.select_again();
                }
                Err(problem) => model.market.problem = Some(problem),
            }
            Vec::new()
        }
        MarketMsg::Judged { ticket, result } if model.market.judging == Some(ticket) => {
            model.market.judging = None;
            match result {
                Ok(verdicts) => {
                    for (ware, verdict) in model.market.wares.iter_mut().zip(verdicts) {
                        // Another's word for the same image makes nothing of this publisher's release.
                        let own = ware.publisher.map_or(verdict.clone(), |publisher| verdict.offered_by(publisher));
                        ware.verdict = Some(own);
                    }
                }
                Err(problem) => model.market.problem = Some(problem),
            }
            Vec::new()
        }
        MarketMsg::Pulling { ticket, layers, bytes, measuring } => {
            if let Some(pull) = model.market.pull.as_mut().filter(|pull| pull.ticket == ticket) {
                (pull.layers, pull.bytes, pull.measuring) = (layers, bytes, measuring);
            }
            Vec::new()
        }
        MarketMsg::Pulled { ticket, result } => pulled(model, ticket, result),
        MarketMsg::Vouched { reference, vouching } => {
            if let Some((asked, answer)) = &mut model.market.vouching
                && *asked == reference
            {
                *answer = vouching.or(answer.take());
            }
            Vec::new()
        }
        // Somebody asked for something else meanwhile.
        MarketMsg::Counted { .. } | MarketMsg::Judged { .. } => Vec::new(),
    }
}

fn found(model: &mut Model, result: Result<crate::app::msg::MarketPage, Problem>) -> Vec<Effect> {
    model.market.asking = false;
    match result {
        Err(problem) if problem.is_cancelled() => Vec::new(),
        Err(problem) => {
            model.market.problem = Some(problem);
            Vec::new()
        }
        Ok(page) => {
            let market = &mut model.market;
            let known = std::mem::replace(&mut market.wares, page.wares);
            // What is asked for again keeps its verdict until the new one comes.
            for ware in &mut market.wares {
                let is_same = |old: &&Ware| {
                    old.reference == ware.reference && old.publisher == ware.publisher && old.evidence == ware.evidence
                };
                let before = known.iter().find(is_same).and_then(|old| old.verdict.clone());
                ware.verdict = ware.verdict.take().or(before);
            }
            // Of many the number that was known stays until they are counted.
            let before = market.total.filter(|_| page.is_more).unwrap_or_default();
            (market.offset, market.total, market.read_to) = (page.offset, Some(page.total.max(before)), page.read_to);
            market.problem = match market.view {
                View::Published if market.digest().is_none() => market.behind.clone(),
                View::Published | View::Own => page.problem,
            };
            market.select_again();
            let (ticket, query) = (market.ticket, market.query(model.now));
            let count = page.is_more.then_some(Effect::CountMarket { ticket, query });
            count.into_iter().chain(judge(model)).collect()
        }
    }
}

/// Asks what the trust policy makes of the rows that are held.
fn judge(model: &mut Model) -> Vec<Effect> {
    let subjects: Vec<_> =
        model.market.wares.iter().map(|ware| (ware.reference.clone(), ware.evidence.clone())).collect();
    if subjects.is_empty() {
        return Vec::new();
    }
    model.last_ticket += 1;
    model.market.judging = Some(model.last_ticket);
    vec![Effect::JudgeMarket { ticket: model.last_ticket, subjects }]
}

fn pulled(model: &mut Model, ticket: u64, result: Result<String, Problem>) -> Vec<Effect> {
    let pull = model.market.pull.take_if(|pull| pull.ticket == ticket);
    if let (Some(pull), Err(problem)) = (&pull, &result)
        && !problem.is_cancelled()
    {
        model.market.failed = Some((pull.wish.reference.clone(), problem.sentence()));
    }
    let name = pull.as_ref().map_or("", |pull| pull.wish.reference.familiar());
    let event = Event::of("pulling", name, result.as_ref().cloned());
    let event = match result {
        Ok(_) => event,
        Err(problem) => {
            let again = pull.map(|pull| Again::Pull(pull.wish));
            let stopped = "the pull was stopped; nothing bears the name that was not verified".to_owned();
            let words = if problem.is_cancelled() { stopped } else { event.words };
            Event { words, again, ..event }
        }
    };
    model.report(event);
    sources::list(model, sources::AT_ONCE)
}

/// Asks for what is to be shown, after the chain was read up to its head.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    // What publishers are called is the policy's to say.
    let effects = trust::read(model);
    effects.into_iter().chain(ask(model, true)).collect()
}

/// The selected row in full, or the list again; in full it is told for whom its namespace vouches.
pub(super) fn unfold(model: &mut Model) -> Vec<Effect> {
    model.wide = !model.wide;
    model.detail_top = 0;
    let Some(reference) = told_of(model).filter(|_| model.wide) else { return Vec::new() };
    // The answer is here, or on its way.
    if model.market.vouching.as_ref().is_some_and(|(asked, _)| *asked == reference) {
        return Vec::new();
    }
    model.market.vouching = Some((reference.clone(), None));
    vec![Effect::ReadVouching(reference)]
}

fn ask(model: &mut Model, refresh: bool) -> Vec<Effect> {
    model.last_ticket += 1;
    let ticket = model.last_ticket;
    model.market.ticket = ticket;
    model.market.asking = true;
    match (model.market.view, model.market.digest()) {
        (View::Published, Some(digest)) => vec![Effect::AskWho { ticket, digest }],
        (View::Published, None) => {
            if refresh {
                model.market.reading = Some(ticket);
            }
            vec![Effect::ReadMarket { ticket, query: model.market.query(model.now), refresh }]
        }
        (View::Own, _) => vec![Effect::ReadOwn { ticket }],
    }
}

/// A new block, or another policy: what is shown may be something else now.
pub(super) fn news(model: &mut Model) -> Vec<Effect> {
    let is_shown = model.pane == Pane::Market && model.market.view == View::Published && !model.market.is_looking();
    if is_shown { look(model) } else { Vec::new() }
}

/// Something else is looked for: from its first row on.
fn narrow(model: &mut Model) -> Vec<Effect> {
    model.market.select(0);
    if model.market.view == View::Own {
        return Vec::new();
    }
    ask(model, false)
}

/// Who else released the selected image's digest: the market is asked for it.
pub(super) fn who(model: &mut Model) -> Vec<Effect> {
    let digest = model.rows.selected().and_then(|row| row.image.evidence.config_digest());
    let Some(digest) = digest else { return Vec::new() };
    let market = &mut model.market;
    (market.publisher, market.namespace, market.age, market.view) = Default::default();
    market.input = Input::new(digest.to_string());
    market.select(0);
    perform::show(model, Pane::Market)
}

/// The text that is looked for was changed.
pub(super) fn typed(model: &mut Model) -> Vec<Effect> {
    narrow(model)
}

/// Selects the row at `position`, and asks for those around it where they are not held.
pub(super) fn select(model: &mut Model, position: usize) -> Vec<Effect> {
    model.market.select(position);
    model.detail_top = 0;
    let held = model.market.selected().is_some() || model.market.shown() == 0;
    if held || model.market.view == View::Own { Vec::new() } else { ask(model, false) }
}

/// Everything again.
pub(super) fn widen(model: &mut Model) -> Vec<Effect> {
    let market = &mut model.market;
    (market.input, market.publisher, market.namespace, market.age) = Default::default();
    market.editing = false;
    narrow(model)
}

/// Only the selected row's publisher, or everybody again.
pub(super) fn only_publisher(model: &mut Model) -> Vec<Effect> {
    let selected = model.market.selected().and_then(|ware| ware.publisher);
    model.market.publisher = if model.market.publisher.is_some() { None } else { selected };
    narrow(model)
}

/// Only what is below the selected row's namespace, or everything again.
pub(super) fn only_namespace(model: &mut Model) -> Vec<Effect> {
    let above = model.market.selected().and_then(|ware| Namespace::above(&ware.reference).into_iter().next());
    model.market.namespace = if model.market.namespace.is_some() { None } else { above };
    narrow(model)
}

/// Only what was released lately: the next of several times.
pub(super) fn only_newer(model: &mut Model) -> Vec<Effect> {
    model.market.age = Age::next(model.market.age);
    narrow(model)
}

/// By name, or the newest release first.
pub(super) fn sort(model: &mut Model) -> Vec<Effect> {
    model.market.order = match model.market.order {
        Order::Name => Order::Newest,
        Order::Newest => Order::Name,
    };
    narrow(model)
}

/// What is published, or what my namespaces have.
pub(super) fn turn(model: &mut Model) -> Vec<Effect> {
    let market = &mut model.market;
    market.view = match market.view {
        View::Published => View::Own,
        View::Own => View::Published,
    };
    (market.wares, market.total, market.problem, market.offset) = (Vec::new(), None, None, 0);
    market.select(0);
    look(model)
}

/// Opens the dialog that trusts the selected row's publisher.
pub(super) fn pin(model: &mut Model) -> Vec<Effect> {
    let Some((reference, publisher)) =
        model.market.selected().and_then(|ware| Some((ware.reference.clone(), ware.publisher?)))
    else {
        return Vec::new();
    };
    let effects = forms::open(model, Matter::Rule, None);
    trust::fill_known(model, &Pattern::Reference(reference), publisher);
    effects
}

/// Pulls the selected row's image, if it is the released one.
pub(super) fn pull(model: &mut Model) -> Vec<Effect> {
    let selected = model.market.selected().map(|ware| ware.reference.clone());
    selected.map_or_else(Vec::new, |reference| pull_one(model, PullWish::of(reference)))
}

/// Pulls an image, unless another one is being pulled.
pub(super) fn pull_one(model: &mut Model, wish: PullWish) -> Vec<Effect> {
    if model.market.pull.is_some() {
        model.say(Tone::Plain, BUSY);
        return Vec::new();
    }
    model.last_ticket += 1;
    let ticket = model.last_ticket;
    let pull = Pull { ticket, wish: wish.clone(), layers: (0, 0), bytes: (0, None), measuring: false };
    model.market.pull = Some(pull);
    model.market.failed = None;
    vec![Effect::Pull { ticket, wish }]
}

/// Opens the form of a pull that was overridden once: that is said anew each time.
pub(super) fn ask_again(model: &mut Model, wish: &PullWish) -> Vec<Effect> {
    let effects = forms::open(model, Matter::Pull, None);
    let platform = wish.platform.clone().unwrap_or_default();
    forms::fill(model, &[(Name::Reference, wish.reference.to_string()), (Name::Platform, platform)]);
    effects
}

/// Stops the pull that goes on.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    model.market.pull.as_ref().map_or_else(Vec::new, |pull| vec![Effect::Undo(pull.ticket)])
}

/// The reference whose history is told beside the list.
pub(super) fn told_of(model: &Model) -> Option<Reference> {
    model.market.selected().map(|ware| ware.reference.clone())
}

/// Verdicts rest on the policy.
pub(super) fn judge_again(model: &mut Model) -> Vec<Effect> {
    let effects = judge(model);
    chain::judge(model).into_iter().chain(effects).collect()
}
