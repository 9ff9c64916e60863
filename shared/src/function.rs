//! A function as both runtimes see it: a name, and an event in, a report out, within a deadline.
//!
//! ```text
//! Lambda runtime ──┐
//!                  ├── invoke(event, deadline) ── parse ── handle(event, deps) ── report, metrics, journal
//! one machine ─────┘
//! ```
//! Both hand over the same JSON, so that what is seen on one machine is what happens in the cloud.
use crate::guard;
use crate::metrics::{Measured, Metrics};
use async_trait::async_trait;
use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use flows::deps::{Deps, FlowError};
use flows::journal::{self, NO_ACCOUNT, Run};
use flows::reason::Reason;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The largest event that is read, in bytes of its JSON text: Lambda's own limit for asynchronous invocations.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;

/// Why an invocation failed. One variant for each decision of whoever invoked it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// The event is not one of this function's: repeating it does not help.
    #[error("the event was refused: {0}")]
    BadEvent(String),
    /// The event was understood and must not be worked on: repeating it does not help.
    #[error("{0}")]
    Refused(Reason),
    /// The infrastructure failed: the same event may succeed later.
    #[error("{0}")]
    Infrastructure(FlowError),
    /// The time ran out; what was under way was cancelled. The same event goes on where it stopped.
    #[error("the time of one invocation ran out; the work goes on with the next one")]
    TimedOut,
    /// The function could not be built: a secret or an address it needs is not there. Tried again with the next event.
    #[error("the function could not be started: {0}")]
    NotStarted(String),
    /// The handler panicked: a defect.
    #[error("the handler panicked: {0}")]
    Panicked(String),
}

impl FunctionError {
    /// The name an alarm or a filter can use.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadEvent(_) => "BadEvent",
            Self::Refused(_) => "Refused",
            Self::Infrastructure(FlowError::Store(_)) => "StateStore",
            Self::Infrastructure(FlowError::Queue(_)) => "Queue",
            Self::Infrastructure(FlowError::Blob(_)) => "BlobStore",
            Self::Infrastructure(_) => "Contended",
            Self::NotStarted(_) => "NotStarted",
            Self::TimedOut => "TimedOut",
            Self::Panicked(_) => "Panicked",
        }
    }

    /// Whether the same event can succeed when it comes again.
    pub fn is_worth_repeating(&self) -> bool {
        !matches!(self, Self::BadEvent(_) | Self::Refused(_))
    }
}

impl From<FlowError> for FunctionError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::BadRequest(detail) => Self::BadEvent(detail),
            FlowError::Refused(reason) => Self::Refused(reason),
            error => Self::Infrastructure(error),
        }
    }
}

/// One function, ready to be invoked as often as need be.
#[async_trait]
pub trait Function: Send + Sync {
    /// Its name: folder, package, binary.
    fn name(&self) -> &'static str;
    /// Works on one event; must have ended by the deadline.
    async fn invoke(&self, event: Value, deadline: DateTime<Utc>) -> Result<Value, FunctionError>;
}

/// What a handler returns, boxed so that handlers of different functions have one type.
pub type Handled<'a, R> = Pin<Box<dyn Future<Output = Result<R, FlowError>> + Send + 'a>>;

/// A handler: an event and the dependencies in, a report out.
pub type Handler<E, R> = for<'a> fn(E, &'a Deps) -> Handled<'a, R>;

/// A function that is invoked with its event itself: by a schedule, or by hand.
pub struct Direct<E, R> {
    name: &'static str,
    deps: Deps,
    metrics: Arc<Metrics>,
    handle: Handler<E, R>,
}

impl<E, R> Direct<E, R> {
    /// A function around its handler.
    pub fn new(name: &'static str, deps: Deps, metrics: Arc<Metrics>, handle: Handler<E, R>) -> Self {
        Self { name, deps, metrics, handle }
    }
}

#[async_trait]
impl<E, R> Function for Direct<E, R>
where
    E: DeserializeOwned + Send + 'static,
    R: Serialize + Measured + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    async fn invoke(&self, event: Value, deadline: DateTime<Utc>) -> Result<Value, FunctionError> {
        let started_at = self.deps.clock.now();
        let event = with_scheduled_time(event, started_at);
        let result = match read::<E>(&event) {
            Ok(typed) => {
                let end = guard::end_of_work(&*self.deps.clock, deadline);
                guard::within(&*self.deps.clock, end, (self.handle)(typed, &self.deps)).await
            }
            Err(refused) => Err(refused),
        };
        let elapsed = self.deps.clock.now() - started_at;
        match result {
            Ok(report) => {
                self.metrics.ended(self.name, elapsed, &report);
                serde_json::to_value(&report).map_err(|error| FunctionError::BadEvent(error.to_string()))
            }
            Err(error) => {
                self.metrics.failed(self.name, elapsed, &error);
                let account = event.get("account").and_then(Value::as_str).unwrap_or(NO_ACCOUNT);
                let run = Run::begun(&self.deps, self.name, known_name(account));
                if let Err(unnoted) = tell(&self.deps, run, &error).await {
                    tracing::error!(function = self.name, %unnoted, "the refusal is not in the run journal");
                }
                Err(error)
            }
        }
    }
}

/// What EventBridge Scheduler replaces in the input of a schedule.
pub const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";

/// An input that still holds the placeholder was not sent by the scheduler itself: copied into the console from the
/// template, or sent by a stand-in that does not know it. The minute it arrives in is then its scheduled time.
fn with_scheduled_time(mut event: Value, now: DateTime<Utc>) -> Value {
    if let Some(field) = event.get_mut("scheduled_at").filter(|field| field.as_str() == Some(SCHEDULED_TIME))
    {
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        *field = minute.to_rfc3339_opts(SecondsFormat::Secs, true).into();
    }
    event
}

/// Reads an event of bounded size.
///
/// # Errors
/// [`FunctionError::BadEvent`] with what is wrong.
pub fn read<E: DeserializeOwned>(event: &Value) -> Result<E, FunctionError> {
    let length = event.to_string().len();
    if length > EVENT_BYTES_MAX {
        let told = format!("it has {length} bytes, at most {EVENT_BYTES_MAX} are read");
        return Err(FunctionError::BadEvent(told));
    }
    E::deserialize(event).map_err(|error| FunctionError::BadEvent(error.to_string()))
}

/// The account of an event as the journal takes it: a name, or that there is none.
pub(crate) fn known_name(account: &str) -> &str {
    if flows::accounts::name_problem(account).is_none() { account } else { NO_ACCOUNT }
}

/// Says once, at the boundary, that an invocation failed; what was refused, cut off or crashed is entered into the run
/// journal as well, since nobody else will. Entering the same run twice is entering it once.
///
/// # Errors
/// It could not be entered.
pub(crate) async fn tell(deps: &Deps, run: Run, error: &FunctionError) -> Result<(), FlowError> {
    let (function, account, kind) = (&run.function, &run.account, error.kind());
    tracing::error!(function, account, run = run.id, kind, %error, "the invocation failed");
    let (outcome, reason) = match error {
        FunctionError::BadEvent(detail) => ("refused", Reason::BadEvent { detail: detail.clone() }),
        FunctionError::Refused(reason) => ("refused", reason.clone()),
        FunctionError::TimedOut | FunctionError::Panicked(_) => {
            ("failed", Reason::Infrastructure { detail: error.to_string() })
        }
        // The store that would take the entry is the likeliest to have failed.
        FunctionError::Infrastructure(_) | FunctionError::NotStarted(_) => return Ok(()),
    };
    journal::note(deps, run, outcome, Some(reason)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_placeholder_that_nobody_replaced_is_the_minute_of_arrival() {
        let now: DateTime<Utc> = "2026-03-26T09:00:41Z".parse().unwrap();
        let told = with_scheduled_time(json!({ "v": 1, "scheduled_at": SCHEDULED_TIME }), now);
        assert_eq!(told, json!({ "v": 1, "scheduled_at": "2026-03-26T09:00:00Z" }));
        for as_it_is in [json!({ "v": 1 }), json!({ "scheduled_at": "2026-03-25T09:00:00Z" }), json!(5)] {
            assert_eq!(with_scheduled_time(as_it_is.clone(), now), as_it_is);
        }
    }

    #[test]
    fn every_failure_has_a_name_of_its_own_kind() {
        let bad = FunctionError::from(FlowError::BadRequest("v".to_owned()));
        assert_eq!((bad.kind(), bad.is_worth_repeating()), ("BadEvent", false));
        let down = flows::ports::StoreError::Unavailable("down".to_owned());
        let down = FunctionError::from(FlowError::Store(down));
        assert_eq!((down.kind(), down.is_worth_repeating()), ("StateStore", true));
    }
}
