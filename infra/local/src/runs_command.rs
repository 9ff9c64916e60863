//! `erp-sync runs …`: what was done, how far the plans have come, and what becomes of them.
use crate::carry_out::carry_out;
use crate::cli::{RunsListArgs, RunsResumeArgs, RunsShowArgs, RunsTurnArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::runs_table::{print_plan, print_plans, print_runs};
use crate::runtime::{failure, some_account};
use crate::turn::Turn;
use crate::wiring;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use flows::accounts::{self, Account};
use flows::daily::Accepted;
use flows::journal::{self, Run, RunFilter};
use flows::lease::Takeover;
use flows::plan::{self, Plan, PlanChange, PlanState, plan_key};
use flows::typed;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// How far back a listing looks unless told otherwise.
const DAYS_BACK: i64 = 7;
/// Entries of one page, and pages of one listing.
const PAGE_ENTRIES: usize = 1_000;
const PAGES_MAX: usize = 200;

/// `runs list`.
///
/// # Errors
/// There is no such account, or the store failed.
pub async fn list(context: &Context, args: &RunsListArgs) -> Result<(), Failure> {
    let since = match args.since {
        Some(day) => day.and_time(NaiveTime::MIN).and_utc(),
        None => context.clock.now() - TimeDelta::days(DAYS_BACK),
    };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    if args.plans {
        return list_plans(context, args.account.as_deref(), since, limit).await;
    }
    let filter = RunFilter {
        account: args.account.clone(),
        function: args.function.clone(),
        since: Some(since),
        limit: PAGE_ENTRIES,
    };
    let mut runs: VecDeque<Run> = VecDeque::new();
    let (mut cursor, mut left_out, mut more) = (None, 0, false);
    for page in 0.. {
        let found = journal::runs(&*context.state, &filter, cursor).await.map_err(Failure::failed)?;
        runs.extend(found.runs);
        let surplus = runs.len().saturating_sub(limit);
        runs.drain(..surplus);
        left_out += surplus;
        cursor = found.cursor;
        more = cursor.is_some();
        if !more || page + 1 >= PAGES_MAX {
            break;
        }
    }
    let runs = Vec::from(runs);
    context.output.result(&runs, |output| print_runs(output, &runs));
    if left_out > 0 {
        context.output.note(format!("{left_out} older ones are not shown; --limit shows more"));
    }
    if more {
        context.output.note("there is more than one listing reads; narrow it down with --since");
    }
    Ok(())
}

async fn list_plans(
    context: &Context,
    account: Option<&str>,
    since: DateTime<Utc>,
    limit: usize,
) -> Result<(), Failure> {
    let mut plans = Vec::new();
    for account in of(context, account).await? {
        let (of_account, _) = plan::list(&*context.state, &account.name).await.map_err(Failure::failed)?;
        plans
            .extend(of_account.into_iter().filter(|plan| plan.requested_at >= since || plan.state.is_open()));
    }
    plans.sort_by_key(|plan| plan.requested_at);
    let surplus = plans.len().saturating_sub(limit);
    plans.drain(..surplus);
    context
        .output
        .result(&plans.iter().map(summary).collect::<Vec<_>>(), |output| print_plans(output, &plans));
    Ok(())
}

/// A plan without its days.
fn summary(plan: &Plan) -> Value {
    json!({
        "plan": plan.id, "account": plan.account, "kind": plan.kind, "state": plan.state,
        "requested_at": plan.requested_at, "progress": plan.progress(),
    })
}

/// The accounts in question: all of them, whether they are switched on or not, or the one named.
async fn of(context: &Context, name: Option<&str>) -> Result<Vec<Account>, Failure> {
    match name {
        Some(name) => some_account(context, Some(name)).await,
        None => {
            let stored = accounts::list(&*context.state).await.map_err(Failure::failed)?;
            Ok(stored.into_iter().map(|stored| stored.account).collect())
        }
    }
}

/// The plans of that id, with their accounts.
async fn plans(context: &Context, id: &str, account: Option<&str>) -> Result<Vec<(Account, Plan)>, Failure> {
    let mut found = Vec::new();
    for account in of(context, account).await? {
        let stored = typed::load::<Plan>(&*context.state, &plan_key(&account.name, id)).await;
        if let Some(stored) = stored.map_err(Failure::failed)? {
            found.push((account, stored.value));
        }
    }
    Ok(found)
}

fn unknown(id: &str, what: &str) -> Failure {
    Failure::BadUsage(format!(
        "there is no {what} {id}: see `erp-sync runs list` and `erp-sync runs list --plans`"
    ))
}

/// The one plan that is meant.
async fn one(context: &Context, id: &str, account: Option<&str>) -> Result<(Account, Plan), Failure> {
    let mut found = plans(context, id, account).await?;
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(|(account, _)| account.name.as_str()).collect();
        let told = format!("{} have a plan {id}; name one with --account", names.join(", "));
        return Err(Failure::BadUsage(told));
    }
    found.pop().ok_or_else(|| unknown(id, "plan"))
}

/// `runs show`.
///
/// # Errors
/// There is no such run or plan, or the store failed.
pub async fn show(context: &Context, args: &RunsShowArgs) -> Result<(), Failure> {
    let run = journal::find_run(&*context.state, &args.id).await.map_err(Failure::failed)?;
    if let Some(run) = run {
        context.output.result(&run, |output| {
            print_runs(output, std::slice::from_ref(&run));
            run.reasons.iter().for_each(|reason| output.line(format!("  {reason}")));
        });
        return Ok(());
    }
    let (_, plan) = one(context, &args.id, args.account.as_deref()).await.map_err(|error| {
        if error == unknown(&args.id, "plan") { unknown(&args.id, "run or plan") } else { error }
    })?;
    context.output.result(&plan, |output| print_plan(output, &plan));
    Ok(())
}

/// `runs cancel`.
///
/// # Errors
/// There is no such plan, or the store failed.
pub async fn cancel(context: &Context, args: &RunsTurnArgs) -> Result<(), Failure> {
    let (account, plan) = one(context, &args.id, args.account.as_deref()).await?;
    let mut change = PlanChange { changed: plan.state.is_open(), plan };
    if args.apply && change.changed {
        let (deps, _) = wiring::deps(context, Takeover::Never).await?;
        let detail = json!({ "plan": args.id, "progress": change.plan.progress() });
        let audit = context.audit().entry("runs.cancel", &account.name, detail);
        change = plan::cancel(&deps, &account, &args.id, Some(audit)).await.map_err(failure)?;
    }
    tell(context, &change, args.apply, ["cancelled", "is not open"]);
    Ok(())
}

/// `runs resume`.
///
/// # Errors
/// There is no such plan, or its days could not be done.
pub async fn resume(context: &Context, args: &RunsResumeArgs) -> Result<(), Failure> {
    let (id, apply) = (&args.turn.id, args.turn.apply);
    let (account, plan) = one(context, id, args.turn.account.as_deref()).await?;
    let is_cancelled = matches!(plan.state, PlanState::Cancelled | PlanState::Cancelling);
    let mut change = PlanChange { changed: is_cancelled, plan };
    if !apply || !is_cancelled {
        tell(context, &change, apply, ["resumed", "is not cancelled"]);
        return Ok(());
    }
    let mut turn = Turn::take(context, args.no_wait).await?;
    let (deps, _) = wiring::deps(context, turn.takeover()).await?;
    let detail = json!({ "plan": id, "progress": change.plan.progress() });
    let audit = context.audit().entry("runs.resume", &account.name, detail);
    change = plan::resume(&deps, &account, id, Some(audit)).await.map_err(failure)?;
    flows::dispatch::tick(&deps).await.map_err(failure)?;
    let (name, days) = (account.name, change.plan.days.len());
    let accepted = Accepted { account: name, plan: id.clone(), days, resumed: true, incomplete: None };
    let run = carry_out(context, &deps, &mut turn, "runs-resume", accepted, args.no_wait).await?;
    let value =
        json!({ "plan": summary(&change.plan), "changed": change.changed, "applied": true, "run": run });
    context.output.result(&value, |output| run.print(output));
    run.shortfall().map_or(Ok(()), |shortfall| Err(Failure::Failed(shortfall)))
}

fn tell(context: &Context, change: &PlanChange, apply: bool, [done, not]: [&str; 2]) {
    let applied = change.changed && apply;
    let value = json!({ "plan": summary(&change.plan), "changed": change.changed, "applied": applied });
    context.output.result(&value, |output| {
        let progress = change.plan.progress();
        let days = format!("{} of {} days have no outcome", progress.pending, progress.days);
        let told = match (change.changed, apply) {
            (true, true) => format!("is {done}"),
            (true, false) => format!("would be {done}"),
            (false, _) => not.to_owned(),
        };
        output.line(format!("plan {} of account {} {told}; {days}", change.plan.id, change.plan.account));
    });
    if change.changed && !apply {
        context.output.note("nothing was changed; repeat with --apply to do it");
    }
}

/// What `runs watch` follows.
pub(crate) async fn watched(context: &Context, args: &RunsShowArgs) -> Result<Vec<Accepted>, Failure> {
    let found = plans(context, &args.id, args.account.as_deref()).await?;
    if found.is_empty() {
        return Err(unknown(&args.id, "plan"));
    }
    let accepted = found.into_iter().map(|(account, plan)| Accepted {
        account: account.name,
        plan: plan.id,
        days: plan.days.len(),
        resumed: false,
        incomplete: None,
    });
    Ok(accepted.collect())
}
