//! What is done to the trust policy.

use super::Runtime;
use crate::{
    app::{Effect, Msg, effect::TrustChange, msg::TrustMsg},
    domain::trust::TrustPolicy,
    ops::{
        Context, Failure, blocking,
        trust::{add_denial, add_rule, remove_demand, remove_denial, remove_rule, set_demand, whole_policy},
    },
};

impl Runtime {
    /// Takes what is asked for the trust policy.
    pub(super) fn trust(&mut self, effect: Effect) {
        match effect {
            Effect::ReadTrust => {
                let read = |policy| Msg::Trust(TrustMsg::Read(policy));
                let work = |context| async move { whole_policy(&context) };
                self.answer("reading the trust policy", read, work);
            }
            Effect::ChangeTrust { ticket, change } => {
                let changed = move |result| Msg::Trust(TrustMsg::Changed { ticket, result });
                self.answer("changing the trust policy", changed, |context| changed_by(context, change));
            }
            _ => {}
        }
    }
}

/// Makes the change: what was done, in one sentence, and the policy with it.
async fn changed_by(context: Context, change: TrustChange) -> Result<(String, TrustPolicy), Failure> {
    // Another process may hold the file for a while.
    blocking(move || {
        Ok(match change {
            TrustChange::Add(rule) => {
                let words = format!("{} speaks as {} for {}", rule.publisher, rule.role.word(), rule.pattern);
                (words, add_rule(&context, rule)?)
            }
            TrustChange::Deny(denial) => (format!("{} is denied", denial.pattern), add_denial(&context, denial)?),
            TrustChange::Demand(demand) => {
                (format!("more is demanded of {}", demand.pattern), set_demand(&context, &demand)?)
            }
            TrustChange::Remove { pattern, publisher } => {
                let words = format!("{publisher} speaks for {pattern} no longer");
                (words, remove_rule(&context, &pattern, Some(publisher))?)
            }
            TrustChange::Allow(pattern) => {
                (format!("{pattern} is denied no longer"), remove_denial(&context, &pattern)?)
            }
            TrustChange::Relax(pattern) => {
                (format!("nothing more is demanded of {pattern}"), remove_demand(&context, &pattern)?)
            }
        })
    })
    .await
}
