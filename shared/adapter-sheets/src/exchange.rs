//! One exchange with the API: a token, a request, an answer of bounded size, all under one time limit.
use crate::outcome::{CallFailure, chain, message, told};
use crate::token::{TokenError, TokenSource};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of an answer. Two full columns of the largest spreadsheet there can be are half of it.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Bytes of an answer that is not a success: more would explain nothing.
const REFUSAL_BYTES_MAX: usize = 64 << 10;
/// Bytes reserved at once for an announced answer; more comes as it arrives.
const RESERVED_BYTES_MAX: usize = 4 << 20;

/// The body of a 2xx answer.
///
/// Waiting for the token counts against the limit. Whether the request had left when the time was over
/// decides what a write may say about itself, so it is watched.
pub(crate) async fn exchange(
    tokens: &TokenSource,
    limit: Duration,
    request: RequestBuilder,
) -> Result<Vec<u8>, CallFailure> {
    let left = AtomicBool::new(false);
    let call = async {
        let token = bearer(&tokens.token().await?)?;
        left.store(true, Ordering::Relaxed);
        let response = request.header(AUTHORIZATION, token).send().await.map_err(unanswered)?;
        accepted(response).await
    };
    match timeout(limit, Box::pin(call)).await {
        Ok(result) => result,
        Err(_) => Err(CallFailure::TimedOut { left: left.load(Ordering::Relaxed), limit }),
    }
}

/// The header of a token, marked so that no layer below shows it.
fn bearer(token: &SecretString) -> Result<HeaderValue, TokenError> {
    let header = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
    let mut header =
        header.map_err(|_| TokenError::Unavailable("the token has characters that no token has".into()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The body if the status is 2xx, else what the status and the body say.
async fn accepted(mut response: Response) -> Result<Vec<u8>, CallFailure> {
    let status = response.status();
    if status.is_success() {
        return body(&mut response, ANSWER_BYTES_MAX).await;
    }
    let retry_after = retry_after(response.headers());
    // A broken error page is still an answer: its status counts.
    let explanation = body(&mut response, REFUSAL_BYTES_MAX).await.ok();
    let explanation = explanation.and_then(|body| serde_json::from_slice(&body).ok());
    Err(CallFailure::Status { code: status.as_u16(), retry_after, message: message(explanation.as_ref()) })
}

fn retry_after(headers: &HeaderMap) -> Option<String> {
    headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A whole body of at most so many bytes.
pub(crate) async fn body(response: &mut Response, bytes_max: usize) -> Result<Vec<u8>, CallFailure> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > bytes_max {
        return Err(CallFailure::TooLarge { bytes_max });
    }
    let mut body = Vec::with_capacity(announced.min(RESERVED_BYTES_MAX));
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(CallFailure::TooLarge { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A call without a (whole) answer. The address is not repeated: it is long.
pub(crate) fn unanswered(error: reqwest::Error) -> CallFailure {
    let nothing_left = error.is_connect() || error.is_builder();
    let told = told(&chain(&error.without_url()));
    if nothing_left { CallFailure::Connect(told) } else { CallFailure::Broken(told) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// What a client with a limit of eight bytes makes of an answer.
    async fn answered(answer: &str) -> Result<Vec<u8>, CallFailure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (response, ()) = tokio::join!(client.get(format!("http://{address}/")).send(), served);
        body(&mut response.unwrap(), 8).await
    }

    #[tokio::test]
    async fn an_answer_is_read_to_its_end_or_to_its_limit() {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let whole = [
            "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n12345678".to_owned(),
            format!("{chunked}4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n"),
        ];
        for answer in whole {
            assert_eq!(answered(&answer).await, Ok(b"12345678".to_vec()));
        }
        let more = [
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789".to_owned(),
            format!("{chunked}4\r\n1234\r\n5\r\n56789\r\n0\r\n\r\n"),
        ];
        for answer in more {
            assert_eq!(answered(&answer).await, Err(CallFailure::TooLarge { bytes_max: 8 }));
        }
        let cut = answered("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n1234").await;
        assert!(matches!(cut, Err(CallFailure::Broken(_))), "{cut:?}");
    }

    #[test]
    fn a_token_is_never_shown_with_its_header() {
        let header = bearer(&"ya29.hunter2".to_owned().into()).unwrap();
        assert_eq!(header.to_str().unwrap(), "Bearer ya29.hunter2");
        assert!(!format!("{header:?}").contains("hunter2"));
        let error = bearer(&"hunter2\r\nx: y".to_owned().into()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
