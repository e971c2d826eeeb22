//! The Docker engine, or Podman's service in its place: which one, what it holds, when that changes, and the bytes.
//!
//! ```text
//! --docker-host, DOCKER_HOST, context, sockets
//!        │ EngineTarget::discover
//!        ▼
//!   EngineTarget… ──Engine::connect──▶ Engine ──list, resolve, inspect──▶ LocalImage, ImageDetail
//!                                        │  └──events──▶ EngineEvent…
//!                                        └──export, export_reader──▶ a `docker save` stream
//! ```
//!
//! Everything an engine says is a claim: evidence from here is [`Claimed`](crate::domain::image::EvidenceLevel::Claimed)
//! at best, its texts are made safe to show, and only IDs that were checked digit by digit get into a request's path
//! (bollard does not escape what it is given). Each call has a limit in time, and each answer of a socket or a plain
//! address one in size; an export is streamed, and held a few chunks at a time.

mod carry;
mod container;
mod content;
mod discover;
mod engine;
mod error;
mod events;
mod export;
mod images;
mod target;
mod transport;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;

pub use carry::{Credentials, LayerStep};
pub use container::{ContainerPlan, Removal};
pub use content::ContentStore;
pub use engine::{Engine, EngineInfo, Store};
pub use error::EngineError;
pub use events::EngineEvent;
pub use export::{ExportReader, tells_of_change};
pub use images::ImageDetail;
pub use target::EngineTarget;
