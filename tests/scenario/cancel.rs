//! A plan that a person cancels, and one that goes on: nothing is concluded, nothing is lost, nothing is left due.
use crate::kill_points::switch::{At, Switch};
use crate::world::orders::order;
use crate::world::sheet::WriteFault;
use crate::world::{ACCOUNT, LONG_ENOUGH, World, day, drain_plans};
use chrono::TimeDelta;
use flows::deps::{Deps, FlowError};
use flows::plan::{self, Plan, PlanState};
use flows::ports::{Expect, ItemKey, NewItem, Range, WriteOp};
use flows::window::due_partition;
use flows::window_sync::{WindowOutcome, WindowReport, WindowWake};
use local::drain::{Ended, PlanRef};
use serde_json::json;
use sige_backfill::BackfillEvent;
use std::time::Duration;

fn audit(world: &World) -> WriteOp {
    let key = ItemKey::new("audit", world.random.unique_id());
    WriteOp::Put(NewItem { key, index: None, expires_at: None, body: json!({ "v": 1 }) }, Expect::Absent)
}

async fn audits(world: &World) -> usize {
    world.state.query("audit", Range::all(), 100, None).await.unwrap().items.len()
}

/// One order on each of the first ten days of February.
async fn ten_days() -> World {
    let world = World::new(1).await;
    let of_day = |n| order(n + 1, &(day("2026-02-01") + TimeDelta::days(n)).to_string(), "10", "");
    world.orders.set((0..10).map(of_day).collect());
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

async fn ask(deps: &Deps, from: &str, to: &str) -> String {
    sige_backfill::handle(event(from, to), deps).await.unwrap().plan.unwrap().plan
}

async fn plan_of(world: &World, id: &str) -> Plan {
    plan::load(&world.deps(), ACCOUNT, id).await.unwrap().unwrap().value
}

async fn due(world: &World) -> usize {
    world.state.query_index(&due_partition(ACCOUNT), Range::all(), 1_000, None).await.unwrap().items.len()
}

async fn cancel(world: &World, id: &str) -> bool {
    let account = World::account();
    plan::cancel(&world.deps(), &account, id, Some(audit(world))).await.unwrap().changed
}

async fn resume(world: &World, id: &str) -> bool {
    let account = World::account();
    plan::resume(&world.deps(), &account, id, Some(audit(world))).await.unwrap().changed
}

async fn next_window(deps: &Deps) -> Option<WindowReport> {
    let queue = flows::settings::WINDOWS_QUEUE;
    let delivery = deps.queue.receive(queue, 1, Duration::from_secs(60)).await.unwrap().pop()?;
    let wake: WindowWake = serde_json::from_str(&delivery.body).unwrap();
    let report = sige_window_sync::handle(wake, deps).await.unwrap();
    deps.queue.acknowledge(queue, &delivery.receipt).await.unwrap();
    Some(report)
}

#[tokio::test]
async fn the_days_of_a_cancelled_plan_stay_pending_and_none_of_them_is_due() {
    let world = ten_days().await;
    let deps = world.deps();
    let plan = ask(&deps, "2026-02-01", "2026-02-10").await;
    for _ in 0..3 {
        next_window(&deps).await.unwrap();
    }
    let dry = plan::cancel(&deps, &World::account(), &plan, None).await.unwrap();
    assert!(dry.changed && plan_of(&world, &plan).await.state == PlanState::Open);
    assert!(cancel(&world, &plan).await);
    assert!(!cancel(&world, &plan).await, "once is enough");
    assert_eq!(audits(&world).await, 1);
    let cancelled = plan_of(&world, &plan).await;
    assert_eq!(cancelled.state, PlanState::Cancelled);
    assert_eq!((cancelled.progress().written, cancelled.progress().pending), (3, 7));
    assert_eq!(due(&world).await, 0);
    // The wake-up that was on its way finds nothing to do, and nothing follows it.
    assert_eq!(next_window(&deps).await.unwrap().outcome, WindowOutcome::NotDue);
    assert_eq!(flows::dispatch::tick(&deps).await.unwrap(), flows::dispatch::Dispatched::default());
    assert_eq!(world.sheet.writes(), 3);
    // A command that waits for the plan does not wait for ever.
    let plans = [PlanRef { account: ACCOUNT.into(), plan }];
    assert_eq!(drain_plans(&deps, &plans).await.unwrap().ended, Ended::Finished);
}

#[tokio::test]
async fn a_resumed_plan_asks_for_its_pending_days_and_for_no_others() {
    let world = ten_days().await;
    let deps = world.deps();
    let plan = ask(&deps, "2026-02-01", "2026-02-10").await;
    for _ in 0..3 {
        next_window(&deps).await.unwrap();
    }
    assert!(!resume(&world, &plan).await, "it is not cancelled");
    cancel(&world, &plan).await;
    assert!(resume(&world, &plan).await);
    assert!(!resume(&world, &plan).await);
    assert_eq!((audits(&world).await, due(&world).await), (2, 7));
    let plans = [PlanRef { account: ACCOUNT.into(), plan: plan.clone() }];
    let ran = drain_plans(&deps, &plans).await.unwrap();
    assert_eq!(ran.ended, Ended::Finished);
    assert_eq!(plan_of(&world, &plan).await.state, PlanState::Finished);
    assert_eq!(world.sheet.writes(), 10);
    assert!(!cancel(&world, &plan).await && !resume(&world, &plan).await, "what is finished is finished");
}

#[tokio::test]
async fn a_window_that_another_plan_waits_for_stays_due() {
    let world = ten_days().await;
    let deps = world.deps();
    let one = ask(&deps, "2026-02-01", "2026-02-06").await;
    let two = ask(&deps, "2026-02-04", "2026-02-10").await;
    cancel(&world, &one).await;
    assert_eq!(due(&world).await, 7);
    let plans = [PlanRef { account: ACCOUNT.into(), plan: two.clone() }];
    drain_plans(&deps, &plans).await.unwrap();
    assert_eq!(plan_of(&world, &two).await.progress().written, 7);
    assert_eq!(plan_of(&world, &one).await.progress().pending, 6, "the cancelled plan is told nothing more");
}

#[tokio::test]
async fn asking_for_a_cancelled_range_again_makes_a_new_plan_and_the_same_request_does_not_revive_it() {
    let world = ten_days().await;
    let deps = world.deps();
    let request = BackfillEvent { request: Some("r1".into()), ..event("2026-02-01", "2026-02-10") };
    let first = sige_backfill::handle(request.clone(), &deps).await.unwrap().plan.unwrap().plan;
    cancel(&world, &first).await;
    // A second delivery of the very request: what was cancelled stays cancelled.
    let same = sige_backfill::handle(request, &deps).await.unwrap().plan.unwrap();
    assert_eq!((same.plan.as_str(), due(&world).await), (first.as_str(), 0));
    let second = ask(&deps, "2026-02-01", "2026-02-10").await;
    assert_ne!(second, first);
    assert_eq!(due(&world).await, 10);
    assert_eq!(plan_of(&world, &first).await.state, PlanState::Cancelled);
}

#[tokio::test]
async fn a_window_in_hand_is_finished_and_the_plan_is_told() {
    let mut world = ten_days().await;
    world.takeover = flows::lease::Takeover::Never;
    let deps = world.deps();
    let plan = ask(&deps, "2026-02-01", "2026-02-10").await;
    let (account, id, record) = (World::account(), plan.clone(), audit(&world));
    let (canceller, handle) = (world.deps(), tokio::runtime::Handle::current());
    world.sheet.inject(WriteFault::Meanwhile(Box::new(move |_| {
        let cancel = async move { plan::cancel(&canceller, &account, &id, Some(record)).await.unwrap() };
        std::thread::spawn(move || handle.block_on(cancel)).join().unwrap();
    })));
    assert!(matches!(next_window(&deps).await.unwrap().outcome, WindowOutcome::Written { .. }));
    let cancelled = plan_of(&world, &plan).await;
    assert_eq!(cancelled.state, PlanState::Cancelled);
    assert_eq!((cancelled.progress().written, cancelled.progress().pending), (1, 9));
    assert_eq!(due(&world).await, 0);
}

#[tokio::test]
async fn a_write_in_doubt_is_settled_before_its_window_rests() {
    let world = ten_days().await;
    let deps = world.deps();
    let plan = ask(&deps, "2026-02-01", "2026-02-10").await;
    world.sheet.inject(WriteFault::ApplyThenDrop);
    world.sheet.inject(WriteFault::ApplyLate);
    // The first one is found on the sheet at once; the second is in doubt.
    next_window(&deps).await.unwrap();
    assert!(matches!(next_window(&deps).await.unwrap().outcome, WindowOutcome::Waiting { .. }));
    cancel(&world, &plan).await;
    assert_eq!(due(&world).await, 1);
    world.sheet.late_copies_arrive();
    world.clock.advance(LONG_ENOUGH);
    flows::dispatch::tick(&deps).await.unwrap();
    while next_window(&deps).await.is_some() {}
    assert_eq!(due(&world).await, 0);
    assert_eq!(world.sheet.codes(), ["1", "2"]);
    assert_eq!(plan_of(&world, &plan).await.state, PlanState::Cancelled);
}

/// Whatever call it is killed at, one tick later the plan is either as before or cancelled, and its windows with it.
#[tokio::test]
async fn a_cancel_that_is_cut_off_anywhere_is_completed_by_the_dispatcher() {
    cut_off(PlanState::Cancelled, true, |deps, plan, audit| {
        Box::pin(async move { plan::cancel(&deps, &World::account(), &plan, Some(audit)).await })
    })
    .await;
}

#[tokio::test]
async fn a_resume_that_is_cut_off_anywhere_is_completed_by_the_dispatcher() {
    cut_off(PlanState::Open, false, |deps, plan, audit| {
        Box::pin(async move { plan::resume(&deps, &World::account(), &plan, Some(audit)).await })
    })
    .await;
}

type Turning = std::pin::Pin<Box<dyn Future<Output = Result<plan::PlanChange, FlowError>>>>;

async fn cut_off(to: PlanState, cancels: bool, turn: fn(Deps, String, WriteOp) -> Turning) {
    for call in 0.. {
        let mut finished = true;
        for at in [At::Before(call), At::After(call)] {
            let world = ten_days().await;
            let plan = ask(&world.deps(), "2026-02-01", "2026-02-05").await;
            if !cancels {
                cancel(&world, &plan).await;
            }
            let before = audits(&world).await;
            let switch = Switch::new(at);
            let turning = turn(world.deps_behind(&switch), plan.clone(), audit(&world));
            let whole =
                tokio::select! { biased; () = switch.tripped() => false, turned = turning => turned.is_ok() };
            finished &= whole;
            flows::dispatch::tick(&world.deps()).await.unwrap();
            let state = plan_of(&world, &plan).await.state;
            let turned = state == to;
            assert_eq!(audits(&world).await - before, usize::from(turned), "{at:?}");
            let expected = if state == PlanState::Cancelled { 0 } else { 5 };
            assert_eq!(due(&world).await, expected, "{at:?}: {state:?}");
            assert!(turned || !whole, "{at:?}");
            turn(world.deps(), plan.clone(), audit(&world)).await.unwrap();
            assert_eq!(plan_of(&world, &plan).await.state, to);
        }
        if finished {
            assert!(call > 10, "only {call} calls");
            return;
        }
    }
}

/// The plan is cancelled while somebody is still asking for its windows.
#[tokio::test]
async fn a_cancel_in_the_middle_of_the_spreading_leaves_no_window_due() {
    for call in 2..20 {
        let world = ten_days().await;
        let switch = Switch::new(At::After(call));
        let slow = world.deps_behind(&switch);
        let asking = sige_backfill::handle(event("2026-02-01", "2026-02-10"), &slow);
        tokio::select! { biased; () = switch.tripped() => {}, _ = asking => {} }
        let (plans, _) = plan::list(&*world.state, ACCOUNT).await.unwrap();
        let Some(half) = plans.first() else { continue };
        cancel(&world, &half.id).await;
        assert_eq!(due(&world).await, 0, "cut off after call {call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancel_beside_a_spread_leaves_no_window_due() {
    for _ in 0..30 {
        let world = ten_days().await;
        let plan = Plan::new(
            ACCOUNT,
            "backfill-1".into(),
            plan::PlanKind::Backfill,
            chrono::DateTime::UNIX_EPOCH,
            (0..10).map(|n| day("2026-02-01") + TimeDelta::days(n)).collect(),
        );
        let write = plan::put_plan(&plan, Expect::Absent).unwrap();
        world.state.transact(vec![write], Vec::new()).await.unwrap();
        let (spreader, canceller, record) = (world.deps(), world.deps(), audit(&world));
        let spreading =
            tokio::spawn(async move { plan::spread(&spreader, &World::account(), "backfill-1").await });
        let cancelling = tokio::spawn(async move {
            plan::cancel(&canceller, &World::account(), "backfill-1", Some(record)).await
        });
        spreading.await.unwrap().unwrap();
        cancelling.await.unwrap().unwrap();
        assert_eq!(plan_of(&world, "backfill-1").await.state, PlanState::Cancelled);
        assert_eq!(due(&world).await, 0);
    }
}

#[tokio::test]
async fn a_plan_that_is_not_there_is_named() {
    let world = ten_days().await;
    let refused = plan::cancel(&world.deps(), &World::account(), "backfill-9", None).await;
    assert!(matches!(refused, Err(FlowError::BadRequest(ref told)) if told.contains("backfill-9")));
}
