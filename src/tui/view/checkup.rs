//! ```text
//! ┌ Check-up ────────────────────────────────────────────────────┐
//! │ ✔ home           /home/op/.local/share/daochain              │
//! │ ✘ engine         no Docker engine at unix:///var/run/dock…   │
//! │                  → start it, or name it with --docker-host   │
//! │                                        R again     Esc close │
//! └──────────────────────────────────────────────────────────────┘
//! ```

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{Canvas, dialogs::draw_keys, text};
use crate::{
    app::{Model, action::spoken::in_keys, layout::Area, model::CheckUp},
    domain::finding::{Finding, Health},
    tui::theme::Role,
};

const AREA: usize = 14;

/// The dialog.
pub(super) fn draw(model: &Model, checkup: &CheckUp, canvas: &mut Canvas, screen: Rect) {
    let columns = 100.min(screen.width.saturating_sub(4));
    let width = usize::from(columns).saturating_sub(4);
    let lines: Vec<Line> = match &checkup.findings {
        None => vec![Line::from(canvas.span(Role::Busy, "looking at engine, nodes, files and disk"))],
        Some(findings) => findings.iter().flat_map(|finding| told(model, canvas, finding, width)).collect(),
    };
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
    let inside = canvas.float(screen, "Check-up", columns, height);
    let body = Area { height: inside.height.saturating_sub(2), ..inside };
    canvas.paged(body, (checkup.top, "PgDn"), &lines);
    draw_keys(model, canvas, inside);
}

fn told<'t>(model: &Model, canvas: &Canvas, finding: &Finding, width: usize) -> Vec<Line<'t>> {
    let (sign, role) = match finding.health {
        Health::Fine => ("✔", Role::Good),
        Health::Note => ("!", Role::Warning),
        Health::Trouble => ("✘", Role::Danger),
    };
    let head = format!("{sign} {}", text::left(finding.area.word(), AREA));
    let room = width.saturating_sub(AREA + 3);
    let indent = " ".repeat(AREA + 3);
    let step = finding.step.as_ref().map(|step| format!("→ {}", in_keys(model, step)));
    let words = text::wrap(&in_keys(model, &finding.words), room).into_iter().map(|part| (Role::Plain, part));
    let step = step.iter().flat_map(|step| text::wrap(step, room)).map(|part| (Role::Muted, part));
    let parts: Vec<_> = words.chain(step).collect();
    let lines = parts.into_iter().enumerate().map(|(at, (own, part))| {
        let before = if at == 0 { canvas.span(role, format!("{head} ")) } else { Span::raw(indent.clone()) };
        Line::from(vec![before, canvas.span(own, part)])
    });
    lines.collect()
}
