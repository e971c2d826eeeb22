//! `daochain network`

use serde::Serialize;
use url::Url;

use super::{
    Session, args,
    human::{Cell, Table},
};
use crate::{
    domain::{Address, network::KnownChain},
    ops::{
        Failure,
        geth::passed_over,
        networks::{NetworkEntry, add_network, list_networks, remove_network, use_network},
    },
};

/// `daochain.networks/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    networks: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    rpc: Vec<String>,
    agree: usize,
    chain_id: Option<u64>,
    contract: Option<Address>,
    directory: Option<Address>,
    current: bool,
}

pub async fn run(session: &mut Session, command: args::Network) -> Result<u8, Failure> {
    let networks = match command {
        args::Network::Add { name, contract, directory, agree } => {
            let rpc = endpoints(&session.globals.rpc)?;
            add_network(&session.context, &name, rpc, agree, (contract, directory)).await?
        }
        args::Network::Use { name } => {
            let networks = use_network(&session.context, &name).await?;
            if let Some(own) = passed_over(&session.context, &name) {
                session.console.note(&format!("that is not this home's own geth, which is reached by `--rpc {own}`"));
            }
            networks
        }
        args::Network::List(layout) => {
            present(session, list_networks(&session.context), Some(&layout))?;
            return Ok(0);
        }
        args::Network::Remove { name } => remove_network(&session.context, &name).await?,
    };
    present(session, networks, None)?;
    Ok(0)
}

/// The endpoints that `--rpc` gave. A malformed one is not repeated: it may hold a password.
fn endpoints(given: &[String]) -> Result<Vec<Url>, Failure> {
    if given.is_empty() {
        return Err(Failure::new("usage", "a network needs an endpoint").hint("daochain network add NAME --rpc URL"));
    }
    let parse = |(at, text): (usize, &String)| {
        let malformed =
            |cause: &str| Failure::new("usage", &format!("endpoint {} of --rpc is no URL: {cause}", at + 1));
        text.parse::<Url>().map_err(|error| malformed(&error.to_string()))
    };
    given.iter().enumerate().map(parse).collect()
}

fn present(session: &mut Session, networks: Vec<NetworkEntry>, layout: Option<&args::Layout>) -> Result<(), Failure> {
    let entry = |one: NetworkEntry| Entry {
        name: one.name,
        rpc: one.rpc,
        agree: one.agree,
        chain_id: one.chain_id,
        contract: one.contract,
        directory: one.directory,
        current: one.current,
    };
    let document = Document { schema: "daochain.networks/1", networks: networks.into_iter().map(entry).collect() };
    let format = layout.and_then(|layout| layout.format.as_ref());
    session.console.list(&document, &document.networks, format, |page| {
        let mut table = Table::new(&["", "NETWORK", "CHAIN", "ENDPOINTS", "CONTRACT"]).right(&[2]).gives_way(3);
        for network in &document.networks {
            let local = network.rpc.is_empty();
            let cells: Vec<Cell> = vec![
                (if network.current { "*" } else { "" }).into(),
                network.name.clone().into(),
                network.chain_id.map_or_else(|| "?".to_owned(), chain).into(),
                (if local { "local to this machine".to_owned() } else { listed(network) }).into(),
                network.contract.map_or_else(|| "usual address".to_owned(), |address| address.to_string()).into(),
            ];
            table.row(cells);
        }
        page.table(&table);
    })
}

/// A chain by its number, and by its name where it is a public one.
fn chain(id: u64) -> String {
    KnownChain::by_id(id).map_or_else(|| id.to_string(), |known| format!("{id} ({})", known.name))
}

/// The endpoints, and how many of several must agree.
fn listed(network: &Entry) -> String {
    let endpoints = network.rpc.join(" ");
    if network.rpc.len() > 1 { format!("{} of: {endpoints}", network.agree) } else { endpoints }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_endpoint_is_refused_without_repeating_it() {
        let failure = endpoints(&["https://user:secret@[".to_owned()]);
        assert!(failure.is_err_and(|failure| failure.code == "usage" && !failure.message.contains("secret")));
        assert!(endpoints(&[]).is_err());
        assert!(endpoints(&["http://127.0.0.1:8545".to_owned()]).is_ok_and(|urls| urls.len() == 1));
    }
}
