//! The embedded node, as the workflows need it: joined once, joined again when its host ended, left at the end.

use std::path::{Path, PathBuf};

use tokio::sync::watch;
use url::Url;
use zeroize::Zeroizing;

use crate::{domain::notice::Notice, ops::Failure};

/// This home's embedded node.
pub(super) struct LocalNode {
    dir: PathBuf,
    #[cfg(feature = "devnet")]
    joined: tokio::sync::Mutex<Option<crate::devnet::Joined>>,
}

#[cfg(feature = "devnet")]
impl LocalNode {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), joined: tokio::sync::Mutex::new(None) }
    }

    /// Becomes the host, or the guest of the process that is. Its URL, and what replaying had to set aside.
    pub(super) async fn join(&self) -> Result<(Url, Vec<Notice>), Failure> {
        let mut slot = self.joined.lock().await;
        if let Some(gone) = slot.take() {
            gone.leave().await;
        }
        let joined = crate::devnet::join(&self.dir, crate::devnet::JoinOptions::default()).await?;
        let notices = joined.notices().iter().map(|sentence| Notice::new(sentence)).collect();
        let url = joined.url().parse().map_err(|error| {
            Failure::new("devnet-failed", &format!("the embedded node's address `{}` is no URL: {error}", joined.url()))
        })?;
        *slot = Some(joined);
        Ok((url, notices))
    }

    /// True while the host answers, this process or another.
    pub(super) async fn is_alive(&self) -> bool {
        match self.joined.lock().await.as_ref() {
            Some(joined) => joined.is_alive().await,
            None => false,
        }
    }

    /// Hears of every new block, where this process hosts the node.
    pub(super) async fn mined(&self) -> Option<watch::Receiver<()>> {
        self.joined.lock().await.as_ref()?.mined()
    }

    /// Ends the node if this process hosts it; another process of this home then takes over.
    pub(super) async fn leave(&self) {
        if let Some(joined) = self.joined.lock().await.take() {
            joined.leave().await;
        }
    }

    /// The key of the account that funds others.
    pub(super) fn faucet_key(&self) -> Result<Zeroizing<[u8; 32]>, Failure> {
        Ok(crate::devnet::faucet_key(&self.dir)?)
    }
}

#[cfg(not(feature = "devnet"))]
#[expect(clippy::unused_async, reason = "its callers wait for the node where there is one")]
impl LocalNode {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(super) async fn join(&self) -> Result<(Url, Vec<Notice>), Failure> {
        Err(self.absent())
    }

    pub(super) async fn is_alive(&self) -> bool {
        false
    }

    pub(super) async fn mined(&self) -> Option<watch::Receiver<()>> {
        None
    }

    pub(super) async fn leave(&self) {}

    pub(super) fn faucet_key(&self) -> Result<Zeroizing<[u8; 32]>, Failure> {
        Err(self.absent())
    }

    fn absent(&self) -> Failure {
        Failure::new(
            "devnet-absent",
            &format!("network `dev` of `{}` needs the embedded node, which this build lacks", self.dir.display()),
        )
        .hint("name an endpoint with --rpc, or build with the feature `devnet`")
    }
}
