//! ```text
//! ┌ Contracts ───────────────────────────────────────────────────┐
//! │ both contracts stand, with this program's code               │
//! │                                                              │
//! │ registry   0x12ab…                                           │
//! │                                       y copy  Esc close      │
//! └──────────────────────────────────────────────────────────────┘
//! ```

use ratatui::{layout::Rect, text::Line};

use super::{
    Canvas,
    dialogs::{draw_keys, wrapped},
    text,
};
use crate::{
    app::{
        Model,
        action::spoken::in_keys,
        layout::Area,
        model::Tone,
        report::{Report, Told},
    },
    tui::theme::Role,
};

/// The dialog.
pub(super) fn draw(model: &Model, report: &Report, canvas: &mut Canvas, screen: Rect) {
    let columns = 100.min(screen.width);
    let width = usize::from(columns).saturating_sub(4);
    let title = report.answer().map_or(report.title, |told| &told.title);
    let lines = match &report.told {
        None => vec![Line::from(canvas.span(Role::Busy, "asking; Esc stops it"))],
        Some(Err(problem)) => sentence(canvas, Role::Danger, &in_keys(model, &problem.sentence()), width),
        Some(Ok(told)) => answer(model, canvas, report, told, width),
    };
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
    let inside = canvas.float(screen, &text::middle(title, width.saturating_sub(4)), columns, height);
    let body = Area { height: inside.height.saturating_sub(2), ..inside };
    canvas.paged(body, (report.top, "PgDn"), &lines);
    draw_keys(model, canvas, inside);
}

fn sentence(canvas: &Canvas, role: Role, words: &str, width: usize) -> Vec<Line<'static>> {
    text::wrap(words, width).into_iter().map(|line| Line::from(canvas.span(role, line))).collect()
}

fn answer(model: &Model, canvas: &Canvas, report: &Report, told: &Told, width: usize) -> Vec<Line<'static>> {
    let mut lines = sentence(canvas, role(told.tone), &told.sum, width);
    if report.working {
        lines.extend(sentence(canvas, Role::Busy, "at work", width));
    } else if let Some(problem) = &report.problem {
        lines.extend(sentence(canvas, Role::Danger, &in_keys(model, problem), width));
    }
    if !told.facts.is_empty() {
        lines.push(Line::default());
    }
    for fact in &told.facts {
        let role = if fact.tone == Tone::Plain { Role::Plain } else { role(fact.tone) };
        lines.extend(wrapped(canvas, fact.label, role, &fact.words, width));
    }
    lines
}

const fn role(tone: Tone) -> Role {
    match tone {
        Tone::Good => Role::Good,
        Tone::Plain => Role::Warning,
        Tone::Bad => Role::Danger,
    }
}
