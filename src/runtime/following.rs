//! Engine, archives, accounts and chain, followed until the end; and what they have, listed and judged.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Runtime, board::Unshown, caught::caught, tell, tell_notices, translate, work::list_accounts};
use crate::{
    app::{
        effect::Subject,
        msg::{Listing, Msg, SourceMsg},
    },
    ops,
};

impl Runtime {
    /// Judges rows at one block.
    pub(super) fn judge(&mut self, subjects: Vec<Subject>) {
        let (keys, subjects): (Vec<_>, Vec<_>) = subjects
            .into_iter()
            .map(|one| {
                let image = Some(one.key.image.clone());
                (one.key, ops::verify::Subject { image, reference: one.reference, evidence: one.evidence })
            })
            .unzip();
        let asked = subjects.clone();
        let message = move |judgement| match judgement {
            Ok(judgement) => Msg::Chain(translate::judged(keys, judgement)),
            Err(problem) => Msg::Chain(translate::unjudged(keys, &asked, problem)),
        };
        // The policy is read anew each time: `daochain trust` in another terminal changes it.
        self.answer("judging the images", message, |context| async move {
            let policy = ops::trust::trust_policy(&context)?;
            Ok(ops::verify::judge_images(&context, &subjects, &policy).await)
        });
    }

    /// Lists what is known at once, and again where an engine's documents told which image it means.
    pub(super) fn list_images(&mut self, after: Duration) {
        let (context, sender, told) = (self.context.clone(), self.sender.clone(), Arc::clone(&self.told));
        let token = CancellationToken::new();
        let watch = Arc::new(Unshown(token.clone()));
        self.tasks.spawn(async move {
            // A thread that reads for this task ends with it.
            let _guard = token.drop_guard();
            let list = async || {
                let (images, listing) = match caught("listing the images", ops::images::list_images(&context)).await {
                    Ok(list) => (translate::unidentified(&list), translate::listing(list)),
                    Err(problem) => (Vec::new(), Listing { images: Vec::new(), problems: vec![problem], engine: None }),
                };
                tell(&sender, Msg::Source(SourceMsg::Listed(listing))).await;
                tell_notices(&context, &told, &sender).await;
                images
            };
            tokio::time::sleep(after).await;
            let images = list().await;
            // Without it the first listing stands.
            let identified =
                caught("reading images' documents", ops::identity::identify_listed(&context, &images, watch));
            if identified.await == Ok(true) {
                list().await;
            }
        });
    }

    pub(super) fn follow_sources(&mut self) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let mut news = ops::images::follow_sources(&context);
            while let Some(change) = news.recv().await {
                tell(&sender, Msg::Source(translate::source(change))).await;
            }
        });
    }

    /// Lists the accounts again whenever any program changes the keystore.
    pub(super) fn follow_accounts(&mut self) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let mut news = ops::accounts::follow_accounts(&context);
            while news.recv().await.is_some() {
                tell(&sender, list_accounts(&context).await).await;
            }
        });
    }

    pub(super) fn follow_chain(&mut self) {
        let (context, sender) = (self.context.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let mut news = ops::verify::follow_chain(&context);
            while let Some(change) = news.recv().await {
                tell(&sender, Msg::Chain(translate::chain(change))).await;
            }
        });
    }
}
