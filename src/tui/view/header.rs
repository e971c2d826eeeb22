//! ```text
//!  DaoChain  dev·local #1204 <10s │ docker 20.10.24 │ 0x7F3c…9A21 99.98 ETH
//!  1 Images 14  2 Accounts 1  3 Node                  ✘1 ⊘1 ↑1 ✔7 ·2
//! ```

use ratatui::text::{Line, Span};

use super::{Canvas, text};
use crate::{
    app::{
        Model, action,
        clock::coarse_age,
        layout::Area,
        model::{Engine, Node, Pane},
        mouse::Target,
    },
    domain::{network::NetworkView, verdict::Conclusion},
    tui::theme::{Role, Theme},
};

/// Network, engine and account, in as many words as fit.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let fitting = (0..=5)
        .map(|terseness| line(model, canvas, terseness))
        .find(|line| line.width() <= usize::from(area.width))
        .unwrap_or_else(|| line(model, canvas, 6));
    canvas.line(area, &fitting);
}

fn line<'t>(model: &Model, canvas: &Canvas, terseness: u8) -> Line<'t> {
    let mut spans = vec![Span::raw(" ")];
    if terseness < 3 {
        spans.extend([canvas.span(Role::Title, "DaoChain"), Span::raw("  ")]);
    }
    spans.extend(network(model, canvas, terseness));
    let mut part = |piece: Option<Span<'t>>| {
        if let Some(piece) = piece {
            spans.extend([canvas.span(Role::Line, " │ "), piece]);
        }
    };
    part(Some(engine(model, canvas, terseness)));
    // Shown on the narrowest screen, too: whoever finds the terminal can sign.
    part(open_keys(model, canvas));
    if terseness < 5 {
        part(account(model, canvas, terseness));
    }
    Line::from(spans)
}

fn network<'t>(model: &Model, canvas: &Canvas, terseness: u8) -> Vec<Span<'t>> {
    let name = |network: &NetworkView| match (network.local, terseness) {
        (true, 0) => format!("{}, local to this machine", network.name),
        (true, _) => format!("{}·local", network.name),
        (false, _) => text::cut(&network.name, 20),
    };
    let head = |network: &NetworkView| {
        format!(" #{} {}", network.head.latest.number, coarse_age(model.now.since(network.head.latest.at)))
    };
    match &model.node {
        Node::Asking => vec![canvas.span(Role::Muted, "asking the node")],
        Node::Here(network) => {
            vec![canvas.span(Role::Plain, name(network)), canvas.span(Role::Muted, head(network))]
        }
        Node::Lost { last, since, problem } => {
            let age = coarse_age(model.now.since(*since));
            let lost = match problem.code {
                // It answers, and what it says is no use.
                "no-contract" => "no contract on this network".to_owned(),
                "foreign-contract" => "a foreign contract".to_owned(),
                _ if terseness < 2 => format!("node lost {age} ago, retrying"),
                _ => format!("node lost {age}"),
            };
            let last = last.as_ref().map(|network| canvas.span(Role::Stale, format!("{} ", name(network))));
            last.into_iter().chain([canvas.span(Role::Danger, lost)]).collect()
        }
    }
}

fn engine<'t>(model: &Model, canvas: &Canvas, terseness: u8) -> Span<'t> {
    let short = |name: &str| match terseness {
        0..=1 => text::cut(name, 30),
        _ => text::cut(name.split(' ').next().unwrap_or(name), 12),
    };
    match &model.engine {
        Engine::Asking => canvas.span(Role::Muted, "asking the engine"),
        Engine::Here(name) => canvas.span(Role::Plain, short(name)),
        Engine::Archives => canvas.span(Role::Plain, "archives only"),
        Engine::Lost { name: Some(name), since, .. } => {
            let age = coarse_age(model.now.since(*since));
            let retrying = if terseness < 2 { " ago, retrying" } else { "" };
            canvas.span(Role::Danger, format!("{} lost {age}{retrying}", short(name)))
        }
        Engine::Lost { name: None, .. } => canvas.span(Role::Danger, "no engine"),
    }
}

/// Accounts that need no passphrase now, and for how long the last of them.
fn open_keys<'t>(model: &Model, canvas: &Canvas) -> Option<Span<'t>> {
    let last = model.accounts.open.values().max()?;
    let count = model.accounts.open.len();
    let which = if count == 1 { String::new() } else { format!("{count} ") };
    Some(canvas.span(Role::Warning, format!("{which}UNLOCKED {}", countdown(last.since(model.now)))))
}

/// Minutes and seconds.
pub(super) fn countdown(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn account<'t>(model: &Model, canvas: &Canvas, terseness: u8) -> Option<Span<'t>> {
    let Some(account) = model.accounts.default_account() else {
        let known = model.accounts.list.is_some();
        let many = !model.accounts.all().is_empty();
        let text = if many { "no default account" } else { "no account" };
        return known.then(|| canvas.span(Role::Muted, text));
    };
    let balance = account.balance.map(|balance| format!(" {} ETH", balance.ether(if terseness < 2 { 4 } else { 2 })));
    let balance = balance.filter(|_| terseness < 4).unwrap_or_default();
    Some(canvas.span(Role::Plain, format!("{}{balance}", account.address.short())))
}

/// Panes at the left, how many images have which verdict at the right.
pub(super) fn draw_panes(model: &Model, canvas: &mut Canvas, area: Area) {
    let counts = counts(model, canvas);
    let room = usize::from(area.width).saturating_sub(counts.width() + 2);
    let levels =
        [Titles::Counted, Titles::Plain, Titles::Tight, Titles::Open].map(|titles| panes(model, canvas, titles));
    let panes = levels.into_iter().find(|line| line.width() <= room);
    if let Some(panes) = panes {
        canvas.line(area, &panes);
        // Three pieces each: a blank, the key, the title.
        let mut x = area.x;
        for (pieces, (pane, ..)) in panes.spans.chunks(3).zip(action::panes()) {
            let width = u16::try_from(pieces.iter().map(Span::width).sum::<usize>()).unwrap_or_default();
            canvas.spot(Area { x, width, ..area }, Target::Pane(pane));
            x += width;
        }
    }
    let taken = u16::try_from(counts.width() + 1).unwrap_or(u16::MAX).min(area.width);
    canvas.line(Area { x: area.x + area.width - taken, width: taken, ..area }, &counts);
}

/// How much the line of panes tells, as far as there is room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Titles {
    /// Every title, and how much there is of it.
    Counted,
    /// Every title.
    Plain,
    /// Every title, closer together.
    Tight,
    /// The title of the pane that is open.
    Open,
}

fn panes<'t>(model: &Model, canvas: &Canvas, titles: Titles) -> Line<'t> {
    let mut spans = Vec::new();
    for (pane, key, title) in action::panes() {
        let open = pane == model.pane;
        let count = match pane {
            Pane::Images if !model.listed => String::new(),
            Pane::Images if !model.filter.input.value().is_empty() => {
                // What is looked for stands above the list.
                format!(" {}/{}", model.rows.shown(), model.rows.all().len())
            }
            Pane::Images => format!(" {}", model.rows.all().len()),
            Pane::Accounts => {
                model.accounts.list.as_ref().map_or(String::new(), |list| format!(" {}", list.accounts.len()))
            }
            Pane::Trust => model.trust.count().map_or(String::new(), |count| format!(" {count}")),
            Pane::Activity if model.tasks.is_busy() => {
                format!(" {}", model.tasks.running().len() + model.tasks.waiting())
            }
            Pane::Market | Pane::Node | Pane::Activity => String::new(),
        };
        let role = if open { Role::Selected } else { Role::Plain };
        let title = match titles {
            Titles::Counted => format!(" {title}{count} "),
            _ if open || titles == Titles::Plain => format!(" {title} "),
            Titles::Tight | Titles::Plain => format!(" {title}"),
            Titles::Open => " ".to_owned(),
        };
        spans.extend([Span::raw(" "), canvas.span(Role::Key, key.to_string()), canvas.span(role, title)]);
    }
    Line::from(spans)
}

/// How many images have which verdict.
pub(super) fn counts<'t>(model: &Model, canvas: &Canvas) -> Line<'t> {
    let counts = model.rows.counts();
    let mut spans = Vec::new();
    for conclusion in Conclusion::BY_GRAVITY {
        let number = counts.of(conclusion);
        if number > 0 {
            // Whether a verified row was measured is the row's to say; the count is of both.
            let glyph = canvas.theme.glyph(conclusion, true);
            spans.push(canvas.span(Theme::role(conclusion, true), format!("{glyph}{number} ")));
        }
    }
    if counts.waiting > 0 {
        spans.push(canvas.span(Role::Muted, format!("checking {} ", counts.waiting)));
    }
    Line::from(spans)
}
