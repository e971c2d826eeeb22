//! The terminal as a guard: taken on construction, given back on drop, on panic and on every signal that ends the
//! program and can be caught.
//!
//! Not on `SIGKILL`, and not on `SIGSEGV`, `SIGBUS`, `SIGILL` and `SIGFPE`: the processor raises these at an instruction
//! that cannot be done, a handler would return to that instruction, and what is safe to call inside the handler cannot
//! give a terminal back. After them, as after a call of `abort` outside a panic, `reset` mends the terminal.

use std::{
    fmt,
    fs::File,
    future::poll_fn,
    io::{self, IsTerminal as _, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use ratatui::{
    Terminal,
    crossterm::{
        Command,
        cursor::Show,
        event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange},
        execute, terminal,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen},
    },
};
use signal_hook::consts::{
    SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGILL, SIGKILL, SIGPIPE, SIGSEGV, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,
    SIGWINCH,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
};

use super::{
    backend::QuietBackend,
    theme::{Entry, usable},
};
use crate::ops::Failure;

/// The screen that is drawn on.
pub type Screen = Terminal<QuietBackend<File>>;

/// True while the terminal is ours: the panic hook gives back only what was taken.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// True while the mouse is wanted too, also while the program is stopped.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Whether the terminal tells of buttons and wheel (mode 1000), with numbers of any size (1006). crossterm's own command
/// asks for every movement as well, which a slow line would carry.
struct Clicks(bool);

impl Command for Clicks {
    fn write_ansi(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(if self.0 { "\x1b[?1000h\x1b[?1006h" } else { "\x1b[?1006l\x1b[?1000l" })
    }
}

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
        // Not by way of standard output's buffer, which writes up to the last line feed first, and then the rest.
        let out = io::stdout().as_fd().try_clone_to_owned().map_err(|error| give_up(&error))?;
        let screen = Terminal::new(QuietBackend::new(File::from(out))).map_err(|error| give_up(&error))?;
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

    /// True while the terminal is this program's, and not the shell's that it was stopped in.
    #[must_use]
    pub fn has_terminal() -> bool {
        TAKEN.load(Ordering::SeqCst)
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

    /// Has the terminal tell of the mouse, or not, with the next frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn capture_mouse(&mut self, wanted: bool) -> io::Result<()> {
        if MOUSE.swap(wanted, Ordering::SeqCst) == wanted {
            return Ok(());
        }
        self.screen.backend_mut().queue(Clicks(wanted))
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
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
    // Unless it is wanted, no mouse: the terminal's own selection of text goes on working.
    if MOUSE.load(Ordering::SeqCst) { execute!(io::stdout(), Clicks(true)) } else { Ok(()) }
}

/// Gives the terminal back, once. Errors are ignored: a terminal that is gone needs nothing. The modes come first: who
/// sees the shell's screen and types gets a line that the shell can read.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        if MOUSE.load(Ordering::SeqCst) {
            let _ = execute!(io::stdout(), Clicks(false));
        }
        let _ = execute!(io::stdout(), DisableFocusChange, DisableBracketedPaste);
        let _ = terminal::disable_raw_mode();
        // Where there is no other screen (vt100, older consoles), the last frame must not stay under the shell's prompt.
        let _ = io::stdout().write_all(b"\x1b[m\x1b[H\x1b[2J");
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
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
    usable(std::env::var("TERM").ok().as_deref(), Entry::find).map_err(|why| no_terminal(&why))
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

/// Linux' last signal, and the last that has a name: those between are for whatever two programs agree on, and end a
/// program that knows of no agreement.
const LAST: i32 = 64;
const LAST_NAMED: i32 = 31;

/// Nobody can catch these.
const UNCATCHABLE: [i32; 2] = [SIGKILL, SIGSTOP];
/// A handler would not outlive these: see the module.
const FAULTS: [i32; 4] = [SIGSEGV, SIGBUS, SIGILL, SIGFPE];
/// By default these do nothing, stop the program, or continue it (signal(7)). Of `SIGPIPE`, Rust's runtime makes a write
/// that fails.
const SURVIVED: [i32; 8] = [SIGCHLD, SIGURG, SIGWINCH, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT];

/// Every signal that concerns the terminal.
pub struct Signals {
    ends: Vec<(Signal, i32)>,
    stop: Signal,
    resume: Signal,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn catch() -> io::Result<Self> {
        let listen = |number| signal(SignalKind::from_raw(number));
        let others = [&UNCATCHABLE[..], &FAULTS, &SURVIVED].concat();
        let mut ends = Vec::new();
        for number in (1..=LAST).filter(|number| !others.contains(number)) {
            match listen(number) {
                Ok(listener) => ends.push((listener, number)),
                // The C library keeps the first few without a name for itself (nptl(7)).
                Err(_) if number > LAST_NAMED => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { ends, stop: listen(SIGTSTP)?, resume: listen(SIGCONT)? })
    }

    /// The next one.
    pub async fn next(&mut self) -> Caught {
        poll_fn(|context| {
            for (listener, number) in &mut self.ends {
                if listener.poll_recv(context).is_ready() {
                    return Poll::Ready(Caught::End(*number));
                }
            }
            if self.stop.poll_recv(context).is_ready() {
                return Poll::Ready(Caught::Stop);
            }
            self.resume.poll_recv(context).map(|_| Caught::Continue)
        })
        .await
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

#[cfg(test)]
#[path = "../../tests/support/terminal.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    reason = "the suites' terminal, of which this room's test uses a part; a test fails by panicking"
)]
mod pseudo;

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "a test fails by panicking")]

    use std::process::Command;

    use ratatui::widgets::Paragraph;

    use super::{
        Guard,
        pseudo::{Terminal, after_end, in_a_shell},
    };

    const ENTER_SCREEN: &str = "\x1b[?1049h";
    const LEAVE_SCREEN: &str = "\x1b[?1049l";
    const SHOW_CURSOR: &str = "\x1b[?25h";
    /// One word: blanks are not drawn, the cursor is moved over them.
    const DRAWN: &str = "drawn-before-the-end";
    const MESSAGE: &str = "in the middle of a frame";
    /// Set for the process that is to panic: whoever runs all ignored tests does not mean that one.
    const TO_PANIC: &str = "DAOCHAIN_TEST_PANIC";

    #[test]
    #[ignore = "it panics; `a_panic_gives_the_terminal_back_and_can_be_read` runs it in a terminal of its own"]
    fn a_screen_that_panics() {
        if std::env::var_os(TO_PANIC).is_none() {
            return;
        }
        let mut guard = Guard::take().expect("a terminal");
        guard.capture_mouse(true).expect("the mouse");
        guard.screen.draw(|frame| frame.render_widget(Paragraph::new(DRAWN), frame.area())).expect("a frame");
        let _ = guard.screen.draw(|_| panic!("{MESSAGE}"));
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_can_be_read() {
        let name = format!("{}::a_screen_that_panics", module_path!().split_once("::").expect("a room").1);
        let mut again = Command::new(std::env::current_exe().expect("this test's file"));
        again.args(["--exact", &name, "--ignored", "--nocapture"]).env(TO_PANIC, "1").env_remove("RUST_BACKTRACE");
        // Room enough for what the shell writes below the message.
        let mut terminal = Terminal::start(60, 80, &in_a_shell(&again));
        let (written, _) = terminal.finish();

        let entered = written.find(ENTER_SCREEN).expect("the alternate screen was entered");
        let left = written.rfind(LEAVE_SCREEN).expect("the alternate screen is left");
        assert!(written[entered..left].contains(DRAWN), "{written:?}");
        for mode in ["?1000", "?1004", "?1006", "?2004"] {
            let [on, off] = ["h", "l"].map(|end| written.rfind(&format!("\x1b[{mode}{end}")));
            assert!(on.is_some() && on < off, "{mode} is given back: {written:?}");
        }
        let rest = &written[left..];
        assert!(rest.contains(SHOW_CURSOR), "the cursor is shown: {rest:?}");
        assert!(rest.contains(MESSAGE), "the message is on the screen that stays: {rest:?}");
        assert!(!rest.contains(DRAWN), "nothing is drawn there: {rest:?}");
        assert!(terminal.contents().contains(MESSAGE), "{}", terminal.contents());

        let (status, modes) = after_end(&written);
        assert_eq!(status, 101, "a panic's exit code: {written:?}");
        for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
            assert!(modes.iter().any(|one| one == mode), "`{mode}` is on again: {modes:?}");
        }
    }
}
