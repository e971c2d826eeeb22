//! One node of a network.

use std::sync::{Arc, atomic::AtomicBool};

use super::{Shared, transport::Transport};
use crate::domain::{Address, publication::Contract};

/// A way to one node of a network. Cheap to clone: clones share the connection and what was found out.
#[derive(Debug, Clone)]
pub struct Endpoint {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    transport: Transport,
    /// Whether a contract's code was compared with the committed one, and equals it: the registry's and the directory's.
    is_ours: [AtomicBool; 2],
}

impl Endpoint {
    pub(super) fn new(transport: Transport, shared: Arc<Shared>) -> Self {
        Self { inner: Arc::new(Inner { shared, transport, is_ours: [const { AtomicBool::new(false) }; 2] }) }
    }

    /// Scheme, host and port: all of its URL that may be shown. With a number where another endpoint has the same.
    #[must_use]
    pub fn name(&self) -> &str {
        self.inner.transport.endpoint()
    }

    pub(super) fn network(&self) -> &str {
        &self.inner.shared.config.network
    }

    pub(super) fn contract(&self) -> Address {
        self.inner.shared.contract()
    }

    /// Where a contract stands or will stand.
    pub(super) fn address_of(&self, what: Contract) -> Address {
        self.inner.shared.address_of(what)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(super) fn is_ours(&self, what: Contract) -> &AtomicBool {
        let [registry, directory] = &self.inner.is_ours;
        match what {
            Contract::Registry => registry,
            Contract::Directory => directory,
        }
    }
}
