//! Who may speak for whom, and who took over from whom: from the event index, and held to what the contract says now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    context::{blocking, now},
    history::from_index,
    quoting::{Quote, quote},
};
use crate::{
    domain::{
        Address, Timestamp,
        appointment::{Appointment, Scope, Succession},
        notice::Notice,
        progress::Watch,
        publication::Statement,
        record::{HistoryKind, NamedEvent},
    },
    ops::{Context, Failure},
};

/// Appointments of one account that are held to the contract's word, the newest, for each is a call; and publishers whose offers
/// to one account are looked at, the newest too.
const CHECKED: usize = 64;

/// The appointments that `person` made or was given, in the order of their last change.
///
/// # Errors
/// When the node cannot be asked, or it is cancelled.
pub async fn appointments(
    context: &Context,
    person: Address,
    watch: Arc<dyn Watch>,
) -> Result<Vec<Appointment>, Failure> {
    let events =
        from_index(context, watch, move |store, index, head| Ok(store.appointments(index, head, person)?)).await?;
    let mut last: BTreeMap<_, (usize, Option<Timestamp>)> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        if let HistoryKind::Delegate { delegate, expiry } = event.event.kind {
            last.insert((event.event.publisher, delegate, Scope::of(event)), (place, expiry));
        }
    }
    let mut all: Vec<_> = last.into_iter().collect();
    all.sort_by_key(|(_, (place, _))| *place);
    let chain = context.chain().await?;
    let (skipped, at) = (all.len().saturating_sub(CHECKED), now());
    let mut found = Vec::with_capacity(all.len());
    for (place, ((publisher, delegate, scope), (_, until))) in all.into_iter().enumerate() {
        let is_standing = until.is_some_and(|until| until >= at);
        let is_current =
            is_standing && (place < skipped || chain.is_delegate(publisher, scope.hash(), delegate).await?);
        found.push(Appointment { publisher, delegate, scope, until, is_current });
    }
    Ok(found)
}

/// What `person` offered, was offered, handed over or took over, as it stands now.
///
/// # Errors
/// When the node cannot be asked, or it is cancelled.
pub async fn successions(
    context: &Context,
    person: Address,
    watch: Arc<dyn Watch>,
) -> Result<Vec<Succession>, Failure> {
    let (events, left_out) = from_index(context, watch, move |store, index, head| {
        let own = store.appointments(index, head, person)?;
        let (publishers, left_out) = looked_at(&own, person);
        let mut events = Vec::new();
        for publisher in publishers {
            // Who withdraws an offer does not say from whom.
            events.extend(store.appointments(index, head, publisher)?);
        }
        Ok((events, left_out))
    })
    .await?;
    if left_out > 0 {
        context.note([Notice::new(&format!(
            "{left_out} more accounts offered something to {person}; only the {CHECKED} newest are looked at"
        ))]);
    }
    let mut standing: Vec<Succession> = Vec::new();
    for event in &events {
        let HistoryKind::Succession { successor, accepted } = event.event.kind else { continue };
        let (publisher, scope, at) = (event.event.publisher, Scope::of(event), event.event.at);
        // A later offer takes the place of an earlier one, and nothing comes after an acceptance.
        standing.retain(|one| one.publisher != publisher || one.scope != scope);
        if *successor.as_bytes() != [0; 20] {
            standing.push(Succession { publisher, scope, successor, accepted, at });
        }
    }
    standing.retain(|one| one.publisher == person || one.successor == person);
    standing.sort_by_key(|one| one.at);
    Ok(standing)
}

/// Whose offers count in the successions of `person`: its own, and those of the accounts that offered it something last, for
/// strangers can offer what nobody wants; and how many others are left out.
fn looked_at(own: &[NamedEvent], person: Address) -> (Vec<Address>, usize) {
    let mut seen = BTreeSet::from([person]);
    let is_succession = |one: &&NamedEvent| matches!(one.event.kind, HistoryKind::Succession { .. });
    let newest = own.iter().rev().filter(is_succession).map(|one| one.event.publisher);
    let mut publishers = vec![person];
    publishers.extend(newest.filter(|publisher| seen.insert(*publisher)));
    let left_out = publishers.len().saturating_sub(1 + CHECKED);
    publishers.truncate(1 + CHECKED);
    (publishers, left_out)
}

/// What it costs `from` to appoint, to hand over or to retire; and remembers the name, whose hash alone the contract will tell.
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn quote_personal(context: &Context, statement: Statement, from: Address) -> Result<Quote, Failure> {
    let quoted = quote(context, statement, from).await?;
    if let Some(reference) = quoted.statement.reference().cloned() {
        let store = context.store().clone();
        blocking(move || Ok(store.remember_name(&reference)?)).await?;
    }
    Ok(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::HistoryEvent;

    #[test]
    fn the_newest_offers_are_looked_at_and_the_others_counted() {
        let person = Address::from_bytes([1; 20]);
        let offer = |by: u8| NamedEvent {
            scope: [0; 32],
            reference: None,
            event: HistoryEvent {
                publisher: Address::from_bytes([by; 20]),
                kind: HistoryKind::Succession { successor: person, accepted: false },
                block: by.into(),
                transaction: [by; 32],
                log_index: 0,
                at: Timestamp(0),
                by: None,
            },
        };
        // Strangers have low addresses, and offered before.
        let mut own: Vec<_> = (2..102).flat_map(|by| [offer(by), offer(by)]).collect();
        own.push(offer(0xff));
        let (publishers, left_out) = looked_at(&own, person);
        assert_eq!(publishers[..3], [person, Address::from_bytes([0xff; 20]), Address::from_bytes([101; 20])]);
        assert_eq!((publishers.len(), left_out), (1 + CHECKED, 101 - CHECKED));
        assert_eq!(looked_at(&own[..4], person).1, 0);
    }
}
