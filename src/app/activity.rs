//! The activity pane: what runs, what waits, and what has ended, with everything that was said of it.
//!
//! ```text
//! running task, publication, pull ──▶ ended ──▶ Event ──▶ the oldest of many is forgotten
//! ```

use std::{
    cmp::Reverse,
    collections::{HashSet, VecDeque},
    time::Duration,
};

use crate::{
    app::{
        model::{Model, Tone},
        msg::Problem,
        rows::RowKey,
        sign::{Publication, PublicationId, Wish},
        state::Once,
        tasks::{Running, TaskId},
        watching::Watching,
    },
    domain::{
        Reference, Timestamp,
        publication::{JournalEntry, JournalStage, Stage, TransactionHash},
        wish::PullWish,
    },
};

/// Events that are kept; a day of one a minute is more than anybody reads.
const KEPT: usize = 1000;

/// What the user can have done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// Hash the image.
    Measure(RowKey),
    /// Say it of the name.
    Sign {
        /// Under which name.
        reference: Reference,
        /// What is said.
        wish: Wish,
    },
    /// Pull it.
    Pull(PullWish),
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it was meant.
    Done,
    /// Otherwise.
    Failed,
    /// The user stopped it.
    Cancelled,
    /// It is news, and no work.
    Told,
}

/// What passed, and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// Bytes.
    pub bytes: u64,
    /// How long.
    pub elapsed: Duration,
}

/// Something that has ended, or was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identity.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What was done, in a word.
    pub what: &'static str,
    /// To what; empty for what is about nothing in particular.
    pub subject: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What is to be said of it.
    pub words: String,
    /// What can be done about it.
    pub hint: Option<String>,
    /// The word that scripts know the trouble by.
    pub code: Option<&'static str>,
    /// What passed, and how long it took.
    pub took: Option<Took>,
    /// The transaction that said it.
    pub transaction: Option<TransactionHash>,
    /// How it is done again.
    pub again: Option<Again>,
}

impl Event {
    /// Something that was done to `subject`, or not.
    #[must_use]
    pub fn of(what: &'static str, subject: &str, result: Result<String, &Problem>) -> Self {
        let blank = Self {
            id: 0,
            at: Timestamp::default(),
            what,
            subject: subject.to_owned(),
            outcome: Outcome::Done,
            words: String::new(),
            hint: None,
            code: None,
            took: None,
            transaction: None,
            again: None,
        };
        match result {
            Ok(words) => Self { words, ..blank },
            Err(problem) => {
                let outcome = if problem.is_cancelled() { Outcome::Cancelled } else { Outcome::Failed };
                let (words, hint) = (problem.message.clone(), problem.hint.clone());
                Self { outcome, words, hint, code: Some(problem.code), ..blank }
            }
        }
    }

    /// What is to be said of it where what was done, and to what, stand beside it.
    #[must_use]
    pub fn rest(&self) -> &str {
        let words = self.words.strip_prefix(self.what).map_or(self.words.as_str(), str::trim_start);
        match words.strip_prefix(self.subject.as_str()) {
            Some(rest) if !self.subject.is_empty() && rest.starts_with([' ', ':']) => {
                rest.trim_start_matches(':').trim_start()
            }
            _ => &self.words,
        }
    }

    /// What is copied of it.
    #[must_use]
    pub fn to_copy(&self) -> String {
        match (self.transaction, &self.hint) {
            (Some(hash), _) => hash.to_string(),
            (None, Some(hint)) => format!("{}; {hint}", self.words),
            (None, None) => self.words.clone(),
        }
    }
}

/// A transaction of this home's journal, whichever process sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The journal's entry.
    pub entry: JournalEntry,
    /// How far it has come by now; `None` where it came to its end before, or nobody could be asked.
    pub stage: Option<Stage>,
}

impl Sent {
    /// The transaction, while no block has it and one may.
    #[must_use]
    pub fn waiting(&self) -> Option<TransactionHash> {
        let waits = match &self.stage {
            Some(stage) => !stage.is_settled() && stage.inclusion().is_none(),
            None => matches!(self.entry.stage, JournalStage::Signed | JournalStage::Broadcast),
        };
        waits.then_some(self.entry.hash)
    }

    /// The block that has it, by the last look.
    #[must_use]
    pub fn block(&self) -> Option<u64> {
        let kept = || self.entry.block;
        self.stage.as_ref().map_or_else(kept, |stage| stage.inclusion().map(|inclusion| inclusion.block))
    }

    /// How far it has come, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.stage.as_ref().map_or(self.entry.stage.word(), Stage::word)
    }

    /// How it ended; `None` while it may still come to another end.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let is_open = self.stage.as_ref().map_or(self.entry.stage.is_open(), |stage| !stage.is_settled());
        let has_failed = matches!(self.word(), "failed" | "reverted" | "replaced" | "dropped");
        match (is_open, has_failed) {
            (true, _) => None,
            (false, true) => Some(Outcome::Failed),
            (false, false) => Some(Outcome::Done),
        }
    }
}

/// What is known of the journal, while the pane is shown.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// The newest first.
    pub sent: Vec<Sent>,
    /// It is being read.
    pub reading: Once,
}

/// A row of the pane.
#[derive(Debug, Clone, Copy)]
pub enum Line<'m> {
    /// It is being measured.
    Task(&'m Running),
    /// So many images wait to be measured.
    Waiting(usize),
    /// It is being published or revoked.
    Publication(&'m Publication),
    /// It is being pulled.
    Pull(&'m crate::app::market::Pull),
    /// Names are observed again and again.
    Watch(&'m Watching),
    /// It has ended.
    Ended(&'m Event),
    /// It stands in the journal alone: an earlier process sent it, or another one.
    Sent(&'m Sent),
}

/// What tells a row from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// A running task.
    Task(TaskId),
    /// Those that wait.
    Waiting,
    /// A publication.
    Publication(PublicationId),
    /// The pull.
    Pull,
    /// The watch.
    Watch,
    /// What has ended.
    Ended(u64),
    /// A transaction of the journal.
    Sent(TransactionHash),
}

impl Line<'_> {
    /// What it is.
    #[must_use]
    pub const fn choice(&self) -> Choice {
        match self {
            Self::Task(task) => Choice::Task(task.id),
            Self::Waiting(_) => Choice::Waiting,
            Self::Publication(one) => Choice::Publication(one.id),
            Self::Pull(_) => Choice::Pull,
            Self::Watch(_) => Choice::Watch,
            Self::Ended(event) => Choice::Ended(event.id),
            Self::Sent(sent) => Choice::Sent(sent.entry.hash),
        }
    }
}

/// What has ended.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    ended: VecDeque<Event>,
    /// Transactions that the user wants to see no more, once they have come to their end.
    cleared: HashSet<TransactionHash>,
    /// The user cleared what had ended.
    pub was_cleared: bool,
    last: u64,
    selected: Option<Choice>,
    /// First line shown of the selected row's facts.
    pub top: u16,
}

impl Activity {
    /// The newest first.
    pub fn ended(&self) -> impl Iterator<Item = &Event> {
        self.ended.iter().rev()
    }

    /// Keeps it.
    pub fn keep(&mut self, now: Timestamp, event: Event) {
        // What is said again and again is kept once, with the newest time.
        let is_same = |known: &Event| {
            known.outcome == Outcome::Told && event.outcome == Outcome::Told && known.words == event.words
        };
        if self.ended.back().is_some_and(is_same) {
            self.ended.pop_back();
        }
        if self.ended.len() == KEPT {
            self.ended.pop_front();
        }
        self.last += 1;
        self.ended.push_back(Event { id: self.last, at: now, ..event });
    }

    /// Selects a row.
    pub fn select(&mut self, choice: Option<Choice>) {
        if choice != self.selected {
            (self.selected, self.top) = (choice, 0);
        }
    }
}

impl Model {
    /// The pane's rows: what runs, what waits, what has ended.
    #[must_use]
    pub fn activity_lines(&self) -> Vec<Line<'_>> {
        let mut lines: Vec<Line> = self.tasks.running().iter().map(Line::Task).collect();
        let waiting = self.tasks.waiting();
        if waiting > 0 {
            lines.push(Line::Waiting(waiting));
        }
        lines.extend(self.market.pull.as_ref().map(Line::Pull));
        lines.extend(self.watching.as_ref().map(Line::Watch));
        lines.extend(self.publications.iter().rev().filter(|one| one.is_open()).map(Line::Publication));
        lines.extend(self.past());
        lines
    }

    /// Forgets what has ended. What the journal has of it is shown no more, unless its block is taken back.
    pub fn clear_ended(&mut self) {
        let ended = self.activity.ended.drain(..).filter_map(|event| event.transaction);
        let settled = self.journal.sent.iter().filter(|sent| sent.outcome().is_some()).map(|sent| sent.entry.hash);
        self.activity.cleared.extend(ended.chain(settled));
        self.activity.was_cleared = true;
    }

    /// What has ended, and what the journal has beside it, the newest first.
    fn past(&self) -> impl Iterator<Item = Line<'_>> {
        let followed = self.publications.iter().filter(|one| one.is_open()).filter_map(|one| one.stage.hash());
        let told: HashSet<_> = followed.chain(self.activity.ended().filter_map(|event| event.transaction)).collect();
        let ended = self.activity.ended().map(|event| (event.at, Line::Ended(event)));
        let is_cleared = |sent: &Sent| sent.outcome().is_some() && self.activity.cleared.contains(&sent.entry.hash);
        let is_other = move |sent: &&Sent| !told.contains(&sent.entry.hash) && !is_cleared(sent);
        let others = self.journal.sent.iter().filter(is_other);
        let mut past: Vec<_> = ended.chain(others.map(|sent| (sent.entry.at, Line::Sent(sent)))).collect();
        past.sort_by_key(|(at, _)| Reverse(*at));
        past.into_iter().map(|(_, line)| line)
    }

    /// The transaction of the selected row that waits for a block, and the name that it is about.
    #[must_use]
    pub fn waiting_of_line(&self) -> Option<(TransactionHash, Option<Reference>)> {
        match self.activity_line()? {
            Line::Publication(one) => Some((one.waiting()?, one.reference.clone())),
            Line::Sent(sent) => Some((sent.waiting()?, sent.entry.statement.reference().cloned())),
            _ => None,
        }
    }

    /// Position of the selected row; the first stands in for a choice.
    #[must_use]
    pub fn activity_cursor(&self) -> usize {
        let selected = self.activity.selected;
        self.activity_lines().iter().position(|line| Some(line.choice()) == selected).unwrap_or_default()
    }

    /// The selected row.
    #[must_use]
    pub fn activity_line(&self) -> Option<Line<'_>> {
        let at = self.activity_cursor();
        self.activity_lines().get(at).copied()
    }

    /// Keeps what has ended, and says it.
    pub fn report(&mut self, event: Event) {
        let tone = match event.outcome {
            Outcome::Done => Tone::Good,
            Outcome::Failed => Tone::Bad,
            Outcome::Cancelled | Outcome::Told => Tone::Plain,
        };
        let words = match &event.hint {
            Some(hint) => format!("{}; {hint}", event.words),
            None => event.words.clone(),
        };
        self.activity.keep(self.now, event);
        self.flash(tone, words);
    }

    /// Shows how something ended for some seconds, and keeps what went well or badly.
    pub fn say_of(&mut self, what: &'static str, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        if tone != Tone::Plain {
            let outcome = if tone == Tone::Good { Outcome::Done } else { Outcome::Failed };
            self.activity.keep(self.now, Event { outcome, ..Event::of(what, "", Ok(text.clone())) });
        }
        self.flash(tone, text);
    }

    /// Keeps news of what nobody asked for.
    pub fn tell(&mut self, what: &'static str, words: &str) {
        let event = Event { outcome: Outcome::Told, ..Event::of(what, "", Ok(words.to_owned())) };
        self.activity.keep(self.now, event);
    }

    /// Keeps and shows what somebody must see, until it is dismissed.
    pub fn note(&mut self, sentence: String) {
        if !self.notices.contains(&sentence) {
            self.tell("notice", &sentence);
            self.notices.push_back(sentence);
        }
    }
}
