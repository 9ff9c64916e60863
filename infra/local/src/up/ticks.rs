//! Which tick of a schedule is due, and which one was seen to last.
//!
//! A tick is settled when its function has answered, or when its event stands among the failed ones. Only then is it noted:
//! a tick that is cut off by the end of the process is due again when the next one starts, under the same scheduled time.
use crate::schedule_expression::ScheduleExpression;
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::{Expect, ItemKey, NewItem, StateStore, StoreError, WriteOutcome};
use flows::typed::{self, Stored};
use serde::{Deserialize, Serialize};

/// How far back to look for the latest tick, in minutes, before looking at all of the time in question: an hour, a day, a
/// month, a year. The latest tick of a busy schedule is found close by, that of a rare one in few steps.
const LOOK_BACK_MINUTES: [i64; 4] = [60, 1_440, 46_080, 576_000];
/// Ticks that are walked over at most; more than there are minutes in a month.
const WALKED_MAX: usize = 100_000;

/// The last tick of a schedule that was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    scheduled_at: DateTime<Utc>,
}

fn key(schedule: &str) -> ItemKey {
    ItemKey::new("scheduler", schedule)
}

/// The scheduled time of the last settled tick; `None` when the schedule has never been looked at.
///
/// # Errors
/// The store's.
pub(super) async fn last_settled(
    state: &dyn StateStore,
    schedule: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let stored: Option<Stored<Seen>> = typed::load(state, &key(schedule)).await?;
    Ok(stored.map(|stored| stored.value.scheduled_at))
}

/// Notes a tick as settled; for a schedule that is looked at for the first time, the time from which on it ticks.
///
/// # Errors
/// The store's.
pub(super) async fn note_settled(
    state: &dyn StateStore,
    schedule: &str,
    scheduled_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let stored: Option<Stored<Seen>> = typed::load(state, &key(schedule)).await?;
    let expect = stored.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    let body = typed::encode(&Seen { scheduled_at })?;
    match state.write(NewItem { key: key(schedule), index: None, expires_at: None, body }, expect).await? {
        WriteOutcome::Written(_) => Ok(()),
        WriteOutcome::Refused(_) => Err(StoreError::Unavailable(format!(
            "another process ticks schedule {schedule} in this data directory"
        ))),
    }
}

/// The latest tick after one time and up to another one: of several that were missed, only this one is made up for.
pub(super) fn latest_between(
    expression: &ScheduleExpression,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    for minutes in LOOK_BACK_MINUTES {
        let from = until.checked_sub_signed(TimeDelta::minutes(minutes)).unwrap_or(after).max(after);
        let found = last_of_walk(expression, from, until);
        if found.is_some() || from == after {
            return found;
        }
    }
    last_of_walk(expression, after, until)
}

fn last_of_walk(
    expression: &ScheduleExpression,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let next = |time: &DateTime<Utc>| expression.next_after(*time).filter(|next| *next <= until);
    std::iter::successors(next(&from), next).take(WALKED_MAX).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use testkit::clock::SimulatedClock;
    use testkit::reference::MemoryStateStore;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn latest(expression: &str, after: &str, until: &str) -> Option<DateTime<Utc>> {
        let expression = ScheduleExpression::parse(expression, "America/Sao_Paulo").unwrap();
        latest_between(&expression, time(after), time(until))
    }

    #[test]
    fn of_many_missed_ticks_the_latest_is_found_however_far_back() {
        let daily = "cron(0 6 * * ? *)";
        let found = latest(daily, "2026-03-20T09:00:00Z", "2026-03-26T08:59:59Z");
        assert_eq!(found, Some(time("2026-03-25T09:00:00Z")), "06:00 in São Paulo is 09:00 UTC");
        assert_eq!(
            latest(daily, "2020-01-01T00:00:00Z", "2026-03-26T09:00:00Z"),
            Some(time("2026-03-26T09:00:00Z"))
        );
        let yearly = "cron(0 0 1 1 ? *)";
        assert_eq!(
            latest(yearly, "2019-06-01T00:00:00Z", "2026-12-31T00:00:00Z"),
            Some(time("2026-01-01T03:00:00Z"))
        );
        let minutely = "rate(1 minute)";
        assert_eq!(
            latest(minutely, "2020-01-01T00:00:00Z", "2026-03-26T09:00:30Z"),
            Some(time("2026-03-26T09:00:00Z"))
        );
    }

    #[test]
    fn a_tick_that_was_settled_is_not_due_again() {
        let daily = "cron(0 6 * * ? *)";
        assert_eq!(latest(daily, "2026-03-26T09:00:00Z", "2026-03-26T09:00:00Z"), None);
        assert_eq!(latest(daily, "2026-03-26T09:00:00Z", "2026-03-27T08:59:59Z"), None);
        assert_eq!(
            latest(daily, "2026-03-26T09:00:00Z", "2026-03-25T00:00:00Z"),
            None,
            "the clock was set back"
        );
    }

    #[tokio::test]
    async fn what_was_settled_is_remembered() {
        let state = MemoryStateStore::new(Arc::new(SimulatedClock::default()));
        assert_eq!(last_settled(&state, "daily").await.unwrap(), None);
        for at in ["2026-03-26T09:00:00Z", "2026-03-27T09:00:00Z"] {
            note_settled(&state, "daily", time(at)).await.unwrap();
            assert_eq!(last_settled(&state, "daily").await.unwrap(), Some(time(at)));
        }
        assert_eq!(last_settled(&state, "other").await.unwrap(), None);
    }
}
