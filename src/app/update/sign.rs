//! The dialog that publishes or revokes.

use tui_input::Input;

use crate::{
    app::{
        effect::Effect,
        model::{Dialog, Model, Tone},
        msg::{Problem, SecretShape},
        sign::{Publication, PublicationId, Purpose, Quote, Sign, Step},
        update::{accounts, tasks},
    },
    domain::{
        image::{Evidence, ImageId, KindedDigest},
        publication::{Stage, Statement},
    },
};

/// Opens the dialog for the selected row.
pub(super) fn open(model: &mut Model, revocation: bool) -> Vec<Effect> {
    let Some(row) = model.rows.selected() else { return Vec::new() };
    let Some(reference) = row.key.reference.clone() else { return Vec::new() };
    // Only its publisher can withdraw a release.
    let publisher = row.verdict.as_ref().and_then(|verdict| verdict.publisher).filter(|_| revocation);
    let account = publisher.and_then(|publisher| model.accounts.get(publisher));
    let account = account.or_else(|| model.accounts.default_account()).or_else(|| model.accounts.all().first());
    let purpose = if revocation { Purpose::Revoke { reason: Input::default() } } else { Purpose::Publish };
    let sign = Sign {
        purpose,
        key: row.key.clone(),
        reference,
        digests: Vec::new(),
        account: account.map(|account| account.address),
        step: Step::Measuring,
        ticket: 0,
        quote: None,
        secret: SecretShape::default(),
        problem: None,
    };
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, Box::new(sign)));
    effects
}

/// What is said of an image: a revocation withdraws more than a release vouches for.
fn digests(sign: &Sign, evidence: &Evidence) -> Vec<KindedDigest> {
    if sign.is_revocation() { evidence.revocable() } else { evidence.releasable() }
}

/// Takes the dialog as far as it can go without the user.
pub(super) fn resume(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    sign.problem = None;
    let image = model.rows.get(&sign.key).map(|row| (row.image.clone(), row.label()));
    let Some((image, label)) = image else {
        sign.step = Step::Stuck;
        sign.problem = Some(trouble("gone", "the image is no longer here under this name"));
        model.dialog = Some(Dialog::Sign(sign));
        return Vec::new();
    };
    sign.digests = digests(&sign, &image.evidence);
    let effects = match &image.evidence {
        Evidence::Corrupt { problem, .. } => {
            sign.step = Step::Stuck;
            sign.problem = Some(trouble("corrupt", &format!("the image contradicts itself: {problem}")));
            Vec::new()
        }
        _ if sign.account.is_none() => {
            sign.step = Step::NoAccount;
            Vec::new()
        }
        evidence if !evidence.level().is_measured() || image.evidence.config_digest().is_none() => {
            sign.step = Step::Measuring;
            model.tasks.add(&image, &label, false, true);
            tasks::start(model)
        }
        _ => match &sign.purpose {
            Purpose::Revoke { reason } if reason.value().trim().is_empty() => {
                sign.step = Step::Reason;
                Vec::new()
            }
            _ => estimate(model, &mut sign),
        },
    };
    model.dialog = Some(Dialog::Sign(sign));
    effects
}

fn estimate(model: &mut Model, sign: &mut Sign) -> Vec<Effect> {
    let Some(from) = sign.account else { return Vec::new() };
    let statement = match &sign.purpose {
        Purpose::Publish => Statement::Release {
            reference: sign.reference.clone(),
            digests: sign.digests.clone(),
            amends: 0,
            annotations: String::new(),
        },
        Purpose::Revoke { reason } => Statement::Revocation {
            reference: sign.reference.clone(),
            digests: sign.digests.iter().map(|kinded| kinded.digest).collect(),
            reason: reason.value().trim().to_owned(),
        },
    };
    model.last_ticket += 1;
    sign.ticket = model.last_ticket;
    sign.quote = None;
    sign.step = Step::Estimating;
    vec![Effect::Quote { ticket: sign.ticket, statement, from }]
}

fn trouble(code: &'static str, message: &str) -> Problem {
    Problem { code, message: message.to_owned(), hint: None }
}

/// The image that the dialog waited for was measured, or could not be.
pub(super) fn measured(model: &mut Model, image: &ImageId, problem: Option<Problem>) -> Vec<Effect> {
    let waits =
        matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.step == Step::Measuring && sign.key.image == *image);
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|_| waits) else { return Vec::new() };
    match problem {
        None => resume(model, sign),
        Some(problem) => {
            sign.step = Step::Stuck;
            sign.problem = Some(problem);
            model.dialog = Some(Dialog::Sign(sign));
            Vec::new()
        }
    }
}

/// The images were listed or measured anew: what is signed must be what the dialog shows, and that what is here.
pub(super) fn recheck(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(sign)) = &model.dialog else { return Vec::new() };
    let now = model.rows.get(&sign.key).map(|row| digests(sign, &row.image.evidence)).unwrap_or_default();
    let is_other = matches!(sign.step, Step::Reason | Step::Estimating | Step::Ready) && now != sign.digests;
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|_| is_other) else { return Vec::new() };
    sign.secret = SecretShape::default();
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, sign));
    model.say(Tone::Bad, "the image changed: look again before you sign");
    effects
}

/// The cost came.
pub(super) fn quoted(model: &mut Model, ticket: u64, result: Result<Box<Quote>, Problem>) {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return };
    if sign.ticket != ticket || sign.step != Step::Estimating {
        return;
    }
    match result {
        Ok(quote) => {
            sign.step = Step::Ready;
            if let Some(refused) = refusal(&quote) {
                sign.step = Step::Stuck;
                sign.problem = Some(refused);
            }
            sign.quote = Some(*quote);
        }
        Err(problem) => {
            sign.step = Step::Stuck;
            sign.problem = Some(problem);
        }
    }
}

/// Why a quote is not worth a passphrase.
fn refusal(quote: &Quote) -> Option<Problem> {
    if quote.is_repetition() {
        return Some(match quote.statement {
            Statement::Release { .. } => {
                trouble("already-published", "this digest is the current release already: there is nothing to publish")
            }
            Statement::Revocation { .. } => {
                trouble("already-revoked", "all of it is withdrawn already: there is nothing to revoke")
            }
        });
    }
    if quote.is_covered() {
        return None;
    }
    let hint = if quote.network.local { "fund it in the accounts pane with `f`" } else { "send ether to it first" };
    Some(Problem { hint: Some(hint.to_owned()), ..trouble("not-covered", "the account holds less than this can cost") })
}

/// Enter: the reason is complete, the passphrase is typed, the error is read.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    match sign.step {
        Step::Working(_) => {
            forget_told(model);
            return vec![Effect::ForgetSecret];
        }
        Step::Stuck if sign.is_repetition() => return vec![Effect::ForgetSecret],
        Step::Stuck => return resume(model, sign),
        Step::Reason => {
            let Purpose::Revoke { reason } = &sign.purpose else { return Vec::new() };
            if reason.value().trim().is_empty() {
                sign.problem = Some(trouble("usage", "say why: anybody who verifies the image will read it"));
                model.dialog = Some(Dialog::Sign(sign));
                return Vec::new();
            }
            return resume(model, sign);
        }
        Step::Ready if sign.secret.first > 0 => {
            if let Some(quote) = sign.quote.clone() {
                return submit(model, sign, quote);
            }
        }
        Step::Ready => {
            sign.problem = Some(trouble("passphrase-needed", "type the account's passphrase"));
        }
        Step::NoAccount | Step::Measuring | Step::Estimating => {}
    }
    model.dialog = Some(Dialog::Sign(sign));
    Vec::new()
}

fn submit(model: &mut Model, mut sign: Box<Sign>, quote: Quote) -> Vec<Effect> {
    model.last_publication += 1;
    let id = PublicationId(model.last_publication);
    model.publications.push(Publication {
        id,
        reference: sign.reference.clone(),
        image: Some(sign.key.image.clone()),
        revocation: sign.is_revocation(),
        stage: Stage::Unlocking,
        problem: None,
        entry: None,
        looking: false,
    });
    sign.step = Step::Working(id);
    sign.problem = None;
    sign.secret = SecretShape::default();
    model.dialog = Some(Dialog::Sign(sign));
    vec![Effect::Submit { publication: id, quote }]
}

/// A publication failed before it was sent: the dialog, if it still shows it, asks again.
pub(super) fn failed(model: &mut Model, id: PublicationId, problem: &Problem) -> bool {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return false };
    if sign.step != Step::Working(id) {
        return false;
    }
    // A wrong passphrase leaves the cost as it was; anything else may have changed it.
    let again = problem.code == "passphrase-wrong" && sign.quote.is_some();
    sign.step = if again { Step::Ready } else { Step::Stuck };
    sign.problem = Some(problem.clone());
    true
}

/// The faucet gave: a dialog that waited for it asks again.
pub(super) fn funded(model: &mut Model) -> Vec<Effect> {
    let waits = matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.step == Step::Stuck);
    match model.dialog.take_if(|_| waits) {
        Some(Dialog::Sign(sign)) => resume(model, sign),
        _ => Vec::new(),
    }
}

/// Signs with the account `step` places further.
pub(super) fn change_account(model: &mut Model, step: isize) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    sign.account = model.accounts.neighbour(sign.account, step);
    sign.secret = SecretShape::default();
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, sign));
    effects
}

/// Back to the reason of a revocation.
pub(super) fn edit_reason(model: &mut Model) -> Vec<Effect> {
    if let Some(Dialog::Sign(sign)) = &mut model.dialog
        && sign.is_revocation()
    {
        sign.step = Step::Reason;
        sign.problem = None;
        sign.quote = None;
        sign.secret = SecretShape::default();
    }
    vec![Effect::ForgetSecret]
}

/// Makes an account and comes back.
pub(super) fn new_account(model: &mut Model) -> Vec<Effect> {
    match model.dialog.take() {
        Some(Dialog::Sign(sign)) => accounts::open_new(model, Some(sign)),
        _ => accounts::open_new(model, None),
    }
}

/// The dialog told how it ended: nobody needs to be told again.
fn forget_told(model: &mut Model) {
    model.publications.retain(|one| one.is_open() || one.stage.is_failure() || one.problem.is_some());
}

/// Esc: closes the dialog; what was sent goes on.
pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    forget_told(model);
    match model.dialog.take() {
        Some(Dialog::NewAccount(new, _)) if new.working => {
            model.say(Tone::Plain, "the account is being made");
        }
        Some(Dialog::NewAccount(_, Some(sign))) => {
            model.dialog = Some(Dialog::Sign(sign));
        }
        _ => {}
    }
    vec![Effect::ForgetSecret]
}
