//! What can be clicked. Where it stands, only the view that drew it knows.

use crate::app::{action::Action, model::Pane};

/// Something on the screen that a click means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A pane's title.
    Pane(Pane),
    /// The row at this position of what is listed.
    Row(usize),
    /// A key's hint.
    Do(Action),
}
