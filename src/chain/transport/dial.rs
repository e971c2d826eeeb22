//! The connection below a WebSocket: straight to the node, or through the HTTP proxy that the environment names.
//!
//! The variables are read as reqwest reads them for HTTP(S), by the same code: `HTTP_PROXY` for `ws`, `HTTPS_PROXY` for `wss`,
//! `ALL_PROXY` for both, `NO_PROXY` for who is left out, in either case. A proxy is asked for a tunnel (RFC 9110, section 9.3.6)
//! for both, and sees nothing of what goes through it for `wss`.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{
    Request, Uri,
    header::{HOST, PROXY_AUTHORIZATION},
};
use http_body_util::Empty;
use hyper::{client::conn::http1, upgrade};
use hyper_util::{
    client::proxy::matcher::{Intercept, Matcher},
    rt::TokioIo,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};
use tokio_util::task::AbortOnDropHandle;
use url::{Host, Url};

use super::{root_cause, shown};
use crate::domain::network::is_loopback;

/// Bytes of a proxy's answer.
const MAX_HEAD: usize = 16 << 10;

/// A connection, whatever it goes through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to the WebSocket server at `url`, encrypted for `wss`. This machine's own nodes are never asked through a proxy.
///
/// # Errors
/// Why there is none, as text that is not safe to show yet. It has nothing of a proxy's credentials.
pub(super) async fn dial(url: &Url) -> Result<Box<dyn Stream>, String> {
    let proxy = if is_loopback(url) { None } else { proxy_for(url) };
    let stream = match proxy {
        Some(proxy) => tunnel(&proxy, url).await?,
        None => connect(url).await?,
    };
    if url.scheme() == "wss" { encrypt(url, stream).await } else { Ok(stream) }
}

fn proxy_for(url: &Url) -> Option<Intercept> {
    let scheme = if url.scheme() == "wss" { "https" } else { "http" };
    let uri: Uri = format!("{scheme}://{}/", url.host_str()?).parse().ok()?;
    Matcher::from_env().intercept(&uri)
}

async fn connect(url: &Url) -> Result<Box<dyn Stream>, String> {
    let (host, port) = place(url)?;
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}

/// Host, without the brackets of an IPv6 address, and port.
fn place(url: &Url) -> Result<(String, u16), String> {
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err("it has no host".to_owned()),
    };
    let port = url.port_or_known_default().ok_or_else(|| "it has no port".to_owned())?;
    Ok((host, port))
}

/// The system's certificates, read once: they are many files, and a link that breaks is made again.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(read))
}

async fn encrypt(url: &Url, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, String> {
    let (host, _) = place(url)?;
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(system_roots())
        .with_no_client_auth();
    let encrypted = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(Box::new(encrypted.map_err(|error| root_cause(&error))?))
}

/// A tunnel through `proxy`.
async fn tunnel(proxy: &Intercept, url: &Url) -> Result<Box<dyn Stream>, String> {
    let at: Url = proxy.uri().to_string().parse().map_err(|_| "its proxy has no usable address".to_owned())?;
    let name = shown(&at);
    let stream = match at.scheme() {
        "http" => connect(&at).await,
        "https" => match connect(&at).await {
            Ok(stream) => encrypt(&at, stream).await,
            Err(cause) => Err(cause),
        },
        _ => return Err(format!("a WebSocket goes through HTTP proxies alone, and `{name}` is none")),
    };
    let stream = stream.map_err(|cause| format!("the proxy `{name}` cannot be reached: {cause}"))?;
    let broken = |error: hyper::Error| format!("the proxy `{name}` gave no answer: {}", root_cause(&error));
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection.with_upgrades()));
    let port = url.port_or_known_default().unwrap_or_default();
    let authority = format!("{}:{port}", url.host_str().unwrap_or_default());
    let mut request = Request::connect(&authority).header(HOST, &authority);
    if let Some(login) = proxy.basic_auth() {
        request = request.header(PROXY_AUTHORIZATION, login);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    if !status.is_success() {
        let status = status.as_u16();
        return Err(match (status, proxy.basic_auth()) {
            (407, None) => format!("the proxy `{name}` wants credentials (HTTP status 407)"),
            (407, Some(_)) => format!("the proxy `{name}` wants other credentials (HTTP status 407)"),
            (403, _) => format!("the proxy `{name}` lets nobody through to it (HTTP status 403)"),
            _ => format!("the proxy `{name}` made no tunnel (HTTP status {status})"),
        });
    }
    Ok(Box::new(TokioIo::new(upgrade::on(response).await.map_err(broken)?)))
}
