//! `daochain contract`

use serde::Serialize;

use super::{
    Session, args, prompt,
    sending::{self, await_block, take_up},
};
use crate::{
    domain::{
        Address, Wei,
        network::beside_gas,
        publication::{Contract, Statement},
    },
    ops::{
        Failure,
        accounts::choose_account,
        contract::{ContractView, Contracts, DeployQuote, deploy_contracts, quote_deploy, show_contracts},
        follow::Resumed,
        unlock::needs_passphrase,
    },
};

/// `daochain.contract/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    address: Address,
    deployed: bool,
    code_matches: bool,
    chain_id: u64,
    block: u64,
    directory: DirectoryPart,
}

/// The publisher directory.
#[derive(Serialize)]
struct DirectoryPart {
    address: Address,
    deployed: bool,
    code_matches: bool,
}

pub async fn run(session: &mut Session, command: args::Contract) -> Result<u8, Failure> {
    let view = match command {
        args::Contract::Show => show_contracts(&session.context).await?,
        args::Contract::Deploy { account } => deploy(session, account).await?,
    };
    Ok(present(session, &view))
}

async fn deploy(session: &mut Session, account: Option<Address>) -> Result<Contracts, Failure> {
    let mut pending = take_up(session).await?;
    let is_deployment = |one: &Resumed| matches!(one.entry.statement, Statement::Deployment { .. });
    for one in pending.iter_mut().filter(|one| is_deployment(one)) {
        await_block(session, one).await;
    }
    let waits = |one: &&Resumed| is_deployment(one) && one.stage.inclusion().is_none() && !one.stage.is_failure();
    if let Some(one) = pending.iter().find(waits) {
        let message =
            format!("transaction {}, which deploys the contract, waits since {}", one.entry.hash, one.entry.at);
        return Err(Failure::new("publication-pending", &message)
            .hint(&format!("`daochain tx speed-up {}` pays more for it", one.entry.hash)));
    }
    let account = choose_account(&session.context, account).await?.address;
    let quotes = quote_deploy(&session.context, account).await?;
    if quotes.is_empty() {
        session.console.note("both contracts stand there already; nothing was sent");
        return show_contracts(&session.context).await;
    }
    show_quotes(session, &quotes);
    let is_here = needs_passphrase(&session.context, account).await?;
    let total = quotes.iter().fold(Wei::ZERO, |sum, quote| Wei(sum.0.saturating_add(quote.cost.at_most().0)));
    prompt::confirm(session, &format!("Deploy for at most {} ETH?", total.cost())).await?;
    let passphrase = sending::passphrase_of(session, account, is_here).await?;
    let (contracts, trouble) = deploy_contracts(&session.context, &quotes, passphrase).await?;
    if let Some(failure) = trouble {
        session.console.note(&format!("the contracts stand there now, though this call cannot tell how: {failure}"));
    }
    for quote in quotes.iter().filter(|quote| !quote.deterministic) {
        let (option, address) = match quote.what {
            Contract::Registry => ("--contract", contracts.registry.address),
            Contract::Directory => ("--directory", contracts.directory.address),
        };
        let name = &quote.network.name;
        session
            .console
            .note(&format!("this chain has no deployment proxy: tell others `{option} {address}` for `{name}`"));
    }
    Ok(contracts)
}

fn show_quotes(session: &mut Session, quotes: &[DeployQuote]) {
    let console = &mut session.console;
    for DeployQuote { what, cost, address, .. } in quotes {
        console.note(&format!("deploy {} at {address}", what.name()));
        let (about, most) = (cost.expected().cost(), cost.at_most().cost());
        console.note(&format!("  cost      about {about} ETH ({} gas), at most {most} ETH", cost.gas));
    }
    let Some(DeployQuote { from, network, .. }) = quotes.first() else { return };
    let local = if network.local { ", local to this machine" } else { "" };
    if let Some(more) = beside_gas(network.chain_id) {
        console.note(&format!("            {more}"));
    }
    console.note(&format!("  account   {from}"));
    console.note(&format!("  network   {} (chain {}{local})", network.name, network.chain_id));
}

/// 0 where the registry can be relied on: images are verified without the directory.
fn present(session: &mut Session, contracts: &Contracts) -> u8 {
    let Contracts { registry, directory } = contracts;
    let document = Document {
        schema: "daochain.contract/1",
        address: registry.address,
        deployed: registry.deployed,
        code_matches: registry.code_matches,
        chain_id: registry.chain_id,
        block: registry.block,
        directory: DirectoryPart {
            address: directory.address,
            deployed: directory.deployed,
            code_matches: directory.code_matches,
        },
    };
    session.console.present(&document, |page| {
        page.line(&document.address.to_string());
        page.field("state", state(registry));
        page.field("chain", document.chain_id);
        page.field("block", document.block);
        page.field("directory", directory.address);
        page.field("state", state(directory));
    });
    u8::from(!(registry.deployed && registry.code_matches))
}

const fn state(view: &ContractView) -> &'static str {
    match (view.deployed, view.code_matches) {
        (true, true) => "deployed; its code is the one this program was built with",
        (true, false) => "OTHER CODE than this program's stands there: do not use it",
        (false, _) => "not deployed; `daochain contract deploy` puts it there",
    }
}
