//! A backfill: an inclusive range of past days, refused with the reason when it cannot be meant, resumed when asked for again.
use crate::accounts::Account;
use crate::daily::Accepted;
use crate::deps::{Deps, FlowError};
use crate::plan::{self, Plan, PlanKind};
use chrono::NaiveDate;
use domain::calendar::civil_day;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillRequest {
    /// Identity of the request.
    pub id: String,
    /// First sale day.
    pub from: NaiveDate,
    /// Last sale day.
    pub to: NaiveDate,
    /// Whether the days may become empty.
    pub allow_empty: bool,
}

/// The days of the range, or why it is refused.
pub fn days(deps: &Deps, from: NaiveDate, to: NaiveDate) -> Result<Vec<NaiveDate>, FlowError> {
    let last_completed = civil_day(deps.clock.now()).pred_opt().unwrap_or(NaiveDate::MIN);
    if from < NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN) {
        return Err(FlowError::BadRequest(format!("from {from} is before 1900, where sale days begin")));
    }
    if from > to {
        return Err(FlowError::BadRequest(format!("the range is inverted: from {from} is after to {to}")));
    }
    if to > last_completed {
        return Err(FlowError::BadRequest(format!(
            "to {to} is not over yet in America/Sao_Paulo; the last completed day is {last_completed}"
        )));
    }
    let days: Vec<NaiveDate> = from.iter_days().take_while(|day| *day <= to).collect();
    let max = deps.settings.backfill_days_max;
    if days.len() > usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(FlowError::BadRequest(format!(
            "the range has {} days, more than backfill_days_max = {max}; split it",
            days.len()
        )));
    }
    Ok(days)
}

/// Plans the range, or goes on with an unfinished plan of the same range.
pub async fn plan_backfill(
    deps: &Deps,
    account: &Account,
    request: &BackfillRequest,
) -> Result<Accepted, FlowError> {
    let days = days(deps, request.from, request.to)?;
    let unfinished =
        plan::find_unfinished(deps, &account.name, PlanKind::Backfill, &days, request.allow_empty).await?;
    let plan = match unfinished {
        Some(plan) => {
            plan::spread(deps, account, &plan.id).await?;
            return Ok(Accepted {
                account: account.name.clone(),
                plan: plan.id,
                days: plan.days.len(),
                resumed: true,
                incomplete: None,
            });
        }
        None => Plan::new(&account.name, request.id.clone(), PlanKind::Backfill, deps.clock.now(), days),
    };
    let plan = Plan { allow_empty: request.allow_empty, ..plan };
    let accepted = plan::accept(deps, account, &plan, Vec::new()).await?;
    if !accepted && let Some(stored) = plan::load(deps, &account.name, &plan.id).await? {
        let asked = |plan: &Plan| plan.days.iter().map(|planned| planned.day).collect::<Vec<_>>();
        plan::same_request(&stored.value, asked(&stored.value) == asked(&plan), request.allow_empty)?;
    }
    Ok(Accepted {
        account: account.name.clone(),
        plan: plan.id,
        days: plan.days.len(),
        resumed: !accepted,
        incomplete: None,
    })
}
