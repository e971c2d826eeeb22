//! Between the workflows' words and the interface's.

use crate::{
    app::{
        activity::Sent,
        msg::{AccountList, ChainMsg, JudgedRow, Listing, Problem, ResumedEntry, SourceMsg},
        node::{EndpointView, NodeStatus},
        rows::{RowKey, Said},
        sign::{Quote, Replaces},
    },
    domain::{
        Wei,
        image::LocalImage,
        network::Dissent,
        publication::{Authority, Statement},
        verdict::undecided,
    },
    ops::{
        self, Failure,
        contract::DeployQuote,
        images::{ImageList, SourceChange},
        replace::{Replacement, ReplacementQuote},
        verify::{ChainChange, Judgement, Subject},
    },
};

pub(super) fn problem(failure: Failure) -> Problem {
    Problem { code: failure.code, message: failure.message, hint: failure.hint }
}

/// Images that an engine does not say enough of. Most engines have none: a second list of ten thousand would be kept for
/// nothing.
pub(super) fn unidentified(list: &ImageList) -> Vec<LocalImage> {
    list.images.iter().filter(|image| image.evidence.config_digest().is_none()).cloned().collect()
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
        SourceChange::Some(changes) => SourceMsg::Some { images: changes.images, gone: changes.gone },
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
    let ops::accounts::Accounts { accounts, problems, removed, node } = list;
    AccountList { accounts, problems, removed, node: node.map(problem) }
}

pub(super) fn judged(keys: Vec<RowKey>, judgement: Judgement) -> ChainMsg {
    let (mut last, mut said) = (judgement.last.into_iter(), Said::default());
    let rows = keys
        .into_iter()
        .zip(judgement.verdicts)
        .map(|(key, verdict)| JudgedRow { key, verdict: said.once(verdict), last: last.next().flatten() })
        .collect();
    ChainMsg::Judged {
        network: judgement.network.map_err(problem),
        rows,
        checked_at: judgement.checked_at,
        log_problem: judgement.log_problem.or_else(|| Dissent::told(&judgement.dissent)),
    }
}

/// Without a trust policy nothing is decided; an empty one in its place would call everything untrusted.
pub(super) fn unjudged(keys: Vec<RowKey>, subjects: &[Subject], problem: Problem) -> ChainMsg {
    let mut said = Said::default();
    let mut verdict = |subject: &Subject| said.once(undecided(subject.evidence.level(), problem.sentence()));
    let rows = keys
        .into_iter()
        .zip(subjects)
        .map(|(key, subject)| JudgedRow { key, verdict: verdict(subject), last: None })
        .collect();
    ChainMsg::Unjudged { rows, problem }
}

pub(super) fn sent(listed: ops::replace::Listed) -> Sent {
    Sent { entry: listed.entry, stage: listed.stage }
}

pub(super) fn resumed(found: Vec<ops::follow::Resumed>) -> Vec<ResumedEntry> {
    found.into_iter().map(|one| ResumedEntry { entry: one.entry, stage: one.stage }).collect()
}

pub(super) fn from_quote(quote: ops::quoting::Quote, cap: Option<Wei>) -> Quote {
    let ops::quoting::Quote { statement, from, balance, cost, network, version, versions: _, standing, authority } =
        quote;
    let needed = cost.needed();
    let cost = cap.map_or(cost, |cap| cost.capped(cap));
    Quote { statement, from, balance, cost, needed, network, version, standing, replaces: None, authority }
}

pub(super) fn to_quote(quote: Quote) -> ops::quoting::Quote {
    let Quote { statement, from, balance, cost, needed: _, network, version, standing, replaces: _, authority } = quote;
    let versions = vec![version];
    ops::quoting::Quote { statement, from, authority, balance, cost, network, version, versions, standing }
}

/// What a replacement costs, as the dialog shows it.
pub(super) fn from_replacement(quote: ReplacementQuote, replaces: Replaces) -> Quote {
    let statement = match quote.kind {
        Replacement::SpeedUp => quote.entry.statement,
        Replacement::Cancel => {
            Statement::Cancellation { reference: quote.entry.statement.reference().cloned(), of: quote.entry.hash }
        }
    };
    Quote {
        statement,
        from: quote.entry.from,
        balance: quote.balance,
        cost: quote.cost,
        needed: quote.needed,
        network: quote.network,
        version: 0,
        standing: None,
        replaces: Some(replaces),
        authority: Authority::Own,
    }
}

/// What a contract costs, as the dialog shows it.
pub(super) fn from_deployment(quote: DeployQuote, cap: Option<Wei>) -> Quote {
    let DeployQuote { what, from, balance, cost, address: contract, network, deterministic } = quote;
    let needed = cost.needed();
    Quote {
        statement: Statement::Deployment { what, contract, deterministic },
        from,
        balance,
        cost: cap.map_or(cost, |cap| cost.capped(cap)),
        needed,
        network,
        version: 0,
        standing: None,
        replaces: None,
        authority: Authority::Own,
    }
}

/// By what a transaction is replaced.
pub(super) const fn replacement(replaces: Replaces) -> Replacement {
    if replaces.cancel { Replacement::Cancel } else { Replacement::SpeedUp }
}

/// What the endpoints say, each with those that it is connected to.
pub(super) fn node(
    status: ops::node::NodeStatus,
    peers: Vec<(String, Result<Vec<ops::node::Peer>, Failure>)>,
) -> NodeStatus {
    let ops::node::NodeStatus { network, local, managed, must_agree, endpoints } = status;
    let peers = peers.into_iter().map(|(_, told)| told.map_err(problem));
    let view = |(status, peers): (ops::node::EndpointStatus, _)| EndpointView { status: status.tell(problem), peers };
    NodeStatus { network, local, managed, must_agree, endpoints: endpoints.into_iter().zip(peers).map(view).collect() }
}
