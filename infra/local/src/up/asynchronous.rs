//! An event that nobody waits for the answer of: tried again after failures, and in the end put where a person finds it.
//!
//! ```text
//! invoke ── failed ── 1 min ── invoke ── failed ── 2 min ── invoke ── failed ──> the function's OnFailure queue
//! ```
//! As Lambda does it (*Asynchronous invocation*), with the attempts and the age of the function's `EventInvokeConfig`. One
//! thing is shorter: an event that the function refuses is not tried again, since no attempt could take it.
use super::invocation::invoke;
use super::stop::Stop;
use crate::template::InvokeConfig;
use chrono::SecondsFormat;
use flows::ports::{Clock, Message, Randomness, WorkQueue};
use serde_json::{Value, json};
use shared::function::{Function, FunctionError};
use std::sync::Arc;
use std::time::Duration;

/// Waits before each further attempt; the last one repeats. Lambda's own.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// Why an event was given up, as Lambda's record names it.
const RETRIES_EXHAUSTED: &str = "RetriesExhausted";
const AGE_EXCEEDED: &str = "EventAgeExceeded";

/// A function with what happens to events that it fails with.
pub struct Asynchronous {
    /// The function.
    pub function: Arc<dyn Function>,
    /// Attempts, age, and the queue for what failed.
    pub config: InvokeConfig,
    /// The time of one invocation.
    pub timeout: Duration,
    /// Where what failed goes.
    pub queue: Arc<dyn WorkQueue>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of requests.
    pub random: Arc<dyn Randomness>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The function answered.
    Answered(Value),
    /// The function failed with it for good; the event stands in the OnFailure queue.
    GivenUp,
    /// The runtime ends, or the event could not be put anywhere: it is to be handed over again.
    Open,
}

impl Asynchronous {
    /// Hands an event over and sees to it until it is settled.
    pub async fn hand_over(&self, event: Value, stop: &Stop) -> Settled {
        let handed_over_at = self.clock.now();
        let request = self.random.unique_id();
        let mut attempts: u32 = 0;
        loop {
            let invoked = tokio::select! {
                invoked = invoke(&self.function, event.clone(), self.timeout, &*self.clock) => invoked,
                () = stop.at_once() => return Settled::Open,
            };
            let error = match invoked {
                Ok(answer) => return Settled::Answered(answer),
                Err(error) => error,
            };
            attempts += 1;
            if attempts > self.config.retry.attempts_max || !error.is_worth_repeating() {
                let record = self.record(&event, &request, RETRIES_EXHAUSTED, attempts, &error);
                return self.give_up(record).await;
            }
            let place = usize::try_from(attempts - 1).unwrap_or(usize::MAX);
            let wait = RETRY_DELAYS.get(place).or(RETRY_DELAYS.last()).copied().unwrap_or_default();
            let age = (self.clock.now() - handed_over_at).to_std().unwrap_or_default();
            if age + wait > self.config.retry.age_max {
                let record = self.record(&event, &request, AGE_EXCEEDED, attempts, &error);
                return self.give_up(record).await;
            }
            tokio::select! {
                () = stop.requested() => return Settled::Open,
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    async fn give_up(&self, record: Value) -> Settled {
        let function = self.function.name();
        let Some(queue) = &self.config.on_failure else {
            tracing::error!(function, "an event was given up, and the function names no queue for it");
            return Settled::GivenUp;
        };
        let message = Message { group: None, deduplication_id: None, body: record.to_string() };
        match self.queue.send(queue, message).await {
            Ok(()) => {
                tracing::error!(function, queue, "an event was given up and stands in the queue");
                Settled::GivenUp
            }
            Err(error) => {
                tracing::error!(function, queue, %error, "an event to be given up could not be put into the queue");
                Settled::Open
            }
        }
    }

    /// The record that Lambda sends to an OnFailure destination.
    fn record(
        &self,
        event: &Value,
        request: &str,
        condition: &str,
        attempts: u32,
        error: &FunctionError,
    ) -> Value {
        json!({
            "version": "1.0",
            "timestamp": self.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true),
            "requestContext": {
                "requestId": request,
                "functionArn": format!("arn:aws:lambda:local:000000000000:function:{}:$LATEST", self.function.name()),
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": event,
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": { "errorType": error.kind(), "errorMessage": error.to_string() },
        })
    }
}

#[cfg(test)]
mod tests;
