//! All that the screen shows.

use std::collections::VecDeque;

pub use crate::app::state::{Engine, Filter, Flash, History, Judging, Node, Once, Tone};
use crate::{
    app::{
        accounts::Accounts,
        action::{Action, Keymap, Place},
        activity::{Activity, Journal},
        form::Form,
        layout::is_too_small,
        market::Market,
        msg::SecretField,
        node::{AddPeer, NodePane},
        palette::Palette,
        report::Report,
        rows::Rows,
        sign::{Batch, Publication, PublicationId, Purpose, Sign, Step},
        tasks::Tasks,
        tries::Tries,
        trust::Trust,
        watching::Watching,
        why::Why,
    },
    domain::{
        Reference, Timestamp, account::AccountKind, finding::Finding, network::NetworkView,
        publication::TransactionHash,
    },
};

/// A screenful of one subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    /// Images and their verdicts.
    #[default]
    Images,
    /// What was published on this network.
    Market,
    /// Accounts of this home.
    Accounts,
    /// The trust policy.
    Trust,
    /// The current network's endpoints.
    Node,
    /// What runs, and what has ended.
    Activity,
}

/// A text that is shown as a QR code.
#[derive(Debug, Clone)]
pub struct Code {
    /// What it is.
    pub title: String,
    /// The text.
    pub text: String,
    /// The dialog that goes on afterwards.
    pub back: Option<Box<Sign>>,
}

/// What floats above the panes.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// Publish or revoke.
    Sign(Box<Sign>),
    /// Something that is done to accounts.
    Form(Box<Form>),
    /// A text for a camera.
    Code(Box<Code>),
    /// Have the node connect to another one.
    AddPeer(AddPeer),
    /// All that can be done here, by name.
    Palette(Box<Palette>),
    /// What the program rests on.
    CheckUp(CheckUp),
    /// What was asked for once.
    Report(Box<Report>),
    /// All keys.
    Help {
        /// First line shown.
        top: u16,
    },
    /// Work is running: end it? What it stands before goes on otherwise.
    Quit(Option<Box<Dialog>>),
}

/// A look at what the program rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckUp {
    /// What was found; `None` while it is looked at.
    pub findings: Option<Vec<Finding>>,
    /// First line shown.
    pub top: u16,
}

/// All that the screen shows.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the types say what the fields are")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Model {
    pub now: Timestamp,
    pub width: u16,
    pub height: u16,
    /// Characters beyond ASCII can be shown.
    pub unicode: bool,
    /// The demonstration can be seen: this build has the embedded network that it is played on.
    pub has_demo: bool,
    pub keymap: Keymap,
    /// The mouse is ours, and not the terminal's.
    pub mouse: bool,
    pub pane: Pane,
    /// The detail fills the body.
    pub wide: bool,
    /// First line of the wide detail.
    pub detail_top: u16,
    /// Names of the networks, the current one first.
    pub networks: Vec<String>,
    pub rows: Rows,
    pub filter: Filter,
    pub engine: Engine,
    pub node: Node,
    pub endpoints: NodePane,
    pub market: Market,
    pub accounts: Accounts,
    pub trust: Trust,
    pub why: Why,
    pub tasks: Tasks,
    pub activity: Activity,
    pub journal: Journal,
    pub publications: Vec<Publication>,
    /// Names that are observed again and again.
    pub watching: Option<Watching>,
    pub dialog: Option<Dialog>,
    /// What was asked for, and loses what was typed or ends what a dialog has begun: it is asked for once more.
    pub leaving: Option<Action>,
    /// Dialogs that come after the one that is open.
    pub batch: Option<Batch>,
    pub history: History,
    /// What opening the home had to work around; the user dismisses them.
    pub notices: VecDeque<String>,
    pub flash: Option<Flash>,
    pub listing: Once,
    /// What the journal holds open is being looked up.
    pub resuming: Once,
    /// It may hold something that stands in no list here: each block looks.
    pub journal_open: bool,
    /// When the newest listing came.
    pub listed_at: Timestamp,
    /// A first listing has come.
    pub listed: bool,
    pub judging: Judging,
    /// Blocks and reasons are missing, because.
    pub log_problem: Option<String>,
    /// Wrong passphrases.
    pub tries: Tries,
    /// The publication whose passphrase is being tried.
    pub opening: Option<PublicationId>,
    /// When a key was pressed last.
    pub touched: Timestamp,
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
            unicode: true,
            has_demo: true,
            keymap: Keymap::default(),
            mouse: false,
            pane: Pane::Images,
            wide: false,
            detail_top: 0,
            networks: Vec::new(),
            rows: Rows::starting(now),
            filter: Filter::default(),
            engine: Engine::Asking,
            node: Node::Asking,
            endpoints: NodePane::default(),
            market: Market::default(),
            accounts: Accounts::default(),
            trust: Trust::default(),
            why: Why::default(),
            tasks: Tasks::default(),
            activity: Activity::default(),
            journal: Journal::default(),
            publications: Vec::new(),
            watching: None,
            dialog: None,
            leaving: None,
            batch: None,
            history: History::default(),
            notices: notices.into(),
            flash: None,
            listing: Once::Idle,
            resuming: Once::Idle,
            journal_open: false,
            listed_at: Timestamp::default(),
            listed: false,
            judging: Judging::Idle,
            log_problem: None,
            tries: Tries::default(),
            opening: None,
            touched: now,
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
            Some(Dialog::Palette(_)) => Place::Palette,
            Some(Dialog::CheckUp(_)) => Place::CheckUp,
            Some(Dialog::Report(_)) => Place::Report,
            Some(Dialog::Quit(_)) => Place::Quit,
            Some(Dialog::Form(_)) => Place::Form,
            Some(Dialog::Code(_)) => Place::Code,
            Some(Dialog::AddPeer(_)) => Place::AddPeer,
            Some(Dialog::Sign(sign)) if sign.step == Step::Carrying => Place::Carry,
            Some(Dialog::Sign(_)) => Place::Sign,
            None if self.filter.editing => Place::Filter,
            None if self.pane == Pane::Market && self.market.editing => Place::Search,
            None => self.ground(),
        }
    }

    /// Where they go once nothing floats above the pane and no field of it has the focus.
    #[must_use]
    pub const fn ground(&self) -> Place {
        match self.pane {
            Pane::Images if self.wide => Place::Detail,
            Pane::Images => Place::Images,
            Pane::Market if self.wide => Place::Offer,
            Pane::Market => Place::Market,
            Pane::Accounts => Place::Accounts,
            Pane::Trust => Place::Trust,
            Pane::Node => Place::Node,
            Pane::Activity if self.wide => Place::Event,
            Pane::Activity => Place::Activity,
        }
    }

    /// Which secret field has the focus.
    #[must_use]
    pub fn secret_field(&self) -> Option<SecretField> {
        match &self.dialog {
            _ if is_too_small(self) => None,
            Some(Dialog::Sign(sign)) if sign.step == Step::Ready && self.wants_passphrase(sign) => {
                Some(SecretField::Open)
            }
            Some(Dialog::Form(form)) => form.secret_field(),
            _ => None,
        }
    }

    /// The transaction about the selected row that waits for a block, and its reference.
    #[must_use]
    pub fn waiting_of_selected(&self) -> Option<(TransactionHash, Reference)> {
        let reference = self.rows.selected()?.key.reference.as_ref()?;
        let about = self.publications.iter().filter(|one| one.reference.as_ref() == Some(reference));
        about.filter_map(|one| Some((one.waiting()?, one.reference.clone()?))).next_back()
    }

    /// The publication with this identity.
    #[must_use]
    pub fn publication(&self, id: PublicationId) -> Option<&Publication> {
        self.publications.iter().find(|publication| publication.id == id)
    }

    /// The newest publication of a reference that is still under way.
    #[must_use]
    pub fn publication_of(&self, reference: &Reference) -> Option<&Publication> {
        let is_about = |one: &&Publication| one.reference.as_ref() == Some(reference);
        self.publications.iter().rev().filter(is_about).find(|one| one.is_open() || one.may_go_on())
    }

    /// True where a signer outside this program has the account's key, and asks its own user.
    #[must_use]
    pub fn asks_signer(&self, sign: &Sign) -> bool {
        matches!(self.accounts.kind(sign.sender()), Some(AccountKind::Clef(_)))
    }

    /// True while the key that signs stays open.
    #[must_use]
    pub fn is_open(&self, sign: &Sign) -> bool {
        sign.sender().and_then(|sender| self.accounts.open_until(sender)).is_some()
    }

    /// True where a passphrase opens the key that signs. A key that stays open needs none, save for what cannot be undone:
    /// that is typed.
    #[must_use]
    pub fn wants_passphrase(&self, sign: &Sign) -> bool {
        (!self.is_open(sign) || sign.is_for_ever()) && !self.asks_signer(sign)
    }

    /// True while something is measured, or a publication has not been read off the screen yet.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.tasks.is_busy() || !self.publications.is_empty()
    }

    /// True while beginning anew would stop something, or take a dialog away.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        let unsent = self.publications.iter().any(Publication::is_unsent);
        self.dialog.is_some() || self.tasks.is_busy() || self.market.pull.is_some() || unsent || self.watching.is_some()
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

    /// True where closing the dialog loses what was typed.
    #[must_use]
    pub fn would_lose(&self) -> bool {
        match &self.dialog {
            Some(Dialog::Form(form)) => form.working.is_none() && (form.touched || !form.secret.is_empty()),
            Some(Dialog::Sign(sign)) => {
                let reason = matches!(&sign.purpose, Purpose::Revoke { reason } if !reason.value().trim().is_empty());
                let passphrase = sign.step == Step::Ready && !sign.secret.is_empty();
                let annotations = !sign.annotations.is_empty();
                match sign.step {
                    Step::Noting => sign.noted.value().trim() != sign.annotations,
                    Step::Carrying if sign.carried.as_ref().is_some_and(|carried| !carried.left) => annotations,
                    // What was signed, or asked for, is kept elsewhere by then; a word or a number is typed again.
                    Step::Carrying | Step::Saving | Step::Working(_) | Step::Price | Step::Naming => false,
                    _ => annotations || (!sign.is_repetition() && (reason || passphrase)),
                }
            }
            Some(Dialog::AddPeer(add)) => !add.working && !add.input.value().trim().is_empty(),
            _ => false,
        }
    }

    /// True while a dialog of fields waits for what it asked for to be done.
    #[must_use]
    pub fn is_doing(&self) -> bool {
        matches!(&self.dialog, Some(Dialog::Form(form)) if form.working.is_some())
    }

    /// Shows the answer to a key for some seconds. What went well or badly is kept, too.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.say_of("message", tone, text);
    }

    /// Shows a sentence for some seconds.
    pub(super) fn flash(&mut self, tone: Tone, text: String) {
        // Long enough to be read after a key, short enough that the list gets its row back.
        let seconds = if tone == Tone::Bad { 12 } else { 5 };
        self.flash = Some(Flash { text, tone, until: Timestamp(self.now.0 + seconds) });
    }
}
