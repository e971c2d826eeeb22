//! The two streams: results on standard output, everything else on standard error.
//!
//! All that is printed passes here, so that strangers' text is made safe in one place, a closed pipe is never a panic,
//! and `--json` leaves exactly one document on standard output.

use std::{
    fmt::Display,
    io::{self, BufWriter, ErrorKind, Stderr, Stdout, Write as _},
    sync::{Mutex, PoisonError},
};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{
    human::{Look, Role, Table, wrapped},
    progress::clear_line,
    template::Template,
};
use crate::ops::Failure;

/// What a shell reports for a program that a closed pipe ended (128 and SIGPIPE's 13).
const CLOSED_PIPE: u8 = 141;

/// Notes that `--quiet` holds back until something is asked: what a yes is given to must be seen.
static HELD: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// More than any question has before it; what goes on for days forgets the oldest.
const HELD_LIMIT: usize = 200;

/// Tells what was held back, before a question.
pub fn tell_held() {
    clear_line();
    let held = std::mem::take(&mut *HELD.lock().unwrap_or_else(PoisonError::into_inner));
    let _ = io::stderr().write_all(held.concat().as_bytes());
}

/// Both streams.
pub struct Console {
    out: BufWriter<Stdout>,
    err: Stderr,
    /// What standard output can show.
    look: Look,
    /// What standard error can show.
    pub err_look: Look,
    /// One document instead of text.
    pub json: bool,
    /// Results and failures alone.
    pub quiet: bool,
    problem: Option<io::Error>,
}

impl Console {
    /// The process's own streams.
    pub fn new(json: bool) -> Self {
        let env = |name: &str| std::env::var(name).ok();
        let (out, err) = (io::stdout(), io::stderr());
        let (look, err_look) = (Look::of(&out, &env), Look::of(&err, &env));
        Self { out: BufWriter::new(out), err, look, err_look, json, quiet: false, problem: None }
    }

    /// What standard output can show.
    pub const fn look(&self) -> &Look {
        &self.look
    }

    /// Prints a command's result: the document, or what `human` writes of it.
    pub fn present(&mut self, document: &impl Serialize, human: impl FnOnce(&mut Page)) {
        if self.json {
            // Written as it is made: a document may be large.
            if let Err(error) = serde_json::to_writer(&mut self.out, document) {
                self.problem.get_or_insert(error.into());
            }
            self.write(b"\n");
        } else {
            human(&mut Page { console: self });
        }
    }

    /// Prints a listing: the document, what `human` writes of it, or its `rows` in the form of a template.
    ///
    /// # Errors
    /// `usage` where the template names a field that is not there.
    pub fn list<R: Serialize>(
        &mut self,
        document: &impl Serialize,
        rows: &[R],
        format: Option<&Template>,
        human: impl FnOnce(&mut Page),
    ) -> Result<(), Failure> {
        let Some(template) = format else {
            self.present(document, human);
            return Ok(());
        };
        let rows: Result<Vec<_>, _> = rows.iter().map(serde_json::to_value).collect();
        let rows = rows.map_err(|error| Failure::new("internal", &format!("a row is no JSON: {error}")))?;
        for line in template.lines(&rows, &self.look)? {
            self.write(line.as_bytes());
            self.write(b"\n");
        }
        Ok(())
    }

    /// Prints text that is no document and has lines of its own: help, completions.
    pub fn raw(&mut self, text: &str) {
        self.write(text.as_bytes());
    }

    /// One line for the reader on standard error. A stream that nobody reads is no problem.
    pub fn note(&mut self, text: &str) {
        if !self.quiet {
            return self.say(text);
        }
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_LIMIT {
            held.remove(0);
        }
        held.push(format!("{}\n", self.err_look.plain(text)));
    }

    fn say(&mut self, text: &str) {
        clear_line();
        let line = format!("{}\n", self.err_look.plain(text));
        let _ = self.err.write_all(line.as_bytes());
    }

    /// What tells a line as [`Console::note`] does, from any thread and while the console is busy.
    pub fn teller(&self) -> impl Fn(&str) + Send + Sync + 'static {
        let (look, quiet) = (self.err_look, self.quiet);
        move |text: &str| {
            if quiet {
                return;
            }
            clear_line();
            let line = format!("daochain: {}\n", look.plain(text));
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }

    /// Tells a failure on standard error, without a document, and gives its exit code.
    pub fn complain(&mut self, failure: &Failure) -> u8 {
        tracing::error!(code = failure.code, "{failure}");
        self.say(&format!("daochain: {}", failure.message));
        if let Some(hint) = &failure.hint {
            self.say(&format!("  {hint}"));
        }
        failure.exit_code()
    }

    /// Tells a failure on both streams, and gives its exit code.
    pub fn fail(&mut self, failure: &Failure) -> u8 {
        let code = self.complain(failure);
        if self.json {
            self.present(&ErrorDocument { schema: "daochain.error/1", error: failure.into() }, |_| ());
        }
        code
    }

    /// Hands on what was printed so far, for a command that goes on: what keeps it from being written is told at the end.
    pub fn flush(&mut self) {
        if self.problem.is_none()
            && let Err(error) = self.out.flush()
        {
            self.problem = Some(error);
        }
    }

    /// Flushes. The exit code that was reached, or another where standard output did not take the result.
    pub fn finish(&mut self, code: u8) -> u8 {
        self.flush();
        match self.problem.take() {
            None => code,
            Some(error) if error.kind() == ErrorKind::BrokenPipe => CLOSED_PIPE,
            Some(error) => {
                self.say(&format!("daochain: the result could not be written to standard output: {error}"));
                1
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.problem.is_none()
            && let Err(error) = self.out.write_all(bytes)
        {
            self.problem = Some(error);
        }
    }
}

/// What one command tells people.
pub struct Page<'c> {
    console: &'c mut Console,
}

impl Page<'_> {
    /// What the stream can show.
    pub const fn look(&self) -> &Look {
        &self.console.look
    }

    /// One line.
    pub fn line(&mut self, text: &str) {
        self.spans(&[(Role::Plain, text)]);
    }

    /// One line of pieces with meanings.
    pub fn spans(&mut self, spans: &[(Role, &str)]) {
        for (role, text) in spans {
            let look = self.look();
            let painted = look.paint(*role, &look.plain(text));
            self.console.write(painted.as_bytes());
        }
        self.console.write(b"\n");
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        for line in table.lines(self.look()) {
            self.console.write(line.as_bytes());
            self.console.write(b"\n");
        }
    }

    /// Words behind a beginning: on a terminal they go on below themselves, or from the next line on where it is narrow.
    pub fn paragraph(&mut self, beginning: &[(Role, &str)], text: &str) {
        const LEAST: usize = 30;
        let look = *self.look();
        let before: usize = beginning.iter().map(|(_, text)| text.width()).sum();
        let text = look.plain(text);
        let Some(width) = look.width else {
            let spans: Vec<_> = beginning.iter().copied().chain([(Role::Plain, text.as_str())]).collect();
            return self.spans(&spans);
        };
        let beside = width >= before + LEAST;
        let indent = if beside { before } else { 2 };
        let lines = wrapped(&text, width.saturating_sub(indent));
        let mut lines = lines.iter();
        let first = if beside { lines.next().map_or("", String::as_str) } else { "" };
        if beside || !beginning.iter().all(|(_, text)| text.trim().is_empty()) {
            let spans: Vec<_> = beginning.iter().copied().chain([(Role::Plain, first)]).collect();
            self.spans(&spans);
        }
        for line in lines {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// `label   value`, with values in one column.
    pub fn field(&mut self, label: &str, value: impl Display) {
        self.line(&format!("  {label:<12}{value}"));
    }
}

/// A failure within a document.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPart {
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
}

impl From<&Failure> for ErrorPart {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code, message: failure.message.clone(), hint: failure.hint.clone() }
    }
}

/// `daochain.error/1`
#[derive(Serialize)]
struct ErrorDocument {
    schema: &'static str,
    #[serde(flatten)]
    error: ErrorPart,
}
