//! Arguments about what is written to the chain, and found there.

use clap::Subcommand;

use super::Layout;
use crate::domain::{Address, Digest, Wei, publication::TransactionHash};

/// How a transaction is sent.
#[derive(Debug, clap::Args)]
pub struct Sending {
    /// Account that signs and pays
    #[arg(long, value_name = "ADDRESS")]
    pub account: Option<Address>,
    /// Show what it would cost, and sign nothing
    #[arg(long)]
    pub dry_run: bool,
    /// End as soon as the node has the transaction
    #[arg(long, conflicts_with = "confirmations")]
    pub no_wait: bool,
    /// Highest price of one gas that is signed for, in gwei [default: twice the base fee, and the tip]
    #[arg(long, value_name = "GWEI", value_parser = price)]
    pub max_gas_price: Option<Wei>,
    /// Blocks to wait for, the transaction's own included [default: 1 on dev, 3 elsewhere]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub confirmations: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum Tx {
    /// List what this home has sent, the newest first
    #[command(after_help = "Examples:\n  daochain tx list\n  daochain tx list --format '{{.transaction}} {{.stage}}'")]
    List(Layout),
    /// Send a transaction that waits once more, at a higher price
    #[command(after_help = "Example:\n  daochain tx speed-up 0x…")]
    SpeedUp(Replace),
    /// Send nothing in the place of a transaction that waits, so that it is never included
    #[command(after_help = "Example:\n  daochain tx cancel 0x…")]
    Cancel(Replace),
}

#[derive(Debug, clap::Args)]
pub struct Replace {
    /// The transaction's hash
    pub transaction: TransactionHash,
    /// Show what it would cost, and sign nothing
    #[arg(long)]
    pub dry_run: bool,
    /// End as soon as the node has the replacement
    #[arg(long, conflicts_with = "confirmations")]
    pub no_wait: bool,
    /// Highest price of one gas that is signed for, in gwei [default: a ninth above the replaced one's, or what is usual now]
    #[arg(long, value_name = "GWEI", value_parser = price)]
    pub max_gas_price: Option<Wei>,
    /// Blocks to wait for, the transaction's own included [default: 1 on dev, 3 elsewhere]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub confirmations: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct Search {
    /// A part of the name
    pub text: String,
    #[command(flatten)]
    pub layout: Layout,
}

#[derive(Debug, clap::Args)]
pub struct Who {
    /// A configuration, manifest or index digest
    pub digest: Digest,
    #[command(flatten)]
    pub layout: Layout,
}

/// A price of one gas that some node may take.
fn price(text: &str) -> Result<Wei, String> {
    match Wei::from_gwei(text) {
        Ok(Wei::ZERO) => Err("at a price of nothing no node takes it".to_owned()),
        price => price.map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_no_price() {
        for text in ["0", "0.0", "0.000000000", "-1", "x"] {
            assert!(price(text).is_err(), "{text}");
        }
        assert_eq!(price("0.000000001"), Ok(Wei(1.into())));
    }
}
