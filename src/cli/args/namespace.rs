//! Arguments about namespaces of registries.

use clap::Subcommand;

use super::Sending;
use crate::domain::{Address, Namespace as Name, when::Until};

#[derive(Debug, Subcommand)]
pub enum Namespace {
    /// Say that the account publishes for a namespace: in the registry, where only who can push says so, and on the chain
    #[command(
        after_help = "Examples:\n  daochain namespace claim docker.io/acme\n  daochain namespace claim ghcr.io/acme --expires 90d"
    )]
    Claim(Claim),
    /// Take a claim back; what the registry holds shows nothing any more
    #[command(after_help = "Example:\n  daochain namespace unclaim docker.io/acme")]
    Unclaim {
        /// Which, `docker.io/acme` for example
        #[arg(value_name = "NAMESPACE")]
        namespace: Name,
        #[command(flatten)]
        sending: Sending,
    },
    /// Tell who publishes for a namespace, by both halves: exit code 0 for one, 4 for none or several, 1 when it cannot be told
    #[command(
        after_help = "Examples:\n  daochain namespace check docker.io/acme\n  daochain namespace check docker.io/acme --publisher 0x…"
    )]
    Check(Check),
    /// List the namespaces that accounts claim; what their registries hold, `check` tells
    #[command(after_help = "Example:\n  daochain namespace list")]
    List {
        /// Whose; all accounts of this home without it
        #[arg(long, value_name = "ADDRESS")]
        publisher: Option<Address>,
    },
}

#[derive(Debug, clap::Args)]
pub struct Claim {
    /// Which, `docker.io/acme` for example
    #[arg(value_name = "NAMESPACE")]
    pub namespace: Name,
    /// Until when the registry's statement is good: a day, a moment, or a time from now; claiming again renews it
    #[arg(long, value_name = "WHEN", default_value = "365d", value_parser = Until::parse)]
    pub expires: Until,
    /// Leave out what else stands at the statement's name: other publishers' statements, or something else
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub sending: Sending,
}

#[derive(Debug, clap::Args)]
pub struct Check {
    /// Which, `docker.io/acme` for example
    #[arg(value_name = "NAMESPACE")]
    pub namespace: Name,
    /// Whether it vouches for this publisher, whoever else it vouches for
    #[arg(long, value_name = "ADDRESS")]
    pub publisher: Option<Address>,
}
