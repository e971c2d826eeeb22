//! `daochain revoke`

use std::collections::BTreeSet;

use super::{
    Session, args, sending, signing,
    sources::{self, Measuring},
};
use crate::{
    domain::{Digest, Reference, publication::Statement},
    ops::{Failure, release::measured_config},
};

pub async fn run(session: &mut Session, args: args::Revoke) -> Result<u8, Failure> {
    let account = signing::publisher(session, &args.elsewhere, args.sending.account).await?;
    let mut pending = if args.sending.dry_run || args.elsewhere.is_elsewhere() {
        Vec::new()
    } else {
        sending::take_up(session).await?
    };
    sending::refuse_pending(session, &mut pending, &args.reference).await?;
    let digests =
        if args.digests.is_empty() { local_digests(session, &args.reference).await? } else { args.digests.clone() };
    session.console.note("A revocation is final: what it names can never be released again under this name.");
    let statement = Statement::Revocation { reference: args.reference, digests, reason: args.reason };
    if args.elsewhere.is_elsewhere() {
        let how = ("daochain.revoke/1", true);
        return signing::elsewhere(session, &args.elsewhere, how, account, vec![statement]).await;
    }
    let authority = args.elsewhere.authority();
    let task = sending::Task { schema: "daochain.revoke/1", account, sending: &args.sending, authority, again: true };
    sending::send(session, &task, vec![statement]).await
}

/// The measured digests of the local image of that name: its configuration's, and those of the manifests and indexes that
/// lead to it, by which an engine may know it. An index takes the image's other platforms with it: to spare them, the
/// user names digests.
async fn local_digests(session: &mut Session, reference: &Reference) -> Result<Vec<Digest>, Failure> {
    let list = sources::list(session).await;
    let (mut configs, mut digests, mut shared) = (Vec::new(), Vec::new(), BTreeSet::new());
    for image in list.images.iter().filter(|image| image.references.contains(reference)) {
        let evidence = sources::evidence(session, image, Measuring::Once).await;
        configs.push(measured_config(reference, &evidence)?);
        shared.extend(evidence.shared().iter().map(|index| index.digest));
        digests.extend(evidence.revocable());
    }
    configs.sort();
    configs.dedup();
    digests.sort();
    digests.dedup();
    match configs.len() {
        0 => Err(sources::absent(&list, reference)),
        1 => {
            for digest in shared {
                let note = format!("{digest} is an index: other platforms' images go with it (--digest spares them)");
                session.console.note(&note);
            }
            Ok(digests.into_iter().map(|kinded| kinded.digest).collect())
        }
        many => {
            let name = reference.familiar();
            Err(Failure::new("reference-ambiguous", &format!("`{name}` stands for {many} images here"))
                .hint("name the digest with --digest"))
        }
    }
}
