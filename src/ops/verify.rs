//! Verdicts for many images in one call, and news of the chain.

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use super::context::{blocking, now};
use crate::{
    chain::{Chain, Question},
    domain::{
        Digest, Reference, Timestamp,
        image::{Evidence, ImageId},
        network::NetworkView,
        record::Answer,
        trust::TrustPolicy,
        verdict::{Conclusion, Verdict, judge},
    },
    ops::{Context, Failure},
    store::VerdictKey,
};

/// How often the chain is asked for its head.
const BLOCK_INTERVAL: Duration = Duration::from_secs(1);
/// The same where its node runs in this process and tells of every block by itself.
const TOLD_INTERVAL: Duration = Duration::from_mins(1);

/// One image under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The listed image, where it is one: its last verdict is remembered.
    pub image: Option<ImageId>,
    /// The name.
    pub reference: Reference,
    /// What is known of its content.
    pub evidence: Evidence,
}

/// Verdicts, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The network that was read, or why it was not: then every verdict is *undecided* (or *mismatch* where the content
    /// contradicts itself).
    pub network: Result<NetworkView, Failure>,
    /// One for each subject, in their order.
    pub verdicts: Vec<Verdict>,
    /// When.
    pub checked_at: Timestamp,
    /// For an undecided subject: the last verdict that was reached, and when.
    pub last: Vec<Option<(Conclusion, Timestamp)>>,
    /// The event log could not be read: blocks and reasons are missing. One sentence.
    pub log_problem: Option<String>,
}

/// Judges all subjects at one block.
pub async fn judge_images(context: &Context, subjects: &[Subject], policy: &TrustPolicy) -> Judgement {
    let read = match context.chain().await {
        Ok(chain) => read_records(context, &chain, subjects, policy).await,
        Err(failure) => Err(failure),
    };
    let (network, answers, log_problem) = match read {
        Ok((view, answers, log_problem)) => (Ok(view), answers, log_problem),
        Err(failure) => {
            let cause = failure.to_string();
            (Err(failure), vec![Answer::Failed { cause }; subjects.len()], None)
        }
    };
    let head = network.as_ref().ok().map(|view: &NetworkView| &view.head);
    let mut verdicts: Vec<_> = subjects
        .iter()
        .zip(&answers)
        .map(|(subject, answer)| judge(&subject.reference, &subject.evidence, answer, policy, head))
        .collect();
    compare_layers(context, subjects, &mut verdicts).await;
    let checked_at = now();
    let last = recall_verdicts(context, subjects, &verdicts, checked_at).await;
    Judgement { network, verdicts, checked_at, last, log_problem }
}

/// Tells of mismatches that they have the current release's layers, where an image of that release was measured here.
async fn compare_layers(context: &Context, subjects: &[Subject], verdicts: &mut [Verdict]) {
    for (subject, verdict) in subjects.iter().zip(verdicts) {
        let is_open = verdict.conclusion == Conclusion::Mismatch && verdict.same_layers.is_none();
        let (true, Some(layers), Some(version)) = (is_open, subject.evidence.layers(), verdict.current_version) else {
            continue;
        };
        let (store, expected) = (context.store().clone(), verdict.expected.clone());
        let known = blocking(move || {
            let is_same = |config: &Digest| store.layers_of(*config).ok().flatten() == Some(layers.digest);
            Ok(expected.iter().any(is_same))
        });
        if known.await.unwrap_or(false) {
            verdict.has_layers_of(version);
        }
    }
}

type Read = (NetworkView, Vec<Answer>, Option<String>);

async fn read_records(
    context: &Context,
    chain: &Chain,
    subjects: &[Subject],
    policy: &TrustPolicy,
) -> Result<Read, Failure> {
    let question = |subject: &Subject| Question {
        reference: subject.reference.clone(),
        publishers: policy.publishers(&subject.reference).iter().map(|rule| rule.publisher).collect(),
        digests: subject.evidence.digests().iter().map(|kinded| kinded.digest).collect(),
    };
    let questions: Vec<_> = subjects.iter().map(question).collect();
    let answers = chain.records(&questions).await?;
    let view = context.view(chain, answers.head).await?;
    Ok((view, answers.records.into_iter().map(Answer::Records).collect(), answers.log_problem))
}

/// Keeps the verdicts that were reached, and recalls the last one where none was.
async fn recall_verdicts(
    context: &Context,
    subjects: &[Subject],
    verdicts: &[Verdict],
    at: Timestamp,
) -> Vec<Option<(Conclusion, Timestamp)>> {
    let (store, network) = (context.store().clone(), context.network_key());
    let listed: Vec<_> = subjects
        .iter()
        .zip(verdicts)
        .map(|(subject, verdict)| (subject.image.clone(), subject.reference.clone(), verdict.conclusion))
        .collect();
    let recalled = blocking(move || {
        let reached = listed.iter().filter_map(|(image, reference, conclusion)| {
            image.as_ref().map(|image| (VerdictKey { network: &network, image, reference }, *conclusion))
        });
        store.remember_verdicts(reached, at)?;
        let mut last = Vec::with_capacity(listed.len());
        for (image, reference, conclusion) in &listed {
            last.push(match image {
                Some(image) if *conclusion == Conclusion::Undecided => {
                    store.last_verdict(VerdictKey { network: &network, image, reference })?
                }
                _ => None,
            });
        }
        Ok(last)
    })
    .await;
    // Without the store nothing is recalled; the verdicts themselves do not depend on it.
    recalled.unwrap_or_else(|_| vec![None; subjects.len()])
}

/// News of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainChange {
    /// A new block (or the first that was seen).
    Block(NetworkView),
    /// The node is gone; it is asked again by itself.
    Lost(Failure),
}

/// Follows the chain until the receiver is dropped: a block is told within about a second of its arrival.
#[must_use]
pub fn follow_chain(context: &Context) -> mpsc::Receiver<ChainChange> {
    let (sender, receiver) = mpsc::channel(16);
    let context = context.clone();
    tokio::spawn(async move {
        let mut told = None;
        while !sender.is_closed() {
            // Before looking: a block that comes in between is heard of all the same.
            let mut mined = context.local_node().mined().await;
            let change = match look(&context).await {
                Ok(view) => ChainChange::Block(view),
                Err(failure) => ChainChange::Lost(failure),
            };
            if told.as_ref() != Some(&change) {
                told = Some(change.clone());
                if sender.send(change).await.is_err() {
                    return;
                }
            }
            tokio::select! { () = sender.closed() => return, () = next_block(mined.as_mut()) => {} }
        }
    });
    receiver
}

/// Ends when there may be another block.
async fn next_block(mined: Option<&mut watch::Receiver<()>>) {
    match mined {
        // The node ended: somebody else hosts it by now, or nobody.
        Some(mined) => {
            if let Ok(Err(_)) = timeout(TOLD_INTERVAL, mined.changed()).await {
                sleep(BLOCK_INTERVAL).await;
            }
        }
        None => sleep(BLOCK_INTERVAL).await,
    }
}

async fn look(context: &Context) -> Result<NetworkView, Failure> {
    let chain = context.chain().await?;
    let head = chain.head().await?;
    context.view(&chain, head).await
}
