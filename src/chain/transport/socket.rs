//! WebSocket and IPC: one lasting connection, made when it is first needed and made again after it broke.

use std::{
    ffi::OsString,
    io,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use jsonrpsee::{
    client_transport::ws::WsHandshakeError,
    core::{
        client::{
            Client, ClientBuilder, Error as RpcClientError, ReceivedMessage, TransportReceiverT, TransportSenderT,
        },
        middleware::RpcServiceBuilder,
    },
    ws_client::{PingConfig, WsClientBuilder},
};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use tokio::{
    io::AsyncWriteExt as _,
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Mutex,
    time::{Instant, timeout},
};
use tokio_util::{
    bytes::{Buf as _, BytesMut},
    codec::{Decoder, FramedRead},
};
use url::Url;

use super::{IPC, MAX_ANSWER, MAX_REQUEST, dial::dial, http::Rejection, root_cause};

/// News that wait to be taken off a connection. They are taken at once, so that more only come of a flood; its subscription ends.
const WAITING_NEWS: usize = 64;

/// What WebSocket's reader and IPC's call an answer of more than [`MAX_ANSWER`].
const TOO_LARGE: &str = "too large";

/// The client over a connection.
pub(super) type Link = Client<jsonrpsee::core::client::async_client::RpcService>;

/// What is connected to.
#[derive(Clone)]
pub(super) enum Target {
    WebSocket(Url),
    Ipc(PathBuf),
}

/// A way to one node over a lasting connection.
pub(super) struct Socket {
    target: Target,
    time_out: Duration,
    state: Mutex<State>,
}

/// What became of the last attempts to connect.
#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    /// When the last one failed, and why.
    failed: Option<(Instant, String)>,
}

impl Socket {
    /// Connects to nothing yet.
    pub(super) fn new(target: Target, time_out: Duration) -> Self {
        Self { target, time_out, state: Mutex::default() }
    }

    /// The connection, made anew if there is none that holds. One attempt is for all who wait for it: where it fails, they do not
    /// try one after the other, each for the whole time-out.
    ///
    /// # Errors
    /// Why there is none, as text that is not safe to show yet.
    pub(super) async fn link(&self) -> Result<Arc<Link>, String> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(link) = state.link.as_ref().filter(|link| link.is_connected()) {
            return Ok(Arc::clone(link));
        }
        if let Some((_, cause)) = state.failed.as_ref().filter(|(failed, _)| *failed >= asked) {
            return Err(cause.clone());
        }
        let made = timeout(self.time_out, self.connect()).await;
        let made = made.unwrap_or_else(|_| Err(format!("no connection within {} s", self.time_out.as_secs())));
        match made {
            Ok(link) => Ok(Arc::clone(state.link.insert(Arc::new(link)))),
            Err(cause) => {
                state.failed = Some((Instant::now(), cause.clone()));
                Err(cause)
            }
        }
    }

    async fn connect(&self) -> Result<Link, String> {
        match &self.target {
            Target::WebSocket(url) => web_socket(url, self.time_out).await,
            Target::Ipc(path) => ipc(path, self.time_out).await.map_err(|error| error.to_string()),
        }
    }
}

async fn web_socket(url: &Url, time_out: Duration) -> Result<Link, String> {
    let mut bare = url.clone();
    let mut headers = HeaderMap::new();
    if url.password().is_some() || !url.username().is_empty() {
        let login = format!("{}:{}", url.username(), url.password().unwrap_or_default());
        let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(login)))
            .map_err(|_| "its credentials cannot be sent".to_owned())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        // Neither fails on a URL with a host, which this one has.
        let _ = (bare.set_username(""), bare.set_password(None));
    }
    WsClientBuilder::default()
        .connection_timeout(time_out)
        .request_timeout(time_out)
        .max_response_size(MAX_ANSWER)
        .max_request_size(MAX_REQUEST)
        .max_buffer_capacity_per_subscription(WAITING_NEWS)
        .set_headers(headers)
        // Behind gateways that close what is silent, and to notice a peer that is gone.
        .enable_ws_ping(PingConfig::default())
        // The default middleware logs requests and answers.
        .set_rpc_middleware(RpcServiceBuilder::new())
        .build_with_stream(bare.as_str(), dial(url).await?)
        .await
        .map_err(|error| refusal(&error))
}

/// Why there is no WebSocket. Where a server sends elsewhere it may quote the URL with its keys.
fn refusal(error: &RpcClientError) -> String {
    let status = match error {
        RpcClientError::Transport(cause) => match cause.downcast_ref() {
            Some(WsHandshakeError::Rejected { status_code } | WsHandshakeError::Redirected { status_code, .. }) => {
                Some(*status_code)
            }
            _ => None,
        },
        _ => None,
    };
    status.map_or_else(|| root_cause(error), |status| Rejection { status, after: None }.sentence())
}

async fn ipc(path: &Path, time_out: Duration) -> io::Result<Link> {
    let (reader, writer) = UnixStream::connect(path).await?.into_split();
    let reader = Reader(FramedRead::new(reader, Documents::default()));
    Ok(ClientBuilder::default()
        .request_timeout(time_out)
        .max_buffer_capacity_per_subscription(WAITING_NEWS)
        .set_rpc_middleware(RpcServiceBuilder::new())
        .build_with_tokio(Writer(writer), reader))
}

/// What a URL reads as something else. The rest of a path it encodes itself.
const IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'#').add(b'?');

/// The URL of the socket at `path`.
///
/// # Errors
/// Where no URL can be made of it.
pub fn ipc_url(path: &Path) -> Result<Url, url::ParseError> {
    let path = percent_encode(path.as_os_str().as_bytes(), IN_PATHS);
    Url::parse(&format!("{IPC}:{path}"))
}

/// The socket's path that such a URL names.
pub(super) fn ipc_path(url: &Url) -> PathBuf {
    let bytes: Vec<u8> = percent_decode_str(url.path()).collect();
    PathBuf::from(OsString::from_vec(bytes))
}

/// True where `cause` ended a connection because an answer was larger than it may be.
pub(super) fn is_too_large(cause: &RpcClientError) -> bool {
    root_cause(cause).contains(TOO_LARGE)
}

struct Writer(OwnedWriteHalf);

impl TransportSenderT for Writer {
    type Error = io::Error;

    async fn send(&mut self, mut message: String) -> io::Result<()> {
        message.push('\n');
        self.0.write_all(message.as_bytes()).await
    }
}

struct Reader(FramedRead<OwnedReadHalf, Documents>);

impl TransportReceiverT for Reader {
    type Error = io::Error;

    async fn receive(&mut self) -> io::Result<ReceivedMessage> {
        match self.0.next().await {
            Some(document) => document.map(ReceivedMessage::Bytes),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the node closed the connection")),
        }
    }
}

/// JSON documents one after the other. geth puts a line break between two, others nothing, so brackets are counted.
#[derive(Default)]
struct Documents {
    /// Bytes that were looked at.
    seen: usize,
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

impl Decoder for Documents {
    type Item = Vec<u8>;
    type Error = io::Error;

    fn decode(&mut self, source: &mut BytesMut) -> io::Result<Option<Vec<u8>>> {
        if self.seen == 0 {
            let blank = source.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            source.advance(blank);
        }
        while let Some(byte) = source.get(self.seen).copied() {
            self.seen += 1;
            if self.ends_with(byte)? {
                let document = source.split_to(std::mem::take(&mut self.seen));
                return Ok(Some(document.to_vec()));
            }
        }
        if self.seen > MAX_ANSWER as usize {
            return Err(io::Error::other(format!("an answer is {TOO_LARGE}")));
        }
        Ok(None)
    }
}

impl Documents {
    /// True where `byte` ends a document.
    fn ends_with(&mut self, byte: u8) -> io::Result<bool> {
        if self.in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return Ok(false);
        }
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            b'"' if self.depth > 0 => self.in_text = true,
            _ if self.depth == 0 => return Err(io::Error::other("an answer is not JSON")),
            _ => {}
        }
        Ok(self.depth == 0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[tokio::test]
    async fn who_waited_for_a_connection_that_failed_does_not_try_it_again() {
        // It takes connections, and says nothing.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
        let time_out = Duration::from_millis(400);
        let socket = Socket::new(Target::WebSocket(url), time_out);
        let began = Instant::now();
        let all = futures_util::future::join_all((0..8).map(|_| socket.link())).await;
        assert!(all.iter().all(Result::is_err) && began.elapsed() < 3 * time_out, "{:?}", began.elapsed());
        // Who comes later does.
        let later = Instant::now();
        assert!(socket.link().await.is_err() && later.elapsed() >= time_out / 2, "{:?}", later.elapsed());
    }

    #[test]
    fn a_sockets_path_may_hold_anything() {
        for path in ["/run/geth.ipc", "/a b/ü#1?/100%41/geth.ipc", "/{x}\"<>`^|/y.ipc"] {
            let url = ipc_url(Path::new(path)).unwrap();
            assert_eq!(ipc_path(&url), Path::new(path), "{url}");
            assert_eq!(Url::parse(url.as_str()).unwrap(), url);
        }
        // As somebody may write it.
        assert_eq!(ipc_path(&"ipc:/a b/ü.ipc".parse().unwrap()), Path::new("/a b/ü.ipc"));
        let raw = Path::new(std::ffi::OsStr::from_bytes(b"/\xff/x.ipc"));
        assert_eq!(ipc_path(&ipc_url(raw).unwrap()), raw);
    }

    fn documents(pieces: &[&str]) -> (Vec<String>, bool) {
        let (mut decoder, mut buffer, mut found) = (Documents::default(), BytesMut::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece.as_bytes());
            loop {
                match decoder.decode(&mut buffer) {
                    Ok(Some(document)) => found.push(String::from_utf8_lossy(&document).into_owned()),
                    Ok(None) => break,
                    Err(_) => return (found, false),
                }
            }
        }
        (found, true)
    }

    #[test]
    fn documents_end_with_their_last_bracket() {
        let pieces = [r#" {"a":"}\""#, "\"}\n[1,", r#"{"b":[]}]{}"#, " \n"];
        let (found, is_sound) = documents(&pieces);
        assert_eq!(found, [r#"{"a":"}\""}"#, r#"[1,{"b":[]}]"#, "{}"]);
        assert!(is_sound);
    }

    #[test]
    fn what_is_no_document_ends_the_connection() {
        for pieces in [&["}"][..], &["x"], &["{}", "1"], &["\"a\""]] {
            assert!(!documents(pieces).1, "{pieces:?}");
        }
        let flood = format!("[\"{}", "a".repeat(MAX_ANSWER as usize));
        assert!(!documents(&[&flood]).1);
    }
}
