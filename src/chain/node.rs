//! What a node tells of itself, beside the chain.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ChainError, Endpoint,
    head::header_call,
    wire::{Account, Hash, Header, Number, Quantity, data, quantity},
};
use crate::domain::{
    Address, Wei,
    node::{Peer, RECENT, RecentBlock, Sync, Vitals},
    publication::TransactionHash,
    text::clean_to,
};

/// Headers of one request: most nodes answer a hundred calls in one.
const AT_ONCE: usize = 32;
/// Characters of a peer's words.
const SHOWN: usize = 120;
/// Peers that are told of.
const PEERS: usize = 256;

impl Endpoint {
    /// Nodes that it is connected to.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked; many do not tell.
    pub async fn peers(&self) -> Result<u64, ChainError> {
        let Number(peers) = self.transport().call("net_peerCount", json!([])).await?;
        Ok(peers)
    }

    /// What the chain looks like at the moment. What the node does not tell is left out.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked at all.
    pub async fn vitals(&self) -> Result<Vitals, ChainError> {
        let calls = vec![header_call(&json!("latest")), ("eth_gasPrice", json!([])), ("txpool_status", json!([]))];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        let latest = self.header(replies.next())?;
        let price: Option<Quantity> = self.transport().read_reply("eth_gasPrice", replies.next()).ok();
        let pool: Option<Pool> = self.transport().read_reply("txpool_status", replies.next()).ok();
        let block = latest.block();
        Ok(Vitals {
            block_seconds: self.block_seconds(block.number, block.at.0).await,
            gas_price: price.map(|price| Wei(price.0)),
            base_fee: latest.base_fee().map(Wei),
            pending: pool.map(|pool| pool.pending.0),
        })
    }

    /// The newest [`RECENT`] blocks behind `after`, oldest first. The first block's time is whatever its maker liked: it is none.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn recent_blocks(&self, after: Option<u64>) -> Result<Vec<RecentBlock>, ChainError> {
        let (method, params) = header_call(&json!("latest"));
        let latest: Header = self.transport().call(method, params).await?;
        let newest = latest.block().number;
        let first = newest.saturating_sub(RECENT - 1).max(after.map_or(1, |after| after.saturating_add(1))).max(1);
        let numbers: Vec<u64> = (first..newest).collect();
        let mut blocks = Vec::new();
        for some in numbers.chunks(AT_ONCE) {
            let calls = some.iter().map(|number| header_call(&quantity(*number))).collect();
            for (number, reply) in some.iter().zip(self.transport().batch(calls).await?) {
                let header = self.header(Some(reply))?;
                if header.block().number != *number {
                    return Err(self
                        .transport()
                        .malformed(method, "it is another block than the one that was asked for"));
                }
                blocks.push(recent(&header));
            }
        }
        if newest >= first {
            blocks.push(recent(&latest));
        }
        Ok(blocks)
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds of a few blocks need no exactness")]
    async fn block_seconds(&self, number: u64, at: u64) -> Option<f64> {
        // The genesis block's time is whatever its maker liked.
        let span = RECENT.min(number.checked_sub(1)?);
        let (method, params) = header_call(&quantity(number - span));
        let first: Option<Header> = self.transport().call(method, params).await.ok()?;
        let seconds = at.saturating_sub(first?.block().at.0);
        (span > 0).then(|| seconds as f64 / span as f64)
    }

    /// Has a development node send ether from the account that it keeps unlocked: the transaction, that account, and its nonce.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked, or its refusal.
    pub async fn give(&self, to: Address, amount: Wei) -> Result<(TransactionHash, Address, u64), ChainError> {
        let accounts: Vec<Account> = self.transport().call("eth_accounts", json!([])).await?;
        let Some(Account(from)) = accounts.into_iter().next() else {
            return Err(self.transport().malformed("eth_accounts", "it keeps no account unlocked"));
        };
        let nonce = self.next_nonce(from).await?;
        let request = json!([{
            "from": data(from.as_bytes()),
            "to": data(to.as_bytes()),
            "value": format!("{:#x}", amount.0),
            "nonce": quantity(nonce),
        }]);
        let Hash(hash) = self.transport().call("eth_sendTransaction", request).await?;
        Ok((TransactionHash(hash), from, nonce))
    }

    /// Those that it is connected to.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked; over HTTP most do not tell.
    pub async fn peer_list(&self) -> Result<Vec<Peer>, ChainError> {
        let told: Vec<Told> = self.transport().call("admin_peers", json!([])).await?;
        let shown = |text: &str| clean_to(text, SHOWN);
        let peer = |told: Told| Peer {
            name: shown(&told.name),
            address: shown(&told.network.remote_address),
            enode: clean_to(&told.enode, 4 * SHOWN),
            inbound: told.network.inbound,
            head: told.protocols.get("eth").and_then(|eth| eth.get("latestBlock")?.as_u64()),
        };
        Ok(told.into_iter().take(PEERS).map(peer).collect())
    }

    /// Has it connect to the node at `enode`. Whether that succeeds shows in its [peers](Self::peer_list), later.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked, or its refusal.
    pub async fn add_peer(&self, enode: &str) -> Result<(), ChainError> {
        let is_taken: bool = self.transport().call("admin_addPeer", json!([enode])).await?;
        if is_taken { Ok(()) } else { Err(self.transport().malformed("admin_addPeer", "it does not take the node")) }
    }

    /// Whether it is behind the chain. geth answers an object of zeros for a moment after its first start, so an object
    /// alone means nothing: the blocks in it are compared.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn sync(&self) -> Result<Sync, ChainError> {
        let answer: Value = self.transport().call("eth_syncing", json!([])).await?;
        let block =
            |name: &str| answer.get(name).cloned().and_then(|value| serde_json::from_value::<Number>(value).ok());
        Ok(match (block("currentBlock"), block("highestBlock")) {
            (Some(Number(current)), Some(Number(highest))) if current < highest => {
                Sync::Behind { blocks: Some((current, highest)) }
            }
            (None, _) | (_, None) if answer.as_bool() == Some(true) => Sync::Behind { blocks: None },
            _ => Sync::Done,
        })
    }
}

fn recent(header: &Header) -> RecentBlock {
    let block = header.block();
    RecentBlock { number: block.number, at: block.at, gas: header.gas(), base_fee: header.base_fee().map(Wei) }
}

#[derive(Deserialize)]
struct Pool {
    pending: Number,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    name: String,
    #[serde(default)]
    enode: String,
    #[serde(default)]
    network: TheirNetwork,
    #[serde(default)]
    protocols: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TheirNetwork {
    remote_address: String,
    inbound: bool,
}
