//! The dialogs that change the trust policy.

use super::fields::{choice, text};
use crate::{
    app::{
        effect::TrustChange,
        form::{Field, Form, Matter, Name},
        model::Model,
        trust::Entry,
    },
    domain::{
        address::AddressError,
        network::Finality,
        trust::{Demand, Denial, Pattern, PatternError, Require, RequireError, Role, Rule, Successions},
        when,
    },
};

/// The longest age that an observer's word may be allowed, in seconds.
const LONGEST_AGE: u64 = 3650 * 86_400;
/// What a choice says where nothing is stated, and where a rule holds everywhere.
const UNSTATED: &str = "not stated here";
const EVERYWHERE: &str = "every network";

/// What is wrong with a field.
type Wrong = (Name, String);

pub(super) fn fields(model: &Model, matter: Matter) -> Vec<Field> {
    let pattern = || text(Name::Pattern, "acme/api:2, docker.io/acme/*, ghcr.io/**, **");
    let note = || text(Name::Note, "why, or nothing");
    let here = model.network().map(|network| network.name.as_str());
    let network = || choice(Name::Network, &[&[EVERYWHERE][..], here.as_slice()].concat(), 0);
    match matter {
        Matter::Rule => vec![
            pattern(),
            text(Name::Address, "0x…, who speaks for it"),
            choice(Name::Role, &[Role::Publisher.word(), Role::Observer.word()], 0),
            text(Name::Called, "what to call it, or nothing"),
            note(),
            network(),
        ],
        Matter::Deny => vec![pattern(), note(), network()],
        Matter::Demand => {
            let finalities = [UNSTATED, Finality::Safe.word(), Finality::Final.word()];
            let successions = [Successions::Ask, Successions::Never, Successions::Always].map(Successions::word);
            vec![
                pattern(),
                text(Name::Require, "any, all, or how many must agree"),
                choice(Name::Finality, &finalities, 0),
                choice(Name::Successions, &[&[UNSTATED][..], &successions].concat(), 0),
                text(Name::MaxAge, "observers: 30d, 12h"),
                network(),
            ]
        }
        _ => {
            let what = model.trust.selected().map(|entry| format!("{} {}", entry.word(), entry.pattern()));
            vec![choice(Name::What, &[what.as_deref().unwrap_or("nothing")], 0)]
        }
    }
}

/// The change that the form asks for, if its fields hold what they must.
pub(super) fn wanted(form: &Form) -> Result<TrustChange, Wrong> {
    let pattern = || -> Result<Pattern, Wrong> {
        let typed = form.text(Name::Pattern);
        if typed.is_empty() {
            return Err((Name::Pattern, "name an image, or a pattern of names".to_owned()));
        }
        typed.parse().map_err(|error: PatternError| (Name::Pattern, error.to_string()))
    };
    let typed = |name: Name| Some(form.text(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let chosen = |name: Name, nothing: &str| form.option(name).filter(|option| *option != nothing).map(str::to_owned);
    let network = chosen(Name::Network, EVERYWHERE);
    let entry = match form.matter {
        Matter::Rule => {
            let pattern = pattern()?;
            let address = form.text(Name::Address);
            if address.is_empty() {
                return Err((Name::Address, "name who speaks for it".to_owned()));
            }
            let publisher = address.parse().map_err(|error: AddressError| (Name::Address, error.to_string()))?;
            let role = if form.chosen(Name::Role) == 1 { Role::Observer } else { Role::Publisher };
            let (name, note) = (typed(Name::Called), typed(Name::Note));
            Entry::Rule(Rule { role, name, note, network, ..Rule::new(pattern, publisher) })
        }
        Matter::Deny => Entry::Denial(Denial { pattern: pattern()?, since: None, note: typed(Name::Note), network }),
        Matter::Demand => {
            let require: Option<Result<Require, RequireError>> = typed(Name::Require).map(|text| text.parse());
            let require = require.transpose().map_err(|error| (Name::Require, error.to_string()))?;
            let finality = chosen(Name::Finality, UNSTATED).map(|text| when::finality(&text));
            let finality = finality.transpose().map_err(|error| (Name::Finality, error))?;
            let successions = chosen(Name::Successions, UNSTATED).map(|text| text.parse());
            let successions = successions.transpose().map_err(|error| (Name::Successions, error))?;
            let max_age = typed(Name::MaxAge).map(|text| when::span(&text, LONGEST_AGE));
            let max_age = max_age.transpose().map_err(|error| (Name::MaxAge, error))?;
            let demand = Demand { require, finality, successions, max_age, network, ..Demand::new(pattern()?) };
            if demand.is_empty() {
                return Err((Name::Require, "demand something: how many, how settled, how fresh".to_owned()));
            }
            Entry::Demand(demand)
        }
        // Of a removal the form says no more than that it is meant.
        _ => {
            let entry = form.entry.clone().ok_or_else(|| (Name::What, "there is nothing to remove".to_owned()))?;
            return Ok(TrustChange::Remove(Box::new(entry)));
        }
    };
    Ok(match (form.entry.clone(), entry) {
        (Some(old), new) => TrustChange::Replace(Box::new((old, new))),
        (None, Entry::Rule(rule)) => TrustChange::Add(rule),
        (None, Entry::Denial(denial)) => TrustChange::Deny(denial),
        (None, Entry::Demand(demand)) => TrustChange::Demand(demand),
    })
}
