//! S11 and its neighbours: a range of days, resumable, never ahead of the daily run.
use crate::kill_points::switch::{At, Switch};
use crate::world::orders::order;
use crate::world::{ACCOUNT, World, daily_event, day, drain_plans};
use flows::deps::{Deps, FlowError};
use flows::window_sync::{WindowOutcome, WindowReport, WindowWake};
use local::drain::PlanRef;
use sige_backfill::{BackfillEvent, BackfillReport};
use std::collections::BTreeSet;

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

fn plan_of(report: &BackfillReport) -> PlanRef {
    PlanRef { account: ACCOUNT.into(), plan: report.plan.as_ref().unwrap().plan.clone() }
}

/// One order on each of 30 days of February and March.
async fn month() -> World {
    let world = World::new(1).await;
    let first = day("2026-02-01");
    world.orders.set(
        (0..30).map(|n| order(n + 1, &(first + chrono::Days::new(n as u64)).to_string(), "10", "")).collect(),
    );
    world
}

async fn next_window(deps: &Deps) -> Option<WindowReport> {
    let queue = flows::settings::WINDOWS_QUEUE;
    let delivery = deps.queue.receive(queue, 1, std::time::Duration::from_secs(60)).await.unwrap().pop()?;
    let wake: WindowWake = serde_json::from_str(&delivery.body).unwrap();
    let report = sige_window_sync::handle(wake, deps).await.unwrap();
    deps.queue.acknowledge(queue, &delivery.receipt).await.unwrap();
    Some(report)
}

#[tokio::test]
async fn s11_a_backfill_stopped_on_day_17_resumes_at_day_17() {
    let world = month().await;
    let request = event("2026-02-01", "2026-03-02");
    let deps = world.deps();
    let planned = sige_backfill::handle(request.clone(), &deps).await.unwrap();
    for _ in 0..16 {
        next_window(&deps).await.unwrap();
    }
    assert_eq!(world.sheet.codes().len(), 16);
    // Killed inside day 17: before its write is sent.
    let switch = Switch::new(At::Before(12));
    let dying = world.deps_behind(&switch);
    tokio::select! { () = switch.tripped() => {}, _ = next_window(&dying) => panic!("not killed") }

    let again = sige_backfill::handle(request, &deps).await.unwrap();
    assert_eq!(plan_of(&again), plan_of(&planned));
    assert!(again.plan.as_ref().unwrap().resumed);
    let ran = drain_plans(&deps, &[plan_of(&again)]).await.unwrap();
    let worked: BTreeSet<_> = ran.reports.iter().map(|report| report.day).collect();
    assert_eq!(worked.first(), Some(&day("2026-02-17")));
    assert_eq!(worked.len(), 14);
    assert_eq!(world.sheet.codes().len(), 30);
    assert_eq!(world.sheet.writes(), 30);
}

#[tokio::test]
async fn the_daily_run_starts_within_two_windows_of_a_running_backfill() {
    let world = month().await;
    let deps = world.deps();
    sige_backfill::handle(event("2025-03-25", "2026-03-24"), &deps).await.unwrap();
    for _ in 0..3 {
        next_window(&deps).await.unwrap();
    }
    sige_daily_sync::handle(daily_event(), &deps).await.unwrap();
    let mut days = Vec::new();
    for _ in 0..7 {
        days.push(next_window(&deps).await.unwrap().day);
    }
    let daily = days.iter().position(|worked| *worked == day("2026-03-21"));
    assert!(daily.is_some_and(|position| position <= 2), "{days:?}");
}

#[tokio::test]
async fn at_most_one_window_of_a_spreadsheet_is_on_its_way() {
    let world = month().await;
    let deps = world.deps();
    sige_backfill::handle(event("2026-02-01", "2026-02-28"), &deps).await.unwrap();
    for _ in 0..5 {
        flows::dispatch::tick(&deps).await.unwrap();
    }
    let queue = flows::settings::WINDOWS_QUEUE;
    let all = deps.queue.receive(queue, 10, std::time::Duration::from_secs(60)).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn a_lost_wake_up_is_sent_again() {
    let world = month().await;
    let deps = world.deps();
    sige_backfill::handle(event("2026-02-01", "2026-02-02"), &deps).await.unwrap();
    let queue = flows::settings::WINDOWS_QUEUE;
    let lost = deps.queue.receive(queue, 1, std::time::Duration::from_secs(60)).await.unwrap().pop().unwrap();
    deps.queue.acknowledge(queue, &lost.receipt).await.unwrap();
    assert_eq!(flows::dispatch::tick(&deps).await.unwrap().sent, 0);
    world.clock.advance(world.settings.requeue_after);
    assert_eq!(flows::dispatch::tick(&deps).await.unwrap().sent, 1);
    assert!(matches!(next_window(&deps).await.unwrap().outcome, WindowOutcome::Written { .. }));
}

#[tokio::test]
async fn two_overlapping_backfills_share_their_windows_and_are_both_told() {
    let world = month().await;
    let deps = world.deps();
    let one = sige_backfill::handle(event("2026-02-01", "2026-02-10"), &deps).await.unwrap();
    let two = sige_backfill::handle(event("2026-02-05", "2026-02-14"), &deps).await.unwrap();
    let ran = drain_plans(&deps, &[plan_of(&one), plan_of(&two)]).await.unwrap();
    assert_eq!(ran.reports.len(), 14);
    for plan in [&one, &two] {
        let stored = flows::plan::load(&deps, ACCOUNT, &plan_of(plan).plan).await.unwrap().unwrap().value;
        assert_eq!(stored.progress().written, 10);
        assert_eq!(stored.state, flows::plan::PlanState::Finished);
    }
}

#[tokio::test]
async fn a_range_that_cannot_be_meant_is_refused_with_the_reason() {
    let world = month().await;
    let deps = world.deps();
    for (from, to, said) in [
        ("2026-02-10", "2026-02-01", "inverted"),
        ("2026-03-01", "2026-03-26", "2026-03-25"),
        ("2020-01-01", "2026-03-01", "backfill_days_max"),
    ] {
        let Err(FlowError::BadRequest(message)) = sige_backfill::handle(event(from, to), &deps).await else {
            panic!("{from} to {to} was not refused");
        };
        assert!(message.contains(said), "{message}");
    }
    let unknown = BackfillEvent { account: "nobody".into(), ..event("2026-02-01", "2026-02-02") };
    assert!(matches!(sige_backfill::handle(unknown, &deps).await, Err(FlowError::Refused(_))));
}

#[tokio::test]
async fn an_account_that_moves_to_another_spreadsheet_takes_its_pending_days_along() {
    let world = month().await;
    let deps = world.deps();
    let planned = sige_backfill::handle(event("2026-02-01", "2026-02-05"), &deps).await.unwrap();
    let mut account = World::account();
    account.destination.spreadsheet = "another-spreadsheet-0002".into();
    world.save(&account).await;
    let ran = drain_plans(&deps, &[plan_of(&planned)]).await.unwrap();
    assert_eq!(ran.ended, local::drain::Ended::Finished);
    assert_eq!(world.sheet.codes().len(), 5);
}

#[tokio::test]
async fn a_window_that_many_plans_ask_for_tells_them_all() {
    let world = month().await;
    let deps = world.deps();
    let mut plans = Vec::new();
    for length in 1..=28 {
        let to = day("2026-02-01") + chrono::Days::new(length);
        plans.push(plan_of(
            &sige_backfill::handle(event("2026-02-01", &to.to_string()), &deps).await.unwrap(),
        ));
    }
    let ran = drain_plans(&deps, &plans).await.unwrap();
    assert_eq!(ran.ended, local::drain::Ended::Finished);
    assert_eq!(world.sheet.writes(), 29);
}

#[tokio::test]
async fn a_run_does_not_wait_for_a_backfill_that_is_none_of_its_business() {
    let world = month().await;
    sige_backfill::handle(event("2025-06-01", "2026-03-20"), &world.deps()).await.unwrap();
    let ran = world.daily().await;
    assert_eq!(ran.ended, local::drain::Ended::Finished);
    assert!(ran.reports.len() <= 7, "{} windows were worked on", ran.reports.len());
}

#[tokio::test]
async fn a_dry_run_plans_nothing() {
    let world = month().await;
    let deps = world.deps();
    let dry = BackfillEvent { dry_run: true, ..event("2026-02-01", "2026-02-10") };
    let report = sige_backfill::handle(dry, &deps).await.unwrap();
    assert_eq!((report.days, report.plan.is_none()), (10, true));
    assert!(next_window(&deps).await.is_none());
}
