//! Namespaces of registries, and who publishes for them.
//!
//! ```text
//! claim      (PublisherDirectory, on the chain)   whoever likes says "docker.io/acme is mine"
//! statement  (an artifact in the registry)        "0x… publishes for docker.io/acme", signed by 0x…; only who can push there puts it there
//!            both ─▶ vouched          one alone ─▶ nothing is shown
//! ```
//! Nobody administers this. A claim shows that somebody holds the key, the statement's place that somebody can push to the namespace,
//! and its signature that both are one.

mod standing;
mod statement;

use std::{fmt, str::FromStr};

use ethers_core::utils::keccak256;
use serde::{Deserialize, Serialize};

use super::{Reference, reference::is_registry, text::clean_to};

pub use standing::{
    Claim, ClaimEvent, Finding, Held, Judged, Judgement, NamespaceVouch, Place, SignedBy, Standing, Voucher, Vouching,
    judge,
};
pub use statement::{PublisherStatement, STATEMENT_LIMIT, SignedStatement, StatementError};

/// The repository below a namespace that holds its statements.
const ARTIFACT: &str = "daochain-publisher";
/// Namespaces above one reference that are asked: each costs requests to a registry, and some repositories have many parts.
const ASKED_ABOVE: usize = 4;

/// A part of a registry: `registry/path`, with at least one part of a path. Two spellings of one are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Namespace {
    /// Where it keeps its statements: the name with [`ARTIFACT`] behind it.
    artifact: Reference,
}

/// Why a text is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("namespace `{name}` is malformed: {cause}; write it as `registry/path`, `docker.io/acme` for example")]
pub struct NamespaceError {
    /// As given, made safe to show.
    name: String,
    /// Which rule it breaks.
    cause: &'static str,
}

impl Namespace {
    /// The whole normalised name, as it is claimed: `docker.io/acme`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = self.artifact.name();
        name.strip_suffix(ARTIFACT).and_then(|name| name.strip_suffix('/')).unwrap_or(name)
    }

    /// The contract's `namespaceHash`: keccak-256 of the normalised name as UTF-8.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        keccak256(self.as_str().as_bytes())
    }

    /// True for a reference below it. The repository of the namespace's own name is not: who may push below a name need not be who
    /// may push to it.
    #[must_use]
    pub fn covers(&self, reference: &Reference) -> bool {
        reference.name().strip_prefix(self.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The namespaces above a reference, the closest first; of very many the closest, and the outermost.
    #[must_use]
    pub fn above(reference: &Reference) -> Vec<Self> {
        let (name, root) = (reference.name(), reference.registry().len());
        let ends = name.rmatch_indices('/').map(|(at, _)| at).take_while(|at| *at > root);
        let mut above: Vec<Self> = ends.filter_map(|end| name[..end].parse().ok()).collect();
        if above.len() > ASKED_ABOVE {
            let outermost = above.pop();
            above.truncate(ASKED_ABOVE - 1);
            above.extend(outermost);
        }
        above
    }

    /// Where the namespace keeps its publishers' statements.
    #[must_use]
    pub const fn artifact(&self) -> &Reference {
        &self.artifact
    }
}

impl FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ONLY_REGISTRY: &str = "it names a registry, and no part of it";
        if text.is_empty() || (!text.contains('/') && is_registry(text)) {
            return Err(malformed(text, ONLY_REGISTRY));
        }
        let cause = "it is no registry and path of lower-case names, without tag or digest, of 236 bytes at most";
        let artifact: Reference = format!("{text}/{ARTIFACT}").parse().map_err(|_| malformed(text, cause))?;
        // A colon in the path would have made a tag of its end.
        let path = artifact.repository().strip_suffix(ARTIFACT).and_then(|path| path.strip_suffix('/'));
        if path.is_none_or(str::is_empty) {
            return Err(malformed(text, ONLY_REGISTRY));
        }
        Ok(Self { artifact })
    }
}

fn malformed(name: &str, cause: &'static str) -> NamespaceError {
    NamespaceError { name: clean_to(name, 200), cause }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<String> for Namespace {
    type Error = NamespaceError;

    /// Documents name a namespace as it is claimed, and in no other spelling.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let read: Self = text.parse()?;
        if read.as_str() == text { Ok(read) } else { Err(malformed(&text, "it is not the normalised name")) }
    }
}

impl From<Namespace> for String {
    fn from(namespace: Namespace) -> Self {
        namespace.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn namespace(text: &str) -> Namespace {
        text.parse().unwrap()
    }

    #[test]
    fn a_namespace_is_normalised_as_references_are() {
        for (given, normalised) in [
            ("acme", "docker.io/acme"),
            ("library", "docker.io/library"),
            ("docker.io/acme", "docker.io/acme"),
            ("index.docker.io/acme", "docker.io/acme"),
            ("ghcr.io/acme/team", "ghcr.io/acme/team"),
            ("localhost/acme", "localhost/acme"),
            ("127.0.0.1:5000/acme", "127.0.0.1:5000/acme"),
            ("[::1]:5000/acme", "[::1]:5000/acme"),
        ] {
            assert_eq!(namespace(given).as_str(), normalised, "{given}");
            let artifact = namespace(given).artifact().clone();
            assert_eq!(artifact.as_str(), format!("{normalised}/daochain-publisher:latest"));
            assert!(namespace(given).covers(&artifact));
        }
    }

    #[test]
    fn what_is_no_part_of_a_registry_is_refused() {
        for bad in [
            "",
            "/",
            "docker.io",
            "index.docker.io",
            "ghcr.io",
            "localhost",
            "127.0.0.1:5000",
            "acme:1",
            "acme/",
            "/acme",
            "docker.io/acme/*",
            "ACME",
            "ghcr.io/Acme",
            "ghcr.io/acme:1",
            "acme@sha256:00",
            "a b",
            "a\u{1b}[2J",
        ] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad:?}");
        }
        assert!(format!("ghcr.io/{}", "a".repeat(300)).parse::<Namespace>().is_err());
        let error = "x\u{1b}".parse::<Namespace>().unwrap_err().to_string();
        assert!(error.contains("\\u{1b}") && error.contains("docker.io/acme"), "{error}");
        assert!(Namespace::try_from("acme".to_owned()).is_err(), "documents spell it out");
    }

    #[test]
    fn a_namespace_covers_what_lies_below_it() {
        let covers = |name: &str, reference: &str| namespace(name).covers(&reference.parse().unwrap());
        assert!(covers("acme", "acme/api:1") && covers("ghcr.io/acme", "ghcr.io/acme/team/api:1"));
        assert!(covers("library", "nginx"));
        assert!(!covers("acme", "acme-evil/api:1") && !covers("acme", "ghcr.io/acme/api"));
        assert!(!covers("ghcr.io/acme/api", "ghcr.io/acme/api:1"), "the name itself");
    }

    #[test]
    fn the_closest_namespace_comes_first() {
        let above = |reference: &str| -> Vec<String> {
            let above = Namespace::above(&reference.parse().unwrap());
            above.into_iter().map(String::from).collect()
        };
        assert_eq!(above("acme/api:1"), ["docker.io/acme"]);
        assert_eq!(above("ghcr.io/acme/team/api"), ["ghcr.io/acme/team", "ghcr.io/acme"]);
        assert_eq!(above("127.0.0.1:5000/api:1"), Vec::<String>::new(), "a registry alone is no namespace");
        assert_eq!(above("r.io/a/b/c/d/e/f"), ["r.io/a/b/c/d/e", "r.io/a/b/c/d", "r.io/a/b/c", "r.io/a"]);
        assert_eq!(above("r.io/a/b/c/d/e"), ["r.io/a/b/c/d", "r.io/a/b/c", "r.io/a/b", "r.io/a"]);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "[a-z0-9.:/_-]{1,40}") {
            if let Ok(once) = text.parse::<Namespace>() {
                prop_assert_eq!(&once, &once.as_str().parse::<Namespace>().unwrap());
                prop_assert_eq!(&once, &Namespace::try_from(once.as_str().to_owned()).unwrap());
            }
        }

        #[test]
        fn every_namespace_above_a_reference_covers_it(text in "[a-z0-9./]{1,40}") {
            if let Ok(reference) = text.parse::<Reference>() {
                for above in Namespace::above(&reference) {
                    prop_assert!(above.covers(&reference));
                    prop_assert_eq!(&above, &above.as_str().parse::<Namespace>().unwrap());
                }
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = text.parse::<Namespace>();
        }
    }
}
