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
    #[error("`{}`{}: {cause}; {step}", clean(&file.to_string_lossy()), place(*at), step = self.step())]
    Malformed {
        /// `config-invalid`, `theme-invalid` or `trust-invalid`.
        code: &'static str,
        /// The file.
        file: PathBuf,
        /// Line and column, from 1, where they are known.
        at: Option<(usize, usize)>,
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
    #[error(
        "the keystore `{}` can be written by other users; {step}",
        clean(&folder.to_string_lossy()),
        step = self.step()
    )]
    Exposed {
        /// The folder.
        folder: PathBuf,
    },
    /// Neither flags nor environment nor the user database name a home.
    #[error("there is no home folder (HOME is not set); {step}", step = self.step())]
    NoHome,
    /// No network of that name.
    #[error("there is no network `{name}` among {known}; {step}", step = self.step())]
    NoSuchNetwork {
        /// The name, made safe to show.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The name is taken.
    #[error("there is a network `{name}` already; {step}", step = self.step())]
    NetworkExists {
        /// The name.
        name: String,
    },
    /// No rule to remove.
    #[error("no trust rule has the pattern `{pattern}`{of}; {step}", step = self.step())]
    NoSuchRule {
        /// The pattern.
        pattern: Pattern,
        /// ` and the publisher …`, or nothing.
        of: String,
    },
    /// Entries of several networks, and it is not said which is meant.
    #[error("`{pattern}` has entries for several networks: {networks}; {step}", step = self.step())]
    Ambiguous {
        /// The pattern.
        pattern: Pattern,
        /// The networks, `every network` among them.
        networks: String,
    },
    /// Flags or environment ask for what cannot be.
    #[error("{0}; {step}", step = self.step())]
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
            Self::Ambiguous { .. } => "trust-ambiguous",
            Self::Usage(_) => "usage",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, never on a file's words, and ends the sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Malformed { .. } => Some("mend the file, it was left as it is"),
            Self::Unreadable(error) | Self::Unwritable(error) => error.hint(),
            Self::Exposed { .. } => Some("run `chmod 700` on it"),
            Self::NoHome => Some("name one with --home"),
            Self::NoSuchNetwork { .. } => Some("name one of these"),
            Self::NetworkExists { .. } => Some("remove it first, or choose another name"),
            Self::Ambiguous { .. } => Some("--here takes that of the current network, --everywhere that of every one"),
            Self::NoSuchRule { .. } => Some("`daochain trust list` shows those there are"),
            Self::Usage(_) => Some("`daochain help network` tells the usage"),
        }
    }

    /// The sentence for a line with little room: a malformed file by its name alone, and no next step.
    #[must_use]
    pub fn brief(&self) -> String {
        match self {
            Self::Malformed { file, at, cause, .. } => {
                let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                format!("`{}`{}: {cause}", clean(&name), place(*at))
            }
            other => other.to_string(),
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }
}

fn place(at: Option<(usize, usize)>) -> String {
    at.map_or_else(String::new, |(line, column)| format!(", line {line}, column {column}"))
}
