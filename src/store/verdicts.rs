//! The last verdicts: what a screen may show, with its age, while engine or node is away.

use std::os::unix::ffi::OsStrExt as _;

use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError};
use crate::domain::{
    Reference, Timestamp,
    image::{ImageId, Source},
    verdict::Conclusion,
};

/// Verdicts kept; the oldest leave first.
pub(super) const KEPT: u32 = 10_000;

/// Of what a verdict was reached.
#[derive(Debug, Clone, Copy)]
pub struct VerdictKey<'a> {
    /// What tells one chain and contract from another. The name of a network does not where it comes from `--rpc`.
    pub network: &'a str,
    /// The image.
    pub image: &'a ImageId,
    /// Under which name.
    pub reference: &'a Reference,
}

/// The image as bytes: a path need not be text, and holds no zero byte.
fn image_key(image: &ImageId) -> Vec<u8> {
    match &image.source {
        Source::Engine => [b"engine\0", image.id.as_bytes()].concat(),
        Source::Archive(path) => [b"archive\0", path.as_os_str().as_bytes(), b"\0", image.id.as_bytes()].concat(),
    }
}

impl Store {
    /// The last verdict that was reached of each of `keys`, and when, in their order. One look at the database for all of them:
    /// each look takes and leaves its lock, which ten thousand images would wait for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_verdicts<'a>(
        &self,
        keys: impl IntoIterator<Item = VerdictKey<'a>>,
    ) -> Result<Vec<Option<(Conclusion, Timestamp)>>, StoreError> {
        self.read("look up verdicts", |connection| {
            let look = connection.unchecked_transaction()?;
            let mut query = look.prepare_cached(
                "SELECT conclusion, concluded_at FROM verdict WHERE network = ?1 AND image = ?2 AND reference = ?3",
            )?;
            let last = |key: VerdictKey<'_>| {
                let found: Option<(String, i64)> = query
                    .query_row(params![key.network, image_key(key.image), key.reference.as_str()], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()?;
                Ok(found.and_then(|(word, at)| {
                    let conclusion = Conclusion::BY_GRAVITY.into_iter().find(|conclusion| conclusion.word() == word)?;
                    Some((conclusion, Timestamp(at.cast_unsigned())))
                }))
            };
            keys.into_iter().map(last).collect()
        })
    }

    /// Remembers verdicts, all of them in one commit. *Undecided* is none: it must not hide the last that was reached.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remember_verdicts<'a>(
        &self,
        verdicts: impl IntoIterator<Item = (VerdictKey<'a>, Conclusion)>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.remember_verdicts_among(KEPT, verdicts, at)
    }

    pub(super) fn remember_verdicts_among<'a>(
        &self,
        kept: u32,
        verdicts: impl IntoIterator<Item = (VerdictKey<'a>, Conclusion)>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("remember verdicts", |transaction| {
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO verdict (network, image, reference, conclusion, concluded_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (key, conclusion) in verdicts {
                if conclusion != Conclusion::Undecided {
                    let (image, reference) = (image_key(key.image), key.reference.as_str());
                    insert.execute(params![key.network, image, reference, conclusion.word(), at.0.cast_signed()])?;
                }
            }
            transaction
                .execute(
                    "DELETE FROM verdict WHERE rowid <= \
                     (SELECT rowid FROM verdict ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
                    [kept],
                )
                .map(drop)
        })
    }
}
