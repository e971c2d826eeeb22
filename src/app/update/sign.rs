//! The dialog that publishes or revokes.

mod opening;

pub(super) use opening::{open, open_document, open_personal, open_replacement};

use crate::{
    app::{
        effect::Effect,
        model::{Dialog, Model, Tone},
        msg::{Problem, SecretField, SecretShape},
        rows::Row,
        sign::{OBSERVATION, Publication, PublicationId, Purpose, Quote, Sign, Step, named},
        update::{batch, claim, deploy, elsewhere, forms, given, observe, price, tasks},
    },
    domain::{
        account::AccountKind,
        image::{Evidence, ImageId, KindedDigest, Source},
        publication::{Stage, Statement},
    },
};

const NEEDED: &str = "passphrase-needed";

/// What is said of an image: a revocation withdraws more than a release vouches for.
fn digests(sign: &Sign, evidence: &Evidence) -> Vec<KindedDigest> {
    if sign.is_revocation() { evidence.revocable() } else { evidence.releasable() }
}

/// Takes the dialog as far as it can go without the user.
pub(super) fn resume(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    sign.problem = None;
    batch::remember(model, &sign);
    let effects = match (&sign.purpose, sign.replaces()) {
        (_, Some(replaces)) => {
            let (ticket, cap) = (ask(model, &mut sign, Step::Estimating), sign.cap);
            vec![Effect::QuoteReplacement { ticket, replaces, cap }]
        }
        (Purpose::Personal(_) | Purpose::Document(_), None) => say(model, &mut sign),
        (Purpose::Deploy, None) => deploy::resume(model, &mut sign),
        (Purpose::Claim(_), None) => {
            claim::resume(model, &mut sign);
            Vec::new()
        }
        (Purpose::Given(_), None) => given::resume(model, &mut sign),
        (Purpose::Observe(look), None) => {
            let look = *look;
            observe::resume(model, &mut sign, look)
        }
        (_, None) => of_image(model, &mut sign),
    };
    model.dialog = Some(Dialog::Sign(sign));
    effects
}

pub(super) fn stuck(sign: &mut Sign, problem: Problem) -> Vec<Effect> {
    sign.step = Step::Stuck;
    sign.problem = Some(problem);
    Vec::new()
}

/// What is said of an image is measured, and a revocation has its reason.
fn of_image(model: &mut Model, sign: &mut Sign) -> Vec<Effect> {
    let row = sign.key.as_ref().and_then(|key| model.rows.get(key));
    let Some((image, label)) = row.map(|row| (row.image.clone(), row.label())) else {
        return stuck(sign, trouble("gone", "the image is no longer here under this name"));
    };
    sign.digests = digests(sign, &image.evidence);
    match &image.evidence {
        Evidence::Corrupt { problem, .. } => {
            stuck(sign, trouble("corrupt", &format!("the image contradicts itself: {problem}")))
        }
        _ if waits(model, sign) || sign.account.is_none() => say(model, sign),
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
            _ => say(model, sign),
        },
    }
}

fn waits(model: &Model, sign: &Sign) -> bool {
    let about = sign.reference.as_ref().and_then(|reference| model.publication_of(reference));
    about.is_some_and(|one| one.waiting().is_some())
}

/// Asks for the cost, or for the signature of a publisher whose key is elsewhere.
pub(super) fn say(model: &mut Model, sign: &mut Sign) -> Vec<Effect> {
    if waits(model, sign) {
        let hint = "`+` speeds it up, `-` takes it back".to_owned();
        let problem = trouble("publication-pending", "a transaction about this name waits for its block");
        return stuck(sign, Problem { hint: Some(hint), ..problem });
    }
    let (Some(from), Some(statement)) = (sign.account, statement(sign)) else {
        sign.step = Step::NoAccount;
        return Vec::new();
    };
    let kind = model.accounts.kind(sign.account);
    let is_contract = kind == Some(&AccountKind::Contract);
    if is_contract || kind == Some(&AccountKind::Cold) || sign.answer.is_some() {
        return elsewhere::ask(model, sign, from, statement, is_contract);
    }
    let ticket = ask(model, sign, Step::Estimating);
    let making = sign.makes();
    vec![Effect::Quote { ticket, statement, from, behalf: sign.behalf, making, cap: sign.cap }]
}

/// What is to be said.
fn statement(sign: &Sign) -> Option<Statement> {
    let reference = sign.reference.clone();
    match &sign.purpose {
        Purpose::Publish | Purpose::Observe(_) => Some(Statement::Release {
            reference: reference?,
            digests: sign.digests.clone(),
            amends: 0,
            annotations: sign.annotations.clone(),
        }),
        Purpose::Revoke { reason } => Some(Statement::Revocation {
            reference: reference?,
            digests: sign.digests.iter().map(|kinded| kinded.digest).collect(),
            reason: reason.value().trim().to_owned(),
        }),
        Purpose::Document(Statement::Release { reference, digests, .. }) => Some(Statement::Release {
            reference: reference.clone(),
            digests: digests.clone(),
            amends: 0,
            annotations: sign.annotations.clone(),
        }),
        Purpose::Personal(statement) | Purpose::Document(statement) => Some(statement.clone()),
        Purpose::Given(given) => Some(given.request.statement.clone()),
        Purpose::Claim(plan) => Some(plan.claim()),
        Purpose::Replace(_) | Purpose::Deploy => None,
    }
}

/// The ticket of a new question.
pub(super) fn ask(model: &mut Model, sign: &mut Sign, step: Step) -> u64 {
    model.last_ticket += 1;
    sign.ticket = model.last_ticket;
    sign.quote = None;
    sign.step = step;
    sign.ticket
}

pub(super) fn trouble(code: &'static str, message: &str) -> Problem {
    Problem { code, message: message.to_owned(), hint: None }
}

/// The image that the dialog waited for was measured, or could not be.
pub(super) fn measured(model: &mut Model, image: &ImageId, problem: Option<Problem>) -> Vec<Effect> {
    let is_of = |sign: &Sign| sign.key.as_ref().is_some_and(|key| key.image == *image);
    let waits = matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.step == Step::Measuring && is_of(sign));
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
    let Some(key) = &sign.key else { return Vec::new() };
    let now = match model.rows.get(key) {
        Some(row) => digests(sign, &row.image.evidence),
        // A file that is so new that it may still change is read again with each listing, and has no names until then.
        None if is_being_opened(model, &key.image) => return Vec::new(),
        None => Vec::new(),
    };
    let is_shown = !matches!(sign.step, Step::NoAccount | Step::Measuring | Step::Working(_) | Step::Stuck)
        && sign.replaces().is_none();
    let is_other = is_shown && now != sign.digests;
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|_| is_other) else { return Vec::new() };
    sign.secret = SecretShape::default();
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(sign.let_go().map(Effect::Forget));
    effects.extend(resume(model, sign));
    model.say(Tone::Bad, "the image changed: look again before you sign");
    effects
}

fn is_being_opened(model: &Model, image: &ImageId) -> bool {
    let of_archive = |row: &&Row| row.key.image.source != Source::Engine && row.key.image.source == image.source;
    model.rows.all().iter().filter(of_archive).any(|row| !row.is_measured())
}

/// A passphrase was missing already: it is meant to be empty.
fn is_asked_again(sign: &Sign) -> bool {
    sign.problem.as_ref().is_some_and(|problem| problem.code == NEEDED)
}

/// Enter: the reason is complete, the passphrase is typed, the error is read.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(mut sign)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) else {
        return Vec::new();
    };
    let wants = model.wants_passphrase(&sign);
    match sign.step {
        Step::Working(id) => {
            let has_failed = model.publication(id).is_some_and(|one| one.stage.is_failure());
            forget_told(model);
            if let Some(batch) = model.batch.as_mut().filter(|_| has_failed) {
                // What failed is not done, and keeps its mark.
                batch.shown = None;
            }
            if matches!(sign.purpose, Purpose::Deploy) && !has_failed {
                return deploy::open(model);
            }
            return go_on(model);
        }
        Step::Stuck if sign.is_repetition() => return go_on(model),
        Step::Stuck => {
            // What is served may be something else by now.
            sign.sighting = None;
            return resume(model, sign);
        }
        Step::Price => return price::accept(model, sign),
        Step::Reason => {
            let Purpose::Revoke { reason } = &sign.purpose else { return Vec::new() };
            if reason.value().trim().is_empty() {
                sign.problem = Some(trouble("usage", "say why: anybody who verifies the image will read it"));
                model.dialog = Some(Dialog::Sign(sign));
                return Vec::new();
            }
            return resume(model, sign);
        }
        // No passphrase at all is what an open key signs with.
        Step::Ready if wants && sign.secret.typed(SecretField::Open) == 0 && model.is_open(&sign) => {
            sign.problem = Some(trouble(NEEDED, forms::TYPED));
        }
        Step::Ready if wants && sign.secret.typed(SecretField::Open) == 0 && !is_asked_again(&sign) => {
            sign.problem = Some(trouble(NEEDED, forms::EMPTY));
        }
        Step::Ready => {
            if let Some(seconds) = model.tries.wait(model.now).filter(|_| wants) {
                sign.problem = Some(trouble("passphrase-wrong", &forms::waits(seconds)));
            } else if sign.to_sign().is_some() {
                return given::sign(model, sign);
            } else if sign.claims().is_some() {
                return claim::sign(model, sign);
            } else if let Some(quote) = sign.quote.clone() {
                return submit(model, sign, quote);
            }
        }
        Step::Saving => return elsewhere::save(model, sign),
        Step::Naming => return price::accept_name(model, sign),
        Step::Noting => return price::accept_annotations(model, sign),
        Step::NoAccount | Step::Measuring | Step::Looking | Step::Estimating | Step::Asking | Step::Carrying => {}
    }
    model.dialog = Some(Dialog::Sign(sign));
    Vec::new()
}

/// The dialog is done with: the next marked row's, if any.
fn go_on(model: &mut Model) -> Vec<Effect> {
    let next = batch::next(model);
    std::iter::once(Effect::ForgetSecret).chain(next).collect()
}

fn submit(model: &mut Model, mut sign: Box<Sign>, quote: Quote) -> Vec<Effect> {
    let wants = model.wants_passphrase(&sign);
    model.last_publication += 1;
    let id = PublicationId(model.last_publication);
    let replaces = sign.replaces();
    // Both are followed as one from now on.
    model.publications.retain(|one| replaces.is_none_or(|replaces| one.stage.hash() != Some(replaces.transaction)));
    model.publications.push(Publication {
        id,
        reference: sign.reference.clone(),
        about: named(&quote.statement).map(str::to_owned),
        image: sign.key.as_ref().map(|key| key.image.clone()),
        word: if sign.look().is_some() { OBSERVATION } else { quote.statement.word() },
        cancels: replaces.filter(|replaces| replaces.cancel).map(|replaces| replaces.transaction),
        stage: Stage::Unlocking,
        problem: None,
        entry: None,
        looking: false,
        unfollowed: false,
    });
    model.opening = wants.then_some(id);
    sign.step = Step::Working(id);
    sign.problem = None;
    sign.secret = SecretShape::default();
    model.dialog = Some(Dialog::Sign(sign));
    vec![Effect::Submit { publication: id, quote: Box::new(quote) }]
}

/// A publication failed before it was sent: the dialog, if it still shows it, asks again.
pub(super) fn failed(model: &mut Model, id: PublicationId, problem: &Problem) -> bool {
    let is_wrong = problem.code == "passphrase-wrong";
    // Counted whether or not the dialog is still there to tell it.
    let is_over = is_wrong && model.tries.failed(model.now);
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return false };
    if sign.step != Step::Working(id) {
        return false;
    }
    // A wrong passphrase leaves the cost as it was; anything else may have changed it.
    sign.step = if is_wrong && sign.quote.is_some() { Step::Ready } else { Step::Stuck };
    sign.problem = Some(problem.clone());
    if is_over {
        model.dialog = None;
        model.batch = None;
        model.say_of("passphrase", Tone::Bad, "five wrong passphrases: the dialog was closed, and nothing was signed");
    }
    true
}

/// The accounts were listed: a dialog that had found none goes on with the one that signs.
pub(super) fn listed(model: &mut Model) -> Vec<Effect> {
    let account = model.accounts.default_account().or_else(|| model.accounts.all().first());
    let account = account.map(|account| account.address);
    let waits = matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.step == Step::NoAccount);
    match model.dialog.take_if(|_| waits && account.is_some()) {
        Some(Dialog::Sign(mut sign)) => {
            sign.account = account;
            resume(model, sign)
        }
        _ => Vec::new(),
    }
}

/// The faucet gave: a dialog that waited for it asks again.
pub(super) fn funded(model: &mut Model) -> Vec<Effect> {
    let waits = matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.step == Step::Stuck);
    match model.dialog.take_if(|_| waits) {
        Some(Dialog::Sign(sign)) => resume(model, sign),
        _ => Vec::new(),
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
        Some(Dialog::Form(form)) => forms::close(model, *form),
        Some(Dialog::Code(code)) => {
            model.dialog = code.back.map(Dialog::Sign);
            Vec::new()
        }
        Some(Dialog::Sign(mut sign)) => {
            let mut effects = vec![Effect::ForgetSecret];
            if sign.step == Step::Looking {
                effects.push(Effect::Undo(sign.ticket));
            }
            if !matches!(sign.step, Step::Working(_)) {
                effects.extend(sign.let_go().map(Effect::Forget));
            }
            let publication = sign.publication().and_then(|id| model.publication(id));
            if let Some(one) = publication.filter(|one| one.stage == Stage::Unlocking) {
                effects.push(Effect::Withdraw(one.id));
                model.say(Tone::Plain, "stopping, unless it is signed already");
            }
            if matches!(sign.step, Step::Working(_)) || sign.is_repetition() {
                effects.extend(batch::next(model));
                if model.dialog.is_some() {
                    return effects;
                }
            } else {
                batch::stop(model);
            }
            // What was typed there is not lost by looking at the cost.
            model.dialog = sign.form.filter(|_| !matches!(sign.step, Step::Working(_))).map(Dialog::Form);
            effects
        }
        _ => vec![Effect::ForgetSecret],
    }
}
