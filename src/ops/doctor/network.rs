//! The current network: its endpoints, the contracts, and this machine's clock beside the chain's.

use tokio::time::Instant;

use super::{NODE, within};
use crate::{
    domain::{
        Timestamp,
        finding::{Area, Finding, Health},
        network::ahead_words,
        node::Standing,
        time::age,
    },
    ops::{
        Context,
        contract::{ContractView, show_contracts},
        node::{EndpointStatus, NodeStatus, node_status},
        now,
    },
};

/// No clock that is right shows an earlier moment: this program is younger (2026-01-01).
const FLOOR: Timestamp = Timestamp(1_767_225_600);
const SET_CLOCK: &str = "`timedatectl` tells how it is set; `timedatectl set-ntp true` keeps it right";

/// Node, contracts and clock.
pub(super) async fn of(context: &Context) -> Vec<Finding> {
    if context.is_local() && !cfg!(feature = "devnet") {
        let words = "this build has no embedded node, which the network `dev` is";
        let node = Finding::trouble(Area::Node, words)
            .step("`daochain network add NAME --rpc URL` and `daochain network use NAME` choose another network");
        return vec![node, clock(&[], now())];
    }
    if context.is_local() && !context.config().home.devnet_dir.exists() {
        let words = "the embedded node and its contracts start when they are first needed";
        return vec![Finding::fine(Area::Node, words), clock(&[], now())];
    }
    let until = Instant::now() + NODE;
    let status = match within(NODE, "the node", node_status(context)).await {
        Ok(status) => status,
        Err(failure) => return vec![super::of(Area::Node, &failure), clock(&[], now())],
    };
    let mut findings = endpoints(&status, now());
    let waking: Vec<_> =
        status.endpoints.iter().filter(|one| !one.rests(status.local, status.managed.is_some())).collect();
    findings.push(clock(&waking, now()));
    if status.endpoints.iter().any(|endpoint| endpoint.problem.is_none()) {
        let left = until.saturating_duration_since(Instant::now());
        findings.extend(contracts(context, left).await);
    }
    findings
}

/// Every endpoint, and whether enough of them say the same.
fn endpoints(status: &NodeStatus, now: Timestamp) -> Vec<Finding> {
    // The only endpoint agrees with itself, of whatever chain it is.
    let counts = |one: &&EndpointStatus| one.problem.is_none() && one.standing == Some(Standing::Agrees);
    let agreeing = status.endpoints.iter().filter(counts).count();
    let enough = agreeing >= status.must_agree;
    let mut findings: Vec<_> = status
        .endpoints
        .iter()
        .map(|endpoint| {
            let finding = of_endpoint(endpoint, status, now);
            // One of several that fails is outvoted.
            if enough && finding.health == Health::Trouble {
                Finding { health: Health::Note, ..finding }
            } else {
                finding
            }
        })
        .collect();
    if !enough && status.endpoints.len() > 1 {
        let words = format!("{agreeing} of {} endpoints agree; {} must", status.endpoints.len(), status.must_agree);
        findings.push(Finding::trouble(Area::Node, &words).step("`daochain node status` tells what each says"));
    }
    findings
}

fn of_endpoint(endpoint: &EndpointStatus, status: &NodeStatus, now: Timestamp) -> Finding {
    let url = &endpoint.url;
    if let Some(failure) = &endpoint.problem {
        let start = status.managed.as_ref().filter(|_| failure.code == "node-unreachable");
        let finding = super::of(Area::Node, failure);
        return match start {
            Some(managed) => finding.step(&format!("`{}` starts it", managed.start)),
            None => finding,
        };
    }
    if let Some(Standing::Dissents(said)) = &endpoint.standing {
        return Finding::trouble(Area::Node, &format!("{url}: {said}"))
            .step("`daochain network remove` and `daochain network add` leave out the one that is wrong");
    }
    let chain = endpoint.chain_id.map_or_else(|| "?".to_owned(), |id| id.to_string());
    let head = endpoint.head.map_or_else(String::new, |head| format!(", block {}", head.latest.number));
    let client = endpoint.client.as_ref().map_or_else(String::new, |client| format!(", {client}"));
    let words = format!("`{}`: {url}, chain {chain}{head}{client}", status.network);
    if endpoint.sync.is_some_and(crate::domain::node::Sync::is_behind) {
        return Finding::note(Area::Node, &format!("{words}; it has not caught up with the chain yet"))
            .step("`daochain node status` tells how far it is");
    }
    let late = endpoint.lateness(now).filter(|_| !endpoint.rests(status.local, status.managed.is_some()));
    match (late, endpoint.head) {
        (Some(pace), Some(head)) => {
            let old = pace.late_words(&age(now.since(head.latest.at)));
            Finding::note(Area::Node, &format!("{words}; {old}")).step("`daochain node status` tells its peers")
        }
        _ => Finding::fine(Area::Node, &words),
    }
}

async fn contracts(context: &Context, left: std::time::Duration) -> Vec<Finding> {
    match within(left, "the contracts' node", show_contracts(context)).await {
        Err(failure) => vec![super::of(Area::Contract, &failure)],
        Ok(both) => vec![
            of_contract(&both.registry, "without it nothing can be verified", Finding::trouble),
            of_contract(&both.directory, "only namespaces need it", Finding::note),
        ],
    }
}

fn of_contract(view: &ContractView, without: &str, missing: fn(Area, &str) -> Finding) -> Finding {
    let what = view.what.name();
    let words = format!("{what} at {}", view.address);
    match (view.deployed, view.code_matches) {
        (true, true) => {
            Finding::fine(Area::Contract, &format!("{words} has the code that this program was built with"))
        }
        (true, false) => Finding::trouble(Area::Contract, &format!("{words} has OTHER CODE than this program's"))
            .step("ask who told you the address; `daochain network add NAME --contract ADDRESS` names another"),
        (false, _) => missing(Area::Contract, &format!("{words} is not deployed; {without}"))
            .step("`daochain contract deploy` puts it there, once for everybody"),
    }
}

/// Against the newest blocks of chains that make them all the time.
fn clock(waking: &[&EndpointStatus], now: Timestamp) -> Finding {
    if now < FLOOR {
        return Finding::trouble(Area::Clock, &format!("it says {now}, before this program was written"))
            .step(SET_CLOCK);
    }
    if let Some(seconds) = waking.iter().find_map(|one| one.ahead(now)) {
        return Finding::trouble(Area::Clock, &format!("it says {now}; {}", ahead_words(seconds))).step(SET_CLOCK);
    }
    let ages = waking.iter().filter(|one| one.lateness(now).is_none()).filter_map(|one| one.head);
    match ages.map(|head| now.since(head.latest.at)).min() {
        Some(seconds) => {
            Finding::fine(Area::Clock, &format!("it says {now}; the chain's newest block is {} old", age(seconds)))
        }
        None => Finding::fine(Area::Clock, &format!("it says {now}; no chain is at hand to compare it with")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::network::{Block, ChainHead},
        ops::Failure,
    };

    const NOW: Timestamp = Timestamp(2_000_000_000);

    fn endpoint(at: u64) -> EndpointStatus {
        let latest = Block { number: 7, hash: [1; 32], at: Timestamp(at) };
        EndpointStatus {
            chain_id: Some(1),
            head: Some(ChainHead { latest, safe: None, finalized: None }),
            standing: Some(Standing::Agrees),
            ..EndpointStatus::silent("http://a")
        }
    }

    fn status(endpoints: Vec<EndpointStatus>) -> NodeStatus {
        let must_agree = endpoints.len() / 2 + 1;
        NodeStatus { network: "main".to_owned(), local: false, managed: None, must_agree, endpoints }
    }

    fn silent(url: &str) -> EndpointStatus {
        EndpointStatus { problem: Some(Failure::new("node-unreachable", "nobody")), ..EndpointStatus::silent(url) }
    }

    fn health(findings: &[Finding]) -> Vec<Health> {
        findings.iter().map(|finding| finding.health).collect()
    }

    #[test]
    fn a_clock_is_held_against_the_past_and_the_chain() {
        assert_eq!(clock(&[], Timestamp(5)).health, Health::Trouble);
        assert_eq!(clock(&[&endpoint(NOW.0 + 90)], NOW).health, Health::Trouble);
        let fine = clock(&[&endpoint(NOW.0 - 9)], NOW);
        assert!(fine.health == Health::Fine && fine.words.contains("9s old"), "{fine:?}");
        assert!(clock(&[], NOW).words.contains("no chain is at hand"));
    }

    #[test]
    fn one_silent_endpoint_of_three_is_a_note_and_two_are_trouble() {
        let (one, two) = (endpoint(NOW.0), endpoint(NOW.0));
        let outvoted = endpoints(&status(vec![one.clone(), two, silent("http://c")]), NOW);
        assert_eq!(health(&outvoted), [Health::Fine, Health::Fine, Health::Note]);
        let too_few = endpoints(&status(vec![one.clone(), silent("http://b"), silent("http://c")]), NOW);
        assert_eq!(health(&too_few), [Health::Fine, Health::Trouble, Health::Trouble, Health::Trouble]);
        assert_eq!(health(&endpoints(&status(vec![silent("http://b")]), NOW)), [Health::Trouble]);
        assert_eq!(health(&endpoints(&status(vec![one]), Timestamp(NOW.0 + 3600))), [Health::Note], "it is late");
    }
}
