//! What is signed elsewhere: carried there as text or as a code for a camera, pasted here when it comes back.

use tui_input::Input;

use crate::{
    app::{
        effect::Effect,
        model::{Code, Dialog, Model, Tone},
        msg::{Problem, SecretShape},
        sign::{Carried, Purpose, Sign, Step},
        update::{
            given,
            sign::{self, trouble},
        },
    },
    domain::{Address, account::AccountKind, publication::Statement, qr::Qr, text::clean, wish::Making},
};

/// More than any signature with its request takes.
const LONGEST: usize = 1 << 20;

/// Asks for what is carried; once its answer is here, for the cost of sending it.
pub(super) fn ask(
    model: &mut Model,
    sign: &mut Sign,
    publisher: Address,
    statement: Statement,
    contract: bool,
) -> Vec<Effect> {
    let is_made = |carried: &&Carried| {
        let says = carried.statement().is_some_and(|said| is_of(said, &statement, sign.makes()));
        says && carried.request.as_ref().is_none_or(|request| request.publisher == publisher)
    };
    let carried = sign.carried.as_deref().filter(is_made);
    let (is_made, request) = (carried.is_some(), carried.and_then(|carried| carried.request.clone()));
    let mut effects = Vec::new();
    if !is_made {
        // What was carried, and what came back, says something else.
        effects.extend(sign.let_go().map(Effect::Forget));
    }
    if let (Some(request), Some(answer)) = (request, sign.answer.clone()) {
        sign.payer = sign.payer.or_else(|| payer(model, None, 0));
        let Some(from) = sign.payer else {
            sign.step = Step::Stuck;
            let hint = Some("`n` in the accounts pane makes one".to_owned());
            sign.problem = Some(Problem { hint, ..trouble("no-account", "no account here can send it and pay") });
            return effects;
        };
        let ticket = sign::ask(model, sign, Step::Estimating);
        let (request, cap, making) = (Box::new(request), sign.cap, sign.makes());
        effects.push(Effect::Relay { ticket, request, answer, from, cap, making });
        return effects;
    }
    if is_made {
        // It is made already, with its number.
        sign.step = Step::Carrying;
        return effects;
    }
    if !contract && matches!(sign.purpose, Purpose::Personal(_)) {
        sign.step = Step::Stuck;
        let message = "only the account's own transaction can say this, and its key is on another machine";
        let hint = Some("say it there, or choose another account with the arrows".to_owned());
        sign.problem = Some(Problem { hint, ..trouble("key-elsewhere", message) });
        return effects;
    }
    let ticket = sign::ask(model, sign, Step::Asking);
    let (replace, making, seconds) = (sign.replace, sign.makes(), sign.good_for.seconds());
    effects.push(Effect::Ask { ticket, statement, publisher, contract, replace, making, seconds });
    effects
}

/// True where a request says what is to be said: an amendment all that the current version does not hold yet.
fn is_of(requested: &Statement, wanted: &Statement, making: Making) -> bool {
    match (requested, wanted) {
        (
            Statement::Release { reference, digests, amends: 1.., annotations },
            Statement::Release { reference: of, digests: all, annotations: notes, .. },
        ) if making == Making::Amended => {
            (reference, annotations) == (of, notes) && digests.iter().all(|digest| all.contains(digest))
        }
        _ => requested == wanted,
    }
}

/// Asks again, for the number of the first request that nobody relayed.
pub(super) fn replace(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    sign.replace = true;
    let forgotten = sign.let_go().map(Effect::Forget);
    let mut effects = sign::resume(model, sign);
    effects.splice(0..0, forgotten);
    effects
}

/// What is carried was made, or not.
pub(super) fn asked(model: &mut Model, ticket: u64, result: Result<Box<Carried>, Problem>) {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return };
    if sign.ticket != ticket || sign.step != Step::Asking {
        return;
    }
    match result {
        Ok(carried) => {
            sign.carried = Some(carried);
            sign.step = Step::Carrying;
            if sign.to_sign().is_some() && sign.secret != SecretShape::default() {
                model.tries.succeeded();
            }
        }
        Err(problem) if sign.to_sign().is_some() => given::unsigned(model, problem),
        Err(problem) => {
            sign.step = Step::Stuck;
            sign.problem = Some(problem);
        }
    }
}

/// True for what is wrong with what came back, and not with the way there.
pub(super) fn is_answers(problem: &Problem) -> bool {
    problem.code.starts_with("signature-") || problem.code == "request-invalid"
}

/// An account that can send and pay, `step` places from `from`.
pub(super) fn payer(model: &Model, from: Option<Address>, step: isize) -> Option<Address> {
    let can_pay = |kind: &AccountKind| matches!(kind, AccountKind::KeyFile(_) | AccountKind::Clef(_));
    let all: Vec<_> = model.accounts.all().iter().filter(|one| can_pay(&one.kind)).collect();
    let first = || all.iter().position(|one| one.is_default);
    let at = from.map_or_else(first, |from| all.iter().position(|one| one.address == from)).unwrap_or_default();
    let count = isize::try_from(all.len()).ok().filter(|count| *count > 0)?;
    let next = (isize::try_from(at).ok()? + step).rem_euclid(count);
    all.get(usize::try_from(next).ok()?).map(|one| one.address)
}

/// What is carried leaves this machine now.
fn leaves(model: &mut Model) -> Option<String> {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return None };
    sign.problem = None;
    let carried = sign.carried.as_mut()?;
    carried.left = true;
    Some(carried.text.clone())
}

fn carried_text(model: &Model) -> Option<String> {
    match &model.dialog {
        Some(Dialog::Sign(sign)) => sign.carried.as_ref().map(|carried| carried.text.clone()),
        _ => None,
    }
}

/// Hands it to the terminal's clipboard.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(text) = leaves(model) else { return Vec::new() };
    model.say(Tone::Plain, format!("copied {} characters, where the terminal allows it", text.chars().count()));
    vec![Effect::Copy(text)]
}

/// Shows it as a code for a camera.
pub(super) fn show(model: &mut Model) -> Vec<Effect> {
    let Some(text) = carried_text(model) else { return Vec::new() };
    // What no camera sees has not left.
    let (width, height) = (usize::from(model.width), usize::from(model.height));
    if Qr::new(&text).is_ok_and(|code| code.fits(model.unicode, width, height)) {
        let _ = leaves(model);
    }
    if let Some(Dialog::Sign(sign)) = model.dialog.take() {
        let what = if sign.to_sign().is_some() { "Signed" } else { "To sign" };
        let title = format!("{what}: {}", sign.subject());
        model.dialog = Some(Dialog::Code(Box::new(Code { title, text, back: Some(sign) })));
    }
    Vec::new()
}

/// Opens the field of the file's name.
pub(super) fn name_file(model: &mut Model) -> Vec<Effect> {
    if let Some(Dialog::Sign(sign)) = &mut model.dialog {
        let name = if sign.to_sign().is_some() {
            "signature.json"
        } else if sign.carried.as_ref().is_some_and(|carried| carried.request.is_some()) {
            "request.json"
        } else {
            "calldata.json"
        };
        sign.path = Input::new(name.to_owned());
        sign.step = Step::Saving;
        sign.problem = None;
    }
    Vec::new()
}

/// Enter in that field: writes the file.
pub(super) fn save(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    let path = sign.path.value().trim().to_owned();
    if path.is_empty() {
        sign.problem = Some(trouble("usage", "name a file that is not there yet"));
        model.dialog = Some(Dialog::Sign(sign));
        return Vec::new();
    }
    sign.step = Step::Carrying;
    let text = sign.carried.as_ref().map(|carried| carried.text.clone());
    let effect = text.map(|text| Effect::Save { path: path.into(), text });
    model.dialog = Some(Dialog::Sign(sign));
    effect.into_iter().collect()
}

/// A file was written, or was not.
pub(super) fn saved(model: &mut Model, result: Result<String, Problem>) {
    match result {
        Ok(path) => {
            if let Some(Dialog::Sign(sign)) = &mut model.dialog
                && let Some(carried) = &mut sign.carried
            {
                carried.left = true;
            }
            model.say_of("writing", Tone::Good, format!("written to {path}"));
        }
        Err(problem) => model.say_of("writing", Tone::Bad, problem.sentence()),
    }
}

/// Leaves that field.
pub(super) fn keep(model: &mut Model) -> Vec<Effect> {
    if let Some(Dialog::Sign(sign)) = &mut model.dialog {
        sign.step = Step::Carrying;
        sign.problem = None;
    }
    Vec::new()
}

/// What comes back is pasted.
pub(super) fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    let is_request = sign.carried.as_ref().is_some_and(|carried| carried.request.is_some());
    let problem = if sign.to_sign().is_some() {
        Some(trouble("usage", "it is signed: carry the signature back, nothing is pasted here"))
    } else if !is_request {
        Some(trouble("usage", "a contract's owners execute the call themselves: nothing comes back here"))
    } else if text.len() > LONGEST {
        Some(trouble("request-invalid", "what was pasted is longer than any signature"))
    } else {
        None
    };
    if problem.is_some() {
        sign.problem = problem;
        model.dialog = Some(Dialog::Sign(sign));
        return Vec::new();
    }
    sign.answer = Some(clean(text.trim()));
    sign::resume(model, sign)
}
