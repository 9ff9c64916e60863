//! Ticks in their zone, missed ones, failed ones, and what the next process does.
use super::*;
use crate::template::{InvokeConfig, Retry};
use crate::up::for_tests::{PausedClock, TestFunction};
use crate::up::stop::StopSource;
use flows::ports::{Clock, QueueConfig, WorkQueue};
use serde_json::json;
use shared::function::FunctionError;
use std::sync::Mutex;
use testkit::clock::SeededRandomness;
use testkit::reference::{MemoryStateStore, MemoryWorkQueue};

const FAILED: &str = "failed-events";
const INPUT: &str = r#"{"v":1,"scheduled_at":"<aws.scheduler.scheduled-time>"}"#;
const DAILY: &str = "cron(0 6 * * ? *)";

/// What stays when a process ends: the clock goes on, the stores are there.
struct Machine {
    clock: PausedClock,
    state: Arc<MemoryStateStore>,
    queue: Arc<MemoryWorkQueue>,
    ticks: Arc<Mutex<Vec<String>>>,
}

impl Machine {
    fn at(time: &str) -> Self {
        let clock = PausedClock::at(time);
        let failed = QueueConfig {
            name: FAILED.to_owned(),
            fifo: false,
            max_receive_count: u32::MAX,
            dead_letter_queue: None,
            visibility: Duration::from_secs(60),
            retention: Duration::from_secs(1_000_000),
        };
        Self {
            state: Arc::new(MemoryStateStore::new(Arc::new(clock.clone()))),
            queue: Arc::new(MemoryWorkQueue::new(Arc::new(clock.clone()), &[failed])),
            ticks: Arc::default(),
            clock,
        }
    }

    /// A function that notes the scheduled time of its ticks, takes so long and then answers as told.
    fn function(&self, takes: Duration, answer: Result<Value, FunctionError>) -> TestFunction {
        let ticks = self.ticks.clone();
        TestFunction::new(move |event, _| {
            ticks.lock().unwrap().push(event["scheduled_at"].as_str().unwrap().to_owned());
            let answer = answer.clone();
            async move {
                tokio::time::sleep(takes).await;
                answer
            }
        })
    }

    fn scheduler(&self, expression: &str, zone: &str, function: TestFunction) -> Scheduler {
        let retry = Retry { attempts_max: 2, age_max: Duration::from_secs(21_600) };
        Scheduler {
            name: "daily".to_owned(),
            expression: ScheduleExpression::parse(expression, zone).unwrap(),
            input: INPUT.to_owned(),
            function: Asynchronous {
                function: Arc::new(function),
                config: InvokeConfig { retry, on_failure: Some(FAILED.to_owned()) },
                timeout: Duration::from_secs(300),
                queue: self.queue.clone(),
                clock: Arc::new(self.clock.clone()),
                random: Arc::new(SeededRandomness::new(1)),
            },
            state: self.state.clone(),
            first_at_once: false,
        }
    }

    /// A process that runs for so long and is asked to end.
    async fn run(&self, scheduler: Scheduler, hours: u64) {
        let (end, stop) = StopSource::new();
        let running = tokio::spawn(scheduler.run(stop));
        self.off(hours).await;
        end.finish();
        running.await.unwrap();
    }

    async fn off(&self, hours: u64) {
        self.clock.sleep(Duration::from_secs(3_600 * hours)).await;
    }

    fn quick(&self) -> Scheduler {
        self.scheduler(DAILY, "America/Sao_Paulo", self.function(Duration::ZERO, Ok(Value::Null)))
    }

    fn ticks(&self) -> Vec<String> {
        std::mem::take(&mut *self.ticks.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn the_schedule_ticks_at_its_time_in_its_zone_on_both_sides_of_a_change_of_the_clocks() {
    let machine = Machine::at("2026-03-06T20:00:00Z");
    let function = machine.function(Duration::ZERO, Ok(Value::Null));
    machine.run(machine.scheduler(DAILY, "America/New_York", function), 72).await;
    // The clocks went forward on the 8th.
    assert_eq!(machine.ticks(), ["2026-03-07T11:00:00Z", "2026-03-08T10:00:00Z", "2026-03-09T10:00:00Z"]);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_was_never_looked_at_begins_now() {
    let machine = Machine::at("2026-03-26T12:00:00Z");
    machine.run(machine.quick(), 20).await;
    assert_eq!(machine.ticks(), [""; 0], "this morning's tick was before its time");
    let at_once = Scheduler { name: "sample".to_owned(), first_at_once: true, ..machine.quick() };
    machine.run(at_once, 1).await;
    assert_eq!(machine.ticks(), ["2026-03-26T09:00:00Z"]);
}

#[tokio::test(start_paused = true)]
async fn of_the_ticks_that_were_missed_the_latest_is_made_up_for_once() {
    let machine = Machine::at("2026-03-20T12:00:00Z");
    machine.run(machine.quick(), 1).await;
    machine.off(24 * 5).await;
    machine.run(machine.quick(), 1).await;
    assert_eq!(machine.ticks(), ["2026-03-25T09:00:00Z"]);
    machine.run(machine.quick(), 1).await;
    assert_eq!(machine.ticks(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn ticks_do_not_overlap_and_those_missed_meanwhile_are_one() {
    let machine = Machine::at("2026-03-26T12:00:00Z");
    let function = machine.function(Duration::from_secs(150), Ok(Value::Null));
    let (end, stop) = StopSource::new();
    let running = tokio::spawn(machine.scheduler("rate(1 minute)", "UTC", function).run(stop));
    machine.clock.sleep(Duration::from_secs(60 * 7)).await;
    end.finish();
    running.await.unwrap();
    assert_eq!(machine.ticks(), ["2026-03-26T12:01:00Z", "2026-03-26T12:03:00Z", "2026-03-26T12:06:00Z"]);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_fails_for_good_stands_among_the_failed_events_and_the_next_one_comes() {
    let machine = Machine::at("2026-03-26T08:00:00Z");
    let function = machine.function(Duration::ZERO, Err(FunctionError::TimedOut));
    machine.run(machine.scheduler(DAILY, "America/Sao_Paulo", function), 30).await;
    let tick = "2026-03-26T09:00:00Z";
    assert_eq!(
        machine.ticks(),
        [tick, tick, tick, "2026-03-27T09:00:00Z", "2026-03-27T09:00:00Z", "2026-03-27T09:00:00Z"]
    );
    let failed = machine.queue.receive(FAILED, 10, Duration::from_secs(60)).await.unwrap();
    assert_eq!(failed.len(), 2);
    let record: Value = serde_json::from_str(&failed[0].body).unwrap();
    assert_eq!(record["requestPayload"], json!({ "v": 1, "scheduled_at": tick }));
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_the_end_cut_off_is_the_same_tick_in_the_next_process() {
    let machine = Machine::at("2026-03-26T08:30:00Z");
    let (end, stop) = StopSource::new();
    let slow = machine.function(Duration::from_secs(200), Ok(Value::Null));
    let running = tokio::spawn(machine.scheduler(DAILY, "America/Sao_Paulo", slow).run(stop));
    machine.clock.sleep(Duration::from_secs(1_801)).await;
    end.at_once();
    running.await.unwrap();
    machine.run(machine.quick(), 1).await;
    assert_eq!(machine.ticks(), ["2026-03-26T09:00:00Z"; 2]);
}

#[tokio::test(start_paused = true)]
async fn an_end_waits_for_the_tick_in_hand() {
    let machine = Machine::at("2026-03-26T08:30:00Z");
    let (end, stop) = StopSource::new();
    let slow = machine.function(Duration::from_secs(200), Ok(Value::Null));
    let running = tokio::spawn(machine.scheduler(DAILY, "America/Sao_Paulo", slow).run(stop));
    machine.clock.sleep(Duration::from_secs(1_801)).await;
    end.finish();
    running.await.unwrap();
    assert_eq!(machine.clock.now().to_rfc3339(), "2026-03-26T09:03:20+00:00");
    machine.run(machine.quick(), 1).await;
    assert_eq!(machine.ticks(), ["2026-03-26T09:00:00Z"], "it was settled");
}

#[tokio::test(start_paused = true)]
async fn what_the_scheduler_knows_about_a_tick_stands_in_its_event() {
    let machine = Machine::at("2026-03-26T08:30:00Z");
    let scheduler = Scheduler {
        input: r#"{"arn":"<aws.scheduler.schedule-arn>","id":"<aws.scheduler.execution-id>","try":<aws.scheduler.attempt-number>}"#
            .to_owned(),
        ..machine.quick()
    };
    let event = scheduler.event(machine.clock.now());
    assert_eq!(event["arn"], "arn:aws:scheduler:local:000000000000:schedule/default/daily");
    assert_eq!(event["try"], 1);
    assert!(event["id"].as_str().is_some_and(|id| !id.is_empty() && !id.contains('<')), "{event}");
}

#[test]
fn an_answer_is_told_in_a_few_words_and_nothing_is_nothing() {
    let daily = json!({ "plans": [{ "account": "a" }, { "account": "b" }], "skipped": [], "paused": { "code": "paused" } });
    assert_eq!(summary(&daily), "plans 2, paused");
    assert_eq!(summary(&json!({ "sent": 0, "plans_spread": 0 })), "");
    assert_eq!(summary(&json!({ "sent": 3, "plans_spread": 0 })), "sent 3");
    assert_eq!(summary(&Value::Null), "");
}
