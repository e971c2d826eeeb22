//! The current network's endpoints, and what the selected one says of itself. Its peers stand below, or at the right from
//! 120 columns up.
//!
//! ```text
//!  sepolia, 2 of 3 endpoints must say the same
//! ▌✔ https://one.example                       #1204   <10s  agrees
//!  ✘ https://two.example                       #1204   <10s  DISSENTS
//!  ✘ https://three.example                                   NO ANSWER
//!
//!  client     Geth/v1.17.10-stable/linux-amd64
//!  …
//!  peers      2
//!  Geth/v1.17.10            192.0.2.7:30303        out      #1204
//! ```

use ratatui::text::{Line, Span};

use super::{
    Canvas,
    dialogs::{LABEL, labelled},
    facts::Facts,
    spark, text,
};
use crate::{
    app::{
        Model,
        action::spoken::in_keys,
        clock::coarse_age,
        layout::Area,
        msg::Problem,
        node::{EndpointView, NodeStatus},
    },
    domain::{
        Wei,
        network::{KnownChain, ahead_words},
        node::{EndpointStatus, Managed, Pace, Peer, Standing, Sync},
        publication::TransactionHash,
    },
    tui::theme::Role,
};

const HEAD: usize = 11;
const AGE: usize = 5;
const WORD: usize = 9;
/// An IPv4 address with its port.
const ADDRESS: usize = 21;
/// Narrower, a peer takes two lines.
const ONE_LINE: usize = 64;
/// With fewer rows the network is told in one line.
const ROOMY: u16 = 12;

/// The endpoints and the selected one's facts; `beside` is the region of its peers, where there is one.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area, beside: Area) {
    let status = match &model.endpoints.status {
        Some(Ok(status)) => status,
        Some(Err(problem)) => return say(canvas, area, Role::Danger, &in_keys(model, &problem.sentence())),
        None => return say(canvas, area, Role::Muted, "asking the endpoints"),
    };
    let width = usize::from(area.width).saturating_sub(1);
    let mut lines = heading(model, canvas, status, width);
    lines.truncate(if area.height < ROOMY { 1 } else { lines.len() });
    let cursor = model.endpoints.cursor();
    canvas.rows(area, lines.len(), 0, status.endpoints.len());
    for (at, one) in status.endpoints.iter().enumerate() {
        lines.push(line(model, canvas, status, one, at == cursor, width));
    }
    lines.push(Line::default());
    canvas.lines(area, &lines);
    let Some(one) = status.endpoints.get(cursor) else { return };
    let mut facts = Facts { model, canvas, width, lines: Vec::new() }.of_endpoint(status, one);
    let used = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let below = Area { y: area.y + used, height: area.height - used, ..area };
    if beside.width == 0 {
        facts.extend(peers(canvas, status, one, width));
    } else {
        let lines = peers(canvas, status, one, usize::from(beside.width).saturating_sub(2));
        canvas.scrolled(beside, (model.endpoints.top, "PgDn"), &lines);
    }
    canvas.scrolled(below, (model.endpoints.top, "PgDn"), &facts);
}

fn say(canvas: &mut Canvas, area: Area, role: Role, words: &str) {
    let parts = text::wrap(words, usize::from(area.width).saturating_sub(6));
    let lines = parts.into_iter().map(|part| Line::from(vec![Span::raw("   "), canvas.span(role, part)]));
    let lines: Vec<Line> = std::iter::once(Line::default()).chain(lines).collect();
    canvas.lines(area, &lines);
}

fn heading<'t>(model: &Model, canvas: &Canvas, status: &NodeStatus, width: usize) -> Vec<Line<'t>> {
    let answers = status.endpoints.iter().any(|one| one.status.chain_id.is_some());
    let (role, words) = match &status.managed {
        _ if status.local => {
            (Role::Plain, "the embedded node, local to this machine and shared with nobody".to_owned())
        }
        Some(managed) => managed_words(managed, answers),
        None => match status.endpoints.len() {
            1 => (Role::Plain, "one endpoint, which is believed alone".to_owned()),
            count => (Role::Plain, format!("{} of {count} endpoints must say the same", status.must_agree)),
        },
    };
    let name = canvas.span(Role::Title, status.network.clone());
    let room = width.saturating_sub(text::width(&status.network) + 2).max(20);
    let mut parts = text::wrap(&in_keys(model, &words), room).into_iter();
    let first = vec![Span::raw(" "), name, Span::raw("  "), canvas.span(role, parts.next().unwrap_or_default())];
    let indent = " ".repeat(text::width(&status.network) + 3);
    let more = parts.map(|part| Line::from(vec![Span::raw(indent.clone()), canvas.span(role, part)]));
    std::iter::once(Line::from(first)).chain(more).collect()
}

fn managed_words(managed: &Managed, answers: bool) -> (Role, String) {
    let Managed { start, watcher, log, .. } = managed;
    match (answers, watcher) {
        (true, Some(process)) => (Role::Plain, format!("a geth of this home, watched by process {process}")),
        (true, None) => {
            (Role::Warning, format!("a geth of this home that nobody watches; `{start}` stops it and starts it anew"))
        }
        (false, Some(process)) => {
            (Role::Warning, format!("a geth of this home, which process {process} is starting; its log is {log}"))
        }
        (false, None) => (Role::Danger, format!("a geth of this home, which does not run; `{start}` starts it")),
    }
}

/// Sign, word and meaning of an endpoint's state: two signals beside the colour.
fn state(model: &Model, status: &NodeStatus, one: &EndpointStatus<Problem>) -> (&'static str, &'static str, Role) {
    match (&one.standing, &one.problem) {
        (Some(Standing::Dissents(_)), _) => ("✘", "DISSENTS", Role::Danger),
        (_, Some(_)) if one.chain_id.is_none() => ("✘", "NO ANSWER", Role::Danger),
        (_, Some(problem)) if problem.code == "wrong-chain" => ("✘", "DISSENTS", Role::Danger),
        (_, Some(_)) => ("✘", "TROUBLE", Role::Danger),
        _ if one.sync.is_some_and(Sync::is_behind) => ("◐", "SYNCING", Role::Warning),
        _ if lateness(model, status, one).is_some() => ("!", "LATE", Role::Warning),
        (Some(Standing::Agrees), None) if status.endpoints.len() > 1 => ("✔", "agrees", Role::Good),
        _ => ("✔", "answers", Role::Good),
    }
}

fn lateness(model: &Model, status: &NodeStatus, one: &EndpointStatus<Problem>) -> Option<Pace> {
    if one.rests(status.local, status.managed.is_some()) { None } else { one.lateness(model.now) }
}

fn line<'t>(
    model: &Model,
    canvas: &Canvas,
    status: &NodeStatus,
    one: &EndpointView,
    selected: bool,
    width: usize,
) -> Line<'t> {
    let (sign, word, role) = state(model, status, &one.status);
    let numbers = width >= 44;
    let used = 3 + 2 + WORD + if numbers { 2 + HEAD + 2 + AGE } else { 0 };
    let room = width.saturating_sub(used);
    let url = text::middle(&one.status.url, room);
    let mut spans = vec![
        if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") },
        canvas.span(role, format!("{sign} ")),
        canvas.span(if selected { Role::Selected } else { Role::Plain }, text::left(&url, room)),
    ];
    if numbers {
        let head = one.status.head.map(|head| head.latest);
        let number = head.map_or_else(String::new, |block| format!("#{}", block.number));
        // The first block's time is whatever its maker liked.
        let aged = head.filter(|block| block.number > 0);
        let age = aged.map_or_else(String::new, |block| coarse_age(model.now.since(block.at)));
        spans.push(canvas.span(Role::Plain, format!("  {}", text::right(&number, HEAD))));
        spans.push(canvas.span(Role::Muted, format!("  {}", text::right(&age, AGE))));
    }
    spans.push(canvas.span(role, format!("  {}", text::left(word, WORD))));
    Line::from(spans)
}

impl Facts<'_, '_> {
    fn of_endpoint(mut self, status: &NodeStatus, one: &EndpointView) -> Vec<Line<'static>> {
        let one = &one.status;
        if let Some(problem) = &one.problem {
            self.push("problem", Role::Danger, &in_keys(self.model, &problem.sentence()));
        }
        if let Some(Standing::Dissents(said)) = &one.standing {
            self.push("dissents", Role::Danger, said);
        }
        if let (Some(pace), Some(head)) = (lateness(self.model, status, one), one.head) {
            let age = coarse_age(self.model.now.since(head.latest.at));
            self.push("late", Role::Warning, &pace.late_words(&age));
        }
        if let (false, Some(seconds)) = (one.rests(status.local, status.managed.is_some()), one.ahead(self.model.now)) {
            self.push("clock", Role::Warning, &ahead_words(seconds));
        }
        if one.standing == Some(Standing::Agrees) && status.endpoints.len() > 1 {
            self.push("agrees", Role::Plain, "with most of those that answer");
        }
        if let Some(client) = &one.client {
            self.push("client", Role::Plain, client);
        }
        if let Some(id) = one.chain_id {
            let name = KnownChain::by_id(id).map_or_else(String::new, |chain| format!(" ({})", chain.name));
            self.push("chain", Role::Plain, &format!("{id}{name}"));
        }
        self.chain(one);
        self.market(one);
        if let Some(disk) = one.disk {
            self.push("disk", Role::Plain, &text::size(disk));
        }
        if let Some(memory) = status.managed.as_ref().and_then(|managed| managed.memory) {
            self.push("memory", Role::Plain, &text::size(memory));
        }
        if let Some(latency) = one.latency {
            self.push("answers in", Role::Plain, &coarse_latency(latency));
        }
        self.sparks();
        self.lines
    }

    /// How far it has come.
    fn chain(&mut self, one: &EndpointStatus<Problem>) {
        let Some(head) = one.head else { return };
        let words = match head.latest.number {
            0 => "#0, the chain's first block".to_owned(),
            number => format!("#{number}, {} ago", coarse_age(self.model.now.since(head.latest.at))),
        };
        self.push("head", Role::Plain, &words);
        let hash = TransactionHash(head.latest.hash).to_string();
        self.push("", Role::Muted, &text::middle(&hash, self.width.saturating_sub(LABEL)));
        let block = |number: Option<u64>| number.map_or_else(|| "not told".to_owned(), |number| format!("#{number}"));
        let lag =
            head.finalized.map(|last| head.latest.number.saturating_sub(last)).map_or_else(String::new, |blocks| {
                let behind = one.vitals.block_seconds.map_or_else(String::new, |seconds| {
                    #[expect(
                        clippy::cast_precision_loss,
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "about how long"
                    )]
                    let seconds = (blocks as f64 * seconds) as u64;
                    format!(" or about {}", coarse_age(seconds))
                });
                format!(", {blocks} blocks{behind} behind the head")
            });
        let settled = format!("safe {}, final {}{lag}", block(head.safe), block(head.finalized));
        self.push("settled", Role::Plain, &settled);
        match one.sync {
            Some(Sync::Done) => self.push("sync", Role::Plain, "it has all blocks that it knows of"),
            Some(Sync::Behind { blocks: Some((own, known)) }) => {
                let percent = u128::from(own) * 100 / u128::from(known.max(1));
                self.push("sync", Role::Warning, &format!("it catches up: block {own} of {known}, {percent} %"));
            }
            Some(Sync::Behind { blocks: None }) => self.push("sync", Role::Warning, "it catches up"),
            None => self.push("sync", Role::Muted, "not told"),
        }
        if let Some(seconds) = one.vitals.block_seconds {
            let span = head.latest.number.saturating_sub(1).min(64);
            self.push("blocks", Role::Plain, &format!("one every {seconds:.1} s, over the last {span}"));
        }
    }

    /// The newest blocks: the time between them, how full they are, and what a gas burns.
    fn sparks(&mut self) {
        let blocks = &self.model.endpoints.blocks;
        let gaps: Vec<u64> = blocks.windows(2).map(|two| two[1].at.since(two[0].at)).collect();
        if let (Some(least), Some(most)) = (gaps.iter().min(), gaps.iter().max()) {
            self.spark("time", &gaps, &format!("{least} to {most} s from one block to the next"));
        }
        let full: Vec<u64> = blocks.iter().filter_map(|block| block.gas).map(|gas| percent(gas).min(100)).collect();
        if let Some(newest) = full.last() {
            let average = full.iter().sum::<u64>() / full.len() as u64;
            self.spark("gas", &full, &format!("{newest} % of the newest is full, {average} % of all"));
        }
        let fees: Vec<Wei> = blocks.iter().filter_map(|block| block.base_fee).collect();
        if let (Some(newest), Some(least), Some(most)) = (fees.last(), fees.iter().min(), fees.iter().max()) {
            let words = format!("{} gwei, {} to {}", newest.gwei(), least.gwei(), most.gwei());
            let fees: Vec<u64> = fees.iter().map(|fee| u64::try_from(fee.0).unwrap_or(u64::MAX)).collect();
            self.spark("base fee", &fees, &words);
        }
    }

    fn spark(&mut self, label: &str, values: &[u64], words: &str) {
        let line = spark::line(values, self.width.saturating_sub(LABEL), self.canvas.theme.is_unicode());
        self.push(label, Role::Plain, words);
        self.push("", Role::Busy, &line);
    }

    /// What a transaction meets.
    fn market(&mut self, one: &EndpointStatus<Problem>) {
        if let Some(price) = one.vitals.gas_price {
            let base = one.vitals.base_fee.map_or_else(String::new, |base| format!(", base fee {} gwei", base.gwei()));
            self.push("gas price", Role::Plain, &format!("{} gwei{base}", price.gwei()));
        }
        if let Some(pending) = one.vitals.pending {
            let plural = if pending == 1 { "transaction waits" } else { "transactions wait" };
            self.push("pending", Role::Plain, &format!("{pending} {plural} for a block"));
        }
    }
}

/// How much of a limit is used.
fn percent((used, limit): (u64, u64)) -> u64 {
    u64::try_from(u128::from(used) * 100 / u128::from(limit.max(1))).unwrap_or(u64::MAX)
}

/// In steps, so that a screen on which nothing happens stays silent.
fn coarse_latency(latency: std::time::Duration) -> String {
    match latency.as_millis() {
        0..10 => "<10 ms".to_owned(),
        millis @ 10..100 => format!("{} ms", millis / 10 * 10),
        millis @ 100..10_000 => format!("{} ms", millis / 100 * 100),
        millis => format!("{} s", millis / 1000),
    }
}

/// Whom it is connected to. All of it is strangers' words, which were made safe to show where they came in.
fn peers<'t>(canvas: &Canvas, status: &NodeStatus, one: &EndpointView, width: usize) -> Vec<Line<'t>> {
    if one.status.chain_id.is_none() {
        return Vec::new();
    }
    let count = one.status.peers.or_else(|| one.peers.as_ref().ok().map(|all| all.len() as u64));
    let told = one.peers.as_deref().unwrap_or_default();
    let words = match (count, &one.peers) {
        _ if status.local => "none, as it is shared with nobody".to_owned(),
        (None, _) => "not told".to_owned(),
        (Some(0), _) => "none".to_owned(),
        (Some(count), Ok(_)) => count.to_string(),
        (Some(count), Err(_)) => format!("{count}; which, most nodes tell over IPC alone"),
    };
    let mut lines =
        vec![labelled(canvas, "peers", [canvas.span(Role::Plain, text::cut(&words, width - LABEL.min(width)))])];
    for peer in told {
        lines.extend(peer_lines(canvas, peer, width));
    }
    lines
}

fn peer_lines<'t>(canvas: &Canvas, peer: &Peer, width: usize) -> Vec<Line<'t>> {
    let way = if peer.inbound { "in " } else { "out" };
    let head = peer.head.map_or_else(|| "?".to_owned(), |head| format!("#{head}"));
    let facts = |room: usize| {
        vec![
            canvas.span(Role::Muted, format!("{}  {way}", text::left(&peer.address, room))),
            canvas.span(Role::Plain, format!("  {}", text::right(&head, HEAD))),
        ]
    };
    if width < ONE_LINE {
        let mut second = vec![Span::raw("  ")];
        second.extend(facts(width.saturating_sub(2 + 2 + 3 + 2 + HEAD).min(ADDRESS)));
        return vec![Line::from(canvas.span(Role::Plain, text::cut(&peer.name, width))), Line::from(second)];
    }
    let room = width - (2 + ADDRESS + 2 + 3 + 2 + HEAD);
    let mut spans = vec![canvas.span(Role::Plain, text::left(&peer.name, room)), Span::raw("  ")];
    spans.extend(facts(ADDRESS));
    vec![Line::from(spans)]
}
