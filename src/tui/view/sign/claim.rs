//! The registry's half of a claim, before it is signed.

use super::{Canvas, Form, Role};
use crate::{app::sign::ClaimPlan, domain::network::beside_gas};

impl Form<'_> {
    /// What is signed and pushed, and what comes after it.
    pub(super) fn claim(&mut self, canvas: &Canvas, plan: &ClaimPlan) {
        self.push(canvas, "namespace", Role::Plain, plan.wish.namespace.as_str());
        self.push(canvas, "says", Role::Plain, "the account publishes for it");
        if let Some(until) = plan.push {
            self.push(canvas, "good until", Role::Plain, &until.to_string());
        }
        self.push(canvas, "goes to", Role::Plain, &plan.artifact().to_string());
        if plan.wish.replace {
            self.push(canvas, "", Role::Warning, "What else stands there is left out.");
        }
        for other in &plan.beside {
            self.push(canvas, "beside it", Role::Muted, &format!("the statement of {other} stays"));
        }
        self.account(canvas);
        self.network(canvas);
        let Some(cost) = plan.cost else {
            return self.push(canvas, "cost", Role::Plain, "nothing: the claim stands on the chain already");
        };
        let (about, most) = (cost.expected().cost(), cost.at_most().cost());
        let words = format!("nothing; then the claim on the chain: about {about} ETH, at most {most} ETH");
        self.push(canvas, "cost", Role::Plain, &words);
        if let Some(more) = self.model.network().and_then(|network| beside_gas(network.chain_id)) {
            self.push(canvas, "", Role::Warning, more);
        }
    }
}
