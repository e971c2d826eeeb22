//! Why the engine did not do what it was asked.

use std::{error::Error, io, time::Duration};

use bollard::errors::Error as Bollard;

use super::transport::NotConnected;
use crate::domain::text::clean_to;

/// Longest text of an engine or operating system that an error repeats.
const SHOWN: usize = 300;

/// Why the engine did not do what it was asked. Every text in it is safe to show, and none holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Nothing listens there, or what listens did not answer in time.
    #[error("cannot {operation}: no engine answers at `{endpoint}`: {cause}; {step}", step = self.step())]
    Unreachable {
        /// What was asked.
        operation: String,
        /// Where.
        endpoint: String,
        /// The operating system's answer, or how long nothing came.
        cause: String,
    },
    /// The operating system keeps this user from the socket.
    #[error(
        "cannot {operation}: this user may not use the engine at `{endpoint}`: {cause}; {step}",
        step = self.step()
    )]
    Permission {
        /// What was asked.
        operation: String,
        /// Where.
        endpoint: String,
        /// The operating system's answer.
        cause: String,
    },
    /// It answered, and ended before it was through.
    #[error("cannot {operation}: the engine at `{endpoint}` went away: {cause}; {step}", step = self.step())]
    Lost {
        /// What was asked.
        operation: String,
        /// Where.
        endpoint: String,
        /// How the connection ended.
        cause: String,
    },
    /// It answered that it cannot or will not.
    #[error(
        "cannot {operation}: the engine at `{endpoint}` answered HTTP {status}: {cause}; {step}",
        step = self.step()
    )]
    Refused {
        /// What was asked.
        operation: String,
        /// Where.
        endpoint: String,
        /// HTTP's status code.
        status: u16,
        /// The engine's message.
        cause: String,
    },
    /// It began, and told inside its answer that it cannot go on.
    #[error("cannot {operation}: the engine at `{endpoint}` says: {cause}; {step}", step = self.step())]
    Failed {
        /// What was asked.
        operation: String,
        /// Where.
        endpoint: String,
        /// The engine's message.
        cause: String,
    },
    /// It answered in another form than the Docker API's.
    #[error(
        "cannot {operation}: what answers at `{endpoint}` does not speak the Docker API: {cause}; {step}",
        step = self.step()
    )]
    Malformed {
        /// What was asked.
        operation: String,
        /// Where.
        endpoint: String,
        /// What is wrong with the answer.
        cause: String,
    },
    /// It holds no image of this name or ID.
    #[error("the engine at `{endpoint}` has no image `{name}`; {step}", step = self.step())]
    NoSuchImage {
        /// The name or ID as given.
        name: String,
        /// Where.
        endpoint: String,
    },
    /// The beginning of an ID fits several images.
    #[error("image ID `{name}` is the beginning of {count} images' IDs; {step}", step = self.step())]
    Ambiguous {
        /// The digits as given.
        name: String,
        /// How many images it fits.
        count: usize,
    },
    /// Neither an image name nor an ID.
    #[error("`{name}` is no image ID: {cause}; {step}", step = self.step())]
    BadName {
        /// The text as given.
        name: String,
        /// What it is not.
        cause: String,
    },
    /// A setting or file that names the engine cannot be used.
    #[error("{place} does not name an engine that can be used: {cause}; {step}")]
    Config {
        /// The option, variable or file.
        place: String,
        /// What is wrong with it.
        cause: String,
        /// What to do about it.
        step: &'static str,
    },
    /// The watch asked to stop.
    #[error("cancelled while waiting to {operation}")]
    Cancelled {
        /// What was under way.
        operation: String,
    },
}

impl EngineError {
    /// The code of `daochain.error/1`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::Lost { .. } => "engine-unreachable",
            Self::Permission { .. } => "engine-permission",
            Self::Refused { .. } | Self::Failed { .. } | Self::Malformed { .. } => "engine-error",
            Self::NoSuchImage { .. } | Self::Ambiguous { .. } | Self::BadName { .. } => "no-such-image",
            Self::Config { .. } => "engine-config",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, never on an engine's words, and ends the
    /// sentence.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { .. } => Some("start it, or name another with --docker-host"),
            Self::Permission { .. } => Some("add the user to group `docker` and log in again, or run as root"),
            Self::Lost { .. } => Some("see that it runs, then try again"),
            Self::Refused { .. } | Self::Failed { .. } => Some("its own log may say more"),
            Self::Malformed { .. } => Some("name the engine with --docker-host"),
            Self::NoSuchImage { .. } => Some("pull or load it, or see `daochain images` for what there is"),
            Self::Ambiguous { .. } => Some("write more of its digits"),
            Self::BadName { .. } => Some("`daochain images` shows what there is"),
            Self::Config { step, .. } => Some(step),
            Self::Cancelled { .. } => None,
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }

    /// The engine answered, and holds no such image.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::NoSuchImage { .. })
    }

    /// `place` (an option, variable or file) says something that cannot be used.
    pub(super) fn config(place: impl Into<String>, cause: impl AsRef<str>) -> Self {
        Self::unusable(place, cause, "mend it, or give --docker-host")
    }

    /// [`Self::config`] with a next step of its own.
    pub(super) fn unusable(place: impl Into<String>, cause: impl AsRef<str>, step: &'static str) -> Self {
        Self::Config { place: place.into(), cause: clean_to(cause.as_ref(), SHOWN), step }
    }
}

impl From<EngineError> for io::Error {
    /// The error stays inside, for whoever wants its code back ([`io::Error::get_ref`]).
    fn from(error: EngineError) -> Self {
        Self::other(error)
    }
}

/// One request: what every failure of it names.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What is asked, as the words after *cannot*.
    pub operation: String,
    /// Where.
    pub endpoint: String,
}

impl Call {
    pub fn new(operation: impl Into<String>, endpoint: &str) -> Self {
        Self { operation: operation.into(), endpoint: endpoint.to_owned() }
    }

    /// Nothing came for as long as was waited.
    pub fn late(&self, limit: Duration) -> EngineError {
        self.unreachable(&format!("no answer within {} s", limit.as_secs_f32()))
    }

    pub fn unreachable(&self, cause: &str) -> EngineError {
        EngineError::Unreachable {
            operation: self.operation.clone(),
            endpoint: self.endpoint.clone(),
            cause: clean_to(cause, SHOWN),
        }
    }

    pub fn lost(&self, cause: &str) -> EngineError {
        EngineError::Lost {
            operation: self.operation.clone(),
            endpoint: self.endpoint.clone(),
            cause: clean_to(cause, SHOWN),
        }
    }

    pub fn malformed(&self, cause: &str) -> EngineError {
        EngineError::Malformed {
            operation: self.operation.clone(),
            endpoint: self.endpoint.clone(),
            cause: clean_to(cause, SHOWN),
        }
    }

    /// An error of the operating system before any byte was exchanged.
    pub fn io(&self, error: &io::Error) -> EngineError {
        if error.kind() != io::ErrorKind::PermissionDenied {
            return self.unreachable(&error.to_string());
        }
        EngineError::Permission {
            operation: self.operation.clone(),
            endpoint: self.endpoint.clone(),
            cause: clean_to(&error.to_string(), SHOWN),
        }
    }

    /// What bollard reports, told apart by who is at fault.
    pub fn failed(&self, error: &Bollard) -> EngineError {
        match error {
            Bollard::DockerResponseServerError { status_code, message } => EngineError::Refused {
                operation: self.operation.clone(),
                endpoint: self.endpoint.clone(),
                status: *status_code,
                cause: match message.trim() {
                    "" => "no reason given".to_owned(),
                    text => clean_to(text, SHOWN),
                },
            },
            Bollard::DockerStreamError { error } => EngineError::Failed {
                operation: self.operation.clone(),
                endpoint: self.endpoint.clone(),
                cause: clean_to(error, SHOWN),
            },
            Bollard::RequestTimeoutError => self.unreachable("no answer in time"),
            Bollard::SocketNotFoundError(_) => self.unreachable("there is no such socket"),
            Bollard::JsonDataError { message, .. } => self.malformed(message),
            Bollard::JsonSerdeError { err } => self.malformed(&err.to_string()),
            Bollard::IOError { err } => match err.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(NotConnected(cause)) => self.io(cause),
                None => self.lost(&err.to_string()),
            },
            Bollard::HyperLegacyError { err } if is_tls_refusal(&root_cause(err)) => {
                let step = "see that ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH are those of this engine";
                EngineError::unusable(format!("`{}`", self.endpoint), root_cause(err), step)
            }
            Bollard::HyperLegacyError { err } if err.is_connect() => {
                io_error(err).map_or_else(|| self.unreachable(&root_cause(err)), |cause| self.io(cause))
            }
            Bollard::CertPathError { path } | Bollard::CertParseError { path } => {
                EngineError::config(clean_to(&format!("`{}`", path.display()), SHOWN), "it is no readable certificate")
            }
            Bollard::NoNativeCertsError { .. } | Bollard::LoadNativeCertsErrors { .. } => EngineError::unusable(
                "the system's certificate store",
                "it cannot be read, and TLS needs it",
                "install the package `ca-certificates`",
            ),
            other => self.lost(&root_cause(other)),
        }
    }
}

/// True when one side does not accept the other's certificate, by rustls' words for it.
fn is_tls_refusal(cause: &str) -> bool {
    cause.starts_with("invalid peer certificate") || cause.starts_with("received fatal alert")
}

/// The operating system's error among the causes of `error`.
fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref() {
            return Some(found);
        }
        next = one.source();
    }
    None
}

/// The innermost cause: the outer ones only say that something happened.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}
