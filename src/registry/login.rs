//! Logins, and where they are kept.
//!
//! ```text
//! our own file ─▶ Docker's config.json: credHelpers, credsStore, auths ─▶ Podman's auth.json
//! ```
//! The first that has one wins. The files hold passwords: their content is never repeated, and what is kept of it lies in
//! memory that is wiped.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Access, RegistryError, endpoint::HUB, helper::Helper};
use crate::domain::{Reference, text::clean};

/// These files are a few kilobytes; a larger one is something else.
const FILE_LIMIT: u64 = 1 << 20;
/// The name under which Docker Hub's login is kept.
const HUB_LOGIN: &str = "https://index.docker.io/v1/";
/// The user's name by which helpers tell an identity token from a password (docker-credential-helpers).
const TOKEN_USER: &str = "<token>";

/// Who asks. No `Debug`.
pub enum Login {
    /// A name and its password, or a token in a password's place.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: Zeroizing<String>,
    },
    /// A refresh token, which gets tokens in place of a password.
    Identity(Zeroizing<String>),
}

impl Login {
    /// A name and its password; or an identity token, under the name that stands for one.
    #[must_use]
    pub fn of(user: String, secret: Zeroizing<String>) -> Self {
        if user == TOKEN_USER { Self::Identity(secret) } else { Self::Password { user, password: secret } }
    }

    /// The same once more.
    pub(super) fn again(&self) -> Self {
        let (user, secret) = self.parts();
        Self::of(user.to_owned(), Zeroizing::new(secret.to_owned()))
    }

    /// User and secret, as helpers keep them.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        match self {
            Self::Password { user, password } => (user, password),
            Self::Identity(token) => (TOKEN_USER, token),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts().1.is_empty()
    }

    /// The header's value for basic authentication (RFC 7617); `None` for a token, which is not sent so.
    pub(super) fn basic(&self) -> Option<Zeroizing<String>> {
        let Self::Password { user, password } = self else { return None };
        let login = Zeroizing::new(format!("{user}:{}", **password));
        Some(Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(login.as_bytes())))))
    }

    /// The login for a repository of a registry (host and port), and why a place that may have one could not be asked.
    pub(super) async fn find(
        registry: &str,
        repository: &str,
        access: &Access,
    ) -> Result<(Option<Self>, Option<RegistryError>), RegistryError> {
        let mut trouble = None;
        for place in places(access) {
            let Some(file) = Settings::read(&place)? else { continue };
            if let Some(helper) = file.helper(registry) {
                match helper {
                    Err(error) => trouble = Some(error),
                    Ok(helper) => match helper.get(&server(registry)).await {
                        Ok(None) => {}
                        Ok(login) => return Ok((login, None)),
                        // Without it, what everybody may read can still be read.
                        Err(error) => trouble = Some(error),
                    },
                }
            }
            if let Some(login) = file.login(registry, repository, &place)? {
                return Ok((Some(login), None));
            }
        }
        if let Some(trouble) = &trouble {
            access.tell(&trouble.to_string());
        }
        Ok((None, trouble))
    }
}

/// The login that is kept for a reference's registry, for an engine to use.
///
/// # Errors
/// [`RegistryError::Logins`] when a file of logins cannot be read.
pub async fn find_login(reference: &Reference, access: &Access) -> Result<Option<Login>, RegistryError> {
    Ok(Login::find(reference.registry(), reference.repository(), access).await?.0)
}

/// The name under which a registry's login is kept.
pub(super) fn server(registry: &str) -> String {
    if registry == HUB { HUB_LOGIN.to_owned() } else { registry.to_owned() }
}

/// Docker's file of settings.
fn docker_file(access: &Access) -> Option<PathBuf> {
    let folder = access.var("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(access.var("HOME")?).join(".docker")))?;
    Some(folder.join("config.json"))
}

/// Every file that may hold logins, the first to be asked first.
fn places(access: &Access) -> Vec<PathBuf> {
    let var = |name: &str| access.var(name).map(PathBuf::from);
    // containers-auth.json(5).
    let podman = var("REGISTRY_AUTH_FILE").map_or_else(
        || {
            let run = var("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
            let config = var("XDG_CONFIG_HOME").or_else(|| Some(var("HOME")?.join(".config")));
            run.into_iter().chain(config.map(|folder| folder.join("containers/auth.json"))).collect()
        },
        |file| vec![file],
    );
    access.own_file().map(Path::to_owned).into_iter().chain(docker_file(access)).chain(podman).collect()
}

/// The helper that Docker's settings name for a registry.
pub(super) fn docker_helper(registry: &str, access: &Access) -> Result<Option<Helper>, RegistryError> {
    let Some(file) = docker_file(access).as_deref().map(Settings::read).transpose()?.flatten() else { return Ok(None) };
    file.helper(registry).transpose()
}

/// What is used of such a file.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    creds_store: String,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

/// After a login through a helper there is an entry with nothing in it.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identitytoken: Option<Zeroizing<String>>,
}

impl Settings {
    fn read(path: &Path) -> Result<Option<Self>, RegistryError> {
        let Some(text) = text_of(path)? else { return Ok(None) };
        let parsed = serde_json::from_slice(&text);
        parsed.map(Some).map_err(|_| failed(path, "it is no JSON of Docker's form"))
    }

    fn helper(&self, registry: &str) -> Option<Result<Helper, RegistryError>> {
        let own = self.cred_helpers.iter().find(|(key, _)| **key == registry || **key == server(registry));
        let name = own.map_or(self.creds_store.as_str(), |(_, name)| name.as_str());
        (!name.is_empty()).then(|| Helper::named(name))
    }

    /// Of several entries the one for the longest part of the name (containers-auth.json).
    fn login(&self, registry: &str, repository: &str, path: &Path) -> Result<Option<Login>, RegistryError> {
        let meant = self.auths.iter().filter_map(|(key, entry)| Some((reach(key, registry, repository)?, entry)));
        match meant.filter(|(_, entry)| entry.is_some()).max_by_key(|(reach, _)| *reach) {
            Some((_, entry)) => entry.login(path).map(Some),
            None => Ok(None),
        }
    }
}

/// How much of a repository's name an entry's key is: `None` where it means another registry or repository.
fn reach(key: &str, registry: &str, repository: &str) -> Option<usize> {
    if key == server(registry) {
        return Some(0);
    }
    let (is_address, rest) = match key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")) {
        Some(rest) => (true, rest),
        None => (false, key),
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host != registry {
        return None;
    }
    // Docker's own addresses end with a version of the protocol.
    if is_address || matches!(path.trim_end_matches('/'), "" | "v1" | "v2") {
        return Some(0);
    }
    let is_inside = repository.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_inside.then_some(path.len())
}

impl Entry {
    /// The entry of a login.
    pub(super) fn new(login: &Login) -> Self {
        match login {
            Login::Password { user, password } => {
                let login = Zeroizing::new(format!("{user}:{}", **password));
                Self { auth: Some(Zeroizing::new(STANDARD.encode(login.as_bytes()))), identitytoken: None }
            }
            Login::Identity(token) => Self { auth: None, identitytoken: Some(token.clone()) },
        }
    }

    fn is_some(&self) -> bool {
        [&self.auth, &self.identitytoken].into_iter().flatten().any(|text| !text.is_empty())
    }

    fn login(&self, path: &Path) -> Result<Login, RegistryError> {
        if let Some(token) = self.identitytoken.as_ref().filter(|token| !token.is_empty()) {
            return Ok(Login::Identity(token.clone()));
        }
        let broken = || failed(path, "the login for this registry is no user and password in base64");
        let auth = self.auth.as_ref().map(|auth| auth.as_bytes()).unwrap_or_default();
        let bytes = Zeroizing::new(STANDARD.decode(auth).map_err(|_| broken())?);
        let (user, password) = std::str::from_utf8(&bytes).ok().and_then(|it| it.split_once(':')).ok_or_else(broken)?;
        Ok(Login::of(user.to_owned(), Zeroizing::new(password.to_owned())))
    }
}

pub(super) fn failed(path: &Path, cause: &str) -> RegistryError {
    RegistryError::Logins { path: clean(&path.display().to_string()), cause: cause.to_owned() }
}

/// The file's text; `None` where there is no file.
pub(super) fn text_of(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, RegistryError> {
    let mut text = Zeroizing::new(Vec::new());
    match File::open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(failed(path, &error.to_string())),
        Ok(file) => {
            file.take(FILE_LIMIT + 1).read_to_end(&mut text).map_err(|error| failed(path, &error.to_string()))?
        }
    };
    if text.len() as u64 > FILE_LIMIT {
        return Err(failed(path, "it is larger than 1 MiB"));
    }
    // An empty file is what `touch` leaves.
    Ok(Some(text).filter(|text| !text.trim_ascii().is_empty()))
}

#[cfg(test)]
mod tests;
