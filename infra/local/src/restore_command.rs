//! `sige restore`: shows what a write has hit, and with `--apply` rebuilds what is ours.
use crate::cli::RestoreArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::RunReport;
use crate::runtime::{Pace, failure, some_account, work};
use crate::turn::Turn;
use crate::wiring;
use flows::daily::Accepted;
use flows::restore::Restoration;
use serde_json::json;

/// `sige restore`; prints its own result.
///
/// # Errors
/// There is nothing to restore, or it could not be done.
pub async fn restore(context: &Context, args: &RestoreArgs) -> Result<(), Failure> {
    let name = &args.account;
    let wanted = some_account(context, Some(name)).await?;
    let account = wanted.into_iter().next().ok_or_else(|| Failure::failed("the account is gone"))?;
    let mut turn = Turn::take(context, false).await?;
    let (deps, _) = wiring::deps(context, turn.takeover()).await?;
    if account.stopped.is_none() {
        let nothing = flows::restore::restore(&deps, &account, None).await.map_err(failure)?;
        context.output.result(&nothing, |output| {
            output.line(format!("account {name} is not stopped: there is nothing to restore"));
        });
        return Ok(());
    }
    context.note_own_settings();
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
            write_requests: None,
            waiting: None,
            submitted_to: None,
        };
        work(context, &deps, &[plan], Pace::default(), &mut turn, &mut run).await?;
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

fn print_restoration(output: &Output, restoration: &Restoration, applied: bool) {
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
