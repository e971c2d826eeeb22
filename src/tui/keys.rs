//! The user's keys: what `keys.toml` says, as the action table understands it.

use crate::{
    app::action::keymap::{Keymap, Part},
    config::{ConfigError, Home, KeysFile},
};

/// The keys of a home.
///
/// # Errors
/// `config-invalid` with line and column for a name or key that means nothing, and for a key that means two things in one
/// place; `config-unreadable`.
pub fn load(home: &Home) -> Result<Keymap, ConfigError> {
    let file = KeysFile::read(home)?;
    let mut keymap = Keymap::default();
    for entry in &file.entries {
        let place = entry.place.as_ref().map(|place| place.text.as_str());
        let keys: Vec<&str> = entry.keys.iter().map(|key| key.text.as_str()).collect();
        keymap.rebind(place, &entry.action.text, &keys).map_err(|fault| {
            let spot = match fault.part {
                Part::Place => entry.place.as_ref(),
                Part::Action => None,
                Part::Key(at) => entry.keys.get(at),
            };
            file.fault(&spot.unwrap_or(&entry.action).span, &fault.cause)
        })?;
    }
    match keymap.conflict() {
        None => Ok(keymap),
        Some((entry, key, cause)) => {
            let spot = file.entries.get(entry).and_then(|entry| entry.keys.get(key));
            Err(file.fault(&spot.map(|spot| spot.span.clone()).unwrap_or_default(), &cause))
        }
    }
}
