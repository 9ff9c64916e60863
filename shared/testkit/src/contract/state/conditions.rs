//! One item: reading, conditional writes and deletes, versions, odd keys.
use super::{StateSubject, content, create, item, key, version};
use flows::ports::{Expect, ItemKey, NewItem, StoreError, WriteOutcome};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Every field round-trips.
pub async fn an_item_comes_back_as_it_was_written(subject: StateSubject) {
    let body = json!({
        "v": 1, "text": "açaí \u{1F600} \"quoted\"\n", "cents": 9_007_199_254_740_993_i64, "nothing": null,
        "list": [1, "two", { "three": 3 }], "negative": -1, "largest": u64::MAX, "": "empty name",
    });
    let new = NewItem {
        key: key("whole"),
        index: Some(ItemKey::new("index", "place")),
        expires_at: Some(subject.after(Duration::from_secs(3600))),
        body: body.clone(),
    };
    let written = create(&*subject.port, new.clone()).await;
    let found = subject.port.get(&key("whole")).await.unwrap().unwrap();
    assert!(written >= 1);
    assert_eq!(found.version, written);
    assert_eq!(found.key, new.key);
    assert_eq!(found.index, new.index);
    assert_eq!(found.body, body);
    let (kept, asked) = (found.expires_at.unwrap(), new.expires_at.unwrap());
    assert_eq!(kept.timestamp_micros(), asked.timestamp_micros());
}

/// Nothing is not an error.
pub async fn what_was_never_written_is_absent(subject: StateSubject) {
    assert_eq!(subject.port.get(&key("never")).await.unwrap(), None);
}

/// `Expect::Absent` wins once.
pub async fn an_absent_item_is_created_once(subject: StateSubject) {
    create(&*subject.port, item("one", "first")).await;
    let second = subject.port.write(item("one", "second"), Expect::Absent).await.unwrap();
    assert_eq!(second, WriteOutcome::Refused(key("one")));
    assert_eq!(content(&*subject.port, "one").await.as_deref(), Some("first"));
}

/// `Expect::Version` wins once, and the version grows.
pub async fn a_version_is_replaced_once(subject: StateSubject) {
    let store = &*subject.port;
    let first = create(store, item("one", "first")).await;
    let second = version(store.write(item("one", "second"), Expect::Version(first)).await.unwrap());
    assert!(second > first);
    let stale = store.write(item("one", "third"), Expect::Version(first)).await.unwrap();
    assert_eq!(stale, WriteOutcome::Refused(key("one")));
    assert_eq!(content(store, "one").await.as_deref(), Some("second"));
    assert_eq!(store.get(&key("one")).await.unwrap().unwrap().version, second);
}

/// A refusal is an answer; the version of the item stays as it was.
pub async fn a_refusal_names_the_key_and_changes_nothing(subject: StateSubject) {
    let store = &*subject.port;
    let first = create(store, item("one", "first")).await;
    for expect in [Expect::Absent, Expect::Version(0), Expect::Version(first + 1), Expect::Version(u64::MAX)]
    {
        let outcome = store.write(item("one", "other"), expect).await.unwrap();
        assert_eq!(outcome, WriteOutcome::Refused(key("one")), "{expect:?}");
    }
    let found = store.get(&key("one")).await.unwrap().unwrap();
    assert_eq!((found.version, found.body["content"].as_str()), (first, Some("first")));
}

/// No version is that of an absent item, not even 0.
pub async fn a_condition_on_a_version_needs_a_live_item(subject: StateSubject) {
    for number in [0, 1, u64::MAX] {
        let expect = Expect::Version(number);
        let write = subject.port.write(item("none", "x"), expect).await.unwrap();
        assert_eq!(write, WriteOutcome::Refused(key("none")), "{number}");
        let delete = subject.port.delete(&key("none"), expect).await.unwrap();
        assert_eq!(delete, WriteOutcome::Refused(key("none")), "{number}");
    }
    assert_eq!(content(&*subject.port, "none").await, None);
}

/// Versions never restart, so who kept an old one can never hit a new item with it.
pub async fn a_deleted_item_is_absent_and_its_version_goes_on(subject: StateSubject) {
    let store = &*subject.port;
    let mut last = create(store, item("one", "life 0")).await;
    for life in 1..4 {
        let tombstone = version(store.delete(&key("one"), Expect::Version(last)).await.unwrap());
        assert!(tombstone > last, "the tombstone has a version of its own");
        assert_eq!(content(store, "one").await, None);
        let on_tombstone = store.write(item("one", "x"), Expect::Version(tombstone)).await.unwrap();
        assert_eq!(on_tombstone, WriteOutcome::Refused(key("one")), "a tombstone is not a live item");
        let reborn = create(store, item("one", &format!("life {life}"))).await;
        assert!(reborn > tombstone);
        let stale = store.write(item("one", "x"), Expect::Version(last)).await.unwrap();
        assert_eq!(stale, WriteOutcome::Refused(key("one")));
        last = reborn;
    }
}

/// Deletes are as conditional as writes.
pub async fn a_deletion_needs_its_condition(subject: StateSubject) {
    let store = &*subject.port;
    let first = create(store, item("one", "first")).await;
    for expect in [Expect::Absent, Expect::Version(first + 1)] {
        let refused = store.delete(&key("one"), expect).await.unwrap();
        assert_eq!(refused, WriteOutcome::Refused(key("one")), "{expect:?}");
    }
    assert_eq!(content(store, "one").await.as_deref(), Some("first"));
}

/// A delete of nothing is a write of nothing: allowed, and versions go on above it.
pub async fn deleting_what_is_absent_leaves_a_tombstone(subject: StateSubject) {
    let store = &*subject.port;
    let tombstone = version(store.delete(&key("none"), Expect::Absent).await.unwrap());
    assert_eq!(content(store, "none").await, None);
    assert!(create(store, item("none", "x")).await > tombstone);
}

/// Forty writers, one key, one winner, and what stands is the winner's.
pub async fn of_many_writers_exactly_one_wins(subject: StateSubject) {
    let mut writers = Vec::new();
    for number in 0..40 {
        let store = subject.port.clone();
        writers.push(tokio::spawn(async move {
            let text = format!("writer {number}");
            let outcome = store.write(item("raced", &text), Expect::Absent).await.unwrap();
            matches!(outcome, WriteOutcome::Written(_)).then_some(text)
        }));
    }
    let mut winners = Vec::new();
    for writer in writers {
        winners.extend(writer.await.unwrap());
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(content(&*subject.port, "raced").await, winners.pop());
}

/// Read, add one, write if nobody was faster, else again.
pub async fn of_many_increments_none_is_lost(subject: StateSubject) {
    let counter = |count: i64| NewItem { body: json!({ "v": 1, "count": count }), ..item("counter", "") };
    create(&*subject.port, counter(0)).await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = subject.port.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..5 {
                loop {
                    let found = store.get(&key("counter")).await.unwrap().unwrap();
                    let next = counter(found.body["count"].as_i64().unwrap() + 1);
                    let outcome = store.write(next, Expect::Version(found.version)).await.unwrap();
                    if matches!(outcome, WriteOutcome::Written(_)) {
                        break;
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let found = subject.port.get(&key("counter")).await.unwrap().unwrap();
    assert_eq!(found.body["count"], 40);
}

/// Keys are text, compared by their bytes: nothing in them is special, nothing is normalised or trimmed.
pub async fn odd_keys_and_bodies_are_kept_apart(subject: StateSubject) {
    let store = Arc::clone(&subject.port);
    let long = "k".repeat(1024);
    let odd = [
        "a",
        "A",
        "a ",
        " a",
        "á",
        "a\u{301}",
        "%",
        "_",
        "a%",
        "'",
        "\"",
        "';--",
        "\\",
        "/",
        "a/b",
        "#",
        "a#b",
        "\n",
        "\t",
        "\u{1F600}",
        "\u{FFFD}",
        "\u{202E}",
        "0",
        "00",
        "1",
        "1.0",
        "null",
        "é\u{0}",
        "é\u{0}x",
        &long,
    ];
    for (number, odd) in odd.iter().enumerate() {
        let key = ItemKey::new(format!("odd#{odd}"), *odd);
        let body = json!({ "v": 1, "number": number, *odd: odd });
        create(&*store, NewItem { key, index: None, expires_at: None, body }).await;
    }
    for (number, odd) in odd.iter().enumerate() {
        let found = store.get(&ItemKey::new(format!("odd#{odd}"), *odd)).await.unwrap().unwrap();
        assert_eq!(found.body["number"], number, "{odd:?}");
        assert_eq!(found.body[*odd], *odd, "{odd:?}");
    }
}

/// Errors of the caller are told as such.
pub async fn a_wrong_key_or_body_is_refused(subject: StateSubject) {
    let store = &*subject.port;
    let body = || json!({ "v": 1 });
    let put = |key: ItemKey, body: Value| NewItem { key, index: None, expires_at: None, body };
    let oversized = json!({ "v": 1, "text": "x".repeat(400 * 1024) });
    let wrong = [
        put(ItemKey::new("", "sk"), body()),
        put(ItemKey::new("pk", ""), body()),
        put(ItemKey::new("p".repeat(2049), "sk"), body()),
        put(ItemKey::new("pk", "s".repeat(1025)), body()),
        NewItem { index: Some(ItemKey::new("", "sk")), ..put(key("x"), body()) },
        NewItem { index: Some(ItemKey::new("pk", "")), ..put(key("x"), body()) },
        put(key("x"), json!([1])),
        put(key("x"), json!("text")),
        put(key("x"), json!(null)),
        put(key("x"), json!({ "without": "version" })),
        put(key("x"), oversized),
    ];
    for (number, new) in wrong.into_iter().enumerate() {
        let refused = store.write(new, Expect::Absent).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "case {number}: {refused:?}");
    }
    assert!(matches!(store.get(&ItemKey::new("", "x")).await, Err(StoreError::Invalid(_))));
    assert!(matches!(
        store.delete(&ItemKey::new("x", ""), Expect::Absent).await,
        Err(StoreError::Invalid(_))
    ));
    assert_eq!(store.get(&key("x")).await.unwrap(), None);
}
