//! Accounts of this home: which there are, which is used, and where ether comes from. `keys` makes and changes them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{sync::mpsc, time::sleep};
use url::Url;

use super::{
    context::blocking,
    keys::{KeySource, Protection, add_account},
};
use crate::{
    chain::{Action, ExternalSigner, SigningKey},
    config::{self, Config},
    domain::{
        Account, Address, Wei,
        account::{AccountKind, KeyFileProblem, Removed},
        progress::Unwatched,
        publication::Stage,
    },
    ops::{Context, Failure, Passphrase, follow, geth},
};

/// Between two glances at the keystore's folder. Not by inotify, which misses what other machines and containers do on
/// shared folders; and not each second, which is most of what an idle screen costs.
const GLANCE_INTERVAL: Duration = Duration::from_secs(4);

/// Every account, with the files that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// With balances where the node answered.
    pub accounts: Vec<Account>,
    /// What is wrong with files in the keystore.
    pub problems: Vec<KeyFileProblem>,
    /// What can be restored, the newest last.
    pub removed: Vec<Removed>,
    /// Why balances are missing.
    pub node: Option<Failure>,
}

/// What the user wishes of accounts: from the configuration, and kept as it changes.
#[derive(Debug)]
pub(super) struct Preferences {
    /// The default account of this network.
    here: Option<Address>,
    /// Of networks that have none of their own.
    elsewhere: Option<Address>,
    pub(super) labels: BTreeMap<Address, String>,
    /// Accounts whose keys are elsewhere.
    signers: BTreeMap<Address, AccountKind>,
}

impl Preferences {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            here: config.default_accounts.get(&config.network.name).copied(),
            elsewhere: config.default_account,
            labels: config.labels.clone(),
            signers: config.signers.clone(),
        }
    }
}

/// Lists the accounts. Asks the node for balances; a node that does not answer costs only these.
///
/// # Errors
/// When the keystore folder cannot be read.
pub async fn list_accounts(context: &Context) -> Result<Accounts, Failure> {
    let (mut accounts, problems) = own_accounts(context).await?;
    let keystore = context.keystore().clone();
    let removed = blocking(move || Ok(keystore.removed()?)).await?;
    let node = if accounts.is_empty() { None } else { fill_balances(context, &mut accounts).await.err() };
    Ok(Accounts { accounts, problems, removed, node })
}

/// Tells whenever the keystore's folder changed, by whatever program. Ends when the receiver is dropped.
#[must_use]
pub fn follow_accounts(context: &Context) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    let keystore = context.keystore().clone();
    tokio::spawn(async move {
        let glance = || {
            let keystore = keystore.clone();
            blocking(move || Ok(keystore.glance()))
        };
        let mut seen = glance().await.ok();
        loop {
            tokio::select! { () = sender.closed() => return, () = sleep(GLANCE_INTERVAL) => {} }
            let now = glance().await.ok();
            if now != seen {
                seen = now;
                if sender.send(()).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

async fn own_accounts(context: &Context) -> Result<(Vec<Account>, Vec<KeyFileProblem>), Failure> {
    let keystore = context.keystore().clone();
    let (files, problems) = blocking(move || Ok(keystore.list()?)).await?;
    let wishes = context.preferences();
    // A key that is here is used, whatever the configuration says of its account.
    let in_file = |address: &Address| files.iter().any(|file| file.address == *address);
    let others = wishes.signers.iter().filter(|(address, _)| !in_file(address));
    let mut seen = BTreeSet::new();
    // Several files of one account are told among the problems.
    let first = files.iter().filter(|file| seen.insert(file.address));
    let mut kinds: Vec<_> = first.map(|file| (file.address, AccountKind::KeyFile(file.file.clone()))).collect();
    kinds.extend(others.map(|(address, kind)| (*address, kind.clone())));
    let is_here = |address: &Address| kinds.iter().any(|(known, _)| known == address);
    let only = kinds.first().filter(|_| kinds.len() == 1);
    // A default that was removed, or is another keystore's, is none here.
    let default =
        wishes.here.filter(is_here).or(wishes.elsewhere.filter(is_here)).or(only.map(|(address, _)| *address));
    let account = |(address, kind): (Address, AccountKind)| Account {
        address,
        label: wishes.labels.get(&address).cloned(),
        is_default: default == Some(address),
        kind,
        balance: None,
    };
    Ok((kinds.into_iter().map(account).collect(), problems))
}

async fn fill_balances(context: &Context, accounts: &mut [Account]) -> Result<(), Failure> {
    let addresses: Vec<_> = accounts.iter().map(|account| account.address).collect();
    let balances = context.chain().await?.balances(&addresses).await?;
    for (account, balance) in accounts.iter_mut().zip(balances) {
        account.balance = Some(balance);
    }
    Ok(())
}

/// Makes a new key, protected by `passphrase`. The first account becomes the default.
///
/// # Errors
/// When the key file cannot be written.
pub async fn create_account(context: &Context, passphrase: Passphrase) -> Result<Account, Failure> {
    add_account(context, KeySource::New, Protection::of(passphrase), std::sync::Arc::new(Unwatched)).await
}

/// Makes `address` the account that is used on this network when none is named.
///
/// # Errors
/// When this home has no such account, or the configuration cannot be written.
pub async fn set_default_account(context: &Context, address: Address) -> Result<Account, Failure> {
    set_default(context, address, Some(context.config().network.name.clone())).await
}

/// Makes `address` the account that is used on every network when none is named.
///
/// # Errors
/// As [`set_default_account`].
pub async fn set_default_everywhere(context: &Context, address: Address) -> Result<Account, Failure> {
    set_default(context, address, None).await
}

async fn set_default(context: &Context, address: Address, network: Option<String>) -> Result<Account, Failure> {
    find_account(context, address).await?;
    let (home, everywhere) = (context.config().home.clone(), network.is_none());
    blocking(move || Ok(config::set_default_account(&home, network.as_deref(), address)?)).await?;
    {
        let mut preferences = context.preferences();
        preferences.here = Some(address);
        if everywhere {
            preferences.elsewhere = Some(address);
        }
    }
    find_account(context, address).await
}

/// Calls an account `label`, or nothing.
///
/// # Errors
/// When this home has no such account, the label cannot be shown, or the configuration cannot be written.
pub async fn label_account(context: &Context, address: Address, label: Option<String>) -> Result<Account, Failure> {
    find_account(context, address).await?;
    let (home, wanted) = (context.config().home.clone(), label.clone());
    blocking(move || Ok(config::set_label(&home, address, wanted.as_deref())?)).await?;
    {
        let mut preferences = context.preferences();
        preferences.labels.remove(&address);
        preferences.labels.extend(label.map(|label| (address, label)));
    }
    find_account(context, address).await
}

/// Knows an account whose key is elsewhere.
///
/// # Errors
/// `account-exists`; when the configuration cannot be written.
pub async fn add_signer(context: &Context, address: Address, kind: AccountKind) -> Result<Account, Failure> {
    if let Ok(known) = find_account(context, address).await {
        let message = format!("this home has account {address} already ({})", known.kind.word());
        return Err(Failure::new("account-exists", &message).hint("`daochain account remove` makes room for it"));
    }
    let (home, kept) = (context.config().home.clone(), kind.clone());
    blocking(move || Ok(config::set_signer(&home, address, Some(&kept))?)).await?;
    context.preferences().signers.insert(address, kind);
    welcome(context, address).await
}

/// The accounts that a signer outside this program lets it know.
///
/// # Errors
/// `signer-unreachable`, `signer-refused`.
pub async fn ask_signer(url: &Url) -> Result<Vec<Address>, Failure> {
    Ok(ExternalSigner::new(url)?.accounts().await?)
}

/// The account that is meant among those of a signer.
///
/// # Errors
/// `no-such-account`; `no-account` where it has several and none is named.
pub fn choose_of_signer(known: &[Address], named: Option<Address>) -> Result<Address, Failure> {
    match (known, named) {
        (known, Some(address)) if known.contains(&address) => Ok(address),
        (_, Some(address)) => {
            Err(Failure::new("no-such-account", &format!("the signer tells of no account {address}"))
                .hint("let it list that account, or leave the address out"))
        }
        ([only], None) => Ok(*only),
        ([], None) => Err(Failure::new("no-such-account", "the signer tells of no account")
            .hint("make one in the signer, and let it be listed")),
        (several, None) => {
            let all: Vec<String> = several.iter().map(Address::to_string).collect();
            Err(Failure::new("no-account", &format!("the signer has several accounts: {}", all.join(", ")))
                .hint("name one of them"))
        }
    }
}

/// Who has an account's key, where that can be asked: scheme, host and port, or the socket's path.
#[must_use]
pub fn signer_name(kind: &AccountKind) -> Option<String> {
    match kind {
        AccountKind::Clef(url) => Some(crate::chain::shown_url(url)),
        _ => None,
    }
}

/// Forgets an account whose key is elsewhere. False where its key is here.
///
/// # Errors
/// When the configuration cannot be written.
pub async fn forget_signer(context: &Context, address: Address) -> Result<bool, Failure> {
    if find_account(context, address).await.is_ok_and(|account| account.kind.file().is_some()) {
        return Ok(false);
    }
    if context.preferences().signers.remove(&address).is_none() {
        return Ok(false);
    }
    let home = context.config().home.clone();
    blocking(move || Ok(config::set_signer(&home, address, None)?)).await?;
    Ok(true)
}

/// The account of an address, without its balance.
///
/// # Errors
/// `no-such-account`.
pub async fn find_account(context: &Context, address: Address) -> Result<Account, Failure> {
    let (accounts, _) = own_accounts(context).await?;
    accounts.into_iter().find(|account| account.address == address).ok_or_else(|| {
        Failure::new("no-such-account", &format!("this home has no account {address}"))
            .hint("`daochain account list` shows those it has")
    })
}

/// A new account, which becomes the default where it is alone and the home has none: another keystore's first account is not
/// to take the place of what was chosen.
pub(super) async fn welcome(context: &Context, address: Address) -> Result<Account, Failure> {
    if own_accounts(context).await?.0.len() == 1 {
        let home = context.config().home.clone();
        if blocking(move || Ok(config::set_first_default(&home, address)?)).await? {
            context.preferences().elsewhere = Some(address);
        }
    }
    find_account(context, address).await
}

/// The account that is named, or else the default, or else the only one.
///
/// # Errors
/// `no-account` when there is none or none is the default, `no-such-account` when it is not of this home.
pub async fn choose_account(context: &Context, named: Option<Address>) -> Result<Account, Failure> {
    if let Some(address) = named {
        return find_account(context, address).await;
    }
    let (accounts, _) = own_accounts(context).await?;
    let several = !accounts.is_empty();
    accounts.into_iter().find(|account| account.is_default).ok_or_else(|| {
        if several {
            Failure::new("no-account", "this home has several accounts, and none of them is the default")
                .hint("name one with --account, or choose with `daochain account default ADDRESS`")
        } else {
            Failure::new("no-account", "this home has no account").hint("make one with `daochain account new`")
        }
    })
}

/// Who pays for what somebody else signed: the account that is named, or else the default, or else the only one whose transactions
/// are signed here.
///
/// # Errors
/// `no-account` when none or several of them can, `no-such-account` when the named one is not of this home.
pub async fn choose_payer(context: &Context, named: Option<Address>) -> Result<Account, Failure> {
    if let Some(address) = named {
        return find_account(context, address).await;
    }
    let (mut payers, _) = own_accounts(context).await?;
    payers.retain(|account| account.kind.can_pay());
    let chosen = if payers.len() == 1 { Some(0) } else { payers.iter().position(|account| account.is_default) };
    match chosen {
        Some(chosen) => Ok(payers.swap_remove(chosen)),
        None if payers.is_empty() => {
            Err(Failure::new("no-account", "this home has no account that can pay: the keys of all are elsewhere")
                .hint("make one with `daochain account new`, and fund it"))
        }
        None => {
            let all: Vec<String> = payers.iter().map(|account| account.address.to_string()).collect();
            let message = format!("several accounts can pay, and the default is none of them: {}", all.join(", "));
            Err(Failure::new("no-account", &message).hint("name one of them with --account"))
        }
    }
}

/// What [`fund_account`] gives at once.
#[must_use]
pub fn faucet_amount() -> Wei {
    Wei::from_ether(100)
}

/// Funds an account from the embedded network's faucet, or from the account of this home's own geth. Refused on every other
/// network.
///
/// # Errors
/// `not-dev` on another network; the node's error otherwise.
pub async fn fund_account(context: &Context, address: Address) -> Result<(Account, Stage), Failure> {
    if geth::is_own(context) {
        return fund_from_geth(context, address).await;
    }
    if !context.is_local() {
        let name = &context.config().network.name;
        return Err(Failure::new("not-dev", &format!("network `{name}` has no faucet"))
            .hint("only `--network dev`, the node inside this program, and this home's own geth give ether away"));
    }
    context.store().check_lasting("note what is sent")?;
    let mut account = find_account(context, address).await?;
    let chain = context.chain().await?;
    let key = SigningKey::new(&context.local_node().faucet_key()?)?;
    let action = Action::Transfer { to: address, amount: faucet_amount() };
    let cost = chain.estimate(&action, key.address()).await?;
    let nonce = chain.next_nonce(key.address()).await?;
    let signed = chain.prepare(&action, key.address(), nonce, cost).await?.sign(&key)?;
    chain.broadcast(&signed.raw).await?;
    let stage = follow::settle(context, &chain, signed.hash, key.address(), nonce).await?;
    account.balance = chain.balances(&[address]).await?.first().copied();
    Ok((account, stage))
}

async fn fund_from_geth(context: &Context, address: Address) -> Result<(Account, Stage), Failure> {
    let mut account = find_account(context, address).await?;
    let chain = context.chain().await?;
    let Some(endpoint) = chain.endpoints().first() else {
        return Err(Failure::new("no-endpoint", "this home's geth has no endpoint"));
    };
    let (hash, from, nonce) = endpoint.give(address, faucet_amount()).await?;
    let stage = follow::settle(context, &chain, hash, from, nonce).await?;
    account.balance = chain.balances(&[address]).await?.first().copied();
    Ok((account, stage))
}
