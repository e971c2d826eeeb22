//! The terminal's events in the interface's words.

use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use crate::app::Key;

/// The key, or `None` for one that means nothing here (a release, a function key).
#[must_use]
pub fn key(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META);
    match event.code {
        _ if alt => None,
        KeyCode::Char(c) if ctrl => Some(Key::Ctrl(c.to_ascii_lowercase())),
        KeyCode::Char(c) => Some(Key::Char(c)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Esc),
        KeyCode::Tab => Some(Key::Tab),
        KeyCode::BackTab => Some(Key::BackTab),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Delete => Some(Key::Delete),
        KeyCode::Left => Some(Key::Left),
        KeyCode::Right => Some(Key::Right),
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        _ => None,
    }
}

/// What is done with the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// The left button went down above a cell, counted from the upper left corner.
    Click {
        /// Its column.
        column: u16,
        /// Its row.
        row: u16,
    },
    /// The wheel.
    Wheel {
        /// Away from the user.
        up: bool,
    },
}

/// What was done with the mouse, or `None` for what means nothing here (a release, another button).
#[must_use]
pub const fn mouse(event: MouseEvent) -> Option<Pointed> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Pointed::Click { column: event.column, row: event.row }),
        MouseEventKind::ScrollUp => Some(Pointed::Wheel { up: true }),
        MouseEventKind::ScrollDown => Some(Pointed::Wheel { up: false }),
        _ => None,
    }
}
