//! What must not double a row: the same wake-up twice at once, a worker that dies, a worker that runs out of time.
use super::backfill::{busy_day, one_day, yesterday};
use super::cloud::emulator;
use super::daily::rows_of_one_machine;
use super::stack::{Stack, Wish};
use chrono::NaiveDate;
use local::sample_installation::ACCOUNT;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::sample::SampleSize;
use testkit::sheets::{Fault, Gate, On};

const WORKER: &str = "sige-window-sync";
/// Longer than a delivered wake-up stays hidden.
const HIDDEN: Duration = Duration::from_secs(541);

/// The event that Lambda makes of a wake-up.
fn delivery(day: NaiveDate, copy: usize) -> Value {
    let body = json!({ "v": 1, "account": ACCOUNT, "day": day }).to_string();
    json!({ "Records": [{
        "messageId": format!("00000000-0000-4000-8000-{copy:012}"),
        "receiptHandle": "none",
        "body": body,
        "attributes": { "ApproximateReceiveCount": "1" },
        "eventSource": "aws:sqs",
    }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_a_wake_up_at_once_a_hundred_times_make_one_write_each() {
    let stack = Stack::deploy(Wish::default()).await;
    stack.feed_the_worker(false).await;
    let day = yesterday();
    let order = |cents: i64| {
        json!({
            "Codigo": 900_001, "ValorFinal": format!("{}.{:02}", cents / 100, cents % 100).parse::<f64>().unwrap(),
            "Data": format!("{day}T12:00:00-03:00"), "DataFaturamento": format!("{day}T12:00:00-03:00"),
        })
    };
    for round in 0..100 {
        stack.company.sige.upsert_order(order(10_000 + round));
        let plan = one_day(&stack, day).await;
        let before = stack.company.sheets.counters();
        let (one, other) = (delivery(day, 1), delivery(day, 2));
        let (one, other) = tokio::join!(stack.invoke(WORKER, &one), stack.invoke(WORKER, &other));
        for said in [one, other] {
            assert_eq!(said.answer(), json!({ "batchItemFailures": [] }), "round {round}");
        }
        let after = stack.company.sheets.counters();
        assert_eq!(after.writes - before.writes, 1, "round {round}");
        assert_eq!(stack.plan(&plan).await["state"], "finished", "round {round}");
    }
    let lines = stack.logged(WORKER).await;
    let met = lines.iter().filter(|line| line["windows_waiting"] == 1).count();
    assert!(met >= 10, "only {met} of the copies met the other at its work: they were hardly there at once");
    let rows = stack.rows();
    // The hundred wake-ups that the queue still holds are late copies too.
    let before = stack.company.sheets.counters().writes;
    stack.feed_the_worker(true).await;
    stack.drained("sige-windows.fifo").await;
    assert_eq!(stack.company.sheets.counters().writes, before);
    assert_eq!(stack.rows(), rows);
}

/// A stack whose worker is about to send its first write, or has just done so, and what the rows must be in the end.
async fn in_mid_window(wish: Wish) -> (Stack, Gate, String, Vec<String>) {
    let day = busy_day().to_string();
    let job = ["run", "sige-backfill", "--from", &day, "--to", &day];
    let expected = rows_of_one_machine(SampleSize::SMALL, &job).await;
    let stack = Stack::deploy(wish).await;
    let write = Gate::default();
    stack.company.sheets.inject(On::Write, Fault::Slow(write.clone()));
    let plan = one_day(&stack, busy_day()).await;
    stack.patiently("the write is sent", write.arrived()).await;
    (stack, write, plan, expected)
}

/// The write is adopted: the plan finishes, and it was the only one.
async fn is_adopted(stack: &Stack, plan: &str, expected: &[String]) {
    stack.finished(plan).await;
    assert_eq!(stack.rows(), expected);
    let counters = stack.company.sheets.counters();
    assert_eq!((counters.writes, counters.applied_writes), (1, 1));
    stack.drained("sige-windows.fifo").await;
}

fn short_lease() -> Wish {
    let wish = Wish { own_clock: true, ..Wish::default() };
    let wish = wish.with("SheetsWriteTimeoutSeconds", 8).with("SheetsReadTimeoutSeconds", 8);
    wish.with("LeaseTtlSeconds", 9)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_its_write_is_on_its_way_the_next_delivery_adopts_the_write() {
    let (stack, write, plan, expected) = in_mid_window(short_lease()).await;
    stack.signal_the_worker(Signal::SIGKILL);
    // The request outlives its sender and is applied now.
    write.open();
    stack
        .eventually("the write is applied", async || {
            (stack.company.sheets.counters().applied_writes == 1).then_some(())
        })
        .await;
    stack.lease_is_over().await;
    stack.let_pass(HIDDEN);
    is_adopted(&stack, &plan, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_its_write_and_its_ledger_the_next_delivery_adopts_the_write() {
    let (stack, write, plan, expected) = in_mid_window(short_lease()).await;
    let read_back = Gate::default();
    stack.company.sheets.inject(On::Read, Fault::Slow(read_back.clone()));
    write.open();
    stack.patiently("the write is read back", read_back.arrived()).await;
    assert_eq!(stack.company.sheets.counters().applied_writes, 1);
    stack.signal_the_worker(Signal::SIGKILL);
    read_back.open();
    stack.lease_is_over().await;
    stack.let_pass(HIDDEN);
    is_adopted(&stack, &plan, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_by_lambda_at_its_timeout_the_next_delivery_adopts_the_write() {
    let wish = short_lease()
        .with("FunctionTimeoutSeconds", 12)
        .with("WindowVisibilitySeconds", 72)
        .with("WindowBudgetSeconds", 11)
        .with("SigeOrdersTimeoutSeconds", 8)
        .with("SigePeopleTimeoutSeconds", 8);
    let (stack, write, plan, expected) = in_mid_window(wish).await;
    // It does not even come to cancel its work: only Lambda's own timeout is left.
    stack.signal_the_worker(Signal::SIGSTOP);
    write.open();
    stack
        .eventually("Lambda has ended the worker", async || {
            emulator().workers(&stack.named(WORKER)).is_empty().then_some(())
        })
        .await;
    stack.lease_is_over().await;
    stack.let_pass(HIDDEN);
    is_adopted(&stack, &plan, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_runs_out_of_time_is_cancelled_and_goes_on_with_the_next_delivery() {
    let wish = Wish::default()
        .with("FunctionTimeoutSeconds", 12)
        .with("WindowVisibilitySeconds", 72)
        .with("WindowBudgetSeconds", 11)
        .with("SigeOrdersTimeoutSeconds", 8)
        .with("SigePeopleTimeoutSeconds", 8)
        .with("SheetsReadTimeoutSeconds", 8)
        .with("SheetsWriteTimeoutSeconds", 8)
        .with("LeaseTtlSeconds", 9);
    let (stack, write, plan, expected) = in_mid_window(wish).await;
    // After the write nothing is answered in time any more.
    let silent = Gate::default();
    (0..10).for_each(|_| stack.company.sheets.inject(On::Read, Fault::Slow(silent.clone())));
    write.open();
    stack
        .eventually("the worker says that its time ran out", async || {
            let lines = stack.logged(WORKER).await;
            lines.iter().any(|line| line["kind"] == "TimedOut").then_some(())
        })
        .await;
    stack.company.sheets.clear_faults();
    (0..10).for_each(|_| silent.open());
    is_adopted(&stack, &plan, &expected).await;
}
