use super::*;
use crate::context::for_tests::{self, Printed};
use flows::ports::{Range, WorkQueue};
use std::sync::Arc;
use testkit::reference::MemoryWorkQueue;

const QUEUE: &str = "sige-windows.fifo";
const DEAD: &str = "sige-windows-dlq.fifo";

async fn context() -> (Context, Printed) {
    let (mut context, printed) = for_tests::context(true);
    let queues = wiring(&context).unwrap().queues;
    context.queue = Arc::new(MemoryWorkQueue::new(context.clock.clone(), &queues));
    (context, printed)
}

async fn put(context: &Context, queue: &str, group: &str, body: &str) {
    let group = queue.ends_with(".fifo").then(|| group.to_owned());
    let deduplication_id = group.as_ref().map(|_| context.random.unique_id());
    let message = Message { group, deduplication_id, body: body.to_owned() };
    context.queue.send(queue, message).await.unwrap();
}

async fn waiting(context: &Context, queue: &str) -> u64 {
    let counts = context.queue.counts(queue).await.unwrap();
    assert_eq!(counts.in_flight, 0, "everything was handed back");
    counts.waiting
}

async fn audits(context: &Context) -> Vec<Value> {
    let page = context.state.query("audit", Range::all(), 100, None).await.unwrap();
    page.items.into_iter().map(|item| item.body).collect()
}

fn all(queue: &str, apply: bool) -> QueueMoveArgs {
    QueueMoveArgs { queue: queue.to_owned(), message: None, all: true, apply }
}

#[tokio::test]
async fn every_queue_of_the_template_is_listed_with_its_counts() {
    let (context, printed) = context().await;
    put(&context, DEAD, "a", "{}").await;
    list(&context).await.unwrap();
    let listed: Vec<Value> = serde_json::from_str(&printed.text()).unwrap();
    let of = |name: &str| listed.iter().find(|row| row["queue"] == name).unwrap();
    assert_eq!((of(DEAD)["waiting"].as_u64(), of(DEAD)["dead_letters_of"].as_str()), (Some(1), Some(QUEUE)));
    assert_eq!(of(QUEUE)["worked_on_by"], "sige-window-sync");
    assert!(of("failed-events")["waiting"] == 0 && of("schedule-dlq")["waiting"] == 0);
}

#[tokio::test]
async fn what_is_shown_stays_where_it_is() {
    let (context, printed) = context().await;
    put(&context, DEAD, "a", "one").await;
    put(&context, DEAD, "b", "two").await;
    let args = QueueShowArgs { queue: DEAD.to_owned(), max: 20 };
    show(&context, &args).await.unwrap();
    assert_eq!(waiting(&context, DEAD).await, 2);
    let shown: Vec<Value> = serde_json::from_str(&printed.text()).unwrap();
    assert_eq!(shown.iter().map(|m| m["body"].as_str().unwrap()).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn a_redrive_is_a_dry_run_until_told_otherwise_and_then_moves_everything_in_order() {
    let (context, _) = context().await;
    for body in ["a1", "a2", "b1"] {
        put(&context, DEAD, body.get(..1).unwrap(), body).await;
    }
    redrive(&context, &all(DEAD, false)).await.unwrap();
    assert_eq!((waiting(&context, DEAD).await, waiting(&context, QUEUE).await), (3, 0));
    assert!(audits(&context).await.is_empty());

    redrive(&context, &all(DEAD, true)).await.unwrap();
    assert_eq!((waiting(&context, DEAD).await, waiting(&context, QUEUE).await), (0, 3));
    let bodies: Vec<_> = audits(&context).await.iter().map(|item| item["detail"]["body"].clone()).collect();
    assert_eq!(bodies, ["a1", "b1", "a2"]);
    let first = context.queue.receive(QUEUE, 10, LOOK).await.unwrap();
    assert_eq!(first.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(), ["a1", "b1"]);
    assert_eq!(first[0].group.as_deref(), Some("a"));
}

#[tokio::test]
async fn a_redrive_that_was_cut_off_after_the_sending_doubles_nothing() {
    let (context, _) = context().await;
    put(&context, DEAD, "a", "one").await;
    let wiring = wiring(&context).unwrap();
    let source = wiring.queue(QUEUE).unwrap();
    // Sent, then killed before the delete.
    let delivery = context.queue.receive(DEAD, 1, MOVE).await.unwrap().remove(0);
    let message = Message {
        group: delivery.group.clone(),
        deduplication_id: Some(format!("redrive/{}", delivery.message_id)),
        body: delivery.body.clone(),
    };
    context.queue.send(&source.name, message).await.unwrap();
    context.queue.change_visibility(DEAD, &delivery.receipt, Duration::ZERO).await.unwrap();

    redrive(&context, &all(DEAD, true)).await.unwrap();
    assert_eq!((waiting(&context, DEAD).await, waiting(&context, QUEUE).await), (0, 1));
}

#[tokio::test]
async fn one_message_is_moved_by_its_id_and_the_others_stay() {
    let (context, _) = context().await;
    put(&context, "failed-events", "", "one").await;
    put(&context, "failed-events", "", "two").await;
    let found = take(&context, "failed-events", 10, LOOK).await.unwrap();
    hand_back(&context, "failed-events", &found).await;
    let id = found.iter().find(|delivery| delivery.body == "two").unwrap().message_id.clone();
    let args =
        QueueMoveArgs { queue: "failed-events".to_owned(), message: Some(id), all: false, apply: true };
    discard(&context, &args).await.unwrap();
    assert_eq!(waiting(&context, "failed-events").await, 1);
    assert_eq!(audits(&context).await[0]["detail"]["body"], "two");
    let gone = discard(&context, &args).await.unwrap_err();
    assert!(gone.exit_code() == 2 && gone.to_string().contains("queue show failed-events"), "{gone}");
}

#[tokio::test]
async fn messages_that_somebody_works_on_are_not_for_the_hand() {
    let (context, _) = context().await;
    let refused = discard(&context, &all(QUEUE, true)).await.unwrap_err().to_string();
    assert!(refused.contains("sige-window-sync") && refused.contains(DEAD), "{refused}");
    let unknown = discard(&context, &all("nothing", true)).await.unwrap_err().to_string();
    assert!(unknown.contains("nothing") && unknown.contains("failed-events"), "{unknown}");
    let homeless = redrive(&context, &all("failed-events", true)).await.unwrap_err().to_string();
    assert!(homeless.contains("came from no queue"), "{homeless}");
}

/// What cannot be recorded is not deleted.
#[tokio::test]
async fn a_message_whose_way_back_is_refused_is_still_there() {
    let (context, _) = context().await;
    put(&context, DEAD, "a", "one").await;
    let mut broken = context.clone();
    broken.queue = Arc::new(OnlyTakes(context.queue.clone()));
    let failed = redrive(&broken, &all(DEAD, true)).await.unwrap_err().to_string();
    assert!(failed.contains("no room"), "{failed}");
    assert_eq!((waiting(&context, DEAD).await, waiting(&context, QUEUE).await), (1, 0));
}

struct OnlyTakes(Arc<dyn WorkQueue>);

#[async_trait::async_trait]
impl WorkQueue for OnlyTakes {
    async fn send(&self, _: &str, _: Message) -> Result<(), QueueError> {
        Err(QueueError::Unavailable("no room".into()))
    }
    async fn receive(&self, queue: &str, max: usize, hidden: Duration) -> Result<Vec<Delivery>, QueueError> {
        self.0.receive(queue, max, hidden).await
    }
    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        self.0.acknowledge(queue, receipt).await
    }
    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        hidden: Duration,
    ) -> Result<(), QueueError> {
        self.0.change_visibility(queue, receipt, hidden).await
    }
    async fn counts(&self, queue: &str) -> Result<flows::ports::QueueCounts, QueueError> {
        self.0.counts(queue).await
    }
}
