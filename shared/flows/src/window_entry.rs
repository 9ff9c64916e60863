//! What one attempt at a window leaves behind: the record of the day, and an entry in the run journal whose counts add up
//! whatever became of the attempt.
use crate::day_write::DayDone;
use crate::deps::Deps;
use crate::desired_day::{DesiredDay, ListedDay};
use crate::journal::{Counts, REASONS_MAX, Run};
use crate::reason::Reason;
use crate::records::{DayRecord, WrittenOrder, record};
use crate::setback::Setback;
use crate::typed::Stored;
use crate::window_sync::{WindowOutcome, WindowWake};
use chrono::{DateTime, Utc};
use domain::row::{BuiltRow, day_hash, hash16};
use std::collections::{BTreeMap, BTreeSet};

/// One attempt.
pub(crate) struct Attempt {
    /// The run.
    pub(crate) run: String,
    /// Start.
    pub(crate) started_at: DateTime<Utc>,
    /// The plans that it works for.
    pub(crate) seen_plans: BTreeSet<String>,
    /// The orders it came to see before it ended, well or not.
    pub(crate) seen: Seen,
}

/// An attempt that came to its end.
pub(crate) struct Worked {
    /// The day as it should be, and now is.
    pub(crate) desired: DesiredDay,
    /// What was done.
    pub(crate) done: DayDone,
    /// The record of the day before.
    pub(crate) record: Option<Stored<DayRecord>>,
}

/// The orders that an attempt has seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    counts: Counts,
    reasons: Vec<Reason>,
    /// Rows that differ from what was last confirmed: what a write of this attempt is about.
    differing: usize,
}

type Known<'a> = Option<&'a BTreeMap<String, WrittenOrder>>;

fn differs(built: &BuiltRow, known: Known<'_>) -> bool {
    let before = known.and_then(|orders| orders.get(&built.identity.0));
    before.is_none_or(|order| order.hash != hash16(&built.row.hash()))
}

impl Seen {
    /// The source has listed them.
    pub(crate) fn list(&mut self, listed: &ListedDay) {
        self.counts.seen = listed.seen;
        self.counts.skipped = listed.skipped.clone();
    }

    /// They have become rows, or cannot.
    pub(crate) fn build(&mut self, desired: &DesiredDay, known: Known<'_>) {
        self.counts.skipped = desired.skipped.clone();
        for order in &desired.unmappable {
            *self.counts.rejected.entry(order.reason.code()).or_default() += 1;
        }
        self.reasons =
            desired.unmappable.iter().take(REASONS_MAX).map(|order| order.reason.clone()).collect();
        self.differing = desired.built.iter().filter(|built| differs(built, known)).count();
    }

    /// The counts once it is known what became of the rest.
    fn counts(&self, worked: &Result<Worked, Setback>, outcome: &WindowOutcome) -> Counts {
        let mut counts = self.counts.clone();
        let apart: usize = counts.skipped.values().chain(counts.rejected.values()).sum();
        let rest = counts.seen.saturating_sub(apart);
        match (worked, outcome) {
            // Counted by themselves and not as the rest, so that the sum can be wrong and say so.
            (Ok(worked), _) => {
                let written = matches!(worked.done, DayDone::Written { .. });
                counts.done = if written { self.differing } else { 0 };
                counts.unchanged = worked.desired.built.len().saturating_sub(counts.done);
            }
            // The day as a whole needs a person, and with it every order of it.
            (Err(_), WindowOutcome::Failed { reason }) if rest > 0 => {
                *counts.rejected.entry(reason.code()).or_default() += rest;
            }
            // What this attempt has sent may be on the sheet.
            (Err(Setback { reason: Reason::Settling { .. }, .. }), _) => {
                counts.unknown = self.differing;
                counts.deferred = rest.saturating_sub(self.differing);
            }
            (Err(_), _) => counts.deferred = rest,
        }
        counts
    }
}

/// The record of the day after the attempt.
pub(crate) fn day_record(deps: &Deps, attempt: &Attempt, worked: &Worked) -> DayRecord {
    let mut day = worked.record.as_ref().map(|stored| stored.value.clone()).unwrap_or_default();
    let hash = day_hash(&worked.desired.rows);
    let to = match worked.done {
        DayDone::Written { generation, .. } => {
            day.generation = generation;
            day.written_at = Some(deps.clock.now());
            "written"
        }
        DayDone::Unchanged if day.hash != hash => "found",
        DayDone::Unchanged => "unchanged",
    };
    if to != "unchanged" || day.transitions.is_empty() {
        record(&mut day.transitions, deps.clock.now(), &attempt.run, to);
    }
    day.hash = hash;
    day.unfinished = worked.desired.unfinished;
    let order = |built: &BuiltRow| {
        let hash = hash16(&built.row.hash()).to_owned();
        (built.identity.0.clone(), WrittenOrder { code: built.row.code, hash })
    };
    day.orders = worked.desired.built.iter().map(order).collect();
    day
}

/// The entry in the run journal.
pub(crate) fn run_entry(
    deps: &Deps,
    wake: &WindowWake,
    attempt: &Attempt,
    worked: &Result<Worked, Setback>,
    outcome: &WindowOutcome,
) -> Run {
    let counts = attempt.seen.counts(worked, outcome);
    let rows_changed = match worked {
        Ok(Worked { done: DayDone::Written { changed, .. }, .. }) => *changed,
        _ => 0,
    };
    let (name, reason) = match outcome {
        WindowOutcome::Written { .. } => ("written", None),
        WindowOutcome::Unchanged { .. } => ("unchanged", None),
        WindowOutcome::Waiting { reason, .. } => ("deferred", Some(reason.clone())),
        WindowOutcome::Failed { reason } => ("failed", Some(reason.clone())),
        WindowOutcome::NotDue => ("skipped", None),
    };
    let inconsistent = !counts.add_up();
    if inconsistent {
        tracing::error!(account = wake.account, day = %wake.day, run = attempt.run, "the counts of a run do not add up");
    }
    Run {
        id: attempt.run.clone(),
        function: "sige-window-sync".to_owned(),
        account: wake.account.clone(),
        day: Some(wake.day),
        started_at: attempt.started_at,
        ended_at: deps.clock.now(),
        plan: None,
        outcome: name.to_owned(),
        reason,
        counts,
        rows_changed,
        reasons: attempt.seen.reasons.clone(),
        inconsistent,
    }
}
