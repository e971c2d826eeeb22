//! `daochain revoke`

use super::{
    Session, args,
    publish::measured_config,
    sending,
    sources::{self, Measuring},
};
use crate::{
    domain::{Digest, Reference, digest::DigestKind, image::KindedDigest, publication::Statement},
    ops::{Failure, accounts::choose_account},
};

pub async fn run(session: &mut Session, args: args::Revoke) -> Result<u8, Failure> {
    let account = choose_account(&session.context, args.sending.account).await?.address;
    let pending = if args.sending.dry_run { Vec::new() } else { sending::take_up(session).await? };
    sending::refuse_pending(&pending, &args.reference)?;
    let digests =
        if args.digests.is_empty() { local_digests(session, &args.reference).await? } else { named(&args.digests) };
    session.console.note("A revocation is final: what it names can never be released again under this name.");
    for index in digests.iter().filter(|kinded| kinded.kind == DigestKind::Index) {
        let digest = index.digest;
        session
            .console
            .note(&format!("{digest} is an index: other platforms' images go with it (--digest spares them)"));
    }
    let digests = digests.into_iter().map(|kinded| kinded.digest).collect();
    let statement = Statement::Revocation { reference: args.reference, digests, reason: args.reason };
    let task = sending::Task { schema: "daochain.revoke/1", account, sending: &args.sending, again: true };
    sending::send(session, &task, vec![statement]).await
}

/// Digests of which only the user knows what they stand for.
fn named(digests: &[Digest]) -> Vec<KindedDigest> {
    let kind = DigestKind::Other(0);
    digests.iter().map(|digest| KindedDigest { kind, digest: *digest }).collect()
}

/// The measured digests of the local image of that name: its configuration's, and those of the manifests and indexes that
/// lead to it, by which an engine may know it. An index takes the image's other platforms with it: to spare them, the
/// user names digests.
async fn local_digests(session: &Session, reference: &Reference) -> Result<Vec<KindedDigest>, Failure> {
    let list = sources::list(session).await;
    let (mut configs, mut digests) = (Vec::new(), Vec::new());
    for image in list.images.iter().filter(|image| image.references.contains(reference)) {
        let evidence = sources::evidence(session, image, Measuring::Once).await;
        configs.push(measured_config(reference, &evidence)?);
        digests.extend(evidence.statable());
    }
    configs.sort();
    configs.dedup();
    digests.sort();
    digests.dedup();
    match configs.len() {
        0 => Err(sources::absent(&list, reference)),
        1 => Ok(digests),
        many => {
            let name = reference.familiar();
            Err(Failure::new("reference-ambiguous", &format!("`{name}` stands for {many} images here"))
                .hint("name the digest with --digest"))
        }
    }
}
