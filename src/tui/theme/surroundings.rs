//! What terminal and locale are able to show, from what they say of themselves.
//!
//! The terminal's entry in the terminfo database tells whether it is spoken to by ANSI sequences, and how many colours
//! it has. Small systems have no database, or none that knows a new terminal: then the family that its name belongs to
//! decides. Entries are too modest about colours (`xterm` has eight there), and `COLORTERM` is not: but it is inherited by
//! programs like GNU Screen that do not pass such colours on.

use termini::{NumberCapability, StringCapability, TermInfo, Value};

use super::Glyphs;
use crate::config::Depth;

/// What the database says of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its cursor is moved as ECMA-48 says.
    moves: bool,
    /// So many.
    colours: i32,
    /// It takes red, green and blue.
    direct: bool,
}

impl Entry {
    /// The entry of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let entry = TermInfo::from_name(name).ok()?;
        let moves = entry.raw_string_cap(StringCapability::CursorAddress).is_some_and(|cup| cup.starts_with(b"\x1b["));
        let is_on =
            |name| matches!(entry.extended_cap(name), Some(Value::True | Value::Number(_) | Value::Utf8String(_)));
        let colours = entry.number_cap(NumberCapability::MaxColors).unwrap_or_default();
        Some(Self { moves, colours, direct: is_on("RGB") || is_on("Tc") || colours > 256 })
    }
}

/// Beginnings of the names of terminals that are spoken to by ANSI sequences, and have at least sixteen colours. Entries
/// of a database say it better where there is one.
const FAMILIES: [&str; 26] = [
    "xterm",
    "tmux",
    "screen",
    "rxvt",
    "linux",
    "konsole",
    "gnome",
    "vte",
    "alacritty",
    "foot",
    "wezterm",
    "ghostty",
    "kitty",
    "st-",
    "putty",
    "mintty",
    "cygwin",
    "ansi",
    "eterm",
    "mlterm",
    "iterm",
    "contour",
    "rio",
    "nsterm",
    "ms-terminal",
    "mosh",
];
/// The same without colour.
const PLAIN_FAMILIES: [&str; 5] = ["vt100", "vt102", "vt220", "vt320", "vt420"];
/// Parts of names that tell of red, green and blue.
const DIRECT: [&str; 8] = ["-direct", "truecolor", "24bit", "alacritty", "kitty", "foot", "wezterm", "ghostty"];

fn is_of(name: &str, families: &[&str]) -> bool {
    families.iter().any(|family| name.starts_with(family))
}

/// Why a terminal of that name cannot show the screen. `entry` is what the database says of it.
///
/// # Errors
/// A sentence.
pub fn usable(name: Option<&str>, entry: impl FnOnce(&str) -> Option<Entry>) -> Result<(), String> {
    let wanted = "the screen needs a terminal that can move its cursor";
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err(format!("{wanted}, and `TERM` is not set"));
    };
    let shown = crate::domain::text::clean_to(name, 40);
    match entry(name) {
        Some(entry) if entry.moves => Ok(()),
        Some(_) => Err(format!("{wanted} by ANSI sequences, and `TERM` is `{shown}`")),
        None if name == "st" || is_of(name, &FAMILIES) || is_of(name, &PLAIN_FAMILIES) => Ok(()),
        None => Err(format!("{wanted}, and nothing here knows what `TERM` says: `{shown}`")),
    }
}

/// How many colours to use.
#[must_use]
pub fn depth(variable: impl Fn(&str) -> Option<String>, entry: impl FnOnce(&str) -> Option<Entry>) -> Depth {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    // no-color.org: any value that is not empty.
    if set("NO_COLOR").is_some() {
        return Depth::None;
    }
    let name = set("TERM").unwrap_or_default();
    let entry = entry(&name);
    let colourless = name.ends_with("-m") || name.ends_with("-mono") || is_of(&name, &PLAIN_FAMILIES);
    if colourless || entry.is_some_and(|entry| entry.colours < 8) {
        return Depth::None;
    }
    // GNU Screen and the kernel's console hand the variable on from whatever started them. tmux calls itself `screen`, too.
    let own_word = !name.starts_with("linux") && (!name.starts_with("screen") || set("TMUX").is_some());
    let promised = set("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit"));
    if (own_word && promised)
        || DIRECT.iter().any(|part| name.contains(part))
        || entry.is_some_and(|entry| entry.direct)
    {
        return Depth::Truecolor;
    }
    if name.contains("256") || entry.is_some_and(|entry| entry.colours >= 256) {
        return Depth::TwoHundredFiftySix;
    }
    Depth::Sixteen
}

/// Which characters to use: those of the locale's set, as POSIX finds it, that the terminal has.
#[must_use]
pub fn glyphs(variable: impl Fn(&str) -> Option<String>) -> Glyphs {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    let name = set("TERM").unwrap_or_default();
    if !(locale.contains("utf-8") || locale.contains("utf8"))
        || is_of(&name, &PLAIN_FAMILIES)
        || is_of(&name, &["ansi", "cygwin"])
    {
        return Glyphs::Ascii;
    }
    if name.starts_with("linux") { Glyphs::Console } else { Glyphs::Unicode }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSI: Entry = Entry { moves: true, colours: 8, direct: false };
    const PLAIN: Entry = Entry { moves: true, colours: 0, direct: false };
    const STILL: Entry = Entry { moves: false, colours: 0, direct: false };

    /// The database of these tests.
    fn entry(name: &str) -> Option<Entry> {
        match name {
            "xterm" | "linux" | "screen" => Some(ANSI),
            "xterm-256color" | "tmux-256color" | "screen-256color" => Some(Entry { colours: 256, ..ANSI }),
            "xterm-direct" => Some(Entry { colours: 1 << 24, direct: true, ..ANSI }),
            "xterm-mono" | "vt100" | "vt220" => Some(PLAIN),
            "dumb" | "unknown" | "wy60" => Some(STILL),
            _ => None,
        }
    }

    fn variables(text: &str) -> impl Fn(&str) -> Option<String> {
        move |name| {
            text.split(' ').filter_map(|one| one.split_once('=')).find(|one| one.0 == name).map(|one| one.1.into())
        }
    }

    #[test]
    fn the_terminal_decides_how_many_colours_and_no_color_above_it() {
        use Depth::{None as No, Sixteen as Few, Truecolor as All, TwoHundredFiftySix as Many};
        for (said, expected) in [
            ("TERM=xterm-256color COLORTERM=truecolor", All),
            ("TERM=xterm-256color COLORTERM=24bit", All),
            ("TERM=xterm-256color COLORTERM=yes", Many),
            ("TERM=xterm-256color", Many),
            ("TERM=xterm-256color NO_COLOR=", Many),
            ("TERM=xterm-256color COLORTERM=truecolor NO_COLOR=1", No),
            ("TERM=xterm-256color COLORTERM=truecolor NO_COLOR=0", No),
            ("TERM=xterm CLICOLOR=0", Few),
            ("TERM=xterm-direct", All),
            ("TERM=xterm-kitty", All),
            ("TERM=xterm-mono COLORTERM=truecolor", No),
            ("TERM=tmux-256color", Many),
            ("TERM=tmux-256color TMUX=/tmp/t COLORTERM=truecolor", All),
            ("TERM=screen COLORTERM=truecolor", Few),
            ("TERM=screen-256color COLORTERM=truecolor", Many),
            ("TERM=screen-256color TMUX=/tmp/t COLORTERM=truecolor", All),
            ("TERM=linux COLORTERM=truecolor", Few),
            ("TERM=vt100 COLORTERM=truecolor", No),
            ("TERM=vt220", No),
            ("TERM=alacritty", All),
            ("TERM=rxvt-unicode-256color", Many),
            ("TERM=rxvt", Few),
        ] {
            assert_eq!(depth(variables(said), entry), expected, "{said}");
        }
    }

    #[test]
    fn locale_and_terminal_decide_on_characters() {
        for (said, expected) in [
            ("TERM=xterm LANG=en_US.UTF-8", Glyphs::Unicode),
            ("TERM=xterm LC_CTYPE=C.utf8 LANG=C", Glyphs::Unicode),
            ("TERM=xterm LANG=en_US.UTF-8 LC_ALL=C", Glyphs::Ascii),
            ("TERM=xterm LANG=en_US.UTF-8 LC_ALL=", Glyphs::Unicode),
            ("TERM=xterm", Glyphs::Ascii),
            ("TERM=xterm LANG=de_DE.ISO-8859-1", Glyphs::Ascii),
            ("TERM=linux LANG=C.UTF-8", Glyphs::Console),
            ("TERM=linux LANG=C", Glyphs::Ascii),
            ("TERM=vt220 LANG=C.UTF-8", Glyphs::Ascii),
        ] {
            assert_eq!(glyphs(variables(said)), expected, "{said}");
        }
    }

    #[test]
    fn what_cannot_move_its_cursor_or_is_not_known_is_refused_by_its_name() {
        for name in ["xterm", "xterm-256color", "vt100", "linux", "xterm-brandnew", "tmux-x", "st", "ghostty"] {
            assert_eq!(usable(Some(name), entry), Ok(()), "{name}");
        }
        for (name, words) in [
            (None, "`TERM` is not set"),
            (Some(""), "`TERM` is not set"),
            (Some("dumb"), "`TERM` is `dumb`"),
            (Some("unknown"), "`TERM` is `unknown`"),
            (Some("wy60"), "ANSI sequences, and `TERM` is `wy60`"),
            (Some("teletype"), "nothing here knows what `TERM` says: `teletype`"),
            (Some("\u{1b}[2J"), "`\\u{1b}[2J`"),
        ] {
            let sentence = usable(name, entry).err().unwrap_or_default();
            assert!(sentence.contains(words), "{name:?}: {sentence}");
        }
    }

    /// Debian's `ncurses-base` has these wherever it is installed.
    #[test]
    fn the_database_of_this_machine_is_read() {
        let Some(found) = Entry::find("xterm-256color") else { return };
        assert_eq!(found, Entry { moves: true, colours: 256, direct: false });
        let found = ["vt100", "linux", "dumb"].map(Entry::find);
        assert_eq!(found, [Some(PLAIN), Some(ANSI), Some(STILL)]);
        assert_eq!(Entry::find("no-such-terminal"), None);
    }
}
