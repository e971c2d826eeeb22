//! Looks whether the user changed a file of the configuration while the screen runs.

use std::{fs, path::PathBuf, time::Duration};

use tokio::{sync::mpsc, task::spawn_blocking, time::sleep};

use crate::config::Home;

/// Between two looks. A look is one call of the system for each file.
const PAUSE: Duration = Duration::from_secs(2);

/// A file that can be taken up while the screen runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `config.toml`
    Config,
    /// `keys.toml`
    Keys,
    /// `theme.toml`
    Theme,
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

/// Tells each file that changed, until the receiver is dropped.
pub fn follow(home: &Home) -> mpsc::Receiver<File> {
    let (sender, receiver) = mpsc::channel(1);
    let files = [
        (File::Config, home.config_file.clone()),
        (File::Keys, home.keys_file.clone()),
        (File::Theme, home.theme_file.clone()),
    ];
    tokio::spawn(async move {
        let look = || {
            let files = files.clone();
            // A disk that hangs holds one thread, and the screen goes on.
            spawn_blocking(move || files.map(|(file, path)| (file, state(&path))))
        };
        let Ok(mut seen) = look().await else { return };
        loop {
            tokio::select! { () = sender.closed() => return, () = sleep(PAUSE) => {} }
            let Ok(now) = look().await else { return };
            for ((file, now), (_, before)) in now.iter().zip(&seen) {
                if now != before && sender.send(*file).await.is_err() {
                    return;
                }
            }
            seen = now;
        }
    });
    receiver
}
