//! The daily plan of an account: its last completed days, every day that an order changed since the last success
//! touches, every day that still waits for a contact, and every day that failed when it was last worked on.
use crate::accounts::Account;
use crate::deps::{Deps, FlowError};
use crate::plan::{self, Plan, PlanKind};
use crate::ports::{Expect, ItemKey, NewItem, Range, WriteOp};
use crate::reason::Reason;
use crate::records::{OrderRecord, order_key, unfinished_days};
use crate::setback::{Setback, StepError};
use crate::settings::RACES_MAX;
use crate::typed::{self, Stored};
use crate::window::failed_days;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::calendar::civil_day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Days of each kind that one plan takes up again.
const INDEXED_DAYS_MAX: usize = 100;

/// How far the changed-since listing has come. Moves only together with a plan that holds what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ChangeCursor {
    since: DateTime<Utc>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyRequest {
    /// Identity of the request: the same one twice is one plan.
    pub id: String,
    /// The time of the tick, or now.
    pub at: DateTime<Utc>,
    /// The last day to look at instead of yesterday.
    pub last_day: Option<NaiveDate>,
    /// Whether the days may become empty.
    pub allow_empty: bool,
}

/// A plan that was accepted, or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The account.
    pub account: String,
    /// The plan.
    pub plan: String,
    /// Its days.
    pub days: usize,
    /// It was there before.
    pub resumed: bool,
    /// The changed-since listing failed: only the fixed days are in the plan, and the cursor did not move.
    pub incomplete: Option<Reason>,
}

fn cursor_key(account: &str) -> ItemKey {
    ItemKey::new(format!("cursor#{account}"), "sige-daily")
}

/// Plans the day of one account. Of two plans made at once, the later one starts from the cursor of the earlier.
pub async fn plan_daily(
    deps: &Deps,
    account: &Account,
    request: &DailyRequest,
) -> Result<Accepted, FlowError> {
    let mut contended = None;
    for _ in 0..RACES_MAX {
        match plan_once(deps, account, request).await {
            Err(FlowError::Contended(item)) => contended = Some(item),
            other => return other,
        }
    }
    Err(FlowError::Contended(contended.unwrap_or_default()))
}

async fn plan_once(deps: &Deps, account: &Account, request: &DailyRequest) -> Result<Accepted, FlowError> {
    if let Some(stored) = plan::load(deps, &account.name, &request.id).await? {
        let last = stored.value.days.last().map(|planned| planned.day);
        let same_day = request.last_day.is_none() || request.last_day == last;
        plan::same_request(&stored.value, same_day, request.allow_empty)?;
        plan::spread(deps, account, &request.id).await?;
        let days = stored.value.days.len();
        return Ok(Accepted {
            account: account.name.clone(),
            plan: request.id.clone(),
            days,
            resumed: true,
            incomplete: None,
        });
    }
    let last_completed = civil_day(request.at).pred_opt().unwrap_or(NaiveDate::MIN);
    let last_day = request.last_day.unwrap_or(last_completed);
    if last_day > last_completed {
        return Err(FlowError::BadRequest(format!(
            "day {last_day} is not over yet in America/Sao_Paulo; the last completed day is {last_completed}"
        )));
    }
    let first_known = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN);
    if last_day < first_known {
        return Err(FlowError::BadRequest(format!("day {last_day} is before 1900, where sale days begin")));
    }
    let mut days: BTreeSet<NaiveDate> = (0..u64::from(account.resync_days))
        .filter_map(|back| last_day.checked_sub_days(Days::new(back)))
        .collect();
    let mut alongside = Vec::new();
    let mut incomplete = None;
    if request.last_day.is_none() {
        days.extend(indexed_days(deps, &unfinished_days(&account.name)).await?);
        days.extend(indexed_days(deps, &failed_days(&account.name)).await?);
        match touched(deps, account, request.at).await {
            Ok((found, cursor)) => {
                days.extend(found.into_iter().filter(|day| *day <= last_completed));
                alongside.push(cursor);
            }
            Err(StepError::Setback(setback)) => {
                tracing::warn!(account = account.name, reason = %setback.reason, "changed orders could not be listed");
                incomplete = Some(setback.reason);
            }
            Err(StepError::Flow(error)) => return Err(error),
        }
    }
    let days: Vec<NaiveDate> = days.into_iter().collect();
    let mut plan = Plan::new(&account.name, request.id.clone(), PlanKind::Daily, request.at, days);
    plan.allow_empty = request.allow_empty;
    let accepted = plan::accept(deps, account, &plan, alongside).await?;
    Ok(Accepted {
        account: account.name.clone(),
        plan: plan.id,
        days: plan.days.len(),
        resumed: !accepted,
        incomplete,
    })
}

/// Days that wait for a contact, or that failed when they were last worked on.
async fn indexed_days(deps: &Deps, partition: &str) -> Result<Vec<NaiveDate>, FlowError> {
    let page = deps.state.query_index(partition, Range::all(), INDEXED_DAYS_MAX, None).await?;
    Ok(page.items.iter().filter_map(|item| item.key.sk.parse().ok()).collect())
}

/// Days touched by orders changed since the last success, and the cursor to commit with them.
async fn touched(
    deps: &Deps,
    account: &Account,
    at: DateTime<Utc>,
) -> Result<(BTreeSet<NaiveDate>, WriteOp), StepError> {
    let key = cursor_key(&account.name);
    let stored: Option<Stored<ChangeCursor>> = typed::load(&*deps.state, &key).await?;
    let mut days = BTreeSet::new();
    if let Some(cursor) = &stored {
        let overlap = TimeDelta::from_std(deps.settings.change_overlap).unwrap_or(TimeDelta::MAX);
        let since = cursor.value.since.checked_sub_signed(overlap).unwrap_or(cursor.value.since);
        let source = deps.connections.orders(account).await.map_err(Setback::not_opened)?;
        let oldest = civil_day(at).checked_sub_days(Days::new(u64::from(deps.settings.touched_days_max)));
        for order in source.orders_changed_since(since).await? {
            let ledger_key = order_key(&account.name, &order.identity().0);
            let before = typed::load::<OrderRecord>(&*deps.state, &ledger_key).await?;
            // An order that is not billed concerns us only if it has been on the sheet.
            if order.is_billed() || before.is_some() {
                days.extend(order.sale_day());
            }
            if let Some(OrderRecord { day, left_on, .. }) = before.map(|stored| stored.value) {
                days.insert(day);
                days.extend(left_on);
            }
        }
        let found = days.len();
        days.retain(|day| oldest.is_none_or(|oldest| *day >= oldest));
        if days.len() < found {
            let (account, left_out) = (&account.name, found - days.len());
            tracing::warn!(
                account,
                left_out,
                "orders changed on days older than touched_days_max; a backfill reaches them"
            );
        }
    }
    let since = at.max(stored.as_ref().map_or(at, |cursor| cursor.value.since));
    let expect = stored.map_or(Expect::Absent, |cursor| Expect::Version(cursor.version));
    let item = NewItem { key, index: None, expires_at: None, body: typed::encode(&ChangeCursor { since })? };
    Ok((days, WriteOp::Put(item, expect)))
}
