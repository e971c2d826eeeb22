//! Effects become tasks, and what tasks find becomes messages.
//!
//! ```text
//! Effect ──▶ tokio task ──▶ bounded channel ──▶ event loop      results: never dropped
//!                └────────▶ board, 10 times a second at most     progress: only the newest counts
//! ```

mod board;
mod translate;

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
use board::{TaskWatch, Unshown};
use translate::{problem, resumed, to_quote};

use crate::{
    app::{
        effect::{Effect, Subject},
        msg::{AccountMsg, Found, HistoryMsg, Msg, SignMsg, SourceMsg, TaskMsg},
        sign::PublicationId,
        tasks::TaskId,
    },
    domain::image::{LocalImage, Source},
    ops::{self, Context, Failure, Passphrase, together::measure_together},
};

/// Messages that may wait for the loop. A full channel makes tasks wait, never lose.
const CHANNEL: usize = 256;

/// Runs effects. Dropping it stops every task.
pub struct Runtime {
    context: Context,
    sender: mpsc::Sender<Msg>,
    board: Arc<Board>,
    tasks: JoinSet<()>,
    measuring: HashMap<TaskId, CancellationToken>,
    /// Held for writing while what images share is measured: whoever comes meanwhile finds it done.
    sharing: Arc<RwLock<()>>,
    /// Notices that the interface was told of.
    told: Arc<AtomicUsize>,
    history: Option<JoinHandle<()>>,
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
            measuring: HashMap::new(),
            sharing: Arc::default(),
            // Those of opening the home stand in the model from the beginning.
            told: Arc::new(AtomicUsize::new(context.notices().len())),
            history: None,
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
        while self.tasks.try_join_next().is_some() {}
        match effect {
            Effect::FollowSources => self.follow_sources(),
            Effect::FollowChain => self.follow_chain(),
            Effect::ListImages { after } => self.list_images(after),
            Effect::Judge(subjects) => self.answer(|context| judge(context, subjects)),
            Effect::ListAccounts => self.answer(|context| async move {
                let listed = ops::accounts::list_accounts(&context).await;
                Msg::Account(AccountMsg::Listed(listed.map(translate::accounts).map_err(problem)))
            }),
            Effect::ReadHistory { reference, after } => self.read_history(reference, after),
            Effect::Measure { task, image, fresh, beside } => self.measure(task, image, fresh, beside),
            Effect::Cancel(task) => {
                if let Some(token) = self.measuring.remove(&task) {
                    token.cancel();
                }
            }
            Effect::Quote { ticket, statement, from } => self.answer(move |context| async move {
                let quoted = ops::publish::quote(&context, statement, from).await;
                let result = quoted.map(|quote| Box::new(translate::from_quote(quote))).map_err(problem);
                Msg::Sign(SignMsg::Quoted { ticket, result })
            }),
            Effect::Resume => self.answer(|context| async move {
                let found = ops::publish::resume(&context).await;
                Msg::Sign(SignMsg::Resumed(found.map(resumed).map_err(problem)))
            }),
            Effect::Look { publication, entry } => self.answer(move |context| async move {
                let confirmations = ops::publish::default_confirmations(context.is_local());
                let result = ops::publish::look(&context, &entry, confirmations).await.map_err(problem);
                Msg::Sign(SignMsg::Settled { publication, result })
            }),
            Effect::SetDefault(address) => self.answer(move |context| async move {
                let account = ops::accounts::set_default_account(&context, address).await;
                Msg::Account(AccountMsg::DefaultSet(account.map_err(problem)))
            }),
            Effect::Fund(address) => self.answer(move |context| async move {
                let funded = ops::accounts::fund_account(&context, address).await;
                Msg::Account(AccountMsg::Funded(funded.map(|(account, _)| account).map_err(problem)))
            }),
            Effect::Submit { .. }
            | Effect::CreateAccount
            | Effect::ForgetSecret
            | Effect::Copy(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Makes an account with `passphrase`.
    pub fn create_account(&mut self, passphrase: Passphrase) {
        self.answer(|context| async move {
            let created = ops::accounts::create_account(&context, passphrase).await;
            Msg::Account(AccountMsg::Created(created.map_err(problem)))
        });
    }

    /// Signs with `passphrase`, sends and follows. Every stage becomes a message.
    pub fn submit(&mut self, publication: PublicationId, quote: crate::app::sign::Quote, passphrase: Passphrase) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let (stages, mut seen) = mpsc::channel(16);
            let forward = async {
                while let Some(stage) = seen.recv().await {
                    tell(&sender, Msg::Sign(SignMsg::Stage { publication, stage })).await;
                }
            };
            let quote = to_quote(quote);
            let confirmations = ops::publish::default_confirmations(quote.network.local);
            let submit = ops::publish::submit(&context, &quote, passphrase, confirmations, stages);
            // The stages' channel closes when the work ends, so that both end together and the outcome comes last.
            let (result, ()) = tokio::join!(submit, forward);
            tell(&sender, Msg::Sign(SignMsg::Settled { publication, result: result.map_err(problem) })).await;
        });
    }

    /// Stops measuring and following, and ends what the context started.
    pub async fn close(mut self) {
        for token in self.measuring.values() {
            token.cancel();
        }
        if let Some(history) = &self.history {
            history.abort();
        }
        self.tasks.abort_all();
        self.context.close().await;
    }

    fn answer<F>(&mut self, work: impl FnOnce(Context) -> F)
    where
        F: Future<Output = Msg> + Send + 'static,
    {
        let (work, sender) = (work(self.context.clone()), self.sender.clone());
        let (context, told) = (self.context.clone(), Arc::clone(&self.told));
        self.tasks.spawn(async move {
            tell(&sender, work.await).await;
            tell_notices(&context, &told, &sender).await;
        });
    }

    /// Lists what is known at once, and again where an engine's documents told which image it means.
    fn list_images(&mut self, after: Duration) {
        let (context, sender, told) = (self.context.clone(), self.sender.clone(), Arc::clone(&self.told));
        let token = CancellationToken::new();
        let watch = Arc::new(Unshown(token.clone()));
        self.tasks.spawn(async move {
            // A thread that reads for this task ends with it.
            let _guard = token.drop_guard();
            let list = async || {
                let list = ops::images::list_images(&context).await;
                let images = list.images.clone();
                tell(&sender, Msg::Source(SourceMsg::Listed(translate::listing(list)))).await;
                tell_notices(&context, &told, &sender).await;
                images
            };
            tokio::time::sleep(after).await;
            let images = list().await;
            if ops::identity::identify_listed(&context, &images, watch).await {
                list().await;
            }
        });
    }

    fn follow_sources(&mut self) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let mut news = ops::images::follow_sources(&context);
            while let Some(change) = news.recv().await {
                tell(&sender, Msg::Source(translate::source(change))).await;
            }
        });
    }

    fn follow_chain(&mut self) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let mut news = ops::verify::follow_chain(&context);
            while let Some(change) = news.recv().await {
                tell(&sender, Msg::Chain(translate::chain(change))).await;
            }
        });
    }

    /// Only the newest wish counts: the selection has moved on.
    fn read_history(&mut self, reference: crate::domain::Reference, after: Duration) {
        if let Some(older) = self.history.take() {
            older.abort();
        }
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.history = Some(tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let result = ops::history::read_history(&context, &reference, None).await.map_err(problem);
            tell(&sender, Msg::History(HistoryMsg::Read { reference, result })).await;
        }));
    }

    fn measure(&mut self, task: TaskId, image: LocalImage, fresh: bool, beside: Vec<LocalImage>) {
        let token = CancellationToken::new();
        self.measuring.insert(task, token.clone());
        let watch = Arc::new(TaskWatch::new(task, token.clone(), Arc::clone(&self.board)));
        let (context, sender) = (self.context.clone(), self.sender.clone());
        let sharing = Arc::clone(&self.sharing);
        // Taken here, before a later task can take it.
        let held = if beside.is_empty() { None } else { Arc::clone(&sharing).try_write_owned().ok() };
        self.tasks.spawn(async move {
            // A task of its own, so that a panic in a reader of foreign bytes costs this image and nothing else.
            let work = tokio::spawn(async move {
                if let Some(held) = held {
                    measure_together(&context, Some(&image.id), &beside, false, watch.clone()).await?;
                    drop(held);
                } else if !fresh && image.id.source == Source::Engine {
                    tokio::select! { _done = sharing.read() => {}, () = token.cancelled() => {} }
                }
                measure(context, image, fresh, watch).await
            });
            let result = match work.await {
                Ok(result) => result,
                Err(error) if error.is_cancelled() => Err(Failure::cancelled()),
                Err(_) => Err(Failure::new("internal", "measuring ended by a fault of this program")
                    .hint("the log file names it; please report it")),
            };
            tell(&sender, Msg::Task(TaskMsg::Measured { task, result: result.map_err(problem) })).await;
        });
    }
}

/// An archive is measured as a whole: only its content tells how many images it holds, and how they are called.
async fn measure(context: Context, image: LocalImage, fresh: bool, watch: Arc<TaskWatch>) -> Result<Found, Failure> {
    match &image.id.source {
        Source::Engine => ops::measure::measure_image(&context, &image, fresh, watch).await.map(Found::Evidence),
        Source::Archive(path) => ops::measure::measure_archive(&context, path, fresh, watch).await.map(Found::Archive),
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

/// The policy is read anew each time: `daochain trust` in another terminal changes it.
async fn judge(context: Context, subjects: Vec<Subject>) -> Msg {
    let (keys, subjects): (Vec<_>, Vec<_>) = subjects
        .into_iter()
        .map(|one| {
            let image = Some(one.key.image.clone());
            (one.key, ops::verify::Subject { image, reference: one.reference, evidence: one.evidence })
        })
        .unzip();
    match ops::trust::trust_policy(&context) {
        Ok(policy) => {
            let judgement = ops::verify::judge_images(&context, &subjects, &policy).await;
            Msg::Chain(translate::judged(keys, judgement))
        }
        Err(failure) => Msg::Chain(translate::unjudged(keys, &subjects, failure)),
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for token in self.measuring.values() {
            token.cancel();
        }
    }
}
