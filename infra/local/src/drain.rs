//! Works until the given plans have an outcome: the dispatcher, the queue and the window worker in one loop.
//!
//! The same handlers run as in the cloud. A wake-up that got lost (the process before this one was killed between
//! two writes) is not waited for: the due window itself is the truth and is worked on directly.
use chrono::{DateTime, NaiveDate, Utc};
use flows::accounts::name_problem;
use flows::deps::{Deps, FlowError};
use flows::journal::{self, NO_ACCOUNT, Run};
use flows::plan::{self, DayState, Plan};
use flows::reason::Reason;
use flows::settings::WINDOWS_QUEUE;
use flows::window::{Window, window_key};
use flows::window_sync::{WindowOutcome, WindowReport, WindowWake};
use flows::{dispatch, typed};
use std::collections::BTreeSet;
use std::time::Duration;

/// Longest single sleep: progress and a stop request are looked at in between.
const NAP_MAX: Duration = Duration::from_secs(1);
/// Looks in a row at work that is due and cannot be found.
const IDLE_MAX: u32 = 100;
/// Handlers that fail in a row before the loop gives up.
const FAILURES_MAX: u32 = 3;

/// What the loop tells while it works.
pub trait Observer: Send + Sync {
    /// A window has been worked on.
    fn window(&self, report: &WindowReport);
    /// Nothing can be done before that time.
    fn waiting(&self, reason: &Reason, until: DateTime<Utc>);
    /// So many days have an outcome by now, whoever brought it about.
    fn settled(&self, _days: usize) {}
    /// Whether the user asked to stop.
    fn stop_requested(&self) -> bool;
}

/// How long to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Wait for rate limits and for writes in doubt; give up on outages.
    UntilOutage,
    /// Never wait: what is not done at once stays due.
    None,
}

/// Why the loop ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Every day of the plans has an outcome.
    Finished,
    /// Days are left, due again at that time for that reason.
    Waiting {
        /// Why.
        reason: Reason,
        /// When.
        until: DateTime<Utc>,
    },
    /// The user stopped it; the unit in hand was finished.
    Stopped,
}

/// One plan to wait for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanRef {
    /// The account.
    pub account: String,
    /// The plan's id.
    pub plan: String,
}

/// Works on what is due until the plans are finished.
///
/// # Errors
/// The infrastructure failed several times in a row.
pub async fn drain(
    deps: &Deps,
    plans: &[PlanRef],
    observer: &dyn Observer,
    patience: Patience,
) -> Result<Ended, FlowError> {
    let (mut failures, mut idle) = (0, 0);
    loop {
        if observer.stop_requested() {
            return Ok(Ended::Stopped);
        }
        match work_once(deps, plans, observer).await {
            Ok(true) => {
                (failures, idle) = (0, 0);
                if next_wait(deps, plans).await?.is_none() {
                    return Ok(Ended::Finished);
                }
                continue;
            }
            Ok(false) => (failures, idle) = (0, idle + 1),
            Err(error) if failures + 1 >= FAILURES_MAX => return Err(error),
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, failures, "the window worker failed, trying again");
                continue;
            }
        }
        let Some(wait) = next_wait(deps, plans).await? else { return Ok(Ended::Finished) };
        // Due, and yet nothing that could be worked on: waiting longer would be waiting for ever.
        let is_stuck = idle > IDLE_MAX && wait.until <= deps.clock.now();
        if patience == Patience::None || is_outage(&wait.reason) || is_stuck {
            return Ok(Ended::Waiting { reason: wait.reason, until: wait.until });
        }
        observer.waiting(&wait.reason, wait.until);
        let left = (wait.until - deps.clock.now()).to_std().unwrap_or_default();
        deps.clock.sleep(left.clamp(Duration::from_millis(5), NAP_MAX)).await;
    }
}

/// Works on one window, if one is due. Says whether there was one.
async fn work_once(deps: &Deps, plans: &[PlanRef], observer: &dyn Observer) -> Result<bool, FlowError> {
    dispatch::tick(deps).await?;
    let visibility = deps.settings.requeue_after;
    if let Some(delivery) = deps.queue.receive(WINDOWS_QUEUE, 1, visibility).await?.into_iter().next() {
        match serde_json::from_str::<WindowWake>(&delivery.body) {
            Ok(wake) => {
                let account = wake.account.clone();
                match sige_window_sync::handle(wake, deps).await {
                    Ok(report) => {
                        deps.queue.acknowledge(WINDOWS_QUEUE, &delivery.receipt).await?;
                        observer.window(&report);
                    }
                    // Coming again would not help it: told where an operator looks, and done with.
                    Err(error @ (FlowError::Refused(_) | FlowError::BadRequest(_))) => {
                        tracing::error!(account, message = delivery.message_id, %error, "a wake-up was refused");
                        let known = name_problem(&account).is_none();
                        let account = if known { account.as_str() } else { NO_ACCOUNT };
                        let run = Run::begun(deps, "sige-window-sync", account);
                        journal::note(deps, run, "refused", Some(Reason::from(&error))).await?;
                        deps.queue.acknowledge(WINDOWS_QUEUE, &delivery.receipt).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(error) => {
                tracing::error!(message = delivery.message_id, %error, "a message that is not a window wake-up");
                let mut run = Run::begun(deps, "sige-window-sync", NO_ACCOUNT);
                // However often it is delivered, it stands in the journal once.
                run.id = format!("refused-{}", delivery.message_id);
                let reason = Reason::BadEvent { detail: error.to_string() };
                journal::note(deps, run, "refused", Some(reason)).await?;
                // Not acknowledged: delivered often enough it lies in the dead-letter queue, to be looked at.
                deps.queue.change_visibility(WINDOWS_QUEUE, &delivery.receipt, Duration::ZERO).await?;
            }
        }
        return Ok(true);
    }
    let Some(window) = next_lost(deps, plans).await? else { return Ok(false) };
    let wake = WindowWake { v: 1, account: window.account, day: window.day };
    observer.window(&sige_window_sync::handle(wake, deps).await?);
    Ok(true)
}

/// A due window whose wake-up is not in the queue, or hidden by a delivery to a process that is gone.
async fn next_lost(deps: &Deps, plans: &[PlanRef]) -> Result<Option<Window>, FlowError> {
    let accounts: BTreeSet<&str> = plans.iter().map(|plan| plan.account.as_str()).collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    dispatch::next_due(deps, &accounts).await
}

/// Whether it is an outage: it may take long, and waiting for it is the service's business.
pub(crate) fn is_outage(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Unavailable { .. }
            | Reason::SheetBusy { .. }
            | Reason::ReadBackDiffers { .. }
            | Reason::NoBookings { .. }
    )
}

/// What is waited for.
pub(crate) struct Wait {
    pub(crate) reason: Reason,
    pub(crate) until: DateTime<Utc>,
}

/// The earliest pending day of the plans; `None` when no day is pending that anybody still waits for.
pub(crate) async fn next_wait(deps: &Deps, plans: &[PlanRef]) -> Result<Option<Wait>, FlowError> {
    let mut next: Option<Wait> = None;
    for plan in plans {
        let Some(stored) = plan::load(deps, &plan.account, &plan.plan).await? else { continue };
        if !stored.value.state.is_open() {
            continue;
        }
        for day in pending(&stored.value) {
            let window = typed::load::<Window>(&*deps.state, &window_key(&plan.account, day)).await?;
            let window = window.map(|stored| stored.value);
            let until = window.as_ref().and_then(|window| window.due_at).unwrap_or_else(|| deps.clock.now());
            let reason = window.and_then(|window| window.waiting_for).unwrap_or(Reason::BudgetUsed);
            if next.as_ref().is_none_or(|wait| until < wait.until) {
                next = Some(Wait { reason, until });
            }
        }
    }
    Ok(next)
}

fn pending(plan: &Plan) -> impl Iterator<Item = NaiveDate> {
    plan.days.iter().filter(|day| day.state == DayState::Pending).map(|day| day.day)
}

/// A short line about a window, for people.
pub fn describe(report: &WindowReport) -> String {
    let day = report.day;
    match &report.outcome {
        WindowOutcome::Written { rows, changed } => {
            format!("{day}  written    {rows} rows, {changed} changed")
        }
        WindowOutcome::Unchanged { rows } => format!("{day}  unchanged  {rows} rows"),
        WindowOutcome::Waiting { reason, .. } => format!("{day}  waiting    {reason}"),
        WindowOutcome::Failed { reason } => format!("{day}  failed     {reason}"),
        WindowOutcome::NotDue => format!("{day}  not due"),
    }
}
