//! `daochain revoke`

use super::{
    Session, args,
    publish::measured_config,
    sending,
    sources::{self, Measuring},
};
use crate::{
    domain::{Digest, Reference, publication::Statement},
    ops::{Failure, accounts::choose_account},
};

pub async fn run(session: &mut Session, args: args::Revoke) -> Result<u8, Failure> {
    let account = choose_account(&session.context, args.sending.account).await?.address;
    let pending = if args.sending.dry_run { Vec::new() } else { sending::take_up(session).await? };
    sending::refuse_pending(&pending, &args.reference)?;
    let digest = match args.digest {
        Some(digest) => digest,
        None => local_digest(session, &args.reference).await?,
    };
    session.console.note("A revocation is final: this digest can never be released again under this name.");
    let statement = Statement::Revocation { reference: args.reference, digests: vec![digest], reason: args.reason };
    let task = sending::Task { schema: "daochain.revoke/1", account, sending: &args.sending, again: true };
    sending::send(session, &task, vec![statement]).await
}

/// The measured configuration digest of the local image of that name.
async fn local_digest(session: &Session, reference: &Reference) -> Result<Digest, Failure> {
    let list = sources::list(session).await;
    let mut digests = Vec::new();
    for image in list.images.iter().filter(|image| image.references.contains(reference)) {
        let evidence = sources::evidence(session, image, Measuring::Once).await;
        digests.push(measured_config(reference, &evidence)?);
    }
    digests.dedup();
    match digests[..] {
        [digest] => Ok(digest),
        [] => Err(sources::absent(&list, reference)),
        _ => {
            let name = reference.familiar();
            Err(Failure::new("reference-ambiguous", &format!("`{name}` stands for {} images here", digests.len()))
                .hint("name the digest with --digest"))
        }
    }
}
