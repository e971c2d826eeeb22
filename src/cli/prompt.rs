//! What only the user can give: a passphrase, a yes. Without a terminal on standard input nothing is ever asked.

use std::{
    fs::File,
    io::{ErrorKind, IsTerminal as _, Read, Write as _},
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Session;
use crate::ops::{Failure, Passphrase};

/// Longest passphrase, in bytes. A file without a line end is no passphrase file.
const PASSPHRASE_LIMIT: usize = 4096;

const CONFIRM: &str = "give --yes to confirm";
const NAME_A_FILE: &str = "name a file with --password-file or DAOCHAIN_PASSWORD_FILE";
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

/// The passphrase of a key that is yet to be made: typed twice, and not empty.
///
/// # Errors
/// As [`passphrase`]; `passphrase-differs`, `passphrase-empty`.
pub async fn new_passphrase(session: &Session) -> Result<Passphrase, Failure> {
    let first = passphrase(session, "New passphrase: ").await?;
    if first.0.is_empty() {
        return Err(Failure::new("passphrase-empty", "the passphrase is empty: the key file would protect nothing")
            .hint("choose one, or let `--password-file` name a file whose first line is not empty"));
    }
    if password_file(session).is_none() && typed("The same again: ").await?.0 != first.0 {
        return Err(Failure::new("passphrase-differs", "the two passphrases differ; no key was made")
            .hint("start again, and type the same one twice"));
    }
    Ok(first)
}

/// Asks whether to go on.
///
/// # Errors
/// `confirmation-needed` where nobody can be asked, `cancelled` for a no.
pub async fn confirm(session: &Session, question: &str) -> Result<(), Failure> {
    if session.globals.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            "confirmation-needed",
            "nobody can be asked for a yes: standard input is no terminal",
        )
        .hint(CONFIRM));
    }
    let asked = format!("{} [y/N] ", session.console.err_look.plain(question));
    let answer = blocking(move || {
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
    .await?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new("cancelled", "not confirmed; nothing was sent")),
    }
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

fn password_file(session: &Session) -> Option<PathBuf> {
    let env = || std::env::var_os("DAOCHAIN_PASSWORD_FILE").filter(|name| !name.is_empty()).map(PathBuf::from);
    session.globals.password_file.clone().or_else(env)
}

async fn typed(question: &str) -> Result<Passphrase, Failure> {
    if !std::io::stdin().is_terminal() {
        let failure = "nobody can be asked for the passphrase: standard input is no terminal";
        return Err(Failure::new("passphrase-needed", failure).hint(NAME_A_FILE));
    }
    let question = question.to_owned();
    let typed = blocking(move || {
        let modes = File::open("/dev/tty").ok().and_then(|terminal| tcgetattr(&terminal).ok());
        *BEFORE_SECRET.lock().unwrap_or_else(PoisonError::into_inner) = modes;
        let typed = rpassword::prompt_password(question);
        // Rpassword has restored the modes itself.
        BEFORE_SECRET.lock().unwrap_or_else(PoisonError::into_inner).take();
        match typed {
            Ok(typed) => Ok(Passphrase(Zeroizing::new(typed))),
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
    let unreadable = |cause: &str| {
        let failure = format!("the passphrase could not be read from `{}`: {cause}", path.display());
        Failure::new("passphrase-unreadable", &failure).hint(NAME_A_READABLE_FILE)
    };
    let opened = if path.as_os_str() == "-" {
        // Not through std's buffer: it would keep a copy of the secret.
        std::io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    let mut file = opened.map_err(|error| unreadable(&error.to_string()))?;
    first_line(&mut file).map_err(|cause| unreadable(&cause)).map(Passphrase)
}

/// Reads to the first line end and not beyond: what follows on standard input belongs to somebody else.
fn first_line(source: &mut impl Read) -> Result<Zeroizing<String>, String> {
    // Never grown: growing would leave a copy behind.
    let mut line = Zeroizing::new(Vec::with_capacity(PASSPHRASE_LIMIT));
    let mut byte = Zeroizing::new([0]);
    loop {
        match source.read(&mut *byte) {
            Ok(0) if line.is_empty() => return Err("it is empty".to_owned()),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() == PASSPHRASE_LIMIT => {
                return Err(format!("its first line is longer than {PASSPHRASE_LIMIT} bytes"));
            }
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = std::str::from_utf8(&line).map_err(|_| "its first line is no UTF-8 text".to_owned())?;
    Ok(Zeroizing::new(text.to_owned()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(Failure::new("internal", &format!("asking the user failed: {error}"))))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

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
