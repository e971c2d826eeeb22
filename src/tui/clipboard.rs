//! The terminal's clipboard (OSC 52).

use std::io::{self, Write};

use crossterm::{clipboard::CopyToClipboard, execute};

/// Hands `text` to the terminal behind `stream`, which may refuse it in silence.
///
/// # Errors
/// When the stream cannot be written.
pub fn copy(stream: &mut impl Write, text: &str) -> io::Result<()> {
    execute!(stream, CopyToClipboard::to_clipboard_from(text))
}
