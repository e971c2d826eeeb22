//! What publishers say of references: state from view calls, all of one block. Its circumstances come from the event index.
//!
//! State decides, the log explains. Without the log block numbers, reasons and unknown publishers are missing, and never a
//! verdict.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ethers_core::{
    abi::{AbiDecode as _, AbiEncode as _},
    types::H160,
};
use serde_json::json;

use super::{
    ChainError, Endpoint,
    bindings::{Query, Status, StatusManyCall, StatusManyReturn},
    excess::counts_requests,
    transport::{Failure, RpcError},
    wire::{Bytes, data, quantity},
};
use crate::domain::{
    Address, Digest, Reference, Timestamp,
    network::{Block, ChainHead, Dissent},
    publication::Contract,
    record::{Entry, Head, Record},
};

mod heard;
pub use heard::Heard;

const CALL: &str = "eth_call";
/// A record is about five cold storage slots, and nodes stop a call at 30 to 50 million gas.
const MAX_QUERIES: usize = 1000;
/// For all records of one refresh, in however many calls.
const PATIENCE: Duration = Duration::from_secs(30);
/// Publishers of one reference that nobody asked for: enough to say that there are some. Anyone can publish, so
/// without a bound anyone could make every verdict slow.
const MAX_DISCOVERED: usize = 64;

/// What is asked about one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Under which name.
    pub reference: Reference,
    /// Whose word is wanted in any case.
    pub publishers: Vec<Address>,
    /// The image's digests.
    pub digests: Vec<Digest>,
}

/// Records, all of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// That block, and how settled the chain is behind it.
    pub head: ChainHead,
    /// For each question its records: of the publishers asked for, in their order, then of others whose word was found.
    pub records: Vec<Vec<Record>>,
    /// Endpoints that were not followed.
    pub dissent: Vec<Dissent>,
}

impl Endpoint {
    /// The records for each of `questions`, read at `block`, which must be the chain's.
    pub(super) async fn records_at(
        &self,
        block: &Block,
        questions: &[Question],
        heard: &Heard,
    ) -> Result<Vec<Vec<Record>>, ChainError> {
        self.require_contract().await?;
        let asked: Vec<_> = questions.iter().map(|question| Asked::new(question, heard)).collect();
        let queries: Vec<Query> = asked.iter().flat_map(Asked::queries).collect();
        let statuses = self.statuses(block.number, &queries).await?;
        let mut statuses = statuses.as_slice();
        let records = asked.iter().map(|asked| asked.records(&mut statuses, heard)).collect();
        if self.is_canonical(block).await? {
            return Ok(records);
        }
        Err(ChainError::Unsettled { endpoint: self.name().to_owned() })
    }

    /// As many answers as queries, in their order. A chunk that is too much for a node is asked for in halves.
    async fn statuses(&self, block: u64, queries: &[Query]) -> Result<Vec<Status>, ChainError> {
        let mut all = Vec::with_capacity(queries.len());
        let mut waiting: Vec<&[Query]> = queries.chunks(MAX_QUERIES).rev().collect();
        let until = Instant::now() + PATIENCE;
        while let Some(chunk) = waiting.pop() {
            if Instant::now() >= until {
                return Err(ChainError::TimedOut {
                    endpoint: self.name().to_owned(),
                    method: CALL.to_owned(),
                    seconds: PATIENCE.as_secs(),
                });
            }
            let input = StatusManyCall { queries: chunk.to_vec() }.encode();
            let call = json!([{"to": data(self.contract().as_bytes()), "data": data(&input)}, quantity(block)]);
            let Bytes(output) = match self.transport().call(CALL, call).await {
                Err(Failure::Said(error)) if chunk.len() > 1 && error.revert.is_none() && is_too_much(&error) => {
                    let (first, second) = chunk.split_at(chunk.len() / 2);
                    waiting.extend([second, first]);
                    continue;
                }
                answer => answer?,
            };
            if output.is_empty() {
                self.forget(Contract::Registry);
                self.require_contract().await?;
            }
            let StatusManyReturn { answers } = StatusManyReturn::decode(output)
                .map_err(|_| self.transport().malformed(CALL, "the records are not encoded as the contract does it"))?;
            if answers.len() != chunk.len() {
                let cause = format!("{} records for {} questions", answers.len(), chunk.len());
                return Err(self.transport().malformed(CALL, &cause));
            }
            all.extend(answers);
        }
        Ok(all)
    }
}

/// Nodes' words for a call beyond their bounds: geth, anvil, and services before them.
fn is_too_much(error: &RpcError) -> bool {
    !counts_requests(&error.message)
        && ["gas", "too large", "limit", "timeout", "timed out"].iter().any(|words| error.says(words))
}

/// A question with every publisher whose record is wanted.
struct Asked<'a> {
    question: &'a Question,
    hash: [u8; 32],
    publishers: Vec<Address>,
}

impl<'a> Asked<'a> {
    fn new(question: &'a Question, heard: &Heard) -> Self {
        let hash = question.reference.hash();
        let mut publishers: Vec<Address> = Vec::new();
        let mut known = BTreeSet::new();
        publishers.extend(question.publishers.iter().filter(|publisher| known.insert(**publisher)));
        let others = heard.publishers(&hash).filter(|publisher| known.insert(*publisher));
        publishers.extend(others.take(MAX_DISCOVERED));
        Self { question, hash, publishers }
    }

    /// One per publisher and digest. Without digests one all the same: for the head.
    fn queries(&self) -> Vec<Query> {
        let query = |publisher: &Address, digest: [u8; 32]| Query {
            publisher: H160(*publisher.as_bytes()),
            ref_hash: self.hash,
            digest,
        };
        let mut queries = Vec::new();
        for publisher in &self.publishers {
            if self.question.digests.is_empty() {
                queries.push(query(publisher, [0; 32]));
            }
            queries.extend(self.question.digests.iter().map(|digest| query(publisher, *digest.as_bytes())));
        }
        queries
    }

    /// Takes its answers from the front of `statuses`.
    fn records(&self, statuses: &mut &[Status], heard: &Heard) -> Vec<Record> {
        let per_publisher = self.question.digests.len().max(1);
        let mut records = Vec::with_capacity(self.publishers.len());
        for publisher in &self.publishers {
            let Some((own, rest)) = statuses.split_at_checked(per_publisher) else { break };
            *statuses = rest;
            records.extend(own.first().map(|first| self.record(*publisher, first, own, heard)));
        }
        records
    }

    fn record(&self, publisher: Address, first: &Status, own: &[Status], heard: &Heard) -> Record {
        let word = heard.word(publisher, &self.hash);
        let newest = Head {
            version: first.head_version,
            published_at: Timestamp::from_contract(first.head_published_at),
            retired_at: Timestamp::from_contract(first.retired_at),
            publisher_retired_at: Timestamp::from_contract(first.publisher_retired_at),
        };
        let entries = self.question.digests.iter().zip(own).map(|(digest, status)| Entry {
            digest: *digest,
            version: status.version,
            published_at: Timestamp::from_contract(status.published_at),
            revoked_at: Timestamp::from_contract(status.revoked_at),
            block: word.and_then(|word| word.block_of(digest, status.version)),
            revocation_reason: word.and_then(|word| word.revocation_reason(digest)),
            by: word.and_then(|word| word.sender(digest, status.version)).filter(|by| *by != publisher),
        });
        let own_farewell = || word.and_then(heard::Word::farewell);
        let whole_farewell = || heard.word(publisher, &[0; 32]).and_then(heard::Word::farewell);
        Record {
            publisher,
            entries: entries.collect(),
            current: word.map(|word| word.digests(newest.version)).unwrap_or_default(),
            head_block: word.and_then(|word| word.block(newest.version)),
            successor: Some(Address::from_bytes(first.successor.0)).filter(|heir| *heir.as_bytes() != [0; 20]),
            retirement_reason: match (newest.retired_at, newest.publisher_retired_at) {
                (Some(_), _) => own_farewell(),
                (None, Some(_)) => whole_farewell(),
                (None, None) => None,
            },
            head: newest,
        }
    }
}
