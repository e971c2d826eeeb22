//! What was published on this network.

use super::Canvas;
use crate::app::{Model, layout::Area};

/// The list.
pub(super) const fn draw(_: &Model, _: &mut Canvas, _: Area) {}

/// The selected publication.
pub(super) const fn draw_detail(_: &Model, _: &mut Canvas, _: Area) {}
