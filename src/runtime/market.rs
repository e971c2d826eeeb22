//! What the market pane asks for.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{Runtime, Unshown, stop, translate::problem};
use crate::{
    app::{
        Effect, Msg,
        market::Ware,
        msg::{MarketMsg, MarketPage, Problem},
    },
    domain::{
        Address, Namespace, Reference, Timestamp,
        digest::DigestKind,
        image::Evidence,
        market::{Offer, Query},
        namespace::Vouching,
        record::{HistoryKind, NamedRelease},
        verdict::Verdict,
        wish::PullWish,
    },
    ops::{
        self, Context, Failure,
        layers::Layers,
        offer::{RemoteImage, Sought},
        pull::{Pulled, Step},
        verify::Subject,
    },
};

/// Namespaces of this home that are asked, repositories of each, and tags of each of those.
const NAMESPACES: usize = 8;
const REPOSITORIES: usize = 25;
const TAGS: usize = 25;
/// Rows of the market that are judged at once, and digests of each that are asked for. Strangers may say a word on each of them:
/// where they say too many, the rows beside theirs are undecided with them, and no others.
const ROWS: usize = 25;
const DIGESTS: usize = 16;

impl Runtime {
    /// Takes what is asked for the market.
    pub(super) fn trade(&mut self, effect: Effect) {
        match effect {
            Effect::ReadMarket { ticket, query, refresh } => {
                let found = move |result| Msg::Market(MarketMsg::Found { ticket, result });
                self.answer("looking up what is published", found, move |context| async move {
                    read(&context, query, refresh).await
                });
            }
            Effect::AskWho { ticket, digest } => {
                let found = move |result| Msg::Market(MarketMsg::Found { ticket, result });
                self.answer("looking up who released a digest", found, move |context| async move {
                    let watch = Arc::new(Unshown(CancellationToken::new()));
                    Ok(released(ops::history::who_released(&context, digest, watch).await?))
                });
            }
            Effect::CountMarket { ticket, query } => {
                let counted = move |result| Msg::Market(MarketMsg::Counted { ticket, result });
                self.answer("counting what is published", counted, move |context| async move {
                    let count = ops::market::count(&context, &query).await?;
                    Ok(usize::try_from(count).unwrap_or(usize::MAX))
                });
            }
            Effect::ReadOwn { ticket } => {
                let found = move |result| Msg::Market(MarketMsg::Found { ticket, result });
                // Each holds a thread, and only the newest answer is looked at.
                stop(self.own.take());
                let token = self.undoable(ticket);
                self.own = Some(token.clone());
                self.answer("asking the registries of this home's namespaces", found, move |context| {
                    beside(token, move || async move { own(&context).await })
                });
            }
            Effect::JudgeMarket { ticket, subjects } => {
                let judged = move |result| Msg::Market(MarketMsg::Judged { ticket, result });
                self.answer("judging what is published", judged, |context| async move {
                    judge(&context, subjects, &[]).await
                });
            }
            Effect::Pull { ticket, wish } => self.pull(ticket, wish),
            Effect::ReadVouching(reference) => {
                let name = reference.clone();
                let vouched = move |result: Result<Vouching, Problem>| {
                    let vouching = match result {
                        Err(problem) if problem.is_cancelled() => None,
                        known => Some(known.unwrap_or_default()),
                    };
                    Msg::Market(MarketMsg::Vouched { reference: name, vouching })
                };
                // Each holds a thread, and only the newest answer is looked at.
                stop(self.vouching.take());
                let token = CancellationToken::new();
                self.vouching = Some(token.clone());
                self.answer("asking a name's namespaces", vouched, move |context| {
                    beside(token, move || async move { Ok(ops::namespace::vouched(&context, &reference).await) })
                });
            }
            _ => {}
        }
    }

    fn pull(&mut self, ticket: u64, wish: PullWish) {
        let token = self.undoable(ticket);
        let told = Telling::new(ticket, self.board.interval(), self.sender.clone());
        let pulled = move |result| Msg::Market(MarketMsg::Pulled { ticket, result });
        self.answer_cleared("pulling an image", pulled, move |context| {
            let watch = Arc::new(Unshown(token.clone()));
            let told = Arc::new(move |step| told.tell(&step));
            beside(token, move || async move {
                let policy = ops::trust::trust_policy(&context)?;
                outcome(&wish, ops::pull::pull(&context, &wish, &policy, told, watch).await?)
            })
        });
    }

    /// What [`Effect::Undo`] of that ticket stops.
    pub(super) fn undoable(&mut self, ticket: u64) -> CancellationToken {
        let token = CancellationToken::new();
        self.deeds.retain(|_, token| !token.is_cancelled());
        self.deeds.insert(ticket, token.clone());
        token
    }
}

/// Does work that asks registries, whose futures stay on one thread. Where it is stopped it is dropped: that leaves no name.
pub(super) async fn beside<T, F>(
    token: CancellationToken,
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<T, Failure>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>>,
{
    let runtime = Handle::current();
    let done = ops::blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                done = work() => done,
                () = token.cancelled() => Err(Failure::cancelled()),
            }
        })
    });
    done.await
}

/// Tells of a pull at the board's pace.
struct Telling {
    ticket: u64,
    pause: Duration,
    sender: mpsc::Sender<Msg>,
    seen: Mutex<(Layers, Option<Instant>)>,
}

impl Telling {
    fn new(ticket: u64, pause: Duration, sender: mpsc::Sender<Msg>) -> Self {
        Self { ticket, pause, sender, seen: Mutex::default() }
    }

    fn tell(&self, step: &Step) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (layers, last) = &mut *seen;
        let measuring = match step {
            Step::Layer(step) => {
                layers.take(step);
                false
            }
            Step::Measuring => true,
        };
        if !measuring && last.is_some_and(|last| last.elapsed() < self.pause) {
            return;
        }
        *last = Some(Instant::now());
        let (ticket, layers, bytes) = (self.ticket, layers.count(), layers.bytes());
        drop(seen);
        // A full channel loses progress, never the outcome.
        let _ = self.sender.try_send(Msg::Market(MarketMsg::Pulling { ticket, layers, bytes, measuring }));
    }
}

/// What came of a pull, as a sentence.
fn outcome(wish: &PullWish, pulled: Pulled) -> Result<String, Failure> {
    let Pulled { before, after, is_tagged, .. } = pulled;
    let was_moved = after.is_some();
    let judgement = after.map_or(before, |(_, judgement)| judgement);
    let verdict = judgement.verdicts.into_iter().next();
    let reason =
        verdict.map_or_else(|| format!("{} has no verdict", wish.reference.familiar()), |verdict| verdict.reason);
    if is_tagged {
        let how = if wish.overridden { "whatever the policy says " } else { "" };
        return Ok(format!("pulled {how}and measured: {reason}"));
    }
    let when = if was_moved { "after it was measured, and removed" } else { "before any of it was pulled" };
    // The reason begins with the name, and a notice has one line.
    let failure = Failure::new("pull-refused", &format!("refused {when}: {reason}"));
    Err(failure.hint("`daochain pull --override-policy` takes it all the same"))
}

async fn read(context: &Context, query: Query, refresh: bool) -> Result<MarketPage, Failure> {
    // What was read before is shown, whether or not the node answers now.
    let watch = Arc::new(Unshown(CancellationToken::new()));
    let behind = if refresh { ops::market::refresh(context, watch).await.err() } else { None };
    let page = ops::market::page(context, &query).await?;
    let ware = |offer: Offer| {
        let Offer { reference, publisher, version, first_at, at, digests, .. } = offer;
        Ware::published((reference, publisher, version), (first_at, at), digests)
    };
    let (offset, held) = (usize::try_from(query.offset).unwrap_or(usize::MAX), page.offers.len());
    Ok(MarketPage {
        is_more: held > 0 && held as u64 >= u64::from(query.limit) || (held == 0 && offset > 0),
        total: offset.saturating_add(held),
        wares: page.offers.into_iter().map(ware).collect(),
        offset,
        read_to: page.read_to,
        problem: behind.map(problem),
    })
}

/// Rows of releases: of several by one publisher under one name the newest.
fn released(releases: Vec<NamedRelease>) -> MarketPage {
    let (mut wares, mut nameless): (Vec<Ware>, usize) = (Vec::new(), 0);
    for NamedRelease { reference, event } in releases.into_iter().rev() {
        let HistoryKind::Published { version, digests } = event.kind else { continue };
        let Some(reference) = reference else {
            nameless += 1;
            continue;
        };
        if wares.iter().any(|ware| ware.reference == reference && ware.publisher == Some(event.publisher)) {
            continue;
        }
        let ware = Ware::published((reference, event.publisher, version), (event.at, event.at), digests);
        // Of a digest's release nobody knows what came before.
        wares.push(Ware { first_at: None, ..ware });
    }
    let problem = (nameless > 0).then(|| {
        let message = format!("releases of it under what is no name of an image: {nameless}");
        problem(Failure::new("no-image-name", &message).hint("`daochain who` lists them"))
    });
    MarketPage { total: wares.len(), is_more: false, wares, offset: 0, read_to: None, problem }
}

/// Verdicts of what is offered, some at a time, by the word of `only` ([`ops::trust::policy_for`]).
pub(super) async fn judge(
    context: &Context,
    subjects: Vec<(Reference, Evidence)>,
    only: &[Address],
) -> Result<Vec<Verdict>, Failure> {
    let policy = ops::trust::policy_for(context, only)?;
    let subject = |(reference, evidence)| Subject { image: None, reference, evidence: bounded(evidence) };
    let subjects: Vec<_> = subjects.into_iter().map(subject).collect();
    let mut verdicts = Vec::with_capacity(subjects.len());
    let mut left = subjects.as_slice();
    let mut at_once = ROWS;
    while !left.is_empty() {
        let (rows, others) = left.split_at(left.len().min(at_once));
        let judgement = ops::verify::judge_images(context, rows, &policy).await;
        verdicts.extend(judgement.verdicts);
        left = others;
        if judgement.network.is_err_and(|failure| failure.code == "node-unreachable") {
            // It is no stranger's doing, and not to be waited for again and again.
            at_once = others.len();
        }
    }
    Ok(verdicts)
}

/// As many digests as are asked for: configurations first, then manifests.
fn bounded(evidence: Evidence) -> Evidence {
    let Evidence::Known { level, mut digests, shared } = evidence else { return evidence };
    if digests.len() > DIGESTS {
        digests.sort_by_key(|one| match one.kind {
            DigestKind::Config => 0,
            DigestKind::Manifest => 1,
            _ => 2,
        });
        digests.truncate(DIGESTS);
    }
    Evidence::Known { level, digests, shared }
}

/// What the namespaces that this home's accounts claim have in their registries. What cannot be listed is told of.
async fn own(context: &Context) -> Result<MarketPage, Failure> {
    let accounts = ops::accounts::list_accounts(context).await?.accounts;
    let publishers = accounts.into_iter().map(|account| account.address).collect();
    let watch = Arc::new(Unshown(CancellationToken::new()));
    let claimed = ops::namespace::claimed_by(context, publishers, watch).await?;
    let mut namespaces: Vec<Namespace> =
        claimed.into_iter().map(|(_, namespace, _): (_, _, Timestamp)| namespace).collect();
    namespaces.sort();
    namespaces.dedup();
    let (mut wares, mut trouble) = (Vec::new(), None);
    if namespaces.is_empty() {
        let none = Failure::new("no-namespace", "no account of this home claims a namespace");
        trouble = Some(none.hint("`daochain namespace claim` claims one"));
    }
    for namespace in namespaces.iter().take(NAMESPACES) {
        match of_namespace(context, namespace).await {
            Ok((images, missing)) => {
                wares.extend(images.into_iter().map(remote));
                trouble = trouble.or(missing);
            }
            Err(failure) => trouble = trouble.or(Some(failure)),
        }
    }
    Ok(MarketPage {
        total: wares.len(),
        is_more: false,
        wares,
        offset: 0,
        read_to: None,
        problem: trouble.map(problem),
    })
}

/// The images of a namespace's repositories, and why some repository's are missing.
async fn of_namespace(
    context: &Context,
    namespace: &Namespace,
) -> Result<(Vec<RemoteImage>, Option<Failure>), Failure> {
    let sought = Sought::read(&format!("{namespace}/*"), None)?;
    let listed = ops::offer::look(context, &sought, REPOSITORIES).await?;
    let (mut images, mut missing) = (Vec::new(), None);
    for repository in listed.repositories {
        let sought = Sought::read(&repository, None)?;
        // The namespace's own statement is no image, and is told of elsewhere.
        if namespace.artifact().name() == repository {
            continue;
        }
        match ops::offer::look(context, &sought, TAGS).await {
            Ok(offer) => images.extend(offer.images),
            Err(failure) => missing = missing.or(Some(failure)),
        }
    }
    Ok((images, missing))
}

fn remote(image: RemoteImage) -> Ware {
    Ware {
        reference: image.reference,
        publisher: None,
        version: 0,
        first_at: None,
        at: None,
        platform: image.platform,
        bytes: image.bytes,
        evidence: image.evidence,
        verdict: None,
    }
}

#[cfg(test)]
mod tests;
