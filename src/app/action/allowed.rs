//! When a key does something: each answers why not, and with nothing where the key is not even worth an answer.

use crate::{
    app::{
        activity::Line,
        form::{Field, Form, Value},
        market::View,
        model::{Dialog, Model, Pane},
        report::Report,
        sign::{Purpose, Sign, Step},
    },
    domain::{account::AccountKind, image::Source},
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
    if is_marked(model).is_ok() {
        return Ok(());
    }
    let row = model.rows.selected().ok_or("there is no image to measure")?;
    demand(model.tasks.of(&row.key.image).is_none(), "the image is being measured already")
}

pub(super) fn can_speak(model: &Model) -> Result<(), &'static str> {
    let mut marked = model.rows.marked().peekable();
    if marked.peek().is_none() {
        return is_named(model);
    }
    demand(marked.any(|row| row.key.reference.is_some()), "no marked image has a name")
}

pub(super) fn can_observe(model: &Model) -> Result<(), &'static str> {
    if model.pane == Pane::Market { has_ware(model) } else { can_speak(model) }
}

pub(super) fn can_compare(model: &Model) -> Result<(), &'static str> {
    demand(model.why.question.is_some(), "there is no released image to compare this one with")?;
    demand(!matches!(model.why.comparison, Some(Ok(_))), "the layers of both are known already")
}

pub(super) fn can_list(model: &Model) -> Result<(), &'static str> {
    demand(model.why.question.is_some(), "there is no released image to compare this one with")?;
    demand(
        matches!(model.why.comparison, Some(Ok(_))),
        "the released image's layers are not known yet; `l` gets them",
    )?;
    demand(model.why.files.is_empty(), "the files that differ are listed already")
}

pub(super) fn is_named(model: &Model) -> Result<(), &'static str> {
    let row = model.rows.selected().ok_or("there is no image selected")?;
    let why = match row.key.image.source {
        Source::Engine => "the image has no name to publish under; `docker tag` gives it one",
        Source::Archive(_) => "the archive gives the image no name to publish under",
    };
    demand(row.key.reference.is_some(), why)
}

pub(super) fn is_filtered_or_marked(model: &Model) -> Result<(), &'static str> {
    let is_filtered = !model.filter.input.value().is_empty();
    demand(is_filtered || is_marked(model).is_ok(), "")
}

fn is_marked(model: &Model) -> Result<(), &'static str> {
    demand(model.rows.marked().next().is_some(), "")
}

pub(super) fn is_spoken_of(model: &Model) -> Result<(), &'static str> {
    let publisher = model.rows.selected().and_then(|row| row.verdict.as_ref()?.publisher);
    demand(publisher.is_some(), "nobody whom the trust policy names has published the image's name")
}

pub(super) fn is_bare(model: &Model) -> Result<(), &'static str> {
    let bare = model.rows.all().is_empty() && !model.has_work();
    demand(bare, "the demonstration is for an empty list; `daochain demo` shows it at any time")
}

pub(super) fn has_no_account(model: &Model) -> Result<(), &'static str> {
    demand(model.accounts.all().is_empty(), "there is one already; the accounts pane makes more")
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

pub(super) fn has_key_here(model: &Model) -> Result<(), &'static str> {
    has_account(model)?;
    let is_here = model.accounts.selected().is_some_and(|account| account.kind.file().is_some());
    demand(is_here, "the account's key is not here")
}

pub(super) fn says_personally(model: &Model) -> Result<(), &'static str> {
    has_account(model)?;
    let is_cold = model.accounts.selected().is_some_and(|account| account.kind == AccountKind::Cold);
    demand(!is_cold, "only the account's own transaction can say that, and its key is on another machine")
}

pub(super) fn can_restore(model: &Model) -> Result<(), &'static str> {
    let some = model.accounts.list.as_ref().is_some_and(|list| !list.removed.is_empty());
    demand(some, "no account was removed within the last 30 days")
}

fn form(model: &Model) -> Option<&Form> {
    match &model.dialog {
        Some(Dialog::Form(form)) if form.working.is_none() => Some(form),
        _ => None,
    }
}

pub(super) fn has_next_field(model: &Model) -> Result<(), &'static str> {
    demand(form(model).is_some_and(|form| !form.is_at_end()), "")
}

pub(super) fn is_form_ready(model: &Model) -> Result<(), &'static str> {
    demand(form(model).is_some_and(Form::is_at_end), "")
}

pub(super) fn chooses(model: &Model) -> Result<(), &'static str> {
    let choice = |field: &Field| matches!(field.value, Value::Choice { .. });
    demand(form(model).and_then(Form::focused).is_some_and(choice), "")
}

pub(super) fn has_ware(model: &Model) -> Result<(), &'static str> {
    demand(model.market.selected().is_some(), "there is no image to look at")
}

pub(super) fn has_publisher(model: &Model) -> Result<(), &'static str> {
    let is_known = model.market.selected().is_some_and(|ware| ware.publisher.is_some());
    demand(is_known, "no publisher is selected")
}

pub(super) fn can_pull(model: &Model) -> Result<(), &'static str> {
    has_ware(model)?;
    demand(model.market.pull.is_none(), "another image is being pulled; `x` stops it")
}

pub(super) fn is_pulling(model: &Model) -> Result<(), &'static str> {
    demand(model.market.pull.is_some(), "nothing is being pulled")
}

pub(super) fn is_published(model: &Model) -> Result<(), &'static str> {
    demand(model.market.view == View::Published, "that is for what is published; `w` shows it")
}

pub(super) fn is_narrowed(model: &Model) -> Result<(), &'static str> {
    demand(model.market.view == View::Published && model.market.is_narrowed(), "")
}

pub(super) fn has_line(model: &Model) -> Result<(), &'static str> {
    demand(model.activity_line().is_some(), "nothing runs, and nothing has ended yet")
}

pub(super) fn has_ended(model: &Model) -> Result<(), &'static str> {
    demand(model.activity.ended().next().is_some(), "nothing has ended yet")
}

pub(super) fn can_stop(model: &Model) -> Result<(), &'static str> {
    let runs = match model.activity_line() {
        Some(Line::Task(task)) => !task.stopping,
        Some(Line::Waiting(_) | Line::Pull(_)) => true,
        Some(Line::Publication(one)) => one.is_unsent(),
        Some(Line::Ended(_)) | None => false,
    };
    let sent = matches!(model.activity_line(), Some(Line::Publication(_)));
    let why = if sent { "it is sent; `-` on its image sends nothing in its place" } else { "it does not run" };
    demand(runs, why)
}

pub(super) fn can_do_again(model: &Model) -> Result<(), &'static str> {
    let again = matches!(model.activity_line(), Some(Line::Ended(event)) if event.again.is_some());
    demand(again, "there is nothing to do again")
}

pub(super) fn has_entry(model: &Model) -> Result<(), &'static str> {
    demand(model.trust.selected().is_some(), "the trust policy is empty; `a` lets somebody speak for images")
}

pub(super) fn has_endpoint(model: &Model) -> Result<(), &'static str> {
    demand(model.endpoints.selected().is_some(), "no endpoint is known yet")
}

pub(super) fn has_networks(model: &Model) -> Result<(), &'static str> {
    demand(model.networks.len() > 1, "there is no other network; `A` adds one")
}

/// The process that watches the geth that the current network is, if it is one.
fn watcher(model: &Model) -> Option<u32> {
    let Some(Ok(status)) = &model.endpoints.status else { return None };
    status.managed.as_ref()?.watcher
}

pub(super) fn can_start_geth(model: &Model) -> Result<(), &'static str> {
    demand(watcher(model).is_none(), "the geth of this home runs already; `S` stops it")
}

pub(super) fn can_stop_geth(model: &Model) -> Result<(), &'static str> {
    let why = "the current network is no geth of this home that runs; `daochain node stop` stops any";
    demand(watcher(model).is_some(), why)
}

pub(super) fn can_add_peer(model: &Model) -> Result<(), &'static str> {
    let Some(Ok(status)) = &model.endpoints.status else { return Err("the endpoints have not answered yet") };
    demand(!status.local, "the embedded node has no peers: it is shared with nobody")
}

fn sign(model: &Model) -> Option<&Sign> {
    match &model.dialog {
        Some(Dialog::Sign(sign)) => Some(sign),
        _ => None,
    }
}

pub(super) fn can_publish(model: &Model) -> Result<(), &'static str> {
    let publishes =
        |sign: &Sign| sign.step == Step::Ready && matches!(sign.purpose, Purpose::Publish | Purpose::Document(_));
    demand(sign(model).is_some_and(publishes), "")
}

pub(super) fn can_attest(model: &Model) -> Result<(), &'static str> {
    let attests = |sign: &Sign| sign.step == Step::Ready && sign.look().is_some();
    demand(sign(model).is_some_and(attests), "")
}

pub(super) fn can_replace(model: &Model) -> Result<(), &'static str> {
    let sends = |sign: &Sign| {
        sign.replaces().is_some() || matches!(&sign.purpose, Purpose::Given(given) if given.signed.is_some())
    };
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sends(sign)), "")
}

pub(super) fn can_sign(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.to_sign().is_some()), "")
}

pub(super) fn can_push_statement(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.claims().is_some()), "")
}

pub(super) fn is_waiting(model: &Model) -> Result<(), &'static str> {
    demand(model.waiting_of_selected().is_some(), "no transaction about this image waits for a block")
}

pub(super) fn can_revoke(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Ready && sign.is_revocation()), "")
}

pub(super) fn is_reasoning(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Reason), "")
}

pub(super) fn can_say(model: &Model) -> Result<(), &'static str> {
    let says = |sign: &Sign| sign.step == Step::Ready && matches!(sign.purpose, Purpose::Personal(_));
    demand(sign(model).is_some_and(says), "")
}

pub(super) fn has_earlier(model: &Model) -> Result<(), &'static str> {
    let earlier = |sign: &Sign| sign.carried.as_ref().is_some_and(|carried| !carried.earlier.is_empty());
    demand(sign(model).is_some_and(earlier), "no request waits to be relayed")
}

pub(super) fn is_saving(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Saving), "")
}

pub(super) fn is_pricing(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Price), "")
}

pub(super) fn is_not_pricing(model: &Model) -> Result<(), &'static str> {
    let is_typing = is_pricing(model).is_ok() || is_saving(model).is_ok() || is_naming(model).is_ok();
    demand(!is_typing, "")
}

pub(super) fn is_naming(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::Naming), "")
}

pub(super) fn can_edit_name(model: &Model) -> Result<(), &'static str> {
    let speaks = |sign: &Sign| {
        matches!(sign.purpose, Purpose::Publish | Purpose::Revoke { .. } | Purpose::Observe(_) | Purpose::Document(_))
            && sign.answer.is_none()
    };
    let is_open = |sign: &Sign| matches!(sign.step, Step::Ready | Step::Stuck) && speaks(sign);
    demand(sign(model).is_some_and(is_open), "")
}

pub(super) fn can_edit_price(model: &Model) -> Result<(), &'static str> {
    let is_quoted = |sign: &Sign| matches!(sign.step, Step::Ready | Step::Stuck) && sign.quote.is_some();
    demand(sign(model).is_some_and(|sign| is_quoted(sign) && !sign.is_repetition()), "")
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
    let choosing = matches!(step, Some(Step::Ready | Step::Estimating | Step::Stuck | Step::Carrying));
    // What an account says of itself is its own.
    let is_bound =
        |sign: &Sign| matches!(sign.purpose, Purpose::Personal(_) | Purpose::Claim(_)) || sign.to_sign().is_some();
    let is_free = |sign: &Sign| sign.replaces().is_none() && !is_bound(sign);
    demand(choosing && sign(model).is_some_and(is_free) && model.accounts.all().len() > 1, "")
}

pub(super) fn no_account(model: &Model) -> Result<(), &'static str> {
    demand(sign(model).is_some_and(|sign| sign.step == Step::NoAccount), "")
}

pub(super) fn can_edit_reason(model: &Model) -> Result<(), &'static str> {
    let editable = sign(model)
        .is_some_and(|sign| sign.is_revocation() && matches!(sign.step, Step::Ready | Step::Stuck | Step::Estimating));
    demand(editable, "")
}

fn report(model: &Model) -> Option<&Report> {
    match &model.dialog {
        Some(Dialog::Report(report)) => Some(report),
        _ => None,
    }
}

pub(super) fn is_proposed(model: &Model) -> Result<(), &'static str> {
    let proposes = |report: &Report| report.answer().is_some_and(|told| told.change.is_some());
    demand(report(model).is_some_and(proposes), "")
}

pub(super) fn proposes_nothing(model: &Model) -> Result<(), &'static str> {
    demand(is_proposed(model).is_err(), "")
}

pub(super) fn is_told(model: &Model) -> Result<(), &'static str> {
    demand(report(model).is_some_and(|report| report.answer().is_some()), "nothing is known of it yet")
}

pub(super) fn has_policy(model: &Model) -> Result<(), &'static str> {
    demand(model.trust.policy.is_some(), "the trust policy could not be read; its file tells more")
}
