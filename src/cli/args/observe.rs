//! `daochain observe`

use std::path::PathBuf;

use super::{Elsewhere, Sending};
use crate::domain::{Reference, when};

/// The longest that a watch may rest, and the longest after which the same is said again, in seconds.
const LONGEST: u64 = 365 * 86_400;

#[derive(Debug, clap::Args)]
pub struct Observe {
    /// Image names
    #[arg(value_name = "REFERENCE", required_unless_present = "file")]
    pub references: Vec<Reference>,
    /// Read further image names from this file, one a line
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Read and hash every layer of every platform, too
    #[arg(long)]
    pub deep: bool,
    /// Look again and again, so often: 6h, 30m; publish only what changed
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with_all = ["dry_run", "cold", "calldata"])]
    pub watch: Option<u64>,
    /// Say the same again once it was said so long ago: 7d. For policies that take no old word
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub renew: Option<u64>,
    #[command(flatten)]
    pub sending: Sending,
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

fn time(text: &str) -> Result<u64, String> {
    when::span(text, LONGEST)
}
