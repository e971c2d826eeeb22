//! How far the layers of a pull or push have come, by an engine's words.

use std::collections::BTreeMap;

use crate::docker::LayerStep;

/// Layers that are counted: more than an image has are one engine's fancy.
const LAYERS: usize = 1024;
/// What engines say of a layer that needs no more work (moby, `distribution/pull_v2.go`, `push_v2.go`).
const THROUGH: [&str; 4] = ["Pull complete", "Already exists", "Pushed", "Layer already exists"];
/// What they say while its bytes travel.
const MOVING: [&str; 2] = ["Downloading", "Pushing"];

/// All layers that were told of.
#[derive(Debug, Default)]
pub struct Layers(BTreeMap<String, Layer>);

#[derive(Debug, Default, Clone, Copy)]
struct Layer {
    done: u64,
    total: u64,
    is_through: bool,
}

impl Layers {
    /// Takes a step in. True where its layer is through with it, and was not before.
    pub fn take(&mut self, step: &LayerStep) -> bool {
        if step.layer.is_empty() || (self.0.len() == LAYERS && !self.0.contains_key(&step.layer)) {
            return false;
        }
        let layer = self.0.entry(step.layer.clone()).or_default();
        if MOVING.contains(&step.status.as_str()) {
            layer.done = step.done.unwrap_or(layer.done);
            layer.total = step.total.unwrap_or(layer.total);
        }
        let is_through = THROUGH.contains(&step.status.as_str());
        if is_through {
            layer.done = layer.total;
        }
        is_through && !std::mem::replace(&mut layer.is_through, true)
    }

    /// Bytes done, and in all where that is known.
    #[must_use]
    pub fn bytes(&self) -> (u64, Option<u64>) {
        let sum =
            |(done, total): (u64, u64), one: &Layer| (done.saturating_add(one.done), total.saturating_add(one.total));
        let (done, total) = self.0.values().fold((0, 0), sum);
        (done, Some(total).filter(|total| *total > 0))
    }

    /// Layers that are through, and in all.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        (self.0.values().filter(|layer| layer.is_through).count(), self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_summed_and_a_layer_is_through_once() {
        let step = |layer: &str, status: &str, done: Option<u64>| LayerStep {
            layer: layer.to_owned(),
            status: status.to_owned(),
            done,
            total: done.map(|_| 100),
        };
        let mut layers = Layers::default();
        assert!(!layers.take(&step("", "Pulling from acme/api", None)));
        assert!(!layers.take(&step("a", "Downloading", Some(40))));
        assert!(layers.take(&step("b", "Already exists", None)));
        assert_eq!((layers.bytes(), layers.count()), ((40, Some(100)), (1, 2)));
        assert!(layers.take(&step("a", "Pull complete", None)));
        assert!(!layers.take(&step("a", "Pull complete", None)), "once");
        assert_eq!((layers.bytes(), layers.count()), ((100, Some(100)), (2, 2)));
        for n in 0..2000 {
            layers.take(&step(&format!("l{n}"), "Downloading", Some(1)));
        }
        assert_eq!(layers.count().1, LAYERS);
    }
}
