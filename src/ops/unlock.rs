//! Whoever signs for an account: its key, or a signer outside this program.
//!
//! A key is opened for one use, unless the user wants it to stay open for some minutes: then it lies in this process's memory,
//! until its time is over or somebody locks it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::{
    accounts::find_account,
    context::{blocking, now},
};
use crate::{
    chain::{ExternalSigner, Signer, SigningKey},
    domain::{Address, Timestamp, account::AccountKind},
    ops::{Context, Failure, Passphrase},
};

/// Longest time for which a key may stay open.
pub const LONGEST: Duration = Duration::from_mins(15);

/// Keys that stay open for a while.
#[derive(Default)]
pub(super) struct OpenKeys(Mutex<BTreeMap<Address, OpenKey>>);

struct OpenKey {
    key: SigningKey,
    until: Instant,
}

impl OpenKeys {
    fn keys(&self) -> MutexGuard<'_, BTreeMap<Address, OpenKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets those whose time is over.
    fn expire(&self) {
        let now = Instant::now();
        self.keys().retain(|_, open| open.until > now);
    }

    fn get(&self, address: Address) -> Option<SigningKey> {
        self.expire();
        self.keys().get(&address).map(|open| open.key.share())
    }

    pub(super) fn lock_all(&self) {
        self.keys().clear();
    }
}

/// Opens an account's key for `time`; when that is over. Transactions and requests of the account need no passphrase until then.
///
/// # Errors
/// `usage` beyond [`LONGEST`]; `no-such-account`, `key-elsewhere`, `passphrase-wrong`, what is wrong with the key file.
pub async fn unlock_for(
    context: &Context,
    address: Address,
    passphrase: Passphrase,
    time: Duration,
) -> Result<Timestamp, Failure> {
    if time > LONGEST {
        let minutes = LONGEST.as_secs() / 60;
        return Err(Failure::new("usage", &format!("an account stays unlocked for {minutes} minutes at most")));
    }
    let kind = find_account(context, address).await?.kind;
    if kind.file().is_none() {
        return Err(elsewhere(address, &kind));
    }
    let keystore = context.keystore().clone();
    let key = blocking(move || Ok(SigningKey::new(&keystore.unlock(address, &passphrase.0)?)?)).await?;
    let (until, keys) = (Instant::now() + time, Arc::clone(context.open_keys()));
    keys.keys().insert(address, OpenKey { key, until });
    let ends = Timestamp(now().0.saturating_add(time.as_secs()));
    tokio::spawn(async move {
        sleep_until(until).await;
        keys.expire();
    });
    Ok(ends)
}

/// Forgets the key of an account that stayed open.
pub fn lock(context: &Context, address: Address) {
    context.open_keys().keys().remove(&address);
}

/// Forgets every key that stayed open.
pub fn lock_all(context: &Context) {
    context.open_keys().lock_all();
}

pub(super) async fn unlock(context: &Context, from: Address, passphrase: Passphrase) -> Result<Signer, Failure> {
    context.store().check_lasting("note what is sent")?;
    signer(context, from, passphrase).await
}

/// Whoever signs for an account of this home: its key, or the signer that has it, which needs no passphrase of ours.
pub(super) async fn signer(context: &Context, from: Address, passphrase: Passphrase) -> Result<Signer, Failure> {
    match find_account(context, from).await?.kind {
        AccountKind::Clef(url) => Ok(Signer::External { signer: ExternalSigner::new(&url)?, account: from }),
        kind @ (AccountKind::Cold | AccountKind::Contract) => Err(elsewhere(from, &kind)),
        AccountKind::KeyFile(_) => {
            if let Some(key) = context.open_keys().get(from).filter(|_| passphrase.0.is_empty()) {
                return Ok(Signer::Key(key));
            }
            let keystore = context.keystore().clone();
            // Key derivation takes half a second of one core and 256 MiB.
            blocking(move || Ok(Signer::Key(SigningKey::new(&keystore.unlock(from, &passphrase.0)?)?))).await
        }
    }
}

/// True where the account's passphrase is needed here.
///
/// # Errors
/// `no-such-account`; `key-elsewhere` for an account that nothing here can sign for.
pub async fn needs_passphrase(context: &Context, from: Address) -> Result<bool, Failure> {
    match find_account(context, from).await?.kind {
        AccountKind::KeyFile(_) => Ok(true),
        AccountKind::Clef(_) => Ok(false),
        kind @ (AccountKind::Cold | AccountKind::Contract) => Err(elsewhere(from, &kind)),
    }
}

fn elsewhere(account: Address, kind: &AccountKind) -> Failure {
    let (what, hint) = match kind {
        AccountKind::Contract => ("a contract", "`--calldata` prints the call for its owners to execute"),
        _ => (
            "one whose key is on another machine",
            "`--cold` makes a request for it, and `daochain relay` sends the answer",
        ),
    };
    Failure::new("key-elsewhere", &format!("account {account} is {what}")).hint(hint)
}

/// An account's key, for the transactions of one command. It leaves memory when dropped.
pub struct Unlocked(pub(super) Signer);

/// Opens an account's key once for several transactions.
///
/// # Errors
/// A wrong passphrase; a home in which nothing can be noted.
pub async fn unlock_for_all(context: &Context, from: Address, passphrase: Passphrase) -> Result<Unlocked, Failure> {
    unlock(context, from, passphrase).await.map(Unlocked)
}
