#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    Address, Digest, Timestamp,
    digest::DigestKind,
    image::{ImageId, KindedDigest, Source},
    measurement::Measurement,
    network::ChainIdentity,
    publication::{JournalEntry, JournalStage, Statement, TransactionHash},
    verdict::Conclusion,
};

mod claims;
mod events;
mod journal;
mod market;

/// A database in a folder of its own.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    fn store(&self) -> Store {
        let (store, notices) = self.open().unwrap();
        assert_eq!(notices, []);
        store
    }

    fn open(&self) -> Result<(Store, Vec<Notice>), StoreError> {
        Store::open_within(&self.path(), Duration::from_millis(20))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn release(name: &str) -> Statement {
    let digests = [DigestKind::Config, DigestKind::Index, DigestKind::Other(9)];
    let digests = digests.into_iter().map(|kind| KindedDigest { kind, digest: Digest::of(name.as_bytes()) });
    Statement::Release {
        reference: name.parse().unwrap(),
        digests: digests.collect(),
        amends: 2,
        annotations: "{}".into(),
    }
}

const GENESIS: [u8; 32] = [9; 32];

const fn chain(id: u64) -> ChainIdentity {
    ChainIdentity { id, genesis: GENESIS, second: None }
}

fn entry(number: u8) -> JournalEntry {
    JournalEntry {
        hash: TransactionHash([number; 32]),
        raw: vec![2, number, 0, 255],
        chain_id: 1337,
        genesis: Some(GENESIS),
        second: None,
        from: Address::from_bytes([1; 20]),
        nonce: u64::from(number),
        statement: release("acme/api:1"),
        stage: JournalStage::Signed,
        block: None,
        at: Timestamp(1_700_000_000),
    }
}

fn measurement(bytes: u64) -> Measurement {
    Measurement { bytes, seconds: 0.5, images: Vec::new(), absent_platforms: vec!["linux/arm64".into()] }
}

fn key(number: usize) -> CacheKey {
    CacheKey::Engine { engine_id: "E".into(), image_id: format!("sha256:{number}") }
}

#[test]
fn the_file_is_for_its_owner_alone_also_where_it_was_not() {
    let home = Home::new();
    home.store().set_meta("a", "b").unwrap();
    for name in ["state.db", "state.db.lock"] {
        assert_eq!(fs::metadata(home.folder.path().join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let store = home.store();
    store.set_meta("a", "c").unwrap();
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        assert_eq!(fs::metadata(home.folder.path().join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn every_commit_is_synced() {
    let home = Home::new();
    let store = home.store();
    let pragma = |name| {
        store.read("test", |connection| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0))).unwrap()
    };
    assert_eq!((pragma("synchronous"), pragma("foreign_keys"), pragma("user_version")), (2, 1, open::SCHEMA));
}

#[test]
fn values_are_kept_and_replaced() {
    let home = Home::new();
    let store = home.store();
    assert_eq!(store.meta("k").unwrap(), None);
    store.set_meta("k", "one").unwrap();
    store.clone().set_meta("k", "two").unwrap();
    drop(store);
    assert_eq!(home.store().meta("k").unwrap().as_deref(), Some("two"));
}

#[test]
fn two_stores_work_on_one_file() {
    let home = Home::new();
    let (one, two) = (home.store(), home.store());
    one.set_meta("k", "one").unwrap();
    two.set_meta("k", "two").unwrap();
    assert_eq!(one.meta("k").unwrap().as_deref(), Some("two"));
}

#[test]
fn many_threads_open_a_new_file_at_once() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let path = home.path();
            scope.spawn(move || {
                let (store, notices) = Store::open(&path).unwrap();
                assert_eq!(notices, []);
                store.record(&entry(number)).unwrap();
            });
        }
    });
    assert_eq!(home.store().open_entries(chain(1337)).unwrap().0.len(), 8);
}

#[test]
fn a_file_that_is_no_database_is_set_aside_with_its_bytes() {
    let home = Home::new();
    let noise: Vec<u8> = (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    fs::write(home.path(), &noise).unwrap();
    let (store, notices) = home.open().unwrap();
    assert!(notices[0].sentence().contains("set aside as"), "{notices:?}");
    store.record(&entry(1)).unwrap();
    let aside = home.names().into_iter().find(|name| name.starts_with("state.db.corrupt-")).unwrap();
    assert_eq!(fs::read(home.folder.path().join(aside)).unwrap(), noise);
    drop(store);
    assert_eq!(home.store().recent(9).unwrap().0.len(), 1, "the new one is kept");
}

#[test]
fn a_database_cut_in_a_page_is_set_aside() {
    let home = Home::new();
    let store = home.store();
    for number in 0..50 {
        store.remember(&key(number), &measurement(1)).unwrap();
    }
    drop(store);
    let whole = fs::metadata(home.path()).unwrap().len();
    for cut in [whole - 1500, 5000, 50] {
        fs::OpenOptions::new().write(true).open(home.path()).unwrap().set_len(cut).unwrap();
        let (store, notices) = home.open().unwrap();
        assert_eq!(notices.len(), 1, "cut at {cut} of {whole}");
        for number in 0..50 {
            store.remember(&key(number), &measurement(1)).unwrap();
        }
    }
    assert_eq!(home.names().iter().filter(|name| name.contains("corrupt")).count(), 3, "none replaced another");
}

#[test]
fn a_large_index_is_checked_once_it_was_found_to_be_damaged() {
    let home = Home::new();
    home.store().record(&entry(1)).unwrap();
    let fill = "WITH RECURSIVE one (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM one WHERE at < 6000)
        INSERT INTO event_name (hash, name) SELECT randomblob(32), hex(randomblob(3500)) FROM one";
    Connection::open(home.path()).unwrap().execute_batch(fill).unwrap();
    let mut bytes = fs::read(home.path()).unwrap();
    assert!(bytes.len() > 32 << 20);
    let middle = bytes.len() / 2;
    bytes[middle..middle + (4 << 20)].fill(0x5a);
    fs::write(home.path(), &bytes).unwrap();

    let store = home.store();
    assert_eq!(store.recent(1).unwrap().0.len(), 1, "what cannot be read again is whole");
    let sum = |connection: &Connection| {
        connection.query_row("SELECT sum(length(name)) FROM event_name", [], |row| row.get::<_, i64>(0))
    };
    let error = store.read("add up", sum).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    drop(store);
    let (store, notices) = home.open().unwrap();
    assert!(notices[0].sentence().contains("set aside as"), "{notices:?}");
    assert_eq!(store.recent(1).unwrap().0, []);
    assert!(!home.names().contains(&"state.db.suspect".to_owned()));
}

#[test]
fn a_newer_schema_is_refused_and_untouched() {
    let home = Home::new();
    drop(home.store());
    Connection::open(home.path()).unwrap().pragma_update(None, "user_version", open::SCHEMA + 1).unwrap();
    let before = fs::read(home.path()).unwrap();
    let error = home.open().unwrap_err();
    assert_eq!(error.code(), "store-newer");
    assert!(error.to_string().contains("newer daochain"), "{error}");
    assert_eq!(fs::read(home.path()).unwrap(), before);
}

#[test]
fn another_programs_database_is_refused_and_untouched() {
    let home = Home::new();
    Connection::open(home.path()).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(home.path()).unwrap();
    let error = home.open().unwrap_err();
    assert_eq!(error.code(), "store-failed");
    assert!(error.to_string().contains("another program's"), "{error}");
    assert_eq!(fs::read(home.path()).unwrap(), before);
}

#[test]
fn a_locked_database_is_said_to_be_locked() {
    let home = Home::new();
    let store = home.store();
    let other = Connection::open(home.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.record(&entry(1)).unwrap_err().code(), "store-locked");
    assert_eq!(store.recent(1).unwrap().0, [], "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    store.record(&entry(1)).unwrap();
    drop((store, other));
    let other = Connection::open(home.path()).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM meta").unwrap();
    let error = home.open().unwrap_err();
    assert_eq!(error.code(), "store-locked");
    assert!(error.to_string().contains("locked by another process"), "{error}");
}

#[test]
fn a_process_that_is_opening_keeps_others_waiting() {
    let home = Home::new();
    let _held = files::Lock::take(&home.path(), Duration::ZERO).unwrap();
    assert_eq!(home.open().unwrap_err().code(), "store-locked");
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let home = Home::new();
    let store = home.store();
    store.record(&entry(1)).unwrap();
    // SQLite answers the same SQLITE_FULL whether the disk or the page count is exhausted.
    let pages: i64 = store.read("test", |c| c.pragma_query_value(None, "page_count", |row| row.get(0))).unwrap();
    store.read("test", |c| c.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))).unwrap();
    let large = JournalEntry { raw: vec![0; 100_000], ..entry(2) };
    let error = store.record(&large).unwrap_err();
    assert_eq!(error.code(), "store-unwritable");
    assert!(error.to_string().contains("record a transaction") && error.to_string().contains("full"), "{error}");
    drop(store);
    assert_eq!(home.store().recent(9).unwrap().0, [entry(1)]);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let home = Home::new();
    fs::create_dir(home.path()).unwrap();
    let error = home.open().unwrap_err();
    assert_eq!(error.code(), "store-unwritable");
    assert!(error.to_string().contains("state.db"), "{error}");
    let below = Store::open_within(Path::new("/proc/version/state.db"), Duration::ZERO).unwrap_err();
    assert_eq!(below.code(), "store-unwritable");
}

#[test]
fn measurements_are_found_by_their_key_alone() {
    let home = Home::new();
    let store = home.store();
    store.remember(&key(1), &measurement(5)).unwrap();
    store.forget(&key(1)).unwrap();
    assert_eq!(store.measured(&key(1)).unwrap(), None);
    store.remember(&key(1), &measurement(6)).unwrap();
    assert_eq!(store.measured(&key(1)).unwrap(), Some(measurement(6)));
    let other = CacheKey::Engine { engine_id: "F".into(), image_id: "sha256:1".into() };
    assert_eq!(store.measured(&other).unwrap(), None);
    let shifted = CacheKey::Engine { engine_id: "E sha256:1".into(), image_id: String::new() };
    assert_eq!(store.measured(&shifted).unwrap(), None);
    Connection::open(home.path()).unwrap().execute("UPDATE measurement SET measured = '{}'", []).unwrap();
    assert_eq!(store.measured(&key(1)).unwrap(), None, "what another version wrote is measured again");
}

#[test]
fn the_cache_keeps_the_newest() {
    let home = Home::new();
    let store = home.store();
    for number in [1, 2, 3, 1, 4] {
        store.remember_among(3, &key(number), &measurement(1)).unwrap();
    }
    let kept: Vec<usize> = (1..=4).filter(|number| store.measured(&key(*number)).unwrap().is_some()).collect();
    assert_eq!(kept, [1, 3, 4]);
}

#[test]
fn a_file_is_known_by_everything_that_a_change_changes() {
    let home = Home::new();
    let file = home.folder.path().join("app.tar");
    fs::write(&file, "one").unwrap();
    let later = SystemTime::now() + Duration::from_secs(5);
    let of = |at| CacheKey::of_file(&fs::metadata(&file).unwrap(), at);
    let before = of(later).unwrap();
    assert_eq!(of(later).unwrap(), before);
    assert_eq!(of(SystemTime::UNIX_EPOCH), None, "changed within the clock's tick");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    let CacheKey::File { ctime_ns: old, .. } = before else { panic!("a file's key") };
    // Rewritten with its old length and modification time: the change time tells. The loop ends with the clock's tick.
    loop {
        fs::write(&file, "two").unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
        let CacheKey::File { ctime_ns, .. } = of(later).unwrap() else { panic!("a file's key") };
        if ctime_ns != old {
            break;
        }
    }
    assert_ne!(of(later).unwrap(), before);
}

#[test]
fn the_last_verdict_is_kept_per_network_image_and_name() {
    let home = Home::new();
    let store = home.store();
    let image = |id: &str| ImageId { source: Source::Engine, id: id.into() };
    let (one, two) = (image("sha256:1"), image("sha256:2"));
    let archive = ImageId { source: Source::Archive("/x".into()), id: "sha256:1".into() };
    let reference = "acme/api:1".parse().unwrap();
    let key = |image| VerdictKey { network: "dev", image, reference: &reference };
    let at = Timestamp(7);
    store.remember_verdicts([(key(&one), Conclusion::Verified), (key(&two), Conclusion::Mismatch)], at).unwrap();
    store.remember_verdicts([(key(&one), Conclusion::Undecided)], Timestamp(8)).unwrap();
    let last = || store.last_verdicts([&one, &two, &archive].map(key)).unwrap();
    let (verified, mismatch) = (Some((Conclusion::Verified, at)), Some((Conclusion::Mismatch, at)));
    assert_eq!(last(), [verified, mismatch, None], "undecided hides nothing");
    assert_eq!(store.last_verdicts([VerdictKey { network: "main", ..key(&one) }]).unwrap(), [None]);
    store.remember_verdicts_among(1, [(key(&archive), Conclusion::Outdated)], at).unwrap();
    assert_eq!(last(), [None, None, Some((Conclusion::Outdated, at))], "the oldest leave");
}
