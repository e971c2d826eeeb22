//! `daochain trust discover`

use serde::Serialize;

use super::{
    super::{
        Session, args,
        console::Page,
        human::{Cell, Table},
        progress::{Bar, lasting},
        prompt,
        search::reading,
        verdicts::DigestPart,
    },
    NOBODY, day, list,
};
use crate::{
    domain::{
        Address, Reference, Timestamp,
        discovery::Candidate,
        namespace::Vouching,
        text::clean,
        trust::{Pattern, Role, Rule, TrustPolicy},
    },
    ops::{
        Failure,
        namespace::vouched,
        trust::{add_rule, discover, network, trust_policy},
    },
};

/// `daochain.trust-discover/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    reference: Reference,
    /// Which rule decides now, and why.
    reason: String,
    publishers: Vec<Found>,
    /// A namespace above the reference that could not be asked for whom it vouches, and why.
    unknown: Option<String>,
}

#[derive(Serialize)]
struct Found {
    publisher: Address,
    /// What the policy calls it.
    name: Option<String>,
    /// As what the policy names it for this reference.
    role: Option<Role>,
    version: u32,
    digests: Vec<DigestPart>,
    releases: usize,
    since: Timestamp,
    last: Timestamp,
    revoked: usize,
    retired: Option<String>,
    successor: Option<Address>,
    /// The namespace that vouches for it.
    vouched_by: Option<String>,
    /// Observers of the policy who saw its newest release, and who saw something else.
    observers: Observers,
}

#[derive(Serialize)]
struct Observers {
    same: usize,
    other: usize,
}

/// # Errors
/// When the event index cannot be read; `never-published`, `confirmation-needed`.
pub async fn run(session: &mut Session, args: args::Discover) -> Result<u8, Failure> {
    let policy = trust_policy(&session.context)?;
    let candidates = discover(&session.context, &args.reference, reading(session)).await?;
    let vouching = if candidates.is_empty() {
        Vouching::default()
    } else {
        let bar = Bar::of_seconds(&session.console, &session.token, "asking the namespace");
        lasting(bar, vouched(&session.context, &args.reference)).await
    };
    let found =
        candidates.iter().map(|one| Found::of(one, &candidates, (&policy, &vouching), &args.reference)).collect();
    let document = Document {
        schema: "daochain.trust-discover/1",
        reason: policy.explain(&args.reference),
        reference: args.reference.clone(),
        publishers: found,
        unknown: vouching.unknown().map(|(namespace, cause)| format!("{namespace} could not be asked: {cause}")),
    };
    let name = document.reference.familiar().to_owned();
    if document.publishers.is_empty() {
        session.console.note(&format!("daochain: nobody has published {name} on this network"));
    }
    let Some(pin) = args.pin else {
        session.console.present(&document, |page| document.show(page));
        if !document.publishers.is_empty() && policy.deciding(&args.reference).is_empty() {
            session
                .console
                .note(&format!("`daochain trust discover {name} --pin ADDRESS` lets one of them speak for it"));
        }
        return Ok(if document.publishers.is_empty() { NOBODY } else { 0 });
    };
    let Some(chosen) = document.publishers.iter().find(|one| one.publisher == pin) else {
        let message = format!("{pin} has never published {name} on this network");
        return Err(Failure::new("never-published", &message).hint("`daochain trust add` trusts it all the same"));
    };
    let pattern = args.pattern.unwrap_or_else(|| Pattern::Reference(args.reference.clone()));
    let role = if args.observer { Role::Observer } else { Role::Publisher };
    if !session.globals.yes {
        for line in document.lines() {
            session.console.note(&line);
        }
    }
    let question = format!("Let {} speak as {} for {pattern}?", chosen.publisher, role.word());
    prompt::confirm(session, &question).await?;
    let network = args.about.here.then(|| network(&session.context).to_owned());
    let rule = Rule { role, name: args.name, network, note: args.about.note, ..Rule::new(pattern, pin) };
    let policy = add_rule(&session.context, rule)?;
    list(&mut session.console, &policy, None)?;
    Ok(0)
}

impl Found {
    fn of(
        one: &Candidate,
        all: &[Candidate],
        (policy, vouching): (&TrustPolicy, &Vouching),
        reference: &Reference,
    ) -> Self {
        let rule = policy.deciding(reference).into_iter().find(|rule| rule.publisher == one.publisher);
        let (same, other) = one.observed(all, policy, reference);
        Self {
            publisher: one.publisher,
            name: policy.name_of(one.publisher).map(clean),
            role: rule.map(|rule| rule.role),
            version: one.version,
            digests: one.digests.iter().map(|part| DigestPart::new(part.kind, part.digest)).collect(),
            releases: one.releases,
            since: one.first,
            last: one.last,
            revoked: one.revoked,
            retired: one.retired.clone(),
            successor: one.successor,
            vouched_by: vouching.of(one.publisher).map(|(namespace, _)| namespace.to_string()),
            observers: Observers { same, other },
        }
    }

    /// What else is to be known of it.
    fn remarks(&self) -> String {
        let mut remarks = Vec::new();
        match self.role {
            Some(role) => remarks.push(format!("pinned as {}", role.word())),
            None => remarks.push("not pinned".to_owned()),
        }
        if let Some(reason) = &self.retired {
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            remarks.push(format!("WITHDRAWN{because}"));
        }
        if let Some(heir) = self.successor {
            remarks.push(format!("handed over to {heir}"));
        }
        if self.revoked > 0 {
            remarks.push(format!("{} revoked", self.revoked));
        }
        remarks.join(", ")
    }
}

impl Document {
    fn show(&self, page: &mut Page) {
        page.line(&self.reason);
        if !self.publishers.is_empty() {
            page.table(&self.table());
        }
        if let Some(unknown) = &self.unknown {
            page.line(&format!("nobody is vouched for as far as is known: {unknown}"));
        }
    }

    fn table(&self) -> Table {
        let head = ["PUBLISHER", "NAME", "VERSION", "RELEASES", "SINCE", "LAST", "NAMESPACE", "OBSERVERS", "REMARKS"];
        let mut table = Table::new(&head).right(&[2, 3]);
        for one in &self.publishers {
            let Observers { same, other } = one.observers;
            let observers = if same + other == 0 { String::new() } else { format!("{same} of {}", same + other) };
            let cells: Vec<Cell> = vec![
                one.publisher.to_string().into(),
                one.name.clone().unwrap_or_default().into(),
                one.version.to_string().into(),
                one.releases.to_string().into(),
                day(Some(one.since)).into(),
                day(Some(one.last)).into(),
                if one.vouched_by.is_some() { "vouches" } else { "" }.into(),
                observers.into(),
                one.remarks().into(),
            ];
            table.row(cells);
        }
        table
    }

    /// The same for whoever is asked before something is pinned.
    fn lines(&self) -> Vec<String> {
        let line = |one: &Found| {
            let (releases, since) = (one.releases, day(Some(one.since)));
            let vouched = one.vouched_by.as_deref().map_or_else(String::new, |by| format!(", vouched for by {by}"));
            let (who, version, remarks) = (one.publisher, one.version, one.remarks());
            format!("  {who}  version {version}, {releases} releases since {since}{vouched}, {remarks}")
        };
        self.publishers.iter().map(line).collect()
    }
}
