//! The queue: poison beside good messages, dead letters and their way back, order, repeated requests.
use super::backfill::{busy_day, one_day, yesterday};
use super::observe::{Messages, plans};
use super::stack::{Stack, Wish};
use chrono::{DateTime, Utc};
use flows::ports::Clock;
use local::sample_installation::{ACCOUNT, DESTINATION_SPREADSHEET};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use shared::system::SystemClock;
use std::time::Duration;
use testkit::sheets::TabSeed;
use testkit::sige::{ALWAYS, Endpoint, Fault, FaultHandle};

/// Longer than a delivered wake-up stays hidden.
const HIDDEN: Duration = Duration::from_secs(541);

async fn daily(stack: &Stack) -> String {
    plans(&stack.invoke("sige-daily-sync", &json!({ "v": 1 })).await.answer()).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_becomes_a_dead_letter_with_a_reason_and_good_messages_beside_it_are_worked_on() {
    let stack = Stack::deploy(Wish::default()).await;
    // In a group of its own, and before the good ones of a spreadsheet.
    for (group, body) in [
        ("somebody-else", r#"{"v":1,"account":"oficina-exemplo","day":"yesterday"}"#),
        (DESTINATION_SPREADSHEET, "wake up"),
    ] {
        stack.send("sige-windows.fifo", group, body).await;
    }
    let plan = daily(&stack).await;
    stack.finished(&plan).await;
    stack.drained("sige-windows.fifo").await;
    assert_eq!(stack.messages("sige-windows-dlq.fifo").await, Messages { ready: 2, under_way: 0 });
    let runs = stack.runs_of("sige-window-sync").await;
    let refused: Vec<_> = runs.iter().filter(|run| run["outcome"] == "refused").collect();
    assert_eq!(refused.len(), 2, "each is told once, however often it was delivered: {refused:#?}");
    for run in refused {
        assert_eq!(run["reason"]["code"], "bad_event");
        assert!(run["reason"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
}

/// A stack whose workers stay in mid-window until they are killed, and one day to work on; the plan's id.
async fn held_in_mid_window() -> (Stack, FaultHandle, String) {
    let wish = Wish { own_clock: true, ..Wish::default() };
    let wish = wish.with("SheetsReadTimeoutSeconds", 3).with("SheetsWriteTimeoutSeconds", 3);
    let stack = Stack::deploy(wish.with("LeaseTtlSeconds", 4).with("RequeueAfterSeconds", 1)).await;
    let held = stack.company.sige.inject(Endpoint::Orders, Fault::Hold, ALWAYS);
    let plan = one_day(&stack, busy_day()).await;
    (stack, held, plan)
}

/// Kills the worker of each delivery until there is none any more.
async fn kill_five(stack: &Stack, held: &FaultHandle, after_each: impl AsyncFn()) {
    for death in 1..=5 {
        stack
            .eventually(&format!("worker {death} is in mid-window"), async || {
                (held.fired() == death).then_some(())
            })
            .await;
        stack.signal_the_worker(Signal::SIGKILL);
        after_each().await;
        stack.let_pass(HIDDEN);
    }
    stack.drained("sige-windows.fifo").await;
    assert_eq!(stack.messages("sige-windows-dlq.fifo").await, Messages { ready: 1, under_way: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_that_nobody_answered_five_times_is_redriven_by_the_operator() {
    let (stack, held, plan) = held_in_mid_window().await;
    // The machine under the worker went away: the operator frees the spreadsheet instead of waiting.
    let release = ["release", "--account", ACCOUNT, "--reason", "its machine is gone", "--apply"];
    kill_five(&stack, &held, async || {
        stack.operator(&release, "").await.done();
    })
    .await;
    assert_eq!(stack.plan(&plan).await["state"], "open", "the work is still there");
    held.stop();
    held.release();
    let redrive = ["queue", "redrive", "sige-windows-dlq.fifo", "--all"];
    stack.operator(&redrive, "").await.done();
    // It was hidden for a moment while it was looked at.
    stack.let_pass(Duration::from_secs(121));
    let still_there = Messages { ready: 1, under_way: 0 };
    assert_eq!(stack.messages("sige-windows-dlq.fifo").await, still_there, "without --apply nothing moves");
    stack.operator(&[&redrive[..], &["--apply"]].concat(), "").await.done();
    stack.finished(&plan).await;
    stack.drained("sige-windows-dlq.fifo").await;
    assert_eq!(stack.company.sheets.counters().applied_writes, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_five_workers_died_of_is_shown_to_a_person_who_has_it_tried_again() {
    let (stack, held, plan) = held_in_mid_window().await;
    kill_five(&stack, &held, async || stack.lease_is_over().await).await;
    // The dispatcher sends another wake-up in the place of the lost one.
    let dispatched = stack.invoke("dispatch", &json!({ "v": 1 })).await.answer();
    assert_eq!(dispatched["sent"], 1);
    let failed = stack.finished(&plan).await;
    assert_eq!(failed["days"][0]["reason"]["code"], "crashing", "{failed}");
    let shown = stack.operator(&["--json", "quarantine", "list"], "").await.done().json();
    assert!(shown.to_string().contains(&busy_day().to_string()), "{shown}");
    held.stop();
    held.release();
    let day = busy_day().to_string();
    stack.operator(&["quarantine", "retry", ACCOUNT, &day, "--no-wait", "--apply"], "").await.done();
    stack
        .eventually("the day is written", async || {
            (stack.company.sheets.counters().applied_writes == 1).then_some(())
        })
        .await;
    stack.drained("sige-windows.fifo").await;
    let runs = stack.runs_of("sige-window-sync").await;
    assert_eq!(runs.last().map(|run| &run["outcome"]), Some(&json!("written")), "{runs:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_run_right_after_a_tick_is_not_swallowed() {
    let stack = Stack::deploy(Wish::default().with("SchedulesState", "ENABLED")).await;
    stack.fire("sige-daily-sync");
    let tick = stack
        .eventually("the tick becomes a plan", async || {
            stack
                .items(&format!("plan#{ACCOUNT}"))
                .await
                .pop()
                .and_then(|plan| plan["id"].as_str().map(str::to_owned))
        })
        .await;
    stack.finished(&tick).await;
    // Within the five minutes in which a FIFO queue takes a message of the same identity for the same message.
    let day = yesterday();
    stack.company.sige.upsert_order(json!({
        "Codigo": 900_002, "ValorFinal": 12.5,
        "Data": format!("{day}T12:00:00-03:00"), "DataFaturamento": format!("{day}T12:00:00-03:00"),
    }));
    let writes = stack.company.sheets.counters().writes;
    let by_hand = daily(&stack).await;
    assert_ne!(by_hand, tick);
    stack.finished(&by_hand).await;
    assert_eq!(stack.company.sheets.counters().writes, writes + 1);
    assert!(stack.rows().iter().any(|row| row.contains("900002")), "the order is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tick_delivered_twice_is_one_plan() {
    let stack = Stack::deploy(Wish::default()).await;
    let tick = json!({ "v": 1, "scheduled_at": SystemClock.now().format("%Y-%m-%dT%H:%M:00Z").to_string() });
    let (one, other) =
        tokio::join!(stack.invoke("sige-daily-sync", &tick), stack.invoke("sige-daily-sync", &tick));
    let (one, other) = (plans(&one.answer()), plans(&other.answer()));
    assert_eq!(one, other);
    stack.finished(&one[0]).await;
    assert_eq!(stack.items(&format!("plan#{ACCOUNT}")).await.len(), 1);
    assert_eq!(stack.runs_of("sige-window-sync").await.len(), 5, "each day was worked on once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_windows_of_each_spreadsheet_follow_one_another_in_the_order_of_days() {
    const OTHER: &str = "segunda-loja";
    const OTHER_SPREADSHEET: &str = "second-faturamento-spreadsheet";
    let stack = Stack::deploy(Wish::default()).await;
    stack.company.sheets.add_spreadsheet(OTHER_SPREADSHEET, [TabSeed::destination("Faturamento")]);
    stack.set_up(&[(ACCOUNT, DESTINATION_SPREADSHEET), (OTHER, OTHER_SPREADSHEET)]).await;
    let accepted = stack.invoke("sige-daily-sync", &json!({ "v": 1 })).await.answer();
    assert_eq!(plans(&accepted).len(), 2);
    let worked = stack
        .eventually("every day of both is done", async || {
            Some(stack.runs_of("sige-window-sync").await).filter(|runs| runs.len() == 10)
        })
        .await;
    for account in [ACCOUNT, OTHER] {
        let runs: Vec<&Value> = worked.iter().filter(|run| run["account"] == account).collect();
        let time = |run: &Value, field: &str| run[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        for pair in runs.windows(2) {
            assert!(pair[0]["day"].as_str() < pair[1]["day"].as_str(), "{pair:#?}");
            assert!(time(pair[0], "ended_at") <= time(pair[1], "started_at"), "{pair:#?}");
        }
        assert_eq!(runs.len(), 5);
    }
}
