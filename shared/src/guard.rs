//! Deadline and panic of a handler: a late one is cancelled in time to be reported, a panic fails that piece of work
//! and nothing else.
//!
//! ```text
//! now ────────────────────────────── deadline − margin ── deadline
//!      the handler may work here     │ cancelled: what was under way is taken up again by the next delivery
//! ```
use crate::function::FunctionError;
use chrono::{DateTime, TimeDelta, Utc};
use flows::deps::FlowError;
use flows::ports::Clock;
use futures_util::FutureExt;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// Kept back from the time of an invocation to report what was not done, at most.
pub const MARGIN_MAX: Duration = Duration::from_secs(2);
/// The part of the time that is kept back when that is less: a tenth.
const MARGIN_DIVISOR: u32 = 10;

/// When the work of an invocation that begins now has to end. Asked for once, at its begin: what is late for one record
/// is late for the next.
pub fn end_of_work(clock: &dyn Clock, deadline: DateTime<Utc>) -> DateTime<Utc> {
    let left = (deadline - clock.now()).to_std().unwrap_or_default();
    let margin = left.checked_div(MARGIN_DIVISOR).unwrap_or_default().min(MARGIN_MAX);
    deadline - TimeDelta::from_std(margin).unwrap_or_default()
}

/// The time until then; `None` when there is none left.
pub fn remaining(clock: &dyn Clock, end: DateTime<Utc>) -> Option<Duration> {
    (end - clock.now()).to_std().ok().filter(|left| !left.is_zero())
}

/// A deadline that far from now.
pub fn deadline_after(clock: &dyn Clock, timeout: Duration) -> DateTime<Utc> {
    clock.now() + TimeDelta::from_std(timeout).unwrap_or(TimeDelta::days(1))
}

/// Runs a handler until [`end_of_work`]; a panic becomes an error.
///
/// # Errors
/// The handler's own, [`FunctionError::TimedOut`] or [`FunctionError::Panicked`].
pub async fn within<R>(
    clock: &dyn Clock,
    end: DateTime<Utc>,
    work: impl Future<Output = Result<R, FlowError>> + Send,
) -> Result<R, FunctionError> {
    let Some(time) = remaining(clock, end) else { return Err(FunctionError::TimedOut) };
    match tokio::time::timeout(time, AssertUnwindSafe(work).catch_unwind()).await {
        Err(_) => Err(FunctionError::TimedOut),
        Ok(Err(panic)) => Err(FunctionError::Panicked(message_of(&*panic))),
        Ok(Ok(handled)) => Ok(handled?),
    }
}

/// What a panic said; its place is on standard error.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::clock::SimulatedClock;

    fn end_in(clock: &SimulatedClock, seconds: u64) -> DateTime<Utc> {
        end_of_work(clock, deadline_after(clock, Duration::from_secs(seconds)))
    }

    #[tokio::test]
    async fn a_handler_in_time_answers() {
        let clock = SimulatedClock::default();
        assert_eq!(within(&clock, end_in(&clock, 300), async { Ok(7) }).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_handler_is_cancelled_before_the_deadline() {
        let clock = SimulatedClock::default();
        let began = tokio::time::Instant::now();
        let late = within::<()>(&clock, end_in(&clock, 300), std::future::pending()).await;
        assert_eq!(late, Err(FunctionError::TimedOut));
        assert_eq!(began.elapsed(), Duration::from_secs(298));
    }

    #[tokio::test]
    async fn without_time_nothing_is_begun() {
        let clock = SimulatedClock::default();
        let begun = async { unreachable!("begun without time") };
        assert_eq!(within::<()>(&clock, clock.now(), begun).await, Err(FunctionError::TimedOut));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_what_it_said() {
        let clock = SimulatedClock::default();
        let panicking = async { panic!("order {}", 7) };
        let error = within::<()>(&clock, end_in(&clock, 300), panicking).await;
        assert_eq!(error, Err(FunctionError::Panicked("order 7".to_owned())));
    }

    #[test]
    fn a_short_time_keeps_back_a_tenth() {
        let clock = SimulatedClock::default();
        let of = |seconds| remaining(&clock, end_in(&clock, seconds));
        assert_eq!(of(10), Some(Duration::from_secs(9)));
        assert_eq!(of(0), None);
    }
}
