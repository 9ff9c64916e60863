//! `AWS::SQS::Queue`: a FIFO queue is named `….fifo`, as its callers name it.
use super::document::Resource;
use super::fields::{Fields, Reading};
use super::names::kebab;
use flows::ports::QueueConfig;
use std::time::Duration;

const QUEUE: &str = "AWS::SQS::Queue";
/// SQS's own defaults, in seconds.
const VISIBILITY_S: u64 = 30;
const RETENTION_S: u64 = 345_600;
/// What a queue may say. What costs or protects in the cloud only has no meaning here.
const KNOWN: [&str; 10] = [
    "FifoQueue",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MessageRetentionPeriod",
    "QueueName",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "Tags",
    "VisibilityTimeout",
];

pub(super) fn read(reading: &Reading<'_>) -> Vec<QueueConfig> {
    reading.document.of_type(QUEUE).map(|resource| queue(reading, &resource)).collect()
}

fn queue(reading: &Reading<'_>, resource: &Resource<'_>) -> QueueConfig {
    let fields = Fields::of_resource(reading, resource.id, resource.body, None);
    fields.only(&KNOWN);
    let redrive = fields.section("RedrivePolicy");
    redrive.only(&["deadLetterTargetArn", "maxReceiveCount"]);
    let dead_letter_queue = redrive.arn("deadLetterTargetArn").and_then(|id| name_of(reading, id));
    let max_receive_count = match &dead_letter_queue {
        Some(_) => u32::try_from(redrive.number("maxReceiveCount", None)).unwrap_or(u32::MAX),
        None => u32::MAX,
    };
    let fifo = fields.flag("FifoQueue");
    QueueConfig {
        name: named(resource.id, fifo),
        fifo,
        max_receive_count,
        dead_letter_queue,
        visibility: Duration::from_secs(fields.number("VisibilityTimeout", Some(VISIBILITY_S))),
        retention: Duration::from_secs(fields.number("MessageRetentionPeriod", Some(RETENTION_S))),
    }
}

fn named(id: &str, fifo: bool) -> String {
    if fifo { format!("{}.fifo", kebab(id)) } else { kebab(id) }
}

/// The name of the queue with that logical id; reported when it is something else.
pub(super) fn name_of(reading: &Reading<'_>, id: &str) -> Option<String> {
    let resource = reading.document.resource(id)?;
    if resource.kind != QUEUE {
        reading.report(id, format!("is of type {}, a queue is expected", resource.kind));
        return None;
    }
    let fields = Fields::of_resource(reading, id, resource.body, None);
    Some(named(id, fields.flag("FifoQueue")))
}
