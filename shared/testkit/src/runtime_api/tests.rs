//! The driver, judged by functions of a few lines of Python.
use super::*;
use serde_json::json;

/// Answers every event with itself, beside its environment; `fail` makes it report an error, `end` makes it end.
const ECHO: &str = r#"
import json, os, sys, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as answer:
        event, request = json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
    print("event", json.dumps(event), flush=True)
    if event == "end":
        sys.exit(3)
    kind, body = "response", {"event": event, "variables": dict(os.environ)}
    if event == "fail":
        kind, body = "error", {"errorType": "Refused", "errorMessage": "no"}
    urllib.request.urlopen(urllib.request.Request(api + request + "/" + kind, json.dumps(body).encode()))
"#;

const TIMEOUT: Duration = Duration::from_secs(30);

fn python(code: &str) -> Program {
    // Found where this test would find it, wherever Lambda looks.
    let path = std::env::var_os("PATH").unwrap_or_default().to_string_lossy().into_owned();
    let program = Program::new("echo", "/usr/bin/env").argument("python3").argument("-c").argument(code);
    program.variables([("PATH", path), ("ERP_SYNC_STACK", "test".to_owned())])
}

async fn started(code: &str) -> FunctionProcess {
    FunctionProcess::start(&python(code)).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_handed_events_one_after_the_other_and_answers_each() {
    let (mut function, took) = FunctionProcess::start(&python(ECHO)).await.unwrap();
    assert!(!took.is_zero());
    for event in [json!({"v": 1}), json!([1, 2])] {
        let Answer::Response(response) = function.invoke(&event, TIMEOUT).await.unwrap() else {
            panic!("an error")
        };
        assert_eq!(response["event"], event);
        assert_eq!(response["variables"]["AWS_LAMBDA_FUNCTION_NAME"], "echo");
        assert_eq!(response["variables"]["ERP_SYNC_STACK"], "test");
        assert_eq!(response["variables"]["HOME"], Value::Null, "nothing of our own environment");
    }
    assert_eq!(function.lines(), [r#"event {"v": 1}"#, "event [1, 2]"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reported_error_is_an_answer_and_the_process_lives_on() {
    let mut function = started(ECHO).await;
    let failed = function.invoke(&json!("fail"), TIMEOUT).await.unwrap();
    assert_eq!(failed, Answer::Error(json!({"errorType": "Refused", "errorMessage": "no"})));
    assert!(matches!(function.invoke(&json!(1), TIMEOUT).await, Ok(Answer::Response(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_without_an_answer_is_an_error_with_what_it_logged() {
    let mut function = started(ECHO).await;
    let told = function.invoke(&json!("end"), TIMEOUT).await.unwrap_err();
    assert!(told.contains("exit status: 3") && told.contains(r#"event "end""#), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_start_says_why() {
    for (code, expected) in [
        ("import sys; print('no setting', file=sys.stderr); sys.exit(1)", "no setting"),
        (
            "import os, time, urllib.request as u; u.urlopen('http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + \
             '/2018-06-01/runtime/init/error', b'no config'); __import__('signal').pause()",
            "no config",
        ),
    ] {
        let told = FunctionProcess::start(&python(code)).await.err().unwrap();
        assert!(told.contains(expected), "{told}");
    }
    let told = FunctionProcess::start(&Program::new("none", "/nowhere/bootstrap")).await.err().unwrap();
    assert!(told.contains("/nowhere/bootstrap cannot be run"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_that_of_the_process_and_a_killed_one_has_none() {
    let mut function = started(ECHO).await;
    let memory = function.memory().unwrap();
    assert!(memory.rss_kib >= memory.pss_kib && memory.pss_kib > 1_000, "{memory:?}");
    function.kill().unwrap();
    assert!(function.memory().is_err());
    assert!(function.invoke(&json!(1), TIMEOUT).await.unwrap_err().contains("signal: 9"));
}
