//! DaoChain tells a server operator whether a Docker image is the one its publisher released.
//!
//! A publisher measures an image and writes its digest to an Ethereum contract. Anyone who holds the image measures it
//! again and compares. The registry, the mirror and the network in between need no trust.
//!
//! # The house
//!
//! Arrows say who may import whom; `tests/layering.rs` holds the code to it.
//!
//! ```text
//! main ─▶ cli ─▶ tui ─▶ app ─────────▶ domain
//!          │      │
//!          │      └──▶ runtime ─▶ app, ops
//!          └────▶ ops ─▶ image, docker, registry, chain, devnet, keystore, store, config ─▶ domain
//! ```
//!
//! | room | what lives there |
//! |---|---|
//! | [`domain`] | pure values and rules: reference, digest, record, trust policy, verdict, publication stages |
//! | [`image`] | measures image content from any byte stream. No network, no engine |
//! | [`docker`] | the engine: list, events, export |
//! | [`registry`] | images as a registry serves them: manifests, layers, logins |
//! | [`chain`] | Ethereum: transport, contract, transactions, events, errors as sentences |
//! | [`devnet`] | the embedded Ethereum node, behind the feature of that name |
//! | [`keystore`] | key files as geth writes them |
//! | [`store`] | SQLite: digest cache, transaction journal, last verdicts; files that appear whole or not at all |
//! | [`config`] | file < environment < flags; the trust policy's file |
//! | [`ops`] | the workflows that screen and command line share |
//! | [`app`] | the screen's model, messages, effects and the pure `update` |
//! | [`runtime`] | turns an effect into a task, and its outcome into a message |
//! | [`tui`] | terminal guard, event loop, keymap, theme, one view file per region |
//! | [`cli`] | one file per command, human and JSON writers |

pub mod app;
pub mod chain;
pub mod cli;
pub mod config;
#[cfg(feature = "devnet")]
pub mod devnet;
pub mod docker;
pub mod domain;
pub mod image;
pub mod keystore;
pub mod ops;
pub mod registry;
pub mod runtime;
pub mod store;
pub mod tui;
