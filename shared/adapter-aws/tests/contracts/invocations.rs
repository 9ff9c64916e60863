//! Invoking functions, judged on somebody who plays Lambda: the emulator has no function to invoke, and loses nothing.
use crate::account::{REGION, STACK, config};
use crate::interposer::{header, read_message};
use adapter_aws::{Aws, InvokeError, Invoker, Names};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::clock::{SeededRandomness, SimulatedClock};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket};

const FUNCTION: &str = "erp-test-sige-backfill";

/// What Lambda does with a call.
#[derive(Clone)]
enum Turn {
    /// The function's report.
    Says(Value),
    /// The function's error.
    Fails(Value),
    /// Lambda's own: status and code.
    Refuses(u16, &'static str),
    /// The connection ends before the answer.
    LosesAnswer,
}

#[derive(Default)]
struct Lambda(Mutex<Vec<(String, Value)>>);

impl Turn {
    fn answer(&self) -> Option<String> {
        let (status, header, body) = match self {
            Self::Says(report) => (200, String::new(), report.clone()),
            Self::Fails(error) => (200, "x-amz-function-error: Unhandled\r\n".to_owned(), error.clone()),
            Self::Refuses(status, code) => {
                let header = format!("x-amzn-errortype: {code}:http://internal.amazon.com/\r\n");
                (*status, header, json!({ "Type": "User", "Message": "no way" }))
            }
            Self::LosesAnswer => return None,
        };
        let body = body.to_string();
        Some(format!(
            "HTTP/1.1 {status} Told\r\n{header}x-amzn-requestid: REQUEST-ID\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

fn invoker(endpoint: &str) -> Invoker {
    let names = Names::of_stack(STACK, "123456789012", REGION);
    let (clock, random) = (Arc::new(SimulatedClock::default()), Arc::new(SeededRandomness::new(1)));
    Aws::with_config(&config(endpoint, "123456789012"), names, clock, random, Duration::ZERO).invoker
}

/// Invokes once; the last turn is the answer of every further call. What was asked comes back as well.
async fn invoked(turns: &[Turn]) -> (Result<Value, InvokeError>, Vec<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Lambda::default());
    let (lambda, turns) = (asked.clone(), turns.to_vec());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            while let Some((head, body)) = read_message(&mut stream).await {
                let count = {
                    let mut asked = lambda.0.lock().unwrap();
                    asked.push((head, serde_json::from_slice(&body).unwrap()));
                    asked.len()
                };
                let turn = turns.get(count - 1).or(turns.last()).unwrap();
                let Some(answer) = turn.answer() else { break };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let outcome = invoker(&endpoint).invoke(FUNCTION, &json!({ "v": 1, "request": "r-1" })).await;
    let seen = asked.0.lock().unwrap().clone();
    (outcome, seen)
}

#[tokio::test]
async fn a_function_is_invoked_with_the_event_and_its_report_comes_back() {
    let (outcome, seen) = invoked(&[Turn::Says(json!({ "days": 3 }))]).await;
    assert_eq!(outcome.unwrap(), json!({ "days": 3 }));
    let [(head, event)] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(
        head.starts_with(&format!("POST /2015-03-31/functions/{FUNCTION}/invocations HTTP/1.1")),
        "{head}"
    );
    assert_eq!(header(head, "x-amz-invocation-type"), Some("RequestResponse"));
    let signed = header(head, "authorization").unwrap();
    assert!(signed.contains("/sa-east-1/lambda/aws4_request"), "{signed}");
    assert_eq!(*event, json!({ "v": 1, "request": "r-1" }));
}

#[tokio::test]
async fn what_the_function_says_of_its_failure_is_passed_on_and_not_repeated() {
    let error = json!({ "errorType": "BadEvent", "errorMessage": "the event was refused: v" });
    let (outcome, seen) = invoked(&[Turn::Fails(error)]).await;
    let (function, kind) = (FUNCTION.to_owned(), "BadEvent".to_owned());
    let message = "the event was refused: v".to_owned();
    assert_eq!(outcome, Err(InvokeError::Failed { function, kind, message }));
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn a_function_that_is_not_there_and_a_missing_permission_are_told_apart() {
    let (outcome, seen) = invoked(&[Turn::Refuses(404, "ResourceNotFoundException")]).await;
    assert_eq!(outcome, Err(InvokeError::NoSuchFunction(FUNCTION.to_owned())));
    assert_eq!(seen.len(), 1);
    let (outcome, seen) = invoked(&[Turn::Refuses(403, "AccessDeniedException")]).await;
    let Err(InvokeError::Refused(told)) = outcome else { panic!("{outcome:?}") };
    let expected = "lambda Invoke: AccessDeniedException: no way (request REQUEST-ID); the credentials lack";
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn throttling_is_waited_for_and_if_it_lasts_the_function_was_not_invoked() {
    let throttled = Turn::Refuses(429, "TooManyRequestsException");
    let (outcome, seen) = invoked(&[throttled.clone(), Turn::Says(json!(1))]).await;
    assert_eq!((outcome, seen.len()), (Ok(json!(1)), 2));
    let (outcome, _) = invoked(&[throttled]).await;
    let Err(InvokeError::Unavailable(told)) = outcome else { panic!("{outcome:?}") };
    assert!(told.contains("TooManyRequestsException: no way"), "{told}");
}

#[tokio::test]
async fn after_a_lost_answer_the_same_event_is_sent_again() {
    let (outcome, seen) = invoked(&[Turn::LosesAnswer, Turn::Says(json!(1))]).await;
    assert_eq!(outcome, Ok(json!(1)));
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].1, seen[1].1);
}

/// Being turned away later says nothing about the call that may have arrived.
#[tokio::test]
async fn a_lost_answer_that_no_other_replaces_leaves_it_unknown() {
    for after in [
        Turn::LosesAnswer,
        Turn::Refuses(500, "ServiceException"),
        Turn::Refuses(429, "TooManyRequestsException"),
        Turn::Refuses(403, "AccessDeniedException"),
    ] {
        let (outcome, _) = invoked(&[Turn::LosesAnswer, after]).await;
        assert!(matches!(outcome, Err(InvokeError::Unknown { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_the_function_was_not_invoked() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    let outcome = invoker(&endpoint).invoke(FUNCTION, &json!({})).await;
    assert!(matches!(outcome, Err(InvokeError::Unavailable(_))), "{outcome:?}");
}
