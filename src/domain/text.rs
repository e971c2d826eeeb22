//! Text from outside, made safe to show.
//!
//! Image names, labels, node and engine errors and revocation reasons are written by strangers. A terminal obeys
//! escape sequences, and bidirectional controls reorder what a reader sees, so both are shown as what they are.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

/// `text` with every control, format and line-separating character replaced by a visible escape (`\u{1b}`).
///
/// Newlines and tabs become one space each, so that the result always fits on one line.
#[must_use]
pub fn clean(text: &str) -> String {
    escaped(text, true)
}

/// [`clean`], with newlines and tabs as visible escapes, too: for what somebody is about to sign.
#[must_use]
pub fn clean_exactly(text: &str) -> String {
    escaped(text, false)
}

fn escaped(text: &str, spaced: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' if spaced => out.push(' '),
            c if is_unsafe(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// The known word that a misspelt one was meant to be.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, known) = known.map(|known| (strsim::osa_distance(given, known), known)).min()?;
    (distance <= 2.max(given.len() / 3)).then_some(known)
}

/// A number of things: `1 rule`, `2 rules`.
#[must_use]
pub fn count(number: impl std::fmt::Display + Copy, one: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// [`clean`], cut to at most `limit` characters with `…` at the cut.
#[must_use]
pub fn clean_to(text: &str, limit: usize) -> String {
    // An escape is longer than its character, so cut before and after cleaning.
    let head: String = text.chars().take(limit + 1).collect();
    let cleaned = clean(&head);
    if cleaned.chars().count() <= limit {
        return cleaned;
    }
    let mut cut: String = cleaned.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Bytes in one unit of powers of 1000, as Docker counts: `142 MB`, `1.08 GB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In thousandths of the unit, so that no rounding of floats can show.
    let mut thousandths = u128::from(bytes);
    let mut unit = 0;
    while thousandths >= 1_000_000 && unit + 1 < UNITS.len() {
        thousandths /= 1000;
        unit += 1;
    }
    match thousandths {
        ..10_000 => format!("{}.{:02} {}", thousandths / 1000, thousandths % 1000 / 10, UNITS[unit]),
        10_000..100_000 => format!("{}.{} {}", thousandths / 1000, thousandths % 1000 / 100, UNITS[unit]),
        _ => format!("{} {}", thousandths / 1000, UNITS[unit]),
    }
}

/// `text` as lines of at most `limit` columns, broken at spaces where there are any. A digest or an address that is too
/// long for a line is broken into equal pieces, one below the other, so that two of them can be compared.
#[must_use]
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(pieces) = pieces(word, limit) {
            for piece in pieces {
                match lines.last_mut() {
                    Some(last) if last.is_empty() => *last = piece,
                    _ => lines.push(piece),
                }
            }
            continue;
        }
        let mut word = word.to_owned();
        loop {
            let line = lines.last().map_or(0, |line: &String| columns(line));
            let gap = usize::from(line > 0);
            if line + gap + columns(&word) <= limit {
                if let Some(last) = lines.last_mut() {
                    last.push_str(&" ".repeat(gap));
                    last.push_str(&word);
                }
                break;
            }
            if line == 0 {
                let head = take(word.chars(), limit);
                if head.is_empty() {
                    break;
                }
                word = word.chars().skip(head.chars().count()).collect();
                if let Some(last) = lines.last_mut() {
                    *last = head;
                }
            }
            lines.push(String::new());
        }
    }
    lines
}

/// The pieces of a word that has a digest or an address in it and is longer than `limit` columns: as long as they can be.
fn pieces(word: &str, limit: usize) -> Option<Vec<String>> {
    if columns(word) <= limit {
        return None;
    }
    let bytes = word.as_bytes();
    let run = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let begins = |at: usize| at == 0 || !bytes[at - 1].is_ascii_hexdigit();
    let start = (0..bytes.len()).find(|at| begins(*at) && matches!(run(*at), 40 | 64))?;
    let (digits, before) = (run(start), columns(&word[..start]));
    if before > limit / 2 {
        // Below a long beginning there is no room for pieces: it stands by itself.
        let (head, rest) = word.split_at(start);
        return Some([wrap(head, limit), wrap(rest, limit)].concat());
    }
    let size = [2, 4, 8].map(|parts| digits / parts).into_iter().find(|size| before + size <= limit)?;
    let end = start + digits;
    let piece = |at: usize| {
        let piece = &word[at..end.min(at + size)];
        if at == start { word[..start].to_owned() + piece } else { " ".repeat(before) + piece }
    };
    let mut pieces: Vec<String> = (start..end).step_by(size).map(piece).collect();
    // What stands behind it is a word like any other.
    let tail = &word[end..];
    match pieces.last_mut() {
        Some(last) if columns(last) + columns(tail) <= limit => last.push_str(tail),
        _ => pieces.extend(wrap(tail, limit)),
    }
    Some(pieces)
}

/// Columns of the letters one by one, which is how they are drawn: some take fewer where they meet, but not in cells.
fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or_default()).sum()
}

/// The beginning of a text that takes at most `limit` columns.
#[must_use]
pub fn take(chars: impl Iterator<Item = char>, limit: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or_default();
            used <= limit
        })
        .collect()
}

/// Controls (C0, C1, DEL), line separators, and what no reader sees: Unicode's *Default Ignorable Code Points*
/// (bidirectional controls, zero-width characters, fillers, variation selectors, tags) and interlinear annotation.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_escape_sequence_is_shown_and_not_obeyed() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(clean("x\u{202e}txt.exe"), "x\\u{202e}txt.exe");
        assert_eq!(clean("two\nlines"), "two lines");
        assert_eq!(clean_exactly("two\nlines\r\t"), "two\\u{a}lines\\u{d}\\u{9}");
        assert_eq!(clean("a\u{34f}b\u{115f}c\u{3164}d\u{fe0f}"), "a\\u{34f}b\\u{115f}c\\u{3164}d\\u{fe0f}");
    }

    #[test]
    fn sizes_read_as_docker_writes_them() {
        let shown: Vec<_> = [0, 999, 1000, 1234, 51_000_000, 142_000_000, 1_080_000_000].map(size).into();
        assert_eq!(shown, ["0 B", "999 B", "1.00 kB", "1.23 kB", "51.0 MB", "142 MB", "1.08 GB"]);
    }

    #[test]
    fn a_digest_that_is_too_long_is_broken_into_equal_pieces() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let half = "0123456789abcdef".repeat(2);
        assert_eq!(wrap(&format!("here {digest} then"), 75), ["here", digest.as_str(), "then"]);
        assert_eq!(
            wrap(&format!("here {digest} then"), 50),
            ["here".to_owned(), format!("sha256:{half}"), format!("       {half} then")]
        );
        assert_eq!(wrap(&digest, 30).len(), 4);
        let address = format!("0x{}", "0123456789".repeat(4));
        assert_eq!(wrap(&format!("`{address}`;"), 30), ["`0x01234567890123456789", "   01234567890123456789`;"]);
        let path = format!("/home/somebody/keystore/UTC--{}", &address[2..]);
        let (head, first, second) = (&path[..path.len() - 40], &address[2..22], &address[22..]);
        assert_eq!(wrap(&path, 30), [head, first, second], "no staircase at the end of a path");
        assert_eq!(wrap(&path, 45), [head, &address[2..]]);
        assert_eq!(wrap(&"f".repeat(50), 30), ["f".repeat(30), "f".repeat(20)], "what is neither is broken anywhere");
    }

    #[test]
    fn ordinary_text_is_untouched() {
        assert_eq!(clean("größe 9 µm, 东京"), "größe 9 µm, 东京");
    }

    #[test]
    fn what_stands_behind_a_long_digest_is_not_lost() {
        let commit = "0123456789abcdef".repeat(3)[..40].to_owned();
        let text = format!("{{\"commit\":\"{commit}\",\"builder\":\"https://ci.example/{}\"}}", "job/".repeat(20));
        for limit in [12, 30, 60] {
            let lines = wrap(&text, limit);
            assert!(lines.iter().all(|line| columns(line) <= limit), "{limit}: {lines:?}");
            assert_eq!(lines.iter().map(|line| line.trim_start()).collect::<String>(), text);
        }
    }

    proptest! {
        #[test]
        fn a_line_has_its_bound_and_nothing_is_lost(text in "([0-9a-f]{40}|[0-9a-f]{64}|[ -~é東]{0,30}){0,4}", limit in 2usize..90) {
            let lines = wrap(&text, limit);
            prop_assert!(lines.iter().all(|line| columns(line) <= limit), "{:?}", lines);
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn nothing_unsafe_is_left(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(is_unsafe));
            prop_assert!(!clean_exactly(&text).chars().any(is_unsafe));
        }

        #[test]
        fn a_limit_is_kept(text in any::<String>(), limit in 1usize..50) {
            prop_assert!(clean_to(&text, limit).chars().count() <= limit);
        }
    }
}
