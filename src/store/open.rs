//! Opening: checking, migrating, and setting a damaged file aside.

use std::{
    ffi::OsString,
    fs,
    io::ErrorKind,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use time::{OffsetDateTime, macros::format_description};

use super::{
    Inner, Store, StoreError,
    error::is_damage,
    files::{self, Lock},
};
use crate::domain::{notice::Notice, text::clean};

/// One step per schema version. A step that was released is never changed.
pub(super) const MIGRATIONS: [&str; 12] = [
    "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE measurement (key TEXT NOT NULL UNIQUE, measured TEXT NOT NULL) STRICT;
    CREATE TABLE journal (
        hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
        raw BLOB NOT NULL,
        chain_id INTEGER NOT NULL,
        account BLOB NOT NULL CHECK (length(account) = 20),
        nonce INTEGER NOT NULL,
        statement TEXT NOT NULL,
        stage TEXT NOT NULL,
        signed_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX journal_by_chain ON journal (chain_id, stage);
    CREATE TABLE verdict (
        network TEXT NOT NULL,
        image BLOB NOT NULL,
        reference TEXT NOT NULL,
        conclusion TEXT NOT NULL,
        concluded_at INTEGER NOT NULL,
        UNIQUE (network, image, reference)
    ) STRICT;
",
    "CREATE TABLE layers (
        config BLOB PRIMARY KEY CHECK (length(config) = 32),
        chain BLOB NOT NULL CHECK (length(chain) = 32)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE event_index (
        id INTEGER PRIMARY KEY,
        chain_id INTEGER NOT NULL,
        contract BLOB NOT NULL CHECK (length(contract) = 20),
        source BLOB NOT NULL CHECK (length(source) = 32),
        next_block INTEGER NOT NULL,
        UNIQUE (chain_id, contract, source)
    ) STRICT;
    CREATE TABLE event_block (
        event_index INTEGER NOT NULL REFERENCES event_index (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (event_index, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE event_name (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
        name TEXT
    ) STRICT;
    CREATE VIRTUAL TABLE event_text USING fts5 (name, content = '', tokenize = 'trigram');
    CREATE TABLE event (
        event_index INTEGER NOT NULL REFERENCES event_index (id) ON DELETE CASCADE,
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        block_hash BLOB NOT NULL,
        transaction_hash BLOB NOT NULL,
        at INTEGER NOT NULL,
        scope INTEGER NOT NULL REFERENCES event_name (id),
        publisher BLOB NOT NULL CHECK (length(publisher) = 20),
        sender BLOB,
        said TEXT NOT NULL,
        PRIMARY KEY (event_index, block, log_index)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX event_by_scope ON event (event_index, scope, publisher);
    CREATE TABLE event_digest (
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        event_index INTEGER NOT NULL,
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        PRIMARY KEY (digest, event_index, block, log_index),
        FOREIGN KEY (event_index, block, log_index) REFERENCES event (event_index, block, log_index) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX event_digest_by_event ON event_digest (event_index, block, log_index);
",
    "
    ALTER TABLE journal ADD COLUMN genesis BLOB CHECK (length(genesis) = 32);
",
    "CREATE INDEX event_name_by_name ON event_name (name);
",
    "ALTER TABLE journal ADD COLUMN second BLOB CHECK (length(second) = 32);
",
    "
    CREATE TABLE request (
        hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
        chain_id INTEGER NOT NULL,
        contract BLOB NOT NULL CHECK (length(contract) = 20),
        publisher BLOB NOT NULL CHECK (length(publisher) = 20),
        number INTEGER NOT NULL,
        deadline INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE event_person (
        person BLOB NOT NULL CHECK (length(person) = 20),
        event_index INTEGER NOT NULL,
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        PRIMARY KEY (person, event_index, block, log_index),
        FOREIGN KEY (event_index, block, log_index) REFERENCES event (event_index, block, log_index) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX event_person_by_event ON event_person (event_index, block, log_index);
    -- What was read before says nothing of people: it is read again.
    DELETE FROM event_digest;
    DELETE FROM event;
    DELETE FROM event_block;
    DELETE FROM event_index;
",
    "ALTER TABLE journal ADD COLUMN gone_at INTEGER;
",
    "
    CREATE TABLE event_claim (
        event_index INTEGER NOT NULL REFERENCES event_index (id) ON DELETE CASCADE,
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        at INTEGER NOT NULL,
        namespace TEXT NOT NULL,
        publisher BLOB NOT NULL CHECK (length(publisher) = 20),
        is_claim INTEGER NOT NULL,
        PRIMARY KEY (event_index, block, log_index)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX event_claim_by_namespace ON event_claim (event_index, namespace, publisher);
    CREATE INDEX event_claim_by_publisher ON event_claim (event_index, publisher, namespace);
",
    "
    CREATE TABLE event_market (
        event_index INTEGER NOT NULL REFERENCES event_index (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        publisher BLOB NOT NULL CHECK (length(publisher) = 20),
        version INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (event_index, name, publisher)
    ) STRICT, WITHOUT ROWID;
    -- With the key's columns, which it has by itself, all that a market filters by.
    CREATE INDEX event_market_by_time ON event_market (event_index, block, log_index, at);
    INSERT INTO event_market (event_index, name, publisher, version, first_at, block, log_index, at)
        SELECT event_index, name, publisher, version, first_at, block, log_index, at FROM (
            SELECT event.*, event_name.name, json_extract(said, '$.version') AS version,
                first_value(at) OVER (PARTITION BY event_index, scope, publisher ORDER BY block, log_index) AS first_at,
                row_number() OVER (PARTITION BY event_index, scope, publisher ORDER BY block DESC, log_index DESC) AS place
            FROM event JOIN event_name ON event_name.id = event.scope
            WHERE said LIKE '{\"kind\":\"published\"%' AND event_name.name IS NOT NULL)
        WHERE place = 1;
",
    "CREATE TABLE makeup (
        config BLOB NOT NULL UNIQUE CHECK (length(config) = 32),
        made_of TEXT NOT NULL
    ) STRICT;
",
    "ALTER TABLE journal ADD COLUMN block INTEGER;
",
];

/// The newest schema that this program knows.
pub(super) const SCHEMA: i64 = 12;
const _: () = assert!(MIGRATIONS.len() == 12 && SCHEMA == 12, "one step per version");

/// `DAOC`, in SQLite's field for the kind of file.
const APPLICATION_ID: i64 = 0x4441_4F43;

const OPENING: &str = "open";

/// Up to this size all of a file is checked when it is opened; of a larger one, which is the event index for the most part, what
/// cannot be read from the chain again.
const CHECKED_WHOLE: u64 = 32 << 20;

/// Why a file cannot be used as it is.
enum Trouble {
    /// Its content is no database, or a broken one.
    Damaged(String),
    Other(StoreError),
}

impl Store {
    /// [`Store::open`] that waits `patience` for other processes.
    pub(super) fn open_within(path: &Path, patience: Duration) -> Result<(Self, Vec<Notice>), StoreError> {
        // One process at a time opens: two could otherwise both set the same file aside, or migrate it twice.
        let _alone = Lock::take(path, patience)?;
        let mut notices = Vec::new();
        let connection = match connect(path, patience) {
            Ok(connection) => connection,
            Err(Trouble::Other(error)) => return Err(error),
            Err(Trouble::Damaged(cause)) => {
                let aside = set_aside(path)?;
                notices.push(Notice::new(&format!(
                    "the database `{}` is damaged ({cause}) and was set aside as `{}`; a new one was made, and publications that were under way are not followed any more: look at their history",
                    path.display(),
                    aside.display(),
                )));
                connect(path, patience).map_err(|trouble| match trouble {
                    Trouble::Other(error) => error,
                    Trouble::Damaged(cause) => StoreError::Failed { operation: OPENING, path: path.to_owned(), cause },
                })?
            }
        };
        let _ = fs::remove_file(suspicion(path));
        let inner = Inner { path: path.to_owned(), connection: Mutex::new(connection), volatile: None };
        Ok((Self { inner: Arc::new(inner) }, notices))
    }

    /// A database in memory, in the place of one that cannot be written (`cause`): what is read and measured is known until
    /// the process ends, and no transaction can be recorded, and so none sent.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn volatile(path: &Path, cause: &str) -> Result<Self, StoreError> {
        let of = |error: rusqlite::Error| StoreError::of(OPENING, path.to_owned(), &error);
        let mut connection = Connection::open_in_memory().map_err(of)?;
        prepare(&mut connection).map_err(of)?;
        let volatile = Some(cause.to_owned());
        Ok(Self { inner: Arc::new(Inner { path: path.to_owned(), connection: Mutex::new(connection), volatile }) })
    }
}

fn connect(path: &Path, patience: Duration) -> Result<Connection, Trouble> {
    let sorted = |error: rusqlite::Error| {
        if is_damage(&error) {
            Trouble::Damaged(clean(&error.to_string()))
        } else {
            Trouble::Other(StoreError::of(OPENING, path.to_owned(), &error))
        }
    };
    make_private(path)
        .map_err(|cause| Trouble::Other(StoreError::Unwritable { operation: OPENING, path: path.to_owned(), cause }))?;
    // Without SQLITE_OPEN_URI: a home named `file:x?mode=memory` is a folder.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(sorted)?;
    connection.busy_timeout(patience).map_err(sorted)?;
    check(&connection, path, sorted)?;
    prepare(&mut connection).map_err(sorted)?;
    Ok(connection)
}

/// SQLite would create the file for everybody to read; its log and index take over the file's mode.
///
/// The file is never opened here when it exists: closing it would drop the locks of another connection of this process
/// (POSIX advisory locks belong to process and file).
fn make_private(path: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| clean(&error.to_string());
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err("it is no regular file".to_owned()),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(said)
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop).map_err(said)
        }
        Err(error) => Err(said(error)),
    }
}

/// Reads only: what is refused here stays as it is.
fn check(
    connection: &Connection,
    path: &Path,
    sorted: impl Fn(rusqlite::Error) -> Trouble + Copy,
) -> Result<(), Trouble> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(sorted);
    let (version, application) = (number("user_version")?, number("application_id")?);
    let empty = connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get::<_, bool>(0))
        .map_err(sorted)?;
    if application != APPLICATION_ID && !empty {
        return Err(Trouble::Other(StoreError::Foreign { path: path.to_owned() }));
    }
    if version > SCHEMA {
        return Err(Trouble::Other(StoreError::Newer { path: path.to_owned(), found: version, known: SCHEMA }));
    }
    match checked(connection, path).map_err(sorted)? {
        None => Ok(()),
        Some(fault) => Err(Trouble::Damaged(clean(&fault))),
    }
}

/// What is wrong with the content.
fn checked(connection: &Connection, path: &Path) -> rusqlite::Result<Option<String>> {
    let is_small = fs::metadata(path).is_ok_and(|found| found.len() <= CHECKED_WHOLE);
    let checks = if is_small || suspicion(path).exists() {
        vec!["PRAGMA quick_check(1)".to_owned()]
    } else {
        connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'event*'")?
            .query_map([], |row| Ok(format!("PRAGMA quick_check('{}')", row.get::<_, String>(0)?.replace('\'', "''"))))?
            .collect::<rusqlite::Result<_>>()?
    };
    for check in checks {
        let verdict: String = connection.query_row(&check, [], |row| row.get(0))?;
        if verdict != "ok" {
            return Ok(Some(verdict));
        }
    }
    Ok(None)
}

/// There while a database was found to be damaged where it is not looked at each time: the next to open it looks at all of it.
fn suspicion(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".suspect");
    PathBuf::from(name)
}

/// Leaves word for the next to open the database.
pub(super) fn suspect(path: &Path) {
    let _ = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(suspicion(path));
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    // A file system without shared memory keeps the older journal, which is as safe and slower.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // The journal must be on the disk before a transaction is broadcast; in WAL mode NORMAL would not sync each commit.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(version).unwrap_or_default();
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()
}

/// Renames the database with its log, so that SQLite can still open what is left of it. Nothing is overwritten.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let moment = OffsetDateTime::now_utc().format(format).unwrap_or_default();
    let named = |suffix: &str| {
        let mut name = OsString::from(path);
        name.push(suffix);
        PathBuf::from(name)
    };
    let free = (0..).map(|count| match count {
        0 => format!(".corrupt-{moment}"),
        count => format!(".corrupt-{moment}-{count}"),
    });
    // The counter ends: a folder holds finitely many files, and the lock keeps others from taking the name.
    let suffix = free.into_iter().find(|suffix| !named(suffix).exists()).unwrap_or_default();
    for part in ["", "-wal", "-shm"] {
        match fs::rename(named(part), named(&format!("{suffix}{part}"))) {
            Err(error) if part.is_empty() || error.kind() != ErrorKind::NotFound => {
                let cause = format!("it is damaged and cannot be set aside: {}", clean(&error.to_string()));
                return Err(StoreError::Unwritable { operation: OPENING, path: path.to_owned(), cause });
            }
            _ => {}
        }
    }
    files::sync_folder_of(path)?;
    Ok(named(&suffix))
}
