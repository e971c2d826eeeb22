//! DaoChain tells a server operator whether a Docker image is the one its publisher released.

#[cfg(feature = "devnet")]
pub mod devnet;
pub mod docker;
pub mod domain;
