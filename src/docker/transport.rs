//! One connection for each request, and a bound on what an engine may answer.
//!
//! ```text
//! bollard's request ──▶ Wire ──connect──▶ socket ◀── Bounded (counts what comes) ◀── hyper ──▶ bollard
//! ```
//!
//! bollard collects an answer whole before it hands it over, and an event until its JSON is complete. So the connection
//! itself ends when more has come than any sound answer holds. Only exports have no bound, once they have begun: they are
//! streamed.

use std::{
    io,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bollard::{BollardRequest, errors::Error as Bollard};
use hyper::{
    Response, Uri,
    body::Incoming,
    client::conn::http1,
    header::{HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};

/// Bytes of one answer, or of one stream of events: 10 000 images are listed in 10 to 40 MB. A stream of events that ends
/// here is asked for again.
pub(super) const ANSWER_BYTES: u64 = 64 << 20;
/// Bytes of what an engine says while it pulls or pushes: some 20 KB a second.
const STORY_BYTES: u64 = 1 << 30;
/// The header of a registry's login (Docker Engine API, *Authentication*).
const REGISTRY_AUTH: &str = "x-registry-auth";
/// What hyper holds of an export at most. An engine writes chunks of 32 KiB, and its socket holds 208 KiB of them.
const BUFFER_BYTES: usize = 256 * 1024;

/// Where requests go.
#[derive(Debug, Clone)]
pub(super) enum Wire {
    /// A socket of this machine.
    Unix(PathBuf),
    /// `host:port`, without protection.
    Tcp(String),
}

impl Wire {
    /// Sends one request, and gives the answer as soon as its headers have come. Dropping the answer's body ends the
    /// connection.
    pub(super) async fn send(self, request: BollardRequest) -> Result<Response<Incoming>, Bollard> {
        let bound = if is_story(request.uri()) { STORY_BYTES } else { ANSWER_BYTES };
        let left = Arc::new(AtomicU64::new(bound));
        let is_export = is_export(request.uri());
        let answer = match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(&path).await.map_err(NotConnected::wrap)?;
                exchange(Bounded { stream, left: Arc::clone(&left), bound }, request, "localhost").await?
            }
            Self::Tcp(authority) => {
                let stream = TcpStream::connect(&authority).await.map_err(NotConnected::wrap)?;
                exchange(Bounded { stream, left: Arc::clone(&left), bound }, request, &authority).await?
            }
        };
        // A refusal is collected like any other answer.
        if is_export && answer.status().is_success() {
            left.store(u64::MAX, Ordering::Relaxed);
        }
        Ok(answer)
    }
}

/// `/images/ID/get`, whatever stands before it.
fn is_export(uri: &Uri) -> bool {
    uri.path().contains("/images/") && uri.path().ends_with("/get")
}

/// `/images/create`, or `/images/NAME/push`.
fn is_story(uri: &Uri) -> bool {
    uri.path().ends_with("/images/create") || (uri.path().contains("/images/") && uri.path().ends_with("/push"))
}

/// bollard writes a login in base64's common alphabet. Engines read the one for addresses (RFC 4648, section 5), and take
/// what they cannot read for no login at all (moby, `api/types/registry`).
fn correct_login(request: &mut BollardRequest) {
    let Some(value) = request.headers_mut().get_mut(REGISTRY_AUTH) else { return };
    let text = value.to_str().unwrap_or_default().replace('+', "-").replace('/', "_");
    if let Ok(mut corrected) = HeaderValue::from_str(&text) {
        corrected.set_sensitive(true);
        *value = corrected;
    }
}

async fn exchange<S>(stream: S, mut request: BollardRequest, host: &str) -> Result<Response<Incoming>, Bollard>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // In a request to the server itself the target is a path, and the host a header (RFC 9112, section 3.2.1).
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse()?;
    correct_login(&mut request);
    let host = HeaderValue::from_str(host).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    request.headers_mut().insert(HOST, host);
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(BUFFER_BYTES).handshake(TokioIo::new(stream)).await?;
    // Ends with the answer, or as soon as nobody wants it. What goes wrong on it is the answer's error.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// Why there is no connection: no byte was exchanged yet. It travels inside bollard's error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct NotConnected(pub(super) io::Error);

impl NotConnected {
    fn wrap(cause: io::Error) -> Bollard {
        io::Error::new(cause.kind(), Self(cause)).into()
    }
}

/// A stream that fails once it has given `left` bytes.
struct Bounded<S> {
    stream: S,
    left: Arc<AtomicU64>,
    /// How much it was at first.
    bound: u64,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        let came = (into.filled().len() - before) as u64;
        if came > self.left.load(Ordering::Relaxed) {
            let cause = format!("it answers with more than {} MiB", self.bound >> 20);
            return Poll::Ready(Err(io::Error::other(cause)));
        }
        // Lifting the bound between the two leaves it as good as lifted.
        self.left.fetch_sub(came, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_login_is_written_as_engines_read_it() {
        let made =
            http::Request::builder().header(REGISTRY_AUTH, "eyJ+/w==").body(bollard::body_full(bytes::Bytes::new()));
        let mut request = made.unwrap();
        correct_login(&mut request);
        assert_eq!(request.headers()[REGISTRY_AUTH], "eyJ-_w==");
        assert!(
            is_story(&"/v1.41/images/create?fromImage=x".parse().unwrap())
                && is_story(&"/images/a/b/push".parse().unwrap())
        );
        assert!(!is_story(&"/images/json?x=/images/create".parse().unwrap()));
    }

    #[test]
    fn only_an_export_is_unbounded() {
        let is = |uri: &str| is_export(&uri.parse().unwrap());
        assert!(is("unix://x/images/sha256:aa/get") && is("/v1.41/images/sha256:aa/get"));
        assert!(!is("/images/json") && !is("/images/get/json") && !is("/events?filters=/images/x/get") && !is("/get"));
    }
}
