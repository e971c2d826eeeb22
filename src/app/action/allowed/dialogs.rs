//! When a dialog's key does something.

use super::demand;
use crate::app::{
    form::{Field, Form, Value},
    model::{Dialog, Model},
    report::Report,
    rows::Row,
    sign::{Purpose, Sign, Step},
};

fn form(model: &Model) -> Option<&Form> {
    match &model.dialog {
        Some(Dialog::Form(form)) if form.working.is_none() => Some(form),
        _ => None,
    }
}

pub(in crate::app::action) fn has_next_field(model: &Model) -> Result<(), &'static str> {
    demand(form(model).is_some_and(|form| !form.is_at_end()), "")
}

pub(in crate::app::action) fn is_form_ready(model: &Model) -> Result<(), &'static str> {
    demand(form(model).is_some_and(Form::is_at_end), "")
}

pub(in crate::app::action) fn chooses(model: &Model) -> Result<(), &'static str> {
    let choice = |field: &Field| matches!(field.value, Value::Choice { .. });
    demand(form(model).and_then(Form::focused).is_some_and(choice), "")
}

fn sign(model: &Model) -> Option<&Sign> {
    match &model.dialog {
        Some(Dialog::Sign(sign)) => Some(sign),
        _ => None,
    }
}

pub(in crate::app::action) fn can_publish(model: &Model) -> Result<(), &'static str> {
    let publishes = |sign: &Sign| {
        sign.step == Step::Ready
            && matches!(sign.purpose, Purpose::Publish | Purpose::Document(_))
            && !sign.is_revocation()
    };
    demand(sign(model).is_some_and(publishes), "")
}

pub(in crate::app::action) fn can_attest(model: &Model) -> Result<(), &'static str> {
    let attests = |sign: &Sign| sign.step == Step::Ready && sign.look().is_some();
    demand(sign(model).is_some_and(attests), "")
}

pub(in crate::app::action) fn can_replace(model: &Model) -> Result<(), &'static str> {
    let sends = |sign: &Sign| {
        sign.replaces().is_some() || matches!(&sign.purpose, Purpose::Given(given) if given.signed.is_some())
    };
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sends(sign)), "")
}

pub(in crate::app::action) fn can_sign(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.to_sign().is_some()), "")
}

pub(in crate::app::action) fn can_deploy(model: &Model) -> Result<(), &'static str> {
    let deploys = |sign: &Sign| sign.step == Step::Ready && matches!(sign.purpose, Purpose::Deploy);
    demand(sign(model).is_some_and(deploys), "")
}

pub(in crate::app::action) fn can_push_statement(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.claims().is_some()), "")
}

pub(in crate::app::action) fn can_revoke(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.is_revocation()), "")
}

pub(in crate::app::action) fn is_reasoning(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Reason), "")
}

pub(in crate::app::action) fn can_say(model: &Model) -> Result<(), &'static str> {
    let says = |sign: &Sign| sign.step == Step::Ready && matches!(sign.purpose, Purpose::Personal(_));
    demand(sign(model).is_some_and(says), "")
}

pub(in crate::app::action) fn has_earlier(model: &Model) -> Result<(), &'static str> {
    let earlier = |sign: &Sign| sign.carried.as_ref().is_some_and(|carried| !carried.earlier.is_empty());
    demand(sign(model).is_some_and(earlier), "no request waits to be relayed")
}

pub(in crate::app::action) fn asks_for_signature(model: &Model) -> Result<(), &'static str> {
    let asks = |sign: &Sign| sign.carried.as_ref().is_some_and(|carried| carried.request.is_some());
    demand(sign(model).is_some_and(asks), "a call is good until it is executed")
}

pub(in crate::app::action) fn is_saving(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Saving), "")
}

pub(in crate::app::action) fn is_pricing(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Price), "")
}

pub(in crate::app::action) fn is_not_pricing(model: &Model) -> Result<(), &'static str> {
    let is_typing = is_pricing(model).is_ok() || is_saving(model).is_ok() || is_naming(model).is_ok();
    demand(!is_typing && is_noting(model).is_err(), "")
}

pub(in crate::app::action) fn is_naming(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Naming), "")
}

pub(in crate::app::action) fn is_noting(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Noting), "")
}

pub(in crate::app::action) fn can_annotate(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(Sign::can_note), "")
}

pub(in crate::app::action) fn can_turn(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(Sign::can_turn), "")
}

pub(in crate::app::action) fn can_edit_name(model: &Model) -> Result<(), &'static str> {
    let speaks = |sign: &Sign| {
        matches!(sign.purpose, Purpose::Publish | Purpose::Revoke { .. } | Purpose::Observe(_) | Purpose::Document(_))
            && sign.answer.is_none()
    };
    let is_open = |sign: &Sign| matches!(sign.step, Step::Ready | Step::Stuck) && speaks(sign);
    demand(sign(model).is_some_and(is_open), "")
}

pub(in crate::app::action) fn can_edit_price(model: &Model) -> Result<(), &'static str> {
    let is_quoted = |sign: &Sign| matches!(sign.step, Step::Ready | Step::Stuck) && sign.quote.is_some();
    demand(sign(model).is_some_and(|sign| is_quoted(sign) && !sign.is_repetition()), "")
}

pub(in crate::app::action) fn can_retry(model: &Model) -> Result<(), &'static str> {
    // What contradicts itself does so again.
    let row = |sign: &Sign| sign.key.as_ref().and_then(|key| model.rows.get(key));
    let is_corrupt = |sign: &Sign| row(sign).is_some_and(Row::is_corrupt);
    let can = |sign: &Sign| sign.step == Step::Stuck && !sign.is_repetition() && !is_corrupt(sign);
    demand(sign(model).is_some_and(can), "")
}

pub(in crate::app::action) fn is_done(model: &Model) -> Result<(), &'static str> {
    let sign = sign(model).ok_or("")?;
    let working = sign.publication().map(|id| model.publication(id));
    let settled = working.is_some_and(|one| one.is_none_or(|one| !one.is_open()));
    demand(settled || sign.is_repetition(), "")
}

pub(in crate::app::action) fn can_change_account(model: &Model) -> Result<(), &'static str> {
    let step = sign(model).map(|sign| sign.step);
    let choosing = matches!(step, Some(Step::Ready | Step::Estimating | Step::Stuck | Step::Carrying));
    // What an account says of itself is its own.
    let is_bound =
        |sign: &Sign| matches!(sign.purpose, Purpose::Personal(_) | Purpose::Claim(_)) || sign.to_sign().is_some();
    let is_free = |sign: &Sign| sign.replaces().is_none() && !is_bound(sign);
    demand(choosing && sign(model).is_some_and(is_free) && model.accounts.all().len() > 1, "")
}

pub(in crate::app::action) fn no_account(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::NoAccount), "")
}

pub(in crate::app::action) fn can_edit_reason(model: &Model) -> Result<(), &'static str> {
    let editable = sign(model).is_some_and(|sign| {
        matches!(sign.purpose, Purpose::Revoke { .. })
            && matches!(sign.step, Step::Ready | Step::Stuck | Step::Estimating)
    });
    demand(editable, "")
}

fn report(model: &Model) -> Option<&Report> {
    match &model.dialog {
        Some(Dialog::Report(report)) => Some(report),
        _ => None,
    }
}

pub(in crate::app::action) fn is_proposed(model: &Model) -> Result<(), &'static str> {
    let proposes = |report: &Report| report.answer().is_some_and(|told| told.change.is_some());
    demand(report(model).is_some_and(proposes), "")
}

pub(in crate::app::action) fn proposes_nothing(model: &Model) -> Result<(), &'static str> {
    demand(is_proposed(model).is_err(), "")
}

pub(in crate::app::action) fn is_told(model: &Model) -> Result<(), &'static str> {
    demand(report(model).is_some_and(|report| report.answer().is_some()), "nothing is known of it yet")
}
