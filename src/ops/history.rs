//! What was said of references, from the event index, which is brought up to the chain's head first.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::context::blocking;
use crate::{
    chain::{Chain, ChainError, Heard},
    domain::{
        Address, Digest, Reference,
        namespace::ClaimEvent,
        network::Block,
        notice::Notice,
        progress::{Progress, Unwatched, Watch},
        publication::Contract,
        record::{ChainEvent, HistoryEvent, NamedRelease},
    },
    ops::{Context, Failure},
    store::{EventIndex, Explained, KEPT_BLOCKS, Store, StoreError, milestones},
};

/// Blocks that a node is asked for at once, to begin with. As many as it gives are found out by halving and doubling.
const RANGE: u64 = 16_384;
const LONGEST_RANGE: u64 = 1 << 20;
/// How long a judgement waits for the index.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an answer may be waited for in vain, each time for the whole time-out.
const LATE: u32 = 2;
/// Reorganisations in a row after which reading is given up.
const ATTEMPTS: u32 = 3;

/// Every event of a reference, of one publisher or of all, oldest first.
///
/// # Errors
/// When the node cannot be asked, or it is cancelled.
pub async fn read_history(
    context: &Context,
    reference: &Reference,
    publisher: Option<Address>,
    watch: Arc<dyn Watch>,
) -> Result<Vec<HistoryEvent>, Failure> {
    let hash = reference.hash();
    from_index(context, watch, move |store, index, head| Ok(store.history(index, head, &hash, publisher)?)).await
}

/// Every release that holds `digest`, oldest first: who else says this?
///
/// # Errors
/// As [`read_history`].
pub async fn who_released(
    context: &Context,
    digest: Digest,
    watch: Arc<dyn Watch>,
) -> Result<Vec<NamedRelease>, Failure> {
    from_index(context, watch, move |store, index, head| Ok(store.releases_of(index, head, digest)?)).await
}

/// The newest release of each publisher under each reference whose name holds `text`.
///
/// # Errors
/// As [`read_history`].
pub async fn search(context: &Context, text: &str, watch: Arc<dyn Watch>) -> Result<Vec<NamedRelease>, Failure> {
    let text = text.to_owned();
    from_index(context, watch, move |store, index, head| Ok(store.search(index, head, &text)?)).await
}

pub(super) async fn from_index<T: Send + 'static>(
    context: &Context,
    watch: Arc<dyn Watch>,
    ask: impl FnOnce(&Store, EventIndex, u64) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let chain = context.chain().await?;
    from_index_of(context, (&chain, Contract::Registry), watch, ask).await
}

/// The same of a contract's own index.
pub(super) async fn from_index_of<T: Send + 'static>(
    context: &Context,
    (chain, what): (&Chain, Contract),
    watch: Arc<dyn Watch>,
    ask: impl FnOnce(&Store, EventIndex, u64) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let index = index_of(context, chain, what, chain.chain_id().await?);
    let reader = Reader { context, chain, what, index, watch: &*watch, until: None };
    let mut attempts = 1;
    let head = loop {
        match reader.read_to_head().await {
            Ok(head) => break head,
            // A block left the chain while it was read.
            Err(error) if error.code == "chain-unsettled" && attempts < ATTEMPTS => attempts += 1,
            Err(error) => return Err(error),
        }
    };
    let store = context.store().clone();
    blocking(move || ask(&store, index, head)).await
}

/// What the event index tells of the records of `questions`, once it has come to `head`; and why it tells less than it could. It
/// is given a few seconds to come there: whoever judges does not wait for years of a chain to be read, and asks again.
pub(super) async fn heard(
    context: &Context,
    chain: &Chain,
    head: &Block,
    questions: Vec<(Reference, Vec<Address>)>,
) -> (Heard, Option<String>) {
    let chain_id = match chain.chain_id().await {
        Ok(chain_id) => chain_id,
        Err(error) => return (Heard::default(), Some(unheard(&error.to_string()))),
    };
    let what = Contract::Registry;
    let index = index_of(context, chain, what, chain_id);
    let until = Some(Instant::now() + PATIENCE);
    let reader = Reader { context, chain, what, index, watch: &Unwatched, until };
    let problem = match timeout(2 * PATIENCE, reader.read_to(head)).await {
        Err(_) => Some(unheard("the node takes too long to tell of events")),
        Ok(Ok(next)) if next > head.number + 1 + KEPT_BLOCKS => Some(unheard(&format!(
            "the node is at block {}, far behind block {}, which was read before",
            head.number,
            next - 1
        ))),
        Ok(Ok(next)) if next > head.number => None,
        Ok(Ok(next)) => Some(unheard(&format!("the event index has come to block {next} of {}", head.number))),
        Ok(Err(failure)) => Some(unheard(&format!("the event log could not be read: {failure}"))),
    };
    let store = context.store().clone();
    let number = head.number;
    let explained = blocking(move || Ok(store.explain(index, number, &questions)?)).await;
    let mut heard = Heard::default();
    match explained {
        Ok(Explained { said, others }) => {
            for event in said {
                heard.take(event);
            }
            for (reference, publisher) in others {
                heard.note(reference, publisher);
            }
            (heard, problem)
        }
        Err(failure) => (heard, problem.or_else(|| Some(unheard(&failure.to_string())))),
    }
}

pub(super) fn index_of(context: &Context, chain: &Chain, what: Contract, chain_id: u64) -> EventIndex {
    let source = format!("{} {}", chain.must_agree(), context.network_key());
    let source = *Digest::of(source.as_bytes()).as_bytes();
    EventIndex { chain_id, contract: chain.address_of(what), source }
}

fn unheard(why: &str) -> String {
    format!("block numbers, reasons and further publishers may be missing, because {why}")
}

/// How many blocks a node is asked for at once.
struct Ranges {
    next: u64,
    longest: u64,
    /// The longest that was answered.
    answered: u64,
    /// How often an answer was waited for in vain.
    late: u32,
}

impl Default for Ranges {
    fn default() -> Self {
        Self { next: RANGE, longest: LONGEST_RANGE, answered: 0, late: 0 }
    }
}

impl Ranges {
    fn grow(&mut self, answered: u64) {
        self.answered = self.answered.max(answered);
        self.next = self.next.saturating_mul(2).min(self.longest);
    }

    /// Halves what was refused, where that may help: true to ask again. Whoever has answered nothing at all is waited for once.
    fn shrink(&mut self, asked: u64, error: &ChainError) -> bool {
        if asked < 2 {
            return false;
        }
        let half = asked.div_ceil(2);
        if !error.is_too_much() {
            if !error.is_too_slow() || self.late == LATE || self.answered == 0 || self.answered >= asked {
                return false;
            }
            self.late += 1;
            self.longest = half;
        }
        self.next = half;
        true
    }
}

/// What a contract said in some blocks.
enum Said {
    Registry(Vec<ChainEvent>),
    Directory(Vec<ClaimEvent>),
}

impl Said {
    /// True where something was said in a block of another hash than one of `blocks` has.
    fn strays(&self, blocks: &[Block]) -> bool {
        let strays =
            |number: u64, hash: [u8; 32]| blocks.iter().any(|block| block.number == number && block.hash != hash);
        match self {
            Self::Registry(events) => events.iter().any(|one| strays(one.event.block, one.block_hash)),
            Self::Directory(events) => events.iter().any(|one| strays(one.block, one.block_hash)),
        }
    }

    fn append(&self, store: &Store, index: EventIndex, blocks: (u64, u64, &[Block])) -> Result<bool, StoreError> {
        let (from, next, blocks) = blocks;
        match self {
            Self::Registry(events) => store.append_events(index, from, next, events, blocks),
            Self::Directory(events) => store.append_claims(index, from, next, events, blocks),
        }
    }
}

/// Brings the index up to the head.
struct Reader<'r> {
    context: &'r Context,
    chain: &'r Chain,
    /// Which contract's.
    what: Contract,
    index: EventIndex,
    watch: &'r dyn Watch,
    /// When to leave the rest for later.
    until: Option<Instant>,
}

impl Reader<'_> {
    /// Reads up to the head, and tells its number.
    async fn read_to_head(&self) -> Result<u64, Failure> {
        let head = self.chain.head().await?.latest;
        self.read_to(&head).await?;
        Ok(head.number)
    }

    /// Reads up to `head`; the first block that was not read.
    async fn read_to(&self, head: &Block) -> Result<u64, Failure> {
        let mut from = self.settled(head).await?;
        let mut ranges = Ranges::default();
        while from <= head.number {
            if self.watch.is_cancelled() {
                return Err(Failure::cancelled());
            }
            if self.until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
            let to = from.saturating_add(ranges.next - 1).min(head.number);
            // The hashes before the events, and the newest one again behind them: in between nothing changed then.
            let kept = from.max((head.number + 1).saturating_sub(KEPT_BLOCKS));
            // With the one before, which must be the one that was read.
            let kept = kept.saturating_sub(1);
            let kept: Vec<u64> = milestones(from, to).filter(|older| *older < kept).chain(kept..=to).collect();
            let blocks = self.chain.blocks(&kept).await?;
            let (events, otherwise) = match self.said_between(from, to).await {
                Err(error) if ranges.shrink(to - from + 1, &error) => continue,
                other => other?,
            };
            self.check(&events, &blocks).await?;
            self.context.note(otherwise.iter().map(|endpoint| {
                Notice::new(&format!(
                    "`{endpoint}` tells other events of blocks {from} to {to} than the other endpoints do, and was not followed"
                ))
            }));
            let (store, index, next) = (self.context.store().clone(), self.index, to + 1);
            let appended = blocking(move || Ok(events.append(&store, index, (from, next, &blocks))?)).await?;
            ranges.grow(next - from);
            from = if appended { next } else { self.settled(head).await? };
            self.watch.report(Progress { done: from, total: Some(head.number + 1), ..Progress::default() });
        }
        Ok(from)
    }

    async fn said_between(&self, from: u64, to: u64) -> Result<(Said, Vec<String>), ChainError> {
        Ok(match self.what {
            Contract::Registry => {
                let (events, otherwise) = self.chain.events_between(from, to).await?;
                (Said::Registry(events), otherwise)
            }
            Contract::Directory => {
                let (events, otherwise) = self.chain.claims_between(from, to).await?;
                (Said::Directory(events), otherwise)
            }
        })
    }

    /// Where to go on: behind the last block that was read and is still the chain's. What the chain has another block for is
    /// forgotten; what it does not have yet, or no longer, is kept.
    async fn settled(&self, head: &Block) -> Result<u64, Failure> {
        let (store, index) = (self.context.store().clone(), self.index);
        let Some(known) = blocking(move || Ok(store.position(index)?)).await? else { return self.begin(head).await };
        let here: Vec<u64> = known.blocks.iter().map(|(number, _)| *number).filter(|at| *at <= head.number).collect();
        let newest = self.chain.blocks(here.get(..1).unwrap_or_default()).await?;
        let mut fork = known.fork(&newest);
        if fork < known.next_block {
            fork = known.fork(&self.chain.blocks(&here).await?);
        }
        if fork < known.next_block {
            let (store, index) = (self.context.store().clone(), self.index);
            blocking(move || Ok(store.rewind_events(index, fork)?)).await?;
        }
        Ok(fork)
    }

    /// Begins an index where the contract began: it said nothing before. Nodes that keep no old blocks leave out what would tell
    /// their chain from another that is shorter.
    async fn begin(&self, head: &Block) -> Result<u64, Failure> {
        let first = self.chain.first_block(self.what, head.number).await;
        let older: Vec<u64> = milestones(0, first).filter(|number| *number < first).collect();
        let older = self.chain.blocks(&older).await.unwrap_or_default();
        let (store, index) = (self.context.store().clone(), self.index);
        blocking(move || Ok(store.append_events(index, 0, first, &[], &older)?)).await?;
        Ok(first)
    }

    /// That the events are those of the blocks whose hashes are kept.
    async fn check(&self, events: &Said, blocks: &[Block]) -> Result<(), Failure> {
        let (Some(oldest), Some(newest)) = (blocks.first(), blocks.last()) else { return Ok(()) };
        let again = self.chain.blocks(&[oldest.number, newest.number]).await?;
        if events.strays(blocks) || again != [*oldest, *newest] {
            return Err(ChainError::Unsettled { endpoint: self.chain.network().to_owned() }.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(late: bool) -> ChainError {
        let (endpoint, method) = ("http://a:1".to_owned(), "eth_getLogs".to_owned());
        if late {
            ChainError::TimedOut { endpoint, method, seconds: 10 }
        } else {
            ChainError::Node { endpoint, method, code: -32005, message: "block range is too wide".to_owned() }
        }
    }

    #[test]
    fn what_is_refused_is_halved_and_what_is_late_twice_at_most() {
        let mut ranges = Ranges::default();
        assert!(!ranges.shrink(RANGE, &error(true)), "it has answered nothing yet");
        assert!(ranges.shrink(RANGE, &error(false)));
        assert_eq!(ranges.next, RANGE / 2);
        ranges.grow(RANGE / 2);
        assert!(ranges.shrink(RANGE, &error(true)), "less was answered");
        ranges.grow(RANGE / 2);
        assert_eq!(ranges.next, RANGE / 2, "it does not grow beyond");
        assert!(!ranges.shrink(RANGE / 2, &error(true)), "as much was answered");
        assert!(ranges.shrink(RANGE, &error(true)));
        assert!(!ranges.shrink(RANGE, &error(true)), "a third time");
        assert!(!ranges.shrink(1, &error(false)), "there is no less");
    }
}
