//! Two of everything at once: one effect.
use crate::world::orders::order;
use crate::world::sheet::WriteFault;
use crate::world::{ACCOUNT, World, daily_event, day, run_daily};
use flows::lease::Takeover;
use flows::window_sync::{WindowOutcome, WindowWake};
use sige_daily_sync::DailySyncEvent;

fn wake() -> WindowWake {
    WindowWake { v: 1, account: ACCOUNT.into(), day: day("2026-03-25") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_copies_of_a_wake_up_at_once_a_hundred_times_make_one_write_each() {
    for round in 0..100 {
        let mut world = World::new(round).await;
        world.takeover = Takeover::Never;
        world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
        let deps = world.deps();
        sige_daily_sync::handle(DailySyncEvent { last_day: Some(day("2026-03-25")), ..daily_event() }, &deps)
            .await
            .unwrap();
        let spawn = || {
            let deps = deps.clone();
            tokio::spawn(async move { sige_window_sync::handle(wake(), &deps).await.unwrap() })
        };
        let (one, two) = (spawn(), spawn());
        let reports = [one.await.unwrap(), two.await.unwrap()];
        let written = |report: &&flows::window_sync::WindowReport| {
            matches!(report.outcome, WindowOutcome::Written { .. })
        };
        assert_eq!(reports.iter().filter(written).count(), 1, "{reports:?}");
        assert_eq!(world.sheet.writes(), 1);
        assert_eq!(world.sheet.codes(), ["1"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_daily_runs_at_once_write_each_day_once() {
    for round in 0..20 {
        let mut world = World::new(round).await;
        world.takeover = Takeover::Never;
        world.orders.set((0..5).map(|n| order(n + 1, &format!("2026-03-{}", 21 + n), "10", "")).collect());
        let spawn = || {
            let deps = world.deps();
            tokio::spawn(async move { run_daily(&deps, None).await.unwrap() })
        };
        let (one, two) = (spawn(), spawn());
        one.await.unwrap();
        two.await.unwrap();
        assert_eq!(world.sheet.writes(), 5);
        assert_eq!(world.sheet.codes().len(), 5);
    }
}

/// INV-3 where it matters most: a worker that stalls between its intent and its call, and wakes when another has worked.
#[tokio::test]
async fn a_worker_that_lost_its_lease_commits_nothing() {
    let mut world = World::new(1).await;
    world.takeover = Takeover::Never;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    let deps = world.deps();
    let resource = flows::window_sync::lease_resource(&World::account().destination.spreadsheet);
    let state = world.state.clone();
    let handle = tokio::runtime::Handle::current();
    world.sheet.inject(WriteFault::Meanwhile(Box::new(move |_| {
        // The lease is ended by force while the call is on its way.
        std::thread::spawn(move || {
            handle.block_on(async { flows::lease::force_release(&*state, &resource, None).await.unwrap() })
        })
        .join()
        .unwrap();
    })));
    sige_daily_sync::handle(DailySyncEvent { last_day: Some(day("2026-03-25")), ..daily_event() }, &deps)
        .await
        .unwrap();
    let report = sige_window_sync::handle(wake(), &deps).await.unwrap();
    assert!(matches!(report.outcome, WindowOutcome::Waiting { .. }), "{report:?}");
    // The next worker finds the marker, adopts the write, and doubles nothing.
    run_daily(&deps, Some(day("2026-03-25"))).await.unwrap();
    assert_eq!(world.sheet.codes(), ["1"]);
    assert_eq!(world.sheet.applied(), 1);
}
