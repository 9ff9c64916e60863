//! The queue: poison beside good messages, dead letters and their way back, order, repeated requests.
use super::backfill::{busy_day, one_day, yesterday};
use super::cloud::emulator;
use super::observe::{Messages, plans};
use super::stack::{Stack, Wish};
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Clock;
use local::sample_installation::{ACCOUNT, DESTINATION_SPREADSHEET};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use shared::system::SystemClock;
use std::time::Duration;
use testkit::sheets::TabSeed;
use testkit::sige::{ALWAYS, Endpoint, Fault};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_that_five_workers_died_of_is_redriven_by_the_operator() {
    let wish = Wish { own_clock: true, ..Wish::default() };
    let wish = wish.with("SheetsReadTimeoutSeconds", 3).with("SheetsWriteTimeoutSeconds", 3);
    let stack = Stack::deploy(wish.with("LeaseTtlSeconds", 4)).await;
    let held = stack.company.sige.inject(Endpoint::Orders, Fault::Hold, ALWAYS);
    let plan = one_day(&stack, busy_day()).await;
    for death in 1..=5 {
        stack
            .eventually(&format!("worker {death} is in mid-window"), async || {
                (held.fired() == death).then_some(())
            })
            .await;
        let workers = emulator().workers(&stack.named("sige-window-sync"));
        assert_eq!(workers.len(), 1);
        kill(Pid::from_raw(i32::try_from(workers[0]).unwrap()), Signal::SIGKILL).unwrap();
        // What it held ends by itself: its lease on the spreadsheet, its hold on the message.
        let lease = format!("lease#spreadsheet#{DESTINATION_SPREADSHEET}");
        stack
            .eventually("the lease ends", async || {
                let items = stack.items(&lease).await;
                let until =
                    items.iter().find_map(|item| item["until"].as_str()?.parse::<DateTime<Utc>>().ok());
                until
                    .is_some_and(|until| until + TimeDelta::milliseconds(100) < SystemClock.now())
                    .then_some(())
            })
            .await;
        stack.let_pass(Duration::from_secs(541));
    }
    stack.drained("sige-windows.fifo").await;
    assert_eq!(stack.messages("sige-windows-dlq.fifo").await, Messages { ready: 1, under_way: 0 });
    assert_eq!(stack.plan(&plan).await["state"], "open", "the work is still there");
    held.stop();
    held.release();
    let redrive = ["queue", "redrive", "sige-windows-dlq.fifo", "--all"];
    stack.operator(&redrive, "").await.done();
    assert_eq!(stack.messages("sige-windows-dlq.fifo").await.ready, 1, "without --apply nothing moves");
    // It was hidden for a moment while it was looked at.
    stack.let_pass(Duration::from_secs(121));
    stack.operator(&[&redrive[..], &["--apply"]].concat(), "").await.done();
    stack.finished(&plan).await;
    stack.drained("sige-windows-dlq.fifo").await;
    assert_eq!(stack.company.sheets.counters().applied_writes, 1);
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
