//! DaoChain tells a server operator whether a Docker image is the one its publisher released.

pub mod app;
pub mod config;
#[cfg(feature = "devnet")]
pub mod devnet;
pub mod domain;
pub mod ops;
pub mod runtime;
pub mod tui;
