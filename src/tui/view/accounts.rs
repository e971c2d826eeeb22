//! ```text
//!    ADDRESS                                              BALANCE
//! ▌* 0x7F3c…                                        99.9812 ETH    UTC--2026-…
//! ```

use ratatui::text::{Line, Span};

use super::{Canvas, text};
use crate::{
    app::{Model, layout::Area},
    domain::Account,
    tui::theme::Role,
};

/// The accounts of this home, and what in its keystore is none.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    if model.accounts.all().is_empty() {
        lines.extend(empty(model, canvas, width));
    } else {
        let head = format!("   {}  {}", text::left("ADDRESS", address_width(width)), text::right("BALANCE", BALANCE));
        lines.push(Line::from(canvas.span(Role::Muted, head)));
        let cursor = model.accounts.cursor();
        let room = usize::from(area.height).saturating_sub(2).max(1);
        let top = cursor.saturating_sub(room - 1);
        for (at, account) in model.accounts.all().iter().enumerate().skip(top).take(room) {
            lines.push(line(canvas, account, at == cursor, width));
        }
    }
    let notes = model.accounts.list.iter().flat_map(|list| {
        let node = list.node.iter().map(|problem| format!("balances are missing: {}", problem.sentence()));
        let files = list.problems.iter().map(|problem| format!("{}: {}", problem.file.display(), problem.message));
        node.chain(files)
    });
    for note in notes.map(|note| crate::domain::text::clean(&note)) {
        lines.push(Line::default());
        let parts = text::wrap(&note, width.saturating_sub(4));
        lines.extend(parts.into_iter().map(|part| Line::from(canvas.span(Role::Warning, format!("   {part}")))));
    }
    canvas.lines(area, &lines);
}

const BALANCE: usize = 16;
const ADDRESS: usize = 42;

fn address_width(width: usize) -> usize {
    if width >= 3 + ADDRESS + 2 + BALANCE { ADDRESS } else { 11 }
}

fn line<'t>(canvas: &Canvas, account: &Account, selected: bool, width: usize) -> Line<'t> {
    let whole = address_width(width) == ADDRESS;
    let address = if whole { account.address.to_string() } else { account.address.short() };
    let balance = account.balance.map_or_else(|| "unknown".to_owned(), |balance| format!("{} ETH", balance.ether(6)));
    let role = if selected { Role::Selected } else { Role::Plain };
    let mut spans = vec![
        if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") },
        canvas.span(Role::Good, if account.is_default { "* " } else { "  " }),
        canvas.span(role, text::left(&address, address_width(width))),
        canvas.span(Role::Plain, format!("  {}", text::right(&balance, BALANCE))),
    ];
    let note = if account.is_default { "  default" } else { "" };
    spans.push(canvas.span(Role::Muted, note));
    let used = 3 + ADDRESS + 2 + BALANCE + 9;
    if width > used + 20 {
        let file = account.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let pad = " ".repeat(11usize.saturating_sub(note.len()));
        spans.push(canvas.span(Role::Muted, pad + &text::cut(&crate::domain::text::clean(&file), width - used - 3)));
    }
    Line::from(spans)
}

fn empty<'t>(model: &Model, canvas: &Canvas, width: usize) -> Vec<Line<'t>> {
    let (role, text) = match (&model.accounts.problem, &model.accounts.list) {
        (Some(problem), _) => (Role::Danger, problem.sentence()),
        (None, None) => (Role::Muted, "reading the keystore".to_owned()),
        (None, Some(_)) => (
            Role::Plain,
            "This home has no account yet. An account signs what you publish; verifying needs none. `n` makes one."
                .to_owned(),
        ),
    };
    let parts = text::wrap(&text, width.saturating_sub(6));
    std::iter::once(Line::default())
        .chain(parts.into_iter().map(|part| Line::from(vec![Span::raw("   "), canvas.span(role, part)])))
        .collect()
}
