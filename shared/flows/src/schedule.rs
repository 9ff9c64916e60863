//! Schedules as the product remembers them: the last tick of each, and whether a person has paused it.
//!
//! ```text
//! tick(t) ── begin ──┬── paused ──────────── skipped(t), nothing is done
//!                    └── started(t) ── work ──┬── done(t)
//!                                             └── failed(t), comes again, is the same tick
//! ```
//! What starts a tick is outside (EventBridge Scheduler, the runtime of one machine); its identity is the scheduled time.
//! A run by hand is no tick and asks nobody here.
use crate::deps::{Deps, FlowError};
use crate::journal::{self, NO_ACCOUNT, Run};
use crate::ports::{Clock, Expect, ItemKey, NewItem, Range, StateStore, WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::settings::RACES_MAX;
use crate::typed::{self, Stored};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The daily job.
pub const DAILY: &str = "sige-daily-sync";
/// The dispatcher.
pub const DISPATCH: &str = "dispatch";
/// Every schedule there is.
pub const SCHEDULES: [&str; 2] = [DAILY, DISPATCH];

const SCHEDULE_PK: &str = "schedule";
/// Longest name and remark of whoever pauses, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// Set by a person: ticks do nothing until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who.
    pub by: String,
    /// Why, in that person's words.
    pub why: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// A skipped tick of this pause stands in the run journal.
    #[serde(default)]
    pub told: bool,
}

/// How far a tick has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum TickOutcome {
    /// Under way, or cut off: then it comes again.
    Started,
    /// It did what it had to.
    Done,
    /// It failed.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It did nothing.
    Skipped {
        /// Why.
        reason: Reason,
    },
}

/// One tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// Its identity.
    pub scheduled_at: DateTime<Utc>,
    /// When it first began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How far it has come.
    #[serde(flatten)]
    pub outcome: TickOutcome,
}

/// What is known about a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name, that of the function it starts.
    pub name: String,
    /// Whether a person has paused it.
    pub paused: Option<Pause>,
    /// The newest tick.
    pub last: Option<Tick>,
    /// The newest tick that was done.
    pub last_done: Option<DateTime<Utc>>,
}

impl Schedule {
    fn unknown(name: &str) -> Self {
        Self { name: name.to_owned(), paused: None, last: None, last_done: None }
    }
}

/// Which skipped ticks are entered into the run journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipsTold {
    /// Each one: the schedule runs rarely.
    Each,
    /// The first one of a pause: the schedule runs every minute.
    FirstOfPause,
}

/// Whether a tick may do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It may, whether it comes for the first time or again.
    Go,
    /// The schedule is, or was for this tick, paused.
    Paused(Reason),
}

fn schedule_key(name: &str) -> ItemKey {
    ItemKey::new(SCHEDULE_PK, name)
}

fn put(schedule: &Schedule, before: Option<&Stored<Schedule>>) -> Result<WriteOp, FlowError> {
    let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    let key = schedule_key(&schedule.name);
    Ok(WriteOp::Put(NewItem { key, index: None, expires_at: None, body: typed::encode(schedule)? }, expect))
}

/// Records that a tick begins, or says that it must not.
///
/// # Errors
/// The store's.
pub async fn begin(
    deps: &Deps,
    name: &str,
    scheduled_at: DateTime<Utc>,
    told: SkipsTold,
) -> Result<Begun, FlowError> {
    for _ in 0..RACES_MAX {
        let stored = typed::load::<Schedule>(&*deps.state, &schedule_key(name)).await?;
        let mut schedule =
            stored.as_ref().map_or_else(|| Schedule::unknown(name), |stored| stored.value.clone());
        let (mut late, now) = (false, deps.clock.now());
        if let Some(last) = &schedule.last {
            match (&last.outcome, last.scheduled_at == scheduled_at) {
                // What was decided for a tick holds for every copy of it.
                (TickOutcome::Skipped { reason }, true) => return Ok(Begun::Paused(reason.clone())),
                (_, true) => return Ok(Begun::Go),
                (_, false) => late = last.scheduled_at > scheduled_at,
            }
        }
        let mut writes = Vec::new();
        let mut begun = Begun::Go;
        let mut outcome = TickOutcome::Started;
        if let Some(pause) = schedule.paused.as_mut() {
            let reason = paused(name, pause);
            if !late && (told == SkipsTold::Each || !std::mem::replace(&mut pause.told, true)) {
                let run = Run::begun(deps, name, NO_ACCOUNT);
                let run = Run { outcome: "skipped".to_owned(), reason: Some(reason.clone()), ..run };
                writes.push(journal::put_run(&run)?);
            }
            outcome = TickOutcome::Skipped { reason: reason.clone() };
            begun = Begun::Paused(reason);
        }
        if late {
            return Ok(begun);
        }
        let finished_at = matches!(begun, Begun::Paused(_)).then_some(now);
        schedule.last = Some(Tick { scheduled_at, started_at: now, finished_at, outcome });
        writes.push(put(&schedule, stored.as_ref())?);
        if let WriteOutcome::Written(_) = deps.state.transact(writes, Vec::new()).await? {
            return Ok(begun);
        }
    }
    Err(FlowError::Contended(format!("{SCHEDULE_PK}/{name}")))
}

/// Records how a tick ended. A newer tick, or an end that was good, is left as it is. That it cannot be recorded is told
/// in the log and is no failure of the work.
pub async fn end<T: Sync>(
    deps: &Deps,
    name: &str,
    scheduled_at: DateTime<Utc>,
    result: &Result<T, FlowError>,
) {
    let outcome = match result {
        Ok(_) => TickOutcome::Done,
        Err(error) => TickOutcome::Failed { reason: error.into() },
    };
    if let Err(error) = record_end(deps, name, scheduled_at, outcome).await {
        tracing::warn!(schedule = name, %scheduled_at, %error, "the end of a tick could not be recorded");
    }
}

async fn record_end(
    deps: &Deps,
    name: &str,
    scheduled_at: DateTime<Utc>,
    outcome: TickOutcome,
) -> Result<(), FlowError> {
    for _ in 0..RACES_MAX {
        let Some(stored) = typed::load::<Schedule>(&*deps.state, &schedule_key(name)).await? else {
            return Ok(());
        };
        let mut schedule = stored.value.clone();
        let Some(tick) = schedule.last.as_mut().filter(|tick| tick.scheduled_at == scheduled_at) else {
            return Ok(());
        };
        if tick.outcome == TickOutcome::Done {
            return Ok(());
        }
        tick.finished_at = Some(deps.clock.now());
        tick.outcome = outcome.clone();
        if outcome == TickOutcome::Done {
            schedule.last_done = Some(scheduled_at);
        }
        let write = put(&schedule, Some(&stored))?;
        if let WriteOutcome::Written(_) = deps.state.transact(vec![write], Vec::new()).await? {
            return Ok(());
        }
    }
    Err(FlowError::Contended(format!("{SCHEDULE_PK}/{name}")))
}

fn paused(name: &str, pause: &Pause) -> Reason {
    Reason::Paused {
        schedule: name.to_owned(),
        by: pause.by.clone(),
        since: pause.since,
        why: pause.why.clone(),
    }
}

/// Every schedule, whether it has ever run or not.
///
/// # Errors
/// The store's.
pub async fn list(store: &dyn StateStore) -> Result<Vec<Schedule>, FlowError> {
    let page = store.query(SCHEDULE_PK, Range::all(), 100, None).await?;
    let mut known = Vec::new();
    for item in page.items {
        known.push(typed::decode::<Schedule>(item)?.value);
    }
    for name in SCHEDULES {
        if !known.iter().any(|schedule| schedule.name == name) {
            known.push(Schedule::unknown(name));
        }
    }
    known.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(known)
}

/// Pauses a schedule; says whether anything changed: one that is paused keeps its first reason. `audit` is committed with
/// the change.
///
/// # Errors
/// There is no such schedule, the text is too long, or the store failed.
pub async fn pause(
    store: &dyn StateStore,
    clock: &dyn Clock,
    name: &str,
    by: &str,
    why: &str,
    audit: WriteOp,
) -> Result<bool, FlowError> {
    if why.trim().is_empty() || why.chars().count() > TEXT_CHARS_MAX || by.chars().count() > TEXT_CHARS_MAX {
        return Err(FlowError::BadRequest(format!("give a reason of 1 to {TEXT_CHARS_MAX} characters")));
    }
    let pause = Pause { by: by.to_owned(), why: why.to_owned(), since: clock.now(), told: false };
    set_pause(store, name, Some(&pause), audit).await
}

/// Lets a schedule run again; says whether anything changed. `audit` is committed with the change.
///
/// # Errors
/// There is no such schedule, or the store failed.
pub async fn resume(store: &dyn StateStore, name: &str, audit: WriteOp) -> Result<bool, FlowError> {
    set_pause(store, name, None, audit).await
}

async fn set_pause(
    store: &dyn StateStore,
    name: &str,
    pause: Option<&Pause>,
    audit: WriteOp,
) -> Result<bool, FlowError> {
    if !SCHEDULES.contains(&name) {
        let known = SCHEDULES.join(", ");
        return Err(FlowError::BadRequest(format!("there is no schedule {name}; there is {known}")));
    }
    for _ in 0..RACES_MAX {
        let stored = typed::load::<Schedule>(store, &schedule_key(name)).await?;
        let mut schedule =
            stored.as_ref().map_or_else(|| Schedule::unknown(name), |stored| stored.value.clone());
        if schedule.paused.is_some() == pause.is_some() {
            return Ok(false);
        }
        schedule.paused = pause.cloned();
        let writes = vec![put(&schedule, stored.as_ref())?, audit.clone()];
        if let WriteOutcome::Written(_) = store.transact(writes, Vec::new()).await? {
            return Ok(true);
        }
    }
    Err(FlowError::Contended(format!("{SCHEDULE_PK}/{name}")))
}
