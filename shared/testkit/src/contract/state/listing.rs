//! Queries: order, ranges, pages, and the index that may lag.
use super::{StateSubject, all, all_of_index, content, create, index_becomes, indexed, item, key, sort_keys};
use flows::ports::state::Range;
use flows::ports::{Expect, ItemKey, NewItem, StoreError, WriteOp};
use std::time::Duration;

fn between(from: &str, to: &str) -> Range {
    Range { from: Some(from.to_owned()), to: Some(to.to_owned()) }
}

/// Byte order is the order of code points, upper before lower case, digits before letters.
pub async fn a_query_is_ordered_by_the_bytes_of_the_sort_key(subject: StateSubject) {
    let mut keys = ["b", "a", "B", "10", "9", "á", "z", "\u{1F600}", "\u{FFFD}", "a#", "a0", "aa", "~", "-"];
    for sk in keys {
        create(&*subject.port, item(sk, sk)).await;
    }
    keys.sort_unstable();
    assert_eq!(sort_keys(&all(&*subject.port, "contract", Range::all(), 100).await), keys);
}

/// Both bounds belong to the range, and need not exist.
pub async fn a_range_is_inclusive_on_both_ends(subject: StateSubject) {
    for sk in ["2024-03-13", "2024-03-14", "2024-03-15", "2024-03-16"] {
        create(&*subject.port, item(sk, sk)).await;
    }
    let found = |range: Range| {
        let store = subject.port.clone();
        async move { all(&*store, "contract", range, 10).await.len() }
    };
    assert_eq!(found(between("2024-03-14", "2024-03-15")).await, 2);
    assert_eq!(found(between("2024-03-14", "2024-03-14")).await, 1);
    assert_eq!(found(between("2024-03-14x", "2024-03-15x")).await, 1);
    assert_eq!(found(between("2024-03-16", "2024-03-13")).await, 0);
    assert_eq!(found(Range::up_to("2024-03-14")).await, 2);
    assert_eq!(found(Range { from: Some("2024-03-14".into()), to: None }).await, 3);
    assert_eq!(found(between("x", "y")).await, 0);
}

/// A prefix is a range.
pub async fn a_prefix_finds_what_starts_with_it(subject: StateSubject) {
    for sk in ["a", "a#1", "a#2", "a#\u{1F600}", "a$", "b#1"] {
        create(&*subject.port, item(sk, sk)).await;
    }
    let found = all(&*subject.port, "contract", Range::prefix("a#"), 10).await;
    assert_eq!(sort_keys(&found), ["a#1", "a#2", "a#\u{1F600}"]);
}

/// Whatever the limit, the pages together are the whole, once.
pub async fn pages_follow_each_other_without_gap_or_repeat(subject: StateSubject) {
    let keys: Vec<String> = (0..23).map(|number| format!("{number:03}")).collect();
    for sk in &keys {
        create(&*subject.port, item(sk, sk)).await;
    }
    for limit in [1, 2, 7, 22, 23, 24, 1000] {
        let whole = all(&*subject.port, "contract", Range::all(), limit).await;
        assert_eq!(sort_keys(&whole), keys, "limit {limit}");
        let part = all(&*subject.port, "contract", between("005", "014"), limit).await;
        assert_eq!(sort_keys(&part), keys[5..=14], "limit {limit}");
    }
}

/// A cursor is a place, not an item: what it stood on may go, what comes before it is not seen again.
pub async fn a_cursor_survives_changes_around_it(subject: StateSubject) {
    let store = &*subject.port;
    for sk in ["b", "d", "f", "h"] {
        create(store, item(sk, sk)).await;
    }
    let first = store.query("contract", Range::all(), 2, None).await.unwrap();
    assert_eq!(sort_keys(&first.items), ["b", "d"]);
    store.delete(&key("d"), Expect::Version(first.items[1].version)).await.unwrap();
    for sk in ["a", "c", "e"] {
        create(store, item(sk, sk)).await;
    }
    let second = store.query("contract", Range::all(), 10, first.cursor).await.unwrap();
    assert_eq!(sort_keys(&second.items), ["e", "f", "h"]);
}

/// Neighbours whose partition keys look alike are not mixed in.
pub async fn a_query_stays_within_its_partition(subject: StateSubject) {
    for pk in ["contract", "contract#", "contract\u{0}", "contrac", "Contract", "contract "] {
        let new = NewItem { key: ItemKey::new(pk, "same"), ..item("same", pk) };
        create(&*subject.port, new).await;
    }
    let found = all(&*subject.port, "contract", Range::all(), 10).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].body["content"], "contract");
    assert!(all(&*subject.port, "nobody", Range::all(), 10).await.is_empty());
}

/// Pages have bounds.
pub async fn a_limit_outside_its_bounds_is_refused(subject: StateSubject) {
    for limit in [0, 1001, usize::MAX] {
        let query = subject.port.query("contract", Range::all(), limit, None).await;
        assert!(matches!(query, Err(StoreError::Invalid(_))), "{limit}: {query:?}");
        let index = subject.port.query_index("index", Range::all(), limit, None).await;
        assert!(matches!(index, Err(StoreError::Invalid(_))), "{limit}: {index:?}");
    }
    let nameless = subject.port.query("", Range::all(), 1, None).await;
    assert!(matches!(nameless, Err(StoreError::Invalid(_))), "{nameless:?}");
}

/// Only items with a place in the index are in it, with everything they carry.
pub async fn the_index_finds_what_points_into_it(subject: StateSubject) {
    create(&*subject.port, indexed("one", "2024-03-15#one")).await;
    create(&*subject.port, item("two", "not indexed")).await;
    let elsewhere = NewItem { index: Some(ItemKey::new("elsewhere", "x")), ..item("three", "") };
    create(&*subject.port, elsewhere).await;
    index_becomes(&subject, Range::all(), &["one"]).await;
    let found = all_of_index(&*subject.port, Range::all(), 10).await;
    assert_eq!(Some(&found[0]), subject.port.get(&key("one")).await.unwrap().as_ref());
    index_becomes(&subject, Range::up_to("2024-03-15"), &[]).await;
    index_becomes(&subject, Range::prefix("2024-03-15#"), &["one"]).await;
}

/// The due time moves with the item, in one write.
pub async fn an_item_moves_in_the_index(subject: StateSubject) {
    let first = create(&*subject.port, indexed("one", "b")).await;
    create(&*subject.port, indexed("two", "c")).await;
    index_becomes(&subject, Range::all(), &["one", "two"]).await;
    subject.port.write(indexed("one", "d"), Expect::Version(first)).await.unwrap();
    index_becomes(&subject, Range::all(), &["two", "one"]).await;
    index_becomes(&subject, Range::up_to("c"), &["two"]).await;
}

/// Writing without a place takes the item out.
pub async fn an_item_leaves_the_index(subject: StateSubject) {
    let first = create(&*subject.port, indexed("one", "b")).await;
    index_becomes(&subject, Range::all(), &["one"]).await;
    subject.port.write(item("one", "done"), Expect::Version(first)).await.unwrap();
    index_becomes(&subject, Range::all(), &[]).await;
    assert_eq!(content(&*subject.port, "one").await.as_deref(), Some("done"));
}

/// Order is that of the index, not of the items.
pub async fn the_index_is_ordered_and_paged(subject: StateSubject) {
    let store = &*subject.port;
    for number in 0..15 {
        create(store, indexed(&format!("{:02}", 14 - number), &format!("{number:02}"))).await;
    }
    let expected: Vec<String> = (0..15).map(|number| format!("{:02}", 14 - number)).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    index_becomes(&subject, Range::all(), &expected).await;
    for limit in [1, 4, 15, 16] {
        assert_eq!(sort_keys(&all_of_index(store, Range::all(), limit).await), expected, "limit {limit}");
        assert_eq!(sort_keys(&all_of_index(store, between("03", "06"), limit).await), expected[3..=6]);
    }
}

/// Places are not unique; pages do not lose or repeat those who share one.
pub async fn items_share_an_index_place(subject: StateSubject) {
    for sk in ["a", "b", "c", "d", "e"] {
        create(&*subject.port, indexed(sk, "same")).await;
    }
    index_becomes(&subject, Range::all(), &["a", "b", "c", "d", "e"]).await;
    for limit in [1, 2, 5] {
        let found = all_of_index(&*subject.port, between("same", "same"), limit).await;
        assert_eq!(sort_keys(&found), ["a", "b", "c", "d", "e"], "limit {limit}");
    }
}

/// What reads do not see, the index does not show.
pub async fn the_index_forgets_deleted_and_expired_items(subject: StateSubject) {
    let soon = Duration::from_secs(2);
    let deleted = create(&*subject.port, indexed("deleted", "1")).await;
    let expiring = NewItem { expires_at: Some(subject.after(soon)), ..indexed("expired", "2") };
    create(&*subject.port, expiring).await;
    create(&*subject.port, indexed("lasting", "3")).await;
    let delete = WriteOp::Delete(key("deleted"), Expect::Version(deleted));
    subject.port.transact(vec![delete], vec![]).await.unwrap();
    subject.pass(soon).await;
    index_becomes(&subject, Range::all(), &["lasting"]).await;
}

/// A cursor is only good where it comes from.
pub async fn a_foreign_cursor_of_the_index_is_refused(subject: StateSubject) {
    let refused = subject.port.query_index("index", Range::all(), 1, Some("{not a cursor".into())).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
}

/// Items, versions, tombstones and index places are there for the next process.
pub async fn a_restart_keeps_everything(mut subject: StateSubject) {
    let kept = create(&*subject.port, indexed("kept", "1")).await;
    let gone = create(&*subject.port, item("gone", "x")).await;
    subject.port.delete(&key("gone"), Expect::Version(gone)).await.unwrap();
    subject.restart();
    let found = subject.port.get(&key("kept")).await.unwrap().unwrap();
    assert_eq!((found.version, found.body["content"].as_str()), (kept, Some("1")));
    index_becomes(&subject, Range::all(), &["kept"]).await;
    assert_eq!(content(&*subject.port, "gone").await, None);
    assert!(create(&*subject.port, item("gone", "again")).await > gone + 1);
}
