//! Logins that `docker login` left in Docker's `config.json`.
//!
//! The file holds passwords: its content is never repeated, and what is kept of it lies in memory that is wiped.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::RegistryError;
use crate::domain::text::clean;

/// Docker's files are a few kilobytes; a larger one is something else.
const FILE_LIMIT: u64 = 1 << 20;
/// The name under which Docker Hub's login is kept.
const HUB_LOGIN: &str = "https://index.docker.io/v1/";

/// `user:password`, as HTTP's basic authentication takes it. No `Debug`.
pub(super) struct Login(Zeroizing<String>);

impl Login {
    /// The login for a registry, by its host and port; `None` where nobody logged in. `env` reads an environment variable.
    pub fn find(registry: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, RegistryError> {
        let var = |name: &str| env(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
        let folder = var("DOCKER_CONFIG").or_else(|| Some(var("HOME")?.join(".docker")));
        folder.map_or(Ok(None), |folder| Self::of_file(&folder.join("config.json"), registry))
    }

    fn of_file(path: &Path, registry: &str) -> Result<Option<Self>, RegistryError> {
        #[derive(Deserialize)]
        struct Logins {
            #[serde(default)]
            auths: BTreeMap<String, Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            // After a login through a helper there is an entry without it.
            auth: Option<Zeroizing<String>>,
        }
        let failed =
            |cause: &str| RegistryError::Logins { path: clean(&path.display().to_string()), cause: cause.to_owned() };
        let mut text = Zeroizing::new(Vec::new());
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error.to_string())),
            Ok(file) => file.take(FILE_LIMIT + 1).read_to_end(&mut text).map_err(|error| failed(&error.to_string()))?,
        };
        if text.len() as u64 > FILE_LIMIT {
            return Err(failed("it is larger than 1 MiB"));
        }
        let logins: Logins = serde_json::from_slice(&text).map_err(|_| failed("it is no JSON of Docker's form"))?;
        let host = |key: &str| {
            let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
            key.split('/').next().unwrap_or_default().to_owned()
        };
        let is_meant =
            |key: &str| if registry == super::client::HUB { key == HUB_LOGIN } else { host(key) == registry };
        let Some(auth) = logins.auths.into_iter().find(|(key, _)| is_meant(key)).and_then(|(_, entry)| entry.auth)
        else {
            return Ok(None);
        };
        if auth.is_empty() {
            return Ok(None);
        }
        let broken = || failed("the login for this registry is no user and password in base64");
        let bytes = Zeroizing::new(STANDARD.decode(auth.as_bytes()).map_err(|_| broken())?);
        let login = std::str::from_utf8(&bytes).ok().filter(|login| login.contains(':')).ok_or_else(broken)?;
        Ok(Some(Self(Zeroizing::new(login.to_owned()))))
    }

    /// The header's value for basic authentication (RFC 7617).
    pub fn basic(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(self.0.as_bytes()))))
    }

    /// User and password.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn find(content: &str, registry: &str) -> Result<Option<(String, String)>, RegistryError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), content).unwrap();
        let path = folder.path().display().to_string();
        let found = Login::find(registry, &|name| (name == "DOCKER_CONFIG").then(|| path.clone()))?;
        Ok(found.map(|login| (login.parts().0.to_owned(), login.parts().1.to_owned())))
    }

    #[test]
    fn a_login_is_found_as_docker_wrote_it() {
        // lab:a:b and hub:secret
        let file = r#"{"credsStore":"x","auths":{"127.0.0.1:5000":{"auth":"bGFiOmE6Yg=="},
            "https://index.docker.io/v1/":{"auth":"aHViOnNlY3JldA=="},"https://old.example/v2/":{"auth":"bGFiOmE6Yg=="},"helper.example":{}}}"#;
        let lab = Some(("lab".to_owned(), "a:b".to_owned()));
        assert_eq!(find(file, "127.0.0.1:5000").unwrap(), lab);
        assert_eq!(find(file, "old.example").unwrap(), lab);
        assert_eq!(find(file, "docker.io").unwrap(), Some(("hub".to_owned(), "secret".to_owned())));
        for none in ["helper.example", "127.0.0.1:5001", "docker.example"] {
            assert_eq!(find(file, none).unwrap(), None, "{none}");
        }
        assert_eq!(find("{}", "a.example").unwrap(), None);
    }

    #[test]
    fn a_broken_file_is_told_without_its_content() {
        for file in [
            "secret",
            r#"{"auths":{"a.example":{"auth":"secret!"}}}"#,
            r#"{"auths":{"a.example":{"auth":"c2VjcmV0"}}}"#,
        ] {
            let error = find(file, "a.example").unwrap_err();
            assert_eq!(error.code(), "registry-denied");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
