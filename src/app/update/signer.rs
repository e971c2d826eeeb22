//! Changes to an open dialog: who signs, and why.

use crate::app::{
    effect::Effect,
    form,
    model::{Dialog, Model},
    msg::SecretShape,
    sign::{Purpose, Sign, Step},
    update::{elsewhere, forms, sign::resume},
};
use crate::domain::wish::Making;

/// Signs with the account `step` places further.
pub(super) fn change_account(model: &mut Model, step: isize) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    let mut effects = vec![Effect::ForgetSecret];
    if sign.answer.is_some() {
        sign.payer = elsewhere::payer(model, sign.payer, step);
    } else {
        sign.account = model.accounts.neighbour(sign.account, step);
        effects.extend(sign.let_go().map(Effect::Forget));
    }
    sign.secret = SecretShape::default();
    effects.extend(resume(model, sign));
    effects
}

/// Makes something else of the release beside those before it.
pub(super) fn turn_version(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    // What is current is not a part of itself.
    sign.making = if sign.is_repetition() && sign.making != Making::Again { Making::Again } else { sign.making.next() };
    // What came back signed says the same.
    if sign.answer.is_some() { resume(model, sign) } else { ask_anew(model, sign) }
}

/// Has the signature that is asked for be good for another time.
pub(super) fn turn_validity(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    sign.good_for = sign.good_for.next();
    ask_anew(model, sign)
}

/// Asks for the cost, or for what is carried, of what says something else now.
fn ask_anew(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    sign.secret = SecretShape::default();
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(sign.let_go().map(Effect::Forget));
    effects.extend(resume(model, sign));
    effects
}

/// Back to the reason of a revocation.
pub(super) fn edit_reason(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![Effect::ForgetSecret];
    if let Some(Dialog::Sign(sign)) = &mut model.dialog
        && matches!(sign.purpose, Purpose::Revoke { .. })
    {
        sign.step = Step::Reason;
        sign.problem = None;
        sign.quote = None;
        sign.secret = SecretShape::default();
        effects.extend(sign.let_go().map(Effect::Forget));
    }
    effects
}

/// Makes an account and comes back.
pub(super) fn new_account(model: &mut Model) -> Vec<Effect> {
    match model.dialog.take() {
        Some(Dialog::Sign(sign)) => forms::open(model, form::Matter::New, Some(sign)),
        _ => forms::open(model, form::Matter::New, None),
    }
}
