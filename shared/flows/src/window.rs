//! A window: one sale day of one account, as work. The item is the truth; a message only says *look at it*.
//!
//! ```text
//! settled ── asked for ──> due ── slot free, sent ──> due (queued) ── worked ──┬─> settled
//!    ^                      ^                                                  ├─> due later (outage, budget)
//!    └──────────────────────┴──────────────────────────────────────────────────┘
//! ```
//! Two plans that want the same day share one window: the work is done once and both are told.
use crate::deps::{Deps, FlowError};
use crate::ports::{Expect, ItemKey, NewItem, StoreError, WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::settings::RACES_MAX;
use crate::typed::{self, Stored};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Daily windows go before backfill windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// The last days and the days touched since.
    Daily,
    /// A range somebody asked for.
    Backfill,
}

impl Priority {
    /// Its place in the index.
    pub fn rank(self) -> u8 {
        match self {
            Self::Daily => 0,
            Self::Backfill => 1,
        }
    }
}

/// Work on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The account.
    pub account: String,
    /// The sale day.
    pub day: NaiveDate,
    /// The most urgent of the requests.
    pub priority: Priority,
    /// When it is to be worked on; `None` when nobody asks for it.
    pub due_at: Option<DateTime<Utc>>,
    /// The plans that wait for it.
    pub plans: BTreeSet<String>,
    /// Somebody allowed the day to become empty.
    pub allow_empty: bool,
    /// Tries since it was last settled.
    pub attempts: u32,
    /// Why it waits.
    pub waiting_for: Option<Reason>,
    /// Why it failed for good when it was last worked on: the daily plan takes it up again.
    #[serde(default)]
    pub failed: Option<Reason>,
}

/// Key of a window.
pub fn window_key(account: &str, day: NaiveDate) -> ItemKey {
    ItemKey::new(format!("window#{account}"), day.to_string())
}

/// Index partition of what is due for an account, by urgency and time.
pub fn due_partition(account: &str) -> String {
    format!("due#{account}")
}

/// Index partition of the days of an account that failed when they were last worked on.
pub fn failed_days(account: &str) -> String {
    format!("failed#{account}")
}

/// A time as a sortable part of a key.
pub fn sortable(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The write of a window.
pub fn put_window(window: &Window, before: Option<&Stored<Window>>) -> Result<WriteOp, StoreError> {
    let due = window.due_at.map(|due| {
        let place = format!("{}#{}#{}", window.priority.rank(), sortable(due), window.day);
        ItemKey::new(due_partition(&window.account), place)
    });
    let failed =
        || window.failed.as_ref().map(|_| ItemKey::new(failed_days(&window.account), window.day.to_string()));
    let index = due.or_else(failed);
    let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    let key = window_key(&window.account, window.day);
    Ok(WriteOp::Put(NewItem { key, index, expires_at: None, body: typed::encode(window)? }, expect))
}

/// What a plan asks of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRequest<'a> {
    /// The account.
    pub account: &'a str,
    /// The day.
    pub day: NaiveDate,
    /// How urgent.
    pub priority: Priority,
    /// The plan to tell.
    pub plan: &'a str,
    /// Whether the day may become empty.
    pub allow_empty: bool,
}

/// Makes a window due for a plan. Asking twice is asking once.
pub async fn ask(deps: &Deps, request: &WindowRequest<'_>) -> Result<(), FlowError> {
    let key = window_key(request.account, request.day);
    for _ in 0..RACES_MAX {
        let stored = typed::load::<Window>(&*deps.state, &key).await?;
        if stored.as_ref().is_some_and(|window| window.value.plans.contains(request.plan)) {
            return Ok(());
        }
        let now = deps.clock.now();
        let mut window = stored.as_ref().map_or_else(
            || Window {
                account: request.account.to_owned(),
                day: request.day,
                priority: request.priority,
                due_at: None,
                plans: BTreeSet::new(),
                allow_empty: false,
                attempts: 0,
                waiting_for: None,
                failed: None,
            },
            |stored| stored.value.clone(),
        );
        if window.due_at.is_none() {
            window.priority = request.priority;
            window.attempts = 0;
        }
        window.priority = window.priority.min(request.priority);
        // A request made by hand or by schedule does not wait behind an old back-off, only behind a write in doubt.
        let settling = matches!(window.waiting_for, Some(Reason::Settling { .. }));
        window.due_at = if settling { window.due_at.or(Some(now)) } else { Some(now) };
        window.plans.insert(request.plan.to_owned());
        window.allow_empty |= request.allow_empty;
        let write = put_window(&window, stored.as_ref())?;
        if let WriteOutcome::Written(_) = deps.state.transact(vec![write], Vec::new()).await? {
            return Ok(());
        }
    }
    Err(FlowError::Contended(format!("{}/{}", key.pk, key.sk)))
}
