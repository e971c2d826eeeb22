//! Accounts.

use std::time::Duration;

use crate::app::{
    accounts::{Able, IDLE},
    effect::Effect,
    form::Matter,
    model::{Model, Pane, Tone},
    msg::AccountMsg,
    update::{forms, sign, watching},
};

/// How long a selection must rest before anybody is asked about it.
const REST: Duration = Duration::from_millis(150);

pub(super) fn update(model: &mut Model, msg: AccountMsg) -> Vec<Effect> {
    match msg {
        AccountMsg::Listed(result) => {
            model.accounts.asking = false;
            match result {
                Ok(list) => {
                    model.accounts.list = Some(list);
                    model.accounts.problem = None;
                }
                Err(problem) => model.accounts.problem = Some(problem),
            }
            let again = std::mem::take(&mut model.accounts.stale);
            let mut effects = lock_missing(model);
            effects.extend(sign::listed(model));
            if again {
                effects.extend(list(model));
            }
            effects
        }
        AccountMsg::Done { ticket, result } => forms::done(model, ticket, result),
        AccountMsg::DefaultSet(Ok(account)) => {
            model.say_of("default", Tone::Good, format!("{} signs from now on", account.address));
            list(model)
        }
        AccountMsg::Funded(Ok(account)) => {
            model.say_of("funding", Tone::Good, format!("the faucet funded {}", account.address));
            let mut effects = list(model);
            effects.extend(sign::funded(model));
            effects
        }
        AccountMsg::DefaultSet(Err(problem)) => {
            model.say_of("default", Tone::Bad, problem.sentence());
            Vec::new()
        }
        AccountMsg::Funded(Err(problem)) => {
            model.say_of("funding", Tone::Bad, problem.sentence());
            Vec::new()
        }
        AccountMsg::Abilities { account, result } => {
            let cancelled = result.as_ref().is_err_and(crate::app::msg::Problem::is_cancelled);
            if model.accounts.able.account == Some(account) && !cancelled {
                model.accounts.able.result = Some(result);
            }
            Vec::new()
        }
    }
}

/// Asks for the accounts, unless they are on their way: then once more after them.
pub(super) fn list(model: &mut Model) -> Vec<Effect> {
    if std::mem::replace(&mut model.accounts.asking, true) {
        model.accounts.stale = true;
        return Vec::new();
    }
    vec![Effect::ListAccounts]
}

/// Looks up what the selected account may do, while somebody looks at it.
pub(super) fn follow_selection(model: &mut Model) -> Option<Effect> {
    if model.pane != Pane::Accounts {
        return None;
    }
    let selected = model.accounts.selected().map(|account| account.address);
    if selected == model.accounts.able.account {
        return None;
    }
    model.accounts.able = Able { account: selected, result: None };
    Some(Effect::ReadAbilities { account: selected?, after: REST })
}

/// The pane is looked at again: what stood in the way of an answer may be over.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    if matches!(model.accounts.able.result, Some(Err(_))) {
        // Whoever is selected is asked about as after a change of the selection.
        model.accounts.able = Able::default();
        return Vec::new();
    }
    look(model).into_iter().collect()
}

/// A new block may have changed what the account may do that is looked at.
pub(super) fn look(model: &Model) -> Option<Effect> {
    let account = model.accounts.able.account.filter(|_| model.pane == Pane::Accounts)?;
    Some(Effect::ReadAbilities { account, after: REST })
}

/// Opens the form that something is done to the selected account with.
pub(super) fn open(model: &mut Model, matter: Matter) -> Vec<Effect> {
    forms::open(model, matter, None)
}

/// Locks the selected account, or asks for its passphrase to keep it open.
pub(super) fn unlock_or_lock(model: &mut Model) -> Vec<Effect> {
    let Some(account) = model.accounts.selected().map(|account| account.address) else { return Vec::new() };
    let is_watching = model.watching.as_ref().is_some_and(|one| one.watch.account == account && !one.stopping);
    if model.accounts.open.remove(&account).is_none() && !is_watching {
        return open(model, Matter::Unlock(account));
    }
    let end = if is_watching { ", and its watch ends" } else { "" };
    model.say_of("locking", Tone::Good, format!("{account} is locked{end}"));
    let mut effects = vec![Effect::Lock(account)];
    effects.extend(is_watching.then(|| watching::stop(model)).into_iter().flatten());
    effects
}

/// Locks what has been open for as long as was wanted, and everything where nobody pressed a key for a while.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    // A clock that was set back does not keep anything open for longer.
    let is_idle = model.now < model.touched || model.now.since(model.touched) >= IDLE;
    let now = model.now;
    let over: Vec<_> = model.accounts.open.iter().filter(|(_, until)| is_idle || **until <= now).collect();
    let over: Vec<_> = over.into_iter().map(|(account, _)| *account).collect();
    for account in &over {
        model.accounts.open.remove(account);
    }
    if !over.is_empty() {
        let why = if is_idle { ": no key was pressed for two minutes" } else { " again: its time is over" };
        model.say(Tone::Plain, format!("locked{why}"));
    }
    over.into_iter().map(Effect::Lock).collect()
}

/// What was removed meanwhile is not open.
fn lock_missing(model: &mut Model) -> Vec<Effect> {
    let gone = model.accounts.open.keys().filter(|open| model.accounts.get(**open).is_none());
    let gone: Vec<_> = gone.copied().collect();
    for account in &gone {
        model.accounts.open.remove(account);
    }
    gone.into_iter().map(Effect::Lock).collect()
}
