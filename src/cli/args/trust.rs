//! `daochain trust`

use std::path::PathBuf;

use clap::{Subcommand, builder::NonEmptyStringValueParser};

use super::Layout;
use crate::{
    config::LONGEST_AGE,
    domain::{
        Address, Reference,
        network::Finality,
        trust::{Pattern, Require, Successions},
        when,
    },
};

#[derive(Debug, Subcommand)]
pub enum Trust {
    /// Let a publisher speak for a pattern of references
    #[command(
        after_help = "Patterns: a reference, `registry/namespace/*`, `registry/**`, `**`. The most specific one decides.\n\nExample:\n  daochain trust add 'docker.io/acme/*' 0x… --name acme --note 'told by phone'"
    )]
    Add {
        /// Which references
        pattern: Pattern,
        /// Who speaks for them
        address: Address,
        /// It attests what it saw: its word decides only where `trust demand --require` says how many observers must agree
        #[arg(long)]
        observer: bool,
        /// What to call the publisher
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        about: AboutRule,
    },
    /// Let nobody's word make a pattern good, unless a more specific rule does
    #[command(after_help = "Example:\n  daochain trust deny docker.io/acme/legacy:1 --note 'abandoned'")]
    Deny {
        /// Which references
        pattern: Pattern,
        #[command(flatten)]
        about: AboutRule,
    },
    /// Demand more of the words about a pattern: how many, how settled, how fresh
    #[command(
        after_help = "Each is taken from the most specific pattern that states it.\n\nExamples:\n  daochain trust demand 'docker.io/acme/*' --require 2\n  daochain trust demand '**' --finality final --successions never"
    )]
    Demand(Demand),
    /// Remove the rules of a pattern: one publisher's, or all
    #[command(
        after_help = "Examples:\n  daochain trust remove 'docker.io/acme/*' 0x…\n  daochain trust remove docker.io/acme/legacy:1 --denial"
    )]
    Remove {
        /// Which references
        pattern: Pattern,
        /// Whose rule; all of the pattern's without it
        address: Option<Address>,
        /// Remove its denial instead
        #[arg(long, conflicts_with = "address")]
        denial: bool,
        /// Remove what it demands instead
        #[arg(long, conflicts_with_all = ["address", "denial"])]
        demands: bool,
        /// Only what holds on the current network, or the one that --network names, alone
        #[arg(long)]
        here: bool,
        /// Only what holds on every network
        #[arg(long, conflicts_with = "here")]
        everywhere: bool,
    },
    /// List rules, denials and demands; --format prints the rules
    #[command(
        after_help = "Examples:\n  daochain trust list\n  daochain trust list --format '{{.pattern}}\\t{{.publisher}}'"
    )]
    List(Layout),
    /// Tell who speaks for a reference, by which rule, and what is demanded of them
    #[command(after_help = "Example:\n  daochain trust check acme/api:2")]
    Check {
        /// Image name
        reference: Reference,
    },
    /// List who published a reference, and pin one of them after a question
    #[command(
        after_help = "Examples:\n  daochain trust discover acme/api:2\n  daochain trust discover acme/api:2 --pin 0x… --name acme --yes"
    )]
    Discover(Discover),
    /// Write the policy to a file, as it is
    #[command(
        after_help = "Examples:\n  daochain trust export --out policy.toml\n  daochain trust export | ssh other daochain trust import -"
    )]
    Export {
        /// A new file; standard output without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take a policy over: its entries beside those that are there
    #[command(
        after_help = "Examples:\n  daochain trust import policy.toml\n  daochain trust import policy.toml --verify acme/trust-policy:2"
    )]
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
        /// Take it in place of all that is there
        #[arg(long)]
        replace: bool,
        /// Only if a trusted publisher released exactly this file under this name
        #[arg(long, value_name = "REFERENCE")]
        verify: Option<Reference>,
        /// Trust this publisher, and nobody else, for --verify; repeatable
        #[arg(long, value_name = "ADDRESS", requires = "verify")]
        publisher: Vec<Address>,
    },
    /// Release the digest of a policy's file under a name, so that others can verify it
    #[command(after_help = "Example:\n  daochain trust publish acme/trust-policy:2 --file policy.toml")]
    Publish {
        /// Under which name
        reference: Reference,
        /// Which file; this home's own policy without it
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        sending: super::Sending,
        #[command(flatten)]
        elsewhere: super::Elsewhere,
    },
}

/// What rules and denials have in common.
#[derive(Debug, clap::Args)]
pub struct AboutRule {
    /// Why, for whoever reads the policy
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub note: Option<String>,
    /// Only on the current network, or the one that --network names
    #[arg(long)]
    pub here: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "demanded", multiple = true)]
pub struct Demand {
    /// Which references
    pub pattern: Pattern,
    /// How many must say the same: `any`, `all` or a number
    #[arg(long, value_name = "COUNT", required_unless_present_any = ["finality", "successions", "max_age"])]
    pub require: Option<Require>,
    /// How settled the block of a release must be
    #[arg(long, value_name = "FINALITY", value_parser = when::finality)]
    pub finality: Option<Finality>,
    /// Whether who took over from a publisher speaks in its place: `ask`, `never` or `always`
    #[arg(long, value_name = "HOW")]
    pub successions: Option<Successions>,
    /// How old an observer's word may be: 30d, 12h
    #[arg(long, value_name = "TIME", value_parser = max_age)]
    pub max_age: Option<u64>,
    /// Only on the current network, or the one that --network names
    #[arg(long)]
    pub here: bool,
}

fn max_age(text: &str) -> Result<u64, String> {
    when::span(text, LONGEST_AGE)
}

#[derive(Debug, clap::Args)]
pub struct Discover {
    /// Image name
    pub reference: Reference,
    /// Pin this publisher
    #[arg(long, value_name = "ADDRESS")]
    pub pin: Option<Address>,
    /// Pin it for this pattern instead of the reference
    #[arg(long = "for", value_name = "PATTERN", requires = "pin")]
    pub pattern: Option<Pattern>,
    /// As an observer
    #[arg(long, requires = "pin")]
    pub observer: bool,
    /// What to call it
    #[arg(long, value_name = "TEXT", requires = "pin")]
    pub name: Option<String>,
    #[command(flatten)]
    pub about: AboutRule,
}
