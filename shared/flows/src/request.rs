//! What an event may ask for, judged before anything is looked up: names and ids become parts of keys, and a time in the
//! future would move cursors to where nothing is seen any more.
use crate::accounts::name_problem;
use crate::deps::{Deps, FlowError};
use chrono::{DateTime, TimeDelta, Utc};

/// Longest identity of a request.
const REQUEST_CHARS_MAX: usize = 64;
/// How far a scheduler's clock may be ahead of ours.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);

/// Refuses what cannot be the name of an account.
///
/// # Errors
/// [`FlowError::BadRequest`] with what is wrong.
pub fn check_account(name: &str) -> Result<(), FlowError> {
    match name_problem(name) {
        None => Ok(()),
        Some(problem) => Err(FlowError::BadRequest(format!("account: {problem}"))),
    }
}

/// Refuses what cannot be the identity of a request.
///
/// # Errors
/// [`FlowError::BadRequest`] with what is allowed.
pub fn check_request(id: &str) -> Result<(), FlowError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=REQUEST_CHARS_MAX).contains(&id.len()) && id.bytes().all(plain) {
        return Ok(());
    }
    let told = format!("request must be 1 to {REQUEST_CHARS_MAX} of letters, digits, '-', '_' and '.'");
    Err(FlowError::BadRequest(told))
}

/// Refuses a scheduled time that has not come yet.
///
/// # Errors
/// [`FlowError::BadRequest`] with both times.
pub fn check_scheduled(deps: &Deps, at: DateTime<Utc>) -> Result<(), FlowError> {
    let now = deps.clock.now();
    if at <= now + AHEAD_MAX {
        return Ok(());
    }
    Err(FlowError::BadRequest(format!("scheduled_at {at} has not come yet, it is {now}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_short_and_plain() {
        assert_eq!(check_request("run-2026-03-25_1.a"), Ok(()));
        for bad in ["", "a b", "a#b", "ção", "a/b", &"x".repeat(65)] {
            assert!(check_request(bad).is_err(), "{bad}");
        }
        assert_eq!(check_account("matriz"), Ok(()));
        assert!(check_account("").is_err() && check_account(&"x".repeat(1_100)).is_err());
    }
}
