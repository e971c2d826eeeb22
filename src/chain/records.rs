//! What publishers say of references: state from view calls, its circumstances from the event log, all at one block.
//!
//! State decides, the log explains. A node that refuses the log costs block numbers, reasons and unknown publishers,
//! and never a verdict.

use std::collections::BTreeSet;

use ethers_core::{
    abi::{AbiDecode as _, AbiEncode as _},
    types::H160,
};
use serde_json::json;

use super::{
    Chain, ChainError,
    bindings::{Query, Status, StatusManyCall, StatusManyReturn},
    logs::{Event, Kind, MAX_ALTERNATIVES, Wanted, topic},
    transport::Failure,
    wire::{Bytes, data, quantity},
};
use crate::domain::{
    Address, Digest, Reference, Timestamp,
    network::{Block, ChainHead},
    record::{Entry, Head, Record},
};

mod heard;
use heard::Heard;

const CALL: &str = "eth_call";
/// A record is about five cold storage slots, and nodes stop a call at 30 to 50 million gas.
const MAX_QUERIES: usize = 1000;
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
    /// One sentence, where the event log could not be read: blocks, reasons and other publishers are missing then.
    pub log_problem: Option<String>,
}

impl Chain {
    /// The records for each of `questions`, read at the newest block.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::NoContract`], [`ChainError::ForeignContract`];
    /// [`ChainError::Unsettled`] if reorganisations went on while it was read; whatever keeps the node from being asked.
    pub async fn records(&self, questions: &[Question]) -> Result<Answers, ChainError> {
        self.require_contract().await?;
        for _ in 0..2 {
            let head = self.head().await?;
            let (records, log_problem) = self.records_at(&head.latest, questions).await?;
            if self.is_canonical(&head.latest).await? {
                return Ok(Answers { head, records, log_problem });
            }
        }
        Err(ChainError::Unsettled { endpoint: self.endpoint().to_owned() })
    }

    async fn records_at(
        &self,
        block: &Block,
        questions: &[Question],
    ) -> Result<(Vec<Vec<Record>>, Option<String>), ChainError> {
        let (mut heard, mut log_problem) = self.listen(block.number, questions).await;
        let asked: Vec<_> = questions.iter().map(|question| Asked::new(question, &heard)).collect();
        let queries: Vec<Query> = asked.iter().flat_map(Asked::queries).collect();
        let statuses = self.statuses(block.number, &queries).await?;
        let retired: BTreeSet<[u8; 32]> = queries
            .iter()
            .zip(&statuses)
            .filter(|(_, status)| status.publisher_retired_at > 0)
            .map(|(query, _)| topic(&Address::from_bytes(query.publisher.0)))
            .collect();
        if !retired.is_empty() && log_problem.is_none() {
            let retired: Vec<_> = retired.into_iter().collect();
            if let Err(failure) = self.listen_to_farewells(block.number, &retired, &mut heard).await {
                log_problem = Some(problem(failure));
            }
        }
        let mut statuses = statuses.as_slice();
        let records = asked.iter().map(|asked| asked.records(&mut statuses, &heard)).collect();
        Ok((records, log_problem))
    }

    /// Every event of the references. Where a node refuses (strangers can make the log longer than any answer may be),
    /// those of the publishers asked for.
    async fn listen(&self, to: u64, questions: &[Question]) -> (Heard, Option<String>) {
        let references: BTreeSet<_> = questions.iter().map(|question| question.reference.hash()).collect();
        let references: Vec<_> = references.into_iter().collect();
        let failure = match self.listen_to(to, &references, &[]).await {
            Ok(heard) => return (heard, None),
            Err(failure) => failure,
        };
        let publishers: BTreeSet<_> = questions.iter().flat_map(|question| &question.publishers).map(topic).collect();
        let publishers: Vec<_> = publishers.into_iter().collect();
        let worth_asking =
            !matches!(failure, Failure::Silent(ChainError::TimedOut { .. } | ChainError::Unreachable { .. }))
                && (1..=MAX_ALTERNATIVES).contains(&publishers.len());
        let heard = if worth_asking { self.listen_to(to, &references, &publishers).await.ok() } else { None };
        (heard.unwrap_or_default(), Some(problem(failure)))
    }

    async fn listen_to(&self, to: u64, references: &[[u8; 32]], publishers: &[[u8; 32]]) -> Result<Heard, Failure> {
        let mut heard = Heard::default();
        for references in references.chunks(MAX_ALTERNATIVES) {
            let kinds = &[Kind::Published, Kind::Revoked, Kind::Retired];
            let wanted = Wanted { kinds, arguments: [publishers, references, &[]] };
            self.events(&wanted, to).await?.into_iter().for_each(|event: Event| heard.take(event));
        }
        Ok(heard)
    }

    /// Why publishers retired as a whole, which the log keeps under hash zero.
    async fn listen_to_farewells(&self, to: u64, publishers: &[[u8; 32]], heard: &mut Heard) -> Result<(), Failure> {
        for publishers in publishers.chunks(MAX_ALTERNATIVES) {
            let wanted = Wanted { kinds: &[Kind::Retired], arguments: [publishers, &[[0; 32]], &[]] };
            self.events(&wanted, to).await?.into_iter().for_each(|event| heard.take(event));
        }
        Ok(())
    }

    /// As many answers as queries, in their order.
    async fn statuses(&self, block: u64, queries: &[Query]) -> Result<Vec<Status>, ChainError> {
        let mut all = Vec::with_capacity(queries.len());
        for chunk in queries.chunks(MAX_QUERIES) {
            let input = StatusManyCall { queries: chunk.to_vec() }.encode();
            let call = json!([{"to": data(self.contract().as_bytes()), "data": data(&input)}, quantity(block)]);
            let Bytes(output) = self.transport().call(CALL, call).await?;
            if output.is_empty() {
                self.forget_contract();
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

fn problem(failure: Failure) -> String {
    format!(
        "block numbers, reasons and further publishers may be missing, because the event log could not be read: {}",
        ChainError::from(failure)
    )
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
