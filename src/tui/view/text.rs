//! Text that fits: whole columns or none, names shortened in the middle, numbers that keep their width.

use ratatui::{style::Style, text::Span};
use unicode_width::UnicodeWidthStr as _;

use crate::domain::text::take;
pub(super) use crate::domain::text::{size, wrap};

/// Columns that `text` takes: those of its letters, one by one, as they are drawn into cells. (As a whole it may take
/// fewer: some Arabic letters are written as one where they meet.)
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    Span::raw(text).styled_graphemes(Style::new()).map(|letter| letter.symbol.width()).sum()
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

/// `text` in lines of `columns` columns, at most `limit` of them: the last ends with `…` where more would follow.
pub(super) fn wrap_within(text: &str, columns: usize, limit: usize) -> Vec<String> {
    let mut lines = wrap(text, columns);
    if limit > 0 && lines.len() > limit {
        let rest = lines.split_off(limit - 1).join(" ");
        lines.push(cut(&rest, columns));
    }
    lines.truncate(limit);
    lines
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_their_beginning_and_their_tag() {
        assert_eq!(middle("registry.example/team/service:1.2", 20), "registry…service:1.2");
        assert_eq!(middle("nginx:1", 20), "nginx:1");
        assert_eq!(cut("abcdef", 3), "ab…");
        assert_eq!(wrap_within("one two three four", 8, 2), ["one two", "three f…"]);
        assert_eq!(wrap_within("one two", 8, 2), ["one two"]);
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
