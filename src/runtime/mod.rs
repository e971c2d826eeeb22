//! Effects become tasks, and what tasks find becomes messages.
//!
//! ```text
//! Effect ──▶ tokio task ──▶ bounded channel ──▶ event loop      results: never dropped
//!                └────────▶ board, 10 times a second at most     progress: only the newest counts
//! ```

mod answers;
mod board;
mod caught;
mod claiming;
mod deeds;
mod elsewhere;
mod following;
mod inquiring;
mod market;
mod measuring;
mod nodes;
mod observing;
mod translate;
mod trust;
mod watching;
mod why;
mod work;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{RwLock, mpsc},
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

pub use board::Board;
use board::{Awaited, Unshown};
use caught::caught;
pub use deeds::Typed;
use elsewhere::made;
use translate::problem;
use work::{price, send, set_default};

use crate::{
    app::{
        effect::{Deed, Effect},
        msg::{AccountMsg, HistoryMsg, Msg, SignMsg},
        sign::PublicationId,
        tasks::TaskId,
    },
    domain::wish::Making,
    ops::{self, Context, Passphrase},
};

/// Messages that may wait for the loop. A full channel makes tasks wait, never lose.
const CHANNEL: usize = 256;

/// Runs effects. Dropping it stops every task.
pub struct Runtime {
    context: Context,
    sender: mpsc::Sender<Msg>,
    board: Arc<Board>,
    tasks: JoinSet<()>,
    /// Work that clears up what it has begun, once it is stopped: closing waits for it.
    clearing: JoinSet<()>,
    measuring: HashMap<TaskId, CancellationToken>,
    deeds: HashMap<u64, CancellationToken>,
    /// Publications that may still be withdrawn.
    signing: HashMap<PublicationId, CancellationToken>,
    /// Held for writing while what images share is measured: whoever comes meanwhile finds it done.
    sharing: Arc<RwLock<()>>,
    /// What registries were asked for observers already.
    observed: Arc<ops::observe::Remembered>,
    /// Notices that the interface was told of.
    told: Arc<AtomicUsize>,
    /// The newest look at what this home's namespaces have.
    own: Option<CancellationToken>,
    /// The newest question for whom a name's namespaces vouch.
    vouching: Option<CancellationToken>,
    history: Option<JoinHandle<()>>,
    abilities: Option<JoinHandle<()>>,
}

impl Runtime {
    /// A runtime, and the end of the channel that its messages come out of.
    #[must_use]
    pub fn new(context: Context) -> (Self, mpsc::Receiver<Msg>) {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let runtime = Self {
            sender,
            board: Arc::new(Board::default()),
            tasks: JoinSet::new(),
            clearing: JoinSet::new(),
            measuring: HashMap::new(),
            deeds: HashMap::new(),
            signing: HashMap::new(),
            sharing: Arc::default(),
            observed: Arc::default(),
            // Those of opening the home stand in the model from the beginning.
            told: Arc::new(AtomicUsize::new(context.notices().len())),
            own: None,
            vouching: None,
            history: None,
            abilities: None,
            context,
        };
        (runtime, receiver)
    }

    /// Where running tasks note their progress.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Starts an effect. Those that are the terminal's or need the passphrase are the event loop's business and do
    /// nothing here.
    pub fn run(&mut self, effect: Effect) {
        while self.tasks.try_join_next().is_some() || self.clearing.try_join_next().is_some() {}
        match effect {
            Effect::FollowSources => {
                self.follow_sources();
                self.follow_accounts();
            }
            Effect::FollowChain => self.follow_chain(),
            Effect::ListImages { after } => self.list_images(after),
            Effect::Judge(subjects) => self.judge(subjects),
            Effect::ListAccounts => {
                let listed = |listed| Msg::Account(AccountMsg::Listed(listed));
                self.answer("listing the accounts", listed, |context| async move {
                    ops::accounts::list_accounts(&context).await.map(translate::accounts)
                });
            }
            Effect::ReadHistory { reference, after } => self.read_history(reference, after),
            Effect::Measure { task, image, fresh, beside } => self.measure(task, image, fresh, beside),
            Effect::Cancel(task) => stop(self.measuring.remove(&task)),
            Effect::Quote { ticket, statement, from, behalf, making, cap } => {
                let quoted = move |result| Msg::Sign(SignMsg::Quoted { ticket, result });
                self.answer("asking for the price", quoted, move |context| async move {
                    let statement = made(&context, statement, making, behalf.unwrap_or(from)).await?;
                    let quote = price(&context, statement, from, behalf).await?;
                    let quote = if making == Making::Again { quote.again() } else { quote };
                    Ok(Box::new(translate::from_quote(quote, cap)))
                });
            }
            Effect::QuoteReplacement { ticket, replaces, cap } => {
                let quoted = move |result| Msg::Sign(SignMsg::Quoted { ticket, result });
                self.answer("asking for the price", quoted, move |context| async move {
                    let (hash, kind) = (replaces.transaction, translate::replacement(replaces));
                    let quote = ops::replace::quote(&context, hash, kind, cap).await?;
                    Ok(Box::new(translate::from_replacement(quote, replaces)))
                });
            }
            Effect::SetDefault { account, everywhere } => {
                let set = |account| Msg::Account(AccountMsg::DefaultSet(account));
                self.answer("choosing the account", set, move |context| async move {
                    set_default(&context, account, everywhere).await
                });
            }
            Effect::Fund(address) => {
                let funded = |account| Msg::Account(AccountMsg::Funded(account));
                self.answer("funding the account", funded, move |context| async move {
                    ops::accounts::fund_account(&context, address).await.map(|(account, _)| account)
                });
            }
            Effect::ReadMarket { .. }
            | Effect::CountMarket { .. }
            | Effect::AskWho { .. }
            | Effect::ReadVouching(_)
            | Effect::ReadOwn { .. }
            | Effect::JudgeMarket { .. }
            | Effect::Pull { .. } => {
                self.trade(effect);
            }
            Effect::Compare { .. } | Effect::ListFiles { .. } => self.explain(effect),
            Effect::ReadTrust | Effect::ChangeTrust { .. } => self.trust(effect),
            Effect::ReadNode | Effect::ReadBlocks { .. } | Effect::AddPeer(_) => self.ask_nodes(effect),
            Effect::Ask { .. }
            | Effect::ReadGiven { .. }
            | Effect::Forget(_)
            | Effect::Relay { .. }
            | Effect::Save { .. } => {
                self.carry(effect);
            }
            Effect::CheckUp
            | Effect::ReadJournal
            | Effect::Resume
            | Effect::Look { .. }
            | Effect::QuoteDeployment { .. }
            | Effect::PlanClaim { .. }
            | Effect::Inquire { .. }
            | Effect::ReadPolicy { .. }
            | Effect::Compose { .. }
            | Effect::Observe { .. } => {
                self.look_up(effect);
            }
            Effect::Withdraw(publication) => stop(self.signing.remove(&publication)),
            Effect::Undo(ticket) => stop(self.deeds.remove(&ticket)),
            Effect::Lock(account) => ops::unlock::lock(&self.context, account),
            Effect::ReadAbilities { account, after } => self.read_abilities(account, after),
            Effect::Submit { .. }
            | Effect::Do { .. }
            | Effect::SignRequest { .. }
            | Effect::Watch { .. }
            | Effect::PutStatement { .. }
            | Effect::ForgetSecret
            | Effect::Copy(_)
            | Effect::CaptureMouse(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Demo
            | Effect::Quit => {}
        }
    }

    /// Does something to an account, with what was typed into the dialog's secret fields.
    pub fn perform(&mut self, ticket: u64, deed: Deed, typed: Typed) {
        let token = self.undoable(ticket);
        let far = move |progress| Msg::Looking { ticket, progress };
        let telling = Arc::new(Awaited::new(token.clone(), &self.board, self.sender.clone(), far));
        let done = move |result| Msg::Account(AccountMsg::Done { ticket, result });
        self.answer("changing an account", done, move |context| async move {
            deeds::perform(&context, deed, typed, (token, telling)).await
        });
    }

    /// Forgets every key that stays open.
    pub fn lock_all(&self) {
        ops::unlock::lock_all(&self.context);
    }

    /// Signs with `passphrase`, sends and follows. Every stage becomes a message.
    pub fn submit(&mut self, publication: PublicationId, quote: crate::app::sign::Quote, passphrase: Passphrase) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        let token = CancellationToken::new();
        self.signing.retain(|id, _| id.0 + 1 >= publication.0);
        self.signing.insert(publication, token.clone());
        self.tasks.spawn(async move {
            let (stages, mut seen) = mpsc::channel(16);
            let forward = async {
                while let Some(stage) = seen.recv().await {
                    tell(&sender, Msg::Sign(SignMsg::Stage { publication, stage })).await;
                }
            };
            let confirmations = ops::publish::default_confirmations(quote.network.local);
            let submit = caught("publishing", send(&context, quote, passphrase, &token, (confirmations, stages)));
            // The stages' channel closes when the work ends, so that both end together and the outcome comes last.
            let (result, ()) = tokio::join!(submit, forward);
            let result = result.and_then(|sent| sent.map_err(problem));
            tell(&sender, Msg::Sign(SignMsg::Settled { publication, result })).await;
        });
    }

    /// Stops measuring, pulling and following, and ends what the context started.
    pub async fn close(mut self) {
        for token in self.measuring.values().chain(self.deeds.values()) {
            token.cancel();
        }
        for reading in [&self.history, &self.abilities].into_iter().flatten() {
            reading.abort();
        }
        self.tasks.abort_all();
        // What a pull leaves is known once its thread has dropped it, and the context waits for what is known.
        while self.clearing.join_next().await.is_some() {}
        self.context.close().await;
    }

    /// Only the newest wish counts: the selection has moved on.
    fn read_history(&mut self, reference: crate::domain::Reference, after: Duration) {
        if let Some(older) = self.history.take() {
            older.abort();
        }
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.history = Some(tokio::spawn(async move {
            tokio::time::sleep(after).await;
            // The task itself is aborted when nobody wants it any more.
            let watch = Arc::new(Unshown(CancellationToken::new()));
            let read = caught("reading the history", ops::history::read_history(&context, &reference, None, watch));
            let result = read.await.and_then(|read| read.map_err(problem));
            tell(&sender, Msg::History(HistoryMsg::Read { reference, result })).await;
        }));
    }
}

fn stop(work: Option<CancellationToken>) {
    if let Some(token) = work {
        token.cancel();
    }
}

/// Connecting may have had something to work around.
async fn tell_notices(context: &Context, told: &AtomicUsize, sender: &mpsc::Sender<Msg>) {
    let notices = context.notices();
    let before = told.fetch_max(notices.len(), Ordering::Relaxed);
    for notice in notices.iter().skip(before) {
        tell(sender, Msg::Notice(notice.sentence().to_owned())).await;
    }
}

/// A loop that is gone needs no message.
async fn tell(sender: &mpsc::Sender<Msg>, msg: Msg) {
    let _ = sender.send(msg).await;
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for token in self.measuring.values() {
            token.cancel();
        }
    }
}

#[cfg(test)]
mod tests;
