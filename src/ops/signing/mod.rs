//! Signing elsewhere: a request goes to the machine that has the key, and its signature comes back for anybody to send.
//!
//! ```text
//! request ─▶ file, QR code, clipboard ─▶ sign (no network) ─▶ file, QR code, clipboard ─▶ relay
//! ```
//! A signature carries a number, which the registry takes in order and once each, and a deadline.

mod call;
mod document;

use std::path::Path;

use super::{
    context::{blocking, now},
    quoting::{Outlook, Quote, outlook, quote_in_name},
    unlock::signer,
};
use crate::{
    chain::{Action, Chain, ChainError, signer_of, signing_hash, typed_data, usual_address},
    domain::{
        Address, Timestamp,
        network::{KnownChain, NetworkView},
        publication::{Authority, Contract, SignedRequest, SigningRequest, Statement},
    },
    ops::{Context, Failure, Passphrase},
    store::{OpenRequest, files},
};

pub use call::{CallData, Called, call_data};
pub use document::{Document, read, read_file, request_text, signature_bytes, signature_text, text_of};

/// Longest time for which a signature may be asked to be good: whoever has it can use it until then.
pub const LONGEST: u64 = 90 * 86_400;
/// A little below what any transaction may have since Osaka (EIP-7825): a signature is checked beside what it is for.
const MOST_GAS: u64 = 16_000_000;

/// A request, ready to be carried away.
#[derive(Debug)]
pub struct Prepared {
    /// What is to be signed.
    pub request: SigningRequest,
    /// Where it will count.
    pub network: NetworkView,
    /// Requests of this home that must be relayed before it.
    pub earlier: Vec<OpenRequest>,
}

/// How a request is made.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// For how many seconds from now the signature is good.
    pub seconds: u64,
    /// Take the place of requests that nobody relayed yet.
    pub replace: bool,
    /// Ask for what stands already, too.
    pub again: bool,
}

/// What asking for a signature comes to.
#[derive(Debug)]
pub enum Preparation {
    /// A request.
    Request(Box<Prepared>),
    /// Nothing is left to be said.
    Stands(Vec<Outlook>, NetworkView),
}

/// Makes one request to `publisher` to sign all of `statements` that do not stand already. It carries the number after those that
/// this home asked for and nobody relayed, unless it is to take their place.
async fn prepare(
    context: &Context,
    statements: Vec<Statement>,
    publisher: Address,
    terms: Terms,
) -> Result<Preparation, Failure> {
    let chain = context.chain().await?;
    let (outlooks, head) = outlook(&chain, statements, publisher).await?;
    let network = context.view(&chain, head).await?;
    let (standing, wanted): (Vec<_>, Vec<_>) = outlooks.into_iter().partition(|one| one.stands(terms.again));
    let Some(statement) = together(wanted.into_iter().map(|one| one.statement).collect()) else {
        return Ok(Preparation::Stands(standing, network));
    };
    check(&chain, &statement, publisher).await?;
    let next = chain.signature_number(publisher).await?;
    let at = now().max(head.latest.at);
    let (store, of) = (context.store().clone(), (network.chain_id, network.contract, publisher));
    let open = blocking(move || Ok(store.open_requests(of, next, at)?)).await?;
    let (nonce, earlier) = if terms.replace { (next, Vec::new()) } else { after(next, open) };
    let deadline = Timestamp(at.0.saturating_add(terms.seconds));
    let (chain_id, contract) = (network.chain_id, network.contract);
    let request = SigningRequest { chain_id, contract, publisher, statement, nonce, deadline };
    Ok(Preparation::Request(Box::new(Prepared { request, network, earlier })))
}

/// Makes one request to `publisher` to sign all of `statements` that do not stand already, and notes it at once: another process that
/// asks meanwhile gets another number. [`forget`] gives the number back where the request never left.
///
/// # Errors
/// When the node cannot be asked, the contract would refuse, or the home cannot note it.
pub async fn reserve(
    context: &Context,
    statements: Vec<Statement>,
    publisher: Address,
    terms: Terms,
) -> Result<Preparation, Failure> {
    loop {
        let preparation = prepare(context, statements.clone(), publisher, terms).await?;
        let Preparation::Request(prepared) = &preparation else { return Ok(preparation) };
        if terms.replace {
            note(context, &prepared.request).await?;
            return Ok(preparation);
        }
        let (store, wanted) = (context.store().clone(), noted(&prepared.request)?);
        if blocking(move || Ok(store.reserve_request(&wanted)?)).await? {
            return Ok(preparation);
        }
    }
}

/// Notes that a request left this machine: the next one comes after it.
///
/// # Errors
/// When the home cannot note it.
async fn note(context: &Context, request: &SigningRequest) -> Result<(), Failure> {
    let (store, noted) = (context.store().clone(), noted(request)?);
    blocking(move || Ok(store.record_request(&noted)?)).await
}

/// Takes the note of a request back that never left this machine: the next one may have its number.
///
/// # Errors
/// When the home cannot be written.
pub async fn forget(context: &Context, request: &SigningRequest) -> Result<(), Failure> {
    let (store, hash) = (context.store().clone(), signing_hash(request)?);
    blocking(move || Ok(store.forget_request(hash)?)).await
}

fn noted(request: &SigningRequest) -> Result<OpenRequest, Failure> {
    let &SigningRequest { chain_id, contract, publisher, nonce: number, deadline, .. } = request;
    Ok(OpenRequest { hash: signing_hash(request)?, chain_id, contract, publisher, number, deadline })
}

/// One statement of all; `None` of none.
fn together(mut statements: Vec<Statement>) -> Option<Statement> {
    match statements.as_slice() {
        [] | [_] => statements.pop(),
        [first, ..] => {
            let reference = first.reference()?.clone();
            Some(Statement::Releases { reference, releases: statements })
        }
    }
}

/// The first number that no open request carries, and those that carry the ones before it.
fn after(next: u64, open: Vec<OpenRequest>) -> (u64, Vec<OpenRequest>) {
    let free = (next..=next.saturating_add(open.len() as u64))
        .find(|number| open.iter().all(|one| one.number != *number))
        .unwrap_or(next);
    (free, open.into_iter().filter(|one| one.number < free).collect())
}

/// Has the contract refuse what it would refuse, before anybody walks to another machine.
async fn check(chain: &Chain, statement: &Statement, publisher: Address) -> Result<(), Failure> {
    match chain.estimate(&Action::of(statement.clone(), Authority::Own), publisher).await {
        Ok(cost) if cost.gas > MOST_GAS => {
            let message = format!("all of it together takes {} gas, more than one transaction may have", cost.gas);
            Err(Failure::new("request-too-large", &message).hint("ask for fewer images at once"))
        }
        // It need not own anything: somebody else pays.
        Ok(_) | Err(ChainError::InsufficientFunds { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// That a request can still be relayed when it is signed now, by this machine's clock.
///
/// # Errors
/// `signature-expired`.
pub fn check_deadline(request: &SigningRequest) -> Result<(), Failure> {
    let at = now();
    if at <= request.deadline {
        return Ok(());
    }
    let message = format!(
        "the request was good until {}, and it is {at} by this machine's clock: no registry takes its signature",
        request.deadline
    );
    Err(Failure::new("signature-expired", &message).hint("have a new request made, or set the clock"))
}

/// Signs a request with this home's key of its publisher. Asks no node.
///
/// # Errors
/// `no-such-account`, `passphrase-wrong`, what is wrong with the key file.
pub async fn sign(
    context: &Context,
    request: SigningRequest,
    passphrase: Passphrase,
) -> Result<SignedRequest, Failure> {
    let signer = signer(context, request.publisher, passphrase).await?;
    let signature = signer.sign_request(&request).await?;
    Ok(SignedRequest { request, signature })
}

/// The request as wallets take it (`eth_signTypedData_v4`).
///
/// # Errors
/// `unsignable`.
pub fn for_wallets(request: &SigningRequest) -> Result<serde_json::Value, Failure> {
    Ok(typed_data(request)?)
}

/// What relaying comes to.
#[derive(Debug)]
pub enum Relay {
    /// To be sent.
    Send(Box<Quote>),
    /// The registry holds all of it already; this is what sending it would have repeated.
    Stands(Vec<Outlook>, NetworkView),
}

/// What sending `signed` costs `from`, and whether the contract will take it.
///
/// # Errors
/// `wrong-chain`, `wrong-contract`, `signature-expired`, `signature-used`, `signature-early`, `signature-invalid`; when the node cannot
/// be asked.
pub async fn quote_relay(context: &Context, signed: SignedRequest, from: Address) -> Result<Relay, Failure> {
    let chain = context.chain().await?;
    let head = chain.head().await?;
    let network = context.view(&chain, head).await?;
    let request = &signed.request;
    is_for(request, &network)?;
    let next = chain.signature_number(request.publisher).await?;
    if request.nonce < next {
        let parts = request.statement.parts().to_vec();
        let (outlooks, _) = outlook(&chain, parts, request.publisher).await?;
        if outlooks.iter().all(|one| one.stands(false)) {
            return Ok(Relay::Stands(outlooks, network));
        }
    }
    is_next(request, next)?;
    is_signed(&chain, &signed).await?;
    if head.latest.at > request.deadline {
        let message =
            format!("the signature was good until {}, and the newest block is of {}", request.deadline, head.latest.at);
        return Err(Failure::new("signature-expired", &message).hint("have a new request signed"));
    }
    let (statement, authority) = (request.statement.clone(), Authority::Signature(Box::new(signed)));
    Ok(Relay::Send(Box::new(quote_in_name(context, statement, from, authority).await?)))
}

/// That it is for this network's registry.
fn is_for(request: &SigningRequest, network: &NetworkView) -> Result<(), Failure> {
    if request.chain_id != network.chain_id {
        let message = format!(
            "the signature is for {}, and network `{}` is {}",
            chain_name(request.chain_id),
            network.name,
            chain_name(network.chain_id)
        );
        return Err(Failure::new("wrong-chain", &message).hint("name that chain's network with --network"));
    }
    if request.contract != network.contract {
        let message = format!(
            "the signature is for the registry at {}, and network `{}` has {}",
            request.contract, network.name, network.contract
        );
        return Err(Failure::new("wrong-contract", &message).hint("`network add --contract` names another address"));
    }
    Ok(())
}

fn is_next(request: &SigningRequest, next: u64) -> Result<(), Failure> {
    if request.nonce < next {
        let message = format!(
            "the signature is number {} of {}, and the registry has taken that number: another one was relayed",
            request.nonce, request.publisher
        );
        return Err(Failure::new("signature-used", &message).hint("have a new request signed"));
    }
    if request.nonce > next {
        let message = format!(
            "the signature is number {} of {}, and the registry waits for number {next}",
            request.nonce, request.publisher
        );
        return Err(Failure::new("signature-early", &message).hint("relay the earlier ones first"));
    }
    Ok(())
}

async fn is_signed(chain: &Chain, signed: &SignedRequest) -> Result<(), Failure> {
    let publisher = signed.request.publisher;
    let signer = signer_of(&signed.request, &signed.signature)?;
    // A contract account's signature is what its code takes for one, and the estimate asks it.
    if signer == Some(publisher) || chain.has_code(publisher).await? {
        return Ok(());
    }
    let made = signer.map_or_else(|| "no key's".to_owned(), |signer| format!("{signer}'s"));
    let message = format!("the signature is {made}, and the request is for {publisher}: one of them was changed");
    Err(Failure::new("signature-invalid", &message).hint("sign the request again, and take the whole text"))
}

/// True for the address that follows from the registry's code: where it stands on every chain with the deployment proxy.
#[must_use]
pub fn is_usual_registry(contract: Address) -> bool {
    contract == usual_address(Contract::Registry)
}

/// A chain's number, with its name where it is a public one's.
#[must_use]
pub fn chain_name(chain_id: u64) -> String {
    match KnownChain::by_id(chain_id) {
        Some(known) => format!("chain {chain_id} ({})", known.name),
        None => format!("chain {chain_id}"),
    }
}

/// Writes `text` and a line end to a new file, for its user alone; whole, or not at all.
///
/// # Errors
/// `file-unwritable`, also where something has the name already.
pub async fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let (path, text) = (path.to_owned(), format!("{text}\n"));
    blocking(move || {
        files::create(&path, text.as_bytes()).map_err(|error| {
            Failure::new("file-unwritable", &format!("`{}` cannot be written: {}", path.display(), error.cause()))
                .hint("name a new file in a folder that you can write")
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_after_those_that_wait() {
        let open = |number| OpenRequest {
            hash: [0; 32],
            chain_id: 1,
            contract: Address::from_bytes([1; 20]),
            publisher: Address::from_bytes([2; 20]),
            number,
            deadline: Timestamp(9),
        };
        let numbers = |(free, earlier): (u64, Vec<OpenRequest>)| {
            (free, earlier.into_iter().map(|one| one.number).collect::<Vec<_>>())
        };
        assert_eq!(numbers(after(3, Vec::new())), (3, vec![]));
        assert_eq!(numbers(after(3, vec![open(3), open(4)])), (5, vec![3, 4]));
        assert_eq!(numbers(after(3, vec![open(4)])), (3, vec![]));
    }
}
