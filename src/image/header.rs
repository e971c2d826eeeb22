//! Names and sizes of tar headers, as engines read them.
//!
//! ```text
//! 0 name 100 … 124 size 136 … 257 magic 263 version 265 … 345 prefix (ustar) 500 … 508 trailer (star) 512
//!                                                         345 atime 357 ctime 369   (GNU)
//! ```
//!
//! Engines are written in Go, whose `archive/tar` tells the formats by their magic and takes more for a name than the
//! `tar` crate does. A header that the two would read differently is refused: it could name one member here and another
//! there.

use super::archive::BLOCK;

const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const MAGIC: std::ops::Range<usize> = 257..265;
const PREFIX: std::ops::Range<usize> = 345..500;
const GNU_TIMES: [std::ops::Range<usize>; 2] = [345..357, 357..369];
const TRAILER: std::ops::Range<usize> = 508..512;

/// The member's name without its extensions. The error is the end of a sentence.
pub(super) fn name(block: &[u8; BLOCK]) -> Result<Vec<u8>, &'static str> {
    let name = text(&block[NAME]).to_vec();
    let magic = &block[MAGIC];
    if magic == b"ustar  \0" {
        // Go takes what is no time there for the prefix of a writer that once had it wrong.
        let times = GNU_TIMES.map(|field| &block[field]);
        if times.iter().any(|time| time[0] != 0 && number(time).is_none()) {
            return Err("a GNU header has something else in the place of its times");
        }
        return Ok(name);
    }
    if !magic.starts_with(b"ustar\0") {
        return Ok(name);
    }
    if block[TRAILER] == *b"tar\0" {
        return Err("a member's header is star's, which programs cut at different places");
    }
    match text(&block[PREFIX]) {
        [] => Ok(name),
        prefix => Ok([prefix, b"/", &name].concat()),
    }
}

/// Bytes of the member's content; `None` for what is no number, or none that fits.
pub(super) fn size(block: &[u8; BLOCK]) -> Option<u64> {
    number(&block[SIZE])
}

/// Up to the first zero.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits between blanks and zeros, or a whole big-endian number behind a set bit (GNU's base-256). A negative one
/// is none.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        let significant = |number: u64, byte: &u8| Some(number.checked_mul(256)? | u64::from(*byte));
        let number = rest.iter().try_fold(u64::from(first & 0x7f), significant)?;
        return i64::try_from(number).is_ok().then_some(number);
    }
    let padding = |byte: &u8| matches!(*byte, b' ' | 0);
    let begin = field.iter().position(|byte| !padding(byte)).unwrap_or(field.len());
    let digits = text(&field[begin..]).trim_ascii_end();
    if !digits.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| number.checked_mul(8)?.checked_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(fields: &[(usize, &[u8])]) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        for (at, bytes) in fields {
            block[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        block
    }

    #[test]
    fn a_prefix_goes_by_the_magic_alone() {
        let named = |magic: &[u8]| name(&block(&[(0, b"name"), (257, magic), (345, b"prefix")]));
        for version in [b"ustar\x0000".as_slice(), b"ustar\0\0\0", b"ustar\0xx"] {
            assert_eq!(named(version), Ok(b"prefix/name".to_vec()), "{version:?}");
        }
        assert_eq!(named(b"\0\0\0\0\0\0\0\0"), Ok(b"name".to_vec()));
        assert!(named(b"ustar  \0").is_err());
    }

    #[test]
    fn what_programs_cut_differently_is_refused() {
        assert!(name(&block(&[(0, b"name"), (257, b"ustar\x0000"), (508, b"tar\0")])).is_err());
        let gnu = |time: &[u8]| name(&block(&[(0, b"name"), (257, b"ustar  \0"), (345, time)]));
        assert!(gnu(b"00000000000\0").is_ok() && gnu(b"\x80\0\0\0\0\0\0\0\0\0\0\x07").is_ok());
        assert!(gnu(b"blobs/sha256").is_err());
    }

    #[test]
    fn sizes_are_whole_numbers() {
        let sized = |field: &[u8]| size(&block(&[(124, field)]));
        assert_eq!(sized(b"00000001000\0"), Some(512));
        assert_eq!(sized(b"  1000 \0"), Some(512));
        assert_eq!(sized(b""), Some(0));
        assert_eq!(sized(b"\x80\0\0\0\0\0\0\0\0\0\x02\0"), Some(512));
        for none in [
            b"+1000".as_slice(),
            b"-1",
            b"8",
            b"10 00",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x80\x01\0\0\0\0\0\0\0\0\0\0",
            b"\x81\0\0\0\0\0\0\0\0\0\0\0",
            b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(sized(none), None, "{none:?}");
        }
    }
}
