//! `daochain namespace …`

use serde::Serialize;

use super::{
    Session, args,
    console::{ErrorPart, Page},
    human::{Cell, Role, Table},
    publication::Publication,
    search::reading,
    sending::{self, Task},
    shown,
    verdicts::NetworkPart,
};
use crate::{
    domain::{
        Address, Digest, Namespace, Reference, Timestamp,
        namespace::{Finding, Judged, Standing},
        publication::Authority,
    },
    ops::{
        Failure,
        accounts::{choose_account, list_accounts},
        namespace::{
            Claiming, Examined, StatementPlan, Wish, claimed_by, examine, plan_claim, plan_unclaim, put_statement,
        },
        pack::Step,
        unlock::{Unlocked, needs_passphrase},
    },
};

/// Nobody publishes for it, as far as it shows; or several do.
const UNPROVEN: u8 = 4;
const UNKNOWN: u8 = 1;

/// `daochain.namespace/1`
#[derive(Serialize)]
struct CheckDocument {
    schema: &'static str,
    namespace: Namespace,
    artifact: Reference,
    network: NetworkPart,
    directory: Address,
    conclusion: &'static str,
    publishers: Vec<PublisherPart>,
    /// How many accounts claim it; `null` where that could not be read.
    claimants: Option<u64>,
    /// Why a half could not be read.
    unread: Option<String>,
    problems: Vec<String>,
    checked_at: Timestamp,
}

#[derive(Serialize)]
struct PublisherPart {
    publisher: Address,
    standing: &'static str,
    claimed_at: Option<Timestamp>,
    /// Of a statement that is vouched for, or was.
    expires_at: Option<Timestamp>,
    reason: String,
}

/// `daochain.namespaces/1`
#[derive(Serialize)]
struct ListDocument {
    schema: &'static str,
    claims: Vec<ClaimPart>,
}

#[derive(Serialize)]
struct ClaimPart {
    namespace: Namespace,
    publisher: Address,
    since: Timestamp,
}

/// `daochain.namespace-claim/1`
#[derive(Serialize)]
struct ClaimDocument {
    schema: &'static str,
    namespace: Namespace,
    publisher: Address,
    network: NetworkPart,
    statement: StatementPart,
    /// True where the directory said the same before.
    stands: bool,
    publications: Vec<Publication>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorPart>,
}

#[derive(Serialize)]
struct StatementPart {
    state: &'static str,
    artifact: Reference,
    digest: Option<Digest>,
    expires_at: Option<Timestamp>,
    /// Publishers whose statements stand beside it.
    beside: Vec<Address>,
}

pub async fn run(session: &mut Session, command: args::Namespace) -> Result<u8, Failure> {
    match command {
        args::Namespace::Claim(claim) => run_claim(session, claim).await,
        args::Namespace::Unclaim { namespace, sending } => {
            let account = speaker(session, sending.account).await?;
            take_up(session, &sending, &namespace).await?;
            let plan = plan_unclaim(&session.context, &namespace, account).await?;
            carry_out(session, &sending, (namespace, account), plan).await
        }
        args::Namespace::Check(check) => run_check(session, check).await,
        args::Namespace::List { publisher } => run_list(session, publisher).await,
    }
}

/// The account, whose key must be at hand: it signs a statement as well as a transaction.
async fn speaker(session: &Session, named: Option<Address>) -> Result<Address, Failure> {
    let account = choose_account(&session.context, named).await?.address;
    let is_here = needs_passphrase(&session.context, account).await;
    is_here.map_err(|failure| {
        failure.hint("its key signs the statement and sends the claim: do this where the key is; a contract cannot")
    })?;
    Ok(account)
}

/// Takes up what an earlier run left open, and waits for what it said of the namespace.
async fn take_up(session: &mut Session, sending: &args::Sending, namespace: &Namespace) -> Result<(), Failure> {
    if sending.dry_run {
        return Ok(());
    }
    let mut pending = sending::take_up(session).await?;
    sending::refuse_pending_where(session, &mut pending, |one| one.namespace() == Some(namespace)).await
}

async fn run_claim(session: &mut Session, args: args::Claim) -> Result<u8, Failure> {
    let args::Claim { namespace, expires, replace, sending } = args;
    let publisher = speaker(session, sending.account).await?;
    take_up(session, &sending, &namespace).await?;
    let wish = Wish { namespace, publisher, until: expires, replace };
    let plan = plan_claim(&session.context, &wish).await?;
    carry_out(session, &sending, (wish.namespace, publisher), plan).await
}

/// Shows what is left to be done and what it costs, asks, and does it: the statement first.
async fn carry_out(
    session: &mut Session,
    sending: &args::Sending,
    (namespace, publisher): (Namespace, Address),
    mut plan: Claiming,
) -> Result<u8, Failure> {
    if let (Some(quote), Some(price)) = (&mut plan.quote, sending.max_gas_price) {
        quote.cost = quote.cost.capped(price);
    }
    show(session, &namespace, &plan);
    let Claiming { statement, quote, network, beside } = plan;
    let stands = quote.is_none();
    let mut part =
        StatementPart { state: "left", artifact: namespace.artifact().clone(), digest: None, expires_at: None, beside };
    let is_work = quote.is_some() || matches!(statement, StatementPlan::Push { .. });
    let mut key = None;
    if is_work && !sending.dry_run {
        let question = match &quote {
            Some(quote) => format!("Do this for at most {} ETH?", quote.cost.at_most().cost()),
            None => "Sign the statement and push it?".to_owned(),
        };
        let quotes: Vec<_> = quote.iter().collect();
        key = Some(sending::permit(session, publisher, &quotes, &question).await?);
    }
    put(session, statement, &mut part, key.as_ref()).await?;
    let steps: Vec<Step> = quote.into_iter().map(|quote| Step::Send(Box::new(quote))).collect();
    let (publications, failure) = if sending.dry_run {
        (steps.iter().flat_map(sending::estimated).collect(), None)
    } else {
        let schema = "daochain.namespace-claim/1";
        let task = Task { schema, account: publisher, sending, authority: Authority::Own, again: true };
        sending::send_steps(session, &task, &steps, key.filter(|_| !stands)).await?
    };
    let code = failure.as_ref().map_or(0, |failure| session.console.complain(failure));
    let document = ClaimDocument {
        schema: "daochain.namespace-claim/1",
        namespace,
        publisher,
        network: NetworkPart::from(&network),
        statement: part,
        stands,
        publications,
        error: failure.as_ref().map(ErrorPart::from),
    };
    session.console.present(&document, |page| describe_claim(page, &document));
    Ok(code)
}

/// Puts the statement where it belongs, and notes what became of it.
async fn put(
    session: &mut Session,
    statement: StatementPlan,
    part: &mut StatementPart,
    key: Option<&Unlocked>,
) -> Result<(), Failure> {
    match (statement, key) {
        (StatementPlan::Stands { until, digest }, _) => {
            (part.state, part.digest, part.expires_at) = ("stands", digest, Some(until));
        }
        (StatementPlan::Push { statement, kept }, Some(key)) => {
            part.digest = Some(put_statement(&session.context, &statement, &kept, key).await?);
            (part.state, part.expires_at) = ("pushed", Some(statement.expires_at));
            session.console.note(&format!("the statement stands at {}", part.artifact));
        }
        (StatementPlan::Push { statement, .. }, None) => {
            (part.state, part.expires_at) = ("estimated", Some(statement.expires_at));
        }
        (StatementPlan::Left, _) => {}
    }
    Ok(())
}

fn show(session: &mut Session, namespace: &Namespace, plan: &Claiming) {
    let console = &mut session.console;
    let artifact = namespace.artifact();
    match &plan.statement {
        StatementPlan::Push { statement, .. } => {
            console.note(&format!("sign, and push to {artifact}:"));
            let (publisher, until) = (statement.publisher, statement.expires_at);
            console.note(&format!("  {publisher} publishes for {namespace}, until {until}"));
        }
        StatementPlan::Stands { until, .. } => {
            console.note(&format!("{artifact} holds the account's statement already, good until {until}"));
        }
        StatementPlan::Left => {}
    }
    for other in &plan.beside {
        console.note(&format!("  beside it stays the statement of {other}; --replace leaves it out"));
    }
    match &plan.quote {
        Some(quote) => shown::show_quotes(console, &[quote]),
        None if matches!(plan.statement, StatementPlan::Left) => {
            console.note(&format!("the account claims nothing of {namespace}; nothing is sent"));
        }
        None => console.note(&format!("the account claims {namespace} already; nothing is sent")),
    }
}

fn describe_claim(page: &mut Page, document: &ClaimDocument) {
    for publication in &document.publications {
        publication.describe(page);
    }
    if document.publications.is_empty() {
        page.line(document.namespace.as_str());
    }
    match document.statement.state {
        "left" => page.field(
            "statement",
            format!("what stands at {} shows nothing without a claim", document.statement.artifact),
        ),
        state => page.field("statement", format!("{state} at {}", document.statement.artifact)),
    }
    if let Some(until) = document.statement.expires_at {
        page.field("good until", until);
    }
}

async fn run_check(session: &mut Session, args: args::Check) -> Result<u8, Failure> {
    let watch = reading(session);
    let Examined { place, network, mut judgement, claimants, problems } =
        examine(&session.context, &args.namespace, watch).await?;
    if let Some(publisher) = args.publisher {
        judgement = judgement.about(publisher);
    }
    let finding = judgement.finding();
    let document = CheckDocument {
        schema: "daochain.namespace/1",
        artifact: args.namespace.artifact().clone(),
        namespace: args.namespace,
        network: NetworkPart::from(&network),
        directory: place.directory,
        conclusion: finding.word(),
        publishers: judgement.publishers.iter().map(PublisherPart::from).collect(),
        claimants,
        unread: judgement.unread.clone(),
        problems,
        checked_at: place.now,
    };
    for problem in &document.problems {
        session.console.note(&format!("daochain: {problem}"));
    }
    session.console.present(&document, |page| describe_check(page, &document, finding));
    Ok(match finding {
        Finding::Vouched => 0,
        Finding::Conflicting | Finding::Unproven | Finding::Nobody => UNPROVEN,
        Finding::Unknown => UNKNOWN,
    })
}

fn describe_check(page: &mut Page, document: &CheckDocument, finding: Finding) {
    let namespace = &document.namespace;
    let (role, sentence) = match finding {
        Finding::Vouched => (Role::Good, format!("{namespace} vouches for one publisher")),
        Finding::Conflicting => (
            Role::Caution,
            format!("{namespace} vouches for several publishers: choose, and ask again with --publisher"),
        ),
        Finding::Unproven => (Role::Caution, format!("{namespace} vouches for nobody: no publisher has both halves")),
        Finding::Nobody => (Role::Muted, format!("nobody claims {namespace}, and it names nobody")),
        Finding::Unknown => (Role::Bad, format!("whom {namespace} vouches for cannot be told")),
    };
    page.spans(&[(role, &sentence)]);
    if let Some(cause) = &document.unread {
        page.field("because", cause);
    }
    if document.publishers.is_empty() {
        return;
    }
    let mut table = Table::new(&["PUBLISHER", "STANDING", "WHY"]).gives_way(2);
    for one in &document.publishers {
        let role = match one.standing {
            "vouched" => Role::Good,
            "claim-without-statement" => Role::Muted,
            _ => Role::Caution,
        };
        table.row(vec![one.publisher.to_string().into(), Cell::new(role, one.standing), one.reason.clone().into()]);
    }
    page.table(&table);
}

impl From<&Judged> for PublisherPart {
    fn from(one: &Judged) -> Self {
        Self {
            publisher: one.publisher,
            standing: one.standing.word(),
            claimed_at: one.claimed_at,
            expires_at: match one.standing {
                Standing::Vouched { until: at, .. } | Standing::Expired { at } => Some(at),
                _ => None,
            },
            reason: one.standing.reason(),
        }
    }
}

async fn run_list(session: &mut Session, publisher: Option<Address>) -> Result<u8, Failure> {
    let publishers = match publisher {
        Some(publisher) => vec![publisher],
        None => list_accounts(&session.context).await?.accounts.iter().map(|account| account.address).collect(),
    };
    let watch = reading(session);
    let claims = claimed_by(&session.context, publishers, watch).await?;
    let claims = claims.into_iter().map(|(publisher, namespace, since)| ClaimPart { namespace, publisher, since });
    let document = ListDocument { schema: "daochain.namespaces/1", claims: claims.collect() };
    session.console.present(&document, |page| {
        if document.claims.is_empty() {
            page.line("no namespace is claimed");
            return;
        }
        let mut table = Table::new(&["NAMESPACE", "PUBLISHER", "CLAIMED SINCE"]).gives_way(0);
        for one in &document.claims {
            let cells: Vec<Cell> =
                vec![one.namespace.to_string().into(), one.publisher.to_string().into(), one.since.to_string().into()];
            table.row(cells);
        }
        page.table(&table);
    });
    Ok(0)
}
