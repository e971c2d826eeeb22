//! The trust policy's file.
//!
//! ```toml
//! [[rule]]
//! pattern = "docker.io/acme/*"
//! publisher = "0x…"
//! role = "publisher"   # or "observer"; publisher without this line
//! name = "Acme"        # what the user calls it
//! ```
//!
//! An unknown key is an error here and not a notice: a misspelt `role` would turn an observer into a publisher.

use std::path::Path;

use serde::Deserialize;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{
    ConfigError, Home,
    edit::editable,
    file::{from_toml, text_of},
};
use crate::{
    domain::{
        Address,
        trust::{Pattern, Role, Rule, TrustPolicy},
    },
    store::files::{self, Lock, PATIENCE},
};

const CODE: &str = "trust-invalid";
const RULES: &str = "rule";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "rule")]
    rules: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    pattern: Pattern,
    publisher: Address,
    #[serde(default)]
    role: Role,
    name: Option<String>,
}

/// Reads the policy. No file is an empty policy; a malformed one is an error and never an empty policy.
///
/// # Errors
/// `trust-invalid` with file, line and cause; `config-unreadable`.
pub fn load_trust(home: &Home) -> Result<TrustPolicy, ConfigError> {
    parse(&home.trust_file, &text_of(&home.trust_file, CODE)?)
}

fn parse(path: &Path, text: &str) -> Result<TrustPolicy, ConfigError> {
    let document: Document = from_toml(path, CODE, text)?;
    let rule = |Entry { pattern, publisher, role, name }| Rule { pattern, publisher, role, name };
    Ok(TrustPolicy { rules: document.rules.into_iter().map(rule).collect() })
}

/// Adds a rule, and gives the policy with it. The same pattern and publisher again replace role and name.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn add_rule(home: &Home, rule: Rule) -> Result<TrustPolicy, ConfigError> {
    change(home, |tables, now| {
        let same = |old: &Rule| old.pattern == rule.pattern && old.publisher == rule.publisher;
        // From the end, so that the places of those before stay: of doubled rules the first is kept.
        let places: Vec<_> =
            now.rules.iter().enumerate().filter(|(_, old)| same(old)).map(|(place, _)| place).collect();
        for place in places.iter().skip(1).rev() {
            tables.remove(*place);
        }
        if let Some(table) = places.first().and_then(|place| tables.get_mut(*place)) {
            fill(table, rule);
        } else {
            let mut table = Table::new();
            fill(&mut table, rule);
            tables.push(table);
        }
        Ok(())
    })
}

fn fill(table: &mut Table, rule: Rule) {
    table.insert("pattern", value(rule.pattern.to_string()));
    table.insert("publisher", value(rule.publisher.to_string()));
    match rule.role {
        Role::Publisher => table.remove("role"),
        Role::Observer => table.insert("role", value("observer")),
    };
    match rule.name {
        None => table.remove("name"),
        Some(name) => table.insert("name", value(name)),
    };
}

/// Removes the rules of a pattern, those of `publisher` or all of them, and gives the policy without them.
///
/// # Errors
/// `no-such-rule`; when the file is malformed or cannot be written.
pub fn remove_rule(home: &Home, pattern: &Pattern, publisher: Option<Address>) -> Result<TrustPolicy, ConfigError> {
    change(home, |tables, now| {
        let goes = |rule: &Rule| rule.pattern == *pattern && publisher.is_none_or(|own| own == rule.publisher);
        let places: Vec<_> =
            now.rules.iter().enumerate().filter(|(_, rule)| goes(rule)).map(|(place, _)| place).collect();
        if places.is_empty() {
            let of = publisher.map_or_else(String::new, |publisher| format!(" and the publisher `{publisher}`"));
            return Err(ConfigError::NoSuchRule { pattern: pattern.clone(), of });
        }
        for place in places.iter().rev() {
            tables.remove(*place);
        }
        Ok(())
    })
}

/// Reads the file, changes its rules and replaces it whole, while other processes wait. A malformed file is never replaced.
fn change(
    home: &Home,
    edit: impl FnOnce(&mut ArrayOfTables, &TrustPolicy) -> Result<(), ConfigError>,
) -> Result<TrustPolicy, ConfigError> {
    let path = &home.trust_file;
    let _alone = Lock::take(path, PATIENCE).map_err(ConfigError::Unwritable)?;
    let text = text_of(path, CODE)?;
    let now = parse(path, &text)?;
    let mut document = editable(path, CODE, &text)?;
    let mut tables = tables_of(&mut document);
    edit(&mut tables, &now)?;
    document.insert(RULES, Item::ArrayOfTables(tables));
    let text = document.to_string();
    let policy = parse(path, &text)?;
    files::replace(path, text.as_bytes()).map_err(ConfigError::Unwritable)?;
    Ok(policy)
}

/// The rules as tables, also where the file has them as an inline list.
fn tables_of(document: &mut DocumentMut) -> ArrayOfTables {
    let rules = document.remove(RULES).unwrap_or_default();
    rules.into_array_of_tables().unwrap_or_default()
}
