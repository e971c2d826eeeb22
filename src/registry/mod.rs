//! Images as a registry serves them (OCI distribution-spec): what a tag names, and every document and layer behind it.
//!
//! ```text
//! Repository ── resolve, small_blob, plan, blob ──▶ read     (client.rs, outline.rs, plan.rs)
//!     │      ── push_blob, push_manifest ─────────▶ write    (push.rs)
//!     │      ── tags, catalog ────────────────────▶ lists    (list.rs)
//!     ▼
//! Endpoint… one host each, mirrors first   (endpoint.rs; tls.rs, rate.rs)
//!     └── a token or login where one is asked for (auth.rs) ◀── files, helpers (login.rs, helper.rs, keep.rs)
//! ```
//!
//! Nothing that a registry says is believed: it never verifies what it stores. Whoever reads its content hashes it.
//!
//! The client is this room's own over `reqwest`, since `oci-client` takes answers of any size into memory, and a registry may
//! be anybody's.

mod access;
mod auth;
mod client;
mod endpoint;
mod error;
mod helper;
mod keep;
mod list;
mod login;
mod outline;
mod plan;
mod push;
mod rate;
mod tls;

pub use access::{Access, Host};
pub use client::{Blob, Repository, Resolved};
pub use error::RegistryError;
pub use keep::{Kept, check_login, forget_login, keep_login};
pub use list::{Listing, catalog};
pub use login::{Login, find_login};
pub use outline::{Child, Outline};
pub use plan::Plan;
pub use rate::RateLimit;
