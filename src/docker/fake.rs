//! A scripted engine on a real socket: each request's path is looked up, and the bytes of its script are written.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
    sync::Notify,
    task::JoinHandle,
};

use super::{Engine, EngineError, EngineTarget};

/// What the engine does with a request.
#[derive(Clone)]
pub(super) enum Script {
    /// Writes the bytes and ends the connection.
    Say(Vec<u8>),
    /// Writes the bytes and stays silent until the client hangs up, which it then tells.
    SayAndWait(Vec<u8>, Arc<Notify>),
}

/// An answer of HTTP 200 with a length.
pub(super) fn json(body: &str) -> Script {
    status(200, body)
}

pub(super) fn status(code: u16, body: &str) -> Script {
    Script::Say(format!("HTTP/1.1 {code} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// The headers of an answer of unknown length, and its first chunk.
pub(super) fn begun(chunk: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n", chunk.len()).into_bytes()
}

/// The same, ended properly.
pub(super) fn ended(chunk: &str) -> Vec<u8> {
    [begun(chunk), b"0\r\n\r\n".to_vec()].concat()
}

/// What Docker 20.10 says of itself, short of what nobody reads.
const VERSION: &str =
    r#"{"Version":"20.10.24","ApiVersion":"1.41","Components":[{"Name":"Engine","Version":"20.10.24"}]}"#;
const INFO: &str = r#"{"ID":"AAAA:BBBB","Driver":"overlay2","DriverStatus":[["Backing Filesystem","extfs"]]}"#;

/// Collects the scripts of an engine.
pub(super) struct Fake {
    scripts: BTreeMap<String, Script>,
}

/// A running engine. It ends when dropped.
pub(super) struct Running {
    target: EngineTarget,
    /// Holds the socket, where it is none of the network's.
    _dir: Option<TempDir>,
    server: JoinHandle<()>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// An engine of the classic kind that holds nothing.
    pub fn new() -> Self {
        Self { scripts: BTreeMap::new() }
            .on("/_ping", json("OK"))
            .on("/version", json(VERSION))
            .on("/info", json(INFO))
            .on("/images/json", json("[]"))
    }

    /// An engine with the containerd store.
    pub fn containerd() -> Self {
        Self::new().on(
            "/info",
            json(r#"{"ID":"C","Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#),
        )
    }

    pub fn podman() -> Self {
        Self::new().on(
            "/version",
            json(
                r#"{"Version":"5.2.0","ApiVersion":"1.41","Components":[{"Name":"Podman Engine","Version":"5.2.0"}]}"#,
            ),
        )
    }

    pub fn on(mut self, path: &str, script: Script) -> Self {
        self.scripts.insert(path.to_owned(), script);
        self
    }

    pub fn start(self) -> Running {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let (scripts, requests) = (Arc::new(self.scripts), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&scripts), Arc::clone(&seen)));
            }
        });
        Running { target: EngineTarget::Unix(path), _dir: Some(dir), server, requests }
    }

    /// The same on a port of this machine, without protection.
    pub async fn start_on_tcp(self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (scripts, requests) = (Arc::new(self.scripts), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&scripts), Arc::clone(&seen)));
            }
        });
        Running { target: EngineTarget::Http(url), _dir: None, server, requests }
    }
}

impl Running {
    pub fn target(&self) -> EngineTarget {
        self.target.clone()
    }

    pub fn socket(&self) -> PathBuf {
        match &self.target {
            EngineTarget::Unix(path) => path.clone(),
            other => panic!("{other} is no socket"),
        }
    }

    pub async fn try_connect(&self) -> Result<Engine, EngineError> {
        Engine::connect(&[self.target()]).await
    }

    pub async fn connect(&self) -> Engine {
        self.try_connect().await.unwrap()
    }

    /// Ends it, and leaves its socket behind as a crash does.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    /// Every request's path and query so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve<S>(mut stream: S, scripts: Arc<BTreeMap<String, Script>>, seen: Arc<Mutex<Vec<String>>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let path = target.split('?').next().unwrap().to_owned();
    seen.lock().unwrap().push(target);
    match scripts.get(&path).cloned().unwrap_or_else(|| status(404, r#"{"message":"page not found"}"#)) {
        Script::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
        Script::SayAndWait(bytes, hung_up) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read_u8().await;
            hung_up.notify_one();
        }
    }
}
