//! The jobs on this machine: from a command's arguments to a report.
use crate::cli::{BackfillArgs, DailyArgs};
use crate::context::Context;
use crate::drain::{self, Ended, Patience, PlanRef};
use crate::failure::Failure;
use crate::plan_report::{account_report, idle, would_plan};
use crate::planning::{self, Unplanned};
use crate::progress::Progress;
use crate::report::{AccountReport, RunReport, Waiting};
use crate::turn::Turn;
use crate::watch::{Watched, watch};
use crate::wiring;
use flows::accounts::{self, Account};
use flows::daily::Accepted;
use flows::deps::{Deps, FlowError};
use flows::reason::Reason;
use sige_backfill::BackfillEvent;
use sige_daily_sync::DailySyncEvent;

/// How a command goes about the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pace {
    /// Do not wait for what is due later, nor for another process.
    pub no_wait: bool,
    /// Tell how far it has come, also where there is no terminal.
    pub watch: bool,
}

/// `run sige-daily-sync`.
///
/// # Errors
/// The request is wrong, or the stores failed. What happened to single days is in the report.
pub async fn run_daily(context: &Context, args: &DailyArgs) -> Result<RunReport, Failure> {
    let wanted = some_account(context, args.account.as_deref()).await?;
    let mut turn = Turn::take(context, args.no_wait).await?;
    let (deps, writes) = wiring::deps(context, turn.takeover()).await?;
    usable(context, &deps, &wanted).await?;
    let event = DailySyncEvent {
        v: 1,
        scheduled_at: None,
        request: None,
        account: args.account.clone(),
        last_day: args.date,
        allow_empty: args.allow_empty,
    };
    let planned = planning::daily(context, &deps, event).await?;
    let mut report = RunReport {
        job: "sige-daily-sync".to_owned(),
        dry_run: false,
        accounts: planned
            .skipped
            .into_iter()
            .map(|skipped| {
                let disabled = matches!(skipped.reason, Reason::AccountDisabled { .. });
                AccountReport { disabled, ..idle(skipped.account, skipped.reason.to_string()) }
            })
            .collect(),
        write_requests: None,
        waiting: None,
        submitted_to: None,
    };
    let pace = Pace { no_wait: args.no_wait, watch: args.watch };
    let ours = turn.worker().is_none();
    work(context, &deps, &planned.plans, pace, &mut turn, &mut report).await?;
    wiring::tidy(context).await;
    // What others wrote for this request was not counted here.
    report.write_requests = ours.then(|| writes.get());
    Ok(report)
}

/// `run sige-backfill`.
///
/// # Errors
/// As [`run_daily`].
pub async fn run_backfill(context: &Context, args: &BackfillArgs) -> Result<RunReport, Failure> {
    let wanted = some_account(context, args.account.as_deref()).await?;
    let mut turn = Turn::take(context, args.no_wait).await?;
    let (deps, writes) = wiring::deps(context, turn.takeover()).await?;
    usable(context, &deps, &wanted).await?;
    let mut report = RunReport {
        job: "sige-backfill".to_owned(),
        dry_run: args.dry_run,
        accounts: Vec::new(),
        write_requests: None,
        waiting: None,
        submitted_to: None,
    };
    let mut plans = Vec::new();
    for account in wanted {
        let event = BackfillEvent {
            v: 1,
            account: account.name.clone(),
            from: args.from,
            to: args.to,
            dry_run: args.dry_run,
            allow_empty: args.allow_empty,
            request: None,
        };
        match planning::backfill(context, &deps, event).await {
            Ok(planned) => match planned.plan {
                Some(plan) => plans.push(plan),
                None => report.accounts.push(would_plan(account.name, args.from, planned.days)),
            },
            Err(Unplanned::Refused(reason)) => report.accounts.push(idle(account.name, reason)),
            Err(Unplanned::Failed(failure)) => return Err(failure),
        }
    }
    let pace = Pace { no_wait: args.no_wait, watch: args.watch };
    let ours = turn.worker().is_none();
    work(context, &deps, &plans, pace, &mut turn, &mut report).await?;
    // What others wrote for this request was not counted here.
    report.write_requests = ours.then(|| writes.get());
    Ok(report)
}

/// The accounts a command works on; refused when there is none.
pub(crate) async fn some_account(context: &Context, name: Option<&str>) -> Result<Vec<Account>, Failure> {
    let stored = accounts::list(&*context.state).await.map_err(Failure::failed)?;
    let all: Vec<_> = stored.into_iter().map(|stored| stored.account).collect();
    if all.is_empty() {
        let message = "there is no account yet: write accounts.toml and apply it with `erp-sync accounts apply --apply`, \
                       or take over the old worker with `erp-sync import-env FILE --apply`";
        return Err(Failure::BadUsage(message.to_owned()));
    }
    let Some(name) = name else {
        return Ok(all.into_iter().filter(|account| account.enabled).collect());
    };
    let known: Vec<_> = all.iter().map(|account| account.name.clone()).collect();
    let found: Vec<_> = all.into_iter().filter(|account| account.name == name).collect();
    if found.is_empty() {
        return Err(Failure::BadUsage(format!("there is no account {name}; there is {}", known.join(", "))));
    }
    Ok(found)
}

/// Refuses a run in which no account can work, before anything is planned. One account's bad secret does not stop others.
/// The functions of a stack open their own connections, with secrets that this process need not be able to read.
async fn usable(context: &Context, deps: &Deps, accounts: &[Account]) -> Result<(), Failure> {
    if context.stack.is_some() {
        return Ok(());
    }
    let mut problems = Vec::new();
    let mut working = 0;
    for account in accounts.iter().filter(|account| account.enabled && account.stopped.is_none()) {
        let opened = async {
            deps.connections.orders(account).await?;
            deps.connections.sheet(account).await.map(|_| ())
        };
        match opened.await {
            Err(reason @ Reason::Credentials { .. }) => problems.push(reason.to_string()),
            Ok(()) | Err(_) => working += 1,
        }
    }
    if working > 0 || problems.is_empty() { Ok(()) } else { Err(Failure::BadUsage(problems.join("; "))) }
}

pub(crate) fn failure(error: FlowError) -> Failure {
    match error {
        FlowError::BadRequest(message) => Failure::BadUsage(message),
        FlowError::Refused(reason) => Failure::failed(reason),
        error => Failure::failed(error),
    }
}

/// Works until the plans have an outcome, or watches whoever works on them, and puts it into the report.
pub(crate) async fn work(
    context: &Context,
    deps: &Deps,
    accepted: &[Accepted],
    pace: Pace,
    turn: &mut Turn,
    report: &mut RunReport,
) -> Result<(), Failure> {
    let plans: Vec<_> = accepted
        .iter()
        .map(|plan| PlanRef { account: plan.account.clone(), plan: plan.plan.clone() })
        .collect();
    let days = accepted.iter().map(|plan| plan.days).sum();
    let progress = Progress::start(&context.output, days, pace.watch);
    let ended = bring_to_an_end(context, deps, &plans, pace, turn, &progress).await;
    progress.finish();
    let ended = ended?;
    for plan in accepted {
        report.accounts.push(account_report(deps, plan).await.map_err(failure)?);
    }
    report.accounts.sort_by(|one, two| one.account.cmp(&two.account));
    match ended {
        None => report.submitted_to = turn.worker().map(ToString::to_string),
        Some(Ended::Finished) => {}
        Some(Ended::Waiting { reason, until }) => {
            report.waiting = Some(Waiting { reason: reason.to_string(), until });
        }
        Some(Ended::Stopped) => {
            let reason = match turn {
                Turn::Ours(_) => "stopped by the user; run it again to go on".to_owned(),
                Turn::Theirs(worker) => format!("no longer watched; {worker} goes on with it"),
            };
            report.waiting = Some(Waiting { reason, until: deps.clock.now() });
        }
    }
    Ok(())
}

/// How it ended; `None` when the work was left to whoever works for everybody, without watching.
async fn bring_to_an_end(
    context: &Context,
    deps: &Deps,
    plans: &[PlanRef],
    pace: Pace,
    turn: &mut Turn,
    progress: &Progress,
) -> Result<Option<Ended>, Failure> {
    let patience = if pace.no_wait { Patience::None } else { Patience::UntilOutage };
    if let Turn::Theirs(worker) = turn {
        if pace.no_wait {
            return Ok(None);
        }
        context.output.note(format!("{worker} does the work; watching it"));
        let mut unreadable = None;
        let watched = watch(deps, plans, progress, patience, || {
            if let Err(failure) = turn.look_again(context) {
                unreadable = Some(failure);
            }
            matches!(turn, Turn::Theirs(_)) && unreadable.is_none()
        });
        let watched = watched.await.map_err(failure)?;
        if let Some(failure) = unreadable {
            return Err(failure);
        }
        match watched {
            Watched::Ended(ended) => return Ok(Some(ended)),
            Watched::NobodyWorks => context.output.note("it has ended; this process goes on with the work"),
        }
    }
    let deps = Deps { takeover: turn.takeover(), ..deps.clone() };
    drain::drain(&deps, plans, progress, patience).await.map(Some).map_err(failure)
}
