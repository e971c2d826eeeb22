//! `daochain node`

use serde::Serialize;

use super::{Session, console::Page, human::Role};
use crate::{
    domain::{Timestamp, network::Block},
    ops::{
        Failure,
        node::{EndpointStatus, node_status},
    },
};

/// `daochain.node/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    network: String,
    local: bool,
    endpoints: Vec<Endpoint>,
}

#[derive(Serialize)]
struct Endpoint {
    url: String,
    client: Option<String>,
    chain_id: Option<u64>,
    head: Option<HeadPart>,
    safe: Option<u64>,
    finalized: Option<u64>,
    peers: Option<u64>,
    syncing: Option<bool>,
    latency_ms: Option<u64>,
    /// With the others; `None` where it did not answer.
    agrees: Option<bool>,
    problem: Option<super::console::ErrorPart>,
}

#[derive(Serialize)]
struct HeadPart {
    number: u64,
    hash: String,
    at: Timestamp,
}

impl From<&Block> for HeadPart {
    fn from(block: &Block) -> Self {
        let hash = crate::domain::publication::TransactionHash(block.hash).to_string();
        Self { number: block.number, hash, at: block.at }
    }
}

pub async fn run(session: &mut Session) -> Result<u8, Failure> {
    let status = node_status(&session.context).await?;
    for failure in status.endpoints.iter().filter_map(|endpoint| endpoint.problem.as_ref()) {
        session.console.complain(failure);
    }
    let endpoint = |one| Endpoint::new(one, agrees(one, &status.endpoints));
    let document = Document {
        schema: "daochain.node/1",
        endpoints: status.endpoints.iter().map(endpoint).collect(),
        network: status.network,
        local: status.local,
    };
    session.console.present(&document, |page| {
        let local = if document.local { ", local to this machine" } else { "" };
        page.spans(&[(Role::Strong, &document.network), (Role::Muted, local)]);
        for endpoint in &document.endpoints {
            endpoint.describe(page);
        }
    });
    let fine = |endpoint: &Endpoint| endpoint.problem.is_none() && endpoint.agrees == Some(true);
    Ok(u8::from(document.endpoints.is_empty() || !document.endpoints.iter().all(fine)))
}

/// Every endpoint that answered is of the same chain, and those at the same height have the same block.
fn agrees(one: &EndpointStatus, all: &[EndpointStatus]) -> Option<bool> {
    let (chain_id, head) = (one.chain_id?, one.head.as_ref()?);
    let contradicts = |other: &EndpointStatus| {
        let other_block = other.head.as_ref().map(|head| &head.latest);
        other.chain_id.is_some_and(|other| other != chain_id)
            || other_block.is_some_and(|block| block.number == head.latest.number && block.hash != head.latest.hash)
    };
    Some(!all.iter().any(contradicts))
}

impl Endpoint {
    fn new(status: &EndpointStatus, agrees: Option<bool>) -> Self {
        let head = status.head.as_ref();
        Self {
            url: status.url.clone(),
            client: status.client.clone(),
            chain_id: status.chain_id,
            head: head.map(|head| HeadPart::from(&head.latest)),
            safe: head.and_then(|head| head.safe),
            finalized: head.and_then(|head| head.finalized),
            peers: status.peers,
            syncing: status.syncing,
            latency_ms: status.latency.and_then(|latency| u64::try_from(latency.as_millis()).ok()),
            agrees,
            problem: status.problem.as_ref().map(super::console::ErrorPart::from),
        }
    }

    fn describe(&self, page: &mut Page) {
        page.line(&self.url);
        if let Some(client) = &self.client {
            page.field("client", client);
        }
        if let Some(chain_id) = self.chain_id {
            page.field("chain", chain_id);
        }
        if let Some(head) = &self.head {
            page.field("head", format!("{} of {}", head.number, head.at));
            page.field("block hash", &head.hash);
        }
        let block = |number: Option<u64>| number.map_or_else(|| "not told".to_owned(), |number| number.to_string());
        if self.head.is_some() {
            page.field("safe", block(self.safe));
            page.field("finalized", block(self.finalized));
        }
        if let Some(peers) = self.peers {
            page.field("peers", peers);
        }
        if self.syncing == Some(true) {
            page.field("syncing", "it has not caught up yet");
        }
        if let Some(latency) = self.latency_ms {
            page.field("answers in", format!("{latency} ms"));
        }
        if self.agrees == Some(false) {
            page.field("DISAGREES", "the endpoints are not of one chain");
        }
        if let Some(problem) = &self.problem {
            page.field("problem", &problem.message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::ChainHead;

    fn endpoint(chain_id: u64, number: u64, hash: u8) -> EndpointStatus {
        let latest = Block { number, hash: [hash; 32], at: Timestamp(0) };
        EndpointStatus {
            url: "http://localhost:8545".to_owned(),
            client: None,
            chain_id: Some(chain_id),
            head: Some(ChainHead { latest, safe: None, finalized: None }),
            peers: None,
            syncing: None,
            latency: None,
            problem: None,
        }
    }

    #[test]
    fn endpoints_agree_unless_chain_or_block_differ() {
        let of = |all: &[EndpointStatus]| agrees(&all[0], all);
        assert_eq!(of(&[endpoint(1, 7, 1), endpoint(1, 8, 2)]), Some(true), "one is a block ahead");
        assert_eq!(of(&[endpoint(1, 7, 1), endpoint(1, 7, 2)]), Some(false));
        assert_eq!(of(&[endpoint(1, 7, 1), endpoint(5, 9, 1)]), Some(false));
        let silent = EndpointStatus { chain_id: None, head: None, ..endpoint(1, 7, 1) };
        assert_eq!(of(&[silent, endpoint(1, 7, 1)]), None);
    }
}
