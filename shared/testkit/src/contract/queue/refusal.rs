//! What a queue does not take.
use super::{FIFO, QueueSubject, STANDARD, VISIBILITY, message, only, plain, receive, send};
use flows::ports::queue::MESSAGE_BODY_BYTES_MAX;
use flows::ports::{Message, QueueError};
use std::time::Duration;

/// Errors of the sender are told as such, and nothing is queued.
pub async fn a_wrong_message_is_refused(subject: QueueSubject) {
    let id = |id: &str| Message { deduplication_id: Some(id.to_owned()), ..message("a", "x") };
    let wrong = [
        (FIFO, plain("a FIFO message needs a group")),
        (FIFO, message("", "an empty group is none")),
        (FIFO, message(&"g".repeat(129), "a group is short")),
        (FIFO, id("")),
        (FIFO, id(&"i".repeat(129))),
        (FIFO, message("a", "")),
        (FIFO, message("a", &"x".repeat(MESSAGE_BODY_BYTES_MAX + 1))),
        (STANDARD, message("a", "a standard queue has no groups")),
        (STANDARD, Message { deduplication_id: Some("id".into()), ..plain("nor deduplication") }),
    ];
    for (number, (queue, message)) in wrong.into_iter().enumerate() {
        let refused = subject.port.send(queue, message).await;
        assert!(matches!(refused, Err(QueueError::Invalid(_))), "case {number}: {refused:?}");
    }
    assert_eq!(receive(&subject, FIFO).await, []);
    assert_eq!(receive(&subject, STANDARD).await, []);
}

/// By its name.
pub async fn an_unknown_queue_is_told(subject: QueueSubject) {
    let unknown = || QueueError::NoSuchQueue("nowhere".to_owned());
    let port = &subject.port;
    assert_eq!(port.send("nowhere", plain("x")).await, Err(unknown()));
    assert_eq!(port.receive("nowhere", 1, VISIBILITY).await, Err(unknown()));
    assert_eq!(port.acknowledge("nowhere", "x").await, Err(unknown()));
    assert_eq!(port.change_visibility("nowhere", "x", VISIBILITY).await, Err(unknown()));
}

/// One to ten messages, hidden for at most twelve hours.
pub async fn a_wrong_receive_is_refused(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let half_a_day = Duration::from_secs(12 * 3600);
    for (max, visibility) in [(0, VISIBILITY), (11, VISIBILITY), (1, half_a_day + Duration::from_secs(1))] {
        let refused = subject.port.receive(FIFO, max, visibility).await;
        assert!(matches!(refused, Err(QueueError::Invalid(_))), "{max} {visibility:?}: {refused:?}");
    }
    let delivery = only(subject.port.receive(FIFO, 1, half_a_day).await.unwrap());
    let refused = subject.port.change_visibility(FIFO, &delivery.receipt, half_a_day * 2).await;
    assert!(matches!(refused, Err(QueueError::Invalid(_))), "{refused:?}");
}

/// A receipt is good in its queue, for its message, and only as it was given.
pub async fn a_foreign_receipt_is_stale(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let delivery = only(receive(&subject, FIFO).await);
    for receipt in ["", "0", "no receipt", "1.1.1", "99999999999999999999.1", "-1.1"] {
        assert_eq!(subject.port.acknowledge(FIFO, receipt).await, Err(QueueError::StaleReceipt), "{receipt}");
    }
    let elsewhere = subject.port.acknowledge(STANDARD, &delivery.receipt).await;
    assert_eq!(elsewhere, Err(QueueError::StaleReceipt));
    subject.port.acknowledge(FIFO, &delivery.receipt).await.unwrap();
}

/// The limit itself is within it.
pub async fn a_message_of_the_largest_size_is_taken(subject: QueueSubject) {
    let body = "x".repeat(MESSAGE_BODY_BYTES_MAX);
    send(&subject, "a", &body).await;
    assert_eq!(only(receive(&subject, FIFO).await).body.len(), body.len());
}
