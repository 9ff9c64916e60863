//! A person cancels a plan, or lets a cancelled one go on.
//!
//! Cancelling concludes nothing about the days: those without an outcome stay pending in the record. A window that no other
//! plan waits for is no longer due; one in hand, or with a write in doubt, is finished, and the plan is told. Both are one
//! write of the plan, with the audit item in it, and then what `spread` does; a crash in between is completed by `dispatch`.
use super::{Plan, PlanState, load, put_plan, spread};
use crate::accounts::Account;
use crate::deps::{Deps, FlowError};
use crate::ports::{Expect, WriteOp, WriteOutcome};
use crate::settings::RACES_MAX;
use serde::Serialize;

/// What a cancel or a resume came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanChange {
    /// Whether anything was, or would be, changed.
    pub changed: bool,
    /// The plan as it stood before.
    pub plan: Plan,
}

/// Cancels a plan that is not finished. With an audit item, which is committed together with the change, it does it;
/// without one it only says whether it would. A plan that is cancelled or finished already is left as it is.
///
/// # Errors
/// There is no such plan, or the store failed.
pub async fn cancel(
    deps: &Deps,
    account: &Account,
    id: &str,
    audit: Option<WriteOp>,
) -> Result<PlanChange, FlowError> {
    turn(deps, account, id, PlanState::Cancelling, audit).await
}

/// Asks for the pending days of a cancelled plan again. The audit item is treated as by [`cancel`].
///
/// # Errors
/// There is no such plan, or the store failed.
pub async fn resume(
    deps: &Deps,
    account: &Account,
    id: &str,
    audit: Option<WriteOp>,
) -> Result<PlanChange, FlowError> {
    turn(deps, account, id, PlanState::Planning, audit).await
}

async fn turn(
    deps: &Deps,
    account: &Account,
    id: &str,
    to: PlanState,
    audit: Option<WriteOp>,
) -> Result<PlanChange, FlowError> {
    for _ in 0..RACES_MAX {
        let Some(stored) = load(deps, &account.name, id).await? else {
            let told = format!("there is no plan {id} of account {}: see `erp-sync runs list`", account.name);
            return Err(FlowError::BadRequest(told));
        };
        let plan = stored.value;
        let changed = match to {
            PlanState::Cancelling => plan.state.is_open(),
            _ => matches!(plan.state, PlanState::Cancelling | PlanState::Cancelled),
        };
        let Some(audit) = audit.clone().filter(|_| changed) else {
            return Ok(PlanChange { changed, plan });
        };
        let turned = put_plan(&Plan { state: to, ..plan.clone() }, Expect::Version(stored.version))?;
        if let WriteOutcome::Written(_) = deps.state.transact(vec![turned, audit], Vec::new()).await? {
            spread(deps, account, id).await?;
            return Ok(PlanChange { changed, plan });
        }
    }
    Err(FlowError::Contended(format!("plan#{}/{id}", account.name)))
}
