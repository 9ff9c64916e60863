//! Several requests that mean the same days: the work is done once, whoever asks and however many work on it.
use crate::world::orders::order;
use crate::world::{ACCOUNT, Fixed, World, day, drain_plans};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use flows::deps::Deps;
use flows::lease::Takeover;
use flows::plan::{self, PlanState};
use flows::ports::{CallGate, Clock, GateError, OpenGate, OrderSource, SourceError};
use flows::rate::{Quota, RateLimit};
use local::drain::PlanRef;
use sige_backfill::BackfillEvent;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Every call to SIGE, with its time, whichever instance made it.
type Calls = Arc<Mutex<Vec<(DateTime<Utc>, NaiveDate)>>>;

/// SIGE behind the gate of one instance.
struct Gated {
    inner: Arc<dyn OrderSource>,
    gate: Arc<dyn CallGate>,
    clock: Arc<dyn Clock>,
    calls: Calls,
}

#[async_trait]
impl OrderSource for Gated {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        self.gate.admit().await.map_err(|error| match error {
            GateError::Deferred { until } => SourceError::Unavailable {
                system: "sige",
                detail: "the limit is used up".into(),
                retry_at: Some(until),
            },
            GateError::Unavailable(detail) => {
                SourceError::Unavailable { system: "sige", detail, retry_at: None }
            }
        })?;
        self.calls.lock().unwrap().push((self.clock.now(), day));
        self.inner.billed_orders(day).await
    }
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        self.inner.orders_changed_since(since).await
    }
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        self.inner.people(document).await
    }
}

/// One instance of the product among several that share the stores.
fn instance(world: &World, gate: Arc<dyn CallGate>, calls: &Calls) -> Deps {
    let gated = Gated { inner: world.orders.clone(), gate, clock: world.clock.clone(), calls: calls.clone() };
    let connections = Fixed { orders: Arc::new(gated), sheet: world.sheet.clone() };
    Deps { connections: Arc::new(connections), takeover: Takeover::Never, ..world.deps() }
}

/// One order on each of the days from 1 February on.
async fn days_with_orders(seed: u64, days: i64) -> World {
    let world = World::new(seed).await;
    let of_day = |n| order(n + 1, &(day("2026-02-01") + TimeDelta::days(n)).to_string(), "10", "");
    world.orders.set((0..days).map(of_day).collect());
    world
}

fn event(from: &str, to: &str) -> BackfillEvent {
    BackfillEvent {
        v: 1,
        account: ACCOUNT.into(),
        from: day(from),
        to: day(to),
        dry_run: false,
        allow_empty: false,
        request: None,
    }
}

async fn ask(deps: &Deps, from: &str, to: &str) -> PlanRef {
    let planned = sige_backfill::handle(event(from, to), deps).await.unwrap().plan.unwrap();
    PlanRef { account: ACCOUNT.into(), plan: planned.plan }
}

async fn is_complete(deps: &Deps, plan: &PlanRef) -> bool {
    let plan = plan::load(deps, ACCOUNT, &plan.plan).await.unwrap().unwrap().value;
    let progress = plan.progress();
    // A plan that asks for a day just when another one has had it written finds it as it should be.
    let done = progress.written + progress.unchanged;
    assert!(plan.state != PlanState::Finished || done == plan.days.len(), "{plan:?}");
    plan.state == PlanState::Finished && done == plan.days.len()
}

#[tokio::test]
async fn two_overlapping_backfills_on_two_instances_ask_and_write_each_day_once() {
    let world = days_with_orders(1, 14).await;
    let calls = Calls::default();
    let (one, two) =
        (instance(&world, Arc::new(OpenGate), &calls), instance(&world, Arc::new(OpenGate), &calls));
    let first = ask(&one, "2026-02-01", "2026-02-10").await;
    let second = ask(&two, "2026-02-05", "2026-02-14").await;
    let (first_alone, second_alone) = ([first.clone()], [second.clone()]);
    let (ran_one, ran_two) = tokio::join!(drain_plans(&one, &first_alone), drain_plans(&two, &second_alone));
    ran_one.unwrap();
    ran_two.unwrap();
    assert!(is_complete(&one, &first).await && is_complete(&one, &second).await);
    assert_eq!(world.sheet.writes(), 14);
    let mut asked: Vec<_> = calls.lock().unwrap().iter().map(|(_, day)| *day).collect();
    asked.sort();
    let each: Vec<_> = (0..14).map(|n| day("2026-02-01") + TimeDelta::days(n)).collect();
    assert_eq!(asked, each);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_requests_at_the_same_instant_do_the_work_once() {
    for round in 0..20 {
        let world = days_with_orders(round, 6).await;
        let calls = Calls::default();
        let spawn = || {
            let deps = instance(&world, Arc::new(OpenGate), &calls);
            tokio::spawn(async move {
                let plan = ask(&deps, "2026-02-01", "2026-02-06").await;
                drain_plans(&deps, std::slice::from_ref(&plan)).await.unwrap();
                (deps, plan)
            })
        };
        let (one, two) = (spawn(), spawn());
        for (deps, plan) in [one.await.unwrap(), two.await.unwrap()] {
            // On a clock that jumps, one may have given up on the other while that was in the middle of a day.
            drain_plans(&deps, std::slice::from_ref(&plan)).await.unwrap();
            assert!(is_complete(&deps, &plan).await);
        }
        assert_eq!(world.sheet.writes(), 6, "round {round}");
        assert_eq!(world.sheet.codes().len(), 6);
        // A second look may come of a request that arrives when a day has just been done, never a second write.
        let asked = calls.lock().unwrap().len();
        assert!((6..=12).contains(&asked), "{asked} calls");
    }
}

#[tokio::test]
async fn the_rate_limit_holds_across_instances_that_work_at_the_same_time() {
    let quota = Quota {
        calls: 60,
        period: Duration::from_secs(3_600),
        burst: 5,
        min_interval: Duration::from_secs(2),
        block: 1,
    };
    let world = days_with_orders(1, 28).await;
    let calls = Calls::default();
    let gate = || Arc::new(RateLimit::new(world.state.clone(), world.clock.clone(), "sige#matriz", quota));
    let (one, two) = (instance(&world, gate(), &calls), instance(&world, gate(), &calls));
    let first = [ask(&one, "2026-02-01", "2026-02-20").await];
    let second = [ask(&two, "2026-02-10", "2026-02-28").await];
    let (ran_one, ran_two) = tokio::join!(drain_plans(&one, &first), drain_plans(&two, &second));
    ran_one.unwrap();
    ran_two.unwrap();
    assert!(is_complete(&one, &first[0]).await && is_complete(&one, &second[0]).await);
    assert_eq!(world.sheet.writes(), 28);
    let times: Vec<_> = calls.lock().unwrap().iter().map(|(time, _)| *time).collect();
    assert_eq!(times.len(), 28);
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= TimeDelta::seconds(2), "{pair:?}");
    }
    // 60 an hour after 5 at once: of any 10 minutes, at most 15 calls.
    for from in &times {
        let within = times.iter().filter(|at| *at >= from && **at - *from < TimeDelta::minutes(10)).count();
        assert!(within <= 15, "{within} calls in the ten minutes from {from}");
    }
}

#[tokio::test]
async fn an_identity_that_another_request_has_had_is_refused() {
    let world = World::new(1).await;
    let asked = |from: &str, to: &str, allow_empty| BackfillEvent {
        v: 1,
        account: ACCOUNT.to_owned(),
        from: day(from),
        to: day(to),
        dry_run: false,
        allow_empty,
        request: Some("r1".to_owned()),
    };
    let deps = world.deps();
    let first = sige_backfill::handle(asked("2026-03-01", "2026-03-02", false), &deps).await.unwrap();
    let again = sige_backfill::handle(asked("2026-03-01", "2026-03-02", false), &deps).await.unwrap();
    assert_eq!(again.plan.unwrap().plan, first.plan.unwrap().plan, "the same request is the same plan");
    for other in [asked("2026-03-03", "2026-03-04", false), asked("2026-03-01", "2026-03-02", true)] {
        let refused = sige_backfill::handle(other, &deps).await.unwrap_err();
        assert!(refused.to_string().contains("has been used for another plan"), "{refused}");
    }
}

#[tokio::test]
async fn one_plan_that_cannot_be_read_keeps_nobody_waiting() {
    let world = World::new(1).await;
    let deps = world.deps();
    let event = BackfillEvent {
        v: 1,
        account: ACCOUNT.to_owned(),
        from: day("2026-03-01"),
        to: day("2026-03-01"),
        dry_run: false,
        allow_empty: true,
        request: None,
    };
    // The window is due and its wake-up is gone; beside it lies a plan of a release that nobody here knows.
    sige_backfill::handle(event, &deps).await.unwrap();
    world.clock.advance(Duration::from_secs(3_600));
    let broken = flows::ports::NewItem {
        key: flows::ports::ItemKey::new(format!("plan#{ACCOUNT}"), "broken"),
        index: Some(flows::ports::ItemKey::new("planning", "a-broken")),
        expires_at: None,
        body: serde_json::json!({ "v": 99 }),
    };
    deps.state.write(broken, flows::ports::Expect::Absent).await.unwrap();
    let before = deps.queue.counts(flows::settings::WINDOWS_QUEUE).await.unwrap().waiting;
    let failed = flows::dispatch::tick(&deps).await.unwrap_err();
    assert!(failed.to_string().contains("format version 99"), "{failed}");
    let after = deps.queue.counts(flows::settings::WINDOWS_QUEUE).await.unwrap().waiting;
    assert_eq!(after, before + 1, "the due window was sent all the same");
}
