//! What every work queue promises.
mod delivery;
mod refusal;

pub use delivery::*;
pub use refusal::*;

use super::Subject;
use flows::ports::{Delivery, Message, QueueConfig, WorkQueue};
use std::time::Duration;

/// What a suite works on. It has the queues of [`queues`].
pub type QueueSubject = Subject<dyn WorkQueue>;

/// FIFO, three deliveries, then [`DEAD_FIFO`].
pub const FIFO: &str = "work.fifo";
/// Where messages of [`FIFO`] end.
pub const DEAD_FIFO: &str = "work-dead.fifo";
/// Standard, three deliveries, then [`DEAD_STANDARD`].
pub const STANDARD: &str = "work";
/// Where messages of [`STANDARD`] end.
pub const DEAD_STANDARD: &str = "work-dead";
/// Standard, one delivery counted, but no dead-letter queue.
pub const ENDLESS: &str = "endless";

/// How long a message stands in the queues of the suite at most.
pub const RETENTION: Duration = Duration::from_secs(3600);
/// Deliveries before a message goes to the dead letters.
pub const MAX_RECEIVE_COUNT: u32 = 3;
/// What the suite hides deliveries for.
pub const VISIBILITY: Duration = Duration::from_secs(2);

/// The queues a subject must have.
pub fn queues() -> Vec<QueueConfig> {
    let queue = |name: &str, dead_letters: Option<&str>| QueueConfig {
        name: name.to_owned(),
        fifo: name.ends_with(".fifo"),
        max_receive_count: if name == ENDLESS { 1 } else { MAX_RECEIVE_COUNT },
        dead_letter_queue: dead_letters.map(str::to_owned),
        visibility: VISIBILITY,
        retention: if dead_letters.is_some() { RETENTION } else { RETENTION * 24 },
    };
    vec![
        queue(FIFO, Some(DEAD_FIFO)),
        queue(DEAD_FIFO, None),
        queue(STANDARD, Some(DEAD_STANDARD)),
        queue(DEAD_STANDARD, None),
        queue(ENDLESS, None),
    ]
}

/// Generates one test per promise. The path names an `async fn() -> Subject<dyn WorkQueue>`.
#[macro_export]
macro_rules! queue_contract {
    ($subject:path) => {
        $crate::promises!(
            $subject,
            $crate::contract::queue,
            [
                a_message_is_delivered_as_it_was_sent,
                an_empty_queue_delivers_nothing,
                an_acknowledged_message_is_gone,
                a_group_is_delivered_in_the_order_of_sending,
                a_group_has_one_message_in_flight,
                groups_do_not_wait_for_each_other,
                a_batch_holds_one_message_of_each_group,
                a_hidden_message_comes_back_counted,
                a_later_delivery_makes_the_receipt_stale,
                a_redelivered_message_stays_ahead_of_its_group,
                a_message_goes_to_the_dead_letters_after_its_last_delivery,
                a_dead_letter_frees_its_group,
                without_dead_letters_a_message_is_delivered_for_ever,
                visibility_zero_hands_back_at_once,
                visibility_can_be_extended,
                a_second_message_with_the_same_id_is_dropped_for_five_minutes,
                deduplication_is_per_queue,
                old_messages_are_dropped,
                an_old_message_frees_its_group,
                queues_do_not_mix,
                a_standard_queue_delivers_everything_once,
                of_many_receivers_each_message_has_one,
                a_wrong_message_is_refused,
                an_unknown_queue_is_told,
                a_wrong_receive_is_refused,
                a_foreign_receipt_is_stale,
                a_message_of_the_largest_size_is_taken,
                messages_are_counted_by_where_they_are,
                a_restart_keeps_messages_counts_and_receipts,
            ]
        );
    };
}

fn message(group: &str, body: &str) -> Message {
    Message { group: Some(group.to_owned()), deduplication_id: None, body: body.to_owned() }
}

fn plain(body: &str) -> Message {
    Message { group: None, deduplication_id: None, body: body.to_owned() }
}

async fn send(subject: &QueueSubject, group: &str, body: &str) {
    subject.port.send(FIFO, message(group, body)).await.unwrap();
}

async fn receive(subject: &QueueSubject, queue: &str) -> Vec<Delivery> {
    subject.port.receive(queue, 10, VISIBILITY).await.unwrap()
}

fn bodies(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.body.as_str()).collect()
}

fn sorted(deliveries: &[Delivery]) -> Vec<&str> {
    let mut bodies = bodies(deliveries);
    bodies.sort_unstable();
    bodies
}

/// The only delivery.
#[track_caller]
fn only(mut deliveries: Vec<Delivery>) -> Delivery {
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    deliveries.remove(0)
}
