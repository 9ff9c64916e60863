//! A call with its retries: every attempt passes the gate, every answer becomes one decision.
//!
//! ```text
//! gate -> attempt -> 2xx                    the body
//!                    401 403                Credentials
//!                    3xx                    Untrusted: the address is wrong, and nothing follows it with the headers
//!                    408 429 5xx, network   wait (the longer of Retry-After and a drawn delay), then again
//!                                             wait over 30 s or no attempt left: Unavailable
//!                    other 4xx              Rejected
//! ```
use crate::redaction::redacted;
use crate::retry::{RetryPolicy, later};
use crate::transport::{Answer, Broken, Endpoint, Transport};
use chrono::{DateTime, Utc};
use flows::ports::{CallGate, Clock, GateError, Randomness, SourceError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use std::sync::Arc;
use std::time::Duration;

/// The name under which errors speak of the system.
pub(crate) const SYSTEM: &str = "SIGE";

/// What every call of an account needs.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) transport: Transport,
    pub(crate) headers: HeaderMap,
    pub(crate) retry: RetryPolicy,
    pub(crate) gate: Arc<dyn CallGate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

/// How one attempt ended.
enum Attempt {
    Done(Vec<u8>),
    Final(SourceError),
    Again { detail: String, asked_wait: Option<Duration>, is_held: bool },
}

impl Caller {
    /// The body of a successful answer.
    pub(crate) async fn get(
        &self,
        endpoint: &Endpoint,
        query: &[(&str, String)],
    ) -> Result<Vec<u8>, SourceError> {
        let mut attempt = 0;
        loop {
            self.gate.admit().await.map_err(gate_refusal)?;
            let (detail, asked_wait, is_held) = match self.attempt(endpoint, query).await {
                Attempt::Done(body) => return Ok(body),
                Attempt::Final(error) => return Err(error),
                Attempt::Again { detail, asked_wait, is_held } => (detail, asked_wait, is_held),
            };
            let now = self.clock.now();
            let drawn = self.retry.jittered_delay(attempt, &*self.randomness);
            let wait = drawn.max(asked_wait);
            if is_held {
                self.hold(later(now, wait.unwrap_or_else(|| self.last_delay()))).await;
            }
            let is_short = wait.is_some_and(|wait| wait <= self.retry.sleep_max);
            let (Some(_), Some(wait), true) = (drawn, wait, is_short) else {
                let detail = format!("{}, attempt {}: {detail}", endpoint.name, attempt + 1);
                let retry_at = wait.map(|wait| later(now, wait));
                return Err(SourceError::Unavailable { system: SYSTEM, detail, retry_at });
            };
            attempt += 1;
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(endpoint = endpoint.name, attempt, retry.wait_ms = wait_ms, %detail, "sige call failed, trying again");
            self.clock.sleep(wait).await;
        }
    }

    async fn attempt(&self, endpoint: &Endpoint, query: &[(&str, String)]) -> Attempt {
        let started_at = self.clock.now();
        let outcome = self.transport.attempt(endpoint, &self.headers, query).await;
        let now = self.clock.now();
        let duration_ms = (now - started_at).num_milliseconds();
        match outcome {
            Ok(answer) => {
                let (status, bytes) = (answer.status.as_u16(), answer.body.len());
                tracing::debug!(
                    endpoint = endpoint.name,
                    http.status = status,
                    http.duration_ms = duration_ms,
                    http.body_bytes = bytes,
                    "sige answered"
                );
                self.judge(endpoint, answer, now)
            }
            Err(Broken::Network(detail)) => {
                tracing::debug!(endpoint = endpoint.name, http.duration_ms = duration_ms, %detail, "sige did not answer");
                Attempt::Again { detail, asked_wait: None, is_held: false }
            }
            Err(Broken::TooLarge(bytes_max)) => {
                let detail = format!("{}: the answer is larger than {bytes_max} bytes", endpoint.name);
                Attempt::Final(SourceError::Untrusted { system: SYSTEM, detail })
            }
        }
    }

    fn judge(&self, endpoint: &Endpoint, answer: Answer, now: DateTime<Utc>) -> Attempt {
        let Answer { status, retry_after, body } = answer;
        if status.is_success() {
            return Attempt::Done(body);
        }
        let detail = self.told(endpoint, status, &body);
        let system = SYSTEM;
        match status.as_u16() {
            401 | 403 => Attempt::Final(SourceError::Credentials { system, detail }),
            408 | 429 | 500..=599 => {
                let asked_wait = self.retry.asked_wait(retry_after.as_deref(), now);
                let is_held = status == StatusCode::TOO_MANY_REQUESTS || asked_wait.is_some();
                Attempt::Again { detail, asked_wait, is_held }
            }
            300..=399 => {
                let detail = format!("{detail}; redirects are not followed, check the base URL");
                Attempt::Final(SourceError::Untrusted { system, detail })
            }
            _ => Attempt::Final(SourceError::Rejected { system, detail }),
        }
    }

    /// The status and the redacted start of the body; of a body about a person only its size, since no redaction
    /// recognises a name or a password.
    fn told(&self, endpoint: &Endpoint, status: StatusCode, body: &[u8]) -> String {
        if endpoint.is_personal && !body.is_empty() {
            let (status, bytes) = (status.as_u16(), body.len());
            return format!("HTTP {status} (body of {bytes} bytes not shown: it may hold a person)");
        }
        let secrets: Vec<&str> = self.headers.values().filter_map(|value| value.to_str().ok()).collect();
        let start = redacted(body, &secrets);
        if start.is_empty() {
            format!("HTTP {}", status.as_u16())
        } else {
            format!("HTTP {}: {start}", status.as_u16())
        }
    }

    /// Keeps everybody away. When that fails the caller still waits itself, so the work goes on.
    async fn hold(&self, until: DateTime<Utc>) {
        if let Err(error) = self.gate.hold_until(until).await {
            tracing::warn!(%error, "the pause that sige asked for could not be shared");
        }
    }

    fn last_delay(&self) -> Duration {
        self.retry.delays.last().copied().unwrap_or_default()
    }
}

fn gate_refusal(error: GateError) -> SourceError {
    let detail = error.to_string();
    let retry_at = match error {
        GateError::Deferred { until } => Some(until),
        GateError::Unavailable(_) => None,
    };
    SourceError::Unavailable { system: SYSTEM, detail, retry_at }
}
