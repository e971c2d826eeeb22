//! The trust policy, while the pane shows it, and changes of it from anywhere.

use crate::app::{
    effect::{Effect, TrustChange},
    form::{Matter, Name},
    model::{Dialog, Model, Pane, Tone},
    msg::{Problem, TrustMsg},
    report::{Fact, Told},
    sign::Document,
    trust::Entry,
    update::{forms, market, report, sign},
};
use crate::domain::{
    Address, Reference,
    text::clean,
    trust::{Pattern, Role, Rule},
    when,
};

/// Seconds after which the file is looked at again, while the pane is shown: `daochain trust` elsewhere changes it.
const FRESH: u64 = 2;

pub(super) use crate::app::trust::FACTS;

pub(super) fn update(model: &mut Model, msg: TrustMsg) -> Vec<Effect> {
    match msg {
        TrustMsg::Read(result) => {
            model.trust.asking = false;
            match result {
                Ok(policy) if model.trust.policy.as_ref() == Some(&policy) => {
                    // While it could not be read nothing was decided.
                    model.trust.problem.take().map_or_else(Vec::new, |_| market::judge_again(model))
                }
                Ok(policy) => {
                    let is_first = model.trust.policy.is_none();
                    model.trust.take(policy);
                    if is_first { Vec::new() } else { market::judge_again(model) }
                }
                Err(problem) => {
                    let was_good = model.trust.problem.replace(problem).is_none() && model.trust.policy.is_some();
                    if was_good { market::judge_again(model) } else { Vec::new() }
                }
            }
        }
        TrustMsg::Rewritten => {
            // One that was never read has nothing to be compared with.
            let judged = if model.trust.policy.is_none() { market::judge_again(model) } else { Vec::new() };
            judged.into_iter().chain(read(model)).collect()
        }
        TrustMsg::Changed { ticket, result } => changed(model, ticket, result),
    }
}

fn changed(
    model: &mut Model,
    ticket: u64,
    result: Result<(String, crate::domain::trust::TrustPolicy), Problem>,
) -> Vec<Effect> {
    let is_shown = match &model.dialog {
        Some(Dialog::Form(form)) => form.working == Some(ticket),
        Some(Dialog::Report(report)) => report.working && report.ticket == ticket,
        _ => false,
    };
    match result {
        Ok((words, policy)) => {
            model.trust.take(policy);
            model.say_of("trust", Tone::Good, words);
            model.dialog.take_if(|_| is_shown);
            market::judge_again(model)
        }
        Err(problem) => {
            match &mut model.dialog {
                Some(Dialog::Form(form)) if is_shown => {
                    form.working = None;
                    form.problem = Some(problem.sentence());
                }
                Some(Dialog::Report(report)) if is_shown => {
                    (report.working, report.problem) = (false, Some(problem.sentence()));
                }
                _ => model.say_of("trust", Tone::Bad, problem.sentence()),
            }
            Vec::new()
        }
    }
}

/// Asks for the policy, unless it is on its way.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    if std::mem::replace(&mut model.trust.asking, true) {
        return Vec::new();
    }
    model.trust.asked = Some(model.now);
    vec![Effect::ReadTrust]
}

/// Asks again for what has been shown for a while. A clock that was turned back counts as well.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let is_old = |asked: crate::domain::Timestamp| model.now < asked || model.now.since(asked) >= FRESH;
    if model.pane == Pane::Trust && model.trust.asked.is_none_or(is_old) { read(model) } else { Vec::new() }
}

/// Has the policy changed.
pub(super) fn change(model: &mut Model, change: TrustChange) -> Vec<Effect> {
    model.last_ticket += 1;
    let ticket = model.last_ticket;
    if let Some(Dialog::Form(form)) = &mut model.dialog {
        form.working = Some(ticket);
    }
    vec![Effect::ChangeTrust { ticket, change }]
}

/// Opens the form that changes the selected entry.
pub(super) fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(entry) = model.trust.selected().cloned() else { return Vec::new() };
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let pattern = (Name::Pattern, entry.pattern().to_string());
    let (matter, filled) = match entry.clone() {
        Entry::Rule(rule) => {
            let mut filled = vec![pattern, (Name::Address, rule.publisher.to_string())];
            filled.extend(said(&rule));
            (Matter::Rule, filled)
        }
        Entry::Denial(denial) => {
            let filled = vec![pattern, (Name::Note, known(&denial.note)), (Name::Network, known(&denial.network))];
            (Matter::Deny, filled)
        }
        Entry::Demand(demand) => {
            let filled = vec![
                pattern,
                (Name::Require, demand.require.map(|require| require.to_string()).unwrap_or_default()),
                (Name::Finality, demand.finality.map_or("", crate::domain::network::Finality::word).to_owned()),
                (Name::Successions, demand.successions.map_or("", crate::domain::trust::Successions::word).to_owned()),
                (Name::MaxAge, demand.max_age.map(crate::domain::when::span_text).unwrap_or_default()),
                (Name::Network, known(&demand.network)),
            ];
            (Matter::Demand, filled)
        }
    };
    let mut effects = forms::open(model, matter, None);
    forms::about(model, entry);
    forms::fill(model, &filled);
    effects.extend(read(model));
    effects
}

/// Opens the form that makes a rule: in the images pane for the selected image's name, and for whoever published it.
pub(super) fn open_rule(model: &mut Model) -> Vec<Effect> {
    let row = model.rows.selected().filter(|_| model.pane == Pane::Images);
    let about = row.and_then(|row| {
        let verdict = row.verdict.as_ref();
        let publisher = verdict.and_then(|verdict| verdict.strangers.first().copied().or(verdict.publisher));
        Some((row.key.reference.clone()?, publisher))
    });
    let effects = forms::open(model, Matter::Rule, None);
    match about {
        Some((reference, Some(publisher))) => fill_known(model, &Pattern::Reference(reference), publisher),
        Some((reference, None)) => forms::fill(model, &[(Name::Pattern, reference.to_string())]),
        None => {}
    }
    effects
}

/// Opens the form that takes the selected entry away: that one, whatever the file says by then.
pub(super) fn remove(model: &mut Model) -> Vec<Effect> {
    let Some(entry) = model.trust.selected().cloned() else { return Vec::new() };
    let effects = forms::open(model, Matter::Untrust, None);
    forms::about(model, entry);
    effects
}

/// Fills the form that trusts a publisher for a pattern with what a rule for both says already.
pub(super) fn fill_known(model: &mut Model, pattern: &Pattern, publisher: Address) {
    let rules = model.trust.policy.iter().flat_map(|policy| &policy.rules);
    let known = rules.into_iter().find(|rule| rule.pattern == *pattern && rule.publisher == publisher).cloned();
    let mut filled = vec![(Name::Pattern, pattern.to_string()), (Name::Address, publisher.to_string())];
    if let Some(rule) = known {
        filled.extend(said(&rule));
        forms::about(model, Entry::Rule(rule));
    }
    forms::fill(model, &filled);
}

/// What a rule says beside whose word counts for what.
fn said(rule: &Rule) -> [(Name, String); 4] {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        (Name::Role, rule.role.word().to_owned()),
        (Name::Called, known(&rule.name)),
        (Name::Note, known(&rule.note)),
        (Name::Network, known(&rule.network)),
    ]
}

/// Tells who speaks for a name on the current network, by which rule, and what is demanded of them.
pub(super) fn check(model: &mut Model, reference: &Reference) {
    let Some(policy) = &model.trust.policy else { return };
    let here = model.network().map(|network| policy.on(&network.name));
    let policy = here.as_ref().unwrap_or(policy);
    let mut facts: Vec<Fact> = Vec::new();
    for rule in policy.deciding(reference) {
        let called = rule.name.as_deref().map_or_else(String::new, |name| format!(" {}", clean(name)));
        let note = rule.note.as_deref().map_or_else(String::new, |note| format!(" ({})", clean(note)));
        facts.push(Fact::plain(rule.role.word(), format!("{}{called}{note}", rule.publisher)));
    }
    let demands = policy.demands(reference);
    facts.extend(demands.require.map(|require| Fact::plain("require", require.to_string())));
    facts.extend(demands.finality.map(|finality| Fact::plain("block", finality.word())));
    facts.push(Fact::plain("successors", demands.successions.word()));
    facts.extend(demands.max_age.map(|age| Fact::plain("max. age", when::span_text(age))));
    let speaks = !policy.publishers(reference).is_empty();
    let observed = demands.require.is_some() && !policy.speakers(reference, Role::Observer).is_empty();
    let tone = if speaks || observed { Tone::Good } else { Tone::Plain };
    let told = Told { facts, ..Told::new(reference.familiar(), policy.explain(reference), tone) };
    report::tell(model, told);
}

/// What is to be released was read, or measured.
pub(super) fn document(model: &mut Model, ticket: u64, result: Result<Box<Document>, Problem>) -> Vec<Effect> {
    let waits = matches!(&model.dialog, Some(Dialog::Form(form)) if form.working == Some(ticket));
    let Some(Dialog::Form(mut form)) = model.dialog.take_if(|_| waits) else { return Vec::new() };
    form.working = None;
    match result {
        Ok(document) => sign::open_document(model, *document, form),
        Err(problem) => {
            form.problem = Some(problem.sentence());
            model.dialog = Some(Dialog::Form(form));
            Vec::new()
        }
    }
}
