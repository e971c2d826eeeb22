//! `daochain --version`: what tells one build from another.

use serde::Serialize;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = env!("DAOCHAIN_TARGET");
/// From the build script. `None` in development builds, and where nobody told it.
const COMMIT: Option<&str> = option_env!("DAOCHAIN_COMMIT_TOLD");
const FEATURES: &[&str] = if cfg!(feature = "devnet") { &["devnet"] } else { &[] };

/// `daochain.version/1`
#[derive(Serialize)]
pub struct Document {
    schema: &'static str,
    version: &'static str,
    commit: Option<&'static str>,
    features: &'static [&'static str],
    target: &'static str,
}

impl Document {
    pub const fn new() -> Self {
        Self { schema: "daochain.version/1", version: VERSION, commit: COMMIT, features: FEATURES, target: TARGET }
    }
}

/// Behind the program's name.
pub fn long() -> String {
    let commit = COMMIT.unwrap_or("not told (a development build, or one without history)");
    let features = if cfg!(feature = "devnet") {
        "devnet: the embedded Ethereum node"
    } else {
        "none: without the embedded Ethereum node"
    };
    format!("{VERSION}\ncommit    {commit}\nfeatures  {features}\ntarget    {TARGET}")
}
