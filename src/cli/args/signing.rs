//! Arguments about signing elsewhere, and in another's name.

use std::path::PathBuf;

use super::Sending;
use crate::{
    domain::{Address, publication::Authority, when::span},
    ops::{Failure, signing::LONGEST},
};

/// Whose word it is, and who signs it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "In another's name, or signed elsewhere")]
pub struct Elsewhere {
    /// Speak for this publisher, who made the account its delegate
    #[arg(long = "for", value_name = "PUBLISHER", conflicts_with_all = ["cold", "calldata"])]
    pub publisher: Option<Address>,
    /// Ask another machine for the account's signature: prints the request for `daochain sign`
    #[arg(long, conflicts_with_all = ["dry_run", "no_wait", "confirmations", "max_gas_price", "calldata"])]
    pub cold: bool,
    /// How long the signature is good: `12h`, `7d`; 90 days at most
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = duration, requires = "cold")]
    pub valid_for: u64,
    /// Take the place of requests that were not relayed yet, instead of coming after them
    #[arg(long, requires = "cold")]
    pub replace: bool,
    /// Print what a contract account calls the registry with, for its owners to execute
    #[arg(long, conflicts_with_all = ["dry_run", "no_wait", "confirmations", "max_gas_price"])]
    pub calldata: bool,
    #[command(flatten)]
    pub carry: Carry,
}

impl Elsewhere {
    /// True where this machine sends nothing.
    pub const fn is_elsewhere(&self) -> bool {
        self.cold || self.calldata
    }

    /// That nothing is to be carried away where nothing is made for it.
    ///
    /// # Errors
    /// `usage`.
    pub fn check(&self) -> Result<(), Failure> {
        let is_carried = self.carry.out.is_some() || self.carry.qr || self.carry.copy;
        if self.is_elsewhere() || !is_carried {
            return Ok(());
        }
        Err(Failure::new("usage", "--out, --qr and --copy are for what --cold or --calldata makes")
            .hint("give one of these, or leave them out"))
    }

    /// In whose name the account speaks.
    pub fn authority(&self) -> Authority {
        self.publisher.map_or(Authority::Own, |publisher| Authority::Delegate { publisher })
    }
}

/// How a request, a signature or call data leaves this machine.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "To carry it away")]
pub struct Carry {
    /// Write it to this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw it as a QR code instead
    #[arg(long, conflicts_with = "json")]
    pub qr: bool,
    /// Put it on the terminal's clipboard, too (OSC 52)
    #[arg(long)]
    pub copy: bool,
}

#[derive(Debug, clap::Args)]
pub struct Sign {
    /// The request's file, or `-` for standard input
    #[arg(value_name = "REQUEST")]
    pub request: PathBuf,
    /// Sign nothing, and print what a wallet signs with `eth_signTypedData_v4`
    #[arg(long)]
    pub typed_data: bool,
    #[command(flatten)]
    pub carry: Carry,
}

#[derive(Debug, clap::Args)]
pub struct Relay {
    /// The signature's file, or `-` for standard input
    #[arg(value_name = "SIGNATURE")]
    pub signed: PathBuf,
    /// The file is a request, and a wallet made this signature of it
    #[arg(long, value_name = "HEX")]
    pub signature: Option<String>,
    /// Send it though the registry holds all of it already
    #[arg(long)]
    pub again: bool,
    #[command(flatten)]
    pub sending: Sending,
}

/// A number of days, hours or minutes, in seconds.
fn duration(text: &str) -> Result<u64, String> {
    span(text, LONGEST)
}
