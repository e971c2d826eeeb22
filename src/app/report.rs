//! What was asked for once, and is told in a dialog of its own: it can be copied, and what it proposes can be done.

use std::path::PathBuf;

use crate::{
    app::{
        effect::{GivenSource, TrustChange},
        model::Tone,
        msg::Problem,
    },
    domain::{Address, Namespace, Reference, image::Evidence},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inquiry {
    /// Whom a namespace vouches for, or whether it does for this publisher.
    Namespace {
        /// Which.
        namespace: Namespace,
        /// Whom, where one is named.
        publisher: Option<Address>,
    },
    /// Which namespaces this home's accounts claim.
    Claims,
    /// Where the contracts stand, and whose code is there.
    Contracts,
    /// What counts in this run, and who said it.
    Settings,
    /// Who has published a name, before one of them is trusted.
    Discover(Reference),
    /// What an image holds: every byte of it is hashed.
    Hash(Hashed),
    /// What images that are here are by the word of these publishers alone, whatever the trust policy says.
    By {
        /// The images' name.
        reference: Reference,
        /// Their platforms, and what is known of their content.
        images: Vec<(Option<String>, Evidence)>,
        /// Whose word counts.
        only: Vec<Address>,
    },
    /// What a registry has under a repository, a name or a namespace, before anything is pulled.
    Remote(String),
    /// What taking a policy over would change.
    Policy {
        /// Its text, or where it lies.
        source: GivenSource,
        /// It takes the place of all that is there.
        replace: bool,
        /// The name that it must be a verified release of.
        verify: Option<Reference>,
        /// Whose word on that counts, alone; the trust policy's where it is empty.
        only: Vec<Address>,
    },
}

/// What is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hashed {
    /// An image archive, or a folder in the OCI layout.
    Path(PathBuf),
    /// What a registry serves under the name.
    Registry(Reference),
    /// An image archive, or a folder in the OCI layout, which is judged by what was released, too.
    Judged {
        /// Where it is.
        path: PathBuf,
        /// As which name; as those that it has without one.
        reference: Option<Reference>,
        /// Whose word counts, alone; the trust policy's where it is empty.
        only: Vec<Address>,
    },
}

impl Inquiry {
    /// The dialog's title, before more is known.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Namespace { .. } => "Namespace",
            Self::Claims => "Claimed namespaces",
            Self::Contracts => "Contracts",
            Self::Settings => "Configuration",
            Self::Discover(_) => "Who has published it",
            Self::Remote(_) => "What the registry has",
            Self::Hash(Hashed::Judged { .. }) | Self::By { .. } => "Verify",
            Self::Hash(_) => "Hash",
            Self::Policy { .. } => "Take a policy over",
        }
    }
}

/// One labelled thing that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// In words that are safe to show.
    pub words: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Fact {
    /// Something to be known.
    #[must_use]
    pub fn plain(label: &'static str, words: impl Into<String>) -> Self {
        Self { label, words: words.into(), tone: Tone::Plain }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The dialog's title.
    pub title: String,
    /// What it comes to, in one sentence.
    pub sum: String,
    /// How that is meant.
    pub tone: Tone,
    /// All of it.
    pub facts: Vec<Fact>,
    /// What is copied of it; the sentence where nothing is.
    pub copied: Option<String>,
    /// What can be done about it.
    pub change: Option<Box<TrustChange>>,
}

impl Told {
    /// A sentence, and nothing more yet.
    #[must_use]
    pub fn new(title: impl Into<String>, sum: impl Into<String>, tone: Tone) -> Self {
        Self { title: title.into(), sum: sum.into(), tone, facts: Vec::new(), copied: None, change: None }
    }

    /// All of it in one line, as it is kept.
    #[must_use]
    pub fn line(&self) -> String {
        let facts = self.facts.iter().map(|fact| format!("; {} {}", fact.label, fact.words));
        std::iter::once(self.sum.clone()).chain(facts).collect()
    }
}

/// The dialog.
#[derive(Debug, Clone)]
pub struct Report {
    /// What is looked at.
    pub title: &'static str,
    /// The question, or the change, whose answer is awaited.
    pub ticket: u64,
    /// Its answer; `None` while it is asked.
    pub told: Option<Result<Told, Problem>>,
    /// What it proposes is being done.
    pub working: bool,
    /// Why that was not done.
    pub problem: Option<String>,
    /// First line shown.
    pub top: u16,
}

impl Report {
    /// A question that was just asked.
    #[must_use]
    pub const fn asked(title: &'static str, ticket: u64) -> Self {
        Self { title, ticket, told: None, working: false, problem: None, top: 0 }
    }

    /// The answer, where there is one.
    #[must_use]
    pub const fn answer(&self) -> Option<&Told> {
        match &self.told {
            Some(Ok(told)) => Some(told),
            _ => None,
        }
    }
}
