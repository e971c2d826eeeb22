//! ```text
//!  measuring 2 of 14  1.20 GB of 4.60 GB  160 MB/s  22s left
//!    WHAT        OF                             HOW FAR                      AGE
//! ▌… measuring   redis:7                        ▓▓▓▓▓▓░░░░░░░░  43%
//!  … publishing  acme/api:2                     included 1 of 12
//!  … measuring   12 more images                 wait for their turn
//!  ✔ measuring   acme/web:1.2                   acme/web:1.2 is measured      3m
//!  ✘ measuring   acme/api:1                     layer 3 is not what the man…  5m
//! ────
//!  what       measuring acme/api:1, 5m ago
//!  …
//! ```

use ratatui::text::{Line as Text, Span};

use super::{
    Canvas,
    facts::{Facts, explained},
    images::gauge,
    status::{progress_words, stage_words},
    text,
};
use crate::{
    app::{
        Model,
        action::spoken::in_keys,
        activity::{Event, Line, Outcome, Sent, Took},
        clock::coarse_age,
        layout::Area,
        market::Pull,
        sign::Depth,
        watching::Watching,
    },
    domain::{progress::Progress, publication::Statement, text::clean, when::span_text},
    tui::theme::Role,
};

const WHAT: usize = 12;
const AGE: usize = 5;
/// Columns of a bar with its percentage.
const GAUGE: usize = 20;

/// What runs, what waits, what has ended.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width);
    let rows = model.activity_lines();
    if rows.is_empty() {
        let words = if model.activity.was_cleared {
            "Nothing runs, and what had ended was cleared from this screen. What was sent stays in the home's journal."
        } else {
            "Nothing runs, and nothing has ended yet. What this screen does is kept here until it ends, with every \
             error in full: measuring (`v` in the images), publishing, pulling."
        };
        let lines = explained(canvas, Role::Muted, &in_keys(model, words), width);
        return canvas.lines(area, &lines);
    }
    let mut lines = vec![overall(model, canvas, width)];
    let of = (width.saturating_sub(3 + WHAT + 2 + 2 + 2 + AGE) / 2).clamp(8, 40);
    let words = width.saturating_sub(3 + WHAT + 2 + of + 2 + 2 + AGE + 1);
    let head = format!("   {}  {}  {}", text::left("WHAT", WHAT), text::left("OF", of), text::left("HOW FAR", words));
    lines.push(Text::from(canvas.span(Role::Muted, format!("{head}  {}", text::right("AGE", AGE)))));
    let cursor = model.activity_cursor();
    let room = usize::from(area.height).saturating_sub(lines.len()).max(1);
    let top = cursor.saturating_sub(room - 1);
    canvas.rows(area, lines.len(), top, room.min(rows.len() - top));
    for (at, row) in rows.iter().enumerate().skip(top).take(room) {
        lines.push(line(model, canvas, row, at == cursor, (of, words)));
    }
    canvas.lines(area, &lines);
}

/// All that is measured, as one.
fn overall<'t>(model: &Model, canvas: &Canvas, width: usize) -> Text<'t> {
    let (done, all) = model.tasks.tally();
    if all == 0 {
        return Text::from(canvas.span(Role::Muted, " nothing is measured now"));
    }
    let (progress, speed) = model.tasks.overall();
    let words = format!(" measured {done} of {all}  {}", progress_words(progress, speed));
    Text::from(canvas.span(Role::Busy, text::cut(&words, width)))
}

fn line<'t>(model: &Model, canvas: &Canvas, row: &Line, selected: bool, (of, room): (usize, usize)) -> Text<'t> {
    let (sign, role) = sign(canvas, row);
    let (what, subject, words, age) = match row {
        Line::Task(task) => {
            let words =
                if task.stopping { "stopping".to_owned() } else { gauge(task.progress.fraction(), GAUGE.min(room)) };
            ("measuring", task.label.clone(), words, String::new())
        }
        Line::Waiting(count) => {
            let images = crate::domain::text::count(*count, "image");
            ("measuring", images, "to be measured".to_owned(), String::new())
        }
        Line::Publication(one) => (one.doing(), one.subject().to_owned(), stage_words(one), String::new()),
        Line::Watch(watching) => ("watching", watching.watch.subject(), watch_words(watching), String::new()),
        Line::Pull(pull) => ("pulling", pull.wish.reference.familiar().to_owned(), pull_words(pull), String::new()),
        Line::Sent(sent) => {
            let age = coarse_age(model.now.since(sent.entry.at));
            (short(&sent.entry.statement), sent.entry.statement.subject().to_owned(), sent_words(sent), age)
        }
        Line::Ended(event) => {
            let age = coarse_age(model.now.since(event.at));
            let words = event.took.filter(|_| event.outcome == Outcome::Done).map(took_words);
            (event.what, event.subject.clone(), words.unwrap_or_else(|| event.rest().to_owned()), age)
        }
    };
    let name = if selected { Role::Selected } else { Role::Plain };
    // What is about nothing in particular has the room of both.
    let (subject, room) = match subject.as_str() {
        "" => (String::new(), of + 2 + room),
        subject => (text::left(&text::middle(&clean(subject), of), of) + "  ", room),
    };
    Text::from(vec![
        if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") },
        canvas.span(role, text::left(sign, 1)),
        Span::raw(" "),
        canvas.span(name, text::left(what, WHAT)),
        canvas.span(Role::Plain, format!("  {subject}")),
        canvas.span(role, text::left(&clean(&words), room)),
        canvas.span(Role::Muted, format!("  {}", text::right(&age, AGE))),
    ])
}

fn sign(canvas: &Canvas, row: &Line) -> (&'static str, Role) {
    let unicode = canvas.theme.is_unicode();
    match row {
        Line::Ended(event) => match event.outcome {
            Outcome::Done => (if unicode { "✔" } else { "+" }, Role::Good),
            Outcome::Failed => (if unicode { "✘" } else { "X" }, Role::Danger),
            Outcome::Cancelled => ("-", Role::Muted),
            Outcome::Told => ("i", Role::Plain),
        },
        Line::Sent(sent) => match sent.outcome() {
            Some(Outcome::Failed) => (if unicode { "✘" } else { "X" }, Role::Danger),
            Some(_) => (if unicode { "✔" } else { "+" }, Role::Good),
            None => (">", Role::Busy),
        },
        Line::Waiting(_) => (".", Role::Muted),
        Line::Task(_) | Line::Publication(_) | Line::Pull(_) | Line::Watch(_) => (">", Role::Busy),
    }
}

/// How often, and what came of it so far.
fn watch_words(watching: &Watching) -> String {
    if watching.stopping {
        return "stopping".to_owned();
    }
    let every = span_text(watching.watch.every);
    match &watching.last {
        None => "first look".to_owned(),
        Some(_) => format!("{} attested, every {every}", watching.attested),
    }
}

/// All that is known of a watch.
fn watched(facts: &mut Facts, model: &Model, watching: &Watching) {
    let Watching { watch, looks, attested, last, .. } = watching;
    for (at, name) in watch.names.iter().enumerate() {
        facts.push(if at == 0 { "watching" } else { "" }, Role::Plain, name.as_str());
    }
    facts.push("by", Role::Plain, &watch.account.to_string());
    let most = watch.cap.map_or_else(String::new, |cap| format!(", for {} gwei a gas at most", cap.gwei()));
    facts.push("every", Role::Plain, &format!("{}{most}", span_text(watch.every)));
    let read = if watch.depth == Depth::Layers { "every layer" } else { "manifests and what they name" };
    let renewed = watch.renew.map(|after| format!(", and the same is said again after {}", span_text(after)));
    facts.push("read", Role::Plain, &format!("{read}{}", renewed.unwrap_or_default()));
    let looks = crate::domain::text::count(*looks, "look");
    facts.push("so far", Role::Plain, &format!("{looks}, {attested} attested"));
    if let Some((at, words)) = last {
        let age = coarse_age(model.now.since(*at));
        facts.push("last look", Role::Plain, &format!("{age} ago: {}", clean(words)));
    }
}

fn pull_words(pull: &Pull) -> String {
    let (here, all) = pull.layers;
    if pull.measuring {
        return "hashing what arrived".to_owned();
    }
    let bytes = progress_words(Progress { done: pull.bytes.0, total: pull.bytes.1, ..Progress::default() }, None);
    format!("{here} of {all} layers, {bytes}")
}

/// Everything that is known of the selected row.
pub(super) fn draw_facts(model: &Model, canvas: &mut Canvas, area: Area) {
    let Some(row) = model.activity_line() else { return };
    let mut facts = Facts::within(model, canvas, area);
    match row {
        Line::Task(task) => {
            facts.push("measuring", Role::Plain, &clean(&task.label));
            facts.push("so far", Role::Plain, &progress_words(task.progress, task.rate.per_second()));
            let silent = model.now.since(task.reported);
            if silent >= SILENT {
                facts.push("stalled", Role::Warning, &format!("no byte for {}", coarse_age(silent)));
            }
            facts.push("from", Role::Muted, &clean(&task.image.engine));
        }
        Line::Waiting(count) => {
            let words = format!("{count} images wait for their turn; `x` takes them all out of the queue");
            facts.push("waiting", Role::Plain, &in_keys(model, &words));
        }
        Line::Publication(one) => {
            facts.push(one.doing(), Role::Plain, one.subject());
            facts.push("stage", Role::Plain, &stage_words(one));
            if let Some(hash) = one.stage.hash() {
                facts.push("hash", Role::Plain, &hash.to_string());
            }
            if let Some(problem) = &one.problem {
                facts.push("problem", Role::Danger, &problem.sentence());
            }
        }
        Line::Watch(watching) => watched(&mut facts, model, watching),
        Line::Pull(pull) => {
            facts.push("pulling", Role::Plain, &pull.wish.reference.to_string());
            facts.push("so far", Role::Plain, &pull_words(pull));
        }
        Line::Ended(event) => ended(&mut facts, model, event),
        Line::Sent(sent) => told(&mut facts, model, sent),
    }
    let lines = facts.lines;
    let top = if model.wide { model.detail_top } else { model.activity.top };
    canvas.scrolled(area, (top, "Enter"), &lines);
}

/// What a statement is, in a word that its column has room for.
fn short(statement: &Statement) -> &'static str {
    match statement.word() {
        "namespace-claim" => "claim",
        "namespace-unclaim" => "unclaim",
        "succession-offer" => "offer",
        word => word,
    }
}

/// How far a transaction of the journal has come.
fn sent_words(sent: &Sent) -> String {
    match sent.block() {
        Some(block) => format!("{} in block {block}", sent.word()),
        None => sent.word().to_owned(),
    }
}

/// All that the journal has of a transaction.
fn told(facts: &mut Facts, model: &Model, sent: &Sent) {
    let entry = &sent.entry;
    facts.push("what", Role::Plain, &format!("{} of {}", entry.statement.word(), entry.statement.subject()));
    facts.push("stage", Role::Plain, &sent_words(sent));
    facts.push("signed", Role::Plain, &format!("{} ago, at {}", coarse_age(model.now.since(entry.at)), entry.at));
    facts.push("hash", Role::Plain, &entry.hash.to_string());
    facts.push("account", Role::Plain, &format!("{}, number {}", entry.from, entry.nonce));
    facts.push("chain", Role::Plain, &entry.chain_id.to_string());
    if sent.waiting().is_some() {
        let words = "`+` sends it at a higher price, `-` sends nothing in its place";
        facts.push("", Role::Muted, &in_keys(model, words));
    }
}

/// Seconds without a byte from which on that is said.
const SILENT: u64 = 10;

fn took_words(took: Took) -> String {
    let whole = Progress { done: took.bytes, total: None, elapsed: took.elapsed };
    let speed = whole.speed().map_or_else(String::new, |speed| format!(", {}/s", text::size(speed)));
    format!("{} in {:.1} s{speed}", text::size(took.bytes), took.elapsed.as_secs_f64())
}

fn ended(facts: &mut Facts, model: &Model, event: &Event) {
    let subject = clean(&event.subject);
    let what = if subject.is_empty() { event.what.to_owned() } else { format!("{} {subject}", event.what) };
    facts.push("what", Role::Plain, &what);
    let (label, role, how) = match event.outcome {
        Outcome::Done => ("ended", Role::Good, "done, "),
        Outcome::Failed => ("ended", Role::Danger, "failed, "),
        Outcome::Cancelled => ("ended", Role::Muted, "stopped, "),
        Outcome::Told => ("noted", Role::Plain, ""),
    };
    let at = format!("{how}{} ago, at {}", coarse_age(model.now.since(event.at)), event.at);
    facts.push(label, role, &at);
    facts.push("said", Role::Plain, &clean(&in_keys(model, &event.words)));
    if let Some(hint) = &event.hint {
        facts.push("next step", Role::Plain, &clean(&in_keys(model, hint)));
    }
    if let Some(took) = event.took {
        facts.push("passed", Role::Plain, &took_words(took));
    }
    if let Some(hash) = event.transaction {
        facts.push("hash", Role::Plain, &hash.to_string());
    }
    if let Some(code) = event.code {
        facts.push("code", Role::Muted, &format!("{code}, which `daochain help errors` tells about"));
    }
    if event.again.is_some() {
        facts.push("", Role::Muted, &in_keys(model, "`t` tries it again"));
    }
}
