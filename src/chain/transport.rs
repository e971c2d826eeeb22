//! JSON-RPC over HTTP(S): time-outs, bounded answers, checked ids, batches.
//!
//! Nothing above this file knows how a node is asked. Nothing below it is told more of the URL than the node needs,
//! and nothing shown carries more of it than scheme, host and port.

use std::{fmt, time::Duration};

use jsonrpsee::{
    core::{
        client::{ClientT as _, Error as RpcClientError},
        http_helpers::HttpError,
        middleware::RpcServiceBuilder,
        params::BatchRequestBuilder,
        traits::ToRpcParams,
    },
    http_client::{HttpBackend, HttpClient, HttpClientBuilder, RpcService, transport::Error as HttpTransportError},
    types::ErrorObjectOwned,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use url::Url;

use super::ChainError;
use crate::domain::text::clean_to;

/// For a connection, and for a whole answer.
const TIME_OUT: Duration = Duration::from_secs(10);
/// An answer of a thousand records has less than 1 MiB; the rest is room for event logs.
const MAX_ANSWER: u32 = 16 << 20;
/// geth reads 5 MiB, and larger requests are never made.
const MAX_REQUEST: u32 = 5 << 20;
/// Enough of a node's words to understand them.
const MAX_MESSAGE: usize = 300;

/// A way to one node.
pub(super) struct Transport {
    client: HttpClient<RpcService<HttpBackend>>,
    endpoint: String,
    time_out: Duration,
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

/// Scheme, host and port: all of a URL that is ever shown.
#[must_use]
pub fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    let port = url.port_or_known_default().map_or_else(String::new, |port| format!(":{port}"));
    clean_to(&format!("{}://{host}{port}", url.scheme()), 200)
}

impl Transport {
    /// A way to the node at `url`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] if the URL is neither HTTP nor HTTPS.
    pub(super) fn new(url: &Url) -> Result<Self, ChainError> {
        Self::with_time_out(url, TIME_OUT)
    }

    pub(super) fn with_time_out(url: &Url, time_out: Duration) -> Result<Self, ChainError> {
        let endpoint = shown(url);
        if !matches!(url.scheme(), "http" | "https") {
            let cause = format!("`{}` is no scheme that nodes are asked by", clean_to(url.scheme(), 40));
            return Err(ChainError::Endpoint { endpoint, cause });
        }
        let client = HttpClientBuilder::default()
            .request_timeout(time_out)
            .connect_timeout(time_out)
            .max_response_size(MAX_ANSWER)
            .max_request_size(MAX_REQUEST)
            // The default middleware logs requests and answers.
            .set_rpc_middleware(RpcServiceBuilder::new())
            .build(url.as_str());
        match client {
            Ok(client) => Ok(Self { client, endpoint, time_out }),
            Err(_) => Err(ChainError::Endpoint { endpoint, cause: "it is no URL of a node".to_owned() }),
        }
    }

    /// Scheme, host and port.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// One call, its result read as `T`.
    pub(super) async fn call<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, Failure> {
        let raw: Result<Box<RawValue>, _> = self.client.request(method, Parameters(params)).await;
        match raw {
            Ok(raw) => self.read(method, &raw).map_err(Failure::Silent),
            Err(RpcClientError::Call(object)) => Err(Failure::Said(self.said(method, &object))),
            Err(error) => Err(Failure::Silent(self.silent(method, &error))),
        }
    }

    /// Several calls in one request. As many replies as calls, in their order.
    pub(super) async fn batch(&self, calls: Vec<Call>) -> Result<Vec<Reply>, ChainError> {
        let Some(first) = calls.first().map(|(method, _)| *method) else { return Ok(Vec::new()) };
        let mut request = BatchRequestBuilder::new();
        let mut methods = Vec::with_capacity(calls.len());
        for (method, params) in calls {
            methods.push(method);
            request
                .insert(method, Parameters(params))
                .map_err(|error| self.malformed(method, &format!("the request cannot be written: {error}")))?;
        }
        let replies = match self.client.batch_request::<Box<RawValue>>(request).await {
            Ok(replies) => replies,
            Err(RpcClientError::Call(object)) => return Err(self.said(first, &object).into()),
            Err(error) => return Err(self.silent(first, &error)),
        };
        if replies.len() != methods.len() {
            return Err(self.malformed(first, &format!("{} replies to a batch of {}", replies.len(), methods.len())));
        }
        replies
            .into_iter()
            .zip(methods)
            .map(|(reply, method)| match reply {
                Ok(raw) => Ok(Ok(raw)),
                // What the client leaves where an id was answered twice and this one never.
                Err(object) if object.code() == 0 && object.message().is_empty() => {
                    Err(self.malformed(method, "one id is answered twice, another never"))
                }
                Err(object) => Ok(Err(self.said(method, &object.into_owned()))),
            })
            .collect()
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
        tracing::debug!(endpoint = self.endpoint, method, code = object.code(), message, "the node refused");
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
            RpcClientError::ParseError(_) => self.malformed(method, "it is not JSON-RPC"),
            RpcClientError::InvalidRequestId(_) => self.malformed(method, "it has the id of another request"),
            _ => self.malformed(method, "it is not an answer to this request"),
        }
    }

    fn broken(&self, method: &'static str, error: Option<&HttpTransportError>) -> ChainError {
        let cause = match error {
            Some(HttpTransportError::Http(HttpError::TooLarge)) => return self.too_large(method),
            Some(HttpTransportError::Http(HttpError::Malformed)) => {
                return self.malformed(method, "it is not JSON");
            }
            Some(HttpTransportError::Http(HttpError::Stream(error))) => {
                let cause = root_cause(error.as_ref());
                // http_body_util's words, whose type is not ours to name.
                if cause.contains("length limit exceeded") {
                    return self.too_large(method);
                }
                cause
            }
            Some(HttpTransportError::Rejected { status_code }) => http_status(*status_code),
            Some(HttpTransportError::RequestTooLarge) => "the request is too large".to_owned(),
            _ => "the connection failed".to_owned(),
        };
        tracing::debug!(endpoint = self.endpoint, method, cause, "the node is unreachable");
        ChainError::Unreachable { endpoint: self.endpoint.clone(), cause }
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

fn http_status(status: u16) -> String {
    match status {
        401 | 403 => format!("it wants other credentials (HTTP status {status})"),
        429 => "it asks for fewer requests (HTTP status 429)".to_owned(),
        _ => format!("it answered with HTTP status {status}"),
    }
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
