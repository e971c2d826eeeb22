//! DaoChain tells a server operator whether a Docker image is the one its publisher released.

pub mod config;
#[cfg(feature = "devnet")]
pub mod devnet;
pub mod domain;
pub mod keystore;
pub mod ops;
pub mod store;
