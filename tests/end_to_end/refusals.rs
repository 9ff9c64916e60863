//! Bad input: refused with a reason that stands in the run journal, without a trace of work; and nothing is lost.
use super::backfill::yesterday;
use super::cloud::{Said, packaged};
use super::stack::{Stack, Wish};
use local::sample_installation::ACCOUNT;
use serde_json::{Value, json};
use testkit::runtime_api::{FunctionProcess, Program};

/// An event that its function refuses: the function, the event, the kind of the error, a part of the reason.
fn bad_events() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let day = yesterday();
    let range = json!({ "v": 1, "account": ACCOUNT, "from": day, "to": day });
    let but = |field: &str, value: Value| {
        let mut event = range.clone();
        event[field] = value;
        event
    };
    let record = json!({ "receiptHandle": "none", "body": "{}" });
    vec![
        ("dispatch", json!("now"), "BadEvent", "invalid type"),
        ("dispatch", json!({ "v": 2 }), "BadEvent", "event version 2 is not known"),
        ("dispatch", json!({ "v": 1, "account": ACCOUNT }), "BadEvent", "unknown field `account`"),
        ("sige-daily-sync", json!([]), "BadEvent", "invalid length"),
        ("sige-daily-sync", json!({ "v": 1, "day": day }), "BadEvent", "unknown field `day`"),
        (
            "sige-daily-sync",
            json!({ "v": 1, "account": "nobody" }),
            "Refused",
            "there is no account named nobody",
        ),
        (
            "sige-daily-sync",
            json!({ "v": 1, "request": "x".repeat(300_000) }),
            "BadEvent",
            "at most 262144 are read",
        ),
        ("sige-backfill", json!({ "v": 1 }), "BadEvent", "missing field `account`"),
        ("sige-backfill", but("account", json!("nobody")), "Refused", "there is no account named nobody"),
        ("sige-backfill", but("to", json!("2020-01-01")), "BadEvent", "the range is inverted"),
        ("sige-backfill", but("to", json!("2999-01-01")), "BadEvent", "is not over yet"),
        ("sige-backfill", but("from", json!("2001-01-01")), "BadEvent", "more than backfill_days_max = 1100"),
        ("sige-backfill", but("from", json!("yesterday")), "BadEvent", "invalid characters"),
        ("sige-backfill", but("dryrun", json!(true)), "BadEvent", "unknown field `dryrun`"),
        ("sige-window-sync", json!({ "v": 1 }), "BadEvent", "missing field `Records`"),
        ("sige-window-sync", json!({ "Records": [record] }), "BadEvent", "no messageId"),
    ]
}

fn refused(runs: &[Value]) -> Vec<&Value> {
    runs.iter().filter(|run| run["outcome"] == "refused").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_cannot_take_is_refused_with_a_reason_in_the_run_journal() {
    let stack = Stack::deploy(Wish::default()).await;
    let events = bad_events();
    for (function, event, kind, reason) in &events {
        let said = stack.invoke(function, event).await;
        let Said::Failed { kind: given, message } = said else { panic!("{function} took {event}: {said:?}") };
        assert_eq!(given, *kind, "{function}: {message}");
        assert!(message.contains(reason), "{function}: {message:?} does not say {reason:?}");
        assert!(message.len() < 2_000, "{function}: a reason, not the event: {} bytes", message.len());
    }
    let runs = stack.runs().await;
    let refused = refused(&runs);
    assert_eq!((refused.len(), runs.len()), (events.len(), events.len()), "{refused:#?}");
    for ((function, _, kind, reason), run) in events.iter().zip(refused) {
        assert_eq!(run["function"], *function);
        let code = if *kind == "BadEvent" { "bad_event" } else { "account_unknown" };
        assert_eq!(run["reason"]["code"], code, "{run}");
        if code == "bad_event" {
            assert!(run["reason"]["detail"].as_str().is_some_and(|detail| detail.contains(reason)), "{run}");
        }
    }
    assert!(stack.items(&format!("plan#{ACCOUNT}")).await.is_empty());
    assert!(stack.items(&format!("window#{ACCOUNT}")).await.is_empty());
    assert_eq!(stack.company.sige.seen().total(), 0, "nobody was asked anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_nobodys_account_is_acknowledged_and_told() {
    let stack = Stack::deploy(Wish::default()).await;
    let body = json!({ "v": 1, "account": "nobody", "day": yesterday() }).to_string();
    stack.send("sige-windows.fifo", "nobody", &body).await;
    let run = stack
        .eventually("the message is refused", async || {
            refused(&stack.runs_of("sige-window-sync").await).pop().cloned()
        })
        .await;
    assert_eq!(run["reason"], json!({ "code": "account_unknown", "account": "nobody" }));
    // There is nothing to come back for.
    stack.drained("sige-windows.fifo").await;
    stack.drained("sige-windows-dlq.fifo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_handed_over_and_failed_is_kept_with_what_was_said() {
    let stack = Stack::deploy(Wish::default()).await;
    let event = json!({ "v": 1, "account": "nobody" });
    stack.caller.send_event(&stack.named("sige-daily-sync"), &event).await;
    let kept =
        stack.eventually("the event is kept", async || stack.first_message("failed-events").await).await;
    assert_eq!(kept["requestPayload"], event);
    assert_eq!(kept["responsePayload"]["errorType"], "Refused");
    let runs = stack.runs_of("sige-daily-sync").await;
    assert!(!refused(&runs).is_empty(), "{runs:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_a_wrong_configuration_says_everything_that_is_wrong_and_ends() {
    let binary = packaged().join("sige-window-sync/bootstrap");
    let program = Program::new("sige-window-sync", binary).variables([
        ("ERP_SYNC_STACK", "prod"),
        ("ERP_SYNC_STATE_TABLE", "prod-state"),
        ("ERP_SYNC_EVIDENCE_BUCKET", "prod-evidence"),
        ("ERP_SYNC_FLOWS_WINDOW_BUDGET_S", "soon"),
        ("ERP_SYNC_FLOWS_LEASE_TTL_S", "0"),
        ("ERP_SYNC_SIGE_BASE_URL", "http://sige.example/"),
        ("ERP_SYNC_SHEET_BASE_URL", "https://sheets.googleapis.com/"),
    ]);
    let told = FunctionProcess::start(&program).await.err().expect("it does not start");
    for problem in [
        "ERP_SYNC_QUEUE_PREFIX is not set",
        "ERP_SYNC_FLOWS_WINDOW_BUDGET_S expected a whole number",
        "ERP_SYNC_FLOWS_LEASE_TTL_S is 0; it must be 1 to 3600",
        "ERP_SYNC_SIGE_BASE_URL would send credentials unencrypted",
        "ERP_SYNC_SHEET_BASE_URL is not a setting of this function",
    ] {
        assert!(told.contains(problem), "{problem:?} is not in {told}");
    }
    assert!(told.contains("exit status: 1"), "{told}");
}
