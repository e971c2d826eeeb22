//! Transactions that an earlier process of this home left open.

use std::time::Duration;

use super::Session;
use crate::{
    domain::{Reference, publication::Statement},
    ops::{
        Failure,
        follow::{Resumed, look, resume},
        publish::{default_confirmations, pending as unanswered},
    },
};

/// Pause between two looks at a transaction that an earlier process sent.
const PAUSE: Duration = Duration::from_secs(1);
/// Looks before the wait for all of them is given up.
const LOOKS: u32 = 60;

/// Takes up what an earlier process left open, and tells it. Answers with what no block has yet.
///
/// # Errors
/// When the journal or the node cannot be read.
pub async fn take_up(session: &mut Session) -> Result<Vec<Resumed>, Failure> {
    let mut pending = Vec::new();
    for resumed in resume(&session.context).await? {
        if resumed.stage.is_news(resumed.entry.stage) {
            tell_resumed(session, &resumed);
        }
        if waits(&resumed) {
            pending.push(resumed);
        }
    }
    Ok(pending)
}

fn tell_resumed(session: &mut Session, resumed: &Resumed) {
    let (name, hash) = (resumed.entry.statement.subject(), resumed.entry.hash);
    session.console.note(&format!("taken up from an earlier run: {name}, {hash}: {}", resumed.stage.word()));
}

const fn waits(resumed: &Resumed) -> bool {
    resumed.stage.inclusion().is_none() && !resumed.stage.is_failure()
}

/// Waits for earlier transactions about a reference, and refuses to speak about it while one has no block: to say the same again
/// would say it twice.
///
/// # Errors
/// `publication-pending`.
pub async fn refuse_pending(
    session: &mut Session,
    pending: &mut [Resumed],
    reference: &Reference,
) -> Result<(), Failure> {
    refuse_pending_where(session, pending, |one| one.parts().iter().any(|part| part.reference() == Some(reference)))
        .await
}

/// The same of earlier transactions that say something of what `concerns` tells.
///
/// # Errors
/// `publication-pending`.
pub async fn refuse_pending_where(
    session: &mut Session,
    pending: &mut [Resumed],
    concerns: impl Fn(&Statement) -> bool,
) -> Result<(), Failure> {
    let is_about = |one: &Resumed| concerns(&one.entry.statement);
    for one in pending.iter_mut().filter(|one| is_about(one)) {
        await_block(session, one).await;
    }
    match pending.iter().find(|one| is_about(one) && waits(one)) {
        Some(one) => Err(unanswered(&one.entry)),
        None => Ok(()),
    }
}

/// Waits a minute at most for the block of an earlier transaction.
pub async fn await_block(session: &mut Session, resumed: &mut Resumed) {
    if !waits(resumed) {
        return;
    }
    let (name, hash) = (resumed.entry.statement.subject(), resumed.entry.hash);
    session.console.note(&format!("waiting for the block of {hash}, which is about {name}"));
    let confirmations = default_confirmations(session.context.is_local());
    for _ in 0..LOOKS {
        tokio::time::sleep(PAUSE).await;
        match look(&session.context, &resumed.entry, confirmations).await {
            Ok(stage) => resumed.stage = stage,
            Err(failure) => {
                session.console.note(&format!("{hash} cannot be followed: {failure}"));
                break;
            }
        }
        if !waits(resumed) {
            break;
        }
    }
    tell_resumed(session, resumed);
}
