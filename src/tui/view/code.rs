//! A text as a QR code, as large as it is; where the screen has no room for it, how much it takes.

use ratatui::{layout::Rect, text::Line};

use super::{Canvas, dialogs::draw_keys, text};
use crate::{
    app::{Model, model::Code},
    domain::qr::Qr,
    tui::theme::Role,
};

/// Columns and rows of the frame, the text's line and the keys.
const AROUND: (usize, usize) = (4, 5);

/// The dialog.
pub(super) fn draw(model: &Model, code: &Code, canvas: &mut Canvas, screen: Rect) {
    let unicode = canvas.theme.is_unicode();
    let (width, height) = (usize::from(screen.width), usize::from(screen.height));
    let mut lines: Vec<Line> = Vec::new();
    let small = code.text.chars().count() + AROUND.0 <= width.min(80);
    match Qr::new(&code.text) {
        Err(error) => lines.push(Line::from(canvas.span(Role::Danger, error.to_string()))),
        Ok(qr) => {
            if qr.fits(unicode, width, height) {
                lines.extend(qr.lines(unicode).into_iter().map(|line| Line::from(canvas.span(Role::Light, line))));
            } else {
                let words = format!(
                    "The code takes {} columns and {} rows; the terminal has {width} and {height}. A smaller font makes room, or copy the text instead.",
                    qr.columns(unicode) + AROUND.0,
                    qr.rows(unicode) + AROUND.1
                );
                let parts = text::wrap(&words, width.min(78).saturating_sub(AROUND.0));
                lines.extend(parts.into_iter().map(|part| Line::from(canvas.span(Role::Warning, part))));
            }
        }
    }
    if small {
        lines.push(Line::from(canvas.span(Role::Plain, code.text.clone())));
    }
    let widest = lines.iter().map(Line::width).max().unwrap_or_default().max(30) + AROUND.0;
    let (Ok(width), Ok(height)) = (u16::try_from(widest), u16::try_from(lines.len() + 4)) else { return };
    let inside = canvas.float(screen, &text::cut(&code.title, widest.saturating_sub(6)), width, height);
    canvas.lines(inside, &lines);
    draw_keys(model, canvas, inside);
}
