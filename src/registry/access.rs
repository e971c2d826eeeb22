//! What all repositories share: where logins are, and what is configured of each registry.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where Docker and Podman look for a registry's certificates.
const CERTIFICATES: &str = "/etc/docker/certs.d";

/// Reads an environment variable.
type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;
/// Told of what takes long: one sentence, safe to show.
type Teller = dyn Fn(&str) + Send + Sync;

/// What is configured of one registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Registries that hold copies (host and port each), asked in this order before it, for reading alone.
    pub mirrors: Vec<String>,
    /// Its certificate is not checked, and it may have no TLS at all.
    pub insecure: bool,
    /// A file of certificates (PEM) that it may be signed by, beside the system's.
    pub ca: Option<PathBuf>,
}

/// How registries are reached. Clones share everything; has no secrets, for logins are read when they are needed.
#[derive(Clone)]
pub struct Access {
    env: Arc<Environment>,
    own: Option<PathBuf>,
    hosts: Arc<BTreeMap<String, Host>>,
    certificates: PathBuf,
    teller: Option<Arc<Teller>>,
}

impl Access {
    /// With the logins that Docker or Podman keep, found by the environment that `env` reads.
    #[must_use]
    pub fn new(env: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let certificates = PathBuf::from(CERTIFICATES);
        Self { env: Arc::new(env), own: None, hosts: Arc::default(), certificates, teller: None }
    }

    /// With a file of logins of our own, which win over Docker's.
    #[must_use]
    pub fn with_logins(mut self, file: PathBuf) -> Self {
        self.own = Some(file);
        self
    }

    /// With what is configured of registries, by host and port.
    #[must_use]
    pub fn with_hosts(mut self, hosts: BTreeMap<String, Host>) -> Self {
        self.hosts = Arc::new(hosts);
        self
    }

    /// Tells `teller` when a registry wants to be waited for.
    #[must_use]
    pub fn telling(mut self, teller: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        self.teller = Some(teller);
        self
    }

    /// Without mirrors: for a tag that the registry alone may be believed about.
    #[must_use]
    pub fn without_mirrors(mut self) -> Self {
        let alone = |host: &Host| Host { mirrors: Vec::new(), ..host.clone() };
        self.hosts = Arc::new(self.hosts.iter().map(|(name, host)| (name.clone(), alone(host))).collect());
        self
    }

    /// A variable that is set and not blank.
    pub(super) fn var(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.trim().is_empty())
    }

    /// The file of our own logins.
    pub(super) fn own_file(&self) -> Option<&Path> {
        self.own.as_deref()
    }

    /// What is configured of `registry`.
    pub(super) fn host(&self, registry: &str) -> Host {
        self.hosts.get(registry).cloned().unwrap_or_default()
    }

    /// The folder with a registry's certificates (Docker's *Use self-signed certificates*).
    pub(super) fn certificates(&self, registry: &str) -> PathBuf {
        self.certificates.join(registry)
    }

    pub(super) fn tell(&self, sentence: &str) {
        tracing::info!("{sentence}");
        if let Some(teller) = &self.teller {
            teller(sentence);
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("own", &self.own).field("hosts", &self.hosts).finish_non_exhaustive()
    }
}
