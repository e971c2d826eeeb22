//! Why a registry could not be asked, as sentences.

use std::{error::Error, io};

use crate::domain::{digest::DigestError, text::clean_to};

/// Characters of a registry's words that are repeated.
const SHOWN: usize = 300;

/// A registry that gave no answer, or none that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It does not answer.
    #[error("cannot {operation}: registry `{registry}` cannot be reached: {cause}; {step}", step = self.step())]
    Unreachable {
        /// What was asked.
        operation: String,
        /// Host and port.
        registry: String,
        /// What the connection ended with.
        cause: String,
    },
    /// It wants to know who asks, or knows and refuses.
    #[error("cannot {operation}: registry `{registry}` does not allow it: {cause}; {step}", step = self.step())]
    Denied {
        /// What was asked.
        operation: String,
        /// Host and port.
        registry: String,
        /// The registry's words.
        cause: String,
    },
    /// It was asked too often.
    #[error("cannot {operation}: registry `{registry}` was asked too often: {cause}; {step}", step = self.step())]
    Busy {
        /// What was asked.
        operation: String,
        /// Host and port.
        registry: String,
        /// How long it wants to be left alone, as it says.
        cause: String,
    },
    /// It answered that it cannot or will not.
    #[error("cannot {operation}: registry `{registry}` answered HTTP {status}: {cause}; {step}", step = self.step())]
    Refused {
        /// What was asked.
        operation: String,
        /// Host and port.
        registry: String,
        /// HTTP's status code.
        status: u16,
        /// The registry's words.
        cause: String,
    },
    /// It answered in another form than the distribution specification's, or beyond the bounds.
    #[error("cannot {operation}: the answer of registry `{registry}` cannot be used: {cause}; {step}", step = self.step())]
    Malformed {
        /// What was asked.
        operation: String,
        /// Host and port.
        registry: String,
        /// What is wrong with it.
        cause: String,
    },
    /// It has no image of this name.
    #[error("registry `{registry}` has no image `{name}`; {step}", step = self.step())]
    NoSuchImage {
        /// The name.
        name: String,
        /// Host and port.
        registry: String,
    },
    /// A digest of another algorithm than the one that is compared.
    #[error("registry `{registry}` names content by a digest that is not compared: {cause}; {step}", step = self.step())]
    DigestAlgorithm {
        /// Host and port.
        registry: String,
        /// Which.
        cause: DigestError,
    },
    /// What it serves has another digest than it says, or than what was asked for or pushed.
    #[error("registry `{registry}` serves something else: {cause}; {step}", step = self.step())]
    Changed {
        /// Host and port.
        registry: String,
        /// What was expected and what was found.
        cause: String,
    },
    /// A program that keeps logins cannot be asked.
    #[error("the credential helper `docker-credential-{name}` cannot be asked to {operation}: {cause}; {step}", step = self.step())]
    Helper {
        /// Its name without the beginning, made safe to show.
        name: String,
        /// `get`, `store` or `erase`.
        operation: &'static str,
        /// What went wrong; never a secret.
        cause: String,
    },
    /// A file of certificates cannot be used.
    #[error("the certificates in `{path}` cannot be used: {cause}; {step}", step = self.step())]
    Certificate {
        /// The file, made safe to show.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A file of logins cannot be used.
    #[error("the logins in `{path}` cannot be read: {cause}; {step}", step = self.step())]
    Logins {
        /// The file, made safe to show.
        path: String,
        /// What is wrong with it; never its content.
        cause: String,
    },
}

impl RegistryError {
    /// The code of `daochain.error/1`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "registry-unreachable",
            Self::Denied { .. } | Self::Logins { .. } => "registry-denied",
            Self::Busy { .. } => "registry-busy",
            Self::Refused { .. } | Self::Malformed { .. } => "registry-error",
            Self::NoSuchImage { .. } => "no-such-image",
            Self::DigestAlgorithm { .. } => "digest-algorithm",
            Self::Changed { .. } => "registry-changed",
            Self::Helper { .. } => "helper-failed",
            Self::Certificate { .. } => "certificate-unusable",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, and ends the sentence.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { .. } => "check the name, the network and the proxy's variables",
            Self::Denied { .. } => "`daochain login` to it as somebody who may",
            Self::Busy { .. } => "wait, or log in: registries allow more to whom they know",
            Self::Refused { .. } => "its own log may say more",
            Self::Malformed { .. } => "see that a registry is what answers there",
            Self::NoSuchImage { .. } => "check name and tag, or push it",
            Self::DigestAlgorithm { .. } => "push it with SHA-256 digests",
            Self::Logins { .. } => "mend the file, or log in again",
            Self::Changed { .. } => "find out who changed it there; whoever pushed it can push it again",
            Self::Helper { .. } => "install or unlock it, or take it out of Docker's config.json",
            Self::Certificate { .. } => "put a certificate in PEM there, or take the file away",
        })
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }
}

impl From<RegistryError> for io::Error {
    /// The error stays inside, for whoever wants its code back ([`io::Error::get_ref`]).
    fn from(error: RegistryError) -> Self {
        Self::other(error)
    }
}

/// One request: what every failure of it names.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What is asked, as the words after *cannot*.
    pub operation: String,
    /// Host and port.
    pub registry: String,
}

impl Call {
    pub fn unreachable(&self, cause: &str) -> RegistryError {
        let (operation, registry) = self.parts();
        RegistryError::Unreachable { operation, registry, cause: clean_to(cause, SHOWN) }
    }

    /// An answer that would not end.
    pub fn too_slow(&self) -> RegistryError {
        self.unreachable("it answers too slowly")
    }

    pub fn denied(&self, cause: &str) -> RegistryError {
        let (operation, registry) = self.parts();
        RegistryError::Denied { operation, registry, cause: clean_to(cause, SHOWN) }
    }

    pub fn malformed(&self, cause: &str) -> RegistryError {
        let (operation, registry) = self.parts();
        RegistryError::Malformed { operation, registry, cause: clean_to(cause, SHOWN) }
    }

    /// Other content than was expected.
    pub fn changed(&self, cause: &str) -> RegistryError {
        RegistryError::Changed { registry: self.registry.clone(), cause: clean_to(cause, SHOWN) }
    }

    /// An answer that is no success, with the registry's words.
    pub fn refused(&self, status: u16, retry_after: Option<u64>, cause: &str) -> RegistryError {
        let (operation, registry) = self.parts();
        let cause = clean_to(if cause.is_empty() { "no reason given" } else { cause }, SHOWN);
        match (status, retry_after) {
            (401 | 403, _) => RegistryError::Denied { operation, registry, cause },
            (429, Some(seconds)) => {
                let cause = clean_to(&format!("{cause}, try again after {seconds} s"), SHOWN);
                RegistryError::Busy { operation, registry, cause }
            }
            (429, None) => RegistryError::Busy { operation, registry, cause },
            _ => RegistryError::Refused { operation, registry, status, cause },
        }
    }

    /// What reqwest reports. Its own text repeats the URL, which may hold a token: the innermost cause says enough.
    pub fn failed(&self, error: &reqwest::Error) -> RegistryError {
        if error.is_timeout() {
            return self.unreachable("no answer in time");
        }
        if error.is_redirect() {
            return self.malformed("it leads to an address without TLS, or from one to the next without end");
        }
        let mut last: &dyn Error = error;
        while let Some(next) = last.source() {
            last = next;
        }
        // Content and tokens may lie elsewhere.
        match error.url().and_then(reqwest::Url::host_str).filter(|host| self.registry.split(':').next() != Some(*host))
        {
            Some(host) => self.unreachable(&format!("{last} (at `{host}`)")),
            None => self.unreachable(&last.to_string()),
        }
    }

    fn parts(&self) -> (String, String) {
        (self.operation.clone(), self.registry.clone())
    }
}
