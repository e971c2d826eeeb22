//! `kill -9` at the two moments that matter: after the journal and before the broadcast, and after the broadcast and
//! before the receipt. The next start finishes or reports it, and the chain holds exactly one publication.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use support::{Built, Home, build, fund, node, terminal::Terminal, unique, wait_for, without};

/// How the screen tells a publication's end.
const PUBLISHED: &str = "is published in block";

/// What the proxy does with the first broadcast.
#[derive(Clone, Copy, PartialEq)]
enum Hold {
    /// It never reaches the node.
    Before,
    /// It reaches the node, and the answer never comes back.
    After,
}

/// A JSON-RPC proxy that holds the first `eth_sendRawTransaction` and says so.
struct Proxy {
    url: String,
    held: mpsc::Receiver<()>,
    open: Arc<AtomicBool>,
}

impl Proxy {
    fn start(upstream: &str, hold: Hold) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let (tell, held) = mpsc::channel();
        let open = Arc::new(AtomicBool::new(false));
        let passing = Arc::clone(&open);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (upstream, tell, passing) = (upstream.clone(), tell.clone(), Arc::clone(&passing));
                std::thread::spawn(move || serve(client.unwrap(), &upstream, hold, &tell, &passing));
            }
        });
        Self { url, held, open }
    }
}

/// One request per connection: enough for a proxy that is there to be in the way.
fn serve(mut client: TcpStream, upstream: &str, hold: Hold, tell: &mpsc::Sender<()>, passing: &AtomicBool) {
    let Some(body) = read_body(&mut client) else { return };
    let is_broadcast =
        body.windows(22).any(|window| window == b"eth_sendRawTransaction") && !passing.load(Ordering::SeqCst);
    if is_broadcast && hold == Hold::Before {
        tell.send(()).unwrap();
        std::thread::park_timeout(Duration::from_mins(1));
        return;
    }
    let mut server = TcpStream::connect(upstream).unwrap();
    write!(
        server,
        "POST / HTTP/1.1\r\nhost: {upstream}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .unwrap();
    server.write_all(&body).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    if is_broadcast {
        tell.send(()).unwrap();
        std::thread::park_timeout(Duration::from_mins(1));
        return;
    }
    let _ = client.write_all(&answer);
}

fn read_body(client: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut text, mut chunk) = (Vec::new(), vec![0; 65_536]);
    let head_end = loop {
        let n = client.read(&mut chunk).ok().filter(|n| *n > 0)?;
        text.extend_from_slice(&chunk[..n]);
        if let Some(at) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&text[..head_end]).to_lowercase();
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
    while text.len() < head_end + length {
        let n = client.read(&mut chunk).ok().filter(|n| *n > 0)?;
        text.extend_from_slice(&chunk[..n]);
    }
    Some(text[head_end..].to_vec())
}

/// A home whose program was killed while it published, and a proxy that lets everything through by now.
struct Killed {
    home: Home,
    reference: String,
    /// Who publishes.
    address: String,
    _image: Built,
    _proxy: Proxy,
}

impl Killed {
    fn while_publishing(hold: Hold) -> Self {
        let proxy = Proxy::start(&node("geth"), hold);
        let home = Home::new().with_docker().on("geth", &proxy.url);
        let address = home.funded_account();
        proxy.open.store(true, Ordering::SeqCst);
        home.run(&["contract", "deploy", "--yes"]);
        proxy.open.store(false, Ordering::SeqCst);
        let reference = format!("acme/{}:1", unique("killed"));
        let image = build(&reference, &unique("content"));

        let mut publishing =
            home.command(&["publish", &reference, "--yes", "--json"]).spawn().expect("the program starts");
        proxy.held.recv_timeout(Duration::from_mins(1)).expect("a broadcast within a minute");
        publishing.kill().expect("kill -9");
        publishing.wait().expect("its end");
        proxy.open.store(true, Ordering::SeqCst);
        Self { home, reference, address, _image: image, _proxy: proxy }
    }

    fn expect_one_publication(&self) {
        let events = wait_for("the publication", || {
            let history = self.home.run(&["history", &self.reference, "--publisher", &self.address]);
            history.document["events"].as_array().filter(|events| !events.is_empty()).cloned()
        });
        assert_eq!(events.len(), 1, "exactly one publication: {events:?}");
    }
}

fn publishing_again_takes_up(hold: Hold) {
    if without("docker") || without("node") {
        return;
    }
    let killed = Killed::while_publishing(hold);
    // Publishing again first takes up what was left open, and then finds that nothing is left to publish.
    let again = killed.home.run(&["publish", &killed.reference, "--yes", "--confirmations", "1"]);
    assert!(again.success(), "{again:?}");
    assert_eq!(again.document["publications"][0]["stage"], "already-published", "{again:?}");
    killed.expect_one_publication();
}

#[test]
fn between_journal_and_broadcast() {
    publishing_again_takes_up(Hold::Before);
}

#[test]
fn between_broadcast_and_receipt() {
    publishing_again_takes_up(Hold::After);
}

#[test]
fn the_screen_takes_up_what_was_not_broadcast() {
    if without("docker") || without("node") {
        return;
    }
    let killed = Killed::while_publishing(Hold::Before);
    let reference = killed.reference.as_str();
    let mut screen = Terminal::start(24, 200, &killed.home.command(&[]));
    // Which stage is shown first depends on how many blocks others make meanwhile.
    let taken_up = |line: &str| line.contains(reference) && (line.contains("publishing") || line.contains(PUBLISHED));
    screen.wait_until("what became of the publication", |screen| screen.contents().lines().any(taken_up));
    // The node makes a block of each transaction, and none without; three confirmations are asked for.
    for _ in 0..2 {
        fund(&node("geth"), &killed.address);
    }
    screen.wait_for_line(&[reference, PUBLISHED]);
    screen.send("q");
    assert_eq!(screen.finish().1, 0);
    killed.expect_one_publication();
}
