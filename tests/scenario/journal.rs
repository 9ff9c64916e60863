//! The run journal as an operator reads it: every piece of work stands in it, with numbers that can be trusted.
use crate::world::orders::{order, person};
use crate::world::sheet::WriteFault;
use crate::world::{ACCOUNT, LONG_ENOUGH, World, daily_event, day};
use chrono::TimeDelta;
use domain::order::RawAmount;
use flows::accounts::Account;
use flows::deps::FlowError;
use flows::journal::{Run, RunFilter, find_run, runs, runs_of_day};
use flows::ports::{Clock, SourceError};
use flows::reason::Reason;
use flows::window_sync::WindowWake;
use sige_backfill::BackfillEvent;
use sige_daily_sync::DailySyncEvent;

fn all() -> RunFilter {
    RunFilter { account: None, function: None, since: None, limit: 1_000 }
}

async fn entries(world: &World, filter: &RunFilter) -> Vec<Run> {
    runs(&*world.state, filter, None).await.unwrap().runs
}

async fn planning(world: &World, function: &str) -> Vec<(String, String)> {
    let filter = RunFilter { function: Some(function.into()), ..all() };
    entries(world, &filter).await.into_iter().map(|run| (run.account, run.outcome)).collect()
}

/// The newest entry about a day.
async fn last_of(world: &World, text: &str) -> Run {
    let (mut runs, more) = runs_of_day(&*world.state, ACCOUNT, day(text), 10).await.unwrap();
    assert!(!more);
    let run = runs.pop().expect("an entry of the day");
    assert!(run.counts.add_up() && !run.inconsistent, "{run:?}");
    run
}

fn backfill(dry_run: bool) -> BackfillEvent {
    BackfillEvent {
        v: 1,
        account: ACCOUNT.into(),
        from: day("2026-03-01"),
        to: day("2026-03-02"),
        dry_run,
        allow_empty: false,
        request: None,
    }
}

#[tokio::test]
async fn what_was_planned_stands_in_the_journal_with_its_plan() {
    let world = World::new(1).await;
    let deps = world.deps();
    let mut off = Account::with_defaults("filial", "erp-spreadsheet-0002", "faturamento-spreadsheet-0002");
    off.enabled = false;
    world.save(&off).await;
    let event = DailySyncEvent { request: Some("one".into()), ..daily_event() };
    let plan = sige_daily_sync::handle(event.clone(), &deps).await.unwrap().plans[0].plan.clone();
    sige_daily_sync::handle(event, &deps).await.unwrap();
    let expected = [("filial", "skipped"), (ACCOUNT, "planned"), ("filial", "skipped"), (ACCOUNT, "resumed")]
        .map(|(account, outcome)| (account.to_owned(), outcome.to_owned()));
    assert_eq!(planning(&world, "sige-daily-sync").await, expected);
    let filter = RunFilter { account: Some(ACCOUNT.into()), ..all() };
    assert!(entries(&world, &filter).await.iter().all(|run| run.plan.as_ref() == Some(&plan)));
    let reason = entries(&world, &all()).await[0].reason.clone();
    assert!(matches!(reason, Some(Reason::AccountDisabled { .. })), "{reason:?}");

    sige_backfill::handle(backfill(true), &deps).await.unwrap();
    sige_backfill::handle(backfill(false), &deps).await.unwrap();
    sige_backfill::handle(backfill(false), &deps).await.unwrap();
    let outcomes: Vec<_> =
        planning(&world, "sige-backfill").await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["dry_run", "planned", "resumed"]);
}

#[tokio::test]
async fn the_journal_is_read_page_by_page_without_losing_or_doubling_an_entry() {
    let world = World::new(1).await;
    world.orders.set((0..5).map(|n| order(n + 1, &format!("2026-03-{}", 21 + n), "10", "")).collect());
    world.daily().await;
    world.clock.advance(LONG_ENOUGH);
    let second_began = world.clock.now();
    world.daily().await;
    let everything = entries(&world, &all()).await;
    assert_eq!(everything.len(), 12);
    let mut cursor = None;
    let mut ids = Vec::new();
    loop {
        let filter = RunFilter { function: Some("sige-window-sync".into()), limit: 3, ..all() };
        let page = runs(&*world.state, &filter, cursor).await.unwrap();
        assert!(page.runs.len() <= 3);
        ids.extend(page.runs.into_iter().map(|run| run.id));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let windows: Vec<_> =
        everything.iter().filter(|run| run.day.is_some()).map(|run| run.id.clone()).collect();
    assert_eq!(ids, windows);
    let later = RunFilter { since: Some(second_began), ..all() };
    assert_eq!(entries(&world, &later).await.len(), 6);
    let one = find_run(&*world.state, &ids[4]).await.unwrap().unwrap();
    assert_eq!((one.id.as_str(), one.function.as_str()), (ids[4].as_str(), "sige-window-sync"));
    assert_eq!(find_run(&*world.state, "nothing").await.unwrap(), None);
}

#[tokio::test]
async fn a_wake_up_of_an_account_that_does_not_exist_is_refused() {
    let world = World::new(1).await;
    let wake = WindowWake { v: 1, account: "nobody".into(), day: day("2026-03-25") };
    let refused = sige_window_sync::handle(wake.clone(), &world.deps()).await;
    assert!(
        matches!(refused, Err(FlowError::Refused(Reason::AccountUnknown { ref account })) if account == "nobody"),
        "{refused:?}"
    );
    // From the queue it is told in the journal, done with, and in nobody's way.
    let body = serde_json::to_string(&wake).unwrap();
    let message = flows::ports::Message { group: Some("g".into()), deduplication_id: Some("d".into()), body };
    world.queue.send(flows::settings::WINDOWS_QUEUE, message).await.unwrap();
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    world.daily().await;
    assert_eq!(world.sheet.codes(), ["1"]);
    let counts = world.queue.counts(flows::settings::WINDOWS_QUEUE).await.unwrap();
    assert_eq!((counts.waiting, counts.in_flight), (0, 0));
    let filter = RunFilter { account: Some("nobody".into()), ..all() };
    let told = entries(&world, &filter).await;
    assert_eq!((told.len(), told[0].outcome.as_str()), (1, "refused"));
}

#[tokio::test]
async fn orders_that_were_seen_and_wait_are_deferred() {
    let world = World::new(1).await;
    world.orders.know(person("52998224725", "Marina T."));
    let mut broken = order(3, "2026-03-25", "0", "");
    broken.amount = RawAmount::NotANumber("true".into());
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "10", ""), broken]);
    world.sheet.inject(WriteFault::NotSent);
    let event = DailySyncEvent { last_day: Some(day("2026-03-25")), ..daily_event() };
    let deps = world.deps();
    sige_daily_sync::handle(event, &deps).await.unwrap();
    let wake = WindowWake { v: 1, account: ACCOUNT.into(), day: day("2026-03-25") };
    sige_window_sync::handle(wake, &deps).await.unwrap();
    let run = last_of(&world, "2026-03-25").await;
    assert_eq!(run.outcome, "deferred");
    assert_eq!((run.counts.seen, run.counts.deferred, run.counts.unknown), (3, 2, 0));
    assert_eq!(run.counts.rejected.get("unmappable"), Some(&1));
}

#[tokio::test]
async fn orders_behind_a_write_in_doubt_are_unknown_until_it_is_settled() {
    let world = World::new(1).await;
    let first = vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")];
    world.orders.set(first);
    world.one_day("2026-03-25").await;
    world.orders.put(order(2, "2026-03-25", "21", ""));
    world.orders.put(order(3, "2026-03-25", "30", ""));
    world.sheet.inject(WriteFault::DropBefore);
    let deps = world.deps();
    let event = DailySyncEvent { last_day: Some(day("2026-03-25")), ..daily_event() };
    sige_daily_sync::handle(event, &deps).await.unwrap();
    let wake = WindowWake { v: 1, account: ACCOUNT.into(), day: day("2026-03-25") };
    sige_window_sync::handle(wake.clone(), &deps).await.unwrap();
    let run = last_of(&world, "2026-03-25").await;
    assert_eq!(run.outcome, "deferred");
    assert!(matches!(run.reason, Some(Reason::Settling { .. })), "{run:?}");
    assert_eq!((run.counts.seen, run.counts.unknown, run.counts.deferred), (3, 2, 1));
    world.clock.advance(LONG_ENOUGH);
    sige_window_sync::handle(wake, &deps).await.unwrap();
    let run = last_of(&world, "2026-03-25").await;
    assert_eq!((run.counts.done, run.counts.unchanged, run.counts.unknown), (2, 1, 0));
}

#[tokio::test]
async fn the_orders_of_a_day_that_failed_are_told_with_its_reason() {
    let world = World::new(1).await;
    world.orders.set(vec![order(1, "2026-03-25", "10", ""), order(2, "2026-03-25", "20", "")]);
    world.sheet.inject(WriteFault::Reject);
    world.one_day("2026-03-25").await;
    let run = last_of(&world, "2026-03-25").await;
    assert_eq!(run.outcome, "failed");
    assert_eq!(run.counts.rejected.get("rejected"), Some(&2));
    // A source that cannot be read shows no orders at all.
    world.orders.fail(Some(SourceError::Rejected { system: "sige", detail: "HTTP 400".into() }));
    world.clock.advance(TimeDelta::hours(2).to_std().unwrap());
    world.one_day("2026-03-25").await;
    assert_eq!(last_of(&world, "2026-03-25").await.counts.seen, 0);
}
