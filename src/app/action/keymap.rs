//! Which keys do what: the table's own, or those that the user put in their place.
//!
//! ```toml
//! quit = "Q"                   # wherever the table has it, but where letters are typed
//!
//! [images]                     # here alone
//! measure = ["m", "Ctrl-V"]
//! revoke = []                  # by the palette alone
//! ```

use strum::IntoEnumIterator as _;

use super::{Action, BINDINGS, Binding, EVERYWHERE, Place};
use crate::{app::key::Key, domain::text::nearest};

/// Ends the program wherever it is bound, and can be bound to nothing else.
const ALWAYS: Key = Key::Ctrl('c');

/// Keys in the place of the table's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rebound {
    place: Option<Place>,
    action: Action,
    keys: Vec<Key>,
}

/// The user's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    own: Vec<Rebound>,
}

/// What of an entry is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its place.
    Place,
    /// Its action.
    Action,
    /// One of its keys, by its position.
    Key(usize),
}

/// Why an entry cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which part of it.
    pub part: Part,
    /// One sentence without its full stop.
    pub cause: String,
}

impl Fault {
    fn new(part: Part, cause: String) -> Self {
        Self { part, cause }
    }
}

impl Keymap {
    /// The keys of `binding` in `place`.
    #[must_use]
    pub fn keys<'a>(&'a self, binding: &'a Binding, place: Place) -> &'a [Key] {
        let of = |wanted: Option<Place>| {
            self.own.iter().find(|own| own.place == wanted && own.action == binding.action).map(|own| &own.keys[..])
        };
        let anywhere = || of(None).filter(|keys| !place.is_text() || !keys.iter().any(|key| is_letter(*key)));
        of(Some(place)).or_else(anywhere).unwrap_or(binding.keys)
    }

    /// The key that stands for the others where room is short.
    #[must_use]
    pub fn first_key(&self, binding: &Binding, place: Place) -> Option<Key> {
        self.keys(binding, place).first().copied()
    }

    /// The keys as the help names them.
    #[must_use]
    pub fn text(&self, binding: &Binding, place: Place) -> String {
        self.keys(binding, place).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Puts `keys` in the place of those of an action: in one place, or wherever it is bound.
    ///
    /// # Errors
    /// What of it means nothing.
    pub fn rebind(&mut self, place: Option<&str>, action: &str, keys: &[&str]) -> Result<(), Fault> {
        let place = place.map(place_named).transpose()?;
        let bound = || BINDINGS.iter().filter(|binding| place.is_none_or(|place| binding.places.contains(&place)));
        let Some(binding) = bound().find(|binding| binding.action.name() == action) else {
            let names = bound().map(|binding| binding.action.name());
            let here = place.map_or_else(String::new, |place| format!(" in `{}`", place.as_ref()));
            let cause = format!("there is no action `{action}`{here}{}", meant(action, names));
            return Err(Fault::new(Part::Action, cause));
        };
        let mut own = Vec::new();
        for (at, text) in keys.iter().enumerate() {
            let fault = |cause| Fault::new(Part::Key(at), cause);
            let key = Key::parse(text).ok_or_else(|| fault(format!("there is no key `{text}`")))?;
            if key == ALWAYS && binding.action != Action::Quit {
                return Err(fault(format!("`{key}` quits and does nothing else")));
            }
            if is_letter(key) && place.is_some_and(Place::is_text) {
                return Err(fault(format!("`{key}` is typed there; a key with Ctrl is free")));
            }
            own.push(key);
        }
        if binding.action == Action::Quit && !own.contains(&ALWAYS) {
            own.push(ALWAYS);
        }
        self.own.retain(|other| other.place != place || other.action != binding.action);
        self.own.push(Rebound { place, action: binding.action, keys: own });
        Ok(())
    }

    /// The keys that mean two things in one place, and do not in the table itself: which of the entries in the order of
    /// [`Keymap::rebind`], which of its keys, and why. Of two entries with one key the later is the one to be told of, and
    /// each key is told of once.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(usize, usize, String)> {
        let table = Self::default();
        let conflicts = EVERYWHERE.iter().flat_map(|place| {
            let bound: Vec<&Binding> = BINDINGS.iter().filter(|one| one.places.contains(place)).collect();
            let pairs = bound.iter().flat_map(|one| bound.iter().map(move |other| (*one, *other)));
            let others: Vec<_> = pairs.filter(|(one, other)| one.action != other.action).collect();
            let shared = others.into_iter().flat_map(|(one, other)| {
                let taken = self.keys(other, *place);
                let keys = self.keys(one, *place).iter().filter(move |key| taken.contains(key));
                keys.map(move |key| (one, other, key))
            });
            shared.filter_map(|(one, other, key)| {
                let is_the_tables = table.keys(one, *place).contains(key) && table.keys(other, *place).contains(key);
                let (entry, at) = self.entry(one, *place, *key)?;
                let is_told_there = self.entry(other, *place, *key).is_some_and(|other| other > (entry, at));
                let name = other.action.name();
                let cause = format!("in `{}` the key `{key}` does `{name}`", place.as_ref());
                (!is_the_tables && !is_told_there).then_some((entry, at, cause))
            })
        });
        let mut conflicts: Vec<_> = conflicts.collect();
        conflicts.sort_by_key(|(entry, at, _)| (*entry, *at));
        conflicts.dedup_by_key(|(entry, at, _)| (*entry, *at));
        conflicts
    }

    /// Which entry gives `binding` this key, and which of its keys it is.
    fn entry(&self, binding: &Binding, place: Place, key: Key) -> Option<(usize, usize)> {
        let is_about = |own: &&Rebound, wanted| own.place == wanted && own.action == binding.action;
        let here = self.own.iter().find(|own| is_about(own, Some(place)));
        let own = here.or_else(|| self.own.iter().find(|own| is_about(own, None)))?;
        let entry = self.own.iter().position(|other| other == own)?;
        Some((entry, own.keys.iter().position(|other| *other == key)?))
    }
}

const fn is_letter(key: Key) -> bool {
    matches!(key, Key::Char(_))
}

fn place_named(name: &str) -> Result<Place, Fault> {
    let found = Place::iter().find(|place| place.as_ref() == name);
    found.ok_or_else(|| {
        let near = meant(name, EVERYWHERE.iter().map(AsRef::as_ref));
        Fault::new(Part::Place, format!("there is no place `{name}`{near}"))
    })
}

/// The name that was meant, where one is near.
fn meant<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(given, known).map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn keymap(entries: &[(Option<&str>, &str, &[&str])]) -> Keymap {
        let mut keymap = Keymap::default();
        for (place, action, keys) in entries {
            keymap.rebind(*place, action, keys).unwrap();
        }
        keymap
    }

    fn keys(keymap: &Keymap, action: Action, place: Place) -> Vec<Key> {
        let binding = BINDINGS.iter().find(|one| one.action == action && one.places.contains(&place)).unwrap();
        keymap.keys(binding, place).to_vec()
    }

    #[test]
    fn a_place_of_its_own_comes_before_everywhere() {
        let keymap = keymap(&[(None, "help", &["H"]), (Some("node"), "help", &["Ctrl-H"])]);
        assert_eq!(keys(&keymap, Action::Help, Place::Images), [Key::Char('H')]);
        assert_eq!(keys(&keymap, Action::Help, Place::Node), [Key::Ctrl('h')]);
        assert_eq!(keymap.conflicts(), []);
    }

    #[test]
    fn letters_stay_letters_where_text_is_typed() {
        let keymap = keymap(&[(None, "close", &["x"])]);
        assert_eq!(keys(&keymap, Action::Close, Place::Help), [Key::Char('x')]);
        assert_eq!(keys(&keymap, Action::Close, Place::Form), [Key::Esc]);
        let fault = Keymap::default().rebind(Some("form"), "close", &["x"]).unwrap_err();
        assert_eq!((fault.part, fault.cause.as_str()), (Part::Key(0), "`x` is typed there; a key with Ctrl is free"));
    }

    #[test]
    fn what_means_nothing_is_named_with_what_was_meant() {
        let fault = |place, action, keys: &[&str]| Keymap::default().rebind(place, action, keys).unwrap_err();
        let cases = [
            (fault(Some("image"), "measure", &["m"]), Part::Place, "there is no place `image`; did you mean `images`?"),
            (fault(None, "mesure", &["m"]), Part::Action, "there is no action `mesure`; did you mean `measure`?"),
            (fault(Some("node"), "measure", &[]), Part::Action, "there is no action `measure` in `node`"),
            (fault(None, "measure", &["m", "Hyper-X"]), Part::Key(1), "there is no key `Hyper-X`"),
            (fault(None, "measure", &["Ctrl-C"]), Part::Key(0), "`Ctrl-C` quits and does nothing else"),
        ];
        for (fault, part, cause) in cases {
            assert_eq!((fault.part, fault.cause.as_str()), (part, cause));
        }
    }

    #[test]
    fn a_key_with_two_meanings_is_a_conflict_and_an_exchange_is_none() {
        let taken = keymap(&[(Some("images"), "measure", &["m", "p"])]);
        assert_eq!(taken.conflicts(), [(0, 1, "in `images` the key `p` does `publish`".to_owned())]);
        let exchanged = keymap(&[(Some("images"), "measure", &["p"]), (Some("images"), "publish", &["v"])]);
        assert_eq!(exchanged.conflicts(), []);
        assert_eq!(Keymap::default().conflicts(), []);
        let twice = keymap(&[(Some("images"), "measure", &["Z"]), (Some("images"), "publish", &["Z"])]);
        assert_eq!(twice.conflicts(), [(1, 0, "in `images` the key `Z` does `measure`".to_owned())]);
    }

    #[test]
    fn ctrl_c_quits_whatever_the_keys_are() {
        let keymap = keymap(&[(None, "quit", &["Q"])]);
        for place in [Place::Images, Place::Form] {
            assert!(keys(&keymap, Action::Quit, place).contains(&ALWAYS), "{place:?}");
        }
        assert_eq!(keys(&keymap, Action::Quit, Place::Images), [Key::Char('Q'), ALWAYS]);
    }

    #[test]
    fn every_key_of_the_table_can_be_written() {
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert_eq!(Key::parse(&key.to_string()), Some(*key), "{key}");
        }
    }
}
