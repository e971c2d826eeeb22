//! The trust pane: the policy's entries, the most specific first.

use std::cmp::Reverse;

use crate::{
    app::msg::Problem,
    domain::{
        Reference, Timestamp,
        text::clean,
        trust::{Decision, Demand, Denial, Pattern, Role, Rule, TrustPolicy},
    },
};

/// Rows that an entry's facts take at most.
pub const FACTS: usize = 40;

/// One entry of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Somebody speaks.
    Rule(Rule),
    /// Nobody does.
    Denial(Denial),
    /// More is demanded.
    Demand(Demand),
}

impl Entry {
    /// Which references it is about.
    #[must_use]
    pub const fn pattern(&self) -> &Pattern {
        match self {
            Self::Rule(Rule { pattern, .. })
            | Self::Denial(Denial { pattern, .. })
            | Self::Demand(Demand { pattern, .. }) => pattern,
        }
    }

    /// The network on which it holds; every one without it.
    #[must_use]
    pub fn network(&self) -> Option<&str> {
        match self {
            Self::Rule(Rule { network, .. })
            | Self::Denial(Denial { network, .. })
            | Self::Demand(Demand { network, .. }) => network.as_deref(),
        }
    }

    /// What it is, in one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.role.word(),
            Self::Denial(_) => "DENIED",
            Self::Demand(_) => "demand",
        }
    }

    /// In one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let on = self.network().map_or_else(String::new, |network| format!(" on {}", clean(network)));
        match self {
            Self::Rule(rule) => {
                let called = rule.name.as_deref().map_or_else(String::new, |name| format!(" ({})", clean(name)));
                format!("{}{called} speaks as {} for {}{on}", rule.publisher, rule.role.word(), rule.pattern)
            }
            Self::Denial(denial) => format!("nobody speaks for {}{on}", denial.pattern),
            Self::Demand(demand) => format!("more is demanded of {}{on}", demand.pattern),
        }
    }

    /// True where it is the same entry, whatever else was changed.
    fn is_same(&self, other: &Self) -> bool {
        let is_one = match (self, other) {
            (Self::Rule(one), Self::Rule(other)) => one.publisher == other.publisher,
            (Self::Denial(_), Self::Denial(_)) | (Self::Demand(_), Self::Demand(_)) => true,
            _ => false,
        };
        is_one && self.pattern() == other.pattern() && self.network() == other.network()
    }

    /// True where it has a part in the decision about `reference` under `policy`.
    #[must_use]
    pub fn decides(&self, policy: &TrustPolicy, reference: &Reference) -> bool {
        match (self, policy.decision(reference)) {
            (Self::Rule(own), Decision::Rules(rules)) => rules.contains(&own),
            (Self::Denial(own), Decision::Denied(denial)) => denial == own,
            (Self::Demand(own), Decision::Rules(_)) => own.pattern.matches(reference),
            _ => false,
        }
    }
}

/// What taking a policy over does to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    New(Entry),
    /// It takes the place of one that says otherwise.
    Other(Entry),
    /// It goes.
    Gone(Entry),
}

/// Every entry of a policy, in no order.
fn entries_of(policy: &TrustPolicy) -> Vec<Entry> {
    let rules = policy.rules.iter().cloned().map(Entry::Rule);
    let denials = policy.denials.iter().cloned().map(Entry::Denial);
    denials.chain(rules).chain(policy.demands.iter().cloned().map(Entry::Demand)).collect()
}

/// What changes where `theirs` is taken over: in place of all of `ours`, or beside it.
#[must_use]
pub fn changes(ours: &TrustPolicy, theirs: &TrustPolicy, replace: bool) -> Vec<Change> {
    let (ours, theirs) = (entries_of(ours), entries_of(theirs));
    let mut changes = Vec::new();
    for entry in &theirs {
        match ours.iter().find(|own| own.is_same(entry)) {
            None => changes.push(Change::New(entry.clone())),
            Some(own) if own != entry => changes.push(Change::Other(entry.clone())),
            Some(_) => {}
        }
    }
    let goes = |own: &&Entry| replace && !theirs.iter().any(|entry| entry.is_same(own));
    changes.extend(ours.iter().filter(goes).cloned().map(Change::Gone));
    changes
}

/// What is known of the trust policy.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The whole policy; `None` before it was read.
    pub policy: Option<TrustPolicy>,
    /// Why it could not be read.
    pub problem: Option<Problem>,
    /// It is being read.
    pub asking: bool,
    /// When it was asked for.
    pub asked: Option<Timestamp>,
    /// First row shown of the selected entry's facts.
    pub top: u16,
    entries: Vec<Entry>,
    selected: Option<Entry>,
    /// Where it was: what is there once it is gone is selected next.
    place: usize,
}

impl Trust {
    /// Takes a policy over. The selection stays.
    pub fn take(&mut self, policy: TrustPolicy) {
        self.entries = entries_of(&policy);
        let rank = |entry: &Entry| match entry {
            Entry::Denial(_) => 0,
            Entry::Rule(Rule { role: Role::Publisher, .. }) => 1,
            Entry::Rule(_) => 2,
            Entry::Demand(_) => 3,
        };
        self.entries.sort_by(|one, other| {
            let key =
                |entry: &Entry| (Reverse(entry.pattern().specificity()), entry.pattern().to_string(), rank(entry));
            key(one).cmp(&key(other))
        });
        self.policy = Some(policy);
        self.problem = None;
    }

    /// The entries, as far as they are known.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many there are, once that is known.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.policy.as_ref().map(|_| self.entries.len())
    }

    /// Position of the selected entry.
    #[must_use]
    pub fn cursor(&self) -> usize {
        let is_selected = |entry: &Entry| self.selected.as_ref().is_some_and(|selected| selected.is_same(entry));
        let place = self.place.min(self.entries.len().saturating_sub(1));
        self.entries.iter().position(is_selected).unwrap_or(place)
    }

    /// The selected entry.
    #[must_use]
    pub fn selected(&self) -> Option<&Entry> {
        self.entries.get(self.cursor())
    }

    /// Selects the entry at `position`, or the last.
    pub fn select(&mut self, position: usize) {
        let last = self.entries.len().saturating_sub(1);
        self.place = position.min(last);
        self.selected = self.entries.get(self.place).cloned();
        self.top = 0;
    }
}
