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

use support::{Home, build, node, unique, wait_for, without};

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

fn killed_while_publishing(hold: Hold) {
    if without("docker") || without("node") {
        return;
    }
    let direct = node("geth");
    let proxy = Proxy::start(&direct, hold);
    let home = Home::new().with_docker().on("geth", &proxy.url);
    let address = home.funded_account();
    proxy.open.store(true, Ordering::SeqCst);
    home.run(&["contract", "deploy", "--yes"]);
    proxy.open.store(false, Ordering::SeqCst);
    let reference = format!("acme/{}:1", unique("killed"));
    let _image = build(&reference, &unique("content"));

    let mut publishing = home.command(&["publish", &reference, "--yes", "--json"]).spawn().expect("the program starts");
    proxy.held.recv_timeout(Duration::from_mins(1)).expect("a broadcast within a minute");
    publishing.kill().expect("kill -9");
    publishing.wait().expect("its end");
    proxy.open.store(true, Ordering::SeqCst);

    // Publishing again first takes up what was left open, and then finds that nothing is left to publish.
    let again = home.run(&["publish", &reference, "--yes", "--confirmations", "1"]);
    assert!(again.success(), "{again:?}");
    assert_eq!(again.document["publications"][0]["stage"], "already-published", "{again:?}");
    let events = wait_for("the publication", || {
        let history = home.run(&["history", &reference, "--publisher", &address]);
        history.document["events"].as_array().filter(|events| !events.is_empty()).cloned()
    });
    assert_eq!(events.len(), 1, "exactly one publication: {events:?}");
}

#[test]
fn between_journal_and_broadcast() {
    killed_while_publishing(Hold::Before);
}

#[test]
fn between_broadcast_and_receipt() {
    killed_while_publishing(Hold::After);
}
