//! What was carried here: a request to sign with this home's key, or a signature to send.

use crate::app::{
    effect::Effect,
    model::{Dialog, Model, Tone},
    msg::{Problem, SecretShape},
    sign::{Carried, Given, Purpose, Sign, Step},
    update::sign::{ask, resume as go_on, say, stuck, trouble},
};

/// It was read, or could not be.
pub(super) fn read(model: &mut Model, ticket: u64, result: Result<Box<Given>, Problem>) -> Vec<Effect> {
    let waits = matches!(&model.dialog, Some(Dialog::Form(form)) if form.working == Some(ticket));
    let Some(Dialog::Form(mut form)) = model.dialog.take_if(|_| waits) else { return Vec::new() };
    form.working = None;
    match result {
        Ok(given) => {
            let reference = given.request.statement.reference().cloned();
            let (publisher, signed) = (given.request.publisher, given.signed.clone());
            let mut sign = Sign::new(Purpose::Given(given.clone()), None, reference, Some(publisher));
            sign.form = Some(form);
            if signed.is_some() {
                let request = Some(given.request);
                let carried = Carried { request, says: None, text: String::new(), earlier: Vec::new(), left: true };
                (sign.carried, sign.answer) = (Some(Box::new(carried)), signed);
            }
            go_on(model, Box::new(sign))
        }
        Err(problem) => {
            form.problem = Some(problem.sentence());
            model.dialog = Some(Dialog::Form(form));
            Vec::new()
        }
    }
}

/// Asks for the cost of a signature; a request wants a passphrase, where its key is here.
pub(super) fn resume(model: &mut Model, sign: &mut Sign) -> Vec<Effect> {
    if sign.to_sign().is_none() {
        return say(model, sign);
    }
    let is_here = model.accounts.kind(sign.account).is_some_and(|kind| kind.file().is_some());
    if is_here || model.asks_signer(sign) {
        sign.step = Step::Ready;
        return Vec::new();
    }
    let hint = Some("import the key, or sign where it is".to_owned());
    stuck(sign, Problem { hint, ..trouble("no-such-account", "the key that is to sign is not here") })
}

/// Enter: signs.
pub(super) fn sign(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    let Some(request) = sign.to_sign().map(|given| Box::new(given.request.clone())) else { return Vec::new() };
    sign.problem = None;
    let ticket = ask(model, &mut sign, Step::Asking);
    model.dialog = Some(Dialog::Sign(sign));
    vec![Effect::SignRequest { ticket, request }]
}

/// It was not signed.
pub(super) fn unsigned(model: &mut Model, problem: Problem) {
    let is_over = problem.code == "passphrase-wrong" && model.tries.failed(model.now);
    if is_over {
        model.dialog = None;
        return model.say_of(
            "passphrase",
            Tone::Bad,
            "five wrong passphrases: the dialog was closed, and nothing was signed",
        );
    }
    if let Some(Dialog::Sign(sign)) = &mut model.dialog {
        sign.step = Step::Ready;
        sign.secret = SecretShape::default();
        sign.problem = Some(problem);
    }
}
