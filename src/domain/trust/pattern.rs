//! Which references a rule is about.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::{reference::Reference, text::clean_to};

/// Which references a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pattern {
    /// `**`
    Everything,
    /// `docker.io/**`
    Registry(String),
    /// `docker.io/acme/*`: repositories directly or further below, in every tag.
    Namespace(String),
    /// One reference.
    Reference(Reference),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern `{pattern}` is none of a reference, `registry/namespace/*`, `registry/**` and `**`: {cause}")]
pub struct PatternError {
    pattern: String,
    cause: String,
}

impl Pattern {
    /// Whether the pattern is about `reference`.
    #[must_use]
    pub fn matches(&self, reference: &Reference) -> bool {
        match self {
            Self::Everything => true,
            Self::Registry(registry) => reference.registry() == registry,
            Self::Namespace(namespace) => {
                reference.name().strip_prefix(namespace.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
            Self::Reference(own) => own == reference,
        }
    }

    /// Larger is more specific. Two different patterns that match one reference never share it.
    #[must_use]
    pub fn specificity(&self) -> (u8, usize) {
        match self {
            Self::Everything => (0, 0),
            Self::Registry(_) => (1, 0),
            Self::Namespace(namespace) => (2, namespace.len()),
            Self::Reference(_) => (3, 0),
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |cause: &str| PatternError { pattern: clean_to(text, 200), cause: cause.to_owned() };
        // A probe below the pattern borrows the reference grammar instead of repeating it.
        let probe = |below: String| below.parse::<Reference>().map_err(|error| fail(&error.to_string()));
        if text == "**" {
            return Ok(Self::Everything);
        }
        if let Some(registry) = text.strip_suffix("/**") {
            let below = probe(format!("{registry}/probe"))?;
            return if below.repository() == "probe"
                || below.repository() == "library/probe" && registry == below.registry()
            {
                Ok(Self::Registry(below.registry().to_owned()))
            } else {
                Err(fail("`/**` stands behind a registry; behind a namespace write `/*`"))
            };
        }
        if let Some(namespace) = text.strip_suffix("/*") {
            let below = probe(format!("{namespace}/probe"))?;
            return match below.name().strip_suffix("/probe") {
                Some(name) if name.contains('/') && namespace != below.registry() => {
                    Ok(Self::Namespace(name.to_owned()))
                }
                _ => Err(fail("`/*` stands behind a namespace; behind a registry write `/**`")),
            };
        }
        if text.contains('*') {
            return Err(fail("`*` stands only at the end"));
        }
        probe(text.to_owned()).map(Self::Reference)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("**"),
            Self::Registry(registry) => write!(f, "{registry}/**"),
            Self::Namespace(namespace) => write!(f, "{namespace}/*"),
            Self::Reference(reference) => write!(f, "{reference}"),
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}
