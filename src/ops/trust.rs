//! The trust policy's file.

use std::{path::Path, sync::Arc};

use super::{
    context::{blocking, now},
    history::read_history,
    verify::{Judgement, Subject, judge_images},
};
pub use crate::config::On;
use crate::{
    config,
    domain::{
        Address, Digest, Reference,
        digest::DigestKind,
        discovery::Candidate,
        image::{Evidence, KindedDigest},
        notice::Notice,
        progress::Watch,
        publication::Statement,
        text::clean,
        trust::{Demand, Denial, Pattern, Rule, TrustPolicy},
    },
    ops::{Context, Failure},
    store::files,
};

/// The part of the policy that holds on the current network: what images are judged by. No file is an empty policy; a malformed
/// one is an error and never an empty policy.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn trust_policy(context: &Context) -> Result<TrustPolicy, Failure> {
    let policy = whole_policy(context)?;
    context.note(unknown_networks(context, &policy));
    Ok(policy.on(network(context)))
}

/// The policy that one question is answered by: the word of `only` and nobody else's, or the home's own where it is empty.
///
/// # Errors
/// As [`trust_policy`].
pub fn policy_for(context: &Context, only: &[Address]) -> Result<TrustPolicy, Failure> {
    if only.is_empty() { trust_policy(context) } else { Ok(TrustPolicy::only(only)) }
}

/// A misspelt network would let a rule or a denial hold nowhere, in silence.
fn unknown_networks(context: &Context, policy: &TrustPolicy) -> Vec<Notice> {
    let home = &context.config().home;
    let Ok((known, _)) = config::networks(home) else { return Vec::new() };
    let is_known = |name: &str| name == network(context) || known.iter().any(|one| one.name == name);
    let named = policy.networks();
    let strange = named.into_iter().filter(|name| !is_known(name));
    let file = clean(&home.trust_file.display().to_string());
    let told = |name: &str| {
        Notice::new(&format!(
            "`{file}`: there is no network `{}` here, so what is said of it holds nowhere",
            clean(name)
        ))
    };
    strange.map(told).collect()
}

/// The whole policy, for every network.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn whole_policy(context: &Context) -> Result<TrustPolicy, Failure> {
    Ok(config::load_trust(&context.config().home)?)
}

/// The name of the current network, as a rule names it.
#[must_use]
pub fn network(context: &Context) -> &str {
    &context.config().network.name
}

/// Adds a rule, made now; the same pattern, publisher and network again replaces the rest, and keeps when it was made.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add_rule(context: &Context, rule: Rule) -> Result<TrustPolicy, Failure> {
    let rule = Rule { since: rule.since.or_else(|| Some(now())), ..rule };
    Ok(config::add_rule(&context.config().home, rule)?)
}

/// Removes the rules of a pattern: those of `publisher`, or all of them.
///
/// # Errors
/// `no-such-rule` when there is none, `trust-ambiguous` when there are several; when the file cannot be read or written.
pub fn remove_rule(
    context: &Context,
    pattern: &Pattern,
    publisher: Option<Address>,
    on: &On,
) -> Result<TrustPolicy, Failure> {
    Ok(config::remove_rule(&context.config().home, pattern, publisher, on)?)
}

/// Denies a pattern, from now on.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add_denial(context: &Context, denial: Denial) -> Result<TrustPolicy, Failure> {
    let denial = Denial { since: denial.since.or_else(|| Some(now())), ..denial };
    Ok(config::add_denial(&context.config().home, denial)?)
}

/// Removes the denials of a pattern.
///
/// # Errors
/// `no-such-rule` when there is none, `trust-ambiguous` when there are several; when the file cannot be read or written.
pub fn remove_denial(context: &Context, pattern: &Pattern, on: &On) -> Result<TrustPolicy, Failure> {
    Ok(config::remove_denial(&context.config().home, pattern, on)?)
}

/// States what a pattern demands. What `demand` leaves out stays as it was.
///
/// # Errors
/// When the file cannot be read or written.
pub fn set_demand(context: &Context, demand: &Demand) -> Result<TrustPolicy, Failure> {
    Ok(config::set_demand(&context.config().home, demand)?)
}

/// Takes back all that a pattern demands.
///
/// # Errors
/// As [`remove_rule`]; when the file cannot be read or written.
pub fn remove_demand(context: &Context, pattern: &Pattern, on: &On) -> Result<TrustPolicy, Failure> {
    Ok(config::remove_demand(&context.config().home, pattern, on)?)
}

/// Puts a rule in the place of another: what the new one leaves out is gone. Of another pattern or publisher it is made now.
///
/// # Errors
/// `no-such-rule` where the old one is gone; when the file cannot be read or written.
pub fn replace_rule(context: &Context, old: &Rule, new: Rule) -> Result<TrustPolicy, Failure> {
    let is_same = old.pattern == new.pattern && old.publisher == new.publisher;
    let since = old.since.filter(|_| is_same).or_else(|| Some(now()));
    Ok(config::replace_rule(&context.config().home, old, &Rule { since, ..new })?)
}

/// Puts a denial in the place of another.
///
/// # Errors
/// As [`replace_rule`].
pub fn replace_denial(context: &Context, old: &Denial, new: Denial) -> Result<TrustPolicy, Failure> {
    let since = old.since.filter(|_| old.pattern == new.pattern).or_else(|| Some(now()));
    Ok(config::replace_denial(&context.config().home, old, &Denial { since, ..new })?)
}

/// Puts a demand in the place of another.
///
/// # Errors
/// As [`replace_rule`].
pub fn replace_demand(context: &Context, old: &Demand, new: &Demand) -> Result<TrustPolicy, Failure> {
    Ok(config::replace_demand(&context.config().home, old, new)?)
}

/// The file's text, comments and all.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn policy_text(context: &Context) -> Result<String, Failure> {
    Ok(config::trust_text(&context.config().home)?)
}

/// A policy's text from elsewhere, that errors call `from`.
///
/// # Errors
/// `trust-invalid` with line and column.
pub fn read_policy(from: &Path, text: &str) -> Result<TrustPolicy, Failure> {
    Ok(config::read_policy(from, text)?)
}

/// Takes a policy's text over: in place of the whole file, or each of its entries beside those that are there.
///
/// # Errors
/// `trust-invalid` (then nothing is applied); when the file cannot be read or written.
pub fn import_policy(context: &Context, from: &Path, text: &str, replace: bool) -> Result<TrustPolicy, Failure> {
    Ok(config::import_policy(&context.config().home, from, text, replace)?)
}

/// Writes the policy's text to a new file, for its user alone; whole, or not at all. Gives the text's digest.
///
/// # Errors
/// `file-unwritable`, also where something has the name already.
pub async fn export_policy(path: &Path, text: String) -> Result<Digest, Failure> {
    let path = path.to_owned();
    blocking(move || {
        files::create(&path, text.as_bytes()).map_err(|error| {
            Failure::new("file-unwritable", &format!("`{}` cannot be written: {}", path.display(), error.cause()))
                .hint("name a new file in a folder that you can write")
        })?;
        Ok(Digest::of(text.as_bytes()))
    })
    .await
}

/// A release of a policy's text under a name.
#[must_use]
pub fn release_of(reference: Reference, text: &str) -> Statement {
    let digests = vec![KindedDigest { kind: DigestKind::Document, digest: Digest::of(text.as_bytes()) }];
    Statement::Release { reference, digests, amends: 0, annotations: String::new() }
}

/// Judges a policy's text under the name that it was released under.
pub async fn judge_policy(context: &Context, reference: Reference, text: &str, policy: &TrustPolicy) -> Judgement {
    let subject = Subject { image: None, reference, evidence: Evidence::document(text.as_bytes()) };
    judge_images(context, &[subject], policy).await
}

/// Who has published a reference, whoever published first before the others.
///
/// # Errors
/// When the event index cannot be brought up to the chain's head.
pub async fn discover(
    context: &Context,
    reference: &Reference,
    watch: Arc<dyn Watch>,
) -> Result<Vec<Candidate>, Failure> {
    Ok(Candidate::of(&read_history(context, reference, None, watch).await?))
}
