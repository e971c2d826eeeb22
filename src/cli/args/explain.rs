//! Arguments of `explain`.

use std::path::PathBuf;

use crate::domain::Reference;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Image name
    #[arg(required_unless_present = "archive")]
    pub reference: Option<Reference>,
    /// Explain this archive file's images instead of the engine's
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
    /// Take the engine's word instead of measuring
    #[arg(long)]
    pub quick: bool,
}
