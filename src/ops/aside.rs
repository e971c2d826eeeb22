//! What goes on beside a workflow: words for whoever waits, and clearing up after what was broken off.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{runtime::Handle, task::JoinHandle};

/// Told of what takes long, while it does: one sentence, safe to show.
pub type Teller = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
pub(super) struct Aside {
    teller: Mutex<Option<Teller>>,
    clearing: Mutex<Vec<JoinHandle<()>>>,
}

impl Aside {
    pub fn set_teller(&self, teller: Teller) {
        *self.teller.lock().unwrap_or_else(PoisonError::into_inner) = Some(teller);
    }

    pub fn teller(&self) -> Option<Teller> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `work` beside everything else, and has the end wait for it.
    pub fn finish_later(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime the program ends, and nothing runs any more.
        if let Ok(runtime) = Handle::try_current() {
            let mut clearing = self.clearing.lock().unwrap_or_else(PoisonError::into_inner);
            clearing.retain(|work| !work.is_finished());
            clearing.push(runtime.spawn(work));
        }
    }

    /// Waits for all of it.
    pub async fn settle(&self) {
        let clearing = std::mem::take(&mut *self.clearing.lock().unwrap_or_else(PoisonError::into_inner));
        for work in clearing {
            // What it could not do it has logged.
            let _ = work.await;
        }
    }
}
