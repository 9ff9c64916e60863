//! Reading what functions wrote.
use crate::account::Account;
use adapter_aws::{LogError, LogLine};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use chrono::TimeDelta;

const GROUP: &str = "/aws/lambda/erp-test-dispatch";

/// A group with two streams, and one line a second for as long as there are lines.
async fn with_lines(lines: &[&str]) -> Account {
    let account = Account::new();
    let client = Client::new(&account.config);
    client.create_log_group().log_group_name(GROUP).send().await.unwrap();
    for stream in ["one", "other"] {
        let create = client.create_log_stream().log_group_name(GROUP).log_stream_name(stream);
        create.send().await.unwrap();
    }
    let start = account.clock().now().timestamp_millis();
    for (second, line) in lines.iter().enumerate() {
        let at = start + 1000 * i64::try_from(second).unwrap();
        let event = InputLogEvent::builder().timestamp(at).message(*line).build().unwrap();
        let stream = if second % 2 == 0 { "one" } else { "other" };
        let put = client.put_log_events().log_group_name(GROUP).log_stream_name(stream);
        put.log_events(event).send().await.unwrap();
    }
    account
}

#[tokio::test]
async fn lines_of_a_time_are_read_oldest_first_and_bounded() {
    let account = with_lines(&["first\n", "second", "third", "fourth"]).await;
    let logs = account.aws().logs;
    let start = account.clock().now();
    let second = |number| start + TimeDelta::seconds(number);
    let read = async |from, to, limit| {
        let lines = logs.read(GROUP, from, to, None, limit).await.unwrap();
        assert!(lines.is_sorted_by_key(|line| line.at));
        lines.into_iter().map(|line| line.message).collect::<Vec<_>>()
    };
    assert_eq!(read(start, second(10), 100).await, ["first", "second", "third", "fourth"]);
    assert_eq!(read(second(1), second(2), 100).await, ["second", "third"]);
    assert_eq!(read(start, second(10), 3).await, ["first", "second", "third"]);
    assert_eq!(read(start, second(10), 0).await, [""; 0]);
    assert_eq!(read(second(20), second(30), 100).await, [""; 0]);
}

/// The emulator lets every line through a pattern for JSON, so this one is a word.
#[tokio::test]
async fn lines_are_chosen_by_what_they_say() {
    let lines = [r#"{"level":"ERROR","message":"stopped"}"#, r#"{"level":"INFO","message":"started"}"#];
    let account = with_lines(&lines).await;
    let (from, to) = (account.clock().now(), account.clock().now() + TimeDelta::minutes(1));
    let found = account.aws().logs.read(GROUP, from, to, Some("ERROR"), 100).await.unwrap();
    assert_eq!(found, [LogLine { at: from, message: lines[0].to_owned() }]);
}

#[tokio::test]
async fn a_group_that_is_not_there_is_told_as_such() {
    let account = Account::new();
    let now = account.clock().now();
    let told = account.aws().logs.read(GROUP, now, now, None, 1).await.unwrap_err();
    assert_eq!(told, LogError::NoSuchGroup(GROUP.to_owned()));
}
