//! ```text
//!    AS         PATTERN                         WHO
//! ▌ publisher  docker.io/acme/*                acme 0x7F3c…9A21
//!   observer   docker.io/acme/*                0x91c2…0b11
//!   DENIED     docker.io/acme/legacy:1         abandoned
//!   demand     **                              final blocks
//! ────
//!  pattern    docker.io/acme/*
//!  decides    acme/api:2, acme/web:1 of the images here
//! ```

use ratatui::text::{Line, Span};

use super::{
    Canvas,
    facts::{Facts, explained},
    text,
};
use crate::{
    app::{Model, action::spoken::in_keys, layout::Area, msg::Problem, trust::Entry},
    domain::{
        Timestamp,
        network::Finality,
        text::clean,
        trust::{Demand, Rule, Successions, TrustPolicy},
        when,
    },
    tui::theme::Role,
};

const KIND: usize = 9;
const WHO: usize = 30;
/// Images that are named of those an entry decides about.
const NAMED: usize = 12;

/// The entries, the most specific first.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width);
    if model.trust.entries().is_empty() {
        let lines = empty(model, canvas, width);
        return canvas.lines(area, &lines);
    }
    let pattern = width.saturating_sub(3 + KIND + 2 + WHO + 2).max(12);
    let head = format!("   {}  {}  WHO", text::left("AS", KIND), text::left("PATTERN", pattern));
    let mut lines = vec![Line::from(canvas.span(Role::Title, head))];
    let cursor = model.trust.cursor();
    let problem = model.trust.problem.as_ref().map(Problem::sentence);
    let told: Vec<_> = problem.iter().flat_map(|problem| text::wrap(problem, width.saturating_sub(4))).collect();
    let room = usize::from(area.height).saturating_sub(1 + told.len()).max(1);
    let top = cursor.saturating_sub(room - 1);
    canvas.rows(area, lines.len(), top, room.min(model.trust.entries().len() - top));
    for (at, entry) in model.trust.entries().iter().enumerate().skip(top).take(room) {
        lines.push(line(model, canvas, entry, at == cursor, pattern));
    }
    lines.extend(told.into_iter().map(|part| Line::from(canvas.span(Role::Danger, format!("   {part}")))));
    canvas.lines(area, &lines);
}

fn line<'t>(model: &Model, canvas: &Canvas, entry: &Entry, selected: bool, pattern: usize) -> Line<'t> {
    let here = model.network().map(|network| network.name.as_str());
    let is_here = entry.network().is_none_or(|network| here.is_none_or(|here| here == network));
    let (plain, kind) = match entry {
        _ if !is_here => (Role::Muted, Role::Muted),
        Entry::Denial(_) => (Role::Plain, Role::Danger),
        Entry::Rule(_) | Entry::Demand(_) => (Role::Plain, Role::Plain),
    };
    let role = if selected { Role::Selected } else { plain };
    let who = match entry {
        Entry::Rule(rule) => who(rule),
        Entry::Denial(denial) => denial.note.clone().unwrap_or_default(),
        Entry::Demand(demand) => demanded(demand),
    };
    let elsewhere = entry.network().filter(|_| !is_here).map_or_else(String::new, |name| format!("on {name} · "));
    Line::from(vec![
        if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") },
        canvas.span(kind, format!("  {}", text::left(entry.word(), KIND))),
        canvas.span(role, format!("  {}", text::left(&entry.pattern().to_string(), pattern))),
        canvas.span(plain, format!("  {}", text::cut(&clean(&format!("{elsewhere}{who}")), WHO))),
    ])
}

fn who(rule: &Rule) -> String {
    let name = rule.name.as_deref().map_or_else(String::new, |name| format!("{} ", text::cut(&clean(name), 16)));
    format!("{name}{}", rule.publisher.short())
}

/// What a demand demands, in few words.
fn demanded(demand: &Demand) -> String {
    let parts = [
        demand.require.map(|require| format!("{require} must agree")),
        demand.finality.map(|finality| format!("{} blocks", finality.word())),
        demand.successions.map(|successions| match successions {
            Successions::Ask => "successors told".to_owned(),
            Successions::Never => "no successors".to_owned(),
            Successions::Always => "successors followed".to_owned(),
        }),
        demand.max_age.map(|age| format!("seen within {}", when::span_text(age))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn empty<'t>(model: &Model, canvas: &Canvas, width: usize) -> Vec<Line<'t>> {
    let (role, words) = match (&model.trust.problem, &model.trust.policy) {
        (Some(problem), _) => (Role::Danger, problem.sentence()),
        (None, None) => (Role::Muted, "reading the trust policy".to_owned()),
        (None, Some(_)) => (
            Role::Plain,
            "Nobody is trusted yet, so no image is verified. `a` says whose word counts for which image names; the market (`2`) shows who has published what."
                .to_owned(),
        ),
    };
    explained(canvas, role, &in_keys(model, &words), width)
}

/// Everything about the selected entry, from the row on that was scrolled to.
pub(super) fn draw_facts(model: &Model, canvas: &mut Canvas, area: Area) {
    let Some(entry) = model.trust.selected().filter(|_| area.height > 0) else { return };
    let mut facts = Facts::within(model, canvas, area);
    facts.of_entry(entry);
    facts.images(entry);
    let lines = facts.lines;
    canvas.scrolled(area, (model.trust.top, "PgDn"), &lines);
}

impl Facts<'_, '_> {
    fn known(&mut self, label: &str, words: Option<&str>) {
        if let Some(words) = words {
            self.push(label, Role::Plain, &clean(words));
        }
    }

    fn of_entry(&mut self, entry: &Entry) {
        self.push("pattern", Role::Plain, &entry.pattern().to_string());
        let since = |since: Option<Timestamp>| since.map(|since| since.to_string());
        match entry {
            Entry::Rule(rule) => {
                self.push(rule.role.word(), Role::Plain, &rule.publisher.to_string());
                self.known("name", rule.name.as_deref());
                self.known("since", since(rule.since).as_deref());
                self.known("note", rule.note.as_deref());
            }
            Entry::Denial(denial) => {
                self.push("denied", Role::Danger, "nobody's word makes these images good");
                self.known("since", since(denial.since).as_deref());
                self.known("note", denial.note.as_deref());
            }
            Entry::Demand(demand) => {
                let require = demand.require.map(|require| require.to_string());
                self.known("require", require.as_deref());
                self.known("block", demand.finality.map(Finality::word));
                self.known("successors", demand.successions.map(Successions::word));
                self.known("max. age", demand.max_age.map(when::span_text).as_deref());
            }
        }
        self.push("on", Role::Plain, entry.network().unwrap_or("every network"));
    }

    /// Which of the images here it decides about, and what decides about the others that it covers.
    fn images(&mut self, entry: &Entry) {
        let Some(policy) = self.policy() else { return };
        let names = self.model.rows.all().iter().filter_map(|row| row.key.reference.as_ref());
        let covered: Vec<_> = names.filter(|name| entry.pattern().matches(name)).collect();
        let (decided, others): (Vec<_>, Vec<_>) = covered.into_iter().partition(|name| entry.decides(&policy, name));
        let words = match decided.as_slice() {
            [] => "about no image here".to_owned(),
            some => {
                let names: Vec<_> = some.iter().take(NAMED).map(|name| name.familiar()).collect();
                let more = some.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("about {}{more}", names.join(", "))
            }
        };
        self.push("decides", Role::Plain, &words);
        for name in others.iter().take(NAMED) {
            let words = policy.explain(name);
            self.push("not about", Role::Muted, &words);
        }
    }

    /// The part of the policy that holds on the network that is shown.
    fn policy(&self) -> Option<TrustPolicy> {
        let policy = self.model.trust.policy.as_ref()?;
        Some(self.model.network().map_or_else(|| policy.clone(), |network| policy.on(&network.name)))
    }
}
