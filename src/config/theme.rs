//! Reading `theme.toml`: how the screen looks.
//!
//! ```toml
//! theme = "dark"            # what is not said below; the terminal's own colours without this line
//! colours = "256"           # or "truecolor", "16", "none"; found out by what the terminal says of itself without this line
//! characters = "ascii"      # or "unicode"; found out by locale and terminal without this line
//! reduced_motion = true     # progress moves once a second, not ten times
//!
//! [roles]
//! danger = "bold #ff8787"   # attributes, a colour, and `on` another one
//! selected = "black on bright-cyan"
//! plain = "252 on 16"       # what is behind `plain` is behind everything
//! ```
//!
//! A colour is `#rrggbb`, one of the terminal's 256 by its number, one of its first sixteen by name, or `default`. Which
//! themes and roles there are is the screen's business: its words come with the call.

use std::{collections::BTreeMap, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ConfigError,
    file::{malformed, text_of, with_nearest},
};
use crate::domain::text::nearest;

const INVALID: &str = "theme-invalid";

/// The first eight of a terminal's colours, in their order. The next eight are their bright ones.
const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const BRIGHT: &str = "bright-";
const ATTRIBUTES: [&str; 5] = ["bold", "dim", "italic", "underline", "reverse"];

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Whatever the terminal's own is.
    Default,
    /// One of the terminal's 256.
    Number(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a role looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a terminal has just these, each on or off")]
#[expect(missing_docs, reason = "the names are the terminals'")]
pub struct Look {
    pub colour: Option<Colour>,
    pub behind: Option<Colour>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub reverse: bool,
}

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Depth {
    None,
    Sixteen,
    TwoHundredFiftySix,
    Truecolor,
}

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThemeFile {
    /// One of the caller's themes.
    pub theme: Option<String>,
    /// So many colours, whatever the terminal says.
    pub depth: Option<Depth>,
    /// No character beyond ASCII, or all of them, whatever the locale says.
    pub ascii: Option<bool>,
    /// Less moves.
    pub reduced_motion: bool,
    /// Roles that look otherwise than in the theme.
    pub looks: BTreeMap<String, Look>,
}

/// The keys of the file.
const KEYS: [&str; 5] = ["theme", "colours", "characters", "reduced_motion", "roles"];
const DEPTHS: [(&str, Depth); 4] = [
    ("truecolor", Depth::Truecolor),
    ("256", Depth::TwoHundredFiftySix),
    ("16", Depth::Sixteen),
    ("none", Depth::None),
];

/// Reads the file as far as it can be taken, and tells all that is wrong in it: `theme-invalid` with line, column and
/// cause; `config-unreadable`. No file says nothing.
#[must_use]
pub fn read_theme(path: &Path, themes: &[&str], roles: &[&str]) -> (ThemeFile, Vec<ConfigError>) {
    let text = match text_of(path, INVALID) {
        Ok(text) => text,
        Err(error) => return (ThemeFile::default(), vec![error]),
    };
    let parsed = DeTable::parse(&text);
    let table = match &parsed {
        Ok(table) => table.get_ref(),
        Err(error) => {
            return (ThemeFile::default(), vec![malformed(path, INVALID, &text, error.span(), error.message())]);
        }
    };
    let (mut found, mut faults) = (ThemeFile::default(), Vec::new());
    for (key, value) in table {
        let told = match key.get_ref().as_ref() {
            "theme" => word(value, "theme", themes).map(|theme| found.theme = Some(theme.to_owned())),
            "colours" => word(value, "number of colours", &DEPTHS.map(|(word, _)| word)).map(|colours| {
                found.depth = DEPTHS.into_iter().find(|(word, _)| *word == colours).map(|(_, depth)| depth);
            }),
            "characters" => word(value, "set of characters", &["ascii", "unicode"])
                .map(|characters| found.ascii = Some(characters == "ascii")),
            "reduced_motion" => match value.get_ref() {
                DeValue::Boolean(calm) => {
                    found.reduced_motion = *calm;
                    Ok(())
                }
                other => Err((value.span(), mistaken(other, "a boolean"))),
            },
            "roles" => match value.get_ref() {
                DeValue::Table(looks) => {
                    for (role, text) in looks {
                        let read = known_word("role", role.get_ref(), roles).map_err(|cause| (role.span(), cause));
                        let role = kept(&mut faults, read).map(|()| role.get_ref().to_string());
                        let read = text_in(text).and_then(|found| look(found).map_err(|cause| (text.span(), cause)));
                        found.looks.extend(role.zip(kept(&mut faults, read)));
                    }
                    Ok(())
                }
                other => Err((value.span(), mistaken(other, "a table"))),
            },
            other => known_word("field", other, &KEYS).map_err(|cause| (key.span(), cause)),
        };
        kept(&mut faults, told);
    }
    faults.sort_by_key(|(span, _)| span.start);
    let told = faults.into_iter().map(|(span, cause)| malformed(path, INVALID, &text, Some(span), &cause));
    let told = told.collect();
    (found, told)
}

/// What is wrong, and where.
type Fault = (Range<usize>, String);

fn text_in<'v>(value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, Fault> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text),
        other => Err((value.span(), mistaken(other, "a string"))),
    }
}

/// One of the `known` words.
fn word<'v>(value: &'v Spanned<DeValue<'_>>, what: &str, known: &[&str]) -> Result<&'v str, Fault> {
    let text = text_in(value)?;
    known_word(what, text, known).map(|()| text).map_err(|cause| (value.span(), cause))
}

fn mistaken(value: &DeValue<'_>, expected: &str) -> String {
    format!("it is of type {}, expected {expected}", value.type_str())
}

/// What was read; what is wrong with it goes to the other faults.
fn kept<T>(faults: &mut Vec<Fault>, read: Result<T, Fault>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

/// Whether `given` is one of the `known`; else a sentence with the nearest of them.
///
/// # Errors
/// That sentence.
pub fn known_word(what: &str, given: &str, known: &[&str]) -> Result<(), String> {
    if known.contains(&given) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    Err(with_nearest(&format!("unknown {what} `{given}`, expected one of {}", known.join(", "))))
}

fn look(text: &str) -> Result<Look, String> {
    let mut look = Look::default();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "bold" => look.bold = true,
            "dim" => look.dim = true,
            "italic" => look.italic = true,
            "underline" => look.underline = true,
            "reverse" => look.reverse = true,
            "on" => {
                let behind = words.next().ok_or("`on` wants a colour behind it")?;
                if look.behind.replace(colour(behind)?).is_some() {
                    return Err(format!("`{behind}` is a second colour for what is behind"));
                }
            }
            word => {
                if look.colour.replace(colour(word)?).is_some() {
                    return Err(format!("`{word}` is a second colour; what is behind comes after `on`"));
                }
            }
        }
    }
    Ok(look)
}

fn colour(word: &str) -> Result<Colour, String> {
    if word == "default" {
        return Ok(Colour::Default);
    }
    if let Some(digits) = word.strip_prefix('#') {
        let parsed = Some(digits).filter(|digits| digits.len() == 6 && digits.bytes().all(|c| c.is_ascii_hexdigit()));
        let number = parsed.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, r, g, b] =
            number.ok_or_else(|| format!("`{word}` is no colour: `#` wants six hex digits"))?.to_be_bytes();
        return Ok(Colour::Rgb(r, g, b));
    }
    if word.bytes().all(|c| c.is_ascii_digit()) {
        let number = word.parse().map_err(|_| format!("`{word}` is no colour: a terminal's last one is 255"))?;
        return Ok(Colour::Number(number));
    }
    let (name, first) = word.strip_prefix(BRIGHT).map_or((word, 0), |name| (name, 8));
    if let Some((number, _)) = (first..).zip(NAMES).find(|(_, one)| *one == name) {
        return Ok(Colour::Number(number));
    }
    let bright = NAMES.map(|name| format!("{BRIGHT}{name}"));
    let known = NAMES.into_iter().chain(bright.iter().map(String::as_str)).chain(ATTRIBUTES);
    let meant = nearest(word, known.chain(["default", "on"]));
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    Err(format!("`{word}` is no colour and no attribute{meant}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(text: &str) -> Result<ThemeFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("theme.toml");
        std::fs::write(&file, text).unwrap();
        let (read, faults) = read_theme(&file, &["dark", "light"], &["plain", "muted", "danger", "selected"]);
        let told = faults.iter().map(|error| error.to_string().replace(&*file.to_string_lossy(), "theme.toml"));
        let told: Vec<_> = told.collect();
        if told.is_empty() { Ok(read) } else { Err(told.join("\n")) }
    }

    #[test]
    fn what_the_file_says_is_what_is_read() {
        let file = read(
            "theme = \"dark\"\ncolours = \"16\"\ncharacters = \"ascii\"\nreduced_motion = true\n[roles]\n\
             danger = \"bold #ff8700\"\nselected = \"bright-cyan on black underline\"\nmuted = \"244\"\nplain = \"default on 16\"",
        );
        let file = file.unwrap();
        assert_eq!((file.theme.as_deref(), file.depth), (Some("dark"), Some(Depth::Sixteen)));
        assert_eq!((file.ascii, file.reduced_motion), (Some(true), true));
        let rgb = Colour::Rgb(0xff, 0x87, 0);
        assert_eq!(file.looks["danger"], Look { colour: Some(rgb), bold: true, ..Look::default() });
        let (cyan, black) = (Some(Colour::Number(14)), Some(Colour::Number(0)));
        assert_eq!(file.looks["selected"], Look { colour: cyan, behind: black, underline: true, ..Look::default() });
        assert_eq!(file.looks["muted"].colour, Some(Colour::Number(244)));
        assert_eq!(file.looks["plain"].colour, Some(Colour::Default));
        assert_eq!(read("").unwrap(), ThemeFile::default());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let text = "theme = \"drak\"\ncharacters = 8\nmotion = true\nreduced_motion = 1\n[roles]\nmutd = \"grene\"\n\
                    danger = \"red\"\nmuted = 7";
        let told = read(text).unwrap_err();
        let places = [(1, 9), (2, 14), (3, 1), (4, 18), (6, 1), (6, 8), (8, 9)];
        let places = places.map(|(line, column)| format!("line {line}, column {column}"));
        assert_eq!(told.lines().count(), places.len(), "{told}");
        assert!(told.lines().zip(&places).all(|(line, place)| line.contains(place)), "{told}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_the_nearest_word() {
        for (text, place, words) in [
            ("theme = \"drak\"", "line 1, column 9", "did you mean `dark`?"),
            ("reduced-motion = true", "line 1, column 1", "did you mean `reduced_motion`?"),
            ("reduced_motion = 1", "line 1, column 18", "expected a boolean"),
            ("colours = \"265\"", "line 1, column 11", "did you mean `256`?"),
            ("characters = \"utf8\"", "line 1, column 14", "expected one of `ascii`, `unicode`"),
            ("[roles]\nmutd = \"red\"", "line 2, column 1", "unknown role `mutd`"),
            ("[roles]\nmutd = \"red\"", "line 2, column 1", "did you mean `muted`?"),
            ("[roles]\n\nmuted = \"grene\"", "line 3, column 9", "did you mean `green`?"),
            ("[roles]\nmuted = \"bolt red\"", "line 2, column 9", "did you mean `bold`?"),
            ("[roles]\nmuted = \"#ff87\"", "line 2, column 9", "six hex digits"),
            ("[roles]\nmuted = \"#+f87aa\"", "line 2, column 9", "six hex digits"),
            ("[roles]\nmuted = \"256\"", "line 2, column 9", "last one is 255"),
            ("[roles]\nmuted = \"red blue\"", "line 2, column 9", "after `on`"),
            ("[roles]\nmuted = \"red on\"", "line 2, column 9", "`on` wants"),
            ("[roles]\nmuted = \"on red on blue\"", "line 2, column 9", "second colour"),
            ("[roles]\nmuted = 7", "line 2, column 9", "expected a string"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(place) && error.contains(words), "{text}: {error}");
            assert!(error.contains("theme.toml") && error.contains("mend the file"), "{text}: {error}");
        }
    }
}
