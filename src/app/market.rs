//! The market pane: what was published on this network.

/// What is known of what was published.
#[derive(Debug, Clone, Default)]
pub struct Market {}

impl Market {
    /// Position of the selected row.
    #[must_use]
    pub const fn cursor(&self) -> usize {
        0
    }

    /// Rows that are known.
    #[must_use]
    pub const fn shown(&self) -> usize {
        0
    }
}
