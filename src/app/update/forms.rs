//! The dialogs of the accounts pane: what they ask, what they check, and what they have done.

mod fields;
mod images;
mod trust;
mod wanted;

use fields::fields;
use tui_input::Input;
use wanted::{Wanted, wanted};

use crate::{
    app::{
        effect::{Deed, Effect},
        form::{Field, Form, Matter, Name, Value},
        model::{Dialog, Model, Tone},
        msg::{Done, Problem, SecretShape},
        report::Inquiry,
        rows::Row,
        sign::{Document, Sign},
        trust::Entry,
        update::{accounts, batch, claim, market, observe, report, sign, trust as policy},
    },
    domain::image::Source,
};

/// Minutes for which a key may stay open.
const MINUTES: [u64; 4] = [1, 5, 10, 15];
/// Places in the choice of [`Matter::Import`].
const FILE: usize = 0;
const DIGITS: usize = 1;
/// Places in the choice of [`Matter::Know`].
const CLEF: usize = 0;
const CONTRACT: usize = 2;

/// Opens a form; afterwards the dialog that wanted it goes on.
pub(super) fn open(model: &mut Model, matter: Matter, back: Option<Box<Sign>>) -> Vec<Effect> {
    let fields = fields(model, matter, 0);
    let secret = SecretShape::default();
    let form = Form {
        matter,
        fields,
        focus: 0,
        secret,
        touched: false,
        document: None,
        working: None,
        progress: None,
        problem: None,
        entry: None,
        back,
    };
    model.dialog = Some(Dialog::Form(Box::new(form)));
    vec![Effect::ForgetSecret]
}

/// Says which entry of the trust policy the open form is about.
pub(super) fn about(model: &mut Model, entry: Entry) {
    if let Some(form) = form(model) {
        form.entry = Some(entry);
    }
}

/// Fills fields of the open form: texts, and choices by what they say.
pub(super) fn fill(model: &mut Model, filled: &[(Name, String)]) {
    let Some(form) = form(model) else { return };
    for (name, text) in filled {
        let Some(field) = form.fields.iter_mut().find(|field| field.name == *name) else { continue };
        match &mut field.value {
            Value::Text(input) => *input = Input::new(text.clone()),
            Value::Choice { options, at } => {
                if let Some(known) = options.iter().position(|option| option == text) {
                    *at = known;
                } else if !text.is_empty() {
                    // Another network's rule keeps its network.
                    options.push(text.clone());
                    *at = options.len() - 1;
                }
            }
            Value::Secret(_) => {}
        }
    }
}

fn form(model: &mut Model) -> Option<&mut Form> {
    match &mut model.dialog {
        Some(Dialog::Form(form)) if form.working.is_none() => Some(form),
        _ => None,
    }
}

/// The field `step` places further, around the ends.
pub(super) fn travel(model: &mut Model, step: isize) -> Vec<Effect> {
    if let Some(form) = form(model) {
        let count = form.fields.len().max(1);
        form.focus = form.focus.checked_add_signed(step).unwrap_or(count - 1) % count;
    }
    Vec::new()
}

/// Another one of several. What depends on the choice is asked anew.
pub(super) fn choose(model: &mut Model, step: isize) -> Vec<Effect> {
    let Some(form) = form(model) else { return Vec::new() };
    let focus = form.focus;
    let Some(Field { name, value: Value::Choice { options, at }, .. }) = form.fields.get_mut(focus) else {
        return Vec::new();
    };
    let count = options.len().max(1);
    *at = at.checked_add_signed(step).unwrap_or(count - 1) % count;
    let (name, at, matter) = (*name, *at, form.matter);
    form.problem = None;
    if !matches!(name, Name::Kind | Name::What) {
        return Vec::new();
    }
    let mut fields = fields(model, matter, at);
    let Some(Dialog::Form(form)) = &mut model.dialog else { return Vec::new() };
    for field in &mut fields {
        let known = form.fields.iter().find(|known| known.name == field.name);
        match (&mut field.value, known.map(|known| &known.value)) {
            (Value::Text(now), Some(Value::Text(before))) => *now = before.clone(),
            (Value::Choice { options, at }, Some(Value::Choice { at: before, .. })) => {
                *at = (*before).min(options.len().saturating_sub(1));
            }
            _ => {}
        }
    }
    form.fields = fields;
    form.secret = SecretShape::default();
    vec![Effect::ForgetSecret]
}

/// Enter: the next field, and from the last one the deed.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let (now, wait) = (model.now, model.tries.wait(model.now));
    let known = model.accounts.clone();
    let Some(form) = form(model) else { return Vec::new() };
    if !form.is_at_end() {
        form.focus += 1;
        return Vec::new();
    }
    let before = form.problem.take();
    match wanted(form, &known, now, before.as_deref() == Some(EMPTY)) {
        Err((name, problem)) => {
            form.focus_on(name);
            form.problem = Some(problem);
            Vec::new()
        }
        Ok(Wanted::Deed(deed)) => {
            if let Some(seconds) = wait.filter(|_| opens(form)) {
                form.problem = Some(waits(seconds));
                return Vec::new();
            }
            form.secret = SecretShape::default();
            begin(model, deed)
        }
        Ok(Wanted::Push(reference)) => {
            let rows = images::measured(model, &reference, Some(&Source::Engine));
            match rows.map(|rows| rows.first().map(|row| row.image.evidence.clone())) {
                Ok(Some(evidence)) => begin(model, Deed::Push { reference, evidence }),
                Ok(None) => Vec::new(),
                Err(why) => form_problem(model, why),
            }
        }
        Ok(Wanted::Verify(reference, only)) => match images::measured(model, &reference, None) {
            Ok(rows) => {
                let known = |row: &Row| (row.image.platform.clone(), row.image.evidence.clone());
                let images = rows.into_iter().map(known).collect();
                report::ask_from_form(model, Inquiry::By { reference, images, only })
            }
            Err(why) => form_problem(model, why),
        },
        Ok(Wanted::Claim(account, wish)) => claim::plan(model, account, wish),
        Ok(Wanted::Revoke(statement)) => match taken(model) {
            Some(form) => sign::open_document(model, Document { statement, notes: Vec::new() }, form),
            None => Vec::new(),
        },
        Ok(Wanted::Ask(inquiry)) => report::ask_from_form(model, inquiry),
        Ok(Wanted::CheckTrust(reference)) => {
            policy::check(model, &reference);
            Vec::new()
        }
        Ok(Wanted::Policy(reference, file)) => {
            let ticket = awaited(model);
            vec![Effect::ReadPolicy { ticket, reference, file }]
        }
        Ok(Wanted::Observe(reference, look)) => {
            let form = taken(model);
            let effects = observe::open_name(model, reference, look);
            if let Some(Dialog::Sign(sign)) = &mut model.dialog {
                sign.form = form;
            }
            effects
        }
        Ok(Wanted::Watch(watch)) => {
            if let Some(seconds) = wait.filter(|_| opens(form)) {
                form.problem = Some(waits(seconds));
                return Vec::new();
            }
            form.secret = SecretShape::default();
            let ticket = awaited(model);
            vec![Effect::Watch { ticket, watch: Box::new(watch) }]
        }
        Ok(Wanted::Release(wish)) => {
            let ticket = awaited(model);
            vec![Effect::Compose { ticket, wish }]
        }
        Ok(Wanted::Pull(wish)) => {
            if model.market.pull.is_some() {
                return form_problem(model, market::BUSY);
            }
            model.dialog = None;
            model.say(Tone::Plain, format!("pulling {}", wish.reference.familiar()));
            market::pull_one(model, wish)
        }
        Ok(Wanted::Trust(wish)) => policy::change(model, wish),
        Ok(Wanted::Given(source)) => {
            let ticket = awaited(model);
            vec![Effect::ReadGiven { ticket, source }]
        }
        Ok(Wanted::Statement(account, statement)) => {
            let form = taken(model);
            sign::open_personal(model, account, statement, form)
        }
    }
}

/// Says why the open form does nothing.
fn form_problem(model: &mut Model, why: &str) -> Vec<Effect> {
    if let Some(form) = form(model) {
        form.problem = Some(why.to_owned());
    }
    Vec::new()
}

/// The form, to go back to from what it leads to.
fn taken(model: &mut Model) -> Option<Box<Form>> {
    match model.dialog.take() {
        Some(Dialog::Form(form)) => Some(form),
        _ => None,
    }
}

/// Has it done, and the form wait for it.
fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let ticket = awaited(model);
    vec![Effect::Do { ticket, deed }]
}

/// The ticket of an answer that the open form waits for.
pub(super) fn awaited(model: &mut Model) -> u64 {
    model.last_ticket += 1;
    let ticket = model.last_ticket;
    if let Some(form) = form(model) {
        (form.working, form.progress) = (Some(ticket), None);
    }
    ticket
}

/// True where several names, digests or publishers are typed.
pub(super) fn takes_names(model: &Model) -> bool {
    match &model.dialog {
        Some(Dialog::Form(form)) => {
            let name = form.focused().map(|field| field.name);
            let is_watched = matches!(form.matter, Matter::Watch(_)) && name == Some(Name::Reference);
            is_watched || matches!(name, Some(Name::Digest | Name::Only))
        }
        _ => false,
    }
}

/// The names of a pasted list in one line, where names are typed: those of its lines that say something.
pub(super) fn listed(model: &Model, text: &str) -> Option<String> {
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    takes_names(model).then(|| names.collect::<Vec<_>>().join(" "))
}

/// Takes a pasted document in the place of a file's name. False where the text is none.
pub(super) fn paste(model: &mut Model, text: &str) -> bool {
    // A path has one line; a policy of one line says nothing.
    let is_document = |matter: Matter| match matter {
        Matter::Given => text.trim_start().starts_with('{'),
        Matter::ImportTrust => text.trim().contains('\n'),
        _ => false,
    };
    match form(model) {
        Some(form) if is_document(form.matter) => {
            form.document = Some(text.to_owned());
            form.touched = true;
            form.problem = None;
            true
        }
        _ => false,
    }
}

/// Why nothing is done without one.
pub(super) const EMPTY: &str = "type the account's passphrase; if it has none, press Enter again";

/// Why nothing is done while the key is open: its passphrase stands for the user's word here.
pub(super) const TYPED: &str = "type the account's passphrase; if it has none, lock the account first";

/// Why a passphrase is not tried yet.
pub(super) fn waits(seconds: u64) -> String {
    format!("after wrong passphrases the next try counts in {seconds} s")
}

/// True where a passphrase is tried.
fn opens(form: &Form) -> bool {
    form.fields.iter().any(|field| field.name == Name::Passphrase)
}

/// A deed was done, or was not.
pub(super) fn done(model: &mut Model, ticket: u64, result: Result<Done, Problem>) -> Vec<Effect> {
    let shown = matches!(&model.dialog, Some(Dialog::Form(form)) if form.working == Some(ticket));
    let doing = match &model.dialog {
        Some(Dialog::Form(form)) if shown => form.matter.doing(),
        _ => "message",
    };
    match result {
        Ok(done) => {
            model.say_of(doing, Tone::Good, done.words);
            if !shown {
                // Nobody waits for it any more: the selection stays, and nothing stays open.
                let lock = done.open_until.and(done.account).map(Effect::Lock);
                let mut effects: Vec<_> = lock.into_iter().collect();
                effects.extend(accounts::list(model));
                return effects;
            }
            let back = match model.dialog.take() {
                Some(Dialog::Form(form)) => {
                    if opens(&form) {
                        model.tries.succeeded();
                    }
                    form.back
                }
                _ => None,
            };
            if let Some(account) = done.account {
                model.accounts.select_address(account);
                model.accounts.open.extend(done.open_until.map(|until| (account, until)));
            }
            let mut effects = accounts::list(model);
            if let Some(mut sign) = back {
                sign.account = done.account.or(sign.account);
                effects.extend(sign::resume(model, sign));
            }
            effects
        }
        Err(problem) if problem.is_cancelled() => {
            let form = model.dialog.take_if(|_| shown);
            let is_push = matches!(&form, Some(Dialog::Form(form)) if form.matter == Matter::Push);
            let words = if is_push { "stopped; the registry may have it" } else { "nothing was written" };
            model.say(Tone::Plain, words);
            Vec::new()
        }
        Err(problem) => {
            let is_over = problem.code == "passphrase-wrong" && model.tries.failed(model.now);
            if is_over {
                model.dialog.take_if(|_| shown);
                model.say_of("passphrase", Tone::Bad, "five wrong passphrases: the dialog was closed");
                return vec![Effect::ForgetSecret];
            }
            match &mut model.dialog {
                Some(Dialog::Form(form)) if shown => {
                    form.working = None;
                    if problem.code == "passphrase-wrong" {
                        form.focus_on(Name::Passphrase);
                    } else if form.fields.iter().any(|field| field.name == Name::NewPassphrase) {
                        form.focus_on(Name::NewPassphrase);
                    }
                    form.problem = Some(problem.sentence());
                }
                _ => model.say_of(doing, Tone::Bad, problem.sentence()),
            }
            Vec::new()
        }
    }
}

/// Esc: nothing is done, and what is under way is stopped.
pub(super) fn close(model: &mut Model, form: Form) -> Vec<Effect> {
    if let Some(ticket) = form.working {
        let undo = Effect::Undo(ticket);
        model.say(Tone::Plain, "stopping");
        if form.back.is_some() {
            batch::stop(model);
        }
        // It answers whether it was in time.
        return vec![undo, Effect::ForgetSecret];
    }
    if let Some(sign) = form.back {
        model.dialog = Some(Dialog::Sign(sign));
    }
    vec![Effect::ForgetSecret]
}
