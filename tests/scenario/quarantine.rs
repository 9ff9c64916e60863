//! What needs a person: listed with its reason and its age, tried again, or put aside until it changes. And its trace.
use crate::world::orders::order;
use crate::world::{ACCOUNT, LONG_ENOUGH, World, day, drain_plans};
use domain::order::{Order, RawAmount};
use flows::ports::{Clock, Expect, ItemKey, NewItem, Range, WriteOp};
use flows::quarantine::{Held, days_of, discard, find, list, retry};
use flows::reason::Reason;
use flows::records::{OrderState, TRANSITIONS_MAX};
use flows::trace::{find_orders, trace_day, trace_order};
use local::drain::PlanRef;
use serde_json::json;

fn audit(world: &World) -> Option<WriteOp> {
    let key = ItemKey::new("audit", world.random.unique_id());
    let item = NewItem { key, index: None, expires_at: None, body: json!({ "v": 1 }) };
    Some(WriteOp::Put(item, Expect::Absent))
}

async fn audits(world: &World) -> usize {
    world.state.query("audit", Range::all(), 100, None).await.unwrap().items.len()
}

fn broken(code: i64, literal: &str) -> Order {
    let mut order = order(code, "2026-03-25", "0", "");
    order.amount = RawAmount::NotANumber(literal.to_owned());
    order
}

async fn held(world: &World) -> Vec<Held> {
    list(&*world.state, ACCOUNT).await.unwrap()
}

/// Discards the first thing that is held.
async fn put_aside(world: &World, operation: &str) -> Result<bool, flows::deps::FlowError> {
    let first = held(world).await.remove(0);
    discard(&*world.state, &*world.clock, &first, operation, audit(world)).await
}

async fn later(world: &World) {
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
}

#[tokio::test]
async fn orders_and_days_that_need_a_person_are_listed_with_reason_and_age() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), broken(2, "\"abc\"")]);
    let before = world.clock.now();
    world.daily().await;
    later(&world).await;
    let listed = held(&world).await;
    assert_eq!(listed.len(), 1);
    assert!(matches!(&listed[0], Held::Order { code: 2, reason: Reason::Unmappable { .. }, .. }));
    let since = listed[0].since().unwrap();
    assert!(since >= before && since < before + chrono::TimeDelta::minutes(5), "not since the second look");

    world.sheet.set_header(|header| header.swap(0, 1));
    world.orders.put(order(1, "2026-03-25", "11", ""));
    later(&world).await;
    let failed_at = world.clock.now();
    later(&world).await;
    let days: Vec<_> =
        held(&world).await.into_iter().filter(|held| matches!(held, Held::Day { .. })).collect();
    let day_25 = days.iter().find(|held| held.day() == day("2026-03-25")).expect("the day");
    assert!(matches!(day_25.reason(), Reason::SheetShape { .. }));
    assert!(day_25.since().unwrap() <= failed_at, "the first failure of that kind counts");
    assert_eq!(find(&*world.state, ACCOUNT, "2").await.unwrap(), listed);
    let found = find(&*world.state, ACCOUNT, "2026-03-25").await.unwrap();
    assert_eq!(found.as_slice(), std::slice::from_ref(day_25));
    assert!(find(&*world.state, ACCOUNT, "3").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_retry_plans_the_days_again_with_the_urgency_of_the_daily_run() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.sheet.set_header(|header| header.swap(0, 1));
    world.daily().await;
    world.sheet.set_header(|header| header.swap(0, 1));
    let deps = world.deps();
    let failed = held(&world).await;
    assert_eq!(failed.len(), 5);
    assert_eq!(days_of(&failed).unwrap().len(), 5);
    let record = audit(&world).unwrap();
    let applied = retry(&deps, &World::account(), &failed, false, record.clone()).await.unwrap();
    assert!(held(&world).await.iter().all(|held| matches!(held, Held::Day { due: true, .. })));
    let plans = [PlanRef { account: ACCOUNT.into(), plan: applied.plan }];
    drain_plans(&deps, &plans).await.unwrap();
    assert_eq!((held(&world).await, audits(&world).await), (Vec::new(), 1));
    assert_eq!(world.sheet.codes(), ["1"]);
    assert!(retry(&deps, &World::account(), &[], false, record).await.is_err());
}

#[tokio::test]
async fn a_discarded_order_stays_away_until_it_says_something_else() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), broken(2, "\"abc\"")]);
    world.daily().await;
    let order_2 = held(&world).await.remove(0);
    assert!(discard(&*world.state, &*world.clock, &order_2, "op-1", None).await.unwrap());
    assert_eq!((held(&world).await.len(), audits(&world).await), (1, 0));
    assert!(discard(&*world.state, &*world.clock, &order_2, "op-1", audit(&world)).await.unwrap());
    assert!(
        !discard(&*world.state, &*world.clock, &order_2, "op-1", audit(&world)).await.unwrap(),
        "it is gone already"
    );
    assert_eq!((held(&world).await.len(), audits(&world).await), (0, 1));

    let ran = {
        world.clock.advance(LONG_ENOUGH);
        world.daily().await
    };
    assert_eq!(ran.of("2026-03-25").quarantined, 0);
    assert!(held(&world).await.is_empty());
    let (runs, _) = flows::journal::runs_of_day(&*world.state, ACCOUNT, day("2026-03-25"), 10).await.unwrap();
    let last = runs.last().unwrap();
    assert_eq!(last.counts.skipped.get("discarded"), Some(&1));
    assert!(last.counts.add_up() && last.counts.rejected.is_empty());

    // The same reason, another text: somebody has touched it at the source.
    let mut touched = broken(2, "\"abc\"");
    touched.customer = "Outro".into();
    world.orders.put(touched);
    later(&world).await;
    assert_eq!(held(&world).await.len(), 1);
    let (orders, _) = find_orders(&*world.state, ACCOUNT, "2").await.unwrap();
    let steps: Vec<_> = orders[0].record.transitions.iter().map(|step| step.to.as_str()).collect();
    assert_eq!(steps, ["quarantined", "discarded", "quarantined"]);
    // Mended, it is written as if nothing had been.
    put_aside(&world, "op-2").await.unwrap();
    world.orders.put(order(2, "2026-03-25", "20", ""));
    later(&world).await;
    assert_eq!(world.sheet.codes(), ["1", "2"]);
}

#[tokio::test]
async fn the_row_of_a_discarded_order_is_left_as_it_is() {
    let world = World::new(1).await;
    world.orders.set(vec![order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    world.orders.put(broken(2, "{}"));
    later(&world).await;
    put_aside(&world, "op-1").await.unwrap();
    later(&world).await;
    assert_eq!((world.sheet.codes(), world.sheet.writes()), (vec!["2".to_owned()], 1));
    assert!(held(&world).await.is_empty());
}

#[tokio::test]
async fn a_failed_day_that_is_discarded_is_not_taken_up_again() {
    let world = World::new(1).await;
    world.sheet.set_header(|header| header.swap(0, 1));
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.one_day("2026-03-25").await;
    let failed = held(&world).await.remove(0);
    assert!(discard(&*world.state, &*world.clock, &failed, "op-1", None).await.unwrap());
    assert_eq!(held(&world).await.len(), 1);
    assert!(discard(&*world.state, &*world.clock, &failed, "op-1", audit(&world)).await.unwrap());
    assert!(!discard(&*world.state, &*world.clock, &failed, "op-1", audit(&world)).await.unwrap());
    assert_eq!((held(&world).await.len(), audits(&world).await), (0, 1));
    world.sheet.set_header(|header| header.swap(0, 1));
    world.clock.advance(chrono::TimeDelta::days(30).to_std().unwrap());
    world.daily().await;
    assert!(world.sheet.codes().is_empty(), "30 days later nobody looks at it by itself");
}

#[tokio::test]
async fn a_trace_tells_where_an_order_is_and_how_it_came_there() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-24", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    world.orders.put(order(2, "2026-03-25", "21", ""));
    later(&world).await;
    let (orders, more) = find_orders(&*world.state, ACCOUNT, "2").await.unwrap();
    assert!(!more && orders.len() == 1);
    let identity = orders[0].identity.clone();
    let trace = trace_order(&*world.state, &*world.blobs, ACCOUNT, orders[0].clone()).await.unwrap();
    let traced = trace.order.as_ref().unwrap();
    assert_eq!(traced.record.state, OrderState::Written);
    assert!(traced.record.transitions.len() == 2 && traced.record.transitions.len() <= TRANSITIONS_MAX);
    assert_eq!(trace.day, day("2026-03-25"));
    let ledger = trace.ledger.as_ref().unwrap();
    assert_eq!((ledger.rows, ledger.row.as_ref().unwrap().hash.clone()), (1, traced.record.hash.clone()));
    assert_eq!(trace.plans.len(), 2);
    assert_eq!(trace.runs.len(), 2);
    assert_eq!(trace.runs.last().unwrap().id, traced.record.transitions.last().unwrap().run);
    assert_eq!(trace.before_images.len(), 2);
    assert!(trace.window.is_some() && !trace.incomplete);

    // By identity as well, and by the id that the source shows.
    for name in [identity.as_str(), identity.trim_start_matches("id:")] {
        assert_eq!(find_orders(&*world.state, ACCOUNT, name).await.unwrap().0.len(), 1, "{name}");
    }
    assert!(find_orders(&*world.state, ACCOUNT, "77").await.unwrap().0.is_empty());
    let nothing = trace_day(&*world.state, &*world.blobs, ACCOUNT, day("2020-01-01")).await.unwrap();
    assert!(nothing.ledger.is_none() && nothing.window.is_none() && nothing.plans.is_empty());
}
