//! Expiry: an instant from which an item is hidden, while its version lives on.
use super::{StateSubject, all, content, create, item, key, sort_keys, version};
use flows::ports::state::Range;
use flows::ports::{Check, Expect, NewItem, WriteOp, WriteOutcome};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(2);

fn expiring(subject: &StateSubject, sk: &str) -> NewItem {
    NewItem { expires_at: Some(subject.after(SOON)), ..item(sk, "expiring") }
}

/// Visible before, hidden at and after the instant.
pub async fn an_expired_item_is_hidden_from_that_instant_on(subject: StateSubject) {
    create(&*subject.port, expiring(&subject, "one")).await;
    assert!(content(&*subject.port, "one").await.is_some());
    subject.pass(SOON).await;
    assert_eq!(content(&*subject.port, "one").await, None);
}

/// Conditions see what reads see; versions see everything.
pub async fn an_expired_item_counts_as_absent_and_its_version_goes_on(subject: StateSubject) {
    let store = &*subject.port;
    let first = create(store, expiring(&subject, "one")).await;
    let other = create(store, expiring(&subject, "other")).await;
    subject.pass(SOON).await;
    let stale = store.write(item("one", "x"), Expect::Version(first)).await.unwrap();
    assert_eq!(stale, WriteOutcome::Refused(key("one")));
    let delete = store.delete(&key("one"), Expect::Version(first)).await.unwrap();
    assert_eq!(delete, WriteOutcome::Refused(key("one")));
    let checked = store
        .transact(
            vec![WriteOp::Put(item("two", "x"), Expect::Absent)],
            vec![Check { key: key("other"), expect: Expect::Version(other) }],
        )
        .await
        .unwrap();
    assert_eq!(checked, WriteOutcome::Refused(key("other")));
    let reborn = create(store, item("one", "reborn")).await;
    assert!(reborn > first, "{reborn} after {first}");
    assert!(version(store.delete(&key("other"), Expect::Absent).await.unwrap()) > other);
}

/// Expiry belongs to what was written last.
pub async fn a_rewrite_without_expiry_stays(subject: StateSubject) {
    let store = &*subject.port;
    let first = create(store, expiring(&subject, "one")).await;
    store.write(item("one", "lasting"), Expect::Version(first)).await.unwrap();
    subject.pass(SOON * 2).await;
    assert_eq!(content(store, "one").await.as_deref(), Some("lasting"));
    assert_eq!(store.get(&key("one")).await.unwrap().unwrap().expires_at, None);
}

/// A page does not count what is hidden.
pub async fn expiry_hides_from_queries_too(subject: StateSubject) {
    let store = &*subject.port;
    for number in 0..6 {
        let sk = format!("{number}");
        let new = if number % 2 == 0 { item(&sk, "lasting") } else { expiring(&subject, &sk) };
        create(store, new).await;
    }
    assert_eq!(all(store, "contract", Range::all(), 2).await.len(), 6);
    subject.pass(SOON).await;
    assert_eq!(sort_keys(&all(store, "contract", Range::all(), 2).await), ["0", "2", "4"]);
}
