//! What becomes of each record of a batch, and what the operator learns of it.
use super::*;
use crate::metrics::Measure;
use flows::connections::NoConnections;
use flows::deps::FlowError;
use flows::lease::Takeover;
use flows::ports::{Clock, NoBlobs, QueueConfig, Range, StoreError};
use flows::pseudonym::Pseudonym;
use flows::reason::Reason;
use flows::settings::FlowSettings;
use flows::typed;
use testkit::clock::{SeededRandomness, SimulatedClock};
use testkit::reference::{MemoryStateStore, MemoryWorkQueue};

const QUEUE: &str = "work.fifo";

/// What a message of the tests asks its handler to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    act: String,
    #[serde(default)]
    account: Option<String>,
}

struct Done;

impl Measured for Done {
    fn measures(&self) -> Vec<Measure> {
        Vec::new()
    }
}

async fn obey(order: Order, deps: &Deps) -> Result<Done, FlowError> {
    match order.act.as_str() {
        "work" => Ok(Done),
        "fail" => Err(StoreError::Unavailable("down".to_owned()).into()),
        "panic" => panic!("as told"),
        "hang" => std::future::pending().await,
        "refuse" => {
            let account = order.account.unwrap_or_default();
            Err(FlowError::Refused(Reason::AccountUnknown { account }))
        }
        "use up the time" => {
            deps.clock.sleep(Duration::from_secs(400)).await;
            Ok(Done)
        }
        other => Err(FlowError::BadRequest(format!("{other} is no order"))),
    }
}

struct Stage {
    clock: Arc<SimulatedClock>,
    deps: Deps,
    worker: Worker<Order, Done>,
}

fn stage() -> Stage {
    let clock = Arc::new(SimulatedClock::at(2026, 3, 26, 9, 0));
    let port: Arc<dyn Clock> = clock.clone();
    let queue = QueueConfig {
        name: QUEUE.to_owned(),
        fifo: true,
        max_receive_count: 5,
        dead_letter_queue: None,
        visibility: Duration::from_secs(1_800),
        retention: Duration::from_secs(86_400),
    };
    let deps = Deps {
        state: Arc::new(MemoryStateStore::new(port.clone())),
        queue: Arc::new(MemoryWorkQueue::new(port.clone(), &[queue])),
        blobs: Arc::new(NoBlobs),
        clock: port.clone(),
        random: Arc::new(SeededRandomness::new(1)),
        connections: Arc::new(NoConnections),
        pseudonym: Pseudonym::unused(),
        settings: FlowSettings::default(),
        takeover: Takeover::Never,
    };
    let metrics = Arc::new(Metrics::new("test", port, Box::new(std::io::sink())));
    let handle: Handler<Order, Done> = |order, deps| Box::pin(obey(order, deps));
    let worker = Worker::new("sige-window-sync", QUEUE, deps.clone(), metrics, handle);
    Stage { clock, deps, worker }
}

impl Stage {
    /// Sends bodies, one group each unless named alike, and receives them as Lambda would.
    async fn batch(&self, bodies: &[(&str, &str)]) -> Value {
        for (group, body) in bodies {
            let message = flows::ports::Message {
                group: Some((*group).to_owned()),
                deduplication_id: None,
                body: (*body).to_owned(),
            };
            self.deps.queue.send(QUEUE, message).await.unwrap();
        }
        self.receive().await
    }

    async fn receive(&self) -> Value {
        let visibility = Duration::from_secs(1_800);
        let deliveries = self.deps.queue.receive(QUEUE, 10, visibility).await.unwrap();
        let records = deliveries.into_iter().map(|delivery| SqsRecord {
            message_id: delivery.message_id,
            receipt_handle: delivery.receipt,
            body: delivery.body,
            attributes: SqsAttributes {
                approximate_receive_count: delivery.receive_count.to_string(),
                message_group_id: delivery.group,
            },
        });
        serde_json::to_value(SqsEvent { records: records.collect() }).unwrap()
    }

    async fn invoke(&self, event: &Value) -> Vec<String> {
        let deadline = guard::deadline_after(&*self.clock, Duration::from_secs(300));
        let answer = self.worker.invoke(event.clone(), deadline).await.unwrap();
        let failures = answer["batchItemFailures"].as_array().unwrap().clone();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    }

    async fn journal(&self) -> Vec<Run> {
        let page = self.deps.state.query_index("runs", Range::all(), 100, None).await.unwrap();
        page.items.into_iter().map(|item| typed::decode::<Run>(item).unwrap().value).collect()
    }
}

fn ids(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    records.iter().map(|record| record["messageId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_handled_is_acknowledged() {
    let stage = stage();
    let event = stage.batch(&[("a", r#"{"act":"work"}"#), ("b", r#"{"act":"work"}"#)]).await;
    assert_eq!(stage.invoke(&event).await, [""; 0]);
    assert_eq!(stage.journal().await, []);
}

#[tokio::test]
async fn one_bad_record_of_each_kind_fails_alone() {
    for bad in ["not json", "5", "{}", r#"{"act":"fail"}"#, r#"{"act":"panic"}"#, r#"{"act":"fly"}"#] {
        let stage = stage();
        let work = r#"{"act":"work"}"#;
        let event = stage.batch(&[("a", work), ("b", bad), ("c", work)]).await;
        assert_eq!(stage.invoke(&event).await, [ids(&event)[1].clone()], "{bad}");
    }
}

#[tokio::test]
async fn an_unreadable_body_is_journalled_once_and_comes_back_at_once() {
    let stage = stage();
    let mut event = stage.batch(&[("a", r#"{"act":"work","x":1}"#)]).await;
    for _ in 0..3 {
        assert_eq!(stage.invoke(&event).await.len(), 1);
        event = stage.receive().await;
        assert_eq!(ids(&event).len(), 1, "visible again without a wait");
    }
    let journal = stage.journal().await;
    assert_eq!(journal.len(), 1);
    assert_eq!((journal[0].outcome.as_str(), journal[0].account.as_str()), ("refused", NO_ACCOUNT));
    assert!(matches!(&journal[0].reason, Some(Reason::BadEvent { detail }) if detail.contains("`x`")));
}

#[tokio::test]
async fn what_must_not_be_worked_on_is_journalled_and_acknowledged() {
    let stage = stage();
    let event = stage.batch(&[("a", r#"{"act":"refuse","account":"filial"}"#)]).await;
    assert_eq!(stage.invoke(&event).await, [""; 0]);
    let journal = stage.journal().await;
    assert_eq!((journal[0].outcome.as_str(), journal[0].account.as_str()), ("refused", "filial"));
}

#[tokio::test]
async fn a_failed_record_comes_back_after_a_wait_that_grows() {
    let stage = stage();
    let mut event = stage.batch(&[("a", r#"{"act":"fail"}"#)]).await;
    for wait in [5, 15, 60, 180, 180] {
        assert_eq!(stage.invoke(&event).await, ids(&event));
        stage.clock.sleep(Duration::from_secs(wait - 1)).await;
        assert_eq!(ids(&stage.receive().await), [""; 0], "hidden for {wait} s");
        stage.clock.sleep(Duration::from_secs(1)).await;
        event = stage.receive().await;
        assert_eq!(ids(&event).len(), 1, "back after {wait} s");
    }
    assert_eq!(stage.journal().await, [], "an outage is no refusal");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_handler_is_cancelled_and_its_record_fails() {
    let stage = stage();
    let event = stage.batch(&[("a", r#"{"act":"hang"}"#)]).await;
    assert_eq!(stage.invoke(&event).await, ids(&event));
}

#[tokio::test(start_paused = true)]
async fn what_is_late_for_one_record_is_late_for_the_next() {
    let stage = stage();
    let clock = stage.clock.clone();
    let event =
        stage.batch(&[("a", r#"{"act":"hang"}"#), ("b", r#"{"act":"work"}"#), ("c", "not json")]).await;
    let hang = async {
        tokio::time::sleep(Duration::from_secs(297)).await;
        clock.sleep(Duration::from_secs(298)).await;
    };
    let (failed, ()) = tokio::join!(stage.invoke(&event), hang);
    assert_eq!(failed, ids(&event));
    let journal = stage.journal().await;
    assert_eq!(journal.len(), 1, "the third was not looked at");
    assert_eq!(journal[0].outcome, "failed", "the first was cut off, and that can be read");
}

#[tokio::test]
async fn records_for_which_no_time_is_left_are_handed_back_untouched() {
    let stage = stage();
    let event = stage
        .batch(&[("a", r#"{"act":"use up the time"}"#), ("b", r#"{"act":"work"}"#), ("c", "not json")])
        .await;
    assert_eq!(stage.invoke(&event).await, ids(&event)[1..]);
    assert_eq!(stage.journal().await, [], "nobody has looked at the third");
    assert_eq!(ids(&stage.receive().await), [""; 0], "their visibility is as it was");
}

#[tokio::test]
async fn order_within_a_group_survives_a_failure() {
    let stage = stage();
    let record = |id: &str, group: &str, act: &str| {
        json!({ "messageId": id, "receiptHandle": "x", "body": format!(r#"{{"act":"{act}"}}"#),
                "attributes": { "ApproximateReceiveCount": "1", "MessageGroupId": group } })
    };
    let event = json!({ "Records": [
        record("1", "a", "work"), record("2", "a", "fail"), record("3", "b", "work"), record("4", "a", "work"),
    ] });
    assert_eq!(stage.invoke(&event).await, ["2", "4"]);
}

#[tokio::test]
async fn an_envelope_that_cannot_be_answered_is_refused_as_a_whole() {
    for event in [json!(null), json!({}), json!({ "Records": 5 }), json!({ "Records": [{ "body": "{}" }] })] {
        let stage = stage();
        let deadline = guard::deadline_after(&*stage.clock, Duration::from_secs(300));
        let refused = stage.worker.invoke(event.clone(), deadline).await.unwrap_err();
        assert_eq!(refused.kind(), "BadEvent", "{event}");
        assert_eq!(stage.journal().await.len(), 1);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_unread() {
    let stage = stage();
    let body = format!(r#"{{"act":"{}"}}"#, "x".repeat(crate::function::EVENT_BYTES_MAX));
    let record = json!({ "messageId": "1", "receiptHandle": "x", "body": body, "attributes": {} });
    assert_eq!(stage.invoke(&json!({ "Records": [record] })).await, ["1"]);
    let journal = stage.journal().await;
    assert!(
        matches!(&journal[0].reason, Some(Reason::BadEvent { detail }) if detail.contains("at most 262144"))
    );
}
