//! What the interface wants done.

use std::time::Duration;

use crate::{
    app::{
        rows::RowKey,
        sign::{PublicationId, Quote},
        tasks::TaskId,
    },
    domain::{
        Address, Reference,
        image::{Evidence, LocalImage},
        publication::{JournalEntry, Statement},
    },
};

/// One row to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Where the verdict belongs.
    pub key: RowKey,
    /// The name.
    pub reference: Reference,
    /// What is known of the content.
    pub evidence: Evidence,
}

/// Work, done outside of [`update`](crate::app::update()). Most answer with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Follow engine and archives until the end.
    FollowSources,
    /// Follow the chain until the end.
    FollowChain,
    /// List the images, after waiting for a burst of changes to end.
    ListImages {
        /// How long to wait.
        after: Duration,
    },
    /// Judge these at one block.
    Judge(Vec<Subject>),
    /// List the accounts.
    ListAccounts,
    /// Read a history, unless another is wanted before `after` has passed.
    ReadHistory {
        /// Of which reference.
        reference: Reference,
        /// How long the selection must rest.
        after: Duration,
    },
    /// Measure an image.
    Measure {
        /// As which task.
        task: TaskId,
        /// Which.
        image: LocalImage,
        /// Though the cache knows it.
        fresh: bool,
        /// What it shares with these is measured once; others wait for that.
        beside: Vec<LocalImage>,
    },
    /// Stop a task. It answers that it was cancelled.
    Cancel(TaskId),
    /// Ask what a statement costs.
    Quote {
        /// Comes back with the answer.
        ticket: u64,
        /// What is to be said.
        statement: Statement,
        /// By whom.
        from: Address,
    },
    /// Sign and send, with the passphrase that the event loop holds.
    Submit {
        /// As which publication.
        publication: PublicationId,
        /// What was shown to the user.
        quote: Quote,
    },
    /// Take up what earlier processes left open.
    Resume,
    /// Look once at a transaction.
    Look {
        /// As which publication.
        publication: PublicationId,
        /// Which.
        entry: JournalEntry,
    },
    /// Make a key, with the passphrase that the event loop holds.
    CreateAccount,
    /// Make an account the default.
    SetDefault(Address),
    /// Ask the embedded network's faucet.
    Fund(Address),
    /// Overwrite the passphrase fields.
    ForgetSecret,
    /// Put a text on the clipboard of the terminal (OSC 52).
    Copy(String),
    /// Draw everything again.
    Redraw,
    /// Stop like any program on Ctrl-Z.
    Suspend,
    /// End.
    Quit,
}
