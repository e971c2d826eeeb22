//! How engine and node stand, work of which one at a time is under way, and small parts of the screen.

use std::collections::HashSet;

use tui_input::Input;

use crate::{
    app::{msg::Problem, rows::RowKey},
    domain::{Reference, Timestamp, network::NetworkView, record::HistoryEvent},
};

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// Nothing has answered yet.
    Asking,
    /// It answers.
    Here(String),
    /// There is none, and archives are listed instead.
    Archives,
    /// It answered before, or never did.
    Lost {
        /// Name and version, if it ever answered.
        name: Option<String>,
        /// Since when.
        since: Timestamp,
        /// Why.
        problem: Problem,
    },
}

/// What is known of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Nothing has answered yet.
    Asking,
    /// It answers.
    Here(NetworkView),
    /// It does not answer.
    Lost {
        /// The last view, if there ever was one.
        last: Option<NetworkView>,
        /// Since when.
        since: Timestamp,
        /// Why.
        problem: Problem,
    },
}

/// Work of which one at a time is under way, and which is repeated when its input changed meanwhile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Once {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Under way.
    Busy,
    /// Under way, and to be repeated.
    Stale,
}

impl Once {
    /// Wants it done: true when it must be started now.
    pub fn want(&mut self) -> bool {
        let start = *self == Self::Idle;
        *self = if start { Self::Busy } else { Self::Stale };
        start
    }

    /// It was done: true when it must be started again.
    pub fn done(&mut self) -> bool {
        let again = *self == Self::Stale;
        *self = if again { Self::Busy } else { Self::Idle };
        again
    }
}

/// Rows that a verdict is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// These.
    Rows(HashSet<RowKey>),
    /// Every row.
    All,
}

impl Wanted {
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Rows(mut rows), Self::Rows(others)) => {
                rows.extend(others);
                Self::Rows(rows)
            }
            _ => Self::All,
        }
    }
}

/// One judging at a time; what is wanted meanwhile waits for its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Judging {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Under way.
    Busy {
        /// What is judged after it.
        next: Option<Wanted>,
    },
}

impl Judging {
    /// Wants verdicts: gives back what must be judged now.
    pub fn want(&mut self, wanted: Wanted) -> Option<Wanted> {
        let Self::Busy { next } = self else {
            *self = Self::Busy { next: None };
            return Some(wanted);
        };
        *next = Some(match next.take() {
            Some(before) => before.join(wanted),
            None => wanted,
        });
        None
    }

    /// One judging has ended: gives back what must be judged now.
    pub fn done(&mut self) -> Option<Wanted> {
        let next = match std::mem::take(self) {
            Self::Busy { next } => next,
            Self::Idle => None,
        };
        if next.is_some() {
            *self = Self::Busy { next: None };
        }
        next
    }
}

/// The history of the selected reference.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Of which reference.
    pub reference: Option<Reference>,
    /// Oldest first; `None` while it is read.
    pub result: Option<Result<Vec<HistoryEvent>, Problem>>,
}

/// The filter's field.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// What is typed.
    pub input: Input,
    /// It has the focus.
    pub editing: bool,
}

/// How an answer to a key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// To be known.
    Plain,
    /// It went wrong.
    Bad,
}

/// The answer to a key, for some seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// One sentence.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// When it goes.
    pub until: Timestamp,
}
