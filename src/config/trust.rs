//! The trust policy's file.
//!
//! ```toml
//! [[rule]]
//! pattern = "docker.io/acme/*"
//! publisher = "0x…"
//! role = "publisher"   # or "observer"; publisher without this line
//! name = "Acme"        # what the user calls it
//! since = 2026-11-29   # when the rule was made: a day, a moment, or either as a text
//! note = "told by phone"
//! network = "sepolia"  # on every network without this line
//!
//! [[deny]]             # nobody's word makes these good
//! pattern = "docker.io/acme/legacy:1"
//! note = "abandoned"   # `since` and `network` too
//!
//! [[demand]]           # each is taken from the most specific pattern that states it
//! pattern = "docker.io/**"
//! require = 2          # so many must agree; or "any", "all"
//! finality = "final"   # or "safe": how settled a release's block must be
//! successions = "ask"  # or "never", "always": whether a publisher's successor speaks in its place
//! max_age = "30d"      # an observer's word that is older does not count; `network` too
//! ```
//!
//! An unknown key is an error here and not a notice: a misspelt `role` would turn an observer into a publisher.

mod edit;
mod import;

use std::path::Path;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

pub use edit::{
    On, add_denial, add_rule, remove_demand, remove_denial, remove_rule, replace_demand, replace_denial, replace_rule,
    set_demand,
};
pub use import::{import_policy, read_policy, trust_text};

use super::{
    ConfigError, Home,
    file::{from_toml, malformed, text_of},
};
use crate::domain::{
    Address, Timestamp,
    network::Finality,
    trust::{Demand, Denial, Pattern, Require, Role, Rule, Successions, TrustPolicy},
    when::{self, Until},
};

const CODE: &str = "trust-invalid";
/// The longest age that an observer's word may be allowed, in seconds.
pub const LONGEST_AGE: u64 = 3650 * 86_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "rule")]
    rules: Vec<RuleEntry>,
    #[serde(default, rename = "deny")]
    denials: Vec<DenyEntry>,
    #[serde(default, rename = "demand")]
    demands: Vec<Spanned<DemandEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    pattern: Pattern,
    publisher: Address,
    #[serde(default)]
    role: Role,
    name: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    since: Option<Timestamp>,
    note: Option<String>,
    network: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DenyEntry {
    pattern: Pattern,
    #[serde(default, deserialize_with = "moment")]
    since: Option<Timestamp>,
    note: Option<String>,
    network: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemandEntry {
    pattern: Pattern,
    #[serde(default, deserialize_with = "require")]
    require: Option<Require>,
    #[serde(default, deserialize_with = "finality")]
    finality: Option<Finality>,
    #[serde(default, deserialize_with = "successions")]
    successions: Option<Successions>,
    #[serde(default, deserialize_with = "max_age")]
    max_age: Option<u64>,
    network: Option<String>,
}

/// A day or a moment: TOML's own, or a text of the same form.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(moment) => moment.to_string(),
        _ => String::new(),
    };
    match Until::parse(&text) {
        Ok(Until::At(moment)) => Ok(Some(moment)),
        _ => Err(D::Error::custom("it is a day (2027-01-31) or a moment (RFC 3339)")),
    }
}

fn require<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Require>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    text.parse().map(Some).map_err(D::Error::custom)
}

fn finality<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Finality>, D::Error> {
    let text = String::deserialize(deserializer)?;
    when::finality(&text).map(Some).map_err(D::Error::custom)
}

fn successions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Successions>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

fn max_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    when::span(&String::deserialize(deserializer)?, LONGEST_AGE).map(Some).map_err(D::Error::custom)
}

/// Reads the policy. No file is an empty policy; a malformed one is an error and never an empty policy.
///
/// # Errors
/// `trust-invalid` with file, line, column and cause; `config-unreadable`.
pub fn load_trust(home: &Home) -> Result<TrustPolicy, ConfigError> {
    parse(&home.trust_file, &text_of(&home.trust_file, CODE)?)
}

fn parse(path: &Path, text: &str) -> Result<TrustPolicy, ConfigError> {
    let document: Document = from_toml(path, CODE, text)?;
    let rule = |RuleEntry { pattern, publisher, role, name, since, note, network }| Rule {
        pattern,
        publisher,
        role,
        name,
        since,
        note,
        network,
    };
    let denial = |DenyEntry { pattern, since, note, network }| Denial { pattern, since, note, network };
    let mut demands: Vec<Demand> = Vec::with_capacity(document.demands.len());
    for entry in document.demands {
        let span = entry.span();
        let DemandEntry { pattern, require, finality, successions, max_age, network } = entry.into_inner();
        if demands.iter().any(|other| other.pattern == pattern && other.network == network) {
            let cause = format!("there is a demand with the pattern `{pattern}` already; write both as one");
            return Err(malformed(path, CODE, text, Some(span), &cause));
        }
        demands.push(Demand { pattern, require, finality, successions, max_age, network });
    }
    Ok(TrustPolicy {
        rules: document.rules.into_iter().map(rule).collect(),
        denials: document.denials.into_iter().map(denial).collect(),
        demands,
    })
}
