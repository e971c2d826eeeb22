//! One host that speaks the distribution specification: how it is reached, who asks, and how long it is waited for.

use std::{
    error::Error,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH},
    redirect::{Attempt, Policy},
};
use serde::Deserialize;
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Access, Host, Login, RegistryError,
    error::Call,
    rate::{RateLimit, Throttle, retry_after},
    tls,
};
use crate::domain::{Digest, network::is_loopback};

/// Docker Hub's name in references.
pub(super) const HUB: &str = "docker.io";
/// Where it serves images.
const HUB_HOST: &str = "registry-1.docker.io";
/// For a connection.
const CONNECT_TIME_OUT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer.
const READ_TIME_OUT: Duration = Duration::from_mins(1);
/// For a whole manifest, token or error.
const DOCUMENT_TIME_OUT: Duration = Duration::from_mins(2);
/// Tokens and errors are a few kilobytes.
pub(super) const SMALL_ANSWER: usize = 256 * 1024;
const REDIRECTS: usize = 10;
/// All that are understood: without them registries convert, and answer with another digest (distribution 2.8).
const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// A registry, or a mirror of one. Holds a token once it wanted one; has no `Debug`.
pub(super) struct Endpoint {
    pub(super) client: Client,
    /// `https://host/v2/`.
    pub(super) base: Url,
    /// Host and port, as references name it.
    pub(super) registry: String,
    /// The repository that is asked for; empty where it is the registry itself.
    pub(super) repository: String,
    pub(super) access: Access,
    /// The login to try, instead of those that are kept.
    pub(super) given: Option<Login>,
    insecure: bool,
    pub(super) authorization: Mutex<Option<HeaderValue>>,
    /// One request at a time logs in; the others take what it got.
    pub(super) logging_in: AsyncMutex<()>,
    throttle: Mutex<Throttle>,
    rate_limit: Mutex<Option<RateLimit>>,
}

/// A request, and what a token must allow for it.
pub(super) struct Ask {
    pub method: Method,
    pub url: Url,
    /// What to send, and its media type.
    pub content: Option<(String, Bytes)>,
    /// What the asker has already, which need not come again (RFC 9110, *If-None-Match*).
    pub known: Option<Digest>,
    /// The scope of the token, where the registry's challenge names none (*Token Authentication*, `scope`).
    pub scope: String,
}

impl Ask {
    pub fn get(url: Url, scope: &str) -> Self {
        Self { method: Method::GET, url, content: None, known: None, scope: scope.to_owned() }
    }
}

impl Endpoint {
    /// Gets ready to ask `registry`. TLS always, save where this machine is the registry and has none, or where the user
    /// calls it insecure.
    pub async fn connect(
        registry: &str,
        repository: &str,
        access: &Access,
        call: &Call,
    ) -> Result<Self, RegistryError> {
        let host = if registry == HUB { HUB_HOST } else { registry };
        let address = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|error| call.unreachable(&error.to_string()))
        };
        let mut base = address("https")?;
        let (is_here, configured) = (is_loopback(&base), access.host(registry));
        let client = build(registry, &configured, access, is_here, Policy::custom(redirect), call)?;
        let may_lack_tls = is_here || configured.insecure;
        if may_lack_tls && client.get(base.clone()).send().await.is_err_and(|error| !speaks_tls(&error)) {
            base = address("http")?;
        }
        Ok(Self {
            client,
            base,
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            access: access.clone(),
            given: None,
            insecure: configured.insecure,
            authorization: Mutex::default(),
            logging_in: AsyncMutex::default(),
            throttle: Mutex::default(),
            rate_limit: Mutex::default(),
        })
    }

    /// Whether what is at `url` is as insecure as the user calls this registry, or by itself.
    pub fn is_insecure(&self, url: &Url) -> bool {
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let own = format!("{}{port}", url.host_str().unwrap_or_default());
        (self.insecure && url.host() == self.base.host()) || self.access.host(&own).insecure
    }

    /// Whom to ask at the address of a realm. A request with a secret in its body is led nowhere else, since the body would go
    /// along; and who calls a registry insecure says nothing of another host.
    pub fn for_realm(&self, url: &Url, has_body: bool, call: &Call) -> Result<Client, RegistryError> {
        let insecure = self.is_insecure(url);
        if !has_body && insecure == self.insecure {
            return Ok(self.client.clone());
        }
        let configured = Host { insecure, ..self.access.host(&self.registry) };
        let policy = if has_body { Policy::none() } else { Policy::custom(redirect) };
        build(&self.registry, &configured, &self.access, is_loopback(url), policy, call)
    }

    /// The registry wanted to know who asks.
    pub fn has_logged_in(&self) -> bool {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What the registry last said of how much it may still be asked.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        *self.rate_limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, once the registry knows who asks and is not too busy. Any status but those two is the caller's to judge.
    pub async fn ask(&self, ask: &Ask, call: &Call) -> Result<Response, RegistryError> {
        let mut has_logged_in = false;
        loop {
            let used = self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let response = self.send(ask, used.clone(), call).await?;
            self.note_rate(&response);
            match response.status() {
                StatusCode::UNAUTHORIZED if !has_logged_in => {
                    if response.url().origin() != self.base.origin() {
                        // Where content lies elsewhere, its address carries the right to read it. Whoever is there is not the
                        // registry, and is told no login (containerd's CVE-2020-15157).
                        let host = response.url().host_str().unwrap_or_default();
                        return Err(call.denied(&format!("it leads to `{host}`, which wants a login of its own")));
                    }
                    // The first time, or the token expired, or allows less than this. A second refusal is the answer.
                    self.authorize(used.as_ref(), &response, &ask.scope, call).await?;
                    has_logged_in = true;
                }
                StatusCode::TOO_MANY_REQUESTS => self.wait_for(response, call).await?,
                _ => return Ok(response),
            }
        }
    }

    /// The answer to a read; `None` for what it does not have.
    pub async fn read(&self, ask: &Ask, call: &Call) -> Result<Option<Response>, RegistryError> {
        let response = self.ask(ask, call).await?;
        match response.status() {
            status if status.is_success() => Ok(Some(response)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refusal(response, call).await),
        }
    }

    async fn send(&self, ask: &Ask, used: Option<HeaderValue>, call: &Call) -> Result<Response, RegistryError> {
        let mut request = self.client.request(ask.method.clone(), ask.url.clone()).header(ACCEPT, MANIFEST_TYPES);
        // An upload may go on at another host, by an address that carries the right to it.
        if let Some(authorization) = used.filter(|_| ask.url.origin() == self.base.origin()) {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(known) = ask.known {
            request = request.header(IF_NONE_MATCH, format!("\"{known}\""));
        }
        if let Some((media_type, bytes)) = &ask.content {
            request = request.header(CONTENT_TYPE, media_type).body(bytes.clone());
        }
        request.send().await.map_err(|error| call.failed(&error))
    }

    fn note_rate(&self, response: &Response) {
        if let Some(found) = RateLimit::of(response.headers()) {
            *self.rate_limit.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        }
    }

    /// Waits as long as the registry says, where that is not longer than anybody would wait.
    async fn wait_for(&self, response: Response, call: &Call) -> Result<(), RegistryError> {
        let seconds = retry_after(response.headers());
        let until = seconds.and_then(|seconds| {
            let wait = Duration::from_secs(seconds);
            self.throttle.lock().unwrap_or_else(PoisonError::into_inner).wait(Instant::now(), wait)
        });
        let Some(until) = until else { return Err(refusal(response, call).await) };
        let seconds = until.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        self.access.tell(&format!("registry `{}` was asked too often; waiting {seconds} s for it", self.registry));
        drop(response);
        sleep_until(until).await;
        Ok(())
    }
}

fn build(
    registry: &str,
    configured: &Host,
    access: &Access,
    is_here: bool,
    policy: Policy,
    call: &Call,
) -> Result<Client, RegistryError> {
    let mut client = Client::builder()
        .use_rustls_tls()
        .user_agent(concat!("daochain/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIME_OUT)
        .read_timeout(READ_TIME_OUT)
        .redirect(policy);
    if is_here {
        client = client.no_proxy();
    }
    let client = tls::configure(client, configured, &access.certificates(registry))?;
    client.build().map_err(|error| call.failed(&error))
}

/// A whole answer of at most `limit` bytes.
pub(super) async fn read(response: Response, limit: usize, call: &Call) -> Result<Vec<u8>, RegistryError> {
    match read_up_to(response, limit, call).await? {
        (bytes, true) => Ok(bytes),
        (_, false) => Err(call.malformed(&format!("it has more than {limit} bytes"))),
    }
}

/// The first `limit` bytes of an answer, and whether that is all of it.
pub(super) async fn read_up_to(
    response: Response,
    limit: usize,
    call: &Call,
) -> Result<(Vec<u8>, bool), RegistryError> {
    timeout(DOCUMENT_TIME_OUT, read_pieces(response, limit, call)).await.map_err(|_| call.too_slow())?
}

async fn read_pieces(mut response: Response, limit: usize, call: &Call) -> Result<(Vec<u8>, bool), RegistryError> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| call.failed(&error))? {
        let room = limit - bytes.len();
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Ok((bytes, false));
        }
    }
    Ok((bytes, true))
}

/// The error of an answer that is no success. Registries give their reasons as JSON (distribution-spec, *Error Codes*).
pub(super) async fn refusal(response: Response, call: &Call) -> RegistryError {
    #[derive(Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let text = read(response, SMALL_ANSWER, call).await.unwrap_or_default();
    let reason = serde_json::from_slice::<Errors>(&text).ok().and_then(|answer| answer.errors.into_iter().next());
    let words = reason.map_or_else(String::new, |it| if it.message.is_empty() { it.code } else { it.message });
    call.refused(status, retry_after, &words)
}

/// True where what answers has TLS, and it was this end that did not accept it, or the other: then nothing is sent without.
fn speaks_tls(error: &reqwest::Error) -> bool {
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        // rustls' words for a certificate that is not trusted, and for what the other end refused.
        if cause.contains("certificate") || cause.contains("alert") {
            return true;
        }
        next = error.source();
    }
    false
}

/// Follows to where registries keep their content; never from TLS to none. reqwest leaves the login behind where host or port
/// change.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let loses_tls = attempt.url().scheme() != "https" && attempt.previous().iter().any(|url| url.scheme() == "https");
    if loses_tls || attempt.previous().len() > REDIRECTS {
        return attempt.error("a redirection that is not followed");
    }
    attempt.follow()
}
