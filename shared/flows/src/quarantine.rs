//! What needs a person: orders that cannot become a row, and days that failed.
//!
//! ```text
//! order  quarantined ── retry: its day is planned again ──> written, or quarantined with another reason
//!                    └─ discard ──> discarded ── says something else ──> written, or quarantined again
//! day    failed ─────── retry ──> done, or failed again
//!                    └─ discard ──> the mark is taken away; the daily plan takes it up no more
//! ```
//! Every change commits an audit item in the same transaction.
use crate::accounts::Account;
use crate::daily::Accepted;
use crate::deps::{Deps, FlowError};
use crate::plan::{self, Plan, PlanKind};
use crate::ports::{Clock, Item, Range, StateStore, WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::records::{OrderRecord, OrderState, order_key, put_order, quarantine, record};
use crate::settings::RACES_MAX;
use crate::typed;
use crate::window::{Window, due_partition, failed_days, put_window, window_key};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

/// Most items of each kind that a listing of one account looks at.
const LISTED_MAX: usize = 10_000;
const PAGE_ITEMS: usize = 500;
/// Most days that one retry plans.
pub const RETRY_DAYS_MAX: usize = 400;

/// One thing that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Held {
    /// An order that cannot become a row.
    Order {
        /// The account.
        account: String,
        /// What makes it this order.
        identity: String,
        /// `Codigo`.
        code: i64,
        /// The day it belongs to.
        day: NaiveDate,
        /// Why.
        reason: Reason,
        /// Since when.
        since: Option<DateTime<Utc>>,
    },
    /// A day that failed when it was last worked on.
    Day {
        /// The account.
        account: String,
        /// The day.
        day: NaiveDate,
        /// Why.
        reason: Reason,
        /// Since when.
        since: Option<DateTime<Utc>>,
        /// It has been asked for again and is due.
        due: bool,
    },
}

impl Held {
    /// The sale day it belongs to.
    pub fn day(&self) -> NaiveDate {
        match self {
            Self::Order { day, .. } | Self::Day { day, .. } => *day,
        }
    }

    /// Why it needs a person.
    pub fn reason(&self) -> &Reason {
        match self {
            Self::Order { reason, .. } | Self::Day { reason, .. } => reason,
        }
    }

    /// Since when, where that is known.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Order { since, .. } | Self::Day { since, .. } => *since,
        }
    }

    /// The account.
    pub fn account(&self) -> &str {
        match self {
            Self::Order { account, .. } | Self::Day { account, .. } => account,
        }
    }

    /// Whether a person means this by that text: a day, an order's code, or its identity.
    pub fn is_named(&self, name: &str) -> bool {
        match self {
            Self::Order { identity, code, .. } => identity == name || code.to_string() == name,
            Self::Day { day, .. } => day.to_string() == name,
        }
    }
}

/// Everything of an account that needs a person, by day, days before their orders.
///
/// # Errors
/// The store's.
pub async fn list(store: &dyn StateStore, account: &str) -> Result<Vec<Held>, FlowError> {
    let mut held = Vec::new();
    // A day that is being tried again stands among what is due; it still needs its person until that ends well.
    for partition in [failed_days(account), due_partition(account)] {
        for item in listed(store, &partition).await? {
            held.extend(held_day(&typed::decode::<Window>(item)?.value));
        }
    }
    for item in listed(store, &quarantine(account)).await? {
        let identity = item.key.sk.clone();
        held.extend(held_order(account, &identity, &typed::decode::<OrderRecord>(item)?.value));
    }
    held.sort_by_key(|held| (held.day(), matches!(held, Held::Order { .. })));
    Ok(held)
}

async fn listed(store: &dyn StateStore, partition: &str) -> Result<Vec<Item>, FlowError> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.query_index(partition, Range::all(), PAGE_ITEMS, cursor).await?;
        items.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() || items.len() >= LISTED_MAX {
            return Ok(items);
        }
    }
}

fn held_day(window: &Window) -> Option<Held> {
    Some(Held::Day {
        account: window.account.clone(),
        day: window.day,
        reason: window.failed.clone()?,
        since: window.failed_at,
        due: window.due_at.is_some(),
    })
}

fn held_order(account: &str, identity: &str, order: &OrderRecord) -> Option<Held> {
    if order.state != OrderState::Quarantined {
        return None;
    }
    let entered = order.transitions.iter().rev().find(|transition| transition.to == "quarantined");
    Some(Held::Order {
        account: account.to_owned(),
        identity: identity.to_owned(),
        code: order.code,
        day: order.day,
        reason: order.reason.clone()?,
        since: entered.map(|transition| transition.at),
    })
}

/// What is held under that name (see [`Held::is_named`]); several when orders of two companies share a code.
///
/// # Errors
/// The store's.
pub async fn find(store: &dyn StateStore, account: &str, name: &str) -> Result<Vec<Held>, FlowError> {
    let mut held = list(store, account).await?;
    held.retain(|held| held.is_named(name));
    Ok(held)
}

/// The days of these, each once.
///
/// # Errors
/// There are none, or more than one retry plans.
pub fn days_of(held: &[Held]) -> Result<Vec<NaiveDate>, FlowError> {
    let days: BTreeSet<NaiveDate> = held.iter().map(Held::day).collect();
    if days.is_empty() || days.len() > RETRY_DAYS_MAX {
        let told = format!("{} days are to be retried; 1 to {RETRY_DAYS_MAX} can be", days.len());
        return Err(FlowError::BadRequest(told));
    }
    Ok(days.into_iter().collect())
}

/// Plans the days of these again, with the urgency of the daily run. `audit` is committed with the plan.
///
/// # Errors
/// As [`days_of`], or the store failed.
pub async fn retry(
    deps: &Deps,
    account: &Account,
    held: &[Held],
    allow_empty: bool,
    audit: WriteOp,
) -> Result<Accepted, FlowError> {
    let id = format!("retry-{}", deps.random.unique_id());
    let plan = Plan::new(&account.name, id, PlanKind::Retry, deps.clock.now(), days_of(held)?);
    let plan = Plan { allow_empty, ..plan };
    plan::accept(deps, account, &plan, vec![audit]).await?;
    let (account, days) = (account.name.clone(), plan.days.len());
    Ok(Accepted { account, plan: plan.id, days, resumed: false, incomplete: None })
}

/// Takes one thing off the list of what needs a person. Says whether it was there to be taken; without an audit item, which
/// is committed together with the change, it only says whether it would be. `operation` stands in the order's transitions.
///
/// # Errors
/// The store's.
pub async fn discard(
    store: &dyn StateStore,
    clock: &dyn Clock,
    held: &Held,
    operation: &str,
    audit: Option<WriteOp>,
) -> Result<bool, FlowError> {
    for _ in 0..RACES_MAX {
        let discarded = match held {
            Held::Order { account, identity, .. } => {
                let stored = typed::load::<OrderRecord>(store, &order_key(account, identity)).await?;
                let Some(stored) = stored.filter(|stored| stored.value.state == OrderState::Quarantined)
                else {
                    return Ok(false);
                };
                let mut order = stored.value.clone();
                order.state = OrderState::Discarded;
                record(&mut order.transitions, clock.now(), operation, "discarded");
                put_order(account, identity, &order, Some(&stored))?
            }
            Held::Day { account, day, .. } => {
                let stored = typed::load::<Window>(store, &window_key(account, *day)).await?;
                let Some(stored) = stored.filter(|stored| stored.value.failed.is_some()) else {
                    return Ok(false);
                };
                let window = Window { failed: None, failed_at: None, ..stored.value.clone() };
                put_window(&window, Some(&stored))?
            }
        };
        let Some(audit) = audit.clone() else { return Ok(true) };
        if let WriteOutcome::Written(_) = store.transact(vec![discarded, audit], Vec::new()).await? {
            return Ok(true);
        }
    }
    Err(FlowError::Contended(format!("quarantine#{}", held.account())))
}
