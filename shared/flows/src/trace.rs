//! Where a document is and how it came there: an order or a day, with everything in the state that tells of it.
//!
//! A trace reads and decides nothing. What it looks through is bounded, and it says when there was more.
use crate::deps::FlowError;
use crate::journal::{self, Run};
use crate::plan::{self, DayState, Plan, PlanKind, PlanState};
use crate::ports::{BlobStore, Range, StateStore};
use crate::records::{DayRecord, OrderRecord, Transition, WrittenOrder, day_key, order_key};
use crate::typed;
use crate::window::{Window, window_key};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// Order records looked through for a code.
const ORDERS_SEARCHED_MAX: usize = 200_000;
/// Entries and before-images shown.
const SHOWN_MAX: usize = 50;
const PAGE_ITEMS: usize = 1_000;

/// An order, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedOrder {
    /// What makes it this order.
    pub identity: String,
    /// Its record.
    #[serde(flatten)]
    pub record: OrderRecord,
}

/// What the ledger knows about a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TracedDay {
    /// Hash of the rows last confirmed.
    pub hash: String,
    /// Generation of the write that put them there.
    pub generation: i32,
    /// Last confirmed change of the sheet.
    pub written_at: Option<DateTime<Utc>>,
    /// A contact is missing.
    pub unfinished: bool,
    /// Rows of the day.
    pub rows: usize,
    /// The row of the order asked for, where one was.
    pub row: Option<WrittenOrder>,
    /// What happened to it.
    pub transitions: Vec<Transition>,
}

/// What a plan knows about a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TracedPlan {
    /// The plan.
    pub id: String,
    /// Why it exists.
    pub kind: PlanKind,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// Where it is.
    pub state: PlanState,
    /// What became of the day.
    pub day: DayState,
}

/// Everything about one day, and about one order of it when one was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// The account.
    pub account: String,
    /// The sale day.
    pub day: NaiveDate,
    /// The order.
    pub order: Option<TracedOrder>,
    /// The day in the ledger.
    pub ledger: Option<TracedDay>,
    /// The day as work.
    pub window: Option<Window>,
    /// The plans that hold the day, oldest first.
    pub plans: Vec<TracedPlan>,
    /// The newest entries of the run journal about the day, oldest first.
    pub runs: Vec<Run>,
    /// Keys of the blobs with what stood there before each write.
    pub before_images: Vec<String>,
    /// More is stored than was looked through.
    pub incomplete: bool,
}

/// The orders of an account that a person means by that text: an identity, or a code, which two companies may share.
/// `true`: there were more records than were looked through.
///
/// # Errors
/// The store's.
pub async fn find_orders(
    store: &dyn StateStore,
    account: &str,
    name: &str,
) -> Result<(Vec<TracedOrder>, bool), FlowError> {
    let by_id = [name.to_owned(), format!("id:{name}"), format!("code:{name}")];
    for identity in by_id {
        if let Some(stored) = typed::load::<OrderRecord>(store, &order_key(account, &identity)).await? {
            return Ok((vec![TracedOrder { identity, record: stored.value }], false));
        }
    }
    let Ok(code) = name.parse::<i64>() else { return Ok((Vec::new(), false)) };
    let partition = order_key(account, "").pk;
    let (mut found, mut cursor, mut searched) = (Vec::new(), None, 0);
    loop {
        let page = store.query(&partition, Range::all(), PAGE_ITEMS, cursor).await?;
        searched += page.items.len();
        for item in page.items {
            let identity = item.key.sk.clone();
            let record: OrderRecord = typed::decode(item)?.value;
            if record.code == code {
                found.push(TracedOrder { identity, record });
            }
        }
        cursor = page.cursor;
        if cursor.is_none() || searched >= ORDERS_SEARCHED_MAX {
            return Ok((found, cursor.is_some()));
        }
    }
}

/// Everything about the day of an order.
///
/// # Errors
/// The stores'.
pub async fn trace_order(
    store: &dyn StateStore,
    blobs: &dyn BlobStore,
    account: &str,
    order: TracedOrder,
) -> Result<Trace, FlowError> {
    let mut trace = trace_day(store, blobs, account, order.record.day).await?;
    let day = typed::load::<DayRecord>(store, &day_key(account, order.record.day)).await?;
    if let Some(ledger) = &mut trace.ledger {
        ledger.row = day.and_then(|stored| stored.value.orders.get(&order.identity).cloned());
    }
    trace.order = Some(order);
    Ok(trace)
}

/// Everything about a day.
///
/// # Errors
/// The stores'.
pub async fn trace_day(
    store: &dyn StateStore,
    blobs: &dyn BlobStore,
    account: &str,
    day: NaiveDate,
) -> Result<Trace, FlowError> {
    let ledger = typed::load::<DayRecord>(store, &day_key(account, day)).await?.map(|stored| {
        let record = stored.value;
        TracedDay {
            hash: record.hash,
            generation: record.generation,
            written_at: record.written_at,
            unfinished: record.unfinished,
            rows: record.orders.len(),
            row: None,
            transitions: record.transitions,
        }
    });
    let window = typed::load::<Window>(store, &window_key(account, day)).await?.map(|stored| stored.value);
    let (plans, more_plans) = plans_of_day(store, account, day).await?;
    let (runs, more_runs) = journal::runs_of_day(store, account, day, SHOWN_MAX).await?;
    let before_images = blobs.list(&format!("before/{account}/{day}/"), SHOWN_MAX).await?;
    let account = account.to_owned();
    let incomplete = more_plans || more_runs;
    Ok(Trace { account, day, order: None, ledger, window, plans, runs, before_images, incomplete })
}

async fn plans_of_day(
    store: &dyn StateStore,
    account: &str,
    day: NaiveDate,
) -> Result<(Vec<TracedPlan>, bool), FlowError> {
    let (plans, more) = plan::list(store, account).await?;
    let of_day = |plan: Plan| {
        let planned = plan.days.into_iter().find(|planned| planned.day == day)?;
        let (kind, requested_at, state) = (plan.kind, plan.requested_at, plan.state);
        Some(TracedPlan { id: plan.id, kind, requested_at, state, day: planned.state })
    };
    Ok((plans.into_iter().rev().filter_map(of_day).collect(), more))
}
