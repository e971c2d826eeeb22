//! `daochain trust`

mod carried;
mod discover;

use serde::Serialize;

use super::{
    Session, args,
    console::Console,
    human::{Cell, Table},
    template::Template,
};
use crate::{
    domain::{
        Address, Reference, Timestamp,
        network::Finality,
        text::clean,
        trust::{Decision, Demand, Denial, Pattern, Role, Rule, TrustPolicy},
        when,
    },
    ops::{
        Failure,
        trust::{
            On, add_denial, add_rule, network, remove_demand, remove_denial, remove_rule, set_demand, trust_policy,
            whole_policy,
        },
    },
};

/// Nobody speaks for the reference: what `verify` answers for it, at best.
const NOBODY: u8 = 4;

/// `daochain.trust/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    rules: Vec<RulePart>,
    denials: Vec<DenialPart>,
    demands: Vec<DemandPart>,
}

#[derive(Serialize)]
struct RulePart {
    pattern: Pattern,
    publisher: Address,
    role: Role,
    name: Option<String>,
    since: Option<Timestamp>,
    note: Option<String>,
    network: Option<String>,
}

#[derive(Serialize)]
struct DenialPart {
    pattern: Pattern,
    since: Option<Timestamp>,
    note: Option<String>,
    network: Option<String>,
}

#[derive(Serialize)]
struct DemandPart {
    pattern: Pattern,
    /// `any`, `all` or a number.
    require: Option<String>,
    finality: Option<Finality>,
    successions: Option<&'static str>,
    /// In seconds.
    max_age: Option<u64>,
    network: Option<String>,
}

/// `daochain.trust-check/1`
#[derive(Serialize)]
struct Check<'a> {
    schema: &'static str,
    reference: &'a Reference,
    /// The pattern that decides.
    rule: Option<&'a Pattern>,
    denied: bool,
    publishers: Vec<Address>,
    observers: Vec<Address>,
    /// How many must agree, where more is demanded than a publisher's word.
    require: Option<String>,
    finality: Option<Finality>,
    successions: &'static str,
    /// In seconds.
    max_age: Option<u64>,
    reason: String,
}

/// # Errors
/// As each of them.
pub async fn run(session: &mut Session, command: args::Trust) -> Result<u8, Failure> {
    let context = session.context.clone();
    let here = |about: &args::AboutRule| about.here.then(|| network(&context).to_owned());
    let policy = match command {
        args::Trust::Add { pattern, address, observer, name, about } => {
            let role = if observer { Role::Observer } else { Role::Publisher };
            let network = here(&about);
            let rule = Rule { role, name, network, note: about.note, ..Rule::new(pattern, address) };
            add_rule(&session.context, rule)?
        }
        args::Trust::Deny { pattern, about } => {
            let denial = Denial { pattern, network: here(&about), note: about.note, since: None };
            add_denial(&session.context, denial)?
        }
        args::Trust::Demand(demand) => {
            let args::Demand { pattern, require, finality, successions, max_age, here } = demand;
            let network = here.then(|| network(&session.context).to_owned());
            set_demand(&session.context, &Demand { pattern, require, finality, successions, max_age, network })?
        }
        args::Trust::Remove { pattern, address, denial, demands, here, everywhere } => {
            let on = match (here, everywhere) {
                (true, _) => On::Of(Some(network(&session.context).to_owned())),
                (_, true) => On::Of(None),
                _ => On::One,
            };
            match (denial, demands) {
                (true, _) => remove_denial(&session.context, &pattern, &on)?,
                (_, true) => remove_demand(&session.context, &pattern, &on)?,
                _ => remove_rule(&session.context, &pattern, address, &on)?,
            }
        }
        args::Trust::List(layout) => {
            list(&mut session.console, &whole_policy(&session.context)?, layout.format.as_ref())?;
            return Ok(0);
        }
        args::Trust::Check { reference } => {
            let policy = trust_policy(&session.context)?;
            return Ok(check(&mut session.console, &policy, &reference));
        }
        args::Trust::Discover(discover) => return discover::run(session, discover).await,
        args::Trust::Export { out } => return carried::export(session, out.as_deref()).await,
        args::Trust::Import { file, replace, verify, publisher } => {
            let wanted = verify.map(|reference| (reference, publisher));
            match carried::import(session, &file, replace, wanted).await? {
                Ok(policy) => policy,
                Err(code) => return Ok(code),
            }
        }
        args::Trust::Publish { reference, file, sending, elsewhere } => {
            return carried::publish(session, reference, file.as_deref(), (&sending, &elsewhere)).await;
        }
    };
    list(&mut session.console, &policy, None)?;
    Ok(0)
}

fn list(console: &mut Console, policy: &TrustPolicy, format: Option<&Template>) -> Result<(), Failure> {
    let document = Document::of(policy);
    if policy.is_empty() {
        console.note("daochain: there is no trust rule; `daochain trust add PATTERN ADDRESS` makes one");
    }
    console.list(&document, &document.rules, format, |page| {
        let tables = [document.rule_table(), document.denial_table(), document.demand_table()];
        for (at, table) in tables.iter().flatten().enumerate() {
            if at > 0 {
                page.line("");
            }
            page.table(table);
        }
    })
}

impl Document {
    fn of(policy: &TrustPolicy) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(clean);
        let rule = |rule: &Rule| RulePart {
            pattern: rule.pattern.clone(),
            publisher: rule.publisher,
            role: rule.role,
            name: text(&rule.name),
            since: rule.since,
            note: text(&rule.note),
            network: text(&rule.network),
        };
        let denial = |denial: &Denial| DenialPart {
            pattern: denial.pattern.clone(),
            since: denial.since,
            note: text(&denial.note),
            network: text(&denial.network),
        };
        let demand = |demand: &Demand| DemandPart {
            pattern: demand.pattern.clone(),
            require: demand.require.map(|require| require.to_string()),
            finality: demand.finality,
            successions: demand.successions.map(crate::domain::trust::Successions::word),
            max_age: demand.max_age,
            network: text(&demand.network),
        };
        Self {
            schema: "daochain.trust/1",
            rules: policy.rules.iter().map(rule).collect(),
            denials: policy.denials.iter().map(denial).collect(),
            demands: policy.demands.iter().map(demand).collect(),
        }
    }

    fn rule_table(&self) -> Option<Table> {
        if self.rules.is_empty() {
            return None;
        }
        let mut table = Table::new(&["PATTERN", "PUBLISHER", "ROLE", "NAME", "SINCE", "NETWORK", "NOTE"]).gives_way(0);
        for rule in &self.rules {
            let cells: Vec<Cell> = vec![
                rule.pattern.to_string().into(),
                rule.publisher.to_string().into(),
                rule.role.word().into(),
                rule.name.clone().unwrap_or_default().into(),
                day(rule.since).into(),
                rule.network.clone().unwrap_or_else(|| "every".to_owned()).into(),
                rule.note.clone().unwrap_or_default().into(),
            ];
            table.row(cells);
        }
        Some(table)
    }

    fn denial_table(&self) -> Option<Table> {
        if self.denials.is_empty() {
            return None;
        }
        let mut table = Table::new(&["DENIED", "SINCE", "NETWORK", "NOTE"]).gives_way(0);
        for denial in &self.denials {
            let cells: Vec<Cell> = vec![
                denial.pattern.to_string().into(),
                day(denial.since).into(),
                denial.network.clone().unwrap_or_else(|| "every".to_owned()).into(),
                denial.note.clone().unwrap_or_default().into(),
            ];
            table.row(cells);
        }
        Some(table)
    }

    fn demand_table(&self) -> Option<Table> {
        if self.demands.is_empty() {
            return None;
        }
        let mut table =
            Table::new(&["DEMANDED FOR", "REQUIRE", "FINALITY", "SUCCESSIONS", "MAX AGE", "NETWORK"]).gives_way(0);
        for demand in &self.demands {
            let cells: Vec<Cell> = vec![
                demand.pattern.to_string().into(),
                demand.require.clone().unwrap_or_default().into(),
                demand.finality.map_or("", Finality::word).into(),
                demand.successions.unwrap_or_default().into(),
                demand.max_age.map(when::span_text).unwrap_or_default().into(),
                demand.network.clone().unwrap_or_else(|| "every".to_owned()).into(),
            ];
            table.row(cells);
        }
        Some(table)
    }
}

/// The day of a moment; nothing of none.
fn day(moment: Option<Timestamp>) -> String {
    moment.map(|moment| moment.to_string().split('T').next().unwrap_or_default().to_owned()).unwrap_or_default()
}

fn check(console: &mut Console, policy: &TrustPolicy, reference: &Reference) -> u8 {
    let addresses = |role| policy.speakers(reference, role).iter().map(|rule| rule.publisher).collect::<Vec<_>>();
    let (publishers, observers) = (addresses(Role::Publisher), addresses(Role::Observer));
    let demands = policy.demands(reference);
    let decision = policy.decision(reference);
    let rule = match &decision {
        Decision::Nobody => None,
        Decision::Denied(denial) => Some(&denial.pattern),
        Decision::Rules(rules) => rules.first().map(|rule| &rule.pattern),
    };
    let document = Check {
        schema: "daochain.trust-check/1",
        reference,
        rule,
        denied: matches!(decision, Decision::Denied(_)),
        require: demands.require.map(|require| require.to_string()),
        finality: demands.finality,
        successions: demands.successions.word(),
        max_age: demands.max_age,
        reason: policy.explain(reference),
        publishers,
        observers,
    };
    let decides = !document.publishers.is_empty() || (!document.observers.is_empty() && demands.require.is_some());
    console.present(&document, |page| {
        page.line(&document.reason);
        for rule in policy.deciding(reference) {
            let called = rule.name.as_deref().map_or_else(String::new, |called| format!("  {}", clean(called)));
            let note = rule.note.as_deref().map_or_else(String::new, |note| format!("  ({})", clean(note)));
            page.line(&format!("  {:<9}  {}{called}{note}", rule.role.word(), rule.publisher));
        }
    });
    if decides { 0 } else { NOBODY }
}
