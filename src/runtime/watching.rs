//! Observing names again and again: what is new is signed and sent, without asking each time.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Runtime, Unshown, caught::caught, market::beside, problem, tell, translate};
use crate::{
    app::{
        msg::{AccountMsg, Done, Msg, WatchMsg},
        sign::Depth,
        watching::{Looked, Watch},
    },
    domain::{progress, publication::Statement, text::count, when::span_text},
    ops::{
        self, Context, Failure, Passphrase,
        observe::{Remembered, news, observe},
        publish::{default_confirmations, submit_unlocked},
        unlock::{Unlocked, unlock_for_all},
    },
};

impl Runtime {
    /// Opens the account's key with `passphrase`, and watches until [`Effect::Undo`](crate::app::Effect::Undo).
    pub fn watch(&mut self, ticket: u64, watch: Watch, passphrase: Passphrase) {
        let (token, remembered) = (self.undoable(ticket), Arc::clone(&self.observed));
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let opened = caught("opening an account", unlock_for_all(&context, watch.account, passphrase)).await;
            let opened = opened.and_then(|opened| opened.map_err(problem));
            let opened = if token.is_cancelled() { Err(problem(Failure::cancelled())) } else { opened };
            let (key, result) = match opened {
                Ok(key) => (Some(key), Ok(begun(&watch))),
                Err(problem) => (None, Err(problem)),
            };
            tell(&sender, Msg::Account(AccountMsg::Done { ticket, result })).await;
            if key.is_none() {
                return;
            }
            tell(&sender, Msg::Watch(WatchMsg::Begun { ticket, watch: Box::new(watch.clone()) })).await;
            let (told, reading) = (sender.clone(), token.clone());
            let work = beside(token, move || async move {
                let mut key = key;
                loop {
                    let result = look(&context, &watch, &remembered, (&mut key, &reading)).await.map_err(problem);
                    tell(&told, Msg::Watch(WatchMsg::Looked { ticket, result })).await;
                    tokio::time::sleep(Duration::from_secs(watch.every)).await;
                }
            });
            let ended: Result<Result<(), Failure>, _> = caught("watching names", work).await;
            let problem = match ended {
                Ok(Ok(())) => problem(Failure::cancelled()),
                Ok(Err(failure)) => problem(failure),
                Err(problem) => problem,
            };
            tell(&sender, Msg::Watch(WatchMsg::Ended { ticket, problem })).await;
        });
    }
}

fn begun(watch: &Watch) -> Done {
    let (names, every) = (count(watch.names.len(), "name"), span_text(watch.every));
    let words = format!("watching {names}, every {every}: the activity pane tells how it goes");
    Done { account: None, words, open_until: None }
}

/// One look at every name: what is new is attested, one after the other.
async fn look(
    context: &Context,
    watch: &Watch,
    remembered: &Remembered,
    (key, token): (&mut Option<Unlocked>, &CancellationToken),
) -> Result<Looked, Failure> {
    let mut looked = Looked::default();
    let mut seen = Vec::new();
    let deep = (watch.depth == Depth::Layers).then(|| Arc::new(Unshown(token.clone())) as Arc<dyn progress::Watch>);
    for (name, result) in watch.names.iter().zip(observe(context, &watch.names, remembered, deep).await) {
        match result {
            Ok(observation) => seen.push(observation),
            Err(failure) => looked.problems.push(format!("{}: {}", name.familiar(), failure.message)),
        }
    }
    let news = news(context, watch.account, seen, watch.renew).await?;
    looked.unchanged = news.unchanged.len();
    let withdrawn = news.withdrawn.iter().map(|name| format!("{}: served as it was taken back", name.familiar()));
    looked.problems.extend(withdrawn);
    if news.statements.is_empty() {
        return Ok(looked);
    }
    // What is on its way already is not said twice.
    let journal = ops::replace::list(context).await?;
    let waiting: Vec<_> = journal
        .into_iter()
        .map(translate::sent)
        .filter(|sent| sent.waiting().is_some())
        .map(|sent| sent.entry)
        .collect();
    for statement in news.statements {
        let name = statement.reference().map_or("", crate::domain::Reference::familiar).to_owned();
        let is_about = |part: &Statement| part.reference() == statement.reference();
        if waiting.iter().any(|entry| entry.statement.parts().iter().any(is_about)) {
            looked.problems.push(format!("{name}: an earlier transaction about it waits for a block"));
            continue;
        }
        match attest(context, watch, statement, key).await {
            Ok(()) => looked.attested.push(name),
            Err(cause) => looked.problems.push(format!("{name}: {cause}")),
        }
    }
    Ok(looked)
}

/// Signs and sends it, for the account; why not, in a sentence.
async fn attest(
    context: &Context,
    watch: &Watch,
    statement: Statement,
    key: &mut Option<Unlocked>,
) -> Result<(), String> {
    let told = |failure: Failure| failure.message;
    let mut quote = ops::quoting::quote(context, statement, watch.account).await.map_err(told)?.again();
    let needed = quote.cost.needed();
    if let Some(cap) = watch.cap {
        quote.cost = quote.cost.capped(cap);
        if quote.cost.max_gas_price < needed {
            return Err(format!("one gas costs {} gwei, and {} is the most for this watch", needed.gwei(), cap.gwei()));
        }
    }
    let (stages, _seen) = mpsc::channel(16);
    let confirmations = default_confirmations(context.is_local());
    let stage = submit_unlocked(context, &quote, (key, true), confirmations, stages).await.map_err(told)?;
    if stage.inclusion().is_some() && !stage.is_failure() {
        return Ok(());
    }
    Err(format!("its transaction is {}", stage.word()))
}
