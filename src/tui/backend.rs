//! A backend that says nothing when nothing changed, and everything else in one piece.
//!
//! ratatui draws only cells that changed, but its crossterm backend ends even an empty frame with resets and cursor
//! commands: some 30 bytes each time, a line over SSH would carry them all day. And a frame that is drawn while the
//! terminal shows it may be seen half: terminals that know mode 2026 wait for its end.

use std::io::{self, Write};

use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    crossterm::{
        cursor::{Hide, MoveTo, Show},
        queue,
        terminal::{BeginSynchronizedUpdate, Clear, ClearType as Erase, EndSynchronizedUpdate},
    },
    layout::{Position, Size},
};

/// Keeps what is written until it is flushed, and then writes it as one synchronized update.
#[derive(Debug)]
struct OnePiece<W: Write> {
    pending: Vec<u8>,
    out: W,
}

impl<W: Write> Write for OnePiece<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut whole = Vec::with_capacity(self.pending.len() + 16);
        queue!(whole, BeginSynchronizedUpdate)?;
        whole.append(&mut self.pending);
        queue!(whole, EndSynchronizedUpdate)?;
        self.out.write_all(&whole)?;
        self.out.flush()
    }
}

/// The crossterm backend, silent when nothing changed.
pub struct QuietBackend<W: Write> {
    inner: CrosstermBackend<OnePiece<W>>,
    /// Where the cursor is shown; `None` while it is hidden.
    cursor: Option<Position>,
    /// Something was drawn since the cursor was put in its place.
    moved: bool,
    /// The terminal's cursor state is not known yet.
    fresh: bool,
}

impl<W: Write> QuietBackend<W> {
    /// A backend that writes to `out`.
    pub const fn new(out: W) -> Self {
        let inner = CrosstermBackend::new(OnePiece { pending: Vec::new(), out });
        Self { inner, cursor: None, moved: false, fresh: true }
    }

    /// Writes a command with the next flush.
    ///
    /// # Errors
    /// Never: it is only kept.
    pub fn queue(&mut self, command: impl ratatui::crossterm::Command) -> io::Result<()> {
        queue!(self.inner, command)
    }

    /// Forgets what it knows of the terminal's cursor: somebody else had the terminal.
    pub const fn forget(&mut self) {
        self.fresh = true;
    }
}

impl<W: Write> Backend for QuietBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.moved = true;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.fresh || self.cursor.is_some() {
            queue!(self.inner, Hide)?;
            (self.cursor, self.fresh) = (None, false);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.fresh || self.cursor.is_none() {
            queue!(self.inner, Show)?;
            (self.cursor, self.fresh, self.moved) = (Some(Position::ORIGIN), false, true);
        }
        Ok(())
    }

    /// Never asks: the answer would come between the user's keys. ratatui wants it only to put the cursor back where
    /// each frame puts it anyway.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        let Some(shown) = self.cursor else { return Ok(()) };
        if self.moved || shown != position {
            queue!(self.inner, MoveTo(position.x, position.y))?;
            (self.cursor, self.moved) = (Some(position), false);
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.moved = true;
        queue!(self.inner, Clear(Erase::All))
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        match region {
            ClearType::All => self.clear(),
            part => self.inner.clear_region(part),
        }
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failure here is the test's")]

    use std::{cell::RefCell, rc::Rc};

    use ratatui::{Terminal, TerminalOptions, Viewport, layout::Rect, widgets::Paragraph};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn taken(out: &Shared) -> String {
        String::from_utf8(std::mem::take(&mut *out.0.borrow_mut())).unwrap()
    }

    #[test]
    fn an_unchanged_frame_costs_nothing_and_a_changed_one_is_one_piece() {
        let out = Shared::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, 20, 3));
        let mut terminal =
            Terminal::with_options(QuietBackend::new(out.clone()), TerminalOptions { viewport }).unwrap();
        let mut draw = |text: &str, cursor: Option<(u16, u16)>| {
            terminal
                .draw(|frame| {
                    frame.render_widget(Paragraph::new(text.to_owned()), frame.area());
                    if let Some(cursor) = cursor {
                        frame.set_cursor_position(cursor);
                    }
                })
                .unwrap();
            taken(&out)
        };
        let first = draw("hello", None);
        assert!(first.starts_with("\u{1b}[?2026h") && first.ends_with("\u{1b}[?2026l"), "{first:?}");
        assert_eq!(draw("hello", None), "");
        assert_eq!(draw("hellp", None).matches("2026h").count(), 1);
        assert!(draw("hellp", Some((2, 1))).contains("\u{1b}[?25h\u{1b}[2;3H"));
        assert_eq!(draw("hellp", Some((2, 1))), "");
        assert!(draw("help", Some((2, 1))).contains("\u{1b}[2;3H"), "the cursor goes back after a change");
        assert!(draw("help", None).contains("\u{1b}[?25l"));
        assert_eq!(draw("help", None), "");
    }
}
