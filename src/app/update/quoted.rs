//! What the dialog makes of a cost.

use crate::{
    app::{
        model::{Dialog, Model},
        msg::Problem,
        sign::{Quote, Sign, Step},
        update::{elsewhere, sign::trouble},
    },
    domain::{Wei, publication::Statement},
};

/// The cost came.
pub(super) fn quoted(model: &mut Model, ticket: u64, result: Result<Box<Quote>, Problem>) {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return };
    if sign.ticket != ticket || sign.step != Step::Estimating {
        return;
    }
    match result {
        Ok(quote) => {
            match sign.answer {
                Some(_) => sign.payer = Some(quote.from),
                None => sign.account = Some(quote.from),
            }
            sign.quote = Some(*quote);
            settle(sign);
        }
        Err(problem) if sign.answer.is_some() && elsewhere::is_answers(&problem) => {
            sign.answer = None;
            sign.step = Step::Carrying;
            sign.problem = Some(problem);
        }
        Err(problem) => {
            sign.step = Step::Stuck;
            sign.problem = Some(problem);
        }
    }
}

/// The passphrase may be typed, or the quote says why not.
pub(super) fn settle(sign: &mut Sign) {
    sign.problem = sign.quote.as_ref().and_then(refusal);
    sign.step = if sign.problem.is_some() { Step::Stuck } else { Step::Ready };
}

/// Why a quote is not worth a passphrase.
fn refusal(quote: &Quote) -> Option<Problem> {
    if quote.is_repetition() {
        return Some(match quote.statement {
            Statement::Release { .. } | Statement::Releases { .. } => {
                let message = "this digest is the current release already: there is nothing to publish";
                let hint = Some("`Ctrl-T` turns to a new version of the same".to_owned());
                Problem { hint, ..trouble("already-published", message) }
            }
            _ => trouble("already-revoked", "all of it is withdrawn already: there is nothing to revoke"),
        });
    }
    if quote.is_covered() {
        return None;
    }
    let hint = if quote.network.local {
        "fund it in the accounts pane with `f`"
    } else {
        "send ether to it first, or lower the gas price with Ctrl-G"
    };
    let most = quote.cost.at_most();
    let short = Wei(most.0.saturating_sub(quote.balance.0));
    let message = format!(
        "the account holds {} ETH on `{}`, and this can cost {} ETH: {} ETH are missing",
        quote.balance.ether(6),
        quote.network.name,
        most.cost(),
        short.cost()
    );
    Some(Problem { hint: Some(hint.to_owned()), ..trouble("not-covered", &message) })
}
