//! Where an engine listens.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use url::Url;

use super::EngineError;
use crate::domain::text::{clean, clean_to};

/// The port that `tcp://HOST` means (Docker's own).
const PLAIN_PORT: u16 = 2375;
/// The same with TLS.
const TLS_PORT: u16 = 2376;

/// Where an engine listens. Holds no credential: addresses with a user or password are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EngineTarget {
    /// A socket of this machine.
    Unix(PathBuf),
    /// HTTP without protection: host and port.
    Http(Url),
    /// HTTP over TLS, with a client certificate.
    Https {
        /// Host and port.
        url: Url,
        /// The folder of `ca.pem`, `cert.pem` and `key.pem`.
        certs: PathBuf,
    },
}

/// The certificates that apply to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tls {
    /// None were asked for: `tcp://` is plain. The folder serves `https://`.
    Default(PathBuf),
    /// TLS was asked for: `tcp://` has it too.
    Wanted(PathBuf),
}

impl EngineTarget {
    /// Reads `text` as Docker's `--host` is read: `unix:///PATH`, `tcp://HOST:PORT`, `http://…`, `https://…`, and a
    /// plain path or `HOST:PORT`. `place` is named in errors.
    pub(super) fn parse(text: &str, tls: &Tls, place: &str) -> Result<Self, EngineError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some(parts) => parts,
            None if text.starts_with('/') => ("unix", text),
            None => ("tcp", text),
        };
        match (scheme, tls) {
            ("unix", _) => socket(rest, place),
            ("http", _) | ("tcp", Tls::Default(_)) => Ok(Self::Http(address(rest, "http", place)?)),
            ("tcp", Tls::Wanted(certs)) | ("https", Tls::Default(certs) | Tls::Wanted(certs)) => {
                Ok(Self::Https { url: address(rest, "https", place)?, certs: certs.clone() })
            }
            ("ssh", _) => Err(EngineError::unusable(
                place,
                "an engine over ssh is reached through a forwarded socket",
                "run `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock USER@HOST`, then give --docker-host unix:///tmp/engine.sock",
            )),
            (other, _) => Err(EngineError::unusable(
                place,
                format!("scheme `{}` is none of unix, tcp, http and https", clean_to(other, 40)),
                "write unix:///PATH or tcp://HOST:PORT",
            )),
        }
    }

    /// `host:port`, as bollard wants it; `None` for a socket. Written out, because a URL drops its scheme's default port.
    pub(super) fn authority(&self) -> Option<String> {
        let url = match self {
            Self::Unix(_) => return None,
            Self::Http(url) | Self::Https { url, .. } => url,
        };
        let port = url.port_or_known_default().unwrap_or(PLAIN_PORT);
        Some(format!("{}:{port}", url.host_str().unwrap_or_default()))
    }
}

impl fmt::Display for EngineTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", clean(&path.display().to_string())),
            Self::Http(_) => write!(f, "tcp://{}", self.authority().unwrap_or_default()),
            Self::Https { .. } => write!(f, "https://{}", self.authority().unwrap_or_default()),
        }
    }
}

fn socket(path: &str, place: &str) -> Result<EngineTarget, EngineError> {
    if Path::new(path).is_absolute() && !path.contains('\0') {
        return Ok(EngineTarget::Unix(PathBuf::from(path)));
    }
    let cause = format!("socket `{}` is no absolute path", clean_to(path, 200));
    Err(EngineError::unusable(place, cause, "write unix:///PATH"))
}

fn address(rest: &str, scheme: &str, place: &str) -> Result<Url, EngineError> {
    // The address itself is not repeated: it may hold a password.
    let wrong = |cause: &str| EngineError::unusable(place, cause, "write tcp://HOST:PORT");
    let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|error| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("the address holds a user or password, which no engine asks for"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("the address has a path, query or fragment"));
    }
    // Only a scheme without a default port tells whether one was written.
    let written = Url::parse(&format!("tcp://{rest}")).ok().and_then(|url| url.port());
    let port = written.unwrap_or(if scheme == "https" { TLS_PORT } else { PLAIN_PORT });
    url.set_port(Some(port)).map_err(|()| wrong("the address has no host"))?;
    Ok(url)
}
