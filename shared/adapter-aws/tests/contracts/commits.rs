//! Commits on DynamoDB: lost answers, contention, dead items that move, and what stands in the table.
use crate::account::Account;
use crate::interposer::{Interposer, Treatment, error};
use aws_sdk_dynamodb::types::AttributeValue;
use flows::ports::state::Range;
use flows::ports::{Check, Expect, ItemKey, NewItem, StateStore, StoreError, WriteOp, WriteOutcome};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

struct Disturbed {
    account: Account,
    between: Interposer,
    store: Arc<dyn StateStore>,
}

/// A table, and a store that reaches it through somebody who disturbs.
async fn disturbed() -> Disturbed {
    let account = Account::new();
    account.create_table().await;
    let between = Interposer::before(account.endpoint()).await;
    let store = account.by_way_of(between.endpoint()).aws().state;
    Disturbed { account, between, store }
}

fn key(sk: &str) -> ItemKey {
    ItemKey::new("commits", sk)
}

fn item(sk: &str) -> NewItem {
    NewItem { key: key(sk), index: None, expires_at: None, body: json!({ "v": 1 }) }
}

/// A transaction that was cancelled, one reason for each item.
fn cancelled(reasons: &[serde_json::Value]) -> Treatment {
    let answer = json!({
        "__type": "TransactionCanceledException",
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    Treatment::Answer(400, answer.to_string())
}

fn conflict() -> serde_json::Value {
    json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" })
}

/// A condition that did not hold because of a tombstone.
fn dead_item_stood_there(sk: &str, version: u64) -> serde_json::Value {
    json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": {
        "pk": { "S": "commits" }, "sk": { "S": sk },
        "version": { "N": version.to_string() }, "deleted": { "BOOL": true },
    }})
}

fn tokens(between: &Interposer) -> Vec<String> {
    let told = |body: &serde_json::Value| body["ClientRequestToken"].as_str().unwrap().to_owned();
    between.seen().iter().map(|seen| told(&seen.body)).collect()
}

async fn raw(account: &Account, sk: &str) -> Option<HashMap<String, AttributeValue>> {
    let client = aws_sdk_dynamodb::Client::new(&account.config);
    let request = client.get_item().table_name(&account.names.table);
    let request = request.key("pk", AttributeValue::S("commits".into()));
    request.key("sk", AttributeValue::S(sk.into())).send().await.unwrap().item
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_applied_once_and_not_told_as_refused() {
    let Disturbed { between, store, .. } = disturbed().await;
    between.plan([Treatment::LoseAnswer, Treatment::LoseAnswer]);
    assert_eq!(store.write(item("one"), Expect::Absent).await.unwrap(), WriteOutcome::Written(vec![1]));
    let tokens = tokens(&between);
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_eq!(store.get(&key("one")).await.unwrap().unwrap().version, 1);
    // The next commit is another one.
    between.plan([]);
    store.write(item("two"), Expect::Absent).await.unwrap();
    assert_ne!(self::tokens(&between)[0], tokens[0]);
}

#[tokio::test]
async fn a_rebirth_whose_answer_is_lost_is_applied_once() {
    let Disturbed { between, store, .. } = disturbed().await;
    store.write(item("one"), Expect::Absent).await.unwrap();
    store.delete(&key("one"), Expect::Version(1)).await.unwrap();
    between.plan([Treatment::Pass, Treatment::LoseAnswer]);
    assert_eq!(store.write(item("one"), Expect::Absent).await.unwrap(), WriteOutcome::Written(vec![3]));
    let tokens = tokens(&between);
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0] != tokens[1] && tokens[1] == tokens[2], "another request, then the same: {tokens:?}");
}

#[tokio::test]
async fn a_commit_that_meets_another_is_made_again() {
    let Disturbed { account, between, store } = disturbed().await;
    let before = account.clock().now();
    let both = [json!({ "Code": "None" }), conflict()];
    between.plan([cancelled(&both), error("TransactionInProgressException", "wait"), cancelled(&both)]);
    let writes = vec![WriteOp::Put(item("one"), Expect::Absent), WriteOp::Put(item("two"), Expect::Absent)];
    assert_eq!(store.transact(writes, vec![]).await.unwrap(), WriteOutcome::Written(vec![1, 1]));
    assert_eq!(tokens(&between).len(), 4);
    assert!(account.clock().now() > before, "it waited in between");
}

#[tokio::test]
async fn contention_without_end_is_unavailable_and_names_it() {
    let Disturbed { between, store, .. } = disturbed().await;
    between.plan(std::iter::repeat_n(cancelled(&[conflict()]), 20));
    let Err(StoreError::Unavailable(told)) = store.write(item("one"), Expect::Absent).await else {
        panic!("it cannot have been written")
    };
    assert!(told.contains("TransactWriteItems: TransactionCanceledException"), "{told}");
    assert_eq!(between.seen().len(), 7);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_although_another_item_was_contended() {
    let Disturbed { between, store, .. } = disturbed().await;
    let refused = json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" });
    between.plan([cancelled(&[conflict(), refused])]);
    let check = Check { key: key("epoch"), expect: Expect::Version(3) };
    let outcome = store.transact(vec![WriteOp::Put(item("one"), Expect::Absent)], vec![check]).await.unwrap();
    assert_eq!(outcome, WriteOutcome::Refused(key("epoch")));
    assert_eq!(between.seen().len(), 1);
}

#[tokio::test]
async fn a_dead_item_that_is_removed_meanwhile_still_counts() {
    let Disturbed { between, store, .. } = disturbed().await;
    between.plan([cancelled(&[dead_item_stood_there("one", 7)])]);
    assert_eq!(store.write(item("one"), Expect::Absent).await.unwrap(), WriteOutcome::Written(vec![8]));
}

#[tokio::test]
async fn a_dead_item_that_somebody_revives_meanwhile_refuses_the_commit() {
    let Disturbed { between, store, .. } = disturbed().await;
    store.write(item("one"), Expect::Absent).await.unwrap();
    between.plan([cancelled(&[dead_item_stood_there("one", 7)])]);
    let outcome = store.write(item("one"), Expect::Absent).await.unwrap();
    assert_eq!(outcome, WriteOutcome::Refused(key("one")));
    assert_eq!(between.seen().len(), 2);
}

#[tokio::test]
async fn what_keeps_changing_between_the_tries_is_unavailable() {
    let Disturbed { between, store, .. } = disturbed().await;
    between.plan((1..20).map(|version| cancelled(&[dead_item_stood_there("one", version)])));
    let outcome = store.write(item("one"), Expect::Absent).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(between.seen().len(), 5);
}

#[tokio::test]
async fn the_table_holds_what_the_index_and_the_removal_of_old_items_need() {
    let account = Account::new();
    account.create_table().await;
    let store = account.aws().state;
    let expires_at = account.clock().now() + Duration::from_micros(1_500);
    let index = Some(ItemKey::new("due#matriz", "0#2024-03-15"));
    let new = NewItem { index, expires_at: Some(expires_at), ..item("one") };
    store.write(new, Expect::Absent).await.unwrap();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: String| AttributeValue::N(number);
    let key = [("pk", text("commits")), ("sk", text("one"))];
    let ttl = ("ttl", number((expires_at.timestamp() + 86_400).to_string()));
    let expiry = format!("{}.5", account.clock().now().timestamp_millis() + 1);
    let standing = raw(&account, "one").await.unwrap();
    let expires = standing["expires_at_ms"].as_n().unwrap();
    assert_eq!(expires.trim_end_matches('0'), expiry);
    let expected = key.iter().cloned().chain([
        ("version", number("1".into())),
        ("index_pk", text("due#matriz")),
        ("index_sk", text("0#2024-03-15")),
        ("expires_at_ms", number(expires.clone())),
        ttl.clone(),
        ("body", text(r#"{"v":1}"#)),
    ]);
    let named = |(name, value): (&str, AttributeValue)| (name.to_owned(), value);
    assert_eq!(standing, expected.map(named).collect());

    store.delete(&self::key("one"), Expect::Version(1)).await.unwrap();
    let tombstone = [("version", number("2".into())), ("deleted", AttributeValue::Bool(true)), ttl];
    let expected = key.iter().cloned().chain(tombstone);
    assert_eq!(raw(&account, "one").await.unwrap(), expected.map(named).collect());
}

#[tokio::test]
async fn a_page_goes_on_past_the_dead_and_past_the_megabyte() {
    let account = Account::new();
    account.create_table().await;
    let store = account.aws().state;
    let soon = account.clock().now() + MINUTE;
    for number in 0..60 {
        let lasting = number >= 50;
        let text = "x".repeat(if lasting { 300 * 1024 } else { 1 });
        let expires_at = (!lasting).then_some(soon);
        let body = json!({ "v": 1, "text": text });
        let new = NewItem { expires_at, body, ..item(&format!("{number:02}")) };
        store.write(new, Expect::Absent).await.unwrap();
    }
    account.clock().sleep(MINUTE).await;
    let whole = store.query("commits", Range::all(), 1000, None).await.unwrap();
    assert_eq!((whole.items.len(), whole.cursor), (10, None));
    let first = store.query("commits", Range::all(), 4, None).await.unwrap();
    assert_eq!((first.items.len(), first.cursor.as_deref()), (4, Some("53")));
}

#[tokio::test]
async fn an_item_that_is_damaged_is_told_and_not_taken_for_absent() {
    let account = Account::new();
    account.create_table().await;
    let client = aws_sdk_dynamodb::Client::new(&account.config);
    let put = client.put_item().table_name(&account.names.table);
    let put = put.item("pk", AttributeValue::S("commits".into())).item("sk", AttributeValue::S("one".into()));
    let put = put.item("version", AttributeValue::N("1".into()));
    put.item("body", AttributeValue::S("{secret".into())).send().await.unwrap();
    let told = account.aws().state.get(&key("one")).await.unwrap_err();
    assert_eq!(told.to_string(), "state store item commits/one cannot be read: its body is not JSON");
}
