//! JSON-RPC over HTTP(S), WebSocket and IPC: time-outs, bounded answers, checked ids, batches.
//!
//! Nothing above this file knows how a node is asked. Nothing below it is told more of the URL than the node needs,
//! and nothing shown carries more of it than scheme, host and port.

mod dial;
mod http;
mod socket;

use std::{fmt, time::Duration};

use jsonrpsee::{
    core::{
        client::{BatchResponse, ClientT, Error as RpcClientError, Subscription, SubscriptionClientT as _},
        http_helpers::HttpError,
        middleware::RpcServiceBuilder,
        params::BatchRequestBuilder,
        traits::ToRpcParams,
    },
    http_client::{HttpClient, HttpClientBuilder, RpcService, transport::Error as HttpTransportError},
    rpc_params,
    types::ErrorObjectOwned,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use url::Url;

pub use self::socket::ipc_url;
use self::{
    http::{Carrier, Rejection, Trouble},
    socket::{Socket, Target, ipc_path, is_too_large},
};
use super::{
    ChainError,
    external::{SIGN_TRANSACTION, SIGN_TYPED},
};
use crate::domain::text::clean_to;

/// For a connection, and for a whole answer.
const TIME_OUT: Duration = Duration::from_secs(10);
/// An answer of a thousand records has less than 1 MiB; the rest is room for event logs.
const MAX_ANSWER: u32 = 16 << 20;
/// geth reads 5 MiB, and larger requests are never made.
const MAX_REQUEST: u32 = 5 << 20;
/// The scheme of a node's socket on this machine.
pub(super) const IPC: &str = "ipc";
/// Enough of a node's words to understand them.
const MAX_MESSAGE: usize = 300;
/// The same of a whole error object.
const MAX_RAW: usize = 2000;

/// What is said once: whoever sends a transaction twice learns nothing from the second answer, and no signer's user is asked
/// again for what they may have refused.
const ONCE: [&str; 3] = ["eth_sendRawTransaction", SIGN_TRANSACTION, SIGN_TYPED];

/// The one answer that grows without bound.
const LOGS: &str = "eth_getLogs";

/// A way to one node.
pub(super) struct Transport {
    way: Way,
    endpoint: String,
    time_out: Duration,
}

enum Way {
    Http(HttpClient<RpcService<Carrier>>, Trouble),
    Socket(Socket),
}

/// A JSON-RPC error object.
#[derive(Debug, Clone)]
pub(super) struct RpcError {
    endpoint: String,
    method: &'static str,
    code: i32,
    /// Made safe to show.
    pub(super) message: String,
    /// What a reverting contract returned.
    pub(super) revert: Option<Vec<u8>>,
}

impl RpcError {
    /// True if the node's words hold `part`, in any case.
    pub(super) fn says(&self, part: &str) -> bool {
        self.message.to_ascii_lowercase().contains(part)
    }
}

impl From<RpcError> for ChainError {
    fn from(error: RpcError) -> Self {
        let RpcError { endpoint, method, code, message, .. } = error;
        Self::Node { endpoint, method: method.to_owned(), code, message }
    }
}

/// Why a call gave no result.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The node said no.
    Said(RpcError),
    /// It said nothing that could be understood.
    Silent(ChainError),
}

impl From<Failure> for ChainError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Said(error) => error.into(),
            Failure::Silent(error) => error,
        }
    }
}

/// One call of a batch.
pub(super) type Call = (&'static str, Value);
/// One answer of a batch.
pub(super) type Reply = Result<Box<RawValue>, RpcError>;

struct Parameters(Value);

impl ToRpcParams for Parameters {
    fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
        serde_json::value::to_raw_value(&self.0).map(Some)
    }
}

/// Scheme, host and port: all of a URL that is ever shown. The path where it is a file's on this machine.
#[must_use]
pub fn shown(url: &Url) -> String {
    if url.scheme() == IPC {
        return clean_to(&format!("{IPC}:{}", url.path()), 200);
    }
    let host = url.host_str().unwrap_or("?");
    let port = url.port_or_known_default().map_or_else(String::new, |port| format!(":{port}"));
    clean_to(&format!("{}://{host}{port}", url.scheme()), 200)
}

/// The same of each, so that no two are called alike: those with one server behind several paths have their number.
#[must_use]
pub fn shown_apart(urls: &[Url]) -> Vec<String> {
    let plain: Vec<String> = urls.iter().map(shown).collect();
    let is_alone = |name: &String| plain.iter().filter(|other| *other == name).count() == 1;
    let numbered = |(at, name): (usize, &String)| {
        let before = plain.iter().take(at).filter(|other| *other == name).count();
        if is_alone(name) { name.clone() } else { format!("{name} ({})", before + 1) }
    };
    plain.iter().enumerate().map(numbered).collect()
}

impl Transport {
    /// A way to the node at `url`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] if the URL is of no kind that nodes are asked by.
    pub(super) fn new(url: &Url) -> Result<Self, ChainError> {
        Self::with_time_out(url, TIME_OUT)
    }

    pub(super) fn with_time_out(url: &Url, time_out: Duration) -> Result<Self, ChainError> {
        let endpoint = shown(url);
        let way = match url.scheme() {
            "http" | "https" => http_client(url, time_out),
            "ws" | "wss" => Ok(Way::Socket(Socket::new(Target::WebSocket(url.clone()), time_out))),
            IPC => Ok(Way::Socket(Socket::new(Target::Ipc(ipc_path(url)), time_out))),
            other => Err(format!("`{}` is no scheme that nodes are asked by", clean_to(other, 40))),
        };
        match way {
            Ok(way) => Ok(Self { way, endpoint, time_out }),
            Err(cause) => Err(ChainError::Endpoint { endpoint, cause }),
        }
    }

    /// The same, called `name`.
    pub(super) fn called(self, name: String) -> Self {
        Self { endpoint: name, ..self }
    }

    /// Scheme, host and port, with a number where another endpoint of its network has the same.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// One call, its result read as `T`.
    pub(super) async fn call<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, Failure> {
        let raw: Result<Box<RawValue>, _> = match &self.way {
            Way::Http(client, _) => client.request(method, Parameters(params)).await,
            Way::Socket(socket) => {
                let link = self.link(socket).await.map_err(Failure::Silent)?;
                match link.request(method, Parameters(params.clone())).await {
                    Err(RpcClientError::RestartNeeded(cause)) if is_worth_another(method, &cause) => {
                        let link = self.link(socket).await.map_err(Failure::Silent)?;
                        link.request(method, Parameters(params)).await
                    }
                    answer => answer,
                }
            }
        };
        match raw {
            Ok(raw) => self.read(method, &raw).map_err(Failure::Silent),
            Err(RpcClientError::Call(object)) => Err(Failure::Said(self.said(method, &object))),
            Err(error) => Err(Failure::Silent(self.silent(method, &error))),
        }
    }

    /// Several calls in one request. As many replies as calls, in their order.
    pub(super) async fn batch(&self, calls: Vec<Call>) -> Result<Vec<Reply>, ChainError> {
        let Some(first) = calls.first().map(|(method, _)| *method) else { return Ok(Vec::new()) };
        let replies = match &self.way {
            Way::Http(client, _) => client.batch_request(self.request(&calls)?).await,
            Way::Socket(socket) => match self.link(socket).await?.batch_request(self.request(&calls)?).await {
                Err(RpcClientError::RestartNeeded(_)) if calls.iter().all(|(method, _)| !ONCE.contains(method)) => {
                    self.link(socket).await?.batch_request(self.request(&calls)?).await
                }
                answer => answer,
            },
        };
        let replies: BatchResponse<'_, Box<RawValue>> = match replies {
            Ok(replies) => replies,
            Err(RpcClientError::Call(object)) => return Err(self.said(first, &object).into()),
            Err(error) => return Err(self.silent(first, &error)),
        };
        if replies.len() != calls.len() {
            return Err(self.malformed(first, &format!("{} replies to a batch of {}", replies.len(), calls.len())));
        }
        replies
            .into_iter()
            .zip(calls)
            .map(|(reply, (method, _))| match reply {
                Ok(raw) => Ok(Ok(raw)),
                // What the client leaves where an id was answered twice and this one never.
                Err(object) if object.code() == 0 && object.message().is_empty() => {
                    Err(self.malformed(method, "one id is answered twice, another never"))
                }
                Err(object) => Ok(Err(self.said(method, &object.into_owned()))),
            })
            .collect()
    }

    fn request(&self, calls: &[Call]) -> Result<BatchRequestBuilder<'static>, ChainError> {
        let mut request = BatchRequestBuilder::new();
        for (method, params) in calls {
            request
                .insert(method, Parameters(params.clone()))
                .map_err(|error| self.malformed(method, &format!("the request cannot be written: {error}")))?;
        }
        Ok(request)
    }

    /// Hears of every new block, where the connection lasts; `None` where the node has to be asked.
    pub(super) async fn new_heads(&self) -> Option<Subscription<Box<RawValue>>> {
        let Way::Socket(socket) = &self.way else { return None };
        let link = self.link(socket).await.ok()?;
        link.subscribe("eth_subscribe", rpc_params!["newHeads"], "eth_unsubscribe").await.ok()
    }

    async fn link(&self, socket: &Socket) -> Result<std::sync::Arc<socket::Link>, ChainError> {
        socket.link().await.map_err(|cause: String| self.unreachable(&cause))
    }

    fn unreachable(&self, cause: &str) -> ChainError {
        let cause = clean_to(cause, MAX_MESSAGE);
        tracing::debug!(endpoint = self.endpoint, cause, "the node is unreachable");
        ChainError::Unreachable { endpoint: self.endpoint.clone(), cause }
    }

    /// A raw result, read as `T`.
    pub(super) fn read<T: DeserializeOwned>(&self, method: &'static str, raw: &RawValue) -> Result<T, ChainError> {
        serde_json::from_str(raw.get()).map_err(|error| self.malformed(method, &error.to_string()))
    }

    /// A reply of a batch, read as `T`.
    pub(super) fn read_reply<T: DeserializeOwned>(
        &self,
        method: &'static str,
        reply: Option<Reply>,
    ) -> Result<T, Failure> {
        match reply {
            Some(Ok(raw)) => self.read(method, &raw).map_err(Failure::Silent),
            Some(Err(error)) => Err(Failure::Said(error)),
            None => Err(Failure::Silent(self.malformed(method, "it is missing from the batch"))),
        }
    }

    /// The error for an answer that makes no sense. `cause` may quote the node.
    pub(super) fn malformed(&self, method: &'static str, cause: &str) -> ChainError {
        tracing::debug!(endpoint = self.endpoint, method, cause = clean_to(cause, MAX_MESSAGE), "malformed answer");
        ChainError::Malformed {
            endpoint: self.endpoint.clone(),
            method: method.to_owned(),
            cause: clean_to(cause, MAX_MESSAGE),
        }
    }

    fn said(&self, method: &'static str, object: &ErrorObjectOwned) -> RpcError {
        let message = clean_to(object.message(), MAX_MESSAGE);
        // All of it for who asks for more (`-v`): services put what they mean into fields of their own.
        let raw = serde_json::to_string(object).map(|raw| clean_to(&raw, MAX_RAW)).unwrap_or_default();
        tracing::info!(endpoint = self.endpoint, method, raw, "the node refused");
        let message = if message.is_empty() { format!("error {}", object.code()) } else { message };
        let revert = object.data().and_then(revert_data);
        RpcError { endpoint: self.endpoint.clone(), method, code: object.code(), message, revert }
    }

    fn silent(&self, method: &'static str, error: &RpcClientError) -> ChainError {
        match error {
            RpcClientError::RequestTimeout => ChainError::TimedOut {
                endpoint: self.endpoint.clone(),
                method: method.to_owned(),
                seconds: self.time_out.as_secs(),
            },
            RpcClientError::Transport(error) => self.broken(method, error.downcast_ref()),
            RpcClientError::RestartNeeded(error) if is_too_large(error) => self.too_large(method),
            RpcClientError::RestartNeeded(error) => self.unreachable(&root_cause(error.as_ref())),
            RpcClientError::ParseError(_) => self.malformed(method, "it is not JSON-RPC"),
            RpcClientError::InvalidRequestId(_) => self.malformed(method, "it has the id of another request"),
            _ => self.malformed(method, "it is not an answer to this request"),
        }
    }

    fn broken(&self, method: &'static str, error: Option<&HttpTransportError>) -> ChainError {
        match error {
            Some(HttpTransportError::Http(HttpError::TooLarge)) => self.too_large(method),
            Some(HttpTransportError::Http(HttpError::Malformed)) => self.malformed(method, "it is not JSON"),
            Some(error) => self.unreachable(&broken(error)),
            None => self.unreachable("the connection failed"),
        }
    }

    /// Why the node has not answered yet, where it is being asked again.
    pub(super) fn trouble(&self) -> Option<String> {
        match &self.way {
            Way::Http(_, trouble) => trouble.get(),
            Way::Socket(_) => None,
        }
    }

    fn too_large(&self, method: &'static str) -> ChainError {
        self.malformed(method, &format!("it is larger than {} MiB", MAX_ANSWER >> 20))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transport").field(&self.endpoint).finish()
    }
}

/// Whether a call that broke off is made again: it may have been another one's answer that the connection broke over.
fn is_worth_another(method: &str, cause: &RpcClientError) -> bool {
    if method == LOGS { !is_too_large(cause) } else { !ONCE.contains(&method) }
}

/// Why HTTP gave no answer.
fn broken(error: &HttpTransportError) -> String {
    match error {
        HttpTransportError::Http(HttpError::Stream(error)) => match error.downcast_ref::<Rejection>() {
            Some(rejection) => rejection.sentence(),
            None => root_cause(error.as_ref()),
        },
        HttpTransportError::RequestTooLarge => "the request is too large".to_owned(),
        _ => "the connection failed".to_owned(),
    }
}

fn http_client(url: &Url, time_out: Duration) -> Result<Way, String> {
    let carrier = Carrier::new(url, time_out, MAX_ANSWER as usize).map_err(|error| root_cause(&error))?;
    let trouble = carrier.trouble();
    HttpClientBuilder::default()
        .request_timeout(time_out)
        .max_response_size(MAX_ANSWER)
        .max_request_size(MAX_REQUEST)
        // The default middleware logs requests and answers.
        .set_rpc_middleware(RpcServiceBuilder::new())
        .set_http_middleware(tower::ServiceBuilder::new().layer(carrier))
        .build(url.as_str())
        .map(|client| Way::Http(client, trouble))
        .map_err(|_| "it is no URL of a node".to_owned())
}

/// The innermost cause: the outer ones only say that something failed.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    let mut depth = 0;
    while let Some(inner) = deepest.source().filter(|_| depth < 16) {
        deepest = inner;
        depth += 1;
    }
    clean_to(&deepest.to_string(), MAX_MESSAGE)
}

/// The bytes that a reverting contract returned: a hex text, behind `Reverted ` in Parity's family, one object deeper
/// in Hardhat's.
fn revert_data(data: &RawValue) -> Option<Vec<u8>> {
    let value: Value = serde_json::from_str(data.get()).ok()?;
    let text = value.as_str().or_else(|| value.get("data")?.as_str())?;
    let digits = text.strip_prefix("Reverted ").unwrap_or(text).strip_prefix("0x")?;
    hex::decode(digits).ok()
}
