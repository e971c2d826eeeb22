//! The program in a pseudo-terminal: keys go in, the screen that a user would see comes out.
//!
//! Nothing here sleeps for a time that somebody guessed: a test says what it waits for, and fails with the screen that
//! it saw instead.

use std::{
    ffi::{OsStr, OsString},
    io::{Read as _, Write as _},
    process::{self, Command, ExitStatus},
    sync::mpsc,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take that a test waits for: longer than the program gives anything that it waits for itself. No
/// test says by this how fast something is.
const DEADLINE: Duration = Duration::from_mins(2);

/// What a user of the terminal types.
pub mod key {
    pub const ENTER: &str = "\r";
    pub const ESC: &str = "\x1b";
    pub const TAB: &str = "\t";
    pub const RIGHT: &str = "\x1b[C";
    pub const DELETE: &str = "\x1b[3~";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_T: &str = "\x14";
    pub const DOWN: &str = "\x1b[B";
    pub const HOME: &str = "\x1b[H";
    pub const END: &str = "\x1b[F";
}

/// A terminal and the program in it, which is killed when this is dropped.
pub struct Terminal {
    parser: vt100::Parser,
    /// Everything that the program has written, for what leaves no mark on the screen.
    written: Vec<u8>,
    output: mpsc::Receiver<Vec<u8>>,
    input: Box<dyn std::io::Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts `command` in a terminal of this size. (The reader of the screen needs two rows and columns itself.)
    pub fn start(rows: u16, cols: u16, command: &Command) -> Self {
        let pair = native_pty_system().openpty(size(rows, cols)).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(builder(command)).expect("the program starts");
        // The master's reader sees the end only when nobody else holds the other side.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("the terminal's output");
        let input = pair.master.take_writer().expect("the terminal's input");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            parser: vt100::Parser::new(rows.max(2), cols.max(2), 0),
            written: Vec::new(),
            output,
            input,
            master: pair.master,
            child,
        }
    }

    /// Types.
    pub fn send(&mut self, keys: &str) -> &mut Self {
        self.input.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.input.flush().expect("the terminal takes keys");
        self
    }

    /// Gives the terminal another size, as a user who drags its corner does.
    pub fn resize(&mut self, rows: u16, cols: u16) -> &mut Self {
        self.parser.screen_mut().set_size(rows.max(2), cols.max(2));
        self.master.resize(size(rows, cols)).expect("another size");
        self
    }

    /// Waits until the screen shows `text`.
    pub fn wait_for_text(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("`{text}`"), |screen| screen.contents().contains(text))
    }

    /// Waits until one line of the screen holds all of `words`: a row and what is said about it.
    pub fn wait_for_line(&mut self, words: &[&str]) -> &mut Self {
        self.wait_until(&format!("a line with {words:?}"), |screen| {
            screen.contents().lines().any(|line| words.iter().all(|word| line.contains(word)))
        })
    }

    /// Waits until the screen is as `holds` wants it.
    pub fn wait_until(&mut self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) -> &mut Self {
        let deadline = Instant::now() + DEADLINE;
        while !holds(self.parser.screen()) {
            self.take_output(deadline, what);
        }
        self
    }

    /// Waits until the program has written `bytes`.
    pub fn wait_for_bytes(&mut self, bytes: &str) -> &mut Self {
        let deadline = Instant::now() + DEADLINE;
        while !self.written().contains(bytes) {
            self.take_output(deadline, &format!("the bytes {bytes:?}"));
        }
        self
    }

    /// Waits until the program has written anything more.
    pub fn wait_for_more(&mut self) -> &mut Self {
        let (before, deadline) = (self.written.len(), Instant::now() + DEADLINE);
        while self.written.len() == before {
            self.take_output(deadline, "anything more");
        }
        self
    }

    /// Takes what comes until nothing has come for so long.
    pub fn read_until_calm(&mut self, calm: Duration) -> &mut Self {
        while let Ok(chunk) = self.output.recv_timeout(calm) {
            self.process(&chunk);
        }
        self
    }

    /// Takes what comes for so long.
    pub fn read_for(&mut self, time: Duration) -> &mut Self {
        let end = Instant::now() + time;
        while let Ok(chunk) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.process(&chunk);
        }
        self
    }

    /// Everything that was written until now.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// The screen as text.
    pub fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    /// Waits for the program's end: everything it wrote, and its exit code.
    pub fn finish(&mut self) -> (String, u32) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.process(&chunk),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => self.give_up("the program's end"),
            }
        }
        let status = self.child.wait().expect("the program's end");
        (self.written(), status.exit_code())
    }

    /// Waits for the end of the program itself, as its parent learns it.
    pub fn end(&mut self) -> ExitStatus {
        self.finish();
        let child: &mut dyn Child = &mut *self.child;
        child.downcast_mut::<process::Child>().expect("a process of this machine").wait().expect("the program's end")
    }

    /// The program's process number.
    pub fn number(&self) -> String {
        self.child.process_id().expect("a process of this machine").to_string()
    }

    /// The terminal's modes, whoever is in it: `icanon` or `-icanon`.
    pub fn modes(&self) -> Vec<String> {
        let name = self.master.tty_name().expect("the terminal's name");
        let output = Command::new("stty").arg("-a").arg("-F").arg(name).output().expect("stty starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).split([' ', ';', '\n']).map(str::to_owned).collect()
    }

    /// Keeps the screen as `NAME.txt` in the folder that `DAOCHAIN_CAPTURES` names, for those who want to see it.
    pub fn capture(&mut self, name: &str) -> &mut Self {
        if let Some(folder) = std::env::var_os("DAOCHAIN_CAPTURES") {
            let file = std::path::Path::new(&folder).join(format!("{name}.txt"));
            let lines: Vec<String> = self.contents().lines().map(|line| format!("{}\n", line.trim_end())).collect();
            std::fs::write(file, lines.concat()).expect("a capture");
        }
        self
    }

    fn take_output(&mut self, deadline: Instant, what: &str) {
        match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(chunk) => self.process(&chunk),
            Err(mpsc::RecvTimeoutError::Timeout) => self.give_up(what),
            Err(mpsc::RecvTimeoutError::Disconnected) => self.give_up(&format!("the program ended before {what}")),
        }
    }

    fn process(&mut self, chunk: &[u8]) {
        self.parser.process(chunk);
        self.written.extend_from_slice(chunk);
    }

    fn give_up(&self, what: &str) -> ! {
        panic!("waited {} s for: {what}. The screen:\n{}", DEADLINE.as_secs(), self.contents());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The same program, arguments and surroundings, in a terminal that has colours and UTF-8.
fn builder(command: &Command) -> CommandBuilder {
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    builder.cwd(std::env::current_dir().expect("a current folder"));
    let usual = [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")].map(|(name, value)| (OsStr::new(name), value));
    for (name, value) in usual {
        builder.env(name, value);
    }
    builder.env_remove("NO_COLOR");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => builder.env(name, value),
            None => builder.env_remove(name),
        }
    }
    builder
}

/// `command` inside a shell that first tells the program's process number, and after its end the status and the
/// terminal's modes. Read with [`process_number`] and [`after_end`].
pub fn in_a_shell(command: &Command) -> Command {
    // No core file for SIGQUIT. The inner shell becomes the program, and so has its number.
    const SCRIPT: &str =
        r#"ulimit -c 0; sh -c 'echo "process $$."; exec "$@"' sh "$@"; echo "status $?."; stty -a; echo over"#;
    wrapped(command, SCRIPT)
}

/// `command` as the arguments of a shell that runs `script`.
fn wrapped(command: &Command, script: &str) -> Command {
    let mut shell = Command::new("sh");
    let words: Vec<OsString> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(Into::into).collect();
    shell.args(["-c", script, "sh"]).args(words);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// `command` as it is, but that it leaves no core file behind.
pub fn without_core(command: &Command) -> Command {
    wrapped(command, r#"ulimit -c 0; exec "$@""#)
}

/// The number that the shell told.
pub fn process_number(written: &str) -> String {
    let rest = written.split_once("process ").expect("the process number").1;
    rest.split_once('.').expect("the process number").0.to_owned()
}

/// The shell's word on how the program ended, and the terminal's modes after it.
pub fn after_end(written: &str) -> (u32, Vec<String>) {
    let rest = written.rsplit_once("status ").unwrap_or_else(|| panic!("no status in {written:?}")).1;
    let (status, modes) = rest.split_once('.').expect("a status");
    let modes = modes.split([' ', ';', '\r', '\n']).map(str::to_owned).collect();
    (status.parse().expect("a number"), modes)
}
