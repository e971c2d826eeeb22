//! `daochain contract`

use serde::Serialize;

use super::{
    Session, args, prompt,
    sending::{self, await_block, take_up},
};
use crate::{
    domain::{
        Address,
        network::beside_gas,
        publication::{Cost, Statement},
    },
    ops::{
        Failure,
        accounts::choose_account,
        contract::{ContractView, DeployQuote, deploy_contract, quote_deploy, show_contract},
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
}

pub async fn run(session: &mut Session, command: args::Contract) -> Result<u8, Failure> {
    let view = match command {
        args::Contract::Show => show_contract(&session.context).await?,
        args::Contract::Deploy { account } => deploy(session, account).await?,
    };
    Ok(present(session, &view))
}

async fn deploy(session: &mut Session, account: Option<Address>) -> Result<ContractView, Failure> {
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
    let Some(quote) = quote_deploy(&session.context, account).await? else {
        session.console.note("the contract stands there already; nothing was sent");
        return show_contract(&session.context).await;
    };
    show_quote(session, &quote);
    let is_here = needs_passphrase(&session.context, account).await?;
    prompt::confirm(session, &format!("Deploy for at most {} ETH?", quote.cost.at_most().cost())).await?;
    let passphrase = sending::passphrase_of(session, account, is_here).await?;
    let (view, trouble) = deploy_contract(&session.context, &quote, passphrase).await?;
    if let Some(failure) = trouble {
        session.console.note(&format!("the contract stands there now, though this call cannot tell how: {failure}"));
    }
    if !quote.deterministic {
        let (name, address) = (&quote.network.name, view.address);
        session
            .console
            .note(&format!("this chain has no deployment proxy: tell others `--contract {address}` for `{name}`"));
    }
    Ok(view)
}

fn show_quote(session: &mut Session, quote: &DeployQuote) {
    let DeployQuote { from, cost, address, network, .. } = quote;
    let cost: &Cost = cost;
    let local = if network.local { ", local to this machine" } else { "" };
    let console = &mut session.console;
    console.note(&format!("deploy the registry contract at {address}"));
    console.note(&format!(
        "  cost      about {} ETH ({} gas), at most {} ETH",
        cost.expected().cost(),
        cost.gas,
        cost.at_most().cost()
    ));
    if let Some(more) = beside_gas(network.chain_id) {
        console.note(&format!("            {more}"));
    }
    console.note(&format!("  account   {from}"));
    console.note(&format!("  network   {} (chain {}{local})", network.name, network.chain_id));
}

/// 0 where the contract can be relied on.
fn present(session: &mut Session, view: &ContractView) -> u8 {
    let document = Document {
        schema: "daochain.contract/1",
        address: view.address,
        deployed: view.deployed,
        code_matches: view.code_matches,
        chain_id: view.chain_id,
        block: view.block,
    };
    let state = match (view.deployed, view.code_matches) {
        (true, true) => "deployed; its code is the one this program was built with",
        (true, false) => "OTHER CODE than this program's stands there: do not use it",
        (false, _) => "not deployed; `daochain contract deploy` puts it there",
    };
    session.console.present(&document, |page| {
        page.line(&document.address.to_string());
        page.field("state", state);
        page.field("chain", document.chain_id);
        page.field("block", document.block);
    });
    u8::from(!(view.deployed && view.code_matches))
}
