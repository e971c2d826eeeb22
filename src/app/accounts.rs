//! The accounts pane.

use std::collections::BTreeMap;

use crate::{
    app::msg::{Abilities, AccountList, Problem},
    domain::{Account, Address, Timestamp, account::AccountKind},
};

/// Seconds without a key after which every account is locked.
pub const IDLE: u64 = 120;

/// What the selected account may do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Able {
    /// Whose it is.
    pub account: Option<Address>,
    /// What it is; `None` while it is read.
    pub result: Option<Result<Abilities, Problem>>,
}

/// Rows that an account's facts take at most, beside those of what it may do.
const FACTS: usize = 16;

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
    /// What the selected account may do.
    pub able: Able,
    /// First row shown of the selected account's facts.
    pub top: u16,
    /// Accounts whose keys stay open, and until when.
    pub open: BTreeMap<Address, Timestamp>,
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

    /// Where the account's signatures come from.
    #[must_use]
    pub fn kind(&self, address: Option<Address>) -> Option<&AccountKind> {
        Some(&self.get(address?)?.kind)
    }

    /// Selects the account at `position`, or the last.
    pub fn select(&mut self, position: usize) {
        let last = self.all().len().saturating_sub(1);
        self.selected = self.all().get(position.min(last)).map(|account| account.address);
        self.top = 0;
    }

    /// Until when the account's key stays open.
    #[must_use]
    pub fn open_until(&self, address: Address) -> Option<Timestamp> {
        self.open.get(&address).copied()
    }

    /// Rows that the selected account's facts may take.
    #[must_use]
    pub fn rows(&self) -> usize {
        let told = self.able.result.iter().flatten();
        FACTS + told.map(|one| one.appointments.len() + one.successions.len()).sum::<usize>() * 2
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
