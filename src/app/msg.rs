//! What can happen to the interface, grouped by subject.

mod market;
mod sign;
mod watch;
mod why;

pub use market::{MarketMsg, MarketPage, TrustMsg};
pub use sign::{ResumedEntry, SignMsg};
pub use watch::WatchMsg;
pub use why::WhyMsg;

use std::sync::Arc;

use crate::{
    app::{key::Key, mouse::Target, node::NodeStatus, report::Told, rows::RowKey, tasks::TaskId},
    domain::{
        Account, Address, Reference, Timestamp,
        account::{KeyFileProblem, Removed},
        appointment::{Appointment, Succession},
        finding::Finding,
        image::{Evidence, ImageId, LocalImage},
        network::NetworkView,
        node::RecentBlock,
        progress::Progress,
        record::HistoryEvent,
        verdict::{Conclusion, Verdict},
    },
};

/// Anything that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The user did something, or the terminal changed.
    Input(InputMsg),
    /// What time it is. Sent before any other message of a later second.
    Clock(Timestamp),
    /// News of engine and archives.
    Source(SourceMsg),
    /// News of the chain, and verdicts.
    Chain(ChainMsg),
    /// What opening the home or connecting had to work around: one sentence.
    Notice(String),
    /// The history of a reference.
    History(HistoryMsg),
    /// News of measuring.
    Task(TaskMsg),
    /// News of accounts.
    Account(AccountMsg),
    /// News of publishing and revoking.
    Sign(SignMsg),
    /// News of the endpoints.
    Node(NodeMsg),
    /// News of the trust policy.
    Trust(TrustMsg),
    /// News of what stands beside the selected image.
    Why(WhyMsg),
    /// News of what was published.
    Market(MarketMsg),
    /// The answer to [`Effect::CheckUp`](crate::app::Effect::CheckUp).
    CheckedUp(Result<Vec<Finding>, Problem>),
    /// The answer to [`Effect::Inquire`](crate::app::Effect::Inquire).
    Told {
        /// Which question.
        ticket: u64,
        /// What it comes to.
        result: Result<Box<Told>, Problem>,
    },
    /// News of names that are watched.
    Watch(WatchMsg),
    /// What is asked came further.
    Looking {
        /// Which question.
        ticket: u64,
        /// How far.
        progress: Progress,
    },
    /// The answer to [`Effect::Save`](crate::app::Effect::Save): where it lies now.
    Saved(Result<String, Problem>),
}

/// Why something could not be done: a sentence that is safe to show, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kebab-case word that scripts rely on.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What the user can do.
    pub hint: Option<String>,
}

impl Problem {
    /// True when the user, and not the world, ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.code == "cancelled"
    }

    /// Sentence and next step on one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Keys, mouse and sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputMsg {
    /// A key that is no part of a secret.
    Key(Key),
    /// Pasted text, for a field that is no secret.
    Paste(String),
    /// The terminal's size in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The terminal's window has the focus again.
    Focus,
    /// The secret fields changed.
    Secret(SecretShape),
    /// Something was clicked, while the mouse is ours ([`Effect::CaptureMouse`](crate::app::Effect::CaptureMouse)).
    Click(Target),
    /// What is scrolled in front shows its last lines, from this one on: it goes no further down.
    Bottom {
        /// The line.
        top: u16,
    },
    /// The wheel was turned, likewise: away from the user, or to them.
    Wheel {
        /// Away.
        up: bool,
    },
}

/// A field of a dialog that holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretField {
    /// The passphrase that opens a key.
    Open,
    /// A passphrase to be.
    New,
    /// The same once more.
    Again,
    /// A key as digits or words.
    Key,
}

/// All that the model may know of what stands in secret fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretShape {
    /// Characters in each field, in the order of [`SecretField`].
    pub typed: [usize; 4],
    /// The new passphrase stands there twice.
    pub same: bool,
    /// What is thought of the new passphrase, once there is one.
    pub strength: Option<Strength>,
}

impl SecretShape {
    /// Nothing is typed anywhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.typed, [0, 0, 0, 0])
    }

    /// Characters in `field`.
    #[must_use]
    pub const fn typed(&self, field: SecretField) -> usize {
        self.typed[field as usize]
    }
}

/// What is thought of a passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// It should be another one.
    pub weak: bool,
    /// In one sentence.
    pub words: String,
}

/// Every image there is, with what could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In no order.
    pub images: Vec<LocalImage>,
    /// Sources that failed.
    pub problems: Vec<Problem>,
    /// Name and version of the engine that answered.
    pub engine: Option<String>,
}

/// News of engine and archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceMsg {
    /// The answer to [`Effect::ListImages`](crate::app::Effect::ListImages).
    Listed(Listing),
    /// The engine answers (again).
    Connected {
        /// Name and version.
        engine: String,
    },
    /// Of the engine's images some changed, and the others did not.
    Some {
        /// These are here, as a listing would tell them. A name of theirs is no other image's any more.
        images: Vec<LocalImage>,
        /// These are no longer.
        gone: Vec<ImageId>,
    },
    /// Something changed; the list is out of date.
    Changed,
    /// The engine is gone.
    Lost(Problem),
}

/// A row's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedRow {
    /// Which row.
    pub key: RowKey,
    /// The verdict.
    pub verdict: Arc<Verdict>,
    /// For an undecided one: what was reached before, and when.
    pub last: Option<(Conclusion, Timestamp)>,
}

/// News of the chain, and verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainMsg {
    /// A new block.
    Block(NetworkView),
    /// The node is gone.
    Lost(Problem),
    /// The answer to [`Effect::Judge`](crate::app::Effect::Judge).
    Judged {
        /// What was read, or why not.
        network: Result<NetworkView, Problem>,
        /// One for each subject.
        rows: Vec<JudgedRow>,
        /// When.
        checked_at: Timestamp,
        /// Blocks and reasons are missing, because.
        log_problem: Option<String>,
    },
    /// The trust policy could not be read: the other answer to [`Effect::Judge`](crate::app::Effect::Judge).
    Unjudged {
        /// One undecided verdict for each subject.
        rows: Vec<JudgedRow>,
        /// Why.
        problem: Problem,
    },
}

/// The history of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryMsg {
    /// The answer to [`Effect::ReadHistory`](crate::app::Effect::ReadHistory).
    Read {
        /// Of which reference.
        reference: Reference,
        /// Oldest first.
        result: Result<Vec<HistoryEvent>, Problem>,
    },
}

/// What measuring found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Of an engine's image.
    Evidence(Evidence),
    /// Of an archive: every image in it, with the names that only its content tells.
    Archive(Vec<LocalImage>),
}

/// News of measuring.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskMsg {
    /// The newest progress of running tasks.
    Progress(Vec<(TaskId, Progress)>),
    /// A task ended.
    Measured {
        /// Which.
        task: TaskId,
        /// What was found.
        result: Result<Found, Problem>,
    },
}

/// The accounts of this home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountList {
    /// With balances where the node answered.
    pub accounts: Vec<Account>,
    /// Files that are no usable keys.
    pub problems: Vec<KeyFileProblem>,
    /// What can be restored, the newest last.
    pub removed: Vec<Removed>,
    /// Why balances are missing.
    pub node: Option<Problem>,
}

/// What an account may do, and what became of its word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// For whom it may speak, and who may for it.
    pub appointments: Vec<Appointment>,
    /// What it handed over or took over, or may.
    pub successions: Vec<Succession>,
}

/// What a deed with an account came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The account, where it is still one.
    pub account: Option<Address>,
    /// One sentence.
    pub words: String,
    /// Its key stays open until then.
    pub open_until: Option<Timestamp>,
}

/// News of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountMsg {
    /// The answer to [`Effect::ListAccounts`](crate::app::Effect::ListAccounts).
    Listed(Result<AccountList, Problem>),
    /// The answer to [`Effect::Do`](crate::app::Effect::Do).
    Done {
        /// Which deed.
        ticket: u64,
        /// What came of it.
        result: Result<Done, Problem>,
    },
    /// Another account became the default.
    DefaultSet(Result<Account, Problem>),
    /// The faucet gave.
    Funded(Result<Account, Problem>),
    /// The answer to [`Effect::ReadAbilities`](crate::app::Effect::ReadAbilities).
    Abilities {
        /// Whose.
        account: Address,
        /// What it may do.
        result: Result<Abilities, Problem>,
    },
}

/// News of the endpoints.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeMsg {
    /// The answer to [`Effect::ReadNode`](crate::app::Effect::ReadNode).
    Read(Result<NodeStatus, Problem>),
    /// The answer to [`Effect::ReadBlocks`](crate::app::Effect::ReadBlocks), oldest first.
    Blocks(Result<Vec<RecentBlock>, Problem>),
    /// The answer to [`Effect::AddPeer`](crate::app::Effect::AddPeer).
    PeerAdded(Result<(), Problem>),
}
