//! Ranges of past days: written day by day, behind the daily job, until somebody cancels them.
use super::daily::rows_of_one_machine;
use super::observe::{days_in, plans};
use super::stack::{Stack, Wish};
use chrono::{Days, NaiveDate};
use domain::calendar::civil_day;
use flows::ports::Clock;
use local::sample_installation::ACCOUNT;
use serde_json::{Value, json};
use shared::system::SystemClock;
use testkit::sample::SampleSize;

pub fn yesterday() -> NaiveDate {
    civil_day(SystemClock.now()) - Days::new(1)
}

/// A day with many orders, whatever day of the week it is.
pub fn busy_day() -> NaiveDate {
    civil_day(SystemClock.now()) - Days::new(3)
}

async fn backfill(stack: &Stack, days: u64) -> Value {
    let from = yesterday() - Days::new(days - 1);
    let event = json!({ "v": 1, "account": ACCOUNT, "from": from, "to": yesterday() });
    stack.invoke("sige-backfill", &event).await.answer()
}

/// A backfill of one day; the plan's id.
pub async fn one_day(stack: &Stack, day: NaiveDate) -> String {
    let event = json!({ "v": 1, "account": ACCOUNT, "from": day, "to": day });
    plans(&stack.invoke("sige-backfill", &event).await.answer()).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_of_thirty_days_is_written_one_day_after_the_other() {
    let size = SampleSize { orders: 60, erp_rows: 200, days: 35 };
    let (from, to) = ((yesterday() - Days::new(29)).to_string(), yesterday().to_string());
    let expected = rows_of_one_machine(size, &["run", "sige-backfill", "--from", &from, "--to", &to]).await;
    let stack = Stack::deploy(Wish { size, ..Wish::default() }).await;
    let accepted = backfill(&stack, 30).await;
    assert_eq!(accepted["days"], 30);
    let plan = stack.finished(&plans(&accepted)[0]).await;
    assert_eq!(days_in(&plan, "written") + days_in(&plan, "unchanged"), 30);
    assert_eq!(stack.rows(), expected);
    let days: Vec<_> = stack.runs_of("sige-window-sync").await.iter().map(|run| run["day"].clone()).collect();
    let in_order: Vec<_> = (0..30).map(|day| json!(yesterday() - Days::new(29 - day))).collect();
    assert_eq!(days, in_order, "one window of a spreadsheet after the other, in the order of days");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_tick_starts_within_two_windows_of_a_year_of_backfill_which_can_be_cancelled() {
    let size = SampleSize { orders: 400, erp_rows: 200, days: 366 };
    let stack = Stack::deploy(Wish { size, ..Wish::default() }.with("SchedulesState", "ENABLED")).await;
    let accepted = backfill(&stack, 365).await;
    assert_eq!(accepted["days"], 365);
    let year = plans(&accepted).remove(0);
    let windows = async || stack.runs_of("sige-window-sync").await;
    stack.eventually("the backfill is under way", async || (windows().await.len() >= 3).then_some(())).await;
    stack.fire("sige-daily-sync");
    let tick = stack
        .eventually("the tick becomes a plan", async || {
            let plans = stack.items(&format!("plan#{ACCOUNT}")).await;
            let tick = plans.iter().find(|plan| plan["kind"] == "daily" && plan["state"] != "planning");
            tick.map(|plan| plan["id"].as_str().unwrap().to_owned())
        })
        .await;
    let worked_on_before = windows().await.len();
    stack.finished(&tick).await;
    let runs = windows().await;
    let last_days: Vec<Value> = (1..=5).map(|day| json!(yesterday() - Days::new(5 - day))).collect();
    let first = runs.iter().position(|run| last_days.contains(&run["day"])).expect("a day of the tick");
    assert!(
        first <= worked_on_before + 2,
        "{first} windows before the tick's first, {worked_on_before} before the tick"
    );
    let of_the_tick = runs.iter().skip(first).take(5).map(|run| run["day"].clone());
    assert_eq!(of_the_tick.collect::<Vec<_>>(), last_days, "and then its days follow one another");

    stack.operator(&["runs", "cancel", &year, "--apply"], "").await.done();
    let cancelled = stack
        .eventually("the year is cancelled", async || {
            Some(stack.plan(&year).await).filter(|plan| plan["state"] == "cancelled")
        })
        .await;
    assert!(days_in(&cancelled, "pending") > 300, "most of the year is left");
    stack.drained("sige-windows.fifo").await;
    let done = windows().await.len();
    stack.fire("dispatch");
    stack
        .eventually("the dispatcher has had its turn", async || {
            stack.logged("dispatch").await.iter().any(|line| line.get("windows_sent").is_some()).then_some(())
        })
        .await;
    stack.drained("sige-windows.fifo").await;
    assert_eq!(windows().await.len(), done, "nothing of it is worked on any more");
}
