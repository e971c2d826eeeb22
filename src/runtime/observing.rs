//! What a registry serves, for an observer to attest.

use std::{slice, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{Runtime, board::Unshown, market::beside};
use crate::{
    app::{
        msg::{Msg, SignMsg},
        sign::{Depth, Look, Said, Sighting},
    },
    domain::{
        Address, Reference,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel},
        progress::Watch,
        verdict::{Conclusion, Verdict},
    },
    ops::{
        self, Context, Failure,
        observe::{News, Observation, Remembered, news, observe},
        verify::{Subject, judge_images},
    },
};

impl Runtime {
    /// Looks at a name, and at what `observer` said of it last.
    pub(super) fn observe(&mut self, ticket: u64, reference: Reference, observer: Address, look: Look) {
        let (token, remembered) = (self.undoable(ticket), Arc::clone(&self.observed));
        let sighted = move |result| Msg::Sign(SignMsg::Sighted { ticket, result });
        self.answer("asking a registry what it serves", sighted, move |context| {
            beside(token.clone(), move || async move {
                sighting(&context, reference, observer, (look, &remembered, token)).await.map(Box::new)
            })
        });
    }
}

async fn sighting(
    context: &Context,
    reference: Reference,
    observer: Address,
    (look, remembered, token): (Look, &Remembered, CancellationToken),
) -> Result<Sighting, Failure> {
    let watch: Arc<dyn Watch> = Arc::new(Unshown(token));
    let deep = (look.depth == Depth::Layers).then_some(watch);
    let mut seen = observe(context, slice::from_ref(&reference), remembered, deep).await;
    let seen =
        seen.pop().ok_or_else(|| Failure::new("internal", "a name was looked at, and nothing is told of it"))??;
    let (digests, verdict) = (seen.digests.clone(), judged(context, &seen).await);
    let news = news(context, observer, vec![seen], look.again.then_some(0)).await?;
    let doubt = news.log_problem.clone();
    Ok(Sighting { digests, observer, said: said(&news), verdict, doubt })
}

fn said(news: &News) -> Said {
    if !news.withdrawn.is_empty() {
        Said::Withdrawn
    } else if news.unchanged.is_empty() {
        Said::Otherwise
    } else {
        Said::Same
    }
}

/// What the trust policy makes of what is served: of several platforms' images the gravest verdict. It decides nothing here.
async fn judged(context: &Context, seen: &Observation) -> Option<Verdict> {
    let policy = ops::trust::trust_policy(context).ok()?;
    let configs = seen.digests.iter().filter(|kinded| kinded.kind == DigestKind::Config);
    let subject = |config| Subject {
        image: None,
        reference: seen.reference.clone(),
        evidence: Evidence::known(EvidenceLevel::Claimed, vec![config]),
    };
    let subjects: Vec<_> = configs.copied().map(subject).collect();
    let judgement = judge_images(context, &subjects, &policy).await;
    let gravity = |verdict: &Verdict| Conclusion::BY_GRAVITY.iter().position(|one| *one == verdict.conclusion);
    judgement.verdicts.into_iter().min_by_key(gravity)
}
