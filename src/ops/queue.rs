//! Measuring many images: what those of the engine share once, and the rest beside each other.
//!
//! ```text
//! images ─▶ together (families that share layers) ─▶ each one that is left, smallest first, a few at once ─▶ evidence
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures_util::{StreamExt as _, stream};

use super::{measure::measure_image, together::measure_together};
use crate::{
    domain::{
        image::{Evidence, ImageId, LocalImage},
        progress::{Progress, Watch},
    },
    ops::{Context, Failure},
};

/// Measures all of `images`: from the cache where the same bytes were measured before, unless `fresh`. As many at once as
/// `jobs` says, and as many of the engine as it may be asked for. What cannot be read is evidence too.
///
/// # Errors
/// Only when cancelled.
pub async fn measure_all(
    context: &Context,
    images: &[LocalImage],
    fresh: bool,
    watch: Arc<dyn Watch>,
) -> Result<BTreeMap<ImageId, Evidence>, Failure> {
    let shared = measure_together(context, None, images, fresh, Arc::clone(&watch)).await?;
    let distinct: BTreeMap<&ImageId, &LocalImage> = images.iter().map(|image| (&image.id, image)).collect();
    let mut left: Vec<&LocalImage> = distinct.into_values().collect();
    left.sort_by_key(|image| image.size);
    let sum = Sum::over(watch, left.len());
    let work = left.into_iter().map(async |image| {
        let is_fresh = fresh && !shared.contains(&image.id);
        match measure_image(context, image, is_fresh, sum.part()).await {
            Err(failure) if failure.is_cancelled() => Err(failure),
            Err(failure) => Ok((image.id.clone(), Evidence::Unreadable { cause: failure.to_string() })),
            Ok(evidence) => Ok((image.id.clone(), evidence)),
        }
    });
    let found: Vec<_> = stream::iter(work).buffer_unordered(context.config().jobs).collect().await;
    found.into_iter().collect()
}

/// Several measurements as one progress.
struct Sum {
    whole: Arc<dyn Watch>,
    started: Instant,
    parts: usize,
    done: Mutex<u64>,
}

/// One of them.
struct Part {
    sum: Arc<Sum>,
    done: Mutex<u64>,
}

impl Sum {
    fn over(whole: Arc<dyn Watch>, parts: usize) -> Arc<Self> {
        Arc::new(Self { whole, started: Instant::now(), parts, done: Mutex::new(0) })
    }

    /// Of a single one, the whole itself: it knows what there is still to do.
    fn part(self: &Arc<Self>) -> Arc<dyn Watch> {
        if self.parts == 1 {
            return Arc::clone(&self.whole);
        }
        Arc::new(Part { sum: Arc::clone(self), done: Mutex::new(0) })
    }
}

impl Watch for Part {
    fn report(&self, progress: Progress) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let more = progress.done.saturating_sub(*done);
        *done = progress.done;
        let mut all = self.sum.done.lock().unwrap_or_else(PoisonError::into_inner);
        *all = all.saturating_add(more);
        self.sum.whole.report(Progress { done: *all, total: None, elapsed: self.sum.started.elapsed() });
    }

    fn is_cancelled(&self) -> bool {
        self.sum.whole.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Last(Mutex<Progress>);

    impl Watch for Last {
        fn report(&self, progress: Progress) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        }

        fn is_cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn parts_beside_each_other_are_one_sum() {
        let last = Arc::new(Last::default());
        let sum = Sum::over(last.clone(), 2);
        let (one, other) = (sum.part(), sum.part());
        let report =
            |part: &Arc<dyn Watch>, done| part.report(Progress { done, total: Some(100), ..Progress::default() });
        report(&one, 10);
        report(&other, 5);
        report(&one, 30);
        let seen = *last.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((seen.done, seen.total), (35, None));
        let alone = Sum::over(last.clone(), 1);
        report(&alone.part(), 7);
        let seen = *last.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((seen.done, seen.total), (7, Some(100)));
    }
}
