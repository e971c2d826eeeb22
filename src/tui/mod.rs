//! The full-screen program: terminal, event loop, views.
//!
//! ```text
//! ┌─────────────────────────── the loop ───────────────────────────┐
//! │ wait ─▶ take everything that came ─▶ update ─▶ effects ─▶ draw │
//! └────────────────────────────────────────────────────────────────┘
//!   keys, signals, messages of tasks, the next second in which an age reads differently
//! ```
//!
//! The first frame is drawn before anything is asked. Nothing is drawn unless something came, and a frame that equals
//! the last one sends no byte.

mod backend;
pub mod clipboard;
mod event_loop;
mod input;
pub mod keys;
mod pen;
mod reload;
mod secret;
mod terminal;
pub mod theme;
pub mod view;

use std::{io, time::Duration};

pub use backend::QuietBackend;
use event_loop::{Loop, now};
use reload::Files;
use secret::Secrets;
use terminal::{Guard, Signals};
use theme::Theme;
use tikv_jemalloc_ctl::{Access as _, AsName as _};
use view::Spots;

use crate::{
    app::{Model, action::Keymap, activity::Activity, model::Pane},
    config::{Config, ConfigError},
    ops::{Context, Failure},
    runtime::Runtime,
};

/// What the program started gets this long to end once the terminal is given back.
const CLOSING: Duration = Duration::from_secs(5);

/// How the screen looks.
#[derive(Debug, Clone, Copy)]
pub struct ScreenOptions {
    /// Colours and characters.
    pub theme: Theme,
}

impl ScreenOptions {
    /// What `theme.toml` in the home, the environment, the terminal and the locale ask for.
    ///
    /// # Errors
    /// `theme-invalid` with line and column; `config-unreadable`; `usage` for a theme that there is not.
    pub fn find(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { theme: Theme::find(&config.home.theme_file, |name| std::env::var(name).ok())? })
    }
}

/// How the screen ended. The terminal is given back by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The user quit.
    Quit,
    /// The user wants to see the demonstration.
    Demo,
    /// A signal, or the loss of the terminal (SIGHUP): the program should end by it, so that its parent sees why.
    Signal(i32),
}

/// Reads the configuration anew, as flags and environment ask for.
pub type Reread = Box<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// What stays when the screen begins anew with another configuration.
#[derive(Default)]
struct Kept {
    pane: Pane,
    mouse: bool,
    keymap: Keymap,
    activity: Activity,
}

/// Milliseconds after which memory that is free goes back to the system.
const FREE: isize = 300;

/// Has the allocator give memory back a little after it is free, and not at once, which takes as long as reading a list of
/// ten thousand images; by a thread, since nothing happens for most of the screen's life. It takes longer to start than the
/// first frame, which is drawn by then. Where the allocator is another one, nothing is lost.
fn give_back() {
    for name in [b"arenas.dirty_decay_ms\0".name(), b"arena.0.dirty_decay_ms\0".name()] {
        let _ = name.write(FREE);
    }
    let _ = tikv_jemalloc_ctl::background_thread::write(true);
}

/// Runs the screen until the user, a signal or the loss of the terminal ends it. Must be called on the thread that
/// blocks on the runtime: a panic there gives the terminal back. With `reread` a configuration that changes is taken up.
///
/// # Errors
/// `no-terminal` when there is no terminal that could be drawn on; when a home cannot be opened anew.
pub async fn run(context: Context, options: ScreenOptions, reread: Option<Reread>) -> Result<Outcome, Failure> {
    let refused = |error: io::Error| Failure::new("no-terminal", &format!("signals could not be caught: {error}"));
    let mut files = Files::of(&context.config().home);
    let keymap = keys::load(&context.config().home)?;
    let mut signals = Signals::catch().map_err(refused)?;
    let mut kept = Kept { keymap, ..Kept::default() };
    let (mut context, mut theme, mut guard) = (context, options.theme, Guard::take()?);
    loop {
        let (width, height) = ratatui::crossterm::terminal::size().unwrap_or((80, 24));
        let notices = context.notices().iter().map(|notice| notice.sentence().to_owned()).collect();
        let mut model = Model::new(now(), width, height, notices);
        let config = context.config().clone();
        model.tasks.allow(config.jobs);
        (model.unicode, model.has_demo) = (theme.is_unicode(), cfg!(feature = "devnet"));
        let others = config.networks.iter().map(|one| &one.name).filter(|name| **name != config.network.name);
        model.networks = std::iter::once(&config.network.name).chain(others).cloned().collect();
        (model.pane, model.mouse, model.keymap, model.activity) = (kept.pane, kept.mouse, kept.keymap, kept.activity);
        let (runtime, receiver) = Runtime::new(context);
        if theme.is_calm() {
            runtime.board().calm_down();
        }
        let (secrets, spots) = (Secrets::default(), Spots::default());
        let reread = reread.as_ref();
        let (next, outcome) = (None, None);
        let mut screen = Loop {
            guard,
            model,
            theme,
            runtime,
            config,
            files,
            reread,
            next,
            begins_anew: false,
            secrets,
            spots,
            outcome,
        };
        screen.draw();
        give_back();
        screen.start();
        let outcome = screen.turn(&mut signals, receiver).await;
        let Loop { guard: taken, runtime, model, next, begins_anew, theme: newest, .. } = screen;
        let Some(next) = next.filter(|_| begins_anew) else {
            drop(taken);
            let _ = tokio::time::timeout(CLOSING, runtime.close()).await;
            return Ok(outcome);
        };
        let _ = tokio::time::timeout(CLOSING, runtime.close()).await;
        (guard, theme) = (taken, newest);
        kept = Kept { pane: model.pane, mouse: model.mouse, keymap: model.keymap, activity: model.activity };
        files = Files::of(&next.home);
        context = Context::open(next)?;
    }
}
