//! The node as its callers see it: over HTTP, across restarts, and with its files damaged.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod framing;
mod node;
mod persistence;
mod requests;
