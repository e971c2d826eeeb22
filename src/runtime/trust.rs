//! What is done to the trust policy.

use super::Runtime;
use crate::{
    app::{Effect, Msg, effect::TrustChange, msg::TrustMsg, trust::Entry},
    domain::{
        text::clean,
        trust::{Demand, Denial, Rule, TrustPolicy},
    },
    ops::{
        Context, Failure, blocking,
        trust::{
            On, add_denial, add_rule, import_policy, remove_demand, remove_denial, remove_rule, replace_demand,
            replace_denial, replace_rule, set_demand, whole_policy,
        },
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
            TrustChange::Replace(both) => {
                let words = format!("{} was changed", both.1.pattern());
                (words, replaced(&context, *both)?)
            }
            TrustChange::Import { from, text, replace } => {
                let words = format!("the policy of `{}` was taken over", clean(&from.display().to_string()));
                (words, import_policy(&context, &from, &text, replace)?)
            }
            TrustChange::Remove(entry) => (removal(&entry), removed(&context, *entry)?),
        })
    })
    .await
}

fn replaced(context: &Context, both: (Entry, Entry)) -> Result<TrustPolicy, Failure> {
    match both {
        (Entry::Rule(old), Entry::Rule(new)) => replace_rule(context, &old, new),
        (Entry::Denial(old), Entry::Denial(new)) => replace_denial(context, &old, new),
        (Entry::Demand(old), Entry::Demand(new)) => replace_demand(context, &old, &new),
        _ => Err(Failure::new("internal", "an entry of another kind is to take the place of this one")),
    }
}

fn removed(context: &Context, entry: Entry) -> Result<TrustPolicy, Failure> {
    match entry {
        Entry::Rule(Rule { pattern, publisher, network, .. }) => {
            remove_rule(context, &pattern, Some(publisher), &On::Of(network))
        }
        Entry::Denial(Denial { pattern, network, .. }) => remove_denial(context, &pattern, &On::Of(network)),
        Entry::Demand(Demand { pattern, network, .. }) => remove_demand(context, &pattern, &On::Of(network)),
    }
}

/// What a removal comes to, in a sentence.
fn removal(entry: &Entry) -> String {
    match entry {
        Entry::Rule(rule) => format!("{} speaks for {} no longer", rule.publisher, rule.pattern),
        Entry::Denial(denial) => format!("{} is denied no longer", denial.pattern),
        Entry::Demand(demand) => format!("nothing more is demanded of {}", demand.pattern),
    }
}
