//! The trust policy's file.

use crate::{
    domain::Address,
    domain::trust::{Pattern, Rule, TrustPolicy},
    ops::{Context, Failure},
};

/// Reads the policy. No file is an empty policy; a malformed one is an error and never an empty policy.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn trust_policy(context: &Context) -> Result<TrustPolicy, Failure> {
    let _ = context;
    Ok(TrustPolicy::default())
}

/// Adds a rule; the same pattern and publisher again replaces role and name.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add_rule(context: &Context, rule: Rule) -> Result<TrustPolicy, Failure> {
    let _ = (context, rule);
    Err(Failure::cancelled())
}

/// Removes the rules of a pattern: those of `publisher`, or all of them.
///
/// # Errors
/// `no-such-rule` when there is none; when the file cannot be read or written.
pub fn remove_rule(context: &Context, pattern: &Pattern, publisher: Option<Address>) -> Result<TrustPolicy, Failure> {
    let _ = (context, pattern, publisher);
    Err(Failure::cancelled())
}
