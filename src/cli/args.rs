//! The command line's grammar. The doc comments are the help texts.

mod account;
mod config;
mod explain;
mod namespace;
mod node;
mod observe;
mod people;
mod publish;
mod registries;
mod sending;
mod signing;
mod trust;

use std::path::PathBuf;

use clap::{Parser, Subcommand, builder::Styles};
use clap_complete::Shell;

pub use account::{Account, Add, Import, NewPassphrase};
pub use config::Config;
pub use explain::Explain;
pub use namespace::{Check, Claim, Namespace};
pub use node::{Network, Node};
pub use observe::Observe;
pub use people::{About, Delegate, Retire, Succession};
pub use publish::{Publish, Revoke};
pub use registries::{Login, Logout, Pull, Push, Remote};
pub use sending::{Replace, Search, Sending, Tx, Who};
pub use signing::{Carry, Elsewhere, Relay, Sign};
pub use trust::{AboutRule, Demand, Discover, Trust};

use super::template::Template;
use crate::{
    config::Options,
    domain::{Address, Reference, network::Finality, when::finality},
};

const EXAMPLES: &str = "Examples:
  daochain                                   open the screen
  daochain verify nginx:1.27                 is this image the released one?
  daochain publish acme/api:2 --account 0x…  release an image
  daochain hash app.tar                      measure an archive
  daochain demo                              see every verdict, with nothing to set up

Exit codes: 0 done or verified, 1 failed or undecided, 2 usage, 3 mismatch, 4 unpublished or untrusted, 5 revoked,
6 outdated. `daochain help errors` lists the codes of --json errors.";

/// Tells whether a Docker image is the one its publisher released.
#[derive(Debug, Default, Parser)]
#[command(
    name = "daochain",
    version,
    long_version = super::version::long(),
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
#[derive(Debug, Default, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Keep all state in this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Use this network of the configuration; `dev` is the embedded one
    #[arg(long, global = true, value_name = "NAME")]
    pub network: Option<String>,
    /// Ask this Ethereum endpoint; repeatable, and the majority of several must agree
    #[arg(long, global = true, value_name = "URL")]
    pub rpc: Vec<String>,
    /// Ask this Docker engine
    #[arg(long, global = true, value_name = "URL")]
    pub docker_host: Option<String>,
    /// Know the image archives of this folder, too
    #[arg(long, global = true, value_name = "DIR")]
    pub archives: Vec<PathBuf>,
    /// Use the key files of this folder, geth's for example, in place
    #[arg(long, global = true, value_name = "DIR")]
    pub keystore: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Read the passphrase from the first line of this file; `-` is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Confirm without being asked
    #[arg(long, global = true)]
    pub yes: bool,
    /// Print results and failures alone: no progress, no notes
    #[arg(short, long, global = true)]
    pub quiet: bool,
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
            keystore: self.keystore.clone(),
            password_file: self.password_file.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List local images with their verdicts
    #[command(
        after_help = "Examples:\n  daochain images\n  daochain images --format 'table {{.reference}}\\t{{.verdict}}\\t{{.publisher}}'\n  daochain --archives /srv/images images --json"
    )]
    Images(Layout),
    /// Measure images: configuration digest, layers, bytes, time
    #[command(after_help = "Examples:\n  daochain hash nginx:1.27\n  docker save app | daochain hash - --json")]
    Hash(Hash),
    /// Decide whether images are the released ones
    #[command(
        after_help = "Examples:\n  daochain verify acme/api:2\n  daochain verify --archive app.tar --json\n  daochain verify --all --quick"
    )]
    Verify(Verify),
    /// Tell why an image's verdict is what it is, and what to do next
    #[command(
        after_help = "Examples:\n  daochain explain acme/api:2\n  daochain explain acme/api:2 --files\n  daochain explain --archive app.tar --json"
    )]
    Explain(Explain),
    /// Release images under your account
    #[command(
        after_help = "Examples:\n  daochain publish acme/api:2\n  daochain publish --archive app.tar --yes --password-file pass.txt\n  daochain publish acme/api:2 --dry-run"
    )]
    Publish(Publish),
    /// Withdraw an image, finally
    #[command(after_help = "Example:\n  daochain revoke acme/api:1 --reason 'CVE-2026-0001'")]
    Revoke(Revoke),
    /// Tell what a registry has under a name, with verdicts, before anything is pulled
    #[command(
        after_help = "Examples:\n  daochain remote acme/api\n  daochain remote acme/api --tags '2.*'\n  daochain remote registry.example/acme/*"
    )]
    Remote(Remote),
    /// Attest what registries serve now under names, as an observer
    #[command(
        after_help = "Examples:\n  daochain observe nginx:1.27 redis:7\n  daochain observe --file names.txt --watch 6h --renew 7d --yes --password-file pass.txt"
    )]
    Observe(Box<Observe>),
    /// Pull an image that is the released one, and no other
    #[command(after_help = "Example:\n  daochain pull acme/api:2")]
    Pull(Pull),
    /// Push an image, and publish what the registry then serves
    #[command(after_help = "Example:\n  daochain push acme/api:2 --publish")]
    Push(Push),
    /// Log in to a registry
    #[command(after_help = "Example:\n  daochain login registry.example --username me --password-stdin < token.txt")]
    Login(Login),
    /// Forget a registry's login
    #[command(after_help = "Example:\n  daochain logout registry.example")]
    Logout(Logout),
    /// Sign a request that `publish --cold` or `revoke --cold` made; asks no node
    #[command(
        after_help = "Examples:\n  daochain sign request.json --out signature.json\n  daochain sign - --qr < request.json"
    )]
    Sign(Sign),
    /// Send what a publisher signed, from any account that can pay
    #[command(after_help = "Example:\n  daochain relay signature.json --account 0x…")]
    Relay(Relay),
    /// Appoint accounts that may publish for this one
    #[command(
        subcommand,
        after_help = "Examples:\n  daochain delegate add 0x… acme/api:2 --until 30d\n  daochain delegate list"
    )]
    Delegate(Delegate),
    /// Hand names over to another publisher
    #[command(
        subcommand,
        after_help = "Examples:\n  daochain succession offer 0x… acme/api:2\n  daochain succession show"
    )]
    Succession(Succession),
    /// Withdraw a name, or all of the account's word, finally: for a key that is lost or stolen
    #[command(after_help = "Example:\n  daochain retire --all --reason 'the key was stolen'")]
    Retire(Retire),
    /// Tell what publishers said of a reference, oldest first
    #[command(
        after_help = "Examples:\n  daochain history acme/api:2\n  daochain history acme/api:2 --publisher 0x… --json"
    )]
    History(History),
    /// Find references by a part of their names, and who released them
    #[command(
        after_help = "Examples:\n  daochain search acme/\n  daochain search acme/ --format '{{.reference}} {{.publisher}}'"
    )]
    Search(Search),
    /// Tell who released a digest, under which names
    #[command(after_help = "Example:\n  daochain who sha256:…")]
    Who(Who),
    /// Make, import, list, change and fund accounts
    #[command(subcommand, after_help = "Examples:\n  daochain account new --label deploy\n  daochain account list")]
    Account(Account),
    /// Say which publishers speak for which references
    #[command(
        subcommand,
        after_help = "Examples:\n  daochain trust add 'docker.io/acme/*' 0x… --name acme\n  daochain trust check acme/api:2"
    )]
    Trust(Trust),
    /// Claim a namespace of a registry, and look who publishes for one
    #[command(
        subcommand,
        after_help = "Examples:\n  daochain namespace claim docker.io/acme\n  daochain namespace check docker.io/acme"
    )]
    Namespace(Namespace),
    /// Deploy or look at the contracts
    #[command(subcommand, after_help = "Examples:\n  daochain contract show\n  daochain contract deploy --account 0x…")]
    Contract(Contract),
    /// List transactions, and replace those that wait
    #[command(subcommand, after_help = "Examples:\n  daochain tx list\n  daochain tx speed-up 0x…")]
    Tx(Tx),
    /// Look at the Ethereum node
    #[command(subcommand, after_help = "Examples:\n  daochain node status\n  daochain node start --geth")]
    Node(Node),
    /// Choose between networks
    #[command(
        subcommand,
        after_help = "Examples:\n  daochain network add sepolia --rpc https://rpc.example.org\n  daochain network use sepolia"
    )]
    Network(Network),
    /// Look at everything that the program rests on: home, engine, node, clock, terminal
    #[command(
        after_help = "Examples:\n  daochain doctor\n  daochain doctor --json | jq '.checks[] | select(.state == \"failed\")'\n\nExit code 1 where something is in trouble."
    )]
    Doctor,
    /// Show the configuration and where each of it was said; check the files
    #[command(
        subcommand,
        after_help = "Examples:\n  daochain config show\n  daochain config show --default\n  daochain config check"
    )]
    Config(Config),
    /// Show every verdict in a throw-away home
    #[command(
        after_help = "Examples:\n  daochain demo\n  daochain demo --no-tui --json\n  daochain demo --keep ./demo-home"
    )]
    Demo(Demo),
    /// Print what a shell loads to complete commands, images, accounts and networks
    #[command(
        after_help = "Examples:\n  daochain completions bash > ~/.local/share/bash-completion/completions/daochain\n  daochain completions zsh > ~/.zfunc/_daochain\n  daochain completions fish > ~/.config/fish/completions/daochain.fish\n  daochain completions powershell >> $PROFILE"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write the manual's pages, one for each command, into a folder
    #[command(after_help = "Example:\n  daochain man ~/.local/share/man/man1")]
    Man {
        /// The folder; it is made if it is missing
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print this help, a command's, or the list of error codes
    #[command(
        after_help = "Examples:\n  daochain help publish\n  daochain help trust add\n  daochain help errors --json"
    )]
    Help {
        /// A command, or `errors`
        topic: Vec<String>,
    },
}

/// How a listing is printed.
#[derive(Debug, clap::Args)]
pub struct Layout {
    /// Print each row by this template, as docker's: '{{.reference}}\t{{.verdict}}', 'table …', or json
    #[arg(long, value_name = "TEMPLATE", conflicts_with = "json")]
    pub format: Option<Template>,
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
    /// Leave undecided what rests on a block that is not as settled as this
    #[arg(long, value_name = "FINALITY", num_args = 0..=1, default_missing_value = "final", value_parser = finality)]
    pub require_finality: Option<Finality>,
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
pub enum Contract {
    /// Deploy the registry contract and the publisher directory on the current network
    #[command(
        after_help = "Examples:\n  daochain contract deploy\n  daochain contract deploy --account 0x… --yes --password-file pass.txt"
    )]
    Deploy {
        /// Account that signs and pays
        #[arg(long, value_name = "ADDRESS")]
        account: Option<Address>,
    },
    /// Tell where the contracts stand, and whether their code is ours
    #[command(after_help = "Examples:\n  daochain contract show\n  daochain --network sepolia contract show --json")]
    Show,
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

#[cfg(test)]
mod tests;
