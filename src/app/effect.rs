//! What the interface wants done.

mod deed;

use std::{path::PathBuf, time::Duration};

use crate::{
    app::{
        report::Inquiry,
        rows::RowKey,
        sign::{ClaimWish, Look, PublicationId, Quote, Replaces},
        tasks::TaskId,
        watching::Watch,
    },
    domain::{
        Address, Digest, Reference, Wei,
        compare::{Comparison, Question},
        image::{Evidence, LocalImage},
        market::Query,
        node::Enode,
        publication::{JournalEntry, SigningRequest, Statement},
        wish::{Making, PullWish, ReleaseWish},
    },
};
pub use deed::{Deed, GivenSource, KeySource, Setting, TrustChange};

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
        /// In whose name, where not in its own.
        behalf: Option<Address>,
        /// What a release becomes.
        making: Making,
        /// For how much of one gas at most, where the user says so.
        cap: Option<Wei>,
    },
    /// Ask what it costs to deploy the first contract that does not stand yet.
    QuoteDeployment {
        /// Comes back with the answer.
        ticket: u64,
        /// Who pays.
        from: Address,
        /// For how much of one gas at most, where the user says so.
        cap: Option<Wei>,
    },
    /// Ask what another transaction in the place of one that waits costs.
    QuoteReplacement {
        /// Comes back with the answer.
        ticket: u64,
        /// Which, by what.
        replaces: Replaces,
        /// For how much of one gas at most, where the user says so.
        cap: Option<Wei>,
    },
    /// Sign and send, with the passphrase that the event loop holds.
    Submit {
        /// As which publication.
        publication: PublicationId,
        /// What was shown to the user.
        quote: Box<Quote>,
    },
    /// Sign nothing, where the key is not open yet. It answers that it was cancelled, or goes on.
    Withdraw(PublicationId),
    /// Take up what earlier processes left open.
    Resume,
    /// Read the journal's newest transactions, and look at those that may still go on.
    ReadJournal,
    /// Look once at a transaction.
    Look {
        /// As which publication.
        publication: PublicationId,
        /// Which.
        entry: JournalEntry,
    },
    /// Ask for the signature of a publisher whose key is elsewhere, or for what a contract account is to execute.
    Ask {
        /// Comes back with the answer.
        ticket: u64,
        /// What is to be said.
        statement: Statement,
        /// Whose word it is.
        publisher: Address,
        /// It is a contract.
        contract: bool,
        /// Its number is the first one's that nobody relayed.
        replace: bool,
        /// As of [`Self::Quote`].
        making: Making,
        /// For how long a signature is asked for, in seconds.
        seconds: u64,
    },
    /// Ask a registry what it serves under a name, and the chain what was said of it. [`Effect::Undo`] stops it.
    Observe {
        /// Comes back with the answer.
        ticket: u64,
        /// Which name.
        reference: Reference,
        /// Whose word it is compared with.
        observer: Address,
        /// How it is looked at.
        look: Look,
    },
    /// Read what was carried here.
    ReadGiven {
        /// Comes back with the answer.
        ticket: u64,
        /// The text, or where it lies.
        source: GivenSource,
    },
    /// Sign a request, with the passphrase that the event loop holds.
    SignRequest {
        /// Comes back with the answer.
        ticket: u64,
        /// Which.
        request: Box<SigningRequest>,
    },
    /// A request never left this machine: the next one may have its number.
    Forget(Box<SigningRequest>),
    /// Ask what sending costs that was signed elsewhere.
    Relay {
        /// Comes back with the answer.
        ticket: u64,
        /// What was asked for.
        request: Box<SigningRequest>,
        /// What came back: a signature's document, or the signature alone.
        answer: String,
        /// Who sends and pays.
        from: Address,
        /// For how much of one gas at most, where the user says so.
        cap: Option<Wei>,
        /// What it becomes; one that is made again is sent though the same is current.
        making: Making,
    },
    /// Write a new file, for its user alone.
    Save {
        /// Where.
        path: PathBuf,
        /// What.
        text: String,
    },
    /// Do this to an account, with the secrets that the event loop holds.
    Do {
        /// Comes back with the answer.
        ticket: u64,
        /// What is done.
        deed: Deed,
    },
    /// Open an account's key with the passphrase that the event loop holds, and observe names again and again. It answers as
    /// [`Self::Do`] once the key is open, and goes on until [`Self::Undo`].
    Watch {
        /// Comes back with the answer.
        ticket: u64,
        /// What is watched.
        watch: Box<Watch>,
    },
    /// Stop a deed. It answers that it was cancelled, or done.
    Undo(u64),
    /// Forget the key of an account that stayed open.
    Lock(Address),
    /// Look up what an account may do, unless another is wanted before `after` has passed.
    ReadAbilities {
        /// Whose.
        account: Address,
        /// How long the selection must rest.
        after: Duration,
    },
    /// Make an account the default.
    SetDefault {
        /// Which.
        account: Address,
        /// On every network, whatever they had.
        everywhere: bool,
    },
    /// Ask the embedded network's faucet.
    Fund(Address),
    /// Ask every endpoint what it says of itself, and whom it is connected to.
    ReadNode,
    /// Ask for the newest blocks behind this one.
    ReadBlocks {
        /// The newest that is known.
        after: Option<u64>,
    },
    /// Have the node connect to another one.
    AddPeer(Enode),
    /// Look up what was published.
    ReadMarket {
        /// Comes back with the answer.
        ticket: u64,
        /// What is looked for.
        query: Query,
        /// Read the chain up to its head before.
        refresh: bool,
    },
    /// Look up who released a digest, under which names.
    AskWho {
        /// Comes back with the answer.
        ticket: u64,
        /// Which.
        digest: Digest,
    },
    /// Count what was published. It takes longer than looking some of it up.
    CountMarket {
        /// Comes back with the answer.
        ticket: u64,
        /// What is looked for.
        query: Query,
    },
    /// Look up what the namespaces of this home's accounts have in their registries.
    ReadOwn {
        /// Comes back with the answer.
        ticket: u64,
    },
    /// Judge rows of the market, some at a time.
    JudgeMarket {
        /// Comes back with the answer.
        ticket: u64,
        /// The rows, in their order.
        subjects: Vec<(Reference, Evidence)>,
    },
    /// Look up for whom the namespaces above a name vouch.
    ReadVouching(Reference),
    /// Pull an image, if it is the released one or the user wants it all the same. [`Effect::Undo`] stops it.
    Pull {
        /// Comes back with its news.
        ticket: u64,
        /// Which, and how.
        wish: PullWish,
    },
    /// Ask something whose answer is a dialog of its own. [`Effect::Undo`] stops it.
    Inquire {
        /// Comes back with the answer.
        ticket: u64,
        /// What.
        inquiry: Inquiry,
    },
    /// Find out what of a namespace's claim is left to be done. Signs and pushes nothing.
    PlanClaim {
        /// Comes back with the answer.
        ticket: u64,
        /// Who claims.
        publisher: Address,
        /// What.
        wish: ClaimWish,
    },
    /// Sign a namespace's statement, with the passphrase that the event loop holds, and push it.
    PutStatement {
        /// Comes back with the answer.
        ticket: u64,
        /// Who says it.
        publisher: Address,
        /// What.
        wish: ClaimWish,
    },
    /// Read a policy's text, to be released under a name.
    ReadPolicy {
        /// Comes back with the answer.
        ticket: u64,
        /// Which name.
        reference: Reference,
        /// Where it lies; this home's own without it.
        file: Option<PathBuf>,
    },
    /// Measure what is to be released. [`Effect::Undo`] stops it.
    Compose {
        /// Comes back with the answer.
        ticket: u64,
        /// What, and from where.
        wish: ReleaseWish,
    },
    /// Look at all that the program rests on.
    CheckUp,
    /// Compare an image's layers with the released one's.
    Compare {
        /// Comes back with the answer.
        ticket: u64,
        /// Which.
        question: Box<Question>,
        /// Measure what is here and ask the registry, where that is not known. [`Effect::Undo`] stops it.
        anywhere: bool,
    },
    /// List the files of the layers that differ. [`Effect::Undo`] stops it.
    ListFiles {
        /// Comes back with the answer.
        ticket: u64,
        /// Of which image.
        question: Box<Question>,
        /// What was found before.
        comparison: Box<Comparison>,
    },
    /// Read the trust policy.
    ReadTrust,
    /// Change the trust policy.
    ChangeTrust {
        /// Comes back with the answer.
        ticket: u64,
        /// How.
        change: TrustChange,
    },
    /// Overwrite the passphrase fields.
    ForgetSecret,
    /// Put a text on the clipboard of the terminal (OSC 52).
    Copy(String),
    /// Have the terminal tell of the mouse, or leave the mouse to its own selection of text.
    CaptureMouse(bool),
    /// Draw everything again.
    Redraw,
    /// Stop like any program on Ctrl-Z.
    Suspend,
    /// End, and show the demonstration.
    Demo,
    /// End.
    Quit,
}
