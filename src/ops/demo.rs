//! A throw-away home with at least one image in each verdict.

use std::path::PathBuf;

use crate::{
    domain::verdict::Conclusion,
    ops::{Context, Failure, verify::Subject},
};

/// A prepared demo. Its home lives as long as this value, unless it is kept.
pub struct Demo {
    /// The home.
    pub context: Context,
    /// Its images.
    pub subjects: Vec<Subject>,
    /// The verdict that each was brought into, in their order.
    pub expected: Vec<Conclusion>,
    _guard: Option<tempfile::TempDir>,
}

/// Makes the home: in `keep`, or in a folder that vanishes with the demo. Tells its steps to `progress`.
///
/// # Errors
/// When the home, its node or its archives cannot be made.
pub async fn prepare(keep: Option<PathBuf>, progress: &(dyn Fn(&str) + Send + Sync)) -> Result<Demo, Failure> {
    let _ = (keep, progress);
    Err(Failure::cancelled())
}
