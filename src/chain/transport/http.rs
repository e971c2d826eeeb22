//! HTTP(S), below `jsonrpsee`'s client, which knows neither proxies nor `Retry-After`.
//!
//! A request that says the same when it is said twice is sent again after a moment, where the connection broke or the server
//! was busy. Where nobody listens it is not: a node does not start within a moment, and whoever follows it asks again anyway.
//! A transaction is never: whether it arrived is for [`fate`](super::super::fate) to find out.

use std::{
    error::Error,
    fmt,
    future::Future,
    io, iter,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use jsonrpsee::{
    core::http_helpers::HttpError,
    http_client::{HttpRequest, HttpResponse, transport::Error as TransportError},
};
use rand::Rng as _;
use reqwest::{Client, StatusCode, header::RETRY_AFTER, redirect::Policy};
use tokio::time::{Instant, sleep};
use tower::{Layer, Service};
use url::Url;

use super::ONCE;
use crate::domain::network::is_loopback;

/// How often a request is sent again.
const REPEATS: u32 = 2;
/// Before the first repeat; twice as much before the second, each give or take a half.
const PAUSE: Duration = Duration::from_millis(200);

/// Puts reqwest in the place of `jsonrpsee`'s own connection.
#[derive(Clone)]
pub(super) struct Carrier {
    client: Client,
    time_out: Duration,
    limit: usize,
    /// Why the last request that went out has no answer yet.
    trouble: Trouble,
}

/// Why a request has no answer yet, while it is sent again: for whoever does not wait for it.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, cause: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }
}

/// What a server said instead of an answer.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) status: u16,
    /// When it wants to be asked again.
    pub(super) after: Option<Duration>,
}

impl Rejection {
    /// Why, for the reader of an error.
    pub(super) fn sentence(&self) -> String {
        let status = self.status;
        match (status, self.after) {
            (401 | 403, _) => format!("it wants other credentials (HTTP status {status})"),
            (429, Some(after)) => {
                format!("it asks for fewer requests, in {} s again (HTTP status 429)", after.as_secs())
            }
            (429, None) => "it asks for fewer requests (HTTP status 429)".to_owned(),
            (300..=399, _) => format!("it sends elsewhere, and is not followed (HTTP status {status})"),
            _ => format!("it answered with HTTP status {status}"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl Error for Rejection {}

impl Carrier {
    /// For the node at `url`. Through the proxy that the environment names, save for this machine's own nodes. Redirections
    /// are not followed: they would turn the request into another one, and take its credentials elsewhere.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub(super) fn new(url: &Url, time_out: Duration, limit: usize) -> Result<Self, reqwest::Error> {
        let builder = Client::builder()
            .use_rustls_tls()
            .user_agent(concat!("daochain/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(time_out)
            .redirect(Policy::none());
        let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
        // The system's certificates are many files, and nothing is encrypted there.
        let is_plain = is_loopback(url) && url.scheme() == "http";
        let builder = if is_plain { builder.tls_built_in_root_certs(false) } else { builder };
        Ok(Self { client: builder.build()?, time_out, limit, trouble: Trouble::default() })
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse<Full<Bytes>>, TransportError> {
        let deadline = Instant::now() + self.time_out;
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| TransportError::from(HttpError::Stream(error)))?.to_bytes();
        let names = |method: &&str| body.windows(method.len()).any(|window| window == method.as_bytes());
        let is_repeatable = !ONCE.iter().any(names);
        let mut repeats = 0;
        loop {
            let request = http::Request::from_parts(parts.clone(), body.clone());
            let (error, after) = match self.once(request).await {
                Ok(response) => {
                    self.trouble.set(None);
                    return Ok(response);
                }
                Err(Failed::Lasting(error)) => return Err(error),
                // It may be starting, where it was there a moment ago.
                Err(Failed::Refused(error)) if repeats == 0 => {
                    self.trouble.set(Some(super::broken(&error)));
                    return Err(error);
                }
                Err(Failed::Refused(error)) => (error, None),
                Err(Failed::Passing(error, after)) => (error, after),
            };
            self.trouble.set(Some(super::broken(&error)));
            let pause = after.unwrap_or_else(|| jittered(PAUSE * 2_u32.pow(repeats)));
            // A server may name a time that no clock reaches.
            let is_late = Instant::now().checked_add(pause).is_none_or(|again| again >= deadline);
            if !is_repeatable || repeats == REPEATS || is_late {
                return Err(error);
            }
            repeats += 1;
            sleep(pause).await;
        }
    }

    async fn once(&self, request: http::Request<Bytes>) -> Result<HttpResponse<Full<Bytes>>, Failed> {
        let request =
            reqwest::Request::try_from(request).map_err(|error| Failed::Lasting(broken(error.without_url())))?;
        let passing = |error: reqwest::Error| {
            let error = error.without_url();
            if is_refused(&error) { Failed::Refused(broken(error)) } else { Failed::Passing(broken(error), None) }
        };
        let mut response = self.client.execute(request).await.map_err(passing)?;
        let status = response.status();
        if !status.is_success() {
            let after = response.headers().get(RETRY_AFTER).and_then(|value| seconds(value.to_str().ok()?));
            let error = broken(Rejection { status: status.as_u16(), after });
            return Err(match status {
                StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => Failed::Passing(error, after),
                _ => Failed::Lasting(error),
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(passing)? {
            if body.len() + chunk.len() > self.limit {
                return Err(Failed::Lasting(HttpError::TooLarge.into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse::new(Full::new(body.into())))
    }
}

/// What `Retry-After` says in seconds. As a date it says nothing here: two clocks would have to agree.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
}

/// Why there is no answer.
enum Failed {
    /// It may be over in a moment, or after that time.
    Passing(TransportError, Option<Duration>),
    /// Nobody listens.
    Refused(TransportError),
    Lasting(TransportError),
}

fn broken(error: impl Error + Send + Sync + 'static) -> TransportError {
    HttpError::Stream(Box::new(error)).into()
}

/// Whether nobody listens there.
fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
}

/// Give or take a half, so that many who were refused together do not come again together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::thread_rng().gen_range(0.5..1.5))
}

impl<S> Layer<S> for Carrier {
    type Service = Self;

    fn layer(&self, _: S) -> Self {
        self.clone()
    }
}

impl Service<HttpRequest> for Carrier {
    type Response = HttpResponse<Full<Bytes>>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest) -> Self::Future {
        Box::pin(self.clone().carry(request))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn tried(url: &Url) -> Failed {
        let carrier = Carrier::new(url, Duration::from_secs(10), 1).unwrap();
        carrier.once(http::Request::post(url.as_str()).body(Bytes::new()).unwrap()).await.unwrap_err()
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_is_sent_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (failed, taken) = tokio::join!(tried(&url), async { listener.accept().await.map(drop) });
        assert!(matches!((failed, taken), (Failed::Passing(_, None), Ok(()))), "the connection broke");
        drop(listener);
        assert!(matches!(tried(&url).await, Failed::Refused(_)), "there is none");
    }

    #[test]
    fn a_server_may_ask_for_any_number_of_seconds() {
        assert_eq!(seconds(" 2 "), Some(Duration::from_secs(2)));
        for endless in ["18446744073709551615", "99999999999999999999999"] {
            assert_eq!(seconds(endless), Some(Duration::from_secs(u64::MAX)), "{endless}");
        }
        for nothing in ["", "-1", "+1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(seconds(nothing), None, "{nothing}");
        }
    }
}
