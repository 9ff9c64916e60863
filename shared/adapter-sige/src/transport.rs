//! One attempt of one call: out goes a GET with the account's headers, back comes a status and a bounded body.
use crate::settings::{SettingsError, SigeSettings, is_loopback};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use std::error::Error;
use std::time::Duration;
use url::Url;

/// Bytes read of an answer that is not a success.
const ERROR_BYTES_MAX: usize = 16 << 10;
/// Bytes reserved at once for an announced body; more comes as it arrives.
const RESERVED_BYTES_MAX: usize = 4 << 20;
/// How long an unused connection is kept: longer than the waits between look-ups.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// A resource with its limits.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// For messages: `orders` or `people`.
    pub(crate) name: &'static str,
    /// Answers are about a person: nothing of them may be repeated.
    pub(crate) is_personal: bool,
    url: Url,
    timeout: Duration,
    bytes_max: usize,
}

/// What came back. Without `Debug`, since the body can hold a person.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Why nothing usable came back.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The network's fault: refused, reset, cut, too slow. Worth another attempt.
    Network(String),
    /// More bytes than any honest answer has.
    TooLarge(usize),
}

/// The pool of connections and the two resources.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: Client,
    pub(crate) orders: Endpoint,
    pub(crate) people: Endpoint,
}

impl Transport {
    /// No redirect is ever followed: the headers would go along to wherever it points.
    pub(crate) fn new(settings: &SigeSettings) -> Result<Self, TransportError> {
        let base = settings.validate()?;
        let mut builder = Client::builder()
            .user_agent(concat!("erp-sync/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(IDLE_MAX);
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| TransportError::Http(root_cause(&error)))?;
        let orders = Endpoint {
            name: "orders",
            is_personal: false,
            url: resource_url(&base, "Pedidos"),
            timeout: settings.orders_timeout,
            bytes_max: settings.orders_bytes_max,
        };
        let people = Endpoint {
            name: "people",
            is_personal: true,
            url: resource_url(&base, "Pessoas"),
            timeout: settings.people_timeout,
            bytes_max: settings.people_bytes_max,
        };
        Ok(Self { http, orders, people })
    }

    pub(crate) async fn attempt(
        &self,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        query: &[(&str, String)],
    ) -> Result<Answer, Broken> {
        let mut url = endpoint.url.clone();
        url.query_pairs_mut().extend_pairs(query);
        let request = self.http.get(url).headers(headers.clone()).timeout(endpoint.timeout);
        let response = request.send().await.map_err(network)?;
        let status = response.status();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = if status.is_success() {
            whole_body(response, endpoint.bytes_max).await?
        } else {
            start_of_body(response).await
        };
        Ok(Answer { status, retry_after, body })
    }
}

/// Why the connection could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Settings that cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// TLS could not be initialised, usually because the system has no root certificates.
    #[error("the HTTP client of sige cannot start: {0}")]
    Http(String),
}

fn resource_url(base: &Url, resource: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["request", resource, "Pesquisar"]);
    }
    url
}

async fn whole_body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Broken> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > bytes_max {
        return Err(Broken::TooLarge(bytes_max));
    }
    let mut body = Vec::with_capacity(announced.min(RESERVED_BYTES_MAX));
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Broken::TooLarge(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A broken error page is still an answer: its status counts.
async fn start_of_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= ERROR_BYTES_MAX {
            break;
        }
    }
    body
}

/// The kind of fault and its root; the URL, which holds a document, is in neither.
fn network(error: reqwest::Error) -> Broken {
    let kind = match () {
        () if error.is_timeout() => {
            return Broken::Network("no complete answer within the time limit".to_owned());
        }
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer broke off",
        () => "the exchange failed",
    };
    Broken::Network(format!("{kind}: {}", root_cause(&error.without_url())))
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_stand_below_the_base_path() {
        let url = |base: &str| resource_url(&Url::parse(base).unwrap(), "Pedidos").to_string();
        assert_eq!(
            url("https://api.sigecloud.com.br"),
            "https://api.sigecloud.com.br/request/Pedidos/Pesquisar"
        );
        assert_eq!(url("https://x.test/api"), "https://x.test/api/request/Pedidos/Pesquisar");
        assert_eq!(url("https://x.test/api/"), "https://x.test/api/request/Pedidos/Pesquisar");
    }
}
