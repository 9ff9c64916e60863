//! The run journal: one item per piece of work, with counts that must add up.
//!
//! `seen = done + unchanged + skipped + rejected + deferred + unknown` holds for every entry, or the entry says
//! so itself: an operator must be able to trust the numbers before anything else.
use crate::daily::Accepted;
use crate::deps::{Deps, FlowError};
use crate::ports::{Expect, ItemKey, NewItem, StoreError, WriteOp};
use crate::reason::Reason;
use crate::typed;
use crate::window::sortable;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod listing;

pub use listing::{RunFilter, RunPage, find_run, runs, runs_of_day};

/// How long a run is remembered.
pub const RETENTION_DAYS: i64 = 400;
/// Most single reasons that one entry lists.
pub const REASONS_MAX: usize = 50;

/// What became of the documents that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Documents looked at.
    pub seen: usize,
    /// Written.
    pub done: usize,
    /// Right already.
    pub unchanged: usize,
    /// Not ours to work on, by reason code.
    pub skipped: BTreeMap<String, usize>,
    /// Refused for good, by reason code: they are in quarantine.
    pub rejected: BTreeMap<String, usize>,
    /// Put off.
    pub deferred: usize,
    /// Sent, outcome not known yet.
    pub unknown: usize,
}

impl Counts {
    /// Whether every document is accounted for.
    pub fn add_up(&self) -> bool {
        let skipped: usize = self.skipped.values().sum();
        let rejected: usize = self.rejected.values().sum();
        self.seen == self.done + self.unchanged + skipped + rejected + self.deferred + self.unknown
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id; sorts by time.
    pub id: String,
    /// Which function ran.
    pub function: String,
    /// The account.
    pub account: String,
    /// The day, where the work is one day's.
    pub day: Option<NaiveDate>,
    /// Start.
    pub started_at: DateTime<Utc>,
    /// End.
    pub ended_at: DateTime<Utc>,
    /// The plan that was accepted, where one was.
    #[serde(default)]
    pub plan: Option<String>,
    /// `written`, `unchanged`, `deferred`, `failed`, `planned`, `resumed`, `dry_run`, `skipped`, `refused`.
    pub outcome: String,
    /// Why, where there is a why.
    pub reason: Option<Reason>,
    /// The documents.
    pub counts: Counts,
    /// Rows changed on the sheet: updated, appended, deleted.
    pub rows_changed: usize,
    /// Single documents with their reasons, bounded by [`REASONS_MAX`].
    pub reasons: Vec<Reason>,
    /// Set when the counts do not add up: the entry is not to be trusted.
    pub inconsistent: bool,
}

/// The write of an entry.
pub fn put_run(run: &Run) -> Result<WriteOp, StoreError> {
    let key = ItemKey::new(format!("run#{}", run.account), run.id.as_str());
    let index = Some(ItemKey::new("runs", format!("{}#{}", sortable(run.started_at), run.id)));
    let expires_at = run.started_at.checked_add_signed(TimeDelta::days(RETENTION_DAYS));
    Ok(WriteOp::Put(NewItem { key, index, expires_at, body: typed::encode(run)? }, Expect::Absent))
}

impl Run {
    /// An entry of a run that began now and has no documents yet.
    pub fn begun(deps: &Deps, function: &str, account: &str) -> Self {
        let now = deps.clock.now();
        Self {
            id: deps.random.unique_id(),
            function: function.to_owned(),
            account: account.to_owned(),
            day: None,
            started_at: now,
            ended_at: now,
            plan: None,
            outcome: String::new(),
            reason: None,
            counts: Counts::default(),
            rows_changed: 0,
            reasons: Vec::new(),
            inconsistent: false,
        }
    }
}

/// The account of entries that belong to none.
pub const NO_ACCOUNT: &str = "-";

/// Enters a run that ended now with that outcome.
pub async fn note(deps: &Deps, run: Run, outcome: &str, reason: Option<Reason>) -> Result<(), FlowError> {
    let run = Run { ended_at: deps.clock.now(), outcome: outcome.to_owned(), reason, ..run };
    deps.state.transact(vec![put_run(&run)?], Vec::new()).await?;
    Ok(())
}

/// Enters what became of a request for a plan. What was refused is not entered here: whoever tells the refusal does.
pub async fn note_plan(
    deps: &Deps,
    run: Run,
    planned: &Result<Accepted, FlowError>,
) -> Result<(), FlowError> {
    match planned {
        Ok(accepted) => {
            let outcome = if accepted.resumed { "resumed" } else { "planned" };
            let run = Run { plan: Some(accepted.plan.clone()), ..run };
            note(deps, run, outcome, accepted.incomplete.clone()).await
        }
        Err(FlowError::BadRequest(_) | FlowError::Refused(_)) => Ok(()),
        Err(error) => {
            // The store may be what failed: then the log is all there is, and the first failure is the one to tell.
            if let Err(unnoted) = note(deps, run, "failed", Some(error.into())).await {
                tracing::warn!(%unnoted, "a failed plan could not be entered into the run journal");
            }
            Ok(())
        }
    }
}
