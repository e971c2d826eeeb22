//! What can go wrong with configuration, trust policy and home. No variant holds an endpoint's address: it may be a secret.

use std::path::PathBuf;

use crate::{
    domain::{text::clean, trust::Pattern},
    store::files::FileError,
};

/// What is wrong with which file, name or flag.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that the user writes is malformed. It is left as it is.
    #[error("`{}`{}: {cause}; mend the file, it was left as it is", clean(&file.to_string_lossy()), place(*line))]
    Malformed {
        /// `config-invalid` or `trust-invalid`.
        code: &'static str,
        /// The file.
        file: PathBuf,
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong.
        cause: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Unreadable(FileError),
    /// A file or folder cannot be written.
    #[error(transparent)]
    Unwritable(FileError),
    /// Others may write into a folder of secrets.
    #[error("the keystore `{}` can be written by other users; run `chmod 700` on it", clean(&folder.to_string_lossy()))]
    Exposed {
        /// The folder.
        folder: PathBuf,
    },
    /// Neither flags nor environment nor the user database name a home.
    #[error("there is no home folder (HOME is not set); name one with --home")]
    NoHome,
    /// No network of that name.
    #[error("there is no network `{name}`; there are {known}")]
    NoSuchNetwork {
        /// The name, made safe to show.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The name is taken.
    #[error("there is a network `{name}` already; remove it first, or choose another name")]
    NetworkExists {
        /// The name.
        name: String,
    },
    /// No rule to remove.
    #[error("no trust rule has the pattern `{pattern}`{of}; `daochain trust list` shows those there are")]
    NoSuchRule {
        /// The pattern.
        pattern: Pattern,
        /// ` and the publisher …`, or nothing.
        of: String,
    },
    /// Flags or environment ask for what cannot be.
    #[error("{0}")]
    Usage(String),
}

impl ConfigError {
    /// The word by which documents and scripts know it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { code, .. } => code,
            Self::Unreadable(_) => "config-unreadable",
            Self::Unwritable(error) if error.is_locked() => "config-locked",
            Self::Unwritable(_) => "home-unwritable",
            Self::Exposed { .. } => "home-exposed",
            Self::NoHome => "no-home",
            Self::NoSuchNetwork { .. } => "no-such-network",
            Self::NetworkExists { .. } => "network-exists",
            Self::NoSuchRule { .. } => "no-such-rule",
            Self::Usage(_) => "usage",
        }
    }
}

fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}
