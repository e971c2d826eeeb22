//! `daochain account`

use serde::Serialize;

use super::{
    Session, args,
    console::Page,
    human::{Cell, Table},
    prompt,
};
use crate::{
    domain::{Account, Address, Wei, account::KeyFileProblem, text::clean},
    ops::{
        Failure,
        accounts::{create_account, faucet_amount, fund_account, list_accounts, set_default_account},
    },
};

#[derive(Serialize)]
struct AccountPart {
    address: Address,
    file: String,
    default: bool,
    balance_wei: Option<Wei>,
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
}

/// `daochain.accounts/1`
#[derive(Serialize)]
struct Many {
    schema: &'static str,
    accounts: Vec<AccountPart>,
    problems: Vec<ProblemPart>,
}

pub async fn run(session: &mut Session, command: args::Account) -> Result<u8, Failure> {
    match command {
        args::Account::New => {
            let passphrase = prompt::new_passphrase(session).await?;
            let account = create_account(&session.context, passphrase).await?;
            session.console.note("Keep a copy of the key file and the passphrase: nobody can restore them.");
            present(session, account);
        }
        args::Account::List => list(session).await?,
        args::Account::Default { address } => {
            let account = set_default_account(&session.context, address).await?;
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

async fn list(session: &mut Session) -> Result<(), Failure> {
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
    let document = Many {
        schema: "daochain.accounts/1",
        accounts: listed.accounts.into_iter().map(AccountPart::from).collect(),
        problems: listed.problems.into_iter().map(ProblemPart::from).collect(),
    };
    session.console.present(&document, |page| describe(page, &document.accounts));
    Ok(())
}

fn present(session: &mut Session, account: Account) {
    let document = One { schema: "daochain.account/1", account: account.into() };
    session.console.present(&document, |page| {
        let account = &document.account;
        page.line(&account.address.to_string());
        page.field("key file", &account.file);
        if account.default {
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
    let mut table = Table::new(&["ADDRESS", "ETH", "DEFAULT", "KEY FILE"]).right(&[1]).gives_way(3);
    for account in accounts {
        let cells: Vec<Cell> = vec![
            account.address.to_string().into(),
            account.balance_wei.map_or_else(|| "?".to_owned(), |balance| balance.ether(6)).into(),
            (if account.default { "default" } else { "" }).into(),
            account.file.clone().into(),
        ];
        table.row(cells);
    }
    page.table(&table);
}

impl From<Account> for AccountPart {
    fn from(account: Account) -> Self {
        Self {
            address: account.address,
            file: clean(&account.file.display().to_string()),
            default: account.is_default,
            balance_wei: account.balance,
        }
    }
}

impl From<KeyFileProblem> for ProblemPart {
    fn from(problem: KeyFileProblem) -> Self {
        Self { file: clean(&problem.file.display().to_string()), code: problem.code, message: clean(&problem.message) }
    }
}
