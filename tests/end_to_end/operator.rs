//! The operator's commands on a deployed stack: what happened, what is paused, what is where.
use super::backfill::{busy_day, one_day};
use super::stack::{Stack, Wish};
use flows::ports::Clock;
use local::sample_installation::ACCOUNT;
use serde_json::{Value, json};
use shared::system::SystemClock;

impl Stack {
    /// What a command prints as JSON.
    async fn told(&self, arguments: &[&str]) -> Value {
        self.operator(&[&["--json"], arguments].concat(), "").await.done().json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_schedule_does_nothing_until_it_is_resumed() {
    let stack = Stack::deploy(Wish::default().with("SchedulesState", "ENABLED")).await;
    let pause = ["schedule", "pause", "sige-daily-sync", "--reason", "stocktaking", "--apply"];
    stack.operator(&pause, "").await.done();
    stack.fire("sige-daily-sync");
    let skipped =
        stack.eventually("the tick is skipped", async || stack.runs_of("sige-daily-sync").await.pop()).await;
    assert_eq!((&skipped["outcome"], &skipped["reason"]["code"]), (&json!("skipped"), &json!("paused")));
    assert!(stack.items(&format!("plan#{ACCOUNT}")).await.is_empty());
    stack.operator(&["schedule", "resume", "sige-daily-sync", "--apply"], "").await.done();
    // A tick is known by its second, and one that was skipped stays so.
    let second = SystemClock.now().timestamp();
    stack
        .eventually("a second is over", async || (SystemClock.now().timestamp() > second).then_some(()))
        .await;
    stack.fire("sige-daily-sync");
    stack
        .eventually("the next tick becomes a plan", async || {
            stack.items(&format!("plan#{ACCOUNT}")).await.pop()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_what_a_stack_has_done_and_where_everything_is() {
    let stack = Stack::deploy(Wish::default()).await;
    let plan = one_day(&stack, busy_day()).await;
    stack.finished(&plan).await;
    stack.drained("sige-windows.fifo").await;

    let runs = stack.told(&["runs", "list"]).await.to_string();
    assert!(runs.contains("sige-window-sync") && runs.contains(&plan), "{runs}");
    assert!(stack.told(&["runs", "list", "--plans"]).await.to_string().contains(&plan));
    assert!(stack.told(&["accounts", "list"]).await.to_string().contains(ACCOUNT));
    let queues = stack.told(&["queue", "list"]).await;
    let names: Vec<_> =
        queues.as_array().unwrap().iter().map(|queue| queue["queue"].as_str().unwrap()).collect();
    assert_eq!(names, ["sige-windows.fifo", "sige-windows-dlq.fifo", "schedule-dlq", "failed-events"]);
    assert!(queues.as_array().unwrap().iter().all(|queue| queue["waiting"] == 0), "{queues}");
    let day = stack.told(&["doc", "show", ACCOUNT, &busy_day().to_string()]).await.to_string();
    assert!(day.contains(&plan), "{day}");
    stack
        .eventually("the lines of the worker can be read", async || {
            let lines =
                stack.operator(&["--json", "logs", "--function", "sige-window-sync"], "").await.done();
            lines.stdout.contains("written").then_some(())
        })
        .await;
    let status = stack.told(&["status"]).await.to_string();
    assert!(status.contains(ACCOUNT), "{status}");
}
