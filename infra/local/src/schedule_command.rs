//! `erp-sync schedule …`: when each schedule ran and runs next, and pausing one.
use crate::cli::{SchedulePauseArgs, ScheduleResumeArgs};
use crate::config::operator;
use crate::context::Context;
use crate::failure::Failure;
use crate::runtime::failure;
use crate::schedule_expression::ScheduleExpression;
use crate::template;
use chrono::{DateTime, Utc};
use flows::schedule::{self, Pause, SCHEDULES, Schedule, Tick, TickOutcome};
use serde::Serialize;
use serde_json::json;

/// One schedule as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Listed {
    schedule: String,
    expression: Option<String>,
    zone: Option<String>,
    enabled: bool,
    paused: Option<Pause>,
    last: Option<Tick>,
    last_done: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
}

/// `schedule list`.
///
/// # Errors
/// The store, or the wiring of this installation, cannot be read.
pub async fn list(context: &Context) -> Result<(), Failure> {
    let wiring = template::configured(&context.config.settings).map_err(Failure::BadConfig)?;
    let now = context.clock.now();
    let mut listed = Vec::new();
    for Schedule { name, paused, last, last_done } in
        schedule::list(&*context.state).await.map_err(failure)?
    {
        let wired = wiring.schedules().find(|(function, _)| function.name == name).map(|(_, wired)| wired);
        let expression = match wired {
            Some(wired) => {
                Some(ScheduleExpression::parse(&wired.expression, &wired.zone).map_err(Failure::failed)?)
            }
            None => None,
        };
        let enabled = wired.is_some_and(|wired| wired.enabled);
        let last_at = last.as_ref().map(|tick| tick.scheduled_at);
        let next = expression.and_then(|expression| expression.next_after_run(last_at, now));
        listed.push(Listed {
            schedule: name,
            expression: wired.map(|wired| wired.expression.clone()),
            zone: wired.map(|wired| wired.zone.clone()),
            enabled,
            next: next.filter(|_| enabled && paused.is_none()),
            paused,
            last,
            last_done,
        });
    }
    context.output.result(&listed, |output| {
        let rows = listed.iter().map(|listed| {
            let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%SZ").to_string();
            let state = match (&listed.paused, listed.enabled) {
                (Some(pause), _) => {
                    format!("paused by {} since {}: {}", pause.by, time(pause.since), pause.why)
                }
                (None, false) => "switched off".to_owned(),
                (None, true) => "runs".to_owned(),
            };
            let last = listed.last.as_ref();
            [
                listed.schedule.clone(),
                [&listed.expression, &listed.zone].map(|text| text.clone().unwrap_or_default()).join(" "),
                state,
                last.map_or("never".to_owned(), |tick| time(tick.scheduled_at)),
                last.map(|tick| outcome(&tick.outcome)).unwrap_or_default(),
                listed.next.map_or("-".to_owned(), time),
            ]
        });
        output.table(["schedule", "when", "state", "last", "outcome", "next"], rows.collect::<Vec<_>>());
    });
    if context.stack.is_some() {
        let told = "`when` and `next` are those of this version's template with this machine's settings; a stack may have \
                    been deployed with other parameters";
        context.output.note(told);
    }
    Ok(())
}

fn outcome(outcome: &TickOutcome) -> String {
    match outcome {
        TickOutcome::Started => "started".to_owned(),
        TickOutcome::Done => "done".to_owned(),
        TickOutcome::Failed { reason } => format!("failed: {reason}"),
        TickOutcome::Skipped { .. } => "skipped".to_owned(),
    }
}

/// `schedule pause`.
///
/// # Errors
/// There is no such schedule, or the store failed.
pub async fn pause(context: &Context, args: &SchedulePauseArgs) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for known in named(context, args.name.as_deref()).await? {
        let mut changed = known.paused.is_none();
        if changed && args.apply {
            let audit =
                context.audit().entry("schedule.pause", &known.name, json!({ "reason": args.reason }));
            let (by, why) = (operator(), args.reason.as_str());
            let paused = schedule::pause(&*context.state, &*context.clock, &known.name, &by, why, audit);
            changed = paused.await.map_err(failure)?;
        }
        let told = match (changed, args.apply) {
            (false, _) => "is paused already",
            (true, true) => "is paused",
            (true, false) => "would be paused",
        };
        changes.push(Change { schedule: known.name, changed, told });
    }
    tell(context, &changes, args.apply);
    Ok(())
}

/// `schedule resume`.
///
/// # Errors
/// There is no such schedule, or the store failed.
pub async fn resume(context: &Context, args: &ScheduleResumeArgs) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for known in named(context, args.name.as_deref()).await? {
        let mut changed = known.paused.is_some();
        if changed && args.apply {
            let detail = json!({ "paused": known.paused });
            let audit = context.audit().entry("schedule.resume", &known.name, detail);
            changed = schedule::resume(&*context.state, &known.name, audit).await.map_err(failure)?;
        }
        let told = match (changed, args.apply) {
            (false, _) => "is not paused",
            (true, true) => "runs again with its next tick",
            (true, false) => "would run again with its next tick",
        };
        changes.push(Change { schedule: known.name, changed, told });
    }
    tell(context, &changes, args.apply);
    Ok(())
}

/// What was done, or would be, to one schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Change {
    schedule: String,
    changed: bool,
    #[serde(skip)]
    told: &'static str,
}

/// The schedule of that name, or every one.
async fn named(context: &Context, name: Option<&str>) -> Result<Vec<Schedule>, Failure> {
    let mut known = schedule::list(&*context.state).await.map_err(failure)?;
    let Some(name) = name else { return Ok(known) };
    known.retain(|schedule| schedule.name == name);
    if known.is_empty() {
        let told = format!("there is no schedule {name}; there is {}", SCHEDULES.join(", "));
        return Err(Failure::BadUsage(told));
    }
    Ok(known)
}

fn tell(context: &Context, changes: &[Change], apply: bool) {
    let changed = changes.iter().any(|change| change.changed);
    context.output.result(&json!({ "schedules": changes, "applied": changed && apply }), |output| {
        changes
            .iter()
            .for_each(|change| output.line(format!("schedule {} {}", change.schedule, change.told)));
    });
    if changed && !apply {
        context.output.note("nothing was changed; repeat with --apply to do it");
    }
}
