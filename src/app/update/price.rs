//! The highest price of one gas, in whose name the account speaks, and what a release carries, as far as the user chooses.

use tui_input::Input;

use crate::{
    app::{
        effect::Effect,
        model::{Dialog, Model},
        msg::{Problem, SecretShape},
        sign::{Quote, Sign, Step},
        update::{
            quoted,
            sign::{self, trouble},
        },
    },
    domain::{
        Address, Wei,
        publication::{Cost, check_annotations},
        text::clean_to,
    },
};

/// Opens the field with the price that is shown. The passphrase is typed again, for another cost.
pub(super) fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return Vec::new() };
    let Some(quote) = &sign.quote else { return Vec::new() };
    sign.price = Input::new(quote.cost.max_gas_price.gwei());
    sign.step = Step::Price;
    sign.problem = None;
    sign.secret = SecretShape::default();
    vec![Effect::ForgetSecret]
}

/// Opens the field of the publisher in whose name the account speaks.
pub(super) fn edit_name(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return Vec::new() };
    sign.name = Input::new(sign.behalf.map(|publisher| publisher.to_string()).unwrap_or_default());
    sign.step = Step::Naming;
    sign.problem = None;
    sign.secret = SecretShape::default();
    vec![Effect::ForgetSecret]
}

/// Enter in that field: asks for the cost in that publisher's name, or says why not.
pub(super) fn accept_name(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    let behalf = match sign.name.value().trim() {
        "" => Ok(None),
        typed => typed.parse::<Address>().map(Some),
    };
    match behalf {
        Ok(behalf) => {
            sign.behalf = behalf.filter(|publisher| Some(*publisher) != sign.account);
            sign::resume(model, sign)
        }
        Err(error) => {
            sign.problem = Some(trouble("usage", &error.to_string()));
            model.dialog = Some(Dialog::Sign(sign));
            Vec::new()
        }
    }
}

/// Opens the field of what the release carries beside its digests.
pub(super) fn edit_annotations(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Sign(sign)) = &mut model.dialog else { return Vec::new() };
    sign.noted = Input::new(sign.annotations.clone());
    sign.step = Step::Noting;
    sign.problem = None;
    sign.secret = SecretShape::default();
    vec![Effect::ForgetSecret]
}

/// Enter in that field: asks for the cost with them, or says why not.
pub(super) fn accept_annotations(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    let typed = sign.noted.value().trim().to_owned();
    match check_annotations(&typed) {
        Ok(()) => {
            sign.annotations = typed;
            sign::resume(model, sign)
        }
        Err(cause) => {
            sign.problem = Some(trouble("usage", &cause));
            model.dialog = Some(Dialog::Sign(sign));
            Vec::new()
        }
    }
}

/// Leaves the field, and what it is about as it was.
pub(super) fn keep(model: &mut Model) -> Vec<Effect> {
    match model.dialog.take_if(|dialog| matches!(dialog, Dialog::Sign(_))) {
        Some(Dialog::Sign(mut sign)) if sign.quote.is_some() => {
            sign.problem = None;
            quoted::settle(&mut sign);
            model.dialog = Some(Dialog::Sign(sign));
            Vec::new()
        }
        Some(Dialog::Sign(sign)) => sign::resume(model, sign),
        _ => Vec::new(),
    }
}

/// Enter in the field: asks for the cost at that price, or says why not.
pub(super) fn accept(model: &mut Model, mut sign: Box<Sign>) -> Vec<Effect> {
    let typed = sign.price.value().trim().to_owned();
    let cap = match (typed.as_str(), &sign.quote) {
        ("", _) | (_, None) => Ok(None),
        (typed, Some(quote)) => price(typed, quote).map(Some),
    };
    match cap {
        Ok(cap) => {
            sign.cap = cap;
            sign::resume(model, sign)
        }
        Err(problem) => {
            sign.problem = Some(problem);
            model.dialog = Some(Dialog::Sign(sign));
            Vec::new()
        }
    }
}

/// A price that the account can pay.
fn price(typed: &str, quote: &Quote) -> Result<Wei, Problem> {
    let Ok(price) = Wei::from_gwei(typed) else {
        let message = format!("`{}` is no price in gwei; one is written as 2 or 2.5", clean_to(typed, 40));
        return Err(trouble("usage", &message));
    };
    if price == Wei::ZERO {
        return Err(trouble("usage", "at a price of nothing no node takes it"));
    }
    let most = Cost { max_gas_price: price, ..quote.cost }.at_most();
    if most > quote.balance {
        let message = format!(
            "at {} gwei this can cost {} ETH, and the account holds {} ETH: enough for {} gwei",
            price.gwei(),
            most.ether(6),
            quote.balance.ether(6),
            quote.cost.affordable(quote.balance).gwei()
        );
        return Err(trouble("not-covered", &message));
    }
    Ok(price)
}
