//! Waiting for a geth to end, and saying so.

use std::{
    future::Future,
    io::Write as _,
    path::Path,
    pin::pin,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{GethChain, GethNews, runner::open_log};

/// How often it is looked.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// How often it is told that something takes its time.
pub(super) const NOW_AND_THEN: Duration = Duration::from_secs(30);

/// Where a geth runs, of which chain it is, and who is told of it.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) folder: &'p Path,
    pub(super) chain: GethChain,
    pub(super) tell: &'p dyn Fn(GethNews),
}

/// A geth that was asked to end.
pub(super) struct Ending<'p> {
    place: Place<'p>,
    began: Instant,
    patience: Duration,
    every: Duration,
    due: Duration,
}

impl<'p> Ending<'p> {
    pub(super) fn of(place: Place<'p>) -> Self {
        Self::within(place, place.chain.ending(), NOW_AND_THEN)
    }

    pub(super) fn within(place: Place<'p>, patience: Duration, every: Duration) -> Self {
        Self { place, began: Instant::now(), patience, every, due: every }
    }

    /// True once it has lasted too long. Tells now and then that it is waited for.
    pub(super) fn is_over(&mut self) -> bool {
        let waited = self.began.elapsed();
        let is_over = waited >= self.patience;
        if waited >= self.due && !is_over {
            (self.place.tell)(GethNews::Ending { waited, patience: self.patience });
            self.due += self.every;
        }
        is_over
    }

    /// Says, to whoever watches and in the log, that it was killed.
    pub(super) fn tell_killed(&self) {
        let patience = self.patience;
        (self.place.tell)(GethNews::Killed { patience });
        // A log that cannot be written is no reason to keep it.
        let _ = open_log(self.place.folder).map(|mut log| {
            let _ = writeln!(log, "daochain: it did not end within {} s, and was killed", patience.as_secs());
        });
    }

    /// Waits for work that ends it.
    pub(super) async fn wait_for<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = timeout(LOOK, &mut work).await {
                return done;
            }
            self.is_over();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{
        cell::RefCell,
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    use super::{super::runner::stop, *};

    /// What is told of the end of a shell that does this when it is asked to end.
    fn ended(trap: &str, patience: Duration) -> (Vec<GethNews>, String) {
        let (folder, told) = (tempfile::tempdir().unwrap(), RefCell::new(Vec::new()));
        let tell = |news| told.borrow_mut().push(news);
        let place = Place { folder: folder.path(), chain: GethChain::PRIVATE, tell: &tell };
        let script = format!("trap '{trap}' TERM; echo ready; while :; do sleep 0.05; done");
        let mut child = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        stop(&mut child, Ending::within(place, patience, Duration::from_millis(200)));
        assert!(child.try_wait().unwrap().is_some());
        (told.take(), std::fs::read_to_string(folder.path().join("geth.log")).unwrap_or_default())
    }

    #[test]
    fn whoever_takes_long_to_end_is_waited_for_and_told_of() {
        let (told, log) = ended("sleep 0.7; exit 0", Duration::from_mins(1));
        assert!(!told.is_empty() && told.iter().all(|one| matches!(one, GethNews::Ending { .. })), "{told:?}");
        assert_eq!(log, "");
    }

    #[test]
    fn nobody_is_killed_in_silence() {
        let patience = Duration::from_millis(500);
        let (told, log) = ended("", patience);
        assert_eq!(told.last(), Some(&GethNews::Killed { patience }), "{told:?}");
        assert!(log.contains("was killed"), "{log}");
    }
}
