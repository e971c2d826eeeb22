//! What a workflow reports when it could not do what it was asked: one shape for both interfaces.

use std::fmt;

use crate::domain::text::clean;

/// A failure, ready to be shown: a code that scripts rely on, a sentence, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A kebab-case word that never changes its meaning. `daochain help errors` lists them all.
    pub code: &'static str,
    /// One sentence that names the operation, its object and the cause. Safe to show.
    pub message: String,
    /// What the user can do about it. Safe to show.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with `code` and a sentence.
    #[must_use]
    pub fn new(code: &'static str, message: &str) -> Self {
        Self { code, message: clean(message), hint: None }
    }

    /// A failure with a sentence that may name the next step behind its last semicolon.
    pub(super) fn told(code: &'static str, sentence: &str) -> Self {
        match sentence.rsplit_once("; ") {
            Some((message, hint)) => Self::new(code, message).hint(hint),
            None => Self::new(code, sentence),
        }
    }

    /// The same failure with a next step.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(clean(hint));
        self
    }

    /// The failure of work that nobody wants any more.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("cancelled", "cancelled")
    }

    /// True when the user, and not the world, ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.code == "cancelled"
    }

    /// 2 where the call itself was wrong, 1 for everything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.code {
            "usage" | "confirmation-needed" | "passphrase-needed" | "reference-needed" => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// A room's error as a failure: its code stays, and its sentence, which names the next step behind its last semicolon, is
/// taken apart there.
macro_rules! failure_from {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::told(error.code(), &error.to_string())
            }
        }
    )+};
}

failure_from!(
    crate::chain::ChainError,
    crate::config::ConfigError,
    crate::docker::EngineError,
    crate::image::ImageError,
    crate::keystore::KeystoreError,
    crate::store::StoreError,
);

#[cfg(feature = "devnet")]
impl From<crate::devnet::DevnetError> for Failure {
    fn from(error: crate::devnet::DevnetError) -> Self {
        Self::told("devnet-failed", &error.to_string())
    }
}
