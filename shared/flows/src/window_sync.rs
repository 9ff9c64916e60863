//! One window: a wake-up comes in, the day is brought about, the outcome is committed under the fence.
use crate::accounts::{self, Account};
use crate::day_plan::MovedRows;
use crate::day_write::{self, DayDone, DayTarget};
use crate::deps::{Deps, FlowError};
use crate::desired_day;
use crate::dispatch;
use crate::journal;
use crate::lease::{self, Acquired, Lease};
use crate::order_ledger;
use crate::people::Limits;
use crate::plan::{self, DayState};
use crate::ports::{Expect, WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::records::{DayRecord, day_key, put_day};
use crate::setback::{Next, Setback, StepError};
use crate::settings::{CRASHES_MAX, PLANS_TOLD_MAX, RACES_MAX};
use crate::typed::{self, Stored};
use crate::window::{Window, put_window, window_key};
use crate::window_entry::{self, Attempt, Seen, Worked};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The message: look at this window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowWake {
    /// Format version.
    pub v: u32,
    /// The account.
    pub account: String,
    /// The sale day.
    pub day: NaiveDate,
}

/// What became of the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum WindowOutcome {
    /// Rows were changed and read back.
    Written {
        /// Rows of the day.
        rows: usize,
        /// Rows updated, appended and deleted.
        changed: usize,
    },
    /// The sheet was right.
    Unchanged {
        /// Rows of the day.
        rows: usize,
    },
    /// It is due again then.
    Waiting {
        /// Why.
        reason: Reason,
        /// When.
        until: DateTime<Utc>,
    },
    /// A person has to look.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// Nobody asks for it, or not yet: the wake-up was late or doubled.
    NotDue,
}

/// The report of one wake-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WindowReport {
    /// The account.
    pub account: String,
    /// The day.
    pub day: NaiveDate,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: WindowOutcome,
    /// Orders of the day that could not become a row.
    pub quarantined: usize,
}

/// Works on a window if it is due.
pub async fn sync_window(deps: &Deps, wake: &WindowWake) -> Result<WindowReport, FlowError> {
    let report = |outcome, quarantined| WindowReport {
        account: wake.account.clone(),
        day: wake.day,
        outcome,
        quarantined,
    };
    // Where the account writes now, wherever it wrote when the window was asked for.
    let account = accounts::load(&*deps.state, &wake.account).await?.map(|stored| stored.account);
    let Some(window) = load_due(deps, wake).await? else {
        if account.is_none() {
            return Err(FlowError::Refused(Reason::AccountUnknown { account: wake.account.clone() }));
        }
        // The slot may still be this wake-up's: give it back, so that the next window is sent.
        dispatch::hand_back(deps, wake).await?;
        return Ok(report(WindowOutcome::NotDue, 0));
    };
    let run = deps.random.unique_id();
    let spreadsheet =
        account.map_or_else(|| format!("of {}", wake.account), |account| account.destination.spreadsheet);
    let acquired = lease::acquire(
        &*deps.state,
        &*deps.clock,
        &lease_resource(&spreadsheet),
        &owner(&run, wake),
        deps.settings.lease_ttl,
        deps.takeover,
    )
    .await?;
    let mut lease = match acquired {
        Acquired::Yes(lease) => lease,
        Acquired::Held { until } => {
            // Look again when the heartbeat ends, not before: else two workers would send each other wake-ups.
            put_off(deps, &window, until).await?;
            dispatch::hand_back(deps, wake).await?;
            return Ok(report(WindowOutcome::Waiting { reason: Reason::LeaseHeld { until }, until }, 0));
        }
    };
    // Read again: the window may have been worked on while we waited for the lease.
    let Some(window) = load_due_under_lease(deps, wake).await? else {
        lease.release(&*deps.state).await?;
        dispatch::hand_back(deps, wake).await?;
        return Ok(report(WindowOutcome::NotDue, 0));
    };
    let started_at = deps.clock.now();
    let told = window.value.plans.iter().take(PLANS_TOLD_MAX).cloned().collect();
    let mut seen = Seen::default();
    let worked = match count_crash(deps, &lease, wake, window).await {
        Ok(Ok(window)) => work(deps, &mut lease, &window, &run, &mut seen).await,
        Ok(Err(setback)) => Err(setback.into()),
        Err(error) => Err(error.into()),
    };
    let worked = match worked {
        Ok(worked) => Ok(worked),
        Err(StepError::Setback(setback)) => Err(setback),
        Err(StepError::Flow(error)) => return Err(give_back(deps, lease, error).await),
    };
    let attempt = Attempt { run, started_at, seen_plans: told, seen };
    let (outcome, lease_held) = match finish(deps, &lease, wake, &attempt, &worked).await {
        Ok(finished) => finished,
        Err(error) => return Err(give_back(deps, lease, error).await),
    };
    tell(wake, &attempt.run, &outcome, &worked);
    if lease_held {
        lease.release(&*deps.state).await?;
    }
    dispatch::hand_back(deps, wake).await?;
    let quarantined = worked.as_ref().map_or(0, |worked| worked.desired.unmappable.len());
    Ok(report(outcome, quarantined))
}

/// Who holds the lease, and for which window.
fn owner(run: &str, wake: &WindowWake) -> String {
    format!("{run} {} {}", wake.account, wake.day)
}

/// Notes that whoever worked on this window before ended without a word; the window as it stands now. After
/// [`CRASHES_MAX`] times in a row it is not tried again: what crashes every worker would do so for ever.
async fn count_crash(
    deps: &Deps,
    lease: &Lease,
    wake: &WindowWake,
    window: Stored<Window>,
) -> Result<Result<Window, Setback>, FlowError> {
    let ended =
        lease.abandoned_by().is_some_and(|owner| owner.ends_with(&format!(" {} {}", wake.account, wake.day)));
    if !ended {
        return Ok(Ok(window.value));
    }
    let crashes = window.value.crashes + 1;
    if crashes >= CRASHES_MAX {
        return Ok(Err(Setback::for_good(Reason::Crashing { times: crashes })));
    }
    let counted = Window { crashes, ..window.value.clone() };
    let write = put_window(&counted, Some(&window))?;
    match deps.state.transact(vec![write], vec![lease.fence()]).await? {
        WriteOutcome::Written(_) => Ok(Ok(counted)),
        // Somebody asked for it meanwhile, or has the lease: either way this attempt starts from something old.
        WriteOutcome::Refused(_) => Ok(Err(Setback::until(Reason::LeaseLost, deps.clock.now()))),
    }
}

/// Nothing is concluded, but nobody should have to wait for a heartbeat that has no heart.
async fn give_back(deps: &Deps, lease: Lease, error: FlowError) -> FlowError {
    if let Err(release) = lease.release(&*deps.state).await {
        tracing::warn!(%release, "the lease could not be given back, it ends by itself");
    }
    error
}

/// One line for the operator: an error where a person has to look, with the reason of every order left out.
fn tell(wake: &WindowWake, run: &str, outcome: &WindowOutcome, worked: &Result<Worked, Setback>) {
    let (account, day) = (&wake.account, wake.day);
    for order in worked.iter().flat_map(|worked| &worked.desired.unmappable) {
        tracing::warn!(run, account, %day, order = order.code, reason = %order.reason, "order is in quarantine");
    }
    match outcome {
        WindowOutcome::Failed { reason } => {
            tracing::error!(run, account, %day, %reason, "the day needs a person")
        }
        WindowOutcome::Waiting { reason, until } => {
            tracing::warn!(run, account, %day, %reason, %until, "the day waits");
        }
        WindowOutcome::Written { rows, changed } => {
            tracing::info!(run, account, %day, rows, changed, "written")
        }
        WindowOutcome::Unchanged { rows } => tracing::info!(run, account, %day, rows, "unchanged"),
        WindowOutcome::NotDue => tracing::debug!(run, account, %day, "not due"),
    }
}

/// The lease of a spreadsheet: one writer at a time.
pub fn lease_resource(spreadsheet: &str) -> String {
    format!("spreadsheet#{spreadsheet}")
}

async fn load_due(deps: &Deps, wake: &WindowWake) -> Result<Option<Stored<Window>>, FlowError> {
    let stored = typed::load::<Window>(&*deps.state, &window_key(&wake.account, wake.day)).await?;
    let now = deps.clock.now();
    Ok(stored.filter(|window| window.value.due_at.is_some_and(|due| due <= now)))
}

/// The window, if it is due for whoever holds the lease: one that was only put off because somebody has the lease waits for
/// nobody else. Without that, a copy of the wake-up could put it off between our taking the lease and our looking.
async fn load_due_under_lease(deps: &Deps, wake: &WindowWake) -> Result<Option<Stored<Window>>, FlowError> {
    let stored = typed::load::<Window>(&*deps.state, &window_key(&wake.account, wake.day)).await?;
    let now = deps.clock.now();
    Ok(stored.filter(|window| {
        let waits_for_us = matches!(window.value.waiting_for, Some(Reason::LeaseHeld { .. }));
        window.value.due_at.is_some_and(|due| due <= now || waits_for_us)
    }))
}

/// Moves a due window that somebody else is working in. Refused: it has just been changed, by whoever works on it.
async fn put_off(deps: &Deps, window: &Stored<Window>, until: DateTime<Utc>) -> Result<(), FlowError> {
    let mut later = window.value.clone();
    later.due_at = Some(until);
    later.waiting_for = Some(Reason::LeaseHeld { until });
    deps.state.transact(vec![put_window(&later, Some(window))?], Vec::new()).await?;
    Ok(())
}

async fn usable_account(deps: &Deps, name: &str) -> Result<Account, StepError> {
    let name = name.to_owned();
    let Some(stored) = accounts::load(&*deps.state, &name).await? else {
        return Err(Setback::for_good(Reason::AccountUnknown { account: name }).into());
    };
    let account = stored.account;
    if let Some(stop) = &account.stopped {
        let why = stop.reason.clone();
        return Err(Setback::for_good(Reason::AccountStopped { account: name, why }).into());
    }
    if !account.enabled {
        return Err(Setback::for_good(Reason::AccountDisabled { account: name }).into());
    }
    Ok(account)
}

async fn work(
    deps: &Deps,
    lease: &mut Lease,
    window: &Window,
    run: &str,
    seen: &mut Seen,
) -> Result<Worked, StepError> {
    let account = usable_account(deps, &window.account).await?;
    let budget = TimeDelta::from_std(deps.settings.window_budget).unwrap_or(TimeDelta::MAX);
    let deadline = deps.clock.now().checked_add_signed(budget).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let limits = Limits { deadline, attempts: window.attempts };
    let source = deps.connections.orders(&account).await.map_err(Setback::not_opened)?;
    let sheet = deps.connections.sheet(&account).await.map_err(Setback::not_opened)?;
    let nothing_moved = MovedRows::new();
    let target = DayTarget {
        account: &account,
        sheet: &sheet,
        day: window.day,
        run,
        moved: &nothing_moved,
        allow_empty: window.allow_empty,
    };
    day_write::settle(deps, lease, &target).await?;
    let listed = desired_day::list(&source, window.day).await?;
    seen.list(&listed);
    let mut desired =
        desired_day::build(deps, &account, &source, &sheet, window.day, &listed, limits).await?;
    if !lease.keep(&*deps.state, &*deps.clock).await? {
        return Err(Setback::until(Reason::LeaseLost, deps.clock.now()).into());
    }
    let record = typed::load::<DayRecord>(&*deps.state, &day_key(&account.name, window.day)).await?;
    let known = record.as_ref().map(|stored| &stored.value.orders);
    let changes = order_ledger::changed_orders(deps, &account.name, &desired, known).await?;
    desired.set_aside(&changes.discarded);
    seen.build(&desired, known);
    let changed = changes.orders;
    let moved = order_ledger::moved_rows(&changed, window.day);
    let target = DayTarget { moved: &moved, ..target };
    let (done, spared) = day_write::bring_about(deps, lease, &target, &desired).await?;
    order_ledger::settle(deps, lease, &account.name, window.day, run, &desired, changed, &spared, known)
        .await?;
    Ok(Worked { desired, done, record })
}

/// When to try again after a setback.
fn next_time(deps: &Deps, next: Next, attempts: u32) -> Option<DateTime<Utc>> {
    match next {
        Next::Never => None,
        Next::At(time) => Some(time),
        Next::BackOff => {
            let index = usize::try_from(attempts).unwrap_or(usize::MAX);
            let delays = &deps.settings.retry_delays;
            let delay = delays.get(index).or(delays.last()).copied().unwrap_or_default();
            Some(deps.clock.now() + TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX))
        }
    }
}

/// Commits window, day, plans and journal together, under the fence, and gives the lease back with them. Whether the lease
/// is still held: where nothing could be committed.
async fn finish(
    deps: &Deps,
    lease: &Lease,
    wake: &WindowWake,
    attempt: &Attempt,
    worked: &Result<Worked, Setback>,
) -> Result<(WindowOutcome, bool), FlowError> {
    for _ in 0..RACES_MAX {
        let Some(stored) = typed::load::<Window>(&*deps.state, &window_key(&wake.account, wake.day)).await?
        else {
            return Ok((WindowOutcome::NotDue, true));
        };
        let (outcome, plan_state) = match worked {
            Ok(worked) => done_outcome(worked),
            Err(setback) => match next_time(deps, setback.next, stored.value.attempts) {
                Some(until) => {
                    (WindowOutcome::Waiting { reason: setback.reason.clone(), until }, DayState::Pending)
                }
                None => {
                    let reason = setback.reason.clone();
                    (WindowOutcome::Failed { reason: reason.clone() }, DayState::Failed { reason })
                }
            },
        };
        let mut window = stored.value.clone();
        window.crashes = 0;
        if let WindowOutcome::Waiting { reason, until } = &outcome {
            window.due_at = Some(*until);
            window.waiting_for = Some(reason.clone());
            window.attempts += 1;
            // Given up meanwhile: nobody waits for it, unless what was sent is in doubt.
            if window.plans.is_empty() && !window.is_in_doubt() {
                window.rest();
            }
        } else {
            // A plan that asked meanwhile is told as well, unless it asked for more than this run knew about.
            let late: BTreeSet<String> = window.plans.difference(&attempt.seen_plans).cloned().collect();
            window.due_at = (!late.is_empty()).then(|| deps.clock.now());
            window.plans = late;
            window.allow_empty = window.allow_empty && window.due_at.is_some();
            window.attempts = 0;
            window.waiting_for = None;
            let before = window.failed.take().map(|reason| reason.code()).zip(window.failed_at.take());
            if let WindowOutcome::Failed { reason } = &outcome {
                let since = before.filter(|(code, _)| *code == reason.code()).map(|(_, since)| since);
                window.failed_at = since.or(Some(deps.clock.now()));
                window.failed = Some(reason.clone());
            }
        }
        let given_back = lease.giving_back();
        let mut writes = vec![
            given_back.clone(),
            put_window(&window, Some(&stored))?,
            journal::put_run(&window_entry::run_entry(deps, wake, attempt, worked, &outcome))?,
        ];
        if let Ok(worked) = worked {
            let record = window_entry::day_record(deps, attempt, worked);
            writes.push(put_day(&wake.account, wake.day, &record, worked.record.as_ref())?);
        }
        if plan_state != DayState::Pending {
            writes.extend(plan_writes(deps, wake, attempt, &plan_state).await?);
        }
        match deps.state.transact(writes, vec![lease.fence()]).await? {
            WriteOutcome::Written(_) => return Ok((outcome, false)),
            WriteOutcome::Refused(key) if key == lease.fence().key || key == *given_back.key() => {
                let until = deps.clock.now();
                return Ok((WindowOutcome::Waiting { reason: Reason::LeaseLost, until }, true));
            }
            WriteOutcome::Refused(_) => continue,
        }
    }
    Err(FlowError::Contended(format!("window#{}/{}", wake.account, wake.day)))
}

fn done_outcome(worked: &Worked) -> (WindowOutcome, DayState) {
    let rows = worked.desired.rows.len();
    let quarantined = worked.desired.unmappable.len();
    match worked.done {
        DayDone::Unchanged => (WindowOutcome::Unchanged { rows }, DayState::Unchanged { rows, quarantined }),
        DayDone::Written { changed, .. } => {
            (WindowOutcome::Written { rows, changed }, DayState::Written { rows, quarantined })
        }
    }
}

async fn plan_writes(
    deps: &Deps,
    wake: &WindowWake,
    attempt: &Attempt,
    state: &DayState,
) -> Result<Vec<WriteOp>, FlowError> {
    let mut writes = Vec::new();
    for id in &attempt.seen_plans {
        let Some(stored) = plan::load(deps, &wake.account, id).await? else { continue };
        let mut plan = stored.value;
        plan.settle(wake.day, state.clone());
        writes.push(plan::put_plan(&plan, Expect::Version(stored.version))?);
    }
    Ok(writes)
}
