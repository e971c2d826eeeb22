//! `daochain node`

mod peers;

use serde::Serialize;

use super::{
    Session, args,
    console::Page,
    human::{Role, size},
};
use crate::{
    domain::{
        Timestamp, Wei,
        network::{Block, ahead_words},
        node::{RecentBlock, Standing, Sync},
    },
    ops::{
        Failure,
        geth::{GethChain, GethNews, GethOptions, Listing, NETWORK, run_geth, stop_geth},
        node::{EndpointStatus, add_peer, node_status, recent_blocks},
        now,
    },
};

/// `daochain.node/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    network: String,
    local: bool,
    must_agree: usize,
    /// Bytes of memory that a geth of this home has, while it runs on this machine.
    memory_bytes: Option<u64>,
    endpoints: Vec<Endpoint>,
    /// The newest blocks, oldest first, by the first endpoint that tells.
    recent: Vec<RecentPart>,
}

/// What the screen draws of a block.
#[derive(Serialize)]
struct RecentPart {
    number: u64,
    at: Timestamp,
    gas_used: Option<u64>,
    gas_limit: Option<u64>,
    base_fee_wei: Option<Wei>,
}

impl From<RecentBlock> for RecentPart {
    fn from(RecentBlock { number, at, gas, base_fee }: RecentBlock) -> Self {
        let (gas_used, gas_limit) = gas.unzip();
        Self { number, at, gas_used, gas_limit, base_fee_wei: base_fee }
    }
}

#[derive(Serialize)]
struct Endpoint {
    url: String,
    client: Option<String>,
    chain_id: Option<u64>,
    head: Option<HeadPart>,
    safe: Option<u64>,
    finalized: Option<u64>,
    peers: Option<u64>,
    syncing: Option<bool>,
    /// While it catches up: its block, and the newest that it knows of.
    sync_blocks: Option<(u64, u64)>,
    block_seconds: Option<f64>,
    /// Seconds since the newest block, by this machine's clock; `None` for the first one, whose time is its maker's choice.
    head_age_seconds: Option<u64>,
    /// Seconds by which it is ahead of this machine's clock, where that is more than a minute.
    head_ahead_seconds: Option<u64>,
    /// That the newest block is older than blocks of its chain become; `None` where it is not, or the chain may rest.
    late: Option<String>,
    gas_price_wei: Option<Wei>,
    base_fee_wei: Option<Wei>,
    pending: Option<u64>,
    /// Blocks between the newest and the newest that is final.
    finality_lag: Option<u64>,
    /// Bytes on this machine, of a geth of this home.
    disk_bytes: Option<u64>,
    latency_ms: Option<u64>,
    /// With the others; `None` where it did not answer.
    agrees: Option<bool>,
    /// What it said, and what those did whom it contradicts.
    said: Option<String>,
    problem: Option<super::console::ErrorPart>,
}

#[derive(Serialize)]
struct HeadPart {
    number: u64,
    hash: String,
    at: Timestamp,
}

impl From<&Block> for HeadPart {
    fn from(block: &Block) -> Self {
        let hash = crate::domain::publication::TransactionHash(block.hash).to_string();
        Self { number: block.number, hash, at: block.at }
    }
}

pub async fn run(session: &mut Session, command: args::Node) -> Result<u8, Failure> {
    match command {
        args::Node::Status => show_status(session).await,
        args::Node::Start { chain, container, engine_port, more, geth: _ } => {
            let chain = chain.unwrap_or(GethChain::PRIVATE);
            start(session, &GethOptions { chain, container, engine_port, more }).await
        }
        args::Node::Stop => stop(session).await,
        args::Node::Peers => peers::show(session).await,
        args::Node::AddPeer { enode } => {
            add_peer(&session.context, &enode).await?;
            session.console.note("the node tries to connect; `daochain node peers` shows whether it did");
            peers::show(session).await
        }
    }
}

/// `daochain.managed/1`
#[derive(Serialize)]
struct Managed {
    schema: &'static str,
    /// The first of them.
    network: &'static str,
    /// Whether there was one to stop.
    stopped: bool,
    /// The networks of those that were stopped.
    networks: Vec<&'static str>,
}

/// Tells on standard error what happens, because there is no end to print a document at.
async fn start(session: &mut Session, options: &GethOptions) -> Result<u8, Failure> {
    let Session { context, console, .. } = session;
    let (name, port) = (options.chain.name(), options.engine_port);
    run_geth(context, options, |news| {
        console.note(&words(&news));
        let GethNews::Ready { endpoint, listing, secret, .. } = news else { return };
        if let Some(secret) = secret {
            let secret = secret.display();
            console.note(&format!(
                "it follows {name} once a consensus client drives it: http://127.0.0.1:{port}, with the secret in {secret}"
            ));
        }
        match listing {
            Listing::Own => {}
            Listing::Added => console.note(&format!("network `{name}` was added: `daochain network use {name}`")),
            Listing::Other(rpc) => console.note(&format!(
                "network `{name}` of the configuration is another ({rpc}) and stays: reach this geth by `--rpc {endpoint}`"
            )),
        }
    })
    .await?;
    Ok(0)
}

fn words(news: &GethNews) -> String {
    match news {
        GethNews::LeftoverStopped => "the geth that a killed supervisor left behind was stopped".to_owned(),
        GethNews::Ready { endpoint, log, .. } => format!("geth answers at {endpoint}; its log is {}", log.display()),
        GethNews::Ended { cause, again_in } => {
            format!("geth: {cause}; it is started again in {} s", again_in.as_secs())
        }
        GethNews::Opening { waited } => {
            format!("geth runs, and has not answered for {} s: it may have much to open", waited.as_secs())
        }
        GethNews::Ending { waited, patience } => format!(
            "geth has not ended after {} s, as it may have much to write: it is waited for up to {} s",
            waited.as_secs(),
            patience.as_secs()
        ),
        GethNews::Killed { patience } => {
            format!("geth did not end within {} s and was KILLED: it may have much to repair", patience.as_secs())
        }
        GethNews::Unseen { cause } => format!("whether geth runs is not known, and is asked again: {cause}"),
        GethNews::Left { cause } => {
            format!("geth's container may run on, and `daochain node stop` stops it: {cause}")
        }
    }
}

async fn stop(session: &mut Session) -> Result<u8, Failure> {
    let Session { context, console, .. } = session;
    let networks = stop_geth(context, |news| console.note(&words(&news))).await?;
    let document = Managed {
        schema: "daochain.managed/1",
        network: networks.first().copied().unwrap_or(NETWORK),
        stopped: !networks.is_empty(),
        networks,
    };
    session.console.present(&document, |page| {
        let names = document.networks.join(", ");
        page.line(&if document.stopped { format!("stopped: {names}") } else { "no geth of this home runs".to_owned() });
    });
    Ok(0)
}

async fn show_status(session: &mut Session) -> Result<u8, Failure> {
    let mut status = node_status(&session.context).await?;
    if let Some(managed) = &status.managed {
        let unreachable = |failure: &&mut Failure| failure.code == "node-unreachable";
        for failure in status.endpoints.iter_mut().filter_map(|one| one.problem.as_mut()).filter(unreachable) {
            failure.hint = Some(match managed.watcher {
                None => format!("`{}` starts it", managed.start),
                Some(process) => format!("process {process} is starting it; its log is {}", managed.log),
            });
        }
    }
    for failure in status.endpoints.iter().filter_map(|endpoint| endpoint.problem.as_ref()) {
        session.console.complain(failure);
    }
    let (now, managed) = (now(), status.managed.is_some());
    let recent = if status.endpoints.iter().any(|one| one.head.is_some()) {
        // Without them the rest is told all the same.
        recent_blocks(&session.context, None).await.unwrap_or_default()
    } else {
        Vec::new()
    };
    let document = Document {
        schema: "daochain.node/1",
        endpoints: status.endpoints.iter().map(|one| Endpoint::of(one, status.local, managed, now)).collect(),
        network: status.network,
        local: status.local,
        must_agree: status.must_agree,
        memory_bytes: status.managed.and_then(|managed| managed.memory),
        recent: recent.into_iter().map(RecentPart::from).collect(),
    };
    session.console.present(&document, |page| {
        let local = if document.local { ", local to this machine" } else { "" };
        page.spans(&[(Role::Strong, &document.network), (Role::Muted, local)]);
        if document.endpoints.len() > 1 {
            page.field("must agree", format!("{} of {}", document.must_agree, document.endpoints.len()));
        }
        if let Some(memory) = document.memory_bytes {
            page.field("memory", size(memory));
        }
        for endpoint in &document.endpoints {
            endpoint.describe(page);
        }
    });
    let fine = |endpoint: &Endpoint| endpoint.problem.is_none() && endpoint.agrees == Some(true);
    Ok(u8::from(document.endpoints.is_empty() || !document.endpoints.iter().all(fine)))
}

impl Endpoint {
    fn of(status: &EndpointStatus, local: bool, managed: bool, now: Timestamp) -> Self {
        let head = status.head.as_ref();
        let age = head.filter(|head| head.latest.number > 0).map(|head| now.since(head.latest.at));
        let rests = status.rests(local, managed);
        let late = if rests { None } else { status.lateness(now) };
        let (agrees, said) = match &status.standing {
            Some(Standing::Agrees) => (Some(true), None),
            Some(Standing::Dissents(said)) => (Some(false), Some(said.clone())),
            None => (None, None),
        };
        Self {
            url: status.url.clone(),
            client: status.client.clone(),
            chain_id: status.chain_id,
            head: head.map(|head| HeadPart::from(&head.latest)),
            safe: head.and_then(|head| head.safe),
            finalized: head.and_then(|head| head.finalized),
            peers: status.peers,
            syncing: status.sync.map(Sync::is_behind),
            sync_blocks: match status.sync {
                Some(Sync::Behind { blocks }) => blocks,
                _ => None,
            },
            block_seconds: status.vitals.block_seconds,
            head_age_seconds: age,
            head_ahead_seconds: status.ahead(now).filter(|_| !rests),
            late: late.zip(age).map(|(pace, age)| pace.late_words(&format!("{age} s"))),
            gas_price_wei: status.vitals.gas_price,
            base_fee_wei: status.vitals.base_fee,
            pending: status.vitals.pending,
            finality_lag: head.and_then(|head| Some(head.latest.number.saturating_sub(head.finalized?))),
            disk_bytes: status.disk,
            latency_ms: status.latency.and_then(|latency| u64::try_from(latency.as_millis()).ok()),
            agrees,
            said,
            problem: status.problem.as_ref().map(super::console::ErrorPart::from),
        }
    }

    fn describe(&self, page: &mut Page) {
        page.line(&self.url);
        if let Some(client) = &self.client {
            page.field("client", client);
        }
        if let Some(chain_id) = self.chain_id {
            page.field("chain", chain_id);
        }
        if let Some(head) = &self.head {
            page.field(
                "head",
                match self.head_age_seconds {
                    Some(age) => format!("{} of {}, {age} s ago", head.number, head.at),
                    None => "0, with which the chain begins; no block was made yet".to_owned(),
                },
            );
            page.field("block hash", &head.hash);
        }
        if let Some(late) = &self.late {
            page.field("LATE", late);
        }
        if let Some(seconds) = self.head_ahead_seconds {
            page.field("CLOCK", ahead_words(seconds));
        }
        let block = |number: Option<u64>| number.map_or_else(|| "not told".to_owned(), |number| number.to_string());
        if self.head.is_some() {
            page.field("safe", block(self.safe));
            let lag = self.finality_lag.map_or_else(String::new, |blocks| format!(", {blocks} behind the head"));
            page.field("finalized", block(self.finalized) + &lag);
        }
        if let Some(peers) = self.peers {
            page.field("peers", peers);
        }
        if self.syncing == Some(true) {
            let of = self.sync_blocks.map_or_else(String::new, |(own, known)| format!(": block {own} of {known}"));
            page.field("syncing", format!("it has not caught up yet{of}"));
        }
        if let Some(seconds) = self.block_seconds {
            page.field("block time", format!("{seconds:.1} s over the last blocks"));
        }
        if let Some(price) = self.gas_price_wei {
            let base = self.base_fee_wei.map_or_else(String::new, |base| format!(", base fee {} gwei", base.gwei()));
            page.field("gas price", format!("{} gwei{base}", price.gwei()));
        }
        if let Some(pending) = self.pending {
            page.field("waiting", format!("{pending} transactions"));
        }
        if let Some(disk) = self.disk_bytes {
            page.field("disk", size(disk));
        }
        if let Some(latency) = self.latency_ms {
            page.field("answers in", format!("{latency} ms"));
        }
        if let Some(said) = &self.said {
            page.field("DISSENTS", said);
        }
        if let Some(problem) = &self.problem {
            page.field("problem", &problem.message);
        }
    }
}
