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
        action::{self, Action},
        layout::Area,
        why::{LABEL, WhyLine, lines},
    },
    domain::explain::{Act, Tone},
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
    let shown: Vec<Line> =
        lines(model, usize::from(area.width)).into_iter().map(|line| styled(model, canvas, line)).collect();
    canvas.paged(below, (model.detail_top, "PgDn"), &shown);
}

fn styled(model: &Model, canvas: &Canvas, line: WhyLine) -> Line<'static> {
    match line {
        WhyLine::Gap => Line::default(),
        WhyLine::Title(title) => Line::from(canvas.span(Role::Title, title)),
        WhyLine::Words { label, text, tone } if label.is_empty() => Line::from(canvas.span(role(tone), text)),
        WhyLine::Words { label, text, tone } => Line::from(vec![
            canvas.span(Role::Muted, text::left(label.trim_end(), LABEL)),
            canvas.span(role(tone), text),
        ]),
        WhyLine::Row { text, tone } => Line::from(canvas.span(role(tone), text)),
        WhyLine::Step { act, is_first, text } => {
            let sign = if is_first { "· " } else { "  " };
            let mut spans = vec![Span::raw(sign), canvas.span(Role::Plain, text)];
            if let Some(key) = act.and_then(|act| key_of(model, act)) {
                spans.push(Span::raw("  "));
                spans.push(canvas.span(Role::Key, key));
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

/// The key that does it.
fn key_of(model: &Model, act: Act) -> Option<String> {
    let action = match act {
        Act::Measure => Action::Measure,
        Act::Publish => Action::Publish,
        Act::Trust => Action::ShowTrust,
        Act::Endpoints => Action::ShowNode,
        Act::Refresh => Action::Refresh,
        Act::Fetch => Action::FetchReleased,
        Act::Files => Action::ListFiles,
    };
    let binding = action::BINDINGS.iter().find(|binding| binding.action == action)?;
    model.keymap.first_key(binding, model.place()).map(|key| key.to_string())
}
