//! What is done to the trust policy.

use crate::{
    app::effect::TrustChange,
    domain::trust::TrustPolicy,
    ops::{
        Context, Failure, blocking,
        trust::{add_denial, add_rule, remove_demand, remove_denial, remove_rule, set_demand},
    },
};

/// Makes the change: what was done, in one sentence, and the policy with it.
pub(super) async fn change(context: Context, change: TrustChange) -> Result<(String, TrustPolicy), Failure> {
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
