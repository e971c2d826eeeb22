//! A passphrase while it is typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{app::msg::SecretShape, ops::Passphrase};

/// Bytes that are set aside at once: a buffer that grew would leave its old, shorter self behind in freed memory.
const CAPACITY: usize = 1024;

/// One line that nobody sees. It never reallocates, and is overwritten when cleared or dropped.
pub struct SecretLine(Zeroizing<String>);

impl Default for SecretLine {
    fn default() -> Self {
        Self(Zeroizing::new(String::with_capacity(CAPACITY)))
    }
}

impl SecretLine {
    fn push(&mut self, c: char) {
        if self.0.len() + c.len_utf8() <= CAPACITY && !c.is_control() {
            self.0.push(c);
        }
    }

    /// The line, which is empty afterwards.
    fn take(&mut self) -> Passphrase {
        Passphrase(std::mem::take(self).0)
    }
}

/// The two passphrase fields of a dialog: what the model must never hold.
#[derive(Default)]
pub struct Secrets {
    lines: [SecretLine; 2],
}

impl Secrets {
    /// Types a key into `field`. `None` when the key is no text: then it is the dialog's.
    pub fn key(&mut self, field: usize, key: &KeyEvent) -> Option<SecretShape> {
        let line = self.lines.get_mut(field)?;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u' | 'w') if ctrl => line.0.zeroize(),
            KeyCode::Char('h') if ctrl => drop(line.0.pop()),
            KeyCode::Char(c) if !ctrl => line.push(c),
            KeyCode::Backspace => drop(line.0.pop()),
            _ => return None,
        }
        Some(self.shape())
    }

    /// Types pasted text into `field`: its first line.
    pub fn paste(&mut self, field: usize, text: &str) -> SecretShape {
        if let Some(line) = self.lines.get_mut(field) {
            text.lines().next().unwrap_or_default().chars().for_each(|c| line.push(c));
        }
        self.shape()
    }

    /// The passphrase; both fields are empty afterwards.
    pub fn take(&mut self) -> Passphrase {
        let passphrase = self.lines[0].take();
        self.clear();
        passphrase
    }

    /// Overwrites both fields.
    pub fn clear(&mut self) {
        for line in &mut self.lines {
            line.0.zeroize();
        }
    }

    /// What the model may know.
    #[must_use]
    pub fn shape(&self) -> SecretShape {
        let [first, again] = &self.lines;
        SecretShape { first: first.0.chars().count(), again: again.0.chars().count(), same: *first.0 == *again.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(secrets: &mut Secrets, field: usize, text: &str) -> SecretShape {
        for c in text.chars() {
            secrets.key(field, &KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
        secrets.shape()
    }

    #[test]
    fn what_is_typed_is_taken_once_and_never_reallocates() {
        let mut secrets = Secrets::default();
        let before = secrets.lines[0].0.as_ptr();
        assert_eq!(typed(&mut secrets, 0, "pässphrase").first, 10);
        secrets.paste(0, &"x".repeat(5 * CAPACITY));
        assert_eq!(secrets.lines[0].0.as_ptr(), before, "the buffer moved and left a copy");
        assert_eq!(secrets.lines[0].0.len(), CAPACITY);
        let taken = secrets.take();
        assert!(taken.0.starts_with("pässphrasexx"));
        assert_eq!(secrets.shape().first, 0);
        assert!(secrets.lines[0].0.capacity() >= CAPACITY, "the next passphrase has room too");
    }

    #[test]
    fn keys_edit_and_other_keys_are_the_dialogs() {
        let mut secrets = Secrets::default();
        typed(&mut secrets, 0, "abc");
        secrets.key(0, &KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        assert!(!typed(&mut secrets, 1, "a").same);
        assert!(typed(&mut secrets, 1, "b").same);
        assert_eq!(secrets.key(0, &KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), None);
        assert_eq!(secrets.paste(1, "c\nsecond line").again, 3);
        secrets.key(1, &KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(secrets.shape().again, 0);
    }
}
