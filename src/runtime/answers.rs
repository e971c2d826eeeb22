//! Work that somebody waits for the answer of.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Runtime, caught::caught, tell, tell_notices, translate::problem};
use crate::{
    app::msg::{Msg, Problem},
    ops::{Context, Failure},
};

impl Runtime {
    /// Every question has its answer: that its work panicked is one too.
    pub(super) fn answer<T, F>(
        &mut self,
        what: &'static str,
        message: impl FnOnce(Result<T, Problem>) -> Msg + Send + 'static,
        work: impl FnOnce(Context) -> F,
    ) where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send,
    {
        let answering = self.answering(what, message, work);
        self.tasks.spawn(answering);
    }

    /// The same for work that is to be cleared up after where its token stops it: closing waits for its end.
    pub(super) fn answer_cleared<T, F>(
        &mut self,
        what: &'static str,
        message: impl FnOnce(Result<T, Problem>) -> Msg + Send + 'static,
        work: impl FnOnce(Context) -> F,
    ) where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send,
    {
        let answering = self.answering(what, message, work);
        self.clearing.spawn(answering);
    }

    fn answering<T, F>(
        &self,
        what: &'static str,
        message: impl FnOnce(Result<T, Problem>) -> Msg + Send + 'static,
        work: impl FnOnce(Context) -> F,
    ) -> BoxFuture<'static, ()>
    where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send,
    {
        let (work, sender) = (work(self.context.clone()), self.sender.clone());
        let (context, told) = (self.context.clone(), Arc::clone(&self.told));
        Box::pin(async move {
            let result = caught(what, work).await.and_then(|result| result.map_err(problem));
            tell(&sender, message(result)).await;
            tell_notices(&context, &told, &sender).await;
        })
    }
}
