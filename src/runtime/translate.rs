//! Between the workflows' words and the interface's.

use crate::{
    app::{
        msg::{AccountList, ChainMsg, JudgedRow, Listing, Problem, ResumedEntry, SourceMsg},
        rows::RowKey,
        sign::Quote,
    },
    domain::verdict::undecided,
    ops::{
        self, Failure,
        images::{ImageList, SourceChange},
        verify::{ChainChange, Judgement, Subject},
    },
};

pub(super) fn problem(failure: Failure) -> Problem {
    Problem { code: failure.code, message: failure.message, hint: failure.hint }
}

pub(super) fn listing(list: ImageList) -> Listing {
    Listing {
        images: list.images,
        problems: list.problems.into_iter().map(problem).collect(),
        engine: list.engine.as_deref().map(crate::domain::text::clean),
    }
}

pub(super) fn source(change: SourceChange) -> SourceMsg {
    match change {
        SourceChange::Connected { engine } => SourceMsg::Connected { engine: crate::domain::text::clean(&engine) },
        SourceChange::Changed => SourceMsg::Changed,
        SourceChange::Lost(failure) => SourceMsg::Lost(problem(failure)),
    }
}

pub(super) fn chain(change: ChainChange) -> ChainMsg {
    match change {
        ChainChange::Block(network) => ChainMsg::Block(network),
        ChainChange::Lost(failure) => ChainMsg::Lost(problem(failure)),
    }
}

pub(super) fn accounts(list: ops::accounts::Accounts) -> AccountList {
    AccountList { accounts: list.accounts, problems: list.problems, node: list.node.map(problem) }
}

pub(super) fn judged(keys: Vec<RowKey>, judgement: Judgement) -> ChainMsg {
    let mut last = judgement.last.into_iter();
    let rows = keys
        .into_iter()
        .zip(judgement.verdicts)
        .map(|(key, verdict)| JudgedRow { key, verdict, last: last.next().flatten() })
        .collect();
    ChainMsg::Judged {
        network: judgement.network.map_err(problem),
        rows,
        checked_at: judgement.checked_at,
        log_problem: judgement.log_problem,
    }
}

/// Without a trust policy nothing is decided; an empty one in its place would call everything untrusted.
pub(super) fn unjudged(keys: Vec<RowKey>, subjects: &[Subject], failure: Failure) -> ChainMsg {
    let verdict = |subject: &Subject| undecided(subject.evidence.level(), failure.to_string());
    let rows = keys
        .into_iter()
        .zip(subjects)
        .map(|(key, subject)| JudgedRow { key, verdict: verdict(subject), last: None })
        .collect();
    ChainMsg::Unjudged { rows, problem: problem(failure) }
}

pub(super) fn resumed(found: Vec<ops::publish::Resumed>) -> Vec<ResumedEntry> {
    found.into_iter().map(|one| ResumedEntry { entry: one.entry, stage: one.stage }).collect()
}

pub(super) fn from_quote(quote: ops::publish::Quote) -> Quote {
    let ops::publish::Quote { statement, from, balance, cost, network, version, standing } = quote;
    Quote { statement, from, balance, cost, network, version, standing }
}

pub(super) fn to_quote(quote: Quote) -> ops::publish::Quote {
    let Quote { statement, from, balance, cost, network, version, standing } = quote;
    ops::publish::Quote { statement, from, balance, cost, network, version, standing }
}
