//! Kill the process at every call, before and after its effect, and run again: the sheet equals the crash-free one.
pub mod switch;

use crate::world::orders::{order, person};
use crate::world::sheet::WriteFault;
use crate::world::{ACCOUNT, LONG_ENOUGH, World, drain_plans, run_daily};
use domain::booking::ErpRow;
use domain::cell::Cell;
use flows::accounts::Account;
use flows::lease::Takeover;
use flows::ports::{Item, Range};
use local::drain::PlanRef;
use std::time::Duration;
use switch::{At, Switch};

/// Short, so that waiting for it is few steps of the clock; how long it is makes no difference to what is shown.
const SETTLE_AFTER: Duration = Duration::from_secs(3);

/// A company with something of everything: two days, a contact, a booking, an order that moves, one in quarantine.
async fn company(seed: u64) -> World {
    let world = World::new(seed).await;
    world.orders.know(person("52998224725", "Marina T."));
    world.sheet.book(ErpRow {
        row: 2,
        document: Cell::Text("52998224725".into()),
        service: Cell::Text("Retirada".into()),
        responsible: Cell::Text("Bruno".into()),
        day: Cell::Text("20/03/2026".into()),
        ..ErpRow::default()
    });
    world.orders.set(vec![
        order(1, "2026-03-24", "100.01", "52998224725"),
        order(2, "2026-03-24", "20", ""),
        order(3, "2026-03-25", "30", "52998224725"),
        order(4, "2026-03-25", "40", ""),
    ]);
    world.daily().await;
    // What the run under test has to bring about: an edit, a removal, a new order, a move and an order without a date.
    world.orders.put(order(1, "2026-03-24", "110.01", "52998224725"));
    world.orders.remove(2);
    world.orders.put(order(3, "2026-03-23", "30", "52998224725"));
    world.orders.put(order(5, "2026-03-25", "50", ""));
    let mut undated = order(4, "2026-03-25", "40", "");
    undated.billed_at = Some("0001-01-01T00:00:00-02:00".into());
    world.orders.put(undated);
    world.clock.advance(LONG_ENOUGH);
    world
}

async fn crash_free() -> Vec<Vec<String>> {
    let world = company(1).await;
    world.daily().await;
    world.sheet.sorted()
}

/// Runs until the switch trips, then again as a new process. Returns the sheet, or `None` when nothing was killed.
async fn killed(at: At, takeover: Takeover, fault: Option<WriteFault>) -> Option<World> {
    let mut world = company(1).await;
    world.takeover = takeover;
    world.settings.settle_after = SETTLE_AFTER;
    if let Some(fault) = fault {
        world.sheet.inject(fault);
    }
    let switch = Switch::new(at);
    let deps = world.deps_behind(&switch);
    let finished = tokio::select! {
        biased;
        () = switch.tripped() => false,
        ran = run_daily(&deps, None) => { ran.unwrap(); true }
    };
    if finished {
        return None;
    }
    if takeover == Takeover::Never {
        world.clock.advance(LONG_ENOUGH);
    }
    world.daily().await;
    Some(world)
}

async fn every_kill_ends_like_no_kill(takeover: Takeover, fault: fn() -> Option<WriteFault>) {
    let expected = crash_free().await;
    let mut kills = 0;
    for call in 0.. {
        let mut reached = false;
        for at in [At::Before(call), At::After(call)] {
            let Some(world) = killed(at, takeover, fault()).await else { continue };
            reached = true;
            kills += 1;
            assert_eq!(world.sheet.sorted(), expected, "killed {at:?}");
            assert_eq!(world.sheet.markers().len(), 1, "killed {at:?}");
            let writes = world.sheet.writes();
            world.daily().await;
            assert_eq!(
                world.sheet.writes(),
                writes,
                "killed {at:?}: a third run had something left to write"
            );
        }
        if !reached {
            break;
        }
    }
    assert!(kills > 200, "only {kills} kills: the run is not what this test thinks it is");
}

#[tokio::test]
async fn killed_at_any_call_a_second_run_on_the_same_machine_completes_the_work() {
    every_kill_ends_like_no_kill(Takeover::OwnerIsGone, || None).await;
}

#[tokio::test]
async fn killed_at_any_call_another_machine_completes_the_work_when_the_lease_has_ended() {
    every_kill_ends_like_no_kill(Takeover::Never, || None).await;
}

#[tokio::test]
async fn killed_at_any_call_while_a_write_is_in_doubt_nothing_is_doubled() {
    every_kill_ends_like_no_kill(Takeover::OwnerIsGone, || Some(WriteFault::ApplyThenDrop)).await;
    every_kill_ends_like_no_kill(Takeover::OwnerIsGone, || Some(WriteFault::DropBefore)).await;
}

/// A day that is always looked at, and two new orders on days that are looked at only because of them.
async fn company_with_orders_of_long_ago() -> World {
    let world = World::new(1).await;
    world.save(&Account { resync_days: 1, ..World::account() }).await;
    // The 20th has another order, for a day is not emptied without a word; nothing says that it has changed.
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(4, "2026-03-20", "40", "")]);
    world.daily().await;
    world.one_day("2026-03-20").await;
    world.orders.put(order(2, "2026-03-18", "20", ""));
    world.orders.put(order(3, "2026-03-20", "30", ""));
    world.clock.advance(LONG_ENOUGH);
    world
}

/// A daily run, and whatever earlier plans still ask for.
async fn daily_and_what_is_left(world: &World) {
    world.daily().await;
    let deps = world.deps();
    let page = world.state.query(&format!("plan#{ACCOUNT}"), Range::all(), 100, None).await.unwrap();
    let plan = |item: Item| PlanRef { account: ACCOUNT.into(), plan: item.key.sk };
    let plans: Vec<PlanRef> = page.items.into_iter().map(plan).collect();
    drain_plans(&deps, &plans).await.unwrap();
}

#[tokio::test]
async fn killed_at_any_call_an_order_that_loses_its_date_and_gets_another_stands_once() {
    let mut kills = 0;
    for at in (0..).flat_map(|call| [At::Before(call), At::After(call)]) {
        let world = company_with_orders_of_long_ago().await;
        let switch = Switch::new(at);
        let deps = world.deps_behind(&switch);
        tokio::select! {
            biased;
            () = switch.tripped() => kills += 1,
            ran = run_daily(&deps, None) => { ran.unwrap(); break }
        }
        // Its row may be there, and nobody has noted it; now every day lists it, the 18th first.
        let mut undated = order(3, "2026-03-20", "30", "");
        undated.billed_at = Some("0001-01-01T00:00:00-02:00".into());
        world.orders.put(undated);
        daily_and_what_is_left(&world).await;
        world.orders.put(order(3, "2026-03-25", "30", ""));
        world.clock.advance(LONG_ENOUGH);
        daily_and_what_is_left(&world).await;
        let mut codes = world.sheet.codes();
        codes.sort();
        assert_eq!(codes, ["1", "2", "3", "4"], "killed {at:?}");
    }
    assert!(kills > 100, "only {kills} kills: the run is not what this test thinks it is");
}
