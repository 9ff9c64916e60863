//! The dispatcher: every minute it sends what is due and not on its way.
//!
//! Event: `{ "v": 1, "scheduled_at": "2026-03-26T09:00:00Z" }` from the schedule, or by hand `{ "v": 1 }`, which no pause
//! of the schedule keeps from working.
mod function;

pub use function::function;

use chrono::{DateTime, Utc};
use flows::deps::{Deps, FlowError};
use flows::dispatch::tick;
use flows::reason::Reason;
use flows::request;
use flows::schedule::{self, Begun, SkipsTold};
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchEvent {
    /// Format version, 1.
    pub v: u32,
    /// The scheduled time: identity of a tick.
    #[serde(default)]
    pub scheduled_at: Option<DateTime<Utc>>,
}

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DispatchReport {
    /// Windows sent.
    pub sent: usize,
    /// Plans whose windows were asked for, or given up, again.
    pub plans_spread: usize,
    /// Why it did nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Reason>,
}

/// One tick.
///
/// # Errors
/// The event is wrong, or the infrastructure failed; the next tick does the same again.
pub async fn handle(event: DispatchEvent, deps: &Deps) -> Result<DispatchReport, FlowError> {
    if event.v != 1 {
        return Err(FlowError::BadRequest(format!("event version {} is not known, 1 is", event.v)));
    }
    if let Some(scheduled_at) = event.scheduled_at {
        request::check_scheduled(deps, scheduled_at)?;
        let begun = schedule::begin(deps, schedule::DISPATCH, scheduled_at, SkipsTold::FirstOfPause).await?;
        if let Begun::Paused(reason) = begun {
            return Ok(DispatchReport { skipped: Some(reason), ..DispatchReport::default() });
        }
    }
    let dispatched = tick(deps).await;
    if let Some(scheduled_at) = event.scheduled_at {
        schedule::end(deps, schedule::DISPATCH, scheduled_at, &dispatched).await;
    }
    let dispatched = dispatched?;
    Ok(DispatchReport { sent: dispatched.sent, plans_spread: dispatched.plans_spread, skipped: None })
}
