//! Arguments about delegates, successors and the end of a publisher's word.

use super::Sending;
use crate::domain::{Address, Reference, when::Until};
use clap::Subcommand;

/// What it is about: one name, or all.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct About {
    /// Image name
    #[arg(value_name = "REFERENCE")]
    pub reference: Option<Reference>,
    /// Every name
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Subcommand)]
pub enum Delegate {
    /// Let another account publish and revoke for the account, under one name or all
    #[command(after_help = "Example:\n  daochain delegate add 0x… acme/api:2 --until 30d")]
    Add {
        /// Who may
        delegate: Address,
        #[command(flatten)]
        about: About,
        /// Until when: a day, a moment, or a time from now (`30d`, `12h`)
        #[arg(long, value_name = "WHEN", value_parser = Until::parse)]
        until: Until,
        #[command(flatten)]
        sending: Sending,
    },
    /// Take an appointment back
    #[command(after_help = "Example:\n  daochain delegate remove 0x… acme/api:2")]
    Remove {
        /// Who may no longer
        delegate: Address,
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        sending: Sending,
    },
    /// List the appointments that an account made and was given
    #[command(after_help = "Examples:\n  daochain delegate list\n  daochain delegate list 0x…")]
    List {
        /// Whose; the default account's without it
        account: Option<Address>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Succession {
    /// Offer a name, or all of the account's word, to another publisher
    #[command(after_help = "Example:\n  daochain succession offer 0x… acme/api:2")]
    Offer {
        /// To whom
        successor: Address,
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        sending: Sending,
    },
    /// Withdraw an offer
    #[command(after_help = "Example:\n  daochain succession withdraw acme/api:2")]
    Withdraw {
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        sending: Sending,
    },
    /// Take over what a publisher offered to the account, finally: that publisher can release nothing there any more
    #[command(after_help = "Example:\n  daochain succession accept 0x… acme/api:2")]
    Accept {
        /// From whom
        publisher: Address,
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        sending: Sending,
    },
    /// Tell what an account offered, was offered, handed over or took over
    #[command(after_help = "Examples:\n  daochain succession show\n  daochain succession show 0x…")]
    Show {
        /// Whose; the default account's without it
        account: Option<Address>,
    },
}

#[derive(Debug, clap::Args)]
pub struct Retire {
    #[command(flatten)]
    pub about: About,
    /// Why, for everybody to read
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub reason: String,
    #[command(flatten)]
    pub sending: Sending,
}
