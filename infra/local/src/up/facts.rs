//! What can be said about the runtime of a data directory from its stores: whoever asks, the process that works or another one.
use super::ticks::last_settled;
use crate::schedule_expression::ScheduleExpression;
use crate::template::Wiring;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use flows::journal::{self, Run, RunFilter};
use flows::ports::{QueueCounts, QueueError, StateStore, StoreError, WorkQueue};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far back the last completed work is looked for, in minutes, before it counts as none: an hour, a day, a month.
const LOOK_BACK_MINUTES: [i64; 3] = [60, 1_440, 44_640];
/// Entries of the journal that are read in one look.
const ENTRIES: usize = 500;
/// Pages of them; a month of a busy installation.
const PAGES_MAX: usize = 100;

/// The state of the runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Of this program.
    pub version: &'static str,
    /// The schedules.
    pub schedules: Vec<ScheduleFacts>,
    /// The last work that was entered into the journal, within a month.
    pub last_completed: Option<Completed>,
    /// How many messages stand where.
    pub queues: BTreeMap<String, Depth>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScheduleFacts {
    /// The function that it wakes.
    pub function: String,
    /// When it ticks, and where.
    pub expression: String,
    /// The scheduled time of the last tick that was settled, or the time since which it ticks.
    pub last: Option<DateTime<Utc>>,
    /// When it ticks next.
    pub next: Option<DateTime<Utc>>,
}

/// A piece of work that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Completed {
    /// By which function.
    pub function: String,
    /// Of which account.
    pub account: String,
    /// On which day, where it is one day's.
    pub day: Option<NaiveDate>,
    /// How it ended.
    pub outcome: String,
    /// When.
    pub ended_at: DateTime<Utc>,
}

/// Messages of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// To be delivered.
    pub waiting: u64,
    /// Delivered and not acknowledged.
    pub in_flight: u64,
}

/// A store that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Items.
    #[error(transparent)]
    State(#[from] StoreError),
    /// Messages.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// A store cannot be read.
    pub async fn read(
        wiring: &Wiring,
        state: &dyn StateStore,
        queue: &dyn WorkQueue,
        now: DateTime<Utc>,
    ) -> Result<Self, Unreadable> {
        let mut schedules = Vec::new();
        for (function, schedule) in wiring.schedules() {
            let expression = ScheduleExpression::parse(&schedule.expression, &schedule.zone).ok();
            schedules.push(ScheduleFacts {
                function: function.name.clone(),
                expression: format!("{} {}", schedule.expression, schedule.zone),
                last: last_settled(state, &schedule.name).await?,
                next: expression
                    .filter(|_| schedule.enabled)
                    .and_then(|expression| expression.next_after(now)),
            });
        }
        let mut queues = BTreeMap::new();
        for config in &wiring.queues {
            let QueueCounts { waiting, in_flight } = queue.counts(&config.name).await?;
            queues.insert(config.name.clone(), Depth { waiting, in_flight });
        }
        let last_completed = last_completed(state, now).await?;
        Ok(Self { version: env!("CARGO_PKG_VERSION"), schedules, last_completed, queues })
    }
}

/// The journal is read from the past on: a short stretch first, so that little is read where much was done.
async fn last_completed(state: &dyn StateStore, now: DateTime<Utc>) -> Result<Option<Completed>, StoreError> {
    for minutes in LOOK_BACK_MINUTES {
        let since = now.checked_sub_signed(TimeDelta::minutes(minutes));
        let filter = RunFilter { account: None, function: None, since, limit: ENTRIES };
        let mut last: Option<Run> = None;
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let page = journal::runs(state, &filter, cursor).await?;
            let newest = page.runs.into_iter().max_by_key(|run| run.ended_at);
            last = newest.into_iter().chain(last).max_by_key(|run| run.ended_at);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        if let Some(run) = last {
            let Run { function, account, day, outcome, ended_at, .. } = run;
            return Ok(Some(Completed { function, account, day, outcome, ended_at }));
        }
    }
    Ok(None)
}
