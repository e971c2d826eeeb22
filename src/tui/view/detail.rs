//! The selected image: why its verdict is what it is.
//!
//! ```text
//! ✘ acme/api:latest is not an image that acme released.
//! here     sha256:9f2c61d0…                       whole wherever it fits
//!          measured 10s ago · linux/amd64
//! released sha256:51aa07be…
//!          v7 · block 1180 · 24 confirmations, final
//! by       acme 0x7F3c…9A21 · rule docker.io/acme/*
//! history  v7 ← v6 ← v5 revoked
//! ```
//!
//! Beside the list the same lines come with everything else that is known; over the whole body stands `why.rs`.

use ratatui::text::{Line, Span};

use super::{Canvas, images::was, text};
use crate::{
    app::{Model, action::spoken::in_keys, clock::coarse_age, layout::Area, rows::Row},
    domain::{
        Digest,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, Source},
        record::{HistoryEvent, HistoryKind},
        verdict::{Conclusion, Verdict},
    },
    tui::theme::{Role, Theme},
};

/// Columns of a label and the gap behind it; `released` is the longest, and 9 + 71 of a digest are 80.
const LABEL: usize = 9;
const DIGEST: usize = 71;
/// Lines that the reason has at least.
const REASON: usize = 2;

/// The detail, in as many words as its region has room for.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let margin = u16::from(usize::from(area.width) != LABEL + DIGEST && area.width > 20);
    let inner = Area { x: area.x + margin, width: area.width - margin, ..area };
    let Some(row) = model.rows.selected() else { return };
    let full = inner.height > 12;
    let lines = Writer {
        model,
        row,
        canvas,
        width: usize::from(inner.width),
        height: usize::from(inner.height),
        full,
        lines: Vec::new(),
    }
    .write();
    canvas.lines(inner, &lines);
}

struct Writer<'a, 'c> {
    model: &'a Model,
    row: &'a Row,
    canvas: &'a Canvas<'c>,
    width: usize,
    height: usize,
    full: bool,
    lines: Vec<Line<'static>>,
}

impl Writer<'_, '_> {
    fn write(mut self) -> Vec<Line<'static>> {
        if self.full {
            self.name();
        }
        let above = self.lines.len();
        self.gap();
        self.here();
        self.gap();
        self.released();
        self.gap();
        self.publisher();
        self.observers();
        self.gap();
        self.history();
        // Where room is short, the reason has what the rest leaves.
        let room = if self.full { usize::MAX } else { self.height.saturating_sub(self.lines.len()) };
        let reason = self.reason(room.max(REASON));
        self.lines.splice(above..above, reason);
        self.lines
    }

    fn gap(&mut self) {
        if self.full {
            self.lines.push(Line::default());
        }
    }

    fn name(&mut self) {
        let name = match &self.row.key.reference {
            Some(reference) => reference.to_string(),
            None => self.row.label(),
        };
        for part in text::wrap(&name, self.width) {
            self.lines.push(Line::from(self.canvas.span(Role::Title, part)));
        }
    }

    /// A labelled text; further lines stand below its beginning.
    fn labelled(&mut self, label: &str, role: Role, words: &str) {
        let room = self.width.saturating_sub(LABEL).max(8);
        let wrapped = if self.full { text::wrap(words, room) } else { vec![text::cut(words, room)] };
        self.parts(label, role, wrapped);
    }

    /// A labelled sentence, in as many lines as it needs but at most `limit` where room is short.
    fn prose(&mut self, label: &str, role: Role, words: &str, limit: usize) {
        let limit = if self.full { usize::MAX } else { limit };
        self.parts(label, role, text::wrap_within(words, self.width.saturating_sub(LABEL).max(8), limit));
    }

    fn parts(&mut self, label: &str, role: Role, parts: impl IntoIterator<Item = String>) {
        for (at, part) in parts.into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.push(label, self.canvas.span(role, part));
        }
    }

    fn push(&mut self, label: &str, span: Span<'static>) {
        let label = self.canvas.span(Role::Muted, text::left(label, LABEL));
        self.lines.push(Line::from(vec![label, span]));
    }

    /// A digest: whole behind its label, whole in two halves, or short where there is no room for either.
    fn digest(&mut self, label: &str, role: Role, digest: Digest) {
        let whole = digest.to_string();
        let room = self.width.saturating_sub(LABEL);
        if room >= DIGEST {
            self.push(label, self.canvas.span(role, whole));
        } else if self.full && room >= 39 {
            let (first, second) = whole.split_at(39);
            self.push(label, self.canvas.span(role, first.to_owned()));
            self.push("", self.canvas.span(role, format!("       {second}")));
        } else {
            self.push(label, self.canvas.span(role, digest.short()));
        }
    }

    /// Why the verdict is what it is, in at most `limit` lines.
    fn reason(&self, limit: usize) -> Vec<Line<'static>> {
        let verdict = self.row.verdict.as_ref();
        let measured = verdict.is_some_and(|verdict| verdict.evidence.is_measured());
        let (glyph, role, mut reason) = match verdict {
            Some(verdict) => (
                self.canvas.theme.glyph(verdict.conclusion, measured),
                Theme::role(verdict.conclusion, measured),
                sentence(&in_keys(self.model, &verdict.reason)),
            ),
            None if self.row.key.reference.is_some() => {
                (" ", Role::Muted, "Its verdict is being asked for.".to_owned())
            }
            None => (" ", Role::Muted, nameless(self.row).to_owned()),
        };
        if let (Some(Conclusion::Undecided), Some((last, at))) = (self.row.conclusion(), self.row.last) {
            let cause = verdict.map_or("", |verdict| verdict.reason.as_str());
            reason = sentence(&in_keys(self.model, &format!("{} ago; {cause}", was(last, at, self.model.now))));
        }
        let indent = text::width(glyph) + 1;
        let parts = text::wrap_within(&reason, self.width.saturating_sub(indent), limit).into_iter().enumerate();
        let line = |(at, part)| {
            let sign = if at == 0 { format!("{glyph} ") } else { " ".repeat(indent) };
            Line::from(vec![self.canvas.span(role, sign), self.canvas.span(role, part)])
        };
        parts.map(line).collect()
    }

    fn here(&mut self) {
        let image = &self.row.image;
        match &image.evidence {
            Evidence::Known { digests, .. } if self.full => {
                let identifying = digests.iter().filter(|kinded| kinded.kind != DigestKind::ChainId);
                for (at, kinded) in identifying.enumerate() {
                    let label = if at == 0 { "here" } else { kinded.kind.word() };
                    self.digest(label, Role::Plain, kinded.digest);
                }
            }
            Evidence::Known { .. } | Evidence::Corrupt { .. } => {
                if let Some(digest) = image.evidence.config_digest() {
                    self.digest("here", Role::Plain, digest);
                } else {
                    let words = in_keys(self.model, "its configuration is not known yet; `v` measures it");
                    self.labelled("here", Role::Muted, &words);
                }
            }
            Evidence::Unreadable { cause } => self.prose("here", Role::Danger, cause, 3),
        }
        if let (Evidence::Corrupt { problem, .. }, true) = (&image.evidence, self.full) {
            self.labelled("", Role::Danger, problem);
        }
        let level = match (image.evidence.level(), self.row.measured_at) {
            (EvidenceLevel::Measured, Some(at)) => format!("measured {} ago", coarse_age(self.model.now.since(at))),
            (EvidenceLevel::Measured, None) => "measured".to_owned(),
            (EvidenceLevel::Identified, _) => "configuration hashed, layers not yet measured".to_owned(),
            (EvidenceLevel::Claimed, _) if self.row.unreadable().is_some() => "not measured".to_owned(),
            (EvidenceLevel::Claimed, _) => "claimed, not measured".to_owned(),
        };
        let mut facts = vec![level];
        facts.extend(image.platform.clone());
        if self.full {
            facts.extend((image.size > 0).then(|| text::size(image.size)));
            facts.extend(image.created.map(|created| format!("built {created}")));
        }
        facts.push(match &image.id.source {
            Source::Engine => image.engine.clone(),
            Source::Archive(path) => crate::domain::text::clean(&path.to_string_lossy()),
        });
        self.labelled("", Role::Muted, &facts.join(" · "));
    }

    fn released(&mut self) {
        let Some(verdict) = &self.row.verdict else { return };
        let own = self.row.image.evidence.digests();
        let others: Vec<Digest> = verdict
            .expected
            .iter()
            .copied()
            .filter(|digest| own.iter().all(|kinded| kinded.digest != *digest))
            .collect();
        let shown = match (verdict.conclusion, self.full) {
            (Conclusion::Verified, _) => 0,
            (_, false) => 1,
            (_, true) => 8,
        };
        let mut label = "released";
        for digest in others.into_iter().take(shown) {
            self.digest(label, Role::Plain, digest);
            label = "";
        }
        let facts = release_facts(self.model, verdict);
        if !facts.is_empty() {
            self.labelled(label, Role::Muted, &facts.join(" · "));
        }
        if let (Some(revoked), true) = (&verdict.revoked, self.full) {
            let why = revoked.reason.as_deref().unwrap_or("no reason is known");
            self.labelled("revoked", Role::Danger, &format!("{}: {why}", revoked.at));
        }
    }

    fn publisher(&mut self) {
        let Some((verdict, publisher)) =
            self.row.verdict.as_ref().and_then(|verdict| Some((verdict, verdict.publisher?)))
        else {
            return;
        };
        let rule = verdict.rule.as_deref().map_or_else(String::new, |rule| format!(" · rule {rule}"));
        let name = verdict.publisher_name.as_deref().map_or_else(String::new, |name| format!("{name} "));
        let whole = format!("{name}{publisher}{rule}");
        let fits = text::width(&whole) + LABEL <= self.width;
        if self.full || fits {
            self.labelled("by", Role::Plain, &whole);
        } else {
            self.labelled("by", Role::Plain, &format!("{name}{}{rule}", publisher.short()));
        }
    }

    /// Who saw this image, and who another. A publisher's row has room for them beside the list only.
    fn observers(&mut self) {
        let Some(verdict) = &self.row.verdict else { return };
        let Some(observed) = verdict.observed.as_ref().filter(|_| self.full || verdict.publisher.is_none()) else {
            return;
        };
        let own = verdict.rule.as_deref().filter(|_| verdict.publisher.is_none());
        let rule = own.map_or_else(String::new, |rule| format!(" · rule {rule}"));
        let (agree, of) = (observed.agreeing.len(), observed.of);
        self.labelled("seen", Role::Plain, &format!("by {agree} of {of} observers{rule}"));
        let parts = [
            ("saw this", Role::Plain, &observed.agreeing),
            ("saw another", Role::Danger, &observed.dissenting),
            ("too old", Role::Muted, &observed.stale),
        ];
        let named = parts.into_iter().flat_map(|(words, role, who)| who.iter().map(move |one| (words, role, one)));
        for (words, role, one) in named.take(if self.full { usize::MAX } else { 0 }) {
            self.labelled("", role, &format!("{one} {words}"));
        }
    }

    fn history(&mut self) {
        if self.row.key.reference.is_none() {
            return;
        }
        match &self.model.history.result {
            None => self.labelled("history", Role::Muted, "reading"),
            Some(Err(problem)) => self.labelled("history", Role::Stale, &format!("not read: {}", problem.message)),
            Some(Ok(events)) if events.is_empty() => {
                self.labelled("history", Role::Muted, "nothing was ever published");
            }
            Some(Ok(events)) if self.full => {
                for (at, event) in events.iter().rev().enumerate() {
                    let label = if at == 0 { "history" } else { "" };
                    let words = event_words(event, self.model);
                    self.labelled(label, event_role(event), &words);
                }
            }
            Some(Ok(events)) => {
                let brief: Vec<String> = events.iter().rev().map(event_brief).collect();
                self.labelled("history", Role::Plain, &brief.join(" ← "));
            }
        }
    }
}

fn nameless(row: &Row) -> &'static str {
    match row.key.image.source {
        Source::Engine => "It has no name, so nobody can have published it; `docker tag` gives it one.",
        Source::Archive(_) if row.is_measured() => {
            "The archive gives the image no name, so nobody can have published it."
        }
        Source::Archive(_) if row.unreadable().is_some() => "No image can be told of this archive.",
        Source::Archive(_) => "The archive is not read yet.",
    }
}

fn release_facts(model: &Model, verdict: &Verdict) -> Vec<String> {
    let mut facts = Vec::new();
    match (verdict.version, verdict.current_version) {
        (Some(own), Some(current)) if own != current => facts.push(format!("v{own}, current is v{current}")),
        (Some(version), _) | (None, Some(version)) => facts.push(format!("v{version}")),
        (None, None) => {}
    }
    facts.extend(verdict.block.map(|block| format!("block {block}")));
    if let Some(confirmations) = verdict.confirmations {
        let finality = verdict.finality.map_or_else(String::new, |finality| format!(", {}", finality.word()));
        facts.push(format!("{}{finality}", crate::domain::text::count(confirmations, "confirmation")));
    }
    facts.extend(verdict.published_at.map(|at| format!("{} ago", coarse_age(model.now.since(at)))));
    facts
}

/// How an event is meant.
pub(super) const fn event_role(event: &HistoryEvent) -> Role {
    match event.kind {
        HistoryKind::Revoked { .. } | HistoryKind::Retired { .. } => Role::Danger,
        HistoryKind::Published { .. } => Role::Plain,
        HistoryKind::Succession { .. } | HistoryKind::Delegate { .. } => Role::Muted,
    }
}

fn event_brief(event: &HistoryEvent) -> String {
    match &event.kind {
        HistoryKind::Published { version, .. } => format!("v{version}"),
        HistoryKind::Revoked { digest, .. } => format!("revoked {}", digest.short()),
        HistoryKind::Retired { .. } => "retired".to_owned(),
        HistoryKind::Succession { accepted: true, .. } => "succeeded".to_owned(),
        HistoryKind::Succession { .. } => "succession offered".to_owned(),
        HistoryKind::Delegate { .. } => "delegate".to_owned(),
    }
}

/// What happened, when, and by whose word.
pub(super) fn event_words(event: &HistoryEvent, model: &Model) -> String {
    let what = match &event.kind {
        HistoryKind::Published { version, digests } => {
            let digest = digests.first().map(|kinded| kinded.digest.short()).unwrap_or_default();
            format!("v{version} {digest}")
        }
        HistoryKind::Revoked { digest, reason } => format!("revoked {}: {reason}", digest.short()),
        HistoryKind::Retired { reason, everything: false } => format!("withdrew the name: {reason}"),
        HistoryKind::Retired { reason, everything: true } => format!("withdrew all releases: {reason}"),
        HistoryKind::Succession { successor, accepted: true } => format!("succeeded by {successor}"),
        HistoryKind::Succession { successor, accepted: false } => format!("offered to {successor}"),
        HistoryKind::Delegate { delegate, expiry: Some(expiry) } => format!("delegate {delegate} until {expiry}"),
        HistoryKind::Delegate { delegate, expiry: None } => format!("no longer delegate {delegate}"),
    };
    let age = coarse_age(model.now.since(event.at));
    format!("{what} · block {} · {age} ago · {}", event.block, event.publisher.short())
}

/// A reason as a sentence: verdicts carry it without the full stop.
pub(super) fn sentence(reason: &str) -> String {
    let reason = sentence_case(reason);
    if reason.ends_with(['.', '!', '?']) { reason } else { reason + "." }
}

/// Image names keep their case: an upper-case letter would be another name.
fn sentence_case(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = !first.is_empty() && first.bytes().all(|b| b.is_ascii_lowercase());
    if !is_word || !matches!(first, "what" | "nobody" | "no" | "the" | "was") {
        return text.to_owned();
    }
    text[..1].to_ascii_uppercase() + &text[1..]
}
