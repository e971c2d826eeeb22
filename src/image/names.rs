//! Member names: nothing is ever extracted, so a name is only compared with other names.

use crate::domain::digest::{Digest, DigestError};

/// `name` as an engine that unpacks the archive would find it: relative to the archive's root, without `.`, `..` and
/// empty parts. `None` when it leaves the archive.
pub(super) fn normalise(name: &str) -> Option<String> {
    join("", name)
}

/// Where the symbolic link `member` leads, which is not [`is_equivocal`].
pub(super) fn link_target(member: &str, target: &str) -> Option<String> {
    join(member.rsplit_once('/').map_or("", |(parent, _)| parent), target)
}

/// True for a link's target that programs resolve differently: an absolute one, and one that goes up after it went down.
pub(super) fn is_equivocal(target: &str) -> bool {
    let mut parts = target.split('/').filter(|part| !matches!(*part, "" | ".")).skip_while(|part| *part == "..");
    target.starts_with('/') || parts.any(|part| part == "..")
}

fn join(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The digest that a configuration's name promises: `X.json`, `blobs/sha256/X`, `sha256:X`. `None` for other names.
pub(super) fn promised_digest(name: &str) -> Result<Option<Digest>, DigestError> {
    if let Some(digest) = blob_digest(name)? {
        return Ok(Some(digest));
    }
    if let Some(stem) = name.strip_suffix(".json") {
        return Ok(Digest::from_hex(stem));
    }
    if name.contains(':') { sha256(name) } else { Ok(None) }
}

/// The digest of `blobs/ALGORITHM/X`.
pub(super) fn blob_digest(name: &str) -> Result<Option<Digest>, DigestError> {
    match name.strip_prefix("blobs/").and_then(|rest| rest.split_once('/')) {
        Some((algorithm, digits)) => sha256(&format!("{algorithm}:{digits}")),
        None => Ok(None),
    }
}

/// The member that holds the content of `digest` in an OCI layout.
pub(super) fn blob_name(digest: Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn sha256(text: &str) -> Result<Option<Digest>, DigestError> {
    match text.parse() {
        Ok(digest) => Ok(Some(digest)),
        Err(algorithm @ DigestError::Algorithm(_)) => Err(algorithm),
        Err(DigestError::Malformed(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn spellings_of_one_name_are_equal() {
        for name in ["a/b", "./a/b", "/a/b", "a//b", "a/x/../b", "a/b/"] {
            assert_eq!(normalise(name).unwrap(), "a/b", "{name}");
        }
        assert_eq!(normalise("../a"), None);
        assert_eq!(normalise("a/../../a/b"), None);
    }

    #[test]
    fn links_lead_to_members() {
        assert_eq!(link_target("one/layer.tar", "../two/layer.tar").unwrap(), "two/layer.tar");
        assert_eq!(link_target("one/layer.tar", "../abc.tar").unwrap(), "abc.tar");
        for equivocal in ["/abc.tar", "a/../b", "../a/./../b", "a//../b"] {
            assert!(is_equivocal(equivocal), "{equivocal}");
        }
        for plain in ["../two/layer.tar", "./../../a", "a/b", ".."] {
            assert!(!is_equivocal(plain), "{plain}");
        }
        assert_eq!(link_target("one/layer.tar", "../../etc/passwd"), None);
    }

    #[test]
    fn a_name_may_promise_a_digest() {
        let digest = Digest::of(b"x");
        for name in [format!("{}.json", digest.hex()), blob_name(digest), digest.to_string()] {
            assert_eq!(promised_digest(&name).unwrap(), Some(digest), "{name}");
        }
        assert_eq!(promised_digest("config.json").unwrap(), None);
        assert!(promised_digest("sha512:00").is_err());
        assert!(promised_digest("blobs/sha512/00").is_err());
    }
}
