//! What is signed elsewhere, and what accounts may do.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    Runtime,
    board::Unshown,
    caught::caught,
    deeds::{self, expanded},
    tell, translate,
};
use crate::{
    app::{
        effect::{Effect, GivenSource},
        msg::{AccountMsg, Msg, SignMsg},
        sign::{Carried, Given, Quote},
    },
    domain::{
        Address, Wei,
        publication::{SignedRequest, SigningRequest, Statement},
        text::clean,
        wish::Making,
    },
    ops::{
        Context, Failure, Passphrase,
        release::amended,
        signing::{self, Called, Document, Preparation, Relay, Terms},
    },
};

/// What makes a release of what is current.
const ANEW: &str = "`Ctrl-T` turns to a new version of the same";

impl Runtime {
    /// Signs a request with `passphrase`, for anybody to send.
    pub fn sign_request(&mut self, ticket: u64, request: SigningRequest, passphrase: Passphrase) {
        let asked = move |result| Msg::Sign(SignMsg::Asked { ticket, result });
        self.answer("signing", asked, move |context| async move {
            signing::check_deadline(&request)?;
            let signed = signing::sign(&context, request, passphrase).await?;
            let text = signing::signature_text(&signed)?;
            Ok(Box::new(Carried { request: None, says: None, text, earlier: Vec::new(), left: true }))
        });
    }

    /// Carries requests out and signatures in.
    pub(super) fn carry(&mut self, effect: Effect) {
        match effect {
            Effect::Ask { ticket, statement, publisher, contract, replace, making, seconds } => {
                let asked = move |result| Msg::Sign(SignMsg::Asked { ticket, result });
                self.answer("asking for a signature", asked, move |context| async move {
                    let (statement, again) =
                        (made(&context, statement, making, publisher).await?, making == Making::Again);
                    if contract {
                        call(&context, statement, publisher, again).await
                    } else {
                        ask(&context, statement, publisher, Terms { seconds, replace, again }).await
                    }
                });
            }
            Effect::Forget(request) => {
                let context = self.context.clone();
                // What cannot be forgotten keeps its number until it is void.
                self.tasks.spawn(async move { drop(signing::forget(&context, &request).await) });
            }
            Effect::Relay { ticket, request, answer, from, cap, making } => {
                let quoted = move |result| Msg::Sign(SignMsg::Quoted { ticket, result });
                self.answer("asking for the price", quoted, move |context| async move {
                    relay(&context, *request, &answer, (from, cap), making).await
                });
            }
            Effect::ReadGiven { ticket, source } => {
                let read = move |result| Msg::Sign(SignMsg::Given { ticket, result });
                self.answer("reading what was carried here", read, move |_| async move {
                    given(source).await.map(Box::new)
                });
            }
            Effect::Save { path, text } => {
                self.answer("writing a file", Msg::Saved, move |_| async move {
                    let path = expanded(path);
                    signing::write_new(&path, &text).await?;
                    Ok(clean(&path.display().to_string()))
                });
            }
            _ => {}
        }
    }

    /// Only the newest wish counts: the selection has moved on.
    pub(super) fn read_abilities(&mut self, account: Address, after: Duration) {
        if let Some(older) = self.abilities.take() {
            older.abort();
        }
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.abilities = Some(tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let watch = Arc::new(Unshown(CancellationToken::new()));
            let read = caught("looking up what an account may do", deeds::abilities(&context, account, watch)).await;
            let result = read.and_then(|read| read.map_err(translate::problem));
            tell(&sender, Msg::Account(AccountMsg::Abilities { account, result })).await;
        }));
    }
}

/// What is said, beside what `publisher` said before.
pub(super) async fn made(
    context: &Context,
    statement: Statement,
    making: Making,
    publisher: Address,
) -> Result<Statement, Failure> {
    if making != Making::Amended {
        return Ok(statement);
    }
    let hint = |failure: Failure| match failure.code {
        "refused" => failure.hint("`Ctrl-T` turns to a new version"),
        _ => failure,
    };
    amended(context, &statement, publisher).await.map_err(hint)?.ok_or_else(stands)
}

async fn ask(
    context: &Context,
    statement: Statement,
    publisher: Address,
    terms: Terms,
) -> Result<Box<Carried>, Failure> {
    match signing::reserve(context, vec![statement], publisher, terms).await? {
        Preparation::Request(prepared) => Ok(Box::new(Carried {
            says: None,
            text: signing::request_text(&prepared.request)?,
            earlier: prepared.earlier.iter().map(|one| one.number).collect(),
            request: Some(prepared.request),
            left: false,
        })),
        Preparation::Stands(..) => Err(stands()),
    }
}

/// A request, or a signature with its request.
async fn given(source: GivenSource) -> Result<Given, Failure> {
    let text = match source {
        GivenSource::Text(text) => text,
        GivenSource::File(path) => signing::read_file(&expanded(path)).await?,
    };
    let (request, signed) = match signing::read(text.trim())? {
        Document::Request(request) => (request, None),
        Document::Signed(signed) => {
            let text = signing::signature_text(&signed)?;
            (signed.request, Some(text))
        }
    };
    Ok(Given { is_usual: signing::is_usual_registry(request.contract), request, signed })
}

fn stands() -> Failure {
    let message = "the registry holds all of it already: nothing is left to be said";
    Failure::new("already-published", message).hint(ANEW)
}

async fn call(
    context: &Context,
    statement: Statement,
    publisher: Address,
    again: bool,
) -> Result<Box<Carried>, Failure> {
    let Called::Call(statement, _, call) = signing::call_data(context, vec![statement], publisher, again).await? else {
        return Err(stands());
    };
    let (says, text) = (Some(statement), call.text()?);
    Ok(Box::new(Carried { request: None, says, text, earlier: Vec::new(), left: true }))
}

/// True where both say the same in one publisher's name to one registry.
fn is_same_word(one: &SigningRequest, other: &SigningRequest) -> bool {
    let to = |request: &SigningRequest| (request.chain_id, request.contract, request.publisher);
    to(one) == to(other) && one.statement == other.statement
}

/// What sending costs that came back: the document of `daochain sign`, or a wallet's signature of the request.
async fn relay(
    context: &Context,
    request: SigningRequest,
    answer: &str,
    (from, cap): (Address, Option<Wei>),
    making: Making,
) -> Result<Box<Quote>, Failure> {
    let signed = if answer.starts_with("0x") {
        SignedRequest { request, signature: signing::signature_bytes(answer)? }
    } else {
        match signing::read(answer)? {
            // Of an earlier dialog, it may carry another number and be good for less long: the registry tells.
            Document::Signed(signed) if is_same_word(&signed.request, &request) => signed,
            Document::Signed(_) => {
                return Err(Failure::new("signature-invalid", "it is the signature of another request")
                    .hint("paste the answer to this one"));
            }
            Document::Request(_) => {
                return Err(Failure::new("request-invalid", "it is the request, and not signed yet")
                    .hint("`daochain sign` signs it where the key is"));
            }
        }
    };
    match signing::quote_relay(context, signed, from).await? {
        Relay::Send(quote) => {
            let quote = if making == Making::Again { quote.again() } else { *quote };
            Ok(Box::new(translate::from_quote(quote, cap)))
        }
        // The signature was used: a new version of the same is signed anew.
        Relay::Stands(..) => Err(Failure { hint: None, ..stands() }),
    }
}
