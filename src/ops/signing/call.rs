//! Calls for the owners of a contract account to execute.

use serde::Serialize;

use super::{check, together};
use crate::{
    chain::Action,
    domain::{
        Address,
        network::NetworkView,
        publication::{Authority, Statement},
    },
    ops::{
        Context, Failure,
        quoting::{Outlook, outlook},
    },
};

/// `daochain.calldata/1`: what a contract account is made to call the registry with, for its owners to execute.
#[derive(Debug, Serialize)]
pub struct CallData {
    schema: &'static str,
    chain_id: u64,
    /// Whose call it must be.
    from: Address,
    to: Address,
    value: &'static str,
    data: String,
}

impl CallData {
    /// As text, on one line.
    ///
    /// # Errors
    /// None that is known.
    pub fn text(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| Failure::new("internal", &error.to_string()))
    }
}

/// What comes of asking for a call.
#[derive(Debug)]
pub enum Called {
    /// What it says, where, and the call.
    Call(Statement, NetworkView, CallData),
    /// Nothing is left to be said; of releases that is so unless they are to be made again.
    Stands(Vec<Outlook>, NetworkView),
}

/// The call that says `statements` in the name of the contract account `publisher`.
///
/// # Errors
/// When the node cannot be asked, or the contract would refuse.
pub async fn call_data(
    context: &Context,
    statements: Vec<Statement>,
    publisher: Address,
    again: bool,
) -> Result<Called, Failure> {
    let chain = context.chain().await?;
    let head = chain.head().await?;
    let network = context.view(&chain, head).await?;
    let statement =
        together(statements).ok_or_else(|| Failure::new("usage", "there is nothing to say").hint("name an image"))?;
    if !statement.digests().is_empty() {
        let (outlooks, _) = outlook(&chain, statement.parts().to_vec(), publisher).await?;
        if outlooks.iter().all(|one| one.stands(again)) {
            return Ok(Called::Stands(outlooks, network));
        }
    }
    check(&chain, &statement, publisher).await?;
    let call = CallData {
        schema: "daochain.calldata/1",
        chain_id: network.chain_id,
        from: publisher,
        to: network.contract,
        value: "0",
        data: format!("0x{}", hex::encode(Action::of(statement.clone(), Authority::Own).call_data())),
    };
    Ok(Called::Call(statement, network, call))
}
