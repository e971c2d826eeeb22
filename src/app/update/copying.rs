//! What goes to the terminal's clipboard.

use crate::app::{
    action::Action,
    activity::Line,
    effect::Effect,
    model::{Model, Tone},
    trust::Entry,
};

/// Copies what `action` copies; `None` for an action that copies nothing.
pub(super) fn copy(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let row = model.rows.selected();
    let text = match action {
        Action::CopyDigest => row.and_then(|row| row.image.evidence.config_digest()).map(|digest| digest.to_string()),
        Action::CopyName => row.and_then(|row| row.key.reference.as_ref()).map(ToString::to_string),
        Action::CopyPublisher => {
            row.and_then(|row| row.verdict.as_ref()?.publisher).map(|publisher| publisher.to_string())
        }
        Action::CopyTransaction => model.waiting_of_selected().map(|(hash, _)| hash.to_string()),
        Action::CopyUrl => model.endpoints.selected().map(|one| one.status.url.clone()),
        Action::CopyAddress => model.accounts.selected().map(|account| account.address.to_string()),
        Action::CopyOffered => {
            let digest = model.market.selected().and_then(|ware| ware.evidence.digests().first().copied());
            digest.map(|kinded| kinded.digest.to_string())
        }
        Action::CopyTrusted => model.trust.selected().map(|entry| match entry {
            Entry::Rule(rule) => rule.publisher.to_string(),
            other => other.pattern().to_string(),
        }),
        Action::CopyEvent => model.activity_line().map(|line| match line {
            Line::Ended(event) => event.to_copy(),
            Line::Publication(one) => {
                one.stage.hash().map_or_else(|| one.subject().to_owned(), |hash| hash.to_string())
            }
            Line::Sent(sent) => sent.entry.hash.to_string(),
            Line::Task(task) => task.label.clone(),
            Line::Pull(pull) => pull.wish.reference.to_string(),
            Line::Watch(watching) => watching.watch.subject(),
            Line::Waiting(count) => count.to_string(),
        }),
        _ => return None,
    };
    Some(text.map_or_else(Vec::new, |text| {
        model.say(Tone::Plain, format!("copied {text}"));
        vec![Effect::Copy(text)]
    }))
}
