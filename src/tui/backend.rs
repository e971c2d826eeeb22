//! A backend that says nothing when nothing changed, and everything else in one piece and few bytes.
//!
//! ratatui draws only cells that changed, but its crossterm backend tells the way to each and ends even an empty frame
//! with resets: a line over SSH would carry them all day. How cells are written is [`Pen`]'s business. A large frame may
//! be seen half while it arrives: terminals that know mode 2026 wait for its end.

use std::{
    cell,
    io::{self, Write},
};

use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    crossterm::{
        cursor::{Hide, Show},
        queue,
        terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate},
    },
    layout::{Position, Size},
};

use super::pen::Pen;

/// Smaller frames arrive in one piece anyway: they fit into a packet, and the marks would be a tenth of them.
const LARGE: usize = 1024;

/// Lines that tell no size (a serial one) have a terminal of this size at the other end, most likely.
const USUAL: Size = Size { width: 80, height: 24 };

/// Writes frames to `out`, each at once.
pub struct QuietBackend<W: Write> {
    out: W,
    /// What the next flush writes.
    pending: Vec<u8>,
    pen: Pen,
    columns: cell::Cell<u16>,
    /// Where the cursor is shown; `None` while it is hidden.
    cursor: Option<Position>,
    /// The terminal's cursor state is not known yet.
    fresh: bool,
}

impl<W: Write> QuietBackend<W> {
    /// A backend that writes to `out`.
    pub fn new(out: W) -> Self {
        let (pending, pen) = (Vec::new(), Pen::default());
        Self { out, pending, pen, columns: cell::Cell::new(0), cursor: None, fresh: true }
    }

    /// Writes a command with the next flush.
    ///
    /// # Errors
    /// Never: it is only kept.
    pub fn queue(&mut self, command: impl ratatui::crossterm::Command) -> io::Result<()> {
        queue!(self.pending, command)
    }

    /// Forgets what it knows of the terminal: somebody else had it.
    pub fn forget(&mut self) {
        self.fresh = true;
        self.pen.forget();
    }
}

impl<W: Write> Backend for QuietBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.pen.fit(self.columns.get());
        self.pen.draw(&mut self.pending, content);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.fresh || self.cursor.is_some() {
            queue!(self.pending, Hide)?;
            (self.cursor, self.fresh) = (None, false);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.fresh || self.cursor.is_none() {
            queue!(self.pending, Show)?;
            (self.cursor, self.fresh) = (Some(Position::ORIGIN), false);
        }
        Ok(())
    }

    /// Never asks: the answer would come between the user's keys. ratatui wants it only to put the cursor back where
    /// each frame puts it anyway.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        if self.cursor.is_some() {
            let position = position.into();
            self.pen.go(&mut self.pending, position.x, position.y);
            self.cursor = Some(position);
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        if region == ClearType::All {
            // Where the cursor is after a change of size is the terminal's affair; what erased cells look like, its pen's.
            self.pen.forget();
            self.pending.extend_from_slice(b"\x1b[m");
        }
        let sequence: &[u8] = match region {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        };
        self.pending.extend_from_slice(sequence);
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        let found = terminal::window_size()?;
        let size = Size { width: found.columns, height: found.rows };
        let size = if size.width == 0 || size.height == 0 { USUAL } else { size };
        self.columns.set(size.width);
        Ok(size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let found = terminal::window_size()?;
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size { width: found.width, height: found.height } })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.pending.len() >= LARGE {
            let mut whole = Vec::with_capacity(self.pending.len() + 16);
            queue!(whole, BeginSynchronizedUpdate)?;
            whole.append(&mut self.pending);
            queue!(whole, EndSynchronizedUpdate)?;
            self.pending = whole;
        }
        let written = self.out.write_all(&self.pending).and_then(|()| self.out.flush());
        // What a large frame took is not kept for the small ones that follow.
        self.pending = Vec::new();
        written
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
    fn an_unchanged_frame_costs_nothing_and_a_changed_one_little() {
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
        assert_eq!(draw("hello", None), "\u{1b}[H\u{1b}[mhello\u{1b}[?25l");
        assert_eq!(draw("hello", None), "");
        assert_eq!(draw("hellp", None), "\u{8}p");
        assert_eq!(draw("hellp", Some((2, 1))), "\u{1b}[?25h\n\u{8}\u{8}\u{8}");
        assert_eq!(draw("hellp", Some((2, 1))), "");
        assert_eq!(draw("help", Some((2, 1))), "\u{1b}[1;4Hp \n\u{8}\u{8}\u{8}", "the cursor goes back after a change");
        assert_eq!(draw("help", None), "\u{1b}[?25l");
        assert_eq!(draw("help", None), "");
    }

    #[test]
    fn a_large_frame_is_one_piece() {
        let out = Shared::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
        let mut terminal =
            Terminal::with_options(QuietBackend::new(out.clone()), TerminalOptions { viewport }).unwrap();
        terminal
            .draw(|frame| {
                frame.render_widget(
                    Paragraph::new("x".repeat(79) + "\n" + &"line\n".repeat(250))
                        .wrap(ratatui::widgets::Wrap { trim: false }),
                    frame.area(),
                );
            })
            .unwrap();
        let small = taken(&out);
        assert!(!small.contains("2026"), "{small:?}");
        terminal
            .draw(|frame| {
                frame.render_widget(
                    Paragraph::new("y".repeat(1900)).wrap(ratatui::widgets::Wrap { trim: false }),
                    frame.area(),
                );
            })
            .unwrap();
        let large = taken(&out);
        assert!(large.starts_with("\u{1b}[?2026h") && large.ends_with("\u{1b}[?2026l"), "{large:?}");
        assert_eq!(large.matches("2026h").count(), 1);
    }
}
