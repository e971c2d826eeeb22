//! A node over WebSocket and IPC that answers with too much where it is asked for the events of many blocks: more than a quarter
//! of those that it is asked for first.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

/// More than an answer may have.
const FLOOD: usize = 17 << 20;

/// What it was asked for.
#[derive(Default)]
pub struct Asked {
    /// Blocks whose events it tells at once, once it was asked for any.
    most: OnceLock<u64>,
    /// How often it was asked for too much.
    pub refused: AtomicUsize,
}

/// A WebSocket in front of the one at `upstream`, a host and a port: its URL.
pub fn web_socket(upstream: &str) -> (String, Arc<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let (upstream, asked) = (upstream.to_owned(), Arc::<Asked>::default());
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let node = TcpStream::connect(&upstream).expect("the node is there");
            let ends = (client.try_clone().expect("a handle"), node.try_clone().expect("a handle"));
            thread::spawn(move || pass(ends.1, ends.0));
            let count = Arc::clone(&count);
            thread::spawn(move || frames(BufReader::new(client), node, &count));
        }
    });
    (url, asked)
}

/// A socket at `path` in front of the one at `upstream`.
pub fn ipc(path: &Path, upstream: &Path) -> Arc<Asked> {
    let listener = UnixListener::bind(path).expect("a socket");
    let (upstream, asked) = (upstream.to_owned(), Arc::<Asked>::default());
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let node = UnixStream::connect(&upstream).expect("the node is there");
            let ends = (client.try_clone().expect("a handle"), node.try_clone().expect("a handle"));
            thread::spawn(move || pass(ends.1, ends.0));
            let count = Arc::clone(&count);
            thread::spawn(move || lines(BufReader::new(client), node, &count));
        }
    });
    asked
}

fn pass(mut from: impl Read, mut to: impl Write) {
    let _ = std::io::copy(&mut from, &mut to);
}

fn lines(mut client: BufReader<UnixStream>, mut node: UnixStream, asked: &Asked) {
    let mut line = String::new();
    while client.read_line(&mut line).is_ok_and(|read| read > 0) {
        if asked.is_too_much(line.as_bytes()) {
            let _ = client.get_mut().write_all(format!("[\"{}", "a".repeat(FLOOD)).as_bytes());
        } else if node.write_all(line.as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}

/// RFC 6455, section 5.2: a client's frames are masked, and each request is one.
fn frames(mut client: BufReader<TcpStream>, mut node: TcpStream, asked: &Asked) {
    let mut line = Vec::new();
    while line != b"\r\n" {
        line.clear();
        if !client.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            return;
        }
        node.write_all(&line).expect("the node takes it");
    }
    loop {
        let mut head = vec![0; 2];
        let read = |client: &mut BufReader<TcpStream>, count: usize| {
            let mut bytes = vec![0; count];
            client.read_exact(&mut bytes).ok().map(|()| bytes)
        };
        if client.read_exact(&mut head).is_err() {
            return;
        }
        let more = match head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(length) = read(&mut client, more) else { return };
        let long = length.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte));
        let count = if more == 0 { usize::from(head[1] & 0x7f) } else { long };
        let (Some(mask), Some(masked)) = (read(&mut client, 4), read(&mut client, count)) else { return };
        let text: Vec<u8> = masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        if asked.is_too_much(&text) {
            let answer = [&[0x81, 127][..], &(FLOOD as u64).to_be_bytes(), &vec![b' '; FLOOD]].concat();
            let _ = client.get_mut().write_all(&answer);
        } else if node.write_all(&[head, length, mask, masked].concat()).is_err() {
            return;
        }
    }
}

impl Asked {
    fn is_too_much(&self, request: &[u8]) -> bool {
        let request: Value = serde_json::from_slice(request).unwrap_or_default();
        if request["method"] != "eth_getLogs" {
            return false;
        }
        let block = |name: &str| {
            let digits = request["params"][0][name].as_str().unwrap_or_default();
            u64::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap_or_default()
        };
        let blocks = block("toBlock") - block("fromBlock") + 1;
        let is_too_much = blocks > 1 && blocks > *self.most.get_or_init(|| blocks / 4);
        self.refused.fetch_add(usize::from(is_too_much), Ordering::SeqCst);
        is_too_much
    }
}
