//! The last pass over a frame: nothing leaves the program that this terminal cannot show, or would show elsewhere.

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Style},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Glyphs, Role, Theme};

/// Marks that one letter may carry: Vietnamese has two of them, Hebrew with points and accents three. What stacks more
/// of them writes over the lines above and below, and costs a slow line bytes without end.
const MARKS: usize = 4;

/// Unicode's LEFT-TO-RIGHT MARK.
const LEFT_TO_RIGHT: char = '\u{200e}';

impl Theme {
    /// Makes a frame fit for this terminal.
    pub fn finish(self, buffer: &mut Buffer) {
        let ground = self.style(Role::Plain);
        for cell in &mut buffer.content {
            if ground.bg.is_some() {
                paint(cell, ground);
            }
            if cell.symbol().is_ascii() {
                continue;
            }
            match self.glyphs {
                Glyphs::Ascii => replace(cell, in_ascii),
                Glyphs::Console => replace(cell, on_a_console),
                Glyphs::Unicode => tame(cell),
            }
        }
    }
}

/// What is behind plain text is behind everything that has nothing else behind it.
fn paint(cell: &mut Cell, ground: Style) {
    if let (Color::Reset, Some(behind)) = (cell.bg, ground.bg) {
        cell.bg = behind;
    }
    if let (Color::Reset, Some(colour)) = (cell.fg, ground.fg) {
        cell.fg = colour;
    }
}

fn replace(cell: &mut Cell, by: impl Fn(char) -> char) {
    let plain = cell.symbol().chars().next().map_or(' ', by);
    cell.set_char(plain);
}

/// A letter keeps its place and its size.
///
/// Terminals that reorder lines for those who read from right to left (VTE's, Konsole, mlterm) take all of a line's
/// cells for one text: a Hebrew name would swap places with the numbers beside it, and so say something else. A mark
/// behind each of its letters keeps them in the cells that they were drawn in.
fn tame(cell: &mut Cell) {
    let symbol = cell.symbol();
    let mut chars = symbol.chars();
    let Some(first) = chars.next() else { return };
    let stacked = chars.clone().count() > MARKS;
    let turned = symbol.chars().any(is_right_to_left);
    if !stacked && !turned {
        return;
    }
    let mut tamed: String = std::iter::once(first).chain(chars.take(MARKS)).collect();
    if turned {
        tamed.push(LEFT_TO_RIGHT);
    }
    // A sequence that is narrower without its end would leave a cell that nobody draws.
    if tamed.width() == symbol.width() {
        cell.set_symbol(&tamed);
    } else {
        cell.set_char('?');
    }
}

/// Blocks whose characters are read from right to left, those to be as well (Unicode's `DerivedBidiClass.txt`, `@missing`).
const fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// The nearest ASCII character of the same width.
const fn in_ascii(c: char) -> char {
    match c {
        '─' | '–' | '—' => '-',
        '│' | '▌' => '|',
        '┌' | '┐' | '└' | '┘' | '┬' | '┴' | '├' | '┤' | '┼' | '✔' | '✓' => '+',
        '…' => '~',
        '·' | '○' | '░' => '.',
        '•' | '●' | '▓' | '█' | '■' => '#',
        '◐' => 'o',
        '‹' | '←' | '◀' => '<',
        '≠' => '!',
        '›' | '→' | '▶' => '>',
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '✘' => 'X',
        '×' => 'x',
        _ => '?',
    }
}

/// The nearest character of the same width that the kernel's own font has, and all but a few of the 138 that Debian
/// offers for the console (`console-setup`). Letters are those of the font that somebody chose for their language: all
/// before the first mark that combines, and Greek and Cyrillic behind them.
const fn on_a_console(c: char) -> char {
    match c {
        '×' => 'x',
        '─'
        | '│'
        | '┌'
        | '┐'
        | '└'
        | '┘'
        | '┬'
        | '┴'
        | '├'
        | '┤'
        | '┼'
        | '▶'
        | '▲'
        | '▼'
        | '•'
        | '←'
        | '↑'
        | '→'
        | '↓'
        | '░'
        | '▒'
        | '█'
        | '■'
        | '\u{a1}'..='\u{2ff}'
        | '\u{370}'..='\u{482}'
        | '\u{48a}'..='\u{52f}' => c,
        '▌' | '▓' => '█',
        '●' => '■',
        '◐' => '▒',
        other => in_ascii(other),
    }
}

#[cfg(test)]
#[path = "cells.rs"]
mod cells;
