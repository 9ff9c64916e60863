//! S5 and its neighbours: what has been done is not done again, what has changed is.
use crate::world::orders::order;
use crate::world::{LONG_ENOUGH, World, daily_event};
use flows::window_sync::WindowOutcome;
use local::drain::Ended;

#[tokio::test]
async fn s5_a_second_run_of_the_same_day_sends_no_write_request() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10.05", ""), order(2, "2026-03-24", "20", "")]);
    let first = world.daily().await;
    assert_eq!(first.ended, Ended::Finished);
    assert_eq!(world.sheet.writes(), 2);
    assert_eq!(first.of("2026-03-25").outcome, WindowOutcome::Written { rows: 1, changed: 1 });
    let rows = world.sheet.texts();
    for _ in 0..3 {
        world.clock.advance(LONG_ENOUGH);
        let again = world.daily().await;
        assert_eq!(again.of("2026-03-25").outcome, WindowOutcome::Unchanged { rows: 1 });
    }
    assert_eq!(world.sheet.writes(), 2);
    assert_eq!(world.sheet.texts(), rows);
}

#[tokio::test]
async fn d15_a_late_billing_and_a_cancellation_within_five_days_are_seen() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-21", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["1", "2"]);
    world.orders.put(order(3, "2026-03-21", "30", ""));
    world.orders.remove(1);
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    let mut codes = world.sheet.codes();
    codes.sort();
    assert_eq!(codes, ["2", "3"]);
}

#[tokio::test]
async fn d15_an_order_changed_long_after_its_day_wakes_that_day() {
    let world = World::new(1).await;
    world.daily().await;
    world.clock.advance(LONG_ENOUGH);
    // Billed on a day far outside the five: only the changed-since listing can know.
    world.orders.put(order(7, "2026-01-10", "70", ""));
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["7"]);
}

#[tokio::test]
async fn an_order_billed_today_waits_for_tomorrow() {
    let world = World::new(1).await;
    world.daily().await;
    world.orders.put(order(7, "2026-03-26", "70", ""));
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert!(world.sheet.codes().is_empty());
    world.clock.advance(24 * LONG_ENOUGH);
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["7"]);
}

#[tokio::test]
async fn an_order_that_moves_to_another_day_leaves_no_row_behind() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-24", "10", ""), order(2, "2026-03-24", "20", "")]);
    world.daily().await;
    world.orders.put(order(1, "2026-03-25", "10", ""));
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert_eq!(world.sheet.codes().len(), 2);
    let moved: Vec<_> = world.sheet.texts().into_iter().filter(|row| row[1] == "1").collect();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0][3], "46106");
}

#[tokio::test]
async fn d13_an_invoice_issued_later_changes_the_row_and_doubles_nothing() {
    let world = World::new(1).await;
    world.orders.set(vec![order(7, "2026-03-25", "10", "")]);
    world.daily().await;
    let mut invoiced = order(7, "2026-03-25", "10", "");
    invoiced.invoice = Some("9".into());
    world.orders.put(invoiced);
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    let rows = world.sheet.texts();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][9], "Pedido 7 / NF Nº 9");
}

#[tokio::test]
async fn d2_rows_that_the_old_script_doubled_are_made_one() {
    let world = World::new(1).await;
    world.orders.set(vec![order(7, "2026-03-25", "10", "")]);
    world.daily().await;
    world.sheet.edit(|rows| rows.push(rows[0].clone()));
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["7"]);
}

#[tokio::test]
async fn the_same_tick_twice_is_one_plan() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    let deps = world.deps();
    let event = || sige_daily_sync::DailySyncEvent {
        scheduled_at: Some("2026-03-26T08:00:00Z".parse().unwrap()),
        ..daily_event()
    };
    let first = sige_daily_sync::handle(event(), &deps).await.unwrap();
    let second = sige_daily_sync::handle(event(), &deps).await.unwrap();
    assert_eq!(first.plans[0].plan, second.plans[0].plan);
    assert!(!first.plans[0].resumed);
    assert!(second.plans[0].resumed);
}
