//! `erp-sync doc show`: where an order or a day is, and how it came there.
use crate::cli::DocShowArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::{failure, some_account};
use chrono::{DateTime, NaiveDate, Utc};
use flows::records::Transition;
use flows::trace::{self, Trace};
use serde_json::json;

/// Runs that the readable form shows; the JSON has them all.
const RUNS_SHOWN: usize = 10;

/// `doc show`.
///
/// # Errors
/// There is no such order, or the stores failed.
pub async fn show(context: &Context, args: &DocShowArgs) -> Result<(), Failure> {
    some_account(context, Some(&args.account)).await?;
    let (traces, cut) = traces(context, &args.account, &args.name).await?;
    if traces.is_empty() {
        let told = if cut {
            "it is not among the orders that were looked through; ask with its id instead of its code"
        } else {
            "the ledger has no such order; a code, an id, or a day as YYYY-MM-DD is expected"
        };
        return Err(Failure::BadUsage(format!("{} of account {}: {told}", args.name, args.account)));
    }
    context.output.result(&json!({ "traces": traces, "incomplete": cut }), |output| {
        traces.iter().for_each(|trace| print(output, trace));
    });
    Ok(())
}

/// The traces of what a person means by that text: one day, or each order of that code or identity. `true`: not every
/// order was looked at.
pub(crate) async fn traces(
    context: &Context,
    account: &str,
    name: &str,
) -> Result<(Vec<Trace>, bool), Failure> {
    let (state, blobs) = (&*context.state, &*context.blobs);
    if let Ok(day) = name.parse::<NaiveDate>() {
        return Ok((vec![trace::trace_day(state, blobs, account, day).await.map_err(failure)?], false));
    }
    let (orders, cut) = trace::find_orders(state, account, name).await.map_err(failure)?;
    let mut traces = Vec::new();
    for order in orders {
        traces.push(trace::trace_order(state, blobs, account, order).await.map_err(failure)?);
    }
    Ok((traces, cut))
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Prints one trace for a person.
pub(crate) fn print(output: &Output, trace: &Trace) {
    output.line("");
    if let Some(order) = &trace.order {
        let record = &order.record;
        let state = word(&record.state);
        output.line(format!("order {} ({}): {state} under {}", record.code, order.identity, record.day));
        if let Some(reason) = &record.reason {
            output.line(format!("  {reason}"));
        }
        if !record.flags.is_empty() {
            let flags: Vec<_> = record.flags.iter().map(word).collect();
            output.line(format!("  flags: {}", flags.join(", ")));
        }
        transitions(output, &record.transitions);
    }
    match &trace.ledger {
        Some(day) => {
            let written = day.written_at.map_or("never".to_owned(), time);
            let contacts = if day.unfinished { "; a contact is missing" } else { "" };
            output.line(format!(
                "day {} of {}: {} rows, generation {}, last written {written}{contacts}",
                trace.day, trace.account, day.rows, day.generation
            ));
            transitions(output, &day.transitions);
        }
        None => {
            output.line(format!("day {} of {}: the ledger knows nothing of it", trace.day, trace.account))
        }
    }
    if let Some(window) = &trace.window {
        let due = window.due_at.map_or("nobody asks for it".to_owned(), |due| format!("due {}", time(due)));
        output.line(format!("window: {due}, {} attempts", window.attempts));
        for (what, reason) in [("waits", &window.waiting_for), ("failed", &window.failed)] {
            if let Some(reason) = reason {
                output.line(format!("  {what}: {reason}"));
            }
        }
    }
    let plans = trace.plans.iter().map(|plan| {
        [time(plan.requested_at), plan.id.clone(), word(&plan.kind), word(&plan.state), day_word(&plan.day)]
    });
    output.table(["asked for", "plan", "kind", "plan is", "day is"], plans.collect::<Vec<_>>());
    let skipped = trace.runs.len().saturating_sub(RUNS_SHOWN);
    let runs = trace.runs.iter().skip(skipped).map(|run| {
        let reason = run.reason.as_ref().map(ToString::to_string).unwrap_or_default();
        [time(run.started_at), run.id.clone(), run.outcome.clone(), run.rows_changed.to_string(), reason]
    });
    output.table(["run at", "run", "outcome", "rows changed", "reason"], runs.collect::<Vec<_>>());
    for image in &trace.before_images {
        output.line(format!("before-image {image}"));
    }
    if trace.incomplete {
        output.line("more plans or runs are stored than were looked through");
    }
}

fn transitions(output: &Output, transitions: &[Transition]) {
    for step in transitions {
        output.line(format!("  {}  {}  by {}", time(step.at), step.to, step.run));
    }
}

/// The word that the JSON has for it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

fn day_word(state: &flows::plan::DayState) -> String {
    let value = serde_json::to_value(state).unwrap_or_default();
    value.get("state").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
