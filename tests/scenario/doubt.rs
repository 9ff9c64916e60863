//! S6, S7 and what comes after: a write without an answer is never resent before its outcome is certain.
use crate::world::orders::order;
use crate::world::sheet::WriteFault;
use crate::world::{LONG_ENOUGH, Notes, World, daily_event, drain_plans};
use chrono::TimeDelta;
use flows::ports::Clock;
use flows::reason::Reason;
use flows::window_sync::WindowOutcome;
use local::drain::{Ended, Patience, PlanRef, drain};

async fn one_order() -> World {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")]);
    world
}

#[tokio::test]
async fn s6_applied_then_dropped_is_found_by_its_marker_and_not_resent() {
    let world = one_order().await;
    world.sheet.inject(WriteFault::ApplyThenDrop);
    let ran = world.daily().await;
    assert_eq!(ran.of("2026-03-25").outcome, WindowOutcome::Written { rows: 2, changed: 2 });
    assert!(ran.waits.is_empty(), "the marker is there: nothing to wait for");
    assert_eq!((world.sheet.writes(), world.sheet.applied()), (1, 1));
    assert_eq!(world.sheet.codes(), ["1", "2"]);
}

#[tokio::test]
async fn s7_dropped_before_it_was_applied_is_resent_once_and_only_after_the_settle_time() {
    let world = one_order().await;
    let start = world.clock.now();
    world.sheet.inject(WriteFault::DropBefore);
    let ran = world.daily().await;
    assert_eq!(ran.ended, Ended::Finished);
    assert!(matches!(ran.waits[0], Reason::Settling { .. }));
    assert!(world.clock.now() - start >= TimeDelta::seconds(200));
    assert_eq!((world.sheet.writes(), world.sheet.applied()), (2, 1));
    assert_eq!(world.sheet.codes(), ["1", "2"]);
}

/// The first write leaves without an answer and without effect for now. Gives the plan that waits for it.
async fn one_write_in_doubt(world: &World) -> [PlanRef; 1] {
    world.sheet.inject(WriteFault::ApplyLate);
    let deps = world.deps();
    let planned = sige_daily_sync::handle(daily_event(), &deps).await.unwrap();
    let plan = &planned.plans[0];
    let plans = [PlanRef { account: plan.account.clone(), plan: plan.plan.clone() }];
    let ended = drain(&deps, &plans, &Notes::default(), Patience::None).await.unwrap();
    assert!(matches!(ended, Ended::Waiting { reason: Reason::Settling { .. }, .. }), "{ended:?}");
    plans
}

#[tokio::test]
async fn a_copy_that_arrives_while_we_wait_is_adopted() {
    let world = one_order().await;
    let plans = one_write_in_doubt(&world).await;
    assert_eq!(world.sheet.late_copies_arrive(), [Ok(())]);
    world.clock.advance(LONG_ENOUGH);
    drain_plans(&world.deps(), &plans).await.unwrap();
    assert_eq!(world.sheet.codes(), ["1", "2"]);
    assert_eq!((world.sheet.writes(), world.sheet.applied()), (1, 1));
}

#[tokio::test]
async fn a_copy_that_arrives_after_the_resend_is_refused_by_its_metadata_id() {
    let world = one_order().await;
    world.sheet.inject(WriteFault::ApplyLate);
    world.daily().await;
    assert_eq!((world.sheet.writes(), world.sheet.applied()), (2, 1));
    let arrived = world.sheet.late_copies_arrive();
    assert!(arrived[0].as_ref().is_err_and(|problem| problem.contains("exists")), "{arrived:?}");
    assert_eq!(world.sheet.codes(), ["1", "2"]);
}

#[tokio::test]
async fn a_late_copy_with_other_content_than_the_resend_is_refused_too() {
    let world = one_order().await;
    let plans = one_write_in_doubt(&world).await;
    // While the first write is in doubt an order comes in: what is sent afterwards is not what was sent first.
    world.orders.put(order(3, "2026-03-25", "30", ""));
    drain_plans(&world.deps(), &plans).await.unwrap();
    assert!(world.sheet.late_copies_arrive()[0].is_err());
    assert_eq!(world.sheet.codes(), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_write_that_was_not_taken_is_no_doubt() {
    let world = one_order().await;
    let start = world.clock.now();
    world.sheet.inject(WriteFault::NotSent);
    let ran = world.daily().await;
    // No announced end: the window backs off, and the next run takes it up at once.
    assert!(
        matches!(ran.ended, Ended::Waiting { reason: Reason::Unavailable { .. }, .. }),
        "{:?}",
        ran.ended
    );
    let again = world.daily().await;
    assert_eq!(again.ended, Ended::Finished);
    assert!(world.clock.now() - start < TimeDelta::seconds(200));
    assert_eq!((world.sheet.writes(), world.sheet.applied()), (2, 1));
}

#[tokio::test]
async fn a_rejected_write_fails_the_day_with_what_google_said_and_leaves_no_doubt() {
    let world = one_order().await;
    world.sheet.inject(WriteFault::Reject);
    let ran = world.daily().await;
    assert!(
        matches!(&ran.of("2026-03-25").outcome, WindowOutcome::Failed { reason: Reason::Rejected { detail, .. } } if detail == "HTTP 400"),
        "{ran:?}"
    );
    assert_eq!(world.daily().await.of("2026-03-25").outcome, WindowOutcome::Written { rows: 2, changed: 2 });
}

#[tokio::test]
async fn an_outage_is_reported_and_recovery_needs_no_hand() {
    let world = one_order().await;
    world.orders.fail(Some(flows::ports::SourceError::Unavailable {
        system: "sige",
        detail: "HTTP 503".into(),
        retry_at: None,
    }));
    for _ in 0..3 {
        let ran = world.daily().await;
        assert!(matches!(ran.ended, Ended::Waiting { reason: Reason::Unavailable { .. }, .. }));
        world.clock.advance(LONG_ENOUGH);
    }
    assert_eq!(world.sheet.writes(), 0);
    world.orders.fail(None);
    let ran = world.daily().await;
    assert_eq!(ran.ended, Ended::Finished);
    assert_eq!(world.sheet.codes(), ["1", "2"]);
}
