//! Progress of a pull or push, layer by layer: one line with the sum, and one for each layer that is through.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use super::{console::Console, progress::Bar};
use crate::{
    domain::progress::{Progress, Watch},
    ops::pull::Step,
};

/// Layers that are counted: more than an image has are one engine's fancy.
const LAYERS: usize = 1024;
/// What engines say of a layer that needs no more work (moby, `distribution/pull_v2.go`, `push_v2.go`).
const THROUGH: [&str; 4] = ["Pull complete", "Already exists", "Pushed", "Layer already exists"];
/// What they say while its bytes travel.
const MOVING: [&str; 2] = ["Downloading", "Pushing"];

/// Writes one line.
type Say = Box<dyn Fn(&str) + Send + Sync>;

/// Who is told of a pull's steps.
pub struct Carried {
    bar: Arc<dyn Watch>,
    say: Option<Say>,
    began: Instant,
    layers: Mutex<BTreeMap<String, Layer>>,
}

#[derive(Default, Clone, Copy)]
struct Layer {
    done: u64,
    total: u64,
    is_told: bool,
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
        if step.layer.is_empty() {
            return;
        }
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        if layers.len() == LAYERS && !layers.contains_key(&step.layer) {
            return;
        }
        let layer = layers.entry(step.layer.clone()).or_default();
        if MOVING.contains(&step.status.as_str()) {
            layer.done = step.done.unwrap_or(layer.done);
            layer.total = step.total.unwrap_or(layer.total);
        }
        let is_through = THROUGH.contains(&step.status.as_str());
        if is_through {
            layer.done = layer.total;
        }
        if is_through && !layer.is_told {
            layer.is_told = true;
            if let Some(say) = &self.say {
                say(&format!("layer {}: {}", step.layer, step.status.to_lowercase()));
            }
        }
        let (done, total) = layers.values().fold((0, 0), |(done, total), one| (done + one.done, total + one.total));
        let total = Some(total).filter(|total| *total > 0);
        self.bar.report(Progress { done, total, elapsed: self.began.elapsed() });
    }
}
