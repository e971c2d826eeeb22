//! The way to the engine.

use std::{sync::Arc, time::Duration};

use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{Context, NO_ENGINE};
use crate::{
    docker::{Engine, EngineTarget},
    domain::progress::Watch,
    ops::Failure,
};

/// How often who waits asks whether it is still wanted.
pub(super) const ASK_INTERVAL: Duration = Duration::from_millis(50);

impl Context {
    /// The engine: connected now if it was not, or if it was lost.
    pub(in crate::ops) async fn engine(&self) -> Result<Engine, Failure> {
        let mut slot = self.inner.engine.lock().await;
        if let Some(engine) = slot.as_ref() {
            return Ok(engine.clone());
        }
        if self.skips_engine() {
            return Err(Failure::new("engine-unreachable", "no engine is asked, as `--docker-host none` says"));
        }
        let engine = self.reach_engine().await?;
        *slot = Some(engine.clone());
        Ok(engine)
    }

    /// The engine that would be connected now, whichever was before.
    pub(in crate::ops) async fn reach_engine(&self) -> Result<Engine, Failure> {
        let targets = EngineTarget::discover(self.config().docker_host.as_deref(), &|name| std::env::var(name).ok())?;
        Ok(Engine::connect(&targets).await?)
    }

    /// Waits until the engine may be asked for one more export.
    ///
    /// # Errors
    /// When cancelled.
    pub(in crate::ops) async fn export_permit(&self, watch: &dyn Watch) -> Result<OwnedSemaphorePermit, Failure> {
        loop {
            if watch.is_cancelled() {
                return Err(Failure::cancelled());
            }
            // It fails otherwise only when closed, which it never is.
            if let Ok(Ok(permit)) = timeout(ASK_INTERVAL, Arc::clone(&self.inner.exports).acquire_owned()).await {
                return Ok(permit);
            }
        }
    }

    /// True when the user wants no engine.
    pub(in crate::ops) fn skips_engine(&self) -> bool {
        self.config().docker_host.as_deref() == Some(NO_ENGINE)
    }

    /// Forgets the engine, because a list failed: whoever follows its events connects anew, though they may still come.
    pub(in crate::ops) async fn doubt_engine(&self) {
        self.lose_engine().await;
        self.inner.engine_doubted.notify_one();
    }

    /// Waits until the engine is doubted.
    pub(in crate::ops) async fn engine_doubted(&self) {
        self.inner.engine_doubted.notified().await;
    }

    /// Forgets the engine, so that the next workflow connects anew (its socket may be another engine's by then).
    pub(in crate::ops) async fn lose_engine(&self) {
        self.inner.engine.lock().await.take();
    }
}
