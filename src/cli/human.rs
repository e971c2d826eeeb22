//! What people read: glyphs, words, colours and tables, as the terminal at the other end can show them.

use std::{io::IsTerminal, os::fd::AsFd};

use unicode_width::UnicodeWidthStr as _;

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

/// A verdict's word; the two that must not be overlooked in capitals.
pub const fn word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Mismatch => "MISMATCH",
        Conclusion::Revoked => "REVOKED",
        other => other.word(),
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

/// One cell of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// Text with a meaning.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { text: text.into(), role }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(Role::Plain, text)
    }
}

/// Rows under a head. Columns are as wide as their widest cell; on a terminal that is narrower, the column that gives
/// way loses the middle of its texts.
#[derive(Debug)]
pub struct Table {
    head: Vec<&'static str>,
    right: Vec<usize>,
    gives_way: Option<usize>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these column titles.
    pub fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), right: Vec::new(), gives_way: None, rows: Vec::new() }
    }

    /// Aligns these columns at the right.
    pub fn right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    /// Shortens this column first.
    pub const fn gives_way(mut self, column: usize) -> Self {
        self.gives_way = Some(column);
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines, each without trailing space.
    pub fn lines(&self, look: &Look) -> Vec<String> {
        const GAP: usize = 2;
        let head = self.head.iter().map(|title| Cell::new(Role::Muted, *title)).collect();
        let mut rows: Vec<Vec<Cell>> = std::iter::once(head).chain(self.rows.iter().cloned()).collect();
        for cell in rows.iter_mut().flatten() {
            cell.text = look.plain(&cell.text);
        }
        let width_of =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max();
        let mut widths: Vec<usize> = (0..self.head.len()).map(|column| width_of(column).unwrap_or_default()).collect();
        let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        if let (Some(column), Some(available)) = (self.gives_way, look.width) {
            let least = self.head[column].width().max(8).min(widths[column]);
            widths[column] = widths[column].saturating_sub(whole.saturating_sub(available)).max(least);
        }
        let line = |row: &Vec<Cell>| {
            let mut out = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let text = shorten(&cell.text, *width, look);
                let space = " ".repeat(width.saturating_sub(text.width()));
                let painted = look.paint(cell.role, &text);
                let aligned = if self.right.contains(&column) {
                    format!("{space}{painted}")
                } else {
                    format!("{painted}{space}")
                };
                out.push_str(&aligned);
                out.push_str(&" ".repeat(GAP));
            }
            out.truncate(out.trim_end().len());
            out
        };
        rows.iter().map(line).collect()
    }
}

/// `text` in at most `width` columns, cut in the middle: names differ at their ends.
fn shorten(text: &str, width: usize, look: &Look) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let cut = if look.unicode { "…" } else { "~" };
    let room = width.saturating_sub(1);
    let front: String = take_columns(text.chars(), room.div_ceil(2));
    let back: String = take_columns(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{front}{cut}{back}")
}

fn take_columns(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut taken = String::new();
    for c in chars {
        taken.push(c);
        if taken.width() > columns {
            taken.pop();
            break;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Look = Look { unicode: true, colour: false, live: false, width: None };

    fn table() -> Table {
        let mut table = Table::new(&["IMAGE", "SIZE"]).right(&[1]).gives_way(0);
        table.row(vec!["registry.example/acme/payments-api:2026-11".into(), "9 MB".into()]);
        table.row(vec!["日本".into(), "142 MB".into()]);
        table
    }

    #[test]
    fn columns_align_by_display_width() {
        let lines = table().lines(&WIDE);
        assert_eq!(lines.iter().map(|line| line.width()).collect::<Vec<_>>(), [50, 50, 50]);
        assert!(lines[2].starts_with("日本  "));
    }

    #[test]
    fn a_narrow_terminal_costs_the_middle_of_names() {
        let lines = table().lines(&Look { width: Some(30), ..WIDE });
        assert_eq!(lines[1], "registry.ex…pi:2026-11    9 MB");
        let ascii = table().lines(&Look { width: Some(30), unicode: false, ..WIDE });
        assert!(ascii.iter().all(|line| line.is_ascii()), "{ascii:?}");
    }

    #[test]
    fn escape_sequences_of_strangers_never_pass() {
        let mut table = Table::new(&["IMAGE"]);
        table.row(vec!["\u{1b}[2Jx\ny".into()]);
        assert_eq!(table.lines(&WIDE)[1], "\\u{1b}[2Jx y");
    }

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
