//! Tables that fit the terminal.
//!
//! ```text
//! wide enough            narrower                  too narrow for any row
//! IMAGE        SIZE      IMAGE      SIZE           registry.example/acme/payments-api:2026-11
//! acme/api:1   9 MB      acme…api   9 MB             SIZE 9 MB
//! ```
//! Where standard output is no terminal nothing is cut: a script gets whole words.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Look, Role};

/// Between two columns.
const GAP: usize = 2;
/// Columns are not made narrower than this: a name or address cannot be told from others by less.
const LEAST: usize = 12;
/// Before the further lines of a row that is told line by line.
const INDENT: &str = "  ";

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
/// way loses the middle of its texts, then other long ones do.
#[derive(Debug)]
pub struct Table {
    head: Vec<Cow<'static, str>>,
    right: Vec<usize>,
    gives_way: Option<usize>,
    wraps: Option<usize>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these column titles.
    pub fn new(head: &[&'static str]) -> Self {
        Self::of(head.iter().copied().map(Cow::Borrowed).collect())
    }

    /// A table with titles that somebody made.
    pub fn titled(head: Vec<String>) -> Self {
        Self::of(head.into_iter().map(Cow::Owned).collect())
    }

    const fn of(head: Vec<Cow<'static, str>>) -> Self {
        Self { head, right: Vec::new(), gives_way: None, wraps: None, rows: Vec::new() }
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

    /// Continues this column, the last one, on further lines: it holds sentences.
    pub const fn wraps(mut self, column: usize) -> Self {
        self.wraps = Some(column);
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines, each without trailing space.
    pub fn lines(&self, look: &Look) -> Vec<String> {
        let head = self.head.iter().map(|title| Cell::new(Role::Muted, title.as_ref())).collect();
        let mut rows: Vec<Vec<Cell>> = std::iter::once(head).chain(self.rows.iter().cloned()).collect();
        for cell in rows.iter_mut().flatten() {
            cell.text = look.plain(&cell.text);
        }
        let width_of =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max();
        let natural: Vec<usize> = (0..self.head.len()).map(|column| width_of(column).unwrap_or_default()).collect();
        match look.width.map_or(Some(natural.clone()), |available| self.fit(natural, available)) {
            Some(widths) => rows.iter().flat_map(|row| self.columns(row, &widths, look)).collect(),
            None => rows.iter().skip(1).flat_map(|row| self.block(row, look)).collect(),
        }
    }

    /// The columns' widths within so many; `None` where not even the narrowest fit.
    fn fit(&self, mut widths: Vec<usize>, available: usize) -> Option<Vec<usize>> {
        let gaps = GAP * widths.len().saturating_sub(1);
        let floor = |column: usize, width: usize| self.head[column].width().max(LEAST).min(width);
        let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(available);
        let mut order: Vec<usize> = (0..widths.len()).collect();
        order.sort_by_key(|column| std::cmp::Reverse(widths[*column]));
        let first = self.wraps.into_iter().chain(self.gives_way);
        for column in first.chain(order) {
            let taken = excess.min(widths[column] - floor(column, widths[column]));
            widths[column] -= taken;
            excess -= taken;
        }
        (excess == 0).then_some(widths)
    }

    fn columns(&self, row: &[Cell], widths: &[usize], look: &Look) -> Vec<String> {
        let mut line = String::new();
        let mut more = Vec::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let text = if self.wraps == Some(column) {
                let before = line_width(&widths[..column]);
                let mut lines = wrapped(&cell.text, *width).into_iter();
                let text = lines.next().unwrap_or_default();
                more = lines.map(|line| format!("{}{}", " ".repeat(before), look.paint(cell.role, &line))).collect();
                text
            } else {
                shorten(&cell.text, *width, look)
            };
            let space = " ".repeat(width.saturating_sub(text.width()));
            let painted = look.paint(cell.role, &text);
            let aligned =
                if self.right.contains(&column) { format!("{space}{painted}") } else { format!("{painted}{space}") };
            line.push_str(&aligned);
            line.push_str(&" ".repeat(GAP));
        }
        line.truncate(line.trim_end().len());
        std::iter::once(line).chain(more).collect()
    }

    /// A row line by line: what it is about, then the rest with its title.
    fn block(&self, row: &[Cell], look: &Look) -> Vec<String> {
        let width = look.width.unwrap_or(usize::MAX).max(LEAST);
        let about = self.head.iter().position(|title| !title.is_empty()).unwrap_or_default();
        let mut lines = Vec::new();
        let mut tell = |label: &str, role: Role, text: &str| {
            let first = if label.is_empty() { String::new() } else { format!("{INDENT}{label} ") };
            let room = width.saturating_sub(first.width()).max(LEAST);
            let mut indent = look.paint(Role::Muted, &first);
            for piece in wrapped(text, room) {
                lines.push(format!("{indent}{}", look.paint(role, &piece)));
                indent = " ".repeat(first.width());
            }
        };
        let marks: Vec<&str> =
            row[..about].iter().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty()).collect();
        let Some(named) = row.get(about) else { return lines };
        tell("", Role::Strong, &marks.into_iter().chain([named.text.as_str()]).collect::<Vec<_>>().join(" "));
        for (title, cell) in self.head.iter().zip(row).skip(about + 1).filter(|(_, cell)| !cell.text.is_empty()) {
            tell(if title.is_empty() { "-" } else { title }, cell.role, &cell.text);
        }
        lines
    }
}

fn line_width(columns: &[usize]) -> usize {
    columns.iter().map(|width| width + GAP).sum()
}

/// `text` in lines of at most `width` columns, broken between words where that is possible. Never none.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        let line = lines.last_mut().map_or(0, |line| line.width());
        if line > 0 && line + 1 + word.width() <= width {
            if let Some(line) = lines.last_mut() {
                line.push(' ');
                line.push_str(word);
            }
            continue;
        }
        if line > 0 {
            lines.push(String::new());
        }
        while word.width() > width {
            let head = take_columns(word.chars(), width);
            // A character wider than the line stands alone.
            let cut = if head.is_empty() { word.chars().next().map_or(0, char::len_utf8) } else { head.len() };
            let (head, rest) = word.split_at(cut);
            if let Some(line) = lines.last_mut() {
                line.push_str(head);
            }
            lines.push(String::new());
            word = rest;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines
}

/// `text` in at most `width` columns, cut in the middle: names differ at their ends.
pub fn shorten(text: &str, width: usize, look: &Look) -> String {
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
    let (mut taken, mut width) = (String::new(), 0);
    for c in chars {
        width += c.width().unwrap_or_default();
        if width > columns {
            break;
        }
        taken.push(c);
    }
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDE: Look = Look { unicode: true, colour: false, live: false, width: None };

    fn table() -> Table {
        let mut table = Table::new(&["", "IMAGE", "SIZE"]).right(&[2]).gives_way(1);
        table.row(vec!["OK".into(), "registry.example/acme/payments-api:2026-11".into(), "9 MB".into()]);
        table.row(vec!["".into(), "日本".into(), "142 MB".into()]);
        table
    }

    #[test]
    fn columns_align_by_display_width() {
        let lines = table().lines(&WIDE);
        assert_eq!(lines.iter().map(|line| line.width()).collect::<Vec<_>>(), [54, 54, 54]);
        assert!(lines[2].starts_with("    日本  "));
    }

    #[test]
    fn a_narrow_terminal_costs_the_middle_of_names() {
        let lines = table().lines(&Look { width: Some(34), ..WIDE });
        assert_eq!(lines[1], "OK  registry.ex…pi:2026-11    9 MB");
        let ascii = table().lines(&Look { width: Some(34), unicode: false, ..WIDE });
        assert!(ascii.iter().all(|line| line.is_ascii()), "{ascii:?}");
    }

    #[test]
    fn where_no_row_fits_each_is_told_line_by_line() {
        let lines = table().lines(&Look { width: Some(23), ..WIDE });
        assert_eq!(
            lines,
            ["OK", "registry.example/acme/p", "ayments-api:2026-11", "  SIZE 9 MB", "日本", "  SIZE 142 MB"]
        );
    }

    #[test]
    fn sentences_go_on_below_their_column() {
        let mut table = Table::new(&["CODE", "MEANING"]).wraps(1);
        table.row(vec!["usage".into(), "the arguments are wrong in some way".into()]);
        let lines = table.lines(&Look { width: Some(27), ..WIDE });
        assert_eq!(lines[1..], ["usage  the arguments are", "       wrong in some way"]);
    }

    #[test]
    fn escape_sequences_of_strangers_never_pass() {
        let mut table = Table::new(&["IMAGE"]);
        table.row(vec!["\u{1b}[2Jx\ny".into()]);
        assert_eq!(table.lines(&WIDE)[1], "\\u{1b}[2Jx y");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            rows in prop::collection::vec(prop::collection::vec("[a-z日 ]{0,60}", 4), 0..6),
            width in 24usize..200,
        ) {
            let mut table = Table::new(&["", "NAME", "N", "WORDS"]).right(&[2]).gives_way(1).wraps(3);
            for row in rows {
                table.row(row.into_iter().map(Cell::from).collect());
            }
            for line in table.lines(&Look { width: Some(width), ..WIDE }) {
                prop_assert!(line.width() <= width, "{line:?}");
            }
        }

        #[test]
        fn wrapping_loses_no_word(text in "[a-z日]{0,30}( [a-z日]{1,30}){0,8}", width in 2usize..40) {
            let lines = wrapped(&text, width);
            prop_assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
            prop_assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
