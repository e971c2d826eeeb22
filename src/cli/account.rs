//! `daochain account`

mod keys;

use serde::Serialize;

use super::{
    Session, args,
    console::Page,
    human::{Cell, Table},
    people::AppointmentPart,
    search::reading,
};
use crate::{
    domain::{
        Account, Address, Timestamp, Wei,
        account::{KeyFileProblem, Removed},
        text::clean,
    },
    ops::{
        Failure,
        accounts::{
            faucet_amount, fund_account, label_account, list_accounts, set_default_account, set_default_everywhere,
            signer_name,
        },
        appointments::appointments,
    },
};

#[derive(Serialize)]
struct AccountPart {
    address: Address,
    /// `key-file`, `clef`, `cold` or `contract`.
    kind: &'static str,
    /// `null` where its key is elsewhere.
    file: Option<String>,
    /// Who has its key, where that can be asked.
    signer: Option<String>,
    label: Option<String>,
    default: bool,
    balance_wei: Option<Wei>,
    /// For whom it may publish and revoke, and who may for it; `null` where nobody was asked or nobody answered.
    appointments: Option<Vec<AppointmentPart>>,
}

#[derive(Serialize)]
struct RemovedPart {
    address: Address,
    file: String,
    removed_at: Timestamp,
    kept_until: Timestamp,
}

#[derive(Serialize)]
struct ProblemPart {
    file: String,
    code: &'static str,
    message: String,
}

/// `daochain.account/1`
#[derive(Serialize)]
struct One {
    schema: &'static str,
    account: AccountPart,
    /// Where a copy was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    exported: Option<String>,
    /// Where the account's file lies now.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<RemovedPart>,
    /// Files of accounts that were removed longer ago than they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<String>,
}

impl One {
    fn of(account: Account) -> Self {
        let schema = "daochain.account/1";
        Self { schema, account: account.into(), exported: None, removed: None, deleted: Vec::new() }
    }
}

/// `daochain.accounts/1`
#[derive(Serialize)]
struct Many {
    schema: &'static str,
    accounts: Vec<AccountPart>,
    problems: Vec<ProblemPart>,
    removed: Vec<RemovedPart>,
}

pub async fn run(session: &mut Session, command: args::Account) -> Result<u8, Failure> {
    match command {
        args::Account::New { label, insecure_empty } => keys::make(session, label, insecure_empty).await?,
        args::Account::List(layout) => list(session, &layout).await?,
        args::Account::Add(add) => keys::add_elsewhere(session, add).await?,
        args::Account::Import(import) => keys::import(session, import).await?,
        args::Account::Export { address, out, new } => keys::export(session, address, out, new).await?,
        args::Account::Passwd { address, new } => keys::passwd(session, address, new).await?,
        args::Account::Remove { address, file } => keys::remove(session, address, file).await?,
        args::Account::Restore { address } => keys::restore(session, address).await?,
        args::Account::Label { address, text } => {
            let label = Some(text).filter(|text| !text.is_empty());
            let account = label_account(&session.context, address, label).await?;
            present(session, account);
        }
        args::Account::Default { address, everywhere } => {
            let account = if everywhere {
                set_default_everywhere(&session.context, address).await?
            } else {
                set_default_account(&session.context, address).await?
            };
            present(session, account);
        }
        args::Account::Fund { address } => {
            let (account, stage) = fund_account(&session.context, address).await?;
            if stage.is_failure() {
                let message = format!("the faucet's transaction ended as {}", stage.word());
                return Err(Failure::new("transaction-failed", &message));
            }
            session.console.note(&format!("the faucet of dev gave {} ETH", faucet_amount().ether(2)));
            present(session, account);
        }
    }
    Ok(0)
}

async fn list(session: &mut Session, layout: &args::Layout) -> Result<(), Failure> {
    let listed = list_accounts(&session.context).await?;
    if let Some(failure) = &listed.node {
        session.console.note(&format!("daochain: balances are unknown: {failure}"));
    }
    for problem in &listed.problems {
        session.console.note(&format!("daochain: {}: {}", problem.file.display(), problem.message));
    }
    if listed.accounts.is_empty() {
        session.console.note("daochain: this home has no account; `daochain account new` makes one");
    }
    let mut accounts: Vec<_> = listed.accounts.into_iter().map(AccountPart::from).collect();
    // A node that does not answer has said so.
    if listed.node.is_none() {
        appoint(session, &mut accounts).await?;
    }
    let document = Many {
        schema: "daochain.accounts/1",
        accounts,
        problems: listed.problems.into_iter().map(ProblemPart::from).collect(),
        removed: listed.removed.into_iter().map(RemovedPart::from).collect(),
    };
    let (accounts, format) = (&document.accounts, layout.format.as_ref());
    session.console.list(&document, accounts, format, |page| {
        describe(page, accounts);
        for removed in &document.removed {
            page.line(&format!("{} was removed, and can be restored until {}", removed.address, removed.kept_until));
        }
    })
}

/// Adds what each may do for whom. A network without it costs only that.
async fn appoint(session: &mut Session, accounts: &mut [AccountPart]) -> Result<(), Failure> {
    for account in accounts {
        match appointments(&session.context, account.address, reading(session)).await {
            Ok(found) => {
                let current = found.iter().filter(|one| one.is_current);
                account.appointments = Some(current.map(AppointmentPart::from).collect());
            }
            Err(failure) if failure.is_cancelled() => return Err(failure),
            Err(failure) => {
                session.console.note(&format!("daochain: what the accounts may do is unknown: {failure}"));
                return Ok(());
            }
        }
    }
    Ok(())
}

fn present(session: &mut Session, account: Account) {
    present_one(session, &One::of(account));
}

fn present_one(session: &mut Session, document: &One) {
    session.console.present(document, |page| {
        let account = &document.account;
        page.line(&account.address.to_string());
        if let Some(label) = &account.label {
            page.field("label", label);
        }
        if let Some(file) = account.file.as_ref().filter(|_| document.removed.is_none()) {
            page.field("key file", file);
        } else if document.removed.is_none() {
            page.field("signs", account.place());
        }
        if let Some(copy) = &document.exported {
            page.field("copy", copy);
        }
        if let Some(removed) = &document.removed {
            page.field("removed to", &removed.file);
            page.field("kept until", removed.kept_until);
        } else if account.default {
            page.field("default", "used when no account is named");
        }
        if let Some(balance) = account.balance_wei {
            page.field("balance", format!("{} ETH", balance.ether(6)));
        }
    });
}

fn describe(page: &mut Page, accounts: &[AccountPart]) {
    if accounts.is_empty() {
        return;
    }
    let mut table = Table::new(&["ADDRESS", "LABEL", "ETH", "DEFAULT", "KEY"]).right(&[2]).gives_way(4);
    for account in accounts {
        let cells: Vec<Cell> = vec![
            account.address.to_string().into(),
            account.label.clone().unwrap_or_default().into(),
            account.balance_wei.map_or_else(|| "?".to_owned(), |balance| balance.ether(6)).into(),
            (if account.default { "default" } else { "" }).into(),
            account.place().into(),
        ];
        table.row(cells);
    }
    page.table(&table);
    for account in accounts {
        for one in account.appointments.iter().flatten() {
            page.line(&one.sentence());
        }
    }
}

impl AccountPart {
    /// Where its key is.
    fn place(&self) -> String {
        match (&self.file, &self.signer) {
            (Some(file), _) => file.clone(),
            (None, Some(signer)) => format!("in clef at {signer}"),
            (None, None) if self.kind == "contract" => "a contract".to_owned(),
            (None, None) => "on another machine".to_owned(),
        }
    }
}

impl From<Account> for AccountPart {
    fn from(account: Account) -> Self {
        Self {
            address: account.address,
            kind: account.kind.word(),
            file: account.kind.file().map(|file| clean(&file.display().to_string())),
            signer: signer_name(&account.kind),
            label: account.label,
            default: account.is_default,
            balance_wei: account.balance,
            appointments: None,
        }
    }
}

impl From<KeyFileProblem> for ProblemPart {
    fn from(problem: KeyFileProblem) -> Self {
        Self { file: clean(&problem.file.display().to_string()), code: problem.code, message: clean(&problem.message) }
    }
}

impl From<Removed> for RemovedPart {
    fn from(removed: Removed) -> Self {
        Self {
            address: removed.address,
            file: clean(&removed.file.display().to_string()),
            removed_at: removed.at,
            kept_until: removed.kept_until,
        }
    }
}
