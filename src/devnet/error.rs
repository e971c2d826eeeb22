//! What can go wrong with the embedded node, in sentences.

use std::io;
use std::path::PathBuf;

/// Why the embedded node could not be joined, hosted or read.
///
/// Messages name the operation, its object, the cause and the next step. They never hold key material.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// A file or folder of the dev chain could not be used.
    #[error("cannot {operation} `{}`: {cause}; check the folder's owner and free space, or choose another one with --home", path.display())]
    File {
        /// What was tried, as a verb: "create", "read", "write", "lock".
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        cause: io::Error,
    },
    /// The faucet's key was asked for before any node created it.
    #[error("the dev network has no faucet key at `{}`; start it once with `daochain node start`", path.display())]
    NoFaucet {
        /// Where the key is kept.
        path: PathBuf,
    },
    /// The faucet's key file holds something else.
    #[error("`{}` does not hold a private key in hexadecimal; move it away, and the next start makes a new key and a new dev chain", path.display())]
    BadFaucet {
        /// Where the key is kept.
        path: PathBuf,
    },
    /// The node could not listen on loopback.
    #[error("the embedded node cannot listen on 127.0.0.1: {cause}")]
    Listen {
        /// The operating system's word.
        cause: io::Error,
    },
    /// The Ethereum client in this process refused.
    #[error("the embedded node cannot {operation}: {cause}")]
    Node {
        /// What was tried, as a verb with its object.
        operation: &'static str,
        /// The client's word.
        cause: String,
    },
    /// Another process holds the dev chain and does not answer.
    #[error("another process hosts the dev chain in `{}` and did not answer within {seconds} s; end that process or try again", path.display())]
    HostSilent {
        /// The dev chain's folder.
        path: PathBuf,
        /// How long an answer was awaited.
        seconds: u64,
    },
    /// The node's thread ended without a word.
    #[error("the embedded node stopped while it {while_doing}; the log file holds the details")]
    Stopped {
        /// "started" or "ran".
        while_doing: &'static str,
    },
}

impl DevnetError {
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
