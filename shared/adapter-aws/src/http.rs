//! HTTP towards AWS: one pool of connections for all services of a process, made by the same library that calls
//! everybody else.
//!
//! The machine's root certificates (`/etc/pki` on Lambda, `SSL_CERT_FILE` where it is set) are read with the first
//! call that needs them, once: it takes tens of milliseconds, which a function that has not seen its event does not
//! have. A proxy of the environment is used for HTTPS. Plain HTTP is spoken only to what is near, an emulator or a
//! machine's own credentials, which no proxy reaches.
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Response, Url, redirect};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a connection may take to stand, whatever the service.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The HTTP client of every service. Clones share its connections.
///
/// Of a service's settings the time for an answer is heeded; that for a connection is the same for all of them.
#[derive(Clone, Debug, Default)]
pub struct Http(Arc<Clients>);

/// Each is made when it is used for the first time.
#[derive(Debug, Default)]
struct Clients {
    secure: OnceLock<Result<Client, String>>,
    plain: OnceLock<Result<Client, String>>,
}

type Fault = Box<dyn Error + Send + Sync>;

/// No redirect is followed: the request was signed for where it went.
fn builder() -> ClientBuilder {
    Client::builder().redirect(redirect::Policy::none()).referer(false).connect_timeout(CONNECT_TIMEOUT)
}

fn built(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| {
        let reason = crate::failure::chain(&error);
        format!("the HTTP client cannot be made, check the root certificates of this machine: {reason}")
    })
}

/// The request's own fault: it would fail in the same way when it is made again.
fn own(error: impl Into<Fault>) -> ConnectorError {
    ConnectorError::user(error.into())
}

/// The address is left out: it says nothing that the operation does not, and may carry a key.
fn broken(error: reqwest::Error) -> ConnectorError {
    let (timeout, builder, connect) = (error.is_timeout(), error.is_builder(), error.is_connect());
    let error = Box::new(error.without_url());
    let told = match (timeout, builder) {
        (true, _) => ConnectorError::timeout(error),
        (false, true) => ConnectorError::user(error),
        (false, false) => ConnectorError::io(error),
    };
    if connect { told.never_connected() } else { told }
}

fn header_map(headers: &Headers) -> Result<HeaderMap, ConnectorError> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter_bytes() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(own)?;
        map.append(name, HeaderValue::from_bytes(value).map_err(own)?);
    }
    Ok(map)
}

async fn answer(response: Response) -> Result<HttpResponse, ConnectorError> {
    let status =
        response.status().as_u16().try_into().map_err(|error| ConnectorError::io(Box::new(error)))?;
    let mut headers = Headers::new();
    for (name, value) in response.headers() {
        // AWS sends ASCII only; what is not cannot be meant for us.
        if let Ok(value) = value.to_str() {
            headers.append(name.as_str().to_owned(), value.to_owned());
        }
    }
    let body = response.bytes().await.map_err(broken)?;
    let mut answer = HttpResponse::new(status, SdkBody::from(body));
    *answer.headers_mut() = headers;
    Ok(answer)
}

impl Http {
    fn client(&self, url: &Url) -> Result<&Client, ConnectorError> {
        let client = match url.scheme() {
            "http" => self.0.plain.get_or_init(|| built(builder().no_proxy().tls_certs_only([]))),
            _ => self.0.secure.get_or_init(|| built(builder())),
        };
        client.as_ref().map_err(|reason| own(reason.clone()))
    }

    /// Sends a request and reads the whole answer; `timeout` is for both.
    pub(crate) async fn send(
        &self,
        request: HttpRequest,
        timeout: Option<Duration>,
    ) -> Result<HttpResponse, ConnectorError> {
        let url = Url::parse(request.uri()).map_err(own)?;
        let method = Method::from_bytes(request.method().as_bytes()).map_err(own)?;
        let headers = header_map(request.headers())?;
        let body = request.body().bytes().ok_or_else(|| own("the body is not in memory"))?.to_vec();
        let mut request = self.client(&url)?.request(method, url).headers(headers).body(body);
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        answer(request.send().await.map_err(broken)?).await
    }
}

/// The client with the settings of one service.
#[derive(Debug)]
struct Connector {
    http: Http,
    timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, timeout) = (self.http.clone(), self.timeout);
        HttpConnectorFuture::new(async move { http.send(request, timeout).await })
    }
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { http: self.clone(), timeout: settings.read_timeout() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    /// Somebody who gives one answer and hangs up; what was asked comes back.
    async fn exchange(answer: &'static str, request: impl FnOnce(&str) -> HttpRequest) -> (Outcome, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let request = request(&format!("http://{}", listener.local_addr().unwrap()));
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        };
        let http = Http::default();
        tokio::join!(http.send(request, None), server)
    }

    type Outcome = Result<HttpResponse, ConnectorError>;

    #[tokio::test]
    async fn a_request_and_its_answer_arrive_as_they_were() {
        let told = "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\nx-amz-request-id: ID\r\n\
                    content-length: 5\r\n\r\nthere";
        let (outcome, asked) = exchange(told, |endpoint| {
            let mut request = HttpRequest::new(SdkBody::from("body"));
            request.set_method("PUT").unwrap();
            request.set_uri(format!("{endpoint}/a%20b/%25?c=%2B")).unwrap();
            request.headers_mut().insert("x-amz-date", "20240315T120000Z");
            request
        })
        .await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.status().as_u16(), 301, "no redirect is followed");
        assert_eq!(outcome.headers().get("x-amz-request-id"), Some("ID"));
        assert_eq!(outcome.body().bytes(), Some(&b"there"[..]));
        assert!(asked.starts_with("PUT /a%20b/%25?c=%2B HTTP/1.1\r\n"), "{asked}");
        assert!(
            asked.contains("x-amz-date: 20240315T120000Z\r\n") && asked.ends_with("\r\n\r\nbody"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn what_breaks_on_the_way_is_not_the_requests_fault() {
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf";
        for answer in ["", cut] {
            let (outcome, _) = exchange(answer, |endpoint| HttpRequest::get(endpoint).unwrap()).await;
            let error = outcome.unwrap_err();
            assert!(error.is_io(), "{error:?}");
        }
    }

    #[tokio::test]
    async fn refused_connections_timeouts_and_bad_requests_are_told_apart() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let refusing = format!("http://{}", socket.local_addr().unwrap());
        let http = Http::default();
        let refused = http.send(HttpRequest::get(refusing).unwrap(), None).await.unwrap_err();
        assert!(refused.is_io(), "{refused:?}");
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = format!("http://{}", silent.local_addr().unwrap());
        let late = http.send(HttpRequest::get(silent).unwrap(), Some(Duration::from_millis(1))).await;
        assert!(late.as_ref().is_err_and(ConnectorError::is_timeout), "{late:?}");
        let relative = http.send(HttpRequest::get("/nowhere").unwrap(), None).await;
        assert!(relative.as_ref().is_err_and(ConnectorError::is_user), "{relative:?}");
    }

    #[tokio::test]
    async fn certificates_are_read_once_and_only_for_https() {
        let http = Http::default();
        let url = |url| Url::parse(url).unwrap();
        http.client(&url("http://127.0.0.1:1")).unwrap();
        assert!(http.0.secure.get().is_none());
        let clone = http.clone();
        clone.client(&url("https://sqs.sa-east-1.amazonaws.com")).unwrap();
        assert!(http.0.secure.get().is_some());
    }
}
