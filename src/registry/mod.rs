//! Images as a registry serves them (OCI distribution-spec): what a tag names, and every document and layer behind it.
//!
//! ```text
//! tag ─▶ manifest or index ─▶ manifests of the wanted platforms ─▶ configurations, layers      (plan.rs)
//!          │ each over HTTP(S), with a token or login where the registry asks for one            (client.rs, login.rs)
//! ```
//!
//! Nothing that a registry says is believed: it never verifies what it stores. Whoever reads its content hashes it.
//!
//! The client is this room's own over `reqwest`, since `oci-client` takes answers of any size into memory, and a registry may
//! be anybody's.

mod client;
mod error;
mod login;
mod plan;

pub use client::{Blob, Repository};
pub use error::RegistryError;
pub use plan::Plan;
