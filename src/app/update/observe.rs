//! The dialog that attests what a registry serves: looked at first, shown beside what others saw, then signed like any release.

use crate::{
    app::{
        effect::Effect,
        model::{Dialog, Model, Pane},
        msg::Problem,
        sign::{Look, Purpose, Said, Sighting, Sign, Step, Wish},
        update::{
            batch,
            sign::{ask, resume as go_on, say, stuck, trouble},
        },
    },
    domain::{Address, Reference, trust::Role},
};

/// Opens the dialog for what is selected, or for the marked images one after the other.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.pane != Pane::Market {
        return batch::open(model, Wish::Observe);
    }
    let reference = model.market.selected().map(|ware| ware.reference.clone());
    reference.map_or_else(Vec::new, |reference| open_name(model, reference, Look::default()))
}

/// Opens the dialog for a name.
pub(super) fn open_name(model: &mut Model, reference: Reference, look: Look) -> Vec<Effect> {
    let account = observer(model, &reference);
    let sign = Sign::new(Purpose::Observe(look), None, Some(reference), account);
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(go_on(model, Box::new(sign)));
    effects
}

/// Who observes: the account that the trust policy names as an observer of the name, else the default one.
pub(super) fn observer(model: &Model, reference: &Reference) -> Option<Address> {
    let named = model.network().zip(model.trust.policy.as_ref()).and_then(|(network, policy)| {
        let here = policy.on(&network.name);
        let observers = here.speakers(reference, Role::Observer);
        observers.into_iter().map(|rule| rule.publisher).find(|observer| model.accounts.get(*observer).is_some())
    });
    let account = model.accounts.default_account().or_else(|| model.accounts.all().first());
    named.or_else(|| account.map(|account| account.address))
}

/// Asks the registry, and goes on once it is known what the observer has said before.
pub(super) fn resume(model: &mut Model, sign: &mut Sign, look: Look) -> Vec<Effect> {
    let observer = sign.behalf.or(sign.account);
    let (Some(observer), Some(reference)) = (observer, sign.reference.clone()) else { return say(model, sign) };
    match sign.sighting.as_ref().filter(|seen| seen.observer == observer) {
        Some(seen) if seen.said == Said::Otherwise => say(model, sign),
        Some(seen) => {
            let problem = settled(seen.said, &reference, observer);
            stuck(sign, problem)
        }
        None => {
            (sign.sighting, sign.digests) = (None, Vec::new());
            let ticket = ask(model, sign, Step::Looking);
            vec![Effect::Observe { ticket, reference, observer, look }]
        }
    }
}

/// Why nothing is left to be said.
fn settled(said: Said, reference: &Reference, observer: Address) -> Problem {
    let name = reference.familiar();
    if said == Said::Same {
        let message = format!("{observer} attested the same of {name} already: there is nothing new to say");
        let hint = "`observe-name` in the palette can say it again, for policies that take no old word";
        return Problem { hint: Some(hint.to_owned()), ..trouble("already-observed", &message) };
    }
    trouble(
        "observation-withdrawn",
        &format!("{observer} took back what {name} is served as, and can never say it again"),
    )
}

/// The registry answered, or did not.
pub(super) fn sighted(model: &mut Model, ticket: u64, result: Result<Box<Sighting>, Problem>) -> Vec<Effect> {
    let is_asked = |sign: &Sign| sign.step == Step::Looking && sign.ticket == ticket;
    let waits = matches!(&model.dialog, Some(Dialog::Sign(sign)) if is_asked(sign));
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|_| waits) else { return Vec::new() };
    match result {
        Ok(seen) => {
            sign.digests.clone_from(&seen.digests);
            sign.sighting = Some(seen);
            go_on(model, sign)
        }
        Err(problem) => {
            let effects = stuck(&mut sign, problem);
            model.dialog = Some(Dialog::Sign(sign));
            effects
        }
    }
}
