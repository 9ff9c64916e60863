//! One schedule: at each of its times the function is handed the event, with the scheduled time written into it.
//!
//! ```text
//! last settled tick ── a later one due? ── yes ── hand over, see to it ── note it as settled ──┐
//!        ^                    └── no ── sleep until the next one (or 30 s: clocks are set, machines sleep)
//!        └─────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//! Ticks of one schedule never overlap. Those that were missed, because the machine was off or the one before took longer, are
//! made up for by the latest of them alone. A schedule that has never been looked at begins now.
use super::asynchronous::{Asynchronous, Settled};
use super::stop::Stop;
use super::ticks::{last_settled, latest_between, note_settled};
use crate::schedule_expression::ScheduleExpression;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use flows::ports::{StateStore, StoreError};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Longest sleep: the time is looked at again, since clocks are set and machines are put to sleep.
const NAP_MAX: Duration = Duration::from_secs(30);
/// How long to wait when a tick could not be settled, or the store cannot be reached.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// A schedule and the function that it wakes.
pub struct Scheduler {
    /// The schedule's name.
    pub name: String,
    /// When it ticks.
    pub expression: ScheduleExpression,
    /// The event as the template has it.
    pub input: String,
    /// The function, and what happens to events that it fails with.
    pub function: Asynchronous,
    /// Where the settled ticks are noted.
    pub state: Arc<dyn StateStore>,
    /// Whether the first start makes up for the latest tick as a later start does.
    pub first_at_once: bool,
}

impl Scheduler {
    /// Ticks until the end is asked for.
    pub async fn run(self, stop: Stop) {
        while !stop.is_requested() {
            let wait = match self.tick(&stop).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(schedule = self.name, %error, "the schedule cannot tick");
                    TRY_AGAIN_AFTER
                }
            };
            tokio::select! {
                () = stop.requested() => {}
                () = self.function.clock.sleep(wait) => {}
            }
        }
    }

    /// Sees to the tick that is due, if one is; how long to wait before the next look.
    async fn tick(&self, stop: &Stop) -> Result<Duration, StoreError> {
        let now = self.function.clock.now();
        let Some(last) = last_settled(&*self.state, &self.name).await? else {
            let day = if self.first_at_once { TimeDelta::days(1) } else { TimeDelta::zero() };
            note_settled(&*self.state, &self.name, now - day).await?;
            return Ok(Duration::ZERO);
        };
        let Some(due) = latest_between(&self.expression, last, now) else {
            let next = self.expression.next_after(now.max(last));
            let left = next.and_then(|next| (next - now).to_std().ok());
            return Ok(left.unwrap_or(NAP_MAX).min(NAP_MAX));
        };
        let event = self.event(due);
        let settled = self.function.hand_over(event, stop).await;
        if let Settled::Answered(answer) = &settled {
            self.tell(due, answer);
        }
        match settled {
            Settled::Answered(_) | Settled::GivenUp => {
                note_settled(&*self.state, &self.name, due).await?;
                Ok(Duration::ZERO)
            }
            Settled::Open => Ok(TRY_AGAIN_AFTER),
        }
    }

    /// A line for a tick that did something. The dispatcher mostly finds nothing to do, every minute.
    fn tell(&self, scheduled_at: DateTime<Utc>, answer: &Value) {
        let function = self.function.function.name();
        let did = summary(answer);
        if did.is_empty() {
            tracing::debug!(function, %scheduled_at, "nothing to do");
        } else {
            tracing::info!(function, %scheduled_at, did, "ticked");
        }
    }

    /// The event of a tick: EventBridge Scheduler's context attributes are replaced in the text of the template.
    fn event(&self, scheduled_at: DateTime<Utc>) -> Value {
        let text = self
            .input
            .replace(
                "<aws.scheduler.schedule-arn>",
                &format!("arn:aws:scheduler:local:000000000000:schedule/default/{}", self.name),
            )
            .replace(
                "<aws.scheduler.scheduled-time>",
                &scheduled_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            )
            .replace("<aws.scheduler.execution-id>", &self.function.random.unique_id())
            .replace("<aws.scheduler.attempt-number>", "1");
        // The template was read: it is JSON. If a name broke it after all, the function refuses the text with a reason.
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

/// What a function did, in a few words: each field of its answer that says something, lists by their length.
fn summary(answer: &Value) -> String {
    let said = answer.as_object().into_iter().flatten().filter_map(|(name, value)| match value {
        Value::Number(number) if number.as_u64() != Some(0) => Some(format!("{name} {number}")),
        Value::Array(items) if !items.is_empty() => Some(format!("{name} {}", items.len())),
        Value::Object(_) => Some(name.clone()),
        _ => None,
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
