//! ```text
//!  4 of 100000 published · /acme · by 0x7F3c…9A21
//!    NAME                              VERSION   AGE  VERDICT       PUBLISHER
//! ▌✓ acme/api:2                             v7    3d  verified      acme 0x7F3c…9A21
//!  ? tools/x:2                              v1    1d  untrusted     0x91c2…0b11
//! ```

use ratatui::text::{Line, Span};

use super::{
    Canvas,
    detail::{event_role, event_words, sentence},
    facts::{Facts, explained},
    text,
};
use crate::{
    app::{
        Model,
        action::spoken::in_keys,
        clock::{coarse_age, image_age},
        layout::Area,
        market::{Pull, View, Ware},
    },
    domain::{
        Address, Reference,
        digest::DigestKind,
        discovery::Candidate,
        image::Evidence,
        market::Order,
        text::clean,
        verdict::{Conclusion, Verdict},
    },
    tui::theme::{Role, Theme},
};

const VERSION: usize = 8;
const AGE: usize = 5;
const VERDICT: usize = 13;
/// Events of the history that are told.
const EVENTS: usize = 50;

/// The columns that fit.
struct Columns {
    name: usize,
    publisher: usize,
}

impl Columns {
    fn fitting(width: usize, glyph: usize) -> Self {
        let publisher = match width {
            ..66 => 0,
            66..76 => 11,
            76..110 => 13,
            _ => 24,
        };
        let others = 2 + glyph + 2 + VERSION + 2 + AGE + 2 + VERDICT + if publisher > 0 { publisher + 2 } else { 0 };
        Self { name: width.saturating_sub(others + 1), publisher }
    }
}

/// The list, or why there is none.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width);
    let mut lines =
        vec![Line::from(canvas.span(Role::Muted, format!(" {}", text::cut(&summary(model), width.saturating_sub(2)))))];
    lines.extend(trouble(model, canvas, width));
    if model.market.shown() == 0 {
        lines.extend(empty(model, canvas, width));
        return canvas.lines(area, &lines);
    }
    let columns = Columns::fitting(width, usize::from(canvas.theme.glyph_width()));
    lines.push(head(model, canvas, &columns));
    let room = usize::from(area.height).saturating_sub(lines.len()).max(1);
    let cursor = model.market.cursor();
    let top = cursor.saturating_sub(room / 2).min(model.market.shown().saturating_sub(room));
    canvas.rows(area, lines.len(), top, model.market.shown() - top);
    for position in (top..model.market.shown()).take(room) {
        lines.push(match model.market.at(position) {
            Some(ware) => row(model, canvas, &columns, ware, position == cursor),
            None => Line::from(canvas.span(Role::Muted, "   …")),
        });
    }
    canvas.lines(area, &lines);
}

/// How much there is of what, on one line.
fn summary(model: &Model) -> String {
    let market = &model.market;
    // A number that could not be read is none.
    let is_known = market.problem.is_none() || market.shown() > 0;
    let count = market.total.map_or_else(|| "…".to_owned(), |total| total.to_string());
    let mut parts = match market.view {
        _ if !is_known => Vec::new(),
        View::Published => vec![format!("{count} published")],
        View::Own => {
            vec![format!("{count} {} in my namespaces' registries", if count == "1" { "image" } else { "images" })]
        }
    };
    if market.view == View::Published {
        let typed = clean(market.input.value().trim());
        parts.extend((!typed.is_empty()).then(|| format!("/{}", text::cut(&typed, 30))));
        parts.extend(market.publisher.map(|publisher| format!("by {}", publisher.short())));
        parts.extend(market.namespace.as_ref().map(|namespace| format!("below {}", text::cut(namespace.as_str(), 30))));
        parts.extend(market.age.days().map(|days| format!("within {days} d")));
        parts.extend(market.read_to.map(|block| format!("read to block {block}")));
    }
    if market.is_looking() {
        parts.push("looking".to_owned());
    }
    parts.join(" · ")
}

/// A pull that goes on, and what could not be read.
fn trouble<'t>(model: &Model, canvas: &Canvas, width: usize) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    if let Some(pull) = &model.market.pull {
        lines.push(Line::from(
            canvas.span(Role::Busy, format!(" {}", text::cut(&pulling(pull), width.saturating_sub(2)))),
        ));
    }
    if let Some(problem) = model.market.problem.as_ref().filter(|_| model.market.shown() > 0) {
        let parts = text::wrap(&in_keys(model, &problem.sentence()), width.saturating_sub(2));
        lines.extend(parts.into_iter().map(|part| Line::from(canvas.span(Role::Warning, format!(" {part}")))));
    }
    lines
}

/// How far a pull has come.
pub(super) fn pulling(pull: &Pull) -> String {
    let name = pull.wish.reference.familiar();
    if pull.measuring {
        return format!("hashing {name}, which has no name here yet");
    }
    let (through, layers) = pull.layers;
    if layers == 0 {
        return format!("pulling {name}: judging what its registry has");
    }
    let (done, total) = pull.bytes;
    match total {
        Some(total) => {
            format!("pulling {name}: {} of {}, {through} of {layers} layers", text::size(done), text::size(total))
        }
        None => format!("pulling {name}: {through} of {layers} layers"),
    }
}

fn head<'t>(model: &Model, canvas: &Canvas, columns: &Columns) -> Line<'t> {
    let is_own = model.market.view == View::Own;
    let mark = |title: &str, sorted: bool| if sorted && !is_own { format!("{title} ▼") } else { title.to_owned() };
    let (by_name, by_age) = (model.market.order == Order::Name, model.market.order == Order::Newest);
    let (second, third) = if is_own { ("SIZE", "") } else { ("VERSION", "AGE") };
    let mut line = format!(
        "{}{}  {}  {}  {}",
        " ".repeat(2 + usize::from(canvas.theme.glyph_width())),
        text::left(&mark("NAME", by_name), columns.name),
        text::right(second, VERSION),
        text::right(&mark(third, by_age), AGE),
        text::left("VERDICT", VERDICT),
    );
    if columns.publisher > 0 {
        line += "  ";
        line += &text::left(if is_own { "PLATFORM" } else { "PUBLISHER" }, columns.publisher);
    }
    Line::from(canvas.span(Role::Muted, line))
}

fn row<'t>(model: &Model, canvas: &Canvas, columns: &Columns, ware: &Ware, selected: bool) -> Line<'t> {
    let is_pulled = model.market.pull.as_ref().is_some_and(|pull| pull.wish.reference == ware.reference);
    let (glyph, role, words) = match &ware.verdict {
        _ if is_pulled => ("…", Role::Busy, "pulling".to_owned()),
        Some(verdict) => {
            (canvas.theme.glyph(verdict.conclusion, false), Theme::role(verdict.conclusion, false), told(verdict))
        }
        None => (" ", Role::Muted, "checking".to_owned()),
    };
    let (second, third, last) = match model.market.view {
        View::Published => (
            format!("v{}", ware.version),
            ware.at.map_or_else(String::new, |at| image_age(model.now.since(at))),
            ware.publisher.map_or_else(String::new, |publisher| called(model, publisher)),
        ),
        View::Own => (
            ware.bytes.map_or_else(|| "–".to_owned(), text::size),
            String::new(),
            ware.platform.clone().unwrap_or_else(|| "–".to_owned()),
        ),
    };
    let mut spans = vec![
        if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") },
        canvas.span(role, text::left(glyph, usize::from(canvas.theme.glyph_width()))),
        Span::raw(" "),
        canvas.span(
            if selected { Role::Selected } else { Role::Plain },
            text::left(&text::middle(ware.reference.familiar(), columns.name), columns.name),
        ),
        canvas.span(Role::Muted, format!("  {}  {}", text::right(&second, VERSION), text::right(&third, AGE))),
        canvas.span(role, format!("  {}", text::left(&words, VERDICT))),
    ];
    if columns.publisher > 0 {
        spans.push(canvas.span(Role::Muted, format!("  {}", text::left(&last, columns.publisher))));
    }
    Line::from(spans)
}

/// What the policy calls a publisher; its address where it calls it nothing.
fn called(model: &Model, publisher: Address) -> String {
    let name = model.trust.policy.as_ref().and_then(|policy| policy.name_of(publisher));
    name.map_or_else(|| publisher.short(), clean)
}

/// The verdict in a word or two: capitals for what must not be overlooked.
fn told(verdict: &Verdict) -> String {
    match verdict.conclusion {
        Conclusion::Verified => verdict.observed_words().unwrap_or_else(|| "verified".to_owned()),
        other => other.shown().to_owned(),
    }
}

fn empty<'t>(model: &Model, canvas: &Canvas, width: usize) -> Vec<Line<'t>> {
    let market = &model.market;
    let (role, words) = match &market.problem {
        Some(problem) => (Role::Danger, problem.sentence()),
        None if market.is_looking() || market.total.is_none() => (Role::Muted, "looking".to_owned()),
        None if market.view == View::Own => {
            (Role::Plain, "Its namespaces have no image. `w` shows what is published.".to_owned())
        }
        None if market.is_narrowed() => {
            (Role::Plain, "Nothing of what is published is like that. Esc shows everything again.".to_owned())
        }
        None => (
            Role::Plain,
            "Nothing is published on this network yet. `p` in the images pane (`1`) publishes.".to_owned(),
        ),
    };
    explained(canvas, role, &in_keys(model, &words), width)
}

/// Everything about the selected row.
pub(super) fn draw_detail(model: &Model, canvas: &mut Canvas, area: Area) {
    let Some(ware) = model.market.selected().filter(|_| area.height > 0) else { return };
    let mut facts = Facts::within(model, canvas, area);
    facts.verdict(ware);
    facts.of_ware(ware);
    facts.history();
    let lines = facts.lines;
    let (top, key) = if model.wide { (model.detail_top, "PgDn") } else { (0, "Enter") };
    canvas.scrolled(area, (top, key), &lines);
}

impl Facts<'_, '_> {
    fn verdict(&mut self, ware: &Ware) {
        let Some(verdict) = &ware.verdict else { return };
        let role = Theme::role(verdict.conclusion, false);
        let glyph = self.canvas.theme.glyph(verdict.conclusion, false);
        let parts = text::wrap(&sentence(&verdict.reason), self.width.saturating_sub(2));
        for (at, part) in parts.into_iter().enumerate() {
            let sign = if at == 0 { format!("{glyph} ") } else { "  ".to_owned() };
            self.lines.push(Line::from(vec![self.canvas.span(role, sign), self.canvas.span(role, part)]));
        }
    }

    fn of_ware(&mut self, ware: &Ware) {
        if let Some((_, cause)) = self.model.market.failed.as_ref().filter(|(name, _)| *name == ware.reference) {
            self.push("last pull", Role::Danger, &in_keys(self.model, cause));
        }
        self.push("name", Role::Plain, ware.reference.as_str());
        if let Some(publisher) = ware.publisher {
            let policy = self.model.trust.policy.as_ref();
            let name = policy.and_then(|policy| policy.name_of(publisher));
            let name = name.map_or_else(String::new, |name| format!("  {}", clean(name)));
            self.push("publisher", Role::Plain, &format!("{publisher}{name}"));
            self.vouched(&ware.reference, publisher);
            self.observed(&ware.reference, publisher);
        }
        match &ware.evidence {
            Evidence::Corrupt { problem, .. } => self.push("at registry", Role::Danger, problem),
            Evidence::Unreadable { cause } => self.push("at registry", Role::Danger, cause),
            Evidence::Known { digests, .. } => {
                for kinded in digests.iter().filter(|kinded| kinded.kind != DigestKind::ChainId) {
                    self.push(kinded.kind.word(), Role::Plain, &kinded.digest.to_string());
                }
            }
        }
        let ago = |at| coarse_age(self.model.now.since(at));
        let released = ware
            .first_at
            .zip(ware.at)
            .map(|(first, last)| format!("version {}, {} ago; the first {} ago", ware.version, ago(last), ago(first)));
        if let Some(released) = released {
            self.push("released", Role::Plain, &released);
        }
        let stored = [ware.platform.clone(), ware.bytes.map(text::size)];
        let stored = stored.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        if !stored.is_empty() {
            self.push("stored", Role::Muted, &stored);
        }
    }

    /// Whether a namespace above the name vouches for its publisher: told in full alone, since a registry is asked.
    fn vouched(&mut self, reference: &Reference, publisher: Address) {
        let known = self.model.market.vouching.as_ref().filter(|(of, _)| of == reference);
        let Some((_, vouching)) = known.filter(|_| self.model.wide) else { return };
        let (role, words) = match vouching {
            None => (Role::Muted, "asking the namespace".to_owned()),
            Some(vouching) => match (vouching.of(publisher), vouching.unknown()) {
                (Some((namespace, voucher)), _) => {
                    (Role::Good, format!("{namespace} vouches for it, until {}", voucher.until))
                }
                (None, Some((namespace, cause))) => (Role::Stale, format!("{namespace} could not be asked: {cause}")),
                (None, None) => (Role::Warning, "no namespace above the name vouches for it".to_owned()),
            },
        };
        self.push("namespace", role, &clean(&words));
    }

    /// What the policy's observers saw of its newest release.
    fn observed(&mut self, reference: &Reference, publisher: Address) {
        let (Some(policy), Some(Ok(events))) = (&self.model.trust.policy, &self.model.history.result) else { return };
        let candidates = Candidate::of(events);
        let Some(own) = candidates.iter().find(|one| one.publisher == publisher) else { return };
        let (same, other) = own.observed(&candidates, policy, reference);
        if same + other > 0 {
            self.push("observers", Role::Plain, &format!("{same} of {} saw what it released", same + other));
        }
    }

    fn history(&mut self) {
        match &self.model.history.result {
            None => self.push("history", Role::Muted, "reading"),
            Some(Err(problem)) => self.push("history", Role::Stale, &in_keys(self.model, &problem.sentence())),
            Some(Ok(events)) => {
                for (at, event) in events.iter().rev().take(EVENTS).enumerate() {
                    let label = if at == 0 { "history" } else { "" };
                    self.push(label, event_role(event), &event_words(event, self.model));
                }
            }
        }
    }
}
