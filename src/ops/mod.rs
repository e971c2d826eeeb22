//! The workflows that screen and command line share.
//!
//! Each takes the [`Context`] and plain values, and answers with plain values or a [`Failure`]. Long ones take a
//! [`Watch`](crate::domain::progress::Watch): where to report progress, and whether to go on. None of them prints,
//! prompts or knows which interface called it.

pub mod accounts;
mod context;
pub mod contract;
pub mod demo;
pub mod exported;
mod failure;
pub mod history;
pub mod identity;
pub mod images;
mod local_node;
pub mod measure;
pub mod networks;
pub mod node;
pub mod publish;
pub mod queue;
pub mod remote;
pub mod together;
pub mod trust;
pub mod verify;

pub use context::{Context, NO_ENGINE, now};
pub use failure::Failure;

use zeroize::Zeroizing;

/// A passphrase on its way from the terminal to the keystore. It leaves memory when dropped and is never shown.
pub struct Passphrase(pub Zeroizing<String>);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}
