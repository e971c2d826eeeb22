//! A passphrase while it is typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    app::msg::{SecretField, SecretShape, Strength},
    domain::pinned::pinned_line,
    ops::{Passphrase, keys},
    runtime::Typed,
};

/// Bytes that are set aside at once: a buffer that grew would leave its old, shorter self behind in freed memory.
const CAPACITY: usize = 1024;

/// One line that nobody sees. It never reallocates, is kept out of swap, and is overwritten when cleared or dropped.
pub struct SecretLine(Zeroizing<String>);

impl Default for SecretLine {
    fn default() -> Self {
        Self(pinned_line(CAPACITY))
    }
}

impl SecretLine {
    fn push(&mut self, c: char) {
        if self.0.len() + c.len_utf8() <= CAPACITY && !c.is_control() {
            self.0.push(c);
        }
    }

    /// The line, which is empty afterwards.
    fn take(&mut self) -> Zeroizing<String> {
        std::mem::take(self).0
    }
}

/// The secret fields of a dialog: what the model must never hold.
#[derive(Default)]
pub struct Secrets {
    /// In the order of [`SecretField`].
    lines: [SecretLine; 4],
}

impl Secrets {
    fn line(&mut self, field: SecretField) -> &mut SecretLine {
        &mut self.lines[field as usize]
    }

    /// Types a key into `field`. `None` when the key is no text: then it is the dialog's.
    pub fn key(&mut self, field: SecretField, key: &KeyEvent) -> Option<SecretShape> {
        let line = self.line(field);
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
    pub fn paste(&mut self, field: SecretField, text: &str) -> SecretShape {
        let line = self.line(field);
        text.lines().next().unwrap_or_default().chars().for_each(|c| line.push(c));
        self.shape()
    }

    /// The passphrase that opens a key; all fields are empty afterwards.
    pub fn take(&mut self) -> Passphrase {
        self.take_all().open
    }

    /// Everything; all fields are empty afterwards.
    pub fn take_all(&mut self) -> Typed {
        let open = Passphrase(self.line(SecretField::Open).take());
        let new = Passphrase(self.line(SecretField::New).take());
        let key = self.line(SecretField::Key).take();
        self.clear();
        Typed { open, new, key }
    }

    /// Overwrites all fields.
    pub fn clear(&mut self) {
        for line in &mut self.lines {
            line.0.zeroize();
        }
    }

    /// What the model may know.
    #[must_use]
    pub fn shape(&self) -> SecretShape {
        let [_, new, again, _] = &self.lines;
        let strength = (!new.0.is_empty()).then(|| {
            let found = keys::Strength::of(&new.0);
            let advice = found.advice.first().map_or_else(String::new, |advice| format!(". {advice}"));
            Strength {
                weak: found.is_weak(),
                words: format!("{}: withstands {}{advice}", found.word(), found.withstands),
            }
        });
        SecretShape {
            typed: std::array::from_fn(|at| self.lines[at].0.chars().count()),
            same: *new.0 == *again.0,
            strength,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(secrets: &mut Secrets, field: SecretField, text: &str) -> SecretShape {
        for c in text.chars() {
            secrets.key(field, &KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
        secrets.shape()
    }

    #[test]
    fn what_is_typed_is_taken_once_and_never_reallocates() {
        let mut secrets = Secrets::default();
        let before = secrets.lines[0].0.as_ptr();
        assert_eq!(typed(&mut secrets, SecretField::Open, "pässphrase").typed, [10, 0, 0, 0]);
        secrets.paste(SecretField::Open, &"x".repeat(5 * CAPACITY));
        assert_eq!(secrets.lines[0].0.as_ptr(), before, "the buffer moved and left a copy");
        assert_eq!(secrets.lines[0].0.len(), CAPACITY);
        let taken = secrets.take();
        assert!(taken.0.starts_with("pässphrasexx"));
        assert_eq!(secrets.shape(), SecretShape { same: true, ..SecretShape::default() });
        assert!(secrets.lines[0].0.capacity() >= CAPACITY, "the next passphrase has room too");
    }

    #[test]
    fn keys_edit_and_other_keys_are_the_dialogs() {
        let (new, again) = (SecretField::New, SecretField::Again);
        let mut secrets = Secrets::default();
        typed(&mut secrets, new, "abc");
        secrets.key(new, &KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        assert!(!typed(&mut secrets, again, "a").same);
        assert!(typed(&mut secrets, again, "b").same);
        assert_eq!(secrets.key(new, &KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), None);
        assert_eq!(secrets.paste(again, "c\nsecond line").typed(again), 3);
        secrets.key(again, &KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(secrets.shape().typed(again), 0);
    }

    #[test]
    fn only_a_new_passphrase_is_judged_and_never_repeated() {
        let mut secrets = Secrets::default();
        assert_eq!(typed(&mut secrets, SecretField::Open, "hunter2").strength, None);
        let judged = typed(&mut secrets, SecretField::New, "hunter2").strength;
        assert!(judged.is_some_and(|one| one.weak && one.words.contains("weak") && !one.words.contains("hunter2")));
    }
}
