//! Trust policy: which publishers speak for which references, and what is demanded of their word.
//!
//! A pattern is a reference (`docker.io/acme/api:1`), a namespace (`docker.io/acme/*`), a registry (`docker.io/**`) or
//! everything (`**`). The most specific pattern that a rule or a denial has decides, alone: a rule for one reference is not
//! widened by a rule for its registry. Of a rule and a denial with one pattern the denial decides. What is demanded is
//! inherited one by one, so that a demand for everything is not lost to one for a namespace that is silent about it.

mod demand;
mod pattern;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use demand::{Demand, Demands, Require, RequireError, Successions};
pub use pattern::{Pattern, PatternError};

use super::{address::Address, reference::Reference, text::clean_to, time::Timestamp};

/// What a publisher's word is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Speaks for the reference.
    #[default]
    Publisher,
    /// Attests what it saw. Its word is shown; it makes a verdict only where no publisher is named and a demand says how
    /// many observers must agree.
    Observer,
}

impl Role {
    /// The word that documents, files and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Observer => "observer",
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which references.
    pub pattern: Pattern,
    /// Who.
    pub publisher: Address,
    /// What the word is worth.
    pub role: Role,
    /// What the user calls the publisher.
    pub name: Option<String>,
    /// When the rule was made. Whoever publishes under the pattern later, and is not named, is told of as a stranger.
    pub since: Option<Timestamp>,
    /// Why, in the user's words.
    pub note: Option<String>,
    /// The network on which it holds; every one without it.
    pub network: Option<String>,
}

impl Rule {
    /// A publisher's rule without a name, for every network.
    #[must_use]
    pub const fn new(pattern: Pattern, publisher: Address) -> Self {
        Self { pattern, publisher, role: Role::Publisher, name: None, since: None, note: None, network: None }
    }
}

/// References that nobody's word makes good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Which references.
    pub pattern: Pattern,
    /// When it was made.
    pub since: Option<Timestamp>,
    /// Why, in the user's words.
    pub note: Option<String>,
    /// The network on which it holds; every one without it.
    pub network: Option<String>,
}

/// All rules, denials and demands. Their order means nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustPolicy {
    /// The rules, as the file lists them.
    pub rules: Vec<Rule>,
    /// The denials, as the file lists them.
    pub denials: Vec<Denial>,
    /// The demands, as the file lists them.
    pub demands: Vec<Demand>,
}

/// What decides about one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'p> {
    /// No pattern matches.
    Nobody,
    /// A denial.
    Denied(&'p Denial),
    /// Rules of one pattern: publishers, observers or both.
    Rules(Vec<&'p Rule>),
}

impl TrustPolicy {
    /// The part that holds on a network.
    #[must_use]
    pub fn on(&self, network: &str) -> Self {
        let holds = |own: &Option<String>| own.as_deref().is_none_or(|own| own == network);
        Self {
            rules: self.rules.iter().filter(|rule| holds(&rule.network)).cloned().collect(),
            denials: self.denials.iter().filter(|denial| holds(&denial.network)).cloned().collect(),
            demands: self.demands.iter().filter(|demand| holds(&demand.network)).cloned().collect(),
        }
    }

    /// The networks that entries name, each once.
    #[must_use]
    pub fn networks(&self) -> Vec<&str> {
        let rules = self.rules.iter().filter_map(|rule| rule.network.as_deref());
        let denials = self.denials.iter().filter_map(|denial| denial.network.as_deref());
        let demands = self.demands.iter().filter_map(|demand| demand.network.as_deref());
        let mut networks: Vec<_> = rules.chain(denials).chain(demands).collect();
        networks.sort_unstable();
        networks.dedup();
        networks
    }

    /// True when it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.denials.is_empty() && self.demands.is_empty()
    }

    /// What decides about `reference`: what has the most specific pattern that matches.
    #[must_use]
    pub fn decision(&self, reference: &Reference) -> Decision<'_> {
        let rules = self.rules.iter().filter(|rule| rule.pattern.matches(reference));
        let best = rules.clone().map(|rule| rule.pattern.specificity()).max();
        let denials = self.denials.iter().filter(|denial| denial.pattern.matches(reference));
        let denial = denials.max_by_key(|denial| denial.pattern.specificity());
        match (best, denial) {
            (best, Some(denial)) if best.is_none_or(|best| best <= denial.pattern.specificity()) => {
                Decision::Denied(denial)
            }
            (Some(best), _) => Decision::Rules(rules.filter(|rule| rule.pattern.specificity() == best).collect()),
            (None, _) => Decision::Nobody,
        }
    }

    /// The rules that decide about `reference`; none where nobody's word counts.
    #[must_use]
    pub fn deciding(&self, reference: &Reference) -> Vec<&Rule> {
        match self.decision(reference) {
            Decision::Rules(rules) => rules,
            Decision::Nobody | Decision::Denied(_) => Vec::new(),
        }
    }

    /// Those of `role` that speak for `reference`, each once.
    #[must_use]
    pub fn speakers(&self, reference: &Reference, role: Role) -> Vec<&Rule> {
        let mut speakers: Vec<&Rule> = self.deciding(reference);
        speakers.retain(|rule| rule.role == role);
        // The same publisher twice, for two networks or by hand, has one voice.
        let mut seen = std::collections::BTreeSet::new();
        speakers.retain(|rule| seen.insert(rule.publisher));
        speakers
    }

    /// The publishers (not the observers) that speak for `reference`, each once.
    #[must_use]
    pub fn publishers(&self, reference: &Reference) -> Vec<&Rule> {
        self.speakers(reference, Role::Publisher)
    }

    /// Everybody whose records are needed to judge `reference`.
    #[must_use]
    pub fn named(&self, reference: &Reference) -> Vec<Address> {
        let mut named: Vec<_> = self.deciding(reference).iter().map(|rule| rule.publisher).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// What is demanded of words about `reference`, each from the most specific pattern that states it.
    #[must_use]
    pub fn demands(&self, reference: &Reference) -> Demands {
        let mut matching: Vec<_> = self.demands.iter().filter(|demand| demand.pattern.matches(reference)).collect();
        // Of one pattern's, that for a network is the more specific.
        matching.sort_by_key(|demand| (demand.pattern.specificity(), demand.network.is_some()));
        let mut demands = Demands::default();
        for demand in matching {
            demands.refine(demand);
        }
        demands
    }

    /// Which rule decides about `reference`, and why, as a sentence.
    #[must_use]
    pub fn explain(&self, reference: &Reference) -> String {
        let name = reference.familiar();
        let rules = match self.decision(reference) {
            Decision::Nobody => return format!("no rule covers {name}"),
            Decision::Denied(denial) => {
                let note = denial.note.as_deref().map_or_else(String::new, |note| format!(": {}", clean_to(note, 200)));
                return format!("{name} is denied by the pattern {}{note}", denial.pattern);
            }
            Decision::Rules(rules) => rules,
        };
        let pattern = rules.first().map_or_else(String::new, |rule| rule.pattern.to_string());
        let (publishers, observers) =
            (self.speakers(reference, Role::Publisher).len(), self.speakers(reference, Role::Observer).len());
        let demands = self.demands(reference);
        let who = match (publishers, demands.require) {
            (0, None) => {
                "it names observers only, and nothing demands how many must agree: their words are shown and decide nothing".to_owned()
            }
            (0, Some(require)) => format!("{} of {observers} observers must agree", require.of(observers)),
            (1, None | Some(Require::Any | Require::All)) => "one publisher speaks for it".to_owned(),
            (many, None | Some(Require::Any)) => format!("any of {many} publishers speaks for it"),
            (many, Some(require)) => format!("{} of {many} publishers must agree", require.of(many)),
        };
        let all = if publishers > 0 { publishers } else { observers };
        let unsatisfiable = match demands.require {
            Some(require) if require.of(all) > all => ", which cannot be: nothing of it is verified",
            _ => "",
        };
        format!("rule {pattern} decides about {name}, the most specific that covers it: {who}{unsatisfiable}{demands}")
    }

    /// What the user calls `publisher`, by any rule.
    #[must_use]
    pub fn name_of(&self, publisher: Address) -> Option<&str> {
        self.rules.iter().filter(|rule| rule.publisher == publisher).find_map(|rule| rule.name.as_deref())
    }

    /// A policy in which `publishers` speak for everything: `verify --publisher`.
    #[must_use]
    pub fn only(publishers: &[Address]) -> Self {
        let rules = publishers.iter().map(|publisher| Rule::new(Pattern::Everything, *publisher)).collect();
        Self { rules, ..Self::default() }
    }
}
