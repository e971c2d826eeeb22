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
    /// Get the released image's layers to compare with: measure an image of it that is here, or ask its registry
    #[arg(long)]
    pub remote: bool,
    /// List the files of the layers that differ, as far as both are to be had; implies --remote
    #[arg(long)]
    pub files: bool,
}
