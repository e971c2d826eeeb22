#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::os::unix::fs::{MetadataExt as _, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_file_is_replaced_whole_and_for_its_owner_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("below/config.toml");
    replace(&path, b"one").unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing temporary is left");
}

#[test]
fn a_link_to_a_file_kept_elsewhere_stays_a_link() {
    let home = tempfile::tempdir().unwrap();
    let (real, link) = (home.path().join("dotfiles.toml"), home.path().join("config.toml"));
    fs::write(&real, "old").unwrap();
    symlink(&real, &link).unwrap();
    replace(&link, b"new").unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
}

#[test]
fn creating_never_replaces() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("key");
    create(&path, b"first").unwrap();
    assert_eq!(create(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing temporary is left");
}

#[test]
fn creating_makes_no_folder() {
    let home = tempfile::tempdir().unwrap();
    let error = create(&home.path().join("misspelt/key"), b"x").unwrap_err();
    assert!(error.to_string().contains("its folder is not there; see that it is there"), "{error}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(create(&file.join("key"), b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn moving_never_replaces() {
    let home = tempfile::tempdir().unwrap();
    let (from, to) = (home.path().join("from"), home.path().join("below/to"));
    fs::write(&from, "one").unwrap();
    move_new(&from, &to, None).unwrap();
    assert_eq!((fs::read(&to).unwrap().as_slice(), from.exists()), (&b"one"[..], false));
    assert_eq!(mode(to.parent().unwrap()), 0o700);
    fs::write(&from, "two").unwrap();
    assert_eq!(move_new(&from, &to, None).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!((fs::read(&to).unwrap(), fs::read(&from).unwrap()), (b"one".to_vec(), b"two".to_vec()));
}

#[test]
fn a_home_that_cannot_be_made_is_named_with_its_cause() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    for (below, cause) in [("config.toml", "something else has its name"), ("a/config.toml", "no folder")] {
        let error = replace(&file.join(below), b"x").unwrap_err().to_string();
        assert!(error.contains("cannot create folder") && error.contains(cause), "{error}");
    }
}

#[test]
fn the_usual_causes_have_a_next_step() {
    for (number, step) in [(28, "free some space"), (30, "--home"), (13, "--home"), (122, "free some space")] {
        let error = failed("write", Path::new("f"))(io::Error::from_raw_os_error(number));
        let hint = error.hint().unwrap();
        assert!(hint.contains(step), "{hint}");
        assert_eq!(error.to_string(), format!("cannot write `f`: {}; {hint}", error.cause()));
    }
    let error = failed("write", Path::new("f"))(io::Error::other("a; run evil"));
    assert_eq!((error.hint(), error.to_string().as_str()), (None, "cannot write `f`: a; run evil"));
}

#[test]
fn only_bounded_regular_files_are_read() {
    let home = tempfile::tempdir().unwrap();
    let (file, link, pipe) = (home.path().join("file"), home.path().join("link"), home.path().join("pipe"));
    fs::write(&file, "12345").unwrap();
    symlink(&file, &link).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    assert_eq!(read(&file, 5).unwrap(), b"12345");
    assert_eq!(read(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    assert_eq!(read(&link, 5).unwrap(), b"12345");
    assert!(read_unlinked(&link, 5).unwrap_err().to_string().contains("symbolic link"));
    assert!(read(&pipe, 5).unwrap_err().to_string().contains("no regular file"));
    assert!(read(home.path(), 5).is_err());
}

#[test]
fn a_lock_keeps_others_out_until_it_is_dropped() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    let held = Lock::take(&path, Duration::ZERO).unwrap();
    assert!(Lock::take(&path, Duration::ZERO).unwrap_err().is_locked());
    drop(held);
    Lock::take(&path, Duration::ZERO).unwrap();
}

#[test]
fn a_lock_gives_no_file_away_that_somebody_linked_there() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "secret").unwrap();
    let (path, lock) = (theirs.join("keystore"), theirs.join("keystore.lock"));
    let nobody = Owner { user: 65_534, group: 65_534 };
    // Without root nothing can be given away, and links are refused all the same.
    let is_root = rustix::process::geteuid().is_root();
    give(&File::open(&theirs).unwrap(), Some(nobody)).unwrap();
    let owner = Owner::of(&precious);

    symlink(&precious, &lock).unwrap();
    let error = Lock::take(&path, Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    Lock::take(&path, Duration::ZERO).unwrap_err();
    fs::remove_dir(&lock).unwrap();
    fs::hard_link(&precious, &lock).unwrap();
    Lock::take(&path, Duration::ZERO).unwrap();
    assert_eq!(Owner::of(&precious), owner, "what was there is nobody's to give");

    fs::remove_file(&lock).unwrap();
    Lock::take(&path, Duration::ZERO).unwrap();
    assert_eq!(Owner::of(&lock) == Some(nobody), is_root, "the folder's owner can use it too");
}

#[test]
fn a_link_that_its_folder_s_owner_put_there_is_replaced_itself() {
    let home = tempfile::tempdir().unwrap();
    let (real, link) = (home.path().join("elsewhere"), home.path().join("key"));
    fs::write(&real, "old").unwrap();
    symlink(&real, &link).unwrap();
    replace_as(&link, b"new", None).unwrap();
    assert_eq!((fs::read(&real).unwrap(), fs::read(&link).unwrap()), (b"old".to_vec(), b"new".to_vec()));
}
