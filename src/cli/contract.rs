//! `daochain contract`

use serde::Serialize;

use super::{Session, args, prompt};
use crate::{
    domain::{Address, publication::Cost},
    ops::{
        Failure,
        accounts::choose_account,
        contract::{ContractView, DeployQuote, deploy_contract, quote_deploy, show_contract},
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
    let account = choose_account(&session.context, account).await?.address;
    let Some(quote) = quote_deploy(&session.context, account).await? else {
        session.console.note("the contract stands there already; nothing was sent");
        return show_contract(&session.context).await;
    };
    show_quote(session, &quote);
    prompt::confirm(session, &format!("Deploy for at most {} ETH?", quote.cost.at_most().ether(6))).await?;
    let passphrase = prompt::passphrase(session, &format!("Passphrase of {account}: ")).await?;
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
        cost.expected().ether(6),
        cost.gas,
        cost.at_most().ether(6)
    ));
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
