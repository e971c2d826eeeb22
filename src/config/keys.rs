//! Reading `keys.toml`: which keys the user wants for which of the screen's actions. What the names mean, the screen knows.
//!
//! ```toml
//! quit = "Q"                   # one key, or several
//!
//! [images]                     # in this place alone
//! measure = ["m", "Ctrl-V"]
//! ```

use std::{ops::Range, path::PathBuf};

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    ConfigError, Home,
    file::{malformed, text_of},
};

const INVALID: &str = "config-invalid";

/// A text of the file, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The text.
    pub text: String,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// Keys for one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// In this place alone.
    pub place: Option<Spot>,
    /// Which action.
    pub action: Spot,
    /// Its keys.
    pub keys: Vec<Spot>,
}

/// What the file says.
#[derive(Debug)]
pub struct KeysFile {
    path: PathBuf,
    text: String,
    /// In the file's order.
    pub entries: Vec<KeyEntry>,
    /// `config-invalid` with line and column, for each value that is neither a text nor a list of texts.
    pub faults: Vec<ConfigError>,
}

impl KeysFile {
    /// Reads a home's file. No file says nothing.
    ///
    /// # Errors
    /// `config-invalid` with line and column where it is no TOML; `config-unreadable`.
    pub fn read(home: &Home) -> Result<Self, ConfigError> {
        let path = home.keys_file.clone();
        let text = text_of(&path, INVALID)?;
        let mut file = Self { path, text: text.clone(), entries: Vec::new(), faults: Vec::new() };
        let table = DeTable::parse(&text)
            .map_err(|error| malformed(&file.path, INVALID, &text, error.span(), error.message()))?;
        for (name, value) in table.into_inner() {
            if let DeValue::Table(below) = value.get_ref() {
                for (action, value) in below {
                    file.take(Some(spot(&name)), action, value);
                }
            } else {
                file.take(None, &name, &value);
            }
        }
        file.entries.sort_by_key(|entry| entry.action.span.start);
        Ok(file)
    }

    /// The error of what stands at `span`.
    #[must_use]
    pub fn fault(&self, span: &Range<usize>, cause: &str) -> ConfigError {
        malformed(&self.path, INVALID, &self.text, Some(span.clone()), cause)
    }

    fn take(&mut self, place: Option<Spot>, action: &Spanned<DeString>, value: &Spanned<DeValue>) {
        match self.entry(place, action, value) {
            Ok(entry) => self.entries.push(entry),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn entry(
        &self,
        place: Option<Spot>,
        action: &Spanned<DeString>,
        value: &Spanned<DeValue>,
    ) -> Result<KeyEntry, ConfigError> {
        let key = |value: &Spanned<DeValue>| match value.get_ref() {
            DeValue::String(text) => Ok(Spot { text: text.to_string(), span: value.span() }),
            _ => Err(self.fault(&value.span(), "a key is a text, such as \"m\" or \"Ctrl-V\"")),
        };
        let keys = match value.get_ref() {
            DeValue::Array(several) => several.iter().map(key).collect::<Result<_, _>>()?,
            _ => vec![key(value)?],
        };
        Ok(KeyEntry { place, action: spot(action), keys })
    }
}

fn spot(text: &Spanned<DeString>) -> Spot {
    Spot { text: text.get_ref().to_string(), span: text.span() }
}
