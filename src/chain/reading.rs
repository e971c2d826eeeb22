//! What is read of a network: each answer is what enough of its endpoints agree on, at one block.

use super::{Answers, Chain, ChainError, ContractState, Endpoint, Heard, Question};
use crate::domain::{
    Address, Wei,
    network::{Block, ChainHead, ChainIdentity, Dissent},
    publication::Contract,
    record::ChainEvent,
};

impl Chain {
    /// The network's chain id, after enough of the nodes have named it.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        if self.known_chain_id().is_none() {
            // The fastest must not decide which chain it is.
            let name = async |endpoint: Endpoint| endpoint.chain_id().await;
            if let Some(id) = self.agreed(name, |id| *id).await?.into_first() {
                let _ = self.shared.chain_id.set(id);
            }
        }
        let name = async |endpoint: Endpoint| endpoint.check_chain_id().await;
        self.agreed(name, |id| *id).await?.into_first().ok_or_else(|| self.disagreement::<()>(Vec::new()))
    }

    /// The same, and none of the nodes that answer is another chain's: what is signed is sent to all of them.
    ///
    /// # Errors
    /// As [`Self::chain_id`].
    pub async fn check_chain_id(&self) -> Result<u64, ChainError> {
        let answers = self.ask_enough(async |endpoint: Endpoint| endpoint.check_chain_id().await).await;
        let is_foreign = |answer: &&Result<u64, ChainError>| matches!(answer, Err(ChainError::WrongChain { .. }));
        if let Some(Err(foreign)) = answers.iter().flatten().find(is_foreign) {
            return Err(foreign.clone());
        }
        let ids: Vec<u64> = answers.iter().flatten().flatten().copied().collect();
        match ids.first() {
            Some(id) if ids.len() >= self.must_agree() => Ok(*id),
            _ => Err(self.disagreement(answers)),
        }
    }

    /// Which chain it is: asked anew each time, because a node's chain can begin anew while this process runs.
    ///
    /// # Errors
    /// As [`Self::chain_id`] and [`Self::blocks`].
    pub async fn identity(&self) -> Result<ChainIdentity, ChainError> {
        let id = self.chain_id().await?;
        let is_young = self.head().await?.latest.number < 2;
        let first = self.blocks(if is_young { &[0] } else { &[0, 1] }).await?;
        let genesis = first.first().map(|block| block.hash).ok_or_else(|| self.disagreement::<()>(Vec::new()))?;
        Ok(ChainIdentity { id, genesis, second: first.get(1).map(|block| block.hash) })
    }

    /// How far the chain has come: the newest block that enough endpoints have, and agree on.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn head(&self) -> Result<ChainHead, ChainError> {
        self.common_head().await.map(|(head, _)| head)
    }

    /// The same, and who was not followed.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub async fn common_head(&self) -> Result<(ChainHead, Vec<Dissent>), ChainError> {
        if let [only] = self.endpoints() {
            return Ok((only.head().await?, Vec::new()));
        }
        let heads = self.ask_enough(async |endpoint: Endpoint| endpoint.head().await).await;
        let told = || heads.iter().flatten().flatten();
        let Some(number) = self.reached(told().map(|head| head.latest.number)) else {
            return Err(self.disagreement(heads));
        };
        let agreed = self.agreed(async |endpoint: Endpoint| endpoint.block(number).await, |block| *block).await?;
        let settled =
            |of: fn(&ChainHead) -> Option<u64>| self.reached(told().filter_map(of)).map(|settled| settled.min(number));
        let (safe, finalized) = (settled(|head| head.safe), settled(|head| head.finalized));
        let mut dissent = agreed.dissent.clone();
        for (one, index) in dissent.iter_mut().zip(&agreed.dissenters) {
            if let Some(Some(Ok(head))) = heads.get(*index)
                && head.latest.number < number
            {
                one.cause = format!("it is at block {}, and the others are at {number}", head.latest.number);
            }
        }
        match agreed.into_first() {
            Some(latest) => Ok((ChainHead { latest, safe, finalized }, dissent)),
            None => Err(self.disagreement(heads)),
        }
    }

    /// The records for each of `questions`, read at the newest block that enough endpoints have. Nothing is said of their
    /// circumstances.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::NoContract`], [`ChainError::ForeignContract`], [`ChainError::Disagreement`];
    /// [`ChainError::Unsettled`] if reorganisations went on while it was read; whatever keeps a single node from being asked.
    pub async fn records(&self, questions: &[Question]) -> Result<Answers, ChainError> {
        let heard = Heard::default();
        let (head, behind) = self.common_head().await?;
        match self.records_at(&head, behind, questions, &heard).await {
            // A reorganisation came between, or goes on.
            Err(ChainError::Disagreement { .. } | ChainError::Unsettled { .. }) => {
                let (head, behind) = self.common_head().await?;
                self.records_at(&head, behind, questions, &heard).await
            }
            other => other,
        }
    }

    /// The records for each of `questions`, read at `head`, with their circumstances as far as they were `heard` of, and those of
    /// other publishers who were. `behind` are the endpoints that do not have that head.
    ///
    /// # Errors
    /// As [`Self::records`]; [`ChainError::Unsettled`] too where `head` is no longer the chain's.
    pub async fn records_at(
        &self,
        head: &ChainHead,
        behind: Vec<Dissent>,
        questions: &[Question],
        heard: &Heard,
    ) -> Result<Answers, ChainError> {
        let read = async |endpoint: Endpoint| endpoint.records_at(&head.latest, questions, heard).await;
        // What was heard is the same for all: they differ in the contract's state alone.
        let agreed = self.agreed(read, Clone::clone).await?;
        let mut dissent = agreed.dissent.clone();
        for one in behind {
            match dissent.iter_mut().find(|known| known.endpoint == one.endpoint) {
                Some(known) => *known = one,
                None => dissent.push(one),
            }
        }
        Ok(Answers { head: *head, records: agreed.into_first().unwrap_or_default(), dissent })
    }

    /// Everything that the contract said in the blocks from `from` to `to`, in the chain's order; and the endpoints that keep some of
    /// it back, or tell more.
    ///
    /// # Errors
    /// As [`Endpoint::events_between`], and [`ChainError::Disagreement`].
    pub async fn events_between(&self, from: u64, to: u64) -> Result<(Vec<ChainEvent>, Vec<String>), ChainError> {
        let read = async |endpoint: Endpoint| endpoint.events_between(from, to).await;
        let mut agreed = self.agreed(read, Clone::clone).await?;
        let otherwise = std::mem::take(&mut agreed.otherwise);
        Ok((agreed.into_first().unwrap_or_default(), otherwise))
    }

    /// The chain's blocks of these numbers.
    ///
    /// # Errors
    /// [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn blocks(&self, numbers: &[u64]) -> Result<Vec<Block>, ChainError> {
        let read = async |endpoint: Endpoint| endpoint.blocks(numbers).await;
        Ok(self.agreed(read, Clone::clone).await?.into_first().unwrap_or_default())
    }

    /// The first block in which a contract may have spoken.
    pub async fn first_block(&self, what: Contract, head: u64) -> u64 {
        // Too early a block costs time and nothing else, so the earliest that anybody names is taken.
        let answers = self.ask_enough(async |endpoint: Endpoint| Ok(endpoint.first_block(what, head).await)).await;
        answers.into_iter().flatten().flatten().min().unwrap_or_default()
    }

    /// What stands at the registry's address.
    ///
    /// # Errors
    /// As [`Self::state_of`].
    pub async fn contract_state(&self) -> Result<ContractState, ChainError> {
        self.state_of(Contract::Registry).await
    }

    /// What stands at a contract's address.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn state_of(&self, what: Contract) -> Result<ContractState, ChainError> {
        let read = async |endpoint: Endpoint| endpoint.state_of(what).await;
        let agreed = self.agreed(read, |state| (state.deployed, state.code_matches, state.chain_id)).await?;
        agreed.into_first().ok_or_else(|| self.disagreement::<()>(Vec::new()))
    }

    /// Whether the chain has the deterministic deployment proxy; without it contracts are deployed plainly, and their
    /// addresses must be configured.
    ///
    /// # Errors
    /// [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn has_deployment_proxy(&self) -> Result<bool, ChainError> {
        let read = async |endpoint: Endpoint| endpoint.has_deployment_proxy().await;
        Ok(self.agreed(read, |has| *has).await?.into_first().unwrap_or_default())
    }

    /// What each account holds at least, as enough endpoints say.
    ///
    /// # Errors
    /// [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn balances(&self, accounts: &[Address]) -> Result<Vec<Wei>, ChainError> {
        let answers = self.ask_enough(async |endpoint: Endpoint| endpoint.balances(accounts).await).await;
        let told: Vec<&Vec<Wei>> = answers.iter().flatten().flatten().collect();
        let held = |index: usize| self.reached(told.iter().filter_map(|balances| balances.get(index).copied()));
        let balances: Option<Vec<Wei>> = (0..accounts.len()).map(held).collect();
        balances.ok_or_else(|| self.disagreement(answers))
    }

    /// What enough endpoints say to have reached. `None` where too few say anything.
    pub(super) fn reached<T: Ord>(&self, told: impl Iterator<Item = T>) -> Option<T> {
        let mut told: Vec<T> = told.collect();
        told.sort_unstable_by(|one, other| other.cmp(one));
        told.into_iter().nth(self.must_agree() - 1)
    }
}
