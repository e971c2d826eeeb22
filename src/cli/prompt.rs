//! What only the user can give: a passphrase, a yes. Without a terminal on standard input nothing is ever asked.

use std::{
    fs::File,
    io::{ErrorKind, IsTerminal as _, Read, Write as _},
    os::{fd::AsFd as _, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::{Session, console::tell_held};
use crate::{
    domain::pinned::pin,
    ops::{Failure, Passphrase, keys::Strength},
};

/// Longest passphrase, in bytes. A file without a line end is no passphrase file.
const PASSPHRASE_LIMIT: usize = 4096;

const CONFIRM: &str = "give --yes to confirm";
const NAME_A_FILE: &str = "name a file with --password-file or DAOCHAIN_PASSWORD_FILE";
const NAME_A_NEW_FILE: &str = "name a file with --new-password-file, or with --password-file for a new account";
const NAME_A_READABLE_FILE: &str = "name a readable file with --password-file, its first line the passphrase";

/// How long a raised signal may take to be heard.
const SIGNAL_GRACE: Duration = Duration::from_millis(500);

/// The terminal's modes before a passphrase was asked. Process-wide, as the terminal is: a signal that ends the
/// process must find them while another thread still waits for the passphrase.
static BEFORE_SECRET: Mutex<Option<Termios>> = Mutex::new(None);
/// A yes or no is awaited.
static ASKING: AtomicBool = AtomicBool::new(false);

/// The passphrase that opens a key: from the file that was named, else from the terminal.
///
/// # Errors
/// `passphrase-needed` where there is neither; `passphrase-unreadable` for a file that gives none.
pub async fn passphrase(session: &Session, question: &str) -> Result<Passphrase, Failure> {
    match password_file(session) {
        Some(file) => blocking(move || read_file(&file)).await,
        None => typed(question).await,
    }
}

/// A registry's password: from standard input's first line where it `is_given` there, else from the terminal. The keys'
/// passphrase file is no place for it.
///
/// # Errors
/// As [`passphrase`].
pub async fn registry_password(is_given: bool, question: &str) -> Result<Passphrase, Failure> {
    let given = "give it with --password-stdin";
    if is_given {
        return blocking(|| read_file(Path::new("-"))).await.map_err(|failure| failure.hint(given));
    }
    typed(question).await.map_err(|failure| if failure.is_cancelled() { failure } else { failure.hint(given) })
}

/// The passphrase that a key is to be sealed with: from `file`, else typed twice. Its strength is told.
///
/// # Errors
/// As [`passphrase`]; `passphrase-differs`. An empty one is returned: whether it may be is not decided here.
pub async fn new_passphrase(session: &mut Session, file: Option<PathBuf>) -> Result<Passphrase, Failure> {
    let typed_one = file.is_none();
    let first = match file {
        Some(file) => blocking(move || read_file(&file)).await?,
        None => typed("New passphrase: ").await.map_err(for_new)?,
    };
    if first.0.is_empty() {
        return Ok(first);
    }
    let strength = Strength::of(&first.0);
    if typed_one || strength.is_weak() {
        let advice = strength.advice.join(" ");
        session.console.note(&format!(
            "The passphrase is {} ({} of 4): at ten thousand guesses a second it lasts {}. {advice}",
            strength.word(),
            strength.score,
            strength.withstands,
        ));
    }
    if typed_one && typed("The same again: ").await?.0 != first.0 {
        return Err(Failure::new("passphrase-differs", "the two passphrases differ; nothing was written")
            .hint("start again, and type the same one twice"));
    }
    Ok(first)
}

/// A key or its words, typed without being shown.
///
/// # Errors
/// `key-needed` where nobody can be asked.
pub async fn secret(question: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        let failure = "nobody can be asked for the key: standard input is no terminal";
        return Err(Failure::new("key-needed", failure).hint(otherwise));
    }
    Ok(typed(question).await?.0)
}

/// A key or its words, from a file: from its first line, or the whole of it, on as many lines as it has. Whether others can
/// read the file is told.
///
/// # Errors
/// `file-unreadable`.
pub async fn secret_file(session: &mut Session, file: &Path, whole: bool) -> Result<Zeroizing<String>, Failure> {
    let is_file = file.as_os_str() != "-";
    if is_file && std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o044 != 0) {
        session.console.note(&format!("daochain: other users can read `{}`", file.display()));
    }
    let path = file.to_owned();
    blocking(move || {
        read_text(&path, whole && is_file).map_err(|cause| {
            let failure = format!("the key could not be read from `{}`: {cause}", path.display());
            Failure::new("file-unreadable", &failure).hint("name a readable file that holds it and nothing else")
        })
    })
    .await
}

/// Demands that one of `answers` is typed, whatever the case.
///
/// # Errors
/// `confirmation-needed` where nobody can be asked, `cancelled` for anything else.
pub async fn confirm_by_typing(session: &Session, question: &str, answers: &[String]) -> Result<(), Failure> {
    if session.globals.yes {
        return Ok(());
    }
    let answer = ask(session, &format!("{question} ")).await?;
    if answers.iter().any(|expected| expected.eq_ignore_ascii_case(answer.trim())) {
        return Ok(());
    }
    Err(Failure::new("cancelled", "not confirmed; nothing was changed"))
}

/// Asks whether to go on.
///
/// # Errors
/// `confirmation-needed` where nobody can be asked, `cancelled` for a no.
pub async fn confirm(session: &Session, question: &str) -> Result<(), Failure> {
    if session.globals.yes {
        return Ok(());
    }
    let answer = ask(session, &format!("{question} [y/N] ")).await?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new("cancelled", "not confirmed; nothing was sent")),
    }
}

/// Before work that nobody undoes: whether a yes can be had after it, and what opens a key where that `is_needed`.
///
/// # Errors
/// `confirmation-needed`, `passphrase-needed` where nobody can be asked.
pub fn check_answers(session: &Session, is_needed: bool) -> Result<(), Failure> {
    if !session.globals.yes {
        somebody()?;
    }
    if is_needed && password_file(session).is_none() {
        somebody_with_the_passphrase()?;
    }
    Ok(())
}

fn somebody() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    let failure = "nobody can be asked for a yes: standard input is no terminal";
    Err(Failure::new("confirmation-needed", failure).hint(CONFIRM))
}

fn somebody_with_the_passphrase() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    let failure = "nobody can be asked for the passphrase: standard input is no terminal";
    Err(Failure::new("passphrase-needed", failure).hint(NAME_A_FILE))
}

/// Asks, and gives the line that was typed.
async fn ask(session: &Session, question: &str) -> Result<String, Failure> {
    somebody()?;
    tell_held();
    let asked = session.console.err_look.plain(question);
    blocking(move || {
        let mut answer = String::new();
        let _ = std::io::stderr().write_all(asked.as_bytes());
        ASKING.store(true, Ordering::Release);
        let read = std::io::stdin().read_line(&mut answer);
        ASKING.store(false, Ordering::Release);
        read.map_err(|error| {
            Failure::new("confirmation-needed", &format!("the answer could not be read: {error}")).hint(CONFIRM)
        })?;
        Ok(answer)
    })
    .await
}

/// The passphrase of a key that is opened comes from another file than that of one that is sealed.
fn for_new(failure: Failure) -> Failure {
    if failure.code == "passphrase-needed" { failure.hint(NAME_A_NEW_FILE) } else { failure }
}

/// Leaves a question that was never answered: typed characters show again, and the next line is free.
pub fn abandon() {
    let before = BEFORE_SECRET.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let (Some(before), Ok(terminal)) = (before.as_ref(), File::open("/dev/tty")) {
        let _ = tcsetattr(&terminal, OptionalActions::Now, before);
    }
    if before.is_some() || ASKING.swap(false, Ordering::AcqRel) {
        let _ = std::io::stderr().write_all(b"\n");
    }
}

/// The file that was named for the passphrase.
pub fn password_file(session: &Session) -> Option<PathBuf> {
    let env = || std::env::var_os("DAOCHAIN_PASSWORD_FILE").filter(|name| !name.is_empty()).map(PathBuf::from);
    session.globals.password_file.clone().or_else(env)
}

/// Keeps the terminal from showing what is typed. Rpassword asks its question before it does so itself, and what is pasted
/// at once would show.
pub struct Hidden(Option<(File, Termios)>);

impl Hidden {
    pub fn set() -> Self {
        let terminal = File::open("/dev/tty").ok();
        let found = terminal.and_then(|terminal| tcgetattr(&terminal).ok().map(|modes| (terminal, modes)));
        *BEFORE_SECRET.lock().unwrap_or_else(PoisonError::into_inner) = found.as_ref().map(|(_, modes)| modes.clone());
        if let Some((terminal, modes)) = &found {
            let mut silent = modes.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(terminal, OptionalActions::Now, &silent);
        }
        Self(found)
    }

    /// Shows again what is typed. What was typed meanwhile was meant for nobody.
    pub fn end(self) {
        if let Some((terminal, _)) = &self.0 {
            let _ = tcflush(terminal, QueueSelector::IFlush);
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Rpassword has restored the modes that it found: silent ones.
        if let Some((terminal, modes)) = &self.0 {
            let _ = tcsetattr(terminal, OptionalActions::Now, modes);
        }
        BEFORE_SECRET.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

async fn typed(question: &str) -> Result<Passphrase, Failure> {
    somebody_with_the_passphrase()?;
    tell_held();
    let question = question.to_owned();
    let typed = blocking(move || {
        let hidden = Hidden::set();
        let typed = rpassword::prompt_password(question);
        drop(hidden);
        match typed {
            Ok(typed) => {
                pin(typed.as_bytes());
                Ok(Passphrase(Zeroizing::new(typed)))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::UnexpectedEof) => {
                Err(Failure::cancelled())
            }
            Err(error) => Err(Failure::new(
                "passphrase-needed",
                &format!("the passphrase could not be read from the terminal: {error}"),
            )
            .hint(NAME_A_FILE)),
        }
    })
    .await;
    if typed.as_ref().is_err_and(Failure::is_cancelled) {
        // Ctrl-C was typed and raised as a signal, which is on its way to whoever ends the work.
        tokio::time::sleep(SIGNAL_GRACE).await;
    }
    typed
}

fn read_file(path: &Path) -> Result<Passphrase, Failure> {
    read_text(path, false).map(Passphrase).map_err(|cause| {
        let failure = format!("the passphrase could not be read from `{}`: {cause}", path.display());
        Failure::new("passphrase-unreadable", &failure).hint(NAME_A_READABLE_FILE)
    })
}

fn read_text(path: &Path, whole: bool) -> Result<Zeroizing<String>, String> {
    let opened = if path.as_os_str() == "-" {
        // Not through std's buffer: it would keep a copy of the secret.
        std::io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    let mut file = opened.map_err(|error| error.to_string())?;
    if whole { text_of(&mut file, None) } else { text_of(&mut file, Some(b'\n')) }
}

/// Reads to the first `end` and not beyond: what follows on standard input belongs to somebody else.
fn text_of(source: &mut impl Read, end: Option<u8>) -> Result<Zeroizing<String>, String> {
    // Never grown: growing would leave a copy behind.
    let mut line = Zeroizing::new(Vec::with_capacity(PASSPHRASE_LIMIT));
    let mut byte = Zeroizing::new([0]);
    loop {
        match source.read(&mut *byte) {
            Ok(0) if line.is_empty() => return Err("it is empty".to_owned()),
            Ok(0) => break,
            Ok(_) if Some(byte[0]) == end => break,
            Ok(_) if line.len() == PASSPHRASE_LIMIT => {
                return Err(format!("it is longer than {PASSPHRASE_LIMIT} bytes"));
            }
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = std::str::from_utf8(&line).map_err(|_| "it is no UTF-8 text".to_owned())?;
    let text = Zeroizing::new(text.to_owned());
    pin(text.as_bytes());
    Ok(text)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(Failure::new("internal", &format!("asking the user failed: {error}"))))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn first_line(source: &mut impl Read) -> Result<Zeroizing<String>, String> {
        text_of(source, Some(b'\n'))
    }

    #[test]
    fn words_may_stand_on_lines_of_their_own() {
        assert_eq!(*text_of(&mut "one\ntwo\n".as_bytes(), None).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_passphrase_is_the_first_line_without_its_end() {
        for (file, passphrase) in
            [("secret\n", "secret"), ("secret\r\nmore\n", "secret"), (" s p \n", " s p "), ("x", "x"), ("\n", "")]
        {
            assert_eq!(*first_line(&mut file.as_bytes()).unwrap(), passphrase, "{file:?}");
        }
        let mut rest = "one\ntwo\n".as_bytes();
        first_line(&mut rest).unwrap();
        assert_eq!(rest, b"two\n");
    }

    #[test]
    fn what_gives_no_passphrase_says_why_without_showing_it() {
        assert!(first_line(&mut "".as_bytes()).unwrap_err().contains("empty"));
        assert!(first_line(&mut &[0xff, b'\n'][..]).unwrap_err().contains("UTF-8"));
        let long = "s".repeat(PASSPHRASE_LIMIT + 1);
        let error = first_line(&mut long.as_bytes()).unwrap_err();
        assert!(error.contains("longer") && !error.contains("sss"));
    }

    #[test]
    fn a_file_without_a_passphrase_has_a_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty; run evil");
        File::create(&empty).unwrap();
        for (file, cause) in [
            (empty.as_path(), "empty; run evil`: it is empty"),
            (&folder.path().join("absent"), "No such file"),
            (folder.path(), "directory"),
        ] {
            let failure = read_file(file).unwrap_err();
            assert_eq!((failure.code, failure.hint.as_deref()), ("passphrase-unreadable", Some(NAME_A_READABLE_FILE)));
            assert!(failure.message.contains(cause), "{failure}");
        }
    }
}
