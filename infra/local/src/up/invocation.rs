//! One invocation of a function: it never takes longer than its time, and a panic is an error of that invocation.
//!
//! The function keeps its deadline itself and reports what it could not do. What is here holds when it does not: Lambda ends
//! such a process, this machine ends the task.
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Clock;
use serde_json::Value;
use shared::function::{Function, FunctionError};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Ends a task when whoever waits for it goes away.
struct EndedWithItsCaller<T>(JoinHandle<T>);

impl<T> Drop for EndedWithItsCaller<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Invokes a function with an event. Dropping the future ends the invocation.
///
/// # Errors
/// The function's own, [`FunctionError::TimedOut`] or [`FunctionError::Panicked`].
pub(super) async fn invoke(
    function: &Arc<dyn Function>,
    event: Value,
    timeout: Duration,
    clock: &dyn Clock,
) -> Result<Value, FunctionError> {
    let (called, name) = (Arc::clone(function), function.name());
    let deadline = deadline(clock, timeout);
    let mut task = EndedWithItsCaller(tokio::spawn(async move { called.invoke(event, deadline).await }));
    // The function has told of its own errors; these two it could not.
    match tokio::time::timeout(timeout, &mut task.0).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(ended)) => {
            let said =
                ended.try_into_panic().map_or_else(|_| "it was cancelled".to_owned(), |panic| said(&*panic));
            tracing::error!(function = name, said, "the function panicked");
            Err(FunctionError::Panicked(said))
        }
        Err(_) => {
            tracing::error!(
                function = name,
                timeout_s = timeout.as_secs(),
                "the function did not end in its time"
            );
            Err(FunctionError::TimedOut)
        }
    }
}

fn deadline(clock: &dyn Clock, timeout: Duration) -> DateTime<Utc> {
    let timeout = TimeDelta::from_std(timeout).unwrap_or(TimeDelta::MAX);
    clock.now().checked_add_signed(timeout).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::for_tests::TestFunction;
    use serde_json::json;
    use std::sync::atomic::{AtomicBool, Ordering};
    use testkit::clock::SimulatedClock;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn called(function: TestFunction) -> Result<Value, FunctionError> {
        let function: Arc<dyn Function> = Arc::new(function);
        invoke(&function, json!({ "v": 1 }), MINUTE, &SimulatedClock::default()).await
    }

    #[tokio::test]
    async fn the_function_gets_the_event_and_its_deadline() {
        let clock = SimulatedClock::default();
        let echo = TestFunction::new(|event, deadline| async move { Ok(json!([event, deadline])) });
        let expected = json!([{ "v": 1 }, clock.now() + TimeDelta::minutes(1)]);
        assert_eq!(called(echo).await, Ok(expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_that_does_not_keep_its_deadline_is_ended() {
        let went_on = Arc::new(AtomicBool::new(false));
        let noted = went_on.clone();
        let deaf = TestFunction::new(move |_, _| {
            let noted = noted.clone();
            async move {
                tokio::time::sleep(2 * MINUTE).await;
                noted.store(true, Ordering::Relaxed);
                Ok(Value::Null)
            }
        });
        assert_eq!(called(deaf).await, Err(FunctionError::TimedOut));
        tokio::time::sleep(3 * MINUTE).await;
        assert!(!went_on.load(Ordering::Relaxed), "it was ended, not left alone");
    }

    #[tokio::test]
    async fn a_panic_is_an_error_with_what_it_said() {
        let panicking = TestFunction::new(|_, _| async { panic!("order {}", 7) });
        assert_eq!(called(panicking).await, Err(FunctionError::Panicked("order 7".to_owned())));
    }
}
