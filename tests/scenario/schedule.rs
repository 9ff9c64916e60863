//! Schedules: what a tick leaves behind, what a pause holds back, and what it does not.
use crate::kill_points::switch::{At, Switch};
use crate::world::orders::order;
use crate::world::{World, daily_event};
use chrono::{DateTime, TimeDelta, Utc};
use dispatch::DispatchEvent;
use flows::deps::FlowError;
use flows::journal::Run;
use flows::ports::{Clock, Expect, ItemKey, NewItem, Range, WriteOp};
use flows::reason::Reason;
use flows::schedule::{self, DAILY, DISPATCH, Schedule, TickOutcome};
use flows::typed;
use serde_json::json;
use sige_daily_sync::DailySyncEvent;

fn audit(world: &World) -> WriteOp {
    let key = ItemKey::new("audit", world.random.unique_id());
    WriteOp::Put(NewItem { key, index: None, expires_at: None, body: json!({ "v": 1 }) }, Expect::Absent)
}

async fn audits(world: &World) -> usize {
    world.state.query("audit", Range::all(), 100, None).await.unwrap().items.len()
}

async fn pause(world: &World, name: &str) -> bool {
    schedule::pause(&*world.state, &*world.clock, name, "ana", "the shop is closed", audit(world))
        .await
        .unwrap()
}

async fn known(world: &World, name: &str) -> Schedule {
    schedule::list(&*world.state).await.unwrap().into_iter().find(|known| known.name == name).unwrap()
}

/// Entries of the run journal of a function, without those of windows.
async fn runs(world: &World, function: &str) -> Vec<Run> {
    let page = world.state.query_index("runs", Range::all(), 1000, None).await.unwrap();
    let runs = page.items.into_iter().map(|item| typed::decode::<Run>(item).unwrap().value);
    runs.filter(|run| run.function == function).collect()
}

fn tick_at(time: DateTime<Utc>) -> DailySyncEvent {
    DailySyncEvent { scheduled_at: Some(time), ..daily_event() }
}

async fn world() -> World {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world
}

#[tokio::test]
async fn a_tick_leaves_its_time_its_start_its_end_and_its_outcome() {
    let world = world().await;
    let scheduled_at = world.clock.now();
    world.clock.advance((TimeDelta::seconds(40)).to_std().unwrap());
    sige_daily_sync::handle(tick_at(scheduled_at), &world.deps()).await.unwrap();
    let known = known(&world, DAILY).await;
    let tick = known.last.unwrap();
    assert_eq!((tick.scheduled_at, tick.outcome), (scheduled_at, TickOutcome::Done));
    assert_eq!(tick.started_at, scheduled_at + TimeDelta::seconds(40));
    assert!(tick.finished_at.unwrap() >= tick.started_at);
    assert_eq!(known.last_done, Some(scheduled_at));
}

#[tokio::test]
async fn a_tick_that_comes_twice_is_the_same_tick() {
    let world = world().await;
    let deps = world.deps();
    let scheduled_at = world.clock.now();
    let first = sige_daily_sync::handle(tick_at(scheduled_at), &deps).await.unwrap();
    let started_at = known(&world, DAILY).await.last.unwrap().started_at;
    world.clock.advance((TimeDelta::minutes(3)).to_std().unwrap());
    let second = sige_daily_sync::handle(tick_at(scheduled_at), &deps).await.unwrap();
    assert_eq!(first.plans[0].plan, second.plans[0].plan);
    assert!(second.plans[0].resumed);
    assert_eq!(known(&world, DAILY).await.last.unwrap().started_at, started_at);
    let outcomes: Vec<_> = runs(&world, DAILY).await.into_iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, ["planned", "resumed"]);
}

#[tokio::test]
async fn an_older_tick_that_arrives_late_does_not_hide_the_newest() {
    let world = world().await;
    let deps = world.deps();
    let newest = world.clock.now();
    sige_daily_sync::handle(tick_at(newest), &deps).await.unwrap();
    let late = sige_daily_sync::handle(tick_at(newest - TimeDelta::days(1)), &deps).await.unwrap();
    assert_eq!(late.plans.len(), 1, "late work is work");
    assert_eq!(known(&world, DAILY).await.last.unwrap().scheduled_at, newest);
}

#[tokio::test]
async fn a_paused_schedule_does_nothing_and_says_so_once() {
    let world = world().await;
    let deps = world.deps();
    assert!(pause(&world, DAILY).await);
    assert!(!pause(&world, DAILY).await, "it is paused already");
    assert_eq!(audits(&world).await, 1);
    let scheduled_at = world.clock.now();
    for _ in 0..3 {
        let report = sige_daily_sync::handle(tick_at(scheduled_at), &deps).await.unwrap();
        assert!(report.plans.is_empty());
        assert!(matches!(report.paused, Some(Reason::Paused { ref by, .. }) if by == "ana"), "{report:?}");
    }
    let told = runs(&world, DAILY).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].outcome, "skipped");
    assert!(told[0].reason.as_ref().unwrap().to_string().contains("the shop is closed"));
    // The next morning is another tick.
    world.clock.advance(TimeDelta::days(1).to_std().unwrap());
    sige_daily_sync::handle(tick_at(scheduled_at + TimeDelta::days(1)), &deps).await.unwrap();
    assert_eq!(runs(&world, DAILY).await.len(), 2);
}

#[tokio::test]
async fn a_run_by_hand_is_not_kept_from_working_by_a_pause() {
    let world = world().await;
    pause(&world, DAILY).await;
    pause(&world, DISPATCH).await;
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["1"]);
    let by_hand = DispatchEvent { v: 1, scheduled_at: None };
    assert_eq!(dispatch::handle(by_hand, &world.deps()).await.unwrap().skipped, None);
}

#[tokio::test]
async fn a_resumed_schedule_runs_with_its_next_tick_and_not_with_one_that_was_skipped() {
    let world = world().await;
    let deps = world.deps();
    pause(&world, DAILY).await;
    let skipped = world.clock.now();
    sige_daily_sync::handle(tick_at(skipped), &deps).await.unwrap();
    assert!(schedule::resume(&*world.state, DAILY, audit(&world)).await.unwrap());
    assert!(!schedule::resume(&*world.state, DAILY, audit(&world)).await.unwrap());
    assert_eq!(audits(&world).await, 2);
    assert!(sige_daily_sync::handle(tick_at(skipped), &deps).await.unwrap().paused.is_some());
    let next = tick_at(skipped + TimeDelta::days(1));
    world.clock.advance((TimeDelta::days(1)).to_std().unwrap());
    assert_eq!(sige_daily_sync::handle(next, &deps).await.unwrap().plans.len(), 1);
}

#[tokio::test]
async fn a_paused_dispatcher_enters_one_line_a_pause_and_not_one_a_minute() {
    let world = world().await;
    let deps = world.deps();
    pause(&world, DISPATCH).await;
    let began = world.clock.now();
    let minute = |n| DispatchEvent { v: 1, scheduled_at: Some(began + TimeDelta::minutes(n)) };
    world.clock.advance(TimeDelta::minutes(6).to_std().unwrap());
    for n in 0..5 {
        assert!(dispatch::handle(minute(n), &deps).await.unwrap().skipped.is_some());
    }
    assert_eq!(runs(&world, DISPATCH).await.len(), 1);
    assert_eq!(known(&world, DISPATCH).await.last.unwrap().scheduled_at, minute(4).scheduled_at.unwrap());
    schedule::resume(&*world.state, DISPATCH, audit(&world)).await.unwrap();
    assert_eq!(dispatch::handle(minute(5), &deps).await.unwrap().skipped, None);
    assert_eq!(runs(&world, DISPATCH).await.len(), 1, "a tick with nothing to tell tells nothing");
    pause(&world, DISPATCH).await;
    dispatch::handle(minute(6), &deps).await.unwrap();
    assert_eq!(runs(&world, DISPATCH).await.len(), 2);
}

#[tokio::test]
async fn a_pause_of_something_that_is_not_there_is_refused() {
    let world = world().await;
    let refused =
        schedule::pause(&*world.state, &*world.clock, "daily", "ana", "because", audit(&world)).await;
    assert!(matches!(refused, Err(FlowError::BadRequest(ref told)) if told.contains(DAILY)), "{refused:?}");
    let without = schedule::pause(&*world.state, &*world.clock, DAILY, "ana", " ", audit(&world)).await;
    assert!(matches!(without, Err(FlowError::BadRequest(_))));
}

/// Whatever call it is killed at, the tick that comes again is the same tick, and in the end it is done.
#[tokio::test]
async fn a_tick_that_is_cut_off_anywhere_is_completed_when_it_comes_again() {
    for call in 0.. {
        let world = world().await;
        let scheduled_at = world.clock.now();
        let switch = Switch::new(At::After(call));
        let dying = world.deps_behind(&switch);
        let finished = tokio::select! {
            biased;
            () = switch.tripped() => false,
            report = sige_daily_sync::handle(tick_at(scheduled_at), &dying) => { report.unwrap(); true }
        };
        sige_daily_sync::handle(tick_at(scheduled_at), &world.deps()).await.unwrap();
        let known = known(&world, DAILY).await;
        assert_eq!(known.last.unwrap().outcome, TickOutcome::Done, "cut off after call {call}");
        let plans = world.state.query("plan#matriz", Range::all(), 10, None).await.unwrap();
        assert_eq!(plans.items.len(), 1);
        if finished {
            assert!(call > 10, "only {call} calls");
            break;
        }
    }
}

#[tokio::test]
async fn an_event_of_another_shape_is_refused() {
    let unknown = serde_json::from_value::<DispatchEvent>(json!({ "v": 1, "account": "matriz" }));
    assert!(unknown.unwrap_err().to_string().contains("account"));
    let world = world().await;
    let newer = DispatchEvent { v: 2, scheduled_at: None };
    assert!(matches!(dispatch::handle(newer, &world.deps()).await, Err(FlowError::BadRequest(_))));
}

#[tokio::test]
async fn a_tick_of_the_future_is_refused_and_moves_no_cursor() {
    let world = world().await;
    let future = world.clock.now() + TimeDelta::days(365 * 36);
    for refused in [
        sige_daily_sync::handle(tick_at(future), &world.deps()).await.err(),
        dispatch::handle(DispatchEvent { v: 1, scheduled_at: Some(future) }, &world.deps()).await.err(),
    ] {
        assert!(
            matches!(&refused, Some(FlowError::BadRequest(told)) if told.contains("not come yet")),
            "{refused:?}"
        );
    }
    let cursor = ItemKey::new(format!("cursor#{}", crate::world::ACCOUNT), "sige-daily");
    assert_eq!(world.state.get(&cursor).await.unwrap(), None);
}
