//! The registry's half of a claim, and a contract, before they are signed.

use super::{Canvas, Form, Role};
use crate::{
    app::sign::ClaimPlan,
    domain::{network::beside_gas, publication::Statement},
};

impl Form<'_> {
    /// The contract that is deployed next, and where it will stand.
    pub(super) fn deployment(&mut self, canvas: &Canvas) {
        match self.sign.quote.as_ref().map(|quote| &quote.statement) {
            Some(Statement::Deployment { what, contract, deterministic }) => {
                self.push(canvas, "contract", Role::Plain, what.name());
                self.push(canvas, "stands at", Role::Plain, &contract.to_string());
                let words = if *deterministic {
                    "the usual address, which follows from its code"
                } else {
                    "NOT the usual address: this chain has no deployment proxy, so tell others this one"
                };
                self.push(canvas, "", if *deterministic { Role::Muted } else { Role::Warning }, words);
            }
            _ => self.push(canvas, "contract", Role::Muted, "what does not stand yet is looked up first"),
        }
        self.account(canvas);
        let quoted = self.sign.quote.as_ref().map(|quote| &quote.network);
        if let Some(network) = quoted.or_else(|| self.model.network()) {
            let place = if network.local { ", local to this machine" } else { "" };
            self.push(canvas, "network", Role::Plain, &format!("{}{place} · chain {}", network.name, network.chain_id));
        }
        self.cost_terms(canvas);
    }

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
