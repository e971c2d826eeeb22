//! Changing the trust policy's file: comments and order stay, and other processes wait.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::{CODE, ConfigError, Home, parse, text_of};
use crate::{
    config::edit::editable,
    domain::{
        Address, Timestamp,
        network::Finality,
        trust::{Demand, Denial, Pattern, Require, Role, Rule, Successions, TrustPolicy},
    },
    store::files::{self, Lock, PATIENCE},
};

pub(super) const RULES: &str = "rule";
pub(super) const DENIALS: &str = "deny";
pub(super) const DEMANDS: &str = "demand";

/// Adds a rule, and gives the policy with it. Of the same pattern, publisher and network what is not said again stays: when it was
/// made, its name, its note.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn add_rule(home: &Home, mut rule: Rule) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let is_same =
            |old: &Rule| old.pattern == rule.pattern && old.publisher == rule.publisher && old.network == rule.network;
        if let Some(old) = now.rules.iter().find(|old| is_same(old)) {
            rule.since = old.since.or(rule.since);
            rule.name = rule.name.or_else(|| old.name.clone());
            rule.note = rule.note.or_else(|| old.note.clone());
        }
        let places = places(&now.rules, is_same);
        put(document, RULES, &places, |table| fill_rule(table, &rule));
        Ok(())
    })
}

/// Removes the rules of a pattern, those of `publisher` or all of them, and gives the policy without them.
///
/// # Errors
/// `no-such-rule`; `trust-ambiguous` where they hold on several networks and `on` does not say which goes; when the file is
/// malformed or cannot be written.
pub fn remove_rule(
    home: &Home,
    pattern: &Pattern,
    publisher: Option<Address>,
    on: &On,
) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let goes = |rule: &Rule| rule.pattern == *pattern && publisher.is_none_or(|own| own == rule.publisher);
        let of = publisher.map_or_else(String::new, |publisher| format!(" and the publisher `{publisher}`"));
        let places = within(&now.rules, (goes, |rule: &Rule| rule.network.clone()), on, pattern)?;
        remove(document, RULES, &places, || ConfigError::NoSuchRule { pattern: pattern.clone(), of })
    })
}

/// On which network an entry holds that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// Wherever, if all of them hold in one place.
    One,
    /// On this network; `None` for those that hold on every one.
    Of(Option<String>),
}

/// Places of the entries that are meant; refused where it is not clear which.
fn within<T>(
    entries: &[T],
    (is_meant, network): (impl Fn(&T) -> bool, impl Fn(&T) -> Option<String>),
    on: &On,
    pattern: &Pattern,
) -> Result<Vec<usize>, ConfigError> {
    let found = places(entries, is_meant);
    let mut networks: Vec<_> = found.iter().filter_map(|place| entries.get(*place)).map(&network).collect();
    networks.sort();
    networks.dedup();
    match on {
        On::One if networks.len() > 1 => {
            let name = |network: Option<String>| network.unwrap_or_else(|| "every network".to_owned());
            let networks = networks.into_iter().map(name).collect::<Vec<_>>().join(", ");
            Err(ConfigError::Ambiguous { pattern: pattern.clone(), networks })
        }
        On::One => Ok(found),
        On::Of(wanted) => {
            let is_there = |place: &usize| entries.get(*place).is_some_and(|entry| network(entry) == *wanted);
            Ok(found.into_iter().filter(is_there).collect())
        }
    }
}

/// Adds a denial; the same pattern and network again replace the rest.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn add_denial(home: &Home, mut denial: Denial) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let is_same = |old: &Denial| old.pattern == denial.pattern && old.network == denial.network;
        if let Some(old) = now.denials.iter().find(|old| is_same(old)) {
            denial.since = old.since.or(denial.since);
        }
        let places = places(&now.denials, is_same);
        put(document, DENIALS, &places, |table| {
            keep_or_set(table, "pattern", denial.pattern.to_string());
            fill_circumstances(table, denial.since, denial.note.as_deref(), denial.network.as_deref());
        });
        Ok(())
    })
}

/// Removes the denials of a pattern.
///
/// # Errors
/// As [`remove_rule`].
pub fn remove_denial(home: &Home, pattern: &Pattern, on: &On) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let goes = |denial: &Denial| denial.pattern == *pattern;
        let places = within(&now.denials, (goes, |denial: &Denial| denial.network.clone()), on, pattern)?;
        let of = " and denies".to_owned();
        remove(document, DENIALS, &places, || ConfigError::NoSuchRule { pattern: pattern.clone(), of })
    })
}

/// States what a pattern demands. What `demand` leaves out stays as it was.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn set_demand(home: &Home, demand: &Demand) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let places = places(&now.demands, |old| old.pattern == demand.pattern && old.network == demand.network);
        put(document, DEMANDS, &places, |table| {
            keep_or_set(table, "pattern", demand.pattern.to_string());
            for (key, stated) in stated(demand) {
                if stated.is_some() {
                    set(table, key, stated);
                }
            }
        });
        Ok(())
    })
}

/// Puts an entry in the place of another, which must be there: what the new one leaves out is gone.
///
/// # Errors
/// `no-such-rule` where another process took the old one away; when the file is malformed or cannot be written.
pub fn replace_rule(home: &Home, old: &Rule, new: &Rule) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let is_of = |rule: &Rule, one: &Rule| {
            rule.pattern == one.pattern && rule.publisher == one.publisher && rule.network == one.network
        };
        let (from, to) = (places(&now.rules, |rule| is_of(rule, old)), places(&now.rules, |rule| is_of(rule, new)));
        let of = format!(" and the publisher `{}`", old.publisher);
        swap(
            document,
            RULES,
            (&from, &to),
            || ConfigError::NoSuchRule { pattern: old.pattern.clone(), of },
            |table| {
                table.remove("since");
                fill_rule(table, new);
            },
        )
    })
}

/// [`replace_rule`], for denials.
///
/// # Errors
/// As [`replace_rule`].
pub fn replace_denial(home: &Home, old: &Denial, new: &Denial) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let is_of = |denial: &Denial, one: &Denial| denial.pattern == one.pattern && denial.network == one.network;
        let (from, to) = (places(&now.denials, |one| is_of(one, old)), places(&now.denials, |one| is_of(one, new)));
        let of = " and denies".to_owned();
        swap(
            document,
            DENIALS,
            (&from, &to),
            || ConfigError::NoSuchRule { pattern: old.pattern.clone(), of },
            |table| {
                keep_or_set(table, "pattern", new.pattern.to_string());
                fill_circumstances(table, new.since, new.note.as_deref(), new.network.as_deref());
            },
        )
    })
}

/// [`replace_rule`], for demands.
///
/// # Errors
/// As [`replace_rule`].
pub fn replace_demand(home: &Home, old: &Demand, new: &Demand) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let is_of = |demand: &Demand, one: &Demand| demand.pattern == one.pattern && demand.network == one.network;
        let (from, to) = (places(&now.demands, |one| is_of(one, old)), places(&now.demands, |one| is_of(one, new)));
        let of = " and demands anything".to_owned();
        swap(
            document,
            DEMANDS,
            (&from, &to),
            || ConfigError::NoSuchRule { pattern: old.pattern.clone(), of },
            |table| {
                keep_or_set(table, "pattern", new.pattern.to_string());
                for (key, stated) in stated(new) {
                    set(table, key, stated);
                }
            },
        )
    })
}

/// Takes the second and further of `from` away, and all of `to` but that one, and fills it anew. Its comments stay.
fn swap(
    document: &mut DocumentMut,
    kind: &str,
    (from, to): (&[usize], &[usize]),
    absent: impl FnOnce() -> ConfigError,
    fill: impl FnOnce(&mut Table),
) -> Result<(), ConfigError> {
    let Some(place) = from.first() else { return Err(absent()) };
    let mut tables = tables_of(document, kind);
    if let Some(table) = tables.get_mut(*place) {
        if !to.contains(place) {
            // Another entry: what tells it from others is written anew.
            for key in ["pattern", "publisher"] {
                table.remove(key);
            }
        }
        fill(table);
    }
    let mut gone: Vec<_> = from.iter().chain(to).filter(|other| *other != place).collect();
    gone.sort_unstable();
    gone.dedup();
    for place in gone.into_iter().rev() {
        tables.remove(*place);
    }
    document.insert(kind, Item::ArrayOfTables(tables));
    Ok(())
}

/// Takes back all that a pattern demands.
///
/// # Errors
/// As [`remove_rule`].
pub fn remove_demand(home: &Home, pattern: &Pattern, on: &On) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let goes = |demand: &Demand| demand.pattern == *pattern;
        let places = within(&now.demands, (goes, |demand: &Demand| demand.network.clone()), on, pattern)?;
        let of = " and demands anything".to_owned();
        remove(document, DEMANDS, &places, || ConfigError::NoSuchRule { pattern: pattern.clone(), of })
    })
}

/// What a demand states, by its keys.
fn stated(demand: &Demand) -> [(&'static str, Option<Value>); 5] {
    let require = demand.require.map(|require| match require {
        Require::Of(number) => Value::from(i64::from(number.get())),
        word @ (Require::Any | Require::All) => Value::from(word.to_string()),
    });
    [
        ("require", require),
        ("finality", demand.finality.map(Finality::word).map(Value::from)),
        ("successions", demand.successions.map(Successions::word).map(Value::from)),
        ("max_age", demand.max_age.map(crate::domain::when::span_text).map(Value::from)),
        ("network", demand.network.as_deref().map(Value::from)),
    ]
}

pub(super) fn places<T>(entries: &[T], is_meant: impl Fn(&T) -> bool) -> Vec<usize> {
    entries.iter().enumerate().filter(|(_, entry)| is_meant(entry)).map(|(place, _)| place).collect()
}

/// Fills the first of the places, or a new table at the end. Of doubled entries the first is kept.
fn put(document: &mut DocumentMut, kind: &str, places: &[usize], fill: impl FnOnce(&mut Table)) {
    let mut tables = tables_of(document, kind);
    // From the end, so that the places of those before stay.
    for place in places.iter().skip(1).rev() {
        tables.remove(*place);
    }
    if let Some(table) = places.first().and_then(|place| tables.get_mut(*place)) {
        fill(table);
    } else {
        let mut table = Table::new();
        fill(&mut table);
        tables.push(table);
    }
    document.insert(kind, Item::ArrayOfTables(tables));
}

fn remove(
    document: &mut DocumentMut,
    kind: &str,
    places: &[usize],
    absent: impl FnOnce() -> ConfigError,
) -> Result<(), ConfigError> {
    if places.is_empty() {
        return Err(absent());
    }
    let mut tables = tables_of(document, kind);
    for place in places.iter().rev() {
        tables.remove(*place);
    }
    if !tables.is_empty() {
        document.insert(kind, Item::ArrayOfTables(tables));
    }
    Ok(())
}

fn fill_rule(table: &mut Table, rule: &Rule) {
    keep_or_set(table, "pattern", rule.pattern.to_string());
    keep_or_set(table, "publisher", rule.publisher.to_string());
    let role = (rule.role != Role::Publisher).then(|| rule.role.word());
    set(table, "role", role.map(Value::from));
    set(table, "name", rule.name.as_deref().map(Value::from));
    fill_circumstances(table, rule.since, rule.note.as_deref(), rule.network.as_deref());
}

fn fill_circumstances(table: &mut Table, since: Option<Timestamp>, note: Option<&str>, network: Option<&str>) {
    if let Some(since) = since {
        keep_or_set(table, "since", since.to_string());
    }
    set(table, "note", note.map(Value::from));
    set(table, "network", network.map(Value::from));
}

/// Sets what tells one entry from another, or never changes: what is there says the same, in the user's form.
fn keep_or_set(table: &mut Table, key: &str, text: String) {
    if !table.contains_key(key) {
        table.insert(key, value(text));
    }
}

/// Sets the key, or takes it away. Its comment stays.
fn set(table: &mut Table, key: &str, new: Option<Value>) {
    match (new, table.get_mut(key).and_then(Item::as_value_mut)) {
        (None, _) => {
            table.remove(key);
        }
        (Some(mut new), Some(old)) => {
            new.decor_mut().clone_from(old.decor());
            *old = new;
        }
        (Some(new), None) => {
            table.insert(key, value(new));
        }
    }
}

/// Reads the file, changes its entries and replaces it whole, while other processes wait. A malformed file is never replaced.
pub(super) fn change(
    home: &Home,
    edit: impl FnOnce(&mut DocumentMut, &TrustPolicy) -> Result<(), ConfigError>,
) -> Result<TrustPolicy, ConfigError> {
    let path = &home.trust_file;
    let _alone = Lock::take(path, PATIENCE).map_err(ConfigError::Unwritable)?;
    let text = text_of(path, CODE)?;
    let now = parse(path, &text)?;
    let mut document = editable(path, CODE, &text)?;
    edit(&mut document, &now)?;
    let text = document.to_string();
    let policy = parse(path, &text)?;
    files::replace(path, text.as_bytes()).map_err(ConfigError::Unwritable)?;
    Ok(policy)
}

/// The entries of a kind as tables, also where the file has them as an inline list.
pub(super) fn tables_of(document: &mut DocumentMut, kind: &str) -> ArrayOfTables {
    let entries = document.remove(kind).unwrap_or_default();
    entries.into_array_of_tables().unwrap_or_default()
}
