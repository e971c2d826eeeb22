//! The endpoints, while the pane shows them.

use crate::{
    app::{
        effect::Effect,
        model::{Dialog, Model, Pane, Tone},
        msg::NodeMsg,
        node::{AddPeer, FRESH},
        update::why,
    },
    domain::node::Enode,
};

pub(super) fn update(model: &mut Model, msg: NodeMsg) -> Vec<Effect> {
    match msg {
        NodeMsg::Read(result) => {
            model.endpoints.asking = false;
            if !matches!(&result, Err(problem) if problem.is_cancelled()) {
                model.endpoints.status = Some(result);
            }
            let again = std::mem::take(&mut model.endpoints.stale);
            let mut effects = if again { look(model) } else { Vec::new() };
            effects.extend(blocks(model));
            effects
        }
        NodeMsg::Blocks(result) => {
            model.endpoints.asking_blocks = false;
            // Without them no line is drawn; why, the endpoint's own state tells.
            if let Ok(blocks) = result {
                model.endpoints.take(blocks);
            }
            Vec::new()
        }
        NodeMsg::PeerAdded(Ok(())) => {
            if matches!(&model.dialog, Some(Dialog::AddPeer(_))) {
                model.dialog = None;
            }
            model.say_of("new peer", Tone::Good, "the node tries to connect; the peer is listed here once it did");
            look(model)
        }
        NodeMsg::PeerAdded(Err(problem)) => {
            match &mut model.dialog {
                Some(Dialog::AddPeer(add)) => {
                    add.working = false;
                    add.problem = Some(problem.sentence());
                }
                _ => model.say_of("new peer", Tone::Bad, problem.sentence()),
            }
            Vec::new()
        }
    }
}

/// Asks the endpoints, if somebody looks at them: once more after the answer, where they are being asked.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    if model.pane != Pane::Node && !why::is_shown(model) {
        return Vec::new();
    }
    if std::mem::replace(&mut model.endpoints.asking, true) {
        model.endpoints.stale = true;
        return Vec::new();
    }
    model.endpoints.asked = Some(model.now);
    vec![Effect::ReadNode]
}

/// Asks for blocks that are newer than those known, while somebody looks at them.
fn blocks(model: &mut Model) -> Option<Effect> {
    let heads = model.endpoints.endpoints().iter().filter_map(|one| one.status.head);
    let newest = heads.map(|head| head.latest.number).max()?;
    let known = model.endpoints.newest();
    let is_due = model.pane == Pane::Node && !model.endpoints.asking_blocks && known.is_none_or(|known| known < newest);
    if !is_due || newest == 0 {
        return None;
    }
    model.endpoints.asking_blocks = true;
    Some(Effect::ReadBlocks { after: known })
}

/// Asks because the user wants it.
pub(super) fn refresh(model: &mut Model) -> Vec<Effect> {
    model.say(Tone::Plain, "asking the endpoints again");
    look(model)
}

/// Asks again what has been shown for a while. A clock that was turned back counts as well.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let is_old = |asked: crate::domain::Timestamp| model.now < asked || model.now.since(asked) >= FRESH.as_secs();
    let is_due = !model.endpoints.asking && model.endpoints.asked.is_none_or(is_old);
    if is_due { look(model) } else { Vec::new() }
}

/// Opens the dialog that adds a peer.
pub(super) fn open_add(model: &mut Model) -> Vec<Effect> {
    model.dialog = Some(Dialog::AddPeer(AddPeer::default()));
    Vec::new()
}

/// Enter: what is typed is an enode URL, or why not.
pub(super) fn add(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::AddPeer(add)) = &mut model.dialog else { return Vec::new() };
    if add.working {
        return Vec::new();
    }
    match add.input.value().trim().parse::<Enode>() {
        Ok(enode) => {
            add.working = true;
            add.problem = None;
            vec![Effect::AddPeer(enode)]
        }
        Err(error) => {
            add.problem = Some(error.to_string());
            Vec::new()
        }
    }
}
