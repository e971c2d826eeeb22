//! Text that fits: whole columns or none, names shortened in the middle, numbers that keep their width.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// `text` cut at its end to at most `limit` columns.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut out = take(text.chars(), limit.saturating_sub(1));
    if limit > 0 {
        out.push('…');
    }
    out
}

/// `text` shortened in its middle: a name's registry and its tag both say more than what is between them.
pub(super) fn middle(text: &str, limit: usize) -> String {
    if width(text) <= limit || limit < 5 {
        return cut(text, limit);
    }
    let tail = (limit - 1) * 3 / 5;
    let head = take(text.chars(), limit - 1 - tail);
    let end: String = take(text.chars().rev(), tail).chars().rev().collect();
    format!("{head}…{end}")
}

fn take(chars: impl Iterator<Item = char>, limit: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or_default();
            used <= limit
        })
        .collect()
}

/// `text` in exactly `columns` columns, at the left.
pub(super) fn left(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let pad = columns - width(&text);
    text + &" ".repeat(pad)
}

/// `text` in exactly `columns` columns, at the right.
pub(super) fn right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    " ".repeat(columns - width(&text)) + &text
}

/// Bytes in one unit of powers of 1000, as Docker counts: `142 MB`, `1.08 GB`.
pub(super) fn size(bytes: u64) -> String {
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

/// `text` as lines of at most `limit` columns, broken at spaces where there are any.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_owned();
        loop {
            let line = lines.last().map_or(0, |line| width(line));
            let gap = usize::from(line > 0);
            if line + gap + width(&word) <= limit {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_read_as_docker_writes_them() {
        let shown: Vec<_> = [0, 999, 1000, 1234, 51_000_000, 142_000_000, 1_080_000_000].map(size).into();
        assert_eq!(shown, ["0 B", "999 B", "1.00 kB", "1.23 kB", "51.0 MB", "142 MB", "1.08 GB"]);
    }

    #[test]
    fn names_keep_their_beginning_and_their_tag() {
        assert_eq!(middle("registry.example/team/service:1.2", 20), "registry…service:1.2");
        assert_eq!(middle("nginx:1", 20), "nginx:1");
        assert_eq!(cut("abcdef", 3), "ab…");
    }

    proptest! {
        #[test]
        fn nothing_ever_takes_more_columns_than_it_may(text in "\\PC{0,60}", limit in 0usize..40) {
            prop_assert!(width(&cut(&text, limit)) <= limit);
            prop_assert!(width(&middle(&text, limit)) <= limit);
            prop_assert_eq!(width(&left(&text, limit)), limit);
            prop_assert_eq!(width(&right(&text, limit)), limit);
            let longest = wrap(&text, limit).iter().map(|line| width(line)).max();
            // A character of two columns cannot be broken to fit into one.
            prop_assert!(longest.unwrap_or_default() <= limit.max(2));
        }
    }
}
