//! Messages on SQS: what travels, what is told of receipts, and answers that get lost.
use crate::account::Account;
use crate::interposer::{Interposer, Treatment, error};
use flows::ports::{Message, QueueCounts, QueueError, WorkQueue};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use testkit::contract::queue::{self, FIFO, STANDARD, VISIBILITY};

async fn with_queues() -> (Account, Interposer, Arc<dyn WorkQueue>) {
    let account = Account::new();
    account.create_queues(&queue::queues()).await;
    let between = Interposer::before(account.endpoint()).await;
    let queue = account.by_way_of(between.endpoint()).aws().queue;
    (account, between, queue)
}

fn message(group: &str, body: &str) -> Message {
    Message { group: Some(group.to_owned()), deduplication_id: None, body: body.to_owned() }
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_queued_once() {
    let (_, between, queue) = with_queues().await;
    between.plan([Treatment::Pass, Treatment::LoseAnswer]);
    queue.send(FIFO, message("a", "1")).await.unwrap();
    assert_eq!(between.operations(), ["GetQueueUrl", "SendMessage", "SendMessage"]);
    assert_eq!(queue.counts(FIFO).await.unwrap(), QueueCounts { waiting: 1, in_flight: 0 });
}

/// The emulator does not know attempts, so only the request is looked at.
#[tokio::test]
async fn a_receive_call_whose_answer_is_lost_is_the_same_attempt_again() {
    let (_, between, queue) = with_queues().await;
    between.plan([Treatment::Pass, Treatment::LoseAnswer]);
    queue.receive(FIFO, 1, VISIBILITY).await.unwrap();
    let attempts: Vec<_> =
        between.seen().iter().map(|seen| seen.body["ReceiveRequestAttemptId"].clone()).collect();
    assert_eq!(attempts.len(), 3);
    assert!(attempts[1].is_string() && attempts[1] == attempts[2], "{attempts:?}");
}

#[tokio::test]
async fn a_plain_group_is_the_group_of_sqs_and_an_odd_one_travels_beside_it() {
    let (_, between, queue) = with_queues().await;
    between.plan([]);
    for group in ["1BxiMVs0XRA5", "livro de março"] {
        queue.send(FIFO, message(group, "x")).await.unwrap();
    }
    let groups: Vec<_> = between.seen().iter().map(|seen| seen.body["MessageGroupId"].clone()).collect();
    assert_eq!(groups[1], "1BxiMVs0XRA5");
    assert_eq!(groups[2].as_str().unwrap().len(), 64);
    let received = queue.receive(FIFO, 10, VISIBILITY).await.unwrap();
    let received: BTreeSet<_> = received.into_iter().filter_map(|delivery| delivery.group).collect();
    assert_eq!(received, BTreeSet::from(["1BxiMVs0XRA5".to_owned(), "livro de março".to_owned()]));
}

#[tokio::test]
async fn messages_that_came_are_not_lost_to_an_error_behind_them() {
    let (_, between, queue) = with_queues().await;
    queue.send(FIFO, message("a", "1")).await.unwrap();
    queue.send(FIFO, message("b", "2")).await.unwrap();
    let outage = Treatment::Answer(503, "{}".to_owned());
    between.plan(std::iter::once(Treatment::Pass).chain(std::iter::repeat_n(outage.clone(), 20)));
    assert_eq!(queue.receive(FIFO, 10, VISIBILITY).await.unwrap().len(), 1);
    between.plan(std::iter::repeat_n(outage, 20));
    let told = queue.receive(FIFO, 10, VISIBILITY).await;
    assert!(matches!(told, Err(QueueError::Unavailable(_))), "{told:?}");
}

#[tokio::test]
async fn an_expired_receipt_of_a_fifo_queue_is_stale() {
    let (_, between, queue) = with_queues().await;
    let expired = || {
        error(
            "InvalidParameterValue",
            "Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
        )
    };
    between.plan([Treatment::Pass, expired(), expired(), error("InvalidParameterValue", "another one")]);
    assert_eq!(queue.acknowledge(FIFO, "x").await, Err(QueueError::StaleReceipt));
    assert_eq!(queue.change_visibility(FIFO, "x", VISIBILITY).await, Err(QueueError::StaleReceipt));
    let told = queue.change_visibility(FIFO, "x", VISIBILITY).await;
    assert!(matches!(told, Err(QueueError::Invalid(_))), "{told:?}");
}

#[tokio::test]
async fn a_body_that_sqs_cannot_carry_is_refused() {
    let (_, _, queue) = with_queues().await;
    let body = Message { group: None, deduplication_id: None, body: "a\u{0}b".to_owned() };
    let told = queue.send(STANDARD, body).await;
    assert!(matches!(told, Err(QueueError::Invalid(_))), "{told:?}");
}

#[tokio::test]
async fn a_hidden_part_of_a_second_is_a_whole_one() {
    let (_, between, queue) = with_queues().await;
    between.plan([]);
    queue.receive(STANDARD, 1, Duration::from_millis(1_001)).await.unwrap();
    assert_eq!(between.seen()[1].body["VisibilityTimeout"], 2);
}
