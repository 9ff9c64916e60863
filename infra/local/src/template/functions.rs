//! `AWS::Serverless::Function`: its time, the queues it works on, the schedules that wake it, and what happens to events that
//! it fails with.
use super::document::Resource;
use super::fields::{Fields, Reading};
use super::names::kebab;
use super::queues;
use super::wiring::{EventSource, FunctionWiring, InvokeConfig, Retry, Schedule};
use crate::schedule_expression::ScheduleExpression;
use std::time::Duration;

const FUNCTION: &str = "AWS::Serverless::Function";
/// Defaults of Lambda and of EventBridge Scheduler.
const TIMEOUT_S: u64 = 3;
const MEMORY_MB: u64 = 128;
const BATCH_SIZE: u64 = 10;
const INVOKE_ATTEMPTS: u64 = 2;
const INVOKE_AGE_S: u64 = 21_600;
const SCHEDULE_ATTEMPTS: u64 = 185;
const SCHEDULE_AGE_S: u64 = 86_400;
/// What an event source and a schedule may say.
const SOURCE: [&str; 4] = ["BatchSize", "FunctionResponseTypes", "Queue", "ScalingConfig"];
const SCHEDULE: [&str; 10] = [
    "DeadLetterConfig",
    "Description",
    "FlexibleTimeWindow",
    "Input",
    "Name",
    "RetryPolicy",
    "RoleArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
];

pub(super) fn read(reading: &Reading<'_>) -> Vec<FunctionWiring> {
    reading.document.of_type(FUNCTION).map(|resource| function(reading, &resource)).collect()
}

fn function(reading: &Reading<'_>, resource: &Resource<'_>) -> FunctionWiring {
    let globals = reading.document.root().get("Globals").and_then(|globals| globals.get("Function"));
    let fields = Fields::of_resource(reading, resource.id, resource.body, globals);
    let mut sources = Vec::new();
    let mut schedules = Vec::new();
    for (id, event) in fields.section("Events").sections() {
        let properties = event.section("Properties");
        match event.text("Type", None).as_str() {
            "SQS" => sources.extend(source(reading, &properties)),
            "ScheduleV2" => schedules.push(schedule(reading, &format!("{}{id}", resource.id), &properties)),
            // Missing: that has been reported.
            "" => {}
            other => {
                event.report("Type", format!("is {other}; the one-machine runtime knows SQS and ScheduleV2"))
            }
        }
    }
    FunctionWiring {
        name: kebab(resource.id),
        timeout: seconds(&fields, "Timeout", TIMEOUT_S),
        memory_mb: fields.number("MemorySize", Some(MEMORY_MB)),
        sources,
        schedules,
        invoke: invoke(reading, &fields.section("EventInvokeConfig")),
    }
}

fn source(reading: &Reading<'_>, properties: &Fields<'_, '_>) -> Option<EventSource> {
    properties.only(&SOURCE);
    let batch_size = number(properties, "BatchSize", Some(BATCH_SIZE));
    // Without a bound one machine would start as many as there are messages.
    let concurrency_max = number(&properties.section("ScalingConfig"), "MaximumConcurrency", None);
    let reports_failures = properties.texts("FunctionResponseTypes").contains(&"ReportBatchItemFailures");
    let queue = properties.arn("Queue");
    if !properties.has("Queue") {
        properties.report("Queue", "is missing, !GetAtt X.Arn of a queue is expected");
    }
    let queue = queues::name_of(reading, queue?)?;
    Some(EventSource { queue, batch_size, concurrency_max, reports_failures })
}

fn schedule(reading: &Reading<'_>, id: &str, properties: &Fields<'_, '_>) -> Schedule {
    properties.only(&SCHEDULE);
    let policy = properties.section("RetryPolicy");
    let dead_letters = properties.section("DeadLetterConfig").arn("Arn");
    let schedule = Schedule {
        name: kebab(id),
        expression: properties.text("ScheduleExpression", None),
        zone: properties.text("ScheduleExpressionTimezone", Some("UTC")),
        input: properties.text("Input", Some("{}")),
        enabled: properties.text("State", Some("ENABLED")) == "ENABLED",
        retry: retry(&policy, SCHEDULE_ATTEMPTS, SCHEDULE_AGE_S),
        dead_letters: dead_letters.and_then(|id| queues::name_of(reading, id)),
    };
    if let Err(problem) = ScheduleExpression::parse(&schedule.expression, &schedule.zone) {
        properties.report("ScheduleExpression", problem.to_string());
    }
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&schedule.input) {
        properties.report("Input", format!("is not JSON: {error}"));
    }
    schedule
}

fn invoke(reading: &Reading<'_>, fields: &Fields<'_, '_>) -> InvokeConfig {
    let on_failure = fields.section("DestinationConfig").section("OnFailure");
    if on_failure.has("Type") && on_failure.text("Type", None) != "SQS" {
        on_failure.report("Type", "must be SQS: the one-machine runtime knows no other destination");
    }
    let queue = on_failure.arn("Destination").and_then(|id| queues::name_of(reading, id));
    InvokeConfig { retry: retry(fields, INVOKE_ATTEMPTS, INVOKE_AGE_S), on_failure: queue }
}

fn retry(fields: &Fields<'_, '_>, attempts: u64, age_s: u64) -> Retry {
    let attempts_max = fields.number("MaximumRetryAttempts", Some(attempts));
    Retry {
        attempts_max: u32::try_from(attempts_max).unwrap_or(u32::MAX),
        age_max: seconds(fields, "MaximumEventAgeInSeconds", age_s),
    }
}

fn seconds(fields: &Fields<'_, '_>, name: &str, default: u64) -> Duration {
    Duration::from_secs(fields.number(name, Some(default)))
}

/// A number of things, at least one.
fn number(fields: &Fields<'_, '_>, name: &str, default: Option<u64>) -> usize {
    usize::try_from(fields.number(name, default)).unwrap_or(usize::MAX).max(1)
}
