//! Which engine is meant, in the order that Docker's own command line uses:
//! option, `DOCKER_HOST`, context, the usual sockets, Podman's.
//!
//! Docker's files are written by other programs, so they are read with a bound and believed only where they parse.
//! Their content is never repeated in an error: `config.json` may hold passwords.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::{EngineError, EngineTarget, target::Tls};
use crate::domain::{Digest, text::clean};

/// Docker's files are a few kilobytes; a larger one is something else.
const FILE_LIMIT: u64 = 1 << 20;
/// The context that stands for *no context*.
const NO_CONTEXT: &str = "default";

/// The part of Docker's `config.json` that names a context.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default, rename = "currentContext")]
    current_context: String,
}

/// A context's `meta.json`.
#[derive(Deserialize)]
struct ContextMeta {
    #[serde(rename = "Endpoints")]
    endpoints: ContextEndpoints,
}

#[derive(Deserialize)]
struct ContextEndpoints {
    docker: ContextEndpoint,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host")]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

impl EngineTarget {
    /// The engines that may be meant, most likely first, never none. One that is named (`explicit` is `--docker-host`;
    /// then `DOCKER_HOST`, then the context) is the only candidate; else these are the usual sockets that exist, or
    /// Docker's own where none does. `env` reads an environment variable.
    ///
    /// # Errors
    /// [`EngineError::Config`] when what names an engine is malformed, unreadable or of a kind that cannot be used.
    pub fn discover(explicit: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Self>, EngineError> {
        Places { root: Path::new("/"), env }.discover(explicit)
    }
}

/// Where to look.
pub(super) struct Places<'a> {
    /// The folder that stands for `/`.
    pub root: &'a Path,
    /// Reads an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

impl Places<'_> {
    pub fn discover(&self, explicit: Option<&str>) -> Result<Vec<EngineTarget>, EngineError> {
        if let Some(host) = explicit {
            return Ok(vec![EngineTarget::parse(host, &self.tls(), "--docker-host")?]);
        }
        if let Some(host) = self.var("DOCKER_HOST") {
            return Ok(vec![EngineTarget::parse(&host, &self.tls(), "`DOCKER_HOST`")?]);
        }
        if let Some(target) = self.context()? {
            return Ok(vec![target]);
        }
        Ok(self.sockets())
    }

    /// An empty variable counts as none, as with Docker.
    fn var(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.trim().is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        self.var("HOME").map(PathBuf::from)
    }

    /// Docker's folder of settings, contexts and certificates.
    fn config_dir(&self) -> Option<PathBuf> {
        self.var("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(self.home()?.join(".docker")))
    }

    /// Certificates ask for TLS by being named. Docker's `DOCKER_TLS_VERIFY` only adds verification; here there is no
    /// TLS without it.
    fn tls(&self) -> Tls {
        let named = self.var("DOCKER_CERT_PATH").map(PathBuf::from);
        let wanted = named.is_some() || self.var("DOCKER_TLS_VERIFY").is_some();
        let certs = named.or_else(|| self.config_dir()).unwrap_or_default();
        if wanted { Tls::Wanted(certs) } else { Tls::Default(certs) }
    }

    fn context(&self) -> Result<Option<EngineTarget>, EngineError> {
        let Some(dir) = self.config_dir() else { return Ok(None) };
        let name = match self.var("DOCKER_CONTEXT") {
            Some(name) => name,
            None => match read_json::<DockerConfig>(&dir.join("config.json"))? {
                Some(config) => config.current_context,
                None => return Ok(None),
            },
        };
        if name.is_empty() || name == NO_CONTEXT {
            return Ok(None);
        }
        // Docker names a context's folders by the SHA-256 of its name, which also keeps `..` out of the path.
        let folder = Digest::of(name.as_bytes()).hex();
        let path = dir.join("contexts/meta").join(&folder).join("meta.json");
        let place = format!("docker context `{}` (`{}`)", clean(&name), shown(&path));
        let Some(meta) = read_json::<ContextMeta>(&path)? else {
            let step = "choose another context with `docker context use`";
            return Err(EngineError::unusable(place, "there is no such file", step));
        };
        let endpoint = meta.endpoints.docker;
        if endpoint.skip_tls_verify {
            return Err(EngineError::unusable(
                place,
                "it switches off the verification of the engine's certificate",
                "give the context a `ca.pem` instead",
            ));
        }
        let certs = dir.join("contexts/tls").join(&folder).join("docker");
        let tls = if certs.join("ca.pem").exists() { Tls::Wanted(certs) } else { Tls::Default(certs) };
        EngineTarget::parse(&endpoint.host, &tls, &place).map(Some)
    }

    fn sockets(&self) -> Vec<EngineTarget> {
        let (runtime, home) = (self.var("XDG_RUNTIME_DIR").map(PathBuf::from), self.home());
        let system = self.root.join("var/run/docker.sock");
        let candidates = [
            Some(system.clone()),
            runtime.as_ref().map(|dir| dir.join("docker.sock")),
            home.as_ref().map(|dir| dir.join(".docker/run/docker.sock")),
            home.as_ref().map(|dir| dir.join(".docker/desktop/docker.sock")),
            runtime.as_ref().map(|dir| dir.join("podman/podman.sock")),
            Some(self.root.join("run/podman/podman.sock")),
        ];
        let mut found: Vec<_> =
            candidates.into_iter().flatten().filter(|path| may_exist(path)).map(EngineTarget::Unix).collect();
        if found.is_empty() {
            found.push(EngineTarget::Unix(system));
        }
        found
    }
}

/// A socket in a folder that is closed to this user is a candidate: connecting then names the permission.
fn may_exist(path: &Path) -> bool {
    fs::metadata(path).map_or_else(|error| error.kind() == io::ErrorKind::PermissionDenied, |_| true)
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

/// `None` where there is no such file.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, EngineError> {
    let place = || format!("`{}`", shown(path));
    let unreadable = |error: &io::Error| EngineError::config(place(), format!("it cannot be read: {error}"));
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(&error)),
    };
    // A pipe would never end.
    if !meta.is_file() || meta.len() > FILE_LIMIT {
        let cause = format!("it is no file of at most {FILE_LIMIT} bytes");
        return Err(EngineError::config(place(), cause));
    }
    let mut text = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut text))
        .map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let cause = format!("it is malformed at line {}, column {}", error.line(), error.column());
        EngineError::config(place(), cause)
    })
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
