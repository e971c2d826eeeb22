//! ```text
//! ┌ Publish acme/api:latest ───────────────────────────────────────┐
//! │ image      docker.io/acme/api:latest · linux/amd64 · measured  │
//! │ digest     sha256:9f2c61d0a4…          whole, in as many lines │
//! │ becomes    version 8 (now version 7, 24d ago)                  │
//! │ account    ‹ 0x7F3c… › 99.98 ETH                               │
//! │ network    dev, local to this machine                          │
//! │ cost       about 0.00018 ETH (60455 gas), at most 0.00041      │
//! │ gas price  at most 5 gwei for one gas                          │
//! │ passphrase ••••••••                                            │
//! │                                                                │
//! │ ● measured  ● unlocked  ◐ signed  ○ sent  ○ included  ○ final  │
//! │                                          Enter go on  Esc close│
//! └────────────────────────────────────────────────────────────────┘
//! ```

mod claim;
mod digests;
mod elsewhere;
mod room;
mod sighting;
mod stages;
mod typed;

use elsewhere::title;
use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use stages::{Subject, dots, outcome_words};

use super::{
    Canvas,
    dialogs::{LABEL, draw_keys, field_line, labelled, secret_line, wrapped},
    status::stage_words,
    text,
};
use crate::{
    app::{
        Model, action,
        layout::Area,
        msg::SecretField,
        rows::Row,
        sign::{DEPLOYED, Purpose, Quote, Replaces, Sign, Step},
    },
    domain::{
        network::beside_gas,
        publication::{Stage, Statement},
        text::{clean, clean_exactly},
    },
    tui::theme::Role,
};

/// Columns in which a price is typed.
const PRICE: usize = 14;

/// The dialog.
pub(super) fn draw(model: &Model, sign: &Sign, canvas: &mut Canvas, screen: Rect) {
    let what = title(&sign.purpose);
    let batch = model.batch.as_ref().filter(|batch| batch.total > 1);
    let place = batch.map_or_else(String::new, |batch| format!(", {} of {}", batch.at(), batch.total));
    let title = format!("{what} {}{place}", text::middle(sign.subject(), 50));
    let width = if screen.width >= 100 { 96 } else { 80 };
    let inside = usize::from(width.min(screen.width)).saturating_sub(4);
    let mut form = Form { model, sign, width: inside, height: screen.height, lines: Vec::new(), focus: 0 };
    form.facts(canvas);
    let facts = form.lines.len();
    form.fields(canvas);
    form.outcome(canvas);
    form.give_way(canvas, facts);
    let Form { lines, focus, .. } = form;
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let inside = canvas.float(screen, &title, width, height);
    canvas.lines(inside, &lines);
    place_field(model, sign, canvas, inside, focus);
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
        (_, Step::Price) => field_line(canvas, &sign.price, room.min(PRICE), x, y),
        (_, Step::Saving) => field_line(canvas, &sign.path, room, x, y),
        (_, Step::Naming) => field_line(canvas, &sign.name, room, x, y),
        (_, Step::Noting) => field_line(canvas, &sign.noted, room, x, y),
        (_, Step::Ready) if model.secret_field().is_some() => {
            secret_line(canvas, sign.secret.typed(SecretField::Open), Some((x, y)), room.min(40))
        }
        _ => return,
    };
    let width = u16::try_from(field.width()).unwrap_or(inside.width).min(inside.width.saturating_sub(label));
    canvas.line(Area { x, y, width, height: 1 }, &Line::from(field));
}

struct Form<'a> {
    model: &'a Model,
    sign: &'a Sign,
    width: usize,
    /// Of the screen.
    height: u16,
    lines: Vec<Line<'static>>,
    /// Where the field with the focus stands.
    focus: usize,
}

impl<'a> Form<'a> {
    fn push(&mut self, canvas: &Canvas, label: &str, role: Role, words: &str) {
        self.lines.extend(wrapped(canvas, label, role, words, self.width));
    }

    fn row(&self) -> Option<&'a Row> {
        let model = self.model;
        self.sign.key.as_ref().and_then(|key| model.rows.get(key))
    }

    /// What will be signed, by whom, where and at what cost: exact, because it is signed.
    fn facts(&mut self, canvas: &Canvas) {
        if let Purpose::Personal(statement) = &self.sign.purpose {
            self.personal(canvas, statement);
            return self.terms(canvas);
        }
        if matches!(self.sign.purpose, Purpose::Deploy) {
            return self.deployment(canvas);
        }
        if let Purpose::Claim(plan) = &self.sign.purpose {
            return self.claim(canvas, plan);
        }
        if let Purpose::Given(given) = &self.sign.purpose {
            self.given(canvas, given);
            if given.signed.is_some() {
                self.cost_terms(canvas);
            }
            return;
        }
        if self.sign.look().is_some() {
            return self.sighting(canvas);
        }
        let row = self.row();
        let mut image: Vec<String> = self.sign.reference.iter().map(ToString::to_string).collect();
        image.extend(row.and_then(|row| row.image.platform.clone()));
        let label = if self.sign.is_policy() { "policy" } else { "image" };
        if !image.is_empty() {
            self.push(canvas, label, Role::Plain, &image.join(" · "));
        }
        match (self.sign.replaces(), self.sign.signed_digests().first()) {
            (Some(replaces), _) => self.replaced(canvas, replaces),
            (None, Some(_)) => self.digests(canvas),
            (None, None) if row.is_some_and(Row::is_corrupt) => {}
            (None, None) => self.push(canvas, "digest", Role::Muted, "not known before it is measured"),
        }
        if self.sign.is_release() && (self.sign.said().is_some() || self.sign.step == Step::Stuck) {
            self.becomes(canvas, row.and_then(|row| row.verdict.as_deref()));
        }
        for note in &self.sign.notes {
            self.push(canvas, "to know", Role::Warning, &clean(note));
        }
        if self.sign.is_revocation() {
            self.push(canvas, "final", Role::Danger, "A revoked digest can never be published again under this name.");
            if row.is_some_and(|row| !row.image.evidence.shared().is_empty()) {
                self.push(canvas, "", Role::Danger, "The index takes its other platforms' images with it.");
            }
        }
        self.terms(canvas);
    }

    /// Who, where, and at what cost.
    fn terms(&mut self, canvas: &Canvas) {
        self.account(canvas);
        self.behalf(canvas);
        self.network(canvas);
        self.cost_terms(canvas);
    }

    /// Who pays, and how much.
    fn cost_terms(&mut self, canvas: &Canvas) {
        self.carried(canvas);
        if let Some(quote) = &self.sign.quote {
            self.push(canvas, "cost", if quote.is_covered() { Role::Plain } else { Role::Danger }, &cost(quote));
            if let Some(more) = beside_gas(quote.network.chain_id) {
                self.push(canvas, "", Role::Warning, more);
            }
            self.price(canvas, quote);
        }
    }

    /// The transaction that waits, and what takes its place.
    fn replaced(&mut self, canvas: &Canvas, replaces: Replaces) {
        self.push(canvas, "replaces", Role::Plain, &replaces.transaction.to_string());
        let words = if replaces.cancel {
            "Nothing is said in its place: it can never be included then. Should it be faster, it stands."
        } else {
            "The same is said at a higher price. The chain takes one of the two."
        };
        self.push(canvas, "", Role::Muted, words);
    }

    fn account(&mut self, canvas: &Canvas) {
        if self.sign.replaces().is_some() && self.sign.account.is_none() {
            return;
        }
        let Some(address) = self.sign.account else {
            return self.push(canvas, "account", Role::Warning, "this home has none; Ctrl-N makes one");
        };
        let balance = self.sign.quote.as_ref().map(|quote| quote.balance);
        let balance = balance.or_else(|| self.model.accounts.get(address).and_then(|account| account.balance));
        // Whoever sends what was signed elsewhere pays, and is told with its own balance.
        let balance = balance.filter(|_| self.sign.answer.is_none());
        let balance = balance.map_or_else(String::new, |balance| format!(" {} ETH", balance.ether(4)));
        let is_free =
            self.sign.replaces().is_none() && !matches!(self.sign.purpose, Purpose::Personal(_) | Purpose::Claim(_));
        let many = self.model.accounts.all().len() > 1 && is_free && self.sign.answer.is_none();
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
        // Claims go to the publisher directory.
        let is_claim =
            matches!(&self.sign.purpose, Purpose::Claim(_) | Purpose::Personal(Statement::NamespaceClaim { .. }));
        if !is_claim {
            self.push(canvas, "contract", Role::Plain, &network.contract.to_string());
        }
    }

    /// What one gas may cost: what the most that it can cost follows from.
    fn price(&mut self, canvas: &Canvas, quote: &Quote) {
        let (most, now) = (quote.cost.max_gas_price.gwei(), quote.needed.gwei());
        if self.sign.step == Step::Price {
            self.focus = self.lines.len();
            let words = format!("{} gwei at most for one gas; empty: as proposed", " ".repeat(PRICE));
            let words = text::cut(&words, self.width.saturating_sub(LABEL));
            return self.lines.push(labelled(canvas, "gas price", [canvas.span(Role::Muted, words)]));
        }
        self.push(canvas, "gas price", Role::Plain, &format!("at most {most} gwei for one gas"));
        if quote.is_cheap() {
            let words = if quote.replaces.is_some() {
                format!("Nodes keep the one that waits unless this is signed for {now} gwei at least.")
            } else {
                format!("The next block asks for {now} gwei: for less it waits, or is refused.")
            };
            self.push(canvas, "", Role::Warning, &words);
        }
    }

    /// Room for what is typed; [`place_field`] draws the one with the focus over it.
    fn fields(&mut self, canvas: &Canvas) {
        if let Purpose::Document(Statement::Revocation { reason, .. }) = &self.sign.purpose {
            self.push(canvas, "reason", Role::Plain, &clean_exactly(reason));
        }
        if let Purpose::Revoke { reason } = &self.sign.purpose {
            if self.sign.step == Step::Reason {
                self.focus = self.lines.len();
                self.lines.push(labelled(canvas, "reason", [Span::raw("")]));
            } else {
                // Whole, because it is signed.
                self.push(canvas, "reason", Role::Plain, reason.value().trim());
            }
        }
        let opens = self.sign.step == Step::Ready && self.model.wants_passphrase(self.sign);
        let typed = if opens { Some("passphrase") } else { typed::label(self.sign.step) };
        if let Some(label) = typed {
            self.focus = self.lines.len();
            self.lines.push(labelled(canvas, label, [Span::raw("")]));
        }
        self.lines.push(Line::default());
    }

    /// How far it is, or what went wrong.
    fn outcome(&mut self, canvas: &Canvas) {
        let publication = self.sign.publication().and_then(|id| self.model.publication(id));
        let stage = publication.map(|publication| &publication.stage);
        let is_sent = self.sign.to_sign().is_none() && self.sign.claims().is_none();
        if is_sent && !matches!(self.sign.step, Step::Asking | Step::Carrying | Step::Saving) {
            let row = |key| self.model.rows.get(key);
            let is_measured = |row: &Row| row.is_measured() && !row.is_corrupt();
            let subject = match &self.sign.key {
                Some(key) if row(key).is_none_or(is_measured) => Subject::Measured,
                Some(_) => Subject::Unmeasured,
                None => Subject::Other,
            };
            self.lines.push(dots(canvas, self.sign.step, stage, subject, self.width));
        }
        let problem = self.sign.problem.as_ref().or_else(|| publication.and_then(|one| one.problem.as_ref()));
        let (role, words) = match (problem, publication) {
            (Some(problem), _)
                if matches!(problem.code, "already-published" | "already-revoked" | "already-observed" | DEPLOYED) =>
            {
                (Role::Good, problem.sentence())
            }
            (Some(problem), _) => (Role::Danger, problem.sentence()),
            (None, Some(one)) => outcome_words(&one.stage, &stage_words(one)),
            (None, None) => self.waiting_words(),
        };
        for part in text::wrap(&action::spoken::own_keys(self.model, &words), self.width) {
            self.lines.push(Line::from(canvas.span(role, part)));
        }
        if let Some(hash) = stage.and_then(Stage::hash) {
            let hash = text::middle(&hash.to_string(), self.width);
            self.lines.push(Line::from(canvas.span(Role::Muted, hash)));
        }
    }

    fn waiting_words(&self) -> (Role, String) {
        match self.sign.step {
            Step::Measuring => {
                let image = self.sign.key.as_ref().map(|key| &key.image);
                let task = image.and_then(|image| self.model.tasks.running_of(image));
                let progress = task.map(|task| task.progress);
                let percent = progress.and_then(|progress| progress.fraction()).map(|part| part * 100.0);
                let percent = percent.map_or_else(String::new, |percent| format!(": {percent:.0} %"));
                (Role::Busy, format!("measuring the image first: only hashed bytes are signed{percent}"))
            }
            Step::Looking => (Role::Busy, "asking the registry what it serves, and the chain what was said".to_owned()),
            Step::Estimating => (Role::Busy, "asking the node for the cost".to_owned()),
            Step::NoAccount => (Role::Warning, "An account signs what you publish; Ctrl-N makes one.".to_owned()),
            Step::Asking if self.sign.claims().is_some() => {
                (Role::Busy, "opening the key, signing, and asking the registry".to_owned())
            }
            Step::Asking if self.sign.to_sign().is_some() => (Role::Busy, "opening the key, and signing".to_owned()),
            Step::Asking => (Role::Busy, "asking the node, and making what is carried".to_owned()),
            step @ (Step::Reason | Step::Price | Step::Naming | Step::Noting | Step::Saving) => {
                (Role::Muted, typed::words(step).to_owned())
            }
            Step::Carrying => elsewhere::words(self.sign),
            Step::Ready if self.model.asks_signer(self.sign) => {
                (Role::Muted, "Enter asks the signer that has the key, which asks its user.".to_owned())
            }
            Step::Ready if !self.model.wants_passphrase(self.sign) => {
                (Role::Warning, "The account is unlocked: Enter signs and sends.".to_owned())
            }
            Step::Ready if self.sign.is_for_ever() => {
                (Role::Muted, "Nothing undoes this. Nothing is signed before the passphrase.".to_owned())
            }
            Step::Ready => (Role::Muted, "Nothing is signed before the passphrase.".to_owned()),
            Step::Working(_) | Step::Stuck => (Role::Muted, String::new()),
        }
    }
}

fn cost(quote: &Quote) -> String {
    let (about, most) = (quote.cost.expected().cost(), quote.cost.at_most().cost());
    format!("about {about} ETH ({} gas), at most {most} ETH", quote.cost.gas)
}
