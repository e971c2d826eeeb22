//! Normalised image names: `registry/repository:tag`.
//!
//! The grammar and the defaults are those of the `distribution/reference` specification that Docker, containerd and
//! Podman share: `nginx` is `docker.io/library/nginx:latest`.

use std::{fmt, str::FromStr};

use ethers_core::utils::keccak256;
use serde::{Deserialize, Serialize};

use super::text::clean_to;

const DEFAULT_REGISTRY: &str = "docker.io";
const DEFAULT_NAMESPACE: &str = "library/";
const DEFAULT_TAG: &str = "latest";
/// The specification's bound on registry and repository together.
const NAME_LIMIT: usize = 255;
const TAG_LIMIT: usize = 128;

/// A normalised image name. Two spellings of one name are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    /// The whole text; the two offsets cut it.
    text: String,
    registry_end: usize,
    tag_start: usize,
}

/// Why a text is not an image name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The grammar forbids it.
    #[error("image name `{name}` is malformed: {cause}; write it as `registry/repository:tag`, in lower case")]
    Malformed {
        /// The name as given, made safe to show.
        name: String,
        /// Which rule it breaks.
        cause: &'static str,
    },
    /// `name@sha256:…`: a digest names bytes, and a publisher releases under a tag.
    #[error("image name `{0}` carries a digest; name the tag that the publisher released it under")]
    Digested(String),
}

impl Reference {
    /// Registry, with its port when it has one: `docker.io`, `127.0.0.1:5000`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.text[..self.registry_end]
    }

    /// Repository without the registry: `library/nginx`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.text[self.registry_end + 1..self.tag_start - 1]
    }

    /// Registry and repository: `docker.io/library/nginx`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[..self.tag_start - 1]
    }

    /// `latest` unless another was given.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.text[self.tag_start..]
    }

    /// The whole normalised name, as it is published.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name as Docker shows it: without `docker.io/library/` or `docker.io/`, and never without another registry. It
    /// always means the same image: `docker.io/ghcr.io/acme/api` stays whole, since without its beginning it would be read
    /// as another registry's.
    #[must_use]
    pub fn familiar(&self) -> &str {
        let Some(path) = self.text.strip_prefix("docker.io/") else { return &self.text };
        match (path.strip_prefix("library/"), path.split_once('/')) {
            (Some(official), _) if !official.contains('/') => official,
            (_, Some((first, _))) if !is_registry(first) => path,
            _ => &self.text,
        }
    }

    /// The contract's `refHash`: keccak-256 of the normalised name as UTF-8.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        keccak256(self.text.as_bytes())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let fail = |cause| ReferenceError::Malformed { name: clean_to(name, 200), cause };
        if name.contains('@') {
            return Err(ReferenceError::Digested(clean_to(name, 200)));
        }
        let (registry, rest) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (first, rest.to_owned()),
            _ => (DEFAULT_REGISTRY, name.to_owned()),
        };
        let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry };
        let (path, tag) = rest.split_once(':').unwrap_or((&rest, DEFAULT_TAG));
        let path = if registry == DEFAULT_REGISTRY && !path.contains('/') {
            format!("{DEFAULT_NAMESPACE}{path}")
        } else {
            path.to_owned()
        };
        if !valid_registry(registry) {
            return Err(fail("the registry is no host name with an optional port"));
        }
        if !path.split('/').all(valid_component) {
            return Err(fail(
                "a part of the repository has characters outside a-z, 0-9 and single separators `.`, `_`, `__`, `-`",
            ));
        }
        if !valid_tag(tag) {
            return Err(fail(
                "the tag is not 1 to 128 of A-Z, a-z, 0-9, `_`, `.`, `-`, beginning with neither `.` nor `-`",
            ));
        }
        if registry.len() + 1 + path.len() > NAME_LIMIT {
            return Err(fail("registry and repository are longer than 255 bytes"));
        }
        let text = format!("{registry}/{path}:{tag}");
        Ok(Self { registry_end: registry.len(), tag_start: registry.len() + path.len() + 2, text })
    }
}

/// Docker's rule: the part before the first slash is a registry if it has a dot, a port or an upper-case letter, or is `localhost`.
pub(super) fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':', '[']) || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn valid_registry(registry: &str) -> bool {
    let (host, port) = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, after)) => {
            let six = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
            match (six, after) {
                (true, "") => return true,
                (true, after) => ("six", after.strip_prefix(':').map_or(Some(""), Some)),
                (false, _) => return false,
            }
        }
        None => registry.split_once(':').map_or((registry, None), |(host, port)| (host, Some(port))),
    };
    let port_ok =
        port.is_none_or(|port| !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()));
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    port_ok && host.split('.').all(label_ok)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn valid_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let alnum = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends_ok = bytes.first().is_some_and(alnum) && bytes.last().is_some_and(alnum);
    let separators_ok = component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .all(|run| matches!(run, "." | "_" | "__") || run.bytes().all(|b| b == b'-'));
    ends_ok && separators_ok
}

fn valid_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag.len() <= TAG_LIMIT
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.text
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_familiar_name_means_the_same_image() {
        for (name, familiar) in [
            ("nginx:1", "nginx:1"),
            ("acme/api:1", "acme/api:1"),
            ("library/n/n:1", "library/n/n:1"),
            ("docker.io/a.b/c:1", "docker.io/a.b/c:1"),
            ("docker.io/localhost/c:1", "docker.io/localhost/c:1"),
            ("library/a.b/c:1", "library/a.b/c:1"),
            ("docker.io/library/a.b:1", "a.b:1"),
            ("ghcr.io/acme/api:1", "ghcr.io/acme/api:1"),
        ] {
            let reference: Reference = name.parse().unwrap();
            assert_eq!(reference.familiar(), familiar);
            assert_eq!(reference.familiar().parse::<Reference>().unwrap(), reference, "{name}");
        }
    }

    #[test]
    fn defaults_are_dockers() {
        for (given, normalised, familiar) in [
            ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27"),
            ("acme/api", "docker.io/acme/api:latest", "acme/api:latest"),
            ("index.docker.io/acme/api", "docker.io/acme/api:latest", "acme/api:latest"),
            ("localhost/x", "localhost/x:latest", "localhost/x:latest"),
            ("127.0.0.1:5000/a/b:2", "127.0.0.1:5000/a/b:2", "127.0.0.1:5000/a/b:2"),
            ("[::1]:5000/a:2", "[::1]:5000/a:2", "[::1]:5000/a:2"),
            ("ghcr.io/o/r:v1", "ghcr.io/o/r:v1", "ghcr.io/o/r:v1"),
        ] {
            let reference: Reference = given.parse().unwrap();
            assert_eq!((reference.as_str(), reference.familiar()), (normalised, familiar), "{given}");
        }
    }

    #[test]
    fn the_parts_are_cut_where_they_end() {
        let reference: Reference = "127.0.0.1:5000/a/b:2".parse().unwrap();
        assert_eq!((reference.registry(), reference.repository(), reference.tag()), ("127.0.0.1:5000", "a/b", "2"));
        assert_eq!(reference.name(), "127.0.0.1:5000/a/b");
    }

    #[test]
    fn what_the_grammar_forbids_is_refused() {
        for bad in [
            "",
            "UPPER",
            "a//b",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "a:",
            "a:-x",
            "../info?x=",
            "a b",
            "a:b:c",
            "x/\u{1b}[2J",
            "host:/a",
            "a.b:99999999/c",
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad:?}");
        }
        assert!(matches!("a@sha256:00".parse::<Reference>(), Err(ReferenceError::Digested(_))));
        assert!(format!("{}/b", "a".repeat(300)).parse::<Reference>().is_err());
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(name in "[a-z0-9.:/_-]{1,40}") {
            if let Ok(once) = name.parse::<Reference>() {
                let twice: Reference = once.as_str().parse().unwrap();
                prop_assert_eq!(&once, &twice);
                let familiar: Reference = once.familiar().parse().unwrap();
                prop_assert_eq!(once, familiar);
            }
        }

        #[test]
        fn no_text_panics(name in any::<String>()) {
            let _ = name.parse::<Reference>();
        }
    }
}
