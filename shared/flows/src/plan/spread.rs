//! Brings a plan's windows to what its state says: asked for while it is `planning`, given up while it is `cancelling`.
//!
//! Each change of a window is conditional on the version of the plan that it was decided on, so that a cancel and a spread
//! that run at the same time cannot leave a window behind that belongs to neither.
use super::{DayState, Plan, PlanState, load, plan_key, put_plan};
use crate::accounts::Account;
use crate::deps::{Deps, FlowError};
use crate::ports::{Check, Expect, WriteOutcome};
use crate::settings::RACES_MAX;
use crate::typed::Stored;
use crate::window::{self, Moved, WindowRequest};
use chrono::NaiveDate;

/// Completes a plan that is on the move, then says so in its state. Repeating it changes nothing.
///
/// # Errors
/// The store's, or too many others change the plan at the same time.
pub async fn spread(deps: &Deps, account: &Account, id: &str) -> Result<(), FlowError> {
    let Some(mut stored) = load(deps, &account.name, id).await? else { return Ok(()) };
    for _ in 0..RACES_MAX {
        let state = stored.value.state;
        if !state.is_moving() {
            return Ok(());
        }
        let mut days: Vec<NaiveDate> = pending(&stored.value).collect();
        days.reverse();
        let mut races = 0;
        // A plan that changes meanwhile (a day of it was settled) is read again; the days done so far stay done.
        while let Some(day) = days.last().copied() {
            if move_window(deps, &stored, day).await? == Moved::Yes {
                days.pop();
                races = 0;
                continue;
            }
            races += 1;
            let Some(again) = load(deps, &account.name, id).await? else { return Ok(()) };
            stored = again;
            if stored.value.state != state || races >= RACES_MAX {
                break;
            }
            let still: Vec<_> = pending(&stored.value).collect();
            days.retain(|day| still.contains(day));
        }
        if !days.is_empty() {
            continue;
        }
        let settled = Plan { state: settled_state(&stored.value), ..stored.value.clone() };
        let write = put_plan(&settled, Expect::Version(stored.version))?;
        if let WriteOutcome::Written(_) = deps.state.transact(vec![write], Vec::new()).await? {
            return Ok(());
        }
        let Some(again) = load(deps, &account.name, id).await? else { return Ok(()) };
        stored = again;
    }
    Err(FlowError::Contended(format!("plan#{}/{id}", account.name)))
}

fn pending(plan: &Plan) -> impl Iterator<Item = NaiveDate> {
    plan.days.iter().filter(|planned| planned.state == DayState::Pending).map(|planned| planned.day)
}

async fn move_window(deps: &Deps, stored: &Stored<Plan>, day: NaiveDate) -> Result<Moved, FlowError> {
    let plan = &stored.value;
    let fence = Check { key: plan_key(&plan.account, &plan.id), expect: Expect::Version(stored.version) };
    let request = WindowRequest {
        account: &plan.account,
        day,
        priority: plan.kind.priority(),
        plan: &plan.id,
        allow_empty: plan.allow_empty,
    };
    match plan.state {
        PlanState::Cancelling => window::give_up(deps, &request, fence).await,
        _ => window::ask(deps, &request, fence).await,
    }
}

/// Where a plan is once its windows are what its state says.
fn settled_state(plan: &Plan) -> PlanState {
    match plan.state {
        PlanState::Cancelling => PlanState::Cancelled,
        _ if plan.progress().pending == 0 => PlanState::Finished,
        _ => PlanState::Open,
    }
}
