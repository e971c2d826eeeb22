//! Logging in and out: checked with the registry first, then kept by a helper or in a file of our own.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    Access, Login, RegistryError,
    endpoint::{Ask, Endpoint, refusal},
    error::Call,
    login::{Entry, docker_helper, failed, server, text_of},
};

/// Where a login is kept, or was.
pub enum Kept {
    /// By this program.
    Helper(String),
    /// In our own file, whose new text this is; nobody has written it yet.
    File(Zeroizing<Vec<u8>>),
}

/// Asks a registry whether a login is good. False where it wants none.
///
/// # Errors
/// [`RegistryError::Denied`] when it is not; and when the registry does not answer.
pub async fn check_login(registry: &str, login: &Login, access: &Access) -> Result<bool, RegistryError> {
    let call = Call { operation: "log in".to_owned(), registry: registry.to_owned() };
    let mut endpoint = Endpoint::connect(registry, "", access, &call).await?;
    endpoint.given = Some(login.again());
    let answer = endpoint.ask(&Ask::get(endpoint.base.clone(), ""), &call).await?;
    match answer.status() {
        status if status.is_success() => Ok(endpoint.has_logged_in()),
        StatusCode::NOT_FOUND => Err(call.malformed("it has no `/v2/`, which every registry has")),
        _ => Err(refusal(answer, &call).await),
    }
}

/// Keeps a login: by the helper that Docker's settings name for the registry, else in our own file.
///
/// # Errors
/// [`RegistryError::Helper`] when the helper does not take it; [`RegistryError::Logins`] when a file cannot be read.
pub async fn keep_login(registry: &str, login: &Login, access: &Access) -> Result<Kept, RegistryError> {
    if let Some(helper) = docker_helper(registry, access)? {
        helper.store(&server(registry), login).await?;
        return Ok(Kept::Helper(helper.program()));
    }
    Ok(Kept::File(changed_file(registry, Some(login), access)?.unwrap_or_default()))
}

/// Forgets a login where [`keep_login`] may have put it; the places that had one. Docker's own file is Docker's to change.
///
/// # Errors
/// As [`keep_login`].
pub async fn forget_login(registry: &str, access: &Access) -> Result<Vec<Kept>, RegistryError> {
    let mut places = Vec::new();
    if let Some(helper) = docker_helper(registry, access)?
        && helper.get(&server(registry)).await?.is_some()
    {
        helper.erase(&server(registry)).await?;
        places.push(Kept::Helper(helper.program()));
    }
    places.extend(changed_file(registry, None, access)?.map(Kept::File));
    Ok(places)
}

/// Our own file with a login more, or one less; `None` where there was none to take out. What else is in it stays.
fn changed_file(
    registry: &str,
    login: Option<&Login>,
    access: &Access,
) -> Result<Option<Zeroizing<Vec<u8>>>, RegistryError> {
    #[derive(Default, Deserialize, Serialize)]
    struct Logins {
        #[serde(default)]
        auths: BTreeMap<String, Entry>,
        #[serde(flatten)]
        others: BTreeMap<String, Value>,
    }
    let Some(path) = access.own_file() else { return Ok(None) };
    let mut file = match text_of(path)? {
        Some(text) => serde_json::from_slice(&text).map_err(|_| failed(path, "it is no JSON of Docker's form"))?,
        None => Logins::default(),
    };
    match login {
        Some(login) => drop(file.auths.insert(server(registry), Entry::new(login))),
        None if file.auths.remove(&server(registry)).is_none() => return Ok(None),
        None => {}
    }
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    serde_json::to_writer_pretty(&mut *text, &file).map_err(|_| failed(path, "it cannot be written as JSON"))?;
    text.push(b'\n');
    Ok(Some(text))
}
