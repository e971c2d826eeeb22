//! When a key does something: each answers why not, and with nothing where the key is not even worth an answer.

use crate::{
    app::{
        model::{Dialog, Model},
        sign::Step,
    },
    domain::image::Source,
};

#[expect(clippy::unnecessary_wraps, reason = "one of the table's predicates")]
pub(super) const fn always(_: &Model) -> Result<(), &'static str> {
    Ok(())
}

fn demand(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}

pub(super) fn has_row(model: &Model) -> Result<(), &'static str> {
    demand(model.rows.selected().is_some(), "there is no image to look at")
}

pub(super) fn has_digest(model: &Model) -> Result<(), &'static str> {
    let known = model.rows.selected().is_some_and(|row| row.image.evidence.config_digest().is_some());
    demand(known, "the image's digest is not known yet; `v` measures it")
}

pub(super) fn can_measure(model: &Model) -> Result<(), &'static str> {
    let row = model.rows.selected().ok_or("there is no image to measure")?;
    demand(model.tasks.of(&row.key.image).is_none(), "the image is being measured already")
}

pub(super) fn is_named(model: &Model) -> Result<(), &'static str> {
    let row = model.rows.selected().ok_or("there is no image selected")?;
    let why = match row.key.image.source {
        Source::Engine => "the image has no name to publish under; `docker tag` gives it one",
        Source::Archive(_) => "the archive gives the image no name to publish under",
    };
    demand(row.key.reference.is_some(), why)
}

pub(super) fn is_filtered(model: &Model) -> Result<(), &'static str> {
    demand(!model.filter.input.value().is_empty(), "")
}

pub(super) fn is_busy(model: &Model) -> Result<(), &'static str> {
    demand(model.tasks.is_busy(), "nothing is being measured")
}

pub(super) fn has_notice(model: &Model) -> Result<(), &'static str> {
    let settled = model.publications.iter().any(|publication| !publication.is_open());
    demand(!model.notices.is_empty() || model.flash.is_some() || settled, "there is no notice")
}

pub(super) fn has_account(model: &Model) -> Result<(), &'static str> {
    demand(model.accounts.selected().is_some(), "there is no account; `n` makes one")
}

pub(super) fn can_fund(model: &Model) -> Result<(), &'static str> {
    has_account(model)?;
    let network = model.network().ok_or("the node has not answered yet")?;
    demand(network.local, "only the embedded network `dev` has a faucet; send ether to the account from another one")
}

pub(super) fn can_set_default(model: &Model) -> Result<(), &'static str> {
    let account = model.accounts.selected().ok_or("there is no account; `n` makes one")?;
    demand(!account.is_default, "it is the default already")
}

fn sign(model: &Model) -> Option<&crate::app::sign::Sign> {
    match &model.dialog {
        Some(Dialog::Sign(sign)) => Some(sign),
        _ => None,
    }
}

pub(super) fn can_publish(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && !sign.is_revocation()), "")
}

pub(super) fn can_revoke(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.is_revocation()), "")
}

pub(super) fn is_reasoning(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Reason), "")
}

pub(super) fn can_retry(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Stuck && !sign.is_repetition()), "")
}

pub(super) fn is_done(model: &Model) -> Result<(), &'static str> {
    let sign = sign(model).ok_or("")?;
    let working = sign.publication().map(|id| model.publication(id));
    let settled = working.is_some_and(|one| one.is_none_or(|one| !one.is_open()));
    demand(settled || sign.is_repetition(), "")
}

pub(super) fn can_change_account(model: &Model) -> Result<(), &'static str> {
    let step = sign(model).map(|sign| sign.step);
    let choosing = matches!(step, Some(Step::Ready | Step::Estimating | Step::Stuck));
    demand(choosing && model.accounts.all().len() > 1, "")
}

pub(super) fn no_account(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::NoAccount), "")
}

pub(super) fn can_edit_reason(model: &Model) -> Result<(), &'static str> {
    let editable = sign(model)
        .is_some_and(|sign| sign.is_revocation() && matches!(sign.step, Step::Ready | Step::Stuck | Step::Estimating));
    demand(editable, "")
}
