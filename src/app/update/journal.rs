//! Publications on their way, those of this session and those that an earlier process left open.

use crate::{
    app::{
        effect::Effect,
        model::{Dialog, Model, Tone},
        msg::{Problem, ResumedEntry, SignMsg},
        sign::{Publication, PublicationId},
        update::{accounts, chain, sign},
    },
    domain::publication::{Stage, Statement},
};

pub(super) fn update(model: &mut Model, msg: SignMsg) -> Vec<Effect> {
    match msg {
        SignMsg::Quoted { ticket, result } => {
            sign::quoted(model, ticket, result);
            Vec::new()
        }
        SignMsg::Stage { publication, stage } => {
            if let Some(one) = find(model, publication)
                && one.is_open()
            {
                one.stage = stage;
            }
            Vec::new()
        }
        SignMsg::Settled { publication, result: Ok(stage) } => settled(model, publication, stage),
        SignMsg::Settled { publication, result: Err(problem) } => failed(model, publication, &problem),
        SignMsg::Resumed(Ok(entries)) => {
            for entry in entries {
                resumed(model, entry);
            }
            Vec::new()
        }
        // A problem of the node is told by the chain's own messages.
        SignMsg::Resumed(Err(problem)) if problem.is_cancelled() => Vec::new(),
        SignMsg::Resumed(Err(problem)) => {
            model.notices.push_back(format!("open publications could not be looked up: {}", problem.sentence()));
            Vec::new()
        }
    }
}

fn find(model: &mut Model, id: PublicationId) -> Option<&mut Publication> {
    model.publications.iter_mut().find(|one| one.id == id)
}

fn settled(model: &mut Model, id: PublicationId, stage: Stage) -> Vec<Effect> {
    let shown = matches!(&model.dialog, Some(Dialog::Sign(sign)) if sign.publication() == Some(id));
    let Some(one) = find(model, id) else { return Vec::new() };
    one.stage = stage;
    one.looking = false;
    if one.is_open() {
        return Vec::new();
    }
    let (tone, text) = outcome(one);
    // Good news is told once; bad news stays until it is dismissed.
    if tone == Tone::Good && !shown {
        model.publications.retain(|one| one.id != id);
    }
    model.say(tone, text);
    let mut effects = chain::judge(model);
    effects.extend(accounts::list(model));
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
        let reference = one.reference.familiar().to_owned();
        model.publications.retain(|one| one.id != id);
        if !sign::failed(model, id, problem) {
            model.say(Tone::Bad, format!("{reference}: {}", problem.sentence()));
        }
    } else {
        if let Some(hash) = one.stage.hash() {
            one.stage = Stage::Unknown { hash };
        }
        one.problem = Some(problem.clone());
        model.say(Tone::Bad, problem.sentence());
    }
    Vec::new()
}

/// One sentence about how a publication ended.
fn outcome(one: &Publication) -> (Tone, String) {
    let name = one.reference.familiar();
    match &one.stage {
        Stage::Final { inclusion, .. } if one.revocation => {
            (Tone::Good, format!("{name} is revoked since block {}", inclusion.block))
        }
        Stage::Final { inclusion, .. } => (Tone::Good, format!("{name} is published in block {}", inclusion.block)),
        Stage::Reverted { reason, .. } => {
            (Tone::Bad, format!("{name}: the contract refused: {reason}; the fee is spent"))
        }
        Stage::Replaced { .. } => {
            (Tone::Bad, format!("{name}: another transaction of the account took its place; nothing was written"))
        }
        Stage::Dropped { .. } => (Tone::Bad, format!("{name}: the node forgot the transaction; publish again")),
        other => (Tone::Plain, format!("{name}: {}", other.word())),
    }
}

fn resumed(model: &mut Model, resumed: ResumedEntry) {
    let ResumedEntry { entry, stage } = resumed;
    model.last_publication += 1;
    let one = Publication {
        id: PublicationId(model.last_publication),
        reference: entry.statement.reference().clone(),
        image: None,
        revocation: matches!(entry.statement, Statement::Revocation { .. }),
        stage,
        problem: None,
        entry: Some(entry),
        looking: false,
    };
    if one.is_open() {
        model.publications.push(one);
    } else {
        let (tone, text) = outcome(&one);
        let text = format!("begun earlier: {text}");
        if tone == Tone::Good { model.say(tone, text) } else { model.notices.push_back(text) }
    }
}

/// Looks at what an earlier process left open, once per block.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let open = model.publications.iter_mut().filter(|one| one.is_open() && !one.looking);
    open.filter_map(|one| {
        let entry = one.entry.clone()?;
        one.looking = true;
        Some(Effect::Look { publication: one.id, entry })
    })
    .collect()
}
