//! Schedules: a tick says for when it is, is tried again, and is kept when nobody takes it; so are failed events.
use super::{FUNCTION, Rule, arn_of, broken_wiring};
use local::template::Document;
use serde_json::Value;

/// What the scheduler replaces by the time a tick is for.
const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";

pub const RULES: [Rule; 3] = [
    Rule {
        promise: "a schedule passes the time it is for, in a time zone that is a parameter",
        broken: scheduled_time,
        changes: &[
            (r#"Input: '{"v":1,"scheduled_at":"<aws.scheduler.scheduled-time>"}'"#, r#"Input: '{"v":1}'"#),
            ("            ScheduleExpressionTimezone: !Ref ScheduleTimezone\n", ""),
            ("ScheduleExpression: !Ref DailyScheduleExpression", "ScheduleExpression: cron(0 6 * * ? *)"),
        ],
    },
    Rule {
        promise: "a schedule has a retry policy, and a standard queue for ticks that nobody took",
        broken: retries,
        changes: &[
            (
                "            RetryPolicy:\n              MaximumRetryAttempts: 20\n              MaximumEventAgeInSeconds: 21600\n",
                "",
            ),
            ("              Arn: !GetAtt ScheduleDlq.Arn", "              Arn: !GetAtt SigeWindowsDlq.Arn"),
            ("            DeadLetterConfig:\n              Arn: !GetAtt ScheduleDlq.Arn\n", ""),
        ],
    },
    Rule {
        promise: "a function that is handed events without waiting for its answer keeps those it failed with",
        broken: failed_events,
        changes: &[
            (
                "        DestinationConfig:\n          OnFailure:\n            Type: SQS\n            Destination: !GetAtt FailedEvents.Arn\n",
                "",
            ),
            ("Destination: !GetAtt FailedEvents.Arn", "Destination: !GetAtt SigeWindowsDlq.Arn"),
        ],
    },
];

/// The properties of every schedule, by function and name.
fn schedules(document: &Document) -> Vec<(String, &Value)> {
    let functions = document.of_type(FUNCTION);
    let each = functions.flat_map(|function| {
        let events = function.property("Events").and_then(Value::as_object).into_iter().flatten();
        let scheduled =
            events.filter(|(_, event)| event["Type"] == "ScheduleV2" || event["Type"] == "Schedule");
        scheduled.map(move |(name, event)| (format!("{}.{name}", function.id), &event["Properties"]))
    });
    each.collect()
}

fn scheduled_time(document: &Document) -> Vec<String> {
    let wrong = schedules(document).into_iter().filter(|(_, schedule)| {
        let input = schedule["Input"].as_str().and_then(|input| serde_json::from_str::<Value>(input).ok());
        let passes = input.is_some_and(|input| input["v"] == 1 && input["scheduled_at"] == SCHEDULED_TIME);
        let is_parameter = |field: &str| schedule[field]["Ref"].is_string();
        !passes || !is_parameter("ScheduleExpression") || !is_parameter("ScheduleExpressionTimezone")
    });
    wrong.map(|(name, _)| name).collect()
}

/// Whether a queue is there and takes what the scheduler and Lambda send: they know standard queues only.
fn is_standard(document: &Document, id: Option<&str>) -> bool {
    let queue = id.and_then(|id| document.resource(id)).filter(|queue| queue.kind == super::QUEUE);
    queue.is_some_and(|queue| queue.property("FifoQueue").is_none_or(|fifo| *fifo == false))
}

fn retries(document: &Document) -> Vec<String> {
    let mut broken = broken_wiring(document, |_| Vec::new());
    let wrong = schedules(document).into_iter().filter(|(_, schedule)| {
        let policy = &schedule["RetryPolicy"];
        let is_set = policy["MaximumRetryAttempts"].is_u64() && policy["MaximumEventAgeInSeconds"].is_u64();
        !is_set || !is_standard(document, arn_of(schedule["DeadLetterConfig"].get("Arn")))
    });
    broken.extend(wrong.map(|(name, _)| name));
    broken
}

fn failed_events(document: &Document) -> Vec<String> {
    let fed_by_a_queue =
        |events: &Value| events.as_object().into_iter().flatten().any(|(_, event)| event["Type"] == "SQS");
    let handed = document
        .of_type(FUNCTION)
        .filter(|function| !function.property("Events").is_some_and(fed_by_a_queue));
    let lossy = handed.filter(|function| {
        let destination = function.property("EventInvokeConfig.DestinationConfig.OnFailure.Destination");
        let limits = ["MaximumRetryAttempts", "MaximumEventAgeInSeconds"];
        let are_set =
            limits.iter().all(|limit| function.property(&format!("EventInvokeConfig.{limit}")).is_some());
        !are_set || !is_standard(document, arn_of(destination))
    });
    lossy.map(|function| function.id.to_owned()).collect()
}
