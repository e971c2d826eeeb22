//! `daochain publish` and `revoke`.

use std::path::PathBuf;

use super::{Elsewhere, Sending};
use crate::domain::{Digest, Reference, publication::check_annotations};

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
    #[command(flatten)]
    pub elsewhere: Elsewhere,
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
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

pub(super) fn annotations(text: &str) -> Result<String, String> {
    check_annotations(text).map(|()| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::publication::ANNOTATIONS_LIMIT;

    #[test]
    fn annotations_are_json_within_the_contract_s_bound() {
        assert!(annotations("").is_ok());
        assert!(annotations("{\"commit\":\"abc\"}").is_ok());
        assert!(annotations("{").is_err());
        assert!(annotations(&format!("\"{}\"", "a".repeat(ANNOTATIONS_LIMIT))).is_err());
    }
}
