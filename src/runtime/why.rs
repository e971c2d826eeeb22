//! What stands beside the image whose verdict is explained.

use std::sync::Arc;

use super::{Runtime, board::Awaited, market::beside};
use crate::{
    app::{Effect, Msg, msg::WhyMsg},
    ops::compare::{Reach, compare, compare_files},
};

impl Runtime {
    /// Compares an image with the released one.
    pub(super) fn explain(&mut self, effect: Effect) {
        match effect {
            Effect::Compare { ticket, question, anywhere } => {
                let token = self.undoable(ticket);
                let reach = if anywhere { Reach::Anywhere } else { Reach::Known };
                let far = move |progress| Msg::Why(WhyMsg::Progress { ticket, progress });
                let compared = move |result| Msg::Why(WhyMsg::Compared { ticket, result });
                let (board, sender) = (self.board(), self.sender.clone());
                self.answer("comparing an image with the released one", compared, move |context| {
                    let watch = Arc::new(Awaited::new(token.clone(), &board, sender, far));
                    beside(token, move || async move { compare(&context, &question, reach, watch).await.map(Box::new) })
                });
            }
            Effect::ListFiles { ticket, question, comparison } => {
                let token = self.undoable(ticket);
                let far = move |progress| Msg::Why(WhyMsg::Progress { ticket, progress });
                let listed = move |result| Msg::Why(WhyMsg::Listed { ticket, result });
                let (board, sender) = (self.board(), self.sender.clone());
                self.answer("listing the files of layers", listed, move |context| {
                    let watch = Arc::new(Awaited::new(token.clone(), &board, sender, far));
                    beside(token, move || async move {
                        let pairs = comparison.different();
                        let changes = compare_files(&context, &question, &comparison, &pairs, watch).await?;
                        Ok(pairs.into_iter().zip(changes).collect())
                    })
                });
            }
            _ => {}
        }
    }
}
