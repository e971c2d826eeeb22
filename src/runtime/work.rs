//! What effects come to, one function for each that is more than a call.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    board::TaskWatch,
    problem,
    translate::{self, to_quote},
};
use crate::{
    app::{
        msg::{AccountMsg, Found, Msg},
        node::NodeStatus,
    },
    domain::{
        Account, Address,
        image::{LocalImage, Source},
        publication::{Authority, Stage, Statement},
    },
    ops::{self, Context, Failure, Passphrase},
};

/// An archive is measured as a whole: only its content tells how many images it holds, and how they are called.
pub(super) async fn measure(
    context: Context,
    image: LocalImage,
    fresh: bool,
    watch: Arc<TaskWatch>,
) -> Result<Found, Failure> {
    match &image.id.source {
        Source::Engine => ops::measure::measure_image(&context, &image, fresh, watch).await.map(Found::Evidence),
        Source::Archive(path) => ops::measure::measure_archive(&context, path, fresh, watch).await.map(Found::Archive),
    }
}

pub(super) async fn read_node(context: Context) -> Result<NodeStatus, Failure> {
    let (status, peers) = tokio::join!(ops::node::node_status(&context), ops::node::node_peers(&context));
    Ok(translate::node(status?, peers?))
}

pub(super) async fn list_accounts(context: &Context) -> Msg {
    let listed = ops::accounts::list_accounts(context).await;
    Msg::Account(AccountMsg::Listed(listed.map(translate::accounts).map_err(problem)))
}

/// What a statement costs, in the sender's own name or another's.
pub(super) async fn price(
    context: &Context,
    statement: Statement,
    from: Address,
    behalf: Option<Address>,
) -> Result<ops::quoting::Quote, Failure> {
    if let Statement::NamespaceClaim { namespace, taken_back: true } = &statement {
        let plan = ops::namespace::plan_unclaim(context, namespace, from).await?;
        let none = || {
            let message = format!("account {from} claims nothing of {namespace}");
            Failure::new("not-claimed", &message).hint("`C` in the accounts pane tells what the accounts claim")
        };
        return plan.quote.ok_or_else(none);
    }
    match behalf {
        Some(publisher) => {
            ops::quoting::quote_in_name(context, statement, from, Authority::Delegate { publisher }).await
        }
        None if statement.digests().is_empty() => ops::appointments::quote_personal(context, statement, from).await,
        None => ops::quoting::quote(context, statement, from).await,
    }
}

pub(super) async fn set_default(context: &Context, account: Address, everywhere: bool) -> Result<Account, Failure> {
    if everywhere {
        ops::accounts::set_default_everywhere(context, account).await
    } else {
        ops::accounts::set_default_account(context, account).await
    }
}

/// Sends what the user agreed to: a publication, or what takes the place of a transaction, for what was shown.
pub(super) async fn send(
    context: &Context,
    quote: crate::app::sign::Quote,
    passphrase: Passphrase,
    token: &CancellationToken,
    (confirmations, stages): (u64, mpsc::Sender<Stage>),
) -> Result<Stage, Failure> {
    let Some(replaces) = quote.replaces else {
        let quote = to_quote(quote);
        let _ = stages.send(Stage::Unlocking).await;
        let mut key = Some(ops::unlock::unlock_for_all(context, quote.from, passphrase).await?);
        // Until here nothing is signed, and the user may think again.
        if token.is_cancelled() {
            return Err(Failure::cancelled());
        }
        return ops::publish::submit_unlocked(context, &quote, (&mut key, false), confirmations, stages).await;
    };
    let (hash, kind) = (replaces.transaction, translate::replacement(replaces));
    let _ = stages.send(Stage::Unlocking).await;
    let again = ops::replace::quote(context, hash, kind, None).await?.signed_for(quote.cost);
    let key = ops::unlock::unlock_for_all(context, again.entry.from, passphrase).await?;
    if token.is_cancelled() {
        return Err(Failure::cancelled());
    }
    ops::replace::submit(context, &again, &key, confirmations, stages).await
}
