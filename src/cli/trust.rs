//! `daochain trust`

use serde::Serialize;

use super::{
    Session, args,
    console::Console,
    human::{Cell, Table},
};
use crate::{
    domain::{
        Address, Reference,
        text::clean,
        trust::{Pattern, Role, Rule, TrustPolicy},
    },
    ops::{
        Failure,
        trust::{add_rule, remove_rule, trust_policy},
    },
};

/// Nobody speaks for the reference: what `verify` answers for it, at best.
const NOBODY: u8 = 4;

/// `daochain.trust/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    rules: Vec<RulePart>,
}

#[derive(Serialize)]
struct RulePart {
    pattern: Pattern,
    publisher: Address,
    role: Role,
    name: Option<String>,
}

/// `daochain.trust-check/1`
#[derive(Serialize)]
struct Check<'a> {
    schema: &'static str,
    reference: &'a Reference,
    rule: Option<&'a Pattern>,
    publishers: Vec<Address>,
    reason: String,
}

pub fn run(session: &mut Session, command: args::Trust) -> Result<u8, Failure> {
    let policy = match command {
        args::Trust::Add { pattern, address, observer, name } => {
            let role = if observer { Role::Observer } else { Role::Publisher };
            add_rule(&session.context, Rule { pattern, publisher: address, role, name })?
        }
        args::Trust::Remove { pattern, address } => remove_rule(&session.context, &pattern, address)?,
        args::Trust::List => trust_policy(&session.context)?,
        args::Trust::Check { reference } => {
            let policy = trust_policy(&session.context)?;
            return Ok(check(&mut session.console, &policy, &reference));
        }
    };
    list(&mut session.console, &policy);
    Ok(0)
}

fn list(console: &mut Console, policy: &TrustPolicy) {
    let part = |rule: &Rule| RulePart {
        pattern: rule.pattern.clone(),
        publisher: rule.publisher,
        role: rule.role,
        name: rule.name.as_deref().map(clean),
    };
    let document = Document { schema: "daochain.trust/1", rules: policy.rules.iter().map(part).collect() };
    if document.rules.is_empty() {
        console.note("daochain: there is no trust rule; `daochain trust add PATTERN ADDRESS` makes one");
    }
    console.present(&document, |page| {
        if document.rules.is_empty() {
            return;
        }
        let mut table = Table::new(&["PATTERN", "PUBLISHER", "ROLE", "NAME"]).gives_way(0);
        for rule in &document.rules {
            let cells: Vec<Cell> = vec![
                rule.pattern.to_string().into(),
                rule.publisher.to_string().into(),
                word(rule.role).into(),
                rule.name.clone().unwrap_or_default().into(),
            ];
            table.row(cells);
        }
        page.table(&table);
    });
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Publisher => "publisher",
        Role::Observer => "observer",
    }
}

fn check(console: &mut Console, policy: &TrustPolicy, reference: &Reference) -> u8 {
    let rule = policy.deciding(reference).first().map(|rule| &rule.pattern);
    let publishers: Vec<Address> = policy.publishers(reference).iter().map(|rule| rule.publisher).collect();
    let name = reference.familiar();
    let reason = match (rule, publishers.len()) {
        (None, _) => format!("no rule covers {name}"),
        (Some(pattern), 0) => format!("rule {pattern} decides about {name}, and names observers only"),
        (Some(pattern), 1) => format!("rule {pattern} decides about {name}: one publisher speaks for it"),
        (Some(pattern), many) => format!("rule {pattern} decides about {name}: {many} publishers speak for it"),
    };
    let document = Check { schema: "daochain.trust-check/1", reference, rule, publishers, reason };
    console.present(&document, |page| {
        page.line(&document.reason);
        for publisher in &document.publishers {
            let called = policy.name_of(*publisher).map_or_else(String::new, |called| format!("  {called}"));
            page.line(&format!("  {publisher}{called}"));
        }
    });
    if document.publishers.is_empty() { NOBODY } else { 0 }
}
