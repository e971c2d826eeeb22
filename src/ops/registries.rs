//! Ways to registries: with the configured mirrors and certificates, and the logins that are kept.

use super::context::blocking;
use crate::{
    docker::Credentials,
    domain::{Digest, Reference},
    ops::{Context, Failure, Passphrase},
    registry::{
        self, Access, Host, Kept, Login, Outline, RegistryError, Repository, check_login, forget_login, keep_login,
    },
    store::files::{self, Lock, PATIENCE},
};

/// How the home's registries are reached.
pub(super) fn access(context: &Context) -> Access {
    let config = context.config();
    let host =
        |of: &crate::config::Registry| Host { mirrors: of.mirrors.clone(), insecure: of.insecure, ca: of.ca.clone() };
    let hosts = config.registries.iter().map(|(name, of)| (name.clone(), host(of))).collect();
    let access = Access::new(|variable| std::env::var(variable).ok());
    let access = access.with_logins(config.home.logins_file.clone()).with_hosts(hosts);
    context.aside().teller().into_iter().fold(access, Access::telling)
}

/// Gets ready to ask the repository of `reference`.
///
/// # Errors
/// When the registry does not answer.
pub(super) async fn repository(context: &Context, reference: &Reference) -> Result<Repository, Failure> {
    Ok(Repository::connect(reference, &access(context)).await?)
}

/// Gets ready to ask the registry itself, whatever its mirrors say: for a tag that the registry alone may be believed about.
///
/// # Errors
/// When the registry does not answer.
pub(super) async fn origin(context: &Context, reference: &Reference) -> Result<Repository, RegistryError> {
    Repository::connect(reference, &access(context).without_mirrors()).await
}

/// That the registry has nothing under a name.
pub(super) fn absent(reference: &Reference) -> Failure {
    let message = format!("registry `{}` has no image `{}`", reference.registry(), reference.familiar());
    Failure::new("no-such-image", &message).hint("check name and tag, or push it")
}

/// The image that an index leads to: its configuration, and the bytes of that and of all layers as the manifest says.
///
/// # Errors
/// `registry-error` where there is none, or another index; and as for every request.
pub(super) async fn read_child(
    asked: &Repository,
    reference: &Reference,
    manifest: Digest,
) -> Result<(Digest, u64), Failure> {
    let unusable = |cause: &str| {
        let (registry, name) = (reference.registry(), reference.familiar());
        let message = format!("registry `{registry}`: the manifest {manifest} of `{name}` {cause}");
        Failure::new("registry-error", &message).hint("whoever pushed it can push it again")
    };
    let found = asked.resolve(&manifest.to_string()).await?.ok_or_else(|| unusable("is not there"))?;
    match asked.outline(&found)? {
        Outline::Manifest { config, bytes } => Ok((config, bytes)),
        Outline::Index(_) => Err(unusable("is an index within an index")),
    }
}

/// The login that an engine is to use for a reference's registry: the same that this program would use.
pub(super) async fn engine_login(context: &Context, reference: &Reference) -> Result<Option<Credentials>, Failure> {
    let login = registry::find_login(reference, &access(context)).await?;
    Ok(login.map(|login| Credentials::new(login.parts(), reference.registry())))
}

/// Where a login is kept, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By a credential helper, a program of this name.
    Helper(String),
    /// In our own file, unencrypted; its path.
    File(String),
}

/// What logging in did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Where the login is kept.
    pub place: Place,
    /// The registry asked who is there. Where it did not, nobody knows whether the login is good.
    pub is_checked: bool,
}

/// Asks the registry whether the login is good, and then keeps it: by the credential helper that Docker's settings name, else
/// in our own file.
///
/// # Errors
/// `registry-denied` when it is not good; when the registry does not answer, or nothing can be kept.
pub async fn log_in(context: &Context, registry: &str, user: &str, password: Passphrase) -> Result<LoggedIn, Failure> {
    let (access, login) = (access(context), Login::of(user.to_owned(), password.0));
    let is_checked = check_login(registry, &login, &access).await?;
    let _alone = lock(context).await?;
    let place = settle(context, keep_login(registry, &login, &access).await?).await?;
    Ok(LoggedIn { place, is_checked })
}

/// Forgets a registry's login; where it was kept. Docker's own file is left to Docker.
///
/// # Errors
/// When a helper or a file cannot be asked or written.
pub async fn log_out(context: &Context, registry: &str) -> Result<Vec<Place>, Failure> {
    let _alone = lock(context).await?;
    let mut places = Vec::new();
    for kept in forget_login(registry, &access(context)).await? {
        places.push(settle(context, kept).await?);
    }
    Ok(places)
}

/// Other processes wait: the file is read, changed and replaced.
async fn lock(context: &Context) -> Result<Lock, Failure> {
    let path = context.config().home.logins_file.clone();
    blocking(move || Lock::take(&path, PATIENCE).map_err(|error| crate::config::ConfigError::Unwritable(error).into()))
        .await
}

async fn settle(context: &Context, kept: Kept) -> Result<Place, Failure> {
    let text = match kept {
        Kept::Helper(program) => return Ok(Place::Helper(program)),
        Kept::File(text) => text,
    };
    let path = context.config().home.logins_file.clone();
    blocking(move || {
        // With mode 0600.
        files::replace(&path, &text).map_err(crate::config::ConfigError::Unwritable)?;
        Ok(Place::File(path.display().to_string()))
    })
    .await
}
