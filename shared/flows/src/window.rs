//! A window: one sale day of one account, as work. The item is the truth; a message only says *look at it*.
//!
//! ```text
//! settled ── asked for ──> due ── slot free, sent ──> due (queued) ── worked ──┬─> settled
//!    ^                      ^                                                  ├─> due later (outage, budget)
//!    └──────────────────────┴──────────────────────────────────────────────────┘
//! ```
//! Two plans that want the same day share one window: the work is done once and both are told.
use crate::deps::{Deps, FlowError};
use crate::ports::{Check, Expect, ItemKey, NewItem, StoreError, WriteOp, WriteOutcome};
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
    /// Times in a row that whoever worked on it ended without a word: a crash, or time that was cut off.
    #[serde(default)]
    pub crashes: u32,
    /// Why it waits.
    pub waiting_for: Option<Reason>,
    /// Why it failed for good when it was last worked on: the daily plan takes it up again.
    #[serde(default)]
    pub failed: Option<Reason>,
    /// Since when it has been failing for that reason.
    #[serde(default)]
    pub failed_at: Option<DateTime<Utc>>,
}

impl Window {
    /// A window that nobody has asked for yet.
    fn idle(request: &WindowRequest<'_>) -> Self {
        Self {
            account: request.account.to_owned(),
            day: request.day,
            priority: request.priority,
            due_at: None,
            plans: BTreeSet::new(),
            allow_empty: false,
            attempts: 0,
            crashes: 0,
            waiting_for: None,
            failed: None,
            failed_at: None,
        }
    }

    /// Whether a write of it has left without an answer.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.waiting_for, Some(Reason::Settling { .. }))
    }

    /// Nobody asks for it any more.
    pub fn rest(&mut self) {
        self.due_at = None;
        self.attempts = 0;
        self.waiting_for = None;
    }
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

/// Whether a window stands as its plan wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It does.
    Yes,
    /// The plan has changed since it was read; look at it again.
    PlanChanged,
}

/// Makes a window due for a plan. Asking twice is asking once. `fence` is the plan as it was read.
///
/// # Errors
/// The store's, or too many others change the window at the same time.
pub async fn ask(deps: &Deps, request: &WindowRequest<'_>, fence: Check) -> Result<Moved, FlowError> {
    change(deps, request, fence, |stored, now| {
        if stored.is_some_and(|window| window.plans.contains(request.plan)) {
            return None;
        }
        let mut window = stored.map_or_else(|| Window::idle(request), Window::clone);
        if window.due_at.is_none() {
            window.priority = request.priority;
            window.attempts = 0;
        }
        window.priority = window.priority.min(request.priority);
        // A request made by hand or by schedule does not wait behind an old back-off, only behind a write in doubt.
        window.due_at = if window.is_in_doubt() { window.due_at.or(Some(now)) } else { Some(now) };
        window.plans.insert(request.plan.to_owned());
        window.allow_empty |= request.allow_empty;
        Some(window)
    })
    .await
}

/// Takes a plan away from those that wait for a window. One that nobody waits for is no longer due, unless a write of it
/// is in doubt: that is settled first. A worker that has it in hand finishes it.
///
/// # Errors
/// As [`ask`].
pub async fn give_up(deps: &Deps, request: &WindowRequest<'_>, fence: Check) -> Result<Moved, FlowError> {
    change(deps, request, fence, |stored, _| {
        let mut window = stored.filter(|window| window.plans.contains(request.plan))?.clone();
        window.plans.remove(request.plan);
        if window.plans.is_empty() {
            window.allow_empty = false;
            if !window.is_in_doubt() {
                window.rest();
            }
        }
        Some(window)
    })
    .await
}

/// Compare and set, until it is done or the plan is another one. `None`: the window stands as it should.
async fn change(
    deps: &Deps,
    request: &WindowRequest<'_>,
    fence: Check,
    wanted: impl Fn(Option<&Window>, DateTime<Utc>) -> Option<Window>,
) -> Result<Moved, FlowError> {
    let key = window_key(request.account, request.day);
    for _ in 0..RACES_MAX {
        let stored = typed::load::<Window>(&*deps.state, &key).await?;
        let Some(window) = wanted(stored.as_ref().map(|stored| &stored.value), deps.clock.now()) else {
            return Ok(Moved::Yes);
        };
        let write = put_window(&window, stored.as_ref())?;
        match deps.state.transact(vec![write], vec![fence.clone()]).await? {
            WriteOutcome::Written(_) => return Ok(Moved::Yes),
            WriteOutcome::Refused(refused) if refused == fence.key => return Ok(Moved::PlanChanged),
            WriteOutcome::Refused(_) => {}
        }
    }
    Err(FlowError::Contended(format!("{}/{}", key.pk, key.sk)))
}
