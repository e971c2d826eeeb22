//! When a key does something: each answers why not, and with nothing where the key is not even worth an answer.

pub(super) mod dialogs;

use crate::{
    app::{
        activity::Line,
        market::View,
        model::{Model, Node, Pane},
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
    demand(
        model.has_demo,
        "this build has no embedded network for the demonstration; one with the feature `devnet` has",
    )?;
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

pub(super) fn has_ware(model: &Model) -> Result<(), &'static str> {
    demand(model.market.selected().is_some(), "there is no image to look at")
}

pub(super) fn has_publisher(model: &Model) -> Result<(), &'static str> {
    let is_known = model.market.selected().is_some_and(|ware| ware.publisher.is_some());
    demand(is_known, "no publisher is selected")
}

pub(super) fn can_pull(model: &Model) -> Result<(), &'static str> {
    has_ware(model)?;
    can_pull_other(model)
}

pub(super) fn can_pull_other(model: &Model) -> Result<(), &'static str> {
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
    let has_ended = |line: &Line| match line {
        Line::Ended(_) => true,
        Line::Sent(sent) => sent.outcome().is_some(),
        _ => false,
    };
    demand(model.activity_lines().iter().any(has_ended), "nothing has ended yet")
}

pub(super) fn can_stop(model: &Model) -> Result<(), &'static str> {
    let runs = match model.activity_line() {
        Some(Line::Task(task)) => !task.stopping,
        Some(Line::Waiting(_) | Line::Pull(_)) => true,
        Some(Line::Watch(watching)) => !watching.stopping,
        Some(Line::Publication(one)) => one.is_unsent(),
        Some(Line::Ended(_) | Line::Sent(_)) | None => false,
    };
    let sent = matches!(model.activity_line(), Some(Line::Publication(_) | Line::Sent(_)));
    let why = if sent { "it is sent; `-` sends nothing in its place" } else { "it does not run" };
    demand(runs, why)
}

pub(super) fn can_watch(model: &Model) -> Result<(), &'static str> {
    demand(model.watching.is_none(), "names are watched already; `x` in the activity pane stops that")
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

pub(super) fn lacks_network(model: &Model) -> Result<(), &'static str> {
    demand(matches!(model.node, Node::Lost { .. }) || matches!(model.endpoints.status, Some(Err(_))), "")
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

pub(super) fn is_waiting(model: &Model) -> Result<(), &'static str> {
    demand(model.waiting_of_selected().is_some(), "no transaction about this image waits for a block")
}

pub(super) fn is_line_waiting(model: &Model) -> Result<(), &'static str> {
    demand(model.waiting_of_line().is_some(), "no transaction is selected that waits for a block")
}

pub(super) fn has_policy(model: &Model) -> Result<(), &'static str> {
    demand(model.trust.policy.is_some(), "the trust policy could not be read; its file tells more")
}
