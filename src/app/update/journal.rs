//! Publications on their way, those of this session and those that an earlier process left open.

use crate::{
    app::{
        activity::{Again, Event, Outcome},
        effect::Effect,
        model::{Dialog, Model, Pane, Tone},
        msg::{Problem, ResumedEntry, SignMsg},
        sign::{OBSERVATION, Publication, PublicationId, Wish, named},
        update::{accounts, chain, claim, elsewhere, given, observe, quoted, sign, trust},
    },
    domain::{
        network::Finality,
        publication::{JournalStage, Stage, Statement},
    },
};

pub(super) fn update(model: &mut Model, msg: SignMsg) -> Vec<Effect> {
    match msg {
        SignMsg::Asked { ticket, result } => {
            elsewhere::asked(model, ticket, result);
            Vec::new()
        }
        SignMsg::Given { ticket, result } => given::read(model, ticket, result),
        SignMsg::Planned { ticket, result } => claim::planned(model, ticket, result),
        SignMsg::Put { ticket, result } => claim::put(model, ticket, result),
        SignMsg::Document { ticket, result } => trust::document(model, ticket, result),
        SignMsg::Sighted { ticket, result } => observe::sighted(model, ticket, result),
        SignMsg::Quoted { ticket, result } => {
            quoted::quoted(model, ticket, result);
            Vec::new()
        }
        SignMsg::Stage { publication, stage } => {
            if stage == Stage::Signing && model.opening == Some(publication) {
                model.tries.succeeded();
                model.opening = None;
            }
            if let Some(one) = find(model, publication)
                && one.is_open()
            {
                one.stage = stage;
            }
            Vec::new()
        }
        SignMsg::Settled { publication, result: Ok(stage) } => settled(model, publication, stage),
        SignMsg::Settled { publication, result: Err(problem) } => failed(model, publication, &problem),
        SignMsg::Journal(result) => {
            match result {
                Ok(sent) => model.journal.sent = sent,
                Err(problem) if problem.is_cancelled() => {}
                Err(problem) => model.note(format!("the journal could not be read: {}", problem.sentence())),
            }
            if model.journal.reading.done() { vec![Effect::ReadJournal] } else { Vec::new() }
        }
        SignMsg::Resumed(result) => {
            let mut effects = resumed_all(model, result);
            if model.resuming.done() {
                effects.push(Effect::Resume);
            }
            effects
        }
    }
}

fn resumed_all(model: &mut Model, result: Result<Vec<ResumedEntry>, Problem>) -> Vec<Effect> {
    let mut effects = Vec::new();
    match result {
        Ok(entries) => {
            let known: Vec<_> = entries.iter().map(|one| one.entry.hash).collect();
            for entry in entries {
                effects.extend(resumed(model, entry));
            }
            // Another process of this home saw the end of it.
            let is_closed =
                |one: &Publication| one.unfollowed && one.stage.hash().is_some_and(|hash| !known.contains(&hash));
            let closed = model.publications.iter().find(|one| is_closed(one)).map(|one| one.subject().to_owned());
            model.publications.retain(|one| !is_closed(one));
            if let Some(name) = closed {
                model.say(Tone::Plain, format!("{name}: settled meanwhile; the activity pane tells how"));
            }
            // What is open and stands in no list here may still leave its block.
            let is_followed = |hash| model.publications.iter().any(|one| one.stage.hash() == Some(hash));
            model.journal_open = known.into_iter().any(|hash| !is_followed(hash));
        }
        // A problem of the node is told by the chain's own messages; the next block asks again.
        Err(problem) if problem.is_cancelled() => model.journal_open = true,
        Err(problem) => {
            model.journal_open = true;
            let sentence = format!("open publications could not be looked up: {}", problem.sentence());
            model.note(sentence);
        }
    }
    effects
}

/// Asks what the journal holds open, unless that is on its way: then once more after it.
pub(super) fn resume(model: &mut Model) -> Vec<Effect> {
    if model.resuming.want() { vec![Effect::Resume] } else { Vec::new() }
}

/// Reads every transaction of the journal, while somebody looks at them.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    let is_due = model.pane == Pane::Activity && model.journal.reading.want();
    if is_due { vec![Effect::ReadJournal] } else { Vec::new() }
}

fn find(model: &mut Model, id: PublicationId) -> Option<&mut Publication> {
    model.publications.iter_mut().find(|one| one.id == id)
}

fn settled(model: &mut Model, id: PublicationId, stage: Stage) -> Vec<Effect> {
    let shown = matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.publication() == Some(id));
    let Some(one) = find(model, id) else { return Vec::new() };
    one.stage = stage;
    one.looking = false;
    if one.may_go_on() {
        one.unfollowed = one.entry.is_none();
        let name = one.subject();
        let text = match one.stage {
            Stage::Unknown { .. } => {
                Some(format!("{name}: signed, and not known whether a node has it; the next block tells"))
            }
            Stage::Dropped { .. } => {
                Some(format!("{name}: no node has the transaction; the next block sends it again"))
            }
            _ => None,
        };
        let doing = one.doing();
        if let Some(text) = text.filter(|_| one.unfollowed) {
            model.say_of(doing, Tone::Bad, text);
        }
        return Vec::new();
    }
    // Its block may still be taken back.
    let may_fall =
        one.stage.inclusion().is_some() && !matches!(one.stage, Stage::Final { finality: Finality::Final, .. });
    let (tone, text) = outcome(one);
    let event = event(one, (tone, text));
    model.journal_open |= may_fall;
    // Good news is told once; bad news stays until it is dismissed.
    if tone == Tone::Good && !shown {
        model.publications.retain(|one| one.id != id);
    }
    model.report(event);
    let mut effects = chain::judge(model);
    effects.extend(accounts::list(model));
    effects.extend(read(model));
    effects
}

fn failed(model: &mut Model, id: PublicationId, problem: &Problem) -> Vec<Effect> {
    let Some(one) = find(model, id) else { return Vec::new() };
    one.looking = false;
    if one.entry.is_some() {
        // The node could not be asked; the next block asks again.
        return Vec::new();
    }
    let unsent = one.stage.hash().is_none();
    if unsent {
        let reference = one.subject().to_owned();
        let event = Event { again: again(one), ..Event::of(one.doing(), one.subject(), Err(problem)) };
        model.publications.retain(|one| one.id != id);
        let told = sign::failed(model, id, problem);
        if problem.is_cancelled() {
            model.report(Event { words: format!("{reference}: nothing was signed"), ..event });
        } else if told {
            model.activity.keep(model.now, event);
        } else {
            model.report(Event { words: format!("{reference}: {}", event.words), ..event });
        }
    } else {
        if let Some(hash) = one.stage.hash() {
            one.stage = Stage::Unknown { hash };
        }
        one.unfollowed = true;
        one.problem = Some(problem.clone());
        let doing = one.doing();
        model.say_of(doing, Tone::Bad, problem.sentence());
    }
    Vec::new()
}

/// What is kept of a publication that ended.
fn event(one: &Publication, (tone, text): (Tone, String)) -> Event {
    let outcome = match tone {
        Tone::Good => Outcome::Done,
        Tone::Bad => Outcome::Failed,
        Tone::Plain => Outcome::Told,
    };
    let again = again(one).filter(|_| outcome == Outcome::Failed);
    Event { outcome, transaction: one.stage.hash(), again, ..Event::of(one.doing(), one.subject(), Ok(text)) }
}

/// How it is said again: only what is about an image here, or was seen at a registry.
fn again(one: &Publication) -> Option<Again> {
    let wish = match one.word {
        _ if one.cancels.is_some() => return None,
        OBSERVATION => Wish::Observe,
        _ if one.image.is_none() => return None,
        "revocation" => Wish::Revoke,
        _ => Wish::Publish,
    };
    Some(Again::Sign { reference: one.reference.clone()?, wish })
}

/// One sentence about how a publication ended.
fn outcome(one: &Publication) -> (Tone, String) {
    let name = one.subject();
    match &one.stage {
        Stage::Final { hash, inclusion, .. } if one.cancels.is_some_and(|cancelled| cancelled != *hash) => (
            Tone::Good,
            format!("{name}: the transaction was taken back in block {}; nothing was written", inclusion.block),
        ),
        Stage::Final { inclusion, .. } => (Tone::Good, format!("{name} {} in block {}", one.done(), inclusion.block)),
        Stage::Reverted { reason, .. } => {
            (Tone::Bad, format!("{name}: the contract refused: {reason}; the fee is spent"))
        }
        Stage::Replaced { .. } => {
            (Tone::Bad, format!("{name}: another transaction of the account took its place; nothing was written"))
        }
        Stage::Dropped { .. } => (Tone::Bad, format!("{name}: no node has the transaction; it is sent again")),
        other => (Tone::Plain, format!("{name}: {}", other.word())),
    }
}

fn resumed(model: &mut Model, resumed: ResumedEntry) -> Vec<Effect> {
    let ResumedEntry { entry, stage } = resumed;
    if let Some(known) = model.publications.iter_mut().find(|one| one.stage.hash() == Some(entry.hash)) {
        // Sent by this screen, or taken up already.
        if !known.unfollowed {
            return Vec::new();
        }
        let id = known.id;
        (known.stage, known.entry, known.unfollowed, known.problem) = (stage.clone(), Some(entry), false, None);
        return if stage.is_settled() { settled(model, id, stage) } else { Vec::new() };
    }
    if !stage.is_news(entry.stage) {
        return Vec::new();
    }
    let fell = entry.stage == JournalStage::Included && stage.inclusion().is_none();
    model.last_publication += 1;
    let one = Publication {
        id: PublicationId(model.last_publication),
        reference: entry.statement.reference().cloned(),
        about: named(&entry.statement).map(str::to_owned),
        image: None,
        word: entry.statement.word(),
        cancels: match entry.statement {
            Statement::Cancellation { of, .. } => Some(of),
            _ => None,
        },
        stage,
        problem: None,
        entry: Some(entry),
        looking: false,
        unfollowed: false,
    };
    if one.is_open() {
        if fell {
            let words = format!("{}: the chain took its block back; it waits for another", one.subject());
            model.say_of(one.doing(), Tone::Bad, words);
        }
        model.publications.push(one);
    } else {
        let (tone, text) = outcome(&one);
        let text = format!("begun earlier: {text}");
        if tone == Tone::Good { model.say_of(one.doing(), tone, text) } else { model.note(text) }
    }
    Vec::new()
}

/// Looks at what is open and no task of this screen follows, once per block.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let is_due = model.journal_open || model.publications.iter().any(|one| one.unfollowed);
    let mut effects = if is_due { resume(model) } else { Vec::new() };
    effects.extend(read(model));
    let open = model.publications.iter_mut().filter(|one| one.may_go_on() && !one.looking);
    effects.extend(open.filter_map(|one| {
        let entry = one.entry.clone()?;
        one.looking = true;
        Some(Effect::Look { publication: one.id, entry })
    }));
    effects
}
