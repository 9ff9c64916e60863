//! Reads are repeated: they change nothing. The waits between the attempts are a list of upper bounds,
//! each drawn at random below its bound, never shorter than a `Retry-After`; every attempt passes the gate.
//!
//! ```text
//! gate ─▶ call ─┬─ 2xx ───────────────────────────────▶ answer
//!               ├─ 401, service account, first time ──▶ new token ─▶ gate …
//!               ├─ 408 429 5xx, no or broken answer ──▶ wait ─▶ gate …   (as often as there are waits)
//!               └─ anything else ─────────────────────▶ Credentials or Shape
//! ```
use crate::answer::Spreadsheet;
use crate::outcome::CallFailure;
use crate::settings::TabAddress;
use crate::sheets::GoogleSheets;
use crate::token::TokenError;
use crate::values::{Lines, Major};
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::{CallGate, GateError, SheetReadError};
use std::pin::Pin;
use std::time::Duration;

type Attempt<'a, T> = Pin<Box<dyn Future<Output = Result<T, CallFailure>> + Send + 'a>>;

/// What to do about a failed attempt.
enum Verdict {
    /// Nothing helps.
    Final(SheetReadError),
    /// The token is no longer taken; what Google said.
    Renew(String),
    /// It may pass.
    Again(Passing),
}

struct Passing {
    detail: String,
    retry_after: Option<Duration>,
    /// Everybody should be silent for that time, not only this call.
    hold: bool,
}

impl GoogleSheets {
    /// Tabs, sizes and metadata of a spreadsheet.
    pub(crate) async fn read_shape(&self, address: &TabAddress) -> Result<Spreadsheet, SheetReadError> {
        let limit = self.settings.read_timeout;
        self.repeated(address, || Box::pin(self.api.shape(limit, &address.spreadsheet))).await
    }

    /// Values of ranges of one spreadsheet; one entry for each range.
    pub(crate) async fn read_values(
        &self,
        tab: &TabAddress,
        ranges: &[String],
        major: Major,
    ) -> Result<Vec<Lines>, SheetReadError> {
        let limit = self.settings.read_timeout;
        self.repeated(tab, || Box::pin(self.api.values(limit, &tab.spreadsheet, ranges, major))).await
    }

    async fn repeated<'a, T>(
        &self,
        address: &TabAddress,
        attempt: impl Fn() -> Attempt<'a, T> + Send,
    ) -> Result<T, SheetReadError> {
        let mut delays = self.settings.read_retries.iter();
        let mut may_renew = self.api.tokens.can_renew();
        loop {
            self.around.read_gate.admit().await.map_err(gate_closed)?;
            let failure = match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let passing = match self.verdict(address, failure) {
                Verdict::Final(error) => return Err(error),
                Verdict::Again(passing) => passing,
                Verdict::Renew(_) if may_renew => {
                    may_renew = false;
                    match self.api.tokens.renew(self.settings.read_timeout).await {
                        Ok(()) => continue,
                        Err(error) => match self.verdict(address, error.into()) {
                            Verdict::Again(passing) => passing,
                            Verdict::Final(error) => return Err(error),
                            Verdict::Renew(detail) => return Err(self.no_access(address, detail)),
                        },
                    }
                }
                Verdict::Renew(detail) => return Err(self.no_access(address, detail)),
            };
            self.wait(passing, delays.next()).await?;
        }
    }

    /// Waits before the next attempt, or says when it may be made.
    async fn wait(&self, passing: Passing, bound: Option<&Duration>) -> Result<(), SheetReadError> {
        let asked = passing.retry_after.map(|asked| asked.min(self.settings.retry_after_max));
        let drawn = bound.map_or(Duration::ZERO, |bound| self.below(*bound));
        let wait = drawn.max(asked.unwrap_or_default());
        let until = later(self.around.clock.now(), wait);
        if passing.hold && !wait.is_zero() {
            hold(&*self.around.read_gate, until).await;
        }
        if bound.is_some() && wait <= self.settings.wait_max {
            tracing::debug!(reason = passing.detail, wait_ms = wait.as_millis(), "sheets.read.retry");
            self.around.clock.sleep(wait).await;
            return Ok(());
        }
        let known = asked.is_some() || bound.is_some();
        Err(SheetReadError::Unavailable { detail: passing.detail, retry_at: known.then_some(until) })
    }

    /// A random duration up to and including the bound.
    fn below(&self, bound: Duration) -> Duration {
        let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.around.randomness.below(bound_ms.saturating_add(1)))
    }

    fn verdict(&self, address: &TabAddress, failure: CallFailure) -> Verdict {
        let passing = |detail: String| Verdict::Again(Passing { detail, retry_after: None, hold: false });
        match failure {
            CallFailure::Status { code: 401, message, .. } => Verdict::Renew(message),
            CallFailure::Status { code: 403, message, .. } => {
                Verdict::Final(self.no_access(address, message))
            }
            CallFailure::Status { code: code @ (408 | 429 | 500..=599), retry_after, message } => {
                Verdict::Again(Passing {
                    detail: format!("http {code}: {message}"),
                    retry_after: retry_after.and_then(|text| self.retry_after(&text)),
                    hold: code == 429,
                })
            }
            CallFailure::Status { code: 404, message, .. } => Verdict::Final(SheetReadError::Shape(format!(
                "spreadsheet {} (tab `{}`) does not exist ({message}); check its id, and share it with {}",
                address.spreadsheet,
                address.tab,
                self.api.tokens.who()
            ))),
            CallFailure::Status { code, message, .. } => Verdict::Final(SheetReadError::Shape(format!(
                "spreadsheet {}, tab `{}`: google refused to read it (http {code}: {message}); check the name and the \
                 size of the tab",
                address.spreadsheet, address.tab
            ))),
            CallFailure::Token(TokenError::Refused { who, detail }) => {
                Verdict::Final(SheetReadError::Credentials { what: format!("a token for {who}"), detail })
            }
            CallFailure::TooLarge { .. } => Verdict::Final(SheetReadError::Shape(format!(
                "spreadsheet {}, tab `{}`: {failure}; is it the right tab?",
                address.spreadsheet, address.tab
            ))),
            other @ (CallFailure::TimedOut { .. }
            | CallFailure::Connect(_)
            | CallFailure::Broken(_)
            | CallFailure::Unreadable(_)
            | CallFailure::Token(TokenError::Unavailable(_))) => passing(other.to_string()),
        }
    }

    fn no_access(&self, address: &TabAddress, detail: String) -> SheetReadError {
        let TabAddress { spreadsheet, tab } = address;
        SheetReadError::Credentials {
            what: format!("spreadsheet {spreadsheet} (tab `{tab}`)"),
            detail: format!("{detail}; share it with {} as an editor", self.api.tokens.who()),
        }
    }

    /// The wait that a `Retry-After` asks for: seconds, or a date.
    pub(crate) fn retry_after(&self, text: &str) -> Option<Duration> {
        retry_after(text, self.around.clock.now())
    }
}

fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = DateTime::parse_from_rfc2822(text).ok()?;
    Some((then.to_utc() - now).to_std().unwrap_or_default())
}

/// A moment after another; the end of time when that is too far.
pub(crate) fn later(from: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let delta = TimeDelta::from_std(by).ok();
    delta.and_then(|delta| from.checked_add_signed(delta)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Asks everybody to be silent. That it could not be asked is not a reason to fail: the next 429 tells again.
pub(crate) async fn hold(gate: &dyn CallGate, until: DateTime<Utc>) {
    if let Err(error) = gate.hold_until(until).await {
        tracing::warn!(%error, "sheets.hold.failed");
    }
}

fn gate_closed(error: GateError) -> SheetReadError {
    let retry_at = match &error {
        GateError::Deferred { until } => Some(*until),
        GateError::Unavailable(_) => None,
    };
    SheetReadError::Unavailable { detail: error.to_string(), retry_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: DateTime<Utc> = "2026-03-25T12:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 17 ", now), Some(Duration::from_secs(17)));
        assert_eq!(retry_after("Wed, 25 Mar 2026 12:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Wed, 25 Mar 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-5", now), None);
    }
}
