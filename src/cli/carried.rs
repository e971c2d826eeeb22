//! Progress of a pull or push, layer by layer: one line with the sum, and one for each layer that is through.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use super::{console::Console, progress::Bar};
use crate::{
    domain::progress::{Progress, Watch},
    ops::{layers::Layers, pull::Step},
};

/// Writes one line.
type Say = Box<dyn Fn(&str) + Send + Sync>;

/// Who is told of a pull's steps.
pub struct Carried {
    bar: Arc<dyn Watch>,
    say: Option<Say>,
    began: Instant,
    layers: Mutex<Layers>,
}

impl Carried {
    /// Shown only where the console's standard error is a terminal.
    pub fn start(console: &Console, token: &CancellationToken, label: &str) -> Arc<Self> {
        let say = console.err_look.live.then(|| Box::new(console.teller()) as Say);
        Arc::new(Self { bar: Bar::start(console, token, label), say, began: Instant::now(), layers: Mutex::default() })
    }

    /// Takes a step in.
    pub fn tell(&self, step: &Step) {
        let Step::Layer(step) = step else { return };
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some(say)) = (layers.take(step), &self.say) {
            say(&format!("layer {}: {}", step.layer, step.status.to_lowercase()));
        }
        let (done, total) = layers.bytes();
        drop(layers);
        self.bar.report(Progress { done, total, elapsed: self.began.elapsed() });
    }
}
