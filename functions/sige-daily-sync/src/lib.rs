//! The daily tick: plans the days of every account, or of one, that are to be looked at again.
//!
//! Event: `{ "v": 1, "scheduled_at": "2026-03-26T09:00:00Z" }` from the schedule, or by hand
//! `{ "v": 1, "request": "…", "account": "matriz", "last_day": "2026-03-25", "allow_empty": false }`, which no pause of
//! the schedule keeps from working. What was planned for each account, or why not, stands in the run journal.
mod function;

pub use function::function;

use chrono::{DateTime, NaiveDate, Utc};
use flows::accounts::{self, Account};
use flows::daily::{Accepted, DailyRequest, plan_daily};
use flows::deps::{Deps, FlowError};
use flows::dispatch;
use flows::journal::{self, Run};
use flows::reason::Reason;
use flows::request;
use flows::schedule::{self, Begun, SkipsTold};
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailySyncEvent {
    /// Format version, 1.
    pub v: u32,
    /// The scheduled time: identity of a tick, and the instant whose *yesterday* is the last day.
    #[serde(default)]
    pub scheduled_at: Option<DateTime<Utc>>,
    /// Identity of a request made by hand.
    #[serde(default)]
    pub request: Option<String>,
    /// One account instead of all.
    #[serde(default)]
    pub account: Option<String>,
    /// Another last day than yesterday.
    #[serde(default)]
    pub last_day: Option<NaiveDate>,
    /// Whether filled days may become empty.
    #[serde(default)]
    pub allow_empty: bool,
}

/// An account that got no plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedAccount {
    /// The account.
    pub account: String,
    /// Why.
    pub reason: Reason,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DailySyncReport {
    /// Plans by account.
    pub plans: Vec<Accepted>,
    /// Accounts without a plan.
    pub skipped: Vec<SkippedAccount>,
    /// Why nothing was planned at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Reason>,
}

impl DailySyncEvent {
    /// The scheduled time of a tick; `None` for a request made by hand.
    fn tick(&self) -> Option<DateTime<Utc>> {
        self.scheduled_at.filter(|_| self.request.is_none())
    }
}

/// Plans and sends the first windows.
///
/// # Errors
/// The event is wrong, or the infrastructure failed; asking again with the same identity goes on where it stopped.
pub async fn handle(event: DailySyncEvent, deps: &Deps) -> Result<DailySyncReport, FlowError> {
    if event.v != 1 {
        return Err(FlowError::BadRequest(format!("event version {} is not known, 1 is", event.v)));
    }
    event.account.as_deref().map_or(Ok(()), request::check_account)?;
    event.request.as_deref().map_or(Ok(()), request::check_request)?;
    event.scheduled_at.map_or(Ok(()), |at| request::check_scheduled(deps, at))?;
    let Some(scheduled_at) = event.tick() else { return plan(event, deps).await };
    match schedule::begin(deps, schedule::DAILY, scheduled_at, SkipsTold::Each).await? {
        Begun::Paused(reason) => Ok(DailySyncReport { paused: Some(reason), ..DailySyncReport::default() }),
        Begun::Go => {
            let report = plan(event, deps).await;
            schedule::end(deps, schedule::DAILY, scheduled_at, &report).await;
            report
        }
    }
}

async fn plan(event: DailySyncEvent, deps: &Deps) -> Result<DailySyncReport, FlowError> {
    let at = event.scheduled_at.unwrap_or_else(|| deps.clock.now());
    let id = match (&event.scheduled_at, &event.request) {
        (_, Some(request)) => format!("run-{request}"),
        (Some(scheduled_at), None) => format!("schedule-{}", flows::window::sortable(*scheduled_at)),
        (None, None) => format!("run-{}", deps.random.unique_id()),
    };
    let request = DailyRequest { id, at, last_day: event.last_day, allow_empty: event.allow_empty };
    let mut report = DailySyncReport::default();
    let mut found = false;
    let mut failed = None;
    for stored in accounts::list(&*deps.state).await? {
        let account = stored.account;
        if event.account.as_ref().is_some_and(|name| *name != account.name) {
            continue;
        }
        found = true;
        // An account that fails does not take the others along; the event comes again for its sake.
        if let Err(error) = plan_account(deps, account, &request, &mut report).await {
            failed = failed.or(Some(error));
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(account) = event.account.filter(|_| !found) {
        return Err(FlowError::Refused(Reason::AccountUnknown { account }));
    }
    dispatch::tick(deps).await?;
    Ok(report)
}

async fn plan_account(
    deps: &Deps,
    account: Account,
    request: &DailyRequest,
    report: &mut DailySyncReport,
) -> Result<(), FlowError> {
    let name = account.name.clone();
    let run = Run::begun(deps, schedule::DAILY, &name);
    let idle = match &account.stopped {
        Some(stop) => Some(Reason::AccountStopped { account: name.clone(), why: stop.reason.clone() }),
        None => (!account.enabled).then(|| Reason::AccountDisabled { account: name.clone() }),
    };
    if let Some(reason) = idle {
        journal::note(deps, run, "skipped", Some(reason.clone())).await?;
        report.skipped.push(SkippedAccount { account: name, reason });
        return Ok(());
    }
    let planned = plan_daily(deps, &account, request).await;
    journal::note_plan(deps, run, &planned).await?;
    report.plans.push(planned?);
    Ok(())
}
