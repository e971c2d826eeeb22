//! Who the node is, and how far its chain has come.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use jsonrpsee::core::client::{Subscription, SubscriptionCloseReason};
use serde_json::{Value, json, value::RawValue};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Chain, ChainError, Endpoint,
    transport::{Call, Reply},
    wire::{Header, MAX_CHAIN_ID, Number, quantity},
};
use crate::domain::{
    network::{Block, ChainHead},
    text::clean_to,
};

const BLOCK: &str = "eth_getBlockByNumber";
const CHAIN_ID: &str = "eth_chainId";

/// A header by tag or number.
pub(super) fn header_call(block: &Value) -> Call {
    (BLOCK, json!([block, false]))
}

/// The chain id, to be asked with whatever decides something.
pub(super) fn chain_id_call() -> Call {
    (CHAIN_ID, json!([]))
}

/// Between two pieces of news: whoever hears of a block asks the node, and draws.
const QUIET: Duration = Duration::from_millis(250);

/// How long a flood is not listened to.
const RESPITE: Duration = Duration::from_secs(1);

/// News of blocks, over a lasting connection.
#[derive(Debug)]
pub struct NewHeads {
    news: watch::Receiver<()>,
    /// When the next piece of news may be told.
    next: Instant,
    /// Takes what comes off the connection as fast as it comes. Ends with this.
    _listener: AbortOnDropHandle<()>,
}

impl NewHeads {
    fn of(endpoint: Endpoint, subscription: Subscription<Box<RawValue>>) -> Self {
        let (sender, news) = watch::channel(());
        let listener = AbortOnDropHandle::new(tokio::spawn(listen(endpoint, subscription, sender)));
        Self { news, next: Instant::now(), _listener: listener }
    }

    /// Ends when there is another block, at most four times a second. What the node says of it is not looked at: whoever hears of
    /// one asks.
    ///
    /// # Errors
    /// When the connection ended.
    pub async fn changed(&mut self) -> Result<(), Closed> {
        sleep_until(self.next).await;
        self.news.changed().await.map_err(|_| Closed)?;
        self.next = Instant::now() + QUIET;
        Ok(())
    }
}

/// However many blocks there were since anybody looked, they are one piece of news. A node that tells of more than can be taken off the
/// connection is not listened to for a moment.
async fn listen(endpoint: Endpoint, mut subscription: Subscription<Box<RawValue>>, sender: watch::Sender<()>) {
    loop {
        while subscription.next().await.is_some() {
            sender.send_replace(());
        }
        if !matches!(subscription.close_reason(), Some(SubscriptionCloseReason::Lagged)) {
            return;
        }
        sender.send_replace(());
        drop(subscription);
        sleep(RESPITE).await;
        let Some(again) = endpoint.transport().new_heads().await else { return };
        subscription = again;
    }
}

/// The connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Chain {
    /// News of blocks from the endpoint with a lasting connection (WebSocket, IPC) that is the first to take a subscription; `None`
    /// where all have to be asked.
    ///
    /// Logs are not subscribed to, those with `removed: true` either: whatever a reorganisation takes away, it brings a new head, and
    /// verdicts and events are read anew at every head, by the blocks' hashes. A log would tell nothing sooner, and one node's
    /// word of it would have to be held against the others' all the same.
    pub async fn new_heads(&self) -> Option<NewHeads> {
        let subscribe = async |endpoint: &Endpoint| Some((endpoint.clone(), endpoint.transport().new_heads().await?));
        let mut asked: FuturesUnordered<_> = self.endpoints().iter().map(subscribe).collect();
        while let Some(answer) = asked.next().await {
            if let Some((endpoint, subscription)) = answer {
                return Some(NewHeads::of(endpoint, subscription));
            }
        }
        None
    }
}

impl Endpoint {
    /// The node's chain id.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        let Number(id) = self.transport().call(CHAIN_ID, json!([])).await?;
        self.bounded_chain_id(id)
    }

    /// The network's chain id, after the node has named the same one.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] if it names another; whatever keeps it from being asked.
    pub async fn check_chain_id(&self) -> Result<u64, ChainError> {
        let found = self.chain_id().await?;
        self.expect_chain_id(found)
    }

    /// The node's name and version, made safe to show.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn client_version(&self) -> Result<String, ChainError> {
        let version: String = self.transport().call("web3_clientVersion", json!([])).await?;
        Ok(clean_to(&version, 200))
    }

    /// How far the chain has come. Nodes that know no `safe` or `finalized` block answer null, an error or nonsense;
    /// each means that they do not say.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] if the node is another chain's by now; whatever keeps it from being asked.
    pub async fn head(&self) -> Result<ChainHead, ChainError> {
        let (chain_id, head) = self.told_head().await?;
        self.expect_chain_id(chain_id)?;
        Ok(head)
    }

    /// The same of whatever chain the node is, with that chain's id. Nobody is held to it: the first that answers may be the
    /// one that is wrong.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn told_head(&self) -> Result<(u64, ChainHead), ChainError> {
        let calls = vec![
            header_call(&json!("latest")),
            header_call(&json!("safe")),
            header_call(&json!("finalized")),
            chain_id_call(),
        ];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        let (latest, safe, finalized) = (replies.next(), replies.next(), replies.next());
        let chain_id = self.chain_id_in(replies.next())?;
        let latest = self.header(latest)?.block();
        let tagged = |reply| {
            let number = self.header(reply).ok()?.block().number;
            (number <= latest.number).then_some(number)
        };
        let (safe, finalized) = (tagged(safe), tagged(finalized));
        let by_depth = self.shared().config.final_after.and_then(|depth| latest.number.checked_sub(depth));
        // The first block is final on every chain: whoever names it tells nothing.
        let told = finalized.filter(|number| *number > 0);
        Ok((chain_id, ChainHead { latest, safe, finalized: told.or(by_depth).or(finalized) }))
    }

    /// The chain's block of that number.
    pub(super) async fn block(&self, number: u64) -> Result<Block, ChainError> {
        let calls = vec![header_call(&quantity(number)), chain_id_call()];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        let header = replies.next();
        self.expect_chain_id_in(replies.next())?;
        let block = self.header(header)?.block();
        if block.number != number {
            return Err(self.transport().malformed(BLOCK, "it is another block than the one that was asked for"));
        }
        Ok(block)
    }

    /// Whether `block` is still the chain's block of its number, and the node still that chain's: what was read before is worth
    /// nothing otherwise.
    pub(super) async fn is_canonical(&self, block: &Block) -> Result<bool, ChainError> {
        let calls = vec![header_call(&quantity(block.number)), chain_id_call()];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        let header = replies.next();
        self.expect_chain_id_in(replies.next())?;
        let found: Option<Header> = self.transport().read_reply(BLOCK, header)?;
        Ok(found.is_some_and(|header| header.block().hash == block.hash))
    }

    /// A header that must be there.
    pub(super) fn header(&self, reply: Option<Reply>) -> Result<Header, ChainError> {
        let header: Option<Header> = self.transport().read_reply(BLOCK, reply)?;
        header.ok_or_else(|| self.transport().malformed(BLOCK, "it does not know the block"))
    }

    /// The chain id of a batch: what a batch answers is worth nothing if it is another chain's.
    pub(super) fn expect_chain_id_in(&self, reply: Option<Reply>) -> Result<u64, ChainError> {
        self.expect_chain_id(self.chain_id_in(reply)?)
    }

    fn chain_id_in(&self, reply: Option<Reply>) -> Result<u64, ChainError> {
        let Number(id) = self.transport().read_reply(CHAIN_ID, reply)?;
        self.bounded_chain_id(id)
    }

    fn bounded_chain_id(&self, id: u64) -> Result<u64, ChainError> {
        if id == 0 || id > MAX_CHAIN_ID {
            return Err(self.transport().malformed(CHAIN_ID, "it is no chain id (EIP-2294)"));
        }
        Ok(id)
    }

    fn expect_chain_id(&self, found: u64) -> Result<u64, ChainError> {
        let expected = *self.shared().chain_id.get_or_init(|| found);
        if expected == found {
            return Ok(found);
        }
        Err(ChainError::WrongChain {
            endpoint: self.name().to_owned(),
            network: self.network().to_owned(),
            expected,
            found,
        })
    }
}
