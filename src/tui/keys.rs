//! The user's keys: what `keys.toml` says, as the action table understands it.

use crate::{
    app::action::keymap::{Keymap, Part},
    config::{ConfigError, Home, KeysFile},
};

/// The keys of a home.
///
/// # Errors
/// The first of [`read`]'s.
pub fn load(home: &Home) -> Result<Keymap, ConfigError> {
    let (keymap, faults) = read(home);
    faults.into_iter().next().map_or(Ok(keymap), Err)
}

/// The keys of a home as far as they can be taken, and all that is wrong with them: `config-invalid` with line and column
/// for a name or key that means nothing, and for a key that means two things in one place; `config-unreadable`.
#[must_use]
pub fn read(home: &Home) -> (Keymap, Vec<ConfigError>) {
    let mut keymap = Keymap::default();
    let mut file = match KeysFile::read(home) {
        Ok(file) => file,
        Err(error) => return (keymap, vec![error]),
    };
    let mut faults = std::mem::take(&mut file.faults);
    let mut taken = Vec::new();
    for entry in &file.entries {
        let place = entry.place.as_ref().map(|place| place.text.as_str());
        let keys: Vec<&str> = entry.keys.iter().map(|key| key.text.as_str()).collect();
        match keymap.rebind(place, &entry.action.text, &keys) {
            Ok(()) => taken.push(entry),
            Err(fault) => {
                let spot = match fault.part {
                    Part::Place => entry.place.as_ref(),
                    Part::Action => None,
                    Part::Key(at) => entry.keys.get(at),
                };
                faults.push(file.fault(&spot.unwrap_or(&entry.action).span, &fault.cause));
            }
        }
    }
    for (entry, key, cause) in keymap.conflicts() {
        let spot = taken.get(entry).and_then(|entry| entry.keys.get(key));
        faults.push(file.fault(&spot.map(|spot| spot.span.clone()).unwrap_or_default(), &cause));
    }
    (keymap, faults)
}
