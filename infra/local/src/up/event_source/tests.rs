//! The loop on the reference queue: workers, failures, dead letters, and how it ends.
use super::*;
use crate::up::for_tests::{PausedClock, TestFunction};
use crate::up::ringing_queue::RingingQueue;
use crate::up::stop::StopSource;
use flows::ports::{Message, QueueConfig, QueueCounts};
use serde_json::{Value, json};
use shared::function::FunctionError;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::reference::MemoryWorkQueue;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

const JOBS: &str = "jobs.fifo";
const DEAD_JOBS: &str = "dead-jobs.fifo";
const VISIBILITY: Duration = Duration::from_secs(60);
const DELIVERIES_MAX: u32 = 5;

struct Bench {
    queue: Arc<RingingQueue>,
    looks: Arc<AtomicUsize>,
    clock: PausedClock,
    source: EventSource,
    stop: Stop,
    end: StopSource,
}

/// Counts how often somebody looks into the queue.
struct Counted(MemoryWorkQueue, Arc<AtomicUsize>);

#[async_trait::async_trait]
impl WorkQueue for Counted {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        self.0.send(queue, message).await
    }
    async fn receive(&self, queue: &str, max: usize, time: Duration) -> Result<Vec<Delivery>, QueueError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.receive(queue, max, time).await
    }
    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        self.0.acknowledge(queue, receipt).await
    }
    async fn change_visibility(&self, queue: &str, receipt: &str, time: Duration) -> Result<(), QueueError> {
        self.0.change_visibility(queue, receipt, time).await
    }
    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        self.0.counts(queue).await
    }
}

impl Bench {
    fn new(batch_size: usize, concurrency_max: usize) -> Self {
        let clock = PausedClock::at("2026-03-26T09:00:00Z");
        let dead = QueueConfig {
            name: DEAD_JOBS.to_owned(),
            fifo: true,
            max_receive_count: u32::MAX,
            dead_letter_queue: None,
            visibility: VISIBILITY,
            retention: Duration::from_secs(1_000_000),
        };
        let jobs = QueueConfig {
            name: JOBS.to_owned(),
            max_receive_count: DELIVERIES_MAX,
            dead_letter_queue: Some(DEAD_JOBS.to_owned()),
            ..dead.clone()
        };
        let looks = Arc::new(AtomicUsize::new(0));
        let memory = MemoryWorkQueue::new(Arc::new(clock.clone()), &[jobs, dead]);
        let queue = Arc::new(RingingQueue::new(Arc::new(Counted(memory, looks.clone())), [JOBS]));
        let source =
            EventSource { queue: JOBS.to_owned(), batch_size, concurrency_max, reports_failures: true };
        let (end, stop) = StopSource::new();
        Self { queue, looks, clock, source, stop, end }
    }

    async fn send(&self, group: &str, body: &str) {
        let message =
            Message { group: Some(group.to_owned()), deduplication_id: None, body: body.to_owned() };
        self.queue.send(JOBS, message).await.unwrap();
    }

    fn start(&self, function: TestFunction) -> JoinHandle<()> {
        let looping = EventSourceLoop {
            queue: self.queue.clone(),
            bell: self.queue.bell(JOBS),
            function: Arc::new(function),
            source: self.source.clone(),
            visibility: VISIBILITY,
            timeout: Duration::from_secs(10),
            clock: Arc::new(self.clock.clone()),
        };
        tokio::spawn(Arc::new(looping).run(self.stop.clone()))
    }

    async fn left(&self) -> QueueCounts {
        self.queue.counts(JOBS).await.unwrap()
    }

    async fn until_empty(&self) {
        while self.left().await != QueueCounts::default() {
            self.clock.sleep(Duration::from_millis(10)).await;
        }
    }

    async fn dead(&self) -> Vec<String> {
        let dead = self.queue.receive(DEAD_JOBS, 10, VISIBILITY).await.unwrap();
        dead.into_iter().map(|delivery| delivery.body).collect()
    }
}

fn bodies(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    records.iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

/// A function that notes what it was given and fails with what is called `bad`.
fn noting(seen: &Arc<Mutex<Vec<String>>>) -> TestFunction {
    let seen = seen.clone();
    TestFunction::new(move |event, _| {
        seen.lock().unwrap().extend(bodies(&event));
        let records = event["Records"].as_array().unwrap().iter();
        let failed = records.filter(|record| record["body"] == "bad");
        let failed: Vec<_> = failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
        async move { Ok(json!({ "batchItemFailures": failed })) }
    })
}

#[tokio::test(start_paused = true)]
async fn as_many_workers_as_allowed_work_at_once_and_not_one_more() {
    let bench = Bench::new(1, 3);
    for number in 0..9 {
        bench.send(&format!("group {number}"), "job").await;
    }
    // Nobody comes through before three are there; a fourth would be counted.
    let (barrier, now, most) =
        (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = most.clone();
    let looping = bench.start(TestFunction::new(move |_, _| {
        let (barrier, now, most) = (barrier.clone(), now.clone(), most.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(Value::Null)
        }
    }));
    bench.until_empty().await;
    bench.end.finish();
    looping.await.unwrap();
    assert_eq!(counted.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_worked_on_in_order_and_one_at_a_time() {
    let bench = Bench::new(1, 5);
    for body in ["1", "2", "3", "4"] {
        bench.send("one group", body).await;
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let looping = bench.start(noting(&seen));
    bench.until_empty().await;
    bench.end.finish();
    looping.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["1", "2", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_message_comes_back_alone_and_is_a_dead_letter_after_its_deliveries() {
    let bench = Bench::new(3, 2);
    for (group, body) in [("a", "good a"), ("b", "bad"), ("c", "good c")] {
        bench.send(group, body).await;
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let looping = bench.start(noting(&seen));
    bench.until_empty().await;
    bench.end.finish();
    looping.await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.get(..3).unwrap(), ["good a", "bad", "good c"], "one batch");
    assert_eq!(seen.iter().filter(|body| *body == "bad").count(), 5);
    assert_eq!(seen.len(), 7, "the good ones were worked on once");
    assert_eq!(bench.dead().await, ["bad"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_timeout_fail_their_message_and_nothing_else() {
    let bench = Bench::new(1, 1);
    for (group, body) in [("a", "panics"), ("b", "hangs"), ("c", "good")] {
        bench.send(group, body).await;
    }
    let good = Arc::new(AtomicUsize::new(0));
    let done = good.clone();
    let looping = bench.start(TestFunction::new(move |event, _| {
        let (body, done) = (bodies(&event).concat(), done.clone());
        async move {
            match body.as_str() {
                "panics" => panic!("no such thing"),
                "hangs" => std::future::pending().await,
                _ => done.fetch_add(1, Ordering::Relaxed),
            };
            Ok(Value::Null)
        }
    }));
    bench.until_empty().await;
    assert_eq!(good.load(Ordering::Relaxed), 1);
    let mut dead = bench.dead().await;
    dead.sort();
    assert_eq!(dead, ["hangs", "panics"]);
    bench.send("d", "good").await;
    bench.until_empty().await;
    assert_eq!(good.load(Ordering::Relaxed), 2, "the loop goes on");
    bench.end.finish();
    looping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_used_fails_the_batch() {
    let bench = Bench::new(2, 1);
    bench.send("a", "1").await;
    let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "nobody" }] });
    let looping = bench.start(TestFunction::new(move |_, _| std::future::ready(Ok(answer.clone()))));
    bench.until_empty().await;
    bench.end.finish();
    looping.await.unwrap();
    assert_eq!(bench.dead().await, ["1"]);
}

#[tokio::test(start_paused = true)]
async fn asked_to_end_it_finishes_what_it_has_and_takes_nothing_more() {
    let bench = Bench::new(1, 1);
    bench.send("a", "in hand").await;
    bench.send("b", "waiting").await;
    let (begun, began) = tokio::sync::oneshot::channel();
    let begun = Arc::new(Mutex::new(Some(begun)));
    let looping = bench.start(TestFunction::new(move |_, _| {
        begun.lock().unwrap().take().expect("only one message is taken").send(()).unwrap();
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(Value::Null)
        }
    }));
    began.await.unwrap();
    bench.end.finish();
    looping.await.unwrap();
    assert_eq!(bench.left().await, QueueCounts { waiting: 1, in_flight: 0 });
}

#[tokio::test(start_paused = true)]
async fn asked_again_it_hands_back_what_it_has_at_once() {
    let bench = Bench::new(1, 2);
    bench.send("a", "in hand").await;
    let (begun, mut began) = tokio::sync::mpsc::unbounded_channel();
    let looping = bench.start(TestFunction::new(move |_, _| {
        begun.send(()).unwrap();
        std::future::pending::<Result<Value, FunctionError>>()
    }));
    began.recv().await.unwrap();
    let asked_at = bench.clock.now();
    bench.end.finish();
    bench.end.at_once();
    looping.await.unwrap();
    assert_eq!(bench.clock.now(), asked_at);
    let again = bench.queue.receive(JOBS, 1, VISIBILITY).await.unwrap();
    assert_eq!(again.iter().map(|delivery| delivery.receive_count).collect::<Vec<_>>(), [2]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_is_looked_at_once_a_second_and_a_ring_is_heard_at_once() {
    let bench = Bench::new(1, 5);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let looping = bench.start(noting(&seen));
    bench.clock.sleep(Duration::from_secs(60)).await;
    let looks = bench.looks.load(Ordering::Relaxed);
    assert!((58..=65).contains(&looks), "{looks} looks in a minute");
    let sent_at = bench.clock.now();
    bench.send("a", "1").await;
    while seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.clock.now(), sent_at);
    bench.end.finish();
    looping.await.unwrap();
}
