//! The dialog's beginnings: each says what it is for.

use tui_input::Input;

use super::resume;
use crate::{
    app::{
        effect::Effect,
        form::Form,
        model::{Model, Pane},
        rows::RowKey,
        sign::{Document, Look, Purpose, Replaces, Sign, Wish},
        update::{batch, observe},
    },
    domain::{Address, digest::DigestKind, image::KindedDigest, publication::Statement},
};

/// Opens the dialog for a row.
pub(in crate::app::update) fn open(model: &mut Model, key: &RowKey, wish: Wish) -> Vec<Effect> {
    let Some(row) = model.rows.get(key) else { return batch::next(model) };
    let Some(reference) = row.key.reference.clone() else { return Vec::new() };
    if wish == Wish::Observe {
        return observe::open_name(model, reference, Look::default());
    }
    // Only its publisher can withdraw a release.
    let revocation = wish == Wish::Revoke;
    let publisher = row.verdict.as_ref().and_then(|verdict| verdict.publisher).filter(|_| revocation);
    let account = publisher.and_then(|publisher| model.accounts.get(publisher));
    let account = account.or_else(|| model.accounts.default_account()).or_else(|| model.accounts.all().first());
    let purpose = if revocation { Purpose::Revoke { reason: Input::default() } } else { Purpose::Publish };
    let sign = Sign::new(purpose, Some(row.key.clone()), Some(reference), account.map(|account| account.address));
    let chosen = model.batch.as_ref().and_then(|batch| batch.chosen.clone());
    let sign = match chosen {
        Some(chosen) => chosen.within(sign),
        None => sign,
    };
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, Box::new(sign)));
    effects
}

/// Opens the dialog for the selected row's transaction that waits: of an image, or in the activity pane of any.
pub(in crate::app::update) fn open_replacement(model: &mut Model, cancel: bool) -> Vec<Effect> {
    let (transaction, key, reference) = if model.pane == Pane::Activity {
        let Some((transaction, reference)) = model.waiting_of_line() else { return Vec::new() };
        (transaction, None, reference)
    } else {
        let key = model.rows.selected().map(|row| row.key.clone());
        let Some((transaction, reference)) = model.waiting_of_selected() else { return Vec::new() };
        (transaction, key, Some(reference))
    };
    // The account follows from the transaction.
    let purpose = Purpose::Replace(Replaces { transaction, cancel });
    let sign = Sign::new(purpose, key, reference, None);
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, Box::new(sign)));
    effects
}

/// Opens the dialog for what `account` says of itself.
pub(in crate::app::update) fn open_personal(
    model: &mut Model,
    account: Address,
    statement: Statement,
    form: Option<Box<Form>>,
) -> Vec<Effect> {
    let reference = statement.reference().cloned();
    let sign = Sign::new(Purpose::Personal(statement), None, reference, Some(account));
    let sign = Sign { form, ..sign };
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, Box::new(sign)));
    effects
}

/// Opens the dialog for what is not about an image here.
pub(in crate::app::update) fn open_document(model: &mut Model, document: Document, form: Box<Form>) -> Vec<Effect> {
    let Document { statement, notes } = document;
    let account = model.accounts.default_account().or_else(|| model.accounts.all().first());
    let (reference, account) = (statement.reference().cloned(), account.map(|account| account.address));
    let digests = match &statement {
        Statement::Release { digests, .. } => digests.clone(),
        other => other.digests().into_iter().map(|digest| KindedDigest { kind: DigestKind::Config, digest }).collect(),
    };
    let sign =
        Sign { digests, notes, form: Some(form), ..Sign::new(Purpose::Document(statement), None, reference, account) };
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(resume(model, Box::new(sign)));
    effects
}
