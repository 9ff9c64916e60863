//! Who plans: the handler in this process on this machine, the deployed function on a stack, which has the stack's
//! settings and permissions. Both get the same event and give the same report.
use crate::context::Context;
use crate::failure::Failure;
use crate::runtime::failure;
use crate::stack::Stack;
use adapter_aws::InvokeError;
use flows::deps::{Deps, FlowError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sige_backfill::{BackfillEvent, BackfillReport};
use sige_daily_sync::{DailySyncEvent, DailySyncReport};

/// What the message of a function adds to the reason it refused an event for.
const REFUSED_EVENT: &str = "the event was refused: ";

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unplanned {
    /// The event was understood, and the account must not be worked on.
    Refused(String),
    /// Anything else.
    Failed(Failure),
}

impl From<FlowError> for Unplanned {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(reason) => Self::Refused(reason.to_string()),
            error => Self::Failed(failure(error)),
        }
    }
}

impl From<InvokeError> for Unplanned {
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::Failed { kind, message, .. } if kind == "Refused" => Self::Refused(message),
            InvokeError::Failed { kind, message, .. } if kind == "BadEvent" => {
                let reason = message.strip_prefix(REFUSED_EVENT).unwrap_or(&message);
                Self::Failed(Failure::BadUsage(reason.to_owned()))
            }
            error @ (InvokeError::NoSuchFunction(_) | InvokeError::Refused(_)) => {
                Self::Failed(Failure::BadUsage(error.to_string()))
            }
            error @ InvokeError::Unknown { .. } => {
                let remedy =
                    "`erp-sync runs list --plans` shows whether it has, and asking again does no harm";
                Self::Failed(Failure::failed(format!("{error}; {remedy}")))
            }
            error => Self::Failed(Failure::failed(error)),
        }
    }
}

impl From<Unplanned> for Failure {
    fn from(unplanned: Unplanned) -> Self {
        match unplanned {
            Unplanned::Refused(reason) => Self::Failed(reason),
            Unplanned::Failed(failure) => failure,
        }
    }
}

/// Plans the day of every account, or of one.
///
/// # Errors
/// The event is wrong, or nothing could be planned.
pub(crate) async fn daily(
    context: &Context,
    deps: &Deps,
    event: DailySyncEvent,
) -> Result<DailySyncReport, Unplanned> {
    let Some(stack) = &context.stack else { return Ok(sige_daily_sync::handle(event, deps).await?) };
    invoke(stack, "sige-daily-sync", &DailySyncEvent { request: Some(context.random.unique_id()), ..event })
        .await
}

/// Plans a range of days of one account.
///
/// # Errors
/// As [`daily`].
pub(crate) async fn backfill(
    context: &Context,
    deps: &Deps,
    event: BackfillEvent,
) -> Result<BackfillReport, Unplanned> {
    let Some(stack) = &context.stack else { return Ok(sige_backfill::handle(event, deps).await?) };
    invoke(stack, "sige-backfill", &BackfillEvent { request: Some(context.random.unique_id()), ..event })
        .await
}

/// Events carry the identity of their request, so that an event that arrives twice is one plan.
async fn invoke<R: DeserializeOwned>(
    stack: &Stack,
    function: &str,
    event: &impl Serialize,
) -> Result<R, Unplanned> {
    let unreadable = |error: serde_json::Error| {
        let told = format!("stack {} runs another version than this command: {error}", stack.name);
        Unplanned::Failed(Failure::Failed(told))
    };
    let event = serde_json::to_value(event).map_err(unreadable)?;
    let report = stack.invoker.invoke(&format!("{}-{function}", stack.name), &event).await?;
    serde_json::from_value(report).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flows::daily::Accepted;
    use flows::reason::Reason;
    use shared::function::FunctionError;
    use sige_daily_sync::SkippedAccount;

    /// What a function answers when its handler ends in that way.
    fn told_by_function(error: FlowError) -> InvokeError {
        let error = FunctionError::from(error);
        let function = "erp-sync-prod-sige-backfill".to_owned();
        InvokeError::Failed { function, kind: error.kind().to_owned(), message: error.to_string() }
    }

    #[test]
    fn what_a_function_refuses_is_told_as_on_this_machine() {
        let refused = FlowError::Refused(Reason::AccountUnknown { account: "nobody".to_owned() });
        for error in [refused, FlowError::BadRequest("the range is inverted".to_owned())] {
            assert_eq!(Unplanned::from(told_by_function(error.clone())), Unplanned::from(error));
        }
    }

    #[test]
    fn only_what_the_caller_can_correct_is_bad_usage() {
        let function = || "erp-sync-prod-sige-backfill".to_owned();
        let failed = |kind: &str| InvokeError::Failed {
            function: function(),
            kind: kind.to_owned(),
            message: "told".to_owned(),
        };
        for (error, exit_code) in [
            (failed("BadEvent"), 2),
            (InvokeError::NoSuchFunction(function()), 2),
            (InvokeError::Refused("the credentials lack this permission".to_owned()), 2),
            (failed("Refused"), 1),
            (failed("TimedOut"), 1),
            (InvokeError::Unavailable("throttled".to_owned()), 1),
            (InvokeError::Unknown { function: function(), told: "lost".to_owned() }, 1),
        ] {
            assert_eq!(Failure::from(Unplanned::from(error.clone())).exit_code(), exit_code, "{error}");
        }
    }

    #[test]
    fn reports_are_read_as_functions_write_them() {
        let incomplete = Some(Reason::BadEvent { detail: "d".to_owned() });
        let (account, plan) = ("matriz".to_owned(), "run-1".to_owned());
        let plan = Accepted { account: account.clone(), plan, days: 5, resumed: false, incomplete };
        let reason = Reason::AccountDisabled { account: account.clone() };
        let daily = DailySyncReport {
            plans: vec![plan.clone()],
            skipped: vec![SkippedAccount { account, reason }],
            paused: None,
        };
        let json = serde_json::to_value(&daily).unwrap();
        assert_eq!(serde_json::from_value::<DailySyncReport>(json).unwrap(), daily);
        for plan in [Some(plan), None] {
            let backfill = BackfillReport { days: 5, plan };
            let json = serde_json::to_value(&backfill).unwrap();
            assert_eq!(serde_json::from_value::<BackfillReport>(json).unwrap(), backfill);
        }
    }
}
