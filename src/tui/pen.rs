//! Writes cells with few bytes: what a key costs is what somebody waits for on a slow line.
//!
//! ```text
//! cell (x, y) ──▶ go there by the shortest way ──▶ wear its style, if it shows ──▶ its symbol
//!                 \r  \n  CSI nC  CSI y;xH          CSI …m, only what changes
//!                 or over what stands there
//! ```
//!
//! Place and style are remembered from frame to frame, so that a frame need not end with resets. Only sequences are used
//! that a VT100 knows, and place is taken as unknown where terminals disagree: behind the last column, and behind what some
//! draw wider than others.

use std::io::Write as _;

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr as _;

/// What a terminal draws with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wear {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const BARE: Wear = Wear { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// What can be seen on a blank.
const SHOWN_ON_BLANKS: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// Fewer blanks than this are written, not erased.
const ERASED: usize = 4;

/// The terminal's pen, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Pen {
    at: Option<(u16, u16)>,
    wear: Option<Wear>,
    /// Columns of the terminal; 0 while nobody asked.
    columns: u16,
    /// What stands where, row by row; `None` where it is not known.
    stands: Vec<Option<Cell>>,
}

/// To write what stands there already is shorter than to step over so many cells.
const REWRITTEN: u16 = 3;

impl Pen {
    /// Somebody else had the terminal.
    pub(super) fn forget(&mut self) {
        (self.at, self.wear) = (None, None);
        self.stands.clear();
    }

    /// The terminal has so many columns.
    pub(super) fn fit(&mut self, columns: u16) {
        if self.columns != columns {
            self.columns = columns;
            self.stands.clear();
        }
    }

    fn place(&self, x: u16, y: u16) -> usize {
        usize::from(y) * usize::from(self.columns) + usize::from(x)
    }

    fn keep(&mut self, x: u16, y: u16, cell: &Cell) {
        if self.columns == 0 {
            return;
        }
        let place = self.place(x, y);
        if self.stands.len() <= place {
            self.stands.resize(place + 1, None);
        }
        self.stands[place] = Some(cell.clone());
        // Behind a letter of two columns stands its other half.
        for half in 1..cell.symbol().width() {
            if let Some(stands) = self.stands.get_mut(place + half) {
                *stands = None;
            }
        }
    }

    /// Draws cells, given from left to right and from top to bottom.
    pub(super) fn draw<'a>(&mut self, out: &mut Vec<u8>, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) {
        // Blanks that wait: where they go up to the last column, one sequence erases them.
        let mut blanks: Vec<(u16, u16, &Cell)> = Vec::new();
        for (x, y, cell) in cells {
            let follows = blanks.last().is_some_and(|last| (last.0 + 1, last.1) == (x, y));
            if !follows {
                self.write_blanks(out, &mut blanks);
            }
            if is_erasable(cell) {
                blanks.push((x, y, cell));
            } else {
                self.write_blanks(out, &mut blanks);
                self.put(out, x, y, cell);
            }
        }
        self.write_blanks(out, &mut blanks);
    }

    fn write_blanks(&mut self, out: &mut Vec<u8>, blanks: &mut Vec<(u16, u16, &Cell)>) {
        let ends = blanks.last().is_some_and(|last| last.0 + 1 == self.columns);
        if ends && blanks.len() >= ERASED {
            let (x, y, _) = blanks[0];
            self.go(out, x, y);
            // Some terminals erase with the pen's background, others with their own.
            let keeps =
                self.wear.is_some_and(|wear| wear.bg == Color::Reset && !wear.modifier.intersects(SHOWN_ON_BLANKS));
            if !keeps {
                self.wear(out, BARE);
            }
            out.extend_from_slice(b"\x1b[K");
            for (x, y, cell) in blanks.iter() {
                self.keep(*x, *y, cell);
            }
        } else {
            for (x, y, cell) in blanks.iter() {
                self.put(out, *x, *y, cell);
            }
        }
        blanks.clear();
    }

    fn put(&mut self, out: &mut Vec<u8>, x: u16, y: u16, cell: &Cell) {
        self.go(out, x, y);
        if !self.wear.is_some_and(|wear| suits(wear, cell)) {
            self.wear(out, worn_by(cell));
        }
        let symbol = cell.symbol();
        let own = symbol.width().max(1);
        let stood = self.stood(x, y, own);
        self.keep(x, y, cell);
        out.extend_from_slice(symbol.as_bytes());
        let next = x + 1;
        self.at = (is_certain(symbol) && next != self.columns).then_some((next, y));
        // What is left of a wider letter, terminals blank each in its own way.
        for half in own..stood {
            let next = x + u16::try_from(half).unwrap_or(u16::MAX);
            if next < self.columns {
                self.put(out, next, y, &Cell::EMPTY);
            }
        }
    }

    /// Columns from there on of what stands in the next `own` of them, as far as it is known.
    fn stood(&self, x: u16, y: u16, own: usize) -> usize {
        if self.columns == 0 {
            return 0;
        }
        let place = self.place(x, y);
        let known = (0..own).filter_map(|at| Some(at + self.stands.get(place + at)?.as_ref()?.symbol().width()));
        known.max().unwrap_or_default()
    }

    /// Moves the cursor.
    pub(super) fn go(&mut self, out: &mut Vec<u8>, x: u16, y: u16) {
        if self.at == Some((x, y)) {
            return;
        }
        let direct = absolute(x, y);
        let way = match self.at {
            Some(from) => [self.over(from, x, y), from_the_edge(from, x, y), relative(from, x, y)]
                .into_iter()
                .flatten()
                .fold(direct, |best, way| if way.len() < best.len() { way } else { best }),
            None => direct,
        };
        out.extend_from_slice(&way);
        self.at = Some((x, y));
    }

    /// Over what stands between, where the pen can write that as it is.
    fn over(&self, from: (u16, u16), x: u16, y: u16) -> Option<Vec<u8>> {
        let wear = self.wear?;
        if from.1 != y || from.0 > x || x - from.0 > REWRITTEN {
            return None;
        }
        let mut way = Vec::new();
        for x in from.0..x {
            let cell = self.stands.get(self.place(x, y))?.as_ref()?;
            if !suits(wear, cell) || !is_certain(cell.symbol()) {
                return None;
            }
            way.extend_from_slice(cell.symbol().as_bytes());
        }
        Some(way)
    }

    fn wear(&mut self, out: &mut Vec<u8>, wanted: Wear) {
        let mut codes = Vec::with_capacity(24);
        let worn = match self.wear {
            Some(worn) if wanted.modifier.contains(worn.modifier) => worn,
            // Each attribute has its own end, but a VT100 knows only the end of all.
            _ => {
                codes.extend_from_slice(b"0;");
                BARE
            }
        };
        for (attribute, code) in [
            (Modifier::BOLD, "1;"),
            (Modifier::DIM, "2;"),
            (Modifier::ITALIC, "3;"),
            (Modifier::UNDERLINED, "4;"),
            (Modifier::REVERSED, "7;"),
            (Modifier::CROSSED_OUT, "9;"),
        ] {
            if wanted.modifier.contains(attribute) && !worn.modifier.contains(attribute) {
                codes.extend_from_slice(code.as_bytes());
            }
        }
        if wanted.fg != worn.fg {
            colour(&mut codes, wanted.fg, 30);
        }
        if wanted.bg != worn.bg {
            colour(&mut codes, wanted.bg, 40);
        }
        self.wear = Some(wanted);
        if codes == b"0;" {
            out.extend_from_slice(b"\x1b[m");
        } else if let Some((_, codes)) = codes.split_last() {
            out.extend_from_slice(b"\x1b[");
            out.extend_from_slice(codes);
            out.push(b'm');
        }
    }
}

fn worn_by(cell: &Cell) -> Wear {
    Wear { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
}

/// Whether the cell can be drawn with this. A blank has no colour of its own, and is neither bold nor slanted.
fn suits(wear: Wear, cell: &Cell) -> bool {
    let wanted = worn_by(cell);
    let blank = cell.symbol() == " " && !wanted.modifier.intersects(SHOWN_ON_BLANKS);
    wear == wanted || (blank && wear.bg == wanted.bg && !wear.modifier.intersects(SHOWN_ON_BLANKS))
}

fn is_erasable(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(SHOWN_ON_BLANKS)
}

/// Whether every terminal moves its cursor by one column for it.
fn is_certain(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let first = chars.next();
    // Latin, Greek and Cyrillic; arrows, lines, blocks and the few signs that text is set with.
    let known = first.is_some_and(|c| {
        matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{203a}' | '\u{2190}'..='\u{2193}' | '\u{2500}'..='\u{25cf}')
    });
    known && chars.next().is_none() && symbol.width() == 1
}

fn absolute(x: u16, y: u16) -> Vec<u8> {
    match (x, y) {
        (0, 0) => b"\x1b[H".to_vec(),
        (0, y) => format!("\x1b[{}H", y + 1).into_bytes(),
        (x, y) => format!("\x1b[{};{}H", y + 1, x + 1).into_bytes(),
    }
}

/// By steps from where the cursor is; `None` where none leads up: that is no shorter than the direct way.
fn relative(from: (u16, u16), x: u16, y: u16) -> Option<Vec<u8>> {
    let mut way = down(y.checked_sub(from.1)?);
    match (from.0.cmp(&x), from.0.abs_diff(x)) {
        (std::cmp::Ordering::Equal, _) => {}
        (std::cmp::Ordering::Greater, n @ ..=3) => way.extend(std::iter::repeat_n(8, usize::from(n))),
        (order, n) => steps(&mut way, n, if order == std::cmp::Ordering::Less { b'C' } else { b'D' }),
    }
    Some(way)
}

/// The same by way of the first column.
fn from_the_edge(from: (u16, u16), x: u16, y: u16) -> Option<Vec<u8>> {
    let mut way = vec![b'\r'];
    way.extend(down(y.checked_sub(from.1)?));
    if x > 0 {
        steps(&mut way, x, b'C');
    }
    Some(way)
}

fn down(rows: u16) -> Vec<u8> {
    match rows {
        0..=3 => vec![b'\n'; usize::from(rows)],
        rows => {
            let mut way = Vec::new();
            steps(&mut way, rows, b'B');
            way
        }
    }
}

fn steps(way: &mut Vec<u8>, count: u16, end: u8) {
    way.extend_from_slice(b"\x1b[");
    if count > 1 {
        let _ = write!(way, "{count}");
    }
    way.push(end);
}

/// The codes of a colour, with `;` behind them; `base` is 30 for what is drawn, 40 for what is behind it.
fn colour(codes: &mut Vec<u8>, colour: Color, base: u8) {
    let number = match colour {
        Color::Reset => {
            let _ = write!(codes, "{};", base + 9);
            return;
        }
        Color::Rgb(r, g, b) => {
            let _ = write!(codes, "{};2;{r};{g};{b};", base + 8);
            return;
        }
        Color::Indexed(number) => number,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    // Terminals of sixteen colours do not know the longer way of the 256.
    let _ = match number {
        0..=7 => write!(codes, "{};", base + number),
        8..=15 => write!(codes, "{};", base + 52 + number),
        number => write!(codes, "{};5;{number};", base + 8),
    };
}

#[cfg(test)]
mod tests;
