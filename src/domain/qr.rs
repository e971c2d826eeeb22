//! QR codes (ISO/IEC 18004) of a few characters, for cameras that look at a terminal.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as the standard asks for.
const QUIET: usize = 4;

/// A code of light and dark modules, its quiet zone included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Modules of one side.
    pub side: usize,
    /// Rows of light (true) and dark modules.
    light: Vec<bool>,
}

/// The text has more bytes than a code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are more than a QR code holds (2953)")]
pub struct TooLong(usize);

impl Qr {
    /// The code of `text`, with the least of error correction: a screen has no scratches.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn new(text: &str) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| TooLong(text.len()))?;
        let (inner, colours) = (code.width(), code.into_colors());
        let side = inner + 2 * QUIET;
        let is_light = |row: usize, column: usize| {
            let (Some(row), Some(column)) = (row.checked_sub(QUIET), column.checked_sub(QUIET)) else { return true };
            if row >= inner || column >= inner {
                return true;
            }
            colours.get(row * inner + column).is_none_or(|colour| *colour == Color::Light)
        };
        let light = (0..side * side).map(|at| is_light(at / side, at % side)).collect();
        Ok(Self { side, light })
    }

    /// Lines in which *light* is what is drawn: two rows of modules in each with half blocks, or two columns for each module in
    /// ASCII. To be shown light on dark.
    #[must_use]
    pub fn lines(&self, unicode: bool) -> Vec<String> {
        let rows: Vec<&[bool]> = self.light.chunks(self.side).collect();
        if !unicode {
            let module = |light: &bool| if *light { "##" } else { "  " };
            return rows.iter().map(|row| row.iter().map(module).collect()).collect();
        }
        let half = |(upper, lower): (&bool, &bool)| match (upper, lower) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        let dark = vec![false; self.side];
        rows.chunks(2)
            .filter_map(|pair| {
                let lower = pair.get(1).copied().unwrap_or(&dark);
                Some(pair.first()?.iter().zip(lower).map(half).collect())
            })
            .collect()
    }

    /// True where a screen of that size has room for it, in a frame, with a line of text and one of keys.
    #[must_use]
    pub const fn fits(&self, unicode: bool, width: usize, height: usize) -> bool {
        self.columns(unicode) + 4 <= width && self.rows(unicode) + 5 <= height
    }

    /// Rows that [`Self::lines`] take.
    #[must_use]
    pub const fn rows(&self, unicode: bool) -> usize {
        if unicode { self.side.div_ceil(2) } else { self.side }
    }

    /// Columns that [`Self::lines`] take.
    #[must_use]
    pub const fn columns(&self, unicode: bool) -> usize {
        if unicode { self.side } else { 2 * self.side }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The text that a camera reads from drawn lines.
    fn read(lines: &[String], unicode: bool) -> String {
        let rows: Vec<Vec<bool>> = if unicode {
            let half = |line: &String, upper: bool| {
                line.chars().map(|c| matches!((c, upper), ('█', _) | ('▀', true) | ('▄', false))).collect()
            };
            lines.iter().flat_map(|line| [half(line, true), half(line, false)]).collect()
        } else {
            lines.iter().map(|line| line.as_bytes().chunks(2).map(|pair| pair == b"##").collect()).collect()
        };
        let side = rows[0].len();
        let is_light = |x: usize, y: usize| rows.get(y / 4).and_then(|row| row.get(x / 4)).is_none_or(|light| *light);
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(
                side * 4,
                side * 4,
                |x, y| {
                    if is_light(x, y) { 255 } else { 0 }
                },
            );
        image.detect_grids().first().unwrap().decode().unwrap().1
    }

    #[test]
    fn what_is_drawn_can_be_read_again() {
        for text in ["0x7F3c9A21", &"daochain ".repeat(80), &"{\"a\":1}".repeat(300)] {
            let code = Qr::new(text).unwrap();
            for unicode in [true, false] {
                let lines = code.lines(unicode);
                assert!(lines.iter().all(|line| line.chars().count() == code.columns(unicode)));
                assert_eq!(read(&lines, unicode), text);
            }
        }
    }

    #[test]
    fn what_no_code_holds_is_refused() {
        assert!(Qr::new(&"x".repeat(2953)).is_ok());
        assert_eq!(Qr::new(&"x".repeat(2954)), Err(TooLong(2954)));
    }
}
