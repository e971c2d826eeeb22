//! The terminal as a guard: taken on construction, given back on drop, on panic and on every signal that can be caught.

use std::{
    io::{self, IsTerminal as _, Stdout, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ratatui::{
    Terminal,
    crossterm::{
        cursor::Show,
        event::{DisableBracketedPaste, EnableBracketedPaste},
        execute, terminal,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen},
    },
};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
};

use super::backend::QuietBackend;
use crate::ops::Failure;

/// The screen that is drawn on.
pub type Screen = Terminal<QuietBackend<Stdout>>;

/// True while the terminal is ours: the panic hook gives back only what was taken.
static TAKEN: AtomicBool = AtomicBool::new(false);

type Hook = Arc<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync>;

/// The terminal in raw mode and on its alternate screen.
pub struct Guard {
    /// What is drawn on.
    pub screen: Screen,
    hook: Hook,
}

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// `no-terminal` when standard input or output is none, or one that cannot move its cursor.
    pub fn take() -> Result<Self, Failure> {
        refuse_unusable()?;
        let hook = install_panic_hook();
        let give_up = |error: &io::Error| {
            give_back();
            no_terminal(&format!("the terminal could not be prepared: {error}"))
        };
        enter().map_err(|error| give_up(&error))?;
        let screen = Terminal::new(QuietBackend::new(io::stdout())).map_err(|error| give_up(&error))?;
        Ok(Self { screen, hook })
    }

    /// Gives the terminal back and stops like any program on Ctrl-Z. The signal that continues it takes the terminal
    /// again ([`Caught::Continue`]).
    ///
    /// # Errors
    /// When the program cannot be stopped.
    pub fn suspend() -> io::Result<()> {
        give_back();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)
    }

    /// Takes the terminal after somebody else had it, and draws everything at the next frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.screen.backend_mut().forget();
        self.screen.clear()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
        // While panicking the hook cannot be replaced, and the process ends anyway.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.hook);
            std::panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    // No mouse: the terminal's own selection of text goes on working.
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Gives the terminal back, once. Errors are ignored: a terminal that is gone needs nothing.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

/// A panic of the event loop's thread ends the program: the terminal is given back first, so that the message can be
/// read. One of a task ends that task; its message goes to the log, not across the screen.
fn install_panic_hook() -> Hook {
    let before: Hook = Arc::from(std::panic::take_hook());
    let (inside, loop_thread) = (Arc::clone(&before), std::thread::current().id());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == loop_thread {
            give_back();
            inside(info);
        } else {
            tracing::error!("a task panicked: {info}");
        }
    }));
    before
}

fn refuse_unusable() -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(no_terminal("the screen needs a terminal, and standard input or output is none"));
    }
    match std::env::var("TERM").as_deref() {
        Err(_) | Ok("") => {
            Err(no_terminal("the screen needs a terminal that can move its cursor, and `TERM` is not set"))
        }
        Ok("dumb") => Err(no_terminal("the screen needs a terminal that can move its cursor, and `TERM` is `dumb`")),
        Ok(_) => Ok(()),
    }
}

fn no_terminal(message: &str) -> Failure {
    Failure::new("no-terminal", message).hint("`daochain images` prints the same list as text")
}

/// A signal that reached the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caught {
    /// It ends the program.
    End(i32),
    /// Ctrl-Z from elsewhere.
    Stop,
    /// Continued after a stop that could not be caught.
    Continue,
}

/// Every signal that concerns the terminal.
pub struct Signals {
    ends: [(Signal, i32); 4],
    stop: Signal,
    resume: Signal,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn catch() -> io::Result<Self> {
        let end = |number| Ok::<_, io::Error>((signal(SignalKind::from_raw(number))?, number));
        Ok(Self {
            ends: [end(SIGTERM)?, end(SIGHUP)?, end(SIGINT)?, end(SIGQUIT)?],
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
            resume: signal(SignalKind::from_raw(SIGCONT))?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Caught {
        let [(term, a), (hup, b), (int, c), (quit, d)] = &mut self.ends;
        tokio::select! {
            _ = term.recv() => Caught::End(*a),
            _ = hup.recv() => Caught::End(*b),
            _ = int.recv() => Caught::End(*c),
            _ = quit.recv() => Caught::End(*d),
            _ = self.stop.recv() => Caught::Stop,
            _ = self.resume.recv() => Caught::Continue,
        }
    }
}

/// Waits until the terminal is gone. Its own reader would not tell: it tries again for ever, at full speed.
///
/// # Errors
/// When the terminal cannot be watched.
#[expect(deprecated, reason = "its successor is unsafe for types that do not own their descriptor; this one does")]
pub async fn hung_up() -> io::Result<()> {
    let terminal: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    let watched = AsyncFd::with_interest(terminal, Interest::READABLE)?;
    loop {
        let mut ready = watched.readable().await?;
        if ready.ready().is_read_closed() {
            return Ok(());
        }
        ready.clear_ready();
    }
}
