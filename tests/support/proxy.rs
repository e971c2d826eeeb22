//! A node behind a proxy that does what a test says: it passes requests on, loses them, spoils the answers, or lies.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

/// What happens to one request.
pub enum Deed {
    /// The node answers.
    Pass,
    /// The node answers, and this is done to each call's result: method, parameters, result.
    Change(fn(&str, &Value, &mut Value)),
    /// The node answers what becomes of each call: method, parameters.
    Ask(fn(&str, &mut Value)),
    /// The node refuses a single call with this message.
    Refuse(&'static str),
    /// The node answers, and this is what comes of the answer's bytes.
    Spoil(fn(Vec<u8>) -> Vec<u8>),
    /// This answer: status line, headers and body.
    Instead(&'static str),
    /// The connection ends without an answer.
    Close,
    /// The node answers, and half of the answer comes through.
    Tear,
    /// No answer, ever, and nothing reaches the node.
    Hold,
    /// The node takes the request, and its answer never comes.
    Swallow,
    /// Bytes without end, a thousand million of them announced.
    Flood,
}

type Rule = dyn Fn(&Value) -> Deed + Send + Sync;

/// The proxy; its threads end with the test's process.
pub struct Proxy {
    /// Its address.
    pub url: String,
    rule: Arc<Mutex<Arc<Rule>>>,
}

impl Proxy {
    /// In front of the node at `upstream`; passes everything on.
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let rule: Arc<Mutex<Arc<Rule>>> = Arc::new(Mutex::new(Arc::new(|_: &Value| Deed::Pass)));
        let shared = Arc::clone(&rule);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, rule) = (upstream.clone(), Arc::clone(&shared.lock().expect("no poison")));
                std::thread::spawn(move || serve(client, &upstream, &*rule));
            }
        });
        Self { url, rule }
    }

    /// From now on each request, a call or a batch of them, meets this.
    pub fn set(&self, rule: impl Fn(&Value) -> Deed + Send + Sync + 'static) {
        *self.rule.lock().expect("no poison") = Arc::new(rule);
    }
}

/// True for a request that holds a call of `method`.
pub fn calls(request: &Value, method: &str) -> bool {
    request.as_array().map_or(std::slice::from_ref(request), Vec::as_slice).iter().any(|call| call["method"] == method)
}

/// One request per connection: enough for a proxy that is there to be in the way.
fn serve(mut client: TcpStream, upstream: &str, rule: &Rule) {
    let Some(body) = read_body(&mut client) else { return };
    let request: Value = serde_json::from_slice(&body).expect("a request is JSON");
    let _ = match rule(&request) {
        Deed::Pass => client.write_all(&http(&forward(upstream, &body))),
        Deed::Change(change) => {
            let mut answer: Value = serde_json::from_slice(&forward(upstream, &body)).expect("an answer is JSON");
            each(&request, &mut answer, change);
            client.write_all(&http(answer.to_string().as_bytes()))
        }
        Deed::Ask(reword) => {
            let mut request = request;
            match &mut request {
                Value::Array(calls) => calls.iter_mut().for_each(|call| reword_call(call, reword)),
                call => reword_call(call, reword),
            }
            client.write_all(&http(&forward(upstream, request.to_string().as_bytes())))
        }
        Deed::Refuse(message) => {
            let error = json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32602, "message": message}});
            client.write_all(&http(error.to_string().as_bytes()))
        }
        Deed::Spoil(spoil) => client.write_all(&http(&spoil(forward(upstream, &body)))),
        Deed::Instead(answer) => client.write_all(answer.as_bytes()),
        Deed::Close => Ok(()),
        Deed::Tear => {
            let whole = http(&forward(upstream, &body));
            client.write_all(&whole[..whole.len() - whole.len() / 4])
        }
        Deed::Hold => {
            hold();
            Ok(())
        }
        Deed::Swallow => {
            forward(upstream, &body);
            hold();
            Ok(())
        }
        Deed::Flood => flood(&mut client),
    };
}

fn reword_call(call: &mut Value, reword: fn(&str, &mut Value)) {
    let method = call["method"].as_str().unwrap_or_default().to_owned();
    reword(&method, &mut call["params"]);
}

fn hold() {
    std::thread::park_timeout(Duration::from_mins(1));
}

fn flood(client: &mut TcpStream) -> std::io::Result<()> {
    client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n[\"")?;
    let chunk = vec![b'a'; 1 << 16];
    loop {
        client.write_all(&chunk)?;
    }
}

fn http(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Changes each call's result; batches are answered in any order.
fn each(request: &Value, answer: &mut Value, change: fn(&str, &Value, &mut Value)) {
    let calls = request.as_array().map_or(std::slice::from_ref(request), Vec::as_slice);
    let answers = match answer {
        Value::Array(answers) => answers.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for answer in answers {
        let Some(call) = calls.iter().find(|call| call["id"] == answer["id"]) else { continue };
        if let (Some(method), Some(result)) = (call["method"].as_str(), answer.get_mut("result")) {
            change(method, &call["params"], result);
        }
    }
}

fn forward(upstream: &str, body: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(upstream).expect("the node is there");
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {upstream}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    server.write_all(&[head.as_bytes(), body].concat()).expect("the node takes it");
    read_body(&mut server).expect("the node answers")
}

/// The body of a request or an answer, whose length is announced.
fn read_body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut text, mut chunk) = (Vec::new(), vec![0; 65_536]);
    let mut read = |text: &mut Vec<u8>| {
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&chunk[..count]);
        Some(())
    };
    let head_end = loop {
        if let Some(at) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        read(&mut text)?;
    };
    let head = String::from_utf8_lossy(&text[..head_end]).to_lowercase();
    if head.contains("transfer-encoding: chunked") {
        while !text.ends_with(b"0\r\n\r\n") {
            read(&mut text)?;
        }
        return Some(unchunk(&text[head_end..]));
    }
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
    while text.len() < head_end + length {
        read(&mut text)?;
    }
    Some(text[head_end..].to_vec())
}

/// RFC 9112, section 7.1.
fn unchunk(mut text: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = text.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&text[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(chunk) = size.filter(|size| *size > 0).and_then(|size| text.get(end + 2..end + 2 + size)) else {
            break;
        };
        whole.extend_from_slice(chunk);
        text = &text[end + 2 + chunk.len() + 2..];
    }
    whole
}
