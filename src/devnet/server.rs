//! JSON-RPC over HTTP on loopback: framing, batches, and who may ask.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::chain::Chain;
use super::fault::Fault;
use super::rpc::answer;

/// geth's own limit. The largest transaction has 128 KiB, and a batch of a thousand calls fits.
const BODY_LIMIT: usize = 5 * 1024 * 1024;
/// geth's own limit.
const BATCH_LIMIT: usize = 1000;

/// What every request sees.
pub(super) struct Service {
    /// The chain that answers.
    pub(super) chain: Arc<Chain>,
    /// The word that tells this host from a stranger.
    pub(super) identity: String,
}

/// The routes: `POST /` and nothing else. No CORS: web pages have no business here.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new().route("/", post(respond)).layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(service)
}

async fn respond(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    if !asks_loopback(&headers) {
        // A page whose name was rebound to 127.0.0.1 still sends its own name.
        return (StatusCode::FORBIDDEN, "this node answers only on loopback\n").into_response();
    }
    if !sends_json(&headers) {
        // Any page may post a form anywhere; only JSON makes a browser ask first.
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "only application/json is accepted\n").into_response();
    }
    match service.answer_body(&body).await {
        Some(answer) => axum::Json(answer).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn asks_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => host.split(':').next(),
    };
    matches!(name, Some("127.0.0.1" | "localhost" | "::1"))
}

fn sends_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

impl Service {
    async fn answer_body(&self, body: &[u8]) -> Option<Value> {
        match serde_json::from_slice(body) {
            Err(cause) => Some(response(&Value::Null, Err(Fault::unparsable(cause)))),
            Ok(Value::Array(requests)) => self.answer_batch(requests).await,
            Ok(request) => self.answer_one(request).await,
        }
    }

    async fn answer_batch(&self, requests: Vec<Value>) -> Option<Value> {
        let refused = match requests.len() {
            0 => Some("empty batch"),
            1..=BATCH_LIMIT => None,
            _ => Some("batch too large"),
        };
        if let Some(why) = refused {
            return Some(response(&Value::Null, Err(Fault::not_a_request(why))));
        }
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.extend(self.answer_one(request).await);
        }
        (!answers.is_empty()).then_some(Value::Array(answers))
    }

    /// Nothing for a notification, which wants no answer.
    async fn answer_one(&self, request: Value) -> Option<Value> {
        let call = match Call::parse(request) {
            Ok(call) => call,
            Err((id, fault)) => return Some(response(&id, Err(fault))),
        };
        let outcome = match call.params {
            Ok(params) => answer(&self.chain, &self.identity, &call.method, params).await,
            Err(fault) => Err(fault),
        };
        call.id.map(|id| response(&id, outcome))
    }
}

struct Call {
    /// Nothing for a notification.
    id: Option<Value>,
    method: String,
    params: Result<Vec<Value>, Fault>,
}

impl Call {
    /// Reads a request object; the error carries the id to answer with.
    fn parse(request: Value) -> Result<Self, (Value, Fault)> {
        let Value::Object(mut members) = request else {
            return Err((Value::Null, Fault::not_a_request("not an object")));
        };
        let id = members.remove("id");
        if matches!(id, Some(Value::Array(_) | Value::Object(_) | Value::Bool(_))) {
            let fault = Fault::not_a_request("the id is neither text nor a number");
            return Err((Value::Null, fault));
        }
        let known = id.clone().unwrap_or_default();
        if members.get("jsonrpc") != Some(&json!("2.0")) {
            return Err((known, Fault::not_a_request("not JSON-RPC 2.0")));
        }
        let Some(Value::String(method)) = members.remove("method") else {
            return Err((known, Fault::not_a_request("no method")));
        };
        let params = match members.remove("params") {
            Some(Value::Array(params)) => Ok(params),
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(_) => Err(Fault::invalid_params("non-array args")),
        };
        Ok(Self { id, method, params })
    }
}

fn response(id: &Value, outcome: Result<Value, Fault>) -> Value {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(fault) => json!({"jsonrpc": "2.0", "id": id, "error": fault.to_json()}),
    }
}
