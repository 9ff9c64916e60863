//! The jobs on this machine: from a command's arguments to a report.
use crate::cli::{BackfillArgs, DailyArgs, RestoreArgs};
use crate::context::Context;
use crate::drain::{self, Ended, Patience, PlanRef};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::{AccountReport, DayOutcome, DayReport, RunReport, Waiting};
use crate::wiring;
use adapter_local::{InstanceLock, LockError, Work};
use flows::accounts::{self, Account};
use flows::daily::Accepted;
use flows::deps::{Deps, FlowError};
use flows::lease::Takeover;
use flows::plan::{self, DayState};
use flows::ports::Range;
use flows::reason::Reason;
use flows::records::{DayRecord, OrderRecord, day_key, quarantine};
use flows::restore::Restoration;
use flows::typed;
use flows::window::{Window, window_key};
use serde_json::json;
use sige_backfill::BackfillEvent;
use sige_daily_sync::DailySyncEvent;
use std::time::Duration;

/// How often a second process looks whether the first one is done.
const TURN_INTERVAL: Duration = Duration::from_millis(200);
/// Orders in quarantine whose reasons a report names.
const QUARANTINE_SHOWN_MAX: usize = 200;

/// `run sige-daily-sync`.
///
/// # Errors
/// The request is wrong, or the stores failed. What happened to single days is in the report.
pub async fn run_daily(context: &Context, args: &DailyArgs) -> Result<RunReport, Failure> {
    let wanted = some_account(context, args.account.as_deref()).await?;
    let _turn = turn(context, args.no_wait).await?;
    let (deps, writes) = wiring::deps(context, Takeover::OwnerIsGone).await?;
    usable(&deps, &wanted).await?;
    let event = DailySyncEvent {
        v: 1,
        scheduled_at: None,
        request: None,
        account: args.account.clone(),
        last_day: args.date,
        allow_empty: args.allow_empty,
    };
    let planned = sige_daily_sync::handle(event, &deps).await.map_err(failure)?;
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
        write_requests: 0,
        waiting: None,
    };
    work(context, &deps, &planned.plans, args.no_wait, &mut report).await?;
    wiring::tidy(context).await;
    report.write_requests = writes.get();
    Ok(report)
}

/// `run sige-backfill`.
///
/// # Errors
/// As [`run_daily`].
pub async fn run_backfill(context: &Context, args: &BackfillArgs) -> Result<RunReport, Failure> {
    let wanted = some_account(context, args.account.as_deref()).await?;
    let _turn = turn(context, args.no_wait).await?;
    let (deps, writes) = wiring::deps(context, Takeover::OwnerIsGone).await?;
    usable(&deps, &wanted).await?;
    let mut report = RunReport {
        job: "sige-backfill".to_owned(),
        dry_run: args.dry_run,
        accounts: Vec::new(),
        write_requests: 0,
        waiting: None,
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
        match sige_backfill::handle(event, &deps).await {
            Ok(planned) => match planned.plan {
                Some(plan) => plans.push(plan),
                None => report.accounts.push(would_plan(&deps, account.name, args)?),
            },
            Err(FlowError::Refused(reason)) => report.accounts.push(idle(account.name, reason.to_string())),
            Err(error) => return Err(failure(error)),
        }
    }
    work(context, &deps, &plans, args.no_wait, &mut report).await?;
    report.write_requests = writes.get();
    Ok(report)
}

/// `sige restore`; prints its own result.
///
/// # Errors
/// There is nothing to restore, or it could not be done.
pub async fn restore(context: &Context, args: &RestoreArgs) -> Result<(), Failure> {
    let name = &args.account;
    let wanted = some_account(context, Some(name)).await?;
    let account = wanted.into_iter().next().ok_or_else(|| Failure::failed("the account is gone"))?;
    let _turn = turn(context, false).await?;
    let (deps, _) = wiring::deps(context, Takeover::OwnerIsGone).await?;
    if account.stopped.is_none() {
        let nothing = flows::restore::restore(&deps, &account, None).await.map_err(failure)?;
        context.output.result(&nothing, |output| {
            output.line(format!("account {name} is not stopped: there is nothing to restore"));
        });
        return Ok(());
    }
    let audit = args.apply.then(|| context.audit().entry("sige restore", name, json!({ "account": name })));
    let restoration = flows::restore::restore(&deps, &account, audit).await.map_err(failure)?;
    let mut report = None;
    if let Some(plan) = &restoration.plan {
        let plan = Accepted {
            account: name.clone(),
            plan: plan.clone(),
            days: restoration.days.len(),
            resumed: false,
            incomplete: None,
        };
        let mut run = RunReport {
            job: "sige-restore".to_owned(),
            dry_run: false,
            accounts: Vec::new(),
            write_requests: 0,
            waiting: None,
        };
        work(context, &deps, &[plan], false, &mut run).await?;
        report = Some(run);
    }
    let result = json!({ "restoration": restoration, "run": report, "applied": args.apply });
    context.output.result(&result, |output| {
        print_restoration(output, &restoration, args.apply);
        if let Some(run) = &report {
            run.print(output);
        }
    });
    match report {
        Some(run) => run.shortfall().map_or(Ok(()), |shortfall| Err(Failure::Failed(shortfall))),
        None => Ok(()),
    }
}

fn print_restoration(output: &crate::output::Output, restoration: &Restoration, applied: bool) {
    if let Some(stop) = &restoration.stopped {
        let since = stop.at.format("%Y-%m-%d %H:%M:%SZ");
        output.line(format!("account {} was stopped at {since}: {}", restoration.account, stop.reason));
    }
    let text = |value: Option<String>| value.unwrap_or_default();
    let rows = restoration.lost.iter().map(|row| {
        [
            row.row.to_string(),
            text(row.code.map(|code| code.to_string())),
            text(row.day.map(|day| day.to_string()).or_else(|| row.text.clone())),
            if row.ours { "rebuilt from SIGE" } else { "take it from the version history" }.to_owned(),
        ]
    });
    output.table(["row", "B", "D", "what happens"], rows.collect::<Vec<_>>());
    if let Some(at) = restoration.taken_at {
        let at = at.format("%Y-%m-%d %H:%M:%SZ");
        output.line(format!("the spreadsheet as it was: File > Version history, just before {at}"));
    }
    let days: Vec<_> = restoration.days.iter().map(ToString::to_string).collect();
    let verb = if applied {
        "synchronised again"
    } else {
        "would be synchronised again (nothing changed; add --apply)"
    };
    output.line(format!("{} {verb}", if days.is_empty() { "no day".to_owned() } else { days.join(", ") }));
}

/// The accounts a command works on; refused when there is none.
async fn some_account(context: &Context, name: Option<&str>) -> Result<Vec<Account>, Failure> {
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
async fn usable(deps: &Deps, accounts: &[Account]) -> Result<(), Failure> {
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

/// One process works on a data directory at a time; the next one waits for its turn.
async fn turn(context: &Context, no_wait: bool) -> Result<InstanceLock, Failure> {
    let mut told = false;
    loop {
        match InstanceLock::try_acquire(&context.config.data_dir, &*context.clock, Work::Job) {
            Ok(lock) => return Ok(lock),
            Err(error @ LockError::Held { .. }) if no_wait => {
                return Err(Failure::failed(format!(
                    "{error}; without --no-wait this command waits for its turn"
                )));
            }
            Err(error @ LockError::Held { .. }) => {
                if !std::mem::replace(&mut told, true) {
                    context.output.note(format!("{error}; waiting for it to end"));
                }
                context.clock.sleep(TURN_INTERVAL).await;
            }
            Err(error) => return Err(Failure::failed(error)),
        }
    }
}

fn failure(error: FlowError) -> Failure {
    match error {
        FlowError::BadRequest(message) => Failure::BadUsage(message),
        FlowError::Refused(reason) => Failure::failed(reason),
        error => Failure::failed(error),
    }
}

fn idle(account: String, reason: String) -> AccountReport {
    AccountReport {
        account,
        plan: None,
        resumed: false,
        reason: Some(reason),
        disabled: false,
        days: Vec::new(),
    }
}

fn would_plan(deps: &Deps, account: String, args: &BackfillArgs) -> Result<AccountReport, Failure> {
    let days = flows::backfill::days(deps, args.from, args.to).map_err(failure)?;
    let pending = |day| DayReport {
        day,
        outcome: DayOutcome::Pending,
        rows: 0,
        quarantined: 0,
        reason: None,
        contacts_missing: false,
    };
    let days = days.into_iter().map(pending).collect();
    Ok(AccountReport { account, plan: None, resumed: false, reason: None, disabled: false, days })
}

/// Works until the plans have an outcome and puts it into the report.
pub(crate) async fn work(
    context: &Context,
    deps: &Deps,
    accepted: &[Accepted],
    no_wait: bool,
    report: &mut RunReport,
) -> Result<(), Failure> {
    let plans: Vec<_> = accepted
        .iter()
        .map(|plan| PlanRef { account: plan.account.clone(), plan: plan.plan.clone() })
        .collect();
    let days = accepted.iter().map(|plan| plan.days).sum();
    let progress = Progress::start(&context.output, days);
    let patience = if no_wait { Patience::None } else { Patience::UntilOutage };
    let ended = drain::drain(deps, &plans, &progress, patience).await;
    progress.finish();
    let ended = ended.map_err(failure)?;
    for plan in accepted {
        report.accounts.push(account_report(deps, plan).await.map_err(failure)?);
    }
    report.accounts.sort_by(|one, two| one.account.cmp(&two.account));
    match ended {
        Ended::Finished => Ok(()),
        Ended::Waiting { reason, until } => {
            report.waiting = Some(Waiting { reason: reason.to_string(), until });
            Ok(())
        }
        Ended::Stopped => {
            let reason = "stopped by the user; run it again to go on".to_owned();
            report.waiting = Some(Waiting { reason, until: deps.clock.now() });
            Ok(())
        }
    }
}

/// The orders of an account that cannot become a row.
async fn quarantined_orders(deps: &Deps, account: &str) -> Result<Vec<OrderRecord>, FlowError> {
    let page = deps.state.query_index(&quarantine(account), Range::all(), QUARANTINE_SHOWN_MAX, None).await?;
    let orders = page.items.into_iter().map(|item| Ok(typed::decode::<OrderRecord>(item)?.value));
    orders.collect()
}

async fn account_report(deps: &Deps, accepted: &Accepted) -> Result<AccountReport, FlowError> {
    let mut report = AccountReport {
        account: accepted.account.clone(),
        plan: Some(accepted.plan.clone()),
        resumed: accepted.resumed,
        reason: accepted
            .incomplete
            .as_ref()
            .map(|reason| format!("changed orders could not be listed: {reason}")),
        disabled: false,
        days: Vec::new(),
    };
    let quarantine = quarantined_orders(deps, &accepted.account).await?;
    let Some(stored) = plan::load(deps, &accepted.account, &accepted.plan).await? else { return Ok(report) };
    for planned in stored.value.days {
        let (outcome, rows, quarantined, reason) = match planned.state {
            DayState::Written { rows, quarantined } => (DayOutcome::Written, rows, quarantined, None),
            DayState::Unchanged { rows, quarantined } => (DayOutcome::Unchanged, rows, quarantined, None),
            DayState::Failed { reason } => (DayOutcome::Failed, 0, 0, Some(reason.to_string())),
            DayState::Pending => {
                let key = window_key(&accepted.account, planned.day);
                let window = typed::load::<Window>(&*deps.state, &key).await?;
                let reason = window.and_then(|window| window.value.waiting_for);
                (DayOutcome::Pending, 0, 0, reason.map(|reason| reason.to_string()))
            }
        };
        let in_quarantine = || {
            let orders = quarantine.iter().filter(|order| order.day == planned.day);
            let reasons: Vec<_> =
                orders.filter_map(|order| Some(order.reason.as_ref()?.to_string())).collect();
            (quarantined > 0 && !reasons.is_empty())
                .then(|| format!("{}; rows of it are left as they are", reasons.join("; ")))
        };
        let record = typed::load::<DayRecord>(&*deps.state, &day_key(&accepted.account, planned.day)).await?;
        report.days.push(DayReport {
            day: planned.day,
            outcome,
            rows,
            quarantined,
            reason: reason.or_else(in_quarantine),
            contacts_missing: record.is_some_and(|record| record.value.unfinished),
        });
    }
    Ok(report)
}
