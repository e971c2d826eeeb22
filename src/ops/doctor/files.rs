//! The home on the disk: folders, who may write there, room, trust policy and keys.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access, statvfs};

use super::{DISK, within};
use crate::{
    config::{Home, load_trust},
    domain::{
        account::KeyFileProblem,
        finding::{Area, Finding, Health},
        text::{clean, count},
    },
    keystore::Keystore,
    ops::{Context, Failure, context::blocking},
};

/// Below this nothing more is remembered for long. Bytes.
const SCARCE: u64 = 1 << 30;
/// Below this the next write may fail: the database, its journal and a key file. Bytes.
const TOO_LITTLE: u64 = 64 << 20;

/// All of it, with what opening the home had to set aside.
pub(super) async fn of(context: &Context) -> Vec<Finding> {
    let config = context.config();
    let mut findings = of_home(config.home.clone(), config.signers.len()).await;
    // Else it says the same.
    if !findings.iter().any(|one| one.area == Area::Home && one.health == Health::Trouble) {
        let doubts = config.home.keystore_doubts().unwrap_or_default();
        let notices = context.notices();
        let new = notices.iter().filter(|notice| !config.notices.contains(notice) && !doubts.contains(notice));
        findings.extend(new.map(|notice| Finding::note(Area::Home, notice.sentence())));
    }
    findings
}

/// All of it, where so many accounts sign elsewhere.
pub(super) async fn of_home(home: Home, signers: usize) -> Vec<Finding> {
    let look = blocking(move || {
        let mut findings = folders(&home);
        findings.push(room(&home));
        findings.push(trust(&home));
        findings.extend(keys(&home, signers));
        Ok(findings)
    });
    within(DISK, "the disk of the home", look).await.unwrap_or_else(|failure| vec![super::of(Area::Disk, &failure)])
}

/// Whether there is a home to open: one that nothing was kept in yet would be made by opening it.
pub(super) async fn exists(home: &Home) -> bool {
    let database = home.database.clone();
    within(DISK, "the home", blocking(move || Ok(database.exists()))).await.unwrap_or(true)
}

/// The home's own folders: one, or that of the configuration and that of the state.
fn folders_of(home: &Home) -> Vec<PathBuf> {
    let mut folders: Vec<_> =
        [&home.config_file, &home.database].iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
    folders.dedup();
    folders
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

fn folders(home: &Home) -> Vec<Finding> {
    let mut findings: Vec<_> = folders_of(home).iter().map(|folder| of_folder(folder)).collect();
    findings.extend(open_files(home));
    findings
}

fn of_folder(folder: &Path) -> Finding {
    let name = shown(folder);
    let Ok(found) = fs::metadata(folder) else {
        return match writable(nearest(folder)) {
            Ok(()) => Finding::fine(Area::Home, &format!("`{name}` is made by the first command that needs it")),
            Err(cause) => Finding::trouble(Area::Home, &format!("`{name}` cannot be made: {cause}"))
                .step("name a folder that can be written with --home"),
        };
    };
    if !found.is_dir() {
        return Finding::trouble(Area::Home, &format!("`{name}` is a file and no folder"))
            .step("move that file away, or name another folder with --home");
    }
    if let Err(cause) = writable(folder) {
        let words = format!("`{name}` cannot be written: {cause}; nothing is remembered or signed");
        return Finding::trouble(Area::Home, &words).step("change its owner, or name another folder with --home");
    }
    let mode = found.permissions().mode();
    // In a folder with the sticky bit others add files, and replace none of ours.
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        let words = format!("other users can write to `{name}`, and so replace the trust policy");
        return Finding::trouble(Area::Home, &words).step(&format!("`chmod go-w {name}`"));
    }
    Finding::fine(Area::Home, &format!("`{name}` can be written, by its owner alone"))
}

/// Files of a home by which others could decide whom this user trusts, or read what is for this user.
fn open_files(home: &Home) -> Vec<Finding> {
    let user = rustix::process::geteuid().as_raw();
    let mut findings = Vec::new();
    for (file, bits, what) in [
        (&home.config_file, 0o022, "other users can change"),
        (&home.trust_file, 0o022, "other users can change"),
        (&home.logins_file, 0o044, "other users can read logins in"),
        (&home.database, 0o022, "other users can change"),
    ] {
        let Ok(found) = fs::metadata(file) else { continue };
        let name = shown(file);
        if found.permissions().mode() & bits != 0 {
            let words = format!("{what} `{name}`");
            findings.push(Finding::trouble(Area::Home, &words).step(&format!("`chmod 600 {name}`")));
        }
        // Root's word is the machine's.
        if found.uid() != user && found.uid() != 0 && user != 0 {
            let words = format!("`{name}` belongs to another user (number {})", found.uid());
            findings.push(Finding::trouble(Area::Home, &words).step(&format!("`chown {user} {name}`")));
        }
    }
    findings
}

/// The folder itself, or else the one above it that there is.
fn nearest(folder: &Path) -> &Path {
    folder.ancestors().find(|one| one.exists()).unwrap_or(Path::new("/"))
}

fn writable(folder: &Path) -> Result<(), String> {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| match error {
        rustix::io::Errno::ROFS => "the file system is read-only".to_owned(),
        rustix::io::Errno::ACCESS => format!("`{}` is closed to this user", shown(folder)),
        other => other.to_string(),
    })
}

fn room(home: &Home) -> Finding {
    let folder = nearest(home.database.parent().unwrap_or(Path::new("/")));
    let name = shown(folder);
    let Ok(found) = statvfs(folder) else {
        return Finding::note(Area::Disk, &format!("how much room `{name}` has is not told"));
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let words = format!("{} MB are free below `{name}`", free / 1_000_000);
    // File systems without a fixed number of files tell none.
    let no_files = found.f_files > 0 && found.f_favail == 0;
    let step = "free some space, or name a folder on another disk with --home";
    match free {
        _ if no_files => Finding::trouble(Area::Disk, &format!("no more files fit below `{name}`")).step(step),
        ..TOO_LITTLE => Finding::trouble(Area::Disk, &words).step(step),
        TOO_LITTLE..SCARCE => Finding::note(Area::Disk, &words).step(step),
        _ => Finding::fine(Area::Disk, &words),
    }
}

fn trust(home: &Home) -> Finding {
    let policy = match load_trust(home) {
        Ok(policy) => policy,
        Err(error) => return super::of(Area::Trust, &Failure::from(error)),
    };
    let name = shown(&home.trust_file);
    if policy.rules.is_empty() {
        return Finding::note(Area::Trust, "nobody is trusted yet, so that no image can be verified")
            .step("`daochain trust discover REFERENCE` shows who publishes it, `daochain trust add` trusts somebody");
    }
    let (rules, denials) = (count(policy.rules.len(), "rule"), count(policy.denials.len(), "denial"));
    Finding::fine(Area::Trust, &format!("`{name}` is read: {rules}, {denials}"))
}

fn keys(home: &Home, signers: usize) -> Vec<Finding> {
    let folder = &home.keystore_dir;
    let name = shown(folder);
    let mut findings = Vec::new();
    if !folder.exists() && home.keystore_is_foreign {
        let words = format!("the keystore `{name}` does not exist or cannot be reached");
        return vec![Finding::trouble(Area::Keystore, &words).step("name another with --keystore")];
    }
    if folder.exists() {
        match home.keystore_doubts() {
            Ok(doubts) => findings.extend(doubts.iter().map(|one| Finding::note(Area::Keystore, one.sentence()))),
            Err(error) => {
                let failure = Failure::from(error);
                findings.push(Finding::trouble(Area::Keystore, &failure.message).step(&format!("`chmod 700 {name}`")));
            }
        }
    }
    match Keystore::open(folder).list() {
        Err(error) => findings.push(super::of(Area::Keystore, &Failure::from(error))),
        Ok((keys, problems)) => {
            let elsewhere =
                if signers == 0 { String::new() } else { format!("; {} elsewhere", count(signers, "account")) };
            findings.push(if keys.is_empty() && signers == 0 {
                Finding::fine(Area::Keystore, "no account; only who publishes needs one")
                    .step("`daochain account new` makes one")
            } else {
                Finding::fine(Area::Keystore, &format!("{} in `{name}`{elsewhere}", count(keys.len(), "key file")))
            });
            findings.extend(problems.iter().map(of_key_file));
        }
    }
    findings
}

fn of_key_file(problem: &KeyFileProblem) -> Finding {
    let words = format!("`{}`: {}", shown(&problem.file), problem.message);
    let is_open = problem.code == "keyfile-exposed";
    if is_open { Finding::trouble(Area::Keystore, &words) } else { Finding::note(Area::Keystore, &words) }
}
