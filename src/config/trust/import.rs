//! A policy as one file, on its way out and in.

use std::path::Path;

use toml_edit::Item;

use super::{
    CODE, ConfigError, Home,
    edit::{DEMANDS, DENIALS, RULES, change, places, tables_of},
    parse, text_of,
};
use crate::{
    config::edit::editable,
    domain::trust::{Rule, TrustPolicy},
    store::files::{self, Lock, PATIENCE},
};

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
