//! Why the selected image's verdict is what it is, over the whole body.
//!
//! ```text
//! ✘ acme/api:latest
//! What this verdict means
//! Do not use it before you know more: …
//! because  acme/api:latest is not an image that acme released
//!
//! What was released, and when
//! v7       sha256:51aa07be… ◀ current · block 1180 · 24d ago · acme
//! ```

use ratatui::text::{Line, Span};

use super::{Canvas, text};
use crate::{
    app::{
        Model,
        layout::Area,
        why::{LABEL, WhyLine, lines},
    },
    domain::explain::Tone,
    tui::theme::{Role, Theme},
};

/// The page, from the line on that was scrolled to.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let Some(row) = model.rows.selected() else { return };
    if area.height == 0 || area.width == 0 {
        return;
    }
    let name = row.key.reference.as_ref().map_or_else(|| row.label(), ToString::to_string);
    let (glyph, role) = match &row.verdict {
        Some(verdict) => {
            let measured = verdict.evidence.is_measured();
            (canvas.theme.glyph(verdict.conclusion, measured), Theme::role(verdict.conclusion, measured))
        }
        None => (" ", Role::Muted),
    };
    let indent = text::width(glyph) + 1;
    let room = usize::from(area.width).saturating_sub(indent);
    let head = vec![canvas.span(role, format!("{glyph} ")), canvas.span(Role::Title, text::middle(&name, room))];
    canvas.line(area, &Line::from(head));
    let below = Area { y: area.y + 1, height: area.height - 1, ..area };
    let shown: Vec<Line> = lines(model, usize::from(area.width)).into_iter().map(|line| styled(canvas, line)).collect();
    canvas.paged(below, (model.detail_top, "PgDn"), &shown);
}

fn styled(canvas: &Canvas, line: WhyLine) -> Line<'static> {
    match line {
        WhyLine::Gap => Line::default(),
        WhyLine::Title(title) => Line::from(canvas.span(Role::Title, title)),
        WhyLine::Words { label, text, tone } if label.is_empty() => Line::from(canvas.span(role(tone), text)),
        WhyLine::Words { label, text, tone } => Line::from(vec![
            canvas.span(Role::Muted, text::left(label.trim_end(), LABEL)),
            canvas.span(role(tone), text),
        ]),
        WhyLine::Row { text, tone } => Line::from(canvas.span(role(tone), text)),
        WhyLine::Step { keys, is_first, text } => {
            let sign = if is_first { "· " } else { "  " };
            let mut spans = vec![Span::raw(sign), canvas.span(Role::Plain, text)];
            if let Some(keys) = keys {
                spans.push(Span::raw("  "));
                spans.push(canvas.span(Role::Key, keys));
            }
            Line::from(spans)
        }
        WhyLine::Command(command) => Line::from(vec![Span::raw("    "), canvas.span(Role::Muted, command)]),
    }
}

const fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Plain,
        Tone::Good => Role::Good,
        Tone::Caution => Role::Warning,
        Tone::Bad => Role::Danger,
        Tone::Muted => Role::Muted,
    }
}
