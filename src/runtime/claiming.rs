//! Claims of namespaces.

use tokio_util::sync::CancellationToken;

use super::{Runtime, market::beside};
use crate::{
    app::{
        msg::{Msg, SignMsg},
        sign::{ClaimPlan, ClaimWish},
    },
    domain::Address,
    ops::{
        Context, Failure, Passphrase,
        namespace::{StatementPlan, Wish, plan_claim, put_statement},
        unlock,
    },
};

impl Runtime {
    /// Finds out what of a claim is left to be done.
    pub(super) fn plan_claim(&mut self, ticket: u64, publisher: Address, wish: ClaimWish) {
        let token = self.undoable(ticket);
        let planned = move |result| Msg::Sign(SignMsg::Planned { ticket, result });
        self.answer("planning a claim", planned, move |context| {
            beside(token, move || async move { plan(&context, publisher, wish).await.map(Box::new) })
        });
    }

    /// Signs a namespace's statement with `passphrase`, and pushes it.
    pub fn put_statement(&mut self, ticket: u64, publisher: Address, wish: ClaimWish, passphrase: Passphrase) {
        let put = move |result| Msg::Sign(SignMsg::Put { ticket, result });
        self.answer("pushing a namespace's statement", put, move |context| {
            beside(CancellationToken::new(), move || async move { push(&context, publisher, &wish, passphrase).await })
        });
    }
}

fn wished(publisher: Address, wish: &ClaimWish) -> Wish {
    Wish { namespace: wish.namespace.clone(), publisher, until: wish.until, replace: wish.replace }
}

async fn plan(context: &Context, publisher: Address, wish: ClaimWish) -> Result<ClaimPlan, Failure> {
    let plan = plan_claim(context, &wished(publisher, &wish)).await?;
    let push = match &plan.statement {
        StatementPlan::Push { statement, .. } => Some(statement.expires_at),
        StatementPlan::Stands { .. } | StatementPlan::Left => None,
    };
    let cost = plan.quote.map(|quote| quote.cost);
    Ok(ClaimPlan { wish, publisher, push, beside: plan.beside, cost })
}

/// Whatever was pushed meanwhile: it is looked at again before anything is signed.
async fn push(
    context: &Context,
    publisher: Address,
    wish: &ClaimWish,
    passphrase: Passphrase,
) -> Result<String, Failure> {
    let artifact = wish.namespace.artifact();
    match plan_claim(context, &wished(publisher, wish)).await?.statement {
        StatementPlan::Push { statement, kept } => {
            let key = unlock::unlock_for_all(context, publisher, passphrase).await?;
            put_statement(context, &statement, &kept, &key).await?;
            Ok(format!("the statement stands at {artifact} until {}", statement.expires_at))
        }
        StatementPlan::Stands { .. } | StatementPlan::Left => Ok(format!("the statement stands at {artifact} already")),
    }
}
