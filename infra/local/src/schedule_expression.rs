//! When a schedule runs next: the expressions of EventBridge Scheduler, evaluated on this machine as the service does it.
//!
//! ```text
//! cron(minutes hours day-of-month month day-of-week year)   in the zone of the schedule
//! rate(5 minutes)                                           every so often, wherever the clocks stand
//! ```
//! Facts of the service that differ from a crontab: days of the week count from 1 = SUN; exactly one of the two day fields
//! is `?`; a time that a zone leaves out in spring is skipped, and one that it repeats in autumn runs once (*Schedule types
//! in EventBridge Scheduler*, user guide). A rate starts when the schedule was made; here it keeps to whole multiples of
//! itself since 1970, so that two processes, and one that was restarted, name the same ticks.
mod fields;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use std::fmt;

/// Times that are looked at until one exists in the zone: an hour or two of minutes around a change of the clocks.
const CANDIDATES_MAX: usize = 2_000;
/// The largest number in a rate.
const RATE_MAX: i64 = 1_000_000;

/// Why an expression cannot be evaluated; names it and says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("schedule expression {expression}: {problem}")]
pub struct ExpressionError {
    /// The expression.
    pub expression: String,
    /// What is wrong and what is expected.
    pub problem: String,
}

/// An expression that has been understood.
#[derive(Debug, Clone)]
pub struct ScheduleExpression {
    text: String,
    zone: Tz,
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Cron(Box<Cron>),
    Rate(TimeDelta),
}

impl ScheduleExpression {
    /// Understands `cron(...)` or `rate(...)` in a zone named as in the IANA database.
    ///
    /// # Errors
    /// What is wrong with the expression or the zone.
    pub fn parse(text: &str, zone: &str) -> Result<Self, ExpressionError> {
        let problem = |problem: String| ExpressionError { expression: text.to_owned(), problem };
        let zone: Tz = zone.parse().map_err(|_| {
            problem(format!("there is no time zone {zone:?}; use a name like America/Sao_Paulo"))
        })?;
        let rule = match text.trim().strip_suffix(')').and_then(|inner| inner.split_once('(')) {
            Some(("cron", fields)) => Rule::Cron(Box::new(cron(fields).map_err(problem)?)),
            Some(("rate", rate)) => Rule::Rate(period(rate).map_err(problem)?),
            _ => return Err(problem("it must be cron(...) or rate(...)".to_owned())),
        };
        Ok(Self { text: text.trim().to_owned(), zone, rule })
    }

    /// The zone in which it is evaluated.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The next time after `time`; `None` when there is none any more.
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.rule {
            Rule::Rate(period) => next_multiple(time, *period),
            Rule::Cron(cron) => self.next_of_cron(cron, time),
        }
    }

    /// The next time after `now`, when the schedule is known to have run at `last`: a rate counts from there.
    pub fn next_after_run(&self, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match (&self.rule, last) {
            (Rule::Rate(period), Some(last)) if last <= now => {
                let since = (now - last).num_seconds() / period.num_seconds();
                last.checked_add_signed(TimeDelta::try_seconds((since + 1) * period.num_seconds())?)
            }
            _ => self.next_after(now),
        }
    }

    /// Goes through the times of the wall clock, which know no change of the clocks, and takes the first that the zone has.
    fn next_of_cron(&self, cron: &Cron, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut wall = time.with_timezone(&self.zone).naive_local().and_utc();
        for _ in 0..CANDIDATES_MAX {
            wall = cron.find_next_occurrence(&wall, false).ok()?;
            // Left out by the zone: skipped. Repeated by the zone: the first of the two, so that it runs once.
            let found = self.zone.from_local_datetime(&wall.naive_utc()).earliest();
            if let Some(found) = found.map(|found| found.with_timezone(&Utc)).filter(|found| *found > time) {
                return Some(found);
            }
        }
        None
    }
}

impl fmt::Display for ScheduleExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.zone)
    }
}

fn next_multiple(time: DateTime<Utc>, period: TimeDelta) -> Option<DateTime<Utc>> {
    let seconds = period.num_seconds();
    let next = time.timestamp().div_euclid(seconds).checked_add(1)?.checked_mul(seconds)?;
    DateTime::from_timestamp(next, 0)
}

fn period(rate: &str) -> Result<TimeDelta, String> {
    let expected = || format!("{rate:?} must be a number from 1 to {RATE_MAX} and minutes, hours or days");
    let (number, unit) = rate.trim().split_once(char::is_whitespace).ok_or_else(expected)?;
    let number: i64 = number.parse().map_err(|_| expected())?;
    let minutes = match unit.trim() {
        "minute" | "minutes" => 1,
        "hour" | "hours" => 60,
        "day" | "days" => 24 * 60,
        _ => return Err(expected()),
    };
    if !(1..=RATE_MAX).contains(&number) {
        return Err(expected());
    }
    TimeDelta::try_minutes(number * minutes).ok_or_else(expected)
}

fn cron(text: &str) -> Result<Cron, String> {
    let pattern = fields::to_crontab(text)?;
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required).build();
    parser.parse(&pattern).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
