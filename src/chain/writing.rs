//! What is written to a network: asked of all endpoints, handed to all of them, and believed of enough of them.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep};

use super::{Action, Chain, ChainError, Endpoint, Unsigned, quorum::Answers};
use crate::domain::{
    Address,
    publication::{Contract, Cost, Fate, TransactionHash},
};

/// How long a transaction may take from one node to the others.
const SPREADING: Duration = Duration::from_secs(2);
/// Between two looks at whether it did.
const GLANCE: Duration = Duration::from_millis(250);

impl Chain {
    /// The account's next nonce, after the transactions that enough nodes hold for later blocks. Where only some hold another
    /// wallet's, the others have a moment to hear of it; no longer, for a liar could name a nonce that leaves a gap.
    ///
    /// # Errors
    /// [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn next_nonce(&self, account: Address) -> Result<u64, ChainError> {
        let until = Instant::now() + SPREADING;
        loop {
            let answers = self.ask_enough(async |endpoint: Endpoint| endpoint.next_nonce(account).await).await;
            let mut told = answers.iter().flatten().flatten().copied();
            let Some(nonce) = self.reached(told.clone()) else { return Err(self.disagreement(answers)) };
            if told.all(|one| one == nonce) || Instant::now() >= until {
                return Ok(nonce);
            }
            sleep(GLANCE).await;
        }
    }

    /// What `action` would cost `from`: what enough of the nodes ask for, and what suffices for as many. The contract is
    /// asked too: what it refuses is found out here, for free.
    ///
    /// # Errors
    /// [`ChainError::Refused`] with the contract's reason; [`ChainError::InsufficientFunds`] where the amount itself is
    /// not there; [`ChainError::NoContract`], [`ChainError::ForeignContract`], [`ChainError::WrongChain`],
    /// [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn estimate(&self, action: &Action, from: Address) -> Result<Cost, ChainError> {
        let ask = async |endpoint: Endpoint| endpoint.estimate(action, from).await;
        let answers = self.ask(ask, |answers| self.cost(answers).is_some()).await;
        self.cost(&answers).ok_or_else(|| self.refusal_of(answers))
    }

    /// The error on which as many agree as must, else why they do not.
    fn refusal_of<T>(&self, answers: Answers<T>) -> ChainError {
        let errors = || answers.iter().flatten().filter_map(|answer| answer.as_ref().err());
        let common = errors().find(|error| {
            error.is_answer() && errors().filter(|other| other.code() == error.code()).count() >= self.must_agree()
        });
        common.cloned().unwrap_or_else(|| self.disagreement(answers))
    }

    /// The transaction for `action`, ready to be signed. The nodes' chain is checked first: a wrong one is found out
    /// before anything is signed.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] if any node is another chain's; [`ChainError::NoContract`],
    /// [`ChainError::ForeignContract`], [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn prepare(
        &self,
        action: &Action,
        from: Address,
        nonce: u64,
        cost: Cost,
    ) -> Result<Unsigned, ChainError> {
        let chain_id = self.check_chain_id().await?;
        if let Some(what) = action.calls() {
            self.agreed(async |endpoint: Endpoint| endpoint.require(what).await, |()| ()).await?;
        }
        let (to, data) = action.call(self.address_of(action.calls().unwrap_or(Contract::Registry)));
        Ok(Unsigned { chain_id, from, nonce, to, value: action.value(), data, cost })
    }

    /// Hands signed bytes to every node. Sending the same bytes again is harmless, and succeeds while a node knows them. Once one
    /// took them the slower ones have a moment; whoever needs longer is handed them in the background, within the time-outs of any
    /// call, and what it says is heard by nobody. A program that ends before leaves those nodes out: the others tell them.
    ///
    /// # Errors
    /// Where no node took them: a refusal ([`ChainError::NonceTaken`], [`ChainError::Underpriced`],
    /// [`ChainError::InsufficientFunds`], [`ChainError::Rejected`]) if all refused, else what kept one from answering, and it may have taken
    /// them all the same.
    pub async fn broadcast(&self, raw: &[u8]) -> Result<(), ChainError> {
        let raw: Arc<[u8]> = raw.into();
        let hand = |endpoint: Endpoint| {
            let raw = Arc::clone(&raw);
            async move { endpoint.broadcast(&raw).await }
        };
        let took_it = |answers: &Answers<()>| answers.iter().flatten().any(Result::is_ok);
        let (answers, slower) = self.ask_for_a_while(hand, took_it).await;
        if took_it(&answers) {
            if !slower.is_empty() {
                tokio::spawn(slower.for_each(|_| async {}));
            }
            return Ok(());
        }
        let mut errors: Vec<ChainError> = answers.into_iter().flatten().filter_map(Result::err).collect();
        errors.sort_by_key(ChainError::is_answer);
        errors.into_iter().next().map_or(Ok(()), Err)
    }

    /// What became of transaction `hash`, which used `nonce` of `from`. One look; whoever waits looks again. While the
    /// nodes tell different blocks, or only some of them tell of one, it is waiting.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::Disagreement`] where too few nodes answer; whatever keeps a single node from being
    /// asked.
    pub async fn fate(&self, hash: TransactionHash, from: Address, nonce: u64) -> Result<Fate, ChainError> {
        if let [only] = self.endpoints() {
            return only.fate(hash, from, nonce).await;
        }
        let look = async |endpoint: Endpoint| endpoint.fate(hash, from, nonce).await;
        match self.agreed(look, kind).await {
            Ok(agreed) => {
                let fates = agreed.answers.into_iter().map(|(_, fate)| fate);
                Ok(fates.reduce(more_careful).unwrap_or(Fate::Pending))
            }
            Err(ChainError::Disagreement { answered, .. }) if answered >= self.must_agree() => Ok(Fate::Pending),
            Err(error) => Err(error),
        }
    }
}

/// What of a fate is the same for all who tell it.
const fn kind(fate: &Fate) -> (u8, u64) {
    match fate {
        Fate::Succeeded { inclusion, .. } => (0, inclusion.block),
        Fate::Reverted { inclusion, .. } => (1, inclusion.block),
        Fate::Pending => (2, 0),
        Fate::NonceTaken => (3, 0),
        Fate::Forgotten => (4, 0),
    }
}

/// Of two that tell the same, with fewer confirmations and less settled.
fn more_careful(one: Fate, other: Fate) -> Fate {
    match (one, other) {
        (
            Fate::Succeeded { inclusion, confirmations, finality },
            Fate::Succeeded { confirmations: too, finality: also, .. },
        ) => Fate::Succeeded { inclusion, confirmations: confirmations.min(too), finality: finality.min(also) },
        (Fate::Reverted { inclusion, finality, reason }, Fate::Reverted { finality: also, .. }) => {
            Fate::Reverted { inclusion, finality: finality.min(also), reason }
        }
        (one, _) => one,
    }
}
