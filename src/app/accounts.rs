//! The accounts pane, and the dialog that makes an account.

use crate::{
    app::msg::{AccountList, Problem, SecretShape},
    domain::{Account, Address},
};

/// What is known of the accounts.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// The newest list; `None` before the first.
    pub list: Option<AccountList>,
    /// Why the list could not be read.
    pub problem: Option<Problem>,
    selected: Option<Address>,
    /// A list was asked for and has not come.
    pub asking: bool,
    /// Something changed since it was asked for.
    pub stale: bool,
}

impl Accounts {
    /// The accounts, if they are known.
    #[must_use]
    pub fn all(&self) -> &[Account] {
        self.list.as_ref().map_or(&[], |list| &list.accounts)
    }

    /// The default account, or else the only one.
    #[must_use]
    pub fn default_account(&self) -> Option<&Account> {
        let all = self.all();
        all.iter().find(|account| account.is_default).or_else(|| if all.len() == 1 { all.first() } else { None })
    }

    /// Position of the selected account.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.all().iter().position(|account| Some(account.address) == self.selected).unwrap_or_default()
    }

    /// The selected account.
    #[must_use]
    pub fn selected(&self) -> Option<&Account> {
        self.all().get(self.cursor())
    }

    /// The account with this address.
    #[must_use]
    pub fn get(&self, address: Address) -> Option<&Account> {
        self.all().iter().find(|account| account.address == address)
    }

    /// Selects the account at `position`, or the last.
    pub fn select(&mut self, position: usize) {
        let last = self.all().len().saturating_sub(1);
        self.selected = self.all().get(position.min(last)).map(|account| account.address);
    }

    /// Selects an account by its address.
    pub const fn select_address(&mut self, address: Address) {
        self.selected = Some(address);
    }

    /// The account `step` places away from `from`, around the ends.
    #[must_use]
    pub fn neighbour(&self, from: Option<Address>, step: isize) -> Option<Address> {
        let all = self.all();
        let at = all.iter().position(|account| Some(account.address) == from).unwrap_or_default();
        let count = isize::try_from(all.len()).ok().filter(|count| *count > 0)?;
        let next = (isize::try_from(at).ok()? + step).rem_euclid(count);
        all.get(usize::try_from(next).ok()?).map(|account| account.address)
    }
}

/// The dialog that makes an account: the passphrase, and once more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAccount {
    /// What the two fields hold, as far as the model may know.
    pub secret: SecretShape,
    /// The second field has the focus.
    pub repeating: bool,
    /// The key is being made.
    pub working: bool,
    /// Why it was not made.
    pub problem: Option<String>,
}
