//! One request to Google's token endpoint, and what its answer means.
//!
//! | answer | meaning |
//! |---|---|
//! | none, 5xx, 429, a code that says "later", not JSON, no bearer token | unavailable: it may pass |
//! | another `error`, such as `invalid_grant` | refused: the key is not (or no longer) accepted |
use crate::exchange::{body, unanswered};
use crate::outcome::{CallFailure, told};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::time::Duration;
use url::form_urlencoded;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Bytes of an answer; a token has about a thousand.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Codes that say "later", not "no".
const PASSING: [&str; 5] =
    ["internal_failure", "server_error", "temporarily_unavailable", "backend_error", "rate_limit_exceeded"];
/// What a token without a lifetime is taken to live: as long as the request that it was given for.
const LIFE_UNTOLD: Duration = Duration::from_secs(3600);

/// A token and how long it lives.
pub(crate) struct Granted {
    pub(crate) token: SecretString,
    pub(crate) lives: Duration,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotGranted {
    /// The endpoint says no.
    Refused(String),
    /// An answer like that to a good request, without a token in it.
    Missing,
    /// It may pass.
    Unavailable(String),
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<i64>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Exchanges a signed request for a token.
pub(crate) async fn grant(
    http: &Client,
    token_uri: &str,
    assertion: &SecretString,
) -> Result<Granted, NotGranted> {
    let pairs = [("grant_type", GRANT), ("assertion", assertion.expose_secret())];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    let sent = http.post(token_uri).header(CONTENT_TYPE, kind).body(form).send().await;
    let mut response = sent.map_err(|error| unreachable(&unanswered(error)))?;
    let status = response.status();
    let body = body(&mut response, ANSWER_BYTES_MAX).await.map_err(|failure| unreachable(&failure))?;
    judged(status, &body)
}

fn unreachable(failure: &CallFailure) -> NotGranted {
    NotGranted::Unavailable(format!("the token endpoint cannot be reached: {failure}"))
}

/// What an answer means. Its text is not repeated, but for the code and the sentence of a refusal.
fn judged(status: StatusCode, body: &[u8]) -> Result<Granted, NotGranted> {
    let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let answer: Answer = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(_) if later => return Err(says(&format!("http {}", status.as_u16()))),
        Err(_) => return Err(NotGranted::Unavailable("the token endpoint's answer is not JSON".into())),
    };
    if let Some(code) = answer.error {
        let detail = match answer.error_description {
            Some(description) => told(&format!("{code}: {description}")),
            None => told(&code),
        };
        let later = later || PASSING.contains(&code.as_str());
        return Err(if later { says(&detail) } else { NotGranted::Refused(detail) });
    }
    if !status.is_success() {
        return Err(says(&format!("http {}", status.as_u16())));
    }
    if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(NotGranted::Unavailable("the token endpoint's answer holds no bearer token".into()));
    }
    let token = answer.access_token.filter(|token| !token.is_empty()).ok_or(NotGranted::Missing)?;
    let lives = answer.expires_in.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    Ok(Granted { token: token.into(), lives: lives.unwrap_or(LIFE_UNTOLD) })
}

fn says(detail: &str) -> NotGranted {
    NotGranted::Unavailable(format!("the token endpoint says {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Result<(String, u64), NotGranted> {
        let granted = judged(StatusCode::from_u16(status).unwrap(), body.as_bytes())?;
        Ok((granted.token.expose_secret().to_owned(), granted.lives.as_secs()))
    }

    fn passing(status: u16, body: &str) -> String {
        match of(status, body) {
            Err(NotGranted::Unavailable(detail)) => detail,
            other => panic!("{status} {body}: {other:?}"),
        }
    }

    #[test]
    fn a_token_comes_with_its_life() {
        let full = r#"{"access_token":"t","expires_in":3599,"token_type":"Bearer","scope":"x"}"#;
        assert_eq!(of(200, full), Ok(("t".into(), 3599)));
        assert_eq!(of(200, r#"{"access_token":"t"}"#), Ok(("t".into(), 3600)));
        assert_eq!(of(200, r#"{"access_token":"t","expires_in":-1}"#), Ok(("t".into(), 0)));
        assert_eq!(of(200, "{}"), Err(NotGranted::Missing));
        assert_eq!(of(200, r#"{"access_token":""}"#), Err(NotGranted::Missing));
    }

    #[test]
    fn a_refusal_is_told_apart_from_a_sick_endpoint() {
        let invalid = r#"{"error":"invalid_grant","error_description":"Invalid JWT\nSignature."}"#;
        assert_eq!(
            of(400, invalid),
            Err(NotGranted::Refused("invalid_grant: Invalid JWT Signature.".into()))
        );
        assert_eq!(of(401, r#"{"error":"no"}"#), Err(NotGranted::Refused("no".into())));
        for code in PASSING {
            assert!(passing(400, &format!(r#"{{"error":"{code}"}}"#)).contains(code));
        }
        for status in [429, 500, 502, 503] {
            assert!(passing(status, "<html>").contains(&format!("http {status}")));
            assert!(passing(status, invalid).contains("invalid_grant"));
            assert!(passing(status, "{}").contains(&format!("http {status}")));
        }
        assert!(passing(404, "{}").contains("http 404"));
    }

    #[test]
    fn an_answer_that_is_no_answer_is_not_repeated() {
        for body in ["", "hunter2", r#"{"access_token":["hunter2"]}"#, r#"{"access_token":"hunter2"#] {
            assert_eq!(passing(200, body), "the token endpoint's answer is not JSON");
        }
        let other = r#"{"access_token":"hunter2","token_type":"mac"}"#;
        assert_eq!(passing(200, other), "the token endpoint's answer holds no bearer token");
    }
}
