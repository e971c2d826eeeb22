//! What a manifest or an index says of itself: enough to judge an image before anything of it is read.

use super::{RegistryError, Repository, Resolved, plan};
use crate::domain::Digest;

/// One document, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// One image, or something that is stored like one.
    Manifest {
        /// Its configuration.
        config: Digest,
        /// Bytes of configuration and layers, as the manifest says.
        bytes: u64,
    },
    /// Several.
    Index(Vec<Child>),
}

/// What an index leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Of a manifest, or of an index again.
    pub digest: Digest,
    /// Its media type, made safe to show.
    pub media_type: String,
    /// `linux/arm64/v8`, made safe to show; `None` where the index does not say.
    pub platform: Option<String>,
    /// It is no image, but says something of one.
    pub is_attestation: bool,
}

impl Repository {
    /// What a resolved manifest or index leads to.
    ///
    /// # Errors
    /// [`RegistryError::Malformed`] when it is neither, or more than an image has; [`RegistryError::DigestAlgorithm`].
    pub fn outline(&self, resolved: &Resolved) -> Result<Outline, RegistryError> {
        let call = self.call(format!("understand {} of `{}`", resolved.digest, self.reference().name()));
        plan::outline(&resolved.bytes, self.reference()).map_err(|problem| problem.told(&call))
    }
}
