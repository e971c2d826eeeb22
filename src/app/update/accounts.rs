//! Accounts.

use crate::app::{
    accounts::NewAccount,
    effect::Effect,
    model::{Dialog, Model, Tone},
    msg::{AccountMsg, SecretShape},
    sign::Sign,
    update::sign,
};

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
            if again { list(model) } else { Vec::new() }
        }
        AccountMsg::Created(Ok(account)) => {
            model.accounts.select_address(account.address);
            model.say(Tone::Good, format!("made account {}", account.address));
            let back = match model.dialog.take() {
                Some(Dialog::NewAccount(_, back)) => back,
                other => {
                    model.dialog = other;
                    None
                }
            };
            let mut effects = list(model);
            if let Some(mut sign) = back {
                sign.account = Some(account.address);
                effects.extend(sign::resume(model, sign));
            }
            effects
        }
        AccountMsg::Created(Err(problem)) => {
            if let Some(Dialog::NewAccount(new, _)) = &mut model.dialog {
                *new = NewAccount { problem: Some(problem.sentence()), ..NewAccount::default() };
            } else {
                model.say(Tone::Bad, problem.sentence());
            }
            Vec::new()
        }
        AccountMsg::DefaultSet(Ok(account)) => {
            model.say(Tone::Good, format!("{} signs from now on", account.address));
            list(model)
        }
        AccountMsg::Funded(Ok(account)) => {
            model.say(Tone::Good, format!("the faucet funded {}", account.address));
            let mut effects = list(model);
            effects.extend(sign::funded(model));
            effects
        }
        AccountMsg::DefaultSet(Err(problem)) | AccountMsg::Funded(Err(problem)) => {
            model.say(Tone::Bad, problem.sentence());
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

/// Opens the dialog that makes an account.
pub(super) fn open_new(model: &mut Model, back: Option<Box<Sign>>) -> Vec<Effect> {
    model.dialog = Some(Dialog::NewAccount(NewAccount::default(), back));
    vec![Effect::ForgetSecret]
}

/// Goes to the second field, then makes the account.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::NewAccount(new, _)) = &mut model.dialog else { return Vec::new() };
    if new.working {
        return Vec::new();
    }
    let SecretShape { first, again, same } = new.secret;
    new.problem = None;
    match (first, again) {
        (0, _) => {
            new.repeating = false;
            new.problem = Some("a passphrase protects the key; type one".to_owned());
        }
        (_, 0) => new.repeating = true,
        _ if !same => {
            new.repeating = true;
            new.problem = Some("the two differ; type them again".to_owned());
        }
        _ => {
            new.working = true;
            new.secret = SecretShape::default();
            return vec![Effect::CreateAccount];
        }
    }
    Vec::new()
}
