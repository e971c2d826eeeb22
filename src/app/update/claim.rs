//! Claiming a namespace. Whoever cannot push its statement pays for nothing: the claim's own dialog comes afterwards.
//!
//! ```text
//! form ─▶ plan ─▶ statement (shown, signed, pushed) ─▶ claim (its cost shown, signed, sent)
//! ```

use crate::app::{
    effect::Effect,
    form::{Form, Name},
    model::{Dialog, Model, Tone},
    msg::{Problem, SecretShape},
    sign::{ClaimPlan, ClaimWish, Purpose, Sign, Step},
    update::{
        forms,
        sign::{ask, open_personal, resume as go_on, stuck, trouble},
    },
};
use crate::domain::Address;

/// Finds out what of a claim is left to be done; the form waits.
pub(super) fn plan(model: &mut Model, publisher: Address, wish: ClaimWish) -> Vec<Effect> {
    let ticket = forms::awaited(model);
    vec![Effect::PlanClaim { ticket, publisher, wish }]
}

/// It is known, or cannot be.
pub(super) fn planned(model: &mut Model, ticket: u64, result: Result<Box<ClaimPlan>, Problem>) -> Vec<Effect> {
    let waits = matches!(&model.dialog, Some(Dialog::Form(form)) if form.working == Some(ticket));
    let Some(Dialog::Form(mut form)) = model.dialog.take_if(|_| waits) else { return Vec::new() };
    form.working = None;
    match result {
        Ok(plan) if plan.push.is_some() => show(model, plan, form),
        Ok(plan) if plan.cost.is_some() => open_personal(model, plan.publisher, plan.claim(), Some(form)),
        Ok(plan) => {
            let namespace = &plan.wish.namespace;
            form.problem = Some(format!("the account claims {namespace} already, and its statement stands"));
            model.dialog = Some(Dialog::Form(form));
            Vec::new()
        }
        Err(problem) => {
            form.focus_on(Name::Namespace);
            form.problem = Some(problem.sentence());
            model.dialog = Some(Dialog::Form(form));
            Vec::new()
        }
    }
}

fn show(model: &mut Model, plan: Box<ClaimPlan>, form: Box<Form>) -> Vec<Effect> {
    let publisher = plan.publisher;
    let sign = Sign { form: Some(form), ..Sign::new(Purpose::Claim(plan), None, None, Some(publisher)) };
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(go_on(model, Box::new(sign)));
    effects
}

/// The statement wants a passphrase, where its key is here.
pub(super) fn resume(model: &Model, sign: &mut Sign) {
    let is_here = model.accounts.kind(sign.account).is_some_and(|kind| kind.file().is_some());
    if is_here || model.asks_signer(sign) {
        sign.step = Step::Ready;
        return;
    }
    let hint = Some("claim it where the key is; a contract cannot".to_owned());
    let message = "the account's key signs the statement and sends the claim, and it is not here";
    let _ = stuck(sign, Problem { hint, ..trouble("key-elsewhere", message) });
}

/// Enter: signs the statement, and pushes it.
pub(super) fn sign(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    let Some(plan) = sign.claims().cloned() else { return Vec::new() };
    sign.problem = None;
    let ticket = ask(model, &mut sign, Step::Asking);
    model.dialog = Some(Dialog::Sign(sign));
    vec![Effect::PutStatement { ticket, publisher: plan.publisher, wish: plan.wish }]
}

/// The statement stands in its registry, or does not: then the claim has its turn.
pub(super) fn put(model: &mut Model, ticket: u64, result: Result<String, Problem>) -> Vec<Effect> {
    let is_asked = |sign: &Sign| sign.step == Step::Asking && sign.ticket == ticket;
    let waits = matches!(&model.dialog, Some(Dialog::Sign(sign)) if is_asked(sign));
    let shown = match model.dialog.take_if(|_| waits) {
        Some(Dialog::Sign(sign)) => Some(sign),
        _ => None,
    };
    match (result, shown) {
        (Ok(words), shown) => {
            model.say_of("claiming", Tone::Good, words);
            let Some(sign) = shown else { return Vec::new() };
            if sign.secret != SecretShape::default() {
                model.tries.succeeded();
            }
            match sign.claims() {
                Some(plan) if plan.cost.is_some() => open_personal(model, plan.publisher, plan.claim(), None),
                _ => vec![Effect::ForgetSecret],
            }
        }
        (Err(problem), Some(mut sign)) => {
            if problem.code == "passphrase-wrong" && model.tries.failed(model.now) {
                model.say_of(
                    "passphrase",
                    Tone::Bad,
                    "five wrong passphrases: the dialog was closed, and nothing was signed",
                );
                return vec![Effect::ForgetSecret];
            }
            sign.step = if problem.code == "passphrase-wrong" { Step::Ready } else { Step::Stuck };
            (sign.secret, sign.problem) = (SecretShape::default(), Some(problem));
            model.dialog = Some(Dialog::Sign(sign));
            vec![Effect::ForgetSecret]
        }
        (Err(problem), None) => {
            model.say_of("claiming", Tone::Bad, problem.sentence());
            Vec::new()
        }
    }
}
