//! What people read: glyphs, words, colours and tables, as the terminal at the other end can show them.

mod table;

use std::{io::IsTerminal, os::fd::AsFd};

pub use table::{Cell, Table, shorten, wrapped};

use crate::domain::{image::EvidenceLevel, text::clean, verdict::Conclusion};

/// Columns where nobody says how many there are.
const USUAL_WIDTH: usize = 80;

/// What a piece of text means. Colour only repeats what glyph and word say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Plain,
    Strong,
    Good,
    Caution,
    Bad,
    Muted,
}

impl Role {
    const fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Good => Some("32"),
            Self::Caution => Some("33"),
            Self::Bad => Some("1;31"),
            Self::Muted => Some("2"),
        }
    }

    /// The role of a verdict.
    pub const fn of(conclusion: Conclusion, level: EvidenceLevel) -> Self {
        match (conclusion, level) {
            (Conclusion::Verified, EvidenceLevel::Measured) => Self::Good,
            (Conclusion::Verified, EvidenceLevel::Claimed | EvidenceLevel::Identified) => Self::Plain,
            (Conclusion::Outdated | Conclusion::Untrusted, _) => Self::Caution,
            (Conclusion::Mismatch | Conclusion::Revoked, _) => Self::Bad,
            (Conclusion::Unpublished | Conclusion::Undecided, _) => Self::Muted,
        }
    }
}

/// What one stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The locale's encoding is UTF-8.
    pub unicode: bool,
    /// Colours are understood and wanted.
    pub colour: bool,
    /// A line can be drawn over again.
    pub live: bool,
    /// Columns of the terminal; `None` where there is none and nothing is cut.
    pub width: Option<usize>,
}

impl Look {
    /// What `stream` can show, by the environment's word.
    pub fn of(stream: &(impl AsFd + IsTerminal), env: &dyn Fn(&str) -> Option<String>) -> Self {
        let said = |name: &str| env(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| said(name)).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let terminal = stream.is_terminal();
        let dumb = said("TERM").is_none_or(|term| term == "dumb");
        let columns = || {
            let size = rustix::termios::tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col));
            size.filter(|columns| *columns > 0).or_else(|| said("COLUMNS")?.parse().ok()).unwrap_or(USUAL_WIDTH)
        };
        Self {
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            colour: terminal && !dumb && said("NO_COLOR").is_none(),
            live: terminal && !dumb,
            width: terminal.then(columns),
        }
    }

    /// `text` from anywhere as this stream can show it: safe, on one line, in ASCII where the locale knows no more.
    pub fn plain(&self, text: &str) -> String {
        let clean = clean(text);
        if self.unicode || clean.is_ascii() {
            return clean;
        }
        let mut out = String::with_capacity(clean.len());
        for c in clean.chars() {
            match c {
                c if c.is_ascii() => out.push(c),
                '…' => out.push_str("..."),
                '·' | '–' | '—' => out.push('-'),
                '→' => out.push_str("->"),
                '◀' => out.push('<'),
                '≠' => out.push('!'),
                '│' => out.push('|'),
                _ => out.push('?'),
            }
        }
        out
    }

    /// `text`, which [`Look::plain`] made, in the colour of its role.
    pub fn paint(&self, role: Role, text: &str) -> String {
        match role.sgr() {
            Some(sgr) if self.colour && !text.is_empty() => format!("\u{1b}[{sgr}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }

    /// A verdict's glyph (DESIGN's table).
    pub const fn glyph(&self, conclusion: Conclusion, level: EvidenceLevel) -> &'static str {
        match (self.unicode, conclusion, level) {
            (true, Conclusion::Verified, EvidenceLevel::Measured) => "✔",
            (true, Conclusion::Verified, EvidenceLevel::Claimed | EvidenceLevel::Identified) => "✓",
            (true, Conclusion::Outdated, _) => "↑",
            (true, Conclusion::Revoked, _) => "⊘",
            (true, Conclusion::Mismatch, _) => "✘",
            (true, Conclusion::Unpublished, _) => "·",
            (_, Conclusion::Untrusted, _) => "?",
            (true, Conclusion::Undecided, _) => "…",
            (false, Conclusion::Verified, EvidenceLevel::Measured) => "OK",
            (false, Conclusion::Verified, EvidenceLevel::Claimed | EvidenceLevel::Identified) => "ok",
            (false, Conclusion::Outdated, _) => "OLD",
            (false, Conclusion::Revoked, _) => "REV",
            (false, Conclusion::Mismatch, _) => "BAD",
            (false, Conclusion::Unpublished, _) => "-",
            (false, Conclusion::Undecided, _) => "...",
        }
    }
}

/// Bytes in one decimal unit, as Docker counts them: `142 MB`, `1.1 GB`.
pub fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) if bytes < 10 * unit => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        Some((name, unit)) => format!("{} {name}", bytes / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Look = Look { unicode: true, colour: false, live: false, width: None };

    #[test]
    fn colour_only_surrounds_what_is_shown_anyway() {
        let look = Look { colour: true, ..WIDE };
        assert_eq!(look.paint(Role::Bad, "MISMATCH"), "\u{1b}[1;31mMISMATCH\u{1b}[0m");
        assert_eq!(WIDE.paint(Role::Bad, "MISMATCH"), "MISMATCH");
    }

    #[test]
    fn the_locale_decides_between_unicode_and_ascii() {
        let null = std::io::stderr();
        let look = |name: &'static str, value: &'static str| {
            Look::of(&null, &move |asked: &str| (asked == name).then(|| value.to_owned()))
        };
        assert!(look("LANG", "de_DE.UTF-8").unicode);
        assert!(look("LC_ALL", "C.utf8").unicode);
        assert!(!look("LANG", "C").unicode);
        assert!(!look("HOME", "/").unicode);
        let ascii = Look { unicode: false, ..WIDE };
        assert_eq!(ascii.plain("a…b · ✔"), "a...b - ?");
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_100_000_000), "1.1 GB");
        assert_eq!(size(142_000_000), "142 MB");
    }
}
