//! A plan: the days that a tick or a request asks for, and how far they have come.
//!
//! ```text
//! planning ── its windows are asked for ──> open ── each day has an outcome ──> finished
//!     │                                      │
//!     └────────────── cancel ────────────────┴──> cancelling ── its windows are given up ──> cancelled ── resume ──> planning
//! ```
//! The plan item is written before its windows: whoever finds a plan still `planning` asks for its windows again,
//! which changes nothing where it has been done, so that a crash in between loses no day (INV-2). The same holds for
//! `cancelling`. Both stand in the index for `dispatch` to find.
mod cancel;
mod listing;
mod spread;

pub use cancel::{PlanChange, cancel, resume};
pub use listing::list;
pub use spread::spread;

use crate::accounts::Account;
use crate::deps::{Deps, FlowError};
use crate::ports::{Expect, ItemKey, NewItem, StoreError, WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::typed::{self, Stored};
use crate::window::Priority;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Characters of each text of a reason that a plan keeps.
const REASON_CHARS_MAX: usize = 100;

/// Why the plan exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// The schedule, or the same by hand.
    Daily,
    /// A range by hand.
    Backfill,
    /// The days that a restore rebuilds.
    Restore,
    /// Days that failed, or that hold an order in quarantine, asked for again by a person.
    Retry,
}

impl PlanKind {
    /// How urgent its windows are.
    pub fn priority(self) -> Priority {
        match self {
            Self::Daily | Self::Restore | Self::Retry => Priority::Daily,
            Self::Backfill => Priority::Backfill,
        }
    }
}

/// What became of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DayState {
    /// Not yet.
    Pending,
    /// Rows were written and read back.
    Written {
        /// Rows of the day.
        rows: usize,
        /// Orders of the day that could not become a row.
        quarantined: usize,
    },
    /// The sheet was right already.
    Unchanged {
        /// Rows of the day.
        rows: usize,
        /// Orders of the day that could not become a row.
        quarantined: usize,
    },
    /// It needs a person.
    Failed {
        /// Why.
        reason: Reason,
    },
}

/// One day of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDay {
    /// The sale day.
    pub day: NaiveDate,
    /// What became of it.
    #[serde(flatten)]
    pub state: DayState,
}

/// Where the plan as a whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Its windows are being asked for.
    Planning,
    /// Its windows are due.
    Open,
    /// Every day has an outcome.
    Finished,
    /// A person has cancelled it; its windows are being given up.
    Cancelling,
    /// A person has cancelled it. Days without an outcome stay pending in it until it is resumed.
    Cancelled,
}

impl PlanState {
    /// Whether its windows have to be asked for or given up: `dispatch` completes what a crash left half-done.
    pub fn is_moving(self) -> bool {
        matches!(self, Self::Planning | Self::Cancelling)
    }

    /// Whether somebody still waits for its pending days.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planning | Self::Open)
    }
}

/// The days of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id, unique in the account.
    pub id: String,
    /// The account.
    pub account: String,
    /// Why it exists.
    pub kind: PlanKind,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// Whether its days may become empty.
    pub allow_empty: bool,
    /// Where it is.
    pub state: PlanState,
    /// Its days, ascending.
    pub days: Vec<PlanDay>,
}

/// How many days are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// Days in all.
    pub days: usize,
    /// Written.
    pub written: usize,
    /// Right already.
    pub unchanged: usize,
    /// In need of a person.
    pub failed: usize,
    /// Not yet.
    pub pending: usize,
    /// Rows on the sheet for the days done.
    pub rows: usize,
    /// Orders in quarantine on the days done.
    pub quarantined: usize,
}

impl Plan {
    /// A plan for the days, which are sorted and made unique.
    pub fn new(
        account: &str,
        id: String,
        kind: PlanKind,
        requested_at: DateTime<Utc>,
        days: Vec<NaiveDate>,
    ) -> Self {
        let mut days = days;
        days.sort_unstable();
        days.dedup();
        let days = days.into_iter().map(|day| PlanDay { day, state: DayState::Pending }).collect();
        let account = account.to_owned();
        Self { id, account, kind, requested_at, allow_empty: false, state: PlanState::Planning, days }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress { days: self.days.len(), ..Progress::default() };
        for day in &self.days {
            match &day.state {
                DayState::Pending => progress.pending += 1,
                DayState::Failed { .. } => progress.failed += 1,
                DayState::Written { rows, quarantined } => {
                    progress.written += 1;
                    progress.rows += rows;
                    progress.quarantined += quarantined;
                }
                DayState::Unchanged { rows, quarantined } => {
                    progress.unchanged += 1;
                    progress.rows += rows;
                    progress.quarantined += quarantined;
                }
            }
        }
        progress
    }

    /// Notes what became of a day; the last pending one finishes the plan.
    pub fn settle(&mut self, day: NaiveDate, state: DayState) {
        // The window keeps the reason in full; a plan of a thousand failed days has to stay within one item.
        let state = match state {
            DayState::Failed { reason } => DayState::Failed { reason: reason.shortened(REASON_CHARS_MAX) },
            state => state,
        };
        for planned in self.days.iter_mut().filter(|planned| planned.day == day) {
            planned.state = state.clone();
        }
        let pending = self.days.iter().any(|planned| planned.state == DayState::Pending);
        if self.state == PlanState::Open && !pending {
            self.state = PlanState::Finished;
        }
    }
}

/// Key of a plan.
pub fn plan_key(account: &str, id: &str) -> ItemKey {
    ItemKey::new(format!("plan#{account}"), id)
}

/// The write of a plan.
pub fn put_plan(plan: &Plan, expect: Expect) -> Result<WriteOp, StoreError> {
    let index =
        plan.state.is_moving().then(|| ItemKey::new("planning", format!("{}#{}", plan.account, plan.id)));
    let key = plan_key(&plan.account, &plan.id);
    Ok(WriteOp::Put(NewItem { key, index, expires_at: None, body: typed::encode(plan)? }, expect))
}

/// Reads a plan.
pub async fn load(deps: &Deps, account: &str, id: &str) -> Result<Option<Stored<Plan>>, FlowError> {
    Ok(typed::load(&*deps.state, &plan_key(account, id)).await?)
}

/// Accepts a plan together with other writes (a cursor), then asks for its windows. `false`: it was there already.
pub async fn accept(
    deps: &Deps,
    account: &Account,
    plan: &Plan,
    alongside: Vec<WriteOp>,
) -> Result<bool, FlowError> {
    let mut writes = vec![put_plan(plan, Expect::Absent)?];
    writes.extend(alongside);
    let accepted = match deps.state.transact(writes, Vec::new()).await? {
        WriteOutcome::Written(_) => true,
        WriteOutcome::Refused(key) if key == plan_key(&plan.account, &plan.id) => false,
        WriteOutcome::Refused(key) => return Err(FlowError::Contended(format!("{}/{}", key.pk, key.sk))),
    };
    spread(deps, account, &plan.id).await?;
    Ok(accepted)
}

/// Refuses a request whose identity another request has had: work would be reported as accepted and never be done.
///
/// # Errors
/// [`FlowError::BadRequest`] with the plan that has the identity.
pub fn same_request(plan: &Plan, same_days: bool, allow_empty: bool) -> Result<(), FlowError> {
    if same_days && plan.allow_empty == allow_empty {
        return Ok(());
    }
    let (first, last) = (plan.days.first(), plan.days.last());
    let range =
        first.zip(last).map_or_else(String::new, |(first, last)| format!(" {} to {}", first.day, last.day));
    Err(FlowError::BadRequest(format!(
        "request {} has been used for another plan ({} days{range}, allow_empty {}); take another identity",
        plan.id,
        plan.days.len(),
        plan.allow_empty
    )))
}

/// An unfinished plan of the same kind over the same days: a repeated request goes on with it. One that was cancelled is
/// not gone on with: whoever asks again gets a new plan, and the cancelled one stays what it is until it is resumed.
pub async fn find_unfinished(
    deps: &Deps,
    account: &str,
    kind: PlanKind,
    days: &[NaiveDate],
    allow_empty: bool,
) -> Result<Option<Plan>, FlowError> {
    let (plans, _) = list(&*deps.state, account).await?;
    let repeats = |plan: &Plan| {
        let same_days = plan.days.iter().map(|planned| &planned.day).eq(days);
        plan.state.is_open() && plan.kind == kind && plan.allow_empty == allow_empty && same_days
    };
    Ok(plans.into_iter().find(repeats))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::state::BODY_BYTES_MAX;

    #[test]
    fn the_longest_plan_fits_an_item_even_when_every_day_failed_at_length() {
        let from = NaiveDate::from_ymd_opt(2022, 1, 1).unwrap_or_default();
        let days: Vec<_> = from.iter_days().take(1_500).collect();
        let mut plan = Plan::new(
            "matriz",
            "backfill-x".to_owned(),
            PlanKind::Backfill,
            DateTime::UNIX_EPOCH,
            days.clone(),
        );
        for day in days {
            let detail = "the caller does not have permission; ".repeat(20);
            let reason = Reason::Credentials { system: "google sheets".to_owned(), detail };
            plan.settle(day, DayState::Failed { reason });
        }
        assert!(typed::encode(&plan).is_ok_and(|body| body.to_string().len() <= BODY_BYTES_MAX));
    }
}
