//! Claiming a namespace: the statement into its registry first, then the claim onto the chain.

use crate::domain::{
    Address, Namespace, Reference, Timestamp,
    publication::{Cost, Statement},
    when::Until,
};

/// What is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimWish {
    /// Which namespace.
    pub namespace: Namespace,
    /// Until when the registry's statement is to be good.
    pub until: Until,
    /// What else stands at the statement's name is left out.
    pub replace: bool,
}

/// What of it is left to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPlan {
    /// The wish.
    pub wish: ClaimWish,
    /// Who claims.
    pub publisher: Address,
    /// Until when a statement is good that is to be signed and pushed; `None` where one stands.
    pub push: Option<Timestamp>,
    /// Whose statements stand beside it, and stay.
    pub beside: Vec<Address>,
    /// What the claim's transaction costs; `None` where the directory says the same already.
    pub cost: Option<Cost>,
}

impl ClaimPlan {
    /// What the account says on the chain.
    #[must_use]
    pub fn claim(&self) -> Statement {
        Statement::NamespaceClaim { namespace: self.wish.namespace.clone(), taken_back: false }
    }

    /// Where the registry's statement stands.
    #[must_use]
    pub const fn artifact(&self) -> &Reference {
        self.wish.namespace.artifact()
    }
}
