//! Accounts of this home.

use crate::{
    domain::{Account, Address, Wei, account::KeyFileProblem, publication::Stage},
    ops::{Context, Failure, Passphrase},
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
    let _ = context;
    Ok(Accounts { accounts: Vec::new(), problems: Vec::new(), node: None })
}

/// Makes a new key, protected by `passphrase`. The first account becomes the default.
///
/// # Errors
/// When the key file cannot be written.
pub async fn create_account(context: &Context, passphrase: Passphrase) -> Result<Account, Failure> {
    let _ = (context, passphrase);
    Err(Failure::cancelled())
}

/// Makes `address` the account that is used when none is named.
///
/// # Errors
/// When this home has no such account, or the configuration cannot be written.
pub async fn set_default_account(context: &Context, address: Address) -> Result<Account, Failure> {
    let _ = (context, address);
    Err(Failure::cancelled())
}

/// The account that is named, or else the default, or else the only one.
///
/// # Errors
/// `no-account` when there is none, `no-such-account` when it is not of this home.
pub async fn choose_account(context: &Context, named: Option<Address>) -> Result<Account, Failure> {
    let _ = (context, named);
    Err(Failure::cancelled())
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
    let _ = (context, address);
    Err(Failure::cancelled())
}
