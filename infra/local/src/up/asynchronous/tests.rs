//! Attempts, waits, and the record of what was given up.
use super::*;
use crate::template::Retry;
use crate::up::for_tests::{PausedClock, TestFunction};
use crate::up::stop::StopSource;
use flows::ports::QueueConfig;
use std::sync::Mutex;
use testkit::clock::SeededRandomness;
use testkit::reference::MemoryWorkQueue;

const FAILED: &str = "failed-events";

struct Bench {
    asynchronous: Asynchronous,
    calls: Arc<Mutex<Vec<i64>>>,
    clock: PausedClock,
}

/// A function that gives these errors one after the other and then answers; when it was called is noted in seconds.
fn bench(errors: Vec<FunctionError>, attempts_max: u32, age_max_s: u64) -> Bench {
    let clock = PausedClock::at("2026-03-26T09:00:00Z");
    let config = QueueConfig {
        name: FAILED.to_owned(),
        fifo: false,
        max_receive_count: u32::MAX,
        dead_letter_queue: None,
        visibility: Duration::from_secs(60),
        retention: Duration::from_secs(1_000_000),
    };
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (noted, began, ticking) = (calls.clone(), clock.now(), clock.clone());
    let errors = Mutex::new(errors.into_iter());
    let function = TestFunction::new(move |_, _| {
        noted.lock().unwrap().push((ticking.now() - began).num_seconds());
        let error = errors.lock().unwrap().next();
        std::future::ready(error.map_or_else(|| Ok(json!("done")), Err))
    });
    let retry = Retry { attempts_max, age_max: Duration::from_secs(age_max_s) };
    let asynchronous = Asynchronous {
        function: Arc::new(function),
        config: InvokeConfig { retry, on_failure: Some(FAILED.to_owned()) },
        timeout: Duration::from_secs(300),
        queue: Arc::new(MemoryWorkQueue::new(Arc::new(clock.clone()), &[config])),
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandomness::new(1)),
    };
    Bench { asynchronous, calls, clock }
}

impl Bench {
    async fn hand_over(&self) -> Settled {
        let (_end, stop) = StopSource::new();
        self.asynchronous.hand_over(json!({ "v": 1 }), &stop).await
    }

    fn calls(&self) -> Vec<i64> {
        self.calls.lock().unwrap().clone()
    }

    async fn failed(&self) -> Vec<Value> {
        let deliveries = self.asynchronous.queue.receive(FAILED, 10, Duration::from_secs(60)).await.unwrap();
        deliveries.iter().map(|delivery| serde_json::from_str(&delivery.body).unwrap()).collect()
    }
}

fn failing(times: usize) -> Vec<FunctionError> {
    vec![FunctionError::TimedOut; times]
}

#[tokio::test(start_paused = true)]
async fn a_failed_event_is_tried_again_after_one_and_after_two_minutes() {
    let bench = bench(failing(2), 2, 21_600);
    assert_eq!(bench.hand_over().await, Settled::Answered(json!("done")));
    assert_eq!(bench.calls(), [0, 60, 180]);
    assert_eq!(bench.failed().await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_fails_for_good_is_recorded_as_lambda_records_it() {
    let bench = bench(failing(9), 2, 21_600);
    assert_eq!(bench.hand_over().await, Settled::GivenUp);
    assert_eq!(bench.calls().len(), 3);
    let record = bench.failed().await.remove(0);
    assert_eq!(record["version"], "1.0");
    assert_eq!(record["timestamp"], "2026-03-26T09:03:00.000Z");
    assert_eq!(record["requestPayload"], json!({ "v": 1 }));
    assert_eq!(record["responseContext"]["functionError"], "Unhandled");
    assert_eq!(record["responsePayload"]["errorType"], "TimedOut");
    assert!(record["responsePayload"]["errorMessage"].as_str().unwrap().contains("time"), "{record}");
    let context = &record["requestContext"];
    assert_eq!(
        (&context["condition"], &context["approximateInvokeCount"]),
        (&json!("RetriesExhausted"), &json!(3))
    );
    assert_eq!(context["functionArn"], "arn:aws:lambda:local:000000000000:function:test-function:$LATEST");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_would_be_too_old_is_given_up_with_that_reason() {
    let bench = bench(failing(9), 2, 60);
    assert_eq!(bench.hand_over().await, Settled::GivenUp);
    assert_eq!(bench.calls(), [0, 60]);
    assert_eq!(bench.failed().await[0]["requestContext"]["condition"], "EventAgeExceeded");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_is_given_up_at_once() {
    let refused = FunctionError::BadEvent("unknown field".to_owned());
    let bench = bench(vec![refused], 2, 21_600);
    assert_eq!(bench.hand_over().await, Settled::GivenUp);
    assert_eq!(bench.calls(), [0]);
    assert_eq!(bench.failed().await[0]["responsePayload"]["errorType"], "BadEvent");
}

#[tokio::test(start_paused = true)]
async fn an_end_between_two_attempts_leaves_the_event_open() {
    let bench = bench(failing(9), 2, 21_600);
    let (end, stop) = StopSource::new();
    let event = json!({ "v": 1 });
    let (settled, ()) = tokio::join!(bench.asynchronous.hand_over(event, &stop), async {
        bench.clock.sleep(Duration::from_secs(30)).await;
        end.finish();
    });
    assert_eq!((settled, bench.calls()), (Settled::Open, vec![0]));
    assert_eq!(bench.failed().await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_put_among_the_failed_events_stays_open() {
    let mut bench = bench(failing(9), 0, 21_600);
    bench.asynchronous.config.on_failure = Some("no such queue".to_owned());
    assert_eq!(bench.hand_over().await, Settled::Open);
}
