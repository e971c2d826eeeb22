//! Archives made in memory, one case in a few lines each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ambiguous;
mod bounds;
mod damage;
mod dialects;
mod embedded;
mod fixture;
mod listing;
mod mutation;
mod streams;
