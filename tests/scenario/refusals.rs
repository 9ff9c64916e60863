//! What is refused, and that nothing is half-written when it is.
use crate::world::orders::order;
use crate::world::sheet::WriteFault;
use crate::world::{ACCOUNT, LONG_ENOUGH, World, daily_event, drain_plans};
use domain::cell::Cell;
use flows::plan::{DayState, load};
use flows::ports::SourceError;
use flows::reason::Reason;
use flows::window_sync::WindowOutcome;
use local::drain::{Ended, PlanRef};
use rust_decimal::Decimal;
use sige_daily_sync::DailySyncEvent;

#[track_caller]
fn reason(outcome: &WindowOutcome) -> &Reason {
    match outcome {
        WindowOutcome::Failed { reason } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn s9_zero_orders_for_a_filled_day_are_refused_without_permission() {
    let world = World::new(1).await;
    world.orders.set((1..=40).map(|code| order(code, "2026-03-25", "10", "")).collect());
    world.daily().await;
    world.orders.set(Vec::new());
    world.clock.advance(LONG_ENOUGH);
    let ran = world.daily().await;
    let refused = Reason::WouldEmptyFilledDay { day: crate::world::day("2026-03-25"), rows: 40 };
    assert_eq!(reason(&ran.of("2026-03-25").outcome), &refused);
    assert_eq!(world.sheet.codes().len(), 40);
    assert_eq!(world.sheet.writes(), 1);
    // With permission the day becomes empty.
    let deps = world.deps();
    let event = DailySyncEvent { account: Some(ACCOUNT.into()), allow_empty: true, ..daily_event() };
    let planned = sige_daily_sync::handle(event, &deps).await.unwrap();
    let plan = PlanRef { account: ACCOUNT.into(), plan: planned.plans[0].plan.clone() };
    drain_plans(&deps, &[plan]).await.unwrap();
    assert!(world.sheet.codes().is_empty());
}

#[tokio::test]
async fn permission_to_empty_a_day_does_not_outlive_the_run_it_was_given_for() {
    let world = World::new(1).await;
    let deps = world.deps();
    let event = DailySyncEvent { allow_empty: true, ..daily_event() };
    let planned = sige_daily_sync::handle(event, &deps).await.unwrap();
    let plan = PlanRef { account: ACCOUNT.into(), plan: planned.plans[0].plan.clone() };
    drain_plans(&deps, &[plan]).await.unwrap();
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.daily().await;
    world.orders.set(Vec::new());
    let ran = world.daily().await;
    assert!(matches!(reason(&ran.of("2026-03-25").outcome), Reason::WouldEmptyFilledDay { .. }));
}

#[tokio::test]
async fn s12_an_altered_or_swapped_header_means_no_write() {
    for change in [
        (|header: &mut Vec<String>| header.swap(7, 13)) as fn(&mut Vec<String>),
        |header| header[1] = "Codigo do pedido".into(),
        |header| header.clear(),
    ] {
        let world = World::new(1).await;
        world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
        world.sheet.set_header(change);
        let ran = world.daily().await;
        let Reason::SheetShape { detail } = reason(&ran.of("2026-03-25").outcome) else { panic!("{ran:?}") };
        assert!(detail.contains("Faturamento"), "{detail}");
        assert_eq!(world.sheet.writes(), 0);
    }
}

#[tokio::test]
async fn s12_a_header_in_other_case_and_without_accents_is_the_same_header() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.sheet.set_header(|header| header[1] = "CODIGO".into());
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["1"]);
}

#[tokio::test]
async fn s2_s3_an_answer_that_cannot_be_trusted_fails_the_day_and_writes_nothing() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world
        .orders
        .fail(Some(SourceError::Untrusted { system: "sige", detail: "page 2 repeats page 1".into() }));
    let ran = world.daily().await;
    assert!(matches!(reason(&ran.of("2026-03-25").outcome), Reason::Untrusted { .. }));
    assert_eq!(world.sheet.writes(), 0);
}

#[tokio::test]
async fn rows_that_are_not_ours_are_never_touched() {
    let world = World::new(1).await;
    let text = |text: &str| Cell::Text(text.into());
    let number = |number: i64| Cell::Number(Decimal::from(number));
    let mut subtotal = vec![Cell::Empty; 18];
    subtotal[1] = text("TOTAL");
    let mut lookalike = vec![Cell::Empty; 18];
    // B is a number and D is the day, but J does not say `Pedido 1`: a person's row.
    lookalike[1] = number(1);
    lookalike[3] = number(46_106);
    lookalike[9] = text("Pedido 12 manual");
    let mut note = vec![Cell::Empty; 18];
    note[4] = text("conferir com a loja");
    world.sheet.edit(|rows| rows.extend([subtotal.clone(), lookalike.clone(), note.clone()]));
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    world.orders.remove(2);
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    let rows = world.sheet.texts();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0][1], "TOTAL");
    assert_eq!(rows[1][9], "Pedido 12 manual");
    assert_eq!(rows[2][4], "conferir com a loja");
    assert_eq!(rows[3][9], "Pedido 1");
}

#[tokio::test]
async fn a_tab_sorted_between_read_and_write_stops_the_account_and_a_restore_repairs_it() {
    let world = World::new(1).await;
    world.orders.set(vec![
        order(1, "2026-03-24", "10", ""),
        order(2, "2026-03-24", "20", ""),
        order(3, "2026-03-25", "30", ""),
        order(4, "2026-03-25", "40", ""),
    ]);
    world.daily().await;
    let before = world.sheet.sorted();
    world.orders.remove(3);
    world.sheet.inject(WriteFault::Meanwhile(Box::new(|rows| rows.reverse())));
    world.clock.advance(LONG_ENOUGH);
    let ran = world.daily().await;
    assert!(
        matches!(reason(&ran.of("2026-03-25").outcome), Reason::ForeignRowsChanged { rows: 1, .. }),
        "{ran:?}"
    );
    assert_eq!(world.sheet.faults_left(), 0);
    let stopped = world.stored_account().await;
    assert!(stopped.stopped.is_some());
    assert_ne!(world.sheet.sorted(), before, "the wrong row was hit, else this test shows nothing");

    // Stopped: nothing is planned and nothing is written.
    let writes = world.sheet.writes();
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert_eq!(world.sheet.writes(), writes);

    let deps = world.deps();
    let looked = flows::restore::restore(&deps, &stopped, None).await.unwrap();
    assert_eq!(looked.lost.len(), 1);
    assert!(looked.lost[0].ours);
    assert_eq!(looked.plan, None);
    assert!(world.stored_account().await.stopped.is_some(), "a dry run changes nothing");

    let audit = audit_item();
    let restored = flows::restore::restore(&deps, &stopped, Some(audit)).await.unwrap();
    let plan = PlanRef { account: ACCOUNT.into(), plan: restored.plan.unwrap() };
    drain_plans(&deps, &[plan]).await.unwrap();
    assert_eq!(world.stored_account().await.stopped, None);
    let mut codes = world.sheet.codes();
    codes.sort();
    assert_eq!(codes, ["1", "2", "4"]);
}

fn audit_item() -> flows::ports::WriteOp {
    flows::ports::WriteOp::Put(
        flows::ports::NewItem {
            key: flows::ports::ItemKey::new("audit", "1"),
            index: None,
            expires_at: None,
            body: serde_json::json!({ "v": 1 }),
        },
        flows::ports::Expect::Absent,
    )
}

#[tokio::test]
async fn a_row_that_says_nothing_in_b_and_d_and_is_hit_in_place_of_ours_stops_the_account() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    let mut note = vec![Cell::Empty; 18];
    note[4] = Cell::Text("conferir".into());
    world.sheet.edit(|rows| rows.push(note));
    world.orders.remove(1);
    world.sheet.inject(WriteFault::Meanwhile(Box::new(|rows| rows.reverse())));
    world.clock.advance(LONG_ENOUGH);
    let ran = world.daily().await;
    assert!(matches!(reason(&ran.of("2026-03-25").outcome), Reason::ForeignRowsChanged { .. }), "{ran:?}");
    assert!(world.stored_account().await.stopped.is_some());
}

#[tokio::test]
async fn bookings_that_are_gone_for_the_moment_are_waited_for() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "52998224725")]);
    world.daily().await;
    let writes = world.sheet.writes();
    world.sheet.forget_bookings();
    world.clock.advance(LONG_ENOUGH);
    let ran = world.daily().await;
    assert!(matches!(ran.ended, Ended::Waiting { reason: Reason::NoBookings { .. }, .. }), "{:?}", ran.ended);
    assert_eq!(world.sheet.writes(), writes);
}

#[tokio::test]
async fn a_company_that_never_had_a_booking_is_written_without_attribution() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "52998224725")]);
    world.sheet.forget_bookings();
    world.daily().await;
    assert_eq!(world.sheet.texts()[0][12], "Sem vendedor");
}

#[tokio::test]
async fn a_row_added_by_a_person_while_we_write_stops_nothing_and_stays() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.daily().await;
    world.orders.put(order(1, "2026-03-25", "11", ""));
    world.sheet.inject(WriteFault::Meanwhile(Box::new(|rows| {
        let mut row = vec![Cell::Empty; 18];
        row[1] = Cell::Text("anotação".into());
        rows.push(row);
    })));
    world.clock.advance(LONG_ENOUGH);
    let ran = world.daily().await;
    assert_eq!(ran.ended, Ended::Finished);
    assert_eq!(world.stored_account().await.stopped, None);
    assert_eq!(world.sheet.codes(), ["1", "anotação"]);
}

#[tokio::test]
async fn a_plan_says_which_of_its_days_failed_and_why() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-24", "20", "")]);
    world.daily().await;
    world.orders.remove(1);
    let deps = world.deps();
    let event = DailySyncEvent { request: Some("x".into()), ..daily_event() };
    let planned = sige_daily_sync::handle(event, &deps).await.unwrap();
    let plan = PlanRef { account: ACCOUNT.into(), plan: planned.plans[0].plan.clone() };
    drain_plans(&deps, std::slice::from_ref(&plan)).await.unwrap();
    let stored = load(&deps, ACCOUNT, &plan.plan).await.unwrap().unwrap().value;
    let progress = stored.progress();
    assert_eq!((progress.days, progress.unchanged, progress.failed, progress.pending), (5, 4, 1, 0));
    let failed = stored.days.iter().find(|planned| matches!(planned.state, DayState::Failed { .. })).unwrap();
    assert_eq!(failed.day, crate::world::day("2026-03-25"));
}
