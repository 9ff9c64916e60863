//! Runs and plans as tables.
use crate::output::Output;
use chrono::{DateTime, Utc};
use flows::journal::{Counts, NO_ACCOUNT, Run};
use flows::plan::{DayState, Plan};
use serde::Serialize;

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The word that the JSON has for it.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What became of the orders, in the order of the sum that must hold.
fn orders(counts: &Counts) -> String {
    let skipped = counts.skipped.iter().map(|(code, count)| format!("{count} skipped ({code})"));
    let rejected = counts.rejected.iter().map(|(code, count)| format!("{count} rejected ({code})"));
    let plain = [
        (counts.done, "done"),
        (counts.unchanged, "unchanged"),
        (counts.deferred, "deferred"),
        (counts.unknown, "in doubt"),
    ];
    let plain =
        plain.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    plain.chain(skipped).chain(rejected).collect::<Vec<_>>().join(", ")
}

/// Entries of the run journal.
pub(crate) fn print_runs(output: &Output, runs: &[Run]) {
    let rows = runs.iter().map(|run| {
        let account = if run.account == NO_ACCOUNT { String::new() } else { run.account.clone() };
        let what = run.day.map(|day| day.to_string()).or_else(|| run.plan.clone());
        let distrust = if run.inconsistent { " (the counts do not add up)" } else { "" };
        let reason = run.reason.as_ref().map(ToString::to_string).unwrap_or_default();
        [
            time(run.started_at),
            run.id.clone(),
            run.function.clone(),
            account,
            what.unwrap_or_default(),
            format!("{}{distrust}", run.outcome),
            orders(&run.counts),
            reason,
        ]
    });
    output.table(
        ["started", "run", "function", "account", "day or plan", "outcome", "orders", "reason"],
        rows.collect::<Vec<_>>(),
    );
}

/// Plans, one a line.
pub(crate) fn print_plans(output: &Output, plans: &[Plan]) {
    let rows = plans.iter().map(|plan| {
        let progress = plan.progress();
        [
            time(plan.requested_at),
            plan.id.clone(),
            plan.account.clone(),
            word(&plan.kind),
            word(&plan.state),
            progress.days.to_string(),
            progress.written.to_string(),
            progress.unchanged.to_string(),
            progress.failed.to_string(),
            progress.pending.to_string(),
        ]
    });
    output.table(
        [
            "asked for",
            "plan",
            "account",
            "kind",
            "state",
            "days",
            "written",
            "unchanged",
            "failed",
            "pending",
        ],
        rows.collect::<Vec<_>>(),
    );
}

/// One plan with its days.
pub(crate) fn print_plan(output: &Output, plan: &Plan) {
    print_plans(output, std::slice::from_ref(plan));
    let rows = plan.days.iter().map(|planned| {
        let (outcome, rows, reason) = match &planned.state {
            DayState::Pending => ("pending", String::new(), String::new()),
            DayState::Written { rows, .. } => ("written", rows.to_string(), String::new()),
            DayState::Unchanged { rows, .. } => ("unchanged", rows.to_string(), String::new()),
            DayState::Failed { reason } => ("failed", String::new(), reason.to_string()),
        };
        [planned.day.to_string(), outcome.to_owned(), rows, reason]
    });
    output.table(["day", "outcome", "rows", "reason"], rows.collect::<Vec<_>>());
}
