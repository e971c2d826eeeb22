//! Accounts of this home.

use super::context::blocking;
use crate::{
    chain::{Action, SigningKey},
    config,
    domain::{Account, Address, Wei, account::KeyFileProblem, publication::Stage},
    ops::{Context, Failure, Passphrase, publish},
};

/// Every account, with the files that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// With balances where the node answered.
    pub accounts: Vec<Account>,
    /// Files in the keystore that cannot be used.
    pub problems: Vec<KeyFileProblem>,
    /// Why balances are missing.
    pub node: Option<Failure>,
}

/// Lists the accounts. Asks the node for balances; a node that does not answer costs only these.
///
/// # Errors
/// When the keystore folder cannot be read.
pub async fn list_accounts(context: &Context) -> Result<Accounts, Failure> {
    let (mut accounts, problems) = own_accounts(context).await?;
    let node = if accounts.is_empty() { None } else { fill_balances(context, &mut accounts).await.err() };
    Ok(Accounts { accounts, problems, node })
}

async fn own_accounts(context: &Context) -> Result<(Vec<Account>, Vec<KeyFileProblem>), Failure> {
    let (keystore, default) = (context.keystore().clone(), context.default_account());
    blocking(move || {
        let (files, problems) = keystore.list()?;
        let only = files.len() == 1;
        let account = |file: crate::keystore::KeyFile| Account {
            address: file.address,
            is_default: default.map_or(only, |default| default == file.address),
            file: file.file,
            balance: None,
        };
        Ok((files.into_iter().map(account).collect(), problems))
    })
    .await
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
    if passphrase.0.is_empty() {
        return Err(Failure::new(
            "passphrase-empty",
            "the passphrase is empty: anyone who reads the key file could use the key",
        )
        .hint("choose one, or let `--password-file` name a file whose first line is not empty"));
    }
    let keystore = context.keystore().clone();
    let made = blocking(move || Ok(keystore.create(&passphrase.0)?)).await?;
    let (accounts, _) = own_accounts(context).await?;
    if accounts.len() == 1 {
        set_default_account(context, made.address).await
    } else {
        find(context, made.address).await
    }
}

/// Makes `address` the account that is used when none is named.
///
/// # Errors
/// When this home has no such account, or the configuration cannot be written.
pub async fn set_default_account(context: &Context, address: Address) -> Result<Account, Failure> {
    find(context, address).await?;
    let home = context.config().home.clone();
    blocking(move || Ok(config::set_default_account(&home, address)?)).await?;
    context.note_default_account(address);
    find(context, address).await
}

async fn find(context: &Context, address: Address) -> Result<Account, Failure> {
    let (accounts, _) = own_accounts(context).await?;
    accounts.into_iter().find(|account| account.address == address).ok_or_else(|| {
        Failure::new("no-such-account", &format!("this home has no account {address}"))
            .hint("`daochain account list` shows those it has")
    })
}

/// The account that is named, or else the default, or else the only one.
///
/// # Errors
/// `no-account` when there is none or none is the default, `no-such-account` when it is not of this home.
pub async fn choose_account(context: &Context, named: Option<Address>) -> Result<Account, Failure> {
    if let Some(address) = named {
        return find(context, address).await;
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

/// What [`fund_account`] gives at once.
#[must_use]
pub fn faucet_amount() -> Wei {
    Wei::from_ether(100)
}

/// Funds an account from the embedded network's faucet. Refused on every other network.
///
/// # Errors
/// `not-dev` on another network; the node's error otherwise.
pub async fn fund_account(context: &Context, address: Address) -> Result<(Account, Stage), Failure> {
    if !context.is_local() {
        let name = &context.config().network.name;
        return Err(Failure::new("not-dev", &format!("network `{name}` has no faucet"))
            .hint("only `--network dev`, the node inside this program, gives ether away"));
    }
    context.store().check_lasting("note what is sent")?;
    let mut account = find(context, address).await?;
    let chain = context.chain().await?;
    let key = SigningKey::new(&context.local_node().faucet_key()?)?;
    let action = Action::Transfer { to: address, amount: faucet_amount() };
    let cost = chain.estimate(&action, key.address()).await?;
    let nonce = chain.next_nonce(key.address()).await?;
    let signed = chain.prepare(&action, key.address(), nonce, cost).await?.sign(&key)?;
    chain.broadcast(&signed.raw).await?;
    let stage = publish::settle(context, &chain, signed.hash, key.address(), nonce).await?;
    account.balance = chain.balances(&[address]).await?.first().copied();
    Ok((account, stage))
}
