//! The interface's machine, without terminal, engine or node.
//!
//! ```text
//! key, engine, node, clock ──▶ Msg ──▶ update(&mut Model, Msg) ──▶ Vec<Effect> ──▶ runtime ──▶ Msg …
//!                                          │
//!                                        Model ──▶ tui::view draws it, and changes nothing
//! ```
//!
//! [`update()`] is pure: time and sizes arrive in messages, work leaves as effects. No secret ever enters the model: a
//! passphrase stays with the event loop, and the model knows only how long it is.

pub mod accounts;
pub mod action;
pub mod activity;
pub mod clock;
pub mod effect;
pub mod form;
pub mod key;
pub mod layout;
pub mod market;
pub mod model;
pub mod mouse;
pub mod msg;
pub mod node;
pub mod palette;
pub mod report;
pub mod rows;
pub mod sign;
pub mod state;
pub mod tasks;
pub mod tries;
pub mod trust;
pub mod update;
pub mod watching;
pub mod why;

pub use effect::Effect;
pub use key::Key;
pub use model::Model;
pub use msg::Msg;
pub use update::update;
