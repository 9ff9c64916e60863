//! What became of a plan, account by account and day by day.
use crate::report::{AccountReport, DayOutcome, DayReport};
use chrono::NaiveDate;
use flows::daily::Accepted;
use flows::deps::{Deps, FlowError};
use flows::plan::{self, DayState};
use flows::ports::Range;
use flows::records::{DayRecord, OrderRecord, day_key, quarantine};
use flows::typed;
use flows::window::{Window, window_key};

/// Orders in quarantine whose reasons a report names.
const QUARANTINE_SHOWN_MAX: usize = 200;

/// Why a day of a cancelled plan is not done.
const CANCELLED: &str = "the plan was cancelled; `erp-sync runs resume` goes on with it";

/// An account of which nothing was done, and why.
pub(crate) fn idle(account: String, reason: String) -> AccountReport {
    AccountReport {
        account,
        plan: None,
        resumed: false,
        reason: Some(reason),
        disabled: false,
        days: Vec::new(),
    }
}

/// The days that a backfill would plan.
pub(crate) fn would_plan(account: String, from: NaiveDate, count: usize) -> AccountReport {
    let pending = |day| DayReport {
        day,
        outcome: DayOutcome::Pending,
        rows: 0,
        quarantined: 0,
        reason: None,
        contacts_missing: false,
    };
    let days = from.iter_days().take(count).map(pending).collect();
    AccountReport { account, plan: None, resumed: false, reason: None, disabled: false, days }
}

/// The orders of an account that cannot become a row.
async fn quarantined_orders(deps: &Deps, account: &str) -> Result<Vec<OrderRecord>, FlowError> {
    let page = deps.state.query_index(&quarantine(account), Range::all(), QUARANTINE_SHOWN_MAX, None).await?;
    let orders = page.items.into_iter().map(|item| Ok(typed::decode::<OrderRecord>(item)?.value));
    orders.collect()
}

/// What became of the days of one plan.
pub(crate) async fn account_report(deps: &Deps, accepted: &Accepted) -> Result<AccountReport, FlowError> {
    let mut report = AccountReport {
        account: accepted.account.clone(),
        plan: Some(accepted.plan.clone()),
        resumed: accepted.resumed,
        reason: accepted
            .incomplete
            .as_ref()
            .map(|reason| format!("changed orders could not be listed: {reason}")),
        disabled: false,
        days: Vec::new(),
    };
    let quarantine = quarantined_orders(deps, &accepted.account).await?;
    let Some(stored) = plan::load(deps, &accepted.account, &accepted.plan).await? else { return Ok(report) };
    for planned in &stored.value.days {
        let (outcome, rows, quarantined, reason) = match &planned.state {
            DayState::Written { rows, quarantined } => (DayOutcome::Written, *rows, *quarantined, None),
            DayState::Unchanged { rows, quarantined } => (DayOutcome::Unchanged, *rows, *quarantined, None),
            DayState::Failed { reason } => {
                // The plan keeps the beginning of a reason, the window all of it, as long as it is the same one.
                let window = window(deps, &accepted.account, planned.day).await?;
                let same =
                    window.and_then(|window| window.failed).filter(|full| full.code() == reason.code());
                (DayOutcome::Failed, 0, 0, Some(same.as_ref().unwrap_or(reason).to_string()))
            }
            DayState::Pending => {
                let window = window(deps, &accepted.account, planned.day).await?;
                let reason = window.and_then(|window| window.waiting_for).map(|reason| reason.to_string());
                let cancelled = (!stored.value.state.is_open()).then(|| CANCELLED.to_owned());
                (DayOutcome::Pending, 0, 0, cancelled.or(reason))
            }
        };
        let in_quarantine = || {
            let orders = quarantine.iter().filter(|order| order.day == planned.day);
            let reasons: Vec<_> =
                orders.filter_map(|order| Some(order.reason.as_ref()?.to_string())).collect();
            (quarantined > 0 && !reasons.is_empty())
                .then(|| format!("{}; rows of it are left as they are", reasons.join("; ")))
        };
        let record = typed::load::<DayRecord>(&*deps.state, &day_key(&accepted.account, planned.day)).await?;
        report.days.push(DayReport {
            day: planned.day,
            outcome,
            rows,
            quarantined,
            reason: reason.or_else(in_quarantine),
            contacts_missing: record.is_some_and(|record| record.value.unfinished),
        });
    }
    Ok(report)
}

async fn window(deps: &Deps, account: &str, day: NaiveDate) -> Result<Option<Window>, FlowError> {
    let stored = typed::load::<Window>(&*deps.state, &window_key(account, day)).await?;
    Ok(stored.map(|stored| stored.value))
}
