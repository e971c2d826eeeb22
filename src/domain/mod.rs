//! Pure values and rules: what an image is, what a publisher said about it, and what follows.
//!
//! Nothing here reads a file, a socket, a clock or a terminal. Every function is a question whose answer depends on
//! its arguments alone, which is what makes the [verdict](verdict::judge) provable by property tests.

pub mod account;
pub mod address;
pub mod appointment;
pub mod compare;
pub mod digest;
pub mod discovery;
pub mod explain;
pub mod finding;
pub mod image;
pub mod market;
pub mod measurement;
pub mod namespace;
pub mod network;
pub mod node;
pub mod notice;
pub mod pinned;
pub mod platform;
pub mod progress;
pub mod publication;
pub mod qr;
pub mod record;
pub mod reference;
pub mod text;
pub mod time;
pub mod trust;
pub mod verdict;
pub mod wei;
pub mod when;
pub mod wish;

pub use account::Account;
pub use address::Address;
pub use digest::Digest;
pub use namespace::Namespace;
pub use platform::Platform;
pub use reference::Reference;
pub use time::Timestamp;
pub use wei::Wei;
