//! What can go wrong with the embedded node, in sentences.

use std::io;
use std::path::PathBuf;

/// Why the embedded node could not be joined, hosted or read.
///
/// Messages name the operation, its object, the cause and the next step. They never hold key material.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// A file or folder of the dev chain could not be used.
    #[error("cannot {operation} `{}`: {cause}; {step}", path.display(), step = self.step())]
    File {
        /// What was tried, as a verb: "create", "read", "write", "lock".
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        cause: io::Error,
    },
    /// The faucet's key was asked for before any node created it.
    #[error("the dev network has no faucet key at `{}`; {step}", path.display(), step = self.step())]
    NoFaucet {
        /// Where the key is kept.
        path: PathBuf,
    },
    /// The faucet's key file holds something else.
    #[error("`{}` does not hold a private key in hexadecimal; {step}", path.display(), step = self.step())]
    BadFaucet {
        /// Where the key is kept.
        path: PathBuf,
    },
    /// The node could not listen on loopback.
    #[error("the embedded node cannot listen on 127.0.0.1: {cause}; {step}", step = self.step())]
    Listen {
        /// The operating system's word.
        cause: io::Error,
    },
    /// The Ethereum client in this process refused.
    #[error("the embedded node cannot {operation}: {cause}; {step}", step = self.step())]
    Node {
        /// What was tried, as a verb with its object.
        operation: &'static str,
        /// The client's word.
        cause: String,
    },
    /// Another process holds the dev chain and does not answer.
    #[error(
        "another process hosts the dev chain in `{}` and did not answer within {seconds} s; {step}",
        path.display(),
        step = self.step()
    )]
    HostSilent {
        /// The dev chain's folder.
        path: PathBuf,
        /// How long an answer was awaited.
        seconds: u64,
    },
    /// The node's thread ended without a word.
    #[error("the embedded node stopped while it {while_doing}; {step}", step = self.step())]
    Stopped {
        /// "started" or "ran".
        while_doing: &'static str,
    },
}

impl DevnetError {
    /// What the user can do about it. It depends on the kind of error alone, never on foreign words, and ends the sentence.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::File { .. } => "check the folder's owner and free space, or choose another one with --home",
            Self::NoFaucet { .. } => "start it once with `daochain node status`",
            Self::BadFaucet { .. } => "move it away, and the next start makes a new key and a new dev chain",
            Self::Listen { .. } => "let this user listen there, or name a node with --rpc",
            Self::Node { .. } => "try again, or move the home's `devnet` folder aside to begin a new chain",
            Self::HostSilent { .. } => "end that process or try again",
            Self::Stopped { .. } => "the log file holds the details",
        })
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }

    /// Wraps an operating system error with what was tried on which path.
    pub(super) fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { operation, path, cause }
    }

    /// Wraps an error of the Ethereum client.
    pub(super) fn node<E: std::fmt::Display>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |cause| Self::Node { operation, cause: cause.to_string() }
    }
}
