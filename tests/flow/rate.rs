//! The shared rate limit: 900 an hour, 60 at once, 500 ms apart, whoever asks.
use flows::ports::{CallGate, Clock, GateError};
use flows::rate::{Quota, RateLimit};
use std::sync::Arc;
use std::time::Duration;
use testkit::clock::SimulatedClock;
use testkit::reference::MemoryStateStore;

const SIGE: Quota = Quota {
    calls: 900,
    period: Duration::from_secs(3600),
    burst: 60,
    min_interval: Duration::from_millis(500),
    block: 1,
};

/// The same, ten slots at a time, as the command line uses it.
const IN_BLOCKS: Quota = Quota { block: 10, ..SIGE };

fn gates(quota: Quota, count: usize) -> (Arc<SimulatedClock>, Vec<RateLimit>) {
    let clock = Arc::new(SimulatedClock::at(2026, 3, 26, 9, 0));
    let store = Arc::new(MemoryStateStore::new(clock.clone() as Arc<dyn Clock>));
    let gate = |_| RateLimit::new(store.clone(), clock.clone(), "sige#matriz", quota);
    (clock.clone(), (0..count).map(gate).collect())
}

#[tokio::test]
async fn slots_reserved_together_are_still_half_a_second_apart_even_after_a_pause() {
    let (clock, gates) = gates(IN_BLOCKS, 1);
    gates[0].admit().await.unwrap();
    clock.advance(Duration::from_secs(4));
    let mut last = clock.now();
    for call in 0..25 {
        gates[0].admit().await.unwrap();
        let gap_ms = (clock.now() - last).num_milliseconds();
        assert!(call == 0 || gap_ms >= 500, "call {call} came after {gap_ms} ms");
        last = clock.now();
    }
}

#[tokio::test]
async fn a_request_for_silence_drops_the_slots_in_hand() {
    let (clock, gates) = gates(IN_BLOCKS, 1);
    gates[0].admit().await.unwrap();
    let until = clock.now() + Duration::from_secs(20);
    gates[0].hold_until(until).await.unwrap();
    gates[0].admit().await.unwrap();
    assert!(clock.now() >= until);
}

#[tokio::test]
async fn two_calls_are_at_least_half_a_second_apart() {
    let (clock, gates) = gates(SIGE, 2);
    let start = clock.now();
    for call in 0..10 {
        gates[call % 2].admit().await.unwrap();
    }
    assert_eq!((clock.now() - start).num_milliseconds(), 9 * 500);
}

#[tokio::test]
async fn after_the_burst_calls_come_at_the_hourly_rate() {
    let (clock, gates) = gates(SIGE, 1);
    let start = clock.now();
    for _ in 0..300 {
        gates[0].admit().await.unwrap();
    }
    // 60 at once, the other 240 one every 4 s: neither faster nor much slower.
    let seconds = (clock.now() - start).num_seconds();
    assert!((240 * 4 - 8..=240 * 4 + 30).contains(&seconds), "{seconds} s");
}

#[tokio::test]
async fn any_hour_sees_at_most_the_quota_and_the_burst() {
    busiest_hour(SIGE).await;
    busiest_hour(IN_BLOCKS).await;
}

async fn busiest_hour(quota: Quota) {
    let (clock, gates) = gates(quota, 3);
    let mut times = Vec::new();
    for call in 0..2_500 {
        gates[call % 3].admit().await.unwrap();
        times.push(clock.now());
    }
    let busiest = times
        .iter()
        .map(|from| {
            times.iter().filter(|at| *at >= from && (**at - *from).num_milliseconds() < 3_600_000).count()
        })
        .max();
    assert!(busiest.is_some_and(|calls| calls <= 960), "{busiest:?}");
}

#[tokio::test]
async fn a_wait_of_more_than_half_a_minute_is_handed_back_with_its_end() {
    let slow = Quota {
        calls: 60,
        period: Duration::from_secs(3600),
        burst: 1,
        min_interval: Duration::ZERO,
        block: 1,
    };
    let (clock, gates) = gates(slow, 1);
    gates[0].admit().await.unwrap();
    let until = clock.now() + Duration::from_secs(60);
    assert_eq!(gates[0].admit().await, Err(GateError::Deferred { until }));
    // A call that was put off has taken nothing: the next one is no later.
    assert_eq!(gates[0].admit().await, Err(GateError::Deferred { until }));
    clock.set(until);
    gates[0].admit().await.unwrap();
}

#[tokio::test]
async fn a_request_for_silence_holds_for_everybody() {
    let (clock, gates) = gates(SIGE, 2);
    let until = clock.now() + Duration::from_secs(10);
    gates[0].hold_until(until).await.unwrap();
    gates[1].admit().await.unwrap();
    assert_eq!(clock.now(), until);
    let far = clock.now() + Duration::from_secs(120);
    gates[1].hold_until(far).await.unwrap();
    assert_eq!(gates[0].admit().await, Err(GateError::Deferred { until: far }));
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_side_by_side_never_share_a_slot() {
    let (clock, gates) = gates(SIGE, 1);
    let gate = Arc::new(gates.into_iter().next().unwrap());
    let start = clock.now();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let gate = gate.clone();
            tokio::spawn(async move { gate.admit().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!((clock.now() - start).num_milliseconds() >= 19 * 500);
}
