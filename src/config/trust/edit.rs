//! Changing the trust policy's file: comments and order stay, and other processes wait.

use std::path::Path;

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

const RULES: &str = "rule";
const DENIALS: &str = "deny";
const DEMANDS: &str = "demand";

/// Adds a rule, and gives the policy with it. The same pattern, publisher and network again replace the rest, and keep when it
/// was made.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn add_rule(home: &Home, mut rule: Rule) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let is_same =
            |old: &Rule| old.pattern == rule.pattern && old.publisher == rule.publisher && old.network == rule.network;
        if let Some(old) = now.rules.iter().find(|old| is_same(old)) {
            rule.since = old.since.or(rule.since);
        }
        let places = places(&now.rules, is_same);
        put(document, RULES, &places, |table| fill_rule(table, &rule));
        Ok(())
    })
}

/// Removes the rules of a pattern, those of `publisher` or all of them, and gives the policy without them.
///
/// # Errors
/// `no-such-rule`; when the file is malformed or cannot be written.
pub fn remove_rule(home: &Home, pattern: &Pattern, publisher: Option<Address>) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let goes = |rule: &Rule| rule.pattern == *pattern && publisher.is_none_or(|own| own == rule.publisher);
        let of = publisher.map_or_else(String::new, |publisher| format!(" and the publisher `{publisher}`"));
        remove(document, RULES, &places(&now.rules, goes), || ConfigError::NoSuchRule { pattern: pattern.clone(), of })
    })
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
/// `no-such-rule`; when the file is malformed or cannot be written.
pub fn remove_denial(home: &Home, pattern: &Pattern) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let places = places(&now.denials, |denial| denial.pattern == *pattern);
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
            let require = demand.require.map(|require| match require {
                Require::Of(number) => Value::from(i64::from(number.get())),
                word @ (Require::Any | Require::All) => Value::from(word.to_string()),
            });
            let stated = [
                ("require", require),
                ("finality", demand.finality.map(Finality::word).map(Value::from)),
                ("successions", demand.successions.map(Successions::word).map(Value::from)),
                ("max_age", demand.max_age.map(crate::domain::when::span_text).map(Value::from)),
                ("network", demand.network.as_deref().map(Value::from)),
            ];
            for (key, stated) in stated {
                if stated.is_some() {
                    set(table, key, stated);
                }
            }
        });
        Ok(())
    })
}

/// Takes back all that a pattern demands.
///
/// # Errors
/// `no-such-rule`; when the file is malformed or cannot be written.
pub fn remove_demand(home: &Home, pattern: &Pattern) -> Result<TrustPolicy, ConfigError> {
    change(home, |document, now| {
        let places = places(&now.demands, |demand| demand.pattern == *pattern);
        let of = " and demands anything".to_owned();
        remove(document, DEMANDS, &places, || ConfigError::NoSuchRule { pattern: pattern.clone(), of })
    })
}

/// The file's text as it is, checked: what an export writes.
///
/// # Errors
/// When the file is malformed or cannot be read.
pub fn trust_text(home: &Home) -> Result<String, ConfigError> {
    let text = text_of(&home.trust_file, CODE)?;
    parse(&home.trust_file, &text)?;
    Ok(text)
}

/// A policy's text from elsewhere; `from` is what errors call it.
///
/// # Errors
/// `trust-invalid` with line, column and cause.
pub fn read_policy(from: &Path, text: &str) -> Result<TrustPolicy, ConfigError> {
    parse(from, text)
}

/// Takes a policy's text over: in place of the whole file, comments and all, or each of its entries beside those that are there.
/// Of two with one pattern (and publisher) the imported one stays.
///
/// # Errors
/// When either is malformed (then nothing is applied), or the file cannot be written.
pub fn import_policy(home: &Home, from: &Path, text: &str, replace: bool) -> Result<TrustPolicy, ConfigError> {
    let policy = parse(from, text)?;
    let path = &home.trust_file;
    if replace {
        let _alone = Lock::take(path, PATIENCE).map_err(ConfigError::Unwritable)?;
        files::replace(path, text.as_bytes()).map_err(ConfigError::Unwritable)?;
        return Ok(policy);
    }
    change(home, |document, now| {
        let mut theirs = editable(from, CODE, text)?;
        let mut merge = |kind: &str, stays: Vec<usize>| {
            let (mut ours, theirs) = (tables_of(document, kind), tables_of(&mut theirs, kind));
            for place in stays.iter().rev() {
                ours.remove(*place);
            }
            for mut table in theirs {
                // Its place in the other file means nothing here.
                table.set_position(None);
                ours.push(table);
            }
            if !ours.is_empty() {
                document.insert(kind, Item::ArrayOfTables(ours));
            }
        };
        merge(
            RULES,
            places(&now.rules, |old| {
                let is_same = |new: &Rule| {
                    new.pattern == old.pattern && new.publisher == old.publisher && new.network == old.network
                };
                policy.rules.iter().any(is_same)
            }),
        );
        merge(
            DENIALS,
            places(&now.denials, |old| {
                policy.denials.iter().any(|new| new.pattern == old.pattern && new.network == old.network)
            }),
        );
        merge(
            DEMANDS,
            places(&now.demands, |old| {
                policy.demands.iter().any(|new| new.pattern == old.pattern && new.network == old.network)
            }),
        );
        Ok(())
    })
}

fn places<T>(entries: &[T], is_meant: impl Fn(&T) -> bool) -> Vec<usize> {
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
fn change(
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
fn tables_of(document: &mut DocumentMut, kind: &str) -> ArrayOfTables {
    let entries = document.remove(kind).unwrap_or_default();
    entries.into_array_of_tables().unwrap_or_default()
}
