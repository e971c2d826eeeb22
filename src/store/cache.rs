//! The digest cache: what measuring found, by what identifies the bytes.

use std::{
    collections::HashSet,
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Store, StoreError};
use crate::domain::{
    compare::Makeup,
    digest::Digest,
    measurement::{ImageState, MeasuredImage, Measurement},
};

/// Measurements kept; the oldest leave first. At some 3 kB each the table stays below 30 MB; an image can make its own twenty times as long.
pub(super) const KEPT: u32 = 10_000;

/// Kernels stamp changes with a clock that ticks every 1 to 10 ms, and two changes within one tick look alike. What changed
/// this shortly ago may change again unseen.
const UNSETTLED: Duration = Duration::from_millis(100);

/// The rules of measuring. Whoever refuses or tells more than before counts it up: what an older version found is no hit.
const RULES: u32 = 3;

/// What identifies measured bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CacheKey {
    /// An image in an engine's store, where the engine gives an ID to one content only. Whoever changes the store below the
    /// engine is not noticed by it.
    Engine {
        /// The engine's own ID (`ID` of `/info`): two engines may hold different bytes under one image ID.
        engine_id: String,
        /// The image's ID (`sha256:…`).
        image_id: String,
    },
    /// A file that has not been touched since. The change time cannot be set by programs, so a file that was rewritten and
    /// given its old modification time is another one.
    File {
        /// Number of the file system.
        device: u64,
        /// Number of the file in it.
        inode: u64,
        /// Bytes.
        size: u64,
        /// Last modification, nanoseconds since 1970.
        mtime_ns: i128,
        /// Last change of content or metadata, nanoseconds since 1970.
        ctime_ns: i128,
    },
}

impl CacheKey {
    /// The key of a file, from metadata read *before* its content. Compare it with one read afterwards before remembering.
    ///
    /// `None` when the file changed less than a tenth of a second before `now`: it must be measured, and not remembered.
    #[must_use]
    pub fn of_file(metadata: &Metadata, now: SystemTime) -> Option<Self> {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let ctime_ns = nanoseconds(metadata.ctime(), metadata.ctime_nsec());
        let now_ns = i128::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()?;
        let settled = now_ns - ctime_ns >= i128::try_from(UNSETTLED.as_nanos()).ok()?;
        settled.then(|| Self::File {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns,
        })
    }

    fn text(&self) -> String {
        match self {
            // The length keeps two parts from being cut at two places.
            Self::Engine { engine_id, image_id } => {
                format!("{RULES} engine {} {engine_id} {image_id}", engine_id.len())
            }
            Self::File { device, inode, size, mtime_ns, ctime_ns } => {
                format!("{RULES} file {device} {inode} {size} {mtime_ns} {ctime_ns}")
            }
        }
    }
}

impl Store {
    /// What measuring found in these bytes before. A row that another version wrote and this one cannot read is no hit.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn measured(&self, key: &CacheKey) -> Result<Option<Measurement>, StoreError> {
        let found: Option<String> = self.read("look up a measurement", |connection| {
            // Asked for each image of a list.
            connection
                .prepare_cached("SELECT measured FROM measurement WHERE key = ?1")?
                .query_row([key.text()], |row| row.get(0))
                .optional()
        })?;
        Ok(found.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Those of `keys` under which something is remembered. One look at the database for all of them: each look takes and
    /// leaves its lock, which ten thousand images would wait for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn remembered<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k CacheKey>,
    ) -> Result<HashSet<&'k CacheKey>, StoreError> {
        self.read("look up measurements", |connection| {
            let look = connection.unchecked_transaction()?;
            let mut query = look.prepare_cached("SELECT EXISTS (SELECT 1 FROM measurement WHERE key = ?1)")?;
            let mut found = HashSet::new();
            for key in keys {
                if query.query_row([key.text()], |row| row.get(0))? {
                    found.insert(key);
                }
            }
            Ok(found)
        })
    }

    /// The ChainID behind a configuration, where an image of it was measured here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn layers_of(&self, config: Digest) -> Result<Option<Digest>, StoreError> {
        let found: Option<[u8; 32]> = self.read("look up layers", |connection| {
            connection
                .query_row("SELECT chain FROM layers WHERE config = ?1", [config.as_bytes()], |row| row.get(0))
                .optional()
        })?;
        Ok(found.map(Digest::from_bytes))
    }

    /// What the image with this configuration is made of, where one was measured here. A row that another version wrote and this
    /// one cannot read is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn makeup_of(&self, config: Digest) -> Result<Option<Makeup>, StoreError> {
        let found: Option<String> = self.read("look up an image's layers", |connection| {
            connection
                .query_row("SELECT made_of FROM makeup WHERE config = ?1", [config.as_bytes()], |row| row.get(0))
                .optional()
        })?;
        Ok(found.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Forgets what measuring found: the same bytes are no longer what they were.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget(&self, key: &CacheKey) -> Result<(), StoreError> {
        self.write("forget a measurement", |transaction| {
            transaction.execute("DELETE FROM measurement WHERE key = ?1", [key.text()]).map(drop)
        })
    }

    /// Remembers which layers the measured configurations name, though nothing identifies the bytes that were measured.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remember_layers(&self, measurement: &Measurement) -> Result<(), StoreError> {
        self.write("remember layers", |transaction| note_layers(transaction, measurement))
    }

    /// Remembers what measuring found. The newest 10 000 are kept.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remember(&self, key: &CacheKey, measurement: &Measurement) -> Result<(), StoreError> {
        self.remember_among(KEPT, key, measurement)
    }

    pub(super) fn remember_among(
        &self,
        kept: u32,
        key: &CacheKey,
        measurement: &Measurement,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "remember a measurement";
        let json = serde_json::to_string(measurement).map_err(|error| self.failed(OPERATION, error.to_string()))?;
        self.write(OPERATION, |transaction| {
            // REPLACE gives the row a new number, the highest: the numbers tell the age.
            transaction.execute(
                "INSERT OR REPLACE INTO measurement (key, measured) VALUES (?1, ?2)",
                params![key.text(), json],
            )?;
            note_layers(transaction, measurement)?;
            transaction
                .execute(
                    "DELETE FROM measurement WHERE rowid <= \
                     (SELECT rowid FROM measurement ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
                    [kept],
                )
                .map(drop)
        })
    }
}

/// A configuration names its layers: what is known of it never changes.
fn note_layers(transaction: &Transaction<'_>, measurement: &Measurement) -> rusqlite::Result<()> {
    let whole = || measurement.images.iter().filter(|image| image.state == ImageState::Measured);
    for makeup in whole().filter_map(MeasuredImage::makeup) {
        // Such a value is always a text.
        let made_of = serde_json::to_string(&makeup).unwrap_or_default();
        // REPLACE gives the row a new number, the highest: the numbers tell the age.
        transaction.execute(
            "INSERT OR REPLACE INTO makeup (config, made_of) VALUES (?1, ?2)",
            params![makeup.config.as_bytes(), made_of],
        )?;
    }
    transaction.execute(
        "DELETE FROM makeup WHERE rowid <= (SELECT rowid FROM makeup ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
        [KEPT],
    )?;
    for (config, chain) in whole().filter_map(|image| image.config_digest.zip(image.chain_id())) {
        transaction.execute(
            "INSERT OR IGNORE INTO layers (config, chain) VALUES (?1, ?2)",
            params![config.as_bytes(), chain.as_bytes()],
        )?;
    }
    Ok(())
}
