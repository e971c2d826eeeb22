//! `daochain delegate …`, `daochain succession …`, `daochain retire`

use serde::Serialize;

use super::{
    Session, args,
    args::About,
    console::Page,
    human::{Cell, Role, Table},
    search::reading,
    sending::{self, Task},
};
use crate::{
    domain::{
        Address, Reference, Timestamp,
        appointment::{Appointment, Scope, Succession},
        publication::{Authority, Statement},
    },
    ops::{
        Failure,
        accounts::choose_account,
        appointments::{appointments, quote_personal, successions},
        now,
        pack::Step,
        unlock::needs_passphrase,
    },
};

/// `daochain.delegates/1`
#[derive(Serialize)]
struct Appointed {
    schema: &'static str,
    account: Address,
    delegates: Vec<AppointmentPart>,
}

/// One appointment.
#[derive(Debug, Clone, Serialize)]
pub struct AppointmentPart {
    publisher: Address,
    delegate: Address,
    /// `null` for every name, and for one that is not known here.
    reference: Option<Reference>,
    everything: bool,
    /// `null` when it was taken back.
    until: Option<Timestamp>,
    current: bool,
}

/// `daochain.successions/1`
#[derive(Serialize)]
struct HandedOver {
    schema: &'static str,
    account: Address,
    successions: Vec<SuccessionPart>,
}

#[derive(Serialize)]
struct SuccessionPart {
    publisher: Address,
    successor: Address,
    reference: Option<Reference>,
    everything: bool,
    accepted: bool,
    at: Timestamp,
}

/// `daochain delegate …`
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn run_delegate(session: &mut Session, command: args::Delegate) -> Result<u8, Failure> {
    match command {
        args::Delegate::Add { delegate, about, until, sending } => {
            let at = now();
            let expiry = until.moment(at);
            // The contract takes the moment zero for taking it back.
            if expiry <= at {
                let message = format!("the appointment would have ended at {expiry}, which is past");
                return Err(Failure::new("usage", &message)
                    .hint("name a moment to come; `delegate remove` takes an appointment back"));
            }
            let statement = Statement::Delegation { reference: about.reference, delegate, expiry };
            say(session, "daochain.delegate/1", &sending, statement).await
        }
        args::Delegate::Remove { delegate, about, sending } => {
            let statement = Statement::Delegation { reference: about.reference, delegate, expiry: Timestamp(0) };
            say(session, "daochain.delegate/1", &sending, statement).await
        }
        args::Delegate::List { account } => {
            let account = whose(session, account).await?;
            let found = appointments(&session.context, account, reading(session)).await?;
            let document = Appointed {
                schema: "daochain.delegates/1",
                account,
                delegates: found.iter().map(AppointmentPart::from).collect(),
            };
            session.console.present(&document, |page| describe_appointments(page, account, &found));
            Ok(0)
        }
    }
}

/// `daochain succession …`
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn run_succession(session: &mut Session, command: args::Succession) -> Result<u8, Failure> {
    const SCHEMA: &str = "daochain.succession/1";
    match command {
        args::Succession::Offer { successor, about, sending } => {
            let statement = Statement::SuccessionOffer { reference: about.reference, successor: Some(successor) };
            say(session, SCHEMA, &sending, statement).await
        }
        args::Succession::Withdraw { about, sending } => {
            let statement = Statement::SuccessionOffer { reference: about.reference, successor: None };
            say(session, SCHEMA, &sending, statement).await
        }
        args::Succession::Accept { publisher, about, sending } => {
            session
                .console
                .note("Taking over is final. Verifiers are told of it, and follow only when they choose to.");
            let statement = Statement::SuccessionAcceptance { reference: about.reference, publisher };
            say(session, SCHEMA, &sending, statement).await
        }
        args::Succession::Show { account } => {
            let account = whose(session, account).await?;
            let found = successions(&session.context, account, reading(session)).await?;
            let document = HandedOver {
                schema: "daochain.successions/1",
                account,
                successions: found.iter().map(SuccessionPart::from).collect(),
            };
            session.console.present(&document, |page| describe_successions(page, account, &found));
            Ok(0)
        }
    }
}

/// `daochain retire`
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn run_retire(session: &mut Session, args: args::Retire) -> Result<u8, Failure> {
    session.console.note("Retiring is final: nothing of the account under that name can be verified any more.");
    let About { reference, .. } = args.about;
    let statement = Statement::Retirement { reference, reason: args.reason };
    say(session, "daochain.retire/1", &args.sending, statement).await
}

async fn whose(session: &Session, named: Option<Address>) -> Result<Address, Failure> {
    match named {
        Some(address) => Ok(address),
        None => Ok(choose_account(&session.context, None).await?.address),
    }
}

/// Sends what only the account itself can say.
async fn say(
    session: &mut Session,
    schema: &'static str,
    sending: &args::Sending,
    statement: Statement,
) -> Result<u8, Failure> {
    let account = choose_account(&session.context, sending.account).await?.address;
    let is_here = needs_passphrase(&session.context, account).await;
    is_here.map_err(|failure| failure.hint("only its own transaction can say this: send it where the key is"))?;
    let mut pending = if sending.dry_run { Vec::new() } else { sending::take_up(session).await? };
    if let Some(reference) = statement.reference() {
        sending::refuse_pending(session, &mut pending, reference).await?;
    }
    let quote = quote_personal(&session.context, statement, account).await?;
    let network = quote.network.clone();
    let task = Task { schema, account, sending, authority: Authority::Own, again: true };
    sending::send_steps_of(session, &task, vec![Step::Send(Box::new(quote))], &network).await
}

impl AppointmentPart {
    /// Who may do what for whom.
    #[must_use]
    pub fn sentence(&self) -> String {
        let under = match &self.reference {
            Some(reference) => reference.familiar(),
            None if self.everything => "every name",
            None => "a name that is not known here",
        };
        let until = self.until.map_or_else(String::new, |until| format!(", until {until}"));
        format!("{} may publish {under} for {}{until}", self.delegate, self.publisher)
    }
}

impl From<&Appointment> for AppointmentPart {
    fn from(one: &Appointment) -> Self {
        Self {
            publisher: one.publisher,
            delegate: one.delegate,
            reference: one.scope.reference().cloned(),
            everything: one.scope == Scope::Everything,
            until: one.until,
            current: one.is_current,
        }
    }
}

impl From<&Succession> for SuccessionPart {
    fn from(one: &Succession) -> Self {
        Self {
            publisher: one.publisher,
            successor: one.successor,
            reference: one.scope.reference().cloned(),
            everything: one.scope == Scope::Everything,
            accepted: one.accepted,
            at: one.at,
        }
    }
}

fn describe_appointments(page: &mut Page, account: Address, found: &[Appointment]) {
    if found.is_empty() {
        page.line(&format!("{account} appointed nobody, and nobody appointed it"));
        return;
    }
    let mut table = Table::new(&["DELEGATE", "FOR", "UNDER", "UNTIL", ""]);
    for one in found {
        let until = one.until.map_or_else(|| "taken back".to_owned(), |until| until.to_string());
        let (role, state) = if one.is_current { (Role::Good, "current") } else { (Role::Muted, "ended") };
        table.row(vec![
            one.delegate.to_string().into(),
            one.publisher.to_string().into(),
            one.scope.to_string().into(),
            until.into(),
            Cell::new(role, state),
        ]);
    }
    page.table(&table);
}

fn describe_successions(page: &mut Page, account: Address, found: &[Succession]) {
    if found.is_empty() {
        page.line(&format!("{account} offered nothing, and nothing was offered to it"));
        return;
    }
    let mut table = Table::new(&["FROM", "TO", "WHAT", "SINCE", ""]);
    for one in found {
        let (role, state) = if one.accepted { (Role::Strong, "taken over") } else { (Role::Caution, "offered") };
        table.row(vec![
            one.publisher.to_string().into(),
            one.successor.to_string().into(),
            one.scope.to_string().into(),
            one.at.to_string().into(),
            Cell::new(role, state),
        ]);
    }
    page.table(&table);
}
