//! Names that are observed again and again: what is new is attested without asking each time.

use crate::{
    app::sign::Depth,
    domain::{Address, Reference, Timestamp, Wei},
};

/// What is watched, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Which names.
    pub names: Vec<Reference>,
    /// Who attests, and pays.
    pub account: Address,
    /// Seconds between two looks.
    pub every: u64,
    /// How closely the registries are looked at.
    pub depth: Depth,
    /// Seconds after which the same is said again; `None` says it once.
    pub renew: Option<u64>,
    /// Highest price of one gas, where the user says so.
    pub cap: Option<Wei>,
}

impl Watch {
    /// The names in a row.
    #[must_use]
    pub fn subject(&self) -> String {
        self.names.iter().map(Reference::familiar).collect::<Vec<_>>().join(" ")
    }
}

/// What came of one look at all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Names that were attested.
    pub attested: Vec<String>,
    /// How many are served as they were.
    pub unchanged: usize,
    /// What was not done, and why: a sentence for each name.
    pub problems: Vec<String>,
}

impl Looked {
    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let attested = (!self.attested.is_empty()).then(|| format!("{} attested", self.attested.join(" ")));
        let unchanged = (self.unchanged > 0).then(|| format!("{} unchanged", self.unchanged));
        let parts: Vec<_> = attested.into_iter().chain(unchanged).chain(self.problems.iter().cloned()).collect();
        if parts.is_empty() { "nothing new".to_owned() } else { parts.join("; ") }
    }
}

/// A watch that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    /// Stops it.
    pub ticket: u64,
    /// What is watched.
    pub watch: Watch,
    /// How often it was looked.
    pub looks: usize,
    /// How many were attested.
    pub attested: usize,
    /// When it was looked last, and what came of it.
    pub last: Option<(Timestamp, String)>,
    /// It was stopped, and has not ended yet.
    pub stopping: bool,
}

impl Watching {
    /// Nothing was looked at yet.
    #[must_use]
    pub const fn begun(ticket: u64, watch: Watch) -> Self {
        Self { ticket, watch, looks: 0, attested: 0, last: None, stopping: false }
    }
}
