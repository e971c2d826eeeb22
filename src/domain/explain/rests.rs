//! The blocks and endpoints that a verdict rests on.

use super::{Case, Section, Tone};
use crate::domain::{
    network::Finality,
    node::{EndpointStatus, Standing},
};

/// One endpoint's part in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Scheme, host and port.
    pub url: String,
    /// What it said of itself and beside the others.
    pub words: String,
    /// What that means.
    pub tone: Tone,
}

impl Witness {
    /// Of an endpoint; `told` is what went wrong in words. `alone` says that there is no other.
    pub fn of<P>(endpoint: &EndpointStatus<P>, alone: bool, told: impl Fn(&P) -> String) -> Self {
        let head = endpoint.head.map_or_else(String::new, |head| format!(" · block {}", head.latest.number));
        let (tone, words) = match (&endpoint.standing, &endpoint.problem) {
            (Some(Standing::Dissents(said)), _) => (Tone::Bad, format!("DISSENTS: {said}")),
            (_, Some(problem)) => (Tone::Bad, format!("not heard: {}", told(problem))),
            (Some(Standing::Agrees), None) if alone => (Tone::Caution, format!("believed alone{head}")),
            (Some(Standing::Agrees), None) => (Tone::Good, format!("agrees{head}")),
            (None, None) => (Tone::Caution, "did not tell its newest block".to_owned()),
        };
        Self { url: endpoint.url.clone(), words, tone }
    }
}

impl Case<'_> {
    /// Which block the verdict needs, how settled that is, and who said so.
    pub(super) fn rests(&self) -> Section {
        let mut section = Section::new("chain", "Which blocks and endpoints it rests on");
        if let Some(why) = &self.unreachable {
            section.push("not read", Tone::Bad, why.clone());
        }
        if let Some(network) = self.network {
            let place = if network.local { "on this machine, shared with nobody" } else { "shared" };
            section.push("network", Tone::Plain, format!("{} · chain {} · {place}", network.name, network.chain_id));
            section.push("contract", Tone::Muted, network.contract.to_string());
            let head = network.head;
            let number =
                |number: Option<u64>| number.map_or_else(|| "not told".to_owned(), |number| number.to_string());
            let words = format!(
                "newest {} · safe {} · final {}",
                head.latest.number,
                number(head.safe),
                number(head.finalized)
            );
            section.push("blocks", Tone::Plain, words);
        }
        self.block(&mut section);
        if let Some(at) = self.checked_at {
            section.push("asked", Tone::Plain, self.ago(at));
        }
        self.endpoints(&mut section);
        if let Some(problem) = self.log_problem {
            section.push("missing", Tone::Caution, problem.to_owned());
        }
        section
    }

    fn block(&self, section: &mut Section) {
        let Some(block) = self.verdict.and_then(|verdict| verdict.block) else { return };
        let verdict = self.verdict;
        let depth = verdict
            .and_then(|verdict| verdict.confirmations)
            .map_or_else(String::new, |depth| format!(", {}", crate::domain::text::count(depth, "confirmation")));
        let (tone, means) = match verdict.and_then(|verdict| verdict.finality) {
            Some(Finality::Final) => (Tone::Good, "final: it cannot be removed any more"),
            Some(Finality::Safe) => (Tone::Plain, "safe: it is not expected to be removed"),
            Some(Finality::Included) => (Tone::Caution, "included: a reorganisation of the chain may still remove it"),
            None => (Tone::Caution, "how settled it is is not known"),
        };
        section.push("rests on", tone, format!("block {block}{depth} · {means}"));
    }

    fn endpoints(&self, section: &mut Section) {
        let count = self.witnesses.len();
        let local = self.network.is_some_and(|network| network.local);
        let (tone, words) = match count {
            0 => return,
            1 if local => (Tone::Muted, "the embedded node, which this program runs itself".to_owned()),
            1 => (Tone::Caution, "one endpoint, and nobody else was asked: it is believed alone".to_owned()),
            _ => (Tone::Plain, format!("{} of {count} endpoints must say the same", self.must_agree)),
        };
        section.push("told by", tone, words);
        for witness in self.witnesses.iter().filter(|_| !local) {
            section.push("", witness.tone, format!("{} · {}", witness.url, witness.words));
        }
    }
}
