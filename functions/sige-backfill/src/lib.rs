//! The backfill: plans an inclusive range of past days for one account.
//!
//! Event: `{ "v": 1, "account": "matriz", "from": "2026-04-01", "to": "2026-04-30", "dry_run": false }`. What was planned
//! stands in the run journal.
mod function;

pub use function::function;

use chrono::NaiveDate;
use flows::accounts;
use flows::backfill::{self, BackfillRequest, plan_backfill};
use flows::daily::Accepted;
use flows::deps::{Deps, FlowError};
use flows::dispatch;
use flows::journal::{self, Run};
use flows::reason::Reason;
use flows::request;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillEvent {
    /// Format version, 1.
    pub v: u32,
    /// The account.
    pub account: String,
    /// First sale day.
    pub from: NaiveDate,
    /// Last sale day, inclusive.
    pub to: NaiveDate,
    /// Only say what would be planned.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether filled days may become empty.
    #[serde(default)]
    pub allow_empty: bool,
    /// Identity of the request.
    #[serde(default)]
    pub request: Option<String>,
}

/// Its name in the run journal.
const FUNCTION: &str = "sige-backfill";

/// What was planned, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillReport {
    /// Days of the range.
    pub days: usize,
    /// The plan; `None` in a dry run.
    pub plan: Option<Accepted>,
}

/// Plans the range and sends the first window.
///
/// # Errors
/// The range is refused with the reason, the account cannot work, or the infrastructure failed.
pub async fn handle(event: BackfillEvent, deps: &Deps) -> Result<BackfillReport, FlowError> {
    if event.v != 1 {
        return Err(FlowError::BadRequest(format!("event version {} is not known, 1 is", event.v)));
    }
    request::check_account(&event.account)?;
    event.request.as_deref().map_or(Ok(()), request::check_request)?;
    let days = backfill::days(deps, event.from, event.to)?.len();
    let Some(stored) = accounts::load(&*deps.state, &event.account).await? else {
        return Err(FlowError::Refused(Reason::AccountUnknown { account: event.account }));
    };
    let account = stored.account;
    if let Some(stop) = &account.stopped {
        let why = stop.reason.clone();
        return Err(FlowError::Refused(Reason::AccountStopped { account: account.name, why }));
    }
    if !account.enabled {
        return Err(FlowError::Refused(Reason::AccountDisabled { account: account.name }));
    }
    let run = Run::begun(deps, FUNCTION, &account.name);
    if event.dry_run {
        journal::note(deps, run, "dry_run", None).await?;
        return Ok(BackfillReport { days, plan: None });
    }
    let id = format!("backfill-{}", event.request.unwrap_or_else(|| deps.random.unique_id()));
    let request = BackfillRequest { id, from: event.from, to: event.to, allow_empty: event.allow_empty };
    let planned = plan_backfill(deps, &account, &request).await;
    journal::note_plan(deps, run, &planned).await?;
    let plan = planned?;
    dispatch::tick(deps).await?;
    Ok(BackfillReport { days, plan: Some(plan) })
}
