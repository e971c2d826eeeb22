//! What is carried to another machine: text in a file, as a QR code, on the terminal's clipboard.

use std::{io::IsTerminal as _, path::Path};

use super::{Session, args::Carry, human::Look};
use crate::{
    domain::qr::Qr,
    ops::{
        Failure,
        signing::{self, write_new},
    },
    tui::clipboard,
};

/// Bright white on black: *light* is what is drawn, whatever the terminal's colours are.
const LIGHT_ON_DARK: (&str, &str) = ("\u{1b}[97;40m", "\u{1b}[0m");

/// Puts `document` where the user wants it, on standard output unless it is said otherwise.
///
/// # Errors
/// `file-unwritable`, `qr-too-large`, `no-terminal`.
pub async fn deliver(session: &mut Session, document: &str, carry: &Carry) -> Result<(), Failure> {
    let drawn = if carry.qr { Some(draw(document, session.console.look())?) } else { None };
    // Before anything of it leaves.
    if carry.copy && !std::io::stderr().is_terminal() {
        return Err(Failure::new("no-terminal", "standard error is no terminal, and --copy needs one")
            .hint("write it to a file with --out"));
    }
    if let Some(path) = &carry.out {
        write_new(path, document).await?;
        session.console.note(&format!("written to {}", path.display()));
    }
    if carry.copy {
        copy(document)?;
        session.console.note("handed to the terminal's clipboard, where the terminal allows it");
    }
    match drawn {
        Some(drawn) => session.console.raw(&drawn),
        None if carry.out.is_none() || session.console.json => session.console.raw(&format!("{document}\n")),
        None => {}
    }
    Ok(())
}

/// Reads what was carried here.
///
/// # Errors
/// `file-unreadable`.
pub async fn receive(path: &Path) -> Result<String, Failure> {
    if path.as_os_str() == "-" { signing::text_of(std::io::stdin(), path) } else { signing::read_file(path).await }
}

fn copy(document: &str) -> Result<(), Failure> {
    clipboard::copy(&mut std::io::stderr(), document)
        .map_err(|error| Failure::new("no-terminal", &format!("the terminal took no text: {error}")).hint("use --out"))
}

/// `text` as a QR code for that stream.
///
/// # Errors
/// `qr-too-large`, where no code or no line of the terminal has room for it.
pub fn draw(text: &str, look: &Look) -> Result<String, Failure> {
    let too_large = |cause: &str| {
        Failure::new("qr-too-large", cause).hint("write it to a file with --out, or ask for fewer images at once")
    };
    let code = Qr::new(text).map_err(|error| too_large(&error.to_string()))?;
    let needed = code.columns(look.unicode);
    if let Some(width) = look.width.filter(|width| *width < needed) {
        return Err(too_large(&format!("the QR code takes {needed} columns, and the terminal has {width}")));
    }
    let (on, off) = if look.colour { LIGHT_ON_DARK } else { ("", "") };
    let mut drawn = String::new();
    for line in code.lines(look.unicode) {
        drawn.extend([on, &line, off, "\n"]);
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const LOOK: Look = Look { unicode: true, colour: false, live: false, width: Some(80) };

    #[test]
    fn a_code_that_has_no_room_is_not_drawn() {
        assert!(draw("0x7F3c9A21", &LOOK).unwrap().lines().count() > 10);
        for (text, cause) in [("x".repeat(900), "the terminal has 80"), ("x".repeat(3000), "more than")] {
            let failure = draw(&text, &LOOK).unwrap_err();
            assert!(failure.code == "qr-too-large" && failure.message.contains(cause), "{failure}");
        }
        assert!(draw("a", &Look { colour: true, ..LOOK }).unwrap().starts_with("\u{1b}[97;40m"));
    }

    #[tokio::test]
    async fn no_file_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.json");
        write_new(&path, "{}").await.unwrap();
        assert_eq!(write_new(&path, "{}").await.unwrap_err().code, "file-unwritable");
        assert_eq!(receive(&path).await.unwrap(), "{}\n");
        assert_eq!(receive(folder.path()).await.unwrap_err().code, "file-unreadable");
    }
}
