//! `erp-sync runs watch`: a plan's progress until each of its days has an outcome. It only looks: Ctrl-C ends the watching.
use crate::cli::RunsShowArgs;
use crate::context::Context;
use crate::drain::{Ended, Patience, PlanRef};
use crate::failure::Failure;
use crate::plan_report::account_report;
use crate::progress::Progress;
use crate::report::{RunReport, Waiting};
use crate::runs_command::watched;
use crate::runtime::failure;
use crate::watch::{Watched, watch};
use crate::wiring;
use adapter_local::{InstanceLock, LockError, Work};
use flows::lease::Takeover;

/// `runs watch`.
///
/// # Errors
/// There is no such plan; days of it failed, or nobody works on it.
pub async fn run(context: &Context, args: &RunsShowArgs) -> Result<(), Failure> {
    let accepted = watched(context, args).await?;
    let (deps, _) = wiring::deps(context, Takeover::Never).await?;
    let plans: Vec<_> = accepted
        .iter()
        .map(|plan| PlanRef { account: plan.account.clone(), plan: plan.plan.clone() })
        .collect();
    let days = accepted.iter().map(|plan| plan.days).sum();
    let progress = Progress::start(&context.output, days, true);
    let ended = watch(&deps, &plans, &progress, Patience::UntilOutage, || somebody_works(context)).await;
    progress.finish();
    let ended = ended.map_err(failure)?;
    let mut report = RunReport {
        job: "watch".to_owned(),
        dry_run: false,
        accounts: Vec::new(),
        write_requests: None,
        waiting: None,
        submitted_to: None,
    };
    for plan in &accepted {
        report.accounts.push(account_report(&deps, plan).await.map_err(failure)?);
    }
    let now = context.clock.now();
    let mut gone_on = false;
    match ended {
        Watched::Ended(Ended::Finished) => {}
        Watched::Ended(Ended::Waiting { reason, until }) => {
            report.waiting = Some(Waiting { reason: reason.to_string(), until });
        }
        Watched::Ended(Ended::Stopped) => {
            gone_on = true;
            report.waiting =
                Some(Waiting { reason: "no longer watched; the work goes on".to_owned(), until: now });
        }
        Watched::NobodyWorks => {
            let reason = "nobody works in this data directory: start `erp-sync up`, or run the job again";
            report.waiting = Some(Waiting { reason: reason.to_owned(), until: now });
        }
    }
    context.output.result(&report, |output| report.print(output));
    match report.shortfall().filter(|_| !gone_on) {
        Some(shortfall) => Err(Failure::Failed(shortfall)),
        None => Ok(()),
    }
}

/// On this machine, whoever works in the data directory holds its lock. A stack works by itself.
fn somebody_works(context: &Context) -> bool {
    if context.stack.is_some() {
        return true;
    }
    let lock = InstanceLock::try_acquire(&context.config.data_dir, &*context.clock, Work::Job);
    matches!(lock, Err(LockError::Held { .. }))
}
