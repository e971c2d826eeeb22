//! Arguments about nodes and networks.

use clap::Subcommand;

use super::Layout;
use crate::{
    domain::Address,
    ops::geth::{GethChain, IMAGE},
};

#[derive(Debug, Subcommand)]
pub enum Node {
    /// Ask every endpoint of the current network
    #[command(after_help = "Examples:\n  daochain node status\n  daochain --network sepolia node status --json")]
    Status,
    /// Run a node until it is stopped, and start it again when it ends
    #[command(
        after_help = "Examples:\n  daochain node start --geth &\n  daochain network use geth\n  daochain node start --geth --chain sepolia -- --syncmode snap"
    )]
    Start {
        /// A geth of this home's own, reached by its socket alone; a private development chain under mainnet's rules
        #[arg(long, required = true)]
        geth: bool,
        /// Follow a public chain instead: mainnet, sepolia or hoodi; it needs a consensus client beside it
        #[arg(long, value_name = "NAME")]
        chain: Option<GethChain>,
        /// Run it in a container, through the Docker engine
        #[arg(long, value_name = "IMAGE", num_args = 0..=1, require_equals = true, default_missing_value = IMAGE)]
        container: Option<String>,
        /// Where a public chain's consensus client reaches it, on this machine
        #[arg(long, value_name = "PORT", default_value_t = 8551)]
        engine_port: u16,
        /// More options of geth's own
        #[arg(last = true, value_name = "OPTION")]
        more: Vec<String>,
    },
    /// Stop the nodes that other processes run for this home
    #[command(after_help = "Example:\n  daochain node stop")]
    Stop,
    /// List the nodes that it is connected to; most tell over IPC only
    #[command(after_help = "Examples:\n  daochain node peers\n  daochain --rpc ipc:/run/geth.ipc node peers")]
    Peers,
    /// Have it connect to a node
    #[command(after_help = "Example:\n  daochain node add-peer enode://…@192.0.2.7:30303")]
    AddPeer {
        /// The node's enode URL
        #[arg(value_parser = enode)]
        enode: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Network {
    /// Add a network; its endpoints are given with --rpc
    #[command(after_help = "Example:\n  daochain network add sepolia --rpc https://rpc.example.org")]
    Add {
        /// What to call it
        name: String,
        /// Where the contract stands, when it is not at the usual address
        #[arg(long, value_name = "ADDRESS")]
        contract: Option<Address>,
        /// Where the publisher directory stands, when it is not at the usual address
        #[arg(long, value_name = "ADDRESS")]
        directory: Option<Address>,
        /// How many of several endpoints must say the same; the majority unless given
        #[arg(long, value_name = "K")]
        agree: Option<usize>,
    },
    /// Use this network when none is named
    #[command(after_help = "Example:\n  daochain network use sepolia")]
    Use {
        /// Its name
        name: String,
    },
    /// List the networks
    #[command(
        after_help = "Examples:\n  daochain network list\n  daochain network list --format '{{.name}}\\t{{.chain_id}}'"
    )]
    List(Layout),
    /// Forget a network
    #[command(after_help = "Example:\n  daochain network remove sepolia")]
    Remove {
        /// Its name
        name: String,
    },
}

/// An enode URL (Ethereum's discovery specification, *Enode URL format*); the node itself reads the rest.
fn enode(text: &str) -> Result<String, String> {
    let is_one = text.starts_with("enode://") && text.contains('@') && text.len() <= 512;
    if is_one { Ok(text.to_owned()) } else { Err("it is no `enode://…@host:port`".to_owned()) }
}
