//! What `publish` and `revoke` share: cost first, then a yes, then the passphrase, then one transaction after another.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{
    Session, args,
    console::{Console, ErrorPart},
    prompt,
    publication::Publication,
    verdicts::NetworkPart,
};
use crate::{
    domain::{
        Address, Reference, Wei,
        publication::{Stage, Statement},
        verdict::Conclusion,
    },
    ops::{
        Failure, Passphrase,
        publish::{Quote, Resumed, default_confirmations, look, quote, resume, submit},
    },
};

/// Pause between two looks at a transaction that an earlier process sent.
const PAUSE: Duration = Duration::from_secs(1);
/// Looks before the wait for it is given up.
const LOOKS: u32 = 60;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    network: Option<NetworkPart>,
    publications: &'a [Publication],
    /// Why those that are missing were not sent, or the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorPart>,
}

/// What to do about a statement.
enum Step {
    Send(Quote),
    /// The publisher's current release, or earlier revocations, say the same already.
    Stands(Quote),
}

/// How statements are sent: the words of one command.
pub struct Task<'a> {
    pub schema: &'static str,
    pub account: Address,
    pub sending: &'a args::Sending,
    /// Send what stands already, too.
    pub again: bool,
}

/// Quotes all statements, and nothing is sent unless all can be; asks; then sends them in their order.
///
/// # Errors
/// When nothing was sent. A failure on the way is part of the document.
pub async fn send(session: &mut Session, task: &Task<'_>, statements: Vec<Statement>) -> Result<u8, Failure> {
    let mut steps = Vec::with_capacity(statements.len());
    for statement in statements {
        let quote = quote(&session.context, statement, task.account).await?;
        let stands = match quote.standing {
            Some(Conclusion::Verified) => !task.again,
            standing => standing.is_some(),
        };
        steps.push(if stands { Step::Stands(quote) } else { Step::Send(quote) });
    }
    let network = steps.iter().map(Step::quote).next().map(|quote| NetworkPart::from(&quote.network));
    let quotes: Vec<&Quote> = steps.iter().filter_map(Step::to_send).collect();
    show_quotes(&mut session.console, &quotes);
    let (publications, failure) = if task.sending.dry_run {
        (steps.iter().map(Step::estimated).collect(), None)
    } else {
        let passphrase = if quotes.is_empty() { None } else { Some(permit(session, &quotes).await?) };
        send_steps(session, task, &steps, passphrase).await?
    };
    let code = failure.as_ref().map_or(0, |failure| session.console.complain(failure));
    let error = failure.as_ref().map(ErrorPart::from);
    let document = Document { schema: task.schema, network, publications: &publications, error };
    session.console.present(&document, |page| {
        for publication in &publications {
            publication.describe(page);
        }
    });
    Ok(code)
}

/// Makes sure that the account can pay, that the user agrees and that the key opens.
async fn permit(session: &Session, quotes: &[&Quote]) -> Result<Zeroizing<String>, Failure> {
    let total = quotes.iter().fold(Wei::ZERO, |sum, quote| Wei(sum.0.saturating_add(quote.cost.at_most().0)));
    if let Some(quote) = quotes.first().filter(|quote| quote.balance < total) {
        let (has, needs) = (quote.balance.ether(6), total.ether(6));
        let message = format!("account {} holds {has} ETH, and this can cost {needs} ETH", quote.from);
        let hint = if quote.network.local {
            format!("`daochain account fund {}` gives ether on this network", quote.from)
        } else {
            "fund the account, or choose another with --account".to_owned()
        };
        return Err(Failure::new("insufficient-funds", &message).hint(&hint));
    }
    let question = match quotes {
        [one] => format!("Sign and send for at most {} ETH?", one.cost.at_most().ether(6)),
        many => format!("Sign and send {} transactions for at most {} ETH?", many.len(), total.ether(6)),
    };
    prompt::confirm(session, &question).await?;
    let from = quotes.first().map(|quote| quote.from.to_string()).unwrap_or_default();
    Ok(prompt::passphrase(session, &format!("Passphrase of {from}: ")).await?.0)
}

/// Sends one step after another, and stops at the first that fails. Fails itself only when nothing was sent at all.
async fn send_steps(
    session: &mut Session,
    task: &Task<'_>,
    steps: &[Step],
    passphrase: Option<Zeroizing<String>>,
) -> Result<(Vec<Publication>, Option<Failure>), Failure> {
    let mut done = Vec::with_capacity(steps.len());
    let mut sent = false;
    for step in steps {
        let (Step::Send(quote), Some(passphrase)) = (step, passphrase.as_ref()) else {
            done.push(Publication::standing(step.quote()));
            continue;
        };
        match send_one(session, task.sending, quote, Passphrase(passphrase.clone())).await {
            Ok(stage) => {
                done.push(Publication::reached(quote, &stage));
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
    passphrase: Passphrase,
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
    let (result, ()) = tokio::join!(submit(context, quote, passphrase, confirmations, sender), tell);
    result
}

/// A transaction's hash is told always, for it is the thread to follow; the other stages only to a watching eye.
fn tell_stage(console: &mut Console, quote: &Quote, stage: &Stage) {
    let name = quote.statement.reference().familiar();
    match stage {
        Stage::Broadcast { hash } => console.note(&format!("{name}: sent as {hash}")),
        Stage::Included { inclusion, confirmations, of, .. } if console.err_look.live => {
            console.note(&format!("{name}: in block {}, {confirmations} of {of} confirmations", inclusion.block));
        }
        stage if console.err_look.live => console.note(&format!("{name}: {}", stage.word())),
        _ => {}
    }
}

/// Takes up what an earlier process left open, and tells it. Answers with what no block has yet after a wait: to say
/// the same again would say it twice.
///
/// # Errors
/// When the journal or the node cannot be read.
pub async fn take_up(session: &mut Session) -> Result<Vec<Resumed>, Failure> {
    let mut pending = Vec::new();
    for mut resumed in resume(&session.context).await? {
        let confirmations = default_confirmations(session.context.is_local());
        for _ in 0..LOOKS {
            if resumed.stage.inclusion().is_some() || resumed.stage.is_failure() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            resumed.stage = look(&session.context, &resumed.entry, confirmations).await?;
        }
        let (name, hash) = (resumed.entry.statement.reference().familiar(), resumed.entry.hash);
        session.console.note(&format!("taken up from an earlier run: {name}, {hash}: {}", resumed.stage.word()));
        if resumed.stage.inclusion().is_none() && !resumed.stage.is_failure() {
            pending.push(resumed);
        }
    }
    Ok(pending)
}

/// Refuses to speak about a reference while an earlier transaction about it waits for its block.
///
/// # Errors
/// `publication-pending`.
pub fn refuse_pending(pending: &[Resumed], reference: &Reference) -> Result<(), Failure> {
    let Some(one) = pending.iter().find(|one| one.entry.statement.reference() == reference) else { return Ok(()) };
    let message = format!(
        "transaction {} about `{}` waits for its block since {}",
        one.entry.hash,
        reference.familiar(),
        one.entry.at
    );
    Err(Failure::new("publication-pending", &message)
        .hint("try again when the network is less busy; it is sent already"))
}

/// A transaction that ended badly.
fn failed(stage: &Stage) -> Option<Failure> {
    match stage {
        Stage::Reverted { hash, inclusion, reason } => Some(Failure::new(
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

fn show_quotes(console: &mut Console, quotes: &[&Quote]) {
    for quote in quotes {
        let reference = quote.statement.reference();
        match &quote.statement {
            Statement::Release { digests, amends, .. } => {
                let what = if *amends > 0 { "amend" } else { "release" };
                let into = if *amends > 0 { "in" } else { "as" };
                console.note(&format!("{what} {reference} {into} version {}", quote.version));
                for kinded in digests {
                    console.note(&format!("  {:<9} {}", kinded.kind.word(), kinded.digest));
                }
            }
            Statement::Revocation { digests, reason, .. } => {
                console.note(&format!("revoke under {reference}, for ever: {reason}"));
                for digest in digests {
                    console.note(&format!("  {digest}"));
                }
                if quote.standing.is_some() {
                    console.note("  all of it is withdrawn already");
                }
            }
        }
        let (about, most) = (quote.cost.expected().ether(6), quote.cost.at_most().ether(6));
        console.note(&format!("  cost      about {about} ETH ({} gas), at most {most} ETH", quote.cost.gas));
    }
    let Some(quote) = quotes.first() else { return };
    let local = if quote.network.local { ", local to this machine" } else { "" };
    console.note(&format!("  account   {} with {} ETH", quote.from, quote.balance.ether(6)));
    console.note(&format!("  network   {} (chain {}{local})", quote.network.name, quote.network.chain_id));
}

impl Step {
    const fn quote(&self) -> &Quote {
        match self {
            Self::Send(quote) | Self::Stands(quote) => quote,
        }
    }

    const fn to_send(&self) -> Option<&Quote> {
        match self {
            Self::Send(quote) => Some(quote),
            Self::Stands(_) => None,
        }
    }

    fn estimated(&self) -> Publication {
        match self {
            Self::Stands(quote) => Publication::standing(quote),
            Self::Send(quote) => Publication::estimated(quote),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::publication::{Inclusion, TransactionHash};

    #[test]
    fn every_bad_end_is_a_failure_and_no_good_one_is() {
        let hash = TransactionHash([1; 32]);
        let inclusion = Inclusion { block: 7, gas_used: 1, fee: Wei::ZERO };
        let finality = crate::domain::network::Finality::Included;
        for stage in [
            Stage::Reverted { hash, inclusion, reason: "no".into() },
            Stage::Replaced { hash },
            Stage::Dropped { hash },
            Stage::Unknown { hash },
        ] {
            assert!(failed(&stage).is_some_and(|failure| failure.exit_code() == 1), "{stage:?}");
        }
        for stage in [Stage::Broadcast { hash }, Stage::Final { hash, inclusion, finality }] {
            assert_eq!(failed(&stage), None, "{stage:?}");
        }
    }
}
