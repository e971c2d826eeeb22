//! All that the screen shows.

use std::collections::VecDeque;

use tui_input::Input;

use crate::{
    app::{
        accounts::{Accounts, NewAccount},
        action::Place,
        msg::Problem,
        rows::Rows,
        sign::{Publication, PublicationId, Sign, Step},
        tasks::Tasks,
    },
    domain::{Reference, Timestamp, network::NetworkView, record::HistoryEvent},
};

/// A screenful of one subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    /// Images and their verdicts.
    #[default]
    Images,
    /// Accounts of this home.
    Accounts,
}

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

/// What floats above the panes.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// Publish or revoke.
    Sign(Box<Sign>),
    /// Make an account; afterwards the dialog that wanted one goes on.
    NewAccount(NewAccount, Option<Box<Sign>>),
    /// All keys.
    Help {
        /// First line shown.
        top: u16,
    },
    /// Work is running: end it?
    Quit,
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

/// All that the screen shows.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the types say what the fields are")]
pub struct Model {
    pub now: Timestamp,
    pub width: u16,
    pub height: u16,
    pub pane: Pane,
    /// The detail fills the body.
    pub wide: bool,
    /// First line of the wide detail.
    pub detail_top: u16,
    pub rows: Rows,
    pub filter: Filter,
    pub engine: Engine,
    pub node: Node,
    pub accounts: Accounts,
    pub tasks: Tasks,
    pub publications: Vec<Publication>,
    pub dialog: Option<Dialog>,
    pub history: History,
    /// What opening the home had to work around; the user dismisses them.
    pub notices: VecDeque<String>,
    pub flash: Option<Flash>,
    pub listing: Once,
    /// A first listing has come.
    pub listed: bool,
    pub judging: Once,
    /// Blocks and reasons are missing, because.
    pub log_problem: Option<String>,
    pub(super) last_publication: u64,
    pub(super) last_ticket: u64,
}

impl Model {
    /// A model of which nothing is known yet but the time and the terminal's size.
    #[must_use]
    pub fn new(now: Timestamp, width: u16, height: u16, notices: Vec<String>) -> Self {
        Self {
            now,
            width,
            height,
            pane: Pane::Images,
            wide: false,
            detail_top: 0,
            rows: Rows::default(),
            filter: Filter::default(),
            engine: Engine::Asking,
            node: Node::Asking,
            accounts: Accounts::default(),
            tasks: Tasks::default(),
            publications: Vec::new(),
            dialog: None,
            history: History::default(),
            notices: notices.into(),
            flash: None,
            listing: Once::Idle,
            listed: false,
            judging: Once::Idle,
            log_problem: None,
            last_publication: 0,
            last_ticket: 0,
        }
    }

    /// The newest view of the network, stale or not.
    #[must_use]
    pub const fn network(&self) -> Option<&NetworkView> {
        match &self.node {
            Node::Here(network) | Node::Lost { last: Some(network), .. } => Some(network),
            _ => None,
        }
    }

    /// Where the keys go.
    #[must_use]
    pub fn place(&self) -> Place {
        match &self.dialog {
            Some(Dialog::Help { .. }) => Place::Help,
            Some(Dialog::Quit) => Place::Quit,
            Some(Dialog::NewAccount(..)) => Place::NewAccount,
            Some(Dialog::Sign(_)) => Place::Sign,
            None if self.filter.editing => Place::Filter,
            None => match self.pane {
                Pane::Images if self.wide => Place::Detail,
                Pane::Images => Place::Images,
                Pane::Accounts => Place::Accounts,
            },
        }
    }

    /// Which secret field has the focus: 0 the first, 1 the one that repeats it.
    #[must_use]
    pub fn secret_field(&self) -> Option<usize> {
        match &self.dialog {
            Some(Dialog::Sign(sign)) if sign.step == Step::Ready => Some(0),
            Some(Dialog::NewAccount(new, _)) if !new.working => Some(usize::from(new.repeating)),
            _ => None,
        }
    }

    /// The publication with this identity.
    #[must_use]
    pub fn publication(&self, id: PublicationId) -> Option<&Publication> {
        self.publications.iter().find(|publication| publication.id == id)
    }

    /// The newest publication of a reference that is still under way.
    #[must_use]
    pub fn publication_of(&self, reference: &Reference) -> Option<&Publication> {
        self.publications.iter().rev().find(|one| one.is_open() && one.reference == *reference)
    }

    /// True while something is measured, or a publication has not been read off the screen yet.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.tasks.is_busy() || !self.publications.is_empty()
    }

    /// What is to be known while nothing runs.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let engine = || match &self.engine {
            Engine::Lost { name: Some(_), problem, .. } => Some(problem.sentence()),
            _ => None,
        };
        let node = || match &self.node {
            Node::Lost { problem, .. } => Some(problem.sentence()),
            _ => None,
        };
        self.notices.front().cloned().or_else(engine).or_else(node).or_else(|| self.log_problem.clone())
    }

    /// Shows the answer to a key for some seconds.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        // Long enough to be read after a key, short enough that the list gets its row back.
        let seconds = if tone == Tone::Bad { 12 } else { 5 };
        self.flash = Some(Flash { text: text.into(), tone, until: Timestamp(self.now.0 + seconds) });
    }
}
