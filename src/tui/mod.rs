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
mod input;
pub mod keys;
mod pen;
mod reload;
mod secret;
mod terminal;
pub mod theme;
pub mod view;

use std::{io, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use ratatui::crossterm::{
    clipboard::CopyToClipboard,
    event::{Event, EventStream, KeyEventKind},
};
use signal_hook::consts::SIGHUP;
use tokio::{sync::mpsc, task::JoinHandle};

pub use backend::QuietBackend;
use input::Pointed;
use secret::Secrets;
use terminal::{Caught, Guard, Signals};
use theme::Theme;
use view::Spots;

use crate::{
    app::{
        Effect, Model, Msg,
        activity::Activity,
        clock,
        model::{Pane, Tone},
        msg::InputMsg,
        update,
    },
    config::Config,
    domain::Timestamp,
    ops::{Context, Failure},
    runtime::{Board, Runtime},
};

/// Messages that one frame takes in at most: a flood must not keep the screen from being drawn.
const BATCH: usize = 1024;
/// Keys that may wait for the loop; more than anybody types while one frame is drawn.
const KEYS: usize = 256;
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
    pub fn find(config: &Config) -> Result<Self, Failure> {
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
pub type Reread = Box<dyn Fn() -> Result<Config, Failure> + Send + Sync>;

/// What stays when the screen begins anew with another configuration.
#[derive(Default)]
struct Kept {
    pane: Pane,
    mouse: bool,
    activity: Activity,
}

/// Runs the screen until the user, a signal or the loss of the terminal ends it. Must be called on the thread that
/// blocks on the runtime: a panic there gives the terminal back. With `reread` a configuration that changes is taken up.
///
/// # Errors
/// `no-terminal` when there is no terminal that could be drawn on; when a home cannot be opened anew.
pub async fn run(context: Context, options: ScreenOptions, reread: Option<Reread>) -> Result<Outcome, Failure> {
    let refused = |error: io::Error| Failure::new("no-terminal", &format!("signals could not be caught: {error}"));
    keys::load(&context.config().home)?;
    let mut signals = Signals::catch().map_err(refused)?;
    let (mut context, mut theme, mut guard, mut kept) = (context, options.theme, Guard::take()?, Kept::default());
    loop {
        let keymap = keys::load(&context.config().home)?;
        let (width, height) = ratatui::crossterm::terminal::size().unwrap_or((80, 24));
        let notices = context.notices().iter().map(|notice| notice.sentence().to_owned()).collect();
        let mut model = Model::new(now(), width, height, notices);
        let config = context.config().clone();
        model.tasks.allow(config.jobs);
        model.unicode = theme.is_unicode();
        model.keymap = keymap;
        let others = config.networks.iter().map(|one| &one.name).filter(|name| **name != config.network.name);
        model.networks = std::iter::once(&config.network.name).chain(others).cloned().collect();
        (model.pane, model.mouse, model.activity) = (kept.pane, kept.mouse, kept.activity);
        let (runtime, receiver) = Runtime::new(context);
        if theme.is_calm() {
            runtime.board().calm_down();
        }
        let (secrets, spots) = (Secrets::default(), Spots::default());
        let reread = reread.as_ref();
        let (next, outcome) = (None, None);
        let mut screen = Loop { guard, model, theme, runtime, config, reread, next, secrets, spots, outcome };
        screen.draw();
        screen.start();
        let outcome = screen.turn(&mut signals, receiver).await;
        let Loop { guard: taken, runtime, model, next, theme: newest, .. } = screen;
        let Some(next) = next else {
            drop(taken);
            let _ = tokio::time::timeout(CLOSING, runtime.close()).await;
            return Ok(outcome);
        };
        let _ = tokio::time::timeout(CLOSING, runtime.close()).await;
        (guard, theme) = (taken, newest);
        kept = Kept { pane: model.pane, mouse: model.mouse, activity: model.activity };
        context = Context::open(next)?;
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_secs()))
}

/// What woke the loop.
enum Woken {
    Caught(Caught),
    Event(Event),
    Message(Msg),
    TerminalGone,
    Changed(reload::File),
    Time,
}

struct Loop<'r> {
    guard: Guard,
    model: Model,
    theme: Theme,
    runtime: Runtime,
    config: Config,
    reread: Option<&'r Reread>,
    /// The configuration that the screen begins anew with, once nothing runs.
    next: Option<Config>,
    secrets: Secrets,
    /// What of the last frame can be clicked.
    spots: Spots,
    outcome: Option<Outcome>,
}

impl Loop<'_> {
    fn start(&mut self) {
        for effect in update::start(&mut self.model) {
            self.perform(effect);
        }
    }

    async fn turn(&mut self, signals: &mut Signals, mut receiver: mpsc::Receiver<Msg>) -> Outcome {
        let board = self.runtime.board();
        let (mut events, reader) = read_events();
        let _reader = tokio_util::task::AbortOnDropHandle::new(reader);
        let mut files = reload::follow(&self.config.home);
        let hung_up = terminal::hung_up();
        tokio::pin!(hung_up);
        loop {
            if let Some(outcome) = self.outcome {
                return outcome;
            }
            let wake = Duration::from_secs(clock::next_wake(&self.model));
            let woken = tokio::select! {
                biased;
                caught = signals.next() => Woken::Caught(caught),
                Some(file) = files.recv() => Woken::Changed(file),
                _ = &mut hung_up => Woken::TerminalGone,
                event = events.recv() => event.map_or(Woken::TerminalGone, Woken::Event),
                message = next_message(&mut receiver, &board) => Woken::Message(message),
                () = tokio::time::sleep(wake) => Woken::Time,
            };
            self.take(Msg::Clock(now()));
            self.wake(woken);
            self.drain(&mut events, &mut receiver);
            self.renew();
            if self.outcome.is_none() {
                self.draw();
            }
        }
    }

    fn wake(&mut self, woken: Woken) {
        match woken {
            Woken::Caught(Caught::End(signal)) => self.outcome = Some(Outcome::Signal(signal)),
            Woken::Caught(Caught::Stop) => self.perform(Effect::Suspend),
            Woken::Caught(Caught::Continue) => {
                let resumed = self.guard.resume();
                self.or_hang_up(&resumed);
            }
            Woken::TerminalGone => self.outcome = Some(Outcome::Signal(SIGHUP)),
            Woken::Event(event) => self.event(event),
            Woken::Message(msg) => self.take(msg),
            Woken::Changed(file) => self.reload(file),
            Woken::Time => {}
        }
    }

    /// Takes everything that has come, keys first, so that one frame shows it all.
    fn drain(&mut self, events: &mut mpsc::Receiver<Event>, receiver: &mut mpsc::Receiver<Msg>) {
        for _ in 0..BATCH {
            if self.outcome.is_some() {
                return;
            }
            if let Ok(event) = events.try_recv() {
                self.event(event);
            } else if let Ok(msg) = receiver.try_recv() {
                self.take(msg);
            } else {
                return;
            }
        }
    }

    /// Takes a changed file up, or tells why not: then what was goes on.
    fn reload(&mut self, file: reload::File) {
        let home = &self.config.home;
        let told = match file {
            reload::File::Keys => keys::load(home).map_err(Failure::from).map(|keymap| {
                self.model.keymap = keymap;
                "the keys of `keys.toml` hold from now on"
            }),
            reload::File::Theme => ScreenOptions::find(&self.config).map(|options| {
                self.theme = options.theme;
                self.model.unicode = options.theme.is_unicode();
                "the screen looks as `theme.toml` says from now on"
            }),
            reload::File::Config => match self.reread.map(|reread| reread()) {
                None => return,
                Some(Ok(config)) if config.leads_to_the_same(&self.config) => return,
                Some(read) => read.map(|config| {
                    self.next = Some(config);
                    "`config.toml` has changed, and is taken up as soon as nothing runs"
                }),
            },
        };
        match told {
            Ok(words) => self.model.say(Tone::Good, words),
            Err(failure) => self.take(Msg::Notice(format!("what was goes on: {failure}"))),
        }
    }

    /// A configuration that waits is taken up where that stops nothing.
    fn renew(&mut self) {
        if self.next.is_some() && self.outcome.is_none() && !self.model.is_at_work() {
            self.runtime.lock_all();
            self.outcome = Some(Outcome::Quit);
        }
    }

    fn event(&mut self, event: Event) {
        let field = self.model.secret_field();
        let msg = match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => return,
            Event::Key(key) => match field.and_then(|field| self.secrets.key(field, &key)) {
                Some(shape) => InputMsg::Secret(shape),
                None => match input::key(&key) {
                    Some(key) => InputMsg::Key(key),
                    None => return,
                },
            },
            Event::Paste(text) => match field {
                Some(field) => InputMsg::Secret(self.secrets.paste(field, &zeroize::Zeroizing::new(text))),
                None => InputMsg::Paste(text),
            },
            Event::Resize(width, height) => {
                // What it showed is cut or moved, even where it has its old size back by the time that this is read.
                self.perform(Effect::Redraw);
                InputMsg::Resize { width, height }
            }
            Event::Mouse(mouse) => match input::mouse(mouse) {
                Some(Pointed::Wheel { up }) => InputMsg::Wheel { up },
                Some(Pointed::Click { column, row }) => match self.spots.at(column, row) {
                    Some(target) => InputMsg::Click(target),
                    None => return,
                },
                None => return,
            },
            Event::FocusGained | Event::FocusLost => return,
        };
        self.take(Msg::Input(msg));
    }

    fn take(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg) {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Submit { publication, quote } => self.runtime.submit(publication, *quote, self.secrets.take()),
            Effect::Do { ticket, deed } => self.runtime.perform(ticket, deed, self.secrets.take_all()),
            Effect::SignRequest { ticket, request } => {
                self.runtime.sign_request(ticket, *request, self.secrets.take());
            }
            Effect::ForgetSecret => self.secrets.clear(),
            Effect::Copy(text) => {
                let queued = self.guard.screen.backend_mut().queue(CopyToClipboard::to_clipboard_from(text));
                self.or_hang_up(&queued);
            }
            Effect::CaptureMouse(wanted) => {
                let told = self.guard.capture_mouse(wanted);
                self.or_hang_up(&told);
            }
            Effect::Redraw => {
                let cleared = self.guard.screen.clear();
                self.or_hang_up(&cleared);
            }
            Effect::Suspend => {
                // A program that is stopped looks at no clock.
                self.runtime.lock_all();
                self.model.accounts.open.clear();
                let stopped = Guard::suspend();
                self.or_hang_up(&stopped);
            }
            Effect::Demo => self.outcome = Some(Outcome::Demo),
            Effect::Quit => self.outcome = Some(Outcome::Quit),
            other => self.runtime.run(other),
        }
    }

    fn draw(&mut self) {
        let drawn = self.try_draw();
        self.or_hang_up(&drawn);
    }

    fn try_draw(&mut self) -> io::Result<()> {
        // The frame has the terminal's size of this moment, which a message may not have told yet.
        let size = self.guard.screen.size()?;
        if (size.width, size.height) != (self.model.width, self.model.height) {
            self.take(Msg::Input(InputMsg::Resize { width: size.width, height: size.height }));
        }
        let (model, theme) = (&self.model, self.theme);
        let mut spots = Spots::default();
        self.guard.screen.draw(|frame| spots = view::draw(model, theme, frame))?;
        self.spots = spots;
        Ok(())
    }

    /// A terminal that cannot be written to is gone.
    fn or_hang_up(&mut self, result: &io::Result<()>) {
        if result.is_err() {
            self.outcome = Some(Outcome::Signal(SIGHUP));
        }
    }
}

/// The terminal's events, until it is gone. A task of its own reads them: crossterm's stream remembers only the first
/// waker that polls it, so that looking whether more has come would leave the loop asleep on the next key.
fn read_events() -> (mpsc::Receiver<Event>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(KEYS);
    let reader = tokio::spawn(async move {
        let mut stream = EventStream::new();
        while let Some(Ok(event)) = stream.next().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    (receiver, reader)
}

/// The next message of a task. Results come before progress; progress that waits is overwritten by newer progress.
async fn next_message(receiver: &mut mpsc::Receiver<Msg>, board: &Arc<Board>) -> Msg {
    tokio::select! {
        biased;
        Some(msg) = receiver.recv() => msg,
        news = board.news() => Msg::Task(crate::app::msg::TaskMsg::Progress(news)),
    }
}
