//! A screen that is played by messages, and the world that it shows.
#![allow(dead_code, reason = "each test program uses its own part")]

use daochain::{
    app::{
        Effect, Key, Model, Msg,
        msg::{
            AccountList, AccountMsg, ChainMsg, HistoryMsg, InputMsg, JudgedRow, Listing, NodeMsg, Problem, SecretShape,
            SignMsg, SourceMsg,
        },
        node::{EndpointView, NodeStatus},
        rows::RowKey,
        sign::{Carried, Quote},
        update,
    },
    domain::{
        Account, Address, Digest, Reference, Timestamp, Wei,
        account::AccountKind,
        digest::DigestKind,
        image::{Evidence, EvidenceLevel, ImageId, KindedDigest, LocalImage, Source},
        network::{Block, ChainHead, Finality, NetworkView},
        node::{EndpointStatus, Managed, Peer, Sync, Vitals, standings},
        publication::{Authority, Cost, Inclusion, SignedRequest, SigningRequest, Stage, Statement, TransactionHash},
        record::{HistoryEvent, HistoryKind},
        verdict::{Conclusion, Verdict, Withdrawal, WithdrawalScope, undecided},
    },
    tui::{
        theme::{ROLES, Theme},
        view,
    },
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};

pub const NOW: u64 = 1_800_000_000;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A screen, and what it asked for since it was last asked.
pub struct Play {
    pub model: Model,
    pub asked: Vec<Effect>,
}

impl Play {
    /// A program that has drawn its first frame and asked its first questions.
    pub fn start(width: u16, height: u16) -> Self {
        let mut model = Model::new(Timestamp(NOW), width, height, Vec::new());
        let asked = update::start(&mut model);
        Self { model, asked }
    }

    /// A program whose engine, node and keystore have answered.
    pub fn ready(width: u16, height: u16) -> Self {
        Self::start(width, height)
            .tell(Msg::Source(SourceMsg::Connected { engine: "docker 20.10.24".into() }))
            .tell(Msg::Sign(SignMsg::Resumed(Ok(Vec::new()))))
            .tell(listed(images()))
            .tell(Msg::Chain(ChainMsg::Block(network())))
            .tell(accounts(vec![account(1, true, 9998), account(2, false, 0)]))
            .judged()
            .judged()
    }

    pub fn tell(mut self, msg: Msg) -> Self {
        self.asked.extend(daochain::app::update(&mut self.model, msg));
        self
    }

    pub fn key(self, key: Key) -> Self {
        self.tell(Msg::Input(InputMsg::Key(key)))
    }

    pub fn keys(self, text: &str) -> Self {
        text.chars().fold(self, |play, c| play.key(Key::Char(c)))
    }

    pub fn passphrase(self, length: usize) -> Self {
        self.secrets([length, 0, 0, 0], false)
    }

    /// What stands in the secret fields.
    pub fn secrets(self, typed: [usize; 4], same: bool) -> Self {
        self.tell(Msg::Input(InputMsg::Secret(SecretShape { typed, same, strength: None })))
    }

    pub fn after(self, seconds: u64) -> Self {
        let now = Timestamp(self.model.now.0 + seconds);
        self.tell(Msg::Clock(now))
    }

    /// Answers the newest question for verdicts as the world would.
    pub fn judged(self) -> Self {
        let subjects = self.asked.iter().rev().find_map(|effect| match effect {
            Effect::Judge(subjects) => Some(subjects.clone()),
            _ => None,
        });
        let rows = subjects.unwrap_or_default().into_iter().map(|subject| {
            let verdict = verdict_of(&subject.reference, subject.evidence.level());
            JudgedRow { key: subject.key, verdict: verdict.into(), last: None }
        });
        let (rows, checked_at) = (rows.collect(), self.model.now);
        self.tell(Msg::Chain(ChainMsg::Judged { network: Ok(network()), rows, checked_at, log_problem: None }))
    }

    /// Answers the question for the selected reference's history.
    pub fn history(self) -> Self {
        let Some(reference) = self.model.history.reference.clone() else { return self };
        let result = Ok(history(&reference));
        self.tell(Msg::History(HistoryMsg::Read { reference, result }))
    }

    /// Selects the row of this name.
    pub fn select(mut self, name: &str) -> Self {
        self = self.key(Key::Home);
        for _ in 0..self.model.rows.shown() {
            if self.model.rows.selected().is_some_and(|row| row.label() == name) {
                return self.history();
            }
            self = self.key(Key::Down);
        }
        panic!("no row is called {name}");
    }

    /// Answers the newest question for the cost.
    pub fn quoted(self) -> Self {
        let asked = self.asked.iter().rev().find_map(|effect| match effect {
            Effect::Quote { ticket, statement, from, cap, .. } => Some((*ticket, statement.clone(), *from, *cap)),
            _ => None,
        });
        let (ticket, statement, from, cap) = asked.expect("the cost was asked for");
        self.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(capped(quote(statement, from), cap))) }))
    }

    /// Answers the newest question for what is carried to whoever signs.
    pub fn carried(self) -> Self {
        let asked = self.asked.iter().rev().find_map(|effect| match effect {
            Effect::Ask { ticket, statement, publisher, contract, .. } => {
                Some((*ticket, carried(statement.clone(), *publisher, *contract)))
            }
            _ => None,
        });
        let (ticket, carried) = asked.expect("something was to be carried");
        self.tell(Msg::Sign(SignMsg::Asked { ticket, result: Ok(Box::new(carried)) }))
    }

    /// Answers the newest question for the cost of what was signed elsewhere.
    pub fn relayed(self) -> Self {
        let asked = self.asked.iter().rev().find_map(|effect| match effect {
            Effect::Relay { ticket, request, from, .. } => Some((*ticket, (**request).clone(), *from)),
            _ => None,
        });
        let (ticket, request, from) = asked.expect("the cost of relaying was asked for");
        let authority = Authority::Signature(Box::new(SignedRequest { request: request.clone(), signature: vec![1] }));
        let quote = Quote { authority, ..quote(request.statement, from) };
        self.tell(Msg::Sign(SignMsg::Quoted { ticket, result: Ok(Box::new(quote)) }))
    }

    /// The screen as text, and below it the role of every character.
    pub fn screen(&self) -> String {
        let plain = draw(&self.model, Theme::COLOUR);
        let numbered = draw(&self.model, Theme::NUMBERED);
        format!("{}\n{}", text(&plain), roles(&numbered))
    }

    pub fn text(&self) -> String {
        text(&draw(&self.model, Theme::COLOUR))
    }
}

pub fn draw(model: &Model, theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.width, model.height)).unwrap();
    terminal.draw(|frame| drop(view::draw(model, theme, frame))).unwrap();
    terminal.backend().buffer().clone()
}

fn lines(buffer: &Buffer, show: impl Fn(&ratatui::buffer::Cell) -> String) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width).map(|x| show(&buffer[(x, y)])).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

pub fn text(buffer: &Buffer) -> String {
    lines(buffer, |cell| cell.symbol().to_owned())
}

/// One letter a character: the first of the role's name, in capitals for what stands out (`Danger`, `Selected`).
fn roles(buffer: &Buffer) -> String {
    const LETTERS: [char; 14] = ['.', 'm', 't', 'k', 'g', 'l', 'w', 'D', 'b', '~', 'S', '_', '-', 'L'];
    assert_eq!(LETTERS.len(), ROLES.len());
    lines(buffer, |cell| match cell.fg {
        _ if cell.symbol() == " " && !matches!(cell.fg, Color::Indexed(10 | 11)) => " ".to_owned(),
        Color::Indexed(role) => LETTERS[usize::from(role)].to_string(),
        _ => ".".to_owned(),
    })
}

pub fn digest(seed: u8) -> Digest {
    Digest::of(&[seed])
}

pub fn address(seed: u8) -> Address {
    Address::from_bytes([seed.wrapping_mul(37); 20])
}

pub fn reference(name: &str) -> Reference {
    name.parse().unwrap()
}

pub fn network() -> NetworkView {
    let latest = Block { number: 1204, hash: [4; 32], at: Timestamp(NOW - 3) };
    NetworkView {
        name: "dev".into(),
        chain_id: 1337,
        contract: address(200),
        head: ChainHead { latest, safe: Some(1190), finalized: Some(1184) },
        local: true,
    }
}

/// An endpoint that answers, with the newest block of this number and hash.
pub fn endpoint(url: &str, chain_id: u64, number: u64, hash: u8) -> EndpointView {
    let gwei = |amount: u64| Wei(Wei::from_ether(amount).0 / 1_000_000_000u64);
    let latest = Block { number, hash: [hash; 32], at: Timestamp(NOW - 14) };
    let vitals =
        Vitals { block_seconds: Some(12.1), gas_price: Some(gwei(3)), base_fee: Some(gwei(2)), pending: Some(148) };
    let status = EndpointStatus {
        client: Some("Geth/v1.17.10-stable-0a1b2c3d/linux-amd64/go1.25.1".into()),
        chain_id: Some(chain_id),
        head: Some(ChainHead { latest, safe: Some(number - 32), finalized: Some(number - 64) }),
        peers: Some(2),
        sync: Some(Sync::Done),
        vitals,
        latency: Some(std::time::Duration::from_millis(43)),
        ..EndpointStatus::silent(url)
    };
    let peer = |name: &str, address: &str, inbound, head| Peer {
        name: daochain::domain::text::clean(name),
        address: address.into(),
        enode: format!("enode://{}@{address}", "a1".repeat(64)),
        inbound,
        head,
    };
    let peers = vec![
        peer("Geth/v1.16.7-stable/linux-amd64", "192.0.2.7:30303", false, Some(number)),
        peer("\u{1b}[2Jreth\u{202e}/v1.8.2", "203.0.113.240:41234", true, None),
    ];
    EndpointView { status, peers: Ok(peers) }
}

/// An endpoint that does not answer.
pub fn silent(url: &str) -> EndpointView {
    let lost = || {
        let message = format!("the node at `{url}` does not answer: connection refused");
        problem("node-unreachable", &message, "start it, or name another with --rpc")
    };
    let status = EndpointStatus { problem: Some(lost()), ..EndpointStatus::silent(url) };
    EndpointView { status, peers: Err(lost()) }
}

/// The answer of a network's endpoints, of which `must_agree` have to say the same.
pub fn endpoints(network: &str, managed: Option<Managed>, must_agree: usize, mut endpoints: Vec<EndpointView>) -> Msg {
    let all: Vec<_> = endpoints.iter().map(|one| one.status.clone()).collect();
    for (one, standing) in endpoints.iter_mut().zip(standings(&all, must_agree)) {
        one.status.standing = standing;
    }
    let local = network == "dev";
    Msg::Node(NodeMsg::Read(Ok(NodeStatus { network: network.into(), local, managed, must_agree, endpoints })))
}

/// Four endpoints of a public chain: one says otherwise, one says nothing.
pub fn quarrel() -> Msg {
    let said = |url: &str, hash| endpoint(url, 11_155_111, 9_204_512, hash);
    let all = vec![
        said("https://rpc.one.example", 1),
        said("https://sepolia.two.example:8545", 2),
        said("wss://three.example", 1),
        silent("http://127.0.0.1:8545"),
    ];
    endpoints("sepolia", None, 2, all)
}

/// The embedded node's answer.
pub fn embedded() -> Msg {
    let mut one = endpoint("http://127.0.0.1:40123", 1337, 1204, 4);
    one.status.client = Some("ethrex/v24.0.0/linux".into());
    (one.status.peers, one.peers) = (Some(0), Ok(Vec::new()));
    one.status.vitals = Vitals { block_seconds: Some(3.0), pending: Some(0), ..one.status.vitals };
    endpoints("dev", None, 1, vec![one])
}

pub fn image(seed: u8, name: Option<&str>, level: EvidenceLevel, size: u64, age: u64) -> LocalImage {
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest: digest(seed) }];
    LocalImage {
        id: ImageId { source: Source::Engine, id: digest(seed).to_string() },
        references: name.into_iter().map(reference).collect(),
        size,
        created: Some(Timestamp(NOW - age)),
        platform: Some("linux/amd64".into()),
        engine: "docker 20.10.24".into(),
        evidence: Evidence::known(level, digests),
    }
}

/// One image in every verdict, and one without a name.
pub fn images() -> Vec<LocalImage> {
    use EvidenceLevel::{Claimed, Measured};
    const MB: u64 = 1_000_000;
    vec![
        image(1, Some("acme/web:1.2"), Measured, 142 * MB, 3 * DAY),
        image(2, Some("acme/api:latest"), Measured, 310 * MB, 2 * HOUR),
        image(3, Some("acme/db:16"), Measured, 412 * MB, 8 * DAY),
        image(4, Some("acme/old:1"), Measured, 128 * MB, 90 * DAY),
        image(5, Some("tools/x:2"), Claimed, 10 * MB, DAY),
        image(6, Some("nginx:1.27"), Claimed, 72 * MB, 11 * DAY),
        image(7, Some("redis:7"), Claimed, 51 * MB, 5 * DAY),
        image(
            8,
            Some("registry.example.org:5000/platform/very-long-service-name:2026.11"),
            Claimed,
            1_080 * MB,
            30 * MINUTE,
        ),
        image(9, None, Claimed, 40 * MB, 9 * DAY),
    ]
}

pub fn listed(images: Vec<LocalImage>) -> Msg {
    Msg::Source(SourceMsg::Listed(Listing { images, problems: Vec::new(), engine: Some("docker 20.10.24".into()) }))
}

pub fn account(seed: u8, is_default: bool, hundredths: u64) -> Account {
    let balance = Wei(Wei::from_ether(hundredths).0 / 100);
    let address = address(seed);
    let file = format!("/home/op/keystore/UTC--2026-11-01T10-00-00Z--{}", &address.to_string()[2..].to_lowercase());
    Account { address, kind: AccountKind::KeyFile(file.into()), label: None, is_default, balance: Some(balance) }
}

/// An account whose key is on another machine.
pub fn cold(seed: u8) -> Account {
    Account { kind: AccountKind::Cold, label: Some("vault".into()), ..account(seed, false, 0) }
}

/// What is carried to whoever signs.
pub fn carried(statement: Statement, publisher: Address, contract: bool) -> Carried {
    let network = network();
    let (chain_id, contract_at, deadline) = (network.chain_id, network.contract, Timestamp(NOW + 7 * DAY));
    let request =
        SigningRequest { chain_id, contract: contract_at, publisher, statement: statement.clone(), nonce: 3, deadline };
    Carried {
        request: (!contract).then_some(request),
        says: contract.then_some(statement),
        text: r#"{"schema":"daochain.request/1"}"#.into(),
        earlier: vec![2],
        left: false,
    }
}

pub fn accounts(accounts: Vec<Account>) -> Msg {
    Msg::Account(AccountMsg::Listed(Ok(AccountList {
        accounts,
        problems: Vec::new(),
        removed: Vec::new(),
        node: None,
    })))
}

pub fn problem(code: &'static str, message: &str, hint: &str) -> Problem {
    Problem { code, message: message.into(), hint: Some(hint.into()) }
}

fn verdict_of(name: &Reference, level: EvidenceLevel) -> Verdict {
    let bare = |conclusion, reason: &str| Verdict { conclusion, ..undecided(level, reason.into()) };
    let said = |conclusion, version: Option<u32>, expected: u8, reason: &str| Verdict {
        publisher: Some(address(1)),
        publisher_name: Some("acme".into()),
        rule: Some("docker.io/acme/*".into()),
        version,
        current_version: Some(5),
        block: Some(1180),
        confirmations: Some(25),
        finality: Some(Finality::Final),
        published_at: Some(Timestamp(NOW - 2 * DAY)),
        by: None,
        successor: None,
        expected: vec![digest(expected)],
        ..bare(conclusion, reason)
    };
    match name.familiar() {
        "acme/web:1.2" => {
            said(Conclusion::Verified, Some(5), 1, "acme/web:1.2 is version 5 of acme, the current release")
        }
        "acme/api:latest" => {
            said(Conclusion::Mismatch, None, 102, "acme/api:latest is not an image that acme released")
        }
        "acme/db:16" => said(
            Conclusion::Outdated,
            Some(4),
            103,
            "acme/db:16 is version 4 of acme; version 5 is the current release",
        ),
        "acme/old:1" => Verdict {
            revoked: Some(Withdrawal {
                at: Timestamp(NOW - DAY),
                scope: WithdrawalScope::Digest,
                reason: Some("a hole in its parser".into()),
            }),
            ..said(Conclusion::Revoked, Some(5), 4, "acme withdrew this image (acme/old:1): a hole in its parser")
        },
        "tools/x:2" => Verdict {
            publisher: Some(address(9)),
            ..bare(
                Conclusion::Untrusted,
                &format!("tools/x:2 was published by {}, whom no trust rule names for it", address(9)),
            )
        },
        "redis:7" => Verdict {
            publisher_name: None,
            ..said(Conclusion::Verified, Some(5), 7, "redis:7 is version 5 of its publisher, the current release")
        },
        _ => bare(Conclusion::Unpublished, "nobody has published this name, and no trust rule covers it"),
    }
}

pub fn history(name: &Reference) -> Vec<HistoryEvent> {
    let event = |at: u64, kind| HistoryEvent {
        publisher: address(1),
        kind,
        block: 1000 + at,
        transaction: [1; 32],
        log_index: 0,
        at: Timestamp(NOW - 40 * DAY + at * DAY / 5),
        by: Some(address(1)),
    };
    if !name.as_str().contains("acme") {
        return Vec::new();
    }
    let published = |version: u32, seed| HistoryKind::Published {
        version,
        digests: vec![KindedDigest { kind: DigestKind::Config, digest: digest(seed) }],
    };
    vec![
        event(10, published(3, 30)),
        event(60, published(4, 3)),
        event(90, HistoryKind::Revoked { digest: digest(30), reason: "built with a leaked key".into() }),
        event(180, published(5, 103)),
    ]
}

pub fn quote(statement: Statement, from: Address) -> Quote {
    let gwei = |amount: u64| Wei((Wei::from_ether(amount).0) / 1_000_000_000u64);
    let cost = Cost { gas: 60_455, gas_limit: 72_546, gas_price: gwei(3), max_gas_price: gwei(5), tip: gwei(1) };
    let balance = Wei(Wei::from_ether(9998).0 / 100);
    let (network, needed) = (network(), cost.needed());
    Quote {
        statement,
        from,
        balance,
        cost,
        needed,
        network,
        version: 6,
        standing: None,
        replaces: None,
        authority: Authority::Own,
    }
}

pub fn capped(quote: Quote, cap: Option<Wei>) -> Quote {
    Quote { cost: cap.map_or(quote.cost, |cap| quote.cost.capped(cap)), ..quote }
}

pub fn hash() -> TransactionHash {
    TransactionHash([0xab; 32])
}

pub fn included(confirmations: u64) -> Stage {
    let inclusion = Inclusion { block: 1205, gas_used: 60_455, fee: Wei(Wei::from_ether(1).0 / 5513u64) };
    Stage::Included { hash: hash(), inclusion, confirmations, of: 3, finality: Finality::Included }
}

pub fn settled() -> Stage {
    let inclusion = Inclusion { block: 1205, gas_used: 60_455, fee: Wei(Wei::from_ether(1).0 / 5513u64) };
    Stage::Final { hash: hash(), inclusion, finality: Finality::Final }
}

pub fn key_of(play: &Play, name: &str) -> RowKey {
    play.model.rows.all().iter().find(|row| row.label() == name).expect("the row is there").key.clone()
}
