//! `daochain config`

use clap::Subcommand;

/// How what is said in several places counts.
const PRECEDENCE: &str =
    "Flags stand above the environment, the environment above config.toml, config.toml above what is built in. What a
level says about the network (--network, --rpc) replaces what lower levels say about it as a whole.";

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every key that counts, and whether a flag, the environment, the file or nobody said it
    #[command(after_help = format!("Examples:\n  daochain config show\n  daochain config show --default > config.toml\n\n{PRECEDENCE}"))]
    Show {
        /// Print a config.toml with every key explained and commented out
        #[arg(long)]
        default: bool,
    },
    /// Read config.toml, trust.toml, keys.toml and theme.toml, and tell every error with its place
    #[command(
        after_help = "Examples:\n  daochain config check\n  daochain --home /etc/daochain config check --json\n\nExit code 1 where something is wrong."
    )]
    Check,
}
