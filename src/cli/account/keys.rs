//! The commands that make, open or move keys: what they ask, and what they tell.

use std::{ffi::OsStr, path::PathBuf, sync::Arc};

use zeroize::Zeroizing;

use super::{One, RemovedPart, present, present_one};
use crate::{
    cli::{Session, args, progress, prompt},
    domain::{Account, Address, account::AccountKind, progress::Watch, text::clean},
    ops::{
        Failure, Passphrase,
        accounts::{add_signer, ask_signer, choose_of_signer, find_account, forget_signer, label_account},
        keys::{
            KeySource, Protection, SealedFile, add_account, change_passphrase, check_passphrase, export_account,
            key_file_of, remove_account, restore_account,
        },
    },
};

const KEEP_A_COPY: &str = "Keep a copy of the key file and the passphrase: nobody can restore them.";

pub async fn make(session: &mut Session, label: Option<String>, insecure_empty: bool) -> Result<(), Failure> {
    let file = prompt::password_file(session);
    let protection = protection(session, file, insecure_empty).await?;
    protection.check(&session.context)?;
    add(session, KeySource::New, protection, label).await?;
    session.console.note(KEEP_A_COPY);
    Ok(())
}

/// Knows an account whose key is elsewhere.
pub async fn add_elsewhere(session: &mut Session, add: args::Add) -> Result<(), Failure> {
    let (address, kind) = match (add.clef, add.address) {
        (Some(clef), named) => {
            session.console.note("asking the signer, which asks its user");
            let known = ask_signer(&clef).await?;
            (choose_of_signer(&known, named)?, AccountKind::Clef(clef))
        }
        (None, Some(address)) if add.contract => (address, AccountKind::Contract),
        (None, Some(address)) => (address, AccountKind::Cold),
        (None, None) => return Err(Failure::new("usage", "no account is named").hint("name its address")),
    };
    let account = add_signer(&session.context, address, kind).await?;
    let account = match add.label {
        Some(label) => label_account(&session.context, address, Some(label)).await?,
        None => account,
    };
    present(session, account);
    Ok(())
}

pub async fn import(session: &mut Session, import: args::Import) -> Result<(), Failure> {
    let new = import.new;
    if let Some(path) = &import.file {
        let file = SealedFile::read(path)?;
        let question = format!("Passphrase of {}: ", clean(&path.display().to_string()));
        let passphrase = prompt::passphrase(session, &question).await?;
        let protection = match new.new_password_file {
            Some(file) => protection(session, Some(file), new.insecure_empty).await?,
            None => allowing(passphrase.again(), new.insecure_empty),
        };
        protection.check(&session.context)?;
        return add(session, KeySource::File { file, passphrase }, protection, import.label).await;
    }
    let given = import.raw_key_file.as_ref().or(import.mnemonic_file.as_ref());
    let is_key = import.raw_key || import.raw_key_file.is_some();
    let secret = match given {
        Some(file) => prompt::secret_file(session, file, !is_key).await?,
        None if is_key => prompt::secret("Key (64 hex digits): ", "name a file with --raw-key-file").await?,
        None => prompt::secret("Words: ", "name a file with --mnemonic-file").await?,
    };
    let source = if is_key {
        KeySource::Hex(secret)
    } else {
        let passphrase = match import.mnemonic_password_file {
            Some(file) => prompt::secret_file(session, &file, false).await?,
            None => Zeroizing::default(),
        };
        KeySource::Mnemonic { words: secret, path: import.path, passphrase: Passphrase(passphrase) }
    };
    // Wrong words are told before a passphrase is thought of.
    source.check()?;
    let file = new.new_password_file.or_else(|| prompt::password_file(session));
    let protection = protection(session, file, new.insecure_empty).await?;
    protection.check(&session.context)?;
    add(session, source, protection, import.label).await?;
    if let Some(file) = given.filter(|file| file.as_os_str() != "-") {
        let shown = file.display();
        session
            .console
            .note(&format!("The key stands unprotected in `{shown}`: delete that file when it is not needed."));
    }
    Ok(())
}

pub async fn export(
    session: &mut Session,
    address: Address,
    out: PathBuf,
    new: args::NewPassphrase,
) -> Result<(), Failure> {
    let (old, new) = both(session, address, new).await?;
    let watch = waiting(session, "sealing the copy");
    let work = export_account(&session.context, address, old, new, &out, Arc::clone(&watch));
    let (account, copy) = progress::lasting(watch, work).await?;
    let exported = Some(clean(&copy.display().to_string()));
    present_one(session, &One { exported, ..One::of(account) });
    Ok(())
}

pub async fn passwd(session: &mut Session, address: Address, new: args::NewPassphrase) -> Result<(), Failure> {
    let (old, new) = both(session, address, new).await?;
    let watch = waiting(session, "sealing the key");
    let work = change_passphrase(&session.context, address, old, new, Arc::clone(&watch));
    let account = progress::lasting(watch, work).await?;
    session.console.note("The key has its new passphrase. Copies of the old key file still open with the old one.");
    present(session, account);
    Ok(())
}

pub async fn remove(session: &mut Session, address: Address, name: Option<PathBuf>) -> Result<(), Failure> {
    if name.is_none()
        && let Ok(account) = find_account(&session.context, address).await
        && account.kind.file().is_none()
    {
        // Nothing is lost: its key was never here.
        forget_signer(&session.context, address).await?;
        present(session, account);
        return Ok(());
    }
    if name.is_none() {
        key_file_of(&session.context, address).await?;
    }
    let known = find_account(&session.context, address).await.ok();
    let label = known.as_ref().and_then(|account| account.label.clone());
    let shown = label.as_ref().map_or_else(|| address.to_string(), |label| format!("{address}, {label},"));
    let words = if label.is_some() { "its address or label" } else { "its address" };
    let question = format!("Account {shown} leaves the keystore and is kept for 30 days. Type {words} to remove it:");
    let answers: Vec<_> = label.into_iter().chain([address.to_string()]).collect();
    prompt::confirm_by_typing(session, &question, &answers).await?;
    // A path to the file means its name.
    let name = name.as_deref().and_then(|name| name.file_name()).map(OsStr::to_owned);
    let (removed, deleted) = remove_account(&session.context, address, name).await?;
    for file in &deleted {
        session
            .console
            .note(&format!("daochain: deleted `{}`, which was removed more than 30 days ago", file.display()));
    }
    let account = known.unwrap_or_else(|| Account {
        address,
        kind: AccountKind::KeyFile(removed.file.clone()),
        label: None,
        is_default: false,
        balance: None,
    });
    session.console.note(&format!("`daochain account restore {address}` puts it back."));
    let deleted = deleted.iter().map(|file| clean(&file.display().to_string())).collect();
    present_one(session, &One { removed: Some(RemovedPart::from(removed)), deleted, ..One::of(account) });
    Ok(())
}

pub async fn restore(session: &mut Session, address: Address) -> Result<(), Failure> {
    let account = restore_account(&session.context, address).await?;
    present(session, account);
    Ok(())
}

/// The passphrase that opens an account and the one that is to take its place.
async fn both(
    session: &mut Session,
    address: Address,
    new: args::NewPassphrase,
) -> Result<(Passphrase, Protection), Failure> {
    // Told before anything is asked.
    key_file_of(&session.context, address).await?;
    let old = prompt::passphrase(session, &format!("Passphrase of {address}: ")).await?;
    if new.new_password_file.is_none() && !new.insecure_empty {
        // A wrong one is told before another is thought of.
        let opening = check_passphrase(&session.context, address, old.again());
        progress::lasting(waiting(session, "opening the key"), opening).await?;
    }
    let protection = protection(session, new.new_password_file, new.insecure_empty).await?;
    protection.check(&session.context)?;
    Ok((old, protection))
}

async fn protection(session: &mut Session, file: Option<PathBuf>, insecure_empty: bool) -> Result<Protection, Failure> {
    if insecure_empty && file.is_none() {
        return Ok(allowing(Passphrase(Zeroizing::default()), true));
    }
    Ok(allowing(prompt::new_passphrase(session, file).await?, insecure_empty))
}

fn allowing(passphrase: Passphrase, insecure_empty: bool) -> Protection {
    if insecure_empty { Protection::even_empty(passphrase) } else { Protection::of(passphrase) }
}

async fn add(
    session: &mut Session,
    source: KeySource,
    protection: Protection,
    label: Option<String>,
) -> Result<(), Failure> {
    let watch = waiting(session, "sealing the key");
    let work = add_account(&session.context, source, protection, Arc::clone(&watch));
    let mut account = progress::lasting(watch, work).await?;
    if label.is_some() {
        account = label_account(&session.context, account.address, label).await?;
    }
    present(session, account);
    Ok(())
}

fn waiting(session: &Session, label: &str) -> Arc<dyn Watch> {
    progress::Bar::of_seconds(&session.console, &session.token, label)
}
