//! Whom the nodes are connected to.

use serde::Serialize;

use crate::{
    cli::{Session, console::ErrorPart, human::Table},
    ops::{
        Failure,
        node::{Peer, node_peers},
    },
};

/// `daochain.peers/1`
#[derive(Serialize)]
struct Peers {
    schema: &'static str,
    endpoints: Vec<Connected>,
}

#[derive(Serialize)]
struct Connected {
    url: String,
    peers: Vec<PeerPart>,
    /// Why it does not tell.
    problem: Option<ErrorPart>,
}

#[derive(Serialize)]
struct PeerPart {
    name: String,
    address: String,
    enode: String,
    inbound: bool,
    head: Option<u64>,
}

pub async fn show(session: &mut Session) -> Result<u8, Failure> {
    let mut endpoints = Vec::new();
    for (url, told) in node_peers(&session.context).await? {
        let problem = told.as_ref().err().map(|failure| {
            session.console.complain(failure);
            ErrorPart::from(failure)
        });
        let part = |peer: Peer| {
            let Peer { name, address, enode, inbound, head } = peer;
            PeerPart { name, address, enode, inbound, head }
        };
        endpoints.push(Connected { url, peers: told.unwrap_or_default().into_iter().map(part).collect(), problem });
    }
    let document = Peers { schema: "daochain.peers/1", endpoints };
    session.console.present(&document, |page| {
        for endpoint in &document.endpoints {
            page.line(&endpoint.url);
            if endpoint.peers.is_empty() {
                page.field("peers", if endpoint.problem.is_some() { "not told" } else { "none" });
                continue;
            }
            let mut table = Table::new(&["NAME", "ADDRESS", "", "HEAD"]).right(&[3]).gives_way(0);
            for peer in &endpoint.peers {
                let head = peer.head.map_or_else(|| "?".to_owned(), |head| head.to_string());
                let way = if peer.inbound { "in" } else { "out" };
                table.row(vec![peer.name.clone().into(), peer.address.clone().into(), way.into(), head.into()]);
            }
            page.table(&table);
        }
    });
    Ok(u8::from(document.endpoints.iter().any(|endpoint| endpoint.problem.is_some())))
}
