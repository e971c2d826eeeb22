//! What `publish` and `revoke` share: cost first, then a yes, then the passphrase, then one transaction after another.

mod earlier;

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

pub use earlier::{await_block, refuse_pending, refuse_pending_where, take_up};

use super::{
    Session, args,
    console::{Console, ErrorPart},
    prompt,
    publication::Publication,
    shown,
    verdicts::NetworkPart,
};
use crate::{
    domain::{
        Address, Wei,
        network::NetworkView,
        publication::{Authority, Stage, Statement},
    },
    ops::{
        Failure, Passphrase,
        pack::{Step, quote_all},
        publish::{default_confirmations, submit_unlocked},
        quoting::{Quote, not_covered},
        unlock::{Unlocked, needs_passphrase, unlock_for_all},
    },
};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    network: Option<NetworkPart>,
    /// What a command tells beside.
    #[serde(flatten)]
    more: &'a Map<String, Value>,
    publications: &'a [Publication],
    /// Why those that are missing were not sent, or the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorPart>,
}

/// How statements are sent: the words of one command.
pub struct Task<'a> {
    pub schema: &'static str,
    pub account: Address,
    pub sending: &'a args::Sending,
    /// In whose name.
    pub authority: Authority,
    /// Send what stands already, too.
    pub again: bool,
}

/// Quotes all statements, and nothing is sent unless all can be; asks; then sends them in their order.
///
/// # Errors
/// When nothing was sent. A failure on the way is part of the document.
pub async fn send(session: &mut Session, task: &Task<'_>, statements: Vec<Statement>) -> Result<u8, Failure> {
    send_telling(session, task, statements, &Map::new()).await
}

/// [`send`], with `more` fields of the command's own in its document.
///
/// # Errors
/// As [`send`].
pub async fn send_telling(
    session: &mut Session,
    task: &Task<'_>,
    statements: Vec<Statement>,
    more: &Map<String, Value>,
) -> Result<u8, Failure> {
    let (steps, network) = quote_all(&session.context, statements, task.account, &task.authority, task.again).await?;
    take_steps(session, task, steps, &network, more).await
}

/// Shows what steps cost, asks, and takes them.
///
/// # Errors
/// As [`send`].
pub async fn send_steps_of(
    session: &mut Session,
    task: &Task<'_>,
    steps: Vec<Step>,
    network: &NetworkView,
) -> Result<u8, Failure> {
    take_steps(session, task, steps, network, &Map::new()).await
}

async fn take_steps(
    session: &mut Session,
    task: &Task<'_>,
    mut steps: Vec<Step>,
    network: &NetworkView,
    more: &Map<String, Value>,
) -> Result<u8, Failure> {
    if let Some(price) = task.sending.max_gas_price {
        for step in &mut steps {
            if let Step::Send(quote) = step {
                quote.cost = quote.cost.capped(price);
            }
        }
    }
    let network = Some(NetworkPart::from(network));
    let quotes: Vec<&Quote> = steps.iter().filter_map(to_send).collect();
    shown::show_quotes(&mut session.console, &quotes);
    let (publications, failure) = if task.sending.dry_run {
        (steps.iter().flat_map(estimated).collect(), None)
    } else {
        let mut key = None;
        if let Some(question) = question(&quotes) {
            key = Some(permit(session, task.account, &quotes, &question).await?);
        }
        send_steps(session, task, &steps, key).await?
    };
    Ok(present_telling(session, task.schema, network, &publications, (failure.as_ref(), more)))
}

/// Prints what became of all, and gives the exit code.
pub fn present(
    session: &mut Session,
    schema: &'static str,
    network: Option<NetworkPart>,
    publications: &[Publication],
    failure: Option<&Failure>,
) -> u8 {
    present_telling(session, schema, network, publications, (failure, &Map::new()))
}

/// [`present`], with `more` fields of the command's own.
pub fn present_telling(
    session: &mut Session,
    schema: &'static str,
    network: Option<NetworkPart>,
    publications: &[Publication],
    (failure, more): (Option<&Failure>, &Map<String, Value>),
) -> u8 {
    let code = failure.map_or(0, |failure| session.console.complain(failure));
    let document = Document { schema, network, more, publications, error: failure.map(ErrorPart::from) };
    session.console.present(&document, |page| {
        for publication in publications {
            publication.describe(page);
        }
    });
    code
}

/// A document on one line.
///
/// # Errors
/// `internal`.
pub fn as_text(document: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(document).map_err(|error| Failure::new("internal", &error.to_string()))
}

/// What is asked before anything is signed; `None` where nothing is.
fn question(quotes: &[&Quote]) -> Option<String> {
    Some(match quotes {
        [] => return None,
        [one] => format!("Sign and send for at most {} ETH?", one.cost.at_most().cost()),
        many => format!("Sign and send {} transactions for at most {} ETH?", many.len(), total(many).cost()),
    })
}

fn total(quotes: &[&Quote]) -> Wei {
    quotes.iter().fold(Wei::ZERO, |sum, quote| Wei(sum.0.saturating_add(quote.cost.at_most().0)))
}

/// Makes sure that the account can pay, that the user agrees and that the key opens: once for all that is signed, for opening a key
/// takes half a second and a quarter of a gigabyte.
///
/// # Errors
/// `insufficient-funds`, `confirmation-needed`, `passphrase-needed`, `passphrase-wrong`; what else keeps the key from being used.
pub async fn permit(
    session: &mut Session,
    account: Address,
    quotes: &[&Quote],
    question: &str,
) -> Result<Unlocked, Failure> {
    let is_here = needs_passphrase(&session.context, account).await?;
    let total = total(quotes);
    if let Some(quote) = quotes.first().filter(|quote| quote.balance < total) {
        return Err(not_covered(&quote.network, quote.from, quote.balance, total));
    }
    prompt::confirm(session, question).await?;
    let passphrase = passphrase_of(session, account, is_here).await?;
    unlock_for_all(&session.context, account, passphrase).await
}

/// What opens an account's key, where it `is_here`; else a signer is about to ask its own user.
///
/// # Errors
/// As [`prompt::passphrase`].
pub async fn passphrase_of(session: &mut Session, account: Address, is_here: bool) -> Result<Passphrase, Failure> {
    if is_here {
        return prompt::passphrase(session, &format!("Passphrase of {account}: ")).await;
    }
    session.console.note("waiting for the signer, which asks its user");
    Ok(Passphrase(Zeroizing::default()))
}

/// Sends one step after another, and stops at the first that fails. Fails itself only when nothing was sent at all.
///
/// # Errors
/// When nothing was sent.
pub async fn send_steps(
    session: &mut Session,
    task: &Task<'_>,
    steps: &[Step],
    mut key: Option<Unlocked>,
) -> Result<(Vec<Publication>, Option<Failure>), Failure> {
    let mut done = Vec::with_capacity(steps.len());
    let mut sent = false;
    for (at, step) in steps.iter().enumerate() {
        let quote = match step {
            Step::Send(quote) => quote,
            Step::Stands(outlook) => {
                done.push(Publication::standing(outlook));
                continue;
            }
        };
        let more = steps.iter().skip(at + 1).any(|step| matches!(step, Step::Send(_)));
        match send_one(session, task.sending, quote, (&mut key, more)).await {
            Ok(stage) => {
                done.extend(Publication::reached(quote, &stage));
                sent = true;
                if let Some(failure) = failed(&stage) {
                    return Ok((done, Some(failure)));
                }
            }
            Err(failure) if sent => return Ok((done, Some(failure))),
            Err(failure) => return Err(failure),
        }
    }
    Ok((done, None))
}

/// Submits one statement and tells its stages.
async fn send_one(
    session: &mut Session,
    sending: &args::Sending,
    quote: &Quote,
    key: (&mut Option<Unlocked>, bool),
) -> Result<Stage, Failure> {
    let confirmations = match (sending.no_wait, sending.confirmations) {
        (true, _) => 0,
        (false, Some(confirmations)) => confirmations,
        (false, None) => default_confirmations(quote.network.local),
    };
    let (sender, mut receiver) = mpsc::channel(16);
    let Session { context, console, .. } = session;
    let tell = async {
        while let Some(stage) = receiver.recv().await {
            tell_stage(console, quote, &stage);
        }
    };
    let (result, ()) = tokio::join!(submit_unlocked(context, quote, key, confirmations, sender), tell);
    result
}

/// A transaction's hash is told always, for it is the thread to follow; the other stages only to a watching eye.
fn tell_stage(console: &mut Console, quote: &Quote, stage: &Stage) {
    let name = quote.statement.subject();
    match stage {
        Stage::Broadcast { hash } => console.note(&format!("{name}: sent as {hash}")),
        Stage::Included { inclusion, confirmations, of, .. } if console.err_look.live => {
            console.note(&format!("{name}: in block {}, {confirmations} of {of} confirmations", inclusion.block));
        }
        stage if console.err_look.live => console.note(&format!("{name}: {}", stage.word())),
        _ => {}
    }
}

/// A transaction that ended badly.
pub fn failed(stage: &Stage) -> Option<Failure> {
    match stage {
        Stage::Reverted { hash, inclusion, reason, .. } => Some(Failure::new(
            "transaction-reverted",
            &format!("block {} has transaction {hash}, and the contract refused it: {reason}", inclusion.block),
        )),
        Stage::Replaced { hash } => Some(Failure::new(
            "transaction-replaced",
            &format!("another transaction of the account took the place of {hash}"),
        )),
        Stage::Dropped { hash } => Some(
            Failure::new("transaction-dropped", &format!("the node forgot transaction {hash}"))
                .hint("the next `publish` or `revoke` of this home sends it again"),
        ),
        Stage::Unknown { hash } => Some(
            Failure::new("transaction-unknown", &format!("no node could tell what became of transaction {hash}"))
                .hint("the next `publish` or `revoke` of this home looks again"),
        ),
        _ => None,
    }
}

fn to_send(step: &Step) -> Option<&Quote> {
    match step {
        Step::Send(quote) => Some(quote),
        Step::Stands(_) => None,
    }
}

/// A step with what it will cost, where nothing is signed.
pub fn estimated(step: &Step) -> Vec<Publication> {
    match step {
        Step::Stands(outlook) => vec![Publication::standing(outlook)],
        Step::Send(quote) => Publication::estimated(quote),
    }
}

#[cfg(test)]
mod tests;
