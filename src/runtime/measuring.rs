//! Measuring in tasks of their own.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Runtime, board::TaskWatch, tell, translate::problem, work::measure};
use crate::{
    app::{
        msg::{Msg, TaskMsg},
        tasks::TaskId,
    },
    domain::image::{LocalImage, Source},
    ops::{Failure, together::measure_together},
};

impl Runtime {
    pub(super) fn measure(&mut self, task: TaskId, image: LocalImage, fresh: bool, beside: Vec<LocalImage>) {
        let token = CancellationToken::new();
        self.measuring.retain(|_, token| !token.is_cancelled());
        self.measuring.insert(task, token.clone());
        let watch = Arc::new(TaskWatch::new(task, token.clone(), Arc::clone(&self.board)));
        let (context, sender, over) = (self.context.clone(), self.sender.clone(), token.clone());
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
            let done = work.await;
            over.cancel();
            let result = match done {
                Ok(result) => result,
                Err(error) if error.is_cancelled() => Err(Failure::cancelled()),
                Err(_) => Err(Failure::fault("measuring")),
            };
            tell(&sender, Msg::Task(TaskMsg::Measured { task, result: result.map_err(problem) })).await;
        });
    }
}
