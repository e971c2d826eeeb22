//! `publish --cold`, `publish --calldata`, `daochain sign`, `daochain relay`

use super::{
    Session, args, carry, prompt,
    publication::Publication,
    sending::{self, Task},
    shown,
    verdicts::NetworkPart,
};
use crate::{
    domain::{
        Address,
        network::NetworkView,
        publication::{Authority, SignedRequest, SigningRequest, Statement},
    },
    ops::{
        Failure,
        accounts::{choose_account, choose_payer},
        pack::Step,
        quoting::Outlook,
        signing::{
            self, Called, Document, Preparation, Prepared, Relay, Terms, call_data, chain_name, for_wallets,
            quote_relay, request_text, reserve, signature_bytes, signature_text,
        },
        unlock::needs_passphrase,
    },
};

/// Whose word it is. An account that signs elsewhere need not be of this home.
///
/// # Errors
/// As [`choose_account`]; `usage`.
pub async fn publisher(
    session: &Session,
    elsewhere: &args::Elsewhere,
    named: Option<Address>,
) -> Result<Address, Failure> {
    elsewhere.check()?;
    match named {
        Some(address) if elsewhere.cold || elsewhere.calldata => Ok(address),
        named => Ok(choose_account(&session.context, named).await?.address),
    }
}

/// Tells what stands already: nothing is left to be said.
fn present_standing(session: &mut Session, schema: &'static str, outlooks: &[Outlook], network: &NetworkView) {
    let publications: Vec<_> = outlooks.iter().map(Publication::standing).collect();
    sending::present(session, schema, Some(NetworkPart::from(network)), &publications, None);
}

/// Has others sign or execute the statements of `publisher`.
///
/// # Errors
/// When the node cannot be asked, the contract would refuse, or the result cannot be put where it is wanted.
pub async fn elsewhere(
    session: &mut Session,
    elsewhere: &args::Elsewhere,
    (schema, again): (&'static str, bool),
    publisher: Address,
    statements: Vec<Statement>,
) -> Result<u8, Failure> {
    if elsewhere.calldata {
        let called = call_data(&session.context, statements, publisher, again).await?;
        let (statement, network, call) = match called {
            Called::Call(statement, network, call) => (statement, network, call),
            Called::Stands(outlooks, network) => {
                present_standing(session, schema, &outlooks, &network);
                return Ok(0);
            }
        };
        shown::show_statement(&mut session.console, &statement);
        session.console.note(&format!("  to be sent by {publisher} on {}", chain_name(network.chain_id)));
        carry::deliver(session, &call.text()?, &elsewhere.carry).await?;
        return Ok(0);
    }
    let terms = Terms { seconds: elsewhere.valid_for, replace: elsewhere.replace, again };
    match reserve(&session.context, statements, publisher, terms).await? {
        Preparation::Stands(outlooks, network) => {
            present_standing(session, schema, &outlooks, &network);
        }
        Preparation::Request(prepared) => {
            show_request(session, &prepared.request);
            show_order(session, &prepared);
            if let Err(failure) = hand_out(session, &prepared.request, &elsewhere.carry).await {
                signing::forget(&session.context, &prepared.request).await?;
                return Err(failure);
            }
        }
    }
    Ok(0)
}

async fn hand_out(session: &mut Session, request: &SigningRequest, carry: &args::Carry) -> Result<(), Failure> {
    carry::deliver(session, &request_text(request)?, carry).await
}

/// `daochain sign`
///
/// # Errors
/// `request-invalid`, `signature-expired`; what keeps the key from being used.
pub async fn run_sign(session: &mut Session, args: args::Sign) -> Result<u8, Failure> {
    let Document::Request(request) = signing::read(&carry::receive(&args.request).await?)? else {
        let failure = Failure::new("request-invalid", "it is signed already");
        return Err(failure.hint("`daochain relay` sends it from any account that can pay"));
    };
    show_request(session, &request);
    signing::check_deadline(&request)?;
    if args.typed_data {
        let document = sending::as_text(&for_wallets(&request)?)?;
        carry::deliver(session, &document, &args.carry).await?;
        return Ok(0);
    }
    let is_here = needs_passphrase(&session.context, request.publisher).await?;
    prompt::confirm(session, "Sign this, for anybody to send?").await?;
    let passphrase = sending::passphrase_of(session, request.publisher, is_here).await?;
    let signed = signing::sign(&session.context, request, passphrase).await?;
    carry::deliver(session, &signature_text(&signed)?, &args.carry).await?;
    session.console.note("signed; `daochain relay` sends it from any account that can pay");
    Ok(0)
}

/// `daochain relay`
///
/// # Errors
/// `request-invalid`, and what keeps the registry from taking it.
pub async fn run_relay(session: &mut Session, args: args::Relay) -> Result<u8, Failure> {
    let signed = match (signing::read(&carry::receive(&args.signed).await?)?, &args.signature) {
        (Document::Signed(signed), None) => signed,
        (Document::Request(request), Some(signature)) => {
            SignedRequest { request, signature: signature_bytes(signature)? }
        }
        (Document::Signed(_), Some(_)) => {
            return Err(Failure::new("usage", "the file has its signature already").hint("leave --signature out"));
        }
        (Document::Request(_), None) => {
            return Err(Failure::new("request-invalid", "it is not signed yet")
                .hint("sign it with `daochain sign`, or give a wallet's signature with --signature"));
        }
    };
    let schema = match signed.request.statement {
        Statement::Revocation { .. } => "daochain.revoke/1",
        _ => "daochain.publish/1",
    };
    let account = choose_payer(&session.context, args.sending.account).await?.address;
    if !args.sending.dry_run {
        let mut pending = sending::take_up(session).await?;
        for part in signed.request.statement.parts() {
            if let Some(reference) = part.reference() {
                sending::refuse_pending(session, &mut pending, reference).await?;
            }
        }
    }
    let authority = Authority::Signature(Box::new(signed.clone()));
    let task = Task { schema, account, sending: &args.sending, authority, again: args.again };
    match quote_relay(&session.context, signed, account).await? {
        Relay::Send(quote) => {
            session.console.note(&format!("  signed by {}", quote.publisher()));
            let network = quote.network.clone();
            sending::send_steps_of(session, &task, vec![Step::Send(quote)], &network).await
        }
        Relay::Stands(outlooks, network) => {
            let publications: Vec<_> = outlooks.iter().map(Publication::standing).collect();
            sending::present(session, schema, Some(NetworkPart::from(&network)), &publications, None);
            Ok(0)
        }
    }
}

/// All that a request says, in plain words.
fn show_request(session: &mut Session, request: &SigningRequest) {
    let console = &mut session.console;
    shown::show_statement(console, &request.statement);
    console.note(&format!("  publisher {}", request.publisher));
    console.note(&format!("  network   {}", chain_name(request.chain_id)));
    console.note(&format!("  registry  {}{}", request.contract, registry_note(request)));
    console.note(&format!("  signature number {}, good until {}", request.nonce, request.deadline));
}

fn registry_note(request: &SigningRequest) -> &'static str {
    if signing::is_usual_registry(request.contract) { ", the usual address" } else { ", NOT the usual address" }
}

fn show_order(session: &mut Session, prepared: &Prepared) {
    let numbers: Vec<String> = prepared.earlier.iter().map(|one| one.number.to_string()).collect();
    if !numbers.is_empty() {
        let note = format!(
            "  comes after number {}, which this home asked for and nobody relayed (--replace takes the first one's place)",
            numbers.join(", ")
        );
        session.console.note(&note);
    }
    session.console.note("carry it to the machine that has the key; `daochain sign` there, `daochain relay` here");
}
