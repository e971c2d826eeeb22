//! Trust policy: which publishers speak for which references.
//!
//! A pattern is a reference (`docker.io/acme/api:1`), a namespace (`docker.io/acme/*`), a registry (`docker.io/**`) or
//! everything (`**`). The most specific pattern that matches decides, alone: a rule for one reference is not widened by
//! a rule for its registry.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{address::Address, reference::Reference, text::clean_to};

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

/// What a publisher's word is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Speaks for the reference.
    #[default]
    Publisher,
    /// Attests what it saw. Its word is shown and never makes a verdict.
    Observer,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which references.
    pub pattern: Pattern,
    /// Who.
    pub publisher: Address,
    /// What the word is worth.
    #[serde(default)]
    pub role: Role,
    /// What the user calls the publisher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// All rules. Their order means nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustPolicy {
    /// The rules, as the file lists them.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

impl TrustPolicy {
    /// The rules that decide about `reference`: those of the most specific pattern that matches.
    #[must_use]
    pub fn deciding(&self, reference: &Reference) -> Vec<&Rule> {
        let matching = self.rules.iter().filter(|rule| rule.pattern.matches(reference));
        let Some(best) = matching.clone().map(|rule| rule.pattern.specificity()).max() else { return Vec::new() };
        matching.filter(|rule| rule.pattern.specificity() == best).collect()
    }

    /// The publishers (not the observers) that speak for `reference`.
    #[must_use]
    pub fn publishers(&self, reference: &Reference) -> Vec<&Rule> {
        self.deciding(reference).into_iter().filter(|rule| rule.role == Role::Publisher).collect()
    }

    /// What the user calls `publisher`, by any rule.
    #[must_use]
    pub fn name_of(&self, publisher: Address) -> Option<&str> {
        self.rules.iter().filter(|rule| rule.publisher == publisher).find_map(|rule| rule.name.as_deref())
    }

    /// A policy in which `publishers` speak for everything: `verify --publisher`.
    #[must_use]
    pub fn only(publishers: &[Address]) -> Self {
        let rule = |publisher: &Address| Rule {
            pattern: Pattern::Everything,
            publisher: *publisher,
            role: Role::Publisher,
            name: None,
        };
        Self { rules: publishers.iter().map(rule).collect() }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn rule(pattern: &str, last: u8) -> Rule {
        Rule {
            pattern: pattern.parse().unwrap(),
            publisher: Address::from_bytes([last; 20]),
            role: Role::Publisher,
            name: None,
        }
    }

    #[test]
    fn patterns_are_read_and_written() {
        for (given, written) in [
            ("**", "**"),
            ("docker.io/**", "docker.io/**"),
            ("ghcr.io/**", "ghcr.io/**"),
            ("docker.io/acme/*", "docker.io/acme/*"),
            ("acme/*", "docker.io/acme/*"),
            ("127.0.0.1:5000/a/b/*", "127.0.0.1:5000/a/b/*"),
            ("acme/api:1", "docker.io/acme/api:1"),
        ] {
            assert_eq!(given.parse::<Pattern>().unwrap().to_string(), written);
        }
        for bad in ["*", "acme/**", "docker.io/acme/**", "docker.io/*", "docker.io/*/x", "", "A B/*"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_most_specific_pattern_decides_alone() {
        let policy = TrustPolicy {
            rules: vec![
                rule("**", 1),
                rule("docker.io/**", 2),
                rule("acme/*", 3),
                rule("acme/api:1", 4),
                rule("acme/api:1", 5),
            ],
        };
        let deciding = |name: &str| -> Vec<u8> {
            policy.deciding(&name.parse().unwrap()).iter().map(|rule| rule.publisher.as_bytes()[0]).collect()
        };
        assert_eq!(deciding("acme/api:1"), [4, 5]);
        assert_eq!(deciding("acme/api:2"), [3]);
        assert_eq!(deciding("acme2/api:2"), [2]);
        assert_eq!(deciding("ghcr.io/acme/api:1"), [1]);
    }

    proptest! {
        #[test]
        fn the_order_of_rules_means_nothing(order in Just([0usize, 1, 2, 3]).prop_shuffle(), name in "(acme|docker\\.io/acme|ghcr\\.io/acme)/(api|web):[12]") {
            let rules = [rule("**", 1), rule("docker.io/**", 2), rule("acme/*", 3), rule("acme/api:1", 4)];
            let shuffled = TrustPolicy { rules: order.iter().map(|i| rules[*i].clone()).collect() };
            let straight = TrustPolicy { rules: rules.to_vec() };
            let reference: Reference = name.parse().unwrap();
            prop_assert_eq!(shuffled.deciding(&reference), straight.deciding(&reference));
        }
    }
}
