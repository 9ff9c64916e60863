//! Order, visibility, counts, dead letters, deduplication, retention.
use super::{
    DEAD_FIFO, DEAD_STANDARD, ENDLESS, FIFO, MAX_RECEIVE_COUNT, QueueSubject, RETENTION, STANDARD,
    VISIBILITY, bodies, message, only, plain, receive, send, sorted,
};
use flows::ports::queue::DEDUPLICATION_WINDOW;
use flows::ports::{Message, QueueCounts, QueueError};
use std::collections::BTreeSet;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Body, group and count; an id that stays and a receipt that does not.
pub async fn a_message_is_delivered_as_it_was_sent(subject: QueueSubject) {
    let body = r#"{"text":"açaí 😀 \u0000 \n"}"#;
    send(&subject, "group é", body).await;
    let delivery = only(receive(&subject, FIFO).await);
    assert_eq!((delivery.body.as_str(), delivery.group.as_deref()), (body, Some("group é")));
    assert_eq!(delivery.receive_count, 1);
    assert!(!delivery.message_id.is_empty() && !delivery.receipt.is_empty());
}

/// Nothing is not an error.
pub async fn an_empty_queue_delivers_nothing(subject: QueueSubject) {
    assert_eq!(receive(&subject, FIFO).await, []);
    assert_eq!(receive(&subject, STANDARD).await, []);
}

/// Gone for good, not hidden.
pub async fn an_acknowledged_message_is_gone(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let delivery = only(receive(&subject, FIFO).await);
    subject.port.acknowledge(FIFO, &delivery.receipt).await.unwrap();
    subject.pass(VISIBILITY * 2).await;
    assert_eq!(receive(&subject, FIFO).await, []);
    assert_eq!(receive(&subject, DEAD_FIFO).await, []);
}

/// First in, first out.
pub async fn a_group_is_delivered_in_the_order_of_sending(subject: QueueSubject) {
    for number in 0..12 {
        send(&subject, "a", &number.to_string()).await;
    }
    for number in 0..12 {
        let delivery = only(receive(&subject, FIFO).await);
        assert_eq!(delivery.body, number.to_string());
        subject.port.acknowledge(FIFO, &delivery.receipt).await.unwrap();
    }
    assert_eq!(receive(&subject, FIFO).await, []);
}

/// The second waits for the end of the first, however often one asks.
pub async fn a_group_has_one_message_in_flight(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    send(&subject, "a", "2").await;
    let first = only(receive(&subject, FIFO).await);
    assert_eq!(receive(&subject, FIFO).await, []);
    subject.port.acknowledge(FIFO, &first.receipt).await.unwrap();
    assert_eq!(only(receive(&subject, FIFO).await).body, "2");
}

/// One group in flight does not hold another.
pub async fn groups_do_not_wait_for_each_other(subject: QueueSubject) {
    send(&subject, "a", "a1").await;
    send(&subject, "a", "a2").await;
    assert_eq!(only(receive(&subject, FIFO).await).body, "a1");
    send(&subject, "b", "b1").await;
    assert_eq!(only(receive(&subject, FIFO).await).body, "b1");
}

/// Heads of groups, up to what was asked for. SQS promises no order between groups, so none is asked for here.
pub async fn a_batch_holds_one_message_of_each_group(subject: QueueSubject) {
    for body in ["a1", "a2", "b1", "c1", "b2", "d1"] {
        send(&subject, &body[..1], body).await;
    }
    let first = subject.port.receive(FIFO, 3, VISIBILITY).await.unwrap();
    let second = receive(&subject, FIFO).await;
    assert_eq!((first.len(), second.len()), (3, 1));
    let deliveries = [first, second].concat();
    assert_eq!(sorted(&deliveries), ["a1", "b1", "c1", "d1"]);
    for delivery in &deliveries {
        subject.port.acknowledge(FIFO, &delivery.receipt).await.unwrap();
    }
    assert_eq!(sorted(&receive(&subject, FIFO).await), ["a2", "b2"]);
}

/// Not acknowledged means delivered again: same message, one more on the count, and not a moment earlier.
pub async fn a_hidden_message_comes_back_counted(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let first = only(receive(&subject, FIFO).await);
    subject.pass(VISIBILITY - SECOND).await;
    assert_eq!(receive(&subject, FIFO).await, []);
    subject.pass(SECOND).await;
    let second = only(receive(&subject, FIFO).await);
    assert_eq!((second.message_id, second.receive_count), (first.message_id, 2));
}

/// Who was too slow cannot end the work of who took over. A second acknowledgement says that it came too late, or,
/// as SQS does, nothing: either way the message is gone.
pub async fn a_later_delivery_makes_the_receipt_stale(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let first = only(receive(&subject, FIFO).await);
    subject.pass(VISIBILITY).await;
    let second = only(receive(&subject, FIFO).await);
    assert_ne!(first.receipt, second.receipt);
    let late = subject.port.acknowledge(FIFO, &first.receipt).await;
    assert_eq!(late, Err(QueueError::StaleReceipt));
    let late = subject.port.change_visibility(FIFO, &first.receipt, Duration::ZERO).await;
    assert_eq!(late, Err(QueueError::StaleReceipt));
    subject.port.acknowledge(FIFO, &second.receipt).await.unwrap();
    let again = subject.port.acknowledge(FIFO, &second.receipt).await;
    assert!(matches!(again, Ok(()) | Err(QueueError::StaleReceipt)), "{again:?}");
    subject.pass(VISIBILITY).await;
    assert_eq!(receive(&subject, FIFO).await, []);
}

/// Coming back does not mean queueing again.
pub async fn a_redelivered_message_stays_ahead_of_its_group(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    send(&subject, "a", "2").await;
    receive(&subject, FIFO).await;
    subject.pass(VISIBILITY).await;
    assert_eq!(only(receive(&subject, FIFO).await).body, "1");
}

/// Delivered as often as configured, then never again but among the dead letters, with its id, body and group.
pub async fn a_message_goes_to_the_dead_letters_after_its_last_delivery(subject: QueueSubject) {
    send(&subject, "a", "poison").await;
    subject.port.send(STANDARD, plain("poison too")).await.unwrap();
    let mut ids = BTreeSet::new();
    for count in 1..=MAX_RECEIVE_COUNT {
        for queue in [FIFO, STANDARD] {
            let delivery = only(receive(&subject, queue).await);
            assert_eq!(delivery.receive_count, count);
            ids.insert(delivery.message_id);
        }
        subject.pass(VISIBILITY).await;
    }
    assert_eq!(receive(&subject, FIFO).await, []);
    assert_eq!(receive(&subject, STANDARD).await, []);
    let (ordered, unordered) =
        (only(receive(&subject, DEAD_FIFO).await), only(receive(&subject, DEAD_STANDARD).await));
    assert_eq!((ordered.body.as_str(), ordered.group.as_deref()), ("poison", Some("a")));
    assert_eq!((unordered.body.as_str(), unordered.group), ("poison too", None));
    assert_eq!(ids, BTreeSet::from([ordered.message_id, unordered.message_id]));
    subject.port.acknowledge(DEAD_FIFO, &ordered.receipt).await.unwrap();
}

/// What stood behind the poison message is delivered in the same call that buries it.
pub async fn a_dead_letter_frees_its_group(subject: QueueSubject) {
    send(&subject, "a", "poison").await;
    send(&subject, "a", "next").await;
    for _ in 0..MAX_RECEIVE_COUNT {
        assert_eq!(only(receive(&subject, FIFO).await).body, "poison");
        subject.pass(VISIBILITY).await;
    }
    let next = only(receive(&subject, FIFO).await);
    assert_eq!((next.body.as_str(), next.receive_count), ("next", 1));
}

/// A count without a place to go to is only a count.
pub async fn without_dead_letters_a_message_is_delivered_for_ever(subject: QueueSubject) {
    subject.port.send(ENDLESS, plain("again")).await.unwrap();
    for count in 1..6 {
        assert_eq!(only(receive(&subject, ENDLESS).await).receive_count, count);
        subject.pass(VISIBILITY).await;
    }
}

/// Handed back: delivered again without waiting, and counted.
pub async fn visibility_zero_hands_back_at_once(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let first = only(receive(&subject, FIFO).await);
    subject.port.change_visibility(FIFO, &first.receipt, Duration::ZERO).await.unwrap();
    let second = only(receive(&subject, FIFO).await);
    assert_eq!((second.message_id, second.receive_count), (first.message_id, 2));
}

/// Counted from the moment of the change.
pub async fn visibility_can_be_extended(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    let first = only(receive(&subject, FIFO).await);
    subject.pass(SECOND).await;
    subject.port.change_visibility(FIFO, &first.receipt, SECOND * 10).await.unwrap();
    subject.pass(SECOND * 9).await;
    assert_eq!(receive(&subject, FIFO).await, []);
    subject.port.change_visibility(FIFO, &first.receipt, SECOND * 5).await.unwrap();
    subject.pass(SECOND * 4).await;
    assert_eq!(receive(&subject, FIFO).await, []);
    subject.pass(SECOND).await;
    assert_eq!(only(receive(&subject, FIFO).await).receive_count, 2);
}

fn identified(group: &str, id: &str, body: &str) -> Message {
    Message { deduplication_id: Some(id.to_owned()), ..message(group, body) }
}

/// Whatever became of the first one, and whatever the second one says: accepted, dropped, until the window ends.
pub async fn a_second_message_with_the_same_id_is_dropped_for_five_minutes(subject: QueueSubject) {
    subject.port.send(FIFO, identified("a", "id", "1")).await.unwrap();
    subject.port.send(FIFO, identified("a", "id", "2")).await.unwrap();
    subject.port.send(FIFO, identified("a", "other", "3")).await.unwrap();
    let first = only(receive(&subject, FIFO).await);
    assert_eq!(first.body, "1");
    subject.port.acknowledge(FIFO, &first.receipt).await.unwrap();
    subject.port.send(FIFO, identified("b", "id", "4")).await.unwrap();
    let third = only(receive(&subject, FIFO).await);
    assert_eq!(third.body, "3");
    subject.port.acknowledge(FIFO, &third.receipt).await.unwrap();
    subject.pass(DEDUPLICATION_WINDOW - SECOND).await;
    // The window is that of the first message: dropped ones do not prolong it.
    subject.port.send(FIFO, identified("a", "id", "5")).await.unwrap();
    subject.pass(SECOND).await;
    assert_eq!(receive(&subject, FIFO).await, []);
    subject.port.send(FIFO, identified("a", "id", "6")).await.unwrap();
    assert_eq!(only(receive(&subject, FIFO).await).body, "6");
}

/// An id means something within its queue only.
pub async fn deduplication_is_per_queue(subject: QueueSubject) {
    subject.port.send(FIFO, identified("a", "id", "1")).await.unwrap();
    subject.port.send(DEAD_FIFO, identified("a", "id", "2")).await.unwrap();
    assert_eq!(only(receive(&subject, DEAD_FIFO).await).body, "2");
}

/// Retention ends what nobody wants.
pub async fn old_messages_are_dropped(subject: QueueSubject) {
    send(&subject, "a", "old").await;
    subject.port.send(STANDARD, plain("old too")).await.unwrap();
    subject.pass(RETENTION - SECOND).await;
    send(&subject, "b", "young").await;
    assert_eq!(sorted(&receive(&subject, FIFO).await), ["old", "young"]);
    subject.pass(VISIBILITY).await;
    assert_eq!(bodies(&receive(&subject, FIFO).await), ["young"]);
    assert_eq!(receive(&subject, STANDARD).await, []);
}

/// An old head does not keep its group back.
pub async fn an_old_message_frees_its_group(subject: QueueSubject) {
    send(&subject, "a", "old").await;
    subject.pass(RETENTION - SECOND).await;
    send(&subject, "a", "young").await;
    subject.pass(SECOND).await;
    assert_eq!(only(receive(&subject, FIFO).await).body, "young");
}

/// A queue is its own line.
pub async fn queues_do_not_mix(subject: QueueSubject) {
    send(&subject, "a", "1").await;
    subject.port.send(DEAD_FIFO, message("a", "2")).await.unwrap();
    subject.port.send(STANDARD, plain("3")).await.unwrap();
    for (queue, body) in [(STANDARD, "3"), (DEAD_FIFO, "2"), (FIFO, "1")] {
        assert_eq!(only(receive(&subject, queue).await).body, body);
    }
    assert_eq!(receive(&subject, ENDLESS).await, []);
}

/// No groups, no waiting: as many at once as are asked for.
pub async fn a_standard_queue_delivers_everything_once(subject: QueueSubject) {
    for number in 0..25 {
        subject.port.send(STANDARD, plain(&number.to_string())).await.unwrap();
    }
    let mut seen = BTreeSet::new();
    for expected in [10, 10, 5, 0] {
        let batch = receive(&subject, STANDARD).await;
        assert_eq!(batch.len(), expected);
        seen.extend(batch.into_iter().map(|delivery| delivery.body));
    }
    assert_eq!(seen.len(), 25);
}

/// Receivers side by side never see the same delivery.
pub async fn of_many_receivers_each_message_has_one(subject: QueueSubject) {
    for number in 0..60 {
        let body = number.to_string();
        subject.port.send(FIFO, message(&format!("group {}", number % 20), &body)).await.unwrap();
        subject.port.send(STANDARD, plain(&body)).await.unwrap();
    }
    let mut tasks = Vec::new();
    for task in 0..8 {
        let (port, queue) = (subject.port.clone(), if task % 2 == 0 { FIFO } else { STANDARD });
        tasks.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            loop {
                let batch = port.receive(queue, 3, VISIBILITY).await.unwrap();
                if batch.is_empty() {
                    return seen;
                }
                for delivery in batch {
                    assert_eq!(delivery.receive_count, 1);
                    port.acknowledge(queue, &delivery.receipt).await.unwrap();
                    seen.push(format!("{queue} {}", delivery.body));
                }
            }
        }));
    }
    let mut seen = Vec::new();
    for task in tasks {
        seen.extend(task.await.unwrap());
    }
    // A receiver leaves when the rest of a FIFO queue is in flight elsewhere, so some may be left to the last.
    loop {
        let rest = receive(&subject, FIFO).await;
        if rest.is_empty() {
            break;
        }
        for delivery in rest {
            subject.port.acknowledge(FIFO, &delivery.receipt).await.unwrap();
            seen.push(format!("{FIFO} {}", delivery.body));
        }
    }
    let whole: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), whole.len()), (120, 120));
}

/// Delivered and hidden, or not: a message is counted in one of the two until it is acknowledged.
pub async fn messages_are_counted_by_where_they_are(subject: QueueSubject) {
    let counts = async || subject.port.counts(STANDARD).await.unwrap();
    assert_eq!(counts().await, QueueCounts::default());
    for body in ["1", "2", "3"] {
        subject.port.send(STANDARD, plain(body)).await.unwrap();
    }
    assert_eq!(counts().await, QueueCounts { waiting: 3, in_flight: 0 });
    let delivery = only(subject.port.receive(STANDARD, 1, VISIBILITY).await.unwrap());
    assert_eq!(counts().await, QueueCounts { waiting: 2, in_flight: 1 });
    subject.pass(VISIBILITY).await;
    assert_eq!(counts().await, QueueCounts { waiting: 3, in_flight: 0 });
    let again = subject.port.receive(STANDARD, 10, VISIBILITY).await.unwrap();
    let same = again.iter().find(|again| again.message_id == delivery.message_id).unwrap();
    subject.port.acknowledge(STANDARD, &same.receipt).await.unwrap();
    assert_eq!(counts().await, QueueCounts { waiting: 0, in_flight: 2 });
    assert!(matches!(subject.port.counts("nowhere").await, Err(QueueError::NoSuchQueue(_))));
}

/// The next process goes on where this one stopped.
pub async fn a_restart_keeps_messages_counts_and_receipts(mut subject: QueueSubject) {
    subject.port.send(FIFO, identified("a", "id", "1")).await.unwrap();
    send(&subject, "a", "2").await;
    receive(&subject, FIFO).await;
    subject.pass(VISIBILITY).await;
    let second = only(receive(&subject, FIFO).await);
    subject.restart();
    assert_eq!(receive(&subject, FIFO).await, [], "still hidden");
    subject.port.send(FIFO, identified("b", "id", "3")).await.unwrap();
    subject.port.acknowledge(FIFO, &second.receipt).await.unwrap();
    assert_eq!(bodies(&receive(&subject, FIFO).await), ["2"]);
}
