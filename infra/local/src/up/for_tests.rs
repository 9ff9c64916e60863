//! What the tests of the runtime share: a function that does what a test says, and a clock on tokio's paused time, on which
//! everything that waits is woken in the order of its time.
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Clock;
use serde_json::Value;
use shared::function::{Function, FunctionError};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

type Answer = Pin<Box<dyn Future<Output = Result<Value, FunctionError>> + Send>>;

pub(crate) struct TestFunction {
    work: Box<dyn Fn(Value, DateTime<Utc>) -> Answer + Send + Sync>,
}

impl TestFunction {
    pub(crate) fn new<F>(work: impl Fn(Value, DateTime<Utc>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Value, FunctionError>> + Send + 'static,
    {
        Self { work: Box::new(move |event, deadline| Box::pin(work(event, deadline))) }
    }
}

#[async_trait]
impl Function for TestFunction {
    fn name(&self) -> &'static str {
        "test-function"
    }

    async fn invoke(&self, event: Value, deadline: DateTime<Utc>) -> Result<Value, FunctionError> {
        (self.work)(event, deadline).await
    }
}

/// For tests with `start_paused = true`.
#[derive(Debug, Clone)]
pub(crate) struct PausedClock {
    shown: DateTime<Utc>,
    at: tokio::time::Instant,
}

impl PausedClock {
    pub(crate) fn at(time: &str) -> Self {
        Self { shown: time.parse().unwrap(), at: tokio::time::Instant::now() }
    }
}

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> DateTime<Utc> {
        self.shown + TimeDelta::from_std(self.at.elapsed()).unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
