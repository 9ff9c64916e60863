//! Where each order is and why: quarantine, contacts, counts that add up.
use crate::world::orders::{order, person};
use crate::world::{ACCOUNT, LONG_ENOUGH, World, day};
use chrono::TimeDelta;
use domain::flag::Flag;
use domain::order::RawAmount;
use flows::journal::Run;
use flows::ports::{Clock, Range, SourceError};
use flows::reason::Reason;
use flows::records::{DayRecord, OrderRecord, OrderState, day_key, order_key, quarantine};
use flows::typed;

const CPF: &str = "52998224725";

async fn order_record(world: &World, code: i64) -> OrderRecord {
    let identity = order(code, "2026-03-25", "0", "").identity().0;
    typed::load(&*world.state, &order_key(ACCOUNT, &identity)).await.unwrap().expect("a record").value
}

async fn day_record(world: &World, text: &str) -> DayRecord {
    typed::load(&*world.state, &day_key(ACCOUNT, day(text))).await.unwrap().expect("a record").value
}

async fn runs(world: &World) -> Vec<Run> {
    let page = world.state.query(&format!("run#{ACCOUNT}"), Range::all(), 1000, None).await.unwrap();
    page.items.into_iter().map(|item| typed::decode::<Run>(item).unwrap().value).collect()
}

#[tokio::test]
async fn an_order_that_cannot_be_mapped_is_quarantined_and_its_neighbours_are_written() {
    let world = World::new(1).await;
    let mut broken = order(2, "2026-03-25", "0", "");
    broken.amount = RawAmount::NotANumber("\"abc\"".into());
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), broken]);
    let ran = world.daily().await;
    assert_eq!(ran.of("2026-03-25").quarantined, 1);
    assert_eq!(world.sheet.codes(), ["1"]);
    let record = order_record(&world, 2).await;
    assert_eq!(record.state, OrderState::Quarantined);
    assert!(matches!(record.reason, Some(Reason::Unmappable { order: 2, .. })));
    let listed = world.state.query_index(&quarantine(ACCOUNT), Range::all(), 10, None).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    // Mended at the source, it leaves the quarantine by itself.
    world.orders.put(order(2, "2026-03-25", "20", ""));
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert_eq!(order_record(&world, 2).await.state, OrderState::Written);
    assert!(
        world.state.query_index(&quarantine(ACCOUNT), Range::all(), 10, None).await.unwrap().items.is_empty()
    );
    assert_eq!(world.sheet.codes(), ["1", "2"]);
}

#[tokio::test]
async fn the_row_of_an_order_that_breaks_later_is_left_as_it_is() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    let mut broken = order(2, "2026-03-25", "0", "");
    broken.amount = RawAmount::NotANumber("{}".into());
    world.orders.put(broken);
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["1", "2"]);
    assert_eq!(world.sheet.writes(), 1);
}

/// Two companies of one account may use the same code: the identity is the id.
#[tokio::test]
async fn an_order_in_quarantine_does_not_hide_a_neighbour_with_the_same_code() {
    let world = World::new(1).await;
    let good = order(5, "2026-03-25", "50", "");
    let mut broken = order(5, "2026-03-25", "0", "");
    broken.id = Some("66f0c0ffee00000000999999".into());
    broken.amount = RawAmount::NotANumber("null".into());
    world.orders.set(vec![good.clone(), broken.clone()]);
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["5"]);
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    assert_eq!((world.sheet.codes().len(), world.sheet.writes()), (1, 1));
    // Both were good once: the row of the one that broke stays, the other follows its order.
    broken.amount = RawAmount::Number("7".into());
    world.orders.set(vec![good.clone(), broken.clone()]);
    world.daily().await;
    assert_eq!(world.sheet.codes().len(), 2);
    broken.amount = RawAmount::NotANumber("null".into());
    world.orders.set(vec![order(5, "2026-03-25", "51", ""), broken]);
    world.daily().await;
    let mut values: Vec<_> = world.sheet.texts().into_iter().map(|row| row[7].clone()).collect();
    values.sort();
    assert_eq!(values, ["51", "7"]);
}

#[tokio::test]
async fn a_day_that_failed_is_taken_up_again_however_long_ago_it_was() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.sheet.set_header(|header| header.swap(0, 1));
    world.daily().await;
    assert!(world.sheet.codes().is_empty());
    world.sheet.set_header(|header| header.swap(0, 1));
    world.clock.advance((TimeDelta::days(30)).to_std().unwrap());
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["1"]);
}

#[tokio::test]
async fn an_order_that_moves_away_and_comes_back_has_one_row() {
    let world = World::new(1).await;
    world.orders.set(vec![
        order(1, "2026-03-24", "10", ""),
        order(2, "2026-03-24", "20", ""),
        order(3, "2026-03-25", "30", ""),
    ]);
    world.daily().await;
    world.orders.put(order(1, "2026-03-25", "10", ""));
    world.clock.advance(LONG_ENOUGH);
    // Only the new day is looked at, then only the old one again.
    world.one_day("2026-03-25").await;
    world.orders.put(order(1, "2026-03-24", "10", ""));
    world.clock.advance(LONG_ENOUGH);
    world.one_day("2026-03-24").await;
    let mut codes = world.sheet.codes();
    codes.sort();
    assert_eq!(codes, ["1", "2", "3"]);
    assert_eq!(order_record(&world, 1).await.state, OrderState::Written);
}

#[tokio::test]
async fn a_removed_order_is_remembered_as_removed() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.daily().await;
    world.orders.remove(2);
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    let record = order_record(&world, 2).await;
    assert_eq!(record.state, OrderState::Removed);
    let steps: Vec<_> = record.transitions.iter().map(|step| step.to.as_str()).collect();
    assert_eq!(steps, ["written", "removed"]);
}

#[tokio::test]
async fn s10_a_failed_look_up_leaves_a_flag_and_the_day_is_read_again() {
    let world = World::new(1).await;
    world.orders.know(person(CPF, "Marina T."));
    world.orders.set(vec![order(1, "2026-03-25", "10", CPF)]);
    world.orders.fail_people(Some(SourceError::Unavailable {
        system: "sige",
        detail: "HTTP 500".into(),
        retry_at: None,
    }));
    world.daily().await;
    assert_eq!(world.sheet.texts()[0][4], "Cliente 1");
    assert!(order_record(&world, 1).await.flags.contains(&Flag::PersonUnavailable));
    assert!(day_record(&world, "2026-03-25").await.unfinished);
    // Ten days later the day is long outside the last five, and still waits for its contact.
    world.orders.fail_people(None);
    world.clock.advance((TimeDelta::days(10)).to_std().unwrap());
    world.daily().await;
    assert_eq!(world.sheet.texts()[0][4], "Marina T.");
    assert!(!day_record(&world, "2026-03-25").await.unfinished);
}

#[tokio::test]
async fn an_old_contact_serves_while_sige_does_not_answer() {
    let world = World::new(1).await;
    world.orders.know(person(CPF, "Marina T."));
    world.orders.set(vec![order(1, "2026-03-25", "10", CPF)]);
    world.daily().await;
    let writes = world.sheet.writes();
    world.clock.advance((TimeDelta::days(8)).to_std().unwrap());
    world.orders.fail_people(Some(SourceError::Unavailable {
        system: "sige",
        detail: "HTTP 500".into(),
        retry_at: None,
    }));
    world.daily_until("2026-03-25").await;
    assert_eq!(world.sheet.texts()[0][4], "Marina T.");
    assert_eq!(world.sheet.writes(), writes, "a contact that could not be renewed is no reason to blank it");
}

#[tokio::test]
async fn a_person_is_asked_for_once_a_week_and_not_once_an_order() {
    let world = World::new(1).await;
    world.orders.know(person(CPF, "Marina T."));
    world.orders.set((1..=5).map(|code| order(code, "2026-03-25", "10", "529.982.247-25")).collect());
    world.daily().await;
    world.daily().await;
    assert_eq!(*world.orders.asked_people.lock().unwrap(), [CPF]);
    world.clock.advance((TimeDelta::days(7)).to_std().unwrap());
    world.daily_until("2026-03-25").await;
    assert_eq!(world.orders.asked_people.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn d6_a_customer_without_a_document_is_not_looked_up() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "10", "000.000.000-00")]);
    world.daily().await;
    assert!(world.orders.asked_people.lock().unwrap().is_empty());
}

#[tokio::test]
async fn enrichment_that_is_switched_off_asks_nobody() {
    let world = World::new(1).await;
    let mut account = World::account();
    account.enrich_contacts = false;
    world.save(&account).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", CPF)]);
    world.daily().await;
    assert!(world.orders.asked_people.lock().unwrap().is_empty());
    assert_eq!(world.sheet.codes(), ["1"]);
}

#[tokio::test]
async fn after_three_failures_in_a_row_the_rest_of_the_day_goes_without() {
    let world = World::new(1).await;
    let documents = ["52998224725", "11144477735", "39053344705", "01234567890", "12345678909"];
    let orders = documents.iter().zip(1..).map(|(document, code)| order(code, "2026-03-25", "10", document));
    world.orders.set(orders.collect());
    world.orders.fail_people(Some(SourceError::Rejected { system: "sige", detail: "HTTP 400".into() }));
    world.daily().await;
    assert_eq!(world.orders.asked_people.lock().unwrap().len(), 3);
    assert_eq!(world.sheet.codes().len(), 5);
}

#[tokio::test]
async fn every_run_is_journalled_and_its_counts_add_up() {
    let world = World::new(1).await;
    let mut broken = order(3, "2026-03-25", "0", "");
    broken.amount = RawAmount::NotANumber("true".into());
    let mut cancelled = order(4, "2026-03-25", "10", "");
    cancelled.status = "Pedido Cancelado".into();
    world.orders.set(vec![
        order(1, "2026-03-25", "10", ""),
        order(2, "2026-03-25", "20", ""),
        broken,
        cancelled,
    ]);
    world.daily().await;
    world.orders.put(order(2, "2026-03-25", "21", ""));
    world.clock.advance(LONG_ENOUGH);
    world.daily().await;
    let runs: Vec<_> =
        runs(&world).await.into_iter().filter(|run| run.day == Some(day("2026-03-25"))).collect();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.counts.add_up() && !run.inconsistent));
    let second = &runs[1].counts;
    assert_eq!((second.seen, second.done, second.unchanged), (4, 1, 1));
    assert_eq!(second.skipped.get("not_billed"), Some(&1));
    assert_eq!(second.rejected.get("unmappable"), Some(&1));
    assert_eq!(runs[1].outcome, "written");
    assert!(runs[1].ended_at <= world.clock.now());
}
