//! DaoChain tells a server operator whether a Docker image is the one its publisher released.

pub mod chain;
#[cfg(feature = "devnet")]
pub mod devnet;
pub mod domain;
