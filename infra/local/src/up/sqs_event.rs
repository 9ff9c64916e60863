//! Deliveries as the event that Lambda makes of them, and its answer as Lambda reads it.
//!
//! Sources: *Using Lambda with Amazon SQS* (the event) and *Reporting batch item failures* (the answer: nothing, an empty list
//! or no answer is success; an entry without an id, or with one that was not in the batch, fails the whole batch).
use flows::ports::Delivery;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where queues of this machine stand in the names of AWS.
const REGION: &str = "local";
const ACCOUNT: &str = "000000000000";

/// The event for a batch.
pub(super) fn event(queue: &str, deliveries: &[Delivery]) -> Value {
    let records: Vec<_> = deliveries.iter().map(|delivery| record(queue, delivery)).collect();
    json!({ "Records": records })
}

fn record(queue: &str, delivery: &Delivery) -> Value {
    let mut attributes = json!({ "ApproximateReceiveCount": delivery.receive_count.to_string() });
    if let (Some(group), Some(fields)) = (&delivery.group, attributes.as_object_mut()) {
        fields.insert("MessageGroupId".to_owned(), json!(group));
    }
    json!({
        "messageId": delivery.message_id,
        "receiptHandle": delivery.receipt,
        "body": delivery.body,
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
        "awsRegion": REGION,
    })
}

/// Why an answer cannot be used; the whole batch counts as failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnusableAnswer {
    /// It is neither nothing nor an object whose `batchItemFailures` is a list.
    #[error("the answer is not an object with a list batchItemFailures")]
    NotAnAnswer,
    /// An entry names no message of the batch.
    #[error("the answer names a failed message that was not in the batch: {0:?}")]
    UnknownMessage(String),
}

/// The ids of the messages that the function says it failed with.
///
/// # Errors
/// The answer cannot be used.
pub(super) fn failures(answer: &Value, deliveries: &[Delivery]) -> Result<BTreeSet<String>, UnusableAnswer> {
    let listed = match answer {
        Value::Null => None,
        Value::Object(fields) => fields.get("batchItemFailures"),
        _ => return Err(UnusableAnswer::NotAnAnswer),
    };
    let entries = match listed {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(UnusableAnswer::NotAnAnswer),
    };
    let named = entries.iter().map(|entry| {
        let id = entry.get("itemIdentifier").and_then(Value::as_str).unwrap_or_default();
        let known = deliveries.iter().any(|delivery| delivery.message_id == id);
        if known { Ok(id.to_owned()) } else { Err(UnusableAnswer::UnknownMessage(id.to_owned())) }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::sqs::SqsEvent;

    fn delivery(id: &str, group: Option<&str>) -> Delivery {
        Delivery {
            message_id: id.to_owned(),
            receipt: format!("receipt of {id}"),
            group: group.map(str::to_owned),
            body: "{\"v\":1}".to_owned(),
            receive_count: 2,
        }
    }

    #[test]
    fn the_event_is_the_one_of_lambda() {
        let expected = json!({ "Records": [{
            "messageId": "m1",
            "receiptHandle": "receipt of m1",
            "body": "{\"v\":1}",
            "attributes": { "ApproximateReceiveCount": "2", "MessageGroupId": "g" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:local:000000000000:windows.fifo",
            "awsRegion": "local",
        }] });
        assert_eq!(event("windows.fifo", &[delivery("m1", Some("g"))]), expected);
        assert_eq!(
            event("plain", &[delivery("m1", None)])["Records"][0]["attributes"]
                .as_object()
                .map(|all| all.len()),
            Some(1)
        );
    }

    #[test]
    fn the_functions_read_what_is_sent_to_them() {
        let read: SqsEvent =
            serde_json::from_value(event("windows.fifo", &[delivery("m1", Some("g"))])).unwrap();
        assert_eq!(read.records[0].attributes.message_group_id.as_deref(), Some("g"));
        assert_eq!(read.records[0].receipt_handle, "receipt of m1");
    }

    #[test]
    fn an_answer_without_failures_is_success_in_all_its_forms() {
        let batch = [delivery("m1", None)];
        for answer in
            [json!(null), json!({}), json!({ "batchItemFailures": null }), json!({ "batchItemFailures": [] })]
        {
            assert_eq!(failures(&answer, &batch), Ok(BTreeSet::new()), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_names_nobody_known_fails_the_batch() {
        let batch = [delivery("m1", None), delivery("m2", None)];
        let named = |entry: Value| failures(&json!({ "batchItemFailures": [entry] }), &batch);
        assert_eq!(named(json!({ "itemIdentifier": "m2" })), Ok(BTreeSet::from(["m2".to_owned()])));
        for wrong in [
            json!({ "itemIdentifier": "" }),
            json!({ "itemIdentifier": null }),
            json!({ "id": "m1" }),
            json!("m1"),
        ] {
            assert_eq!(named(wrong), Err(UnusableAnswer::UnknownMessage(String::new())));
        }
        assert_eq!(
            named(json!({ "itemIdentifier": "m3" })),
            Err(UnusableAnswer::UnknownMessage("m3".to_owned()))
        );
        assert_eq!(failures(&json!("done"), &batch), Err(UnusableAnswer::NotAnAnswer));
        assert_eq!(failures(&json!({ "batchItemFailures": 1 }), &batch), Err(UnusableAnswer::NotAnAnswer));
    }
}
