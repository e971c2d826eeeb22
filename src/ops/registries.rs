//! Ways to registries: with the configured mirrors and certificates, and the logins that are kept.

use crate::{
    domain::Reference,
    ops::{Context, Failure},
    registry::{Access, Repository},
};

/// The file of our own logins, beside `config.toml`.
const LOGINS: &str = "registries.json";

/// How the home's registries are reached.
pub(super) fn access(context: &Context) -> Access {
    let file = context.config().home.config_file.with_file_name(LOGINS);
    Access::new(|variable| std::env::var(variable).ok()).with_logins(file)
}

/// Gets ready to ask the repository of `reference`.
///
/// # Errors
/// When the registry does not answer.
pub(super) async fn repository(context: &Context, reference: &Reference) -> Result<Repository, Failure> {
    Ok(Repository::connect(reference, &access(context)).await?)
}
