//! ```text
//! ┌ Publish acme/api:latest ───────────────────────────────────────┐
//! │ image      docker.io/acme/api:latest · linux/amd64 · measured  │
//! │ digest     sha256:9f2c61d0a4…          whole, in as many lines │
//! │ becomes    version 8 (now version 7, 24d ago)                  │
//! │ account    ‹ 0x7F3c… › 99.98 ETH                               │
//! │ network    dev, local to this machine                          │
//! │ cost       about 0.00018 ETH (60455 gas), at most 0.00041      │
//! │ passphrase ••••••••                                            │
//! │                                                                │
//! │ ● measured  ● unlocked  ◐ signed  ○ sent  ○ included  ○ final  │
//! │                                          Enter go on  Esc close│
//! └────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{
    Canvas,
    dialogs::{LABEL, draw_keys, field_line, labelled, secret_line},
    status::stage_words,
    text,
};
use crate::{
    app::{
        Model,
        clock::coarse_age,
        layout::Area,
        sign::{Purpose, Quote, Sign, Step},
    },
    domain::{Wei, publication::Stage},
    tui::theme::Role,
};

/// Columns of a digest.
const DIGEST: usize = "sha256:".len() + 64;
/// Rows of the dialog without its digests, where a problem is told as well.
const BESIDE_DIGESTS: u16 = 17;

/// The dialog.
pub(super) fn draw(model: &Model, sign: &Sign, canvas: &mut Canvas, screen: Rect) {
    let what = if sign.is_revocation() { "Revoke" } else { "Publish" };
    let title = format!("{what} {}", text::middle(sign.reference.familiar(), 50));
    let width = if screen.width >= 100 { 96 } else { 80 };
    let inside = usize::from(width.min(screen.width)).saturating_sub(4);
    let mut form = Form { model, sign, width: inside, height: screen.height, lines: Vec::new() };
    form.facts(canvas);
    let field = form.lines.len();
    form.fields(canvas);
    form.outcome(canvas);
    let Form { lines, .. } = form;
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let inside = canvas.float(screen, &title, width, height);
    canvas.lines(inside, &lines);
    place_field(model, sign, canvas, inside, field);
    draw_keys(model, canvas, inside);
}

/// The field with the focus is drawn last, where the box turned out to stand.
fn place_field(model: &Model, sign: &Sign, canvas: &mut Canvas, inside: Area, at: usize) {
    let Ok(down) = u16::try_from(at) else { return };
    if down >= inside.height {
        return;
    }
    let label = u16::try_from(LABEL).unwrap_or_default();
    let room = usize::from(inside.width.saturating_sub(label));
    let (x, y) = (inside.x + label, inside.y + down);
    let field = match (&sign.purpose, sign.step) {
        (Purpose::Revoke { reason }, Step::Reason) => field_line(canvas, reason, room, x, y),
        (_, Step::Ready) if model.secret_field().is_some() => {
            let down = u16::from(sign.is_revocation());
            let line = secret_line(canvas, sign.secret.first, Some((x, y + down)), room.min(40));
            return canvas.line(
                Area { x, y: y + down, width: inside.width.saturating_sub(label), height: 1 },
                &Line::from(line),
            );
        }
        _ => return,
    };
    canvas.line(Area { x, y, width: inside.width.saturating_sub(label), height: 1 }, &Line::from(field));
}

struct Form<'a> {
    model: &'a Model,
    sign: &'a Sign,
    width: usize,
    /// Of the screen.
    height: u16,
    lines: Vec<Line<'static>>,
}

impl Form<'_> {
    fn push(&mut self, canvas: &Canvas, label: &str, role: Role, words: &str) {
        for (at, part) in text::wrap(words, self.width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.lines.push(labelled(canvas, label, [canvas.span(role, part)]));
        }
    }

    /// What will be signed, by whom, where and at what cost: exact, because it is signed.
    fn facts(&mut self, canvas: &Canvas) {
        let row = self.model.rows.get(&self.sign.key);
        let mut image = vec![self.sign.reference.to_string()];
        image.extend(row.and_then(|row| row.image.platform.clone()));
        self.push(canvas, "image", Role::Plain, &image.join(" · "));
        match self.sign.digests.first() {
            Some(_) => self.digests(canvas),
            None => self.push(canvas, "digest", Role::Muted, "not known before it is measured"),
        }
        let verdict = row.and_then(|row| row.verdict.as_ref());
        if let (Some(quote), false) = (&self.sign.quote, self.sign.is_revocation()) {
            let now = verdict.and_then(|verdict| Some((verdict.current_version?, verdict.published_at)));
            let now = now.map_or_else(String::new, |(version, at)| {
                let age = at.map_or_else(String::new, |at| format!(", {} ago", coarse_age(self.model.now.since(at))));
                format!(" (now version {version}{age})")
            });
            self.push(canvas, "becomes", Role::Plain, &format!("version {}{now}", quote.version));
        }
        if self.sign.is_revocation() {
            self.push(canvas, "final", Role::Danger, "A revoked digest can never be published again under this name.");
            if row.is_some_and(|row| !row.image.evidence.shared().is_empty()) {
                self.push(canvas, "", Role::Danger, "The index takes its other platforms' images with it.");
            }
        }
        self.account(canvas);
        self.network(canvas);
        if let Some(quote) = &self.sign.quote {
            self.push(canvas, "cost", if quote.is_covered() { Role::Plain } else { Role::Danger }, &cost(quote));
        }
    }

    /// Every digest that is signed: the configuration's, then those of the manifests that lead to it. What follows must stay
    /// in sight, so that many are counted where there is no room for them.
    fn digests(&mut self, canvas: &Canvas) {
        let lines = if DIGEST + LABEL <= self.width { 1 } else { 2 };
        let room = usize::from(self.height.saturating_sub(BESIDE_DIGESTS)) / lines;
        let (all, shown) = (self.sign.digests.len(), self.sign.digests.len().min(room.max(1)));
        for (at, kinded) in self.sign.digests.iter().take(shown).enumerate() {
            let label = if at == 0 { "digest" } else { kinded.kind.word() };
            self.digest(canvas, label, &kinded.digest.to_string());
        }
        if shown < all {
            let words = format!("and {} more manifests and indexes, which a taller screen shows", all - shown);
            self.push(canvas, "", Role::Warning, &words);
        }
    }

    /// Whole, because it is signed: in two halves where one line is too short, so that the eye finds its place.
    fn digest(&mut self, canvas: &Canvas, label: &str, digest: &str) {
        if text::width(digest) + LABEL <= self.width {
            return self.push(canvas, label, Role::Plain, digest);
        }
        let (algorithm, hex) = digest.split_at("sha256:".len().min(digest.len()));
        let (first, second) = hex.split_at(hex.len() / 2);
        self.push(canvas, label, Role::Plain, &format!("{algorithm}{first}"));
        let below = format!("{}{second}", " ".repeat(algorithm.len()));
        self.lines.push(labelled(canvas, "", [canvas.span(Role::Plain, below)]));
    }

    fn account(&mut self, canvas: &Canvas) {
        let Some(address) = self.sign.account else {
            return self.push(canvas, "account", Role::Warning, "this home has none; Ctrl-N makes one");
        };
        let balance = self.sign.quote.as_ref().map(|quote| quote.balance);
        let balance = balance.or_else(|| self.model.accounts.get(address).and_then(|account| account.balance));
        let balance = balance.map_or_else(String::new, |balance| format!(" {} ETH", balance.ether(4)));
        let many = self.model.accounts.all().len() > 1;
        let words = if many { format!("‹ {address} ›{balance}") } else { format!("{address}{balance}") };
        self.push(canvas, "account", Role::Plain, &words);
    }

    fn network(&mut self, canvas: &Canvas) {
        let quoted = self.sign.quote.as_ref().map(|quote| &quote.network);
        let Some(network) = quoted.or_else(|| self.model.network()) else {
            return self.push(canvas, "network", Role::Muted, "the node has not answered yet");
        };
        let place = if network.local { ", local to this machine" } else { "" };
        self.push(canvas, "network", Role::Plain, &format!("{}{place} · chain {}", network.name, network.chain_id));
        self.push(canvas, "contract", Role::Plain, &network.contract.to_string());
    }

    /// Room for what is typed; [`place_field`] draws the one with the focus over it.
    fn fields(&mut self, canvas: &Canvas) {
        if let Purpose::Revoke { reason } = &self.sign.purpose {
            let room = self.width.saturating_sub(LABEL);
            let words = text::cut(reason.value(), room);
            self.lines.push(labelled(canvas, "reason", [canvas.span(Role::Plain, words)]));
        }
        if self.sign.step == Step::Ready {
            self.lines.push(labelled(canvas, "passphrase", [Span::raw("")]));
        }
        self.lines.push(Line::default());
    }

    /// How far it is, or what went wrong.
    fn outcome(&mut self, canvas: &Canvas) {
        let publication = self.sign.publication().and_then(|id| self.model.publication(id));
        let stage = publication.map(|publication| &publication.stage);
        self.lines.push(dots(canvas, self.sign.step, stage));
        let problem = self.sign.problem.as_ref().or_else(|| publication.and_then(|one| one.problem.as_ref()));
        let (role, words) = match (problem, publication) {
            (Some(problem), _) if matches!(problem.code, "already-published" | "already-revoked") => {
                (Role::Good, problem.sentence())
            }
            (Some(problem), _) => (Role::Danger, problem.sentence()),
            (None, Some(one)) => outcome_words(&one.stage, &stage_words(one)),
            (None, None) => self.waiting_words(),
        };
        for part in text::wrap(&words, self.width) {
            self.lines.push(Line::from(canvas.span(role, part)));
        }
        if let Some(hash) = stage.and_then(Stage::hash) {
            self.lines.push(Line::from(canvas.span(Role::Muted, hash.to_string())));
        }
    }

    fn waiting_words(&self) -> (Role, String) {
        match self.sign.step {
            Step::Measuring => {
                let task = self.model.tasks.running_of(&self.sign.key.image);
                let progress = task.map(|task| task.progress);
                let percent = progress.and_then(|progress| progress.fraction()).map(|part| part * 100.0);
                let percent = percent.map_or_else(String::new, |percent| format!(": {percent:.0} %"));
                (Role::Busy, format!("measuring the image first: only hashed bytes are signed{percent}"))
            }
            Step::Estimating => (Role::Busy, "asking the node for the cost".to_owned()),
            Step::NoAccount => (Role::Warning, "An account signs what you publish; Ctrl-N makes one.".to_owned()),
            Step::Reason => (Role::Muted, "Anybody who verifies the image will read the reason.".to_owned()),
            Step::Ready => (Role::Muted, "Nothing is signed before the passphrase.".to_owned()),
            Step::Working(_) | Step::Stuck => (Role::Muted, String::new()),
        }
    }
}

fn outcome_words(stage: &Stage, words: &str) -> (Role, String) {
    match stage {
        Stage::Final { inclusion, .. } => {
            (Role::Good, format!("in block {} for {} ETH", inclusion.block, inclusion.fee.ether(9)))
        }
        Stage::Broadcast { .. } => (Role::Busy, "sent; waiting for a block. It is safe to close this.".to_owned()),
        Stage::Included { confirmations, of, .. } => {
            (Role::Busy, format!("{confirmations} of {of} confirmations. It is safe to close this."))
        }
        stage if stage.is_failure() => (Role::Danger, format!("{words}; nothing was written")),
        _ => (Role::Busy, words.to_owned()),
    }
}

/// The life of a publication: done, under way, to come.
fn dots(canvas: &Canvas, step: Step, stage: Option<&Stage>) -> Line<'static> {
    const NAMES: [&str; 6] = ["measured", "unlocked", "signed", "sent", "included", "final"];
    let done = match (step, stage) {
        (Step::Measuring, _) => 0,
        (_, Some(Stage::Signing)) => 2,
        // What failed was sent, and came no further.
        (_, Some(stage)) if stage.is_failure() || matches!(stage, Stage::Broadcast { .. } | Stage::Unknown { .. }) => 4,
        (_, Some(Stage::Included { .. })) => 5,
        (_, Some(Stage::Final { .. })) => 6,
        _ => 1,
    };
    let working = matches!(step, Step::Working(_) | Step::Measuring);
    let failed = stage.is_some_and(Stage::is_failure);
    let mut spans = Vec::new();
    for (at, name) in NAMES.iter().enumerate() {
        let (dot, role) = match at.cmp(&done) {
            std::cmp::Ordering::Less => ("●", Role::Good),
            std::cmp::Ordering::Equal if failed => ("✘", Role::Danger),
            std::cmp::Ordering::Equal if working => ("◐", Role::Busy),
            _ => ("○", Role::Muted),
        };
        spans.extend([canvas.span(role, format!("{dot} {name}")), Span::raw("  ")]);
    }
    Line::from(spans)
}

fn cost(quote: &Quote) -> String {
    let ether = |wei: Wei| wei.ether(9);
    format!(
        "about {} ETH ({} gas), at most {} ETH",
        ether(quote.cost.expected()),
        quote.cost.gas,
        ether(quote.cost.at_most())
    )
}
