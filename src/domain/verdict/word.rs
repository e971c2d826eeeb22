//! What one record says of an image.

use crate::domain::{
    digest::DigestKind,
    image::{Evidence, KindedDigest},
    record::{Entry, Record},
};

/// What one publisher's record says of the image. Ordered: the smallest decides among several publishers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    /// It was revoked, or the reference or the publisher was retired.
    Withdrawn,
    /// The newest release holds it.
    Current,
    /// An older release holds it.
    Older,
    /// There are releases, and none holds it.
    Never,
    /// The engine was only asked, its digest is of no kind that a release must hold, and measuring may still find one.
    NotComparable,
    /// There is no release.
    Silent,
}

/// What a record says of the evidence, and the entry that says it.
pub(super) fn word_of<'a>(record: &'a Record, evidence: &Evidence) -> (Word, Option<&'a Entry>) {
    let of_image = |entry: &&Entry| evidence.digests().iter().any(|kinded| kinded.digest == entry.digest);
    let entries = || record.entries.iter().filter(of_image);
    if let Some(revoked) = entries().find(|entry| entry.revoked_at.is_some()) {
        return (Word::Withdrawn, Some(revoked));
    }
    // Layers may be withdrawn whatever runs them, and vouch for nothing: the configuration says what is run.
    let identifies = |kinded: &&KindedDigest| kinded.kind != DigestKind::ChainId;
    let vouches =
        |entry: &&Entry| evidence.digests().iter().filter(identifies).any(|kinded| kinded.digest == entry.digest);
    let newest = entries().filter(vouches).filter(|entry| entry.version > 0).max_by_key(|entry| entry.version);
    let withdrawn =
        record.head.retired_at.is_some() || (record.head.publisher_retired_at.is_some() && record.head.version > 0);
    match newest {
        _ if withdrawn => (Word::Withdrawn, newest),
        Some(entry) if entry.version == record.head.version => (Word::Current, Some(entry)),
        // An entry above the head is no answer of the contract; it must not turn green.
        Some(entry) => (Word::Older, Some(entry)),
        None if record.head.version == 0 => (Word::Silent, None),
        None if evidence.identifies() => (Word::Never, None),
        None => (Word::NotComparable, None),
    }
}
