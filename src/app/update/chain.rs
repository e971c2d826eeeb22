//! Verdicts, blocks and histories.

use std::time::Duration;

use crate::{
    app::{
        effect::{Effect, Subject},
        model::{History, Model, Node, Pane},
        msg::{ChainMsg, HistoryMsg, JudgedRow, Problem},
        rows::Row,
        state::Wanted,
        update::{accounts, journal, market, node},
    },
    domain::{Timestamp, network::NetworkView},
};

/// A selection that only passes by asks for nothing.
const REST: Duration = Duration::from_millis(150);

pub(super) fn update(model: &mut Model, msg: ChainMsg) -> Vec<Effect> {
    match msg {
        ChainMsg::Block(network) => {
            let Some(mut effects) = advance(model, network) else { return Vec::new() };
            effects.extend(judge(model));
            effects
        }
        ChainMsg::Lost(problem) => {
            model.rows.doubt(&problem.sentence());
            lose(model, problem);
            node::look(model)
        }
        ChainMsg::Judged { network, rows, checked_at, log_problem } => {
            let known = model.network().map_or(0, |known| known.head.latest.number);
            let mut effects = match network {
                // Verdicts may be the first to tell of a block. A slow answer must not turn its number back.
                Ok(network) if known <= network.head.latest.number => advance(model, network).unwrap_or_default(),
                Ok(_) => Vec::new(),
                Err(problem) => {
                    lose(model, problem);
                    Vec::new()
                }
            };
            model.log_problem = log_problem;
            effects.extend(judged(model, rows, checked_at));
            effects
        }
        ChainMsg::Unjudged { rows, problem } => {
            model.log_problem = Some(problem.sentence());
            let now = model.now;
            judged(model, rows, now)
        }
    }
}

/// Takes a view of the chain over. When it is news, what rests on the chain is asked for again; `None` when it is none.
fn advance(model: &mut Model, network: NetworkView) -> Option<Vec<Effect>> {
    let news = model.network().is_none_or(|known| known.head.latest.hash != network.head.latest.hash);
    let back = matches!(model.node, Node::Lost { .. });
    model.node = Node::Here(network);
    if !news && !back {
        return None;
    }
    let mut effects = accounts::list(model);
    effects.extend(journal::look(model));
    effects.extend(node::look(model));
    effects.extend(accounts::look(model));
    effects.extend(market::news(model));
    // What is shown of the history stays until the answer comes.
    effects.extend(read_history(model, Duration::ZERO));
    Some(effects)
}

fn judged(model: &mut Model, rows: Vec<JudgedRow>, at: Timestamp) -> Vec<Effect> {
    model.rows.judge(rows.into_iter().map(|row| (row.key, row.verdict, row.last)), at);
    model.judging.done().map(|wanted| Effect::Judge(subjects(model, &wanted))).into_iter().collect()
}

fn lose(model: &mut Model, problem: Problem) {
    let (last, since) = match &model.node {
        Node::Here(network) => (Some(network.clone()), model.now),
        Node::Lost { last, since, .. } => (last.clone(), *since),
        Node::Asking => (None, model.now),
    };
    model.node = Node::Lost { last, since, problem };
}

/// Asks for verdicts of every row, unless verdicts are on their way: then once more after them.
pub(super) fn judge(model: &mut Model) -> Vec<Effect> {
    judge_those(model, Wanted::All)
}

/// The same of some rows: what the chain says of the others is as it was.
pub(super) fn judge_those(model: &mut Model, wanted: Wanted) -> Vec<Effect> {
    model.judging.want(wanted).map(|wanted| Effect::Judge(subjects(model, &wanted))).into_iter().collect()
}

fn subjects(model: &Model, wanted: &Wanted) -> Vec<Subject> {
    let is_wanted = |row: &&Row| match wanted {
        Wanted::All => true,
        Wanted::Rows(rows) => rows.contains(&row.key),
    };
    let named = model.rows.all().iter().filter(is_wanted).filter_map(|row| Some((row, row.key.reference.clone()?)));
    named
        .map(|(row, reference)| Subject { key: row.key.clone(), reference, evidence: row.image.evidence.clone() })
        .collect()
}

/// Reads the history of the selected reference when that has changed.
pub(super) fn follow_selection(model: &mut Model) -> Option<Effect> {
    let selected = match model.pane {
        Pane::Market => market::told_of(model),
        _ => model.rows.selected().and_then(|row| row.key.reference.clone()),
    };
    if selected == model.history.reference {
        return None;
    }
    model.detail_top = 0;
    // While the node is lost, the next name's history is told as the last one's until it is known otherwise: each line that is
    // drawn twice is waited for on a slow line.
    let is_lost = matches!(model.node, Node::Lost { .. });
    let told = model.history.result.take().filter(|result| is_lost && selected.is_some() && result.is_err());
    model.history = History { reference: selected, result: told };
    read_history(model, REST)
}

fn read_history(model: &Model, after: Duration) -> Option<Effect> {
    let reference = model.history.reference.clone()?;
    Some(Effect::ReadHistory { reference, after })
}

/// Takes a history over, if it is still wanted.
pub(super) fn history(model: &mut Model, msg: HistoryMsg) {
    let HistoryMsg::Read { reference, result } = msg;
    let cancelled = result.as_ref().is_err_and(Problem::is_cancelled);
    if model.history.reference.as_ref() == Some(&reference) && !cancelled {
        model.history.result = Some(result);
    }
}
