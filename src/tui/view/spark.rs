//! Numbers as a line of bars.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same where there are only letters.
const PLAIN: [char; 8] = ['_', '.', '-', ':', '=', '+', '*', '#'];

/// The newest `columns` of `values`, each as high as it stands between zero and the highest.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a height of eight for the eye"
)]
pub(super) fn line(values: &[u64], columns: usize, is_unicode: bool) -> String {
    let shown = &values[values.len().saturating_sub(columns)..];
    let highest = shown.iter().copied().max().unwrap_or_default().max(1);
    let bars = if is_unicode { BARS } else { PLAIN };
    shown.iter().map(|value| bars[(((*value as f64 / highest as f64) * 7.0).round() as usize).min(7)]).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn each_value_stands_between_zero_and_the_highest() {
        assert_eq!(line(&[0, 7, 14], 10, true), "▁▅█");
        assert_eq!(line(&[1, 1, 1], 10, true), "███");
        assert_eq!(line(&[0, 0], 10, true), "▁▁");
        assert_eq!(line(&[9, 9, 0, 7, 14], 3, false), "_=#");
        assert_eq!(line(&[], 3, true), "");
        assert_eq!(line(&[u64::MAX, 1], 3, true), "█▁");
    }
}
