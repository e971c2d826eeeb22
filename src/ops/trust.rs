//! The trust policy's file.

use crate::{
    config,
    domain::{
        Address,
        trust::{Pattern, Rule, TrustPolicy},
    },
    ops::{Context, Failure},
};

/// Reads the policy. No file is an empty policy; a malformed one is an error and never an empty policy.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn trust_policy(context: &Context) -> Result<TrustPolicy, Failure> {
    Ok(config::load_trust(&context.config().home)?)
}

/// Adds a rule; the same pattern and publisher again replaces role and name.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add_rule(context: &Context, rule: Rule) -> Result<TrustPolicy, Failure> {
    Ok(config::add_rule(&context.config().home, rule)?)
}

/// Removes the rules of a pattern: those of `publisher`, or all of them.
///
/// # Errors
/// `no-such-rule` when there is none; when the file cannot be read or written.
pub fn remove_rule(context: &Context, pattern: &Pattern, publisher: Option<Address>) -> Result<TrustPolicy, Failure> {
    Ok(config::remove_rule(&context.config().home, pattern, publisher)?)
}
