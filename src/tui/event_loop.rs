//! The event loop: what comes is taken to the model, what the model wants is done, and the screen is drawn.

use std::{
    convert::Infallible,
    future, io,
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

use futures_util::StreamExt as _;
use ratatui::crossterm::{
    clipboard::CopyToClipboard,
    event::{Event, EventStream, KeyEventKind},
};
use signal_hook::consts::SIGHUP;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{
    Outcome, Reread, ScreenOptions,
    input::{self, Pointed},
    keys,
    reload::{self, Files},
    secret::Secrets,
    terminal::{self, Caught, Guard, Signals},
    theme::Theme,
    view::{self, Spots},
};
use crate::{
    app::{
        Effect, Model, Msg, clock,
        model::Tone,
        msg::{InputMsg, TrustMsg},
        update,
    },
    config::Config,
    domain::Timestamp,
    runtime::{Board, Runtime},
};

/// Messages that one frame takes in at most: a flood must not keep the screen from being drawn.
const BATCH: usize = 1024;
/// Keys that may wait for the loop; more than anybody types while one frame is drawn.
const KEYS: usize = 256;
/// How long the end waits for crossterm's thread to let go of the terminal.
const LETS_GO: Duration = Duration::from_secs(1);

/// What time it is.
pub(super) fn now() -> Timestamp {
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

/// The loop, and all that it holds.
pub(super) struct Loop<'r> {
    pub(super) guard: Guard,
    pub(super) model: Model,
    pub(super) theme: Theme,
    pub(super) runtime: Runtime,
    pub(super) config: Config,
    pub(super) files: Files,
    pub(super) reread: Option<&'r Reread>,
    /// The configuration that the screen begins anew with, once nothing runs.
    pub(super) next: Option<Config>,
    /// It ends to begin anew, and not because somebody quit.
    pub(super) begins_anew: bool,
    pub(super) secrets: Secrets,
    /// What of the last frame can be clicked.
    pub(super) spots: Spots,
    pub(super) outcome: Option<Outcome>,
}

impl Loop<'_> {
    pub(super) fn start(&mut self) {
        for effect in update::start(&mut self.model) {
            self.perform(effect);
        }
    }

    pub(super) async fn turn(&mut self, signals: &mut Signals, mut receiver: mpsc::Receiver<Msg>) -> Outcome {
        let board = self.runtime.board();
        let (reader, mut events) = Reader::start();
        let mut files = self.files.clone().follow();
        let hung_up = terminal::hung_up();
        tokio::pin!(hung_up);
        loop {
            if let Some(outcome) = self.outcome {
                reader.end().await;
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
            reload::File::Keys => keys::load(home).map(|keymap| {
                self.model.keymap = keymap;
                "the keys of `keys.toml` hold from now on"
            }),
            reload::File::Theme => ScreenOptions::find(&self.config).map(|options| {
                self.theme = options.theme;
                self.model.unicode = options.theme.is_unicode();
                "the screen looks as `theme.toml` says from now on"
            }),
            reload::File::Trust => return self.take(Msg::Trust(TrustMsg::Rewritten)),
            reload::File::Config => match self.reread.map(|reread| reread()) {
                None => return,
                Some(Ok(config)) if config.leads_to_the_same(&self.config) => {
                    let known = std::mem::replace(&mut self.config, config).notices;
                    let new = self.config.notices.clone().into_iter().filter(|notice| !known.contains(notice));
                    // A line has little room, and there is one such file.
                    let path = self.config.home.config_file.display().to_string();
                    new.for_each(|notice| self.take(Msg::Notice(notice.sentence().replace(&path, "config.toml"))));
                    return;
                }
                Some(read) => read.map(|config| {
                    self.next = Some(config);
                    "`config.toml` has changed, and is taken up as soon as nothing runs"
                }),
            },
        };
        match told {
            Ok(words) => self.model.say(Tone::Good, words),
            Err(error) => self.take(Msg::Notice(format!("{}; what was goes on", error.brief()))),
        }
    }

    /// A configuration that waits is taken up where that stops nothing.
    fn renew(&mut self) {
        if self.next.is_some() && self.outcome.is_none() && !self.model.is_at_work() {
            self.runtime.lock_all();
            self.begins_anew = true;
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
            Event::FocusGained => InputMsg::Focus,
            Event::FocusLost => return,
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
            Effect::Watch { ticket, watch } => self.runtime.watch(ticket, *watch, self.secrets.take()),
            Effect::SignRequest { ticket, request } => {
                self.runtime.sign_request(ticket, *request, self.secrets.take());
            }
            Effect::PutStatement { ticket, publisher, wish } => {
                self.runtime.put_statement(ticket, publisher, wish, self.secrets.take());
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

    pub(super) fn draw(&mut self) {
        // It goes on before the signal that told it to has come this far: until then the screen is the shell's.
        if !Guard::has_terminal() {
            return;
        }
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
        if let Some(top) = spots.top() {
            self.take(Msg::Input(InputMsg::Bottom { top }));
        }
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

/// What reads the terminal: a task, and a thread of crossterm's that waits for keys and reads them, too.
struct Reader {
    task: AbortOnDropHandle<()>,
    /// Ends when the thread has let go of all that the task gave it to be woken by.
    thread: mpsc::Receiver<Infallible>,
}

impl Reader {
    /// The terminal's events, until it is gone. A task of its own reads them: crossterm's stream remembers only the
    /// first waker that polls it, so that looking whether more has come would leave the loop asleep on the next key.
    fn start() -> (Self, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(KEYS);
        let (held, thread) = mpsc::channel(1);
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut stream = EventStream::new();
            while let Some(Ok(event)) = future::poll_fn(|context| {
                let alarm = Waker::from(Arc::new(Alarm { task: context.waker().clone(), _held: held.clone() }));
                stream.poll_next_unpin(&mut Context::from_waker(&alarm))
            })
            .await
            {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
        }));
        (Self { task, thread }, receiver)
    }

    /// Reads no more. What is typed from here on is the shell's, which gets the terminal next.
    async fn end(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
        // It is told to end when the stream is dropped, and may read what comes before it has heard of that. In the
        // middle of an escape sequence it hears of nothing.
        let _ = tokio::time::timeout(LETS_GO, self.thread.recv()).await;
    }
}

/// Wakes the task that reads the terminal. Crossterm's thread keeps it while it may still read.
struct Alarm {
    task: Waker,
    _held: mpsc::Sender<Infallible>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.task.wake_by_ref();
    }
}

/// The next message of a task. Results come before progress; progress that waits is overwritten by newer progress.
async fn next_message(receiver: &mut mpsc::Receiver<Msg>, board: &Arc<Board>) -> Msg {
    tokio::select! {
        biased;
        Some(msg) = receiver.recv() => msg,
        news = board.news() => Msg::Task(crate::app::msg::TaskMsg::Progress(news)),
    }
}
