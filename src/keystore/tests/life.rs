//! What becomes of a key file: new passphrases, copies, removal; and what happens when somebody else is at it too.

use std::{
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::domain::{
    Timestamp,
    progress::{Progress, Watch},
};

const DAY: u64 = 86_400;
const NOW: Timestamp = Timestamp(1_764_393_461);

/// Cancels when it was asked so many times.
struct Patience(AtomicUsize);

impl Watch for Patience {
    fn report(&self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }
}

/// Writes the file when it is asked for the last time before the file is looked at again.
struct Meanwhile(PathBuf, String, AtomicUsize);
impl Watch for Meanwhile {
    fn report(&self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        if self.2.fetch_add(1, Ordering::Relaxed) == 1 {
            fs::write(&self.0, &self.1).unwrap();
        }
        false
    }
}

fn codes(keystore: &Keystore) -> Vec<&'static str> {
    keystore.list().unwrap().1.iter().map(|problem| problem.code).collect()
}

fn files_in(keystore: &Keystore) -> Vec<PathBuf> {
    entries(&keystore.folder).unwrap()
}

#[test]
fn a_new_passphrase_takes_the_place_of_the_old_one() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let key = keystore.unlock(made.address, &passphrase("pass")).unwrap();
    let change = |old: &str, new: &str| {
        keystore.change_passphrase_at(made.address, &passphrase(old), &passphrase(new), WEAK, &Unwatched)
    };
    let before = fs::read(&made.file).unwrap();
    let error = change("wrong", "new").unwrap_err();
    assert_eq!((error.code(), fs::read(&made.file).unwrap()), ("passphrase-wrong", before));
    assert_eq!(change("pass", "new").unwrap(), made, "the same file");
    assert_eq!(keystore.unlock(made.address, &passphrase("pass")).unwrap_err().code(), "passphrase-wrong");
    assert_eq!(keystore.unlock(made.address, &passphrase("new")).unwrap(), key);
    assert_eq!(files_in(&keystore), std::slice::from_ref(&made.file));
    assert_eq!(fs::metadata(&made.file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_key_is_kept_once() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let key = keystore.unlock(made.address, &passphrase("pass")).unwrap();
    let error = keystore.add(&key, &passphrase("other"), &Unwatched).unwrap_err();
    assert_eq!(error.code(), "account-exists");
    assert_eq!(keystore.list().unwrap(), (vec![made], vec![]));
}

#[test]
fn a_cancelled_work_writes_nothing() {
    let (folder, keystore) = keystore();
    let made = keystore.create_weak();
    let before = fs::read(&made.file).unwrap();
    let (key, _) = seal::new_key().unwrap();
    for asked in 0..3 {
        let patience = || Patience(AtomicUsize::new(asked));
        let pass = passphrase("pass");
        let out = folder.path().join("out");
        for error in [
            keystore.add_at(&key, &pass, WEAK, &patience()).unwrap_err(),
            keystore.change_passphrase_at(made.address, &pass, &pass, WEAK, &patience()).unwrap_err(),
            keystore.export_at(made.address, &pass, &pass, &out, WEAK, &patience()).unwrap_err(),
        ] {
            assert_eq!(error.code(), "cancelled", "after {asked}");
        }
        assert!(!out.exists());
    }
    assert_eq!((files_in(&keystore), fs::read(&made.file).unwrap()), (vec![made.file.clone()], before));
}

#[test]
fn a_copy_has_another_passphrase_and_never_replaces() {
    let (folder, keystore) = keystore();
    let made = keystore.create_weak();
    let export =
        |out: &Path| keystore.export_at(made.address, &passphrase("pass"), &passphrase("copy"), out, WEAK, &Unwatched);
    let copy = folder.path().join("copy.json");
    assert_eq!(export(&copy).unwrap(), copy);
    let key = SealedFile::read(&copy).unwrap().open(&passphrase("copy")).unwrap();
    assert_eq!(key, keystore.unlock(made.address, &passphrase("pass")).unwrap());
    assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o777, 0o600);
    let error = export(&copy).unwrap_err();
    assert_eq!(error.code(), "keystore-unwritable");
    assert!(error.to_string().contains("something else has its name"), "{error}");
    let error = export(&folder.path().join("misspelt/copy.json")).unwrap_err();
    assert!(error.code() == "keystore-unwritable" && !folder.path().join("misspelt").exists(), "{error}");
    assert_eq!(export(folder.path()).unwrap().file_name(), made.file.file_name(), "into a folder, under its own name");
}

#[test]
fn a_file_that_another_program_wrote_meanwhile_stays() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let (file, theirs) =
        (made.file.clone(), fs::read_to_string(&made.file).unwrap().replace("\"id\":\"", "\"id\":\"x"));
    let watch = Meanwhile(file.clone(), theirs.clone(), AtomicUsize::new(0));
    let pass = passphrase("pass");
    let error = keystore.change_passphrase_at(made.address, &pass, &passphrase("new"), WEAK, &watch).unwrap_err();
    assert_eq!(error.code(), "keyfile-changed");
    assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
}

#[test]
fn a_removed_account_is_kept_for_thirty_days_and_restored_under_its_name() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let content = fs::read(&made.file).unwrap();
    let removed = keystore.remove(made.address, None, NOW).unwrap();
    assert_eq!(keystore.list().unwrap(), (vec![], vec![]));
    assert_eq!(fs::metadata(removed.file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    assert_eq!((removed.at, removed.kept_until), (NOW, Timestamp(NOW.0 + 30 * DAY)));
    assert_eq!(keystore.removed().unwrap(), std::slice::from_ref(&removed));
    assert_eq!(keystore.remove(made.address, None, NOW).unwrap_err().code(), "no-such-account");
    assert_eq!(keystore.forget_removed(Timestamp(NOW.0 + 30 * DAY - 1)).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(keystore.restore(made.address).unwrap(), made);
    assert_eq!(fs::read(&made.file).unwrap(), content);
    assert_eq!(keystore.restore(made.address).unwrap_err().code(), "account-exists");
    let removed = keystore.remove(made.address, None, NOW).unwrap();
    let foreign = removed.file.with_file_name("notes");
    fs::write(&foreign, "mine").unwrap();
    assert_eq!(keystore.forget_removed(Timestamp(NOW.0 + 30 * DAY)).unwrap(), [removed.file]);
    assert!(foreign.exists(), "only what was removed here is deleted");
    assert_eq!(keystore.restore(made.address).unwrap_err().code(), "no-such-account");
}

#[test]
fn a_link_leads_no_removed_key_elsewhere() {
    let (folder, keystore) = keystore();
    let made = keystore.create_weak();
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let old = elsewhere.join("2020-01-01T00-00-00Z--theirs");
    fs::write(&old, "theirs").unwrap();
    std::os::unix::fs::symlink(&elsewhere, keystore.folder.join("removed")).unwrap();
    for error in [
        keystore.remove(made.address, None, NOW).unwrap_err(),
        keystore.restore(Address::from_bytes([1; 20])).unwrap_err(),
        keystore.forget_removed(NOW).unwrap_err(),
    ] {
        assert_eq!(error.code(), "keystore-unreadable");
        assert!(error.to_string().contains("it is a link or a file"), "{error}");
    }
    assert!(made.file.exists() && old.exists());
}

#[test]
fn the_account_that_was_removed_last_is_restored() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let pass = passphrase("pass");
    let key = keystore.unlock(made.address, &pass).unwrap();
    keystore.remove(made.address, None, NOW).unwrap();
    let again = keystore.add_at(&key, &pass, WEAK, &Unwatched).unwrap();
    assert_eq!(keystore.restore(made.address).unwrap_err().code(), "account-exists");
    keystore.remove(made.address, None, Timestamp(NOW.0 + 1)).unwrap();
    assert_eq!(keystore.restore(made.address).unwrap(), again);
    keystore.remove(made.address, None, Timestamp(NOW.0 + 2)).unwrap();
    fs::write(&again.file, "in the way").unwrap();
    assert_eq!(keystore.restore(made.address).unwrap_err().code(), "keystore-unwritable");
    assert_eq!(fs::read(&again.file).unwrap(), b"in the way");
}

#[test]
fn two_files_of_one_account_are_told_and_one_is_taken_away_by_name() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let copy = keystore.folder.join("copy");
    fs::copy(&made.file, &copy).unwrap();
    assert_eq!(codes(&keystore), ["account-ambiguous"]);
    keystore.unlock(made.address, &passphrase("pass")).unwrap();
    let (pass, new) = (passphrase("pass"), passphrase("new"));
    keystore.change_passphrase_at(made.address, &pass, &new, WEAK, &Unwatched).unwrap();
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&made.file).unwrap(), "no copy opens with the old one");
    keystore.unlock(made.address, &new).unwrap();
    fs::write(&copy, fs::read_to_string(&copy).unwrap().replace("\"id\":\"", "\"id\":\"x")).unwrap();
    let error = keystore.change_passphrase_at(made.address, &new, &pass, WEAK, &Unwatched).unwrap_err();
    assert_eq!(error.code(), "account-ambiguous", "they differ");
    let error = keystore.remove(made.address, None, NOW).unwrap_err();
    assert!(error.code() == "account-ambiguous" && error.to_string().contains("--file"), "{error}");
    keystore.remove(made.address, copy.file_name(), NOW).unwrap();
    assert_eq!(keystore.list().unwrap(), (vec![made.clone()], vec![]));
    keystore.unlock(made.address, &passphrase("new")).unwrap();
}

#[test]
fn a_name_that_tells_another_account_is_told_and_the_content_counts() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let other = keystore.folder.join(format!("UTC--2020-01-01T00-00-00.0Z--{}", "ab".repeat(20)));
    fs::rename(&made.file, &other).unwrap();
    assert_eq!(codes(&keystore), ["keyfile-misnamed"]);
    keystore.unlock(made.address, &passphrase("pass")).unwrap();
    let theirs = keystore.unlock(Address::from_bytes([0xab; 20]), &passphrase("pass")).unwrap_err();
    assert_eq!(theirs.code(), "no-such-account");
}

#[test]
fn a_file_that_others_can_read_is_told() {
    let (_folder, keystore) = keystore();
    let made = keystore.create_weak();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&made.file, 0o644);
    assert_eq!(codes(&keystore), Vec::<&str>::new(), "nobody gets to it");
    mode(&keystore.folder, 0o711);
    assert_eq!(codes(&keystore), ["keyfile-exposed"]);
    mode(&made.file, 0o600);
    assert_eq!(codes(&keystore), Vec::<&str>::new());
}

#[test]
fn a_glance_tells_that_something_changed() {
    let (_folder, keystore) = keystore();
    let none = keystore.glance();
    let made = keystore.create_weak();
    let one = keystore.glance();
    assert_ne!(none, one);
    assert_eq!(one, keystore.glance());
    fs::write(keystore.folder.join(".daochain-x"), "temporary").unwrap();
    assert_eq!(one, keystore.glance(), "what is no key file is no change");
    keystore.remove(made.address, None, NOW).unwrap();
    assert_eq!(none, keystore.glance());
}

#[test]
fn a_folder_of_too_many_files_is_no_keystore() {
    let (_folder, keystore) = keystore();
    fs::create_dir(&keystore.folder).unwrap();
    for number in 0..=FILES_LIMIT {
        fs::write(keystore.folder.join(number.to_string()), "").unwrap();
    }
    let error = keystore.list().unwrap_err();
    assert_eq!(error.code(), "keystore-unreadable");
    assert!(error.to_string().contains("more than 10000 files"), "{error}");
}
