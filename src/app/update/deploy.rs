//! The dialog that deploys the contracts: one after the other, each with its cost, until all stand.

use crate::app::{
    effect::Effect,
    model::Model,
    msg::Problem,
    sign::{Purpose, Sign, Step},
    update::sign::{ask, resume as go_on, stuck, trouble},
};
use crate::domain::account::AccountKind;

/// Opens the dialog.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let account = model.accounts.default_account().or_else(|| model.accounts.all().first());
    let sign = Sign::new(Purpose::Deploy, None, None, account.map(|account| account.address));
    let mut effects = vec![Effect::ForgetSecret];
    effects.extend(go_on(model, Box::new(sign)));
    effects
}

/// Asks for the cost, where nothing waits that does the same.
pub(super) fn resume(model: &mut Model, sign: &mut Sign) -> Vec<Effect> {
    let Some(from) = sign.account else {
        sign.step = Step::NoAccount;
        return Vec::new();
    };
    if model.publications.iter().any(|one| one.word == "deployment" && one.waiting().is_some()) {
        let hint = Some("`+` in the activity pane pays more for it".to_owned());
        let problem = trouble("publication-pending", "a transaction that deploys a contract waits for its block");
        return stuck(sign, Problem { hint, ..problem });
    }
    if matches!(model.accounts.kind(Some(from)), Some(AccountKind::Cold | AccountKind::Contract)) {
        let hint = Some("choose another account with the arrows".to_owned());
        let problem =
            trouble("key-elsewhere", "the account's key is not here, and a deployment is its own transaction");
        return stuck(sign, Problem { hint, ..problem });
    }
    let ticket = ask(model, sign, Step::Estimating);
    vec![Effect::QuoteDeployment { ticket, from, cap: sign.cap }]
}
