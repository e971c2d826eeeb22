//! `daochain push`

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Session, args,
    carried::Carried,
    progress::Bar,
    prompt, sending, signing,
    sources::{self, Measuring},
};
use crate::{
    domain::{
        Address, Reference,
        image::{Evidence, KindedDigest, LocalImage, Source},
        publication::Statement,
    },
    ops::{
        Failure,
        push::{Pushed, push},
        unlock::needs_passphrase,
    },
};

const SCHEMA: &str = "daochain.push/1";

/// `daochain.push/1` of what was pushed and not published.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    #[serde(flatten)]
    pushed: Map<String, Value>,
    publications: [(); 0],
}

pub async fn run(session: &mut Session, args: args::Push) -> Result<u8, Failure> {
    let reference = &args.reference;
    if !args.publish && (is_sent(&args.sending) || args.elsewhere.is_elsewhere() || args.elsewhere.publisher.is_some())
    {
        return Err(Failure::new("usage", "options about an account or a transaction are for --publish")
            .hint("give --publish, or leave them out"));
    }
    // Who cannot sign need not push.
    let account = if args.publish {
        Some(signing::publisher(session, &args.elsewhere, args.sending.account).await?)
    } else {
        None
    };
    let sends_now = args.publish && !args.sending.dry_run && !args.elsewhere.is_elsewhere();
    if let (Some(account), true) = (account, sends_now) {
        prompt::check_answers(session, needs_passphrase(&session.context, account).await?)?;
    }
    let mut pending = if sends_now { sending::take_up(session).await? } else { Vec::new() };
    sending::refuse_pending(session, &mut pending, reference).await?;
    let evidence = local(session, reference).await?;
    let name = reference.familiar();
    if let (Some(account), true) = (account, args.sending.dry_run) {
        session.console.note(&format!(
            "daochain: {name} is not pushed; its manifest's digest, which may be known only then, costs a little more"
        ));
        return publish(session, &args, account, evidence.releasable(), &Map::new()).await;
    }
    if let (Some(account), true) = (account, sends_now && session.console.err_look.live) {
        let asked = if session.globals.yes { "" } else { ", once you have seen what it costs and said yes" };
        let registry = reference.registry();
        session
            .console
            .note(&format!("{name} is pushed; what {registry} serves then is published by {account}{asked}"));
    }
    let carried = Carried::start(&session.console, &session.token, &format!("pushing {name}"));
    let bar = Bar::start(&session.console, &session.token, &format!("hashing {name} at {}", reference.registry()));
    let told = Arc::new(move |step| carried.tell(&step));
    let pushed = push(&session.context, reference, &evidence, told, bar).await?;
    let Some(account) = account else {
        let document = Document { schema: SCHEMA, pushed: fields(reference, &pushed), publications: [] };
        session.console.present(&document, |page| {
            page.line(&format!("pushed {name}, and the registry serves what is here"));
            page.field("at registry", pushed.digest);
            page.field("config", pushed.config);
        });
        return Ok(0);
    };
    if pushed.digest != pushed.manifest && !pushed.is_known {
        session.console.note(&format!(
            "daochain: {name} stands for an index there that was not pushed from here: its digest {} is not published",
            pushed.digest
        ));
    }
    if pushed.images > 1 {
        session.console.note(&format!(
            "daochain: {name} leads to {} images there, and one of them was measured here: their index is not published",
            pushed.images
        ));
    }
    session.console.note(&format!("daochain: pushed {name} as {}", pushed.digest));
    publish(session, &args, account, pushed.digests(), &fields(reference, &pushed)).await
}

async fn publish(
    session: &mut Session,
    args: &args::Push,
    account: Address,
    digests: Vec<KindedDigest>,
    more: &Map<String, Value>,
) -> Result<u8, Failure> {
    let (reference, annotations) = (args.reference.clone(), args.annotations.clone());
    let statements = vec![Statement::Release { reference, digests, amends: 0, annotations }];
    if args.elsewhere.is_elsewhere() {
        return signing::elsewhere(session, &args.elsewhere, (SCHEMA, args.again), account, statements).await;
    }
    let task = sending::Task {
        schema: SCHEMA,
        account,
        sending: &args.sending,
        authority: args.elsewhere.authority(),
        again: args.again,
    };
    sending::send_telling(session, &task, statements, more).await
}

/// Something was said of how a transaction is sent.
const fn is_sent(sending: &args::Sending) -> bool {
    sending.account.is_some()
        || sending.dry_run
        || sending.no_wait
        || sending.max_gas_price.is_some()
        || sending.confirmations.is_some()
}

fn fields(reference: &Reference, pushed: &Pushed) -> Map<String, Value> {
    let fields = [
        ("reference", json!(reference)),
        ("digest", json!(pushed.digest)),
        ("media_type", json!(pushed.media_type)),
        ("manifest_digest", json!(pushed.manifest)),
        ("config_digest", json!(pushed.config)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The engine's image of that name, measured.
async fn local(session: &Session, reference: &Reference) -> Result<Evidence, Failure> {
    let list = sources::list(session).await;
    let is_meant = |image: &&LocalImage| image.id.source == Source::Engine && image.references.contains(reference);
    let image = list.images.iter().find(is_meant).ok_or_else(|| sources::absent(&list, reference))?;
    match sources::evidence(session, image, Measuring::Once).await {
        Evidence::Corrupt { problem, .. } => {
            let message = format!("`{}` contradicts itself, and is not pushed: {problem}", reference.familiar());
            Err(Failure::new("image-corrupt", &message).hint("build or pull it again"))
        }
        Evidence::Unreadable { cause } => {
            let message = format!("`{}` could not be measured: {cause}", reference.familiar());
            Err(Failure::new("image-unreadable", &message).hint("`daochain hash` tells more"))
        }
        evidence @ Evidence::Known { .. } => Ok(evidence),
    }
}
