//! The workflows that screen and command line share.
//!
//! Each takes the [`Context`] and plain values, and answers with plain values or a [`Failure`]. Long ones take a
//! [`Watch`](crate::domain::progress::Watch): where to report progress, and whether to go on. None of them prints,
//! prompts or knows which interface called it.

pub mod accounts;
pub mod appointments;
mod aside;
pub mod compare;
pub mod complete;
mod context;
pub mod contract;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod exported;
mod failure;
pub mod follow;
pub mod geth;
pub mod history;
pub mod identity;
pub mod images;
pub mod keys;
mod lasting;
pub mod layers;
mod local_node;
pub mod market;
pub mod measure;
pub mod namespace;
pub mod networks;
pub mod node;
pub mod observe;
pub mod offer;
pub mod pack;
pub mod publish;
pub mod pull;
pub mod push;
pub mod queue;
pub mod quoting;
pub mod registries;
pub mod release;
pub mod remote;
pub mod replace;
pub mod signing;
pub mod together;
pub mod trust;
pub mod unlock;
pub mod verify;

pub use aside::Teller;
pub(crate) use context::blocking;
pub use context::{Context, NO_ENGINE, now};
pub use failure::Failure;

use zeroize::Zeroizing;

use crate::domain::pinned::pinned_line;

/// A passphrase on its way from the terminal to the keystore. It leaves memory when dropped and is never shown.
pub struct Passphrase(pub Zeroizing<String>);

impl Passphrase {
    /// The same once more, kept out of swap as well.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut line = pinned_line(self.0.len());
        line.push_str(&self.0);
        Self(line)
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}
