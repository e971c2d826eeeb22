//! Work that goes on until nobody wants it, whatever becomes of it.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio::time::sleep;

use super::Failure;

/// Between a panic and the next beginning: what panics at once is not to take a processor.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs what `begin` begins. Where it panics, that is told, and it is begun again after a pause: whoever listens would
/// otherwise wait for ever. Ends when the work ends by itself, or nobody listens any more.
pub(super) async fn lasting<F, T>(work: &str, begin: impl Fn() -> F, tell: impl Fn(Failure) -> T)
where
    F: Future<Output = ()>,
    T: Future<Output = bool>,
{
    lasting_after(PAUSE, work, begin, tell).await;
}

async fn lasting_after<F, T>(pause: Duration, work: &str, begin: impl Fn() -> F, tell: impl Fn(Failure) -> T)
where
    F: Future<Output = ()>,
    T: Future<Output = bool>,
{
    // What a panic left half changed is thrown away: each beginning has its own state.
    while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
        if !tell(Failure::fault(work)).await {
            return;
        }
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_panics_is_told_and_begun_again() {
        let (begun, told) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || async {
            assert!(begun.fetch_add(1, Ordering::SeqCst) >= 2, "a panic that a test wants");
        };
        let tell = |failure: Failure| {
            assert_eq!(failure.message, "following ended by a fault of this program");
            told.fetch_add(1, Ordering::SeqCst);
            async { true }
        };
        lasting_after(Duration::ZERO, "following", work, tell).await;
        assert_eq!((begun.load(Ordering::SeqCst), told.load(Ordering::SeqCst)), (3, 2));
        begun.store(0, Ordering::SeqCst);
        lasting("following", work, |_| async { false }).await;
        assert_eq!(begun.load(Ordering::SeqCst), 1, "nobody listens");
    }
}
