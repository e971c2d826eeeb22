//! The command line's grammar. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Parser, Subcommand, builder::Styles};
use clap_complete::Shell;

use crate::{
    config::Options,
    domain::{Address, Digest, Reference, trust::Pattern},
};

const EXAMPLES: &str = "Examples:
  daochain                                   open the screen
  daochain verify nginx:1.27                 is this image the released one?
  daochain publish acme/api:2 --account 0x…  release an image
  daochain hash app.tar                      measure an archive
  daochain demo                              see every verdict, with nothing to set up

Exit codes: 0 done or verified, 1 failed or undecided, 2 usage, 3 mismatch, 4 unpublished or untrusted, 5 revoked,
6 outdated. `daochain help errors` lists the codes of --json errors.";

/// The bound that the contract sets on a release's annotations, in bytes.
const ANNOTATIONS_LIMIT: usize = 4096;

/// Tells whether a Docker image is the one its publisher released.
#[derive(Debug, Parser)]
#[command(
    name = "daochain",
    version,
    after_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = 110,
    // Colours would need a second decision about terminals and NO_COLOR.
    color = clap::ColorChoice::Never,
    styles = Styles::plain()
)]
pub struct Args {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every command understands.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Keep all state in this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Use this network of the configuration; `dev` is the embedded one
    #[arg(long, global = true, value_name = "NAME")]
    pub network: Option<String>,
    /// Ask this Ethereum endpoint; of several, the first
    #[arg(long, global = true, value_name = "URL")]
    pub rpc: Vec<String>,
    /// Ask this Docker engine
    #[arg(long, global = true, value_name = "URL")]
    pub docker_host: Option<String>,
    /// Know the image archives of this folder, too
    #[arg(long, global = true, value_name = "DIR")]
    pub archives: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Read the passphrase from the first line of this file; `-` is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Confirm without being asked
    #[arg(long, global = true)]
    pub yes: bool,
    /// Log to standard error; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Globals {
    /// What the configuration is loaded with.
    pub fn options(&self) -> Options {
        Options {
            home: self.home.clone(),
            network: self.network.clone(),
            rpc: self.rpc.clone(),
            docker_host: self.docker_host.clone(),
            archives: self.archives.clone(),
            password_file: self.password_file.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List local images with their verdicts
    Images,
    /// Measure images: configuration digest, layers, bytes, time
    #[command(after_help = "Examples:\n  daochain hash nginx:1.27\n  docker save app | daochain hash - --json")]
    Hash(Hash),
    /// Decide whether images are the released ones
    #[command(
        after_help = "Examples:\n  daochain verify acme/api:2\n  daochain verify --archive app.tar --json\n  daochain verify --all --quick"
    )]
    Verify(Verify),
    /// Release images under your account
    #[command(
        after_help = "Examples:\n  daochain publish acme/api:2\n  daochain publish --archive app.tar --yes --password-file pass.txt\n  daochain publish acme/api:2 --dry-run"
    )]
    Publish(Publish),
    /// Withdraw an image, finally
    #[command(after_help = "Example:\n  daochain revoke acme/api:1 --reason 'CVE-2026-0001'")]
    Revoke(Revoke),
    /// Tell what publishers said of a reference, oldest first
    History(History),
    /// Make, list and fund accounts
    #[command(subcommand)]
    Account(Account),
    /// Say which publishers speak for which references
    #[command(subcommand)]
    Trust(Trust),
    /// Deploy or look at the registry contract
    #[command(subcommand)]
    Contract(Contract),
    /// Look at the Ethereum node
    #[command(subcommand)]
    Node(Node),
    /// Choose between networks
    #[command(subcommand)]
    Network(Network),
    /// Show every verdict in a throw-away home
    Demo(Demo),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  daochain completions bash > ~/.local/share/bash-completion/completions/daochain"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print this help, a command's, or the list of error codes
    Help {
        /// A command, or `errors`
        topic: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
pub struct Hash {
    /// Image name or ID, archive file, OCI layout folder, or `-` for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// Measure what the registries of these image names serve, every platform, without pulling
    #[arg(long)]
    pub remote: bool,
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Image names
    #[arg(value_name = "REFERENCE", required_unless_present_any = ["archives_given", "all"])]
    pub references: Vec<Reference>,
    /// Verify this archive file instead of the engine's images; repeatable
    #[arg(id = "archives_given", long = "archive", value_name = "FILE", conflicts_with = "all")]
    pub archive: Vec<PathBuf>,
    /// Verify every tagged local image
    #[arg(long, conflicts_with = "references")]
    pub all: bool,
    /// Measure anew, whatever the cache knows
    #[arg(long, conflicts_with = "quick")]
    pub measure: bool,
    /// Take the engine's word instead of measuring
    #[arg(long)]
    pub quick: bool,
    /// Trust this publisher, and nobody else, for this call; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub publisher: Vec<Address>,
}

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
    /// Blocks to wait for, the transaction's own included [default: 1 on dev, 3 elsewhere]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub confirmations: Option<u64>,
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Publish {
    /// Image names
    #[arg(value_name = "REFERENCE", required_unless_present_any = ["archives_given", "from_file"])]
    pub references: Vec<Reference>,
    /// Take the digests from this archive file; repeatable
    #[arg(id = "archives_given", long = "archive", value_name = "FILE")]
    pub archive: Vec<PathBuf>,
    /// Take the digests from what the image's registry serves: every byte is read and hashed, nothing is pulled
    #[arg(long, conflicts_with = "archives_given")]
    pub remote: bool,
    /// Read further image names from this file, one a line
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    /// JSON to keep with the release, at most 4096 bytes
    #[arg(long, value_name = "JSON", default_value = "", hide_default_value = true, value_parser = annotations)]
    pub annotations: String,
    /// Make a new version though these digests are current already
    #[arg(long, conflicts_with = "amend")]
    pub again: bool,
    /// Add to the current version instead of making a new one: another platform's build
    #[arg(long)]
    pub amend: bool,
    /// Publish every platform that archives hold under the name, or the registry with --remote, not this machine's alone
    #[arg(long)]
    pub all_platforms: bool,
    /// Publish the layers' ChainID too: who has them under another configuration is told so
    #[arg(long)]
    pub with_layers: bool,
    #[command(flatten)]
    pub sending: Sending,
}

#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// Image name
    pub reference: Reference,
    /// Digest to withdraw (repeatable); without it the local image is measured, and goes with its manifests and indexes
    #[arg(long = "digest", value_name = "DIGEST")]
    pub digests: Vec<Digest>,
    /// Why, for everybody to read
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub reason: String,
    #[command(flatten)]
    pub sending: Sending,
}

#[derive(Debug, clap::Args)]
pub struct History {
    /// Image name
    pub reference: Reference,
    /// Only this publisher's word
    #[arg(long, value_name = "ADDRESS")]
    pub publisher: Option<Address>,
}

#[derive(Debug, Subcommand)]
pub enum Account {
    /// Make an account
    New,
    /// List the accounts with their balances
    List,
    /// Use this account when none is named
    Default {
        /// Which account
        address: Address,
    },
    /// Take ether from the faucet of the network `dev`
    Fund {
        /// Which account
        address: Address,
    },
}

#[derive(Debug, Subcommand)]
pub enum Trust {
    /// Let a publisher speak for a pattern of references
    #[command(
        after_help = "Patterns: a reference, `registry/namespace/*`, `registry/**`, `**`. The most specific one decides.\n\nExample:\n  daochain trust add 'docker.io/acme/*' 0x… --name acme"
    )]
    Add {
        /// Which references
        pattern: Pattern,
        /// Who speaks for them
        address: Address,
        /// Show what it says, and let it decide nothing
        #[arg(long)]
        observer: bool,
        /// What to call the publisher
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// Remove the rules of a pattern: one publisher's, or all
    Remove {
        /// Which references
        pattern: Pattern,
        /// Whose rule; all of the pattern's without it
        address: Option<Address>,
    },
    /// List the rules
    List,
    /// Tell who speaks for a reference, and by which rule
    Check {
        /// Image name
        reference: Reference,
    },
}

#[derive(Debug, Subcommand)]
pub enum Contract {
    /// Deploy the registry contract on the current network
    Deploy {
        /// Account that signs and pays
        #[arg(long, value_name = "ADDRESS")]
        account: Option<Address>,
    },
    /// Tell where the contract stands, and whether its code is ours
    Show,
}

#[derive(Debug, Subcommand)]
pub enum Node {
    /// Ask every endpoint of the current network
    Status,
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
    },
    /// Use this network when none is named
    Use {
        /// Its name
        name: String,
    },
    /// List the networks
    List,
    /// Forget a network
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Keep the demo's home in this folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Print the verdicts instead of opening the screen
    #[arg(long)]
    pub no_tui: bool,
}

fn annotations(text: &str) -> Result<String, String> {
    if text.len() > ANNOTATIONS_LIMIT {
        return Err(format!("{} bytes are more than the {ANNOTATIONS_LIMIT} that a release may carry", text.len()));
    }
    if !text.is_empty() {
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| format!("no JSON: {error}"))?;
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn annotations_are_json_within_the_contract_s_bound() {
        assert!(annotations("").is_ok());
        assert!(annotations("{\"commit\":\"abc\"}").is_ok());
        assert!(annotations("{").is_err());
        assert!(annotations(&format!("\"{}\"", "a".repeat(ANNOTATIONS_LIMIT))).is_err());
    }
}
