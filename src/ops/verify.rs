//! Verdicts for many images in one call, and news of the chain.

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    context::{blocking, now},
    history,
    lasting::lasting,
};
use crate::{
    chain::{Answers, Chain, ChainError, Closed, NewHeads, Question},
    domain::{
        Digest, Reference, Timestamp,
        image::{Evidence, ImageId},
        network::{Block, Dissent, KnownChain, NetworkView},
        node,
        record::{Answer, Record},
        trust::{Successions, TrustPolicy},
        verdict::{Conclusion, Verdict, judge},
    },
    ops::{Context, Failure},
    store::VerdictKey,
};

/// How often the chain is asked for its head: four times as often as blocks come, within these bounds.
const BLOCK_INTERVAL: Duration = Duration::from_secs(1);
const SLOW_INTERVAL: Duration = Duration::from_secs(15);
/// A node that is away is asked less and less often, down to this.
const AWAY_INTERVAL: Duration = Duration::from_secs(10);
/// The same where its node tells of every block by itself.
const TOLD_INTERVAL: Duration = Duration::from_mins(1);

/// Seconds after which a head counts as old on a chain that nothing is known of, and how many times as long as the last blocks
/// took, which are this many.
const OLD: u64 = 60;
const RESTS: f64 = 10.0;
const SPAN: u64 = 64;

/// Successors of successors that are followed. Each costs another question.
const GENERATIONS: usize = 8;

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
    /// Endpoints without which the verdicts were reached.
    pub dissent: Vec<Dissent>,
}

/// Judges all subjects at one block.
pub async fn judge_images(context: &Context, subjects: &[Subject], policy: &TrustPolicy) -> Judgement {
    let read = match context.chain().await {
        Ok(chain) => read_records(context, &chain, subjects, policy).await,
        Err(failure) => Err(failure),
    };
    let (network, read) = match read {
        Ok((view, read)) => (Ok(view), read),
        Err(failure) => {
            let answers = vec![Answer::Failed { cause: failure.to_string() }; subjects.len()];
            (Err(failure), Read { answers, log_problem: None, dissent: Vec::new(), lateness: None })
        }
    };
    let Read { answers, log_problem, dissent, lateness } = read;
    let head = network.as_ref().ok().map(|view: &NetworkView| &view.head);
    let checked_at = now();
    let mut verdicts: Vec<_> = subjects
        .iter()
        .zip(&answers)
        .map(|(subject, answer)| {
            let mut verdict = judge(&subject.reference, &subject.evidence, answer, policy, head, checked_at);
            verdict.reached_without(&dissent);
            if let Some(lateness) = &lateness {
                verdict.warn(lateness);
            }
            verdict
        })
        .collect();
    compare_layers(context, subjects, &mut verdicts).await;
    let last = recall_verdicts(context, subjects, &verdicts, checked_at).await;
    Judgement { network, verdicts, checked_at, last, log_problem, dissent }
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

/// What was read of the chain.
struct Read {
    answers: Vec<Answer>,
    log_problem: Option<String>,
    dissent: Vec<Dissent>,
    lateness: Option<String>,
}

async fn read_records(
    context: &Context,
    chain: &Chain,
    subjects: &[Subject],
    policy: &TrustPolicy,
) -> Result<(NetworkView, Read), Failure> {
    let question = |subject: &Subject| Question {
        reference: subject.reference.clone(),
        publishers: policy.named(&subject.reference),
        digests: subject.evidence.digests().iter().map(|kinded| kinded.digest).collect(),
    };
    let mut questions: Vec<_> = subjects.iter().map(question).collect();
    let (mut attempts, mut generations) = (0, 0);
    let (answers, log_problem) = loop {
        let asked = questions.iter().map(|one| (one.reference.clone(), one.publishers.clone())).collect();
        let (head, behind) = chain.common_head().await?;
        let (heard, log_problem) = history::heard(context, chain, &head.latest, asked).await;
        match chain.records_at(&head, behind, &questions, &heard).await {
            // A reorganisation came between, or goes on.
            Err(ChainError::Disagreement { .. } | ChainError::Unsettled { .. }) if attempts == 0 => attempts += 1,
            answers => {
                let answers = answers?;
                if generations == GENERATIONS || !ask_heirs(&mut questions, &answers.records, policy) {
                    break (answers, log_problem);
                }
                generations += 1;
            }
        }
    };
    let view = context.view(chain, answers.head).await?;
    let Answers { records, dissent, .. } = answers;
    let lateness = lateness(context, chain, &view).await;
    Ok((view, Read { answers: records.into_iter().map(Answer::Records).collect(), log_problem, dissent, lateness }))
}

/// Adds those who took over, where the policy follows them and they were not asked for. False when nothing is left to ask.
fn ask_heirs(questions: &mut [Question], records: &[Vec<Record>], policy: &TrustPolicy) -> bool {
    let mut is_more = false;
    for (question, records) in questions.iter_mut().zip(records) {
        if policy.demands(&question.reference).successions != Successions::Always {
            continue;
        }
        // One whose releases are known is asked for, too: what it said is explained of those who are asked for alone.
        let named = records.iter().filter(|record| question.publishers.contains(&record.publisher));
        let mut heirs: Vec<_> = named.filter_map(|record| record.successor).collect();
        heirs.retain(|heir| !question.publishers.contains(heir));
        is_more |= !heirs.is_empty();
        question.publishers.extend(heirs);
    }
    is_more
}

/// Why the head may not be the chain's newest block. Of a chain that nothing is known of the last blocks tell how fast it makes
/// them, and they are asked for only where the newest is old: one that rests is not called late, and its age is told.
#[expect(clippy::cast_precision_loss, reason = "seconds of a few blocks need no exactness")]
async fn lateness(context: &Context, chain: &Chain, view: &NetworkView) -> Option<String> {
    let is_known = KnownChain::by_id(view.chain_id).is_some();
    // Their blocks come when there is something to put into them, and run ahead of the clock when there is much.
    if view.local || (!is_known && super::geth::own_state(context).await.is_some()) {
        return None;
    }
    let (now, latest) = (now(), view.head.latest);
    let told = view.lateness(now);
    let age = now.since(latest.at);
    if told.is_some() || is_known || age <= OLD {
        return told;
    }
    let span = SPAN.min(latest.number.checked_sub(1)?).max(1);
    let first = *chain.blocks(&[latest.number - span]).await.ok()?.first()?;
    let seconds = latest.at.since(first.at) as f64 / span as f64;
    (age as f64 > RESTS * seconds).then(|| node::Pace { chain: None, seconds }.late_words(&format!("{age} s")))
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
        let keyed = listed.iter().map(|(image, reference, conclusion)| {
            (image.as_ref().map(|image| VerdictKey { network: &network, image, reference }), *conclusion)
        });
        store.remember_verdicts(keyed.clone().filter_map(|(key, conclusion)| key.zip(Some(conclusion))), at)?;
        let open: Vec<_> = keyed.map(|(key, conclusion)| key.filter(|_| conclusion == Conclusion::Undecided)).collect();
        let mut last = store.last_verdicts(open.iter().flatten().copied())?.into_iter();
        Ok(open.iter().map(|key| key.and_then(|_| last.next().flatten())).collect())
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

/// Follows the chain until the receiver is dropped. A block is told at once where the node tells of it (the embedded one,
/// WebSocket, IPC), and elsewhere after a quarter of the time that blocks take.
#[must_use]
pub fn follow_chain(context: &Context) -> mpsc::Receiver<ChainChange> {
    let (sender, receiver) = mpsc::channel(16);
    let context = context.clone();
    tokio::spawn(async move {
        let lost = |failure| async { sender.send(ChainChange::Lost(failure)).await.is_ok() };
        lasting("following the chain", || follow(&context, &sender), lost).await;
    });
    receiver
}

async fn follow(context: &Context, sender: &mpsc::Sender<ChainChange>) {
    let (mut told, mut news, mut pace) = (None, News::Nobody, Pace::default());
    while !sender.is_closed() {
        let change = look(context).await;
        pace.learn(&change);
        news.seek_behind(&change, context);
        if told.as_ref() != Some(&change) {
            told = Some(change.clone());
            if sender.send(change).await.is_err() {
                return;
            }
        }
        tokio::select! { () = sender.closed() => return, () = next_block(&mut news, pace.interval) => {} }
    }
}

/// Who tells of blocks by itself.
enum News {
    /// Nobody: endpoints that do not answer for their head are not asked for more.
    Nobody,
    /// Nobody yet. An endpoint that takes its time to be connected holds nothing up: blocks are asked for meanwhile.
    Sought(AbortOnDropHandle<Option<Self>>),
    Embedded(watch::Receiver<()>),
    Subscribed(NewHeads),
}

impl News {
    /// Looks for somebody, once the chain was seen.
    fn seek_behind(&mut self, change: &ChainChange, context: &Context) {
        if let (Self::Nobody, ChainChange::Block(_)) = (&self, change) {
            let context = context.clone();
            *self = Self::Sought(AbortOnDropHandle::new(tokio::spawn(async move { Self::of(&context).await })));
        }
    }

    async fn of(context: &Context) -> Option<Self> {
        if let Some(mined) = context.local_node().mined().await {
            return Some(Self::Embedded(mined));
        }
        context.chain().await.ok()?.new_heads().await.map(Self::Subscribed)
    }
}

/// Ends when there may be another block.
async fn next_block(news: &mut News, interval: Duration) {
    let told = match news {
        News::Nobody => return sleep(interval).await,
        News::Sought(search) => match timeout(interval, search).await {
            // A block may have come before anybody was listened to.
            Ok(Ok(Some(found))) => return *news = found,
            Ok(_) => {
                *news = News::Nobody;
                return sleep(interval).await;
            }
            Err(_) => return,
        },
        News::Embedded(mined) => timeout(TOLD_INTERVAL, mined.changed()).await.map(|told| told.map_err(|_| Closed)),
        News::Subscribed(heads) => timeout(TOLD_INTERVAL, heads.changed()).await,
    };
    if let Ok(Err(Closed)) = told {
        // The node ended: another one is there by now, or none.
        *news = News::Nobody;
        sleep(BLOCK_INTERVAL).await;
    }
}

/// How often to ask.
struct Pace {
    last: Option<Block>,
    interval: Duration,
    /// Answers in a row that were none.
    losses: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { last: None, interval: BLOCK_INTERVAL, losses: 0 }
    }
}

impl Pace {
    fn learn(&mut self, change: &ChainChange) {
        let ChainChange::Block(view) = change else {
            self.interval = (BLOCK_INTERVAL * 2_u32.saturating_pow(self.losses)).min(AWAY_INTERVAL);
            self.losses = (self.losses + 1).min(8);
            return;
        };
        if self.losses > 0 {
            (self.losses, self.interval) = (0, BLOCK_INTERVAL);
        }
        let latest = view.head.latest;
        if let Some(last) = self.last.filter(|last| last.number < latest.number) {
            let (blocks, seconds) = (latest.number - last.number, latest.at.0.saturating_sub(last.at.0));
            let quarter = Duration::from_secs(seconds) / u32::try_from(blocks).unwrap_or(u32::MAX) / 4;
            self.interval = quarter.clamp(BLOCK_INTERVAL, SLOW_INTERVAL);
        }
        self.last = Some(latest);
    }
}

async fn look(context: &Context) -> ChainChange {
    let seen = async {
        let chain = context.chain().await?;
        let head = chain.head().await?;
        context.view(&chain, head).await
    };
    seen.await.map_or_else(ChainChange::Lost, ChainChange::Block)
}

#[cfg(test)]
mod tests;
