//! Looks whether the user changed a file of the configuration while the screen runs.

use std::{fs, path::PathBuf, time::Duration};

use tokio::{sync::mpsc, task::spawn_blocking, time::sleep};

use crate::config::Home;

/// Between two looks. A look is one call of the system for each file, and wakes a processor that slept.
const PAUSE: Duration = Duration::from_secs(4);

/// A file that can be taken up while the screen runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `config.toml`
    Config,
    /// `keys.toml`
    Keys,
    /// `theme.toml`
    Theme,
    /// `trust.toml`
    Trust,
}

/// What tells one state of a file from another: an editor writes anew, or puts another file in its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct State {
    changed: Option<std::time::SystemTime>,
    length: u64,
}

fn state(path: &PathBuf) -> State {
    // One that is not there is a state as well.
    let known = fs::metadata(path).ok();
    known.map_or_else(State::default, |known| State { changed: known.modified().ok(), length: known.len() })
}

/// How a home's files stand. Looked at before they are read, so that no change is missed.
#[derive(Debug, Clone)]
pub struct Files([(File, PathBuf, State); 4]);

impl Files {
    /// As they stand now.
    pub fn of(home: &Home) -> Self {
        let files = [
            (File::Config, home.config_file.clone()),
            (File::Keys, home.keys_file.clone()),
            (File::Theme, home.theme_file.clone()),
            (File::Trust, home.trust_file.clone()),
        ];
        Self(files.map(|(file, path)| {
            let now = state(&path);
            (file, path, now)
        }))
    }

    /// Looks again: which of them changed.
    fn look(&mut self) -> Vec<File> {
        let changed = self.0.iter_mut().filter_map(|(file, path, known)| {
            let now = state(path);
            (std::mem::replace(known, now) != now).then_some(*file)
        });
        changed.collect()
    }

    /// Tells each file that changes, until the receiver is dropped.
    pub fn follow(self) -> mpsc::Receiver<File> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut files = self;
            loop {
                tokio::select! { () = sender.closed() => return, () = sleep(PAUSE) => {} }
                // A disk that hangs holds one thread, and the screen goes on.
                let looked = spawn_blocking(move || {
                    let changed = files.look();
                    (files, changed)
                });
                let Ok((again, changed)) = looked.await else { return };
                files = again;
                for file in changed {
                    if sender.send(file).await.is_err() {
                        return;
                    }
                }
            }
        });
        receiver
    }
}
