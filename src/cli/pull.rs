//! `daochain pull`

use std::sync::Arc;

use serde::Serialize;

use super::{
    Session, args,
    carried::Carried,
    console::ErrorPart,
    progress::Bar,
    verdicts::{Candidate, ImageVerdict, Judged, NetworkPart, told},
};
use crate::{
    domain::{Digest, Reference, image::Evidence, verdict::Conclusion, wish::PullWish},
    ops::{
        Failure,
        pull::{Claim, Pulled, pull},
        trust::trust_policy,
    },
};

/// `daochain.pull/1`
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    network: Option<NetworkPart>,
    /// Why the network could not be read.
    problem: Option<ErrorPart>,
    /// Of the two verdicts the one that decided.
    verdict: Conclusion,
    reference: &'a Reference,
    /// Of what the tag named when it was asked for, once.
    digest: Digest,
    media_type: &'a str,
    manifest_digest: Digest,
    /// Bytes of configuration and layers as they are stored.
    size: u64,
    /// The policy's refusal was overridden.
    overridden: bool,
    /// Layers were moved.
    pulled: bool,
    /// The name stands for the image now.
    tagged: bool,
    claimed: &'a ImageVerdict,
    measured: Option<&'a ImageVerdict>,
}

pub async fn run(session: &mut Session, args: args::Pull) -> Result<u8, Failure> {
    let overridden = is_overridden(&args)?;
    let policy = trust_policy(&session.context)?;
    let name = args.reference.familiar().to_owned();
    if overridden {
        session.console.note(&format!("daochain: {name} is pulled whatever the trust policy says of it, as you typed"));
    }
    let wish = PullWish { reference: args.reference, platform: args.platform, overridden };
    let carried = Carried::start(&session.console, &session.token, &format!("pulling {name}"));
    let bar = Bar::start(&session.console, &session.token, &format!("hashing {name}"));
    let teller = Arc::clone(&carried);
    let pulled = pull(&session.context, &wish, &policy, Arc::new(move |step| teller.tell(&step)), bar).await?;
    Ok(present(session, &wish, pulled))
}

/// The name must be typed twice, so that no script overrides by habit.
fn is_overridden(args: &args::Pull) -> Result<bool, Failure> {
    match args.override_policy.as_deref().map(str::parse::<Reference>) {
        None => Ok(false),
        Some(Ok(again)) if again == args.reference => Ok(true),
        Some(_) => {
            let message = format!("--override-policy does not repeat the name `{}`", args.reference.familiar());
            Err(Failure::new("usage", &message).hint("type the same name again, or leave the option out"))
        }
    }
}

fn judged(wish: &PullWish, claim: &Claim, evidence: &Evidence, judgement: crate::ops::verify::Judgement) -> Judged {
    let candidate = Candidate {
        image: None,
        reference: Some(wish.reference.clone()),
        evidence: evidence.clone(),
        platform: claim.platform.clone().or_else(|| wish.platform.clone()),
        source: None,
    };
    told(vec![candidate], judgement, None)
}

fn present(session: &mut Session, wish: &PullWish, pulled: Pulled) -> u8 {
    let Pulled { claim, before, after, is_tagged } = pulled;
    let before = judged(wish, &claim, &claim.evidence, before);
    let after = after.map(|(evidence, judgement)| judged(wish, &claim, &evidence, judgement));
    let decisive = after.as_ref().unwrap_or(&before);
    if let Err(failure) = &decisive.network {
        session.console.complain(failure);
    }
    let (Some(claimed), measured) = (before.images.first(), after.as_ref().and_then(|after| after.images.first()))
    else {
        return 1;
    };
    let document = Document {
        schema: "daochain.pull/1",
        network: decisive.network(),
        problem: decisive.problem(),
        verdict: decisive.verdict(),
        reference: &wish.reference,
        digest: claim.digest,
        media_type: &claim.media_type,
        manifest_digest: claim.manifest,
        size: claim.bytes,
        overridden: wish.overridden,
        pulled: after.is_some(),
        tagged: is_tagged,
        claimed,
        measured,
    };
    session.console.present(&document, |page| {
        measured.unwrap_or(claimed).describe(page);
        page.field("at registry", claim.digest);
        page.line(match (measured.is_some(), is_tagged) {
            (_, true) => "  pulled, measured and named",
            (true, false) => "  pulled and refused: it has no name, and is removed unless it was here before",
            (false, _) => "  refused before any of it was pulled",
        });
    });
    decisive.verdict().exit_code()
}
