//! A node that does what it is told: for answers that no honest node gives.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};
use url::Url;

use super::{Chain, ChainConfig, transport::Transport};

/// What the node does with one call.
pub(super) enum Say {
    Result(Value),
    /// Code, message, data.
    Error(i32, &'static str, Value),
}

/// What the node does with one HTTP request.
pub(super) enum Body {
    /// Proper JSON-RPC: each call is answered by the script.
    Script(fn(&str, &Value) -> Say),
    /// The same after a while, if whoever asks still waits for it.
    Late(Duration, fn(&str, &Value) -> Say),
    /// This status and text, whatever was asked.
    Text(u16, &'static str),
    /// What `fn(ids)` makes of the ids that were asked.
    Made(fn(Vec<Value>) -> String),
    /// An endless answer of this many bytes, with or without an announced length.
    Flood { bytes: usize, announced: bool },
    /// Half an answer, and then the connection ends.
    Torn,
    /// Nothing, ever.
    Silence,
}

/// The node; it stops when it is dropped.
pub(super) struct Fake {
    url: Url,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    pub(super) async fn start(body: Body) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://user:secret@{}/key/path", listener.local_addr().unwrap()).parse().unwrap();
        let body = Arc::new(body);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&body)));
            }
        });
        Self { url, task }
    }

    pub(super) fn chain(&self) -> Chain {
        self.chain_with(None, Duration::from_secs(5))
    }

    /// One network of several nodes.
    pub(super) fn chain_of(fakes: &[&Self]) -> Chain {
        let rpc = fakes.iter().map(|fake| fake.url.clone()).collect();
        Chain::new(ChainConfig::new("test", rpc)).unwrap()
    }

    pub(super) fn chain_with(&self, chain_id: Option<u64>, time_out: Duration) -> Chain {
        let config = ChainConfig { chain_id, ..ChainConfig::new("test", vec![self.url.clone()]) };
        Chain::over(vec![Transport::with_time_out(&self.url, time_out).unwrap()], config)
    }
}

async fn serve(mut stream: TcpStream, body: Arc<Body>) {
    let Some(request) = request(&mut stream).await else { return };
    let (status, text) = match &*body {
        Body::Script(script) => (200, answer(&request, *script).to_string()),
        Body::Late(after, script) => {
            tokio::select! { _ = stream.read_u8() => return, () = sleep(*after) => {} }
            (200, answer(&request, *script).to_string())
        }
        Body::Text(status, text) => (*status, (*text).to_owned()),
        Body::Made(make) => (200, make(ids(&request))),
        Body::Flood { bytes, announced } => return flood(&mut stream, *bytes, *announced).await,
        Body::Torn => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"jsonrpc\"").await;
            return;
        }
        Body::Silence => return std::future::pending().await,
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(text.as_bytes()).await;
}

async fn request(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, length)| length.parse::<usize>().ok())?;
            if body.len() >= length {
                return serde_json::from_str(body).ok();
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn flood(stream: &mut TcpStream, bytes: usize, announced: bool) {
    let length = if announced { format!("content-length: {bytes}\r\n") } else { String::new() };
    let head = format!("HTTP/1.1 200 OK\r\n{length}connection: close\r\n\r\n{{\"jsonrpc\":\"2.0\",\"result\":\"");
    let _ = stream.write_all(head.as_bytes()).await;
    let chunk = vec![b'a'; 1 << 16];
    for _ in 0..bytes / chunk.len() {
        if stream.write_all(&chunk).await.is_err() {
            return;
        }
    }
}

fn ids(request: &Value) -> Vec<Value> {
    let id = |call: &Value| call.get("id").cloned().unwrap_or_default();
    request.as_array().map_or_else(|| vec![id(request)], |calls| calls.iter().map(id).collect())
}

fn answer(request: &Value, script: fn(&str, &Value) -> Say) -> Value {
    if let Some(calls) = request.as_array() {
        return calls.iter().map(|call| answer(call, script)).collect();
    }
    let id = request.get("id");
    match script(request["method"].as_str().unwrap_or_default(), &request["params"]) {
        Say::Result(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Say::Error(code, message, data) => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message, "data": data}})
        }
    }
}
