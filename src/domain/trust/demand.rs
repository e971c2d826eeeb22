//! What is demanded of publishers' and observers' words before they make a verdict.

use std::{fmt, num::NonZeroU32, str::FromStr};

use super::pattern::Pattern;
use crate::domain::{network::Finality, text::clean_to, when};

/// How many of those who speak for a reference must say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Require {
    /// Any of them.
    Any,
    /// So many.
    Of(NonZeroU32),
    /// All.
    All,
}

impl Require {
    /// How many that are, of `all`. More than `all` cannot be had, and nothing is verified then.
    #[must_use]
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Any => 1,
            Self::Of(number) => usize::try_from(number.get()).unwrap_or(usize::MAX),
            Self::All => all.max(1),
        }
    }
}

impl fmt::Display for Require {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.pad("any"),
            Self::Of(number) => f.pad(&number.to_string()),
            Self::All => f.pad("all"),
        }
    }
}

/// The text is neither a number nor one of the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `any`, `all` and a number from 1")]
pub struct RequireError(String);

impl FromStr for Require {
    type Err = RequireError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "all" => Ok(Self::All),
            number => number.parse().map(Self::Of).map_err(|_| RequireError(clean_to(text, 40))),
        }
    }
}

/// What becomes of a rule's publisher who handed a name over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Successions {
    /// It is told, with how to trust the successor.
    #[default]
    Ask,
    /// It is told. The successor is not trusted.
    Never,
    /// The successor speaks in the publisher's place.
    Always,
}

impl Successions {
    /// The word that documents and files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Never => "never",
            Self::Always => "always",
        }
    }
}

impl FromStr for Successions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Ask, Self::Never, Self::Always]
            .into_iter()
            .find(|own| own.word() == text)
            .ok_or_else(|| format!("`{}` is none of `ask`, `never` and `always`", clean_to(text, 40)))
    }
}

/// What one pattern demands. What is `None` is left to less specific patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Which references.
    pub pattern: Pattern,
    /// How many must agree.
    pub require: Option<Require>,
    /// How settled the block of a release must be.
    pub finality: Option<Finality>,
    /// Whether successions are followed.
    pub successions: Option<Successions>,
    /// Seconds after which an observer's word is too old.
    pub max_age: Option<u64>,
    /// The network on which it holds; every one without it.
    pub network: Option<String>,
}

impl Demand {
    /// A demand of nothing.
    #[must_use]
    pub const fn new(pattern: Pattern) -> Self {
        Self { pattern, require: None, finality: None, successions: None, max_age: None, network: None }
    }

    /// True when it demands nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.require.is_none() && self.finality.is_none() && self.successions.is_none() && self.max_age.is_none()
    }
}

/// What is demanded of words about one reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands {
    /// How many must agree, where something says so. Publishers without it: any.
    pub require: Option<Require>,
    /// How settled the block of a release must be.
    pub finality: Option<Finality>,
    /// Whether successions are followed.
    pub successions: Successions,
    /// Seconds after which an observer's word is too old.
    pub max_age: Option<u64>,
}

impl Demands {
    /// Takes what a more specific pattern states.
    pub(super) const fn refine(&mut self, demand: &Demand) {
        if demand.require.is_some() {
            self.require = demand.require;
        }
        if demand.finality.is_some() {
            self.finality = demand.finality;
        }
        if let Some(successions) = demand.successions {
            self.successions = successions;
        }
        if demand.max_age.is_some() {
            self.max_age = demand.max_age;
        }
    }
}

impl fmt::Display for Demands {
    /// The demands as the end of a sentence; nothing where there are none beyond the usual.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(finality) = self.finality {
            write!(f, "; its block must be {}", finality.word())?;
        }
        match self.successions {
            Successions::Ask => {}
            Successions::Never => f.write_str("; successors are not followed")?,
            Successions::Always => f.write_str("; successors are followed")?,
        }
        if let Some(seconds) = self.max_age {
            write!(f, "; observers' words count for {}", when::span_text(seconds))?;
        }
        Ok(())
    }
}
